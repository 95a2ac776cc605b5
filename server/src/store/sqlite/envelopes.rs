//! The rows of envelopes: the queue of each mailbox.
//!
//! In: puts, pages, acknowledgements. Out: rows in order of arrival. This file must never learn who put an envelope, nor
//! when to more than a day.

use super::Verdict;
use super::writer::Books;
use crate::store::{Arrival, Page, Put};
use cairn_protocol::limits::PAGE;
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{Delivery, Refusal};
use rusqlite::{Connection, OptionalExtension};

/// Envelopes that one transaction deletes for a mailbox that goes (about 26 ms of them). Larger: puts wait longer.
/// Smaller: more flushes.
pub(super) const DELETE_ROWS: u32 = 2048;

/// What a missing mailbox is compared with.
const UNKNOWN: [u8; 32] = [0; 32];

/// The place of the envelope; none if it was there already.
pub(super) fn put(books: &mut Books, put: &Put) -> Verdict<Option<Arrival>> {
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
            "INSERT INTO envelope (arrival, mailbox, id, day, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (mailbox, id) DO NOTHING",
        )?
        .execute((books.next_arrival, put.mailbox.as_bytes(), put.id.as_bytes(), put.day, put.envelope.as_slice()))?;
    if rows == 0 {
        return repeated(books, put, Refusal::Conflict);
    }
    let arrival = books.next_arrival;
    books.next_arrival = arrival.saturating_add(1);
    books.held.insert(put.mailbox, held.saturating_add(1));
    Ok(Some(arrival))
}

/// Done if the very same envelope is there already; else this refusal, or a conflict with another one.
fn repeated(books: &Books, put: &Put, refusal: Refusal) -> Verdict<Option<Arrival>> {
    let same: Option<bool> = books
        .connection
        .prepare_cached("SELECT body = ?3 FROM envelope WHERE mailbox = ?1 AND id = ?2")?
        .query_row((put.mailbox.as_bytes(), put.id.as_bytes(), put.envelope.as_slice()), |row| row.get(0))
        .optional()?;
    match same {
        Some(false) => Err(Refusal::Conflict.into()),
        Some(true) => Ok(None),
        None => Err(refusal.into()),
    }
}

/// The page after a place. All places up to `settled` were settled before this was called.
pub(super) fn page(connection: &Connection, mailbox: &MailboxId, after: Arrival, settled: Arrival) -> Verdict<Page> {
    let mut page = Page { deliveries: Vec::new(), end: after };
    let mut statement = connection.prepare_cached(
        "SELECT arrival, id, body FROM envelope WHERE mailbox = ?1 AND arrival > ?2 ORDER BY arrival LIMIT ?3",
    )?;
    let mut rows = statement.query((mailbox.as_bytes(), after, i64::try_from(PAGE).unwrap_or(1)))?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let Ok(envelope) = Box::<[u8]>::from(body).try_into() else {
            continue; // the schema's CHECK holds the length
        };
        page.end = row.get(0)?;
        page.deliveries.push(Delivery { id: EnvelopeId::from_bytes(row.get(1)?), envelope });
    }
    if page.deliveries.len() < PAGE {
        page.end = page.end.max(settled);
    }
    Ok(page)
}

pub(super) fn acknowledge(books: &mut Books, mailbox: &MailboxId, ids: &[EnvelopeId]) -> Verdict<()> {
    let mut deleted = 0_u32;
    {
        let mut statement = books.connection.prepare_cached("DELETE FROM envelope WHERE mailbox = ?1 AND id = ?2")?;
        for id in ids {
            let rows = statement.execute((mailbox.as_bytes(), id.as_bytes()))?;
            deleted = deleted.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        }
    }
    if let Some(held) = books.held.get_mut(mailbox) {
        *held = held.saturating_sub(deleted);
    }
    Ok(())
}

/// Deletes the oldest [`DELETE_ROWS`] envelopes of a mailbox that goes. True if there may be more.
pub(super) fn delete_some(books: &mut Books, mailbox: &MailboxId) -> Verdict<bool> {
    let mut statement = books.connection.prepare_cached(
        "DELETE FROM envelope WHERE arrival IN
         (SELECT arrival FROM envelope WHERE mailbox = ?1 ORDER BY arrival LIMIT ?2)",
    )?;
    let rows = statement.execute((mailbox.as_bytes(), DELETE_ROWS))?;
    books.held.remove(mailbox);
    Ok(u32::try_from(rows).is_ok_and(|rows| rows >= DELETE_ROWS))
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
