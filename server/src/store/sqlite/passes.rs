//! The rows of passes and vouchers: what lets a stranger make something here.
//!
//! In: hashes of tokens. Out: one use less, or a refusal. This file must never learn what a use was spent on, nor whom a
//! pass was given to: no row ties a pass or a voucher to a mailbox or to a name.
//!
//! A pass with N uses is good for N mailboxes and N invitations, counted apart: an inviter needs one of each for a
//! contact, and a used-up pass can't go on making vouchers.

use super::open::{Access, connect, connect_to_write, find, make_or_check};
use super::{Verdict, days, fault};
use crate::store::{Admit, Day, PassState, StoreResult};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::Refusal;
use rusqlite::Connection;
use std::path::Path;

/// Adds a pass to the store of a folder, also while a relay runs on it; makes the store if there is none. It is good for
/// today and so many `days` more, or without an end.
///
/// # Errors
/// As for opening a store, and [`NotNow`](crate::store::StoreError::NotNow) if the store is busy for too long.
pub fn add_pass(folder: &Path, pass: &TokenHash, uses: u32, days: Option<u32>) -> StoreResult<()> {
    let file = make_or_check(folder)?;
    let connection = connect_to_write(&file, Access::Write)?;
    let today = days::today(&connection).map_err(|error| fault(&error))?;
    let expires = days.map(|days| today.saturating_add(days));
    connection
        .execute(
            "INSERT INTO pass (hash, mailboxes, invitations, expires) VALUES (?1, ?2, ?2, ?3)",
            (pass.as_bytes(), uses, expires),
        )
        .map_err(|error| fault(&error))?;
    Ok(())
}

/// The passes of a folder that are still good for something, in the order of their hashes.
///
/// # Errors
/// As for opening a store that must be there.
pub fn passes(folder: &Path) -> StoreResult<Vec<PassState>> {
    let connection = connect(&find(folder)?, Access::Read)?;
    let read = || {
        let today = days::today(&connection)?;
        let mut statement = connection.prepare(
            "SELECT hash, mailboxes, invitations, expires FROM pass WHERE expires IS NULL OR expires >= ?1 ORDER BY hash",
        )?;
        let rows = statement.query_map([today], |row| {
            Ok(PassState {
                hash: TokenHash::from_bytes(row.get(0)?),
                mailboxes: row.get(1)?,
                invitations: row.get(2)?,
                days_left: row.get::<_, Option<Day>>(3)?.map(|expires| expires.saturating_sub(today)),
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().map_err(|error| fault(&error))
}

/// Withdraws a pass, also while a relay runs. What was made with it stays. False if there is none.
///
/// # Errors
/// As for opening a store that must be there, and [`NotNow`](crate::store::StoreError::NotNow) if the store is busy for too long.
pub fn revoke_pass(folder: &Path, pass: &TokenHash) -> StoreResult<bool> {
    let connection = connect_to_write(&find(folder)?, Access::Write)?;
    let rows =
        connection.execute("DELETE FROM pass WHERE hash = ?1", [pass.as_bytes()]).map_err(|error| fault(&error))?;
    Ok(rows == 1)
}

pub(super) fn spend_on_mailbox(connection: &Connection, admit: Admit, day: Day) -> Verdict<()> {
    match admit {
        Admit::Free => Ok(()),
        Admit::Nothing => Err(Refusal::Admission.into()),
        Admit::Pass(hash) => {
            let sql = "UPDATE pass SET mailboxes = mailboxes - 1
                       WHERE hash = ?1 AND mailboxes > 0 AND (expires IS NULL OR expires >= ?2)";
            spend_pass(connection, sql, &hash, day)
        }
        Admit::Voucher(hash) => {
            let rows = connection
                .prepare_cached("DELETE FROM voucher WHERE hash = ?1 AND expires >= ?2")?
                .execute((hash.as_bytes(), day))?;
            if rows == 1 { Ok(()) } else { Err(Refusal::Admission.into()) }
        }
    }
}

pub(super) fn spend_on_invitation(connection: &Connection, admit: Admit, day: Day) -> Verdict<()> {
    match admit {
        Admit::Free => Ok(()),
        // A voucher is one mailbox for one guest, never the right to invite more.
        Admit::Nothing | Admit::Voucher(_) => Err(Refusal::Admission.into()),
        Admit::Pass(hash) => {
            let sql = "UPDATE pass SET invitations = invitations - 1
                       WHERE hash = ?1 AND invitations > 0 AND (expires IS NULL OR expires >= ?2)";
            spend_pass(connection, sql, &hash, day)
        }
    }
}

fn spend_pass(connection: &Connection, sql: &str, hash: &TokenHash, day: Day) -> Verdict<()> {
    if connection.prepare_cached(sql)?.execute((hash.as_bytes(), day))? != 1 {
        return Err(Refusal::Admission.into());
    }
    connection
        .prepare_cached("DELETE FROM pass WHERE hash = ?1 AND mailboxes = 0 AND invitations = 0")?
        .execute([hash.as_bytes()])?;
    Ok(())
}
