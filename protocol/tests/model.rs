//! Two parties and a hostile network: bursts, loss, disorder, duplicates, junk, flips, reflection, restarts and days.
//!
//! Whatever the network does, each message opens at most once, both accounts fit, what is missing is known exactly, and
//! nothing is confirmed that was not received or given up. When the network becomes honest, everything arrives or is
//! known to be lost, and both may write again. A failure prints its seed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that can't go on is a failed test")]

mod world;

use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::take;
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{EncryptError, Session};
use cairn_protocol::wire::frame::EnvelopeBytes;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use world::{invite, taker};

const DAY: u64 = 86_400;

struct Party {
    session: Session,
    now: u64,
    sent: u64,
    /// What is kept until it is confirmed, by number.
    outbox: BTreeMap<u64, EnvelopeBytes>,
    /// What the network holds for this party.
    inbox: Vec<(u64, EnvelopeBytes)>,
    opened: BTreeSet<u64>,
    given_up: BTreeSet<u64>,
}

struct Model {
    rng: StdRng,
    parties: [Party; 2],
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (invitation, link, sealed) = invite(&mut rng);
        let bundle = link.open_bundle(&sealed).unwrap();
        let (session, first) = take(&link, &bundle, &taker(&mut rng), &mut rng).unwrap();
        let party = |session| Party {
            session,
            now: 1_800_000_000,
            sent: 0,
            outbox: BTreeMap::new(),
            inbox: Vec::new(),
            opened: BTreeSet::new(),
            given_up: BTreeSet::new(),
        };
        let inviter = party(invitation.accept(&first).unwrap().session);
        Self { rng, parties: [party(session), inviter] }
    }

    fn send(&mut self, who: usize, content: &Content) {
        let piece = content.split(MessageId::random(&mut self.rng)).unwrap().remove(0);
        let party = &mut self.parties[who];
        match party.session.encrypt(&mut self.rng, &piece, party.now * 1000) {
            Ok(sealed) => {
                assert_eq!(sealed.number, party.sent + 1);
                party.sent = sealed.number;
                party.outbox.insert(sealed.number, sealed.envelope.clone());
                self.parties[1 - who].inbox.push((sealed.number, sealed.envelope));
            }
            Err(EncryptError::Unconfirmed) => assert!(!party.session.may_send()),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn deliver(&mut self, who: usize, place: usize, once_more: bool) {
        let party = &mut self.parties[who];
        let (number, envelope) = party.inbox[place].clone();
        if !once_more {
            party.inbox.remove(place);
        }
        let known = party.opened.contains(&number) || party.given_up.contains(&number);
        let before = known.then(|| party.session.snapshot());
        match party.session.decrypt(&envelope, party.now) {
            Ok(received) => {
                assert!(!known, "{number} opened twice");
                assert_eq!(received.number, number);
                party.opened.insert(number);
                party.gave_up(received.given_up.into_iter().flatten());
            }
            // From a chain that is no longer kept a duplicate is not ours any more.
            Err(OpenError::Again | OpenError::NotOurs) => {
                assert!(known, "{number} was refused and never opened");
                assert_eq!(Some(party.session.snapshot()), before, "a refused envelope changed the state");
            }
            Err(error) => panic!("{error:?} for {number}"),
        }
        self.check();
    }

    fn tick(&mut self, who: usize) {
        let party = &mut self.parties[who];
        let given_up = party.session.tick(party.now);
        party.gave_up(given_up.into_iter().flatten());
        self.check();
    }

    fn restart(&mut self, who: usize) {
        let snapshot = self.parties[who].session.snapshot();
        self.parties[who].session = Session::restore(&snapshot).unwrap();
    }

    fn put_again(&mut self, who: usize, chance: f64) {
        let again: Vec<_> = self.parties[who].outbox.clone().into_iter().collect();
        let again = again.into_iter().filter(|_| self.rng.random_bool(chance)).collect::<Vec<_>>();
        self.parties[1 - who].inbox.extend(again);
    }

    fn filler(&mut self, who: usize) {
        if self.parties[who].session.filler_wanted(self.parties[who].now) {
            self.send(who, &Content::Filler);
        }
    }

    /// Junk, a flipped bit, and an envelope sent back to its writer: refused, and nothing changes.
    fn attack(&mut self, who: usize) {
        let mut junk: EnvelopeBytes = Box::new([0; ENVELOPE]);
        self.rng.fill_bytes(junk.as_mut_slice());
        let (byte, bit) = (self.rng.random_range(0..ENVELOPE), self.rng.random_range(0..8));
        let party = &mut self.parties[who];
        let flipped = party.inbox.first().map(|(_, envelope)| {
            let mut flipped = envelope.clone();
            flipped[byte] ^= 1 << bit;
            flipped
        });
        let reflected = party.outbox.values().next().cloned();
        let before = party.session.snapshot();
        for envelope in [Some(junk), flipped, reflected].into_iter().flatten() {
            assert_eq!(party.session.decrypt(&envelope, party.now).err(), Some(OpenError::NotOurs));
        }
        assert_eq!(party.session.snapshot(), before);
    }

    fn check(&mut self) {
        for who in 0..2 {
            let peer = &self.parties[1 - who];
            let confirmed = self.parties[who].session.confirmed();
            assert!((1..=confirmed).all(|number| peer.knows(number)), "confirmed without being received");
            let party = &mut self.parties[who];
            assert!(!party.session.differs(), "honest accounts differ");
            let highest = party.opened.last().copied().unwrap_or(0);
            let missing: Vec<u64> = (1..=highest).filter(|number| !party.knows(*number)).collect();
            assert_eq!(party.session.missing().into_iter().flatten().collect::<Vec<_>>(), missing);
            party.outbox = party.outbox.split_off(&(confirmed + 1));
        }
    }

    fn steps(&mut self, steps: u64, days: bool) {
        let loss = self.rng.random_range(0.0..0.4);
        let burst = [2, 5, 30][self.rng.random_range(0..3)];
        for _ in 0..steps {
            let who = self.rng.random_range(0..2);
            match self.rng.random_range(0..100) {
                0..30 => {
                    for _ in 0..self.rng.random_range(1..=burst) {
                        self.send(who, &Content::Text("x".to_owned()));
                    }
                }
                30..80 => {
                    for _ in 0..self.rng.random_range(1..=burst) {
                        let length = self.parties[who].inbox.len();
                        if length == 0 {
                            break;
                        }
                        let place = if self.rng.random_bool(0.5) { 0 } else { self.rng.random_range(0..length) };
                        if self.rng.random_bool(loss) {
                            self.parties[who].inbox.remove(place);
                        } else {
                            let once_more = self.rng.random_bool(0.1);
                            self.deliver(who, place, once_more);
                        }
                    }
                }
                80..87 => self.put_again(who, 0.7),
                87..93 => self.restart(who),
                93..96 => self.attack(who),
                _ if days => {
                    self.parties[who].now += self.rng.random_range(0..2 * DAY);
                    if self.rng.random_bool(0.5) {
                        self.tick(who);
                    }
                }
                _ => {}
            }
            self.filler(who);
        }
    }

    /// The network becomes honest, and both sides do what a client does.
    fn settle(&mut self) {
        for _ in 0..40 {
            (0..2).for_each(|who| self.put_again(who, 1.0));
            for who in 0..2 {
                while !self.parties[who].inbox.is_empty() {
                    self.deliver(who, 0, false);
                }
                self.restart(who);
            }
            for who in 0..2 {
                self.filler(who);
                self.parties[who].now += DAY;
                self.tick(who);
            }
        }
        for who in 0..2 {
            let (party, peer) = (&self.parties[who], &self.parties[1 - who]);
            assert!((1..=party.sent).all(|number| peer.knows(number)), "lost without being known");
            assert!(party.session.may_send(), "wedged at {} of {}", party.session.confirmed(), party.sent);
        }
    }
}

impl Party {
    fn knows(&self, number: u64) -> bool {
        self.opened.contains(&number) || self.given_up.contains(&number)
    }

    fn gave_up(&mut self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            assert!(!self.opened.contains(&number), "{number} was opened and given up");
            self.given_up.insert(number);
        }
    }
}

#[test]
fn two_honest_parties_survive_a_hostile_network() {
    // CAIRN_MODEL_SEEDS=10000 for a long run.
    let seeds = std::env::var("CAIRN_MODEL_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    for seed in 0..seeds {
        println!("seed {seed}");
        let mut model = Model::new(seed);
        model.steps(400, seed % 2 == 0);
        model.settle();
    }
}
