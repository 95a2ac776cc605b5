//! The removal of a person: whatever row names them, in whatever table there is.
//!
//! In: a contact. Out: rows that are gone, and mailboxes that wait to be deleted at their relay. This file must never
//! leave a row that names the contact, nor touch one of anybody else's.

use super::{Store, VaultError};

impl Store<'_> {
    /// Every column that names a contact, with its table: read from the schema, so that no later table is forgotten.
    fn naming(&self) -> Result<Vec<(String, String)>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT m.name, f.\"from\" FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
             WHERE m.type = 'table' AND f.\"table\" = 'contacts'",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes a contact with all that was written, its keys and what waits; their mailboxes of ours are left to be
    /// deleted at the relay.
    pub(crate) fn remove_contact(&self, contact: &str) -> Result<(), VaultError> {
        // Looked at when all of it is gone; ends with the transaction.
        self.0.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        self.drop_pending(contact)?;
        let mut mailboxes = self.0.prepare_cached(
            "SELECT mailbox FROM contacts WHERE id = ?1
             UNION SELECT mailbox FROM invitations WHERE contact = ?1 OR rejoins = ?1
             UNION SELECT mailbox FROM joins WHERE contact = ?1 OR rejoins = ?1",
        )?;
        let mailboxes: Vec<Option<i64>> =
            mailboxes.query_map([contact], |row| row.get(0))?.collect::<Result<_, _>>()?;
        mailboxes.into_iter().flatten().try_for_each(|mailbox| self.give_up_mailbox(mailbox))?;
        for table in ["held", "events"] {
            self.0.execute(
                &format!(
                    "DELETE FROM {table} WHERE invitation IN
                       (SELECT id FROM invitations WHERE contact = ?1 OR rejoins = ?1)"
                ),
                [contact],
            )?;
        }
        for (table, column) in self.naming()? {
            self.0.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [contact])?;
        }
        self.0.execute("DELETE FROM contacts WHERE id = ?1", [contact])?;
        self.0.execute("UPDATE profile SET compact = 1", [])?;
        Ok(())
    }

    /// Mailboxes of ours that wait to be deleted at their relay.
    pub(crate) fn given_up(&self) -> Result<Vec<i64>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM mailboxes WHERE gone = 1")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
