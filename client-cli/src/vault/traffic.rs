//! Bytes at the socket, by month.
//!
//! In: a month, bytes. Out: their sums. This file must never learn when within a month, nor with whom: it keeps no more
//! than this month and the one before.

use super::{Store, VaultError};
use rusqlite::OptionalExtension;

/// Months that are kept.
const MONTHS: i64 = 2;

impl Store<'_> {
    /// Adds bytes to a month.
    pub(crate) fn add_traffic(&self, month: &str, received: u64, sent: u64) -> Result<(), VaultError> {
        let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.0
            .prepare_cached(
                "INSERT INTO traffic (month, received, sent) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET received = received + excluded.received, sent = sent + excluded.sent",
            )?
            .execute((month, number(received), number(sent)))?;
        let sql = "DELETE FROM traffic WHERE month NOT IN (SELECT month FROM traffic ORDER BY month DESC LIMIT ?1)";
        self.0.prepare_cached(sql)?.execute([MONTHS])?;
        Ok(())
    }

    /// The bytes of a month, received and sent.
    pub(crate) fn traffic(&self, month: &str) -> Result<(u64, u64), VaultError> {
        let number = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
        let mut statement = self.0.prepare_cached("SELECT received, sent FROM traffic WHERE month = ?1")?;
        let row = statement.query_row([month], |row| Ok((number(row.get(0)?), number(row.get(1)?)))).optional()?;
        Ok(row.unwrap_or_default())
    }
}
