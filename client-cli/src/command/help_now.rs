//! `cairn help-now`: the card for an emergency.
//!
//! In: what the center says, as it was kept. Out: the card. This file must never ask for anything, nor open a profile or a socket.

use super::{Run, Stop};
use crate::engine::notice::center;

/// Runs it.
pub(super) fn run(run: &Run) -> Result<(), Stop> {
    // Without a home directory there is still a card.
    let center = run.home("help-now").map(|home| center(&home)).unwrap_or_default();
    Ok(run.output.card(&center)?)
}
