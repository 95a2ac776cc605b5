//! Counting: percentiles, and what a process has used.
//!
//! In: times; `/proc`. Out: numbers. This file must never learn what was measured.

use super::floor::Floor;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Clock ticks in a second, as Linux counts processor time in `/proc`.
const TICKS: f64 = 100.0;

/// How much was done in what time.
pub(super) struct Measured {
    pub(super) messages: usize,
    pub(super) time: Duration,
}

impl Measured {
    pub(super) fn per_second(&self) -> f64 {
        count(self.messages) / self.time.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Times in microseconds, sorted.
pub(super) struct Times(Vec<f64>);

impl Times {
    pub(super) fn new(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1e6).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The time that `percent` of a hundred stay below.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().unwrap_or_default()
    }
}

/// The figures of a workload.
pub(super) struct Figures {
    /// From the put's first byte to the relay's answer.
    pub(super) answer: Times,
    /// From the put's first byte to the receiver's page, where somebody receives.
    pub(super) end_to_end: Option<Times>,
}

impl Figures {
    pub(super) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut add = |name: &str, times: &Times| {
            for percent in [50, 99] {
                fields.insert(format!("{name}_us_p{percent}"), json!(round(times.percentile(percent))));
            }
        };
        add("answer", &self.answer);
        if let Some(times) = &self.end_to_end {
            add("end_to_end", times);
        }
        fields
    }

    /// This relay against the bare parts of the same machine in the same run.
    pub(super) fn ratios(&self, measured: &Measured, floor: &Floor) -> Value {
        match &self.end_to_end {
            None => json!({
                "messages_per_s_to_sqlite_batch_128": round(measured.per_second() / floor.largest_batch()),
                "messages_per_s_to_echo_pipelined": round(measured.per_second() / floor.echo_per_s),
            }),
            Some(times) => json!({
                "end_to_end_p50_to_echo_p50": round(times.percentile(50) / floor.echo_us_p50),
                "answer_p50_to_fsync_p50": round(self.answer.percentile(50) / floor.fsync_us_p50),
            }),
        }
    }
}

/// What a process has used so far.
pub(super) struct Usage {
    processor_seconds: f64,
    written_bytes: f64,
    memory_kib: f64,
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
        })
    }

    /// What was used since `before`, for each of so many messages.
    pub(super) fn since(&self, before: &Self, messages: usize) -> Map<String, Value> {
        let each = |now: f64, then: f64| (now - then) / count(messages).max(1.0);
        let processor = each(self.processor_seconds, before.processor_seconds) * 1e6;
        let written = each(self.written_bytes, before.written_bytes);
        let mut fields = Map::new();
        fields.insert("relay_processor_us_per_message".into(), json!(round(processor)));
        fields.insert("relay_written_bytes_per_message".into(), json!(written.round()));
        fields.insert("relay_memory_kib".into(), json!(self.memory_kib));
        fields.insert("relay_memory_kib_before".into(), json!(before.memory_kib));
        fields
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
        let times = Times::new((1..=100).rev().map(Duration::from_micros));
        assert_eq!((times.percentile(50).round(), times.percentile(99).round()), (51.0, 100.0));
        assert_eq!(Times::new([]).percentile(50), 0.0);
    }
}
