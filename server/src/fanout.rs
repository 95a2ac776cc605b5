//! Who is subscribed to which mailbox now, and the wake-ups.
//!
//! In: subscriptions, arrivals. Out: wake-ups, never envelopes: the database is the queue. This file must never learn
//! an envelope, an address or a name.

use crate::store::Arrival;
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::wire::frame::Refusal;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Subscriptions in all, at most (about 60 MB). Larger: memory in strangers' hands. Smaller: connections are refused
/// that the relay could carry.
pub const SUBSCRIPTIONS: usize = 262_144;

/// Where one subscription stands. Its place in the queue lives and dies with it: a new one starts at the front.
#[derive(Debug)]
pub struct Subscription {
    generation: u64,
    fenced: AtomicBool,
    parked: AtomicBool,
    wake: Notify,
    /// The place after the last envelope that it was given. Locked while a page is read, so that two fetches that
    /// are under way never give the same envelope.
    pub place: tokio::sync::Mutex<Arrival>,
}

impl Subscription {
    fn new(generation: u64) -> Self {
        let (fenced, parked) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { generation, fenced, parked, wake: Notify::new(), place: tokio::sync::Mutex::new(0) }
    }

    /// Whether it is still the one.
    ///
    /// # Errors
    /// [`Refusal::Fenced`].
    pub fn check(&self) -> Result<(), Refusal> {
        if self.fenced.load(Ordering::Acquire) { Err(Refusal::Fenced) } else { Ok(()) }
    }

    /// Parks a fetch; there is room for one.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for a second one.
    pub fn park(self: &Arc<Self>) -> Result<Parked, Refusal> {
        if self.parked.swap(true, Ordering::AcqRel) { Err(Refusal::Malformed) } else { Ok(Parked(Arc::clone(self))) }
    }

    fn fence(&self) {
        self.fenced.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

/// The one place of a parked fetch; free again when dropped.
#[derive(Debug)]
pub struct Parked(Arc<Subscription>);

impl Parked {
    /// Ends when something arrived or the subscription was fenced since the last call ended; it may also end for
    /// nothing. A wake-up that comes before the call is not lost.
    pub async fn woken(&self) {
        self.0.wake.notified().await;
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.0.parked.store(false, Ordering::Release);
    }
}

/// The current subscription of each mailbox.
#[derive(Debug, Default)]
pub struct Fanout {
    current: Mutex<HashMap<MailboxId, Arc<Subscription>>>,
}

impl Fanout {
    /// Makes a subscription the current one and fences the one before it. The store has moved the generation on
    /// already; of two that did so, the later generation stays whichever comes here first.
    ///
    /// # Errors
    /// [`Refusal::Fenced`] if a later generation is subscribed; [`Refusal::NotNow`] if there are too many.
    pub fn enter(&self, mailbox: MailboxId, generation: u64) -> Result<Arc<Subscription>, Refusal> {
        let mut current = self.current();
        let full = current.len() >= SUBSCRIPTIONS;
        let subscription = Arc::new(Subscription::new(generation));
        match current.entry(mailbox) {
            Entry::Occupied(entry) if entry.get().generation > generation => return Err(Refusal::Fenced),
            Entry::Occupied(mut entry) => entry.insert(Arc::clone(&subscription)).fence(),
            Entry::Vacant(_) if full => return Err(Refusal::NotNow),
            Entry::Vacant(entry) => {
                entry.insert(Arc::clone(&subscription));
            }
        }
        Ok(subscription)
    }

    /// Forgets a subscription whose connection has ended.
    pub fn leave(&self, mailbox: &MailboxId, subscription: &Arc<Subscription>) {
        let mut current = self.current();
        if current.get(mailbox).is_some_and(|known| Arc::ptr_eq(known, subscription)) {
            current.remove(mailbox);
        }
    }

    /// Fences the subscription of a mailbox that is gone.
    pub fn close(&self, mailbox: &MailboxId) {
        if let Some(subscription) = self.current().remove(mailbox) {
            subscription.fence();
        }
    }

    /// Wakes the parked fetch of a mailbox, if there is one; else the next one does not sleep.
    pub fn wake(&self, mailbox: &MailboxId) {
        let subscription = self.current().get(mailbox).cloned();
        if let Some(subscription) = subscription {
            subscription.wake.notify_one();
        }
    }

    fn current(&self) -> MutexGuard<'_, HashMap<MailboxId, Arc<Subscription>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILBOX: MailboxId = MailboxId::from_bytes([1; 32]);

    #[test]
    fn a_newer_subscription_fences_the_older_one_whichever_comes_first() {
        let fanout = Fanout::default();
        let old = fanout.enter(MAILBOX, 1).unwrap();
        let new = fanout.enter(MAILBOX, 2).unwrap();
        assert_eq!((old.check(), new.check()), (Err(Refusal::Fenced), Ok(())));
        assert_eq!(fanout.enter(MAILBOX, 1).err(), Some(Refusal::Fenced));
        let again = fanout.enter(MAILBOX, 2).unwrap();
        assert_eq!((new.check(), again.check()), (Err(Refusal::Fenced), Ok(())));
    }

    #[test]
    fn leaving_forgets_only_ones_own_subscription() {
        let fanout = Fanout::default();
        let old = fanout.enter(MAILBOX, 1).unwrap();
        let new = fanout.enter(MAILBOX, 2).unwrap();
        fanout.leave(&MAILBOX, &old);
        assert_eq!(fanout.enter(MAILBOX, 1).err(), Some(Refusal::Fenced), "the newer one is still there");
        fanout.leave(&MAILBOX, &new);
        assert!(fanout.current().is_empty());
    }

    #[tokio::test]
    async fn a_wake_up_before_the_sleep_is_not_lost_and_only_one_fetch_parks() {
        let fanout = Fanout::default();
        let subscription = fanout.enter(MAILBOX, 1).unwrap();
        let parked = subscription.park().unwrap();
        assert_eq!(subscription.park().err(), Some(Refusal::Malformed));
        fanout.wake(&MAILBOX);
        let woken = tokio::time::timeout(core::time::Duration::from_secs(20), parked.woken());
        assert!(woken.await.is_ok(), "it was woken");
        drop(parked);
        assert!(subscription.park().is_ok());
    }
}
