//! The store's own row, and what its days make go.
//!
//! In: the day that a clock shows. Out: the relay's day, fewer rows. This file must never learn the hour.

use super::writer::Books;
use super::{Verdict, envelopes};
use crate::calendar;
use crate::store::{Day, EXPIRE_ROWS, Identity};
use rusqlite::Connection;

pub(super) fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    connection.query_row("SELECT identity, restores FROM store", [], |row| {
        Ok(Identity { store: row.get(0)?, restores: row.get(1)? })
    })
}

/// The relay's day by this machine's clock, without noting it: what [`look`] of a relay that starts now would say.
pub(super) fn today(connection: &Connection) -> rusqlite::Result<Day> {
    let (seen, day): (Day, Day) =
        connection.query_row("SELECT clock_day, day FROM store", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(after(day, seen, calendar::clock_day(), calendar::OFF_DAYS))
}

fn after(day: Day, seen: Day, clock: Day, forward: Day) -> Day {
    day.saturating_add(clock.checked_sub(seen).filter(|passed| *passed <= forward).unwrap_or(0))
}

pub(super) fn look(books: &mut Books, clock: Day, forward: Day) -> Verdict<Day> {
    let (seen, day): (Day, Day) = books
        .connection
        .prepare_cached("SELECT clock_day, day FROM store")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let day = after(day, seen, clock, forward);
    if clock != seen {
        books.connection.prepare_cached("UPDATE store SET clock_day = ?1, day = ?2")?.execute((clock, day))?;
    }
    Ok(day)
}

pub(super) fn expire(books: &mut Books, oldest: Day, today: Day) -> Verdict<bool> {
    // The oldest envelopes came first. Each of the others names its rows by an index on the day; `left` bounds them all
    // together.
    let old = "DELETE FROM envelope WHERE arrival IN (SELECT arrival FROM envelope ORDER BY arrival LIMIT ?2) \
        AND day < ?1 RETURNING place";
    let mut left = EXPIRE_ROWS.saturating_sub(envelopes::delete(books, old, (oldest, EXPIRE_ROWS))?);
    for (sql, before) in [
        ("DELETE FROM bundle WHERE slot IN (SELECT slot FROM bundle WHERE expires < ?1 LIMIT ?2)", today),
        ("DELETE FROM voucher WHERE hash IN (SELECT hash FROM voucher WHERE expires < ?1 LIMIT ?2)", today),
        // There are few passes: no index is kept for this.
        ("DELETE FROM pass WHERE hash IN (SELECT hash FROM pass WHERE expires < ?1 LIMIT ?2)", today),
    ] {
        let rows = books.connection.prepare_cached(sql)?.execute((before, left))?;
        left = left.saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
    }
    if left < EXPIRE_ROWS {
        books.held.clear();
    }
    Ok(left == 0)
}
