//! For tests: a vault that stops at its n-th change of a row, in the middle of whatever transaction that is.
//!
//! In: how many changes may still be made. Out: a fault at the one behind them. This file must never be part of a program:
//! triggers that live as long as the connection do it, so that no code of the vault knows of them.

use super::{Vault, VaultError};
use rusqlite::Connection;

impl Vault {
    /// Lets this many rows be changed; each change behind them fails.
    pub(crate) fn stop_after(&self, changes: u32) -> Result<(), VaultError> {
        self.0.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS stop (changes INTEGER NOT NULL) STRICT;
             DELETE FROM temp.stop;",
        )?;
        self.0.execute("INSERT INTO temp.stop VALUES (?1)", [changes])?;
        for table in tables(&self.0)? {
            for change in ["INSERT", "UPDATE", "DELETE"] {
                self.0.execute_batch(&format!(
                    "CREATE TEMP TRIGGER IF NOT EXISTS stop_{change}_{table} BEFORE {change} ON main.{table} BEGIN
                         SELECT RAISE(ABORT, 'stopped') FROM stop WHERE changes = 0;
                         UPDATE stop SET changes = changes - 1;
                     END"
                ))?;
            }
        }
        Ok(())
    }

    /// Rows of one table.
    pub(crate) fn rows(&self, table: &str) -> Result<u64, VaultError> {
        let count: i64 = self.0.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

fn tables(connection: &Connection) -> Result<Vec<String>, VaultError> {
    let mut statement =
        connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}
