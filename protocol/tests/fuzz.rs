//! The fuzz targets of `protocol/fuzz` over their committed corpora, and over inputs made from a fixed seed.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![expect(clippy::unwrap_used, reason = "a corpus that can't be read is a failed test")]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use targets::{ALL, Target};

thread_local! {
    /// Bytes that this thread holds, and the most that it held.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(size: isize) {
    let (held, most) = HELD.get();
    HELD.set((held + size, most.max(held + size)));
}

// SAFETY: each call goes on to the system's allocator as it came; counting touches a cell of this thread only, which is
// never dropped and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's layout, as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: pointer and layout as they came, from the allocation above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The most memory that a target may hold beyond what it held before. A state and its copies, or a page of pieces: a
/// length or a count that were believed would be above it.
fn limit(name: &str) -> Option<isize> {
    match name {
        // Its networks hold whatever was sent.
        "schedule" => None,
        "content" | "envelope" | "header" => Some(256 * 1024),
        _ => Some(64 * 1024),
    }
}

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
fn random_and_mutated_inputs_pass_every_target_in_bounded_memory() {
    for Target { name, run } in ALL {
        let rng = &mut StdRng::seed_from_u64(7);
        let corpus = corpus(name);
        // What is made once is made now.
        for input in &corpus {
            run(input);
        }
        for _ in 0..100 {
            let (one, two) = (rng.random_range(0..corpus.len()), rng.random_range(0..corpus.len()));
            for input in [random(rng), mutated(rng, &corpus[one], &corpus[two])] {
                HELD.set((0, 0));
                run(&input);
                let most = HELD.get().1;
                assert!(limit(name).is_none_or(|limit| most <= limit), "{name}: {most} bytes for {}", input.len());
            }
        }
    }
}
