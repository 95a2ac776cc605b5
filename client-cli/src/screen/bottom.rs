//! The bottom line, which is always there.
//!
//! In: a width. Out: the keys and what they do, in as many rows as it takes. This file must never leave one out where a
//! screen has room for it.

use super::rows::{Row, Span};
use super::theme::Part;
use crate::language::screen as texts;
use unicode_width::UnicodeWidthStr;

/// The keys, and what each does.
fn keys() -> [(&'static str, String); 6] {
    [
        ("F1", texts::help()),
        ("F2", texts::help_now()),
        ("F3", texts::people()),
        ("F4", texts::read_big()),
        ("F6", texts::hide()),
        ("F10", texts::quit()),
    ]
}

/// What all keys do, for the help.
pub(super) fn all() -> [String; 10] {
    [
        texts::key_help(),
        texts::key_help_now(),
        texts::key_people(),
        texts::key_read_big(),
        texts::key_find(),
        texts::key_hide(),
        texts::key_quit(),
        texts::key_enter(),
        texts::key_pages(),
        texts::key_words(),
    ]
}

/// The rows of the bottom line.
pub(super) fn rows(width: usize) -> Vec<Row> {
    let (mut all, mut row, mut column) = (Vec::new(), Row::default(), 0);
    for (key, does) in keys() {
        let wide = key.width() + 1 + does.width();
        let gap = if column == 0 { 0 } else { 2 };
        if column > 0 && column + gap + wide > width {
            all.push(std::mem::take(&mut row));
            column = 0;
        }
        if column > 0 {
            row.0.push(Span(Part::Does, "  ".to_owned()));
            column += gap;
        }
        row.0.push(Span(Part::Key, key.to_owned()));
        row.0.push(Span(Part::Does, format!(" {does}")));
        column += wide;
    }
    all.push(row);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, speak};

    #[test]
    fn every_key_has_room_from_forty_columns_on_in_at_most_two_rows_in_every_language() {
        for language in Language::ALL {
            speak(language);
            for width in 40..200 {
                let rows = rows(width);
                let text: Vec<String> =
                    rows.iter().map(|row| row.0.iter().map(|span| span.1.as_str()).collect()).collect();
                assert!(rows.len() <= 2 && text.iter().all(|row| row.width() <= width), "{width}: {text:?}");
                let all = text.join(" ");
                assert!(keys().iter().all(|(key, does)| all.contains(&format!("{key} {does}"))), "{width}: {all}");
            }
        }
    }

    #[test]
    fn help_names_every_key_of_the_bottom_line_and_another_for_it() {
        for language in Language::ALL {
            speak(language);
            for (key, _) in keys() {
                let line = all().into_iter().find(|line| line.starts_with(&format!("{key} ")));
                assert!(line.is_some_and(|line| line.contains("Ctrl-")), "{language:?}: {key}");
            }
        }
    }
}
