//! One line as it is typed, byte by byte, while the terminal's own line editing is off.
//!
//! In: bytes of the keyboard. Out: what to echo, and when the line is whole. This file must never touch a terminal:
//! it is the pure half of `typing`.

use cairn_protocol::limits::TEXT;
use unicode_width::UnicodeWidthChar;

/// The terminal's keys for editing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) erase: u8,
    pub(super) kill: u8,
    pub(super) word: u8,
    pub(super) end: u8,
}

impl Default for Keys {
    fn default() -> Self {
        Self { erase: 0x7f, kill: 0x15, word: 0x17, end: 0x04 }
    }
}

/// What a byte did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing to see.
    Nothing,
    /// These bytes stand on the screen now.
    Echo(Vec<u8>),
    /// So many columns at the end are empty now.
    Erased(usize),
    /// The line is whole.
    Enter,
    /// Ctrl-D on an empty line.
    End,
}

/// A line that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<u8>);

impl Line {
    /// Whether anything was typed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the line, whole or not.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// Bytes that are in the line already, as they are to be shown.
    pub(super) fn shown(&self) -> Vec<u8> {
        self.0.iter().flat_map(|byte| shown(*byte)).collect()
    }

    /// Bytes as they are, from a terminal that did its editing, or from a pipe. More than a message may hold is
    /// counted as one byte too many, and no more is kept.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = (TEXT + 1).saturating_sub(self.0.len());
        self.0.extend(bytes.iter().take(room));
    }

    /// One byte of the keyboard.
    pub(super) fn key(&mut self, byte: u8, keys: &Keys) -> Typed {
        match byte {
            b'\n' | b'\r' => Typed::Enter,
            0 => Typed::Nothing,
            _ if byte == keys.end => {
                if self.is_empty() {
                    Typed::End
                } else {
                    Typed::Nothing
                }
            }
            _ if byte == keys.erase || byte == 0x08 => Typed::Erased(self.erase()),
            _ if byte == keys.kill => {
                let mut columns = 0;
                while !self.is_empty() {
                    columns += self.erase();
                }
                Typed::Erased(columns)
            }
            _ if byte == keys.word => {
                let mut columns = 0;
                while self.0.last().is_some_and(|last| *last == b' ') {
                    columns += self.erase();
                }
                while self.0.last().is_some_and(|last| *last != b' ') {
                    columns += self.erase();
                }
                Typed::Erased(columns)
            }
            _ => {
                self.push(&[byte]);
                Typed::Echo(shown(byte))
            }
        }
    }

    /// Takes the last character away; the columns that it had.
    fn erase(&mut self) -> usize {
        let mut start = self.0.len().saturating_sub(1);
        // Back to the first byte of the character: UTF-8 continues with 10xxxxxx.
        while start > 0 && self.0.get(start).is_some_and(|byte| byte & 0xC0 == 0x80) {
            start -= 1;
        }
        let last = self.0.split_off(start);
        match std::str::from_utf8(&last) {
            Ok(text) => text.chars().map(columns).sum(),
            Err(_) => usize::from(!last.is_empty()),
        }
    }
}

/// As the terminal itself would echo it: controls as two characters, a tab as one space.
fn shown(byte: u8) -> Vec<u8> {
    match byte {
        b'\t' => vec![b' '],
        0..=0x1f => vec![b'^', byte | 0x40],
        0x7f => vec![b'^', b'?'],
        _ => vec![byte],
    }
}

fn columns(character: char) -> usize {
    match character {
        '\t' => 1,
        control if control.is_ascii_control() => 2,
        other => other.width().unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, text: &[u8]) -> Vec<Typed> {
        text.iter().map(|byte| line.key(*byte, &Keys::default())).collect()
    }

    #[test]
    fn what_stood_there_before_can_be_erased_like_what_came_after() {
        let mut line = Line::default();
        line.push("grü".as_bytes());
        assert_eq!(typed(&mut line, b"x\x7f\x7f"), [Typed::Echo(b"x".to_vec()), Typed::Erased(1), Typed::Erased(1)]);
        assert_eq!(line.take(), b"gr");
    }

    #[test]
    fn wide_letters_and_controls_give_back_all_their_columns() {
        let mut line = Line::default();
        line.push("日".as_bytes());
        assert_eq!(line.key(0x7f, &Keys::default()), Typed::Erased(2));
        assert_eq!(typed(&mut line, b"\x1b\x7f"), [Typed::Echo(b"^[".to_vec()), Typed::Erased(2)]);
        assert_eq!(line.key(0x7f, &Keys::default()), Typed::Erased(0));
    }

    #[test]
    fn words_and_lines_are_taken_back_whole() {
        let mut line = Line::default();
        line.push(b"one two  ");
        assert_eq!(line.key(0x17, &Keys::default()), Typed::Erased(5));
        assert_eq!(line.key(0x15, &Keys::default()), Typed::Erased(4));
        assert!(line.is_empty());
    }

    #[test]
    fn control_d_ends_only_an_empty_line_and_enter_makes_it_whole() {
        let mut line = Line::default();
        assert_eq!(line.key(4, &Keys::default()), Typed::End);
        line.push(b"a");
        assert_eq!(line.key(4, &Keys::default()), Typed::Nothing);
        assert_eq!(line.key(b'\n', &Keys::default()), Typed::Enter);
        assert_eq!(line.take(), b"a");
    }

    #[test]
    fn any_bytes_leave_a_bounded_line_and_echo_no_escape() {
        let (mut line, mut state) = (Line::default(), 7_u32);
        for _ in 0..200_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if let Typed::Echo(bytes) = line.key((state >> 24) as u8, &Keys::default()) {
                assert!(!bytes.contains(&0x1b));
            }
        }
        line.push(&vec![b'a'; 2 * TEXT]);
        assert!(line.take().len() <= TEXT + 1);
    }
}
