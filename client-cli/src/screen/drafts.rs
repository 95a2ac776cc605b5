//! What was typed and not sent: kept in the vault, so that a lock, a crash or a power cut takes none of it.
//!
//! In: the line, whenever it has changed. Out: the same line when its person is opened again. It is written at the latest a
//! second after the last key, and every twenty keys. This file must never send anything.

use super::Face;
use super::compose::Compose;
use crate::command::Stop;
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
}

impl Face<'_> {
    /// A key was pressed: the line may have changed.
    pub(super) fn note_draft(&mut self) -> Result<(), Stop> {
        if self.draft.whose.is_none() || self.draft.kept == self.state.compose.text() {
            return Ok(());
        }
        self.draft.keys += 1;
        self.draft.due = Some(Instant::now() + PAUSE);
        if self.draft.keys >= KEYS { self.keep_draft() } else { Ok(()) }
    }

    /// Writes the line down, if it is not.
    pub(super) fn keep_draft(&mut self) -> Result<(), Stop> {
        (self.draft.keys, self.draft.due) = (0, None);
        let text = self.state.compose.text();
        let (Some(engine), Some(whose)) = (&mut self.engine, &self.draft.whose) else { return Ok(()) };
        if self.draft.kept != text {
            engine.keep_draft(whose, text)?;
            text.clone_into(&mut self.draft.kept);
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
        self.keep_draft()?;
        let kept = match (&self.engine, &open) {
            (Some(engine), Some(id)) => engine.draft(id)?,
            _ => String::new(),
        };
        self.state.compose = Compose::of(kept.clone());
        self.draft = Draft { whose: open, kept, ..Draft::default() };
        Ok(())
    }

    /// Nothing of it stays in the memory.
    pub(super) fn forget_draft(&mut self) {
        self.draft = Draft::default();
    }
}
