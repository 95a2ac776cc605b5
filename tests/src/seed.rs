//! Randomness that can be repeated.
//!
//! In: `CAIRN_TEST_SEED`, or fresh randomness. Out: numbers. This file must never learn what they decide.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::ops::Range;
use std::time::Duration;

/// A generator whose seed is printed, so that a failed test can be run again with `CAIRN_TEST_SEED`.
pub struct Seeded(StdRng);

impl Seeded {
    /// A generator from `CAIRN_TEST_SEED`, else from a fresh seed.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "the test runner shows it when the test fails, and only then")]
    pub fn new() -> Self {
        let given = std::env::var("CAIRN_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        eprintln!("seed {seed}: repeat this run with CAIRN_TEST_SEED={seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number in `range`.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// A place in a list of `length` items.
    pub fn place(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// A time in `range`, which is in milliseconds.
    pub fn milliseconds(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }
}

impl Default for Seeded {
    fn default() -> Self {
        Self::new()
    }
}
