//! The relay's day: a count that a wrong clock can neither throw forward nor turn back.
//!
//! In: the machine's clock. Out: a day. This file must never learn anything finer, but for the second in a Welcome.
//!
//! Lifetimes are counted in the relay's own days. They pass as the clock's days do, but where the clock goes back, or
//! jumps further than is believable, the relay's day stands still and goes on from there: so a clock that is wrong by
//! years, in either direction and however long, deletes nothing early, and once it is right again lifetimes pass as
//! before. What it costs: a relay that was off for more than [`OFF_DAYS`] keeps what it held for another lifetime.

use crate::store::{Day, Store, StoreResult};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Days that a relay may have been off, at most, for them to count as passed. Larger: a wrong clock at start deletes
/// what is newer. Smaller: a relay that was off for a month keeps envelopes longer than it says. 31: beyond the longest
/// lifetime, 30 days, counting more makes no difference to what is old.
pub const OFF_DAYS: Day = 31;

/// Days that may pass between two looks of a running relay, which looks every hour. Larger: a clock that jumps deletes
/// more. Smaller: 1 would make a machine that slept over a night stand still.
pub const RUNNING_DAYS: Day = 2;

/// The relay's day, shared by all connections.
#[derive(Debug)]
pub struct Calendar {
    last: Mutex<Look>,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    clock: Day,
    day: Day,
}

impl Look {
    /// The day while the clock shows `clock`.
    fn day_at(self, clock: Day) -> Day {
        let passed = clock.checked_sub(self.clock).filter(|passed| *passed <= RUNNING_DAYS).unwrap_or(0);
        self.day.saturating_add(passed)
    }
}

impl Calendar {
    /// Takes up the store's count where the last run of the relay left it.
    ///
    /// # Errors
    /// Any error of the store.
    pub async fn start(store: &impl Store) -> StoreResult<Self> {
        let clock = clock_day();
        let day = store.look(clock, OFF_DAYS).await?;
        Ok(Self { last: Mutex::new(Look { clock, day }) })
    }

    /// Looks at the clock and notes it in the store.
    ///
    /// # Errors
    /// Any error of the store; the day then stays.
    pub async fn look(&self, store: &impl Store) -> StoreResult<Day> {
        let clock = clock_day();
        let last = self.last();
        if clock < last.clock || clock - last.clock > RUNNING_DAYS {
            tracing::warn!("the clock jumped by days; nothing is deleted for that. Check the machine's clock");
        }
        let day = store.look(clock, RUNNING_DAYS).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Look { clock, day };
        Ok(day)
    }

    /// The relay's day.
    #[must_use]
    pub fn today(&self) -> Day {
        self.last().day_at(clock_day())
    }

    /// The relay's day for a day that a client named by the calendar of the world; `None` if that is over.
    #[must_use]
    pub fn day_of(&self, world: Day) -> Option<Day> {
        let clock = clock_day();
        Some(self.last().day_at(clock).saturating_add(world.checked_sub(clock)?))
    }

    fn last(&self) -> Look {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since 1970-01-01 UTC that the machine's clock shows; 0 for a clock before that.
#[must_use]
pub fn clock_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Days since 1970-01-01 UTC that the machine's clock shows.
#[must_use]
pub fn clock_day() -> Day {
    Day::try_from(clock_seconds() / 86_400).unwrap_or(Day::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_follows_the_clock_but_not_its_jumps() {
        let look = Look { clock: 20_000, day: 19_990 };
        assert_eq!(look.day_at(20_000), 19_990);
        assert_eq!(look.day_at(20_002), 19_992);
        assert_eq!(look.day_at(20_003), 19_990);
        assert_eq!(look.day_at(19_999), 19_990);
        assert_eq!(look.day_at(Day::MAX), 19_990);
        assert_eq!(look.day_at(0), 19_990);
    }
}
