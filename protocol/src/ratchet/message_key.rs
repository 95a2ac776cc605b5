//! The key of one message, and how it seals one body.
//!
//! In: a message key, the envelope's salt. Out: the body key and its share of the commitment. This file must never learn
//! which chain a key came from.

use crate::label;
use crate::primitives::Salted;
use crate::ratchet::HeaderKey;
use crate::secret::Secret;

/// MK: opens one body, then is gone.
#[derive(Debug)]
pub(crate) struct MessageKey(Secret);

impl MessageKey {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }

    /// body key = HKDF(salt, MK, label). // protocol.md §6.3
    pub(crate) fn body_key(&self, salt: &Salted) -> Secret {
        salt.derive(&[self.0.expose()], label::ENVELOPE_BODY_KEY)
    }

    /// commitment = HKDF(salt, HK ‖ MK, label): fixes both keys, so that no envelope opens under two pairs of them.
    // protocol.md §6.4
    pub(crate) fn commitment(&self, header: &HeaderKey, salt: &Salted) -> [u8; 32] {
        *salt.derive(&[header.secret().expose(), self.0.expose()], label::ENVELOPE_COMMITMENT).expose()
    }
}
