//! What was typed and not sent, in the vault: the same drafts as those of the full screen.
//!
//! In: the half-typed line when the conversation is hidden or left. Out: the same line when its person is opened again.
//! This file must never keep what a question of the program was answered with.

use super::Face;
use super::typing::Input;
use crate::app::{Draft, Event, Loading, Screen};
use crate::command::Stop;
use crate::engine::Fault;
use std::collections::VecDeque;

/// Whether what stood in the line was erased: it is empty, or holds a word for the program now.
pub(super) fn is_done_with(input: &Input) -> bool {
    match input {
        Input::Cleared => true,
        Input::Line(line) => is_a_word_for_the_program(line),
        Input::CutOff | Input::End => false,
    }
}

/// A line to the person whose Enter was pressed a moment before everything is hidden: its words are a draft again. What
/// else was to happen does not.
pub(super) fn pressed(events: &mut VecDeque<Event>, screen: &Screen) -> Option<Vec<u8>> {
    events.drain(..).find_map(|event| match event {
        Event::Line(line) if is_to_a_person(screen) => Some(line.into_bytes()),
        _ => None,
    })
}

/// Whether what is typed is meant for a person, now or later.
const fn is_to_a_person(screen: &Screen) -> bool {
    matches!(screen, Screen::Talk | Screen::LaterText(_))
}

/// The half-typed line, behind one that was whole and not taken yet. A word for the program is done with.
pub(super) fn behind(pressed: Option<Vec<u8>>, half_typed: Vec<u8>) -> Vec<u8> {
    match pressed.filter(|line| !is_a_word_for_the_program(line)) {
        Some(line) if half_typed.is_empty() => line,
        Some(line) => [line, half_typed].join(&b' '),
        None => half_typed,
    }
}

fn is_a_word_for_the_program(line: &[u8]) -> bool {
    matches!(line.trim_ascii(), b"?" | b"!" | b"-")
}

impl Face<'_> {
    /// A conversation is being opened: what was half typed in it waits until it stands there.
    pub(super) fn fetch_draft(&mut self, contact_id: &str) -> Result<(), Stop> {
        let held = self.app.draft.as_ref().is_some_and(|draft| draft.contact_id == contact_id);
        if self.app.loading != Loading::Opening || held || !self.run.config.may_ask {
            return Ok(());
        }
        let text = self.engine()?.draft(contact_id)?;
        if !text.is_empty() {
            self.app.draft = Some(Draft { contact_id: contact_id.to_owned(), text });
        }
        Ok(())
    }

    /// Writes down what has no Enter yet, if it is for a person.
    pub(super) fn keep_draft(&mut self, half_typed: &[u8]) -> Result<(), Fault> {
        let (Some(engine), Some(person)) = (&mut self.engine, &self.app.person) else { return Ok(()) };
        if !is_to_a_person(&self.app.screen) {
            return Ok(());
        }
        match std::str::from_utf8(half_typed) {
            Ok(text) => engine.keep_draft(&person.id, text),
            Err(_) => Ok(()),
        }
    }

    /// The conversation ends: what is half typed is there the next time, in either face.
    pub(super) async fn keep_half_typed(&mut self) -> Result<(), Fault> {
        let half_typed = self.typing.take_half_typed().await;
        if half_typed.is_empty() { Ok(()) } else { self.keep_draft(&half_typed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_whose_enter_was_pressed_before_everything_is_hidden_is_a_draft_again() {
        let line = |text: &str| VecDeque::from([Event::Leave, Event::Line(text.into()), Event::End]);
        let mut events = line("good morning");
        let taken = pressed(&mut events, &Screen::Talk);
        assert!(events.is_empty());
        assert_eq!(behind(taken.clone(), Vec::new()), b"good morning");
        assert_eq!(behind(taken, b"Dana".to_vec()), b"good morning Dana");
        assert_eq!(behind(pressed(&mut line("-"), &Screen::Talk), b"x".to_vec()), b"x", "a word for the program");
        assert_eq!(pressed(&mut line("1"), &Screen::Choosing(Vec::new())), None, "an answer to the program");
        assert_eq!(pressed(&mut line("L"), &Screen::Paste), None, "an invitation");
        let later = Screen::LaterText(crate::later::When::InAnHour);
        assert_eq!(pressed(&mut line("for later"), &later).unwrap(), b"for later");
    }
}
