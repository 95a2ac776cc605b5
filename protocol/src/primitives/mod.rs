//! The primitives, and the only folder that names the crates behind them: one file a primitive.
//!
//! In: typed keys and bytes. Out: typed keys and bytes, or a refusal. This folder must never learn what a protocol step
//! means: it knows RFC 7748, 8032, 8439, 5869, 2104, FIPS 180-4 and 203, and refuses what those leave to the caller
//! (low-order points, weak signature keys, ML-KEM keys out of range).

mod aead;
mod hash;
mod hkdf;
mod ml_kem;
mod signature;
mod x25519;

pub use self::aead::{TAG, open, seal};
pub use self::hash::hash;
pub use self::hkdf::{Extracted, Salted, derive};
pub use self::ml_kem::{Kem768Ciphertext, Kem768Public, Kem768Secret, Kem1024Ciphertext, Kem1024Public, Kem1024Secret};
pub use self::signature::{SigningPublic, SigningSecret};
pub use self::x25519::{AgreementPublic, AgreementSecret};

use subtle::ConstantTimeEq;

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
