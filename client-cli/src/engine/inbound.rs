//! The way in: a page of envelopes, taken in by one transaction, acknowledged only after it.
//!
//! In: envelopes as the relay gives them. Out: which of them may be acknowledged. This file must never lose one: what
//! can't be opened yet is held, and what can't be held stays at the relay.

use super::conversation::{Conversation, second_taker};
use super::exchange::{Asked, Goal};
use super::{Engine, Fault, chance, names};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::{EventRow, InvitationRow, NewContact, State, Store};
use cairn_protocol::handshake::{AcceptError, Accepted};
use cairn_protocol::invitation::Invitation;
use cairn_protocol::limits::HELD;
use cairn_protocol::mailbox::EnvelopeId;
use cairn_protocol::wire::frame::{Delivery, EnvelopeBytes, Reply, Request};
use std::time::Duration;
use tokio::time::Instant;

/// How often invitations are asked after while somebody waits; each time takes a connection of its own, about 4 KB.
/// Shorter: more data. Longer: a second taker is told late.
const ASK_AFTER: Duration = Duration::from_secs(86_400);

/// Seconds after its end that an invitation's keys are kept: who took it in its last hour may write a little later.
const GRACE: i64 = 86_400;

impl Engine {
    /// Takes in a page. Returns what may be acknowledged: it is on disk.
    pub(super) fn take_in(&mut self, mailbox: i64, page: Vec<Delivery>) -> Result<Vec<EnvelopeId>, Fault> {
        let now = self.now();
        let (acks, news) = self.vault.write(|store| {
            let before = store.last_event()?;
            let mut acks = Vec::with_capacity(page.len());
            let mut rest = page.into_iter();
            let mut contact = store.contact_of_mailbox(mailbox)?;
            let mut checked = false;
            while contact.is_none() {
                let Some(delivery) = rest.next() else { break };
                match first(store, mailbox, &delivery.envelope, now)? {
                    First::Done => acks.push(delivery.id),
                    First::Left => {}
                    First::Contact(new) => {
                        acks.push(delivery.id);
                        contact = Some(new);
                    }
                }
            }
            if let Some(contact) = contact {
                let mut conversation = Conversation::load(store, contact, mailbox, now)?;
                for delivery in rest {
                    conversation.open(&delivery.envelope)?;
                    acks.push(delivery.id);
                }
                checked = conversation.save()?;
            }
            Ok::<_, Fault>((acks, checked || store.last_event()? > before))
        })?;
        self.news |= news;
        self.exchange.stale = true;
        Ok(acks)
    }

    /// A mailbox has nothing more: holes are told now, and an invitation whose time is over ends now.
    pub(super) fn ran_dry(&mut self, mailbox: i64) -> Result<(), Fault> {
        let now = self.now();
        let news = self.vault.write(|store| {
            let before = store.last_event()?;
            if let Some(contact) = store.contact_of_mailbox(mailbox)? {
                let mut conversation = Conversation::load(store, contact, mailbox, now)?;
                conversation.ran_dry()?;
                conversation.save()?;
            } else if let Some(invitation) = store.invitation_of_mailbox(mailbox)?
                && invitation.state == State::Open
                && invitation.expires_at.saturating_add(GRACE) < now / 1000
            {
                store.end_invitation(&invitation, State::Expired)?;
            }
            Ok::<_, Fault>(store.last_event()? > before)
        })?;
        self.news |= news;
        self.exchange.stale = true;
        Ok(())
    }

    /// Asks after invitations, once for each command and now and then while somebody waits.
    pub(super) fn due_statuses(&mut self, goal: Goal) -> Result<(), Fault> {
        if goal.fetch && self.exchange.next_statuses.is_none_or(|at| at <= Instant::now()) {
            self.exchange.next_statuses = Some(Instant::now() + ASK_AFTER);
            let now = self.now() / 1000;
            let open = |one: &InvitationRow| {
                matches!(one.state, State::Open | State::Used) && !one.noticed && one.expires_at > now
            };
            self.exchange.statuses = self.vault.read(|store| {
                let invitations = store.invitations()?.into_iter().filter(open);
                Ok::<_, Fault>(invitations.map(|one| (one.id, one.relay)).collect())
            })?;
            self.schedule_fillers()?;
        }
        if !goal.fetch {
            return Ok(());
        }
        for (id, relay) in std::mem::take(&mut self.exchange.statuses) {
            self.exchange.lines.want(&relay, Role::Invite, goal.again)?;
            let Some(invitation) = self.vault.read(|store| store.invitation(&id)).map_err(Fault::from)? else {
                continue;
            };
            let request = Request::BundleStatus { slot: invitation.slot, manage: invitation.manage };
            match self.exchange.lines.ask(&relay, Role::Invite, request) {
                Some(place) => drop(self.exchange.asked.insert(place, Asked::Status(id))),
                // Gone: asked again the next time. Not there yet, or full: in the next turn.
                None if self.exchange.lines.down(&relay, Role::Invite).is_some() => {}
                None => self.exchange.statuses.push((id, relay)),
            }
        }
        let pending = self.exchange.asked.values().any(|asked| matches!(asked, Asked::Status(_)));
        if self.exchange.statuses.is_empty() && !pending {
            self.exchange.lines.hang_up(Role::Invite);
        }
        Ok(())
    }

    /// The relay says what became of an invitation.
    pub(super) fn status_answered(&mut self, id: &str, reply: &Reply) -> Result<(), Fault> {
        if let Reply::BundleState(state) = reply
            && state.second_taker
        {
            let news = self.vault.write(|store| match store.invitation(id)? {
                Some(invitation) if !invitation.noticed => second_taker(store, id, false).map(|()| true),
                _ => Ok::<_, Fault>(false),
            })?;
            self.news |= news;
        }
        Ok(())
    }
}

/// What came of an envelope before there is a contact.
enum First {
    /// It may be acknowledged.
    Done,
    /// It stays at the relay.
    Left,
    /// It made this contact.
    Contact(String),
}

fn first(store: &Store<'_>, mailbox: i64, envelope: &EnvelopeBytes, now: i64) -> Result<First, Fault> {
    let Some(invitation) = store.invitation_of_mailbox(mailbox)? else { return Ok(First::Done) };
    let (State::Open | State::Making, Some(private)) = (invitation.state, invitation.private.as_ref()) else {
        return Ok(First::Done);
    };
    let private = Invitation::restore(private).map_err(|_| Fault::Damaged(trouble::invitation_unread()))?;
    match private.accept(envelope) {
        // Their mailbox is at the relay that the invitation names: a taker must not send us to another computer.
        Ok(accepted) if accepted.taker.address.to_string() == invitation.relay => {
            accept(store, mailbox, &invitation, &accepted, now).map(First::Contact)
        }
        Err(AcceptError::NotFirst) => {
            Ok(if store.hold(&invitation.id, envelope, HELD)? { First::Done } else { First::Left })
        }
        Ok(_) | Err(_) => Ok(First::Done),
    }
}

/// The contact, the session and the end of the one-time keys: one transaction.
fn accept(
    store: &Store<'_>,
    mailbox: i64,
    invitation: &InvitationRow,
    accepted: &Accepted,
    now: i64,
) -> Result<String, Fault> {
    let id = chance::hex(&chance::bytes::<8>());
    let taker = &accepted.taker;
    // A new start has no name of its own: nobody is shown it before it takes the contact's place.
    let name = match &invitation.rejoins {
        Some(contact) => {
            store.drop_pending(contact)?;
            id.clone()
        }
        None => names::unique(store, invitation.label.as_deref().unwrap_or(&taker.name))?,
    };
    store.insert_contact(&NewContact {
        id: &id,
        name: &name,
        given_name: &taker.name,
        created_at: now,
        mailbox,
        relay: &invitation.relay,
        their_box: &taker.mailbox,
        capability: &taker.capability,
        session: &accepted.session.snapshot(),
        rejoins: invitation.rejoins.as_deref(),
    })?;
    store.use_invitation(&invitation.id, &id, &accepted.guard.snapshot())?;
    if let Some(contact) = &invitation.rejoins {
        // One that a kill left open could put another session in the place of this one.
        store.end_open_rejoins(contact)?;
    }
    store.insert_event(match &invitation.rejoins {
        Some(contact) => EventRow::Rejoined(contact),
        None => EventRow::Contact(&id),
    })?;
    let held = store.take_held(&invitation.id)?;
    if !held.is_empty() {
        let mut conversation = Conversation::load(store, id.clone(), mailbox, now)?;
        held.iter().try_for_each(|envelope| conversation.open(envelope))?;
        conversation.save()?;
    }
    Ok(id)
}
