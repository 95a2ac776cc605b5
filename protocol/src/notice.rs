//! The operator's notice: what a center says of itself, signed with the key that its relay's addresses name
//! (protocol.md §9.5).
//!
//! In: words of the operator, or 2,048 untrusted bytes and a pin. Out: signed bytes, or a checked [`Notice`]. This file must
//! never learn who reads it: the same bytes go to everybody. The relay's key is a TLS key on P-256, so what signs and what
//! verifies is the caller's TLS library; no primitive of this crate works with that key.

use crate::address::Pin;
use crate::label;
use crate::limits::{CARD_LINE, NOTICE, NOTICE_LINE, NOTICE_LINES, VERSION};
use crate::wire::DecodeError;
use crate::wire::codec::{Reader, Writer, join};

/// Bytes of a public key: a point of P-256, uncompressed (SEC 1 §2.3.3).
pub const POINT: usize = 65;

/// Bytes of a signature: r ‖ s.
pub const SIGNATURE: usize = 64;

/// Bytes of what is signed.
pub const STATEMENT: usize = NOTICE - POINT - SIGNATURE;

/// What stands before a point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480 §2).
const KEY_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

const _: () = assert!(
    13 + 2 + NOTICE_LINE + 4 + NOTICE_LINES * (2 + CARD_LINE + 3 * (2 + NOTICE_LINE)) <= STATEMENT,
    "all lines at their longest fit"
);

/// Why a notice is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The key in it is not the one that the relay's address names.
    #[error("the notice is signed with the key of another relay")]
    OtherKey,
    /// The signature does not fit.
    #[error("the notice's signature does not fit")]
    Signature,
    /// It is signed, and breaks the format.
    #[error("the notice can't be read: {0}")]
    Malformed(#[from] DecodeError),
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It begins or ends with a space.
    #[error("it begins or ends with a space")]
    Space,
    /// It is longer than this many bytes.
    #[error("it has more than {0} bytes")]
    TooLong(usize),
    /// It holds a character that moves, hides or turns what stands around it.
    #[error("it holds a control character, U+{0:04X}")]
    Character(u32),
}

/// A notice whose signature was checked, or one that is to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When the operator set it, in seconds since 1970-01-01 UTC. Of two notices of one relay the later one holds.
    pub set: u64,
    /// The last day for which it was meant, as days since 1970-01-01 UTC. It is shown after that day too, with the day.
    pub last_day: u32,
    /// The center's name; empty where the operator took the notice back, and all else is empty then.
    pub center: String,
    /// The crisis card: what to do in an emergency, with telephone numbers.
    pub card: Vec<String>,
    /// When people read.
    pub hours: Vec<String>,
    /// Who reads.
    pub readers: Vec<String>,
    /// What else the operator wants to say.
    pub more: Vec<String>,
}

/// Whether a line can stand in a notice: it is shown to people in an emergency, so that nothing in it may move, hide or
/// turn what stands around it.
///
/// # Errors
/// Any [`LineError`].
pub fn check_line(line: &str, limit: usize) -> Result<(), LineError> {
    if line.is_empty() {
        return Err(LineError::Empty);
    }
    if line.len() > limit {
        return Err(LineError::TooLong(limit));
    }
    // protocol.md §9.5
    let refused = |character: &char| {
        matches!(
            character,
            '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{61C}' | '\u{200E}' | '\u{200F}'
                | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
    };
    if let Some(character) = line.chars().find(refused) {
        return Err(LineError::Character(character.into()));
    }
    if line.starts_with(' ') || line.ends_with(' ') { Err(LineError::Space) } else { Ok(()) }
}

impl Notice {
    /// A notice that takes the one before it back.
    #[must_use]
    pub const fn withdrawn(set: u64) -> Self {
        Self {
            set,
            last_day: 0,
            center: String::new(),
            card: Vec::new(),
            hours: Vec::new(),
            readers: Vec::new(),
            more: Vec::new(),
        }
    }

    /// Whether the operator took the notice back.
    #[must_use]
    pub const fn is_withdrawn(&self) -> bool {
        self.center.is_empty()
    }

    /// Its groups of lines in the order of protocol.md §9.5, with how long a line of each may be.
    fn groups(&self) -> [(&[String], usize); 4] {
        [(&self.card, CARD_LINE), (&self.hours, NOTICE_LINE), (&self.readers, NOTICE_LINE), (&self.more, NOTICE_LINE)]
    }

    /// What is signed.
    ///
    /// # Errors
    /// [`DecodeError`] of whoever would read it, for words that no notice can hold.
    pub fn statement(&self) -> Result<Statement, DecodeError> {
        if self.center.len() > NOTICE_LINE || self.groups().iter().any(|(lines, limit)| !fit(lines, *limit)) {
            return Err(DecodeError::TooLong);
        }
        let mut writer = Writer::with_capacity(STATEMENT);
        writer.u8(VERSION).u64(self.set).u32(self.last_day).block(self.center.as_bytes());
        for (lines, _) in self.groups() {
            writer.u8(u8::try_from(lines.len()).unwrap_or(u8::MAX));
            for line in lines {
                writer.block(line.as_bytes());
            }
        }
        writer.pad_to(STATEMENT);
        let statement = Statement(join(&[&writer.finish()]));
        // What this program writes every other one reads.
        read(&statement.0).map(|_| statement)
    }
}

/// The exact bytes that are signed.
#[derive(Debug)]
pub struct Statement(Box<[u8; STATEMENT]>);

impl Statement {
    /// What the relay's key signs: the label keeps it apart from all else that this key signs, which are TLS handshakes and
    /// certificates.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        message(&self.0)
    }

    /// With its signature, in DER (RFC 3279 §2.2.3), and the public half of the key that made it. `None` if the signature is
    /// none of ECDSA on P-256.
    #[must_use]
    pub fn signed(self, point: &[u8; POINT], signature: &[u8]) -> Option<SignedNotice> {
        Some(SignedNotice(join(&[point, &from_der(signature)?, self.0.as_slice()])))
    }
}

/// A notice as it is stored and sent. What it says is not known before it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNotice(Box<[u8; NOTICE]>);

impl SignedNotice {
    /// Bytes of somebody else.
    #[must_use]
    pub const fn from_bytes(bytes: Box<[u8; NOTICE]>) -> Self {
        Self(bytes)
    }

    /// The exact bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; NOTICE] {
        &self.0
    }

    /// Checks the key against the pin, then the signature, then the format. `verify` gets the point, what was signed, and
    /// the signature in DER, and says whether it is one of ECDSA on P-256 with SHA-256.
    ///
    /// # Errors
    /// Any [`NoticeError`].
    pub fn open(
        &self,
        pin: &Pin,
        verify: impl FnOnce(&[u8; POINT], &[u8], &[u8]) -> bool,
    ) -> Result<Notice, NoticeError> {
        let mut reader = Reader::new(self.0.as_slice());
        let point: [u8; POINT] = reader.array()?;
        let signature: [u8; SIGNATURE] = reader.array()?;
        let statement: [u8; STATEMENT] = reader.array()?;
        if Pin::of(&[&KEY_INFO[..], &point].concat()) != *pin {
            return Err(NoticeError::OtherKey);
        }
        if !verify(&point, &message(&statement), &to_der(&signature)) {
            return Err(NoticeError::Signature);
        }
        Ok(read(&statement)?)
    }
}

fn message(statement: &[u8; STATEMENT]) -> Vec<u8> {
    label::NOTICE_STATEMENT.before(&[statement])
}

fn fit(lines: &[String], limit: usize) -> bool {
    lines.len() <= NOTICE_LINES && lines.iter().all(|line| line.len() <= limit)
}

fn read(statement: &[u8; STATEMENT]) -> Result<Notice, DecodeError> {
    let mut reader = Reader::new(statement);
    if reader.u8()? != VERSION {
        return Err(DecodeError::Version);
    }
    let (set, last_day) = (reader.u64()?, reader.u32()?);
    let center = match reader.text(NOTICE_LINE)? {
        "" => String::new(),
        name => good(name, NOTICE_LINE)?,
    };
    let (card, hours) = (lines(&mut reader, CARD_LINE)?, lines(&mut reader, NOTICE_LINE)?);
    let (readers, more) = (lines(&mut reader, NOTICE_LINE)?, lines(&mut reader, NOTICE_LINE)?);
    reader.padding()?;
    let notice = Notice { set, last_day, center, card, hours, readers, more };
    let says_nothing = last_day == 0 && notice.groups().iter().all(|(lines, _)| lines.is_empty());
    if notice.is_withdrawn() && !says_nothing { Err(DecodeError::Invalid) } else { Ok(notice) }
}

fn lines(reader: &mut Reader<'_>, limit: usize) -> Result<Vec<String>, DecodeError> {
    let count = usize::from(reader.u8()?);
    if count > NOTICE_LINES {
        return Err(DecodeError::TooLong);
    }
    (0..count).map(|_| good(reader.text(limit)?, limit)).collect()
}

fn good(line: &str, limit: usize) -> Result<String, DecodeError> {
    check_line(line, limit).map_err(|_| DecodeError::Invalid)?;
    Ok(line.to_owned())
}

/// SEQUENCE { INTEGER r, INTEGER s }, each with as few bytes as can be.
fn to_der(signature: &[u8; SIGNATURE]) -> Vec<u8> {
    let (r, s) = signature.split_at(SIGNATURE / 2);
    let body = [integer(r), integer(s)].concat();
    // 70 bytes at most, so that each length is one byte.
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    [&[0x30, length(&body)], body.as_slice()].concat()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let digits = bytes.get(start..).unwrap_or_default();
    // A set highest bit would make it negative.
    let sign: &[u8] = if digits.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + digits.len()).unwrap_or(u8::MAX);
    [&[0x02, length], sign, digits].concat()
}

fn from_der(der: &[u8]) -> Option<[u8; SIGNATURE]> {
    let mut reader = Reader::new(der);
    let head: [u8; 2] = reader.array().ok()?;
    let mut signature = [0; SIGNATURE];
    for half in signature.chunks_exact_mut(SIGNATURE / 2) {
        let [_, length] = reader.array().ok()?;
        let digits = reader.bytes(length.into()).ok()?;
        let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
        let start = half.len().checked_sub(digits.len())?;
        half.get_mut(start..)?.copy_from_slice(digits);
    }
    // The one form of this value: all that was not looked at is looked at here.
    (reader.finish().is_ok() && head == [0x30, *der.get(1)?] && to_der(&signature) == der).then_some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::notice::{Signed, pin, sign, verify};

    fn notice() -> Notice {
        let lines = |text: &str, count| vec![text.to_owned(); count];
        Notice {
            set: 1_800_000_000,
            last_day: 21_000,
            center: "A center".to_owned(),
            card: lines("In danger: 555", 1),
            hours: lines("Weekdays, 9 to 17", 2),
            readers: lines("The people you know", 3),
            more: lines("Bring a friend", 4),
        }
    }

    fn signed(notice: &Notice) -> (Pin, SignedNotice) {
        let statement = notice.statement().unwrap();
        let Signed { point, der, .. } = sign(&[7; 32], &statement.message());
        (pin(&point), statement.signed(&point, &der).unwrap())
    }

    #[test]
    fn a_notice_is_what_was_signed_and_every_other_bit_is_refused() {
        let (pin, whole) = signed(&notice());
        assert_eq!(whole.open(&pin, verify), Ok(notice()));
        for byte in 0..NOTICE {
            let mut bytes = whole.clone().0;
            bytes[byte] ^= 1;
            let expected = if byte < POINT { NoticeError::OtherKey } else { NoticeError::Signature };
            assert_eq!(SignedNotice(bytes).open(&pin, verify), Err(expected), "byte {byte}");
        }
        assert_eq!(whole.open(&Pin([0; 16]), |_, _, _| true), Err(NoticeError::OtherKey), "the pin comes first");
    }

    #[test]
    fn the_fullest_notice_fits_and_one_line_or_letter_more_is_refused() {
        let full = |line: usize, card: usize, count| Notice {
            center: "c".repeat(line),
            card: vec!["d".repeat(card); count],
            hours: vec!["h".repeat(line); count],
            readers: vec!["r".repeat(line); count],
            more: vec!["m".repeat(line); count],
            ..notice()
        };
        let fullest = full(NOTICE_LINE, CARD_LINE, NOTICE_LINES);
        let (pin, whole) = signed(&fullest);
        assert_eq!(whole.open(&pin, verify), Ok(fullest));
        for notice in [
            full(NOTICE_LINE + 1, CARD_LINE, 1),
            full(NOTICE_LINE, CARD_LINE + 1, 1),
            full(1, 1, NOTICE_LINES + 1),
            Notice { more: vec!["m".repeat(70_000)], ..notice() },
        ] {
            assert_eq!(notice.statement().err(), Some(DecodeError::TooLong));
        }
    }

    #[test]
    fn a_notice_taken_back_says_nothing() {
        let withdrawn = Notice::withdrawn(5);
        let (pin, whole) = signed(&withdrawn);
        assert_eq!(whole.open(&pin, verify), Ok(withdrawn.clone()));
        assert!(withdrawn.is_withdrawn() && !notice().is_withdrawn());
        for more in [
            Notice { last_day: 1, ..withdrawn.clone() },
            Notice { card: vec!["x".to_owned()], ..withdrawn.clone() },
            Notice { more: vec!["x".to_owned()], ..withdrawn },
        ] {
            assert_eq!(more.statement().err(), Some(DecodeError::Invalid));
        }
    }

    #[test]
    fn a_line_holds_nothing_that_moves_hides_or_turns_others() {
        assert_eq!(check_line("Café, 9–17 · क्षमा · 🙂", NOTICE_LINE), Ok(()));
        for character in
            ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{80}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{200f}']
                .into_iter()
                .chain('\u{2028}'..='\u{202e}')
                .chain('\u{2066}'..='\u{2069}')
        {
            let line = format!("a{character}b");
            assert_eq!(check_line(&line, NOTICE_LINE), Err(LineError::Character(character.into())));
            let notice = Notice { hours: vec![line], ..notice() };
            assert_eq!(notice.statement().err(), Some(DecodeError::Invalid));
        }
        for (line, error) in [
            ("", LineError::Empty),
            (" a", LineError::Space),
            ("a ", LineError::Space),
            (&"a".repeat(81), LineError::TooLong(80)),
        ] {
            assert_eq!(check_line(line, CARD_LINE), Err(error));
        }
    }

    #[test]
    fn a_signature_has_one_form_in_der_and_one_here() {
        let zeros = [0; 20];
        for (r, s) in [(vec![1], vec![0x80]), (vec![0xff; 32], vec![0x7f; 32]), (vec![0], vec![0x80, 0, 0])] {
            let half = |digits: &[u8]| [vec![0; 32 - digits.len()], digits.to_vec()].concat();
            let raw: [u8; SIGNATURE] = [half(&r), half(&s)].concat().try_into().unwrap();
            let der = to_der(&raw);
            assert_eq!(from_der(&der), Some(raw));
            for cut in 0..der.len() {
                assert_eq!(from_der(&der[..cut]), None);
            }
            for byte in 0..der.len() {
                let mut other = der.clone();
                other[byte] ^= 0x80;
                assert!(from_der(&other).is_none_or(|found| found != raw), "byte {byte}");
            }
            assert_eq!(from_der(&[&der[..], &zeros].concat()), None);
        }
        // A zero too many before a number that is not negative, and a number of 33 bytes.
        assert_eq!(from_der(&[0x30, 7, 2, 2, 0, 1, 2, 1, 1]), None);
        assert_eq!(from_der(&[&[0x30, 38, 2, 33][..], &[1; 33], &[2, 1, 1]].concat()), None);
    }
}
