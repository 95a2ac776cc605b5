//! ML-KEM-768 and ML-KEM-1024 (FIPS 203).

use super::PrimitiveError;
use crate::secret::Secret;
use core::fmt;
use ml_kem::kem::{Decapsulate, Encapsulate, FromSeed, KeyExport};
use ml_kem::{MlKem768, MlKem1024};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// FIPS 203 §7.2, modulus check: of 12-bit integers, two in three bytes, lowest bits first, each is below q. The 32 bytes
/// behind them may be any. The crate makes the same check when it encapsulates, and takes many times as long, because it
/// encodes the whole key again and hashes it; this one is made for each header and each snapshot.
fn in_range(key: &[u8]) -> bool {
    const Q: u16 = 3329;
    let (integers, _) = key.split_at_checked(key.len().saturating_sub(32)).unwrap_or_default();
    let (triples, rest) = integers.as_chunks::<3>();
    let below = |[low, middle, high]: &[u8; 3]| {
        let (low, middle, high) = (u16::from(*low), u16::from(*middle), u16::from(*high));
        (low | (middle & 0x0f) << 8) < Q && (middle >> 4 | high << 4) < Q
    };
    rest.is_empty() && triples.iter().fold(true, |all, triple| all & below(triple))
}

macro_rules! kem {
    ($set:ident, $secret:ident, $public:ident, $ciphertext:ident, $public_bytes:literal, $ciphertext_bytes:literal, $name:literal) => {
        #[doc = concat!("An ", $name, " private key of ours: its 64-byte seed (FIPS 203 §7.1). One that was drawn and not restored")]
        /// keeps what the seed expands to as well, so that it is not computed again when an answer comes.
        #[derive(ZeroizeOnDrop)]
        pub struct $secret {
            seed: Box<[u8; 64]>,
            // Its crate wipes it when it is dropped, and keeps its secrets on the heap.
            #[zeroize(skip)]
            expanded: Option<ml_kem::DecapsulationKey<$set>>,
        }

        #[doc = concat!("An ", $name, " encapsulation key whose coefficients are in range (FIPS 203 §7.2).")]
        #[derive(Clone, PartialEq, Eq)]
        pub struct $public(Box<[u8; $public_bytes]>);

        #[doc = concat!("An ", $name, " ciphertext.")]
        #[derive(Clone, PartialEq, Eq)]
        pub struct $ciphertext(Box<[u8; $ciphertext_bytes]>);

        impl $secret {
            /// Draws a fresh key.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut secret = Self { seed: Box::new([0; 64]), expanded: None };
                rng.fill_bytes(secret.seed.as_mut_slice());
                secret.expanded = Some(secret.expand());
                secret
            }

            /// The key with this seed.
            #[must_use]
            pub fn from_seed(seed: [u8; 64]) -> Self {
                Self { seed: Box::new(seed), expanded: None }
            }

            /// The 64-byte seed, for a snapshot.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 64] {
                &self.seed
            }

            /// The public half.
            #[must_use]
            pub fn public(&self) -> $public {
                self.with(|key| $public(Box::new(key.encapsulation_key().to_bytes().into())))
            }

            /// The shared secret in `ciphertext`; of a ciphertext made for another key, a value that nobody knows.
            #[must_use]
            pub fn decapsulate(&self, ciphertext: &$ciphertext) -> Secret {
                let mut shared = self.with(|key| key.decapsulate(&(*ciphertext.0).into()));
                let secret = Secret::from_bytes(shared.into());
                shared.as_mut_slice().zeroize();
                secret
            }

            fn with<T>(&self, work: impl FnOnce(&ml_kem::DecapsulationKey<$set>) -> T) -> T {
                match &self.expanded {
                    Some(key) => work(key),
                    None => work(&self.expand()),
                }
            }

            fn expand(&self) -> ml_kem::DecapsulationKey<$set> {
                let mut seed: ml_kem::Seed = (*self.seed).into();
                let (key, _) = $set::from_seed(&seed);
                seed.as_mut_slice().zeroize();
                key
            }
        }

        impl Zeroize for $secret {
            fn zeroize(&mut self) {
                self.seed.zeroize();
                self.expanded = None;
            }
        }

        impl $public {
            /// Bytes of an encoded key.
            pub const LENGTH: usize = $public_bytes;

            /// Checks the modulus of an encoded key.
            ///
            /// # Errors
            /// [`PrimitiveError::Encapsulation`] if a coefficient is out of range.
            pub fn from_bytes(bytes: &[u8; $public_bytes]) -> Result<Self, PrimitiveError> {
                if in_range(bytes) { Ok(Self(Box::new(*bytes))) } else { Err(PrimitiveError::Encapsulation) }
            }

            /// The encoded key.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $public_bytes] {
                &self.0
            }

            /// A fresh shared secret and the ciphertext that carries it.
            ///
            /// # Errors
            /// [`PrimitiveError::Encapsulation`], which [`from_bytes`](Self::from_bytes) has excluded.
            pub fn encapsulate(&self, rng: &mut impl CryptoRng) -> Result<($ciphertext, Secret), PrimitiveError> {
                let key = ml_kem::EncapsulationKey::<$set>::new(&(*self.0).into())
                    .map_err(|_| PrimitiveError::Encapsulation)?;
                let (ciphertext, mut shared) = key.encapsulate_with_rng(rng);
                let secret = Secret::from_bytes(shared.into());
                shared.as_mut_slice().zeroize();
                Ok(($ciphertext(Box::new(ciphertext.into())), secret))
            }
        }

        impl $ciphertext {
            /// Bytes of a ciphertext.
            pub const LENGTH: usize = $ciphertext_bytes;

            /// Any bytes are a ciphertext; the wrong ones give a secret that nobody knows.
            #[must_use]
            pub fn from_bytes(bytes: &[u8; $ciphertext_bytes]) -> Self {
                Self(Box::new(*bytes))
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $ciphertext_bytes] {
                &self.0
            }
        }

        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($secret), "(..)"))
            }
        }

        impl fmt::Debug for $public {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($public))
            }
        }

        impl fmt::Debug for $ciphertext {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($ciphertext))
            }
        }
    };
}

kem!(MlKem768, Kem768Secret, Kem768Public, Kem768Ciphertext, 1184, 1088, "ML-KEM-768");
kem!(MlKem1024, Kem1024Secret, Kem1024Public, Kem1024Ciphertext, 1568, 1568, "ML-KEM-1024");

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rng() -> rand::rngs::StdRng {
        rand::rngs::StdRng::seed_from_u64(1)
    }

    #[test]
    fn an_encapsulation_key_out_of_range_is_refused() {
        let public = Kem768Secret::random(&mut rng()).public();
        assert!(Kem768Public::from_bytes(public.as_bytes()).is_ok());
        let mut bytes = *public.as_bytes();
        bytes[0] = 0xff;
        bytes[1] |= 0x0f;
        assert_eq!(Kem768Public::from_bytes(&bytes).err(), Some(PrimitiveError::Encapsulation));
    }

    #[test]
    fn our_modulus_check_agrees_with_the_crates_on_every_value_in_every_place_of_three_bytes() {
        let honest = *Kem768Secret::random(&mut rng()).public().as_bytes();
        let theirs = |key: &[u8; 1184]| ml_kem::EncapsulationKey::<MlKem768>::new(&(*key).into()).is_ok();
        // The first, one in the middle, the last: integers 0, 383 and 767 of 768.
        for place in [0, 383, 767] {
            for value in 0..4096_u16 {
                let mut key = honest;
                let at = place / 2 * 3;
                let [low, high] = value.to_le_bytes();
                if place % 2 == 0 {
                    key[at] = low;
                    key[at + 1] = key[at + 1] & 0xf0 | high;
                } else {
                    key[at + 1] = key[at + 1] & 0x0f | low << 4;
                    key[at + 2] = low >> 4 | high << 4;
                }
                assert_eq!(Kem768Public::from_bytes(&key).is_ok(), value < 3329, "{value} at {place}");
                // The crate is slow: around the edge only.
                if (3320..3340).contains(&value) {
                    assert_eq!(theirs(&key), value < 3329, "{value} at {place}");
                }
            }
        }
        let mut key = honest;
        key[1152..].fill(0xff);
        assert!(Kem768Public::from_bytes(&key).is_ok() && theirs(&key), "the last 32 bytes are a seed");
    }

    #[test]
    fn a_restored_key_decapsulates_like_the_one_that_was_drawn_and_a_wiped_one_does_not() {
        let mut secret = Kem768Secret::random(&mut rng());
        let (ciphertext, shared) = secret.public().encapsulate(&mut rng()).unwrap();
        let restored = Kem768Secret::from_seed(*secret.expose());
        assert!(secret.decapsulate(&ciphertext).matches(&shared));
        assert!(restored.decapsulate(&ciphertext).matches(&shared));
        assert!(restored.public() == secret.public());
        secret.zeroize();
        assert!(!secret.decapsulate(&ciphertext).matches(&shared));
    }

    #[test]
    fn encapsulated_secrets_arrive_and_a_flipped_ciphertext_gives_another() {
        let secret = Kem1024Secret::random(&mut rng());
        let (ciphertext, shared) = secret.public().encapsulate(&mut rng()).unwrap();
        assert!(secret.decapsulate(&ciphertext).matches(&shared));
        let mut bytes = *ciphertext.as_bytes();
        bytes[7] ^= 1;
        assert!(!secret.decapsulate(&Kem1024Ciphertext::from_bytes(&bytes)).matches(&shared));
    }
}
