//! The lines that the engine holds: one for each relay and role, with what happened to it last.
//!
//! In: addresses, requests. Out: numbers of requests, and when to try again. This file must never learn what is asked.

use super::{Fault, chance};
use crate::language::trouble;
use crate::net::{Line, NetError, Role, Signal, Traffic, Up};
use crate::vault::Place;
use cairn_protocol::address::RelayAddress;
use cairn_protocol::wire::frame::Request;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Signals that wait for the engine. Larger: pages fill the memory. Smaller: lines wait for each other.
const SIGNALS: usize = 32;

/// The first wait before a line is tried again, doubled each time; the wait itself is random below it, so that the
/// clients of a relay that was away don't all come at once.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest of these waits. Longer: messages come late after an outage. Shorter: a relay that comes back is crowded.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Names a line for its whole life; never used again.
pub(super) type LineName = u64;

/// Which line.
pub(super) type Key = (String, Role);

/// How a line stands.
#[derive(Debug)]
pub(super) enum Stand {
    /// It is being made.
    Opening,
    /// It stands.
    Up(Up),
    /// It is gone, and will be tried again then.
    Down(NetError, Instant),
}

#[derive(Debug)]
struct Held {
    name: LineName,
    line: Option<Line>,
    stand: Stand,
    tries: u32,
    /// Why it was gone the last time, until it stands.
    failed: Option<NetError>,
}

/// All lines.
#[derive(Debug)]
pub(super) struct Lines {
    held: BTreeMap<Key, Held>,
    next: LineName,
    signals: mpsc::Receiver<(LineName, Signal)>,
    sender: mpsc::Sender<(LineName, Signal)>,
    traffic: Arc<Traffic>,
}

impl Lines {
    pub(super) fn new() -> Self {
        let (sender, signals) = mpsc::channel(SIGNALS);
        Self { held: BTreeMap::new(), next: 0, signals, sender, traffic: Arc::default() }
    }

    /// The bytes of all lines there ever were.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Makes sure that there is a line, or one under way. A line that is gone is tried again when its time has come and
    /// `again` says so.
    pub(super) fn want(&mut self, relay: &str, role: Role, again: bool) -> Result<(), Fault> {
        let key = (relay.to_owned(), role);
        let (tries, failed) = match self.held.get(&key) {
            None => (0, None),
            Some(Held { stand: Stand::Down(why, at), tries, .. }) if again && *at <= Instant::now() => {
                (*tries, Some(*why))
            }
            Some(_) => return Ok(()),
        };
        let address: RelayAddress = relay.parse().map_err(|_| Fault::Damaged(trouble::relay_unread()))?;
        self.next += 1;
        let line = Line::open(address, self.next, self.sender.clone(), Arc::clone(&self.traffic));
        self.held.insert(key, Held { name: self.next, line: Some(line), stand: Stand::Opening, tries, failed });
        Ok(())
    }

    /// Lines that are gone may be tried again at once: a person asks.
    pub(super) fn revive(&mut self) {
        self.held.retain(|_, held| !matches!(held.stand, Stand::Down(..)));
    }

    /// Ends the lines of a role: an idle line costs data too.
    pub(super) fn hang_up(&mut self, role: Role) {
        self.held.retain(|key, _| key.1 != role);
    }

    /// How a line stands; nothing if there is none.
    pub(super) fn stand(&self, relay: &str, role: Role) -> Option<&Stand> {
        self.held.get(&(relay.to_owned(), role)).map(|held| &held.stand)
    }

    /// What is known of a line that stands.
    pub(super) fn up(&self, relay: &str, role: Role) -> Option<Up> {
        match self.stand(relay, role) {
            Some(Stand::Up(up)) => Some(*up),
            _ => None,
        }
    }

    /// Why a line is gone.
    pub(super) fn down(&self, relay: &str, role: Role) -> Option<NetError> {
        match self.stand(relay, role) {
            Some(Stand::Down(error, _)) => Some(*error),
            _ => None,
        }
    }

    /// Why a line does not stand; also while it is tried again.
    pub(super) fn failed(&self, relay: &str, role: Role) -> Option<NetError> {
        self.held.get(&(relay.to_owned(), role)).and_then(|held| held.failed)
    }

    /// Asks over a line; nothing where it is full, gone or not there yet.
    pub(super) fn ask(&mut self, relay: &str, role: Role, request: Request) -> Option<(LineName, u32)> {
        let held = self.held.get_mut(&(relay.to_owned(), role))?;
        if !matches!(held.stand, Stand::Up(_)) {
            return None;
        }
        let number = held.line.as_mut()?.ask(request)?;
        Some((held.name, number))
    }

    /// The next signal. Nothing is lost when this is dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<(LineName, Signal)> {
        self.signals.recv().await
    }

    /// A signal that is there already.
    pub(super) fn ready(&mut self) -> Option<(LineName, Signal)> {
        self.signals.try_recv().ok()
    }

    /// Which line has this name; nothing for one that was replaced.
    pub(super) fn key(&self, name: LineName) -> Option<Key> {
        self.held.iter().find(|(_, held)| held.name == name).map(|(key, _)| key.clone())
    }

    /// A line stands.
    pub(super) fn set_up(&mut self, key: &Key, up: Up) {
        if let Some(held) = self.held.get_mut(key) {
            held.stand = Stand::Up(up);
            (held.tries, held.failed) = (0, None);
        }
    }

    /// A line is gone.
    pub(super) fn set_down(&mut self, key: &Key, error: NetError) {
        if let Some(held) = self.held.get_mut(key) {
            let most = FIRST_WAIT.saturating_mul(1 << held.tries.min(16)).min(LONGEST_WAIT);
            let asked =
                if let NetError::Busy(seconds) = error { Duration::from_secs(seconds.into()) } else { Duration::ZERO };
            held.stand = Stand::Down(error, Instant::now() + asked.min(LONGEST_WAIT) + chance::within(most));
            held.tries = held.tries.saturating_add(1);
            (held.line, held.failed) = (None, Some(error));
        }
    }

    /// When the lines that are gone are to be tried again.
    pub(super) fn tries(&self) -> impl Iterator<Item = Instant> {
        self.held.values().filter_map(|held| if let Stand::Down(_, at) = held.stand { Some(at) } else { None })
    }

    /// The state of a relay's store, if any line of ours has seen it.
    pub(super) fn place(&self, relay: &str, now: i64) -> Option<Place> {
        let up = [Role::Send, Role::Receive, Role::Invite].into_iter().find_map(|role| self.up(relay, role))?;
        Some(place(&up, now))
    }
}

/// Where an envelope lies that is put over this line today.
pub(super) fn place(up: &Up, now: i64) -> Place {
    Place { store: up.welcome.store, restores: up.welcome.restores, day: now.div_euclid(86_400_000) }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        match error {
            NetError::Unreachable => Self::Unreachable,
            NetError::OtherKey => Self::OtherRelay,
            NetError::Version => Self::Unexpected(trouble::version()),
            NetError::Busy(_) => Self::Busy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::address::{Host, Pin};

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_tried_again_still_says_why_it_was_gone_until_it_stands() {
        let (host, pin) = (Host::new("127.0.0.1").unwrap(), Pin([7; 16]));
        let relay = &RelayAddress { host, port: 9, pin }.to_string();
        let key = (relay.to_owned(), Role::Receive);
        let mut lines = Lines::new();
        lines.want(relay, Role::Receive, true).unwrap();
        assert_eq!(lines.failed(relay, Role::Receive), None, "it was not gone yet");
        lines.set_down(&key, NetError::Unreachable);
        assert_eq!(lines.failed(relay, Role::Receive), Some(NetError::Unreachable));
        tokio::time::advance(FIRST_WAIT).await;
        lines.want(relay, Role::Receive, true).unwrap();
        assert!(matches!(lines.stand(relay, Role::Receive), Some(Stand::Opening)));
        assert_eq!(lines.failed(relay, Role::Receive), Some(NetError::Unreachable));
        lines.revive();
        assert_eq!(lines.failed(relay, Role::Receive), Some(NetError::Unreachable), "one under way goes on");
    }
}
