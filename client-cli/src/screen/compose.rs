//! The line that is typed: text of several rows, and a place in it.
//!
//! In: keys. Out: the text, and rows with the cursor's place. Pure. This file must never change a letter that was typed:
//! what can't be shown is left out of the picture, not of the text.

use super::keys::Key;
use cairn_protocol::limits::TEXT;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// More than a message may hold, so that a paste that is too long can be shortened by hand.
const LONGEST: usize = 2 * TEXT;

/// Text that is being typed.
#[derive(Debug, Default)]
pub(super) struct Compose {
    text: String,
    /// A byte of the text, always between two letters.
    cursor: usize,
}

/// What can be seen of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) rows: Vec<String>,
    /// Column and row of the cursor.
    pub(super) cursor: (usize, usize),
}

impl Compose {
    /// Text that stands there already, with the cursor behind it.
    pub(super) fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes the text out.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text in at the cursor. Line ends of any kind become one kind; other controls are no text.
    pub(super) fn insert(&mut self, text: &str) {
        let text: String = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String =
            text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control()).collect();
        let mut room = LONGEST.saturating_sub(self.text.len()).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.text.insert_str(self.cursor, text.get(..room).unwrap_or_default());
        self.cursor += room;
    }

    /// One key, in rows of this width. Whether it did something here.
    pub(super) fn key(&mut self, key: &Key, width: usize) -> bool {
        match key {
            Key::Char(letter) => self.insert(letter.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.insert(text),
            Key::NewLine => self.insert("\n"),
            Key::Tab => self.insert(" "),
            Key::Backspace => self.erase(self.before(), self.cursor),
            Key::Delete => self.erase(self.cursor, self.after()),
            Key::Control('w') => self.erase(self.word_before(), self.cursor),
            Key::Control('u') => self.erase(self.line_start(), self.cursor),
            Key::Control('k') => self.erase(self.cursor, self.line_end()),
            Key::Left => self.cursor = self.before(),
            Key::Right => self.cursor = self.after(),
            Key::WordLeft => self.cursor = self.word_before(),
            Key::WordRight => self.cursor = self.word_after(),
            Key::Home | Key::Control('a') => self.cursor = self.line_start(),
            Key::End | Key::Control('e') => self.cursor = self.line_end(),
            Key::Up => return self.vertical(-1, width),
            Key::Down => return self.vertical(1, width),
            _ => return false,
        }
        true
    }

    fn erase(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn behind(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn ahead(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    fn before(&self) -> usize {
        self.cursor - self.behind().graphemes(true).next_back().map_or(0, str::len)
    }

    fn after(&self) -> usize {
        self.cursor + self.ahead().graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let trimmed = self.behind().trim_end_matches(' ');
        trimmed.rfind([' ', '\n']).map_or(0, |space| space + 1).min(self.cursor)
    }

    fn word_after(&self) -> usize {
        let ahead = self.ahead();
        let word = ahead.len() - ahead.trim_start_matches([' ', '\n']).len();
        let rest = ahead.get(word..).unwrap_or_default();
        self.cursor + word + rest.find([' ', '\n']).unwrap_or(rest.len())
    }

    fn line_start(&self) -> usize {
        self.behind().rfind('\n').map_or(0, |end| end + 1)
    }

    fn line_end(&self) -> usize {
        self.cursor + self.ahead().find('\n').unwrap_or(self.ahead().len())
    }

    /// Rows as they stand: where each begins and ends in the text.
    fn lines(&self, width: usize) -> Vec<(usize, usize)> {
        let width = width.max(1);
        let (mut rows, mut start, mut column) = (Vec::new(), 0, 0);
        // The last place after which a row may end, and the column there.
        let (mut space, mut space_column) = (None, 0);
        for (at, cluster) in self.text.grapheme_indices(true) {
            if cluster.ends_with('\n') {
                rows.push((start, at));
                (start, column, space) = (at + cluster.len(), 0, None);
                continue;
            }
            let wide = shown(cluster).width();
            // The last column is the cursor's.
            if column + wide >= width && column > 0 {
                match space.filter(|space| *space > start && *space <= at) {
                    Some(space) => {
                        rows.push((start, space));
                        (start, column) = (space, column - space_column);
                    }
                    None => {
                        rows.push((start, at));
                        (start, column) = (at, 0);
                    }
                }
                (space, space_column) = (None, 0);
            }
            column += wide;
            if cluster == " " {
                (space, space_column) = (Some(at + 1), column);
            }
        }
        rows.push((start, self.text.len()));
        rows
    }

    fn vertical(&mut self, by: isize, width: usize) -> bool {
        let lines = self.lines(width);
        let here = self.row_of_cursor(&lines);
        let Some((start, end)) = here.checked_add_signed(by).and_then(|row| lines.get(row)).copied() else {
            return false;
        };
        let Some((row_start, _)) = lines.get(here) else { return false };
        let wanted = columns(self.text.get(*row_start..self.cursor).unwrap_or_default());
        let (mut place, mut column) = (start, 0);
        for cluster in self.text.get(start..end).unwrap_or_default().graphemes(true) {
            if column >= wanted {
                break;
            }
            column += shown(cluster).width();
            place += cluster.len();
        }
        self.cursor = place;
        true
    }

    fn row_of_cursor(&self, lines: &[(usize, usize)]) -> usize {
        lines.iter().rposition(|(start, _)| *start <= self.cursor).unwrap_or_default()
    }

    /// How many rows the whole text takes.
    pub(super) fn height(&self, width: usize) -> usize {
        self.lines(width).len()
    }

    /// What can be seen in so many rows: the cursor's row is always among them.
    pub(super) fn seen(&self, width: usize, height: usize) -> Seen {
        let lines = self.lines(width);
        let row = self.row_of_cursor(&lines);
        let from = (row + 1).saturating_sub(height.max(1));
        let text = |(start, end): &(usize, usize)| {
            self.text.get(*start..*end).unwrap_or_default().graphemes(true).map(shown).collect::<String>()
        };
        let rows = lines.iter().skip(from).take(height.max(1)).map(text).collect();
        let start = lines.get(row).map_or(0, |line| line.0);
        let column = columns(self.text.get(start..self.cursor).unwrap_or_default());
        Seen { rows, cursor: (column.min(width.saturating_sub(1)), row - from) }
    }
}

fn columns(text: &str) -> usize {
    text.graphemes(true).map(|cluster| shown(cluster).width()).sum()
}

/// A letter with its marks, as far as it can stand on a screen: directions and what has no width are left out.
fn shown(cluster: &str) -> &str {
    if cluster == "\t" {
        return " ";
    }
    if matches!(cluster.as_bytes(), [b' '..=b'~']) {
        return cluster;
    }
    if cluster.width() == 0 || crate::sanitize::text(&format!("x{cluster}x")).len() != cluster.len() + 2 {
        return "";
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, keys: &[Key]) -> Compose {
        let mut compose = Compose::of(text);
        for key in keys {
            compose.key(key, 20);
        }
        compose
    }

    #[test]
    fn letters_with_marks_are_one_step_and_erased_whole() {
        let family = "👩\u{200d}👩\u{200d}👧";
        let compose = typed(&format!("a{family}e\u{301}"), &[Key::Backspace, Key::Backspace, Key::Char('b')]);
        assert_eq!(compose.text(), "ab");
        let compose = typed("ab", &[Key::Left, Key::Char('日'), Key::Home, Key::Delete]);
        assert_eq!(compose.text(), "日b");
    }

    #[test]
    fn words_and_lines_are_erased_whole() {
        assert_eq!(typed("one two  ", &[Key::Control('w')]).text(), "one ");
        assert_eq!(typed("one\ntwo three", &[Key::Control('u')]).text(), "one\n");
        assert_eq!(typed("one\ntwo", &[Key::Home, Key::Control('k')]).text(), "one\n");
        assert_eq!(typed("one two", &[Key::WordLeft, Key::Char('x')]).text(), "one xtwo");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_its_controls_only() {
        let pasted = Key::Paste("one\r\ntwo\rthree\x1b[2J\tend".to_owned().into());
        assert_eq!(typed("", &[pasted]).text(), "one\ntwo\nthree[2J\tend");
        let long = Key::Paste("é".repeat(2 * TEXT).into());
        assert!(typed("", &[long]).text().len() <= LONGEST);
    }

    #[test]
    fn rows_break_between_words_and_the_cursor_is_always_to_be_seen() {
        let compose = Compose::of("one two three four five six seven");
        let seen = compose.seen(12, 2);
        assert_eq!(seen, Seen { rows: vec!["five six ".into(), "seven".into()], cursor: (5, 1) });
        assert_eq!(compose.height(12), 4);
        for width in 1..40 {
            for text in ["", "日本語日本語", "averylongwordwithoutspaces andmore", "a\n\n\nb\n"] {
                let seen = Compose::of(text).seen(width, 3);
                assert!(seen.cursor.0 < width && seen.cursor.1 < seen.rows.len().max(1), "{width} {text:?} {seen:?}");
            }
        }
    }

    #[test]
    fn arrows_move_between_rows_and_say_when_there_is_none() {
        let mut compose = Compose::of("one two three four");
        assert!(!compose.key(&Key::Down, 12));
        assert!(compose.key(&Key::Up, 12));
        compose.key(&Key::Char('!'), 12);
        assert_eq!(compose.text(), "one two !three four");
    }

    #[test]
    fn what_turns_or_hides_is_kept_in_the_text_and_not_drawn() {
        let compose = Compose::of("a\u{202e}b\u{200b}c");
        assert_eq!(compose.text(), "a\u{202e}b\u{200b}c");
        assert_eq!(compose.seen(20, 1).rows, ["abc"]);
    }
}
