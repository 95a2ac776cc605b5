//! Randomness that everybody can compute again.
//!
//! In: the seed of a file, the name of a case, the names of the values that are to be drawn. Out: bytes by the rule of
//! `protocol/vectors/README.md`, and a record of them. This file must never learn what a value is for.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Gives the values of one case, each under the name that was announced for it.
#[derive(Clone)]
pub(crate) struct Draw {
    seed: String,
    case: String,
    announced: VecDeque<String>,
    drawn: Vec<(String, Vec<u8>)>,
}

/// The first `length` bytes of SHA-256("seed:case:name:0") ‖ SHA-256("seed:case:name:1") ‖ …
pub(crate) fn value(seed: &str, case: &str, name: &str, length: usize) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).map(|block| Sha256::digest(format!("{seed}:{case}:{name}:{block}")));
    blocks.flatten().take(length).collect()
}

impl Draw {
    pub(crate) fn new(seed: &str, case: &str) -> Self {
        Self { seed: seed.to_owned(), case: case.to_owned(), announced: VecDeque::new(), drawn: Vec::new() }
    }

    /// Announces the names of the next values, in the order in which the protocol draws them.
    pub(crate) fn announce(&mut self, names: &[&str]) -> &mut Self {
        self.announced.extend(names.iter().map(ToString::to_string));
        self
    }

    /// What was drawn since the last call. Every announced value must have been.
    pub(crate) fn take(&mut self) -> Vec<(String, Vec<u8>)> {
        assert!(self.announced.is_empty(), "{}: announced and not drawn: {:?}", self.case, self.announced);
        core::mem::take(&mut self.drawn)
    }
}

impl TryRng for Draw {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("{}: the protocol draws bytes only", self.case)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("{}: the protocol draws bytes only", self.case)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let Some(name) = self.announced.pop_front() else { panic!("{}: a value without a name", self.case) };
        let value = value(&self.seed, &self.case, &name, bytes.len());
        bytes.copy_from_slice(&value);
        self.drawn.push((name, value));
        Ok(())
    }
}

impl TryCryptoRng for Draw {}
