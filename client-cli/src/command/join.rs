//! `cairn join`: uses an invitation, and makes the profile if there is none.
//!
//! In: a link. Out: a contact to write to. This file must never learn what a link opens.

use super::next::{self, Done};
use super::{Run, Stop, read, setup};
use crate::cli::Join;
use crate::engine::{Engine, Fault, check_link};
use crate::language::{command as texts, step};

/// Runs it.
pub(super) fn run(run: &Run, join: Join) -> Result<(), Stop> {
    let link = read::or_stdin(join.link)?;
    check_link(&link).map_err(|fault| Stop::from(fault).with_next(&step::whole_link()))?;
    let home = run.home("join")?;
    let mut engine = if Engine::exists(&home) {
        if join.no_passphrase {
            return Err(Stop::usage(texts::profile_there(), step::without_no_passphrase()));
        }
        run.open("join")?
    } else if join.contact.is_some() {
        return Err(Fault::NotSetUp.into());
    } else {
        let name = read::name_or_ask(join.name, run.config.may_ask && !run.config.json)?;
        let engine = setup::make(run, &home, &name, None, None, join.no_passphrase)?;
        if join.no_passphrase {
            run.output.say(&texts::no_passphrase())?;
        }
        engine
    };
    let joined = match &join.contact {
        Some(contact) => run.wait(engine.join_as(&link, contact)),
        None => run.wait(engine.join(&link)),
    };
    let contact = joined.map_err(|stop| stop.with_next_try(&step::join_again()))?;
    run.output.contact(&contact)?;
    if !contact.rejoining {
        run.output.say(&texts::write_now())?;
    }
    next::print(run, Done::Joined(&contact.name), &engine.pending(Some(&contact.id))?)
}
