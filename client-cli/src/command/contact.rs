//! `cairn contact list` and `show`; `verify` has a file of its own.
//!
//! In: a name or ID. Out: people. This file must never learn a key.

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
        Contact::Verify(_) => {}
        Contact::List => {
            let people = engine.contacts()?;
            if people.is_empty() {
                run.output.say("There is nobody in your list yet.")?;
                return run.output.next("cairn invite new, or cairn join LINK");
            }
            people.iter().try_for_each(|person| run.output.contact(person))?;
        }
        Contact::Show { contact } => {
            let person = engine.contact(contact)?;
            if run.config.json {
                run.output.contact(&person)?;
            } else {
                human::contact_details(&person).iter().try_for_each(|line| run.output.say(line))?;
                run.output.say(&format!("ID: {}", person.id))?;
            }
        }
    }
    run.output.next("cairn send CONTACT -m TEXT")
}
