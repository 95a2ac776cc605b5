//! Every column of every row, for `dump`.
//!
//! In: a folder. Out: tables, columns and values as they are stored. This file must never learn which tables there are:
//! it asks the database, so that no column can be forgotten.

use super::fault;
use super::open::{Access, connect, find};
use crate::store::StoreResult;
use rusqlite::types::ValueRef;
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

fn tables(connection: &rusqlite::Connection) -> StoreResult<Vec<String>> {
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
