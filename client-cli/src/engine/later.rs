//! A message for later: it is kept now, and leaves at a time that the person chose.
//!
//! In: a contact, exact text, a time. Out: what waits, and what was taken back. There is no program in the background: it
//! leaves with the first run that reaches the relay after that time. This file must never let one leave before it.

use super::model::{Direction, Message};
use super::{Engine, Fault, chance};
use crate::language::trouble;
use crate::vault::NewMessage;
use cairn_protocol::content::MessageId;
use cairn_protocol::limits::TEXT;

/// How far ahead it may be. Longer: one that was kept by a wrong clock waits for so long. Shorter: the next visit is out of
/// reach.
pub const LONGEST: i64 = 6 * 86_400_000;

impl Engine {
    /// Keeps a message until `at`, milliseconds since 1970.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Blocked`]; [`Fault::KeysChanged`]; [`Fault::Usage`] for a time that is over or too far ahead.
    pub fn send_later(&mut self, contact: &str, text: &str, at: i64) -> Result<Message, Fault> {
        if text.len() > TEXT {
            return Err(Fault::Usage(trouble::text_long(TEXT, text.len())));
        }
        let contact = self.writable(contact)?;
        if contact.rejoining {
            return Err(Fault::KeysChanged);
        }
        let now = self.now();
        if at <= now || at > now.saturating_add(LONGEST) {
            return Err(Fault::Usage(trouble::time_far()));
        }
        let id = MessageId::random(&mut chance::rng());
        let message = self.vault.write(|store| {
            let message = NewMessage {
                id,
                contact: &contact.id,
                direction: Direction::Out,
                kind: "text",
                text,
                // Whoever reads it sees when it was meant to come.
                sent_at: at,
                received_at: None,
            };
            let row = store.insert_message(&message)?.ok_or_else(|| Fault::Unexpected(trouble::twice()))?;
            store.enqueue_later(&contact.id, row, at)?;
            Ok::<_, Fault>(store.message(row)?)
        })?;
        self.exchange.stale = true;
        Ok(message)
    }

    /// Messages that wait for their time, the next one first. Their `sent_at` is that time.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn later(&self) -> Result<Vec<Message>, Fault> {
        let now = self.now();
        self.vault.read(|store| Ok(store.later(now)?.into_iter().map(|(_, message)| message).collect()))
    }

    /// Takes back a message that waits for its time.
    ///
    /// # Errors
    /// [`Fault::Usage`] where none of this identifier waits: it may have left.
    pub fn cancel_later(&mut self, id: &str) -> Result<Message, Fault> {
        let now = self.now();
        let message = self.vault.write(|store| {
            let found = store.later(now)?.into_iter().find(|(_, message)| message.id == id);
            let (row, message) = found.ok_or_else(|| Fault::Usage(trouble::not_waiting()))?;
            store.forget_later(row)?;
            Ok::<_, Fault>(message)
        })?;
        self.exchange.stale = true;
        Ok(message)
    }
}
