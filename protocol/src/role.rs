//! The two roles of a conversation, fixed by who made the invitation.
//!
//! In: one byte. Out: a role. This file must never learn whose role it is.

use crate::wire::DecodeError;

/// Who made the invitation, and who took it. The byte enters every derivation and every associated data, so that an
/// envelope sent back to its writer does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Made the invitation; the responder of the handshake.
    Inviter,
    /// Took it; the initiator.
    Taker,
}

impl Role {
    /// 1 for the inviter, 2 for the taker.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Inviter => 1,
            Self::Taker => 2,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Inviter => Self::Taker,
            Self::Taker => Self::Inviter,
        }
    }

    /// Reads a role.
    ///
    /// # Errors
    /// [`DecodeError::Invalid`] for any byte but 1 and 2.
    pub const fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        match byte {
            1 => Ok(Self::Inviter),
            2 => Ok(Self::Taker),
            _ => Err(DecodeError::Invalid),
        }
    }
}
