//! `cairn later`: messages that wait for a time the person chose.
//!
//! In: an identifier. Out: what waits, or what was taken back. This file must never send anything.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::Later;
use crate::language::later as texts;
use crate::later::When;

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, what: &Later) -> Result<(), Stop> {
    let mut engine = run.open(words)?;
    match what {
        Later::List => {
            let waiting = engine.later()?;
            if waiting.is_empty() {
                run.output.say(&texts::nothing())?;
                return next::print(run, Done::NothingLater, &[]);
            }
            waiting.iter().try_for_each(|message| run.output.later(message))?;
        }
        Later::Cancel { id } => {
            let message = engine.cancel_later(id).map_err(|fault| Stop::from(fault).with_next("cairn later list"))?;
            run.output.taken_back(&message)?;
        }
    }
    next::print(run, Done::Later, &[])
}

/// The moment that `--at` names.
pub(super) fn moment(run: &Run, at: &str) -> Result<i64, Stop> {
    let quiet = run.config.settings.quiet;
    let when = When::parse(at, quiet).ok_or_else(|| Stop::usage(texts::no_time(), "cairn send --help"))?;
    Ok(when.moment())
}
