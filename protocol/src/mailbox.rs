//! A mailbox: its identifier, its owner's key, and the statement by which the owner proves that key to the relay.
//!
//! In: the channel's exporter value, an operation. Out: a signature, or the verdict on one. This file must never learn
//! who writes to a mailbox, nor what.

use crate::label;
use crate::primitives::{PrimitiveError, SigningPublic, SigningSecret, hash};
use crate::secret::Secret;
use rand_core::CryptoRng;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident($length:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Draws a fresh identifier.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut bytes = [0; $length];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// The identifier with these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }
    )*};
}

identifiers! {
    /// Names a mailbox at its relay: 32 random bytes, unrelated to any key. Its first two bytes may choose a shard.
    MailboxId(32);
    /// Names an envelope within its mailbox: 16 random bytes, drawn once and repeated with the same envelope.
    EnvelopeId(16);
    /// Names the place where an invitation's bundle waits: 32 bytes derived from the link.
    SlotId(32);
    /// Tells two vaults apart that state the same generation: 16 random bytes, drawn for each generation.
    VaultMark(16);
}

/// A value that both ends of one TLS session know and no other session has (RFC 8446 §7.5): 32 bytes of the exporter
/// with the label [`EXPORTER_LABEL`] and no context.
#[derive(Debug, Clone, Copy)]
pub struct ChannelBinding(pub [u8; 32]);

/// The TLS exporter label of [`ChannelBinding`].
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-cairn-v1-owner";

/// The counter of a vault's openings, and the mark that tells copies of one vault apart (protocol.md §9.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// How often the vault was opened, as it states now.
    pub count: u64,
    /// Drawn when `count` was moved on.
    pub mark: VaultMark,
}

/// What an owner asks for. It enters the statement, so that a proof for one is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerOperation {
    /// Fetch and acknowledge on this channel, stating the vault's generation.
    Subscribe(Generation),
    /// Delete the mailbox and all that it holds.
    Delete,
}

/// The owner's private key of one mailbox. It belongs to no identity and to no other mailbox.
#[derive(Debug)]
pub struct OwnerSecret(SigningSecret);

/// The owner's public key, as the relay stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerKey(SigningPublic);

impl OwnerSecret {
    /// Draws a fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(SigningSecret::random(rng))
    }

    /// The key with this seed.
    #[must_use]
    pub fn from_secret(secret: &Secret) -> Self {
        Self(SigningSecret::from_secret(secret))
    }

    /// The seed, for the vault.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        self.0.to_secret()
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> OwnerKey {
        OwnerKey(self.0.public())
    }

    /// Proves the key for one operation on one channel (protocol.md §9.3).
    #[must_use]
    pub fn prove(&self, channel: &ChannelBinding, mailbox: &MailboxId, operation: OwnerOperation) -> [u8; 64] {
        self.0.sign(&statement(channel, mailbox, operation))
    }
}

impl OwnerKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// [`PrimitiveError::WeakKey`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PrimitiveError> {
        SigningPublic::from_bytes(bytes).map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Checks a proof.
    ///
    /// # Errors
    /// [`PrimitiveError::Signature`].
    pub fn verify(
        &self,
        channel: &ChannelBinding,
        mailbox: &MailboxId,
        operation: OwnerOperation,
        proof: &[u8; 64],
    ) -> Result<(), PrimitiveError> {
        self.0.verify(&statement(channel, mailbox, operation), proof)
    }
}

/// SHA-256(label ‖ channel ‖ mailbox ‖ operation ‖ count ‖ mark). // protocol.md §9.3
fn statement(channel: &ChannelBinding, mailbox: &MailboxId, operation: OwnerOperation) -> [u8; 32] {
    let (code, count, mark) = match operation {
        OwnerOperation::Subscribe(generation) => (1, generation.count, generation.mark),
        OwnerOperation::Delete => (2, 0, VaultMark([0; 16])),
    };
    hash(label::OWNER_STATEMENT, &[&channel.0, &mailbox.0, &[code], &count.to_be_bytes(), &mark.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_proof_holds_for_its_channel_mailbox_operation_and_generation_only() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(2);
        let owner = OwnerSecret::random(&mut rng);
        let (channel, mailbox) = (ChannelBinding([1; 32]), MailboxId::random(&mut rng));
        let subscribe = OwnerOperation::Subscribe(Generation { count: 3, mark: VaultMark([4; 16]) });
        let proof = owner.prove(&channel, &mailbox, subscribe);
        let verify = |channel, mailbox, operation| owner.key().verify(channel, mailbox, operation, &proof);
        assert_eq!(verify(&channel, &mailbox, subscribe), Ok(()));
        assert_eq!(verify(&ChannelBinding([2; 32]), &mailbox, subscribe), Err(PrimitiveError::Signature));
        assert_eq!(verify(&channel, &MailboxId([0; 32]), subscribe), Err(PrimitiveError::Signature));
        assert_eq!(verify(&channel, &mailbox, OwnerOperation::Delete), Err(PrimitiveError::Signature));
        let later = OwnerOperation::Subscribe(Generation { count: 4, mark: VaultMark([4; 16]) });
        assert_eq!(verify(&channel, &mailbox, later), Err(PrimitiveError::Signature));
    }
}
