//! The rows of mailboxes.
//!
//! In: a mailbox, a generation. Out: rows, or a refusal. This file must never learn which voucher, pass or connection
//! made a mailbox once it is made: no column could say.

use super::writer::Books;
use super::{Verdict, envelopes, passes};
use crate::quota::MOST_ENVELOPES;
use crate::store::{Admit, Day, NewMailbox};
use cairn_protocol::mailbox::{Generation, MailboxId, OwnerKey};
use cairn_protocol::wire::frame::Refusal;
use rusqlite::{Connection, OptionalExtension};

/// Transactions for the envelopes of a mailbox that goes, before the one that takes the rest.
pub(super) const DELETE_ROUNDS: u32 = MOST_ENVELOPES.div_ceil(envelopes::DELETE_ROWS) + 1;

/// Mailboxes up to which their rows are put in order. Larger: puts wait longer for it. Smaller: a center of some thousand
/// contacts has less of it. In a larger store two mailboxes seldom share a page, and pages are not in order of making.
const ORDERED: u32 = 4096;

/// Writes the rows of a small store anew, in the order of their random identifiers. SQLite lays the rows of a page down as
/// they come: the file would tell which mailbox was made after which, and so which two came of one invitation.
pub(super) fn put_in_order(books: &mut Books) -> rusqlite::Result<()> {
    if count(&books.connection)? > ORDERED {
        return Ok(());
    }
    books.connection.execute_batch(
        "CREATE TEMP TABLE in_order AS SELECT * FROM main.mailbox;
         DELETE FROM main.mailbox;
         INSERT INTO main.mailbox SELECT * FROM in_order ORDER BY id;
         DROP TABLE in_order;",
    )
}

pub(super) fn create(books: &mut Books, new: &NewMailbox, admit: Admit, day: Day) -> Verdict<()> {
    let known: Option<([u8; 32], [u8; 32])> = books
        .connection
        .prepare_cached("SELECT owner, capability FROM mailbox WHERE id = ?1")?
        .query_row([new.id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((owner, capability)) = known {
        let same = owner == *new.owner.as_bytes() && capability == *new.capability.as_bytes();
        return if same { Ok(()) } else { Err(Refusal::Conflict.into()) };
    }
    if !books.room.for_more() || count(&books.connection)? >= books.quota.mailboxes {
        return Err(Refusal::NotNow.into());
    }
    passes::spend_on_mailbox(&books.connection, admit, day)?;
    books.connection.prepare_cached("UPDATE store SET mailboxes = mailboxes + 1")?.execute([])?;
    books.mailboxes_written = true;
    books.connection.prepare_cached("INSERT INTO mailbox (id, owner, capability) VALUES (?1, ?2, ?3)")?.execute((
        new.id.as_bytes(),
        new.owner.as_bytes(),
        new.capability.as_bytes(),
    ))?;
    Ok(())
}

pub(super) fn delete(books: &mut Books, mailbox: &MailboxId) -> Verdict<()> {
    envelopes::delete_all(books, mailbox)?;
    let rows = books.connection.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?.execute([mailbox.as_bytes()])?;
    if rows == 0 {
        return Err(Refusal::Denied.into());
    }
    books.connection.prepare_cached("UPDATE store SET mailboxes = max(mailboxes - 1, 0)")?.execute([])?;
    Ok(())
}

/// How many mailboxes there are: kept beside them, because counting a million rows takes the writer's time.
fn count(connection: &Connection) -> rusqlite::Result<u32> {
    connection.prepare_cached("SELECT mailboxes FROM store")?.query_row([], |row| row.get(0))
}

pub(super) fn owner(connection: &Connection, mailbox: &MailboxId) -> Verdict<Option<OwnerKey>> {
    let bytes: Option<[u8; 32]> = connection
        .prepare_cached("SELECT owner FROM mailbox WHERE id = ?1")?
        .query_row([mailbox.as_bytes()], |row| row.get(0))
        .optional()?;
    // Only checked keys are stored; one that no longer is a key belongs to nobody.
    Ok(bytes.and_then(|bytes| OwnerKey::from_bytes(&bytes).ok()))
}

pub(super) fn advance(books: &mut Books, mailbox: &MailboxId, to: Generation) -> Verdict<()> {
    let stored: Option<Option<([u8; 8], [u8; 16])>> = books
        .connection
        .prepare_cached("SELECT generation, mark FROM mailbox WHERE id = ?1")?
        .query_row([mailbox.as_bytes()], |row| Ok(row.get::<_, Option<_>>(0)?.zip(row.get(1)?)))
        .optional()?;
    match stored {
        None => return Err(Refusal::Denied.into()),
        Some(Some((count, mark))) => {
            let count = u64::from_be_bytes(count);
            if to.count == count && to.mark.as_bytes() == &mark {
                return Ok(());
            }
            // A copy that states the same count under another mark is behind too: only one of the two moved on first.
            if to.count <= count {
                return Err(Refusal::Behind.into());
            }
        }
        // Nobody has subscribed yet: the row grows, and is laid down in another place.
        Some(None) => books.mailboxes_written = true,
    }
    books.connection.prepare_cached("UPDATE mailbox SET generation = ?2, mark = ?3 WHERE id = ?1")?.execute((
        mailbox.as_bytes(),
        to.count.to_be_bytes(),
        to.mark.as_bytes(),
    ))?;
    Ok(())
}
