//! Ed25519: weak keys, keys in a second encoding, and signatures that only a lax verifier accepts (protocol.md §1.2).
//!
//! Each forged signature is made here, from the group itself, and shown to pass the laxer equation first: without that a
//! refusal would show nothing.
#![expect(clippy::unwrap_used, reason = "a point that does not decode is a failed test")]

use cairn_protocol::primitives::{PrimitiveError, SigningPublic, SigningSecret};
use cairn_protocol::secret::Secret;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sha2::{Digest, Sha512};

/// l, the order of the group of the base point, little-endian (RFC 8032 §5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// 2^255 − 19 + `over`, and the sign bit on top.
fn above_the_prime(over: u8, sign: bool) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + over;
    bytes[31] = if sign { 0xff } else { 0x7f };
    bytes
}

fn challenge(r: &[u8; 32], key: &[u8; 32], text: &[u8]) -> Scalar {
    let digest = Sha512::new().chain_update(r).chain_update(key).chain_update(text).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

/// The three equations, from the strictest to the laxest: ours, the crate's usual one, and the cofactored one of RFC 8032.
fn verdicts(key: &[u8; 32], text: &[u8], r: &EdwardsPoint, s: &Scalar) -> [bool; 3] {
    let r_bytes = r.compress().to_bytes();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r_bytes);
    signature[32..].copy_from_slice(s.as_bytes());
    let ours = SigningPublic::from_bytes(key).unwrap().verify(text, &signature);
    assert!(matches!(ours, Ok(()) | Err(PrimitiveError::Signature)));
    let cofactorless = VerifyingKey::from_bytes(key).unwrap().verify(text, &Signature::from_bytes(&signature));
    let point = CompressedEdwardsY(*key).decompress().unwrap();
    let difference = EdwardsPoint::mul_base(s) - r - challenge(&r_bytes, key, text) * point;
    [ours.is_ok(), cofactorless.is_ok(), difference.mul_by_cofactor().is_identity()]
}

#[test]
fn each_of_the_eight_points_of_low_order_is_no_key_in_any_encoding() {
    let good = SigningSecret::from_secret(&Secret::from_bytes([7; 32])).public();
    assert_eq!(SigningPublic::from_bytes(good.as_bytes()), Ok(good));

    let mut encodings: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    // The second encodings: y + p where that fits, and the sign bit where x is zero.
    let mut one = [0; 32];
    one[0] = 1;
    let (mut minus_zero_x, mut minus_one) = (one, above_the_prime(0, true));
    minus_zero_x[31] = 0x80;
    minus_one[0] = 0xec;
    encodings.extend([above_the_prime(0, false), above_the_prime(0, true)]);
    encodings.extend([above_the_prime(1, false), above_the_prime(1, true), minus_zero_x, minus_one]);
    encodings.sort_unstable();
    encodings.dedup();
    assert_eq!(encodings.len(), 14);

    // The crate reads every one of them as a point of low order; so does a verifier that does not look.
    for bytes in encodings {
        assert!(VerifyingKey::from_bytes(&bytes).unwrap().is_weak());
        assert_eq!(SigningPublic::from_bytes(&bytes), Err(PrimitiveError::WeakKey), "{bytes:02x?}");
    }
}

#[test]
fn a_key_in_a_second_encoding_or_off_the_curve_is_refused() {
    // y from p on, in 255 bits: 19 values, each with two signs. Some are points of full order.
    let (mut strong, mut off) = (0, 0);
    for over in 0..19 {
        for sign in [false, true] {
            let bytes = above_the_prime(over, sign);
            match VerifyingKey::from_bytes(&bytes) {
                Ok(key) => strong += usize::from(!key.is_weak()),
                Err(_) => off += 1,
            }
            assert_eq!(SigningPublic::from_bytes(&bytes), Err(PrimitiveError::WeakKey), "p + {over}");

            // The same point in its one encoding is a key, where it is of full order.
            let mut canonical = [0; 32];
            canonical[0] = over;
            canonical[31] = if sign { 0x80 } else { 0 };
            let expected = VerifyingKey::from_bytes(&canonical).is_ok_and(|key| !key.is_weak());
            assert_eq!(SigningPublic::from_bytes(&canonical).is_ok(), expected, "{over}");
        }
    }
    assert!(strong > 0 && off > 0, "{strong} of full order, {off} off the curve");
}

#[test]
fn a_signature_that_only_a_lax_verifier_accepts_is_refused() {
    let (a, r) = (Scalar::from(7_u64), Scalar::from(11_u64));
    let (text, torsion) = (b"statement", EIGHT_TORSION[1]);
    let sign =
        |key: &[u8; 32], point: &EdwardsPoint, r: &Scalar| r + challenge(&point.compress().to_bytes(), key, text) * a;
    let key = EdwardsPoint::mul_base(&a);
    let honest = key.compress().to_bytes();

    let nonce = EdwardsPoint::mul_base(&r);
    assert_eq!(verdicts(&honest, text, &nonce, &sign(&honest, &nonce, &r)), [true; 3], "an honest signature");

    // R is the neutral element, so that S / k is the private key: no honest signer makes it, and the usual verifier accepts.
    let neutral = EIGHT_TORSION[0];
    assert_eq!(verdicts(&honest, text, &neutral, &sign(&honest, &neutral, &Scalar::ZERO)), [false, true, true]);

    // R has a part of low order: only the cofactored equation accepts.
    let mixed = nonce + torsion;
    assert_eq!(verdicts(&honest, text, &mixed, &sign(&honest, &mixed, &r)), [false, false, true]);

    // A has a part of low order. The cofactored equation accepts every signature; the others only where k is a multiple of
    // eight. Then ours does too: such a key is not weak, and its holder made it so.
    let mixed = (key + torsion).compress().to_bytes();
    let mut seen = [0; 2];
    for tries in 0..64_u64 {
        let r = Scalar::from(100 + tries);
        let nonce = EdwardsPoint::mul_base(&r);
        let eighth = challenge(&nonce.compress().to_bytes(), &mixed, text).as_bytes()[0].trailing_zeros() >= 3;
        let expected = [eighth, eighth, true];
        assert_eq!(verdicts(&mixed, text, &nonce, &sign(&mixed, &nonce, &r)), expected, "{tries}");
        seen[usize::from(eighth)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn a_signature_whose_s_is_not_reduced_is_refused() {
    let secret = SigningSecret::from_secret(&Secret::from_bytes([3; 32]));
    let mut signature = secret.sign(b"statement");
    assert_eq!(secret.public().verify(b"statement", &signature), Ok(()));
    // S + l is the same scalar: without this check every signature has a second form.
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    let s = array(&signature[32..]);
    assert_eq!(Scalar::from_bytes_mod_order(s), Scalar::from_bytes_mod_order(array(&secret.sign(b"statement")[32..])));
    assert_eq!(secret.public().verify(b"statement", &signature), Err(PrimitiveError::Signature));
}

fn array(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap()
}
