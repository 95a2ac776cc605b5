//! Lines that fit the terminal, broken between words.
//!
//! In: a paragraph, sanitized already. Out: lines of at most so many columns; every line but the first is indented, so
//! that nothing in a message can stand where the program's own lines begin. This file must never learn what it wraps.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands before each line but the first.
pub(crate) const INDENT: &str = "  ";

/// The narrowest terminal that is wrapped for. Smaller ones break lines by themselves.
const NARROWEST: usize = 16;

/// Breaks a paragraph. Without columns, only its own line breaks are indented.
pub(crate) fn paragraph(text: &str, columns: Option<usize>) -> String {
    // One column is left free: some terminals break a line that fills the last one.
    let columns = columns.map(|columns| columns.saturating_sub(1)).filter(|columns| *columns >= NARROWEST);
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(INDENT);
            }
        }
        match columns {
            Some(columns) => wrap_line(&mut out, line, if number > 0 { INDENT.len() } else { 0 }, columns),
            None => out.push_str(line),
        }
    }
    out
}

fn wrap_line(out: &mut String, line: &str, start: usize, columns: usize) {
    let mut column = start;
    for (number, word) in line.split(' ').enumerate() {
        let width = word.width();
        if number > 0 {
            if column + 1 + width <= columns || (width == 0 && column < columns) {
                out.push(' ');
                column += 1;
            } else {
                break_line(out, &mut column);
            }
        }
        if column + width <= columns {
            out.push_str(word);
            column += width;
            continue;
        }
        for character in word.chars() {
            let width = character.width().unwrap_or(0);
            if column + width > columns {
                break_line(out, &mut column);
            }
            out.push(character);
            column += width;
        }
    }
}

fn break_line(out: &mut String, column: &mut usize) {
    out.push('\n');
    out.push_str(INDENT);
    *column = INDENT.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(paragraph("one two three four five", Some(17)), "one two three\n  four five");
        assert_eq!(paragraph("one two", None), "one two");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_only_the_first_stands_at_the_edge() {
        let hostile = format!(
            "Dana, 2:02 PM: {} Robin, 2:03 PM: hello\nRobin, 2:04 PM: x 日本語日本語日本語日本語",
            "x".repeat(90)
        );
        for columns in 17..120 {
            let shown = paragraph(&hostile, Some(columns));
            for (number, line) in shown.lines().enumerate() {
                assert!(line.width() < columns, "{columns}: {line}");
                assert!(number == 0 || line.starts_with(INDENT), "{columns}: {line}");
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&shown), letters(&hostile));
        }
    }
}
