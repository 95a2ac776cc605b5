//! Key exchange, ratchet and message formats of Cairn.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod address;
pub mod base32;
pub mod label;
pub mod limits;
pub mod mailbox;
pub mod primitives;
pub mod secret;
pub mod token;
pub mod wire;
