//! Ed25519 signatures, verified strictly (RFC 8032).

use super::PrimitiveError;
use crate::secret::Secret;
use core::fmt;
use ed25519_dalek::Signer;
use rand_core::CryptoRng;

/// An Ed25519 private key of ours (RFC 8032).
pub struct SigningSecret(ed25519_dalek::SigningKey);

/// An Ed25519 public key, 32 bytes, known to be a point in its one encoding, and none of the eight of low order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningPublic(ed25519_dalek::VerifyingKey);

impl SigningSecret {
    /// Draws a fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(&Secret::random(rng))
    }

    /// The key with this 32-byte seed.
    #[must_use]
    pub fn from_secret(secret: &Secret) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(secret.expose()))
    }

    /// The 32-byte seed, for a snapshot or a vault.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::from_bytes(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> SigningPublic {
        SigningPublic(self.0.verifying_key())
    }

    /// A signature of 64 bytes.
    #[must_use]
    pub fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.0.sign(statement).to_bytes()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

impl SigningPublic {
    /// The key with these 32 bytes.
    ///
    /// # Errors
    /// [`PrimitiveError::WeakKey`] if they are no point, or one of low order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PrimitiveError> {
        match ed25519_dalek::VerifyingKey::from_bytes(bytes) {
            // A second encoding of the same point would be a second name for one key.
            Ok(key) if !key.is_weak() && key.to_edwards().compress().to_bytes() == *bytes => Ok(Self(key)),
            _ => Err(PrimitiveError::WeakKey),
        }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Verifies strictly.
    ///
    /// # Errors
    /// [`PrimitiveError::Signature`].
    pub fn verify(&self, statement: &[u8], signature: &[u8; 64]) -> Result<(), PrimitiveError> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(statement, &signature).map_err(|_| PrimitiveError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rng() -> rand::rngs::StdRng {
        rand::rngs::StdRng::seed_from_u64(1)
    }

    #[test]
    fn a_weak_signature_key_and_a_flipped_signature_are_refused() {
        let key = SigningSecret::random(&mut rng());
        let mut signature = key.sign(b"statement");
        assert_eq!(key.public().verify(b"statement", &signature), Ok(()));
        signature[3] ^= 1;
        assert_eq!(key.public().verify(b"statement", &signature), Err(PrimitiveError::Signature));
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(SigningPublic::from_bytes(&identity), Err(PrimitiveError::WeakKey));
    }
}
