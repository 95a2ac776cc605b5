//! Keys, out of the bytes that a terminal sends for them.
//!
//! In: bytes, in pieces of any size. Out: keys. Pure, and total on any input: an answer to a question that nobody asked is
//! no key, and no sequence waits for ever. This file must never take a pasted line end for Enter.

use zeroize::{Zeroize, Zeroizing};

/// Bytes of one paste that are kept. Larger: a wrong file fills the memory. Smaller: a whole message does not fit.
const LONGEST_PASTE: usize = 256 * 1024;

/// Bytes of one sequence. Larger: letters behind a broken one are swallowed. Smaller: real ones are taken for letters.
const LONGEST_SEQUENCE: usize = 256;

/// Bytes that have room from the beginning: a passphrase that is pasted is never moved, and leaves no copy behind.
const ROOM: usize = 8192;

const PASTE_END: &[u8] = b"\x1b[201~";

/// A key, or a piece of text that was pasted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    /// Alt+Enter, Ctrl-J, or a line end in the middle of what came at once: pasted without saying so.
    NewLine,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    Tab,
    Escape,
    /// F1 to F12.
    Function(u8),
    /// A letter with Ctrl.
    Control(char),
    Paste(Zeroizing<String>),
}

/// Bytes that are no whole key yet.
#[derive(Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    /// What was pasted so far, where text is being pasted.
    paste: Option<Zeroizing<Vec<u8>>>,
}

/// What the first bytes are.
enum First {
    /// So many bytes are this key, or none.
    Whole(usize, Option<Key>),
    /// More has to come.
    Part,
    /// Text is pasted from here on.
    Paste(usize),
}

impl Decoder {
    /// Takes bytes in.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        if self.bytes.is_empty() && self.paste.as_ref().is_some_and(|paste| paste.is_empty()) {
            // Nothing was pasted for a moment, and a key comes all by itself: the end of the paste got lost.
            if let Some(First::Whole(length, Some(key @ (Key::Function(_) | Key::Control('c' | 'q' | 'z'))))) =
                first(bytes)
                && length == bytes.len()
            {
                self.paste = None;
                return vec![key];
            }
        }
        self.bytes.extend_from_slice(bytes);
        self.decode()
    }

    /// Nothing has come for a moment: what waits is all there is.
    pub(super) fn pause(&mut self) -> Vec<Key> {
        if let Some(paste) = &mut self.paste {
            // A letter or a mark that is cut in two waits for its other half.
            let whole = whole_letters(paste);
            let rest = Zeroizing::new(paste.split_off(whole));
            let pasted = std::mem::replace(paste, rest);
            return text(&pasted).into_iter().collect();
        }
        let mut keys = if self.bytes.first() == Some(&0x1b) { vec![Key::Escape] } else { Vec::new() };
        if self.bytes.len() == 1 || keys.is_empty() {
            self.forget(self.bytes.len());
        } else {
            // Escape, and behind it something that only began like a sequence.
            self.forget(1);
            keys.extend(self.decode());
            self.forget(self.bytes.len());
        }
        keys
    }

    /// Whether a pause would change anything.
    pub(super) fn waits(&self) -> bool {
        match &self.paste {
            Some(paste) => whole_letters(paste) > 0,
            None => !self.bytes.is_empty(),
        }
    }

    /// Takes bytes off the front, and wipes them: they may be a passphrase.
    fn forget(&mut self, count: usize) {
        let rest = self.bytes.split_off(count.min(self.bytes.len()));
        self.bytes.zeroize();
        self.bytes = rest;
    }

    fn decode(&mut self) -> Vec<Key> {
        let mut keys = Vec::new();
        loop {
            if self.paste.is_some() {
                let end = self.bytes.windows(PASTE_END.len()).position(|window| window == PASTE_END);
                self.take_paste(end.unwrap_or_else(|| self.bytes.len() - begun(&self.bytes)));
                if end.is_none() {
                    return keys;
                }
                self.forget(PASTE_END.len());
                keys.extend(self.paste.take().and_then(|paste| text(&paste)));
            }
            match first(&self.bytes) {
                None | Some(First::Part) => return keys,
                Some(First::Paste(length)) => {
                    self.forget(length);
                    self.paste = Some(Zeroizing::new(Vec::with_capacity(ROOM)));
                }
                Some(First::Whole(length, key)) => {
                    self.forget(length);
                    keys.extend(key);
                }
            }
        }
    }

    /// Takes so many bytes into what is pasted, as far as that has room.
    fn take_paste(&mut self, length: usize) {
        if let Some(paste) = &mut self.paste {
            let room = LONGEST_PASTE.saturating_sub(paste.len());
            paste.extend_from_slice(self.bytes.get(..length.min(room)).unwrap_or_default());
        }
        self.forget(length);
    }
}

/// How many bytes at the end may be the beginning of a paste's end.
fn begun(bytes: &[u8]) -> usize {
    let most = (PASTE_END.len() - 1).min(bytes.len());
    (1..=most).rev().find(|length| PASTE_END.get(..*length).is_some_and(|begin| bytes.ends_with(begin))).unwrap_or(0)
}

/// How many of these bytes are no beginning of a letter that goes on behind them.
fn whole_letters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

fn text(bytes: &[u8]) -> Option<Key> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    (!text.is_empty()).then_some(Key::Paste(text))
}

fn first(bytes: &[u8]) -> Option<First> {
    let one = |key| First::Whole(1, key);
    Some(match *bytes.first()? {
        0x1b => escape(bytes),
        b'\r' => match bytes.get(1) {
            // No hand is so quick: a terminal that does not say when text is pasted.
            Some(next) if *next >= b' ' && *next != 0x7f => one(Some(Key::NewLine)),
            _ => one(Some(Key::Enter)),
        },
        b'\n' => one(Some(Key::NewLine)),
        b'\t' => one(Some(Key::Tab)),
        0x08 | 0x7f => one(Some(Key::Backspace)),
        letter @ 1..=26 => one(Some(Key::Control(char::from(letter + b'a' - 1)))),
        0..=0x1f => one(None),
        lead => {
            let length = match lead {
                0..=0x7f => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Some(one(None)),
            };
            let Some(letter) = bytes.get(..length) else {
                let broken = bytes.iter().skip(1).any(|byte| byte & 0xC0 != 0x80);
                return Some(if broken { one(None) } else { First::Part });
            };
            match std::str::from_utf8(letter).ok().and_then(|text| text.chars().next()) {
                // C1 controls have a sequence's power in some terminals, and no key.
                Some(letter) => First::Whole(length, (!letter.is_control()).then_some(Key::Char(letter))),
                None => one(None),
            }
        }
    })
}

fn escape(bytes: &[u8]) -> First {
    let two = |key| First::Whole(2, Some(key));
    match bytes.get(1) {
        None => First::Part,
        Some(0x1b) => First::Whole(1, Some(Key::Escape)),
        Some(b'[') => control_sequence(bytes),
        Some(b'O') => match bytes.get(2) {
            None => First::Part,
            Some(end) => First::Whole(3, letter(*end)),
        },
        Some(b'\r' | b'\n') => two(Key::NewLine),
        Some(b'b') => two(Key::WordLeft),
        Some(b'f') => two(Key::WordRight),
        Some(0x7f | 0x08) => two(Key::Control('w')),
        Some(b'0') => two(Key::Function(10)),
        Some(digit @ b'1'..=b'9') => two(Key::Function(digit - b'0')),
        // Answers of the terminal: up to BEL, or ESC \.
        Some(b']' | b'P' | b'_' | b'^' | b'X') => {
            let bell = bytes.iter().position(|byte| *byte == 7).map(|end| end + 1);
            let string = bytes.windows(2).position(|window| window == b"\x1b\\").map(|end| end + 2);
            match [bell, string].into_iter().flatten().min() {
                Some(end) => First::Whole(end, None),
                None if bytes.len() > LONGEST_SEQUENCE => First::Whole(bytes.len(), None),
                None => First::Part,
            }
        }
        Some(_) => First::Whole(2, None),
    }
}

fn control_sequence(bytes: &[u8]) -> First {
    if bytes.get(2) == Some(&b'[') {
        // The Linux console's F1 to F5.
        return match bytes.get(3) {
            None => First::Part,
            Some(end @ b'A'..=b'E') => First::Whole(4, Some(Key::Function(end - b'A' + 1))),
            Some(_) => First::Whole(4, None),
        };
    }
    let body = bytes.get(2..).unwrap_or_default();
    let Some(length) = body.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if bytes.len() > LONGEST_SEQUENCE { First::Whole(bytes.len(), None) } else { First::Part };
    };
    let (parameters, end) = (body.get(..length).unwrap_or_default(), body.get(length).copied().unwrap_or_default());
    if !(0x40..=0x7e).contains(&end) {
        return First::Whole(2 + length, None);
    }
    let text = std::str::from_utf8(parameters).unwrap_or_default();
    let mut numbers = text.split(';').map(|number| number.parse::<u16>().unwrap_or_default());
    let (number, modified) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default() > 1);
    let whole = |key| First::Whole(3 + length, key);
    match (end, number) {
        (b'~', 200) => First::Paste(3 + length),
        (b'~', _) => whole(numbered(number)),
        (b'C', _) if modified => whole(Some(Key::WordRight)),
        (b'D', _) if modified => whole(Some(Key::WordLeft)),
        // The place of the cursor, which nobody asked for.
        (b'R', _) if length > 0 => whole(None),
        _ => whole(letter(end)),
    }
}

fn numbered(number: u16) -> Option<Key> {
    let function = |first: u16, base: u16| u8::try_from(base + number - first).ok().map(Key::Function);
    match number {
        1 | 7 => Some(Key::Home),
        4 | 8 => Some(Key::End),
        3 => Some(Key::Delete),
        5 => Some(Key::PageUp),
        6 => Some(Key::PageDown),
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=24 => function(23, 11),
        _ => None,
    }
}

fn letter(end: u8) -> Option<Key> {
    Some(match end {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        b'P'..=b'S' => Key::Function(end - b'P' + 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Decoder::default().push(bytes)
    }

    fn pasted(text: &str) -> Key {
        Key::Paste(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn letters_of_any_length_come_whole_however_they_are_cut() {
        let text = "aé日👩";
        for cut in 0..=text.len() {
            let mut decoder = Decoder::default();
            let (one, two) = text.as_bytes().split_at(cut);
            let mut all = decoder.push(one);
            all.extend(decoder.push(two));
            assert_eq!(all, text.chars().map(Key::Char).collect::<Vec<_>>(), "cut at {cut}");
        }
        assert_eq!(keys(b"a\xff\xc3(b"), [Key::Char('a'), Key::Char('('), Key::Char('b')]);
    }

    #[test]
    fn function_keys_of_several_kinds_of_terminal_are_the_same_key() {
        for one in [&b"\x1bOQ"[..], b"\x1b[12~", b"\x1b[[B", b"\x1b2", b"\x1b[Q"] {
            assert_eq!(keys(one), [Key::Function(2)], "{one:?}");
        }
        assert_eq!(keys(b"\x1b[21~\x1b0\x1b[17~"), [Key::Function(10), Key::Function(10), Key::Function(6)]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[5~\x1b[1;5C"), [Key::Up, Key::Down, Key::PageUp, Key::WordRight]);
    }

    #[test]
    fn a_paste_is_one_text_with_its_line_ends_and_no_enter() {
        let all = keys(b"\x1b[200~one\rtwo\r\nthree\x03\x1b[201~\r");
        assert_eq!(all, [pasted("one\rtwo\r\nthree\x03"), Key::Enter]);
        let mut decoder = Decoder::default();
        let bytes = b"\x1b[200~a\rb\x1b[201~c";
        let mut all = Vec::new();
        bytes.iter().for_each(|byte| all.extend(decoder.push(&[*byte])));
        assert_eq!(all, [pasted("a\rb"), Key::Char('c')]);
        // A terminal that does not say that it pastes: no line of it is sent.
        assert_eq!(keys(b"a\rb\r"), [Key::Char('a'), Key::NewLine, Key::Char('b'), Key::Enter]);
    }

    #[test]
    fn a_paste_that_never_ends_can_be_left_by_any_key_of_the_bottom_line() {
        for (bytes, key) in
            [(&b"\x03"[..], Key::Control('c')), (b"\x1b[17~", Key::Function(6)), (b"\x1bOQ", Key::Function(2))]
        {
            let mut decoder = Decoder::default();
            assert_eq!(decoder.push(b"\x1b[200~abc"), []);
            assert!(decoder.waits());
            assert_eq!(decoder.pause(), [pasted("abc")]);
            assert!(!decoder.waits());
            assert_eq!(decoder.push(b"\r"), []);
            assert_eq!(decoder.pause(), [pasted("\r")], "Enter in a paste never sends");
            assert_eq!(decoder.push(bytes), [key]);
            assert_eq!(decoder.push(b"x"), [Key::Char('x')]);
        }
    }

    #[test]
    fn a_paste_over_a_slow_line_keeps_its_letters_and_finds_its_end() {
        let bytes = "\x1b[200~é\x1b[20日\x1b[201~\r".as_bytes();
        for cut in 6..bytes.len() - 1 {
            let mut decoder = Decoder::default();
            let (one, two) = bytes.split_at(cut);
            let mut all = decoder.push(one);
            all.extend(decoder.pause());
            all.extend(decoder.push(two));
            let text: String = all
                .iter()
                .filter_map(|key| if let Key::Paste(text) = key { Some(text.as_str()) } else { None })
                .collect();
            assert_eq!((text.as_str(), all.last()), ("é\x1b[20日", Some(&Key::Enter)), "cut at {cut}");
        }
    }

    #[test]
    fn a_wrong_file_that_is_pasted_takes_bounded_room() {
        let mut decoder = Decoder::default();
        let mut all = decoder.push(b"\x1b[200~");
        for _ in 0..1000 {
            all.extend(decoder.push(&[b'x'; 4096]));
            assert!(decoder.bytes.len() < 16 && decoder.paste.as_ref().unwrap().len() <= LONGEST_PASTE);
        }
        all.extend(decoder.push(b"\x1b[201~"));
        assert_eq!(all, [pasted(&"x".repeat(LONGEST_PASTE))]);
    }

    #[test]
    fn escape_alone_is_a_key_after_a_moment_and_new_lines_have_two_ways() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(b"\x1b"), []);
        assert!(decoder.waits());
        assert_eq!(decoder.pause(), [Key::Escape]);
        assert_eq!(keys(b"\x1b\r\n\r"), [Key::NewLine, Key::NewLine, Key::Enter]);
    }

    #[test]
    fn answers_of_the_terminal_are_no_keys() {
        let answers = b"\x1b[24;80R\x1b]11;rgb:0000/0000/0000\x1b\\\x1bP1$r0m\x1b\\\x1b[?62;22c\x1b[Ix";
        assert_eq!(keys(answers), [Key::Char('x')]);
    }

    #[test]
    fn any_bytes_end_in_an_empty_decoder_and_no_control_letter() {
        let mut state = 7_u32;
        let mut decoder = Decoder::default();
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut bytes = state.to_le_bytes().to_vec();
            bytes.extend([0x1b, b'[']);
            let length = usize::from(bytes[0] % 6) + 1;
            let mut all = decoder.push(&bytes[..length]);
            if state.is_multiple_of(3) {
                all.extend(decoder.pause());
                assert!(!decoder.waits());
            }
            if decoder.paste.is_some() {
                decoder = Decoder::default();
            }
            assert!(decoder.bytes.len() <= LONGEST_SEQUENCE + 8);
            assert!(!all.iter().any(|key| matches!(key, Key::Char(letter) if letter.is_control())));
        }
    }
}
