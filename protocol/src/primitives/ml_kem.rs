//! ML-KEM-768 and ML-KEM-1024 (FIPS 203).
//!
//! A private key is its seed. What the seed expands to is computed where it is used and wiped there; the library's own
//! copies on the stack are out of reach (docs/decisions/0016-ml-kem.md).

use super::PrimitiveError;
use crate::secret::Secret;
use core::fmt;
use libcrux_ml_kem::{MlKemPrivateKey, mlkem768, mlkem1024};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// FIPS 203 §7.2, modulus check: of 12-bit integers, two in three bytes, lowest bits first, each is below q. The 32 bytes
/// behind them may be any. The library leaves this check to its caller; its own takes many times as long, because it
/// encodes the whole key again, and this one is made for each header and each snapshot.
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

/// Overwrites an expanded private key.
fn wipe<const SIZE: usize>(key: &mut MlKemPrivateKey<SIZE>) {
    (0..SIZE).for_each(|place| key[place].zeroize());
}

macro_rules! kem {
    ($set:ident, $secret:ident, $public:ident, $ciphertext:ident, $public_bytes:literal, $ciphertext_bytes:literal, $name:literal) => {
        #[doc = concat!("An ", $name, " private key of ours: its 64-byte seed (FIPS 203 §7.1).")]
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub struct $secret(Box<[u8; 64]>);

        #[doc = concat!("An ", $name, " encapsulation key whose coefficients are in range (FIPS 203 §7.2).")]
        #[derive(Clone, PartialEq, Eq)]
        pub struct $public(Box<[u8; $public_bytes]>);

        #[doc = concat!("An ", $name, " ciphertext.")]
        #[derive(Clone, PartialEq, Eq)]
        pub struct $ciphertext(Box<[u8; $ciphertext_bytes]>);

        impl $secret {
            /// Draws a fresh key.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut secret = Self(Box::new([0; 64]));
                rng.fill_bytes(secret.0.as_mut_slice());
                secret
            }

            /// The key with this seed.
            #[must_use]
            pub fn from_seed(seed: [u8; 64]) -> Self {
                Self(Box::new(seed))
            }

            /// The 64-byte seed, for a snapshot.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 64] {
                &self.0
            }

            /// The public half.
            #[must_use]
            pub fn public(&self) -> $public {
                let (mut private, public) = $set::generate_key_pair(*self.0).into_parts();
                wipe(&mut private);
                $public(Box::new(public.into()))
            }

            /// The shared secret in `ciphertext`; of a ciphertext made for another key, a value that nobody knows.
            #[must_use]
            pub fn decapsulate(&self, ciphertext: &$ciphertext) -> Secret {
                let (mut private, _) = $set::generate_key_pair(*self.0).into_parts();
                let mut shared = $set::decapsulate(&private, &(&*ciphertext.0).into());
                wipe(&mut private);
                let secret = Secret::from_bytes(shared);
                shared.zeroize();
                secret
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
            pub fn encapsulate(&self, rng: &mut impl CryptoRng) -> ($ciphertext, Secret) {
                let mut random = [0; 32];
                rng.fill_bytes(&mut random);
                let (ciphertext, mut shared) = $set::encapsulate(&(&*self.0).into(), random);
                random.zeroize();
                let secret = Secret::from_bytes(shared);
                shared.zeroize();
                ($ciphertext(Box::new(ciphertext.into())), secret)
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

kem!(mlkem768, Kem768Secret, Kem768Public, Kem768Ciphertext, 1184, 1088, "ML-KEM-768");
kem!(mlkem1024, Kem1024Secret, Kem1024Public, Kem1024Ciphertext, 1568, 1568, "ML-KEM-1024");

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
    fn our_modulus_check_agrees_with_the_librarys_on_every_value_in_every_place_of_three_bytes() {
        let honest = *Kem768Secret::random(&mut rng()).public().as_bytes();
        let theirs = |key: &[u8; 1184]| mlkem768::validate_public_key(&key.into());
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
                // The library is slow: around the edge only.
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
        let (ciphertext, shared) = secret.public().encapsulate(&mut rng());
        let restored = Kem768Secret::from_seed(*secret.expose());
        assert!(secret.decapsulate(&ciphertext).matches(&shared));
        assert!(restored.decapsulate(&ciphertext).matches(&shared));
        assert!(restored.public() == secret.public());
        let mut private = mlkem768::generate_key_pair(*secret.expose()).into_parts().0;
        wipe(&mut private);
        assert!(private.as_slice().iter().all(|byte| *byte == 0));
        secret.zeroize();
        assert!(!secret.decapsulate(&ciphertext).matches(&shared));
    }

    #[test]
    fn encapsulated_secrets_arrive_and_a_flipped_ciphertext_gives_another() {
        let secret = Kem1024Secret::random(&mut rng());
        let (ciphertext, shared) = secret.public().encapsulate(&mut rng());
        assert!(secret.decapsulate(&ciphertext).matches(&shared));
        let mut bytes = *ciphertext.as_bytes();
        bytes[7] ^= 1;
        assert!(!secret.decapsulate(&Kem1024Ciphertext::from_bytes(&bytes)).matches(&shared));
    }
}
