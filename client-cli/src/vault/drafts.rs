//! Words that were typed to somebody and not sent.
//!
//! In: what stands in a line that has had no Enter. Out: the same, after a lock, a crash or a power cut. This file must
//! never keep what was sent: a message takes its draft with it.

use super::{Store, VaultError};
use rusqlite::OptionalExtension;

impl Store<'_> {
    /// What was typed to this contact.
    pub(crate) fn draft(&self, contact: &str) -> Result<Option<String>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT text FROM drafts WHERE contact = ?1")?;
        Ok(statement.query_row([contact], |row| row.get(0)).optional()?)
    }

    /// Keeps it; nothing for words that were erased.
    pub(crate) fn set_draft(&self, contact: &str, text: &str) -> Result<(), VaultError> {
        if text.is_empty() {
            self.0.prepare_cached("DELETE FROM drafts WHERE contact = ?1")?.execute([contact])?;
        } else {
            self.0
                .prepare_cached(
                    "INSERT INTO drafts (contact, text) VALUES (?1, ?2)
                     ON CONFLICT (contact) DO UPDATE SET text = excluded.text",
                )?
                .execute((contact, text))?;
        }
        Ok(())
    }
}
