//! What was lost on the way: numbers of theirs that can't be opened here any more, and numbers of ours that can't be
//! there.
//!
//! In: ranges of numbers, a time to wait for. Out: rows of the queue that go then, or that a text did not arrive. This file
//! must never let anything go at once, nor as often as the other side likes: it would learn when the program runs.

use super::{EventRow, Store, VaultError};
use cairn_protocol::limits::SKIP_TOTAL;
use rusqlite::OptionalExtension;

/// How often a text goes once more because the other side has lost it. Larger: one who lies is sent more. Smaller: a text
/// that is lost on its second way too does not arrive.
const AGAIN: i64 = 2;

/// Milliseconds between two times at which the other side is told what was lost here: no more than 16 a day. Longer: it
/// takes longer until what was lost comes again. Shorter: one who leaves holes makes this program speak more often.
pub(super) const APART: i64 = 90 * 60 * 1000;

/// Ranges that wait to be told to one contact. Larger: one who leaves holes fills the vault, and the last of them is told in
/// weeks. Smaller: more of what was lost is told to our person only.
pub(super) const RANGES: i64 = 64;

/// Milliseconds after which a time is no plan but a clock that was wrong. Longer: a conversation waits so long for it.
/// Shorter: less than [`RANGES`] times [`APART`].
pub(super) const WEEK: i64 = 7 * 86_400_000;

/// The most numbers that one message may name as lost. // protocol.md §7.2
const SPAN: usize = SKIP_TOTAL;

impl Store<'_> {
    /// The other side is to be told that these numbers of theirs are lost, not before `due_at`. What joins on to a range
    /// that waits goes with it. Where too many wait already it is not told: our person was, in any case.
    pub(crate) fn enqueue_lost(
        &self,
        contact: &str,
        from: u64,
        to: u64,
        now: i64,
        due_at: i64,
    ) -> Result<(), VaultError> {
        let (from, to) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(to).unwrap_or(i64::MAX));
        let span = i64::try_from(SPAN).unwrap_or(i64::MAX);
        let joined = self
            .0
            .prepare_cached(
                "UPDATE queue SET lost_to = ?3 WHERE contact = ?1 AND lost_to = ?2 - 1 AND ?3 - lost_from < ?4",
            )?
            .execute((contact, from, to, span))?;
        let sql = "SELECT count(*) FROM queue WHERE contact = ?1 AND lost_from IS NOT NULL";
        if joined > 0 || self.0.prepare_cached(sql)?.query_row([contact], |row| row.get::<_, i64>(0))? >= RANGES {
            return Ok(());
        }
        let due_at: i64 = self
            .0
            .prepare_cached(
                "UPDATE contacts SET lost_at = CASE WHEN lost_at > ?3 THEN ?2 ELSE max(?2, lost_at + ?4) END
                 WHERE id = ?1 RETURNING lost_at",
            )?
            .query_row((contact, due_at, now.saturating_add(WEEK), APART), |row| row.get(0))?;
        self.0
            .prepare_cached("INSERT INTO queue (contact, lost_from, lost_to, due_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((contact, from, to, due_at))?;
        Ok(())
    }

    /// The other side can't open these numbers of ours any more: their texts go once more, whole, as new envelopes, not
    /// before `due_at`. A confirmation says that a number was received or given up (protocol.md §8.2), so confirmed ones
    /// count too. Each number counts once, and a text that was lost too often is told to our person instead.
    pub(crate) fn send_again(&self, contact: &str, from: u64, to: u64, due_at: i64) -> Result<(), VaultError> {
        let (from, to) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(to).unwrap_or(i64::MAX));
        let mut statement = self.0.prepare_cached(
            "SELECT message FROM outbox WHERE contact = ?1 AND number BETWEEN ?2 AND ?3 AND message IS NOT NULL
             UNION SELECT message FROM carried WHERE contact = ?1 AND number BETWEEN ?2 AND ?3 ORDER BY message",
        )?;
        let messages: Vec<i64> =
            statement.query_map((contact, from, to), |row| row.get(0))?.collect::<Result<_, _>>()?;
        messages.into_iter().try_for_each(|message| self.send_once_more(contact, message, due_at))
    }

    fn send_once_more(&self, contact: &str, message: i64, due_at: i64) -> Result<(), VaultError> {
        let again: Option<i64> = self
            .0
            .prepare_cached("UPDATE messages SET again = again + 1 WHERE seq = ?1 AND again <= ?2 RETURNING again")?
            .query_row((message, AGAIN), |row| row.get(0))
            .optional()?;
        match again {
            Some(again) if again <= AGAIN => {
                // Its other numbers are of the same way: what they lost of it comes with the rest.
                self.0.prepare_cached("DELETE FROM carried WHERE message = ?1")?.execute([message])?;
                self.0.prepare_cached("UPDATE outbox SET message = NULL WHERE message = ?1")?.execute([message])?;
                self.0
                    .prepare_cached("INSERT INTO queue (contact, message, due_at) VALUES (?1, ?2, ?3)")?
                    .execute((contact, message, due_at))?;
            }
            Some(_) => self.insert_event(EventRow::NotArrived(contact, message))?,
            None => {}
        }
        Ok(())
    }

    /// A confirmed number carried this text: remembered, because what is confirmed may have been given up there.
    pub(super) fn remember_carried(&self, contact: &str, number: i64, message: i64) -> Result<(), VaultError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO carried (contact, number, message) VALUES (?1, ?2, ?3)")?
            .execute((contact, number, message))?;
        Ok(())
    }
}
