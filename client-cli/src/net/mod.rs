//! The network: lines to relays, and nothing else. The client opens no other socket.
//!
//! In: a relay's address, requests. Out: its replies, or why there are none. This folder is the only one that names TLS
//! and WebSocket. It must never learn what an envelope holds, nor whose it is.
//!
//! A line is a connection with a task of its own, so that whoever waits for a reply can stop waiting at any point
//! without cutting a frame in two.

mod counted;
mod line;
#[cfg(test)]
pub(crate) mod silent;
mod tls;

pub(crate) use counted::Traffic;
pub(crate) use line::{Line, Signal, Up};
pub(crate) use tls::is_signed;

/// What a line is for. Sending and receiving never share one: that would tie the two mailboxes of a conversation
/// together at the relay. Invitations have a third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// Our own mailboxes: subscribe, fetch, acknowledge.
    Receive,
    /// Their mailboxes: put.
    Send,
    /// Invitations: put, take, ask, withdraw.
    Invite,
    /// The operator's notice, and nothing else.
    Notice,
}

/// Why there is no line, or no line any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NetError {
    /// Nothing answers, or it stopped answering.
    #[error("the relay does not answer")]
    Unreachable,
    /// Something answers, with another key than the address names.
    #[error("another computer answers")]
    OtherKey,
    /// What answers speaks another version of the protocol, or none.
    #[error("the relay speaks another version")]
    Version,
    /// The relay asked us to wait this many seconds.
    #[error("the relay is busy")]
    Busy(u16),
}
