//! When a message for later leaves.
//!
//! In: what a person chose, the clock, their quiet hours. Out: a moment. This file must never learn the message.

use crate::settings::{Quiet, minute};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// An hour from now.
    InAnHour,
    /// At the next moment at which the clock shows this minute of the day.
    Clock(u16),
    /// At a date.
    Date(Timestamp),
}

/// Tomorrow morning, or this morning: nine o'clock, in minutes.
pub(crate) const MORNING: u16 = 9 * 60;

impl When {
    /// `hour`, `quiet` (when quiet hours end), `9:30`, `2026-03-14T09:30`.
    pub(crate) fn parse(text: &str, quiet: Option<Quiet>) -> Option<Self> {
        match text {
            "hour" => Some(Self::InAnHour),
            "quiet" => quiet.map(|quiet| Self::Clock(quiet.end())),
            _ => minute(text).map(Self::Clock).or_else(|| {
                let date: jiff::civil::DateTime = text.parse().ok()?;
                Some(Self::Date(date.to_zoned(TimeZone::system()).ok()?.timestamp()))
            }),
        }
    }

    /// Milliseconds since 1970.
    pub(crate) fn moment(self) -> i64 {
        self.after(&Zoned::now())
    }

    fn after(self, now: &Zoned) -> i64 {
        let next = match self {
            Self::Date(date) => return date.as_millisecond(),
            Self::InAnHour => now.checked_add(1.hour()).ok(),
            Self::Clock(minute) => {
                let (hour, minute) = (i8::try_from(minute / 60).ok(), i8::try_from(minute % 60).ok());
                let at =
                    |day: &Zoned| day.with().hour(hour?).minute(minute?).second(0).subsec_nanosecond(0).build().ok();
                at(now).filter(|today| today > now).or_else(|| at(&now.checked_add(1.day()).ok()?))
            }
        };
        next.map_or(i64::MAX, |next| next.timestamp().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::time;

    fn now() -> Zoned {
        "2026-03-14T10:30:20[UTC]".parse().unwrap()
    }

    fn shown(when: When) -> String {
        time::rfc3339(when.after(&now()))
    }

    #[test]
    fn a_time_of_day_is_the_next_one_by_the_clock() {
        assert_eq!(shown(When::Clock(MORNING)), "2026-03-15T09:00:00Z");
        assert_eq!(shown(When::Clock(11 * 60 + 5)), "2026-03-14T11:05:00Z");
        assert_eq!(shown(When::Clock(10 * 60 + 30)), "2026-03-15T10:30:00Z");
        assert_eq!(shown(When::InAnHour), "2026-03-14T11:30:20Z");
    }

    #[test]
    fn what_is_typed_is_a_time_or_nothing() {
        let quiet = Quiet::parse("22:00-07:00");
        assert_eq!(When::parse("quiet", quiet), Some(When::Clock(7 * 60)));
        assert_eq!(When::parse("quiet", None), None);
        assert_eq!(When::parse("7:05", None), Some(When::Clock(425)));
        assert_eq!(When::parse("hour", None), Some(When::InAnHour));
        assert!(matches!(When::parse("2026-03-14T09:30", None), Some(When::Date(_))));
        for bad in ["", "tomorrow", "25:00", "2026-02-30T09:00", "-1"] {
            assert_eq!(When::parse(bad, quiet), None, "{bad}");
        }
    }
}
