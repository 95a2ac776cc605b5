//! How many connections there may be, in all and from one address.
//!
//! In: the address of a connection that was just accepted. Out: a ticket, or none. This file must never learn what a
//! connection does, and forgets an address with its last connection.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections in all, at most. Larger: more than the memory and the descriptors that a small machine has. Smaller:
/// 10,000 clients, for which the relay is measured, would not fit.
pub const CONNECTIONS: u32 = 12_000;

/// Connections from one address (IPv6: from one /64), at most. Larger: one machine takes a larger share. Smaller: people
/// behind one router are refused. Loopback is exempt: what comes from there is a proxy, or the operator.
pub const FROM_ONE_ADDRESS: u32 = 256;

type Counts = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// Counts connections.
#[derive(Debug)]
pub struct Gate {
    all: Arc<Semaphore>,
    from: Counts,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
pub struct Ticket {
    place: Option<(IpAddr, Counts)>,
    _permit: OwnedSemaphorePermit,
}

impl Default for Gate {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(size(CONNECTIONS))), from: Arc::default() }
    }
}

impl Gate {
    /// A place for a connection from this address, if there is one.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<Ticket> {
        let permit = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let network = network(address);
        if network.is_loopback() {
            return Some(Ticket { place: None, _permit: permit });
        }
        let mut from = lock(&self.from);
        let count = from.entry(network).or_insert(0);
        if *count >= FROM_ONE_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Ticket { place: Some((network, Arc::clone(&self.from))), _permit: permit })
    }

    /// How many connections there are.
    #[must_use]
    pub fn entered(&self) -> u32 {
        CONNECTIONS.saturating_sub(u32::try_from(self.all.available_permits()).unwrap_or(CONNECTIONS))
    }

    /// Ends when no connection is left.
    pub async fn empty(&self) {
        // Never closed, so this can only succeed.
        let _ = self.all.acquire_many(CONNECTIONS).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some((network, from)) = self.place.take() {
            let mut from = lock(&from);
            if let Some(count) = from.get_mut(&network) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    from.remove(&network);
                }
            }
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

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn lock(from: &Mutex<HashMap<IpAddr, u32>>) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
    from.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_gets_its_share_and_others_still_enter() {
        let gate = Gate::default();
        let from = |text: &str| gate.enter(text.parse().unwrap());
        let tickets: Vec<_> = (0..FROM_ONE_ADDRESS).map(|host| from(&format!("2001:db8::{host:x}")).unwrap()).collect();
        assert!(from("2001:db8::ffff").is_none());
        assert!(from("2001:db8:0:1::1").is_some());
        assert!(from("::ffff:192.0.2.1").is_some());
        drop(tickets);
        assert!(from("2001:db8::ffff").is_some());
        assert!(lock(&gate.from).is_empty(), "an address is forgotten with its last connection");
    }

    #[test]
    fn there_is_an_end_for_all_together() {
        let gate = Gate::default();
        let tickets: Vec<_> = (0..CONNECTIONS).map_while(|_| gate.enter("127.0.0.1".parse().unwrap())).collect();
        assert_eq!(tickets.len(), size(CONNECTIONS));
        assert!(gate.enter("127.0.0.1".parse().unwrap()).is_none());
    }
}
