//! Inviting: a mailbox, a bundle at the relay, a link for a person to carry.
//!
//! In: for whom, where, by what right. Out: the invitation. This file must never show a link before the relay has the
//! bundle on disk.

use super::exchange::Goal;
use super::model::{self, InvitationState};
use super::{Engine, Fault, chance};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::{InvitationRow, MailboxRow, NewInvitation, State};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::invitation::{Invitation, Offer};
use cairn_protocol::limits::INVITATION_SECONDS;
use cairn_protocol::mailbox::{MailboxId, OwnerSecret, VaultMark};
use cairn_protocol::token::{ManageToken, Pass, SendCapability, Voucher};
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use std::time::Duration;
use tokio::time::Instant;

/// For making or withdrawing an invitation.
const BUDGET: Duration = Duration::from_secs(15);

/// For tidying up at the relay; the next command does what is left.
const TIDY: Duration = Duration::from_secs(3);

/// A fresh mailbox of ours.
pub(super) fn draw_mailbox(relay: &str) -> MailboxRow {
    let mut rng = chance::rng();
    MailboxRow {
        row: 0,
        relay: relay.to_owned(),
        mailbox: MailboxId::random(&mut rng),
        owner: OwnerSecret::random(&mut rng),
        capability: SendCapability::random(&mut rng),
        gone: false,
        replaced: false,
    }
}

/// The request that makes it.
pub(super) fn create_mailbox(own: &MailboxRow, admission: Admission) -> Request {
    Request::CreateMailbox {
        mailbox: own.mailbox,
        owner: own.owner.key(),
        capability: own.capability.hash(),
        admission,
    }
}

/// What admits us.
pub(super) fn admission(pass: Option<Pass>) -> Admission {
    pass.map_or(Admission::Open, Admission::Pass)
}

/// What a refusal means to somebody who makes something at a relay.
pub(super) fn refusal(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Admission => Fault::PassNeeded,
        Refusal::Taken => Fault::InvitationUsed,
        Refusal::Gone => Fault::InvitationGone,
        Refusal::TooFast { .. } | Refusal::NotNow | Refusal::Full => Fault::Busy,
        other => Fault::Unexpected(trouble::refused(other.to_string())),
    }
}

/// A reply that must be "done".
pub(super) fn done(reply: &Reply) -> Result<(), Fault> {
    match reply {
        Reply::Done => Ok(()),
        Reply::Refused(why) => Err(refusal(*why)),
        _ => Err(Fault::Unexpected(trouble::answer())),
    }
}

impl Engine {
    /// Makes a one-time invitation.
    ///
    /// # Errors
    /// [`Fault::Usage`] where no relay is known, [`Fault::Unreachable`], [`Fault::OtherRelay`], [`Fault::PassNeeded`].
    pub async fn invite_new(
        &mut self,
        label: Option<&str>,
        relay: Option<RelayAddress>,
        pass: Option<Pass>,
    ) -> Result<model::Invitation, Fault> {
        self.invite(label, relay, pass, None).await
    }

    pub(super) async fn invite(
        &mut self,
        label: Option<&str>,
        relay: Option<RelayAddress>,
        pass: Option<Pass>,
        rejoins: Option<&str>,
    ) -> Result<model::Invitation, Fault> {
        let profile = self.vault.read(|store| store.profile()).map_err(Fault::from)?;
        let relay = match (relay, &profile.relay) {
            (Some(relay), _) => relay,
            (None, Some(relay)) => relay.parse().map_err(|_| Fault::Damaged(trouble::relay_unread()))?,
            (None, None) => {
                return Err(Fault::Usage(trouble::no_relay()));
            }
        };
        let place = relay.to_string();
        let known = profile.pass.filter(|_| profile.relay.as_ref().is_none_or(|known| *known == place));
        let shown = pass.as_ref().or(known.as_ref()).map(Pass::duplicate);

        let mut rng = chance::rng();
        let own = draw_mailbox(&place);
        let (voucher, manage) = (Voucher::random(&mut rng), ManageToken::random(&mut rng));
        let now = self.now();
        let expires_at = self.now_seconds().saturating_add(INVITATION_SECONDS);
        let voucher_hash = voucher.hash();
        let offer = Offer {
            name: profile.name,
            address: relay,
            mailbox: own.mailbox,
            capability: own.capability.duplicate(),
            voucher,
            expires_at,
        };
        let (private, link, bundle) =
            Invitation::create(&mut rng, &offer).map_err(|error| Fault::Usage(error.to_string()))?;
        let (id, slot, text) = (chance::hex(&chance::bytes::<4>()), link.slot(), link.to_string());
        let expires = i64::try_from(expires_at).unwrap_or(i64::MAX);
        self.vault.write(|store| {
            let mailbox = store.insert_mailbox(&own, VaultMark::random(&mut rng))?;
            store.insert_invitation(&NewInvitation {
                id: &id,
                label,
                relay: &place,
                slot: &slot,
                link: &text,
                manage: &manage,
                private: &private.snapshot(),
                mailbox,
                created_at: now,
                expires_at: expires,
                rejoins,
            })
        })?;

        self.exchange.lines.revive();
        let put = Request::PutBundle {
            slot,
            manage: manage.hash(),
            voucher: voucher_hash,
            expires_day: u32::try_from(expires_at / 86_400).unwrap_or(u32::MAX),
            admission: admission(shown.as_ref().map(Pass::duplicate)),
            bundle,
        };
        let made = self.publish(&place, create_mailbox(&own, admission(shown)), put).await;
        if let Err(fault) = made {
            self.vault.write(|store| store.drop_invitation(&id)).map_err(Fault::from)?;
            self.exchange.stale = true;
            return Err(fault);
        }
        let row = self.vault.write(|store| {
            store.open_invitation(&id)?;
            store.keep_relay(&place, pass.as_ref())?;
            store.invitation(&id)?.ok_or_else(|| Fault::Unexpected(trouble::not_kept()))
        })?;
        self.exchange.stale = true;
        let mut made = shown_as(row, now);
        if made.label.is_some() && made.rejoins.is_none() {
            let mut all = self.invitations()?;
            all.retain(|one| {
                one.state == InvitationState::Open
                    && one.id != made.id
                    && (&one.label, &one.rejoins) == (&made.label, &None)
            });
            made.earlier = all.into_iter().map(|one| one.id).collect();
        }
        Ok(made)
    }

    /// Mailbox and bundle, over different lines, so that the relay sees no more than it must.
    async fn publish(&mut self, relay: &str, create: Request, put: Request) -> Result<(), Fault> {
        let deadline = Instant::now() + BUDGET;
        done(&self.ask(relay, Role::Receive, create, deadline).await?)?;
        done(&self.ask(relay, Role::Invite, put, deadline).await?)
    }

    /// All invitations that we made, oldest first.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn invitations(&self) -> Result<Vec<model::Invitation>, Fault> {
        let now = self.now();
        let rows = self.vault.read(|store| store.invitations()).map_err(Fault::from)?;
        Ok(rows.into_iter().filter(|row| row.state != State::Making).map(|row| shown_as(row, now)).collect())
    }

    /// Withdraws an invitation: nobody can use it any more, and its mailbox goes.
    ///
    /// # Errors
    /// [`Fault::Usage`] for one that is not there, [`Fault::InvitationUsed`], [`Fault::Unreachable`].
    pub async fn invite_revoke(&mut self, id: &str) -> Result<(), Fault> {
        let row = self.vault.read(|store| store.invitation(id)).map_err(Fault::from)?;
        let row = row.ok_or_else(|| Fault::Usage(trouble::no_invitation()))?;
        match row.state {
            State::Making | State::Open => {}
            State::Used => return Err(Fault::InvitationUsed),
            State::Revoked | State::Expired => return Ok(()),
        }
        self.exchange.lines.revive();
        let request = Request::RevokeBundle { slot: row.slot, manage: row.manage.duplicate() };
        match self.ask(&row.relay, Role::Invite, request, Instant::now() + BUDGET).await? {
            // Gone: withdrawn before, and the answer was lost; or its time is over.
            Reply::Done | Reply::Refused(Refusal::Gone | Refusal::Denied) => {}
            reply => done(&reply)?,
        }
        self.vault.write(|store| match store.invitation(id)? {
            Some(row) if row.state == State::Open => Ok(store.end_invitation(&row, State::Revoked)?),
            _ => Err(Fault::InvitationUsed),
        })?;
        self.tidy().await
    }

    /// Deletes mailboxes at the relay that have no more use, as far as it can be reached now; the next command does what
    /// is left.
    pub(super) async fn tidy(&mut self) -> Result<(), Fault> {
        self.exchange.stale = true;
        let gone = |engine: &mut Self| {
            let boxes = engine.exchange.boxes.values();
            let left = boxes
                .filter(|own| own.row.gone)
                .any(|own| engine.exchange.lines.down(&own.row.relay, Role::Receive).is_none());
            Ok(!engine.exchange.stale && !left)
        };
        self.turn_until(Goal { tidy: true, ..Goal::default() }, Instant::now() + TIDY, gone).await?;
        Ok(())
    }
}

fn shown_as(row: InvitationRow, now: i64) -> model::Invitation {
    let state = match row.state {
        State::Making | State::Open if row.expires_at < now / 1000 => InvitationState::Expired,
        State::Making | State::Open => InvitationState::Open,
        State::Used => InvitationState::Used,
        State::Revoked => InvitationState::Revoked,
        State::Expired => InvitationState::Expired,
    };
    let link = row.link.filter(|_| state == InvitationState::Open);
    let expires_at = row.expires_at.saturating_mul(1000);
    model::Invitation {
        id: row.id,
        label: row.label,
        link,
        expires_at,
        state,
        rejoins: row.rejoins,
        earlier: Vec::new(),
    }
}
