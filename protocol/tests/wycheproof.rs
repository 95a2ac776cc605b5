//! Wycheproof: vectors made from mistakes that others have made, run through the functions of `primitives`.
//!
//! What our functions can't express (a nonce other than zero, an info without one of our labels, HMAC alone) is run
//! through the very crate type that they call, and our function is then shown to be that type with our choice filled in.
//! Expanded ML-KEM decapsulation keys are not read anywhere in this project: their vectors are left out.
//! Every number of vectors is exact, so that a vector that goes missing with a new version of the set is noticed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a vector that can't be read is a failed test")]

use cairn_protocol::label;
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Kem768Ciphertext, Kem768Public, Kem768Secret, Kem1024Ciphertext, Kem1024Public,
    Kem1024Secret, PrimitiveError, SigningPublic, derive, open, seal,
};
use cairn_protocol::secret::Secret;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::Mac;
use rand_core::{TryCryptoRng, TryRng};
use sha2::Sha256;
use std::collections::BTreeMap;
use wycheproof::TestResult;

/// How many vectors of each kind ran.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }

    fn is(&self, expected: &[(&'static str, usize)]) {
        assert!(expected.iter().all(|(_, count)| *count > 0), "a kind that never ran shows nothing");
        assert_eq!(self.0, expected.iter().copied().collect());
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// The label as it enters a derivation (protocol.md §1.4).
fn prefixed(label: label::Label) -> Vec<u8> {
    let text = label.as_str();
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

#[test]
fn x25519_gives_the_known_secret_or_refuses_one_that_is_zero() {
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let secret = AgreementSecret::from_secret(&Secret::from_bytes(array(&test.private_key)));
        let agreed = secret.agree(&AgreementPublic::from_bytes(array(&test.public_key)));
        // "Acceptable" are keys that a library may refuse. We refuse those of low order and no other.
        let zero = test.flags.contains(&wycheproof::xdh::TestFlag::ZeroSharedSecret);
        assert_eq!(zero, test.shared_secret.iter().all(|byte| *byte == 0), "vector {}", test.tc_id);
        match (&test.result, agreed) {
            (TestResult::Acceptable, Err(error)) if zero => {
                assert_eq!(error, PrimitiveError::AllZero, "vector {}", test.tc_id);
                tally.count("zero secret, refused");
            }
            (TestResult::Valid | TestResult::Acceptable, Ok(agreed)) if !zero => {
                assert_eq!(agreed.expose().as_slice(), test.shared_secret.as_slice(), "vector {}", test.tc_id);
                tally.count("agreed");
            }
            (verdict, agreed) => panic!("vector {}: {verdict:?}, we say {agreed:?}", test.tc_id),
        }
    }
    tally.is(&[("agreed", 487), ("zero secret, refused", 31)]);
}

#[test]
fn ed25519_verifies_what_the_vectors_verify_and_nothing_else() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut tally = Tally::default();
    for group in &set.test_groups {
        // No key of the set is weak or encoded in a second way: our strictness differs from no verdict here.
        let key = SigningPublic::from_bytes(&array(&group.key.pk)).unwrap();
        for test in &group.tests {
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.as_slice()) else {
                assert_eq!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
                tally.count("another length, refused by its type");
                continue;
            };
            let expected = match test.result {
                TestResult::Valid => Ok(()),
                TestResult::Invalid | TestResult::Acceptable => Err(PrimitiveError::Signature),
            };
            assert_eq!(key.verify(&test.msg, &signature), expected, "vector {}: {}", test.tc_id, test.comment);
            tally.count(if expected.is_ok() { "verified" } else { "refused" });
        }
    }
    tally.is(&[("verified", 88), ("refused", 51), ("another length, refused by its type", 12)]);
}

#[test]
fn chacha20_poly1305_opens_what_the_vectors_open_and_ours_is_the_same_with_a_nonce_of_zero() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::ChaCha20Poly1305).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let cipher = ChaCha20Poly1305::new_from_slice(&test.key).unwrap();
        let Ok(nonce) = Nonce::try_from(test.nonce.as_slice()) else {
            assert_eq!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
            tally.count("another nonce size, refused by its type");
            continue;
        };
        assert_ne!(nonce, Nonce::default(), "no vector has the nonce of our functions");
        let sealed = [test.ct.as_slice(), &test.tag].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &test.aad });
        match test.result {
            TestResult::Valid => {
                assert_eq!(opened.as_ref().unwrap(), test.pt.as_slice(), "vector {}", test.tc_id);
                let again = cipher.encrypt(&nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
                assert_eq!(again, sealed, "vector {}", test.tc_id);
                tally.count("opened");
            }
            TestResult::Invalid | TestResult::Acceptable => {
                assert!(opened.is_err(), "vector {}: {}", test.tc_id, test.comment);
                tally.count("refused");
            }
        }

        // Our functions, on the same key, data and text: the crate's with a nonce of zero, and every bit of the tag counts.
        let key = || Secret::from_bytes(array(&test.key));
        let theirs = cipher.encrypt(&Nonce::default(), Payload { msg: &test.pt, aad: &test.aad }).unwrap();
        let mut text = test.pt.to_vec();
        let mut tag = seal(key(), &test.aad, &mut text);
        assert_eq!([text.as_slice(), &tag].concat(), theirs, "vector {}", test.tc_id);
        let sealed = text.clone();
        let bit = test.tc_id % 128;
        tag[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&key(), &test.aad, &mut text, &tag), Err(PrimitiveError::Open));
        assert_eq!(text, sealed, "a refused text stays sealed");
        tag[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&key(), &test.aad, &mut text, &tag), Ok(()));
        assert_eq!(text, test.pt.as_slice());
        tally.count("ours");
    }
    tally.is(&[("opened", 256), ("refused", 60), ("another nonce size, refused by its type", 9), ("ours", 316)]);
}

#[test]
fn hkdf_gives_the_known_outputs_and_ours_is_the_same_with_our_label() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut tally = Tally::default();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let theirs = hkdf::Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm);
        let mut output = vec![0; test.size];
        if theirs.expand(&test.info, &mut output).is_ok() {
            assert_eq!((&test.result, output.as_slice()), (&TestResult::Valid, test.okm.as_slice()), "{}", test.tc_id);
            tally.count("derived");
        } else {
            assert_eq!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
            tally.count("too long, refused");
        }

        // Ours, from the same salt and key, which may come in parts.
        let mut expected = [0; 32];
        theirs.expand(&prefixed(label::FIRST_SEAL), &mut expected).unwrap();
        let (head, tail) = test.ikm.split_at(test.ikm.len() / 2);
        for parts in [&[test.ikm.as_slice()][..], &[head, tail]] {
            assert_eq!(derive(&test.salt, parts, label::FIRST_SEAL).expose(), &expected, "vector {}", test.tc_id);
        }
        tally.count("ours");
    }
    tally.is(&[("derived", 83), ("too long, refused", 3), ("ours", 86)]);
}

#[test]
fn hmac_inside_of_hkdf_verifies_what_the_vectors_verify() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut tally = Tally::default();
    for group in &set.test_groups {
        for test in &group.tests {
            let mut mac = hmac::Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            mac.update(&test.msg);
            assert_eq!(test.tag.len() * 8, group.tag_size);
            let verdict = mac.verify_truncated_left(&test.tag);
            assert_eq!(verdict.is_ok(), test.result == TestResult::Valid, "vector {}: {}", test.tc_id, test.comment);
            tally.count(if verdict.is_ok() { "verified" } else { "refused" });
        }
    }
    tally.is(&[("verified", 66), ("refused", 108)]);
}

/// Gives the bytes that a vector prescribes, once.
struct Given(Vec<u8>);

impl TryRng for Given {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        panic!("keys are drawn as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("keys are drawn as bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        assert!(bytes.len() <= self.0.len(), "no more randomness than the vector gives");
        bytes.copy_from_slice(&self.0.drain(..bytes.len()).collect::<Vec<_>>());
        Ok(())
    }
}

impl TryCryptoRng for Given {}

macro_rules! ml_kem {
    ($test:ident, $secret:ident, $public:ident, $ciphertext:ident, $set:ident, $encaps:ident, $keygen:ident, $tally:expr) => {
        fn $test() {
            use wycheproof::mlkem::{TestFlag, TestName, TestSet};
            let tests = |name| TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests);
            let mut tally = Tally::default();

            // Key generation and decapsulation, a ciphertext that was changed or made for another key included.
            for test in tests(TestName::$set) {
                let seed = <[u8; 64]>::try_from(test.seed.unwrap().as_slice());
                let ciphertext = <[u8; $ciphertext::LENGTH]>::try_from(test.ct.unwrap().as_slice());
                let (Ok(seed), Ok(ciphertext)) = (seed, ciphertext) else {
                    assert_eq!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
                    tally.count("seed or ciphertext of another length, refused by its type");
                    continue;
                };
                assert_eq!(test.result, TestResult::Valid, "vector {}", test.tc_id);
                let secret = $secret::from_seed(seed);
                assert_eq!(secret.public().as_bytes().as_slice(), test.encaps_key.unwrap().as_slice());
                let shared = secret.decapsulate(&$ciphertext::from_bytes(&ciphertext));
                assert_eq!(shared.expose().as_slice(), test.shared_secret.unwrap().as_slice(), "{}", test.tc_id);
                let implicit = test.flags.contains(&TestFlag::MalleableCiphertext);
                tally.count(if implicit { "decapsulated a changed ciphertext" } else { "decapsulated" });
            }

            // Encapsulation with the randomness of the vector.
            for test in tests(TestName::$encaps) {
                let Ok(key) = <[u8; $public::LENGTH]>::try_from(test.encaps_key.unwrap().as_slice()) else {
                    assert_eq!(test.result, TestResult::Invalid, "vector {}", test.tc_id);
                    tally.count("encapsulation key of another length, refused by its type");
                    continue;
                };
                if test.result == TestResult::Invalid {
                    let refused = $public::from_bytes(&key).err();
                    assert_eq!(refused, Some(PrimitiveError::Encapsulation), "vector {}", test.tc_id);
                    tally.count("encapsulation key out of range, refused");
                    continue;
                }
                let mut given = Given(test.msg.unwrap().to_vec());
                let (ciphertext, shared) = $public::from_bytes(&key).unwrap().encapsulate(&mut given);
                assert!(given.0.is_empty(), "all of the randomness was used");
                assert_eq!(ciphertext.as_bytes().as_slice(), test.ct.unwrap().as_slice(), "vector {}", test.tc_id);
                assert_eq!(shared.expose().as_slice(), test.shared_secret.unwrap().as_slice(), "{}", test.tc_id);
                tally.count("encapsulated");
            }

            // Key generation alone.
            for test in tests(TestName::$keygen) {
                assert_eq!(test.result, TestResult::Valid, "vector {}", test.tc_id);
                let secret = $secret::from_seed(array(&test.seed.unwrap()));
                assert_eq!(secret.public().as_bytes().as_slice(), test.encaps_key.unwrap().as_slice());
                tally.count("key generated");
            }

            tally.is($tally);
        }
    };
}

ml_kem!(
    vectors_768,
    Kem768Secret,
    Kem768Public,
    Kem768Ciphertext,
    MlKem768,
    MlKem768Encaps,
    MlKem768KeyGenSeed,
    &[
        ("decapsulated", 153),
        ("decapsulated a changed ciphertext", 8),
        ("seed or ciphertext of another length, refused by its type", 40),
        ("encapsulated", 133),
        ("encapsulation key out of range, refused", 112),
        ("encapsulation key of another length, refused by its type", 20),
        ("key generated", 100),
    ]
);

ml_kem!(
    vectors_1024,
    Kem1024Secret,
    Kem1024Public,
    Kem1024Ciphertext,
    MlKem1024,
    MlKem1024Encaps,
    MlKem1024KeyGenSeed,
    &[
        ("decapsulated", 153),
        ("decapsulated a changed ciphertext", 9),
        ("seed or ciphertext of another length, refused by its type", 40),
        ("encapsulated", 133),
        ("encapsulation key out of range, refused", 116),
        ("encapsulation key of another length, refused by its type", 20),
        ("key generated", 100),
    ]
);

#[test]
fn ml_kem_768_generates_encapsulates_decapsulates_and_refuses_like_the_vectors() {
    vectors_768();
}

#[test]
fn ml_kem_1024_generates_encapsulates_decapsulates_and_refuses_like_the_vectors() {
    vectors_1024();
}
