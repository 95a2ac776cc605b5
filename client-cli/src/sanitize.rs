//! The one sanitizer: what others wrote, made safe to stand on a screen.
//!
//! In: any text. Out: text that moves no cursor, turns no direction, hides nothing, and cannot pass for a line of the
//! program's own. This file must never learn who wrote it: there is no trusted writer. Pure, and total on any input.

use unicode_width::UnicodeWidthChar;

/// What stands in place of a character that can't be shown.
const REPLACEMENT: char = '\u{FFFD}';

/// Marks that may stand on one letter. Larger: marks climb over the lines around. Smaller: some scripts lose letters.
const MARKS: usize = 4;

/// Empty lines in a row that are kept. Larger: a message can push everything else off the screen.
const EMPTY_LINES: usize = 1;

/// Characters of a name that are shown. Larger: a name can hold a whole false line. Smaller: long real names are cut.
const NAME: usize = 40;

/// What the program calls itself, the reader, and its own next steps, in its languages. A short name that begins so is
/// shown in quotation marks.
const OWN: [&str; 7] = ["you", "usted", "cairn", "next", "siguiente", "help", "ayuda"];

/// What stands in the program's own lines behind their first words, in all the forms that look like it.
const COLONS: [char; 6] = [':', '：', '∶', '꞉', '︓', 'ː'];

/// What to do with one character.
enum Kind {
    Line,
    Space,
    Joiner,
    Mark,
    Drop,
    Replace,
    Keep,
}

fn kind(character: char) -> Kind {
    match character {
        '\n' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Kind::Line,
        '\t' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Kind::Space,
        // Families of emoji and several scripts need these two between visible letters.
        '\u{200C}' | '\u{200D}' => Kind::Joiner,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Kind::Replace,
        // Directions, invisible operators, blank letters, tags, annotation anchors.
        '\u{AD}'
        | '\u{61C}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Kind::Drop,
        _ => match character.width() {
            Some(0) => Kind::Mark,
            Some(_) => Kind::Keep,
            None => Kind::Replace,
        },
    }
}

/// Text of several lines: line breaks stay, all else that moves or hides is taken out or shown as a replacement sign.
pub(crate) fn text(from: &str) -> String {
    let mut out = String::with_capacity(from.len());
    // Marks on the last letter, and whether there is a letter that can bear one.
    let (mut marks, mut base) = (0, false);
    let mut characters = from.chars().peekable();
    while let Some(character) = characters.next() {
        let character = match character {
            // CR LF is one break; a lone CR would write over the line, so it breaks it.
            '\r' if characters.peek() == Some(&'\n') => continue,
            '\r' => '\n',
            other => other,
        };
        let visible_follows =
            || characters.clone().next().is_some_and(|next| matches!(kind(next), Kind::Keep) && next != ' ');
        let shown = match kind(character) {
            Kind::Line => Some('\n'),
            Kind::Space => Some(' '),
            Kind::Replace => Some(REPLACEMENT),
            Kind::Keep => Some(character),
            Kind::Joiner if base && marks < MARKS && visible_follows() => Some(character),
            Kind::Mark if base && marks < MARKS => Some(character),
            Kind::Joiner | Kind::Mark | Kind::Drop => None,
        };
        match (shown, kind(character)) {
            (Some(_), Kind::Joiner | Kind::Mark) => marks += 1,
            (Some(shown), _) => (marks, base) = (0, !matches!(shown, ' ' | '\n')),
            (None, _) => {}
        }
        out.extend(shown);
    }
    few_empty_lines(&out)
}

/// Without spaces at line ends, without empty lines at the ends of the text, and with few in a row.
fn few_empty_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim_matches('\n').split('\n').map(|line| line.trim_end_matches(' ')) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= EMPTY_LINES {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.drain(..out.len() - out.trim_start_matches('\n').len());
    out
}

/// A name: one line, no runs of spaces, at most 40 characters, never empty. One that could pass for a line or a choice of
/// the program's own stands in quotation marks.
pub(crate) fn name(from: &str) -> String {
    let line = text(from);
    let mut words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = imitates(&words);
    let most = if quoted { NAME - 2 } else { NAME };
    if words.chars().count() > most {
        words = words.chars().take(most - 1).collect::<String>().trim_end().to_owned() + "…";
    }
    if quoted {
        words = format!("“{words}”");
    }
    if words.is_empty() { crate::language::said::no_name() } else { words }
}

fn imitates(name: &str) -> bool {
    let quoted = name.starts_with('“') && name.ends_with('”');
    let begins = |first: char| first.is_ascii_digit() || "!?-.>*#[<|".contains(first);
    let own = || {
        let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        words.next().is_some_and(|first| OWN.contains(&first.to_lowercase().as_str())) && words.count() < 2
    };
    !quoted && (name.contains(COLONS) || name.starts_with(begins) || own())
}

/// One line of a sentence of ours that carries words of others, such as an error with a name in it.
pub(crate) fn line(from: &str) -> String {
    text(from).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_letters_of_many_scripts_are_left_alone() {
        for sample in ["Good morning, Dana.", "Grüße", "שלום", "नमस्ते", "ありがとう", "👩‍👩‍👧 hi", "e\u{301}", "Việt"]
        {
            assert_eq!(text(sample), sample);
        }
    }

    #[test]
    fn escape_sequences_lose_their_power_and_stay_visible() {
        assert_eq!(text("\x1b[2Jgone"), "\u{FFFD}[2Jgone");
        assert_eq!(text("\x1b]0;title\x07x"), "\u{FFFD}]0;title\u{FFFD}x");
        assert_eq!(text("\u{9b}31m"), "\u{FFFD}31m");
        assert_eq!(text("a\x08b"), "a\u{FFFD}b");
    }

    #[test]
    fn directions_and_invisible_letters_are_taken_out() {
        assert_eq!(text("a\u{202E}b\u{2066}c\u{200B}d\u{FEFF}e\u{E0041}f\u{3164}g\u{200F}h"), "abcdefgh");
        assert_eq!(text("\u{200D}a\u{200D} b\u{200D}"), "a b");
    }

    #[test]
    fn every_kind_of_line_end_becomes_one_break() {
        assert_eq!(text("a\r\nb\rc\u{2028}d\u{85}e"), "a\nb\nc\nd\ne");
        assert_eq!(text("a   \nb"), "a\nb");
    }

    #[test]
    fn empty_lines_and_towers_of_marks_are_bounded() {
        assert_eq!(text("a\n\n\n\n\nb"), "a\n\nb");
        assert_eq!(text("a\n \n \n \n \nb"), "a\n\nb");
        let tower = format!("a{}b", "\u{300}".repeat(1000));
        assert_eq!(text(&tower).chars().count(), 2 + MARKS);
        assert_eq!(text("\u{300}\u{300}a"), "a");
    }

    #[test]
    fn a_name_is_one_short_line_and_never_empty() {
        assert_eq!(name("Dana\nRobin B."), "Dana Robin B.");
        assert_eq!(name("\u{200B}\n \u{202E}"), "(no name)");
        assert_eq!(name(&"x".repeat(500)).chars().count(), NAME);
        assert_eq!(name(" \t Dana  B. "), "Dana B.");
    }

    #[test]
    fn a_name_that_could_pass_for_a_line_or_a_choice_of_the_programs_own_stands_in_quotation_marks() {
        for own in
            ["Next: cairn lock", "Dana, 2:02 PM", "YOU", "Usted", "cairn…", "1  Quit", "!", "? ", "Help Now", "a：b"]
        {
            let shown = name(own);
            assert!(shown.starts_with('“') && shown.ends_with('”'), "{own} → {shown}");
            assert_eq!(name(&shown), shown, "once only");
        }
        let long = name(&format!("Next: {}", "x".repeat(500)));
        assert!(long.chars().count() == NAME && long.ends_with("…”"), "{long}");
        for other in ["Dana P.", "Youssef", "Cairney", "Nexta", "Zoë (work)", "李雷", "(no name)"] {
            assert_eq!(name(other), other);
        }
    }

    #[test]
    fn nothing_that_moves_or_hides_survives_in_any_text() {
        let mut state = 1_u32;
        for _ in 0..2000 {
            let mut sample = String::new();
            for _ in 0..40 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let number = match state >> 30 {
                    0 => (state >> 8) % 0xA0,
                    1 => 0x2000 + (state >> 8) % 0x80,
                    2 => 0x300 + (state >> 8) % 0x70,
                    _ => (state >> 8) % 0x11_0000,
                };
                sample.extend(char::from_u32(number));
            }
            let shown = text(&sample);
            assert!(!shown.chars().any(|c| c != '\n' && c.is_control()), "{sample:?} → {shown:?}");
            assert!(!shown.contains(['\u{202E}', '\u{2066}', '\u{200B}', '\u{FEFF}', '\u{2028}']), "{sample:?}");
            assert!(!shown.contains("\n\n\n"), "{sample:?} → {shown:?}");
            assert_eq!(text(&shown), shown, "twice is once: {sample:?}");
            assert!(!name(&sample).contains('\n'));
            assert!(name(&sample).chars().count() <= NAME);
        }
    }
}
