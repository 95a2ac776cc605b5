//! Where everything stands.
//!
//! In: the size of the screen, and how much there is to type. Out: places. Whatever the size, the line that is typed has a
//! row; then comes the bottom line, then what is read. This file must never draw.

use super::words;
use crate::app::App;
use crate::screen::bottom;
use crate::screen::rows::wrap;
use crate::screen::state::State;
use crate::screen::talk::Said;
use ratatui_core::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// From so many columns on, people stand beside the conversation.
const WIDE: u16 = 80;

/// Columns of the list: at least, at most.
const LIST: (u16, u16) = (20, 32);

/// Places on the screen. A place without rows is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::screen) struct Layout {
    pub(in crate::screen) list: Rect,
    pub(in crate::screen) head: Rect,
    pub(in crate::screen) pane: Rect,
    pub(in crate::screen) label: Rect,
    pub(in crate::screen) input: Rect,
    pub(in crate::screen) bottom: Rect,
}

fn rows(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

impl Layout {
    /// The places for what is to be seen now.
    pub(in crate::screen) fn of(app: &App, state: &State) -> Self {
        let (columns, all) = (state.size.0.max(1), state.size.1.max(1));
        let bottom = if all < 4 { 0 } else { rows(bottom::rows(columns.into()).len()).min(all / 3) };
        let height = all - bottom;
        let unbroken = state.talk.said.iter().any(|said| matches!(said, Said::Whole(_)));
        let beside = columns >= WIDE && !state.people.all.is_empty() && !(unbroken && state.over.is_none());
        let list = if beside { (columns / 4).clamp(LIST.0, LIST.1) } else { 0 };
        let left = if beside { list + 1 } else { 0 };
        let width = columns - left;
        let head =
            if height < 5 { 0 } else { rows(wrap(&words::head(app, state), width.into()).len()).min(height / 4) };
        let label = if height < 3 {
            0
        } else {
            rows(wrap(&words::label(app, state), usize::from(width).saturating_sub(words::more().width()).max(1)).len())
                .min(height / 3)
        };
        let room = height - head - label;
        let input = rows(state.line(app).height(width.into())).min(room / 3).max(1);
        let pane = room - input;
        let mut top = 0;
        let mut place = |height: u16| {
            let place = Rect::new(left, top, width, height);
            top += height;
            place
        };
        Self {
            list: Rect::new(0, 0, list, if beside { height } else { 0 }),
            head: place(head),
            pane: place(pane),
            label: place(label),
            input: place(input),
            bottom: Rect::new(0, height, columns, bottom),
        }
    }

    pub(in crate::screen) fn pane_width(&self) -> usize {
        self.pane.width.into()
    }

    pub(in crate::screen) fn pane_height(&self) -> usize {
        self.pane.height.into()
    }

    pub(in crate::screen) fn input_width(&self) -> usize {
        self.input.width.into()
    }
}
