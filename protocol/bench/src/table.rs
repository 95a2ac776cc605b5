//! Times of both protocols, taken in turns, and the ratios that come of them.

use crate::cairn::Cairn;
use crate::olm::Olm;
use crate::work::{Kind, Work};
use std::time::Duration;

/// One workload for both protocols, and the times that were taken, in nanoseconds for one operation.
pub struct Pair {
    kind: Kind,
    ours: Work<Cairn>,
    theirs: Work<Olm>,
    times: Vec<(f64, f64)>,
}

impl Pair {
    /// Prepares both.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, ours: Work::new(kind), theirs: Work::new(kind), times: Vec::new() }
    }

    /// Does the work `count` times in each protocol, a slice of one and a slice of the other in turns: what else the
    /// machine does falls on both. Returns how long ours and theirs took.
    pub fn run(&mut self, count: u64) -> (Duration, Duration) {
        let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
        let mut left = count;
        while left > 0 {
            let slice = left.min(self.kind.slice());
            let (mine, other) = (self.ours.run(slice), self.theirs.run(slice));
            // A short last slice would say more about the clock than about the work.
            if slice == self.kind.slice() {
                let each = |took: Duration| took.as_secs_f64() * 1e9 / slice as f64;
                self.times.push((each(mine), each(other)));
            }
            ours += mine;
            theirs += other;
            left -= slice;
        }
        (ours, theirs)
    }

    /// The line of the table; none if nothing was measured. A tenth of the slices was faster than the time given:
    /// interruptions only ever lengthen a slice, so that the fast ones tell of the work and the slow ones of the machine.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let quiet = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 10).copied()
        };
        let ours = quiet(self.times.iter().map(|times| times.0).collect())?;
        let theirs = quiet(self.times.iter().map(|times| times.1).collect())?;
        let ratio = ours / theirs;
        let target = self.kind.target().map_or_else(String::new, |target| {
            format!("{target:.0} {}", if ratio <= target { "met" } else { "missed" })
        });
        let name = self.kind.name();
        Some(format!("| {name} | {:.1} | {:.1} | {ratio:.2} | {target} |", ours / 1000.0, theirs / 1000.0))
    }
}

/// The lines under their heads, as Markdown.
#[must_use]
pub fn table(pairs: &[Pair]) -> String {
    let lines: Vec<String> = pairs.iter().filter_map(Pair::line).collect();
    let head = "| work | cairn, µs | vodozemac, µs | ratio | at most |\n|---|---|---|---|---|";
    format!("{head}\n{}", lines.join("\n"))
}
