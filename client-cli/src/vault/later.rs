//! Messages that wait for a time that the person chose.
//!
//! In: rows, times. Out: what waits still. A message waits for its time where its place in the queue and the message itself
//! name the same one. This file must never touch one that has begun to leave.

use super::messages::{COLUMNS, message};
use super::{Store, VaultError};
use crate::engine::model::Message;

impl Store<'_> {
    /// A message waits to be encrypted, not before this time.
    pub(crate) fn enqueue_later(&self, contact: &str, message: i64, at: i64) -> Result<(), VaultError> {
        let sql = "INSERT INTO queue (contact, message, due_at) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((contact, message, at))?;
        Ok(())
    }

    /// All that wait for their time, the next one first, each with its row.
    pub(crate) fn later(&self, now: i64) -> Result<Vec<(i64, Message)>, VaultError> {
        let sql = format!(
            "SELECT {COLUMNS}, m.seq FROM queue AS q JOIN messages AS m ON m.seq = q.message
             JOIN contacts AS c ON c.id = m.contact
             WHERE q.due_at = m.sent_at AND q.due_at > ?1 AND q.piece = 0 ORDER BY q.due_at, q.seq"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([now], |row| Ok((row.get(9)?, message(row)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them is taken back, words and all.
    pub(crate) fn forget_later(&self, message: i64) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM queue WHERE message = ?1", [message])?;
        self.0.execute("DELETE FROM messages WHERE seq = ?1", [message])?;
        Ok(())
    }

    /// The times that texts of a conversation wait for, each with its row.
    pub(super) fn times(&self, contact: &str) -> Result<Vec<(i64, i64)>, VaultError> {
        let sql = "SELECT m.seq, q.due_at FROM queue AS q JOIN messages AS m ON m.seq = q.message
                   WHERE q.contact = ?1 AND q.due_at = m.sent_at";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map([contact], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// They wait for them again, after the queue was made anew.
    pub(super) fn set_times(&self, times: &[(i64, i64)]) -> Result<(), VaultError> {
        let mut statement = self.0.prepare_cached("UPDATE queue SET due_at = ?2 WHERE message = ?1")?;
        times.iter().try_for_each(|(message, at)| statement.execute((message, at)).map(drop))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Vault;
    use rusqlite::Connection;

    #[test]
    fn a_new_session_makes_nothing_leave_before_its_time() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection
            .execute_batch(
                "INSERT INTO mailboxes VALUES (1, 'relay', x'01', x'02', x'03', 4, x'05', 1, 0);
                 INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session)
                   VALUES ('dana', 'Dana', 'Dana', 1, 1, 'relay', x'06', x'07', x'08');
                 INSERT INTO messages (seq, id, contact, direction, kind, text, sent_at, sent) VALUES
                   (1, x'01010101010101010101010101010101', 'dana', 1, 'text', 'now', 5, 0),
                   (2, x'02020202020202020202020202020202', 'dana', 1, 'text', 'later', 900, 0);
                 INSERT INTO queue (contact, message, due_at) VALUES ('dana', 1, 0), ('dana', 2, 900);",
            )
            .unwrap();
        let mut vault = Vault(connection);
        vault.write(|store| store.end_old_session("dana")).unwrap();
        let waits = vault.read(|store| store.later(100)).unwrap();
        assert_eq!(waits.iter().map(|(_, message)| message.text.as_str()).collect::<Vec<_>>(), ["later"]);
        let next = vault.read(|store| store.next_queued("dana", 100)).unwrap().unwrap();
        assert!(matches!(next.what, super::super::Queued::Text(1, ..)));
        // What has begun to leave, or goes once more for another reason, can't be taken back.
        for changed in ["piece = 1", "piece = 0, due_at = 901"] {
            vault.0.execute_batch(&format!("UPDATE queue SET {changed} WHERE message = 2")).unwrap();
            assert!(vault.read(|store| store.later(100)).unwrap().is_empty(), "{changed}");
        }
        vault.write(|store| store.forget_later(2)).unwrap();
        assert!(vault.read(|store| store.later(100)).unwrap().is_empty());
    }
}
