//! `cairn profile remove`: everything of the profile goes from this computer, for good.
//!
//! In: a wish, said twice. Out: none of the profile's files. This file must never need the passphrase: who has lost it may
//! leave too. It tells nobody.

use super::next::{self, Done};
use super::{Run, Stop, read};
use crate::cli::Profile;
use crate::engine::Fault;
use crate::language::{removal as texts, step};
use crate::{output, removal};

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, what: &Profile) -> Result<(), Stop> {
    let Profile::Remove { yes } = what;
    let home = run.home(words)?;
    if !removal::is_needed(&home) {
        return Err(Fault::NotSetUp.into());
    }
    if !yes {
        if !run.config.may_ask || run.config.json {
            return Err(Stop::usage(texts::not_asked(), step::with_yes()));
        }
        output::aside(&texts::would())?;
        output::aside(&texts::others())?;
        let wanted = texts::word();
        let answer = read::ask(&(texts::ask(wanted.as_str()) + " "))?;
        if answer.is_none_or(|answer| answer.trim().to_lowercase() != wanted) {
            run.output.say(&texts::unchanged())?;
            return next::print(run, Done::Stands, &[]);
        }
    }
    // Whoever has it open in another terminal sees an empty screen first.
    home.close_conversation()?;
    let folder = removal::alone(&home)?;
    run.output.profile_removed(&home.directory().display().to_string(), folder)?;
    next::print(run, Done::Gone, &[])
}
