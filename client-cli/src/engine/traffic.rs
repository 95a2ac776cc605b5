//! Bytes at the socket, written down by month.
//!
//! In: the lines' counts. Out: sums of this month. This file must never learn whose bytes they are.

use super::model::Data;
use super::{Engine, Fault};

/// Bytes that are counted and not written down while lines stand. Larger: more is missing after a kill. Smaller: more
/// flushes of the disk.
pub(super) const UNWRITTEN: u64 = 16_384;

/// The month of a time, `2026-11`, UTC.
fn month(now: i64) -> String {
    let end = if now < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(now).unwrap_or(end).strftime("%Y-%m").to_string()
}

impl Engine {
    /// Writes down what was counted, if it is more than `least` bytes.
    pub(super) fn note_traffic(&mut self, least: u64) -> Result<(), Fault> {
        let Some((received, sent)) = self.exchange.lines.traffic().take(least) else { return Ok(()) };
        let month = month(self.now());
        self.vault.write(|store| Ok(store.add_traffic(&month, received, sent)?))
    }

    /// Bytes of this month, without asking anybody.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn data(&mut self) -> Result<Data, Fault> {
        self.note_traffic(0)?;
        let month = month(self.now());
        let (received, sent) = self.vault.read(|store| store.traffic(&month)).map_err(Fault::from)?;
        Ok(Data { month, received, sent })
    }
}

#[cfg(test)]
mod tests {
    use super::month;

    #[test]
    fn a_month_ends_at_its_end_in_utc() {
        assert_eq!(month(1_764_547_199_999), "2025-11");
        assert_eq!(month(1_764_547_200_000), "2025-12");
        assert!(!month(i64::MAX).is_empty() && !month(i64::MIN).is_empty());
    }
}
