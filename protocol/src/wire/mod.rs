//! Bytes: one bounded reader and one writer, the frames between client and relay, the envelope and its plaintexts.
//!
//! Everything on the wire is canonical: one encoding for one value, bounded before anything is allocated, no trailing
//! bytes, and decoding is total (protocol.md §2).

pub mod codec;
pub(crate) mod envelope;
pub mod frame;
pub(crate) mod message;

pub(crate) use codec::join;
pub use codec::{DecodeError, Reader, Writer};
