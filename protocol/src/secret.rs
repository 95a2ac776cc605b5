//! A 32-byte secret that is wiped when dropped and never printed.
//!
//! In: random or derived bytes. Out: the same bytes, only by the explicit [`Secret::expose`]. This file must never
//! learn what a secret is for: each use has a newtype of its own.

use core::fmt;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 32 secret bytes: wiped on drop, redacted in `Debug`, no `Clone`, no `PartialEq`, no `Deref`. They lie on the heap, so
/// that moving a secret moves a pointer and leaves no copy behind.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    /// Draws a fresh secret.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self(Box::new([0; 32]));
        rng.fill_bytes(secret.0.as_mut_slice());
        secret
    }

    /// Takes bytes that come from a derivation, a decoded structure or a vault.
    ///
    /// The argument is not wiped: a compiler that hands arrays over in place has wiped the caller's own one with it
    /// (rust-lang/rust 155241, seen with 1.95 where a closure passes an array on), and a key of zeros is worse than a
    /// copy on the stack, of which the caller has others.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes, for a derivation or an encoder. The caller must not keep them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes, for a primitive that writes its result.
    pub(crate) const fn expose_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// A second copy, for state that is written twice. Named so that each use can be found and judged.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Comparison in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

/// `N` bytes of a plaintext that holds secrets: wiped on drop, redacted in `Debug`, no `Clone`.
pub(crate) struct SecretBytes<const N: usize>(Box<[u8; N]>);

impl<const N: usize> SecretBytes<N> {
    /// Takes the bytes over, without a copy.
    pub(crate) const fn of(bytes: Box<[u8; N]>) -> Self {
        Self(bytes)
    }

    /// A copy of these bytes.
    pub(crate) fn copy_of(bytes: &[u8; N]) -> Self {
        Self(Box::new(*bytes))
    }

    /// The bytes.
    pub(crate) const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes, to be sealed or opened in place.
    pub(crate) const fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::from_bytes([7; 32])), "Secret(..)");
    }

    #[test]
    fn two_secrets_made_of_one_array_are_alike() {
        let bytes = core::hint::black_box([7; 32]);
        // The form in which rustc 1.95 goes wrong when the function changes its argument.
        let make = |bytes: [u8; 32]| Secret::from_bytes(bytes);
        let (one, two) = (make(bytes), make(bytes));
        assert_eq!((one.expose(), two.expose()), (&[7; 32], &[7; 32]));
    }

    #[test]
    fn a_secret_is_wiped() {
        let mut secret = Secret::from_bytes([7; 32]);
        secret.zeroize();
        assert_eq!(secret.expose(), &[0; 32]);
    }
}
