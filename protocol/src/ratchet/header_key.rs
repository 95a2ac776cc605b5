//! The header key of one chain: hides counters and ratchet keys from everybody but the peer.
//!
//! In: a header key, the envelope's salt. Out: the key that seals one header. This file must never learn a message key.

use crate::label;
use crate::primitives::Salted;
use crate::secret::Secret;

/// HK: the same for all envelopes of a chain; each seals its header under a key of its own, made with its salt.
#[derive(Debug)]
pub(crate) struct HeaderKey(Secret);

impl HeaderKey {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }

    /// A second copy: the key of a chain stays with its old chain after the step.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// header key of one envelope = HKDF(salt, HK, label). // protocol.md §6.2
    pub(crate) fn seal_key(&self, salt: &Salted) -> Secret {
        salt.derive(&[self.0.expose()], label::ENVELOPE_HEADER_KEY)
    }
}
