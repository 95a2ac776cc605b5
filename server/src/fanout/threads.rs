//! A writer and an owner's fetches on threads of their own: neither waits for ever.
//!
//! In: real threads, and a seed that draws how large transactions are and when the writer waits for the owner. Out: what the
//! owner was given. The model beside this one takes its steps one at a time; here two are taken at once.

use super::model::{OURS, named, number, subscribed};
use super::{Fanout, Handed, Subscription};
use crate::store::{Arrival, Arrived};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TRANSACTIONS: usize = 20_000;

/// How long an envelope is waited for. It comes within microseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is on disk: all up to the last place that is settled.
#[derive(Default)]
struct Disk {
    arrivals: Mutex<Vec<Arrival>>,
    settled: AtomicI64,
}

impl Disk {
    /// A page after a place, and where it ends, as `store::Store` gives it.
    fn page(&self, after: Arrival) -> (Vec<Arrival>, Arrival) {
        let settled = self.settled.load(Ordering::Acquire);
        let page: Vec<Arrival> = self.arrivals.lock().unwrap().iter().copied().filter(|one| *one > after).collect();
        let end = page.last().copied().unwrap_or(after).max(settled);
        (page, end)
    }
}

/// One fetch that waits, as in `handlers::mailbox`.
async fn fetch(subscription: &Arc<Subscription>, disk: &Disk, place: &mut Arrival) -> Vec<Arrival> {
    let parked = subscription.park().unwrap();
    loop {
        let (page, end) = match subscription.handed(*place) {
            Handed::Next(deliveries, end) => (deliveries.iter().map(number).collect(), end),
            Handed::Nothing => (Vec::new(), *place),
            Handed::Unknown => disk.page(*place),
        };
        *place = end;
        if !page.is_empty() {
            return page;
        }
        parked.woken().await;
    }
}

/// Fetches until nobody hears what came.
async fn own(subscription: Arc<Subscription>, disk: Arc<Disk>, came: Sender<Arrival>) {
    let (mut place, mut random) = (super::UNREAD, StdRng::seed_from_u64(5));
    loop {
        let page = fetch(&subscription, &disk, &mut place).await;
        if page.into_iter().try_for_each(|one| came.send(one)).is_err() {
            return;
        }
        dawdle(&mut random);
    }
}

/// Gives the other thread time to get somewhere.
fn dawdle(random: &mut StdRng) {
    (0..random.random_range(0..3000)).for_each(|_| core::hint::spin_loop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_owner_on_another_thread_is_given_each_envelope_once_and_in_order_and_never_sleeps_beside_one() {
    let (fanout, disk) = (Fanout::default(), Arc::new(Disk::default()));
    let (came, coming) = std::sync::mpsc::channel();
    let owner = tokio::spawn(own(subscribed(&fanout, 1), Arc::clone(&disk), came));
    let mut random = StdRng::seed_from_u64(4);
    let (mut last, mut given) = (0, 0);
    for _ in 0..TRANSACTIONS {
        let first = last + 1;
        last += random.random_range(1..4);
        (first..=last).for_each(|one| fanout.hear(Arrived::Coming(OURS, one, named(one))));
        dawdle(&mut random);
        disk.arrivals.lock().unwrap().extend(first..=last);
        disk.settled.store(last, Ordering::Release);
        dawdle(&mut random);
        (first..=last).for_each(|one| fanout.hear(Arrived::OnDisk(OURS, one)));
        // Else the next transaction finds the owner in the middle of something, and may make good what was lost.
        if random.random_bool(0.5) {
            while given < last {
                given += 1;
                assert_eq!(coming.recv_timeout(PATIENCE), Ok(given), "the owner sleeps, or was given something else");
            }
            disk.arrivals.lock().unwrap().clear();
        }
    }
    drop(coming);
    owner.abort();
}
