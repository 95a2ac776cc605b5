//! What waits with people and goes before writing: check words, new starts, conversations that can't go on.
//!
//! In: one person, or everybody. Out: those with whom something waits. This file must never change anything, nor say what
//! is to be done about it: a face does.

use super::model::{CheckState, Contact, Pending};
use super::outbound::restore;
use super::rejoin::subject;
use super::{Engine, Fault, check};
use crate::vault::Store;
use cairn_protocol::check::Check;

/// What waits with one person.
fn with(store: &Store<'_>, contact: Contact) -> Result<Option<Pending>, Fault> {
    let row = subject(store, &contact.id)?;
    let stopped = match restore(store, &row) {
        Err(Fault::SessionDamaged) => true,
        session => session?.differs(),
    };
    let (check, asked) = match store.check(&row)?.map(|state| Check::restore(&state)) {
        None => (CheckState::Idle, false),
        Some(Ok(check)) => (check::state(&check), check.is_asked()),
        // It takes a new run, as after one that did not keep to the rules.
        Some(Err(_)) => (CheckState::Broken, false),
    };
    let nothing = match check {
        CheckState::Idle => !contact.rejoining && !stopped,
        CheckState::Matched => !asked && !stopped,
        _ => false,
    };
    let invited = stopped && !store.open_rejoins(&contact.id)?.is_empty();
    let pending = Pending { contact: contact.name, check, rejoining: contact.rejoining, stopped, invited };
    Ok((!nothing).then_some(pending))
}

impl Engine {
    /// With whom something waits, of everybody or of one person.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; those of the vault.
    pub fn pending(&self, contact: Option<&str>) -> Result<Vec<Pending>, Fault> {
        let people = match contact {
            Some(one) => vec![self.contact(one)?],
            None => self.contacts()?,
        };
        self.vault.read(|store| {
            people
                .into_iter()
                .filter(|person| !person.blocked)
                .filter_map(|person| with(store, person).transpose())
                .collect::<Result<_, _>>()
        })
    }
}
