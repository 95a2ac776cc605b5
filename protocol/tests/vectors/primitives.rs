//! The primitives as this protocol uses them, the labels, and the hashes of tokens (protocol.md §1.2, §1.4, §9.1).

use super::paper::Paper;
use super::refusal;
use crate::label::{self, ALL};
use crate::primitives::{
    AgreementPublic, AgreementSecret, Extracted, Kem768Ciphertext, Kem768Public, Kem768Secret, Kem1024Ciphertext,
    Kem1024Public, Kem1024Secret, PrimitiveError, SigningPublic, SigningSecret, hash, open, seal,
};
use crate::secret::Secret;
use crate::token::{ClaimToken, ManageToken, Pass, SendCapability, Voucher};

/// Every label, in a hash and in a derivation.
pub(crate) fn labels() -> Paper {
    let mut paper = Paper::new(
        "labels",
        "Every label of §1.4, as it enters a hash and a derivation: with one byte of length before it. hash is \
         SHA-256(label ‖ part), output is HKDF(salt, ikm, label ‖ context). part, salt, ikm and context are those of the first \
         case; they are the same for all labels, so that equal results would show equal labels.",
    );
    let mut case = paper.case("values", "What all cases of this file hash and derive from.");
    let [part, salt, ikm, context] = ["part", "salt", "ikm", "context"].map(|name| case.random::<32>(name));
    case.accepted();
    let extracted = Extracted::new(&salt, &[&ikm]);
    for label in ALL {
        let text = label.as_str();
        let mut case =
            paper.case(text.trim_start_matches("cairn/v1/"), "The label, its prefixed form, and both results.");
        case.text("label", text).hex("prefixed", &label.before(&[])).hex("hash", &hash(*label, &[&part]));
        case.hex("output", extracted.expand(*label, &[&context]).expose()).accepted();
    }
    paper
}

/// Hashes of tokens.
pub(crate) fn tokens() -> Paper {
    let mut paper = Paper::new(
        "tokens",
        "Hashes of the five kinds of tokens (§9.1): the same 32 bytes under five labels. The relay stores hash, never token.",
    );
    let mut case = paper.case("value", "The token that all cases use.");
    let token: [u8; 32] = case.random("token");
    case.accepted();
    for (name, label, hash) in [
        ("send-capability", label::TOKEN_SEND, SendCapability::from_bytes(token).hash()),
        ("claim", label::TOKEN_CLAIM, ClaimToken::from_bytes(token).hash()),
        ("manage", label::TOKEN_MANAGE, ManageToken::from_bytes(token).hash()),
        ("pass", label::TOKEN_PASS, Pass::from_bytes(token).hash()),
        ("voucher", label::TOKEN_VOUCHER, Voucher::from_bytes(token).hash()),
    ] {
        let mut case = paper.case(name, "The hash of a token of this kind.");
        case.text("label", label.as_str()).hex("token", &token).hex("hash", hash.as_bytes()).accepted();
    }
    paper
}

/// The primitives.
pub(crate) fn primitives() -> Paper {
    let mut paper = Paper::new(
        "primitives",
        "The primitives of §1.2 as this protocol uses them: HKDF with one output of 32 bytes, AEAD with a nonce of zeros, X25519 \
         that refuses 32 zero bytes, strict Ed25519, ML-KEM from seeds and given randomness.",
    );
    for (name, explanation, salted, parts) in [
        ("hkdf-with-salt", "info is the prefixed label envelope/header-key.", true, 1),
        ("hkdf-without-salt", "An empty salt is 32 zero bytes.", false, 1),
        ("hkdf-two-parts", "The ikm is two parts, joined: no length stands between them.", true, 2),
    ] {
        let mut case = paper.case(name, explanation);
        let salt: [u8; 32] = case.random("salt drawn");
        let salt: &[u8] = if salted { &salt } else { &[] };
        let ikm: Vec<[u8; 32]> = (1..=parts).map(|part| case.random(&format!("ikm {part}"))).collect();
        let ikm: Vec<&[u8]> = ikm.iter().map(<[u8; 32]>::as_slice).collect();
        let output = Extracted::new(salt, &ikm).expand(label::ENVELOPE_HEADER_KEY, &[]);
        case.hex("salt", salt).hex("ikm", &ikm.concat()).hex("info", &label::ENVELOPE_HEADER_KEY.before(&[]));
        case.hex("output", output.expose()).accepted();
    }
    aead(&mut paper);
    agreement(&mut paper);
    signature(&mut paper);
    kem_768(&mut paper);
    kem_1024(&mut paper);
    paper
}

fn aead(paper: &mut Paper) {
    let mut case = paper.case("aead", "ChaCha20-Poly1305, nonce of 12 zero bytes; the tag stands behind the text.");
    let key: [u8; 32] = case.random("key");
    let (data, text): ([u8; 20], [u8; 70]) = (case.random("data"), case.random("text"));
    let mut sealed = text;
    let tag = seal(Secret::from_bytes(key), &data, &mut sealed);
    case.hex("sealed", &[&sealed[..], &tag].concat()).accepted();
    for (name, explanation, place) in [
        ("aead-flipped-text", "One bit of the sealed text is flipped.", 3),
        ("aead-flipped-tag", "One bit of the tag is flipped.", 85),
    ] {
        let mut changed = [&sealed[..], &tag].concat();
        changed[place] ^= 1;
        let (text, tag) = changed.split_last_chunk::<16>().unwrap();
        let error = open(&Secret::from_bytes(key), &data, &mut text.to_vec(), tag).unwrap_err();
        let mut case = paper.case(name, explanation);
        case.hex("key", &key).hex("data", &data).hex("sealed", &changed).refused(refusal::primitive(error));
    }
    let error = open(&Secret::from_bytes(key), &data[1..], &mut sealed.to_vec(), &tag).unwrap_err();
    let mut case = paper.case("aead-other-data", "The first byte of the associated data is missing.");
    case.hex("key", &key).hex("data", &data[1..]).hex("sealed", &[&sealed[..], &tag].concat());
    case.refused(refusal::primitive(error));
}

fn agreement(paper: &mut Paper) {
    let mut case = paper.case("agreement", "X25519: private keys as they were drawn, clamped at use.");
    let [a, b] =
        ["a private", "b private"].map(|name| AgreementSecret::from_secret(&Secret::from_bytes(case.random(name))));
    case.hex("a public", a.public().as_bytes()).hex("b public", b.public().as_bytes());
    case.hex("DH(a, B)", a.agree(&b.public()).unwrap().expose()).accepted();
    // The points of low order and their second encodings (RFC 7748 §6.1; all with the highest bit clear).
    let p = |last: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (last, 0x7f);
        bytes
    };
    let one = |byte: u8| {
        let mut bytes = [0; 32];
        bytes[0] = byte;
        bytes
    };
    let eight: [u8; 32] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ];
    let other: [u8; 32] = [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ];
    for (name, explanation, point) in [
        ("low-order-0", "The point 0.", one(0)),
        ("low-order-1", "The point 1.", one(1)),
        ("low-order-8", "A point of order 8.", eight),
        ("low-order-8-other", "The other point of order 8.", other),
        ("low-order-p-1", "p - 1, of order 4.", p(0xec)),
        ("low-order-p", "p, a second encoding of 0.", p(0xed)),
        ("low-order-p+1", "p + 1, a second encoding of 1.", p(0xee)),
    ] {
        let mut case = paper.case(name, explanation);
        let private = AgreementSecret::from_secret(&Secret::from_bytes(case.random("a private")));
        let error = private.agree(&AgreementPublic::from_bytes(point)).unwrap_err();
        case.hex("b public", &point).refused(refusal::primitive(error));
    }
}

/// The second encoding, y + p, of a point that is not weak: the smallest y that has one. Nothing else is wrong with it.
pub(crate) fn second_encoding() -> [u8; 32] {
    let strong = |y: &u8| {
        let mut bytes = [0; 32];
        bytes[0] = *y;
        SigningPublic::from_bytes(&bytes).is_ok()
    };
    let y = (2..19).find(strong).unwrap();
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed + y, 0x7f);
    bytes
}

fn digits(text: &str) -> [u8; 32] {
    core::array::from_fn(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap())
}

fn signature(paper: &mut Paper) {
    let mut case = paper.case("signature", "Ed25519 of RFC 8032: private is the 32-byte seed.");
    let key = SigningSecret::from_secret(&Secret::from_bytes(case.random("private")));
    let statement: [u8; 32] = case.random("statement");
    let signature = key.sign(&statement);
    assert_eq!(key.public().verify(&statement, &signature), Ok(()));
    case.hex("public", key.public().as_bytes()).hex("signature", &signature).accepted();

    let mut flipped = signature;
    flipped[10] ^= 1;
    // S + the order of the base point: the same signature for a reader that does not look at its range.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut large = signature;
    let mut carry = 0_u16;
    for (byte, more) in large[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    // S = k·a modulo the order of the base point, for this key and statement.
    let mut neutral_r = [0; 64];
    neutral_r[0] = 1;
    neutral_r[32..].copy_from_slice(&digits("a6ed81e99c927bec183cf47530664325ef2d7d72ff7c932c9e5b2b8a3b742505"));
    for (name, explanation, signature) in [
        ("signature-flipped", "One bit of R is flipped.", flipped),
        ("signature-large-S", "S is not reduced: S plus the order of the base point.", large),
        (
            "signature-R-of-low-order",
            "R is the neutral point, made by who has the private key; S fits it. Only the order of R is wrong.",
            neutral_r,
        ),
    ] {
        let error = key.public().verify(&statement, &signature).unwrap_err();
        let mut case = paper.case(name, explanation);
        case.hex("public", key.public().as_bytes()).hex("statement", &statement).hex("signature", &signature);
        case.refused(refusal::primitive(error));
    }
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut second = [0xff; 32];
    (second[0], second[31]) = (0xee, 0x7f);
    let mut negative = neutral;
    negative[31] = 0x80;
    let mut no_point = [0; 32];
    no_point[0] = 2;
    for (name, explanation, public) in [
        ("key-neutral", "The neutral point: every signature could be made to fit.", neutral),
        (
            "key-of-order-2",
            "y = -1: the point of order 2.",
            digits("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ),
        ("key-of-order-4", "y = 0: a point of order 4.", [0; 32]),
        (
            "key-of-order-8",
            "A point of order 8.",
            digits("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        ),
        (
            "key-of-order-8-other",
            "Another point of order 8.",
            digits("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
        ),
        (
            "key-second-encoding",
            "y + p, a second encoding of a point that nothing else is wrong with.",
            second_encoding(),
        ),
        ("key-second-encoding-of-neutral", "y = p + 1, a second encoding of the neutral point.", second),
        ("key-negative-zero", "x = 0 with the sign bit set: a second encoding of the neutral point.", negative),
        ("key-no-point", "y = 2: no point of the curve has it.", no_point),
    ] {
        let error = SigningPublic::from_bytes(&public).unwrap_err();
        paper.case(name, explanation).hex("public", &public).refused(refusal::primitive(error));
    }
    let mixed = digits("d13250b1393bf15ef874441a580b510e9361d5301e58d4c398e6dcb921bcc69e");
    assert!(SigningPublic::from_bytes(&mixed).is_ok());
    let explanation = "The key of signature plus a point of order 8: of mixed order, which is not low. It is taken.";
    paper.case("key-of-mixed-order", explanation).hex("public", &mixed).accepted();
}

/// Puts a coefficient, of 12 bits, lowest bits first, into its place.
fn coefficient(bytes: &mut [u8], place: usize, value: u16) {
    let triple = &mut bytes[place / 2 * 3..][..3];
    let [low, high] = (if place.is_multiple_of(2) { value } else { value << 4 }).to_le_bytes();
    if place.is_multiple_of(2) {
        triple[0] = low;
        triple[1] = (triple[1] & 0xf0) | high;
    } else {
        triple[1] = (triple[1] & 0x0f) | low;
        triple[2] = high;
    }
}

/// Both parameter sets, in one way.
macro_rules! kem {
    ($function:ident, $name:literal, $secret:ident, $public:ident, $ciphertext:ident) => {
        fn $function(paper: &mut Paper) {
            let mut case = paper.case($name, "A key from its seed d ‖ z, and an encapsulation with the randomness m.");
            let private = $secret::from_seed(case.random("private"));
            let mut draw = case.draw();
            draw.announce(&["m"]);
            let public = private.public();
            let (ct, ss) = public.encapsulate(&mut draw);
            assert!(private.decapsulate(&ct).matches(&ss));
            case.drawn(draw.take())
                .hex("ek", public.as_bytes())
                .hex("ct", ct.as_bytes())
                .hex("ss", ss.expose())
                .accepted();

            let explanation = "One bit of ct is flipped: no error, another secret (implicit rejection, FIPS 203 §6.3).";
            let mut case = paper.case(concat!($name, "-flipped-ct"), explanation);
            let mut flipped = *ct.as_bytes();
            flipped[9] ^= 1;
            let other = private.decapsulate(&$ciphertext::from_bytes(&flipped));
            assert!(!other.matches(&ss));
            case.hex("private", private.expose()).hex("ct", &flipped).hex("ss", other.expose()).accepted();

            // 12 bits a coefficient: 3,329 is the smallest that is out of range.
            let last = (public.as_bytes().len() - 32) / 3 * 2 - 1;
            for (name, explanation, place, value) in [
                ("3329", "The first coefficient is 3,329, the smallest that is out of range.", 0, 3329_u16),
                ("4095", "The first coefficient is 4,095, the largest that can be written.", 0, 4095),
                ("middle", "One in the middle, the 300th, is 3,329.", 299, 3329),
                ("last", "The last coefficient is 3,329.", last, 3329),
            ] {
                let mut bytes = *public.as_bytes();
                coefficient(&mut bytes, place, value);
                let error = $public::from_bytes(&bytes).err().unwrap();
                let mut case = paper.case(&format!("{}-coefficient-{name}", $name), explanation);
                case.hex("ek", &bytes).refused(refusal::primitive(error));
            }
            assert_eq!($public::from_bytes(public.as_bytes()).err(), None::<PrimitiveError>);
        }
    };
}

kem!(kem_768, "KEM-768", Kem768Secret, Kem768Public, Kem768Ciphertext);
kem!(kem_1024, "KEM-1024", Kem1024Secret, Kem1024Public, Kem1024Ciphertext);
