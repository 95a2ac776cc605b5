//! `cairn history`: one conversation, oldest first.
//!
//! In: a contact. Out: its messages, both ways. This file must never mark anything as shown.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::History;

/// Runs it.
pub(super) fn run(run: &Run, history: &History) -> Result<(), Stop> {
    let engine = run.open("history")?;
    let profile = engine.profile_name()?;
    let messages = engine.history(&history.contact, history.last.map(|last| last as usize))?;
    if messages.is_empty() {
        run.output.say("Nothing was written yet.")?;
    }
    messages.iter().try_for_each(|message| run.output.message(message, &profile))?;
    next::print(run, Done::About(&history.contact), &engine.pending(Some(&history.contact))?)
}
