//! The rows of passes and vouchers: what lets a stranger make something here.
//!
//! In: hashes of tokens. Out: one use less, or a refusal. This file must never learn what a use was spent on: no row ties
//! a pass or a voucher to a mailbox.
//!
//! A pass with N uses is good for N mailboxes and N invitations, counted apart: an inviter needs one of each for a
//! contact, and a used-up pass can't go on making vouchers.

use super::open::{Access, check_pages, connect, make_or_check};
use super::{Verdict, fault};
use crate::store::{Admit, Day, StoreResult};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::Refusal;
use rusqlite::Connection;
use std::path::Path;

/// Adds a pass to the store of a folder, also while a relay runs on it; makes the store if there is none.
///
/// # Errors
/// As for opening a store, and [`NotNow`](crate::store::StoreError::NotNow) if the store is busy for too long.
pub fn add_pass(folder: &Path, pass: &TokenHash, uses: u32) -> StoreResult<()> {
    let file = make_or_check(folder)?;
    let connection = connect(&file, Access::Write)?;
    check_pages(&connection, &file)?;
    connection
        .execute("INSERT INTO pass (hash, mailboxes, invitations) VALUES (?1, ?2, ?2)", (pass.as_bytes(), uses))
        .map_err(|error| fault(&error))?;
    Ok(())
}

pub(super) fn spend_on_mailbox(connection: &Connection, admit: Admit, day: Day) -> Verdict<()> {
    match admit {
        Admit::Free => Ok(()),
        Admit::Nothing => Err(Refusal::Admission.into()),
        Admit::Pass(hash) => {
            let sql = "UPDATE pass SET mailboxes = mailboxes - 1 WHERE hash = ?1 AND mailboxes > 0";
            spend_pass(connection, sql, &hash)
        }
        Admit::Voucher(hash) => {
            let rows = connection
                .prepare_cached("DELETE FROM voucher WHERE hash = ?1 AND expires >= ?2")?
                .execute((hash.as_bytes(), day))?;
            if rows == 1 { Ok(()) } else { Err(Refusal::Admission.into()) }
        }
    }
}

pub(super) fn spend_on_invitation(connection: &Connection, admit: Admit) -> Verdict<()> {
    match admit {
        Admit::Free => Ok(()),
        // A voucher is one mailbox for one guest, never the right to invite more.
        Admit::Nothing | Admit::Voucher(_) => Err(Refusal::Admission.into()),
        Admit::Pass(hash) => {
            let sql = "UPDATE pass SET invitations = invitations - 1 WHERE hash = ?1 AND invitations > 0";
            spend_pass(connection, sql, &hash)
        }
    }
}

fn spend_pass(connection: &Connection, sql: &str, hash: &TokenHash) -> Verdict<()> {
    if connection.prepare_cached(sql)?.execute([hash.as_bytes()])? != 1 {
        return Err(Refusal::Admission.into());
    }
    connection
        .prepare_cached("DELETE FROM pass WHERE hash = ?1 AND mailboxes = 0 AND invitations = 0")?
        .execute([hash.as_bytes()])?;
    Ok(())
}
