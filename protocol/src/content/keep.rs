//! How long one side keeps the conversation, told to the other (protocol.md §7.2).
//!
//! In: one of three choices. Out: its payload, or the choice again. This file must never learn which messages there are:
//! whoever keeps them removes them.

use crate::wire::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

pub(super) const KIND_KEEP: u16 = 7;

/// How long a side keeps its copy of a conversation. Until it says something else: always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until the person removes it.
    Always,
    /// 30 days.
    Days30,
    /// 90 days.
    Days90,
}

impl Keep {
    /// Days, 0 for always.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::Always => 0,
            Self::Days30 => 30,
            Self::Days90 => 90,
        }
    }

    /// The choice with these days.
    #[must_use]
    pub const fn of_days(days: u16) -> Option<Self> {
        match days {
            0 => Some(Self::Always),
            30 => Some(Self::Days30),
            90 => Some(Self::Days90),
            _ => None,
        }
    }

    pub(super) fn encode(self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(2);
        writer.u16(self.days());
        writer.finish()
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        let days = reader.u16()?;
        reader.finish()?;
        Self::of_days(days).ok_or(DecodeError::Invalid)
    }
}
