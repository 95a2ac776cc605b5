//! Joining: from a link to somebody to write to.
//!
//! In: a link. Out: a contact. Claim and keys are on disk before the relay sees them, so that the same join may be
//! repeated after a relay that was down or a process that was killed, and comes to the same contact. This file must
//! never use a bundle that does not fit its link.

use super::fault::Slip;
use super::invite::{create_mailbox, done, draw_mailbox, refusal};
use super::model::Contact;
use super::rejoin::known_as;
use super::{Engine, Fault, chance, names};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::NewContact;
use cairn_protocol::handshake::{Taker, take};
use cairn_protocol::invitation::{Bundle, Link, LinkError};
use cairn_protocol::mailbox::{EnvelopeId, VaultMark};
use cairn_protocol::token::ClaimToken;
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use std::time::Duration;
use tokio::time::Instant;

/// For taking the bundle and making the mailbox.
const BUDGET: Duration = Duration::from_secs(15);

/// For the first envelope; where the relay goes away just then, the next command puts it.
const FIRST: Duration = Duration::from_secs(5);

/// Whether a text is a link, before anything is made for it.
///
/// # Errors
/// [`Fault::Slip`] with what is wrong.
pub fn check_link(link: &str) -> Result<(), Fault> {
    read(link).map(|_| ())
}

fn read(link: &str) -> Result<Link, Fault> {
    link.parse::<Link>().map_err(|error| {
        Fault::Slip(match error {
            LinkError::Form => Slip::NoInvitation,
            LinkError::Host(_) | LinkError::Checksum => Slip::Letter,
            LinkError::Version => Slip::NewerInvitation,
        })
    })
}

impl Engine {
    /// Takes an invitation. The same link again gives the same contact.
    ///
    /// # Errors
    /// [`Fault::Slip`] for a text that is no link or an invitation of our own; [`Fault::Unreachable`],
    /// [`Fault::OtherRelay`]; [`Fault::InvitationUsed`], [`Fault::InvitationGone`], [`Fault::InvitationAltered`].
    pub async fn join(&mut self, link: &str) -> Result<Contact, Fault> {
        self.take_invitation(link, None).await
    }

    pub(super) async fn take_invitation(&mut self, link: &str, rejoins: Option<&str>) -> Result<Contact, Fault> {
        let link = read(link)?;
        let (slot, relay) = (link.slot(), link.address().to_string());
        if self.vault.read(|store| store.invitation_at(&slot)).map_err(Fault::from)?.is_some() {
            return Err(Fault::Slip(Slip::OwnInvitation));
        }
        // The claim, before the relay sees it.
        let join = self.vault.write(|store| {
            if store.join(&slot)?.is_none() {
                let mut rng = chance::rng();
                let mailbox = store.insert_mailbox(&draw_mailbox(&relay), VaultMark::random(&mut rng))?;
                store.insert_join(&slot, &ClaimToken::random(&mut rng), mailbox)?;
            }
            store.set_join_rejoins(&slot, rejoins)?;
            store.join(&slot)?.ok_or_else(|| Fault::Unexpected(trouble::no_claim()))
        })?;
        if let Some(session) = &join.contact {
            if join.rejoins.as_deref() != rejoins {
                return Err(Fault::Slip(Slip::OtherWay));
            }
            let contact = self.vault.read(|store| known_as(store, session))?;
            return self.contact(&contact);
        }
        self.exchange.lines.revive();
        let deadline = Instant::now() + BUDGET;
        self.notice_before(&relay, deadline).await?;
        let result = self.take_bundle(&link, &relay, join.claim, join.bundle, deadline).await;
        let bundle = match result {
            Ok(bundle) => bundle,
            Err(fault) => {
                if matches!(fault, Fault::InvitationUsed | Fault::InvitationGone | Fault::InvitationAltered) {
                    self.vault.write(|store| store.drop_join(&slot)).map_err(Fault::from)?;
                    self.exchange.stale = true;
                    self.forget_notice_of_nobody()?;
                }
                return Err(fault);
            }
        };
        let own = join.mailbox.ok_or_else(|| Fault::Unexpected(trouble::no_mailbox()))?;
        let own = self.vault.read(|store| store.mailbox(own)).map_err(Fault::from)?;
        let voucher = Admission::Voucher(bundle.offer().voucher.duplicate());
        match self.ask(&relay, Role::Receive, create_mailbox(&own, voucher), deadline).await? {
            Reply::Refused(Refusal::Admission) => return Err(Fault::InvitationGone),
            reply => done(&reply)?,
        }
        let id = self.conclude(&link, &bundle, own.row)?;
        self.put_first(&id).await?;
        let contact = self.vault.read(|store| known_as(store, &id))?;
        self.contact(&contact)
    }

    /// What waits at the relay, where it fits the link.
    async fn take_bundle(
        &mut self,
        link: &Link,
        relay: &str,
        claim: ClaimToken,
        kept: Option<cairn_protocol::wire::frame::SealedBundleBytes>,
        deadline: Instant,
    ) -> Result<Bundle, Fault> {
        let slot = link.slot();
        let sealed = match kept {
            Some(sealed) => sealed,
            None => match self.ask(relay, Role::Invite, Request::TakeBundle { slot, claim }, deadline).await? {
                Reply::Bundle(sealed) => sealed,
                Reply::Refused(why) => return Err(refusal(why)),
                _ => return Err(Fault::Unexpected(trouble::answer())),
            },
        };
        let bundle = link.open_bundle(&sealed).map_err(|_| Fault::InvitationAltered)?;
        self.vault.write(|store| store.set_join_bundle(&slot, &sealed)).map_err(Fault::from)?;
        Ok(bundle)
    }

    /// Contact, session and first envelope: one transaction, on disk before a byte of it leaves.
    pub(super) fn conclude(&mut self, link: &Link, bundle: &Bundle, mailbox: i64) -> Result<String, Fault> {
        let now = self.now();
        let id = chance::hex(&chance::bytes::<8>());
        self.vault.write(|store| {
            let own = store.mailbox(mailbox)?;
            let taker = Taker {
                name: store.profile()?.name,
                address: link.address().clone(),
                mailbox: own.mailbox,
                capability: own.capability,
            };
            let mut rng = chance::rng();
            let (session, envelope) = take(link, bundle, &taker, &mut rng).map_err(|_| Fault::InvitationAltered)?;
            let offer = bundle.offer();
            let rejoins = store.join(&link.slot())?.and_then(|join| join.rejoins);
            // A new start has no name of its own: nobody is shown it before it takes the contact's place.
            let name = match &rejoins {
                Some(contact) => {
                    store.drop_pending(contact)?;
                    id.clone()
                }
                None => names::unique(store, bundle.name())?,
            };
            store.insert_contact(&NewContact {
                id: &id,
                name: &name,
                given_name: bundle.name(),
                created_at: now,
                mailbox,
                relay: &offer.address.to_string(),
                their_box: &offer.mailbox,
                capability: &offer.capability,
                session: &session.snapshot(),
                rejoins: rejoins.as_deref(),
            })?;
            store.insert_outbox(&id, None, EnvelopeId::random(&mut rng), &envelope, None)?;
            store.finish_join(&link.slot(), &id)?;
            store.keep_relay(&own.relay, None)?;
            Ok::<_, Fault>(())
        })?;
        self.exchange.stale = true;
        Ok(id)
    }

    /// Puts the first envelope, if that works now.
    async fn put_first(&mut self, contact: &str) -> Result<(), Fault> {
        let contact = contact.to_owned();
        let put = |engine: &mut Self| {
            let exchange = &engine.exchange;
            let waits = exchange.ways.get(&contact).is_some_and(|way| way.waits && way.blocked.is_none());
            Ok(!exchange.stale && exchange.landed.is_empty() && (!waits || engine.is_put()))
        };
        self.turn_until(super::exchange::Goal::default(), Instant::now() + FIRST, put).await?;
        Ok(())
    }
}
