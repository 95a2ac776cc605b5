//! `cairn lock`: whatever conversation is open, in whichever terminal, is hidden and locked.
//!
//! In: nothing. Out: that nobody has the profile open. This file must never open the profile itself.

use super::{Run, Stop};
use crate::home::Home;
use crate::shared;

/// Runs it.
pub(super) fn run(run: &Run) -> Result<(), Stop> {
    let mut was_open = run.home("lock")?.close_conversation()?;
    for folder in shared::going_on() {
        was_open |= Home::new(Some(&folder), "lock")?.close_conversation()?;
    }
    Ok(run.output.locked(was_open)?)
}
