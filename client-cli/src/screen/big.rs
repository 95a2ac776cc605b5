//! One message at a time, large and wide.
//!
//! In: a message, and which part of it. Out: rows with air between letters and lines. This file must never change the
//! order or the letters of what was written.

use super::messages::Entry;
use super::rows::{self, Row};
use super::theme::Part;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Up to here letters stand by themselves. Behind it there are scripts whose letters join: air would break their words.
const LAST_SPACED: char = '\u{58f}';

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Big {
    /// Which message.
    pub(super) place: i64,
    /// Which part of it, where it does not fit at once.
    pub(super) part: usize,
}

/// What can be seen of it.
pub(super) struct Seen {
    pub(super) rows: Vec<Row>,
    /// Which part is the last.
    pub(super) last: usize,
}

/// The rows of one part.
pub(super) fn seen(entry: &Entry, part: usize, width: usize, height: usize) -> Seen {
    let mut head = rows::paragraph(Part::Author, entry.head.trim_end().trim_end_matches(':'), width);
    head.push(Row::default());
    let words = entry.text.strip_prefix(&entry.head).unwrap_or(&entry.text);
    let look = if entry.ours { Part::Ours } else { Part::Theirs };
    let lines: Vec<String> = words.split('\n').flat_map(|line| spaced(line, width)).collect();
    // Each line has an empty one below it.
    let fit = (height.saturating_sub(head.len()) + 1).checked_div(2).unwrap_or_default().max(1);
    let last = lines.len().saturating_sub(1) / fit;
    let part = part.min(last);
    let mut all = head;
    for line in lines.into_iter().skip(part * fit).take(fit) {
        all.push(Row(vec![rows::Span(look, line)]));
        all.push(Row::default());
    }
    Seen { rows: all, last }
}

/// A line with air between its letters, broken between words where it can be.
fn spaced(line: &str, width: usize) -> Vec<String> {
    let (mut out, mut row) = (Vec::new(), String::new());
    for word in line.split(' ') {
        let wide = airy(word);
        let gap = if row.is_empty() { 0 } else { 3 };
        if row.width() + gap + wide.width() <= width {
            row.push_str(&" ".repeat(gap));
            row.push_str(&wide);
            continue;
        }
        if !row.is_empty() {
            out.push(std::mem::take(&mut row));
        }
        let mut pieces = rows::anywhere(&wide, width).into_iter().peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_some() { out.push(piece) } else { row = piece }
        }
    }
    out.push(row);
    out
}

fn airy(word: &str) -> String {
    if word.chars().any(|letter| letter > LAST_SPACED && letter.is_alphabetic()) {
        return word.to_owned();
    }
    word.graphemes(true).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        Entry {
            place: 1,
            ours: false,
            unread: false,
            head: "Robin, 2:02 PM: ".into(),
            text: format!("Robin, 2:02 PM: {text}"),
        }
    }

    fn text(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| row.0.iter().map(|span| span.1.as_str()).collect()).collect()
    }

    #[test]
    fn letters_have_air_and_words_stay_apart() {
        let seen = seen(&entry("I am here"), 0, 40, 8);
        assert_eq!(text(&seen.rows)[..3], ["Robin, 2:02 PM", "", "I   a m   h e r e"]);
    }

    #[test]
    fn scripts_whose_letters_join_are_left_whole() {
        assert_eq!(airy("سلام"), "سلام");
        assert_eq!(airy("grüße"), "g r ü ß e");
    }

    #[test]
    fn every_letter_of_a_long_message_is_in_one_of_its_parts() {
        let words = "Something longer that does not fit on a small screen, and has averyveryverylongwordinit";
        for (width, height) in [(40, 7), (20, 3), (10, 1), (1, 1)] {
            let last = seen(&entry(words), 0, width, height).last;
            let all: String = (0..=last)
                .flat_map(|part| text(&seen(&entry(words), part, width, height).rows))
                .filter(|row| !row.starts_with("Robin"))
                .collect();
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            if width >= 20 {
                assert_eq!(letters(&all), letters(words), "{width}x{height}");
            }
            assert_eq!(seen(&entry(words), last + 5, width, height).last, last);
        }
    }
}
