//! Two parties under a hostile network, against an ideal of both.
//!
//! Whatever the network does, each envelope opens or is refused exactly as the ideal says (`model/ideal.rs`), a refusal
//! changes nothing, every key that is held is the one that must be held and no other, and nothing is confirmed that was
//! not received (`model/oracle.rs`). When the network becomes honest, everything arrives or is known to be lost. A side
//! that is restored from an older state stops, or is refused, or nothing was forked, or a wall stands between both.
//!
//! The ordinary run plays 120,000 events. `CAIRN_MODEL_STEPS=5000000` plays more, `CAIRN_MODEL_SEED=17` one world only. A
//! failure names seed and step, the command that plays them again, and the shortest list of events found that fails.
//! What the model has been shown to catch, and what it found: `model/caught.md`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a step that can't go on is a failed test")]

#[path = "model/event.rs"]
mod event;
#[path = "model/forge.rs"]
mod forge;
#[path = "model/ideal.rs"]
mod ideal;
#[path = "model/layout.rs"]
mod layout;
#[path = "model/ledger.rs"]
mod ledger;
#[path = "model/network.rs"]
mod network;
#[path = "model/oracle.rs"]
mod oracle;
#[path = "model/paper.rs"]
mod paper;
mod world;

use event::{Event, Seen};
use network::Network;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Events of one world, before the network becomes honest.
const EVENTS: usize = 1_000;
const STEPS: u64 = 120_000;
const DAY: u64 = 86_400;

/// What happens in one world. Worlds differ: in loss, in bursts, in silences, in clocks, and in whether a state that was
/// set aside ever comes back.
fn schedule(seed: u64) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x005e_ed0f_e7e2_7500);
    let loss = rng.random_range(0.0..0.4);
    let burst = [1, 2, 4, 40, 200][rng.random_range(0..5)];
    let (days, roll_back) = ([0, 4, 30][rng.random_range(0..3)], seed % 3 == 1);
    // In some worlds one side hears nothing for most of the time, and the other writes until it may not.
    let deaf = (seed % 4 == 3).then(|| rng.random_range(0..2));
    let mut events = Vec::new();
    while events.len() < EVENTS {
        let who = rng.random_range(0..2);
        let pick = |rng: &mut StdRng| rng.random_range(0..u32::MAX);
        match rng.random_range(0..100) {
            0..28 => {
                let event = if rng.random_bool(0.9) { Event::Send(who) } else { Event::Control(who) };
                events.extend((0..rng.random_range(1..=burst)).map(|_| event));
            }
            28..68 if deaf == Some(who) && events.len() < EVENTS * 8 / 10 => {}
            28..68 => {
                for _ in 0..rng.random_range(1..=burst) {
                    let pick = if rng.random_bool(0.5) { 0 } else { pick(&mut rng) };
                    events.push(match rng.random_range(0.0..1.0) {
                        chance if chance < loss => Event::Drop(who, pick),
                        chance if chance > 0.95 => Event::Double(who, pick),
                        _ => Event::Deliver(who, pick),
                    });
                }
            }
            68..72 => events.push(Event::PutAgain(who)),
            72..76 => events.push(Event::Restart(who)),
            76..78 => events.push(Event::LostSend(who)),
            78..80 => events.push(Event::LostDelivery(who, pick(&mut rng))),
            80..83 => events.push(Event::Replay(who, pick(&mut rng))),
            83..85 => events.push(Event::Flip(who, pick(&mut rng), pick(&mut rng))),
            85 => events.push(Event::Junk(who)),
            86..88 => events.push(Event::Reflect(who, pick(&mut rng))),
            88..91 => events.push(Event::Forge(who, rng.random_range(0..=10))),
            91..94 => events.push(Event::SetAside(who)),
            94 if roll_back && rng.random_bool(0.2) => {
                events.extend([Event::SetAside(who), Event::Look(who, DAY), Event::RollBack(who, 0)]);
            }
            94 if roll_back && events.len() > 500 => events.push(Event::RollBack(who, pick(&mut rng))),
            95 if days > 0 => events.push(Event::Pass(who, rng.random_range(0..2 * DAY))),
            96 if days > 0 && rng.random_bool(0.3) => events.push(Event::Jump(who, rng.random_range(0..4_000_000_000))),
            97..100 => {
                events.extend((0..days).map(|_| Event::Look(rng.random_range(0..2), rng.random_range(0..2 * DAY))))
            }
            _ => {}
        }
    }
    events.truncate(EVENTS);
    events
}

/// Plays one world. In error: how many events had been played, and what failed.
fn play(seed: u64, events: &[Event]) -> Result<(u64, BTreeMap<Seen, u64>), (usize, String)> {
    let mut played = 0;
    let world = catch_unwind(AssertUnwindSafe(|| {
        let mut network = Network::new(seed);
        for event in events {
            network.play(*event);
            played += 1;
        }
        let steps = (played as u64).saturating_sub(network.idle);
        network.settle();
        (steps, network.seen)
    }));
    world.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        (played, text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
    })
}

/// Leaves out what a failure does not need: halves, quarters, … of the events, as long as it still fails.
fn shrink(seed: u64, mut events: Vec<Event>, what: &str) -> Vec<Event> {
    let words = |text: &str| text.replace(|sign: char| sign.is_ascii_digit(), "");
    let mut part = events.len() / 2;
    let mut tries = 300;
    while part > 0 && tries > 0 {
        let mut from = 0;
        while from < events.len() && tries > 0 {
            let mut fewer = events.clone();
            fewer.drain(from..(from + part).min(events.len()));
            tries -= 1;
            if play(seed, &fewer).is_err_and(|(_, now)| words(&now) == words(what)) {
                events = fewer;
            } else {
                from += part;
            }
        }
        part /= 2;
    }
    events
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn two_honest_parties_survive_a_hostile_network() {
    let worlds = number("CAIRN_MODEL_STEPS").unwrap_or(STEPS).div_ceil(EVENTS as u64);
    let (first, end) = number("CAIRN_MODEL_SEED").map_or((0, worlds), |seed| (seed, seed + 1));
    let (next, played) = (AtomicU64::new(first), AtomicU64::new(0));
    let (all, failed) = (Mutex::new(BTreeMap::<Seen, u64>::new()), Mutex::new(None));
    let work = || {
        while failed.lock().unwrap().is_none() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            match play(seed, &schedule(seed)) {
                Ok((steps, seen)) => {
                    played.fetch_add(steps, Ordering::Relaxed);
                    let mut all = all.lock().unwrap();
                    seen.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
                }
                Err((step, what)) => *failed.lock().unwrap() = Some((seed, step, what)),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(8));
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    if let Some((seed, step, what)) = failed.into_inner().unwrap() {
        // The failures on the way to the shortest list are not for reading.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let shortest = shrink(seed, schedule(seed).into_iter().take(step + 1).collect(), &what);
        std::panic::set_hook(hook);
        panic!(
            "seed {seed}, step {step}: {what}\nplay it again: CAIRN_MODEL_SEED={seed} cargo test -p cairn-protocol --test \
             model\n{} events are enough: {shortest:?}",
            shortest.len(),
        );
    }
    let all = all.into_inner().unwrap();
    let played = played.into_inner();
    println!("{} worlds, {played} events that found something to do; {all:?}", end - first);
    if first == 0 && worlds * EVENTS as u64 >= STEPS {
        assert!(played >= 100_000, "{played}");
        for what in Seen::ALL {
            assert!(all.get(&what).is_some_and(|count| *count > 0), "{what:?} never happened: {all:?}");
        }
    }
}
