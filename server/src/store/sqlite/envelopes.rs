//! The rows of envelopes: the queue of each mailbox.
//!
//! In: puts, pages, acknowledgements. Out: rows in order of arrival. This file must never learn who put an envelope, nor
//! when to more than a day.

use super::body::{Key, Shut};
use super::held::At;
use super::writer::Books;
use super::{Verdict, corrupt};
use crate::store::{Arrival, Day, HandOver, Page, Put};
use cairn_protocol::limits::{ENVELOPE, PAGE};
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{Delivery, EnvelopeBytes, Refusal};
use rusqlite::blob::Blob;
use rusqlite::{Connection, ErrorCode, MAIN_DB, Params, Row};

/// Envelopes that one transaction deletes for a mailbox that goes (about 26 ms of them). Larger: puts wait longer.
/// Smaller: more flushes.
pub(super) const DELETE_ROWS: u32 = 2048;

/// What is wrong with a row whose body is gone.
const NO_BODY: &str = "an envelope without its body";

/// The rows of a page.
const PAGE_ROWS: &str =
    "SELECT arrival, id, key, place FROM envelope WHERE mailbox = ?1 AND arrival > ?2 ORDER BY arrival LIMIT ?3";

/// An envelope to be kept, its body shut.
pub(super) struct New {
    mailbox: MailboxId,
    capability: TokenHash,
    id: EnvelopeId,
    day: Day,
    shut: Shut,
}

impl New {
    /// Shuts it.
    pub(super) fn of(put: Put) -> Self {
        let Put { mailbox, capability, id, envelope, day } = put;
        Self { mailbox, capability, id, day, shut: Shut::new(envelope) }
    }

    /// As its owner gets it.
    fn open(self) -> Delivery {
        Delivery { id: self.id, envelope: self.shut.open() }
    }
}

/// Gives the envelope a place, unless it was there already.
pub(super) fn put(books: &mut Books, new: New) -> Verdict<()> {
    if !books.held.admits(&books.connection, &new.mailbox, &new.capability)? {
        return Err(Refusal::Denied.into());
    }
    let held = books.held.of(&books.connection, &new.mailbox)?;
    if let Some(at) = held.get(&new.id).copied() {
        return if same(&books.connection, at.arrival, &new.shut)? { Ok(()) } else { Err(Refusal::Conflict.into()) };
    }
    let held = u32::try_from(held.len()).unwrap_or(u32::MAX);
    if !books.room.for_envelopes() {
        return Err(Refusal::NotNow.into());
    }
    if held >= books.quota.mailbox_envelopes {
        return Err(Refusal::Full.into());
    }
    let arrival = books.next_arrival;
    let place = books.free.lay(&books.connection, new.shut.body.as_slice())?;
    books
        .connection
        .prepare_cached("INSERT INTO envelope (arrival, mailbox, id, day, key, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((arrival, new.mailbox.as_bytes(), new.id.as_bytes(), new.day, new.shut.key.as_bytes(), place))?;
    books.next_arrival = arrival.saturating_add(1);
    books.held.add(&books.connection, &new.mailbox, new.id, At { arrival, place })?;
    books.arriving.accept(new.mailbox, arrival, HandOver::new(move || new.open()));
    Ok(())
}

/// Whether the envelope that came then has the bytes that are put.
fn same(connection: &Connection, arrival: Arrival, shut: &Shut) -> rusqlite::Result<bool> {
    let there = connection
        .prepare_cached("SELECT envelope.key, body.shut FROM envelope LEFT JOIN body USING (place) WHERE arrival = ?1")?
        .query_row([arrival], opened)?;
    Ok(shut.holds(&there))
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
        let envelope = Key::from_bytes(row.get(2)?).open(bodies.read(row.get(3)?)?);
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
    fn read(&mut self, place: i64) -> rusqlite::Result<EnvelopeBytes> {
        // Moved on, if one is open: that is cheaper than opening another.
        let found = match self.open.take() {
            Some(mut blob) => blob.reopen(place).map(|()| blob),
            None => self.connection.blob_open(MAIN_DB, "body", "shut", place, true),
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

/// Deletes envelopes that an owner has, each by its row: a range of the oldest took longer. The rows are overwritten, with
/// the keys in them; their bodies stay as they are, because nothing opens them any more.
pub(super) fn acknowledge(books: &mut Books, mailbox: &MailboxId, ids: &[EnvelopeId]) -> Verdict<()> {
    let mut one = books.connection.prepare_cached("DELETE FROM envelope WHERE arrival = ?1")?;
    for at in books.held.take(&books.connection, mailbox, ids)? {
        one.execute([at.arrival])?;
        books.free.add(at.place);
    }
    Ok(())
}

/// Deletes the oldest [`DELETE_ROWS`] envelopes of a mailbox that goes. True if there may be more.
pub(super) fn delete_some(books: &mut Books, mailbox: &MailboxId) -> Verdict<bool> {
    Ok(delete_oldest(books, mailbox, DELETE_ROWS.into())? >= DELETE_ROWS)
}

/// Deletes all envelopes of a mailbox that goes.
pub(super) fn delete_all(books: &mut Books, mailbox: &MailboxId) -> Verdict<()> {
    // To SQLite a limit below zero is none.
    Ok(delete_oldest(books, mailbox, -1).map(drop)?)
}

fn delete_oldest(books: &mut Books, mailbox: &MailboxId, most: i64) -> rusqlite::Result<u32> {
    books.held.forget(mailbox);
    let oldest = "DELETE FROM envelope WHERE arrival IN
        (SELECT arrival FROM envelope WHERE mailbox = ?1 ORDER BY arrival LIMIT ?2) RETURNING place";
    delete(books, oldest, (mailbox.as_bytes(), most))
}

/// Deletes rows by a statement that returns where their bodies lie. How many.
pub(super) fn delete(books: &mut Books, sql: &str, which: impl Params) -> rusqlite::Result<u32> {
    let mut statement = books.connection.prepare_cached(sql)?;
    let (mut rows, mut deleted) = (statement.query(which)?, 0_u32);
    while let Some(row) = rows.next()? {
        books.free.add(row.get(0)?);
        deleted = deleted.saturating_add(1);
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::super::open::{Access, FILE, connect, make_or_check};
    use super::super::{Halt, fault};
    use super::*;
    use crate::quota::Quota;
    use crate::store::StoreError;
    use rusqlite::StatementStatus;
    use std::sync::Arc;

    const MAILBOX: [u8; 32] = [1; 32];

    /// A store with so many envelopes, to be read.
    fn stored(folder: &std::path::Path, envelopes: u8) -> Connection {
        let file = make_or_check(folder).unwrap();
        let writing = connect(&file, Access::Write).unwrap();
        for number in 0..envelopes {
            let shut = Shut::new(Box::new([number; ENVELOPE]));
            // The first envelope's body lies in the last place.
            let place = envelopes - 1 - number;
            let row = (i64::from(number), MAILBOX, [number; 16], shut.key.as_bytes(), place);
            writing.execute("INSERT INTO envelope VALUES (?1, ?2, ?3, 20000, ?4, ?5)", row).unwrap();
            writing.execute("INSERT INTO body VALUES (?1, ?2)", (place, shut.body.as_slice())).unwrap();
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

    const CAPABILITY: TokenHash = TokenHash::from_bytes([3; 32]);

    /// A store that may be written, with one mailbox.
    fn written(folder: &std::path::Path) -> Books {
        let writing = connect(&make_or_check(folder).unwrap(), Access::Write).unwrap();
        let row = (MAILBOX, [2; 32], CAPABILITY.as_bytes());
        writing.execute("INSERT INTO mailbox (id, owner, capability) VALUES (?1, ?2, ?3)", row).unwrap();
        Books::open(writing, folder, Quota::default(), Arc::new(|_| ())).unwrap()
    }

    fn new(id: EnvelopeId, capability: TokenHash) -> New {
        let envelope = Box::new([7; ENVELOPE]);
        New::of(Put { mailbox: MailboxId::from_bytes(MAILBOX), capability, id, envelope, day: 20_000 })
    }

    /// Puts so many envelopes in one transaction. Their identifiers, and how many bytes of journal that took.
    fn fill(books: &mut Books, envelopes: usize) -> (Vec<EnvelopeId>, u64) {
        books.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        books.connection.execute_batch("BEGIN").unwrap();
        let ids: Vec<EnvelopeId> = (0..envelopes).map(|_| EnvelopeId::random(&mut rand::rng())).collect();
        for id in &ids {
            assert!(put(books, new(*id, CAPABILITY)).is_ok());
        }
        books.connection.execute_batch("COMMIT").unwrap();
        (ids, journal(books))
    }

    /// Acknowledges in one transaction. How many bytes of journal that took.
    fn gone(books: &mut Books, ids: &[EnvelopeId]) -> u64 {
        books.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        books.connection.execute_batch("BEGIN").unwrap();
        assert!(acknowledge(books, &MailboxId::from_bytes(MAILBOX), ids).is_ok());
        books.connection.execute_batch("COMMIT").unwrap();
        journal(books)
    }

    fn journal(books: &Books) -> u64 {
        std::fs::metadata(books.folder.join(format!("{FILE}-wal"))).unwrap().len()
    }

    #[test]
    fn a_put_and_an_acknowledgement_write_as_much_in_a_deep_mailbox_as_in_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut books = written(folder.path());
        let (new, put_new) = fill(&mut books, 256);
        let gone_new = gone(&mut books, &new);
        let (mut deep, _) = fill(&mut books, 8192);
        let (last, put_deep) = fill(&mut books, 256);
        deep.truncate(256);
        let gone_deep = gone(&mut books, &deep);
        assert!(put_deep < put_new + put_new / 10, "{put_new} bytes in a new one, {put_deep} in a deep one");
        assert!(gone_deep < gone_new + gone_new / 4, "{gone_new} bytes in a new one, {gone_deep} in a deep one");
        // Those that were named and no others.
        let left: u32 = books.connection.query_row("SELECT count(*) FROM envelope", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 8192);
        gone(&mut books, &last);
        let left: u32 = books.connection.query_row("SELECT count(*) FROM envelope", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 8192 - 256);
    }

    #[test]
    fn a_put_into_a_place_that_was_used_writes_four_pages_and_an_acknowledgement_two() {
        const FRAME: u64 = 4096 + 24;
        let folder = tempfile::tempdir().unwrap();
        let mut books = written(folder.path());
        // Some stay, so that no table becomes empty.
        let (mut first, _) = fill(&mut books, 64);
        gone(&mut books, &first.split_off(32));
        for _ in 0..32 {
            let (one, put) = fill(&mut books, 1);
            // The row, its place in the index, the body's row, and the page with the rest of the body.
            assert_eq!((put - 32) / FRAME, 4);
            assert_eq!((gone(&mut books, &one) - 32) / FRAME, 2, "the row, and its place in the index");
        }
        let bodies: u32 = books.connection.query_row("SELECT count(*) FROM body", [], |row| row.get(0)).unwrap();
        assert_eq!((bodies, books.free.count()), (64, 32));
    }

    #[test]
    fn an_envelope_without_its_body_is_damage_and_gives_no_page() {
        for gone in [0, 1, 4] {
            let folder = tempfile::tempdir().unwrap();
            let connection = stored(folder.path(), 5);
            let writing = connect(&make_or_check(folder.path()).unwrap(), Access::Write).unwrap();
            writing.execute("DELETE FROM body WHERE place = ?1", [gone]).unwrap();
            let damaged = first(&connection).unwrap_err();
            assert!(matches!(&damaged, StoreError::Damaged(text) if text.contains(NO_BODY)), "{damaged}");
        }
    }
}
