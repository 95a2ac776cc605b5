//! A writer, a store and an owner's fetches that take turns in any order: nothing waits for ever, nothing comes twice.
//!
//! In: a seed, which draws who takes the next step. Out: what the owner was given. The store here is a list; what it
//! shows to a reader, and when, is as `store::Store` promises.

use super::{Fanout, Handed, Parked, Places, Subscription};
use crate::store::{Arrival, Arrived, HandOver};
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::wire::frame::Delivery;
use futures_util::FutureExt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) const OURS: MailboxId = MailboxId::from_bytes([1; 32]);
const OTHERS: MailboxId = MailboxId::from_bytes([2; 32]);

/// Envelopes of a page, so that some are full.
const PAGE: usize = 2;

/// What the writer does next.
enum Writes {
    Accept(Vec<(MailboxId, Arrival)>),
    Tell(MailboxId, Arrival),
    Commit(Vec<(MailboxId, Arrival)>),
    Settle(Arrival),
    OnDisk(MailboxId, Arrival),
}

/// What the owner's fetch does next.
enum Fetch {
    Asked,
    Look(Parked),
    Read(Parked, Arrival),
    Waits(Parked),
}

struct Model {
    random: StdRng,
    fanout: Fanout,
    writes: VecDeque<Writes>,
    last: Arrival,
    on_disk: Vec<(MailboxId, Arrival)>,
    settled: Arrival,
    subscription: Arc<Subscription>,
    generation: u64,
    place: Arrival,
    fetch: Option<Fetch>,
    given: Vec<Arrival>,
}

pub(super) fn subscribed(fanout: &Fanout, generation: u64) -> Arc<Subscription> {
    fanout.enter(OURS, generation, &Places::default()).unwrap()
}

pub(super) fn named(arrival: Arrival) -> HandOver {
    let id = EnvelopeId::from_bytes(i128::from(arrival).to_be_bytes());
    HandOver::new(move || Delivery { id, envelope: Box::new([0; ENVELOPE]) })
}

pub(super) fn number(delivery: &Delivery) -> Arrival {
    Arrival::try_from(i128::from_be_bytes(*delivery.id.as_bytes())).unwrap()
}

impl Model {
    fn new(seed: u64) -> Self {
        let (fanout, mut random) = (Fanout::default(), StdRng::seed_from_u64(seed));
        let subscription = subscribed(&fanout, 1);
        // What an earlier process left.
        let last = random.random_range(0..5);
        Self {
            random,
            fanout,
            writes: VecDeque::new(),
            last,
            on_disk: (1..=last).map(|arrival| (OURS, arrival)).collect(),
            settled: last,
            subscription,
            generation: 1,
            place: super::UNREAD,
            fetch: Some(Fetch::Asked),
            given: Vec::new(),
        }
    }

    /// Begins a transaction of one to four envelopes.
    fn accept(&mut self) {
        let parts = self.random.random_range(1..5);
        let new: Vec<_> = (0..parts)
            .map(|_| {
                self.last += 1;
                (if self.random.random_bool(0.5) { OURS } else { OTHERS }, self.last)
            })
            .collect();
        self.writes.push_back(Writes::Accept(new));
    }

    /// The writer's next step. False if it has nothing to do.
    fn write(&mut self) -> bool {
        match self.writes.pop_front() {
            None => return false,
            Some(Writes::Accept(new)) => {
                self.writes.extend(new.iter().map(|(mailbox, arrival)| Writes::Tell(*mailbox, *arrival)));
                self.writes.push_back(Writes::Commit(new));
            }
            Some(Writes::Tell(mailbox, arrival)) => {
                self.fanout.hear(Arrived::Coming(mailbox, arrival, named(arrival)));
            }
            Some(Writes::Commit(new)) => {
                self.writes.push_back(Writes::Settle(self.last));
                self.writes.extend(new.iter().map(|(mailbox, arrival)| Writes::OnDisk(*mailbox, *arrival)));
                self.on_disk.extend(new);
            }
            Some(Writes::Settle(last)) => self.settled = last,
            Some(Writes::OnDisk(mailbox, arrival)) => self.fanout.hear(Arrived::OnDisk(mailbox, arrival)),
        }
        true
    }

    /// The fetch's next step, as `handlers::mailbox` takes it. False if it sleeps.
    fn fetch(&mut self) -> bool {
        let (next, moved) = match self.fetch.take().unwrap() {
            Fetch::Asked => (Fetch::Look(self.subscription.park().unwrap()), true),
            Fetch::Look(parked) => match self.subscription.handed(self.place) {
                Handed::Next(deliveries, end) => {
                    self.given.extend(deliveries.iter().map(number));
                    self.place = end;
                    (Fetch::Asked, true)
                }
                Handed::Nothing => (Fetch::Waits(parked), true),
                Handed::Unknown => (Fetch::Read(parked, self.settled), true),
            },
            Fetch::Read(parked, settled) => {
                let ours = |&&(mailbox, arrival): &&(MailboxId, Arrival)| mailbox == OURS && arrival > self.place;
                let page: Vec<Arrival> =
                    self.on_disk.iter().filter(ours).map(|(_, arrival)| *arrival).take(PAGE).collect();
                let end = page.last().copied().unwrap_or(self.place);
                if page.len() < PAGE {
                    self.place = end.max(settled);
                } else {
                    self.place = end;
                    self.subscription.read_full(end);
                }
                let next = if page.is_empty() { Fetch::Waits(parked) } else { Fetch::Asked };
                self.given.extend(page);
                (next, true)
            }
            Fetch::Waits(parked) => {
                let woken = parked.woken().now_or_never().is_some();
                (if woken { Fetch::Look(parked) } else { Fetch::Waits(parked) }, woken)
            }
        };
        self.fetch = Some(next);
        moved
    }

    /// The owner comes on another connection and begins at the front.
    fn subscribe_anew(&mut self) {
        self.fetch = Some(Fetch::Asked);
        self.generation += 1;
        self.subscription = subscribed(&self.fanout, self.generation);
        self.place = super::UNREAD;
        self.given.clear();
    }
}

#[test]
fn whoever_takes_the_next_step_an_owner_is_given_each_envelope_once_and_in_order_and_never_sleeps_beside_one() {
    for seed in 0..20_000 {
        let mut model = Model::new(seed);
        for _ in 0..60 {
            match model.random.random_range(0..20) {
                0 => model.subscribe_anew(),
                1..11 => drop(model.fetch()),
                _ if model.writes.is_empty() => model.accept(),
                _ => drop(model.write()),
            }
        }
        while model.write() || model.fetch() {}
        let ours: Vec<Arrival> =
            model.on_disk.iter().filter(|(mailbox, _)| *mailbox == OURS).map(|(_, arrival)| *arrival).collect();
        assert_eq!(model.given, ours, "seed {seed}");
    }
}
