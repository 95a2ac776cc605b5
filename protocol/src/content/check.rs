//! What the check of words says to the other side (protocol.md §7.2, §10).
//!
//! In: the fields of one message. Out: its kind and payload, or the fields again. This file must never learn what a
//! nonce is good for: [`crate::check`] does.

use crate::wire::{DecodeError, Reader, Writer};
use core::fmt;
use zeroize::Zeroizing;

pub(super) const KIND_COMMITMENT: u16 = 4;
pub(super) const KIND_ANSWER: u16 = 5;
pub(super) const KIND_OPENING: u16 = 6;

/// One of the three messages of a check.
#[derive(Clone, PartialEq, Eq)]
pub enum CheckMessage {
    /// The one who begins is bound to a nonce that nobody else knows yet. 32 bytes.
    Commitment([u8; 32]),
    /// The other one's nonce. 64 bytes.
    Answer {
        /// The commitment that this answers.
        commitment: [u8; 32],
        /// The nonce of the one who answers.
        nonce: [u8; 32],
    },
    /// The nonce of the one who began. 64 bytes.
    Opening {
        /// The commitment that this opens.
        commitment: [u8; 32],
        /// The nonce that it was made for.
        nonce: [u8; 32],
    },
}

impl CheckMessage {
    pub(super) fn encode(&self) -> (u16, Zeroizing<Vec<u8>>) {
        let mut writer = Writer::with_capacity(64);
        let kind = match self {
            Self::Commitment(commitment) => {
                writer.bytes(commitment);
                KIND_COMMITMENT
            }
            Self::Answer { commitment, nonce } => {
                writer.bytes(commitment).bytes(nonce);
                KIND_ANSWER
            }
            Self::Opening { commitment, nonce } => {
                writer.bytes(commitment).bytes(nonce);
                KIND_OPENING
            }
        };
        (kind, writer.finish())
    }

    pub(super) fn decode(kind: u16, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let commitment = reader.array()?;
        let message = match kind {
            KIND_COMMITMENT => Self::Commitment(commitment),
            KIND_ANSWER => Self::Answer { commitment, nonce: reader.array()? },
            KIND_OPENING => Self::Opening { commitment, nonce: reader.array()? },
            _ => return Err(DecodeError::Unknown),
        };
        reader.finish()?;
        Ok(message)
    }
}

// A nonce that was not sent yet is a secret.
impl fmt::Debug for CheckMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commitment(_) => "Commitment(..)",
            Self::Answer { .. } => "Answer(..)",
            Self::Opening { .. } => "Opening(..)",
        })
    }
}
