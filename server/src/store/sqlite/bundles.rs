//! The rows of open invitations.
//!
//! In: slots, hashes of tokens, sealed bundles. Out: the bundle for its first claim, or a refusal. This file must never
//! learn the link: the slot is derived from it one way.

use super::writer::Books;
use super::{Verdict, passes};
use crate::store::{Admit, Day, NewBundle};
use cairn_protocol::mailbox::SlotId;
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{BundleState, Refusal, SealedBundleBytes};
use rusqlite::{Connection, OptionalExtension};

pub(super) fn put(books: &mut Books, new: &NewBundle, admit: Admit, day: Day) -> Verdict<()> {
    let connection = &books.connection;
    // The last day is left out of the comparison: the relay's day may have stood still between the two tries.
    let known: Option<bool> = connection
        .prepare_cached(
            "SELECT manage = ?2 AND voucher = ?3 AND sealed = ?4 FROM bundle WHERE slot = ?1 AND expires >= ?5",
        )?
        .query_row(
            (new.slot.as_bytes(), new.manage.as_bytes(), new.voucher.as_bytes(), new.sealed.as_slice(), day),
            |row| row.get(0),
        )
        .optional()?;
    match known {
        Some(true) => return Ok(()),
        Some(false) => return Err(Refusal::Conflict.into()),
        None => {}
    }
    if !books.room.for_more() {
        return Err(Refusal::NotNow.into());
    }
    let voucher_known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM voucher WHERE hash = ?1)")?
        .query_row([new.voucher.as_bytes()], |row| row.get(0))?;
    if voucher_known {
        return Err(Refusal::Conflict.into());
    }
    passes::spend_on_invitation(connection, admit, day)?;
    // An expired one that was not swept yet makes room.
    connection.prepare_cached("DELETE FROM bundle WHERE slot = ?1")?.execute([new.slot.as_bytes()])?;
    connection
        .prepare_cached("INSERT INTO bundle (slot, manage, voucher, expires, sealed) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((
            new.slot.as_bytes(),
            new.manage.as_bytes(),
            new.voucher.as_bytes(),
            new.expires,
            new.sealed.as_slice(),
        ))?;
    connection
        .prepare_cached("INSERT INTO voucher (hash, expires) VALUES (?1, ?2)")?
        .execute((new.voucher.as_bytes(), new.expires))?;
    Ok(())
}

pub(super) fn take(books: &mut Books, slot: &SlotId, claim: &TokenHash, day: Day) -> Verdict<SealedBundleBytes> {
    let connection = &books.connection;
    let found: Option<(Option<[u8; 32]>, Vec<u8>)> = connection
        .prepare_cached("SELECT claim, sealed FROM bundle WHERE slot = ?1 AND expires >= ?2")?
        .query_row((slot.as_bytes(), day), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (first, sealed) = found.ok_or(Refusal::Gone)?;
    match first {
        Some(first) if !TokenHash::from_bytes(first).matches(claim) => {
            connection
                .prepare_cached("UPDATE bundle SET second_taker = 1 WHERE slot = ?1")?
                .execute([slot.as_bytes()])?;
            return Err(Refusal::Taken.into());
        }
        Some(_) => {}
        None => {
            connection
                .prepare_cached("UPDATE bundle SET claim = ?2 WHERE slot = ?1")?
                .execute((slot.as_bytes(), claim.as_bytes()))?;
        }
    }
    // The schema's CHECK holds the length.
    sealed.into_boxed_slice().try_into().map_err(|_| Refusal::Gone.into())
}

pub(super) fn status(connection: &Connection, slot: &SlotId, manage: &TokenHash, day: Day) -> Verdict<BundleState> {
    let found: Option<([u8; 32], BundleState)> = connection
        .prepare_cached("SELECT manage, claim IS NOT NULL, second_taker FROM bundle WHERE slot = ?1 AND expires >= ?2")?
        .query_row((slot.as_bytes(), day), |row| {
            Ok((row.get(0)?, BundleState { taken: row.get(1)?, second_taker: row.get(2)? }))
        })
        .optional()?;
    let (stored, state) = found.ok_or(Refusal::Gone)?;
    if TokenHash::from_bytes(stored).matches(manage) { Ok(state) } else { Err(Refusal::Gone.into()) }
}

pub(super) fn revoke(books: &mut Books, slot: &SlotId, manage: &TokenHash) -> Verdict<()> {
    let connection = &books.connection;
    let found: Option<([u8; 32], [u8; 32])> = connection
        .prepare_cached("SELECT manage, voucher FROM bundle WHERE slot = ?1")?
        .query_row([slot.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (stored, voucher) = found.ok_or(Refusal::Gone)?;
    if !TokenHash::from_bytes(stored).matches(manage) {
        return Err(Refusal::Gone.into());
    }
    connection.prepare_cached("DELETE FROM bundle WHERE slot = ?1")?.execute([slot.as_bytes()])?;
    connection.prepare_cached("DELETE FROM voucher WHERE hash = ?1")?.execute([voucher])?;
    Ok(())
}
