//! A peer who holds the keys and writes what the fuzzer says into header and body.
//!
//! The keys come out of a snapshot; all the rest is done here from protocol.md with primitives, so that nothing that the
//! crate would refuse to write stands in the way.

use super::edited;
use super::world::{NOW, World, open};
use cairn_protocol::content::Content;
use cairn_protocol::label::{self, Label};
use cairn_protocol::limits::{BODY, ENVELOPE};
use cairn_protocol::primitives::{derive, seal};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::secret::Secret;
use cairn_protocol::session::Session;
use cairn_protocol::wire::{DecodeError, Reader};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Bytes of a plain header.
const HEADER: usize = 2312;

/// HKDF with one output.
pub(super) fn derived(salt: &[u8], parts: &[&[u8]], label: Label) -> Secret {
    derive(salt, parts, label)
}

/// Length of the label, the label, the parts.
pub(super) fn data_of(label: Label, parts: &[&[u8]]) -> Vec<u8> {
    let text = label.as_str().as_bytes();
    [&[u8::try_from(text.len()).unwrap()], text, &parts.concat()].concat()
}

/// Text and tag.
pub(super) fn sealed(key: &Secret, data: &[u8], text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let tag = seal(key.duplicate(), data, &mut text);
    text.extend_from_slice(&tag);
    text
}

/// A sending chain, and what its bodies say of history.
struct Sender {
    role: u8,
    transcript: [u8; 32],
    header: [u8; 32],
    /// The chain key of the index `first`, below which it can't write.
    chain: [u8; 32],
    first: u32,
    /// D, ek and ct.
    publics: Vec<u8>,
    mark: u64,
    mark_hash: [u8; 32],
}

impl Sender {
    /// Out of the snapshot of a session that has a chain to send in.
    fn of(snapshot: &[u8]) -> Self {
        Self::read(&mut Reader::new(snapshot)).unwrap()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Version, kind, two identities, answered, three counters.
        reader.bytes(2 + 128 + 1 + 24)?;
        let (sent, confirmed) = (reader.u64()?, reader.u64()?);
        (confirmed..=sent).try_for_each(|_| reader.array::<32>().map(|_| ()))?;
        let (mark, mark_hash, _differs) = (reader.u64()?, reader.array()?, reader.flag()?);
        let ahead = usize::try_from(reader.u32()?).unwrap();
        reader.bytes(ahead * 72)?;
        let lost = usize::try_from(reader.u32()?).unwrap();
        reader.bytes(lost * 8)?;
        let (role, transcript, _root) = (reader.u8()?, reader.array()?, reader.array::<32>()?);
        assert!(reader.flag()?, "its own pair");
        reader.bytes(32 + 64)?;
        assert!(reader.flag()?, "a sending chain");
        let (header, chain, first) = (reader.array()?, reader.array()?, reader.u32()?);
        let publics = reader.bytes(HEADER - 8)?.to_vec();
        Ok(Self { role, transcript, header, chain, first, publics, mark, mark_hash })
    }

    /// The message key of a place; of one too far off to be reached, any key.
    fn message_key(&self, index: u32) -> Secret {
        let steps = index.saturating_sub(self.first);
        let mut chain = Secret::from_bytes(self.chain);
        for _ in 0..if steps > 1100 { 0 } else { steps } {
            chain = derived(&[], &[chain.expose()], label::CHAIN_NEXT);
        }
        derived(&[], &[chain.expose()], label::CHAIN_MESSAGE)
    }

    // protocol.md §6
    fn seal(&self, index: u32, header: &[u8], body: &[u8]) -> [u8; ENVELOPE] {
        let (salt, key) = ([8; 32], self.message_key(index));
        let commitment = derived(&salt, &[&self.header, key.expose()], label::ENVELOPE_COMMITMENT);
        let body_data = data_of(label::ENVELOPE_BODY_DATA, &[&[self.role], &self.transcript, header]);
        let body = sealed(&derived(&salt, &[key.expose()], label::ENVELOPE_BODY_KEY), &body_data, body);
        let parts: [&[u8]; 4] = [&[self.role], &self.transcript, commitment.expose(), &body];
        let header_data = data_of(label::ENVELOPE_HEADER_DATA, &parts);
        let header = sealed(&derived(&salt, &[&self.header], label::ENVELOPE_HEADER_KEY), &header_data, header);
        [&salt[..], commitment.expose(), &header, &body].concat().try_into().unwrap()
    }

    fn body(&self, number: u64) -> Vec<u8> {
        let mut body = [&number.to_be_bytes()[..], &[7; 32], &self.mark.to_be_bytes(), &self.mark_hash].concat();
        body.extend_from_slice(&(NOW * 1000).to_be_bytes());
        body.extend_from_slice(&[7; 16]);
        body.extend_from_slice(&[0, 1, 1, 0, 1, 0, 5]);
        body.extend_from_slice(b"hello");
        body.resize(BODY, 0);
        body
    }
}

/// Which chain of the receiver the sender writes in, and what the receiver knows of it.
enum Chain {
    /// The current one: next index, skipped ones, whether its ciphertext is known.
    Current { next: u32, late: BTreeSet<u32>, known: bool },
    /// One that the receiver has not seen: how many it has received of the one before, none where there was none.
    Next { received: Option<u32> },
    /// One that the peer has left: skipped ones.
    Old { late: BTreeSet<u32> },
}

struct State {
    sender: Sender,
    receiver: Vec<u8>,
    chain: Chain,
}

static STATES: LazyLock<Vec<State>> = LazyLock::new(|| {
    let mut states = Vec::new();
    let mut keep = |sender: &[u8], receiver: &[u8], chain: Chain| {
        states.push(State { sender: Sender::of(sender), receiver: receiver.to_vec(), chain });
    };
    let mut world = World::new();
    let start = world.taker.snapshot();
    keep(&start, &world.inviter.snapshot(), Chain::Current { next: 0, late: BTreeSet::new(), known: false });

    // The first, the third and the fifth of six have come.
    let sent: Vec<_> = (0..6).map(|_| world.taker_writes("chain 0")).collect();
    for envelope in [&sent[0], &sent[2], &sent[4]] {
        world.inviter.decrypt(envelope, NOW).unwrap();
    }
    let mut late = BTreeSet::from([1, 3]);
    let chain = Chain::Current { next: 5, late: late.clone(), known: true };
    keep(&start, &world.inviter.snapshot(), chain);

    // The inviter's first chain: to the taker the first of all.
    let answer = world.inviter_writes("answer");
    keep(&world.inviter.snapshot(), &world.taker.snapshot(), Chain::Next { received: None });

    // The taker's chain 1, of which the inviter has seen nothing.
    world.taker.decrypt(&answer, NOW).unwrap();
    let second = world.taker_writes("chain 1");
    keep(&world.taker.snapshot(), &world.inviter.snapshot(), Chain::Next { received: Some(5) });

    // Its chain 0, after the inviter has seen chain 1: the sixth was skipped too.
    world.inviter.decrypt(&second, NOW).unwrap();
    late.insert(5);
    keep(&start, &world.inviter.snapshot(), Chain::Old { late });
    states
});

/// A header opens exactly if the page allows it.
pub(super) fn header(data: &[u8]) -> bool {
    let Some((state, data)) = data.split_first() else { return false };
    let Some((counters, edits)) = data.split_first_chunk::<8>() else { return false };
    let state = &STATES[usize::from(*state) % STATES.len()];
    let publics = edited(&state.sender.publics, edits);
    let header = [counters.as_slice(), &publics].concat();
    let mut reader = Reader::new(counters);
    let (previous, index) = (reader.u32().unwrap(), reader.u32().unwrap());

    let same = publics == state.sender.publics && index >= state.sender.first;
    let (allowed, base) = match &state.chain {
        Chain::Current { next, late, known } => {
            // The ciphertext of chain 0 is random, and known from its first envelope on.
            let same = if *known { same } else { publics[..1216] == state.sender.publics[..1216] };
            let ahead = index.checked_sub(*next).is_some_and(|skipped| skipped <= 512);
            (same && (ahead || late.contains(&index)), 0)
        }
        Chain::Next { received } => {
            let behind = u64::from(previous).checked_sub(received.unwrap_or(0).into());
            let within = behind.is_some_and(|behind| behind + u64::from(index) <= 512);
            (same && within && (received.is_some() || previous == 0), previous.into())
        }
        Chain::Old { late } => (same && late.contains(&index), 0),
    };
    let number = base + u64::from(index) + 1;
    let envelope = state.sender.seal(index, &header, &state.sender.body(number));
    let mut receiver = Session::restore(&state.receiver).unwrap();
    match open(&mut receiver, &envelope) {
        Ok(received) => {
            assert!(allowed, "previous {previous}, index {index}");
            assert_eq!(received.number, number);
            assert!(open(&mut receiver, &envelope).is_err(), "it came again");
        }
        Err(error) => {
            assert!(!allowed, "{error:?}: previous {previous}, index {index}");
            assert_ne!(error, OpenError::NotOurs, "the seal of the header is right");
        }
    }
    allowed
}

/// A body opens exactly if the page allows it, and is taken as it was written.
pub(super) fn body(data: &[u8]) -> bool {
    let Some((state, edits)) = data.split_first() else { return false };
    let state = &STATES[usize::from(*state) % STATES.len()];
    let (previous, index) = match &state.chain {
        Chain::Current { next, .. } => (0, *next),
        Chain::Next { received } => (received.unwrap_or(0), state.sender.first),
        Chain::Old { late } => (0, *late.first().unwrap()),
    };
    let number = u64::from(previous) + u64::from(index) + 1;
    let header = [&previous.to_be_bytes(), &index.to_be_bytes(), state.sender.publics.as_slice()].concat();
    let body = edited(&state.sender.body(number), edits);
    let envelope = state.sender.seal(index, &header, &body);
    let mut receiver = Session::restore(&state.receiver).unwrap();
    let confirmed = receiver.confirmed();

    // protocol.md §7.1
    let length = usize::from(u16::from_be_bytes([body[109], body[110]]));
    let allowed = body[..8] == number.to_be_bytes()
        && (1..=64).contains(&body[105])
        && body[104] < body[105]
        && body[106] <= 1
        && length <= 1577
        && body[111 + length..].iter().all(|byte| *byte == 0);
    match open(&mut receiver, &envelope) {
        Ok(received) => {
            assert!(allowed);
            let piece = &received.piece;
            let mut taken = [&received.sent_at.to_be_bytes()[..], piece.id.as_bytes()].concat();
            taken.extend_from_slice(&[piece.index, piece.count, u8::from(piece.shown)]);
            taken.extend_from_slice(&piece.kind.to_be_bytes());
            taken.extend_from_slice(&u16::try_from(piece.payload.len()).unwrap().to_be_bytes());
            taken.extend_from_slice(&piece.payload);
            assert_eq!(taken, body[80..111 + length]);
            // §8.3: a confirmation of ours that was never true stops the conversation.
            let stated = u64::from_be_bytes(body[40..48].try_into().unwrap());
            let untrue = stated >= confirmed && body[40..80] != state.sender.body(number)[40..80];
            assert!(receiver.differs() || !untrue);
            let _content = Content::join(std::slice::from_ref(piece));
            let again = Session::restore(&receiver.snapshot()).unwrap();
            assert_eq!(again.snapshot(), receiver.snapshot());
        }
        Err(error) => {
            assert!(!allowed, "{error:?}");
            assert_eq!(error, OpenError::Body);
        }
    }
    allowed
}
