//! `cairn contact list`, `show`, `rename`, `block`, `unblock`, `remove`; `verify` has a file of its own.
//!
//! In: a name or ID. Out: people. This file must never learn a key, nor remove anybody without a question or `--yes`.

use super::next::{self, Done};
use super::{Run, Stop, read, verify};
use crate::cli::Contact;
use crate::engine::{Engine, model};
use crate::language::{command as texts, standing, step, talk};
use crate::output::{self, human, people};

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, contact: Contact) -> Result<(), Stop> {
    if let Contact::Verify(check) = contact {
        return verify::run(run, check);
    }
    let mut engine = run.open(words)?;
    match &contact {
        Contact::Verify(_) => Ok(()),
        Contact::List => {
            let people = engine.contacts()?;
            if people.is_empty() {
                run.output.say(&talk::nobody())?;
                return next::print(run, next::shown(&engine)?, &[]);
            }
            people.iter().try_for_each(|person| run.output.contact(person))?;
            next::print(run, Done::Shown, &engine.pending(None)?)
        }
        Contact::Show { contact } => {
            let person = engine.contact(contact)?;
            if run.config.json {
                run.output.contact(&person)?;
            } else {
                human::contact_details(&person).iter().try_for_each(|line| run.output.say(line))?;
                run.output.say(&standing::id(&person.id))?;
            }
            about(run, &engine, &person)
        }
        Contact::Rename { contact, name } => {
            let name = crate::names::check(name).map_err(|why| Stop::usage(why, step::other_name()))?;
            let taken = |stop: Stop| stop.with_next(&step::other_name());
            let person = engine.rename(contact, &name).map_err(|fault| taken(fault.into()))?;
            run.output.changed(&person, &people::renamed(&person))?;
            about(run, &engine, &person)
        }
        Contact::Block { contact } => {
            let person = engine.set_blocked(contact, true)?;
            run.output.changed(&person, &people::blocked(&person))?;
            about(run, &engine, &person)
        }
        Contact::Unblock { contact } => {
            let person = engine.set_blocked(contact, false)?;
            run.output.changed(&person, &people::unblocked(&person))?;
            next::print(run, Done::Stands, &engine.pending(Some(&person.id))?)
        }
        Contact::Remove { contact, yes } => remove(run, engine, contact, *yes),
    }
}

fn about(run: &Run, engine: &Engine, person: &model::Contact) -> Result<(), Stop> {
    let done = if person.blocked { Done::Blocked(&person.name) } else { Done::About(&person.name) };
    next::print(run, done, &engine.pending(Some(&person.id))?)
}

fn remove(run: &Run, mut engine: Engine, contact: &str, yes: bool) -> Result<(), Stop> {
    let person = engine.contact(contact)?;
    if !yes {
        if !run.config.may_ask || run.config.json {
            return Err(Stop::usage(texts::not_removed(), step::with_yes()));
        }
        output::aside(&people::would_remove(&person.name))?;
        if !read::yes()? {
            run.output.say(&texts::unchanged())?;
            return about(run, &engine, &person);
        }
    }
    let removed = run.wait(engine.remove(&person.id))?;
    run.output.contact_removed(&removed)?;
    next::print(run, Done::GivenUp, &[])
}
