//! `cairn status`: how things stand.
//!
//! In: the engine's account. Out: a few lines. This file must never tell more than numbers and the relay.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::Status;

/// Runs it.
pub(super) fn run(run: &Run, options: &Status) -> Result<(), Stop> {
    let mut engine = run.open("status")?;
    if options.data {
        run.output.data(&engine.data()?)?;
        return next::print(run, Done::Stands, &engine.pending(None)?);
    }
    let status = run.wait(engine.status(true))?;
    run.output.status(&status)?;
    let done = if status.contacts == 0 { Done::Nobody } else { Done::Stands };
    next::print(run, done, &engine.pending(None)?)
}
