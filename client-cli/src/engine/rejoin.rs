//! New starts with old contacts: after a session was lost, copied or damaged, or the other side lost its own.
//!
//! In: an old contact and a new invitation. Out: a session that waits beside it until the words are checked. Nothing on
//! the wire says that it is a new start. This file must never let anybody take an old contact's place: only words that
//! fit do (`check`).

use super::model::{self, Contact};
use super::{Engine, Fault};
use crate::vault::{EventRow, Store};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::token::Pass;

/// The row that holds the session which words are checked for: the one that waits, else the contact's own.
pub(super) fn subject(store: &Store<'_>, contact: &str) -> Result<String, Fault> {
    Ok(store.pending(contact)?.unwrap_or_else(|| contact.to_owned()))
}

/// The contact that a person knows, of a row that holds a session.
pub(super) fn known_as(store: &Store<'_>, session: &str) -> Result<String, Fault> {
    Ok(store.rejoins(session)?.unwrap_or_else(|| session.to_owned()))
}

/// The session of a contact can't be read: told once.
pub(super) fn tell_damaged(store: &Store<'_>, session: &str) -> Result<bool, Fault> {
    let contact = known_as(store, session)?;
    let news = store.tell_damaged(session)?;
    if news {
        store.insert_event(EventRow::SessionDamaged(&contact))?;
    }
    Ok(news)
}

impl Engine {
    /// Makes a one-time invitation for a new start with an old contact. A new start that waits, and earlier invitations
    /// for one, go.
    ///
    /// # Errors
    /// [`Fault::NoContact`], [`Fault::Blocked`]; those of [`invite_new`](Self::invite_new).
    pub async fn invite_again(
        &mut self,
        contact: &str,
        relay: Option<RelayAddress>,
        pass: Option<Pass>,
    ) -> Result<model::Invitation, Fault> {
        let contact = self.writable(contact)?;
        let earlier = self.vault.read(|store| store.open_rejoins(&contact.id)).map_err(Fault::from)?;
        let made = self.invite(Some(&contact.name), relay, pass, Some(&contact.id)).await?;
        self.vault.write(|store| store.drop_pending(&contact.id)).map_err(Fault::from)?;
        self.take_back(earlier).await?;
        self.exchange.stale = true;
        Ok(made)
    }

    /// Takes an invitation as a new start with an old contact. The same link again gives the same answer. Open
    /// invitations of ours for one go: whoever holds such a link could put another session in the place of this one.
    ///
    /// # Errors
    /// [`Fault::NoContact`], [`Fault::Blocked`]; those of [`join`](Self::join).
    pub async fn join_as(&mut self, link: &str, contact: &str) -> Result<Contact, Fault> {
        let contact = self.writable(contact)?;
        let joined = self.take_invitation(link, Some(&contact.id)).await?;
        if joined.rejoining {
            let ours = self.vault.read(|store| store.open_rejoins(&contact.id)).map_err(Fault::from)?;
            self.take_back(ours).await?;
        }
        Ok(joined)
    }

    /// Invitations for a new start that are not wanted any more.
    async fn take_back(&mut self, invitations: Vec<String>) -> Result<(), Fault> {
        for id in invitations {
            if self.invite_revoke(&id).await.is_err() {
                // The relay still gives it out; whoever takes it finds no mailbox.
                self.vault.write(|store| store.end_open(&id)).map_err(Fault::from)?;
                self.exchange.stale = true;
            }
        }
        Ok(())
    }

    /// Gives up what was begun with a contact: a run of check words, and a new start that waits. The conversation is as
    /// it was before.
    ///
    /// # Errors
    /// [`Fault::NoContact`].
    pub fn check_stop(&mut self, contact: &str) -> Result<(), Fault> {
        let contact = self.contact(contact)?;
        self.exchange.stale = true;
        self.vault.write(|store| {
            store.drop_pending(&contact.id)?;
            super::check::stop(store, &contact.id)
        })
    }

    /// Mailboxes whose conversation can't be read here: told once, left alone, and the others go on.
    pub(super) fn tell_damaged(&mut self, mailboxes: &[i64]) -> Result<(), Fault> {
        if mailboxes.is_empty() {
            return Ok(());
        }
        let news = self.vault.write(|store| {
            mailboxes.iter().try_fold(false, |news, mailbox| match store.contact_of_mailbox(*mailbox)? {
                Some(contact) => Ok::<_, Fault>(tell_damaged(store, &contact)? || news),
                None => Ok(news),
            })
        })?;
        self.news |= news;
        for mailbox in mailboxes {
            self.stick(*mailbox, Fault::SessionDamaged, None);
        }
        Ok(())
    }
}
