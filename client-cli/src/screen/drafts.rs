//! What was typed and not sent: kept in the vault, so that a lock, a crash or a power cut takes none of it.
//!
//! In: the line, whenever it has changed. Out: the same line when its person is opened again. It is written at the latest a
//! second after the last key, and every twenty keys. This file must never send anything.

use super::Face;
use super::compose::Compose;
use crate::app::Screen;
use crate::command::Stop;
use crate::engine::Fault;
use crate::language::screen as texts;
use crate::output::fault::words;
use std::time::Duration;
use tokio::time::Instant;

/// How long after the last key. Longer: more is lost in a crash. Shorter: the disk is written to while a person types.
const PAUSE: Duration = Duration::from_secs(1);

/// Keys between two writings, for those who type without a pause.
const KEYS: u32 = 20;

/// Whose line it is, and how much of it is in the vault.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The contact's identifier.
    whose: Option<String>,
    kept: String,
    keys: u32,
    /// When it is to be written.
    pub(super) due: Option<Instant>,
    /// It could not be written the last time.
    refused: bool,
}

/// Words behind others.
pub(super) fn joined(line: &str, later: &str) -> String {
    match (line, later) {
        (line, "") => line.to_owned(),
        ("", later) => later.to_owned(),
        (line, later) => format!("{line}\n{later}"),
    }
}

impl Face<'_> {
    /// What is typed to the person: in the line, and behind it what is to leave later and waits for its Enter.
    pub(super) fn typed_to_them(&self) -> String {
        let line = self.state.compose.text();
        let later = if matches!(self.app.screen, Screen::LaterText(_)) { self.state.answer.text() } else { "" };
        joined(line, later)
    }

    /// Whatever was asked is not asked any more: words for later are in the line, and an answer is gone.
    pub(super) fn leave_question(&mut self) {
        if matches!(self.app.screen, Screen::LaterText(_)) {
            self.state.compose = Compose::of(self.typed_to_them());
        }
        self.state.answer = Compose::default();
    }

    /// A key was pressed: the line may have changed.
    pub(super) fn note_draft(&mut self) {
        if self.draft.whose.is_none() || self.draft.kept == self.typed_to_them() {
            return;
        }
        self.draft.keys += 1;
        self.draft.due = Some(Instant::now() + PAUSE);
        if self.draft.keys >= KEYS {
            self.write_draft();
        }
    }

    /// Writes the line down. A vault that takes nothing, as on a full disk, ends no conversation: the words stay in the line,
    /// and that they are only there is told once.
    pub(super) fn write_draft(&mut self) {
        let told = std::mem::take(&mut self.draft.refused);
        if let Err(fault) = self.keep_draft() {
            self.draft.refused = true;
            if !told {
                self.state.messages.note(texts::draft_not_kept(words(&fault)), None);
            }
        }
    }

    /// Writes the line down, if it is not.
    pub(super) fn keep_draft(&mut self) -> Result<(), Fault> {
        (self.draft.keys, self.draft.due) = (0, None);
        let text = self.typed_to_them();
        let (Some(engine), Some(whose)) = (&mut self.engine, &self.draft.whose) else { return Ok(()) };
        if self.draft.kept != text {
            engine.keep_draft(whose, &text)?;
            self.draft.kept = text;
        }
        Ok(())
    }

    /// It went with a message.
    pub(super) fn draft_was_sent(&mut self) {
        self.draft.kept.clear();
        (self.draft.keys, self.draft.due) = (0, None);
    }

    /// The line of whoever's conversation is open now.
    pub(super) fn change_draft(&mut self) -> Result<(), Stop> {
        let open = self.app.person.as_ref().map(|person| person.id.clone());
        if self.draft.whose == open {
            return Ok(());
        }
        self.write_draft();
        let kept = match (&self.engine, &open) {
            (Some(engine), Some(id)) => engine.draft(id)?,
            _ => String::new(),
        };
        self.state.compose = Compose::of(kept.as_str());
        self.draft = Draft { whose: open, kept, ..Draft::default() };
        Ok(())
    }

    /// Words that were half typed come back. The line may hold an older form of them.
    pub(super) fn put_back(&mut self, text: &str) {
        if self.state.compose.text() == self.draft.kept || self.state.compose.is_empty() {
            self.state.compose = Compose::of(text);
            self.note_draft();
        }
    }

    /// Nothing of it stays in the memory.
    pub(super) fn forget_draft(&mut self) {
        self.draft = Draft::default();
    }
}
