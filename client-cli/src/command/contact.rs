//! `cairn contact list` and `show`; `verify` has a file of its own.
//!
//! In: a name or ID. Out: people. This file must never learn a key.

use super::next::{self, Done};
use super::{Run, Stop, verify};
use crate::cli::Contact;
use crate::output::human;

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, contact: Contact) -> Result<(), Stop> {
    if let Contact::Verify(check) = contact {
        return verify::run(run, check);
    }
    let engine = run.open(words)?;
    match &contact {
        Contact::Verify(_) => Ok(()),
        Contact::List => {
            let people = engine.contacts()?;
            if people.is_empty() {
                run.output.say("There is nobody in your list yet.")?;
                return next::print(run, Done::Nobody, &[]);
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
                run.output.say(&format!("ID: {}", person.id))?;
            }
            next::print(run, Done::About(&person.name), &engine.pending(Some(&person.id))?)
        }
    }
}
