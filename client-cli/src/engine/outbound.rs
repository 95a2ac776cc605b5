//! The way out: content becomes envelopes, envelopes are kept, then put, and put again until they are confirmed.
//!
//! In: what waits in the vault. Out: put requests. The moved session and the exact bytes are on disk before the first
//! byte leaves; an envelope never changes after that. This file must never put anything for a contact whose own mailbox
//! has not accepted our generation: an older copy of a profile learns there that it is one.

use super::exchange::{Asked, Goal};
use super::lines::place;
use super::{Engine, Fault, chance, seconds};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::{Place, Queued, Store, VaultError};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::mailbox::EnvelopeId;
use cairn_protocol::session::{EncryptError, Session};
use cairn_protocol::snapshot::SnapshotError;
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use std::time::Duration;
use tokio::time::Instant;

/// Puts to one mailbox without an answer. Larger: more memory here and there. Smaller: a far relay makes a long letter
/// slow.
const WINDOW: usize = 16;

/// How long a full mailbox is left alone.
const FULL: Duration = Duration::from_secs(60);

impl Engine {
    /// Encrypts and puts what waits, as far as lines allow.
    pub(super) fn advance_ways(&mut self, goal: Goal) -> Result<(), Fault> {
        let waiting: Vec<String> =
            self.exchange.ways.values().filter(|way| way.waits).map(|way| way.route.contact.clone()).collect();
        for contact in waiting {
            self.advance_way(&contact, goal)?;
        }
        Ok(())
    }

    fn advance_way(&mut self, contact: &str, goal: Goal) -> Result<(), Fault> {
        let now = self.now();
        let Some(way) = self.exchange.ways.get_mut(contact) else { return Ok(()) };
        if let Some((_, Some(at))) = way.blocked
            && goal.again
            && at <= Instant::now()
        {
            way.blocked = None;
        }
        if way.blocked.is_some() {
            return Ok(());
        }
        let relay = way.route.relay.clone();
        self.exchange.lines.want(&relay, Role::Send, goal.again)?;
        let Some(up) = self.exchange.lines.up(&relay, Role::Send) else { return Ok(()) };
        // Both lines come up at the same time; nothing is encrypted before the mailbox has said that we are current.
        if !self.exchange.boxes.get(&way.route.own).is_some_and(super::mailboxes::Box::is_subscribed) {
            return Ok(());
        }
        let place = place(&up, now);
        let room = WINDOW.saturating_sub(way.flight);
        if room == 0 {
            return Ok(());
        }
        let most = u32::try_from(room).unwrap_or_default();
        let after = way.after;
        let mut rows = self.vault.read(|store| store.to_put(contact, after, place, most)).map_err(Fault::from)?;
        if rows.len() < room {
            match self.vault.write(|store| encrypt(store, contact, room - rows.len(), now)) {
                Ok(0) => {}
                Ok(_) => {
                    rows = self.vault.read(|store| store.to_put(contact, after, place, most)).map_err(Fault::from)?
                }
                Err(Fault::HistoryDiffers) => way.blocked = Some((Fault::HistoryDiffers, None)),
                Err(fault) => return Err(fault),
            }
        }
        for row in rows {
            let request = Request::Put {
                mailbox: way.route.mailbox,
                capability: way.route.capability.duplicate(),
                id: row.id,
                envelope: row.envelope,
            };
            let Some(asked) = self.exchange.lines.ask(&relay, Role::Send, request) else { break };
            self.exchange.asked.insert(asked, Asked::Put(contact.to_owned(), row.seq));
            way.after = row.seq;
            way.flight += 1;
        }
        if way.flight == 0 {
            way.waits = false;
        }
        Ok(())
    }

    /// The relay has answered a put.
    pub(super) fn put_answered(&mut self, contact: &str, row: i64, place: Option<Place>, reply: Reply) {
        let Some(way) = self.exchange.ways.get_mut(contact) else { return };
        way.flight = way.flight.saturating_sub(1);
        let rest = |rest: Duration| Some(Instant::now() + rest);
        let (fault, until) = match (reply, place) {
            (Reply::Done, Some(place)) => {
                self.exchange.landed.push((row, place));
                return;
            }
            (Reply::Refused(Refusal::Full), _) => (Fault::Full, rest(FULL)),
            (Reply::Refused(Refusal::Denied), _) => (Fault::Closed, None),
            (Reply::Refused(Refusal::TooFast { retry_after }), _) => {
                (Fault::Busy, rest(Duration::from_secs(retry_after.into()) + chance::within(Duration::from_secs(1))))
            }
            (Reply::Refused(Refusal::NotNow), _) => (Fault::Busy, rest(chance::within(FULL))),
            _ => (Fault::Unexpected(trouble::not_taken()), None),
        };
        way.blocked = Some((fault, until));
        way.after = 0;
    }
}

/// Turns what is queued for a contact into envelopes, at most `most`, in one transaction with the moved session.
pub(super) fn encrypt(store: &Store<'_>, contact: &str, most: usize, now: i64) -> Result<usize, Fault> {
    if store.next_queued(contact, now)?.is_none() {
        return Ok(0);
    }
    let mut session = restore(store, contact)?;
    let mut done = 0;
    while done < most {
        let Some(queued) = store.next_queued(contact, now)? else { break };
        let mut rng = chance::rng();
        let (content, id, message, sent_at) = match queued.what {
            Queued::Text(message, id, text, sent_at) => (Content::Text(text), id, Some(message), sent_at),
            Queued::Filler => (Content::Filler, MessageId::random(&mut rng), None, now),
            Queued::Control(content) => (content, MessageId::random(&mut rng), None, now),
            Queued::Lost(from, to) => (Content::Lost { from, to }, MessageId::random(&mut rng), None, now),
        };
        let pieces = content.split(id).map_err(|error| Fault::Usage(error.to_string()))?;
        let Some(piece) = pieces.get(usize::from(queued.piece)) else {
            store.advance_queued(queued.seq, None)?;
            continue;
        };
        let sealed = match session.encrypt(&mut rng, piece, u64::try_from(sent_at).unwrap_or_default()) {
            Ok(sealed) => sealed,
            Err(EncryptError::Unconfirmed) => break,
            Err(EncryptError::Differs) => return Err(Fault::HistoryDiffers),
            Err(EncryptError::Piece | EncryptError::Seal(_)) => {
                return Err(Fault::Damaged(trouble::keys_unread()));
            }
        };
        store.insert_outbox(contact, Some(sealed.number), EnvelopeId::random(&mut rng), &sealed.envelope, message)?;
        let next = queued.piece.saturating_add(1);
        store.advance_queued(queued.seq, (usize::from(next) < pieces.len()).then_some(next))?;
        done += 1;
    }
    if done > 0 {
        store.set_session(contact, &session.snapshot())?;
        store.set_filler_at(contact, None)?;
    } else if session.differs() {
        return Err(Fault::HistoryDiffers);
    }
    Ok(done)
}

/// The session of a contact.
pub(super) fn restore(store: &Store<'_>, contact: &str) -> Result<Session, Fault> {
    Session::restore(&store.session(contact)?).map_err(|error| match error {
        SnapshotError::Newer => VaultError::Newer.into(),
        SnapshotError::Damaged => Fault::SessionDamaged,
    })
}

impl Engine {
    /// Seconds since 1970 by this engine's clock.
    pub(super) fn now_seconds(&self) -> u64 {
        seconds(self.now())
    }
}
