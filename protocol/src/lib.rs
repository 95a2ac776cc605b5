//! Key exchange, ratchet and message formats of Cairn: private conversation between a patient and a peer support
//! specialist, through a relay that can't read it.
//!
//! The story of one conversation:
//!
//! 1. Ana makes an [`invitation::Invitation`]: a [`invitation::Link`] that she hands to Dana outside the relay, and a
//!    sealed bundle that waits at the relay under a key that only the link gives.
//! 2. Dana opens the bundle with the link and [takes](handshake::take) it: he has a [`session::Session`] and a first
//!    envelope. Ana [accepts](invitation::Invitation::accept) that envelope and has the other end of the session.
//! 3. What a person writes is [`content::Content`], cut into pieces; [`session::Session::encrypt`] seals each piece into
//!    an envelope of exactly 4,096 bytes, which the relay keeps until [`session::Session::decrypt`] has opened it.
//!
//! The crate does no I/O, has no clock, no async and no randomness of its own: all of that is an argument. The normative
//! text is `docs/protocol.md`; comments name its sections.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod address;
pub mod base32;
pub mod check;
pub mod content;
pub mod handshake;
mod history;
pub mod identity;
pub mod invitation;
pub mod label;
pub mod limits;
pub mod mailbox;
pub mod primitives;
pub mod ratchet;
pub mod role;
pub mod secret;
pub mod session;
pub mod snapshot;
pub mod token;
pub mod wire;
pub mod words;
