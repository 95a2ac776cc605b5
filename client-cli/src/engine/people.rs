//! People in one's own list: another name, nothing exchanged any more, removed.
//!
//! In: a contact and a wish. Out: the contact as it is now, or that it is gone. None of it is told to the other side: no
//! method here may put anything into a queue (docs/decisions/0021-blocking.md).

use super::model::{Contact, InvitationState, Removed};
use super::{Engine, Fault, names};
use crate::language::trouble;

impl Engine {
    /// Gives a contact another name. It stays on this device.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Usage`] for a name that can't be used, or that somebody else has.
    pub fn rename(&mut self, contact: &str, name: &str) -> Result<Contact, Fault> {
        names::check(name)?;
        let contact = self.contact(contact)?;
        self.vault.write(|store| {
            // An id in a name's place would lead to the wrong person too.
            if store.contact(name)?.is_some_and(|other| other.id != contact.id)
                || (name != contact.name && store.name_taken(name)?)
            {
                return Err(Fault::Usage(trouble::name_taken()));
            }
            Ok(store.rename(&contact.id, name)?)
        })?;
        self.contact(&contact.id)
    }

    /// Blocks a contact, or takes that back. While blocked nothing goes to them and nothing of theirs is fetched: to them
    /// it is as if this program were not used any more.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; those of the vault.
    pub fn set_blocked(&mut self, contact: &str, blocked: bool) -> Result<Contact, Fault> {
        let contact = self.contact(contact)?;
        self.vault.write(|store| Ok::<_, Fault>(store.set_blocked(&contact.id, blocked)?))?;
        // What was not shown meanwhile is to be shown now.
        (self.exchange.stale, self.news) = (true, true);
        self.contact(&contact.id)
    }

    /// Removes a contact and all that was written with them from this device. Their way to us is closed at the relay as
    /// soon as somebody works with it.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; those of the vault.
    pub fn remove_here(&mut self, contact: &str) -> Result<Removed, Fault> {
        let contact = self.contact(contact)?;
        self.vault.write(|store| Ok::<_, Fault>(store.remove_contact(&contact.id)?))?;
        (self.exchange.stale, self.news) = (true, true);
        // They are gone from the list whatever comes of this; the next opening tries it again.
        let erased = self.compact_if_room()?;
        Ok(Removed { contact_id: contact.id, contact: contact.name, closed: false, erased })
    }

    /// [`remove_here`](Self::remove_here), and then tries to close their way to us.
    ///
    /// # Errors
    /// The same.
    pub async fn remove(&mut self, contact: &str) -> Result<Removed, Fault> {
        let contact = self.contact(contact)?;
        let before = self.vault.read(|store| store.given_up()).map_err(Fault::from)?;
        let removed = self.remove_here(&contact.id)?;
        self.exchange.lines.revive();
        self.tidy().await?;
        let left = self.vault.read(|store| store.given_up()).map_err(Fault::from)?;
        Ok(Removed { closed: left.iter().all(|row| before.contains(row)), ..removed })
    }

    /// Removes everybody, takes every open invitation back, and tries to have it so at the relays too: this profile is
    /// about to end. Whether the relays know it. May be called again.
    ///
    /// # Errors
    /// Those of the vault.
    pub async fn close_all(&mut self) -> Result<bool, Fault> {
        for contact in self.contacts()? {
            self.vault.write(|store| Ok::<_, Fault>(store.remove_contact(&contact.id)?))?;
        }
        (self.exchange.stale, self.news) = (true, true);
        self.exchange.lines.revive();
        self.tidy().await?;
        let mut known = self.vault.read(|store| store.given_up()).map_err(Fault::from)?.is_empty();
        for invitation in self.invitations()?.iter().filter(|one| one.state == InvitationState::Open) {
            // A relay that has not answered does not answer the next question either.
            known = known && self.invite_revoke(&invitation.id).await.is_ok();
        }
        Ok(known)
    }

    /// The person with this exact name or identifier, unless they are blocked.
    pub(super) fn writable(&self, contact: &str) -> Result<Contact, Fault> {
        let contact = self.contact(contact)?;
        if contact.blocked { Err(Fault::Blocked) } else { Ok(contact) }
    }
}
