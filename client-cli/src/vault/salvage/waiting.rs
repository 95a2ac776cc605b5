//! What waits in a damaged vault, as it waits in the new one.
//!
//! In: the damaged vault, the new one with its messages. Out: what the other side has not confirmed waits for a new start,
//! what is for later keeps its time, and what was not shown is shown. This file must never let a message for later leave
//! before its time, nor one that it does not know to be for later wait for one.

use crate::vault::old::Old;
use crate::vault::{EventRow, Vault, VaultError};
use rusqlite::OptionalExtension;

/// Marks all of it in the new vault.
pub(super) fn save(old: &mut Old, new: &mut Vault) -> Result<(), VaultError> {
    let message = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(1);
    for table in ["outbox", "queue"] {
        old.scan(table, "message", message, |rows| {
            new.write(|store| {
                rows.into_iter().flatten().try_for_each(|seq| {
                    store.0.execute("UPDATE messages SET sent = 0 WHERE seq = ?1 AND direction = 1", [seq])?;
                    Ok::<_, VaultError>(())
                })
            })
        })?;
    }
    times(old, new)?;
    old.scan("events", "message", message, |rows| {
        new.write(|store| {
            rows.into_iter().flatten().try_for_each(|seq| {
                let contact: Option<String> = store
                    .0
                    .query_row("SELECT contact FROM messages WHERE seq = ?1 AND direction = 0", [seq], |row| row.get(0))
                    .optional()?;
                match contact {
                    Some(contact) => store.insert_event(EventRow::Message(&contact, seq)),
                    None => Ok(()),
                }
            })
        })
    })?;
    Ok(())
}

/// Messages for later: their place in the queue names the same time as they do, and none of them has begun to leave.
fn times(old: &mut Old, new: &mut Vault) -> Result<(), VaultError> {
    if !old.has("queue", "due_at") {
        // Older programs knew none.
        return Ok(());
    }
    let time =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?));
    old.scan("queue", "message, due_at, piece", time, |rows| {
        new.write(|store| {
            rows.into_iter().filter(|(_, _, piece)| *piece == 0).try_for_each(|(message, at, _)| {
                store.0.execute(
                    "INSERT INTO queue (contact, message, due_at)
                     SELECT contact, seq, ?2 FROM messages WHERE seq = ?1 AND direction = 1 AND sent_at = ?2",
                    (message, at),
                )?;
                Ok::<_, VaultError>(())
            })
        })
    })?;
    Ok(())
}
