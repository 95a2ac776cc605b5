//! How fast connections and mailboxes may ask. The only file that names governor.
//!
//! In: keys that are counted, a clock. Out: go on, or how long to wait. This file must never learn what is asked. What it
//! holds lies in memory only, and is forgotten when its bucket is full again.
//!
//! A connection that asks too fast is not refused: its next request waits, and what it sends meanwhile waits at its own
//! side. A mailbox that is filled too fast refuses, because whoever fills it may come over many connections.

use crate::limits::Limits;
use cairn_protocol::token::TokenHash;
use core::hash::Hash;
use core::num::NonZeroU32;
use core::time::Duration;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many times the rate of a second may come at once. Larger: the limit bites late. Smaller: what gathered while
/// somebody was away comes slowly.
pub const BURST: u32 = 16;

/// How long a mailbox refuses at the least. Whole seconds are what a refusal can say.
const REST: Duration = Duration::from_secs(1);

type Limiter<K, S, C> = RateLimiter<K, S, C, NoOpMiddleware<<C as Clock>::Instant>>;

fn quota(per_second: u32, burst: u32) -> Quota {
    let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(per_second).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
}

/// A limit of its own for each key, such as an address.
pub struct Keyed<K: Hash + Eq + Clone, C: Clock = DefaultClock>(Limiter<K, HashMapStateStore<K>, C>);

impl<K: Hash + Eq + Clone> Keyed<K> {
    /// So many in a second for each key, and `burst` at once.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self::with_clock(per_second, burst, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Keyed<K, C> {
    fn with_clock(per_second: u32, burst: u32, clock: C) -> Self {
        Self(RateLimiter::hashmap_with_clock(quota(per_second, burst), clock))
    }

    /// Counts one more for this key, if there is room for it.
    pub fn count(&self, key: &K) -> bool {
        self.0.check_key(key).is_ok()
    }

    /// Forgets keys that have been quiet for so long that they could start anew.
    pub fn forget(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }

    /// How many keys are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.len()
    }
}

/// The pace of one connection.
pub struct Steps<C: Clock = DefaultClock>(Limiter<NotKeyed, InMemoryState, C>);

impl Steps {
    /// The pace that the limits allow.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self::with_clock(per_second, DefaultClock::default())
    }
}

impl<C: Clock> Steps<C> {
    fn with_clock(per_second: u32, clock: C) -> Self {
        let quota = quota(per_second, per_second.saturating_mul(BURST));
        Self(RateLimiter::direct_with_clock(quota, clock))
    }

    /// Takes a step, or says how long to wait before the next try.
    fn step(&self) -> Result<(), Duration> {
        self.0.check().map_err(|too_fast| too_fast.wait_time_from(self.0.clock().now()))
    }

    /// Ends when the next request may start.
    pub async fn taken(&self) {
        while let Err(wait) = self.step() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// The pace of a relay.
pub struct Pace {
    /// Requests of one connection in a second.
    pub requests_per_second: u32,
    /// The pace of mailboxes.
    pub mailboxes: Mailboxes,
}

impl Pace {
    /// The pace that the limits allow.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { requests_per_second: limits.requests_per_second, mailboxes: Mailboxes::new(limits) }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

/// The pace of mailboxes, shared by all connections.
///
/// A mailbox is known by the hash of its senders' capability, and counted only after it took an envelope. So whoever does
/// not hold the capability finds no difference here, and makes nothing grow.
pub struct Mailboxes {
    taken: Keyed<TokenHash>,
    resting: Mutex<HashMap<TokenHash, Instant>>,
}

impl Mailboxes {
    /// The pace that the limits allow.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let per_second = limits.envelopes_per_second;
        Self { taken: Keyed::new(per_second, per_second.saturating_mul(BURST)), resting: Mutex::default() }
    }

    /// An envelope was taken.
    pub fn took(&self, capability: TokenHash, now: Instant) {
        if !self.taken.count(&capability) {
            self.resting().insert(capability, now + REST);
        }
    }

    /// Whole seconds for which the mailbox refuses; 0 if it takes envelopes. Asking meanwhile starts the rest anew, so
    /// that of many in a row none gets through before the others.
    #[must_use]
    pub fn rest(&self, capability: &TokenHash, now: Instant) -> u16 {
        let mut resting = self.resting();
        match resting.get_mut(capability) {
            Some(until) if *until > now => {
                *until = now + REST;
                1
            }
            Some(_) => {
                resting.remove(capability);
                0
            }
            None => 0,
        }
    }

    /// Forgets what makes no difference any more.
    pub fn forget(&self, now: Instant) {
        self.taken.forget();
        let mut resting = self.resting();
        resting.retain(|_, until| *until > now);
        resting.shrink_to_fit();
    }

    fn resting(&self) -> MutexGuard<'_, HashMap<TokenHash, Instant>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn granted(mut ask: impl FnMut() -> bool) -> u32 {
        (0..10_000).map(|_| u32::from(ask())).sum()
    }

    #[test]
    fn each_key_has_its_burst_and_then_its_rate_and_is_forgotten_when_it_could_start_anew() {
        let clock = FakeRelativeClock::default();
        let keyed = Keyed::with_clock(4, 256, clock.clone());
        assert_eq!(granted(|| keyed.count(&1)), 256);
        assert_eq!(granted(|| keyed.count(&2)), 256, "another key has its own");
        clock.advance(Duration::from_secs(10));
        assert_eq!(granted(|| keyed.count(&1)), 40);
        keyed.forget();
        assert_eq!(keyed.held(), 2);
        clock.advance(Duration::from_secs(55));
        keyed.forget();
        assert_eq!(keyed.held(), 1, "the quieter one is full again");
        clock.advance(Duration::from_secs(10));
        keyed.forget();
        assert_eq!(keyed.held(), 0);
        assert_eq!(granted(|| keyed.count(&1)), 256);
    }

    #[test]
    fn a_connection_takes_its_burst_and_then_waits_for_each_step() {
        let clock = FakeRelativeClock::default();
        let steps = Steps::with_clock(256, clock.clone());
        assert_eq!(granted(|| steps.step().is_ok()), 256 * BURST);
        let wait = steps.step().unwrap_err();
        assert!(wait <= Duration::from_secs(1) / 256, "{wait:?}");
        clock.advance(wait);
        assert_eq!(granted(|| steps.step().is_ok()), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(granted(|| steps.step().is_ok()), 256);
    }

    #[test]
    fn a_mailbox_that_took_too_much_rests_for_a_second_after_the_last_try_and_others_do_not() {
        let limits = Limits { envelopes_per_second: 2, ..Limits::default() };
        let (mine, other) = (TokenHash::from_bytes([1; 32]), TokenHash::from_bytes([2; 32]));
        let mailboxes = Mailboxes::new(&limits);
        let now = Instant::now();
        for _ in 0..2 * BURST {
            assert_eq!(mailboxes.rest(&mine, now), 0);
            mailboxes.took(mine, now);
        }
        assert_eq!(mailboxes.rest(&mine, now), 0, "a burst was allowed");
        mailboxes.took(mine, now);
        assert_eq!((mailboxes.rest(&mine, now), mailboxes.rest(&other, now)), (1, 0));
        assert_eq!(mailboxes.rest(&mine, now + REST / 2), 1);
        assert_eq!(mailboxes.rest(&mine, now + REST), 1, "it was asked meanwhile");
        assert_eq!(mailboxes.rest(&mine, now + 2 * REST), 0);
        mailboxes.took(mine, now);
        mailboxes.forget(now);
        assert_eq!(mailboxes.resting().len(), 1);
        mailboxes.forget(now + REST);
        assert!(mailboxes.resting().is_empty());
    }
}
