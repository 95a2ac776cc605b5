//! The envelope: 4,096 bytes in four parts, none of which repeats or stays constant (protocol.md §6).
//!
//! In: 4,096 bytes, or the four parts. Out: the other of the two. This file must never learn a key.
//!
//! | offset | bytes | part |
//! |---|---|---|
//! | 0 | 32 | salt, random |
//! | 32 | 32 | commitment to both keys |
//! | 64 | 2,312 + 16 | sealed header and its tag |
//! | 2,392 | 1,688 + 16 | sealed body and its tag |

use crate::limits::{BODY, ENVELOPE};
use crate::primitives::TAG;
use crate::wire::frame::EnvelopeBytes;
use crate::wire::join;
use crate::wire::message::HEADER;

/// Bytes of salt.
pub(crate) const SALT: usize = 32;

/// The parts of an envelope, where they lie.
pub(crate) struct Envelope<'a> {
    pub(crate) salt: &'a [u8; SALT],
    pub(crate) commitment: &'a [u8; 32],
    pub(crate) header: &'a [u8; HEADER],
    pub(crate) header_tag: &'a [u8; TAG],
    pub(crate) body: &'a [u8; BODY],
    pub(crate) body_tag: &'a [u8; TAG],
}

const _: () = assert!(SALT + 32 + HEADER + TAG + BODY + TAG == ENVELOPE);

impl<'a> Envelope<'a> {
    /// Cuts an envelope into its parts. Any 4,096 bytes can be cut: the parts add up to them (asserted above).
    pub(crate) fn cut(bytes: &'a [u8; ENVELOPE]) -> Option<Self> {
        let (salt, rest) = bytes.split_first_chunk()?;
        let (commitment, rest) = rest.split_first_chunk()?;
        let (header, rest) = rest.split_first_chunk()?;
        let (header_tag, rest) = rest.split_first_chunk()?;
        let (body, rest) = rest.split_first_chunk()?;
        let body_tag = rest.try_into().ok()?;
        Some(Self { salt, commitment, header, header_tag, body, body_tag })
    }

    /// Joins the parts.
    pub(crate) fn join(&self) -> EnvelopeBytes {
        let Self { salt, commitment, header, header_tag, body, body_tag } = *self;
        join(&[salt, commitment, header, header_tag, body, body_tag])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_cut_and_joined_without_a_change() {
        let bytes: [u8; ENVELOPE] = core::array::from_fn(|index| u8::try_from(index % 251).unwrap());
        assert_eq!(*Envelope::cut(&bytes).unwrap().join(), bytes);
    }
}
