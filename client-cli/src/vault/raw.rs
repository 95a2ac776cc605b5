//! The vault's pages as they lie in the file, free ones too, opened with its key. Tests only.
//!
//! In: a home without a passphrase. Out: bytes. This file must never be part of the program.

use super::{KeyFile, Store, Vault, VaultError, connect};
use crate::home::Home;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All pages of the file and of its log, one behind the other.
pub(crate) fn pages(home: &Home) -> Vec<u8> {
    let key = KeyFile::read(&home.key()).unwrap().open(None).unwrap();
    let mut connection = connect(&home.vault(), &key).unwrap();
    connection.serialize("main").unwrap().to_vec()
}

/// Whether the pages hold this.
pub(crate) fn hold(pages: &[u8], text: &str) -> bool {
    pages.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A number that SQLite tells of the vault.
pub(crate) fn number(home: &Home, sql: &str) -> i64 {
    let key = KeyFile::read(&home.key()).unwrap().open(None).unwrap();
    connect(&home.vault(), &key).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Bytes of the log file.
pub(crate) fn log(home: &Home) -> u64 {
    std::fs::metadata(home.directory().join("vault.db-wal")).map_or(0, |log| log.len())
}

impl Vault {
    /// From now on its file can't be written anew, as on a full disk: SQLite would need one more database for that than
    /// it lets be attached.
    pub(crate) fn without_room_for_compaction(&self) {
        let mut number = 0;
        while self.0.execute_batch(&format!("ATTACH ':memory:' AS more_{number}")).is_ok() {
            number += 1;
        }
        assert!(number > 0);
    }

    /// Counts the steps of the database's machine from now on.
    pub(crate) fn count_steps(&mut self) -> Arc<AtomicU64> {
        let steps = Arc::<AtomicU64>::default();
        let counting = Arc::clone(&steps);
        let count = move || {
            counting.fetch_add(1, Ordering::Relaxed);
            false
        };
        self.0.progress_handler(1, Some(count)).unwrap();
        steps
    }
}

impl Store<'_> {
    /// Rows that no engine has made.
    pub(crate) fn run_for_tests(&self, sql: &str) -> Result<(), VaultError> {
        Ok(self.0.execute_batch(sql)?)
    }

    /// As if this message had been written then.
    pub(crate) fn written_at(&self, contact: &str, text: &str, at: i64) -> Result<(), VaultError> {
        self.0.execute("UPDATE messages SET sent_at = ?3 WHERE contact = ?1 AND text = ?2", (contact, text, at))?;
        Ok(())
    }
}
