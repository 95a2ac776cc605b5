//! What one connection has proved.
//!
//! In: proofs, the channel that they must be bound to. Out: the right to a mailbox, for this connection only. This file
//! must never learn a token's holder or an address.

use crate::fanout::{Places, Subscription};
use crate::gate::Ticket;
use crate::handlers::Relay;
use crate::pace::Steps;
use crate::store::{Store, StoreError, StoreResult};
use cairn_protocol::mailbox::{ChannelBinding, MailboxId, OwnerKey, OwnerOperation, OwnerSecret};
use cairn_protocol::wire::frame::Refusal;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Subscriptions of one connection, at most. Larger: one connection takes more of the relay's memory. Smaller: a
/// specialist with many contacts needs several connections.
pub const SUBSCRIPTIONS: usize = 1024;

/// Pages that one connection reads or has read and not yet written, at most. Larger: a peer that doesn't read holds more
/// of the relay's memory (132 KiB each). Smaller: the next page is not read while the last one is written.
const PAGES: usize = 2;

/// A key that nobody holds, checked where there is no mailbox, so that this takes as long as a wrong key. It is kept as
/// bytes, like a key in the store: reading it is a tenth of the work.
#[derive(Debug)]
pub struct Stranger([u8; 32]);

impl Stranger {
    /// Draws one; its private half is dropped.
    #[must_use]
    pub fn random() -> Self {
        Self(*OwnerSecret::random(&mut rand::rng()).key().as_bytes())
    }

    fn key(&self) -> StoreResult<OwnerKey> {
        OwnerKey::from_bytes(&self.0).map_err(|_| StoreError::Refused(Refusal::Denied))
    }
}

/// The peer of one connection.
pub struct Peer<S: Store> {
    /// The relay that it is connected to.
    pub relay: Arc<Relay<S>>,
    channel: ChannelBinding,
    greeted: AtomicBool,
    steps: Steps,
    ticket: Option<Ticket>,
    subscriptions: Mutex<HashMap<MailboxId, Arc<Subscription>>>,
    places: Places,
    pages: Semaphore,
}

impl<S: Store> Peer<S> {
    /// A peer that has proved nothing yet.
    pub fn new(relay: Arc<Relay<S>>, channel: ChannelBinding) -> Self {
        let (greeted, pages) = (AtomicBool::new(false), Semaphore::new(PAGES));
        let steps = Steps::new(relay.pace.requests_per_second);
        let (ticket, subscriptions, places) = (None, Mutex::default(), Places::default());
        Self { relay, channel, greeted, steps, ticket, subscriptions, places, pages }
    }

    /// The peer with its place among the connections, which is free again when the peer is dropped.
    #[must_use]
    pub fn with_ticket(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    /// Ends when its next request may start: what comes too fast waits.
    pub async fn step(&self) {
        self.steps.taken().await;
    }

    /// Whether one of its requests was granted.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.ticket.as_ref().is_none_or(Ticket::is_known)
    }

    /// One of its requests was granted: it has shown a right to something.
    pub fn known(&self) {
        if let Some(ticket) = &self.ticket {
            ticket.known();
        }
    }

    /// A turn to read a page, over when dropped.
    pub async fn page_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.pages.acquire().await.ok()
    }

    /// Takes note of the Hello. True the first time.
    pub fn greet(&self) -> bool {
        !self.greeted.swap(true, Ordering::AcqRel)
    }

    /// Whether the Hello came.
    pub fn is_greeted(&self) -> bool {
        self.greeted.load(Ordering::Acquire)
    }

    /// Checks the owner's proof for this channel. No mailbox and a wrong key are the same refusal after the same work.
    ///
    /// # Errors
    /// [`Refusal::Denied`]; any error of the store.
    pub async fn prove(&self, mailbox: MailboxId, operation: OwnerOperation, proof: &[u8; 64]) -> StoreResult<()> {
        let owner = self.relay.store.owner(mailbox).await?;
        let key = owner.map_or_else(|| self.relay.stranger.key(), Ok)?;
        let verdict = key.verify(&self.channel, &mailbox, operation, proof);
        if verdict.is_ok() && owner.is_some() { Ok(()) } else { Err(StoreError::Refused(Refusal::Denied)) }
    }

    /// Subscribes to a mailbox whose key was proved and whose generation the store has moved on.
    ///
    /// # Errors
    /// [`Refusal::Fenced`]; [`Refusal::NotNow`] if there are too many subscriptions.
    pub fn subscribe(&self, mailbox: MailboxId, generation: u64) -> Result<(), Refusal> {
        let mut mine = self.subscriptions();
        if mine.len() >= SUBSCRIPTIONS && !mine.contains_key(&mailbox) {
            return Err(Refusal::NotNow);
        }
        let subscription = self.relay.fanout.enter(mailbox, generation, &self.places)?;
        mine.insert(mailbox, subscription);
        Ok(())
    }

    /// The current subscription of this connection to a mailbox.
    ///
    /// # Errors
    /// [`Refusal::Denied`] if there never was one; [`Refusal::Fenced`] if another took over.
    pub fn subscription(&self, mailbox: &MailboxId) -> Result<Arc<Subscription>, Refusal> {
        let subscription = self.subscriptions().get(mailbox).cloned().ok_or(Refusal::Denied)?;
        subscription.check().map(|()| subscription)
    }

    fn subscriptions(&self) -> MutexGuard<'_, HashMap<MailboxId, Arc<Subscription>>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Drop for Peer<S> {
    fn drop(&mut self) {
        for (mailbox, subscription) in self.subscriptions().drain() {
            self.relay.fanout.leave(&mailbox, &subscription);
        }
    }
}
