//! The picture: everything that can be seen, drawn into a buffer.
//!
//! In: the state. Out: cells, the cursor's place, and which messages and events were drawn. Pure. This folder must never
//! let a letter of somebody else through that `sanitize` has not seen.

mod layout;
#[cfg(test)]
mod snapshots;
mod words;

pub(super) use layout::Layout;

use super::messages;
use super::rows::Row;
use super::state::{Over, State};
use super::theme::{Part, Theme};
use super::{big, bottom, rows};
use crate::app::App;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// A whole picture.
pub(super) struct Picture {
    pub(super) buffer: Buffer,
    pub(super) cursor: Position,
    drawn: Drawn,
}

/// What stands on a picture.
pub(super) struct Drawn {
    /// What can be seen of the conversation.
    pub(super) seen: messages::Seen,
    /// Events that the program's talk has told.
    pub(super) told: Vec<i64>,
    /// A message that was read big to its end.
    pub(super) read: Option<i64>,
}

impl Picture {
    /// The cells, the cursor's place, and what stands there.
    pub(super) fn parts(self) -> (Buffer, Position, Drawn) {
        (self.buffer, self.cursor, self.drawn)
    }
}

/// What fills the pane.
#[derive(Default)]
struct Pane {
    rows: Vec<Row>,
    above: bool,
    below: bool,
    seen: messages::Seen,
    told: Vec<i64>,
    read: Option<i64>,
}

/// Draws everything.
pub(super) fn draw(app: &App, state: &State) -> Picture {
    let layout = Layout::of(app, state);
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0.max(1), state.size.1.max(1)));
    buffer.set_style(buffer.area, state.theme.style(Part::Ground));
    let open = app.person.as_ref().map(|person| person.id.as_str());
    if layout.list.height > 0 {
        let (width, height) = (usize::from(layout.list.width), usize::from(layout.list.height));
        let active = matches!(state.over, Some(Over::People));
        put(&mut buffer, layout.list, &state.people.rows(open, active, width, height), state.theme);
        for y in 0..layout.list.height {
            buffer.set_string(layout.list.width, y, "│", state.theme.style(Part::Ground));
        }
    }
    let head = rows::paragraph(Part::Head, &words::head(app, state), layout.pane_width());
    put(&mut buffer, layout.head, &head, state.theme);
    let pane = pane(app, state, &layout);
    put(&mut buffer, layout.pane, &pane.rows, state.theme);
    label(&mut buffer, app, state, &layout, &pane);
    let cursor = input(&mut buffer, app, state, &layout);
    buffer.set_style(layout.bottom, state.theme.style(Part::Does));
    put(&mut buffer, layout.bottom, &bottom::rows(layout.bottom.width.into()), state.theme);
    Picture { buffer, cursor, drawn: Drawn { seen: pane.seen, told: pane.told, read: pane.read } }
}

fn pane(app: &App, state: &State, layout: &Layout) -> Pane {
    let (width, height) = (layout.pane_width(), layout.pane_height());
    let open = app.person.as_ref().map(|person| person.id.as_str());
    match &state.over {
        Some(Over::Card(talk)) => part_of(talk.rows(width), talk.past, height),
        Some(Over::People) if layout.list.height == 0 => {
            Pane { rows: state.people.rows(open, true, width, height), ..Pane::default() }
        }
        Some(Over::Big(big)) => match state.messages.entry(big.place) {
            Some(entry) => {
                let seen = big::seen(entry, big.part, width, height);
                let more = state.messages.neighbour(big.place, 1).is_some() || big.part < seen.last;
                let above = state.messages.neighbour(big.place, -1).is_some() || big.part > 0;
                let read = (big.part >= seen.last).then_some(big.place);
                Pane { rows: seen.rows, above, below: more, read, ..Pane::default() }
            }
            None => Pane::default(),
        },
        Some(Over::Search(search)) => {
            let rows = search.rows(width);
            part_of(rows.into_iter().map(|row| (row, None)).collect(), search.past, height)
        }
        _ if state.is_talk_large(app, width, height) => part_of(state.talk.rows(width), state.talk.past, height),
        _ => {
            let said = state.talk.rows(width);
            let rows: Vec<Row> = said.iter().map(|(row, _)| row.clone()).collect();
            let mut seen = state.messages.seen(width, height, &rows);
            let told =
                if state.messages.at_end() { said.iter().filter_map(|(_, number)| *number).collect() } else { vec![] };
            let mut all = std::mem::take(&mut seen.rows);
            if let Some(person) = app.person.as_ref().filter(|_| state.messages.is_empty()) {
                // How to write stands there until something is written, whatever is said below it.
                let stopped = person.blocked || person.rejoining;
                let first = rows::paragraph(Part::Said, &words::first(person), width);
                if all.is_empty() || !stopped && all.len() + first.len() <= height {
                    all.splice(0..0, first);
                }
            }
            // The end stands right above the line.
            let gap = if state.messages.at_end() { height.saturating_sub(all.len()) } else { 0 };
            all.splice(0..0, std::iter::repeat_n(Row::default(), gap));
            Pane { rows: all, above: seen.above, below: seen.below, seen, told, read: None }
        }
    }
}

/// The part of some rows that is in view.
fn part_of(all: Vec<(Row, Option<i64>)>, past: usize, height: usize) -> Pane {
    let past = past.min(all.len().saturating_sub(height));
    let below = all.len() > past + height;
    let seen: Vec<_> = all.into_iter().skip(past).take(height).collect();
    let told = seen.iter().filter_map(|(_, number)| *number).collect();
    Pane { rows: seen.into_iter().map(|(row, _)| row).collect(), above: past > 0, below, told, ..Pane::default() }
}

fn label(buffer: &mut Buffer, app: &App, state: &State, layout: &Layout, pane: &Pane) {
    let place = layout.label;
    if place.height == 0 {
        return;
    }
    let style = state.theme.style(Part::Label);
    buffer.set_style(place, style);
    let room = layout.pane_width().saturating_sub(words::more().width()).max(1);
    let text = rows::paragraph(Part::Label, &words::label(app, state), room);
    put(buffer, place, &text, state.theme);
    let more = match (pane.above, pane.below) {
        (true, true) => words::more() + &words::more_below(),
        (true, false) => words::more(),
        (false, true) => words::more_below(),
        (false, false) => return,
    };
    let used = text.first().map_or(0, |row| row.0.iter().map(|span| span.1.width()).sum());
    // Where there is no room for both words, one key is enough: it leads to the other.
    let more = if used + more.width() <= layout.pane_width() { more } else { words::more() };
    let x = usize::from(place.width).saturating_sub(more.width());
    if x >= used {
        let x = place.x + u16::try_from(x).unwrap_or_default();
        buffer.set_stringn(x, place.y, more, layout.pane_width(), style);
    }
}

fn input(buffer: &mut Buffer, app: &App, state: &State, layout: &Layout) -> Position {
    let place = layout.input;
    if state.secret.is_some() && !matches!(state.over, Some(Over::Search(_))) {
        return Position::new(place.x, place.y);
    }
    let seen = state.line(app).seen(layout.input_width(), place.height.into());
    let rows: Vec<Row> = seen.rows.into_iter().map(|row| Row::of(Part::Ground, row)).collect();
    put(buffer, place, &rows, state.theme);
    let (column, row) = seen.cursor;
    let at = |offset: usize, most: u16| u16::try_from(offset).unwrap_or_default().min(most.saturating_sub(1));
    Position::new(place.x + at(column, place.width), place.y + at(row, place.height))
}

fn put(buffer: &mut Buffer, place: Rect, rows: &[Row], theme: Theme) {
    for (y, row) in (place.y..place.bottom()).zip(rows) {
        let mut x = place.x;
        for span in &row.0 {
            let room = usize::from(place.right().saturating_sub(x));
            x = buffer.set_stringn(x, y, &span.1, room, theme.style(span.0)).0;
        }
    }
}
