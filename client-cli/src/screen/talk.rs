//! What the program says: its questions, its numbered choices, and the way through them.
//!
//! In: paragraphs and choices. Out: rows, from the top, a screen at a time. This file must never learn what a choice does.

use super::rows::{self, Row};
use super::theme::Part;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// A paragraph.
    Words(String),
    /// That something takes its time.
    Moment(String),
    /// An empty row.
    Gap,
    /// A choice and its number.
    Choice(usize, String),
    /// Something new that is no message, and its number.
    News(String, i64),
    /// One unbroken text, such as an invitation.
    Whole(String),
}

/// All that is said now.
#[derive(Debug, Default)]
pub(super) struct Talk {
    pub(super) said: Vec<Said>,
    /// Rows that were scrolled past.
    pub(super) past: usize,
}

impl Talk {
    /// Something else begins.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Other choices come: what is new and was not seen yet stays.
    pub(super) fn make_room(&mut self) {
        self.said.retain(|said| matches!(said, Said::News(..)));
        self.past = 0;
    }

    /// What took its time is over.
    pub(super) fn go_on(&mut self) {
        self.said.retain(|said| !matches!(said, Said::Moment(_)));
    }

    /// Says one thing more. Empty rows never begin it, nor stand one above the other.
    pub(super) fn say(&mut self, said: Said) {
        if said != Said::Gap || !matches!(self.said.last(), None | Some(Said::Gap)) {
            self.said.push(said);
        }
    }

    /// Says it, unless that is what was said last.
    pub(super) fn say_once(&mut self, said: Said) {
        if self.said.last() != Some(&said) {
            self.say(said);
        }
    }

    /// How many choices there are.
    pub(super) fn choices(&self) -> usize {
        self.said.iter().filter(|said| matches!(said, Said::Choice(..))).count()
    }

    /// All rows, each with the number of the event that it ends.
    pub(super) fn rows(&self, width: usize) -> Vec<(Row, Option<i64>)> {
        let mut all = Vec::new();
        for said in &self.said {
            let rows = match said {
                Said::Words(text) | Said::Moment(text) => rows::paragraph(Part::Said, text, width),
                Said::News(text, _) => rows::paragraph(Part::New, text, width),
                Said::Gap => vec![Row::default()],
                Said::Choice(number, text) => {
                    let head = format!("{number}  ");
                    rows::with_head(&head, (Part::Key, Part::Ground), &format!("{head}{text}"), width)
                }
                Said::Whole(text) => {
                    rows::anywhere(text, width).into_iter().map(|row| Row::of(Part::Ground, row)).collect()
                }
            };
            let number = if let Said::News(_, number) = said { Some(*number) } else { None };
            let last = rows.len().saturating_sub(1);
            all.extend(rows.into_iter().enumerate().map(|(at, row)| (row, number.filter(|_| at == last))));
        }
        while all.last().is_some_and(|(row, _)| *row == Row::default()) {
            all.pop();
        }
        all
    }

    /// Moves by so many rows, within what there is.
    pub(super) fn scroll(&mut self, rows: isize, width: usize, height: usize) {
        let most = self.rows(width).len().saturating_sub(height);
        self.past = self.past.saturating_add_signed(rows).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::screen::keys::Key;
    use crate::screen::state::State;
    use crate::screen::theme::Theme;

    #[test]
    fn a_key_that_does_nothing_here_says_so_once() {
        for key in [3, 4, 5] {
            let mut state = State::new((80, 24), Theme::Own);
            for _ in 0..3 {
                assert!(state.key(&App::new(), Key::Function(key)).is_none());
            }
            assert!(matches!(state.talk.said.as_slice(), [Said::Words(_)]), "F{key}: {:?}", state.talk.said);
        }
    }

    #[test]
    fn what_took_its_time_is_gone_and_all_else_stays() {
        let mut talk = Talk::default();
        let (words, news) = (Said::Words("whole".into()), Said::News("Kim is in your list".into(), 7));
        for said in [words.clone(), Said::Moment("One moment.".into()), news.clone()] {
            talk.say(said);
        }
        talk.go_on();
        assert_eq!(talk.said, [words, news]);
    }
}
