//! The primitives, and the only file that names the crates behind them.
//!
//! In: typed keys and bytes. Out: typed keys and bytes, or a refusal. This file must never learn what a protocol step
//! means: it knows RFC 7748, 8032, 8439, 5869, 2104, FIPS 180-4 and 203, and refuses what those leave to the caller
//! (low-order points, weak signature keys, ML-KEM keys out of range).

use crate::label::Label;
use crate::secret::Secret;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use core::fmt;
use ed25519_dalek::Signer;
use ml_kem::kem::{Decapsulate, Encapsulate, FromSeed, KeyExport};
use ml_kem::{MlKem768, MlKem1024};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a Poly1305 tag, never truncated (RFC 8439 §2.5).
pub const TAG: usize = 16;

/// Why a primitive refused its input. The peer is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrimitiveError {
    /// An agreement gave all zero bytes: the other key has low order (RFC 7748 §6.1).
    #[error("the key agreement gave nothing secret")]
    AllZero,
    /// An Ed25519 key that is no point, or of low order.
    #[error("a signature key that cannot be used")]
    WeakKey,
    /// A signature that does not verify strictly (RFC 8032 §5.1.7, cofactorless).
    #[error("a signature that does not fit")]
    Signature,
    /// An ML-KEM encapsulation key with a coefficient out of range (FIPS 203 §7.2).
    #[error("an encapsulation key that cannot be used")]
    Encapsulation,
    /// An AEAD tag that does not fit.
    #[error("the data does not open with this key")]
    Open,
}

/// Equality in constant time, for bytes whose first difference must not show in the time.
#[must_use]
pub fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// SHA-256 over a prefixed label and the parts, one after the other. The caller's parts have fixed sizes or carry
/// their lengths.
#[must_use]
pub fn hash(label: Label, parts: &[&[u8]]) -> [u8; 32] {
    let (length, text) = label.prefixed();
    let mut sha = Sha256::new();
    sha.update(length);
    sha.update(text);
    for part in parts {
        sha.update(part);
    }
    sha.finalize().into()
}

/// The pseudo-random key of HKDF-SHA-256 (RFC 5869 §2.2).
pub struct Extracted(hkdf::Hkdf<Sha256>);

/// HKDF-Extract with its salt taken in, for several keys under one salt.
pub struct Salted(hkdf::HkdfExtract<Sha256>);

impl Salted {
    /// Takes a salt in; an empty one is 32 zero bytes (RFC 5869 §2.2).
    #[must_use]
    pub fn new(salt: &[u8]) -> Self {
        Self(hkdf::HkdfExtract::new(Some(salt)))
    }

    /// HKDF-Extract over the parts, one after the other.
    #[must_use]
    pub fn extract(&self, parts: &[&[u8]]) -> Extracted {
        let mut extract = self.0.clone();
        for part in parts {
            extract.input_ikm(part);
        }
        let (mut prk, hkdf) = extract.finalize();
        prk.as_mut_slice().zeroize();
        Extracted(hkdf)
    }

    /// HKDF-SHA-256 with one output of 32 bytes.
    #[must_use]
    pub fn derive(&self, parts: &[&[u8]], label: Label) -> Secret {
        self.extract(parts).expand(label, &[])
    }
}

impl Extracted {
    /// HKDF-Extract over the parts, one after the other.
    #[must_use]
    pub fn new(salt: &[u8], parts: &[&[u8]]) -> Self {
        Salted::new(salt).extract(parts)
    }

    /// HKDF-Expand to one output of 32 bytes: info is the prefixed label and the context.
    #[must_use]
    pub fn expand(&self, label: Label, context: &[&[u8]]) -> Secret {
        let (length, text) = label.prefixed();
        let mut output = Secret::from_bytes([0; 32]);
        // HKDF-Expand fails only above 8,160 bytes of output (RFC 5869 §2.3); 32 never does.
        let expanded = if context.is_empty() {
            self.0.expand_multi_info(&[&length, text], output.expose_mut())
        } else {
            self.0.expand_multi_info(&[&[&length, text], context].concat(), output.expose_mut())
        };
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's limit");
        output
    }
}

impl fmt::Debug for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salted(..)")
    }
}

impl fmt::Debug for Extracted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extracted(..)")
    }
}

/// HKDF-SHA-256 with one output of 32 bytes.
#[must_use]
pub fn derive(salt: &[u8], parts: &[&[u8]], label: Label) -> Secret {
    Extracted::new(salt, parts).expand(label, &[])
}

fn cipher(key: &Secret) -> ChaCha20Poly1305 {
    let mut key = Key::from(*key.expose());
    let cipher = ChaCha20Poly1305::new(&key);
    key.as_mut_slice().zeroize();
    cipher
}

/// Seals `text` in place with ChaCha20-Poly1305 (RFC 8439 §2.8) and returns the tag.
///
/// The nonce is zero: every key of this protocol seals one plaintext only, because it is derived under a fresh
/// 32-byte salt or from a value that is itself unique.
#[must_use]
pub fn seal(key: Secret, data: &[u8], text: &mut [u8]) -> [u8; TAG] {
    match cipher(&key).encrypt_inout_detached(&Nonce::default(), data, text.into()) {
        Ok(tag) => tag.into(),
        // Only above 2^38 bytes. An all-zero tag opens nowhere, and the text is wiped: nothing leaks.
        Err(_) => {
            text.zeroize();
            [0; TAG]
        }
    }
}

/// Opens `text` in place.
///
/// # Errors
/// [`PrimitiveError::Open`]; `text` is then unchanged ciphertext.
pub fn open(key: &Secret, data: &[u8], text: &mut [u8], tag: &[u8; TAG]) -> Result<(), PrimitiveError> {
    cipher(key)
        .decrypt_inout_detached(&Nonce::default(), data, text.into(), &Tag::from(*tag))
        .map_err(|_| PrimitiveError::Open)
}

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
    use crate::label;
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

    #[test]
    fn sealed_text_opens_under_its_key_and_data_only() {
        let key = || derive(b"salt", &[b"key"], label::FIRST_SEAL);
        let mut text = *b"hello";
        let tag = seal(key(), b"data", &mut text);
        let sealed = text;
        assert_eq!(open(&key(), b"other", &mut text, &tag), Err(PrimitiveError::Open));
        assert_eq!(text, sealed);
        assert_eq!(open(&key(), b"data", &mut text, &tag), Ok(()));
        assert_eq!(&text, b"hello");
    }
}
