//! `cairn help-now`: the card for an emergency.
//!
//! In: nothing. Out: the card. This file must never ask for anything, nor open a profile or a socket.

use super::{Run, Stop};

/// Runs it.
pub(super) fn run(run: &Run) -> Result<(), Stop> {
    Ok(run.output.card()?)
}
