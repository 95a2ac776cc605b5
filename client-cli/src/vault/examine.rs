//! A look through the whole of a vault's file, which changes nothing of it.
//!
//! In: a home, a passphrase. Out: how it was found. This file must never mend anything, nor learn a message.

use super::old::Old;
use super::{APPLICATION, KeyFile, SCHEMA, Vault, VaultError, new_key};
use crate::home::Home;
use crate::language::trouble;

/// How a vault was found that opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Health {
    /// The version of its tables.
    pub(crate) version: i32,
    /// Pages of the file that are not as they were written.
    pub(crate) pages: u64,
    /// Whether all tables and what they name hold together.
    pub(crate) whole: bool,
    /// The newest time in it by this device's clock, milliseconds since 1970.
    pub(crate) newest: Option<i64>,
}

impl Vault {
    /// Looks through the whole file.
    pub(crate) fn examine(home: &Home, passphrase: Option<&str>) -> Result<Health, VaultError> {
        let mut old = Self::old(home, passphrase)?;
        old.begin()?;
        let damaged = || VaultError::Damaged(trouble::vault_unread());
        if old.value::<i32>("PRAGMA application_id").ok_or_else(damaged)? != APPLICATION {
            return Err(VaultError::Damaged(trouble::vault_other()));
        }
        let version = old.value::<i32>("PRAGMA user_version").ok_or_else(damaged)?;
        if version > SCHEMA {
            return Err(VaultError::Newer);
        }
        let pages = count(&mut old, "PRAGMA cipher_integrity_check").unwrap_or(1);
        let sound = old.value::<String>("PRAGMA integrity_check(1)").is_some_and(|said| said == "ok");
        let named = count(&mut old, "PRAGMA foreign_key_check") == Some(0);
        // The time of a message for later is the one that it waits for. Older programs kept none.
        let later = if old.has("queue", "due_at") {
            "WHERE NOT EXISTS (SELECT 1 FROM queue WHERE message = m.seq AND due_at = m.sent_at)"
        } else {
            ""
        };
        let newest = old.value::<Option<i64>>(&format!(
            "SELECT max(at) FROM (SELECT max(iif(direction = 0, received_at, sent_at)) AS at FROM messages AS m {later}
                                  UNION ALL SELECT max(created_at) FROM contacts UNION ALL SELECT created_at FROM profile)",
        ));
        Ok(Health { version, pages, whole: sound && named, newest: newest.flatten() })
    }

    /// The vault of a home, for reading only.
    pub(super) fn old(home: &Home, passphrase: Option<&str>) -> Result<Old, VaultError> {
        if !Self::exists(home) {
            return Err(VaultError::Missing);
        }
        let key = [home.key(), new_key(home)].into_iter().find(|path| path.exists()).ok_or_else(super::key_gone)?;
        if !home.vault().exists() {
            return Err(VaultError::Damaged(trouble::vault_gone()));
        }
        Ok(Old::new(home.vault(), KeyFile::read(&key)?.open(passphrase)?))
    }
}

/// Rows that a look gives: each of them is a complaint.
fn count(old: &mut Old, sql: &str) -> Option<u64> {
    let connection = old.connection().ok()?;
    let mut statement = connection.prepare(sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    let mut number = 0;
    while rows.next().ok()?.is_some() {
        number += 1;
    }
    Some(number)
}
