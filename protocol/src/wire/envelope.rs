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
use crate::wire::message::HEADER;

/// Bytes of salt.
pub(crate) const SALT: usize = 32;

/// The parts of an envelope.
pub(crate) struct Envelope {
    pub(crate) salt: [u8; SALT],
    pub(crate) commitment: [u8; 32],
    pub(crate) header: [u8; HEADER],
    pub(crate) header_tag: [u8; TAG],
    pub(crate) body: [u8; BODY],
    pub(crate) body_tag: [u8; TAG],
}

const _: () = assert!(SALT + 32 + HEADER + TAG + BODY + TAG == ENVELOPE);

impl Envelope {
    /// Cuts an envelope into its parts. Any 4,096 bytes can be cut.
    pub(crate) fn cut(bytes: &[u8; ENVELOPE]) -> Self {
        let mut envelope = Self {
            salt: [0; SALT],
            commitment: [0; 32],
            header: [0; HEADER],
            header_tag: [0; TAG],
            body: [0; BODY],
            body_tag: [0; TAG],
        };
        let mut rest = bytes.as_slice();
        for part in envelope.parts() {
            // The parts add up to 4,096 bytes (asserted above), so that each cut succeeds.
            let (head, tail) = rest.split_at_checked(part.len()).unwrap_or_default();
            part.copy_from_slice(head);
            rest = tail;
        }
        envelope
    }

    /// Joins the parts.
    pub(crate) fn join(&mut self) -> EnvelopeBytes {
        let mut bytes = Box::new([0; ENVELOPE]);
        let mut rest = bytes.as_mut_slice();
        for part in self.parts() {
            let (head, tail) = rest.split_at_mut_checked(part.len()).unwrap_or_default();
            head.copy_from_slice(part);
            rest = tail;
        }
        bytes
    }

    const fn parts(&mut self) -> [&mut [u8]; 6] {
        [
            &mut self.salt,
            &mut self.commitment,
            &mut self.header,
            &mut self.header_tag,
            &mut self.body,
            &mut self.body_tag,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_cut_and_joined_without_a_change() {
        let bytes: [u8; ENVELOPE] = core::array::from_fn(|index| u8::try_from(index % 251).unwrap());
        assert_eq!(*Envelope::cut(&bytes).join(), bytes);
    }
}
