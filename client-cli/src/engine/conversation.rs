//! One conversation, opened for a batch of envelopes and saved once behind it.
//!
//! In: envelopes of one mailbox, within a transaction. Out: messages, events, confirmed rows gone. This file must never
//! acknowledge anything: that comes after the transaction.

use super::outbound::restore;
use super::{Fault, check, filler, seconds};
use crate::engine::model::Direction;
use crate::language::trouble;
use crate::vault::{EventRow, NewMessage, Store};
use cairn_protocol::content::{Content, Piece};
use cairn_protocol::handshake::{Replay, ReplayGuard};
use cairn_protocol::limits::UNFINISHED;
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{Received, Session};
use cairn_protocol::wire::frame::EnvelopeBytes;
use std::ops::RangeInclusive;

/// A conversation within a transaction.
pub(super) struct Conversation<'s, 'c> {
    store: &'s Store<'c>,
    contact: String,
    mailbox: i64,
    session: Session,
    now: i64,
    differed: bool,
    moved: bool,
    /// Whether they have written.
    heard: bool,
    /// Whether their check of words has said something.
    checked: bool,
}

impl<'s, 'c> Conversation<'s, 'c> {
    /// The conversation of a contact, whose mailbox of ours this is.
    pub(super) fn load(store: &'s Store<'c>, contact: String, mailbox: i64, now: i64) -> Result<Self, Fault> {
        let session = restore(store, &contact)?;
        let differed = session.differs();
        Ok(Self { store, contact, mailbox, session, now, differed, moved: false, heard: false, checked: false })
    }

    /// Takes in one envelope, whatever it is. When this returns it may be acknowledged, once all is committed.
    pub(super) fn open(&mut self, envelope: &EnvelopeBytes) -> Result<(), Fault> {
        match self.session.decrypt(envelope, seconds(self.now)) {
            Ok(received) => {
                (self.moved, self.heard) = (true, true);
                self.take(received)
            }
            // A duplicate: the relay gave it twice, or its sender put it again.
            Err(OpenError::Again) => Ok(()),
            Err(OpenError::NotOurs) => self.stranger(envelope),
            Err(_) => Ok(self.store.count_dropped(&self.contact)?),
        }
    }

    fn take(&mut self, received: Received) -> Result<(), Fault> {
        if let Ok(number) = i64::try_from(received.number) {
            self.store.fill_gap(&self.contact, number)?;
        }
        self.lost(&received.given_up)?;
        let sent_at = i64::try_from(received.sent_at).unwrap_or(i64::MAX);
        match (received.piece.is_control(), received.piece.count) {
            (false, 1) => self.whole(&[received.piece], sent_at),
            (false, _) => self.piece(&received.piece, sent_at),
            (true, _) => self.control(received.number, &received.piece),
        }
    }

    /// Numbers of theirs that can't be opened any more: the person is told once, and so is the other side, later.
    fn lost(&self, ranges: &[RangeInclusive<u64>]) -> Result<(), Fault> {
        self.tell_missing(ranges)?;
        ranges.iter().try_for_each(|range| {
            let (from, to) = (*range.start(), *range.end());
            // Nobody asks after them again. Kept, they would fill the vault of whoever is sent holes without end.
            let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
            self.store.forget_gaps(&self.contact, number(from), number(to))?;
            Ok(self.store.enqueue_lost(&self.contact, from, to, self.now, filler::later(self.now))?)
        })
    }

    /// One event for all that is missing and was not told.
    fn tell_missing(&self, ranges: &[RangeInclusive<u64>]) -> Result<(), Fault> {
        let mut missing = 0;
        for number in ranges.iter().cloned().flatten() {
            if self.store.tell_gap(&self.contact, i64::try_from(number).unwrap_or(i64::MAX))? {
                missing += 1;
            }
        }
        if missing > 0 {
            self.store.insert_event(EventRow::Gap(&self.contact, missing))?;
        }
        Ok(())
    }

    fn piece(&self, piece: &Piece, sent_at: i64) -> Result<(), Fault> {
        self.store.insert_piece(&self.contact, piece, sent_at, self.now)?;
        let (pieces, sent_at) = self.store.pieces(&self.contact, piece.id)?;
        if pieces.len() == usize::from(piece.count) {
            self.whole(&pieces, sent_at)?;
            self.store.drop_pieces(&self.contact, piece.id)?;
        } else if let Some(oldest) = self.store.oldest_broken(&self.contact, UNFINISHED)? {
            self.store.drop_pieces(&self.contact, oldest)?;
            self.store.insert_event(EventRow::Gap(&self.contact, 1))?;
        }
        Ok(())
    }

    fn whole(&self, pieces: &[Piece], sent_at: i64) -> Result<(), Fault> {
        let (kind, text) = match Content::join(pieces) {
            Ok(Content::Text(text)) => ("text".to_owned(), text),
            Ok(Content::Unknown { kind, fallback: Some(text) }) => (kind.to_string(), text),
            Ok(_) => return Ok(()),
            Err(_) => return Ok(self.store.count_dropped(&self.contact)?),
        };
        let Some(first) = pieces.first() else { return Ok(()) };
        let message = NewMessage {
            id: first.id,
            contact: &self.contact,
            direction: Direction::In,
            kind: &kind,
            text: &text,
            sent_at,
            received_at: Some(self.now),
        };
        if let Some(row) = self.store.insert_message(&message)? {
            self.store.insert_event(EventRow::Message(&self.contact, row))?;
        }
        Ok(())
    }

    fn control(&mut self, number: u64, piece: &Piece) -> Result<(), Fault> {
        match Content::join(std::slice::from_ref(piece)) {
            Ok(Content::Lost { from, to }) => {
                Ok(self.store.send_again(&self.contact, from, to, filler::later(self.now))?)
            }
            Ok(Content::Check(message)) => {
                self.checked = true;
                check::received(self.store, &self.contact, &self.session, number, &message)
            }
            Ok(Content::Keep(keep)) => Ok(self.store.set_their_keep(&self.contact, keep, number)?),
            _ => Ok(()),
        }
    }

    /// An envelope of nobody we know here: a first envelope again, another one, or nothing.
    fn stranger(&self, envelope: &EnvelopeBytes) -> Result<(), Fault> {
        let invitation = self.store.invitation_of_mailbox(self.mailbox)?;
        let guard = invitation.as_ref().and_then(|one| one.guard.as_ref());
        let replay = match guard {
            Some(guard) => {
                ReplayGuard::restore(guard).map_err(|_| Fault::Damaged(trouble::guard_unread()))?.check(envelope)
            }
            None => None,
        };
        match (replay, invitation) {
            (Some(Replay::Same), _) => Ok(()),
            (Some(Replay::Another), Some(invitation)) => second_taker(self.store, &invitation.id, invitation.noticed),
            _ => Ok(self.store.count_dropped(&self.contact)?),
        }
    }

    /// Nothing more is there: what is missing is told, what is too old is given up.
    pub(super) fn ran_dry(&mut self) -> Result<(), Fault> {
        let missing = self.session.missing();
        if missing.is_empty() {
            return Ok(());
        }
        let lost = self.session.tick(seconds(self.now));
        self.moved = true;
        self.tell_missing(&missing)?;
        self.lost(&lost)
    }

    /// Saves what has moved. Whether a check of words has: a face waits for that too.
    pub(super) fn save(self) -> Result<bool, Fault> {
        filler::schedule(self.store, &self.contact, &self.session, self.now)?;
        if !self.moved {
            return Ok(false);
        }
        self.store.set_session(&self.contact, &self.session.snapshot())?;
        self.store.drop_confirmed(&self.contact, self.session.confirmed())?;
        if self.heard {
            self.store.not_confirmed(&self.contact)?;
        }
        if self.session.answered() {
            self.store.drop_first(&self.contact)?;
        }
        if self.session.differs() && !self.differed {
            self.store.insert_event(EventRow::HistoryDiffers(&self.contact))?;
        }
        Ok(self.checked)
    }
}

/// Somebody else used the link: told once.
pub(super) fn second_taker(store: &Store<'_>, invitation: &str, noticed: bool) -> Result<(), Fault> {
    if !noticed {
        store.set_noticed(invitation)?;
        store.insert_event(EventRow::SecondTaker(invitation))?;
    }
    Ok(())
}
