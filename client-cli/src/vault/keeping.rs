//! How long conversations are kept, and the removal of what is older.
//!
//! In: a choice, a moment. Out: rows that are gone, and how many. This file must never remove what was not shown yet, nor
//! what is still on its way: nothing that anybody wrote goes unsaid.

use super::{EventRow, Store, VaultError};
use crate::engine::Seen;
use crate::engine::model::Keep;
use cairn_protocol::content::Content;

/// The choice of a number of days in the store.
pub(super) fn keep(days: i64) -> Keep {
    u16::try_from(days).ok().and_then(Keep::of_days).unwrap_or(Keep::Always)
}

/// Messages of contact ?1 that were here before ?2, were shown, and have left.
const OLD: &str = "SELECT seq FROM messages AS m WHERE contact = ?1 AND coalesce(received_at, sent_at) < ?2
      AND (direction = 0 OR sent = 1)
      AND NOT EXISTS (SELECT 1 FROM queue WHERE message = m.seq)
      AND NOT EXISTS (SELECT 1 FROM events WHERE message = m.seq)";

/// Pieces of contact ?1 that were here before ?2 without the rest of their message. Of those that came before this
/// was noted, the writer's time counts.
const OLD_PIECES: &str = "contact = ?1 AND coalesce(nullif(came_at, 0), sent_at) < ?2";

impl Store<'_> {
    /// Keeps the choice for a conversation.
    pub(crate) fn set_keep(&self, contact: &str, keep: Keep) -> Result<(), VaultError> {
        self.0.execute("UPDATE contacts SET keep = ?2 WHERE id = ?1", (contact, keep.days()))?;
        self.say_keep(contact, keep)
    }

    fn say_keep(&self, contact: &str, keep: Keep) -> Result<(), VaultError> {
        // One that waits still is out of date.
        self.0.execute("DELETE FROM queue WHERE contact = ?1 AND kind = 7", [contact])?;
        self.enqueue_control(contact, &Content::Keep(keep))
    }

    /// The other side is to be told again how long the conversation is kept here; always goes without saying.
    pub(super) fn enqueue_keep(&self, contact: &str) -> Result<(), VaultError> {
        let days = self.0.query_row("SELECT keep FROM contacts WHERE id = ?1", [contact], |row| row.get(0))?;
        match keep(days) {
            Keep::Always => Ok(()),
            keep => self.say_keep(contact, keep),
        }
    }

    /// Whether what was chosen last has not left yet.
    pub(crate) fn is_keep_waiting(&self, contact: &str) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM queue WHERE contact = ?1 AND kind = 7)
                       OR EXISTS (SELECT 1 FROM outbox WHERE contact = ?1 AND message IS NULL AND store IS NULL)";
        Ok(self.0.query_row(sql, [contact], |row| row.get(0))?)
    }

    /// They have said how long they keep it, in the message of this number. What an earlier one said comes too late.
    pub(crate) fn set_their_keep(&self, contact: &str, keep: Keep, number: u64) -> Result<(), VaultError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let sql = "SELECT their_keep FROM contacts WHERE id = ?1 AND keep_said < ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let before: Vec<u16> = statement.query_map((contact, number), |row| row.get(0))?.collect::<Result<_, _>>()?;
        let Some(before) = before.first() else { return Ok(()) };
        self.0.execute(
            "UPDATE contacts SET their_keep = ?2, keep_said = ?3 WHERE id = ?1",
            (contact, keep.days(), number),
        )?;
        if *before != keep.days() {
            self.0.execute("DELETE FROM events WHERE contact = ?1 AND kind = 11", [contact])?;
            self.insert_event(EventRow::TheirKeep(contact, keep))?;
        }
        Ok(())
    }

    /// Conversations that are not kept always, each with its choice.
    pub(crate) fn kept(&self) -> Result<Vec<(String, Keep)>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT id, keep FROM contacts WHERE keep <> 0")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, keep(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many messages would go.
    pub(crate) fn count_before(&self, contact: &str, before: i64) -> Result<u64, VaultError> {
        let sql = format!("SELECT count(*) FROM ({OLD})");
        let count: i64 = self.0.query_row(&sql, (contact, before), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Removes what was here before this moment, and notes that it is to be told.
    pub(crate) fn remove_before(&self, contact: &str, before: i64, keep: Keep) -> Result<(), VaultError> {
        let values = (contact, before);
        // Envelopes go on: they are closed to this side too. Only what could be sent once more is not kept for it.
        self.0.execute(&format!("UPDATE outbox SET message = NULL WHERE message IN ({OLD})"), values)?;
        self.0.execute(&format!("DELETE FROM carried WHERE message IN ({OLD})"), values)?;
        let removed = self.0.execute(&format!("DELETE FROM messages WHERE seq IN ({OLD})"), values)?;
        let sql = format!("SELECT count(DISTINCT message) FROM pieces WHERE {OLD_PIECES}");
        let broken: i64 = self.0.query_row(&sql, values, |row| row.get(0))?;
        if broken > 0 {
            // The same as where there are too many of them: the rest of these does not come any more.
            let sql = format!(
                "DELETE FROM pieces WHERE contact = ?1
                   AND message IN (SELECT message FROM pieces WHERE {OLD_PIECES})"
            );
            self.0.execute(&sql, values)?;
            self.insert_event(EventRow::Gap(contact, u64::try_from(broken).unwrap_or_default()))?;
        }
        if removed > 0 {
            let untold = self.take_removed(contact, keep)?;
            let removed = u64::try_from(removed).unwrap_or(u64::MAX).saturating_add(untold);
            self.insert_event(EventRow::Removed(contact, removed, keep))?;
        }
        if removed > 0 || broken > 0 {
            self.0.execute("UPDATE profile SET compact = 1", [])?;
        }
        Ok(())
    }

    /// What was seen of the clock; the day is the one for which old messages were last looked for.
    pub(crate) fn seen(&self) -> Result<Seen, VaultError> {
        let seen = |row: &rusqlite::Row<'_>| Ok(Seen { day: row.get(0)?, ahead: row.get(1)? });
        Ok(self.0.query_row("SELECT swept, ahead FROM profile", [], seen)?)
    }

    /// Notes what was seen of it.
    pub(crate) fn set_seen(&self, seen: Seen) -> Result<(), VaultError> {
        self.0.execute("UPDATE profile SET swept = ?1, ahead = ?2", (seen.day, seen.ahead))?;
        Ok(())
    }

    /// Whether messages were removed and the file was not written anew since.
    pub(crate) fn is_compaction_due(&self) -> Result<bool, VaultError> {
        Ok(self.0.query_row("SELECT EXISTS (SELECT 1 FROM profile WHERE compact = 1)", [], |row| row.get(0))?)
    }

    /// The file was written anew.
    pub(super) fn compacted(&self) -> Result<(), VaultError> {
        self.0.execute("UPDATE profile SET compact = 0", [])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Vault;
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn what_goes_once_more_is_not_removed_before_it_went() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 INSERT INTO mailboxes VALUES (1, 'relay', x'01', x'02', x'03', 4, x'05', 1, 0);
                 INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session)
                   VALUES ('dana', 'Dana', 'Dana', 1, 1, 'relay', x'06', x'07', x'08');
                 INSERT INTO messages (seq, id, contact, direction, kind, text, sent_at, sent) VALUES
                   (1, x'01010101010101010101010101010101', 'dana', 1, 'text', 'lost there', 5, 1),
                   (2, x'02020202020202020202020202020202', 'dana', 1, 'text', 'arrived', 5, 1);
                 INSERT INTO queue (contact, message, due_at) VALUES ('dana', 1, 900);",
            )
            .unwrap();
        let mut vault = Vault(connection);
        assert_eq!(vault.read(|store| store.count_before("dana", 100)).unwrap(), 1);
        vault.write(|store| store.remove_before("dana", 100, Keep::Days30)).unwrap();
        let left = vault.read(|store| store.history("dana", None)).unwrap();
        assert_eq!(left.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["lost there"]);
    }
}
