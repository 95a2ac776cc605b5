//! The operator's notice (protocol.md §9.5).

use super::paper::{Case, Paper};
use super::refusal;
use crate::address::Pin;
use crate::label;
use crate::limits::{CARD_LINE, NOTICE, NOTICE_LINE, NOTICE_LINES};
use crate::notice::{Notice, POINT, SIGNATURE, STATEMENT, SignedNotice};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

/// The order of P-256 (SP 800-186 §3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A signature and the key that it fits.
pub(crate) struct Signed {
    pub(crate) point: [u8; POINT],
    pub(crate) der: Vec<u8>,
    raw: [u8; SIGNATURE],
}

/// What a relay's TLS library does, with the nonce of RFC 6979.
pub(crate) fn sign(private: &[u8; 32], message: &[u8]) -> Signed {
    let key = SigningKey::from_slice(private).unwrap();
    let signature: Signature = key.sign(message);
    Signed {
        point: key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap(),
        der: signature.to_der().as_bytes().to_vec(),
        raw: signature.to_bytes().into(),
    }
}

/// What a client's TLS library does.
pub(crate) fn verify(point: &[u8; POINT], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_sec1_bytes(point), Signature::from_der(signature)) else {
        return false;
    };
    key.verify(message, &signature).is_ok()
}

/// The pin of a point (§9.5, §3.2).
pub(crate) fn pin(point: &[u8; POINT]) -> Pin {
    let head =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    Pin::of(&[&head[..], point].concat())
}

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn usual() -> Notice {
    Notice {
        set: super::meeting::START,
        last_day: 21_000,
        center: "Example Center".to_owned(),
        card: lines(&["In danger: NUMBER", "A voice at night: NUMBER"]),
        hours: lines(&["Monday to Friday, 9 to 17"]),
        readers: lines(&["The specialist who invited you", "In their absence: nobody"]),
        more: lines(&["Café on Fridays · ज़रूर आइए"]),
    }
}

fn fields(case: &mut Case<'_>, notice: &Notice) {
    case.number("set", notice.set).number("last day", notice.last_day).text("center", &notice.center);
    for (name, lines) in
        [("card", &notice.card), ("hours", &notice.hours), ("readers", &notice.readers), ("more", &notice.more)]
    {
        case.number(name, u64::try_from(lines.len()).unwrap());
        for (at, line) in lines.iter().enumerate() {
            case.text(&format!("{name} {at}"), line);
        }
    }
}

/// The operator's notice of §9.5.
pub(crate) fn notice() -> Paper {
    let mut paper = Paper::new(
        "notice",
        "The operator's notice of §9.5. Accepted cases state what is signed, with what, and the whole; message is what ECDSA \
         signs. A case with changed at has the notice of the case whole with these bytes replaced. All but other-key-signs-statement \
         of the other refused ones are signed rightly by the private half.",
    );
    let longest = |letter: &str, length: usize| vec![letter.repeat(length); NOTICE_LINES];
    let fullest = Notice {
        center: "C".repeat(NOTICE_LINE),
        card: longest("d", CARD_LINE),
        hours: longest("h", NOTICE_LINE),
        readers: longest("r", NOTICE_LINE),
        more: longest("m", NOTICE_LINE),
        ..usual()
    };
    let mut whole = None;
    for (name, explanation, notice) in [
        ("whole", "A notice with every group.", usual()),
        ("fullest", "Every line at its longest.", fullest),
        (
            "name-only",
            "No line at all.",
            Notice { card: vec![], hours: vec![], readers: vec![], more: vec![], ..usual() },
        ),
        ("withdrawn", "The operator took the notice back.", Notice::withdrawn(u64::MAX)),
    ] {
        let mut case = paper.case(name, explanation);
        let private: [u8; 32] = case.random("private");
        let statement = notice.statement().unwrap();
        let message = statement.message();
        let Signed { point, der, .. } = sign(&private, &message);
        let signed = statement.signed(&point, &der).unwrap();
        let Pin(pin_bytes) = pin(&point);
        assert_eq!(signed.open(&Pin(pin_bytes), verify).as_ref(), Ok(&notice));
        fields(&mut case, &notice);
        case.hex("point", &point).hex("pin", &pin_bytes).hex("message", &message);
        case.hex("signature", &signed.as_bytes()[POINT..POINT + SIGNATURE]).hex("notice", signed.as_bytes()).accepted();
        whole.get_or_insert((pin_bytes, private, *signed.as_bytes()));
    }
    let (pin_bytes, private, bytes) = whole.unwrap();
    changed(&mut paper, pin_bytes, &bytes);
    badly_signed(&mut paper, private, &bytes);
    paper
}

fn refused(mut case: Case<'_>, pin: [u8; 16], bytes: &[u8; NOTICE]) {
    let error = SignedNotice::from_bytes(Box::new(*bytes)).open(&Pin(pin), verify).unwrap_err();
    case.hex("pin", &pin).refused(refusal::notice(error));
}

/// The notice of the first case with some bytes replaced.
fn changed(paper: &mut Paper, pin: [u8; 16], bytes: &[u8; NOTICE]) {
    let flipped = |at: usize| vec![bytes[at] ^ 1];
    for (name, explanation, at, to) in [
        ("flipped-point", "One bit of the key.", 64, flipped(64)),
        ("compressed-point", "The form of a compressed point.", 0, vec![2]),
        ("flipped-r", "One bit of r.", 80, flipped(80)),
        ("flipped-s", "One bit of s.", 128, flipped(128)),
        ("zero-r", "r is 0.", 65, vec![0; 32]),
        ("zero-s", "s is 0.", 97, vec![0; 32]),
        ("order-as-s", "s is the order of the curve.", 97, ORDER.to_vec()),
        ("flipped-version", "Another version under the same signature.", 129, flipped(129)),
        ("flipped-set", "Set a second later.", 137, flipped(137)),
        ("flipped-last-day", "A day longer.", 141, flipped(141)),
        ("flipped-letter", "One letter of the name.", 150, flipped(150)),
        ("flipped-padding", "The last byte of the padding.", NOTICE - 1, flipped(NOTICE - 1)),
    ] {
        let mut other = *bytes;
        other[at..at + to.len()].copy_from_slice(&to);
        let mut case = paper.case(name, explanation);
        case.number("changed at", u64::try_from(at).unwrap()).hex("changed to", &to);
        refused(case, pin, &other);
    }
}

/// Statements that break the format, each under a signature that fits; and one under another relay's.
fn badly_signed(paper: &mut Paper, private: [u8; 32], bytes: &[u8; NOTICE]) {
    let statement: [u8; STATEMENT] = bytes[POINT + SIGNATURE..].try_into().unwrap();
    let head = |last_day: u8, rest: &[u8]| {
        let mut other = [0; STATEMENT];
        other[..13].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, last_day]);
        other[13..13 + rest.len()].copy_from_slice(rest);
        other
    };
    let with = |at: usize, to: &[u8]| {
        let mut other = statement;
        other[at..at + to.len()].copy_from_slice(to);
        other
    };
    // A name of one letter, no card, and one line of hours.
    let line =
        |text: &str| head(1, &[&[0, 1, b'C', 0, 1, 0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat());
    let cases: Vec<(&str, &str, [u8; STATEMENT])> = vec![
        ("version-2", "Version 2.", with(0, &[2])),
        ("name-of-101", "A name of 101 bytes.", head(1, &[&[0, 101][..], &[b'C'; 101]].concat())),
        ("card-of-5", "Five lines in the card.", head(1, &[0, 1, b'C', 5])),
        (
            "card-line-of-81",
            "A line of the card of 81 bytes.",
            head(1, &[&[0, 1, b'C', 1, 0, 81][..], &[b'd'; 81]].concat()),
        ),
        ("line-of-101", "A line of 101 bytes.", line(&"h".repeat(101))),
        ("empty-line", "A line without a byte.", line("")),
        ("line-not-utf-8", "A byte that begins no letter.", head(1, &[0, 1, b'C', 0, 1, 0, 1, 0xff])),
        ("line-with-escape", "An escape character.", line("a\u{1b}b")),
        (
            "line-with-c1",
            "U+009B, which some terminals take for the beginning of an escape sequence.",
            line("a\u{9b}b"),
        ),
        ("line-with-direction", "U+202E, which turns what follows.", line("a\u{202e}b")),
        ("line-with-separator", "U+2028, which breaks the line.", line("a\u{2028}b")),
        ("space-at-the-end", "A line that ends with a space.", line("a ")),
        ("withdrawn-with-a-day", "No name, and a last day.", head(1, &[0, 0])),
        ("withdrawn-with-a-line", "No name, and a line.", head(0, &[0, 0, 0, 0, 0, 1, 0, 1, b'm'])),
        ("padding", "The last byte of the padding, signed.", with(STATEMENT - 1, &[1])),
    ];
    for (name, explanation, statement) in cases {
        let (point, signature, pin) = signed(&private, &statement);
        let mut case = paper.case(name, explanation);
        let whole: [u8; NOTICE] = [&point[..], &signature, &statement].concat().try_into().unwrap();
        case.hex("private", &private).hex("notice", &whole);
        refused(case, pin, &whole);
    }
    let (point, signature, _) = signed(&[9; 32], &statement);
    let (_, _, pin) = signed(&private, &statement);
    let whole: [u8; NOTICE] = [&point[..], &signature, &statement].concat().try_into().unwrap();
    let mut case = paper.case("other-key-signs-statement", "The same statement, signed by another relay.");
    case.hex("private", &[9; 32]).hex("notice", &whole);
    refused(case, pin, &whole);
}

fn signed(private: &[u8; 32], statement: &[u8; STATEMENT]) -> ([u8; POINT], [u8; SIGNATURE], [u8; 16]) {
    let signed = sign(private, &label::NOTICE_STATEMENT.before(&[statement]));
    (signed.point, signed.raw, pin(&signed.point).0)
}
