//! How much strangers may ask of a relay: the table `[limits]` of its file.
//!
//! In: numbers of the operator. Out: numbers that gate, pace and store hold to. This file must never learn whom they hold
//! up.

use crate::quota::{self, Quota};
use serde::Deserialize;

/// Connections in all, if nothing else is said.
pub const CONNECTIONS: u32 = 12_000;

/// The keys, all optional; others are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections in all. Larger: more than the memory and the descriptors that a small machine has. Smaller: 10,000
    /// clients, for which the relay is measured, would not fit.
    pub connections: u32,
    /// Connections from one address (IPv6: from one /64), and as many new ones at once. Larger: one machine takes a larger
    /// share. Smaller: people behind one router are refused. What comes from this machine is not counted by address: it
    /// is a proxy, or the operator.
    pub connections_per_address: u32,
    /// New connections from one address in a second, after those that may come at once. Larger: TLS handshakes, each of
    /// which costs about a millisecond, take the processor. Smaller: a building whose power came back waits.
    pub new_connections_per_second: u32,
    /// Requests of one connection in a second; [`BURST`](crate::pace::BURST) times as many may come at once. What comes
    /// faster waits. Larger: one connection takes the disk's time. Smaller: a specialist with many contacts waits at each
    /// start.
    pub requests_per_second: u32,
    /// Envelopes that one mailbox takes in a second; [`BURST`](crate::pace::BURST) times as many may come at once. What
    /// comes faster is refused for a while. Larger: somebody floods a contact's device. Smaller: a conversation that was
    /// cut off for a day comes back slowly.
    pub envelopes_per_second: u32,
    /// Envelopes that wait in one mailbox, 4 KiB each. Larger: one leaked capability fills the disk sooner. Smaller: less
    /// than the 496 that an honest sender may have on the way.
    pub mailbox_envelopes: u32,
    /// Mailboxes in all. Larger: more of the disk goes to empty mailboxes. Smaller: fewer conversations.
    pub mailboxes: u32,
    /// MiB that the store's file may fill; 0 for as much as the disk has. Larger: less for whatever else is on the disk.
    /// Smaller: new envelopes are refused sooner.
    pub store_mib: u32,
}

/// A limit that is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} in [limits] is {value}, but must be from {least} to {most}")]
pub struct LimitError {
    /// Its name in the file.
    pub name: &'static str,
    /// What the file says.
    pub value: u32,
    /// The least that is allowed.
    pub least: u32,
    /// The most that is allowed.
    pub most: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            connections_per_address: 256,
            new_connections_per_second: 4,
            requests_per_second: 256,
            envelopes_per_second: 64,
            mailbox_envelopes: 1024,
            mailboxes: quota::MAILBOXES,
            store_mib: 0,
        }
    }
}

impl Limits {
    /// The limits, if all are in their ranges.
    ///
    /// # Errors
    /// The first that is not.
    pub fn checked(self) -> Result<Self, LimitError> {
        for (name, value, least, most) in [
            ("connections", self.connections, 1, 1_000_000),
            ("connections_per_address", self.connections_per_address, 1, 1_000_000),
            ("new_connections_per_second", self.new_connections_per_second, 1, 1_000_000),
            ("requests_per_second", self.requests_per_second, 1, 1_000_000),
            ("envelopes_per_second", self.envelopes_per_second, 1, 1_000_000),
            ("mailbox_envelopes", self.mailbox_envelopes, 1, quota::MOST_ENVELOPES),
            ("mailboxes", self.mailboxes, 1, u32::MAX),
            ("store_mib", self.store_mib, 0, u32::MAX),
        ] {
            if !(least..=most).contains(&value) {
                return Err(LimitError { name, value, least, most });
            }
        }
        Ok(self)
    }

    /// What the store holds itself to.
    #[must_use]
    pub fn quota(&self) -> Quota {
        let bytes = (self.store_mib > 0).then(|| u64::from(self.store_mib) << 20);
        Quota { mailbox_envelopes: self.mailbox_envelopes, mailboxes: self.mailboxes, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays_and_what_is_out_of_range_or_unknown_is_refused_by_name() {
        let read = |text: &str| toml::from_str::<Limits>(text);
        assert_eq!(read("").unwrap(), Limits::default());
        let limits = read("mailbox_envelopes = 3\nstore_mib = 2").unwrap().checked().unwrap();
        assert_eq!(limits.quota(), Quota { mailbox_envelopes: 3, bytes: Some(2 << 20), ..Quota::default() });
        assert_eq!(Limits { mailbox_envelopes: 3, store_mib: 2, ..Limits::default() }, limits);
        assert_eq!(Limits::default().quota().bytes, None);
        for (text, name) in [
            ("connections = 0", "connections"),
            ("connections_per_address = 1000001", "connections_per_address"),
            ("new_connections_per_second = 0", "new_connections_per_second"),
            ("requests_per_second = 0", "requests_per_second"),
            ("envelopes_per_second = 0", "envelopes_per_second"),
            ("mailbox_envelopes = 131073", "mailbox_envelopes"),
            ("mailboxes = 0", "mailboxes"),
        ] {
            assert_eq!(read(text).unwrap().checked().unwrap_err().name, name);
        }
        assert!(read("mailbox_envelope = 3").is_err());
        assert!(read("mailboxes = -1").is_err());
    }

    #[test]
    fn an_honest_sender_never_meets_the_limits_of_a_mailbox() {
        let limits = Limits::default();
        let honest =
            u32::try_from(cairn_protocol::limits::UNCONFIRMED + cairn_protocol::limits::CONTROL_RESERVE).unwrap();
        assert!(honest < limits.mailbox_envelopes);
        assert!(honest < limits.envelopes_per_second * crate::pace::BURST);
    }
}
