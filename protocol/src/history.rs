//! The history of both directions: numbers and hashes that make dropped, inserted and forked messages
//! visible (protocol.md §8).
//!
//! In: the history fields of bodies, whole envelopes. Out: holes, confirmations, and whether both accounts fit. This file
//! must never learn what a message says.

use crate::label;
use crate::limits::{CONTROL_RESERVE, ENVELOPE, SKIP_STEP, SKIP_TOTAL, UNCONFIRMED};
use crate::primitives::{hash, same_bytes};
use crate::role::Role;
use crate::wire::message::HistoryFields;
use crate::wire::{DecodeError, Reader, Writer};
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Numbers received or lost above the mark that are kept. An honest peer stays within [`UNCONFIRMED`].
const AHEAD: u64 = SKIP_TOTAL as u64;

/// Numbers stay below this, so that none of them can overflow.
const NUMBERS: u64 = 1 << 63;

const _: () = assert!(UNCONFIRMED + CONTROL_RESERVE < SKIP_STEP as u64);

/// A number above the mark.
struct Ahead {
    /// H(number − 1) as the sender stated it.
    previous: [u8; 32],
    /// H(number), computed with it.
    hash: [u8; 32],
}

/// Both directions of one conversation.
pub(crate) struct History {
    /// Our last number.
    sent: u64,
    /// H(k) of ours for k from `confirmed` to `sent`.
    sent_hashes: VecDeque<[u8; 32]>,
    /// Highest number of ours that the peer has received without a hole.
    confirmed: u64,
    /// Highest number of theirs that we have received, or declared lost, without a hole.
    mark: u64,
    /// H(mark) of theirs.
    mark_hash: [u8; 32],
    ahead: BTreeMap<u64, Ahead>,
    lost: BTreeSet<u64>,
    /// The accounts of both sides do not fit: a copy or an older state of one side is in use. Never cleared.
    differs: bool,
}

/// H(0) = SHA-256(label ‖ transcript ‖ role of the sender). // protocol.md §8.1
fn start(transcript: &[u8; 32], sender: Role) -> [u8; 32] {
    hash(label::HISTORY_START, &[transcript, &[sender.byte()]])
}

/// H(n) = SHA-256(label ‖ H(n − 1) ‖ envelope). // protocol.md §8.1
fn step(previous: &[u8; 32], envelope: &[u8; ENVELOPE]) -> [u8; 32] {
    hash(label::HISTORY_STEP, &[previous, envelope])
}

impl History {
    pub(crate) fn new(transcript: &[u8; 32], role: Role) -> Self {
        Self {
            sent: 0,
            sent_hashes: VecDeque::from([start(transcript, role)]),
            confirmed: 0,
            mark: 0,
            mark_hash: start(transcript, role.peer()),
            ahead: BTreeMap::new(),
            lost: BTreeSet::new(),
            differs: false,
        }
    }

    pub(crate) const fn confirmed(&self) -> u64 {
        self.confirmed
    }

    pub(crate) const fn differs(&self) -> bool {
        self.differs
    }

    /// Whether one more message may be unconfirmed.
    pub(crate) const fn may_send(&self, control: bool) -> bool {
        let reserve = if control { CONTROL_RESERVE } else { 0 };
        self.sent.saturating_sub(self.confirmed) < UNCONFIRMED + reserve
    }

    /// Our last number; 0 before the first.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Highest number of theirs received or lost without a hole.
    pub(crate) const fn mark(&self) -> u64 {
        self.mark
    }

    /// How many of theirs have come that lie behind a hole.
    pub(crate) fn ahead(&self) -> u64 {
        u64::from(count(self.ahead.len()))
    }

    /// The fields of our next message. Nothing moves yet.
    pub(crate) fn next(&self) -> HistoryFields {
        HistoryFields {
            number: self.sent.saturating_add(1),
            previous: self.sent_hashes.back().copied().unwrap_or_default(),
            received: self.mark,
            received_hash: self.mark_hash,
        }
    }

    /// Our next message was sealed into `envelope`.
    pub(crate) fn sealed(&mut self, fields: &HistoryFields, envelope: &[u8; ENVELOPE]) {
        self.sent = fields.number;
        self.sent_hashes.push_back(step(&fields.previous, envelope));
    }

    /// Whether a number of theirs is new.
    pub(crate) fn is_new(&self, number: u64) -> bool {
        number > self.mark && !self.ahead.contains_key(&number) && !self.lost.contains(&number)
    }

    /// Whether a number is further ahead than an honest peer can be.
    pub(crate) const fn is_far_ahead(&self, number: u64) -> bool {
        number >= NUMBERS || number.saturating_sub(self.mark) > AHEAD
    }

    /// Their message `fields.number` has opened; it is new and not far ahead.
    pub(crate) fn opened(&mut self, fields: &HistoryFields, envelope: &[u8; ENVELOPE]) {
        let hash = step(&fields.previous, envelope);
        if fields.number == self.mark.saturating_add(1) {
            self.pass(fields.number, &Ahead { previous: fields.previous, hash });
        } else {
            self.ahead.insert(fields.number, Ahead { previous: fields.previous, hash });
        }
        self.advance();
        self.confirm(fields);
    }

    /// These numbers of theirs can't be opened any more.
    pub(crate) fn lose(&mut self, numbers: impl IntoIterator<Item = u64>) {
        let (mark, ahead) = (self.mark, &self.ahead);
        self.lost.extend(numbers.into_iter().filter(|number| *number > mark && !ahead.contains_key(number)));
        self.advance();
    }

    /// Holes below the highest number received, lowest first.
    pub(crate) fn missing(&self) -> Vec<RangeInclusive<u64>> {
        let mut holes = Vec::new();
        let mut next = self.mark.saturating_add(1);
        let mut known: Vec<u64> = self.ahead.keys().chain(&self.lost).copied().collect();
        known.sort_unstable();
        for number in known {
            if number > next {
                holes.push(next..=number - 1);
            }
            next = number.saturating_add(1);
        }
        holes
    }

    /// Moves the mark over what was received or lost, and compares the stated hashes with the computed ones.
    fn advance(&mut self) {
        loop {
            let next = self.mark.saturating_add(1);
            if let Some(ahead) = self.ahead.remove(&next) {
                self.pass(next, &ahead);
                continue;
            }
            // Past a run of lost numbers the hash is known from the message behind it.
            let mut behind = next;
            while self.lost.contains(&behind) {
                behind = behind.saturating_add(1);
            }
            let Some(ahead) = self.ahead.get(&behind).filter(|_| behind > next) else { return };
            self.mark_hash = ahead.previous;
            self.mark = behind - 1;
            self.lost.retain(|number| *number > behind);
        }
    }

    /// The mark moves to the number behind it, whose message is known.
    fn pass(&mut self, number: u64, message: &Ahead) {
        self.differs |= !same_bytes(&message.previous, &self.mark_hash);
        self.mark = number;
        self.mark_hash = message.hash;
    }

    /// Bytes that [`write`](Self::write) needs for what has no fixed size.
    pub(crate) fn room(&self) -> usize {
        32 * self.sent_hashes.len() + 72 * self.ahead.len() + 8 * self.lost.len()
    }

    /// What the peer says it has received of ours.
    fn confirm(&mut self, fields: &HistoryFields) {
        if fields.received < self.confirmed {
            return; // written before a confirmation that has arrived already
        }
        let offset = usize::try_from(fields.received - self.confirmed).unwrap_or(usize::MAX);
        // None: the peer has received what we never sent: a newer copy of this state exists.
        if !self.sent_hashes.get(offset).is_some_and(|sent| same_bytes(sent, &fields.received_hash)) {
            self.differs = true;
            return;
        }
        self.sent_hashes.drain(..offset);
        self.confirmed = fields.received;
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.sent).u64(self.confirmed);
        for hash in &self.sent_hashes {
            writer.bytes(hash);
        }
        writer.u64(self.mark).bytes(&self.mark_hash).flag(self.differs);
        writer.u32(count(self.ahead.len()));
        for (number, ahead) in &self.ahead {
            writer.u64(*number).bytes(&ahead.previous).bytes(&ahead.hash);
        }
        writer.u32(count(self.lost.len()));
        for number in &self.lost {
            writer.u64(*number);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (sent, confirmed) = (reader.u64()?, reader.u64()?);
        let unconfirmed = sent.checked_sub(confirmed).ok_or(DecodeError::Invalid)?;
        if unconfirmed > UNCONFIRMED + CONTROL_RESERVE {
            return Err(DecodeError::TooLong);
        }
        let sent_hashes = (0..=unconfirmed).map(|_| reader.array()).collect::<Result<_, _>>()?;
        let (mark, mark_hash, differs) = (reader.u64()?, reader.array()?, reader.flag()?);
        if sent >= NUMBERS || mark >= NUMBERS {
            return Err(DecodeError::Invalid);
        }
        let mut ahead = BTreeMap::new();
        for _ in 0..bounded(reader)? {
            let number = ascending(reader.u64()?, ahead.last_key_value().map_or(mark, |(last, _)| *last))?;
            ahead.insert(number, Ahead { previous: reader.array()?, hash: reader.array()? });
        }
        let mut lost = BTreeSet::new();
        for _ in 0..bounded(reader)? {
            lost.insert(ascending(reader.u64()?, lost.last().copied().unwrap_or(mark))?);
        }
        Ok(Self { sent, sent_hashes, confirmed, mark, mark_hash, ahead, lost, differs })
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn bounded(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let count = reader.u32()?;
    if u64::from(count) > AHEAD { Err(DecodeError::TooLong) } else { Ok(count) }
}

const fn ascending(number: u64, after: u64) -> Result<u64, DecodeError> {
    if number > after && number < NUMBERS { Ok(number) } else { Err(DecodeError::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSCRIPT: [u8; 32] = [1; 32];

    fn pair() -> (History, History) {
        (History::new(&TRANSCRIPT, Role::Taker), History::new(&TRANSCRIPT, Role::Inviter))
    }

    fn send(from: &mut History, mark: u8) -> (HistoryFields, [u8; ENVELOPE]) {
        let (fields, envelope) = (from.next(), [mark; ENVELOPE]);
        from.sealed(&fields, &envelope);
        (fields, envelope)
    }

    #[test]
    fn a_hole_is_seen_and_closes_when_the_missing_message_comes() {
        let (mut a, mut b) = pair();
        let sent: Vec<_> = (1..=4).map(|mark| send(&mut a, mark)).collect();
        for index in [0, 3, 1] {
            b.opened(&sent[index].0, &sent[index].1);
        }
        assert_eq!((b.missing(), b.mark(), b.ahead(), a.sent()), (vec![3..=3], 2, 1, 4));
        b.opened(&sent[2].0, &sent[2].1);
        assert!(b.missing().is_empty() && b.ahead() == 0 && !b.differs());
        let (fields, envelope) = send(&mut b, 9);
        a.opened(&fields, &envelope);
        assert_eq!((a.confirmed(), a.differs()), (4, false));
        // The next confirmation counts on from this one.
        let (fields, envelope) = send(&mut a, 5);
        b.opened(&fields, &envelope);
        let (fields, envelope) = send(&mut b, 8);
        a.opened(&fields, &envelope);
        assert_eq!((a.confirmed(), a.differs()), (5, false));
    }

    #[test]
    fn a_replaced_message_makes_the_accounts_differ() {
        let (mut a, mut b) = pair();
        let (first, second) = (send(&mut a, 1), send(&mut a, 2));
        b.opened(&first.0, &[7; ENVELOPE]);
        assert!(!b.differs());
        b.opened(&second.0, &second.1);
        assert!(b.differs());
    }

    #[test]
    fn an_older_state_learns_from_the_peer_that_it_is_older() {
        let (mut a, mut b) = pair();
        let mut older = History::new(&TRANSCRIPT, Role::Taker);
        let (fields, envelope) = send(&mut a, 1);
        b.opened(&fields, &envelope);
        let (fields, envelope) = send(&mut b, 2);
        older.opened(&fields, &envelope);
        assert!(older.differs());
        a.opened(&fields, &envelope);
        assert!(!a.differs());
    }

    #[test]
    fn the_mark_moves_past_lost_numbers_once_the_hash_behind_them_is_known() {
        let (mut a, mut b) = pair();
        let sent: Vec<_> = (1..=5).map(|mark| send(&mut a, mark)).collect();
        b.opened(&sent[4].0, &sent[4].1);
        assert_eq!(b.missing(), [1..=4]);
        b.lose(1..=2);
        assert_eq!((b.missing(), b.next().received), (vec![3..=4], 0));
        b.lose(3..=4);
        assert_eq!((b.missing(), b.next().received, b.differs()), (vec![], 5, false));
        let (fields, envelope) = send(&mut b, 9);
        a.opened(&fields, &envelope);
        assert_eq!((a.confirmed(), a.differs()), (5, false));
    }

    #[test]
    fn at_most_480_messages_are_unconfirmed_and_no_number_far_ahead_is_taken() {
        let (mut a, b) = pair();
        for _ in 0..UNCONFIRMED {
            assert!(a.may_send(false));
            send(&mut a, 1);
        }
        for _ in 0..CONTROL_RESERVE {
            assert!(!a.may_send(false) && a.may_send(true));
            send(&mut a, 1);
        }
        assert!(!a.may_send(true));
        assert!(b.is_new(1) && !b.is_new(0));
        assert!(!b.is_far_ahead(AHEAD) && b.is_far_ahead(AHEAD + 1) && b.is_far_ahead(u64::MAX));
    }

    #[test]
    fn history_survives_a_snapshot() {
        let (mut a, mut b) = pair();
        let sent: Vec<_> = (1..=6).map(|mark| send(&mut a, mark)).collect();
        for index in [0, 3, 5] {
            b.opened(&sent[index].0, &sent[index].1);
        }
        b.lose([5]);
        for history in [a, b] {
            let mut writer = Writer::default();
            history.write(&mut writer);
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            let read = History::read(&mut reader).unwrap();
            reader.finish().unwrap();
            let mut again = Writer::default();
            read.write(&mut again);
            assert_eq!(again.finish(), bytes);
        }
    }

    /// A saved history by hand: the mark's number, and the numbers above it.
    fn saved([sent, confirmed, mark]: [u64; 3], ahead: &[u64], lost: &[u64]) -> Result<(), DecodeError> {
        let mut writer = Writer::default();
        writer.u64(sent).u64(confirmed);
        for _ in confirmed..=sent.min(confirmed + 600) {
            writer.bytes(&[1; 32]);
        }
        writer.u64(mark).bytes(&[2; 32]).flag(false).u32(count(ahead.len()));
        for number in ahead {
            writer.u64(*number).bytes(&[3; 64]);
        }
        writer.u32(count(lost.len()));
        for number in lost {
            writer.u64(*number);
        }
        let mut reader = Reader::new(writer.as_bytes());
        History::read(&mut reader)?;
        reader.finish()
    }

    #[test]
    fn a_saved_history_is_refused_above_each_of_its_bounds() {
        let (last, most) = (NUMBERS - 1, UNCONFIRMED + CONTROL_RESERVE);
        assert_eq!(saved([most + 5, 5, 0], &[], &[]), Ok(()));
        assert_eq!(saved([most + 6, 5, 0], &[], &[]), Err(DecodeError::TooLong));
        assert_eq!(saved([4, 5, 0], &[], &[]), Err(DecodeError::Invalid), "confirmed without being sent");
        assert_eq!(saved([last, last, last], &[], &[]), Ok(()));
        assert_eq!(saved([NUMBERS, NUMBERS, 0], &[], &[]), Err(DecodeError::Invalid));
        assert_eq!(saved([0, 0, NUMBERS], &[], &[]), Err(DecodeError::Invalid));

        let many = |count: u64| (7..7 + count).collect::<Vec<_>>();
        for (good, bad, error) in [
            (many(AHEAD), many(AHEAD + 1), DecodeError::TooLong),
            (vec![7], vec![6], DecodeError::Invalid),
            (vec![7, 8], vec![7, 7], DecodeError::Invalid),
            (vec![7, 9], vec![9, 7], DecodeError::Invalid),
            (vec![last], vec![NUMBERS], DecodeError::Invalid),
        ] {
            assert_eq!((saved([0, 0, 6], &good, &[]), saved([0, 0, 6], &[], &good)), (Ok(()), Ok(())));
            assert_eq!((saved([0, 0, 6], &bad, &[]), saved([0, 0, 6], &[], &bad)), (Err(error), Err(error)));
        }
    }

    fn bytes(history: &History) -> Vec<u8> {
        let mut writer = Writer::default();
        history.write(&mut writer);
        writer.as_bytes().to_vec()
    }

    #[test]
    fn what_has_come_or_lies_below_the_mark_is_neither_new_nor_lost() {
        let (mut a, mut b) = pair();
        let sent: Vec<_> = (1..=4).map(|mark| send(&mut a, mark)).collect();
        for index in [0, 2] {
            b.opened(&sent[index].0, &sent[index].1);
        }
        let before = bytes(&b);
        b.lose([0, 1, 3]);
        assert_eq!(bytes(&b), before);
        b.lose([4]);
        assert_ne!(bytes(&b), before);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|number| b.is_new(number)), [false, false, true, false, false, true]);
    }

    #[test]
    fn the_mark_moves_past_two_runs_of_lost_numbers_in_one_go() {
        let (mut a, mut b) = pair();
        let sent: Vec<_> = (1..=6).map(|mark| send(&mut a, mark)).collect();
        for index in [2, 5] {
            b.opened(&sent[index].0, &sent[index].1);
        }
        b.lose([1, 2, 4, 5]);
        assert_eq!((b.missing(), b.mark(), b.differs()), (vec![], 6, false));
        // Nothing of it is kept: a history that has just begun from there looks the same.
        assert_eq!(bytes(&b).len(), bytes(&pair().1).len());
    }

    #[test]
    fn no_number_reaches_the_end_of_numbers() {
        let (_, mut b) = pair();
        b.mark = NUMBERS - 2;
        assert!(!b.is_far_ahead(NUMBERS - 1) && b.is_far_ahead(NUMBERS));
    }
}
