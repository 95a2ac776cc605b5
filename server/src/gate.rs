//! How many connections there may be, in all and from one address, and who gives way when there are too many.
//!
//! In: the address of a connection that was just accepted; later, that it has shown a right. Out: a ticket, or none. This
//! file must never learn what a connection does. Addresses lie in memory only: those that are connected, and for at most two
//! minutes those that left.
//!
//! A connection is a stranger until one of its requests was granted. When there are too many connections, the stranger
//! that has been here longest gives way to the newcomer; whoever has shown a right is never cut off. So somebody who opens
//! connections by the thousand takes the places of strangers only.

use crate::limits::Limits;
use crate::pace::Keyed;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// Counts connections.
pub struct Gate {
    places: u32,
    per_address: u32,
    /// Whether connections from this machine are not counted by address.
    spare_loopback: bool,
    arriving: Keyed<IpAddr>,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    state: Mutex<State>,
    /// Tickets that there are, those of connections that are giving way among them.
    tickets: watch::Sender<u32>,
}

#[derive(Default)]
struct State {
    /// Places taken.
    taken: u32,
    from: HashMap<IpAddr, u32>,
    /// Those who have shown no right yet, in the order in which they came, and how each is told to give way.
    strangers: BTreeMap<u64, (Instant, oneshot::Sender<()>)>,
    next: u64,
}

/// One connection's place; free again when dropped.
pub struct Ticket {
    number: u64,
    network: Option<IpAddr>,
    known: AtomicBool,
    inside: Arc<Inside>,
}

/// Ends when a connection has to give way.
pub struct GiveWay(oneshot::Receiver<()>);

impl Default for Gate {
    fn default() -> Self {
        Self::new(&Limits::default(), u32::MAX)
    }
}

impl Gate {
    /// A gate with the places that the limits allow, at most `most`: what the machine has descriptors for.
    #[must_use]
    pub fn new(limits: &Limits, most: u32) -> Self {
        let per_address = limits.connections_per_address;
        Self {
            places: limits.connections.min(most).max(1),
            per_address,
            spare_loopback: true,
            arriving: Keyed::new(limits.new_connections_per_second, per_address),
            inside: Arc::default(),
        }
    }

    /// The gate, counting connections from this machine by address too or not.
    #[must_use]
    pub fn sparing_loopback(mut self, spare: bool) -> Self {
        self.spare_loopback = spare;
        self
    }

    /// A place for a connection from this address, if there is one.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<(Ticket, GiveWay)> {
        let network = network(address);
        let network = (!self.spare_loopback || !network.is_loopback()).then_some(network);
        if network.is_some_and(|network| !self.arriving.count(&network)) {
            return None;
        }
        let mut state = self.inside.lock();
        if let Some(network) = network
            && state.from.get(&network).is_some_and(|count| *count >= self.per_address)
        {
            return None;
        }
        if state.taken >= self.places && !state.shed(Duration::ZERO) {
            return None;
        }
        state.taken += 1;
        if let Some(network) = network {
            *state.from.entry(network).or_insert(0) += 1;
        }
        let number = state.next;
        state.next += 1;
        let (tell, told) = oneshot::channel();
        state.strangers.insert(number, (Instant::now(), tell));
        drop(state);
        self.inside.tickets.send_modify(|tickets| *tickets += 1);
        let ticket = Ticket { number, network, known: AtomicBool::new(false), inside: Arc::clone(&self.inside) };
        Some((ticket, GiveWay(told)))
    }

    /// Makes the stranger that has been here longest give way, if it had at least this time to show a right.
    pub fn shed(&self, after: Duration) -> bool {
        self.inside.lock().shed(after)
    }

    /// How many connections there are.
    #[must_use]
    pub fn entered(&self) -> u32 {
        *self.inside.tickets.borrow()
    }

    /// Forgets addresses that are not connected and have been quiet.
    pub fn forget(&self) {
        self.arriving.forget();
        self.inside.lock().from.shrink_to_fit();
    }

    /// Ends when no connection is left.
    pub async fn empty(&self) {
        // The sender lives as long as the gate, so this can only succeed.
        let _ = self.inside.tickets.subscribe().wait_for(|tickets| *tickets == 0).await;
    }
}

impl State {
    fn shed(&mut self, after: Duration) -> bool {
        let old = self.strangers.first_key_value().is_some_and(|(_, (since, _))| since.elapsed() >= after);
        let Some((_, (_, tell))) = old.then(|| self.strangers.pop_first()).flatten() else { return false };
        self.taken = self.taken.saturating_sub(1);
        // A connection that is ending anyway doesn't listen.
        let _ = tell.send(());
        true
    }
}

impl Inside {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whether the connection has shown a right.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// The connection has shown a right: from now on it is not asked to give way.
    pub fn known(&self) {
        // Asked for each request that was granted: the lock is taken for the first one only.
        if !self.is_known() && self.inside.lock().strangers.remove(&self.number).is_some() {
            self.known.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.inside.lock();
        // The place of one that gave way is somebody else's already.
        if state.strangers.remove(&self.number).is_some() || self.is_known() {
            state.taken = state.taken.saturating_sub(1);
        }
        if let Some(network) = self.network
            && let Some(count) = state.from.get_mut(&network)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.from.remove(&network);
            }
        }
        drop(state);
        self.inside.tickets.send_modify(|tickets| *tickets = tickets.saturating_sub(1));
    }
}

impl GiveWay {
    /// Ends when the connection has to give way; never, if it has shown a right.
    pub async fn told(self) {
        if self.0.await.is_err() {
            pending().await
        }
    }
}

/// One household or server: the address itself, or the /64 of an IPv6 address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn limits(connections: u32, connections_per_address: u32) -> Limits {
        Limits { connections, connections_per_address, ..Limits::default() }
    }

    fn from(gate: &Gate, address: &str) -> Option<(Ticket, GiveWay)> {
        gate.enter(address.parse().unwrap())
    }

    #[test]
    fn one_network_gets_its_share_and_others_still_enter() {
        let gate = Gate::new(&limits(12_000, 256), u32::MAX);
        let mut tickets: Vec<_> = (0..256).map(|host| from(&gate, &format!("2001:db8::{host:x}")).unwrap()).collect();
        assert!(from(&gate, "2001:db8::ffff").is_none());
        assert!(from(&gate, "2001:db8:0:1::1").is_some());
        assert!(from(&gate, "::ffff:192.0.2.1").is_some());
        assert_eq!(gate.entered(), 256);
        tickets.clear();
        assert!(gate.inside.lock().from.is_empty(), "the count of an address goes with its last connection");
        assert_eq!(gate.entered(), 0);
    }

    #[test]
    fn one_network_that_comes_and_goes_is_slowed_down_and_forgotten() {
        let gate = Gate::new(&Limits { new_connections_per_second: 1000, ..limits(100, 16) }, u32::MAX);
        let entered = (0..100_000).filter(|_| from(&gate, "192.0.2.1").is_some()).count();
        assert!((16..100_000).contains(&entered), "{entered}");
        assert!(from(&gate, "192.0.2.2").is_some(), "others are not");
        assert!(
            (0..1000).all(|_| from(&gate, "127.0.0.1").is_some() && from(&gate, "::1").is_some()),
            "nor this machine"
        );
        assert_eq!(gate.arriving.held(), 2);
        std::thread::sleep(std::time::Duration::from_millis(40));
        gate.forget();
        assert_eq!(gate.arriving.held(), 0, "no address stays");
    }

    #[test]
    fn the_oldest_stranger_gives_way_and_who_has_shown_a_right_never_does() {
        let gate = Gate::new(&limits(3, 256), u32::MAX);
        let [first, second, third] = [0; 3].map(|_| from(&gate, "127.0.0.1").unwrap());
        second.0.known();
        let fourth = from(&gate, "127.0.0.1").unwrap();
        assert_eq!(first.1.told().now_or_never(), Some(()), "the oldest gives way");
        let fifth = from(&gate, "127.0.0.1").unwrap();
        assert_eq!(third.1.told().now_or_never(), Some(()), "then the next one that has shown nothing");
        fourth.0.known();
        fifth.0.known();
        assert!(from(&gate, "127.0.0.1").is_none(), "all have shown a right");
        // What gave way has no place any more, whatever it shows and whenever it ends.
        third.0.known();
        drop((first.0, third.0));
        assert!(from(&gate, "127.0.0.1").is_none());
        assert_eq!(gate.entered(), 3);
        for known in [second.1, fourth.1] {
            assert_eq!(known.told().now_or_never(), None);
        }
        drop(fifth.0);
        let sixth = from(&gate, "127.0.0.1").unwrap();
        assert!(!gate.shed(Duration::from_secs(3600)), "it has time to show a right");
        assert!(gate.shed(Duration::ZERO) && !gate.shed(Duration::ZERO));
        assert_eq!(sixth.1.told().now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn the_machine_bounds_the_places_and_the_gate_says_when_it_is_empty() {
        let gate = Gate::new(&limits(12_000, 256), 2);
        let tickets: Vec<_> = (0..2).map(|_| from(&gate, "127.0.0.1").unwrap()).collect();
        tickets.iter().for_each(|(ticket, _)| ticket.known());
        assert!(from(&gate, "127.0.0.1").is_none());
        assert_eq!(gate.empty().now_or_never(), None);
        drop(tickets);
        assert_eq!(gate.empty().now_or_never(), Some(()));
    }
}
