//! Every column of every row for `dump`, and how many there are for `status`.
//!
//! In: a folder. Out: tables, columns and values as they are stored, numbers. Where columns are listed, this file must
//! never learn which there are: it asks the database, so that none can be forgotten.

use super::open::{Access, connect, find};
use super::{days, fault};
use crate::store::{Day, Identity, StoreResult};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Anything else, as text. The schema has none.
    Other(String),
}

/// Hands each row of the store to `visit`: its table's name and its columns. It works while a relay runs, and shows
/// one moment of it.
///
/// # Errors
/// As for opening a store that must be there; whatever `visit` returns.
pub fn inspect<E: From<crate::store::StoreError>>(
    folder: &Path,
    mut visit: impl FnMut(&str, Vec<(String, Cell)>) -> Result<(), E>,
) -> Result<(), E> {
    let connection = connect(&find(folder)?, Access::Read)?;
    let sql = |error: rusqlite::Error| fault(&error);
    let moment = connection.unchecked_transaction().map_err(sql)?;
    for table in tables(&moment)? {
        let mut statement = moment.prepare(&format!("SELECT * FROM \"{table}\"")).map_err(sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let mut cells = Vec::with_capacity(names.len());
            for (index, name) in names.iter().enumerate() {
                cells.push((name.clone(), cell(row.get_ref(index).map_err(sql)?)));
            }
            visit(&table, cells)?;
        }
    }
    Ok(())
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// The store's name and count of restores.
    pub identity: Identity,
    /// The day that the clock showed last.
    pub clock_day: Day,
    /// Mailboxes.
    pub mailboxes: u64,
    /// Envelopes that wait.
    pub envelopes: u64,
    /// The relay's day on which the oldest of them came.
    pub oldest: Option<Day>,
    /// The relay's day when the clock was last looked at.
    pub day: Day,
    /// Passes that are still good for something.
    pub passes: u64,
    /// Invitations that are there.
    pub invitations: u64,
}

/// How much the store of a folder holds, also while a relay runs on it.
///
/// # Errors
/// As for opening a store that must be there.
pub fn holdings(folder: &Path) -> StoreResult<Holdings> {
    let connection = connect(&find(folder)?, Access::Read)?;
    read_holdings(&connection).map_err(|error| fault(&error))
}

fn read_holdings(connection: &Connection) -> rusqlite::Result<Holdings> {
    let moment = connection.unchecked_transaction()?;
    let count = |sql: &str| moment.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
    let (clock_day, day) =
        moment.query_row("SELECT clock_day, day FROM store", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Holdings {
        identity: days::identity(&moment)?,
        clock_day,
        mailboxes: count("SELECT count(*) FROM mailbox")?,
        envelopes: count("SELECT count(*) FROM envelope")?,
        oldest: moment
            .query_row("SELECT day FROM envelope ORDER BY arrival LIMIT 1", [], |row| row.get(0))
            .optional()?,
        day,
        passes: count("SELECT count(*) FROM pass")?,
        invitations: count("SELECT count(*) FROM bundle")?,
    })
}

/// Every column of every table of a folder's store.
///
/// # Errors
/// As for opening a store that must be there.
pub fn columns(folder: &Path) -> StoreResult<Vec<(String, String)>> {
    let connection = connect(&find(folder)?, Access::Read)?;
    let sql = "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
               WHERE tables.type = 'table' ORDER BY tables.rowid, columns.cid";
    connection
        .prepare(sql)
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(|error| fault(&error))
}

fn tables(connection: &Connection) -> StoreResult<Vec<String>> {
    connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(|error| fault(&error))
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(number) => Cell::Other(number.to_string()),
        ValueRef::Text(text) => Cell::Other(String::from_utf8_lossy(text).into_owned()),
    }
}
