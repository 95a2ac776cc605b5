//! What somebody can read who recorded every envelope and came by a captured state, by all keys of one kind, or by both:
//! nothing earlier, nothing after one clean round trip, nothing with one half. The same hand reads all of it when it has
//! both halves, so that what fails fails for want of them.
#![expect(clippy::unwrap_used, reason = "a story that can't go on is a failed test")]

mod attacker;
mod formulas;
mod world;

use attacker::{Attacker, Loot, captured};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::take;
use cairn_protocol::identity::IdentitySecret;
use cairn_protocol::primitives::AgreementSecret;
use cairn_protocol::session::Session;
use cairn_protocol::wire::frame::EnvelopeBytes;
use formulas::{NOW, Taking, array};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use world::{Side, World, invite, taker};
use zeroize::Zeroizing;

const TAKER: usize = 0;
const INVITER: usize = 1;
const BOTH: [usize; 2] = [TAKER, INVITER];

/// A recorded conversation, and each private key that was ever in a state of it.
struct Story {
    rng: StdRng,
    sessions: [Session; 2],
    taking: Taking,
    first: EnvelopeBytes,
    /// By place: who wrote it, and the envelope. Its text is its place.
    written: Vec<(usize, EnvelopeBytes)>,
    opened: [BTreeSet<usize>; 2],
    loot: Loot,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (ana, link, sealed) = invite(&mut rng);
        let told = taker(&mut rng);
        // The taker's identity and E are the first things that he draws.
        let drawn = &mut StdRng::seed_from_u64(seed + 1000);
        let bundle = link.open_bundle(&sealed).unwrap();
        let (dana, first) = take(&link, &bundle, &told, drawn).unwrap();
        let drawn = &mut StdRng::seed_from_u64(seed + 1000);
        let identity = IdentitySecret::random(drawn).public().agreement;
        let e = AgreementSecret::random(drawn);
        let taking = Taking::new(&link, &sealed, &mut rng);
        let plain = formulas::open_first(&taking.l, &first);
        assert_eq!((&plain[34..66], &plain[66..98]), (&identity.as_bytes()[..], &e.public().as_bytes()[..]));
        // IdentitySecret: Ed25519, then X25519.
        let drawn = &mut StdRng::seed_from_u64(seed + 1000);
        let _signing = AgreementSecret::random(drawn);
        let identity = AgreementSecret::random(drawn);
        // The saved invitation: version, kind, Ed25519, X25519, prekey, KEM seed.
        let saved = ana.snapshot();
        let agreement =
            vec![*identity.to_secret().expose(), *e.to_secret().expose(), array(&saved[34..66]), array(&saved[66..98])];
        let loot = Loot { agreement, kem: Vec::new(), kem_1024: Some(array(&saved[98..162])) };
        let sessions = [dana, ana.accept(&first).unwrap().session];
        let (written, opened) = (Vec::new(), [BTreeSet::new(), BTreeSet::new()]);
        let mut story = Self { rng, sessions, taking, first, written, opened, loot };
        BOTH.into_iter().for_each(|who| story.note_keys(who));
        story
    }

    fn note_keys(&mut self, who: usize) {
        let state = captured(&self.sessions[who].snapshot()).loot;
        self.loot.agreement.extend(state.agreement);
        self.loot.kem.extend(state.kem);
    }

    /// Somebody writes, and it is on its way. Returns its place.
    fn write(&mut self, who: usize) -> usize {
        let place = self.written.len();
        let piece = Content::Text(place.to_string()).split(MessageId::random(&mut self.rng)).unwrap().remove(0);
        let sealed = self.sessions[who].encrypt(&mut self.rng, &piece, NOW * 1000).unwrap();
        self.written.push((who, sealed.envelope));
        self.note_keys(who);
        place
    }

    fn open(&mut self, place: usize) {
        let (who, envelope) = &self.written[place];
        let peer = 1 - *who;
        self.sessions[peer].decrypt(envelope, NOW).unwrap();
        self.opened[peer].insert(place);
    }

    /// Written and read, once each way, beginning with `who`.
    fn round_trip(&mut self, who: usize) {
        for writer in [who, 1 - who] {
            let place = self.write(writer);
            self.open(place);
        }
    }

    fn snapshot(&self, who: usize) -> Zeroizing<Vec<u8>> {
        self.sessions[who].snapshot()
    }

    /// Places that an attacker reads of all that was written.
    fn read_by(&self, mut attacker: Attacker) -> BTreeSet<usize> {
        let read = |(place, (_, envelope)): (usize, &(usize, EnvelopeBytes))| {
            attacker.read(envelope).map(|text| assert_eq!(text, place.to_string())).map(|()| place)
        };
        self.written.iter().enumerate().filter_map(read).collect()
    }

    /// All private keys of one kind, or of both.
    fn keys(&self, classical: bool, quantum: bool) -> Loot {
        Loot {
            agreement: if classical { self.loot.agreement.clone() } else { Vec::new() },
            kem: if quantum { self.loot.kem.clone() } else { Vec::new() },
            kem_1024: self.loot.kem_1024.filter(|_| quantum),
        }
    }
}

/// Whether these bytes stand anywhere in a saved state.
fn holds(saved: &[u8], secret: &[u8]) -> bool {
    saved.windows(secret.len()).any(|window| window == secret)
}

// Check 16.

#[test]
fn a_captured_state_opens_nothing_earlier_but_what_has_not_come_yet() {
    let mut story = Story::new(1);
    let mut captures = Vec::new();
    let capture = |story: &Story, captures: &mut Vec<_>| {
        for who in BOTH {
            let own: BTreeSet<usize> =
                (0..story.written.len()).filter(|place| story.written[*place].0 == who).collect();
            captures.push((who, story.snapshot(who), own, story.opened[who].clone(), story.written.len()));
        }
    };
    // Three turns each way; of three envelopes the middle one stays behind until the end.
    let mut late = Vec::new();
    for turn in 0..6 {
        let who = if turn % 2 == 0 { TAKER } else { INVITER };
        let places: Vec<usize> = (0..3).map(|_| story.write(who)).collect();
        capture(&story, &mut captures);
        story.open(places[2]);
        capture(&story, &mut captures);
        story.open(places[0]);
        capture(&story, &mut captures);
        late.push(places[1]);
    }
    for place in late {
        story.open(place);
        capture(&story, &mut captures);
    }
    story.round_trip(TAKER);

    for (number, (who, snapshot, sent, received, written)) in captures.iter().enumerate() {
        let read = story.read_by(captured(snapshot));
        assert!(read.is_disjoint(sent), "capture {number}: what was sent before is read");
        assert!(read.is_disjoint(received), "capture {number}: what was received before is read");
        // What was on its way to this side opens, skipped keys included: the hand works.
        let coming = |place: &usize| story.written[*place].0 != *who && !received.contains(place);
        let due: BTreeSet<usize> = (0..*written).filter(coming).collect();
        assert!(read.is_superset(&due), "capture {number}: {due:?} of {read:?}");
    }
}

// Check 17.

#[test]
fn a_captured_state_is_useless_after_one_clean_round_trip_also_with_one_half_of_all_later_keys() {
    for who in BOTH {
        // Captured at rest and with something on its way.
        for on_the_way in [false, true] {
            let mut story = Story::new(2);
            story.round_trip(1 - who);
            story.round_trip(1 - who);
            let pending = on_the_way.then(|| story.write(1 - who));
            let snapshot = story.snapshot(who);
            pending.into_iter().for_each(|place| story.open(place));
            // Receives, then sends: that, and all that follows, is closed.
            let received = story.write(1 - who);
            story.open(received);
            let healed = story.written.len();
            let sent = story.write(who);
            story.open(sent);
            story.round_trip(1 - who);
            story.round_trip(1 - who);
            let everything: BTreeSet<usize> = (0..story.written.len()).collect();
            let after = everything.range(healed..).copied().collect::<BTreeSet<_>>();
            let read = |classical, quantum| {
                let mut attacker = captured(&snapshot);
                let more = story.keys(classical, quantum);
                attacker.loot.agreement.extend(more.agreement);
                attacker.loot.kem.extend(more.kem);
                story.read_by(attacker)
            };
            let case = format!("side {who}, on the way {on_the_way}");
            for (classical, quantum) in [(false, false), (true, false), (false, true)] {
                let read = read(classical, quantum);
                assert!(read.contains(&received), "{case}: before the round trip the state is good for something");
                assert!(read.is_disjoint(&after), "{case}, {classical} {quantum}: {read:?}");
            }
            assert!(read(true, true).is_superset(&after), "{case}: with both halves all is read");
        }
    }
}

// Check 18.

#[test]
fn the_session_stays_secret_with_all_agreements_revealed_and_with_all_encapsulations() {
    let mut story = Story::new(3);
    for turn in 0..3 {
        for who in BOTH {
            let places: Vec<usize> = (0..=turn).map(|_| story.write(who)).collect();
            places.into_iter().for_each(|place| story.open(place));
        }
    }
    let first = story.first.clone();
    let mut read = |classical: bool, quantum: bool| {
        let loot = story.keys(classical, quantum);
        let attacker = Attacker::at_the_handshake(&mut story.taking, &first, loot);
        story.read_by(attacker)
    };
    // Each knows the link, the bundle and every envelope.
    assert!(read(false, false).is_empty());
    assert!(read(true, false).is_empty(), "all X25519 keys of both sides, from the first on");
    assert!(read(false, true).is_empty(), "all ML-KEM keys of both sides, from the first on");
    assert_eq!(read(true, true).len(), 12, "with both halves all is read");
}

#[test]
fn a_step_is_closed_to_one_half_though_all_before_it_is_known() {
    let mut story = Story::new(4);
    for _ in 0..2 {
        story.round_trip(TAKER);
    }
    let (agreements, seeds) = (story.loot.agreement.len(), story.loot.kem.len());
    let from = story.written.len();
    for _ in 0..2 {
        story.round_trip(TAKER);
    }
    let first = story.first.clone();
    let mut read = |classical: bool, quantum: bool| {
        let mut loot = story.keys(true, true);
        if !classical {
            loot.agreement.truncate(agreements);
        }
        if !quantum {
            loot.kem.truncate(seeds);
        }
        let attacker = Attacker::at_the_handshake(&mut story.taking, &first, loot);
        story.read_by(attacker).len()
    };
    // The step of place `from` goes to keys that are known; its own are new.
    assert_eq!(read(true, true), from + 4);
    assert_eq!(read(true, false), from + 1, "X25519 keys of all steps, ML-KEM keys of the first ones only");
    assert_eq!(read(false, true), from + 1, "ML-KEM keys of all steps, X25519 keys of the first ones only");
}

// Checks 10 and 22.

#[test]
fn no_one_time_key_of_an_invitation_is_left_in_what_comes_of_it() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (ana, link, sealed) = invite(rng);
    let saved = ana.snapshot();
    // Ed25519, X25519, prekey, both halves of the KEM seed; a key of the bundle stands for what may stay.
    let secrets: Vec<&[u8]> = (0..5).map(|key| &saved[2 + key * 32..34 + key * 32]).collect();
    let (_, first) = take(&link, &link.open_bundle(&sealed).unwrap(), &taker(rng), rng).unwrap();
    let accepted = ana.accept(&first).unwrap();
    let (session, guard) = (accepted.session.snapshot(), accepted.guard.snapshot());
    assert!(holds(&session, accepted.session.ours().signing.as_bytes()), "the search finds what is there");
    for (number, secret) in secrets.into_iter().enumerate() {
        assert!(holds(&saved, secret));
        assert!(!holds(&session, secret) && !holds(&guard, secret), "key {number}");
    }
}

#[test]
fn a_skipped_key_is_gone_from_the_saved_state_when_it_was_used_and_when_it_is_too_old() {
    let mut world = World::new(6);
    let envelopes: Vec<_> = (0..3).map(|_| world.seal(Side::Taker, "late")).collect();
    world.open_text(Side::Inviter, &envelopes[2]);
    let keys = |state: &Attacker| state.directions[TAKER].chains[0].skipped.clone();
    let before = world.session(Side::Inviter).snapshot();
    let kept = keys(&captured(&before));
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|(_, key)| holds(&before, key)));
    world.open_text(Side::Inviter, &envelopes[0]);
    let after = world.session(Side::Inviter).snapshot();
    assert!(!holds(&after, &kept[0].1) && holds(&after, &kept[1].1));
    for day in 1..=14 {
        world.pass_a_day(Side::Inviter);
        assert_eq!(holds(&world.session(Side::Inviter).snapshot(), &kept[1].1), day < 14, "day {day}");
    }
}
