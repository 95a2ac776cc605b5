//! What was typed and not sent, in the vault: the same drafts as those of the full screen.
//!
//! In: the half-typed line when the conversation is hidden or left. Out: the same line when its person is opened again.
//! This file must never keep what a question of the program was answered with.

use super::Face;
use super::typing::Input;
use crate::app::{Draft, Loading, Screen};
use crate::command::Stop;
use crate::engine::Fault;

/// Whether what stood in the line was erased: it is empty, or holds a word for the program now.
pub(super) fn is_done_with(input: &Input) -> bool {
    match input {
        Input::Cleared => true,
        Input::Line(line) => matches!(line.trim_ascii(), b"?" | b"!" | b"-"),
        Input::CutOff | Input::End => false,
    }
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
        let (Some(engine), Some(person), Screen::Talk) = (&mut self.engine, &self.app.person, &self.app.screen) else {
            return Ok(());
        };
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
