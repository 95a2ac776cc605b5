//! Words that were typed and not sent.
//!
//! In: what stands in the line of one person. Out: the same, later. This file must never send anything.

use super::{Engine, Fault};

impl Engine {
    /// What was typed to this contact and not sent.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn draft(&self, contact_id: &str) -> Result<String, Fault> {
        self.vault.read(|store| Ok(store.draft(contact_id)?.unwrap_or_default()))
    }

    /// Keeps what was typed; nothing where it was erased. It is on disk when this returns.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn keep_draft(&mut self, contact_id: &str, text: &str) -> Result<(), Fault> {
        self.vault.write(|store| Ok(store.set_draft(contact_id, text)?))
    }
}
