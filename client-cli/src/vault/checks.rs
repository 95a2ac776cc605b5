//! Checks of words: how far each is, what it wants to say to the other side, and what came of it.
//!
//! In: the state of a check, its messages. Out: the same. This file must never learn what a nonce is good for, and it
//! encrypts nothing: what a check says waits in the queue like everything else.

use super::{Store, VaultError};
use crate::engine::model::Trust;
use cairn_protocol::content::{CheckMessage, Content, MessageId, Piece};
use rusqlite::OptionalExtension;
use zeroize::Zeroizing;

/// The number of a trust in the store.
pub(super) const fn code(trust: Trust) -> i64 {
    match trust {
        Trust::Unchecked => 0,
        Trust::Checked => 1,
    }
}

/// The trust of a number.
pub(super) const fn trust(code: i64) -> Trust {
    match code {
        1 => Trust::Checked,
        _ => Trust::Unchecked,
    }
}

/// Control content that stands in a row of the queue: of a check, or how long the conversation is kept.
pub(super) fn content(kind: u16, payload: Vec<u8>) -> Option<Content> {
    let payload = Zeroizing::new(payload);
    let piece = Piece { id: MessageId::from_bytes([0; 16]), index: 0, count: 1, shown: false, kind, payload };
    match Content::join(&[piece]) {
        Ok(content @ (Content::Check(_) | Content::Keep(_))) => Some(content),
        _ => None,
    }
}

impl Store<'_> {
    /// The state of a contact's check; none where nobody has begun one.
    pub(crate) fn check(&self, contact: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT state FROM checks WHERE contact = ?1")?;
        Ok(statement.query_row([contact], |row| row.get(0).map(Zeroizing::new)).optional()?)
    }

    /// Keeps the state of a check, and the words to read aloud where it has them.
    pub(crate) fn set_check(&self, contact: &str, state: &[u8], words: Option<&str>) -> Result<(), VaultError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO checks (contact, state, words) VALUES (?1, ?2, ?3)")?
            .execute((contact, state, words))?;
        Ok(())
    }

    /// Forgets a check that can't be read.
    pub(crate) fn drop_check(&self, contact: &str) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM checks WHERE contact = ?1", [contact])?;
        Ok(())
    }

    /// What a check says waits to be encrypted.
    pub(crate) fn enqueue_check(&self, contact: &str, message: &CheckMessage) -> Result<(), VaultError> {
        self.enqueue_control(contact, &Content::Check(message.clone()))
    }

    /// Control content waits to be encrypted.
    pub(super) fn enqueue_control(&self, contact: &str, content: &Content) -> Result<(), VaultError> {
        let pieces = content.split(MessageId::from_bytes([0; 16]));
        let pieces = pieces.map_err(|error| VaultError::Failed(error.to_string()))?;
        let mut insert = self.0.prepare_cached("INSERT INTO queue (contact, kind, payload) VALUES (?1, ?2, ?3)")?;
        pieces
            .iter()
            .try_for_each(|piece| insert.execute((contact, piece.kind, piece.payload.as_slice())).map(drop))?;
        Ok(())
    }

    /// A run was given up: what it still had to say is not said.
    pub(crate) fn drop_queued_checks(&self, contact: &str) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM queue WHERE contact = ?1 AND kind BETWEEN 4 AND 6", [contact])?;
        Ok(())
    }

    /// Keeps how well a person's keys are known.
    pub(crate) fn set_trust(&self, contact: &str, trust: Trust) -> Result<(), VaultError> {
        self.0.execute("UPDATE contacts SET trust = ?2 WHERE id = ?1", (contact, code(trust)))?;
        Ok(())
    }
}
