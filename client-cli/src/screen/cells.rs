//! Cells into bytes: what turns one picture on a terminal into another.
//!
//! In: two buffers of cells. Out: letters, and the few control sequences that every terminal with a screen knows: the
//! cursor's place, bold, underlined, reversed, and the 256 colours. Pure. This file must never let a control letter of a cell through.

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::{Position, Rect};
use ratatui_core::style::{Color, Modifier};
use std::fmt::Write as _;

/// Everything ordinary, everything empty.
const EMPTY: &str = "\x1b[0m\x1b[H\x1b[2J";

/// What stands between a picture's cells and its cursor: nothing jumps about meanwhile.
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// How a cell looks.
type Look = (Color, Color, Modifier);

/// The bytes that turn one picture into another, with the cursor in its place.
pub(super) fn difference(before: Option<&Buffer>, picture: &Buffer, cursor: Position) -> Vec<u8> {
    let mut out = HIDE_CURSOR.to_owned();
    let empty = Buffer::empty(Rect::new(0, 0, picture.area.width, picture.area.height));
    let before = before.filter(|before| before.area == picture.area).unwrap_or_else(|| {
        out.push_str(EMPTY);
        &empty
    });
    // Where the terminal's cursor is, and how it writes.
    let mut at: Option<(u16, u16)> = None;
    let mut look: Look = (Color::Reset, Color::Reset, Modifier::empty());
    for (x, y, cell) in before.diff(picture) {
        if at != Some((x, y)) {
            go(&mut out, x, y);
        }
        let new = (cell.fg, cell.bg, cell.modifier);
        if new != look {
            out.push_str(&sequence(new));
            look = new;
        }
        out.push_str(letters(cell));
        // A wide letter may be taken for a narrow one: behind it the place is given anew.
        at = if cell.symbol().is_ascii() { Some((x + 1, y)) } else { None };
    }
    out.push_str("\x1b[0m");
    go(&mut out, cursor.x, cursor.y);
    out.push_str(SHOW_CURSOR);
    out.into_bytes()
}

fn go(out: &mut String, x: u16, y: u16) {
    // Writing to a string does not fail.
    let _ = write!(out, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1);
}

fn sequence((ink, paper, marks): Look) -> String {
    let mut out = "\x1b[0".to_owned();
    for (mark, number) in [(Modifier::BOLD, 1), (Modifier::UNDERLINED, 4), (Modifier::REVERSED, 7)] {
        if marks.contains(mark) {
            let _ = write!(out, ";{number}");
        }
    }
    for (colour, number) in [(ink, 38), (paper, 48)] {
        if let Color::Indexed(index) = colour {
            let _ = write!(out, ";{number};5;{index}");
        }
    }
    out + "m"
}

fn letters(cell: &Cell) -> &str {
    if cell.symbol().chars().any(char::is_control) { "\u{FFFD}" } else { cell.symbol() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui_core::style::Style;

    fn picture(rows: &[&str]) -> Buffer {
        Buffer::with_lines(rows.iter().copied())
    }

    fn bytes(before: Option<&Buffer>, after: &Buffer) -> String {
        String::from_utf8(difference(before, after, Position::new(1, 0))).unwrap()
    }

    #[test]
    fn only_what_has_changed_is_written_and_the_cursor_is_put_where_it_belongs() {
        let (one, two) = (picture(&["abc", "def"]), picture(&["abc", "dxf"]));
        assert_eq!(bytes(Some(&one), &two), "\x1b[?25l\x1b[2;2Hx\x1b[0m\x1b[1;2H\x1b[?25h");
        assert!(bytes(None, &one).starts_with("\x1b[?25l\x1b[0m\x1b[H\x1b[2J\x1b[1;1Habc"));
        assert!(bytes(Some(&one), &picture(&["abcd"])).contains("\x1b[2J"), "another size: everything anew");
    }

    #[test]
    fn looks_are_given_whole_and_taken_back() {
        let before = picture(&["ab"]);
        let mut after = before.clone();
        let style = Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(16)).add_modifier(Modifier::BOLD);
        after.set_string(0, 0, "x", style);
        after.set_string(1, 0, "y", Style::new().add_modifier(Modifier::REVERSED | Modifier::UNDERLINED));
        assert!(bytes(Some(&before), &after).contains("\x1b[0;1;38;5;231;48;5;16mx\x1b[0;4;7"), "{after:?}");
    }

    #[test]
    fn behind_a_wide_letter_the_place_is_given_anew_and_no_control_letter_gets_through() {
        let wide = bytes(Some(&picture(&["    "])), &picture(&["日a "]));
        assert!(wide.contains("日\x1b[1;3Ha"), "{wide:?}");
        let mut after = picture(&["a"]);
        after[(0, 0)].set_symbol("\u{9b}");
        assert!(bytes(Some(&picture(&["a"])), &after).contains('\u{FFFD}'));
    }
}
