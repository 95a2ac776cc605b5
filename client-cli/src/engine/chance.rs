//! Randomness and time, each by one door.
//!
//! In: the operating system. Out: random bytes, random waits, the time. This file must never learn what they are for.

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rand::{Rng, RngExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The operating system's generator. Where it fails the program ends: there is nothing safe to do without it.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A random time from nothing up to `most`.
pub(crate) fn within(most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rng().random_range(0..=most))
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rng().fill_bytes(&mut bytes);
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What tells the time, in milliseconds since 1970-01-01 UTC; a test passes its own.
pub type Clock = fn() -> i64;

/// The system's clock.
#[must_use]
pub fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
