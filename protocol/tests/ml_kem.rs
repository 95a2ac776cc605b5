//! ML-KEM against a second implementation, RustCrypto's, which is used by tests only: what one makes, the other reads,
//! and what one refuses, the other refuses. A mistake that both make in the same way would not show; the vectors of
//! tests/wycheproof.rs stand beside this.

use cairn_protocol::primitives::{
    Kem768Ciphertext, Kem768Public, Kem768Secret, Kem1024Ciphertext, Kem1024Public, Kem1024Secret, PrimitiveError,
};
use ml_kem::kem::{Decapsulate, Encapsulate, FromSeed, KeyExport};
use ml_kem::{MlKem768, MlKem1024};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

const RUNS: u64 = 300;

/// q of FIPS 203: coefficients of an encapsulation key stand below it.
const Q: u16 = 3329;

fn bytes<const N: usize>(rng: &mut StdRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Writes one coefficient of 12 bits, the lower bits first (FIPS 203 §4.2.1).
fn set_coefficient(key: &mut [u8], place: usize, value: u16) {
    let [low, high] = value.to_le_bytes();
    let at = place / 2 * 3;
    if place.is_multiple_of(2) {
        key[at] = low;
        key[at + 1] = key[at + 1] & 0xf0 | high;
    } else {
        key[at + 1] = key[at + 1] & 0x0f | low << 4;
        key[at + 2] = low >> 4 | high << 4;
    }
}

macro_rules! against_rust_crypto {
    ($agrees:ident, $refuses:ident, $theirs:ident, $secret:ident, $public:ident, $ciphertext:ident, $coefficients:literal) => {
        fn $agrees() {
            let mut changed_bytes = std::collections::BTreeSet::new();
            for seed in 0..RUNS {
                let rng = &mut StdRng::seed_from_u64(seed);
                let key_seed: [u8; 64] = bytes(rng);
                let (ours, (theirs, their_public)) =
                    ($secret::from_seed(key_seed), $theirs::from_seed(&key_seed.into()));
                let their_bytes: [u8; $public::LENGTH] = their_public.to_bytes().into();
                assert_eq!(ours.public().as_bytes(), &their_bytes, "run {seed}: the same key from the same seed");

                // Both encapsulate with the same randomness: the same ciphertext and secret.
                let drawn = rng.random();
                let public = $public::from_bytes(&their_bytes).unwrap();
                let (ciphertext, shared) = public.encapsulate(&mut StdRng::seed_from_u64(drawn));
                let (their_ciphertext, their_shared) =
                    their_public.encapsulate_with_rng(&mut StdRng::seed_from_u64(drawn));
                assert_eq!(ciphertext.as_bytes().as_slice(), their_ciphertext.as_slice(), "run {seed}");
                assert_eq!(shared.expose().as_slice(), their_shared.as_slice(), "run {seed}");

                // Each opens the other's.
                let opened = theirs.decapsulate(&(*ciphertext.as_bytes()).into());
                assert_eq!(opened.as_slice(), shared.expose(), "run {seed}");
                let (their_ciphertext, their_shared) = their_public.encapsulate_with_rng(rng);
                let opened = ours.decapsulate(&$ciphertext::from_bytes(&their_ciphertext.into()));
                assert_eq!(opened.expose().as_slice(), their_shared.as_slice(), "run {seed}");

                // Implicit rejection: one bit of the ciphertext changed gives another secret, the same for both.
                let mut changed = *ciphertext.as_bytes();
                let place = rng.random_range(0..changed.len());
                changed[place] ^= 1 << rng.random_range(0..8);
                changed_bytes.insert(place);
                let rejected = ours.decapsulate(&$ciphertext::from_bytes(&changed));
                let their_rejected = theirs.decapsulate(&changed.into());
                assert_eq!(rejected.expose().as_slice(), their_rejected.as_slice(), "run {seed}, byte {place}");
                assert!(!rejected.matches(&shared), "run {seed}, byte {place}");
                // And it is the same each time, as FIPS 203 asks, and another one for another ciphertext.
                assert!(rejected.matches(&ours.decapsulate(&$ciphertext::from_bytes(&changed))));
                changed[place] ^= 0xff;
                assert!(!rejected.matches(&ours.decapsulate(&$ciphertext::from_bytes(&changed))));
            }
            assert!(changed_bytes.len() > 200, "flips all over the ciphertext: {}", changed_bytes.len());
        }

        fn $refuses() {
            let mut refused = 0;
            for seed in 0..RUNS {
                let rng = &mut StdRng::seed_from_u64(seed);
                let key = *$secret::from_seed(bytes(rng)).public().as_bytes();
                let verdicts = |key: &[u8; $public::LENGTH]| {
                    let ours = $public::from_bytes(key);
                    assert!(ours.as_ref().err().is_none_or(|error| *error == PrimitiveError::Encapsulation));
                    (ours.is_ok(), ml_kem::EncapsulationKey::<$theirs>::new(&(*key).into()).is_ok())
                };
                assert_eq!(verdicts(&key), (true, true), "run {seed}");
                // The first and the last coefficient, and one between, at both sides of the limit and at the end.
                for place in [0, rng.random_range(1..$coefficients - 1), $coefficients - 1] {
                    for (value, good) in [(Q - 1, true), (Q, false), (rng.random_range(Q..4096), false), (4095, false)]
                    {
                        let mut changed = key;
                        set_coefficient(&mut changed, place, value);
                        assert_eq!(verdicts(&changed), (good, good), "run {seed}, coefficient {place}, {value}");
                        refused += usize::from(!good);
                    }
                }
            }
            assert_eq!(refused, 9 * 300);
        }
    };
}

against_rust_crypto!(agree_768, refuse_768, MlKem768, Kem768Secret, Kem768Public, Kem768Ciphertext, 768);
against_rust_crypto!(agree_1024, refuse_1024, MlKem1024, Kem1024Secret, Kem1024Public, Kem1024Ciphertext, 1024);

#[test]
fn ml_kem_768_and_rust_crypto_agree_on_keys_ciphertexts_secrets_and_implicit_rejection() {
    agree_768();
}

#[test]
fn ml_kem_768_and_rust_crypto_refuse_the_same_encapsulation_keys() {
    refuse_768();
}

#[test]
fn ml_kem_1024_and_rust_crypto_agree_on_keys_ciphertexts_secrets_and_implicit_rejection() {
    agree_1024();
}

#[test]
fn ml_kem_1024_and_rust_crypto_refuse_the_same_encapsulation_keys() {
    refuse_1024();
}
