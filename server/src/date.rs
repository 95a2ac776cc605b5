//! Days of the calendar in ciphers.
//!
//! In: a day since 1970-01-01, or year, month and day. Out: the other of the two. This file must never learn the hour.

use crate::store::Day;

/// Days of 400 years, after which the calendar repeats.
const ERA: u32 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: u32 = 719_468;

/// Year, month and day of a day since 1970-01-01. The year begins in March here, so that the leap day is its last.
#[must_use]
pub fn civil(day: Day) -> (u32, u32, u32) {
    let shifted = day.saturating_add(EPOCH);
    let (era, of_era) = (shifted / ERA, shifted % ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u32::from(month <= 2), month, of_year - (153 * march + 2) / 5 + 1)
}

/// The day since 1970-01-01 of a date; `None` before that day and for months and days that there are none of.
#[must_use]
pub fn day(year: u32, month: u32, day: u32) -> Option<Day> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let march = if month > 2 { month - 3 } else { month + 9 };
    let year = year - u32::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * march + 2) / 5 + day - 1;
    (era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(EPOCH)
}

/// A day as 1970-01-01.
#[must_use]
pub fn text(day: Day) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_each_others_reverse() {
        for (number, date) in
            [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (20_779, (2026, 11, 22)), (47_540, (2100, 2, 28))]
        {
            assert_eq!((civil(number), day(date.0, date.1, date.2)), (date, Some(number)));
        }
        for number in 0..100_000 {
            let (year, month, of_month) = civil(number);
            assert_eq!(day(year, month, of_month), Some(number));
        }
        assert_eq!((day(1969, 12, 31), day(2026, 13, 1), day(2026, 1, 0)), (None, None, None));
        assert_eq!(text(20_779), "2026-11-22");
    }
}
