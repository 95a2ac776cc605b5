//! Quiet hours: a time of each day, by the local clock.
//!
//! In: `22:00-07:00`. Out: whether a minute lies in it, and when it ends. This file must never read a clock.

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// From a minute of the day, and up to another one, over midnight if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet {
    from: u16,
    to: u16,
}

impl Quiet {
    /// `22:00-07:00`; not from a time to the same.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (minute(from)?, minute(to)?);
        (from != to).then_some(Self { from, to })
    }

    /// As it is parsed.
    pub(crate) fn text(self) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}-{}", clock(self.from), clock(self.to))
    }

    /// Whether this minute of the day is quiet.
    pub(crate) const fn holds(self, minute: u16) -> bool {
        if self.from < self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }

    /// The minute of the day at which they end.
    pub(crate) const fn end(self) -> u16 {
        self.to
    }
}

/// `7:05` or `07:05`, as minutes since midnight.
pub(crate) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(hour * 60 + minute).filter(|all| minute < 60 && *all < DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_over_midnight_hold_the_night_and_not_the_day() {
        let night = Quiet::parse("22:00-7:00").unwrap();
        assert_eq!(night.text(), "22:00-07:00");
        for (minute, quiet) in [(0, true), (419, true), (420, false), (1319, false), (1320, true), (1439, true)] {
            assert_eq!(night.holds(minute), quiet, "{minute}");
        }
        let noon = Quiet::parse("12:00-13:30").unwrap();
        for (minute, quiet) in [(719, false), (720, true), (809, true), (810, false), (0, false)] {
            assert_eq!(noon.holds(minute), quiet, "{minute}");
        }
    }

    #[test]
    fn what_is_no_time_of_a_day_is_refused() {
        for bad in
            ["", "22:00", "22:00-22:00", "24:00-07:00", "22:60-07:00", "22-7", "-1:00-07:00", "+2:00-07:00", "1:0-2:0"]
        {
            assert_eq!(Quiet::parse(bad), None, "{bad}");
        }
    }
}
