//! Explores each scenario whole and compares what was found with what must be found. `protocol/proofs/README.md` says what
//! is modelled and what is not.

mod party;
mod term;
mod world;

use party::Design;
use stateright::{Checker, Expectation, Model};
use std::process::ExitCode;
use std::time::Instant;
use term::Broken;
use world::Scenario;

const SOUND: Scenario = Scenario {
    design: Design {
        without_link: false,
        without_ciphertext: false,
        pairs_stay: false,
        invitation_stays: false,
        without_guard: false,
        chains_stay: false,
        step_without_dh: false,
        step_without_kem: false,
        repeats_open: false,
    },
    broken: Broken { dh: false, kem: false },
    link_known: false,
    second: false,
    messages: 4,
    corruptions: [0; 3],
};

const DH: Broken = Broken { dh: true, kem: false };
const KEM: Broken = Broken { dh: false, kem: true };
const BOTH: Broken = Broken { dh: true, kem: true };

/// The design as it is: every property holds.
const HOLDS: &[(&str, Scenario)] = &[
    ("relay, all DH and all KEM revealed, link unknown", Scenario { broken: BOTH, ..SOUND }),
    ("relay and link, a second taker", Scenario { link_known: true, second: true, messages: 3, ..SOUND }),
    ("relay and link, all KEM revealed", Scenario { link_known: true, broken: KEM, messages: 3, ..SOUND }),
    ("one copy of either state", Scenario { corruptions: [1, 1, 1], ..SOUND }),
    ("one copy of either state, all DH revealed", Scenario { corruptions: [1, 1, 1], broken: DH, ..SOUND }),
    ("one copy of either state, all KEM revealed", Scenario { corruptions: [1, 1, 1], broken: KEM, ..SOUND }),
    ("one copy of each state", Scenario { corruptions: [1, 1, 2], messages: 3, ..SOUND }),
    ("two copies of the taker's state, all KEM revealed", Scenario { corruptions: [2, 0, 2], broken: KEM, ..SOUND }),
];

/// Designs with one fault: each must be caught.
const CAUGHT: &[(&str, Scenario)] = &[
    (
        "the link's secret enters nothing; all DH and all KEM revealed",
        Scenario { broken: BOTH, messages: 1, design: Design { without_link: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "the ciphertext is not in the transcript; link known, all KEM revealed",
        Scenario {
            link_known: true,
            broken: KEM,
            messages: 1,
            design: Design { without_ciphertext: true, ..SOUND.design },
            ..SOUND
        },
    ),
    (
        "a private pair stays after the peer's step; two copies, all KEM revealed",
        Scenario { corruptions: [2, 0, 2], broken: KEM, design: Design { pairs_stay: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "the invitation's private half stays; one copy of the inviter's state",
        Scenario { corruptions: [0, 1, 1], design: Design { invitation_stays: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "the invitation's private half stays; nothing else happens",
        Scenario { messages: 1, design: Design { invitation_stays: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "a first envelope after the first is not looked at; a second taker",
        Scenario { second: true, messages: 1, design: Design { without_guard: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "chain keys stay; one copy",
        Scenario { corruptions: [1, 1, 1], design: Design { chains_stay: true, ..SOUND.design }, ..SOUND },
    ),
    (
        "a step takes the KEM only; one copy, all KEM revealed",
        Scenario {
            corruptions: [1, 1, 1],
            broken: KEM,
            design: Design { step_without_dh: true, ..SOUND.design },
            ..SOUND
        },
    ),
    (
        "a step takes DH only; one copy, all DH revealed",
        Scenario {
            corruptions: [1, 1, 1],
            broken: DH,
            design: Design { step_without_kem: true, ..SOUND.design },
            ..SOUND
        },
    ),
    ("a used key of a late message stays", Scenario { design: Design { repeats_open: true, ..SOUND.design }, ..SOUND }),
];

fn main() -> ExitCode {
    let mut right = true;
    println!("| scenario | states | longest run | seconds | found |\n|---|---|---|---|---|");
    for (holds, scenarios) in [(true, HOLDS), (false, CAUGHT)] {
        for (name, scenario) in scenarios {
            let started = Instant::now();
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let checker = scenario.checker().threads(threads).spawn_bfs().join();
            let found = checker.discoveries();
            let mut broken = Vec::new();
            let mut missing = Vec::new();
            for property in scenario.properties() {
                match (property.expectation, found.get(property.name)) {
                    (Expectation::Always, Some(path)) => broken.push((property.name, path.clone().into_actions())),
                    (Expectation::Sometimes, None) => missing.push(property.name),
                    _ => {}
                }
            }
            let as_it_must = if holds { broken.is_empty() && missing.is_empty() } else { !broken.is_empty() };
            right &= as_it_must;
            let mut verdict = if as_it_must { String::new() } else { "NOT AS IT MUST BE: ".to_owned() };
            verdict += &match (&broken[..], &missing[..]) {
                ([], []) => "all properties hold".to_owned(),
                ([], missing) => format!("never reached: {missing:?}"),
                ([(name, actions), ..], _) => format!("fails in {} events: {name}", actions.len()),
            };
            let (states, depth) = (checker.unique_state_count(), checker.max_depth());
            println!("| {name} | {states} | {depth} | {:.1} | {verdict} |", started.elapsed().as_secs_f32());
            if holds && let Some((_, actions)) = broken.first() {
                println!("{actions:#?}");
            }
        }
    }
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
