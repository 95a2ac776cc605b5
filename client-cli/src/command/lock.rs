//! `cairn lock`: whatever conversation is open, in whichever terminal, is hidden and locked.
//!
//! In: nothing. Out: that nobody has the profile open. This file must never open the profile itself.

use super::{Run, Stop};

/// Runs it.
pub(super) fn run(run: &Run) -> Result<(), Stop> {
    let was_open = run.home("lock")?.close_conversation()?;
    Ok(run.output.locked(was_open)?)
}
