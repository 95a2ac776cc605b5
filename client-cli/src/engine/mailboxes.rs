//! Mailboxes of ours at their relays: how far each is, and the next step.
//!
//! In: what a command wants, answers of relays. Out: requests to subscribe, fetch, acknowledge and delete. This file must
//! never open an envelope, and it acknowledges only what was committed.
//!
//! ```text
//!   New ─▶ Asking ─▶ Ready ─▶ Fetching ─▶ Dry ─▶ Parked
//!    ▲                 ▲        │page        (only where somebody waits)
//!    └── line gone     └────────┴── page ◀───────┘
//! ```

use super::exchange::{Asked, Goal};
use super::{Engine, Fault, chance};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::MailboxRow;
use cairn_protocol::limits::ACKNOWLEDGE;
use cairn_protocol::mailbox::{EnvelopeId, Generation, OwnerOperation, VaultMark};
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use std::time::Duration;
use tokio::time::Instant;

/// How long a mailbox or a contact rests after the relay said "not now". Longer: messages come late.
pub(super) const REST: Duration = Duration::from_secs(20);

/// Newer subscriptions of the same generation that we answer with one of our own. More: two copies fight.
const FENCES: u8 = 3;

/// How far a mailbox of ours is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was asked on this line.
    New,
    /// A question is under way that the others wait for.
    Asking,
    /// Subscribed.
    Ready,
    /// The relay gives what it has.
    Fetching,
    /// It had nothing more.
    Dry,
    /// The relay answers when there is something.
    Parked,
    /// It does not go on, for this reason; from then on it may be tried again.
    Stuck(Fault, Option<Instant>),
}

/// A mailbox of ours.
#[derive(Debug)]
pub(super) struct Box {
    pub(super) row: MailboxRow,
    pub(super) stage: Stage,
    generation: Option<Generation>,
    /// Committed, and to be acknowledged.
    pub(super) acks: Vec<EnvelopeId>,
    pub(super) acking: bool,
    fences: u8,
    /// Whether it was made again after the relay had lost it.
    remade: bool,
}

impl Box {
    pub(super) const fn new(row: MailboxRow) -> Self {
        let acks = Vec::new();
        Self { row, stage: Stage::New, generation: None, acks, acking: false, fences: 0, remade: false }
    }

    /// Whether the relay has accepted our generation, so that something may be sent.
    pub(super) const fn is_subscribed(&self) -> bool {
        matches!(self.stage, Stage::Ready | Stage::Fetching | Stage::Dry | Stage::Parked)
    }

    /// Whether nothing is to come for it now.
    pub(super) fn is_settled(&self) -> bool {
        let still = matches!(self.stage, Stage::Dry | Stage::Parked | Stage::Stuck(..));
        still && self.acks.is_empty() && !self.acking
    }
}

impl Engine {
    /// Subscribes, fetches, acknowledges, deletes, as far as lines allow.
    pub(super) fn advance_boxes(&mut self, goal: Goal) -> Result<(), Fault> {
        let sending: Vec<i64> = self.exchange.ways.values().filter(|way| way.waits).map(|way| way.route.own).collect();
        let rows: Vec<i64> = self.exchange.boxes.keys().copied().collect();
        for row in rows {
            let Some(own) = self.exchange.boxes.get_mut(&row) else { continue };
            let wanted = if own.row.gone { goal.fetch || goal.tidy } else { goal.fetch || sending.contains(&row) };
            if !wanted {
                continue;
            }
            if let Stage::Stuck(_, Some(at)) = own.stage
                && goal.again
                && at <= Instant::now()
            {
                own.stage = Stage::New;
            }
            let relay = own.row.relay.clone();
            self.exchange.lines.want(&relay, Role::Receive, goal.again)?;
            let Some(up) = self.exchange.lines.up(&relay, Role::Receive) else { continue };
            let request = match own.stage {
                Stage::New if own.row.gone => {
                    let proof = own.row.owner.prove(&up.channel, &own.row.mailbox, OwnerOperation::Delete);
                    Some((
                        Request::DeleteMailbox { mailbox: own.row.mailbox, proof },
                        Asked::Delete(row),
                        Stage::Asking,
                    ))
                }
                Stage::New => {
                    let generation = match own.generation {
                        Some(generation) => generation,
                        None => self
                            .vault
                            .write(|store| store.next_generation(row, VaultMark::random(&mut chance::rng())))
                            .map_err(Fault::from)?,
                    };
                    own.generation = Some(generation);
                    let proof =
                        own.row.owner.prove(&up.channel, &own.row.mailbox, OwnerOperation::Subscribe(generation));
                    let request = Request::Subscribe { mailbox: own.row.mailbox, generation, proof };
                    Some((request, Asked::Subscribe(row), Stage::Asking))
                }
                Stage::Ready if goal.fetch => {
                    let request = Request::Fetch { mailbox: own.row.mailbox, wait: false };
                    Some((request, Asked::Fetch(row), Stage::Fetching))
                }
                Stage::Dry if goal.park => {
                    let request = Request::Fetch { mailbox: own.row.mailbox, wait: true };
                    Some((request, Asked::Fetch(row), Stage::Parked))
                }
                _ => None,
            };
            if let Some((request, asked, stage)) = request
                && let Some(place) = self.exchange.lines.ask(&relay, Role::Receive, request)
            {
                self.exchange.asked.insert(place, asked);
                own.stage = stage;
            }
            if !own.acks.is_empty() && !own.acking && own.is_subscribed() {
                let ids: Vec<EnvelopeId> = own.acks.iter().take(ACKNOWLEDGE).copied().collect();
                let (count, mailbox) = (ids.len(), own.row.mailbox);
                let request = Request::Acknowledge { mailbox, ids };
                if let Some(place) = self.exchange.lines.ask(&relay, Role::Receive, request) {
                    self.exchange.asked.insert(place, Asked::Acknowledge(row));
                    own.acks.drain(..count);
                    own.acking = true;
                }
            }
        }
        Ok(())
    }

    pub(super) fn subscribed(&mut self, row: i64, reply: &Reply) -> Result<(), Fault> {
        let Some(own) = self.exchange.boxes.get_mut(&row) else { return Ok(()) };
        match reply {
            Reply::Done => {
                own.stage = Stage::Ready;
                self.exchange.told.push(row);
            }
            Reply::Refused(Refusal::Denied) if !own.remade => {
                // A relay that was restored from a backup may not know it: the same again, which changes nothing else.
                own.remade = true;
                let relay = own.row.relay.clone();
                let profile = self.vault.read(|store| store.profile()).map_err(Fault::from)?;
                let pass = profile.pass.filter(|_| profile.relay.as_ref() == Some(&relay));
                let request = super::invite::create_mailbox(&own.row, super::invite::admission(pass));
                match self.exchange.lines.ask(&relay, Role::Receive, request) {
                    Some(place) => drop(self.exchange.asked.insert(place, Asked::Remake(row))),
                    None => own.stage = Stage::New,
                }
            }
            Reply::Refused(refusal) => self.refused(row, *refusal),
            _ => self.stick(row, Fault::Unexpected(trouble::answer()), None),
        }
        Ok(())
    }

    pub(super) fn fetched(&mut self, row: i64, reply: Reply) -> Result<(), Fault> {
        if self.exchange.boxes.get(&row).is_none_or(|own| own.row.gone) {
            // Asked for before its person was blocked or removed. It is not looked at, and not acknowledged.
            return Ok(());
        }
        match reply {
            Reply::Page(page) if page.is_empty() => {
                if let Some(own) = self.exchange.boxes.get_mut(&row) {
                    own.stage = Stage::Dry;
                }
                match self.ran_dry(row) {
                    Err(Fault::SessionDamaged) => self.tell_damaged(&[row]),
                    done => done,
                }
            }
            Reply::Page(page) => {
                let acks = match self.take_in(row, page) {
                    // The page stays at the relay, and the other conversations go on.
                    Err(Fault::SessionDamaged) => return self.tell_damaged(&[row]),
                    acks => acks?,
                };
                if let Some(own) = self.exchange.boxes.get_mut(&row) {
                    own.stage = Stage::Ready;
                    own.acks.extend(acks);
                }
                Ok(())
            }
            Reply::Refused(refusal) => {
                self.refused(row, refusal);
                Ok(())
            }
            _ => {
                self.stick(row, Fault::Unexpected(trouble::answer()), None);
                Ok(())
            }
        }
    }

    /// The relay said no to a mailbox of ours.
    fn refused(&mut self, row: i64, refusal: Refusal) {
        let Some(own) = self.exchange.boxes.get_mut(&row) else { return };
        match refusal {
            Refusal::Behind => own.stage = Stage::Stuck(Fault::OlderCopy, None),
            // Somebody subscribed after us. A line of ours that was thought dead, or a copy: stating the generation
            // again tells which.
            Refusal::Fenced if own.fences < FENCES => {
                own.fences += 1;
                own.stage = Stage::New;
            }
            Refusal::Fenced => own.stage = Stage::Stuck(Fault::OlderCopy, None),
            Refusal::TooFast { retry_after } => {
                own.stage = Stage::Stuck(Fault::Busy, Some(Instant::now() + Duration::from_secs(retry_after.into())));
            }
            Refusal::NotNow => own.stage = Stage::Stuck(Fault::Busy, Some(Instant::now() + chance::within(REST))),
            other => {
                let what = trouble::refused_inbox(other.to_string());
                own.stage = Stage::Stuck(Fault::Unexpected(what), None);
            }
        }
    }

    pub(super) fn stick(&mut self, row: i64, fault: Fault, rest: Option<Duration>) {
        if let Some(own) = self.exchange.boxes.get_mut(&row) {
            own.stage = Stage::Stuck(fault, rest.map(|rest| Instant::now() + rest));
        }
    }
}
