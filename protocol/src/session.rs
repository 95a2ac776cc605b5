//! One conversation: the ratchet and the history, moved together.
//!
//! In: pieces to send, envelopes that came, the time. Out: envelopes to send, pieces that opened. This file must never
//! learn which mailbox an envelope goes through, and it does no I/O: the caller saves [`Session::snapshot`] before a
//! sealed envelope leaves, and before a received one is acknowledged.

use crate::content::Piece;
use crate::history::History;
use crate::identity::Identity;
use crate::limits::{ENVELOPE, FILLER_AFTER, FILLER_SECONDS};
use crate::ratchet::{OpenError, Ratchet, SealError};
use crate::role::Role;
use crate::snapshot::{self, Kind, SnapshotError};
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::Body;
use crate::wire::{DecodeError, Reader, Writer};
use core::fmt;
use core::ops::RangeInclusive;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

#[cfg(test)]
#[path = "../tests/vectors/inside_session.rs"]
pub(crate) mod inside;

/// Bytes of a snapshot without hashes of the history and skipped keys, rounded up.
const FIXED: usize = 6 * 1024;

/// One side of a conversation.
pub struct Session {
    ours: Identity,
    theirs: Identity,
    /// Whether an envelope of the peer's ratchet has opened.
    answered: bool,
    /// Shown pieces received that nothing of ours has confirmed yet.
    unanswered: u64,
    /// When there first was something to confirm, in seconds by our clock.
    unanswered_since: u64,
    /// The mark that our last message stated.
    stated: u64,
    history: History,
    ratchet: Ratchet,
}

/// A piece that was sealed.
#[derive(Debug)]
pub struct Sealed {
    /// Its number in our direction, from 1; confirmed when [`Session::confirmed`] reaches it.
    pub number: u64,
    /// The envelope, to be kept and put again unchanged until it is confirmed.
    pub envelope: EnvelopeBytes,
}

/// A piece that has opened.
#[derive(Debug)]
pub struct Received {
    /// Its number in their direction, from 1.
    pub number: u64,
    /// When it was sent, in milliseconds since 1970-01-01 UTC by their clock.
    pub sent_at: u64,
    /// The piece.
    pub piece: Piece,
    /// Numbers of theirs that were given up to make room; tell the peer with [`Content::Lost`](crate::content::Content).
    pub given_up: Vec<RangeInclusive<u64>>,
}

/// Why a piece was not sealed. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// [`UNCONFIRMED`](crate::limits::UNCONFIRMED) envelopes wait for the peer; keep the piece and try again later.
    #[error("the other side has to read first")]
    Unconfirmed,
    /// The piece is malformed: more than [`PIECES`](crate::limits::PIECES), or a payload that is too long.
    #[error("the piece is malformed")]
    Piece,
    /// Both accounts of the conversation differ: an older copy of this state, or of theirs, is in use.
    #[error("both sides' accounts of the conversation differ")]
    Differs,
    /// The state can't seal.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Session {
    pub(crate) fn new(transcript: &[u8; 32], ours: Identity, theirs: Identity, ratchet: Ratchet) -> Self {
        let history = History::new(transcript, ratchet.role());
        Self { ours, theirs, answered: false, unanswered: 0, unanswered_since: 0, stated: 0, history, ratchet }
    }

    /// Seals one piece. `sent_at` is in milliseconds since 1970-01-01 UTC.
    ///
    /// The state has moved: save it together with the envelope, and only then put the envelope.
    ///
    /// # Errors
    /// [`EncryptError`]; nothing has changed then.
    pub fn encrypt(&mut self, rng: &mut impl CryptoRng, piece: &Piece, sent_at: u64) -> Result<Sealed, EncryptError> {
        if self.history.differs() {
            return Err(EncryptError::Differs);
        }
        piece.check().map_err(|_| EncryptError::Piece)?;
        if !self.history.may_send(piece.is_control()) {
            return Err(EncryptError::Unconfirmed);
        }
        let fields = self.history.next();
        let body = Body { history: fields, sent_at, piece: piece.clone() };
        let envelope = self.ratchet.seal(rng, body.encode())?;
        self.history.sealed(&fields, &envelope);
        self.stated = fields.received;
        // What lies behind a hole is not confirmed by this, and no more than that is left. // protocol.md §7.5
        self.unanswered = self.unanswered.min(self.history.ahead());
        Ok(Sealed { number: fields.number, envelope })
    }

    /// Opens one envelope and, only when all of it is good, moves. `now` is in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`OpenError`]; nothing has changed then, and the genuine envelope still opens.
    pub fn decrypt(&mut self, envelope: &[u8; ENVELOPE], now: u64) -> Result<Received, OpenError> {
        let opened = self.ratchet.open(envelope)?;
        let body = Body::decode(opened.body.expose()).map_err(|_| OpenError::Body)?;
        if body.history.number != opened.number {
            return Err(OpenError::Body);
        }
        if !self.history.is_new(opened.number) {
            return Err(OpenError::Again);
        }
        if self.history.is_far_ahead(opened.number) {
            return Err(OpenError::TooManySkipped);
        }

        let mut given_up = self.ratchet.tick(now);
        given_up.extend(self.ratchet.commit(opened.change));
        // Its key may have come of age at this very look at the clock.
        given_up.retain(|number| *number != opened.number);
        let news = self.news();
        self.history.opened(&body.history, envelope);
        self.history.lose(given_up.iter().copied());
        self.answered = true;
        let shown = u64::from(!body.piece.is_control());
        if (news == 0 && self.news() > 0) || (self.unanswered == 0 && shown > 0) {
            self.unanswered_since = now;
        }
        self.unanswered = self.unanswered.saturating_add(shown);
        Ok(Received { number: opened.number, sent_at: body.sent_at, piece: body.piece, given_up: ranges(given_up) })
    }

    /// Lets time pass: wipes skipped keys that are too old and returns the numbers that can't be opened any more.
    /// Tell the peer with [`Content::Lost`](crate::content::Content).
    pub fn tick(&mut self, now: u64) -> Vec<RangeInclusive<u64>> {
        let news = self.news();
        let given_up = self.ratchet.tick(now);
        self.history.lose(given_up.iter().copied());
        if news == 0 && self.news() > 0 {
            self.unanswered_since = now;
        }
        ranges(given_up)
    }

    /// By how much our mark has moved on since we stated it: what a message of ours would confirm now.
    const fn news(&self) -> u64 {
        self.history.mark().saturating_sub(self.stated)
    }

    /// Whether one more piece of a person may be sealed now. Control pieces have a reserve of
    /// [`CONTROL_RESERVE`](crate::limits::CONTROL_RESERVE) beyond that.
    #[must_use]
    pub const fn may_send(&self) -> bool {
        self.history.may_send(false) && !self.history.differs()
    }

    /// Pieces of a person that nothing of ours has confirmed yet; what came behind a hole may count without being one.
    #[must_use]
    pub const fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Our last number; 0 before the first. A peer can have lost no more than this.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.history.sent()
    }

    /// The peer has received, or given up, all our numbers up to this one.
    #[must_use]
    pub const fn confirmed(&self) -> u64 {
        self.history.confirmed()
    }

    /// Whether anything of the peer has opened. Until then a taker puts its first envelope again.
    #[must_use]
    pub const fn answered(&self) -> bool {
        self.answered
    }

    /// Both accounts of the conversation differ. Nothing can be sent any more; the way on is a new invitation.
    #[must_use]
    pub const fn differs(&self) -> bool {
        self.history.differs()
    }

    /// Numbers of theirs that have not come, below the highest that has. Report them when a fetch has run dry.
    #[must_use]
    pub fn missing(&self) -> Vec<RangeInclusive<u64>> {
        self.history.missing()
    }

    /// Whether one filler should carry our confirmation back (protocol.md §7.5).
    #[must_use]
    pub const fn filler_wanted(&self, now: u64) -> bool {
        // A clock that went back by a day counts like one that went on: one filler more does no harm.
        let old = self.unanswered > 0 && now.abs_diff(self.unanswered_since) >= FILLER_SECONDS;
        self.news() > 0 && (self.filler_presses() || old) && !self.history.differs()
    }

    /// Whether it should soon: so much is unconfirmed that the other side may have to wait.
    #[must_use]
    pub const fn filler_presses(&self) -> bool {
        // Both: who leaves a hole open could else ask for a filler with each envelope that moves the mark.
        self.unanswered >= FILLER_AFTER && self.news() >= FILLER_AFTER
    }

    /// Who made the invitation.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.ratchet.role()
    }

    /// Our public identity in this conversation.
    #[must_use]
    pub const fn ours(&self) -> &Identity {
        &self.ours
    }

    /// Theirs.
    #[must_use]
    pub const fn theirs(&self) -> &Identity {
        &self.theirs
    }

    /// T, to which a check of words is bound. // protocol.md §10.1
    pub(crate) const fn transcript(&self) -> &[u8; 32] {
        self.ratchet.transcript()
    }

    /// The whole state, secrets in the clear: for an encrypted store only.
    #[must_use]
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        snapshot::save(Kind::Session, FIXED + self.history.room() + self.ratchet.room(), |writer| self.write(writer))
    }

    /// Reads [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        snapshot::load(Kind::Session, bytes, Self::read)
    }

    fn write(&self, writer: &mut Writer) {
        self.ours.write(writer);
        self.theirs.write(writer);
        writer.flag(self.answered).u64(self.unanswered).u64(self.unanswered_since).u64(self.stated);
        self.history.write(writer);
        self.ratchet.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ours: Identity::read(reader)?,
            theirs: Identity::read(reader)?,
            answered: reader.flag()?,
            unanswered: reader.u64()?,
            unanswered_since: reader.u64()?,
            stated: reader.u64()?,
            history: History::read(reader)?,
            ratchet: Ratchet::read(reader)?,
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

/// Joins neighbouring numbers.
fn ranges(mut numbers: Vec<u64>) -> Vec<RangeInclusive<u64>> {
    numbers.sort_unstable();
    let mut ranges: Vec<RangeInclusive<u64>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if number <= last.end().saturating_add(1) => *last = *last.start()..=number,
            _ => ranges.push(number..=number),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{Host, Pin, RelayAddress};
    use crate::content::{Content, MessageId};
    use crate::handshake::{Taker, take};
    use crate::invitation::{Invitation, Offer};
    use crate::mailbox::MailboxId;
    use crate::token::{SendCapability, Voucher};
    use crate::wire::message::HistoryFields;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn pair(rng: &mut StdRng) -> (Session, Session) {
        let address = RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 1, pin: Pin::of(b"key") };
        let (mailbox, capability) = (MailboxId::random(rng), SendCapability::random(rng));
        let (name, voucher) = ("Ana".to_owned(), Voucher::random(rng));
        let offer = Offer { name, address: address.clone(), mailbox, capability, voucher, expires_at: 1 };
        let (invitation, link, sealed) = Invitation::create(rng, &offer).unwrap();
        let capability = SendCapability::random(rng);
        let taker = Taker { name: "Dana".to_owned(), address, mailbox, capability };
        let (session, first) = take(&link, &link.open_bundle(&sealed).unwrap(), &taker, rng).unwrap();
        (session, invitation.accept(&first).unwrap().session)
    }

    /// A peer that holds the keys and writes what it likes into the body.
    fn lie(session: &mut Session, rng: &mut StdRng, change: impl FnOnce(&mut HistoryFields)) -> EnvelopeBytes {
        let mut history = session.history.next();
        change(&mut history);
        let piece = Content::Filler.split(MessageId::random(rng)).unwrap().remove(0);
        session.ratchet.seal(rng, Body { history, sent_at: 0, piece }.encode()).unwrap()
    }

    #[test]
    fn a_number_that_is_not_that_of_its_place_is_refused() {
        let rng = &mut StdRng::seed_from_u64(1);
        let (mut taker, mut inviter) = pair(rng);
        // The places are 1, 2 and 3.
        for wrong in [0, 1, u64::MAX] {
            let envelope = lie(&mut taker, rng, |history| history.number = wrong);
            let before = inviter.snapshot();
            assert_eq!(inviter.decrypt(&envelope, 1).err(), Some(OpenError::Body), "{wrong}");
            assert_eq!(inviter.snapshot(), before);
        }
    }

    #[test]
    fn a_confirmation_with_another_hash_or_of_what_was_never_sent_makes_the_accounts_differ() {
        for (received, hash, differs) in [(0, false, false), (0, true, true), (1, false, true)] {
            let rng = &mut StdRng::seed_from_u64(2);
            let (mut taker, mut inviter) = pair(rng);
            let envelope = lie(&mut taker, rng, |history| {
                history.received = received;
                history.received_hash[0] ^= u8::from(hash);
            });
            assert!(inviter.decrypt(&envelope, 1).is_ok());
            assert_eq!(inviter.differs(), differs, "{received} {hash}");
        }
    }

    #[test]
    fn a_fillers_day_counts_from_the_first_news_and_from_the_first_text() {
        let rng = &mut StdRng::seed_from_u64(3);
        let mut send = |session: &mut Session, content: Content| {
            let piece = content.split(MessageId::random(rng)).unwrap().remove(0);
            session.encrypt(rng, &piece, 0).unwrap().envelope
        };
        let text = || Content::Text("Hello".to_owned());

        let (mut taker, mut inviter) = pair(&mut StdRng::seed_from_u64(4));
        // What came, at which second, and from when the day counts then.
        for (content, now, since) in [
            (Content::Filler, 100, 100),
            (Content::Filler, 150, 100),
            (text(), 200, 200),
            (text(), 250, 200),
            (Content::Filler, 300, 200),
        ] {
            let envelope = send(&mut taker, content);
            inviter.decrypt(&envelope, now).unwrap();
            assert_eq!(inviter.unanswered_since, since, "{now}");
        }
        // Answered: the next look at the clock is no news, the next text is.
        send(&mut inviter, text());
        inviter.tick(400);
        assert_eq!(inviter.unanswered_since, 200);
        inviter.decrypt(&send(&mut taker, text()), 500).unwrap();
        assert_eq!(inviter.unanswered_since, 500);

        // Behind a hole nothing is news before the hole closes.
        let (mut taker, mut inviter) = pair(&mut StdRng::seed_from_u64(5));
        let envelopes: Vec<_> = (0..3).map(|_| send(&mut taker, text())).collect();
        for (place, now, since) in [(1, 100, 100), (2, 200, 100), (0, 300, 300)] {
            inviter.decrypt(&envelopes[place], now).unwrap();
            assert_eq!(inviter.unanswered_since, since, "{now}");
        }

        // A look at the clock that gives the hole up makes what lies behind it news, once.
        let (mut taker, mut inviter) = pair(&mut StdRng::seed_from_u64(6));
        let envelopes: Vec<_> = (0..2).map(|_| send(&mut taker, text())).collect();
        inviter.decrypt(&envelopes[1], 100).unwrap();
        let days: Vec<_> = (1..=15).map(|day| 100 + day * crate::limits::TICK_SECONDS).collect();
        for day in &days {
            let given_up = inviter.tick(*day);
            assert_eq!(given_up.is_empty(), *day != days[13], "{day}");
            assert_eq!(inviter.unanswered_since, if *day < days[13] { 100 } else { days[13] }, "{day}");
        }
    }

    #[test]
    fn neighbouring_numbers_are_joined_and_others_are_not() {
        assert_eq!(ranges(vec![5, 1, 8, 2, 4]), [1..=2, 4..=5, 8..=8]);
        assert_eq!(ranges(vec![u64::MAX, 3]), [3..=3, u64::MAX..=u64::MAX]);
        assert_eq!(ranges(vec![]), []);
    }

    #[test]
    fn what_a_session_says_of_itself_follows_what_was_sent_and_what_opened() {
        let rng = &mut StdRng::seed_from_u64(6);
        let (mut taker, mut inviter) = pair(rng);
        let says = |session: &Session| (session.sent(), session.unanswered(), session.answered(), session.may_send());
        assert_eq!(says(&taker), (0, 0, false, true));
        let piece = Content::Text("Hello".to_owned()).split(MessageId::random(rng)).unwrap().remove(0);
        for number in 1..=crate::limits::UNCONFIRMED {
            let envelope = taker.encrypt(rng, &piece, 0).unwrap().envelope;
            assert_eq!(says(&taker), (number, 0, false, number < crate::limits::UNCONFIRMED));
            if number <= 2 {
                inviter.decrypt(&envelope, 1).unwrap();
                assert_eq!(says(&inviter), (0, number, true, true));
            }
        }
        let envelope = lie(&mut inviter, rng, |history| history.received_hash[0] ^= 1);
        taker.decrypt(&envelope, 1).unwrap();
        assert_eq!(says(&taker), (crate::limits::UNCONFIRMED, 0, true, false));

        let (mut taker, mut inviter) = pair(rng);
        inviter.decrypt(&lie(&mut taker, rng, |history| history.received_hash[0] ^= 1), 1).unwrap();
        assert_eq!(says(&inviter), (0, 0, true, false), "both accounts differ");
    }
}
