//! Times: as people read them, and as RFC 3339.
//!
//! In: milliseconds since 1970-01-01 UTC, from anyone. Out: words. This file must never learn whose time it is; it is
//! total: a time outside of the calendar becomes its nearest end.

use crate::language::time as texts;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// How far a sender's clock may be ahead before its time is not shown, in milliseconds.
const AHEAD: i64 = 5 * 60_000;

/// How far back a sender's time may be: the longest that a relay keeps an envelope, and as much again.
const BEHIND: i64 = 28 * 86_400_000;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

fn timestamp(milliseconds: i64) -> Timestamp {
    let end = if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(milliseconds).unwrap_or(end)
}

/// RFC 3339, UTC.
pub(crate) fn rfc3339(milliseconds: i64) -> String {
    timestamp(milliseconds).to_string()
}

/// The time of day, as the language writes it.
fn clock(time: &Zoned) -> String {
    time.strftime(&texts::clock()).to_string()
}

/// `2:02 PM` for today, `March 3, 2:02 PM` for this year, else with the year.
fn words(milliseconds: i64, now: i64, zone: &TimeZone) -> String {
    let (time, now) = (timestamp(milliseconds).to_zoned(zone.clone()), timestamp(now).to_zoned(zone.clone()));
    let clock = clock(&time);
    if time.date() == now.date() {
        return clock;
    }
    let (month, day) = (texts::month(time.month().unsigned_abs()), time.day().unsigned_abs());
    if time.year() == now.year() {
        texts::date(month, day, clock)
    } else {
        texts::dated(month, day, time.year().to_string(), clock)
    }
}

/// A moment in the person's own time zone.
pub(crate) fn moment(milliseconds: i64) -> String {
    words(milliseconds, Timestamp::now().as_millisecond(), &TimeZone::system())
}

/// The minute of the day now, by the local clock.
pub(crate) fn minute_of_day() -> u16 {
    let now = Zoned::now();
    u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs())
}

/// A day and time in words, for something that ends then: `Saturday, March 14, 2:02 PM`.
pub(crate) fn end(milliseconds: i64) -> String {
    let time = timestamp(milliseconds).to_zoned(TimeZone::system());
    let weekday = texts::weekday(time.weekday().to_monday_one_offset().unsigned_abs());
    texts::end(weekday, texts::month(time.month().unsigned_abs()), time.day().unsigned_abs(), clock(&time))
}

/// A day since 1970-01-01, as a date: `July 1, 2027`.
pub(crate) fn day(day: u32) -> String {
    let day = timestamp(i64::from(day).saturating_mul(DAY)).to_zoned(TimeZone::UTC);
    let (month, year) = (texts::month(day.month().unsigned_abs()), day.year().to_string());
    texts::day(month, day.day().unsigned_abs(), year)
}

/// The same as `2027-07-01`.
pub(crate) fn date(day: u32) -> String {
    timestamp(i64::from(day).saturating_mul(DAY)).strftime("%Y-%m-%d").to_string()
}

/// The day that it is where the person is, since 1970-01-01.
pub(crate) fn today(now: i64) -> i64 {
    let here = timestamp(now).to_zoned(TimeZone::system());
    now.saturating_add(i64::from(here.offset().seconds()).saturating_mul(1000)).div_euclid(DAY)
}

/// The time to show for a message: its writer's, unless that can't be right; then ours.
pub(crate) fn of_message(sent_at: i64, received_at: Option<i64>) -> i64 {
    match received_at {
        Some(received) if sent_at > received.saturating_add(AHEAD) || sent_at < received.saturating_sub(BEHIND) => {
            received
        }
        _ => sent_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_shows_the_time_only_and_other_days_their_date() {
        let noon = 1_772_539_200_000; // 2026-03-03T12:00:00Z
        assert_eq!(words(noon + 7_320_000, noon, &TimeZone::UTC), "2:02 PM");
        assert_eq!(words(noon - 86_400_000, noon, &TimeZone::UTC), "March 2, 12:00 PM");
        assert_eq!(words(noon - 100 * 86_400_000, noon, &TimeZone::UTC), "November 23, 2025, 12:00 PM");
        assert_eq!(rfc3339(noon), "2026-03-03T12:00:00Z");
    }

    #[test]
    fn impossible_times_become_possible_ones() {
        for time in [i64::MIN, i64::MAX, -1, 0] {
            assert!(!rfc3339(time).is_empty());
            assert!(!moment(time).is_empty());
        }
        assert_eq!(of_message(i64::MAX, Some(5)), 5);
        assert_eq!(of_message(i64::MIN, Some(5)), 5);
        assert_eq!(of_message(4, Some(5)), 4);
        assert_eq!(of_message(4, None), 4);
    }
}
