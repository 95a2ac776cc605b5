//! A conversation, page by page, however long it is.
//!
//! In: a place in it and how many messages. Out: those messages, oldest first, each with its place and whether it was
//! shown. This file must never read a whole conversation: what is not asked for stays in the file.

use super::events::FOR_SHOWING;
use super::messages::{COLUMNS, message};
use super::{Store, VaultError};
use crate::engine::model::{Page, Placed};
use rusqlite::Row;
use std::collections::BTreeMap;

/// Whether a message waits to be shown; `m` is the message.
const UNREAD: &str = "EXISTS (SELECT 1 FROM events AS e WHERE e.message = m.seq AND e.kind = 1)";

fn placed(row: &Row<'_>) -> rusqlite::Result<Placed> {
    Ok(Placed { message: message(row)?, place: row.get(9)?, unread: row.get(10)? })
}

impl Store<'_> {
    /// Messages of a conversation, oldest first, at most `most`.
    pub(crate) fn page(&self, contact: &str, page: Page, most: usize) -> Result<Vec<Placed>, VaultError> {
        let (compared, place, order) = match page {
            Page::Newest => ("<=", i64::MAX, "DESC"),
            Page::Before(place) => ("<", place, "DESC"),
            Page::From(place) => (">=", place, "ASC"),
        };
        let sql = format!(
            "SELECT {COLUMNS}, m.seq, {UNREAD} FROM messages AS m JOIN contacts AS c ON c.id = m.contact
             WHERE m.contact = ?1 AND m.seq {compared} ?2 ORDER BY m.seq {order} LIMIT ?3"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut all: Vec<_> = statement.query_map((contact, place, most), placed)?.collect::<Result<_, _>>()?;
        if order == "DESC" {
            all.reverse();
        }
        Ok(all)
    }

    /// The place of the first message of a conversation that was not shown.
    pub(crate) fn first_unread(&self, contact: &str) -> Result<Option<i64>, VaultError> {
        let sql = "SELECT min(message) FROM events WHERE kind = 1 AND contact = ?1";
        Ok(self.0.prepare_cached(sql)?.query_row([contact], |row| row.get(0))?)
    }

    /// How many messages of each contact were not shown.
    pub(crate) fn unread(&self) -> Result<BTreeMap<String, u64>, VaultError> {
        let sql = format!(
            "SELECT contact, count(*) FROM events WHERE kind = 1 AND contact IS NOT NULL AND {FOR_SHOWING} GROUP BY contact"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1).map(|count| u64::try_from(count).unwrap_or_default())?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The messages at these places were shown.
    pub(crate) fn mark_read(&self, places: &[i64]) -> Result<(), VaultError> {
        let mut statement = self.0.prepare_cached("DELETE FROM events WHERE message = ?1 AND kind = 1")?;
        places.iter().try_for_each(|place| statement.execute([place]).map(drop))?;
        Ok(())
    }
}
