//! What a clock may be believed when something is to be removed by it for good.
//!
//! In: the moments at which the program looked at the clock. Out: the last day that is believed. This file must never learn
//! what is removed.

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// Days by which the clock may be further than at the last look, and is believed at once. Larger: a wrong clock removes what
/// has so many days left. Smaller: who opens the program now and then waits a day each time until what is old goes.
const FAR: i64 = 7;

/// What is known of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The last day that is believed, since 1970; 0 before the first look.
    pub(crate) day: i64,
    /// Where the clock is far ahead of that day: the moment at which it was seen there first.
    pub(crate) ahead: Option<i64>,
}

impl Seen {
    /// The clock is looked at. Far ahead it is believed when it has gone on from there for a day: whoever was away for long
    /// comes back to that, and a clock that was wrong is set right before.
    pub(super) const fn look(self, now: i64) -> Self {
        let believed = Self { day: now.div_euclid(DAY), ahead: None };
        if self.is_near(believed.day) {
            return believed;
        }
        match self.ahead {
            Some(since) if now.saturating_sub(since) >= DAY => {
                let there = Self { day: since.div_euclid(DAY), ahead: Some(now) };
                if there.is_near(believed.day) { believed } else { there }
            }
            Some(since) if now >= since => self,
            _ => Self { day: self.day, ahead: Some(now) },
        }
    }

    const fn is_near(self, day: i64) -> bool {
        self.day == 0 || day <= self.day.saturating_add(FAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// A day like any other, at noon.
    const TODAY: i64 = 20_779 * DAY + 12 * HOUR;

    /// The last day that is believed after these looks, as days from today.
    fn believed(looks: &[i64]) -> i64 {
        let first = Seen { day: 0, ahead: None }.look(TODAY);
        assert_eq!((first.day * DAY + 12 * HOUR, first.ahead), (TODAY, None), "the first look is believed");
        looks.iter().fold(first, |seen, look| seen.look(TODAY + look)).day - first.day
    }

    #[test]
    fn a_clock_that_goes_on_day_by_day_or_week_by_week_is_believed_at_once() {
        assert_eq!(believed(&[HOUR, DAY, 3 * DAY]), 3);
        assert_eq!(believed(&[7 * DAY, 14 * DAY, 21 * DAY]), 21);
    }

    #[test]
    fn a_clock_that_is_far_ahead_is_believed_when_it_has_gone_on_from_there_for_a_day() {
        let away = 40 * DAY;
        assert_eq!(believed(&[8 * DAY]), 0);
        assert_eq!(believed(&[away]), 0);
        assert_eq!(believed(&[away, away + HOUR, away + DAY - 1]), 0, "not for many looks, not a moment before");
        assert_eq!(believed(&[away, away + HOUR, away + DAY]), 41);
        // Whoever comes every forty days finds what was old when they were here last gone.
        assert_eq!(believed(&[away, 2 * away, 3 * away]), 80);
    }

    #[test]
    fn a_clock_that_was_wrong_is_forgotten_when_it_is_right_again() {
        let wrong = 5 * 365 * DAY;
        assert_eq!(believed(&[wrong, wrong + HOUR, DAY]), 1);
        assert_eq!(believed(&[wrong, DAY, wrong + DAY]), 1, "and begins anew when it is wrong again");
        assert_eq!(believed(&[wrong, wrong / 2, wrong / 2 + HOUR, DAY]), 1, "or otherwise wrong");
        assert_eq!(believed(&[wrong, wrong / 2, wrong / 2 + DAY]), 5 * 365 / 2 + 2, "until it stays");
        assert_eq!(believed(&[-wrong, 0]), -5 * 365, "put back it is believed, and then far ahead of that");
        assert_eq!(believed(&[40 * DAY, wrong, 41 * DAY, wrong, 41 * DAY + HOUR]), 41);
        assert_eq!(believed(&[i64::MAX - TODAY, i64::MIN, 0]).signum(), -1, "and any number is a clock");
    }
}
