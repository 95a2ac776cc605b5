//! A vault that may be damaged, opened for reading only: its file is never changed.
//!
//! In: a path, a key. Out: rows, as far as they can be read, and whether that was all of them. This file must never write to
//! what it reads, nor stop at what can't be read: it goes on behind it.

use super::{VaultError, sqlite_key};
use crate::language::trouble;
use cairn_protocol::secret::Secret;
use rusqlite::{Connection, OpenFlags, Row};
use std::path::PathBuf;

/// Rows that are read at once. Larger: more memory. Smaller: more calls.
const BATCH: usize = 256;

/// How far ahead it is looked for what can be read again. Larger: nothing. Smaller: the rest of a long table is not found.
const FURTHEST: i64 = 1 << 40;

/// Room that SQLite takes beside a file to read it. Larger: a disk that fails passes for a full one. Smaller: a full one for
/// one that fails.
const BESIDE: u64 = 64 * 1024;

/// A vault for reading.
pub(super) struct Old {
    path: PathBuf,
    key: Secret,
    connection: Option<Connection>,
}

impl Old {
    /// Nothing is opened yet.
    pub(super) const fn new(path: PathBuf, key: Secret) -> Self {
        Self { path, key, connection: None }
    }

    /// The connection. After a fault it is made anew: what it remembers of a page that can't be read is gone then.
    pub(super) fn connection(&mut self) -> Result<&Connection, VaultError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX
                    | OpenFlags::SQLITE_OPEN_NOFOLLOW;
                let connection = Connection::open_with_flags(&self.path, flags)?;
                connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
                connection.execute_batch(&sqlite_key(&self.key)).map_err(|_| VaultError::Failed(trouble::no_key()))?;
                // What can be read of the tables' own list is enough.
                connection.execute_batch(
                    "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;
                     PRAGMA query_only = ON; PRAGMA writable_schema = ON;",
                )?;
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }

    /// Looks at the file for the first time. What is no damage of the file keeps from looking at it: a full disk has no room
    /// for what SQLite puts beside it, and a file of somebody else's is not opened.
    pub(super) fn begin(&mut self) -> Result<(), VaultError> {
        let looked = match self.connection() {
            Ok(connection) => connection.query_row("PRAGMA application_id", [], |_| Ok(())).map_err(VaultError::from),
            Err(error) => Err(error),
        };
        self.connection = None;
        match looked {
            Err(VaultError::Failed(_)) if self.is_full() => Err(VaultError::Full),
            Err(error @ (VaultError::Failed(_) | VaultError::Full)) => Err(error),
            // The damage itself is told by whoever looks for it.
            _ => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        let disk = self.path.parent().map(rustix::fs::statvfs);
        matches!(disk, Some(Ok(disk)) if disk.f_bavail.saturating_mul(disk.f_frsize) < BESIDE)
    }

    /// One value; none where it can't be read.
    pub(super) fn value<T: rusqlite::types::FromSql>(&mut self, sql: &str) -> Option<T> {
        let value = self.connection().ok()?.query_row(sql, [], |row| row.get(0));
        if value.is_err() {
            self.connection = None;
        }
        value.ok()
    }

    /// Whether a table has this column; older programs made fewer.
    pub(super) fn has(&mut self, table: &str, column: &str) -> bool {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM pragma_table_info('{table}') WHERE name = '{column}')");
        self.value::<bool>(&sql).unwrap_or(false)
    }

    /// Rows behind a place, and whether they came to an end without a fault.
    fn batch<T>(
        &mut self,
        sql: &str,
        after: i64,
        most: usize,
        read: &impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> (Vec<(i64, T)>, bool) {
        let mut rows = Vec::new();
        let whole = self.connection().and_then(|connection| {
            let mut statement = connection.prepare(sql)?;
            let mut found = statement.query((after, i64::try_from(most).unwrap_or(i64::MAX)))?;
            while let Some(row) = found.next()? {
                rows.push((row.get(0)?, read(row)?));
            }
            Ok(())
        });
        if whole.is_err() {
            self.connection = None;
        }
        (rows, whole.is_ok())
    }

    /// Gives all rows of a table that can be read, in order, a batch at a time. Whether that was all of them.
    pub(super) fn scan<T>(
        &mut self,
        table: &str,
        columns: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        mut take: impl FnMut(Vec<T>) -> Result<(), VaultError>,
    ) -> Result<bool, VaultError> {
        let sql = format!("SELECT rowid, {columns} FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
        let (mut after, mut all) = (0, true);
        loop {
            let (rows, whole) = self.batch(&sql, after, BATCH, &read);
            let number = rows.len();
            after = rows.last().map_or(after, |(place, _)| *place);
            take(rows.into_iter().map(|(_, row)| row).collect())?;
            if whole && number < BATCH {
                return Ok(all);
            }
            if !whole {
                all = false;
                let Some(next) = self.beyond(&sql, after, &read) else { return Ok(false) };
                after = next;
            }
        }
    }

    /// The first place behind this one from which a row can be read again, or the end: looked for in growing steps, then
    /// between the last two.
    fn beyond<T>(&mut self, sql: &str, after: i64, read: &impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Option<i64> {
        let (mut bad, mut step) = (after, 1);
        let mut good = loop {
            let place = after.saturating_add(step);
            if self.batch(sql, place, 1, read).1 {
                break place;
            }
            (bad, step) = (place, step * 2);
            if step > FURTHEST {
                return None;
            }
        };
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            if self.batch(sql, middle, 1, read).1 { good = middle } else { bad = middle }
        }
        Some(good)
    }
}
