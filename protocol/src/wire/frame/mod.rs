//! The frames between client and relay, one in each binary WebSocket message (protocol.md §9).
//!
//! In: bytes from the wire, or typed requests and replies. Out: the other of the two. This module must never learn what an
//! envelope holds. A frame is: type (1), request number (4, chosen by the client and repeated by the relay), fields.

mod reply;
mod request;

pub use reply::{BundleState, Delivery, Refusal, Reply, Welcome};
pub use request::{Admission, Request};

use super::codec::{DecodeError, Reader};
use crate::limits::{ENVELOPE, NOTICE, SEALED_BUNDLE};

/// The exact bytes of an envelope.
pub type EnvelopeBytes = Box<[u8; ENVELOPE]>;

/// The exact bytes of a sealed bundle.
pub type SealedBundleBytes = Box<[u8; SEALED_BUNDLE]>;

/// The exact bytes of a signed notice.
pub type NoticeBytes = Box<[u8; NOTICE]>;

fn boxed<const N: usize>(reader: &mut Reader<'_>) -> Result<Box<[u8; N]>, DecodeError> {
    let bytes: Box<[u8]> = reader.bytes(N)?.into();
    bytes.try_into().map_err(|_| DecodeError::Truncated)
}
