//! Sending: saved first, then put, then said.
//!
//! In: a contact, exact text. Out: where the message is now, and why it is not further. This file must never change a
//! byte of the text, and never say "sent" before the relay has it on disk.

use super::exchange::Goal;
use super::mailboxes::Stage;
use super::model::{Contact, Direction, Outcome, SendState};
use super::{Engine, Fault, chance};
use crate::language::trouble;
use crate::net::Role;
use crate::vault::NewMessage;
use cairn_protocol::content::MessageId;
use cairn_protocol::limits::TEXT;
use std::time::Duration;
use tokio::time::Instant;

/// How long `send` tries. Longer: a script hangs when the relay is down. Shorter: a slow line gets nothing through.
const BUDGET: Duration = Duration::from_secs(5);

impl Engine {
    /// Saves a message, then sends all that waits. With a time, tries again until the message is sent or that time is
    /// over.
    ///
    /// # Errors
    /// [`Fault::NoContact`], [`Fault::Blocked`], [`Fault::KeysChanged`] while a new start waits for the words, [`Fault::Usage`] for a text
    /// that is too long; those of the vault. Everything else stands
    /// in the outcome: the message is saved then.
    pub async fn send(&mut self, contact: &str, text: &str, wait: Option<Duration>) -> Result<Outcome, Fault> {
        self.deliver(contact, text, wait, false).await
    }

    /// The same for what a person typed in the conversation: the draft of this contact is gone in the same moment.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn send_typed(&mut self, contact: &str, text: &str) -> Result<Outcome, Fault> {
        self.deliver(contact, text, None, true).await
    }

    async fn deliver(
        &mut self,
        contact: &str,
        text: &str,
        wait: Option<Duration>,
        drafted: bool,
    ) -> Result<Outcome, Fault> {
        let start = Instant::now();
        let (contact, id, row) = self.store_text(contact, text, drafted)?;
        let goal = Goal { again: wait.is_some(), ..Goal::default() };
        let deadline = start + wait.unwrap_or(BUDGET);
        let id_of_contact = contact.id.clone();
        let finished = self
            .turn_until(goal, deadline, |engine| {
                if engine.exchange.stale || !engine.exchange.landed.is_empty() {
                    return Ok(false);
                }
                let sent = engine.vault.read(|store| store.is_sent(row)).map_err(Fault::from)?;
                let hopeless = wait.is_none() || engine.is_hopeless(&id_of_contact);
                Ok((sent && wait.is_some()) || (engine.is_put() && (sent || hopeless)))
            })
            .await?;
        let sent = self.vault.read(|store| store.is_sent(row)).map_err(Fault::from)?;
        let state = if sent { SendState::Sent } else { SendState::Saved };
        let fault = match (sent, self.why_not(&contact.id)) {
            (true, _) => None,
            (false, Some(fault)) => Some(fault),
            (false, None) => (wait.is_some() && !finished).then_some(Fault::WaitOver),
        };
        Ok(Outcome { id: chance::hex(id.as_bytes()), to: contact.name, state, fault })
    }

    /// Saves a message and waits for nothing: an open conversation sends it while it follows. The draft of this contact is
    /// gone in the same moment.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn save(&mut self, contact: &str, text: &str) -> Result<Outcome, Fault> {
        let (contact, id, _) = self.store_text(contact, text, true)?;
        let fault = self.why_not(&contact.id);
        Ok(Outcome { id: chance::hex(id.as_bytes()), to: contact.name, state: SendState::Saved, fault })
    }

    /// Why nothing goes out to a contact now, where a relay said so.
    #[must_use]
    pub fn held_up(&self, contact_id: &str) -> Option<Fault> {
        self.why_not(contact_id)
    }

    /// Keeps a text and its place in the queue, and lets lines be tried again.
    fn store_text(&mut self, contact: &str, text: &str, drafted: bool) -> Result<(Contact, MessageId, i64), Fault> {
        if text.len() > TEXT {
            return Err(Fault::Usage(trouble::text_long(TEXT, text.len())));
        }
        let contact = self.writable(contact)?;
        if contact.rejoining {
            return Err(Fault::KeysChanged);
        }
        let id = MessageId::random(&mut chance::rng());
        let now = self.now();
        let row = self.vault.write(|store| {
            let message = NewMessage {
                id,
                contact: &contact.id,
                direction: Direction::Out,
                kind: "text",
                text,
                sent_at: now,
                received_at: None,
            };
            let row = store.insert_message(&message)?.ok_or_else(|| Fault::Unexpected(trouble::twice()))?;
            store.enqueue(&contact.id, Some(row))?;
            if drafted {
                store.set_draft(&contact.id, "")?;
            }
            Ok::<_, Fault>(row)
        })?;
        self.exchange.stale = true;
        self.exchange.lines.revive();
        self.unblock();
        Ok((contact, id, row))
    }

    /// What a relay refused a while ago may be tried again: a person asks.
    pub(super) fn unblock(&mut self) {
        for way in self.exchange.ways.values_mut() {
            way.blocked = None;
        }
    }

    /// Whether waiting changes nothing.
    pub(super) fn is_hopeless(&self, contact: &str) -> bool {
        matches!(
            self.why_not(contact),
            Some(
                Fault::OlderCopy
                    | Fault::SessionDamaged
                    | Fault::Closed
                    | Fault::HistoryDiffers
                    | Fault::OtherRelay
                    | Fault::Unexpected(_)
            )
        )
    }

    /// Why nothing goes out to a contact, where a relay said so; a relay that is silent says nothing.
    pub(super) fn why_not(&self, contact: &str) -> Option<Fault> {
        let way = self.exchange.ways.get(contact)?;
        let own = self.exchange.boxes.get(&way.route.own);
        if let Some(Stage::Stuck(fault, _)) = own.map(|own| &own.stage) {
            return Some(fault.clone());
        }
        let lines = &self.exchange.lines;
        let receive = own.and_then(|own| lines.failed(&own.row.relay, Role::Receive));
        let mut down = [receive, lines.failed(&way.route.relay, Role::Send)].into_iter().flatten().map(Fault::from);
        let said = way.blocked.as_ref().map(|(fault, _)| fault.clone());
        said.or_else(|| down.rfind(|fault| *fault != Fault::Unreachable))
    }
}
