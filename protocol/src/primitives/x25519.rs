//! X25519 key agreement (RFC 7748).

use super::PrimitiveError;
use crate::secret::Secret;
use core::fmt;
use rand_core::CryptoRng;
use zeroize::ZeroizeOnDrop;

/// An X25519 private key of ours (RFC 7748).
#[derive(ZeroizeOnDrop)]
pub struct AgreementSecret(x25519_dalek::StaticSecret);

/// An X25519 public key, 32 bytes, ours or theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgreementPublic([u8; 32]);

impl AgreementSecret {
    /// Draws a fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(&Secret::random(rng))
    }

    /// The key with these 32 bytes; clamping happens at use.
    #[must_use]
    pub fn from_secret(secret: &Secret) -> Self {
        Self(x25519_dalek::StaticSecret::from(*secret.expose()))
    }

    /// The 32 bytes, for a snapshot.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::from_bytes(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> AgreementPublic {
        AgreementPublic(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// The shared secret with `theirs`.
    ///
    /// # Errors
    /// [`PrimitiveError::AllZero`] where `theirs` has low order.
    pub fn agree(&self, theirs: &AgreementPublic) -> Result<Secret, PrimitiveError> {
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(theirs.0));
        if !shared.was_contributory() {
            return Err(PrimitiveError::AllZero);
        }
        Ok(Secret::from_bytes(shared.to_bytes()))
    }
}

impl fmt::Debug for AgreementSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgreementSecret(..)")
    }
}

impl AgreementPublic {
    /// The key with these 32 bytes. Low-order keys are refused where they are used, in [`AgreementSecret::agree`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
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
    fn agreement_gives_both_sides_the_same_secret_and_refuses_low_order_points() {
        let (a, b) = (AgreementSecret::random(&mut rng()), AgreementSecret::from_secret(&Secret::from_bytes([9; 32])));
        assert!(a.agree(&b.public()).unwrap().matches(&b.agree(&a.public()).unwrap()));
        for low in [[0; 32], {
            let mut one = [0; 32];
            one[0] = 1;
            one
        }] {
            assert_eq!(a.agree(&AgreementPublic::from_bytes(low)).err(), Some(PrimitiveError::AllZero));
        }
    }
}
