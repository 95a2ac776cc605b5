//! The rows of envelopes: the queue of each mailbox.
//!
//! In: puts, pages, acknowledgements. Out: rows in order of arrival. This file must never learn who put an envelope, nor
//! when to more than a day.

use super::body::{Key, Shut};
use super::writer::Books;
use super::{Verdict, corrupt};
use crate::store::{Arrival, Page, Put};
use cairn_protocol::limits::{ENVELOPE, PAGE};
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{Delivery, EnvelopeBytes, Refusal};
use rusqlite::blob::Blob;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OptionalExtension, Params, Row};
use std::collections::HashSet;

/// Envelopes that one transaction deletes for a mailbox that goes (about 26 ms of them). Larger: puts wait longer.
/// Smaller: more flushes.
pub(super) const DELETE_ROWS: u32 = 2048;

/// What is wrong with a row whose body is gone.
const NO_BODY: &str = "an envelope without its body";

/// The rows of a page.
const PAGE_ROWS: &str =
    "SELECT arrival, id, key FROM envelope WHERE mailbox = ?1 AND arrival > ?2 ORDER BY arrival LIMIT ?3";

/// What a missing mailbox is compared with.
const UNKNOWN: [u8; 32] = [0; 32];

/// The place of the envelope, whose body comes shut; none if it was there already.
pub(super) fn put(books: &mut Books, put: &Put, shut: &Shut) -> Verdict<Option<Arrival>> {
    let stored: Option<[u8; 32]> = books
        .connection
        .prepare_cached("SELECT capability FROM mailbox WHERE id = ?1")?
        .query_row([put.mailbox.as_bytes()], |row| row.get(0))
        .optional()?;
    // A missing mailbox is compared too, with what no token hashes to: the same work, the same answer.
    let fits = TokenHash::from_bytes(stored.unwrap_or(UNKNOWN)).matches(&put.capability);
    if !fits || stored.is_none() {
        return Err(Refusal::Denied.into());
    }
    let held = count(books, &put.mailbox)?;
    if !books.room.for_envelopes() {
        return repeated(books, put, Refusal::NotNow);
    }
    if held >= books.quota.mailbox_envelopes {
        return repeated(books, put, Refusal::Full);
    }
    let rows = books
        .connection
        .prepare_cached(
            "INSERT INTO envelope (arrival, mailbox, id, day, key) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (mailbox, id) DO NOTHING",
        )?
        .execute((books.next_arrival, put.mailbox.as_bytes(), put.id.as_bytes(), put.day, shut.key.as_bytes()))?;
    if rows == 0 {
        return repeated(books, put, Refusal::Conflict);
    }
    let arrival = books.next_arrival;
    books
        .connection
        .prepare_cached("INSERT INTO body (arrival, shut) VALUES (?1, ?2)")?
        .execute((arrival, shut.body.as_slice()))?;
    books.next_arrival = arrival.saturating_add(1);
    books.held.insert(put.mailbox, held.saturating_add(1));
    Ok(Some(arrival))
}

/// Done if the very same envelope is there already; else this refusal, or a conflict with another one.
fn repeated(books: &Books, put: &Put, refusal: Refusal) -> Verdict<Option<Arrival>> {
    let there = books
        .connection
        .prepare_cached(
            "SELECT envelope.key, body.shut FROM envelope LEFT JOIN body USING (arrival) WHERE mailbox = ?1 AND id = ?2",
        )?
        .query_row((put.mailbox.as_bytes(), put.id.as_bytes()), opened)
        .optional()?;
    match there {
        Some(body) if body == put.envelope => Ok(None),
        Some(_) => Err(Refusal::Conflict.into()),
        None => Err(refusal.into()),
    }
}

/// A body, from its key and what is shut with it.
fn opened(row: &Row<'_>) -> rusqlite::Result<EnvelopeBytes> {
    let shut = row.get_ref(1)?.as_blob_or_null()?.and_then(|shut| Box::<[u8]>::from(shut).try_into().ok());
    Ok(Key::from_bytes(row.get(0)?).open(shut.ok_or_else(|| corrupt(NO_BODY))?))
}

/// The page after a place. All places up to `settled` were settled before this was called.
pub(super) fn page(connection: &Connection, mailbox: &MailboxId, after: Arrival, settled: Arrival) -> Verdict<Page> {
    let mut page = Page { deliveries: Vec::new(), end: after };
    let mut statement = connection.prepare_cached(PAGE_ROWS)?;
    let mut rows = statement.query((mailbox.as_bytes(), after, i64::try_from(PAGE).unwrap_or(1)))?;
    let mut bodies = Bodies { connection, open: None };
    while let Some(row) = rows.next()? {
        let arrival = row.get(0)?;
        let envelope = Key::from_bytes(row.get(2)?).open(bodies.read(arrival)?);
        page.end = arrival;
        page.deliveries.push(Delivery { id: EnvelopeId::from_bytes(row.get(1)?), envelope });
    }
    if page.deliveries.len() < PAGE {
        page.end = page.end.max(settled);
    }
    Ok(page)
}

/// Bodies, each read from its pages into its own place, which a column of a query is not.
struct Bodies<'a> {
    connection: &'a Connection,
    open: Option<Blob<'a>>,
}

impl Bodies<'_> {
    /// A body, shut.
    fn read(&mut self, arrival: Arrival) -> rusqlite::Result<EnvelopeBytes> {
        // Moved on, if one is open: that is cheaper than opening another.
        let found = match self.open.take() {
            Some(mut blob) => blob.reopen(arrival).map(|()| blob),
            None => self.connection.blob_open(MAIN_DB, "body", "shut", arrival, true),
        };
        let blob = self.open.insert(found.map_err(missing)?);
        let mut shut: EnvelopeBytes = Box::new([0; ENVELOPE]);
        blob.read_at_exact(shut.as_mut_slice(), 0)?;
        Ok(shut)
    }
}

/// SQLite has no code of its own for a row that isn't there.
fn missing(error: rusqlite::Error) -> rusqlite::Error {
    if error.sqlite_error_code() == Some(ErrorCode::Unknown) { corrupt(NO_BODY) } else { error }
}

/// Deletes envelopes that an owner has. Who empties a mailbox names the oldest ones, all of them: those go as one range,
/// for half of what it costs to delete each by its identifier.
pub(super) fn acknowledge(books: &mut Books, mailbox: &MailboxId, ids: &[EnvelopeId]) -> Verdict<()> {
    let mut named: HashSet<&EnvelopeId> = ids.iter().collect();
    let mut deleted = 0_u32;
    // One envelope alone is found sooner by its identifier.
    let oldest = if named.len() > 1 { oldest(&books.connection, mailbox, &mut named)? } else { Vec::new() };
    if let Some(last) = oldest.last() {
        books
            .connection
            .prepare_cached("DELETE FROM envelope WHERE mailbox = ?1 AND arrival <= ?2")?
            .execute((mailbox.as_bytes(), last))?;
        deleted = u32::try_from(oldest.len()).unwrap_or(u32::MAX);
        books.bodies.extend(oldest);
    }
    for id in named {
        let one = "DELETE FROM envelope WHERE mailbox = ?1 AND id = ?2 RETURNING arrival";
        deleted = deleted.saturating_add(delete(books, one, (mailbox.as_bytes(), id.as_bytes()))?);
    }
    if let Some(held) = books.held.get_mut(mailbox) {
        *held = held.saturating_sub(deleted);
    }
    Ok(())
}

/// The places of the oldest envelopes, up to the first that isn't one of the named; they are named no more.
fn oldest(
    connection: &Connection,
    mailbox: &MailboxId,
    named: &mut HashSet<&EnvelopeId>,
) -> rusqlite::Result<Vec<Arrival>> {
    let mut statement =
        connection.prepare_cached("SELECT id, arrival FROM envelope WHERE mailbox = ?1 ORDER BY arrival")?;
    let (mut rows, mut places) = (statement.query([mailbox.as_bytes()])?, Vec::new());
    while let Some(row) = rows.next()? {
        if !named.remove(&EnvelopeId::from_bytes(row.get(0)?)) {
            break;
        }
        places.push(row.get(1)?);
    }
    Ok(places)
}

/// Deletes the oldest [`DELETE_ROWS`] envelopes of a mailbox that goes. True if there may be more.
pub(super) fn delete_some(books: &mut Books, mailbox: &MailboxId) -> Verdict<bool> {
    let oldest = "DELETE FROM envelope WHERE arrival IN
        (SELECT arrival FROM envelope WHERE mailbox = ?1 ORDER BY arrival LIMIT ?2) RETURNING arrival";
    let rows = delete(books, oldest, (mailbox.as_bytes(), DELETE_ROWS))?;
    books.held.remove(mailbox);
    Ok(rows >= DELETE_ROWS)
}

/// Deletes rows by a statement that returns their places; the bodies go at the end of the transaction. How many.
pub(super) fn delete(books: &mut Books, sql: &str, which: impl Params) -> rusqlite::Result<u32> {
    let mut statement = books.connection.prepare_cached(sql)?;
    let (mut rows, mut deleted) = (statement.query(which)?, 0_u32);
    while let Some(row) = rows.next()? {
        books.bodies.push(row.get(0)?);
        deleted = deleted.saturating_add(1);
    }
    Ok(deleted)
}

/// Deletes the bodies whose rows this transaction has deleted. The rows are overwritten, with the keys in them; the pages
/// of bodies are not, because nothing opens them any more.
pub(super) fn delete_bodies(books: &mut Books) -> rusqlite::Result<()> {
    if books.bodies.is_empty() {
        return Ok(());
    }
    books.bodies.sort_unstable();
    // A pragma like this acts when it is prepared: it can't be kept prepared.
    books.connection.execute_batch("PRAGMA secure_delete = FAST")?;
    let deleted = delete_each(&books.connection, &books.bodies);
    books.bodies.clear();
    books.connection.execute_batch("PRAGMA secure_delete = ON")?;
    deleted
}

/// Deletes bodies by their sorted places, each run of places that follow one another at once.
fn delete_each(connection: &Connection, bodies: &[Arrival]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM body WHERE arrival BETWEEN ?1 AND ?2")?;
    bodies
        .chunk_by(|one, next| one.checked_add(1) == Some(*next))
        .try_for_each(|run| statement.execute((run.first(), run.last())).map(drop))
}

fn count(books: &mut Books, mailbox: &MailboxId) -> Verdict<u32> {
    if let Some(held) = books.held.get(mailbox) {
        return Ok(*held);
    }
    let held = books
        .connection
        .prepare_cached("SELECT count(*) FROM envelope WHERE mailbox = ?1")?
        .query_row([mailbox.as_bytes()], |row| row.get(0))?;
    books.held.insert(*mailbox, held);
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::super::open::{Access, connect, make_or_check};
    use super::super::{Halt, fault};
    use super::*;
    use crate::store::StoreError;
    use rusqlite::StatementStatus;

    const MAILBOX: [u8; 32] = [1; 32];

    /// A store with so many envelopes, to be read.
    fn stored(folder: &std::path::Path, envelopes: u8) -> Connection {
        let file = make_or_check(folder).unwrap();
        let writing = connect(&file, Access::Write).unwrap();
        for number in 0..envelopes {
            let shut = Shut::new(&[number; ENVELOPE]);
            let row = (i64::from(number), MAILBOX, [number; 16], shut.key.as_bytes());
            writing.execute("INSERT INTO envelope VALUES (?1, ?2, ?3, 20000, ?4)", row).unwrap();
            writing.execute("INSERT INTO body VALUES (?1, ?2)", (number, shut.body.as_slice())).unwrap();
        }
        connect(&file, Access::Read).unwrap()
    }

    fn first(connection: &Connection) -> Result<Page, StoreError> {
        page(connection, &MailboxId::from_bytes(MAILBOX), -1, 0).map_err(|halt| match halt {
            Halt::Sql(error) => fault(&error),
            Halt::Refused(refusal) => StoreError::Refused(refusal),
        })
    }

    #[test]
    fn a_page_holds_each_body_and_its_query_is_planned_once_however_often_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let connection = stored(folder.path(), 5);
        for _ in 0..3 {
            let deliveries = first(&connection).unwrap().deliveries;
            let bodies: Vec<_> =
                deliveries.iter().map(|one| (one.id.as_bytes()[0], one.envelope[ENVELOPE - 1])).collect();
            assert_eq!(bodies, [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
        }
        let statement = connection.prepare_cached(PAGE_ROWS).unwrap();
        let counted = |status| statement.get_status(status);
        assert_eq!((counted(StatementStatus::Run), counted(StatementStatus::RePrepare)), (3, 0));
    }

    #[test]
    fn an_envelope_without_its_body_is_damage_and_gives_no_page() {
        for gone in [0, 1, 4] {
            let folder = tempfile::tempdir().unwrap();
            let connection = stored(folder.path(), 5);
            let writing = connect(&make_or_check(folder.path()).unwrap(), Access::Write).unwrap();
            writing.execute("DELETE FROM body WHERE arrival = ?1", [gone]).unwrap();
            let damaged = first(&connection).unwrap_err();
            assert!(matches!(&damaged, StoreError::Damaged(text) if text.contains(NO_BODY)), "{damaged}");
        }
    }
}
