//! The chain key: one step for each message, forward only.
//!
//! In: a chain key. Out: a message key and the next chain key. This file must never learn a root key or a header.

use crate::label;
use crate::primitives::Extracted;
use crate::ratchet::MessageKey;
use crate::secret::Secret;

/// CK: the head of a chain. Stepping takes it by value, so that an old one can't be used twice.
#[derive(Debug)]
pub(crate) struct ChainKey(Secret);

impl ChainKey {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }

    /// A second copy of a receiving chain's head, so that an envelope that does not open leaves the first untouched.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// MK = HKDF(0, CK, label), CK' = HKDF(0, CK, label). // protocol.md §5.3
    pub(crate) fn step(self) -> (Self, MessageKey) {
        let extracted = Extracted::new(&[], &[self.0.expose()]);
        let message = MessageKey::new(extracted.expand(label::CHAIN_MESSAGE, &[]));
        (Self(extracted.expand(label::CHAIN_NEXT, &[])), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_gives_another_message_key_and_another_chain_key() {
        let (first, one) = ChainKey::new(Secret::from_bytes([1; 32])).step();
        let same = first.secret().matches(one.secret());
        let (second, two) = first.duplicate().step();
        assert!(!same && !one.secret().matches(two.secret()) && !first.secret().matches(second.secret()));
    }
}
