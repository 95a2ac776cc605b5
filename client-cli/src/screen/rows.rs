//! Rows: text broken to a width, with what it is.
//!
//! In: sanitized text. Out: rows that fit. This file must never cut anything off: what does not fit goes into the next
//! row. Names in the list of people are the one exception, and end in `…` then.

use super::theme::Part;
use crate::output::wrap;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Narrower than this, words are broken anywhere.
const NARROW: usize = 20;

/// A piece of a row that looks the same all along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span(pub(super) Part, pub(super) String);

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Span>);

impl Row {
    /// A row of one kind.
    pub(super) fn of(part: Part, text: impl Into<String>) -> Self {
        Self(vec![Span(part, text.into())])
    }
}

/// Breaks a paragraph between words; every line but the first is indented.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    if width < NARROW {
        // The first row alone begins where rows of the program begin, as far as there is room for that.
        let indent = wrap::INDENT.get(..wrap::INDENT.len().min(width / 4)).unwrap_or_default();
        let room = width - indent.len();
        let indented = |row: String| if row.is_empty() { row } else { format!("{indent}{row}") };
        let (first, lines) = text.split_once('\n').map_or((text, None), |(first, lines)| (first, Some(lines)));
        let head = anywhere(first, width).into_iter().next().unwrap_or_default();
        let rest = first.get(head.len()..).filter(|rest| !rest.is_empty());
        let rest = rest.into_iter().chain(lines.into_iter().flat_map(|lines| lines.split('\n')));
        return std::iter::once(head).chain(rest.flat_map(|line| anywhere(line, room)).map(indented)).collect();
    }
    wrap::paragraph(text, Some(width + 1)).split('\n').map(str::to_owned).collect()
}

/// Breaks a line wherever it is full. An empty line is one row.
pub(super) fn anywhere(line: &str, width: usize) -> Vec<String> {
    let (mut rows, mut row, mut column) = (Vec::new(), String::new(), 0);
    for letter in line.chars() {
        let wide = letter.width().unwrap_or_default();
        if column + wide > width.max(1) && column > 0 {
            rows.push(std::mem::take(&mut row));
            column = 0;
        }
        row.push(letter);
        column += wide;
    }
    rows.push(row);
    rows
}

/// A paragraph of one kind.
pub(super) fn paragraph(part: Part, text: &str, width: usize) -> Vec<Row> {
    wrap(text, width).into_iter().map(|row| Row::of(part, row)).collect()
}

/// A paragraph whose first letters, up to `head` bytes, are of another kind.
pub(super) fn with_head(head: &str, parts: (Part, Part), text: &str, width: usize) -> Vec<Row> {
    let mut rows = paragraph(parts.1, text, width);
    if let Some(first) = rows.first_mut()
        && let Some(Span(_, row)) = first.0.first_mut()
        && let Some(rest) = row.strip_prefix(head)
    {
        let rest = rest.to_owned();
        first.0 = vec![Span(parts.0, head.to_owned()), Span(parts.1, rest)];
    }
    rows
}

/// The beginning of a name, as wide as there is room, with `…` where something is missing.
pub(super) fn name(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let mut out = String::new();
    for cluster in name.graphemes(true) {
        if out.width() + cluster.width() + 1 > width {
            break;
        }
        out.push_str(cluster);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_nothing_is_wider_than_there_is_room() {
        let text = "Good morning, Dana. 日本語日本語日本語 averyveryverylongwordwithoutanyspace\n\nsecond line";
        for width in 1..100 {
            let rows = wrap(text, width);
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            assert_eq!(letters(&rows.concat()), letters(text), "{width}");
            assert!(rows.iter().all(|row| row.width() <= width.max(2)), "{width}: {rows:?}");
        }
    }

    #[test]
    fn only_the_first_row_begins_where_the_program_begins_its_own_down_to_four_columns() {
        for width in 4..60 {
            for text in ["Good morning, Dana, and good night.", "a\nYou: b\n\nc", "", "日本語日本語日本語日本語", "x\n"]
            {
                let rows = wrap(text, width);
                let indented = rows.iter().skip(1).all(|row| row.is_empty() || row.starts_with(' '));
                assert!(indented && !rows[0].starts_with(' '), "{width}: {rows:?}");
            }
        }
        assert_eq!(wrap("abcdefghij\nk", 8), ["abcdefgh", "  ij", "  k"]);
        assert_eq!(wrap("abc\n\nd", 3), ["abc", "", "d"], "no room for it");
    }

    #[test]
    fn a_name_that_is_too_long_for_the_list_says_so() {
        assert_eq!(name("Robin", 5), "Robin");
        assert_eq!(name("Robin Example", 6), "Robin…");
        assert_eq!(name("日本語", 5), "日本…");
        assert_eq!(name("Robin", 0), "…");
    }
}
