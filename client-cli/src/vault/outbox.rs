//! What is on its way out: content that is not encrypted yet, and exact envelopes until they are confirmed.
//!
//! In: messages, envelopes, answers of relays. Out: what to encrypt and what to put, in order. This file must never
//! encrypt anything, and an envelope's bytes never change here.

use super::lost::WEEK;
use super::{Store, VaultError, checks};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::mailbox::EnvelopeId;
use cairn_protocol::wire::frame::EnvelopeBytes;
use rusqlite::OptionalExtension;

/// Content that is not encrypted yet.
pub(crate) struct QueueRow {
    /// Its place.
    pub(crate) seq: i64,
    /// What it is.
    pub(crate) what: Queued,
    /// The next piece to encrypt.
    pub(crate) piece: u8,
}

/// What waits to be encrypted. Not printable: it holds what a person wrote.
pub(crate) enum Queued {
    /// A message: its row, identifier, text, and when it was written.
    Text(i64, MessageId, String, i64),
    /// Nothing, to carry a confirmation.
    Filler,
    /// These numbers of theirs are lost.
    Lost(u64, u64),
    /// A message of a check of words, or how long the conversation is kept here.
    Control(Content),
}

/// An envelope to put.
#[derive(Debug)]
pub(crate) struct OutboxRow {
    /// Its place.
    pub(crate) seq: i64,
    /// Its identifier, drawn once.
    pub(crate) id: EnvelopeId,
    /// Its exact bytes.
    pub(crate) envelope: EnvelopeBytes,
}

/// Where an envelope lies, and since when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The relay's store.
    pub(crate) store: [u8; 16],
    /// How often that store was restored.
    pub(crate) restores: u32,
    /// Days since 1970.
    pub(crate) day: i64,
}

/// Days after which an envelope that nobody confirmed is put again: the longest that a relay keeps one by default.
const AGAIN_DAYS: i64 = 14;

impl Store<'_> {
    /// A message waits to be encrypted, or a filler.
    pub(crate) fn enqueue(&self, contact: &str, message: Option<i64>) -> Result<(), VaultError> {
        self.0.prepare_cached("INSERT INTO queue (contact, message) VALUES (?1, ?2)")?.execute((contact, message))?;
        Ok(())
    }

    /// The next content to encrypt: what carries confirmations goes before what people wrote, which may have to wait. A
    /// session that waits to take a contact's place says nothing but what its check says. What is for later is not there yet:
    /// a time that a person chose holds, whatever the clock says meanwhile.
    pub(crate) fn next_queued(&self, contact: &str, now: i64) -> Result<Option<QueueRow>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT q.seq, q.piece, m.seq, m.id, m.text, m.sent_at, q.lost_from, q.lost_to, q.kind, q.payload FROM queue AS q LEFT JOIN messages AS m ON m.seq = q.message
             WHERE q.contact = ?1 AND (q.due_at <= ?2 OR q.due_at > ?3 AND m.sent_at IS NOT q.due_at)
               AND (q.kind IS NOT NULL OR (SELECT rejoins FROM contacts WHERE id = ?1) IS NULL)
             ORDER BY q.message IS NOT NULL, q.seq LIMIT 1",
        )?;
        let row = statement.query_row((contact, now, now.saturating_add(WEEK)), |row| {
            let number = |index| row.get::<_, i64>(index).map(|number| u64::try_from(number).unwrap_or_default());
            let what = if let Some(message) = row.get(2)? {
                Queued::Text(message, MessageId::from_bytes(row.get(3)?), row.get(4)?, row.get(5)?)
            } else if row.get::<_, Option<i64>>(6)?.is_some() {
                Queued::Lost(number(6)?, number(7)?)
            } else if let Some(kind) = row.get(8)? {
                Queued::Control(checks::content(kind, row.get(9)?).ok_or(rusqlite::Error::InvalidQuery)?)
            } else {
                Queued::Filler
            };
            Ok(QueueRow { seq: row.get(0)?, what, piece: row.get(1)? })
        });
        Ok(row.optional()?)
    }

    /// Pieces before this one are encrypted; none is left without a number.
    pub(crate) fn advance_queued(&self, seq: i64, piece: Option<u8>) -> Result<(), VaultError> {
        match piece {
            Some(piece) => {
                self.0.prepare_cached("UPDATE queue SET piece = ?2 WHERE seq = ?1")?.execute((seq, piece))?
            }
            None => self.0.prepare_cached("DELETE FROM queue WHERE seq = ?1")?.execute([seq])?,
        };
        Ok(())
    }

    /// Keeps an envelope; no number for the first one of a session.
    pub(crate) fn insert_outbox(
        &self,
        contact: &str,
        number: Option<u64>,
        id: EnvelopeId,
        envelope: &EnvelopeBytes,
        message: Option<i64>,
    ) -> Result<(), VaultError> {
        let number = number.and_then(|number| i64::try_from(number).ok());
        self.0
            .prepare_cached("INSERT INTO outbox (contact, number, id, envelope, message) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((contact, number, id.as_bytes(), envelope.as_slice(), message))?;
        Ok(())
    }

    /// The next envelopes above `after` that are not in this store, or lie there for so long that they may be gone.
    pub(crate) fn to_put(
        &self,
        contact: &str,
        after: i64,
        place: Place,
        most: u32,
    ) -> Result<Vec<OutboxRow>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT seq, id, envelope FROM outbox WHERE contact = ?1 AND seq > ?2
               AND (store IS NULL OR store <> ?3 OR restores <> ?4 OR day <= ?5)
             ORDER BY seq LIMIT ?6",
        )?;
        let values = (contact, after, place.store, place.restores, place.day - AGAIN_DAYS, most);
        let rows = statement.query_map(values, |row| {
            let (id, envelope) = (EnvelopeId::from_bytes(row.get(1)?), Box::new(row.get(2)?));
            Ok(OutboxRow { seq: row.get(0)?, id, envelope })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether anything of this contact waits to be encrypted or put now; without a place, as far as that can be known.
    pub(crate) fn waits(&self, contact: &str, now: i64, place: Option<Place>) -> Result<bool, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM queue AS q WHERE contact = ?1 AND (due_at <= ?5 OR due_at > ?6
                              AND NOT EXISTS (SELECT 1 FROM messages WHERE seq = q.message AND sent_at = q.due_at)))
                 OR EXISTS (SELECT 1 FROM outbox WHERE contact = ?1
                            AND (store IS NULL OR day <= ?2 OR store <> ?3 OR restores <> ?4))",
        )?;
        let (store, restores) = (place.map(|place| place.store), place.map(|place| place.restores));
        let gone = now.div_euclid(86_400_000) - AGAIN_DAYS;
        let values = (contact, gone, store, restores, now, now.saturating_add(WEEK));
        Ok(statement.query_row(values, |row| Ok(row.get::<_, Option<bool>>(0)?.unwrap_or(false)))?)
    }

    /// Whether all of a message is at the relay.
    pub(crate) fn is_sent(&self, message: i64) -> Result<bool, VaultError> {
        Ok(self.0.query_row("SELECT sent FROM messages WHERE seq = ?1", [message], |row| row.get(0))?)
    }

    /// The relay has these on disk.
    pub(crate) fn mark_put(&self, rows: &[i64], place: Place) -> Result<(), VaultError> {
        let mut put = self
            .0
            .prepare_cached("UPDATE outbox SET store = ?2, restores = ?3, day = ?4 WHERE seq = ?1 RETURNING message")?;
        for row in rows {
            let values = (row, place.store, place.restores, place.day);
            if let Some(Some(message)) = put.query_row(values, |row| row.get::<_, Option<i64>>(0)).optional()? {
                self.refresh_sent(message)?;
            }
        }
        Ok(())
    }

    /// The other side has received everything up to this number, or given it up.
    pub(crate) fn drop_confirmed(&self, contact: &str, number: u64) -> Result<(), VaultError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let mut statement = self
            .0
            .prepare_cached("DELETE FROM outbox WHERE contact = ?1 AND number <= ?2 RETURNING number, message")?;
        let rows = statement.query_map((contact, number), |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))?;
        let mut messages = Vec::new();
        for (number, message) in rows.collect::<Result<Vec<_>, _>>()? {
            if let Some(message) = message {
                self.remember_carried(contact, number, message)?;
                messages.push(message);
            }
        }
        messages.dedup();
        messages.into_iter().try_for_each(|message| self.refresh_sent(message))
    }

    /// The other side has written, and its oldest envelope that is at the relay is not confirmed. Once that is usual: both
    /// wrote at the same time. At the second, fourth, eighth … time the envelope is put again: the relay may have lost it.
    pub(crate) fn not_confirmed(&self, contact: &str) -> Result<(), VaultError> {
        let oldest: Option<(i64, u32)> = self
            .0
            .prepare_cached(
                "UPDATE outbox SET missed = missed + 1
                 WHERE store IS NOT NULL AND seq = (SELECT min(seq) FROM outbox WHERE contact = ?1 AND number IS NOT NULL)
                 RETURNING seq, missed",
            )?
            .query_row([contact], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((seq, missed)) = oldest
            && missed >= 2
            && missed.is_power_of_two()
        {
            self.0.prepare_cached("UPDATE outbox SET day = 0 WHERE seq = ?1")?.execute([seq])?;
        }
        Ok(())
    }

    /// The other side has answered: the first envelope has done its work.
    pub(crate) fn drop_first(&self, contact: &str) -> Result<(), VaultError> {
        self.0.prepare_cached("DELETE FROM outbox WHERE contact = ?1 AND number IS NULL")?.execute([contact])?;
        Ok(())
    }

    /// A message is sent when none of it waits.
    fn refresh_sent(&self, message: i64) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "UPDATE messages SET sent = 1 WHERE seq = ?1 AND sent = 0
                   AND NOT EXISTS (SELECT 1 FROM queue WHERE message = ?1)
                   AND NOT EXISTS (SELECT 1 FROM outbox WHERE message = ?1 AND store IS NULL)",
            )?
            .execute([message])?;
        Ok(())
    }

    /// Messages of ours that are not at a relay and will go there.
    pub(crate) fn waiting(&self) -> Result<u64, VaultError> {
        let sql = "SELECT count(*) FROM messages WHERE direction = 1 AND sent = 0
                     AND contact NOT IN (SELECT id FROM contacts WHERE blocked = 1)";
        let count: i64 = self.0.query_row(sql, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
