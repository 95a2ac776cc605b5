//! Two parties, and a network that does what the fuzzer says.
//!
//! Each step is two bytes: what happens to whom, and a number. Whatever happens, each message opens at most once and says
//! what was written, the accounts of both sides fit, holes are known exactly, and nothing is confirmed that did not come.
//! At the end the network becomes honest, and then everything has come or is known to be lost.

use super::world::{DAY, NOW, World, open};
use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{EncryptError, Session};
use cairn_protocol::wire::frame::EnvelopeBytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Steps of one input, at most: the fuzzer looks for short stories.
const STEPS: usize = 64;

struct Party {
    session: Session,
    now: u64,
    /// Envelopes and what they say, kept until they are confirmed.
    outbox: BTreeMap<u64, (EnvelopeBytes, Piece)>,
    /// What the network holds for this party.
    inbox: Vec<(u64, EnvelopeBytes, Piece)>,
    opened: BTreeSet<u64>,
    given_up: BTreeSet<u64>,
}

struct Story {
    rng: StdRng,
    parties: [Party; 2],
}

static START: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let world = World::new();
    [world.taker.snapshot().to_vec(), world.inviter.snapshot().to_vec()]
});

/// Runs one schedule; whether any envelope opened before the network became honest.
pub(super) fn schedule(data: &[u8]) -> bool {
    let party = |saved: &Vec<u8>| Party {
        session: Session::restore(saved).unwrap(),
        now: NOW,
        outbox: BTreeMap::new(),
        inbox: Vec::new(),
        opened: BTreeSet::new(),
        given_up: BTreeSet::new(),
    };
    let parties = [party(&START[0]), party(&START[1])];
    let mut story = Story { rng: StdRng::seed_from_u64(6), parties };
    for step in data.chunks_exact(2).take(STEPS) {
        story.step(usize::from(step[0] % 2), step[0] / 2 % 8, step[1]);
        story.check();
    }
    let opened = story.parties.iter().any(|party| !party.opened.is_empty());
    story.settle();
    opened
}

impl Story {
    fn step(&mut self, who: usize, what: u8, number: u8) {
        let party = &mut self.parties[who];
        let waiting = party.inbox.len();
        let place = usize::from(number) % waiting.max(1);
        match what {
            0 => (0..=number % 4).for_each(|_| self.send(who, &Content::Text("x".repeat(number.into())))),
            1 if waiting > 0 => {
                let (number, envelope, piece) = party.inbox.remove(place);
                party.take_in(number, &envelope, &piece);
            }
            2 if waiting > 0 => {
                let (number, envelope, piece) = party.inbox[place].clone();
                party.take_in(number, &envelope, &piece);
            }
            3 if waiting > 0 => drop(party.inbox.remove(place)),
            4 => self.refuse(who, place, number),
            5 => party.session = Session::restore(&party.session.snapshot()).unwrap(),
            6 => self.put_again(who),
            _ => {
                party.now += DAY / 8 * u64::from(number);
                if number.is_multiple_of(2) {
                    party.tick();
                }
            }
        }
    }

    fn send(&mut self, who: usize, content: &Content) {
        let piece = content.split(MessageId::random(&mut self.rng)).unwrap().remove(0);
        let party = &mut self.parties[who];
        let may = party.session.may_send();
        let sealed = match party.session.encrypt(&mut self.rng, &piece, party.now * 1000) {
            Ok(sealed) => sealed,
            Err(error) => {
                assert_eq!((error, may), (EncryptError::Unconfirmed, false));
                return;
            }
        };
        assert_eq!(sealed.number, party.session.sent());
        party.outbox.insert(sealed.number, (sealed.envelope.clone(), piece.clone()));
        self.parties[1 - who].inbox.push((sealed.number, sealed.envelope, piece));
    }

    /// A flipped bit, and an envelope sent back to its writer.
    fn refuse(&mut self, who: usize, place: usize, number: u8) {
        let party = &mut self.parties[who];
        if let Some((_, envelope, _)) = party.inbox.get(place) {
            let mut flipped = envelope.clone();
            flipped[usize::from(number) * 16] ^= 1 << (number % 8);
            assert_eq!(open(&mut party.session, &flipped).err(), Some(OpenError::NotOurs));
        }
        if let Some((envelope, _)) = party.outbox.values().next() {
            assert_eq!(open(&mut party.session, envelope).err(), Some(OpenError::NotOurs));
        }
    }

    fn put_again(&mut self, who: usize) {
        let again = self.parties[who]
            .outbox
            .iter()
            .map(|(number, (envelope, piece))| (*number, envelope.clone(), piece.clone()));
        let again: Vec<_> = again.collect();
        self.parties[1 - who].inbox.extend(again);
    }

    fn check(&mut self) {
        for who in 0..2 {
            let confirmed = self.parties[who].session.confirmed();
            let peer = &self.parties[1 - who];
            assert!((1..=confirmed).all(|number| peer.knows(number)), "confirmed without being received");
            let party = &mut self.parties[who];
            assert!(!party.session.differs(), "honest accounts differ");
            let highest = party.opened.last().copied().unwrap_or(0);
            let missing: Vec<u64> = (1..=highest).filter(|number| !party.knows(*number)).collect();
            assert_eq!(party.session.missing().into_iter().flatten().collect::<Vec<_>>(), missing);
            party.outbox = party.outbox.split_off(&(confirmed + 1));
        }
    }

    fn settle(&mut self) {
        for _ in 0..3 {
            for who in 0..2 {
                self.put_again(who);
                let party = &mut self.parties[1 - who];
                for (number, envelope, piece) in std::mem::take(&mut party.inbox) {
                    if !party.knows(number) {
                        party.take_in(number, &envelope, &piece);
                    }
                }
                self.send(1 - who, &Content::Filler);
            }
            self.check();
        }
        for who in 0..2 {
            let (party, peer) = (&self.parties[who], &self.parties[1 - who]);
            let behind = party.outbox.keys().filter(|number| !peer.knows(**number)).count();
            // The last filler of one side is still on its way.
            assert!(behind <= 1, "{behind} lost without being known");
            assert!(party.session.may_send(), "nothing can be written any more");
        }
    }
}

impl Party {
    fn take_in(&mut self, number: u64, envelope: &EnvelopeBytes, piece: &Piece) {
        let known = self.knows(number);
        let before = known.then(|| self.session.snapshot());
        match self.session.decrypt(envelope, self.now) {
            Ok(received) => {
                assert!(!known, "{number} opened twice");
                assert_eq!((received.number, &received.piece), (number, piece));
                self.opened.insert(number);
                self.give_up(received.given_up);
            }
            Err(error) => {
                assert!(known && matches!(error, OpenError::Again | OpenError::NotOurs), "{error:?} for {number}");
                assert_eq!(Some(self.session.snapshot()), before, "a refused envelope changed the state");
            }
        }
    }

    fn tick(&mut self) {
        let given_up = self.session.tick(self.now);
        self.give_up(given_up);
    }

    fn give_up(&mut self, ranges: Vec<RangeInclusive<u64>>) {
        for number in ranges.into_iter().flatten() {
            assert!(!self.opened.contains(&number), "{number} was opened and given up");
            self.given_up.insert(number);
        }
    }

    fn knows(&self, number: u64) -> bool {
        self.opened.contains(&number) || self.given_up.contains(&number)
    }
}
