//! What an envelope can cost, counted and not timed: an allocator that counts sees each header that is tried, which is a
//! copy of 2,312 bytes, each key that is derived, which is 32, and whether memory grows.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![expect(clippy::unwrap_used, reason = "a story that can't go on is a failed test")]

mod formulas;
mod world;

use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::Session;
use cairn_protocol::wire::frame::EnvelopeBytes;
use formulas::{NOW, Roles, TAKER, Taking, body, sha256};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use world::{Side, World, invite};

/// A plain header; a key.
const HEADER: usize = 2312;
const KEY: usize = 32;

thread_local! {
    static COUNTS: Cell<Cost> = const { Cell::new(Cost { headers: 0, keys: 0, live: 0, peak: 0 }) };
}

/// Allocations of this thread.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    headers: u64,
    keys: u64,
    /// Bytes that are held, against the beginning.
    live: i64,
    peak: i64,
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(size: usize, sign: i64) {
    let mut cost = COUNTS.get();
    if sign > 0 {
        cost.headers += u64::from(size == HEADER);
        cost.keys += u64::from(size == KEY);
    }
    cost.live += sign * i64::try_from(size).unwrap_or(i64::MAX);
    cost.peak = cost.peak.max(cost.live);
    COUNTS.set(cost);
}

// SAFETY: each call goes on to the system's allocator as it came; counting touches a cell of this thread only, which is
// never dropped and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's layout, as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: pointer and layout as they came, from the allocation above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What one decryption costs.
fn open(session: &mut Session, envelope: &EnvelopeBytes) -> (Option<OpenError>, Cost) {
    COUNTS.set(Cost::default());
    let refused = session.decrypt(envelope, NOW).err();
    (refused, COUNTS.get())
}

/// Header keys that are tried: the current chain, the next, five old ones (§5.5).
const TRIED: u64 = 7;

#[test]
fn ten_thousand_envelopes_that_do_not_open_cost_bounded_work_and_change_nothing() {
    let mut world = World::new(1);
    let mut other = World::new(2);
    // Eight turns, one envelope of each late: five old chains, with a key that was skipped in each.
    let (mut replayed, mut reflected, mut late, mut foreign) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..8 {
        late.push(world.seal(Side::Taker, "late"));
        let envelope = world.seal(Side::Taker, "read");
        world.open_text(Side::Inviter, &envelope);
        replayed.push(envelope);
        let answer = world.seal(Side::Inviter, "answer");
        world.open_text(Side::Taker, &answer);
        reflected.push(answer);
        foreign.push(other.seal(Side::Taker, "of another conversation"));
    }
    let genuine = world.seal(Side::Taker, "genuine");

    let rng = &mut StdRng::seed_from_u64(3);
    let before = world.session(Side::Inviter).snapshot();
    let mut most = Cost::default();
    for number in 0..10_000 {
        let pick = |from: &[EnvelopeBytes], rng: &mut StdRng| from[rng.random_range(0..from.len())].clone();
        let envelope = match number % 5 {
            0 => {
                let mut noise: EnvelopeBytes = Box::new([0; 4096]);
                rng.fill_bytes(noise.as_mut_slice());
                noise
            }
            1 => pick(&replayed, rng),
            2 => pick(&reflected, rng),
            3 => pick(&foreign, rng),
            _ => {
                let mut flipped = genuine.clone();
                flipped[rng.random_range(0..4096)] ^= 1 << rng.random_range(0..8);
                flipped
            }
        };
        let (refused, cost) = open(world.session(Side::Inviter), &envelope);
        match number % 5 {
            // The newest six chains of the eight still tell that it came again.
            1 => assert!(matches!(refused, Some(OpenError::Again | OpenError::NotOurs)), "{refused:?}"),
            _ => {
                assert_eq!(refused, Some(OpenError::NotOurs));
                assert_eq!(cost.headers, TRIED, "kind {}", number % 5);
            }
        }
        assert_eq!(cost.live, 0, "memory grows");
        most = Cost {
            headers: most.headers.max(cost.headers),
            keys: most.keys.max(cost.keys),
            live: 0,
            peak: most.peak.max(cost.peak),
        };
        assert!(world.session(Side::Inviter).snapshot() == before, "{number} changed the state");
    }
    assert_eq!(most.headers, TRIED);
    // One derivation for each header that is tried, and none behind it.
    assert!(most.keys <= TRIED, "{} keys", most.keys);
    assert!(most.peak <= 4 * 4096, "{} bytes at a time", most.peak);
    assert_eq!(world.open_text(Side::Inviter, &genuine), "genuine");
    let still = late.iter().filter(|envelope| world.open(Side::Inviter, envelope).is_ok()).count();
    assert_eq!(still, 5, "of five old chains");
}

/// A peer that follows the page but for its counter: chain 0, any index.
struct Jumper {
    taking: Taking,
    session: Session,
}

impl Jumper {
    fn new(seed: u64) -> Self {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (ana, link, sealed) = invite(rng);
        let taking = Taking::new(&link, &sealed, rng);
        let session = ana.accept(&taking.envelope()).unwrap().session;
        Self { taking, session }
    }

    /// `derived`: the chain is stepped that far; a liar does not take the trouble.
    fn envelope(&self, index: u32, derived: u32) -> EnvelopeBytes {
        let t = self.taking.transcript();
        let mut chain = self.taking.chain();
        for _ in 0..derived {
            chain.step();
        }
        let header = formulas::header(0, index, &[&self.taking.public[1666..], &[4; 1088]]);
        let start = sha256("history/start", &[&t, &[formulas::INVITER]]);
        chain.seal(Roles::both(TAKER), &t, &header, &body(u64::from(index) + 1, &[5; 32], 0, &start, "jump"))
    }

    fn open(&mut self, index: u32, derived: u32) -> (Option<OpenError>, Cost) {
        let envelope = self.envelope(index, derived);
        open(&mut self.session, &envelope)
    }
}

#[test]
fn an_envelope_past_the_skip_limit_costs_no_step_and_one_within_it_as_many_as_it_skips() {
    let mut peer = Jumper::new(4);
    let before = peer.session.snapshot();
    for index in [513, 514, 2048, u32::MAX - 1, u32::MAX] {
        let (refused, cost) = peer.open(index, 0);
        assert_eq!(refused, Some(OpenError::TooManySkipped), "{index}");
        assert_eq!((cost.headers, cost.live), (1, 0), "{index}");
        assert_eq!(cost.keys, 1, "{index}: one derivation, for the header");
    }
    // At the limit and with the wrong message key: all steps are made, and nothing is kept.
    let (refused, lie) = peer.open(512, 0);
    assert_eq!((refused, lie.live), (Some(OpenError::Commitment), 0));
    assert_eq!(peer.session.snapshot(), before);
    let (refused, cost) = peer.open(512, 512);
    assert_eq!(refused, None);
    // Two derivations a step, and of one envelope three; a copy of the chain's head.
    assert_eq!(cost.keys, 2 * 513 + 3 + 1);
}

#[test]
fn a_peer_that_jumps_ahead_as_often_as_it_may_fills_no_more_than_2048_places() {
    let mut peer = Jumper::new(5);
    let mut live = 0;
    for index in [512, 1025, 1538, 2047] {
        let (refused, cost) = peer.open(index, index);
        assert_eq!(refused, None, "{index}");
        live += cost.live;
    }
    let full = peer.session.snapshot();
    for index in [2048, 2049, 2560] {
        let (refused, cost) = peer.open(index, index);
        assert_eq!((refused, cost.live), (Some(OpenError::TooManySkipped), 0), "{index}");
    }
    assert_eq!(peer.session.snapshot(), full);
    // 44 bytes for each of 2,044 keys in a saved state, and little else.
    assert!(full.len() < 2048 * 44 + 8192, "{} bytes", full.len());
    assert!(live < 2048 * 160, "{live} bytes");
}
