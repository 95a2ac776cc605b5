//! Counting: percentiles, medians, and what a process has used.
//!
//! In: times; `/proc`. Out: numbers. This file must never learn what was measured.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Clock ticks in a second, as Linux counts processor time in `/proc`.
const TICKS: f64 = 100.0;

/// What one turn of a workload did.
pub(super) struct Slice {
    pub(super) messages: usize,
    pub(super) time: Duration,
    /// From a request's first byte to its answer.
    pub(super) answers: Vec<Duration>,
    /// From a put's first byte to the receiver's page, where somebody receives.
    pub(super) end_to_end: Vec<Duration>,
}

impl Slice {
    pub(super) fn per_second(&self) -> f64 {
        count(self.messages) / self.time.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Times in microseconds, sorted.
pub(super) struct Times(Vec<f64>);

impl Times {
    pub(super) fn new<'a>(times: impl IntoIterator<Item = &'a Duration>) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1e6).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that `percent` of a hundred stay below.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().unwrap_or_default()
    }

    /// Median and 99th percentile under this name; nothing if nothing was timed.
    pub(super) fn fields(&self, name: &str) -> Map<String, Value> {
        let named = |percent| (format!("{name}_us_p{percent}"), json!(round(self.percentile(percent))));
        if self.0.is_empty() { Map::new() } else { [50, 99].map(named).into_iter().collect() }
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    match numbers.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

/// What a process has used so far, and holds now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    processor_seconds: f64,
    written_bytes: f64,
    pub(super) memory_kib: f64,
    pub(super) descriptors: usize,
}

/// What a process has used for something.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    processor_seconds: f64,
    written_bytes: f64,
    messages: usize,
}

impl Usage {
    /// Of the process with this identifier.
    pub(super) fn of(id: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{id}/{name}");
            std::fs::read_to_string(&path).with_context(|| format!("{path}: this measure needs Linux"))
        };
        let stat = read("stat")?;
        // The second field is the program's name in parentheses and may hold anything: count behind it.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        Ok(Self {
            processor_seconds: ticks.sum::<f64>() / TICKS,
            written_bytes: number_after(&read("io")?, "write_bytes:"),
            memory_kib: number_after(&read("status")?, "VmRSS:"),
            descriptors: std::fs::read_dir(format!("/proc/{id}/fd"))?.count(),
        })
    }
}

impl Used {
    /// Adds what was used between two looks, for so many messages.
    pub(super) fn add(&mut self, before: &Usage, after: &Usage, messages: usize) {
        self.processor_seconds += after.processor_seconds - before.processor_seconds;
        self.written_bytes += after.written_bytes - before.written_bytes;
        self.messages += messages;
    }

    pub(super) fn processor_us(&self) -> f64 {
        self.processor_seconds * 1e6 / count(self.messages).max(1.0)
    }

    pub(super) fn written_bytes(&self) -> f64 {
        self.written_bytes / count(self.messages).max(1.0)
    }
}

fn number_after(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// A count as a floating number; exact up to 2^52.
#[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
pub(super) const fn count(number: usize) -> f64 {
    number as f64
}

/// Two places behind the point.
pub(super) fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_from_sorted_times() {
        let all: Vec<_> = (1..=100).rev().map(Duration::from_micros).collect();
        let times = Times::new(&all);
        assert_eq!((times.percentile(50).round(), times.percentile(99).round()), (51.0, 100.0));
        assert_eq!(Times::new([]).percentile(50), 0.0);
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!([vec![], vec![3.0], vec![9.0, 1.0], vec![9.0, 1.0, 2.0]].map(median), [0.0, 3.0, 5.0, 2.0]);
    }
}
