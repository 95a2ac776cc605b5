//! Who is subscribed to which mailbox now, the wake-ups, and the hand-over before the flush.
//!
//! In: subscriptions, arrivals. Out: wake-ups, and an envelope that just came to a fetch that waits for it. This file must
//! never learn what an envelope holds, an address or a name.
//!
//! The database is the queue: what a subscription is not handed here it reads there. It is handed envelopes only where
//! nothing of its mailbox can be missing before them. Places are numbers of the whole store, given one after another. Of
//! the envelopes after `gap` all that were accepted have been handed over or wait in `coming`; so once the subscription
//! has got as far as `gap`, by reading, there is nothing else for it.

use crate::store::{Arrival, Arrived, HandOver};
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::wire::frame::{Delivery, Refusal};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Subscriptions in all, at most (about 60 MB). Larger: memory in strangers' hands. Smaller: connections are refused
/// that the relay could carry.
pub const SUBSCRIPTIONS: usize = 262_144;

/// Envelopes that wait here for one connection's fetches, at most (64 KiB of them). Larger: a peer that doesn't read holds
/// more of the relay's memory. Smaller: more of a burst is read from the store.
const COMING: usize = 16;

/// Room for the envelopes of one connection; its subscriptions share it.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<AtomicUsize>);

/// Before the first place: nothing was read yet.
const UNREAD: Arrival = -1;

/// What was accepted for a subscription and is handed over.
#[derive(Debug, Default)]
struct Coming {
    /// Up to here there may be envelopes that only the store knows.
    gap: Arrival,
    /// All that was accepted after it and not fetched yet.
    queue: VecDeque<(Arrival, HandOver)>,
}

/// What a fetch finds without the store.
#[derive(Debug, PartialEq, Eq)]
pub enum Handed {
    /// The next envelopes, and the place after them.
    Next(Vec<Delivery>, Arrival),
    /// Nothing was accepted that this subscription has not been given.
    Nothing,
    /// Only the store knows.
    Unknown,
}

/// Where one subscription stands. Its place in the queue lives and dies with it: a new one starts at the front.
#[derive(Debug)]
pub struct Subscription {
    generation: u64,
    fenced: AtomicBool,
    parked: AtomicBool,
    wake: Notify,
    coming: Mutex<Coming>,
    places: Places,
    /// The place after the last envelope that it was given. Locked while a page is read, so that two fetches that
    /// are under way never give the same envelope.
    pub place: tokio::sync::Mutex<Arrival>,
}

impl Subscription {
    fn new(generation: u64, places: Places, gap: Arrival) -> Self {
        let (fenced, parked) = (AtomicBool::new(false), AtomicBool::new(false));
        let coming = Mutex::new(Coming { gap, queue: VecDeque::new() });
        let (wake, place) = (Notify::new(), tokio::sync::Mutex::new(UNREAD));
        Self { generation, fenced, parked, wake, coming, places, place }
    }

    /// What there is for a subscription that has been given everything up to `place`.
    pub fn handed(&self, place: Arrival) -> Handed {
        let mut coming = lock(&self.coming);
        if place < coming.gap {
            return Handed::Unknown;
        }
        let waiting = core::mem::take(&mut coming.queue);
        drop(coming);
        self.places.0.fetch_sub(waiting.len(), Ordering::AcqRel);
        let (mut deliveries, mut end) = (Vec::with_capacity(waiting.len()), place);
        for (arrival, envelope) in waiting {
            // What was read from the store meanwhile has been given.
            if arrival > place {
                end = arrival;
                deliveries.push(envelope.open());
            }
        }
        if deliveries.is_empty() { Handed::Nothing } else { Handed::Next(deliveries, end) }
    }

    /// Takes note that a page read from the store ended here and was full: what comes next only the store knows, which may
    /// hold envelopes from before this process.
    pub fn read_full(&self, end: Arrival) {
        let mut coming = lock(&self.coming);
        coming.gap = coming.gap.max(end.saturating_add(1));
    }

    /// Keeps an envelope for the fetch that waits. Without one, or without room for it, only the store will know.
    fn offer(&self, arrival: Arrival, envelope: HandOver) -> bool {
        let mut coming = lock(&self.coming);
        if self.parked.load(Ordering::Acquire) {
            if self.places.0.fetch_add(1, Ordering::AcqRel) < COMING {
                coming.queue.push_back((arrival, envelope));
                return true;
            }
            self.places.0.fetch_sub(1, Ordering::AcqRel);
        }
        coming.gap = arrival;
        self.places.0.fetch_sub(coming.queue.len(), Ordering::AcqRel);
        coming.queue.clear();
        false
    }

    /// Whether an envelope that is on disk now is still to be fetched, here or from the store. One that was handed over and
    /// fetched needs no second wake-up, which would come when its sender is answered.
    fn misses(&self, arrival: Arrival) -> bool {
        let coming = lock(&self.coming);
        // A fetch that found it here may have had to go to the store first, before it was there.
        arrival <= coming.gap || coming.queue.front().is_some_and(|(first, _)| *first <= arrival)
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

impl Drop for Subscription {
    fn drop(&mut self) {
        let coming = self.coming.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.places.0.fetch_sub(coming.queue.len(), Ordering::AcqRel);
    }
}

/// The current subscription of each mailbox.
#[derive(Debug, Default)]
pub struct Fanout {
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    subscriptions: HashMap<MailboxId, Arc<Subscription>>,
    /// The place of the last envelope that was accepted, whoever it is for.
    accepted: Arrival,
}

impl Fanout {
    /// Makes a subscription the current one and fences the one before it. The store has moved the generation on
    /// already; of two that did so, the later generation stays whichever comes here first.
    ///
    /// # Errors
    /// [`Refusal::Fenced`] if a later generation is subscribed; [`Refusal::NotNow`] if there are too many.
    pub fn enter(&self, mailbox: MailboxId, generation: u64, places: &Places) -> Result<Arc<Subscription>, Refusal> {
        let mut current = self.current();
        let full = current.subscriptions.len() >= SUBSCRIPTIONS;
        let subscription = Arc::new(Subscription::new(generation, places.clone(), current.accepted));
        match current.subscriptions.entry(mailbox) {
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
        if current.subscriptions.get(mailbox).is_some_and(|known| Arc::ptr_eq(known, subscription)) {
            current.subscriptions.remove(mailbox);
        }
    }

    /// Fences the subscription of a mailbox that is gone.
    pub fn close(&self, mailbox: &MailboxId) {
        if let Some(subscription) = self.current().subscriptions.remove(mailbox) {
            subscription.fence();
        }
    }

    /// Hears of an envelope and wakes the parked fetch of its mailbox, if there is one; else the next one does not sleep.
    pub fn hear(&self, arrived: Arrived) {
        let mut current = self.current();
        let woken = match arrived {
            Arrived::Coming(mailbox, arrival, envelope) => {
                current.accepted = arrival;
                // Offered under the lock: in the order of places, and either before or after a subscription enters.
                current.subscriptions.get(&mailbox).filter(|one| one.offer(arrival, envelope)).cloned()
            }
            Arrived::OnDisk(mailbox, arrival) => {
                current.subscriptions.get(&mailbox).filter(|one| one.misses(arrival)).cloned()
            }
        };
        drop(current);
        if let Some(subscription) = woken {
            subscription.wake.notify_one();
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        lock(&self.current)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod threads;

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::limits::ENVELOPE;
    use cairn_protocol::mailbox::EnvelopeId;
    use futures_util::FutureExt;

    const MAILBOX: MailboxId = MailboxId::from_bytes([1; 32]);

    #[test]
    fn a_newer_subscription_fences_the_older_one_whichever_comes_first() {
        let fanout = Fanout::default();
        let old = fanout.enter(MAILBOX, 1, &Places::default()).unwrap();
        let new = fanout.enter(MAILBOX, 2, &Places::default()).unwrap();
        assert_eq!((old.check(), new.check()), (Err(Refusal::Fenced), Ok(())));
        assert_eq!(fanout.enter(MAILBOX, 1, &Places::default()).err(), Some(Refusal::Fenced));
        let again = fanout.enter(MAILBOX, 2, &Places::default()).unwrap();
        assert_eq!((new.check(), again.check()), (Err(Refusal::Fenced), Ok(())));
    }

    #[test]
    fn leaving_forgets_only_ones_own_subscription() {
        let fanout = Fanout::default();
        let old = fanout.enter(MAILBOX, 1, &Places::default()).unwrap();
        let new = fanout.enter(MAILBOX, 2, &Places::default()).unwrap();
        fanout.leave(&MAILBOX, &old);
        assert_eq!(
            fanout.enter(MAILBOX, 1, &Places::default()).err(),
            Some(Refusal::Fenced),
            "the newer one is still there"
        );
        fanout.leave(&MAILBOX, &new);
        assert!(fanout.current().subscriptions.is_empty());
    }

    #[tokio::test]
    async fn a_wake_up_before_the_sleep_is_not_lost_and_only_one_fetch_parks() {
        let fanout = Fanout::default();
        let subscription = fanout.enter(MAILBOX, 1, &Places::default()).unwrap();
        let parked = subscription.park().unwrap();
        assert_eq!(subscription.park().err(), Some(Refusal::Malformed));
        fanout.hear(Arrived::OnDisk(MAILBOX, 0));
        let woken = tokio::time::timeout(core::time::Duration::from_secs(20), parked.woken());
        assert!(woken.await.is_ok(), "it was woken");
        drop(parked);
        assert!(subscription.park().is_ok());
    }

    fn coming(place: Arrival) -> Arrived {
        let id = EnvelopeId::from_bytes([u8::try_from(place).unwrap(); 16]);
        Arrived::Coming(MAILBOX, place, HandOver::new(move || Delivery { id, envelope: Box::new([0; ENVELOPE]) }))
    }

    /// The first bytes of what a fetch finds; none where only the store knows.
    fn given(subscription: &Subscription, place: Arrival) -> Option<(Vec<u8>, Arrival)> {
        match subscription.handed(place) {
            Handed::Next(deliveries, end) => Some((deliveries.iter().map(|one| one.id.as_bytes()[0]).collect(), end)),
            Handed::Nothing => Some((Vec::new(), place)),
            Handed::Unknown => None,
        }
    }

    #[test]
    fn nothing_is_handed_over_that_something_unread_may_stand_before() {
        let fanout = Fanout::default();
        fanout.hear(coming(3));
        let subscription = fanout.enter(MAILBOX, 1, &Places::default()).unwrap();
        let parked = subscription.park().unwrap();
        fanout.hear(coming(4));
        assert_eq!(given(&subscription, 0), None, "the third came before the subscription");
        assert_eq!(given(&subscription, 3), Some((vec![4], 4)));
        assert_eq!(given(&subscription, 4), Some((vec![], 4)));
        fanout.hear(coming(5));
        fanout.hear(coming(6));
        assert_eq!(given(&subscription, 5), Some((vec![6], 6)), "the fifth was read from the store meanwhile");
        drop(parked);
        fanout.hear(coming(7));
        let _parked = subscription.park().unwrap();
        fanout.hear(coming(8));
        assert_eq!(given(&subscription, 6), None, "nobody waited for the seventh");
        assert_eq!(given(&subscription, 7), Some((vec![8], 8)));
        subscription.read_full(8);
        assert_eq!(given(&subscription, 8), None, "the store may hold more than the page that was full");
    }

    #[tokio::test]
    async fn an_envelope_on_disk_wakes_who_must_read_it_and_nobody_to_whom_it_was_handed_over() {
        let fanout = Fanout::default();
        let woken = |parked: &Parked| parked.woken().now_or_never().is_some();
        let subscription = fanout.enter(MAILBOX, 1, &Places::default()).unwrap();
        let parked = subscription.park().unwrap();
        fanout.hear(coming(1));
        assert!(woken(&parked), "it is handed over");
        assert_eq!(given(&subscription, 0), Some((vec![1], 1)));
        fanout.hear(Arrived::OnDisk(MAILBOX, 1));
        assert!(!woken(&parked), "and that was all");
        drop(parked);
        fanout.hear(coming(2));
        let parked = subscription.park().unwrap();
        assert!(!woken(&parked), "nobody waited when the second came");
        fanout.hear(Arrived::OnDisk(MAILBOX, 2));
        assert!(woken(&parked), "so it must be read");
        fanout.hear(coming(3));
        let newer = fanout.enter(MAILBOX, 2, &Places::default()).unwrap();
        let parked = newer.park().unwrap();
        fanout.hear(Arrived::OnDisk(MAILBOX, 3));
        assert!(woken(&parked), "the third was handed to the subscription before this one");
    }

    #[test]
    fn a_connection_is_kept_few_envelopes_and_the_store_gives_the_rest() {
        let (fanout, places) = (Fanout::default(), Places::default());
        let last = Arrival::try_from(COMING).unwrap();
        let subscription = fanout.enter(MAILBOX, 1, &places).unwrap();
        let parked = subscription.park().unwrap();
        (1..=last).for_each(|place| fanout.hear(coming(place)));
        assert_eq!(places.0.load(Ordering::Acquire), COMING);
        fanout.hear(coming(last + 1));
        assert_eq!((given(&subscription, 0), places.0.load(Ordering::Acquire)), (None, 0));
        fanout.hear(coming(last + 2));
        assert_eq!(given(&subscription, last + 1), Some((vec![u8::try_from(last + 2).unwrap()], last + 2)));
        fanout.hear(coming(last + 3));
        fanout.close(&MAILBOX);
        drop((parked, subscription));
        assert_eq!(places.0.load(Ordering::Acquire), 0, "the room is free again");
    }
}
