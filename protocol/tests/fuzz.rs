//! The fuzz targets of `protocol/fuzz` over their committed corpora, and over inputs made from a fixed seed.
#![expect(clippy::unwrap_used, reason = "a corpus that can't be read is a failed test")]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::path::Path;
use targets::{ALL, Target};

/// What is committed for a target, in order of its names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn every_corpus_passes_its_target_and_reaches_both_of_its_ends() {
    for Target { name, run } in ALL {
        let outcomes: Vec<bool> = corpus(name).iter().map(|input| run(input)).collect();
        assert!(outcomes.contains(&true), "{name}: nothing is accepted");
        assert!(outcomes.contains(&false), "{name}: nothing is refused");
    }
}

/// Another input: bytes set, flipped, cut off, repeated or taken from another one.
fn mutated(rng: &mut StdRng, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let place = rng.random_range(0..=bytes.len());
        let end = rng.random_range(place..=bytes.len().min(place + 32));
        match rng.random_range(0..6) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(place..end)),
            2 => drop(bytes.splice(place..place, bytes[place..end].to_vec())),
            3 => drop(bytes.splice(place..end, other.iter().copied().skip(place).take(32))),
            4 => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
            _ => {
                bytes.iter_mut().skip(place).take(4).for_each(|byte| *byte = [0, 1, 0x7f, 0xff][rng.random_range(0..4)])
            }
        }
    }
    bytes
}

fn random(rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; rng.random_range(0..128)];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn random_and_mutated_inputs_pass_every_target() {
    for Target { name, run } in ALL {
        let rng = &mut StdRng::seed_from_u64(7);
        let corpus = corpus(name);
        for _ in 0..100 {
            run(&random(rng));
            let (one, two) = (rng.random_range(0..corpus.len()), rng.random_range(0..corpus.len()));
            run(&mutated(rng, &corpus[one], &corpus[two]));
        }
    }
}
