//! Bearer tokens: 32 random bytes of which the relay keeps a hash only.
//!
//! In: randomness. Out: a token for its holder, a hash for the relay. This file must never learn what a token opens.

use crate::label::{self, Label};
use crate::primitives::{hash, same_bytes};
use crate::secret::Secret;
use rand_core::CryptoRng;

/// The SHA-256 of a token under the label of its kind, as the relay stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Comparison in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        same_bytes(&self.0, &other.0)
    }
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident = $label:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Secret);

        impl $name {
            const LABEL: Label = $label;

            /// Draws a fresh token.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                Self(Secret::random(rng))
            }

            /// The token with these bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(Secret::from_bytes(bytes))
            }

            /// The bytes, for the frame or the structure that carries them.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }

            /// What the relay keeps of it.
            #[must_use]
            pub fn hash(&self) -> TokenHash {
                TokenHash(hash(Self::LABEL, &[self.0.expose()]))
            }

            /// A second copy, for an invitation that carries it and a vault that keeps it.
            #[must_use]
            pub fn duplicate(&self) -> Self {
                Self(self.0.duplicate())
            }
        }
    )*};
}

tokens! {
    /// Lets its holder put envelopes into one mailbox.
    SendCapability = label::TOKEN_SEND;
    /// Locks an invitation's bundle for the taker who drew it, and lets that taker repeat the take.
    ClaimToken = label::TOKEN_CLAIM;
    /// Lets the inviter ask after an invitation and revoke it.
    ManageToken = label::TOKEN_MANAGE;
    /// Given by an operator: lets its holder make mailboxes and invitations.
    Pass = label::TOKEN_PASS;
    /// Carried by an invitation: lets its taker make one mailbox.
    Voucher = label::TOKEN_VOUCHER;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_as_another_kind_of_token_hash_differently() {
        assert_ne!(Pass::from_bytes([1; 32]).hash(), Voucher::from_bytes([1; 32]).hash());
        assert!(Pass::from_bytes([1; 32]).hash().matches(&Pass::from_bytes([1; 32]).hash()));
        assert_eq!(format!("{:?}", Pass::from_bytes([1; 32])), "Pass(Secret(..))");
    }
}
