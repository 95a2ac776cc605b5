//! An envelope's body as it lies in the file: shut with a key of its own, so that who deletes the key deletes the body.
//!
//! In: a body, or a key and what lies in the file. Out: the other of the two. This file must never use a key twice.
//!
//! The key lies in the same file: this keeps nothing from those who have the file while the envelope waits. It saves the
//! overwriting of a body, which was two thirds of the cost of emptying a mailbox (docs/decisions/0020).

use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::wire::frame::EnvelopeBytes;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use rand::Rng;

/// A key that is used for one body.
pub(super) struct Key([u8; 32]);

/// A body that is shut, and what opens it.
pub(super) struct Shut {
    pub(super) key: Key,
    pub(super) body: EnvelopeBytes,
}

impl Key {
    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Opens what lies in the file.
    pub(super) fn open(self, mut body: EnvelopeBytes) -> EnvelopeBytes {
        self.turn(&mut body);
        body
    }

    /// ChaCha20 (RFC 8439 §2.4) with a nonce of zeros: no second body has this key. It is not authenticated: the two
    /// people notice a changed envelope, whoever changed it.
    fn turn(&self, body: &mut [u8; ENVELOPE]) {
        ChaCha20::new(&self.0.into(), &[0; 12].into()).apply_keystream(body);
    }
}

impl Shut {
    /// Shuts a body with a new key, where it lies: a copy of each took as long as TLS does.
    pub(super) fn new(mut body: EnvelopeBytes) -> Self {
        let mut key = Key([0; 32]);
        rand::rng().fill_bytes(&mut key.0);
        key.turn(&mut body);
        Self { key, body }
    }

    /// Whether it is this body.
    pub(super) fn holds(&self, body: &EnvelopeBytes) -> bool {
        let copy = self.body.clone();
        Key(self.key.0).open(copy) == *body
    }

    /// Opens it again.
    pub(super) fn open(self) -> EnvelopeBytes {
        self.key.open(self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_opens_with_its_key_and_the_same_body_is_never_shut_alike() {
        let body = Box::new([7; ENVELOPE]);
        let (one, other) = (Shut::new(body.clone()), Shut::new(body.clone()));
        assert_ne!(one.body, other.body);
        assert_ne!(one.key.as_bytes(), other.key.as_bytes());
        assert_ne!(one.body, body);
        assert_ne!(Key::from_bytes(*one.key.as_bytes()).open(other.body.clone()), body);
        for shut in [one, other] {
            assert_eq!(shut.open(), body);
        }
    }
}
