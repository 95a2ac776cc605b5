//! What a person sends, typed, and how it is cut into pieces that fit an envelope (protocol.md §7).
//!
//! In: text or a control message. Out: pieces, or the whole again. This file must never learn a key or a mailbox.
//! There is no kind for a bot, for typing, for presence or for having read something.

mod check;
mod keep;

pub use check::CheckMessage;
pub use keep::Keep;

use crate::limits::{PAYLOAD, PIECE, PIECES, SKIP_TOTAL, TEXT};
use crate::wire::{DecodeError, Reader, Writer};
use check::{KIND_COMMITMENT, KIND_OPENING};
use keep::KIND_KEEP;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Numbers in one [`Content::Lost`], at most: no more keys than [`SKIP_TOTAL`] are ever kept.
const LOST: u64 = SKIP_TOTAL as u64;

const KIND_TEXT: u16 = 1;
const KIND_FILLER: u16 = 2;
const KIND_LOST: u16 = 3;

/// Names a message: 16 random bytes, the same on both sides and in all its pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId([u8; 16]);

impl MessageId {
    /// Draws a fresh identifier.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The identifier with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What one message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A person's words, 0 to 65,536 bytes of UTF-8, kept exactly.
    Text(String),
    /// Nothing: carries a confirmation, is never shown, and asks for no answer.
    Filler,
    /// The keys of these numbers were wiped before their envelopes came: they can't be opened any more.
    Lost {
        /// First number lost.
        from: u64,
        /// Last number lost.
        to: u64,
    },
    /// One message of the check of words, for the program only.
    Check(CheckMessage),
    /// How long the sender keeps the conversation, for the program only: it shows what it knows, and when.
    Keep(Keep),
    /// A kind that this version does not know.
    Unknown {
        /// The kind.
        kind: u16,
        /// What to show instead; none for a kind that is not for showing.
        fallback: Option<String>,
    },
}

/// Why content can't be sent, or pieces don't make content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// More than 65,536 bytes of text.
    #[error("a message can hold 65,536 bytes of text")]
    TooLong,
    /// A kind that this version can't write.
    #[error("a kind that can't be sent")]
    NotSendable,
    /// Pieces that are missing, of different messages, or cut at another place than the rule says.
    #[error("the pieces don't fit together")]
    Pieces,
    /// The joined bytes are not what their kind asks for.
    #[error("the content is malformed")]
    Malformed(#[from] DecodeError),
}

/// One piece of a message, as one body carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// The message.
    pub id: MessageId,
    /// Which piece, from 0.
    pub index: u8,
    /// How many there are, 1 to 64.
    pub count: u8,
    /// Whether the content is for showing.
    pub shown: bool,
    /// The kind of the content.
    pub kind: u16,
    /// At most 1,577 bytes; of text at most 1,500.
    pub payload: Zeroizing<Vec<u8>>,
}

// What a person wrote is never printed by `Debug`.
impl core::fmt::Debug for Content {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Filler => f.write_str("Filler"),
            Self::Lost { from, to } => write!(f, "Lost({from}..={to})"),
            Self::Check(message) => write!(f, "Check({message:?})"),
            Self::Keep(keep) => write!(f, "Keep({keep:?})"),
            Self::Unknown { kind, .. } => write!(f, "Unknown({kind}, ..)"),
        }
    }
}

impl core::fmt::Debug for Piece {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Piece({} of {}, kind {}, ..)", self.index, self.count, self.kind)
    }
}

impl Piece {
    /// What holds for every piece, whatever its kind.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if self.count == 0 || self.count > PIECES || self.index >= self.count {
            return Err(DecodeError::Invalid);
        }
        if self.payload.len() > PAYLOAD {
            return Err(DecodeError::TooLong);
        }
        Ok(())
    }

    /// Whether the content is for the program only: no person waits for it, and it asks for no confirmation.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        !self.shown
    }
}

impl Content {
    /// Cuts content into pieces, all of them full but the last.
    ///
    /// # Errors
    /// [`ContentError::TooLong`], [`ContentError::NotSendable`].
    pub fn split(&self, id: MessageId) -> Result<Vec<Piece>, ContentError> {
        let (shown, kind, bytes) = match self {
            Self::Text(text) if text.len() > TEXT => return Err(ContentError::TooLong),
            Self::Text(text) => (true, KIND_TEXT, Zeroizing::new(text.as_bytes().to_vec())),
            Self::Filler => (false, KIND_FILLER, Zeroizing::default()),
            Self::Lost { from, to } => {
                let mut writer = Writer::with_capacity(16);
                writer.u64(*from).u64(*to);
                (false, KIND_LOST, writer.finish())
            }
            Self::Check(message) => {
                let (kind, payload) = message.encode();
                (false, kind, payload)
            }
            Self::Keep(keep) => (false, KIND_KEEP, keep.encode()),
            Self::Unknown { .. } => return Err(ContentError::NotSendable),
        };
        // Nothing is still one piece: an empty message is a message.
        let chunks: Vec<&[u8]> = if bytes.is_empty() { vec![&[]] } else { bytes.chunks(PIECE).collect() };
        let count = u8::try_from(chunks.len()).map_err(|_| ContentError::TooLong)?;
        let piece = |(index, chunk): (u8, &[u8])| Piece {
            id,
            index,
            count,
            shown,
            kind,
            payload: Zeroizing::new(chunk.to_vec()),
        };
        Ok((0..count).zip(chunks).map(piece).collect())
    }

    /// Joins all pieces of one message, given in order.
    ///
    /// # Errors
    /// [`ContentError::Pieces`] where one is missing, foreign or cut elsewhere; [`ContentError::TooLong`];
    /// [`ContentError::Malformed`].
    pub fn join(pieces: &[Piece]) -> Result<Self, ContentError> {
        let first = pieces.first().ok_or(ContentError::Pieces)?;
        let fits = |(index, piece): (usize, &Piece)| {
            (piece.id, piece.count, piece.kind, piece.shown) == (first.id, first.count, first.kind, first.shown)
                && usize::from(piece.index) == index
        };
        if pieces.len() != usize::from(first.count) || !pieces.iter().enumerate().all(fits) {
            return Err(ContentError::Pieces);
        }
        match (first.shown, first.kind) {
            (true, KIND_TEXT) => Self::join_text(pieces),
            (false, KIND_FILLER) if pieces.len() == 1 && first.payload.is_empty() => Ok(Self::Filler),
            (false, KIND_LOST) if pieces.len() == 1 => {
                let mut reader = Reader::new(&first.payload);
                let (from, to) = (reader.u64()?, reader.u64()?);
                reader.finish()?;
                if from == 0 || from > to || to - from >= LOST {
                    Err(DecodeError::Invalid.into())
                } else {
                    Ok(Self::Lost { from, to })
                }
            }
            (false, kind @ KIND_COMMITMENT..=KIND_OPENING) if pieces.len() == 1 => {
                Ok(Self::Check(CheckMessage::decode(kind, &first.payload)?))
            }
            (false, KIND_KEEP) if pieces.len() == 1 => Ok(Self::Keep(Keep::decode(&first.payload)?)),
            (_, KIND_TEXT..=KIND_KEEP) => Err(DecodeError::Invalid.into()),
            (shown, kind) => {
                let fallback = if shown { Some(Reader::new(&first.payload).text(PAYLOAD)?.to_owned()) } else { None };
                Ok(Self::Unknown { kind, fallback })
            }
        }
    }

    fn join_text(pieces: &[Piece]) -> Result<Self, ContentError> {
        let (last, full) = pieces.split_last().ok_or(ContentError::Pieces)?;
        let cut_well = full.iter().all(|piece| piece.payload.len() == PIECE)
            && last.payload.len() <= PIECE
            && (full.is_empty() || !last.payload.is_empty());
        if !cut_well {
            return Err(ContentError::Pieces);
        }
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.payload.iter().copied()).collect();
        if bytes.len() > TEXT {
            return Err(ContentError::TooLong);
        }
        String::from_utf8(bytes).map(Self::Text).map_err(|_| DecodeError::Invalid.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: MessageId = MessageId([1; 16]);

    fn split(text: &str) -> Vec<Piece> {
        Content::Text(text.to_owned()).split(ID).unwrap()
    }

    #[test]
    fn text_of_any_length_survives_and_is_cut_at_1500_bytes() {
        for (length, count) in [(0, 1), (1, 1), (1500, 1), (1501, 2), (3000, 2), (60_000, 40), (65_536, 44)] {
            let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
            let pieces = split(&text);
            assert_eq!(pieces.len(), count, "{length}");
            assert!(Content::join(&pieces) == Ok(Content::Text(text)), "{length}");
        }
        assert_eq!(Content::Text("x".repeat(65_537)).split(ID).err(), Some(ContentError::TooLong));
    }

    #[test]
    fn missing_doubled_foreign_and_unevenly_cut_pieces_are_refused() {
        let pieces = split(&"x".repeat(4000));
        assert!(Content::join(&pieces).is_ok());
        assert_eq!(Content::join(&[]), Err(ContentError::Pieces));
        assert_eq!(Content::join(&pieces[..2]), Err(ContentError::Pieces));
        let mut doubled = pieces.clone();
        doubled[1] = doubled[0].clone();
        assert_eq!(Content::join(&doubled), Err(ContentError::Pieces));
        let mut foreign = pieces.clone();
        foreign[2].id = MessageId([2; 16]);
        assert_eq!(Content::join(&foreign), Err(ContentError::Pieces));
        let mut uneven = pieces;
        uneven[0].payload.pop();
        assert_eq!(Content::join(&uneven), Err(ContentError::Pieces));
    }

    #[test]
    fn control_content_survives_and_malformed_control_is_refused() {
        let (commitment, nonce) = ([1; 32], [2; 32]);
        let checks = [
            CheckMessage::Commitment(commitment),
            CheckMessage::Answer { commitment, nonce },
            CheckMessage::Opening { commitment, nonce },
        ];
        let checks = checks.into_iter().map(Content::Check);
        let keeps = [Keep::Always, Keep::Days30, Keep::Days90].map(Content::Keep);
        for content in checks.chain(keeps).chain([Content::Filler, Content::Lost { from: 3, to: 9 }]) {
            let mut pieces = content.split(ID).unwrap();
            assert!(pieces[0].is_control());
            pieces[0].shown = true;
            assert_eq!(Content::join(&pieces), Err(ContentError::Malformed(DecodeError::Invalid)));
            if let Content::Check(_) | Content::Keep(_) = content {
                pieces[0].shown = false;
                let whole = pieces[0].payload.len();
                pieces[0].payload.push(0);
                assert_eq!(Content::join(&pieces), Err(ContentError::Malformed(DecodeError::Trailing)));
                pieces[0].payload.truncate(if whole == 2 { 1 } else { 31 });
                assert_eq!(Content::join(&pieces), Err(ContentError::Malformed(DecodeError::Truncated)));
            }
            assert!(Content::join(&content.split(ID).unwrap()) == Ok(content));
        }
        let mut lost = Content::Lost { from: 3, to: 9 }.split(ID).unwrap();
        lost[0].payload[7] = 10;
        assert_eq!(Content::join(&lost), Err(ContentError::Malformed(DecodeError::Invalid)));
        lost[0].payload.push(0);
        assert_eq!(Content::join(&lost), Err(ContentError::Malformed(DecodeError::Trailing)));
    }

    #[test]
    fn a_conversation_is_kept_always_or_for_30_or_90_days_and_for_no_other_time() {
        let mut pieces = Content::Keep(Keep::Days30).split(ID).unwrap();
        for days in 0..=u16::MAX {
            pieces[0].payload = Zeroizing::new(days.to_be_bytes().to_vec());
            let expected = match days {
                0 => Ok(Content::Keep(Keep::Always)),
                30 => Ok(Content::Keep(Keep::Days30)),
                90 => Ok(Content::Keep(Keep::Days90)),
                _ => Err(ContentError::Malformed(DecodeError::Invalid)),
            };
            assert!(Content::join(&pieces) == expected, "{days}");
        }
        let mut two = Content::Keep(Keep::Days30).split(ID).unwrap();
        two[0].count = 2;
        two.push(Piece { index: 1, ..two[0].clone() });
        assert_eq!(Content::join(&two), Err(ContentError::Malformed(DecodeError::Invalid)));
    }

    #[test]
    fn an_unknown_kind_shows_its_fallback_and_an_unknown_control_kind_shows_nothing() {
        let mut pieces = split("");
        pieces[0].kind = 700;
        pieces[0].payload = Zeroizing::new(b"\x00\x05hello and what this version can't read".to_vec());
        let fallback = Some("hello".to_owned());
        assert!(Content::join(&pieces) == Ok(Content::Unknown { kind: 700, fallback }));
        pieces[0].shown = false;
        assert!(Content::join(&pieces) == Ok(Content::Unknown { kind: 700, fallback: None }));
    }

    #[test]
    fn what_a_person_wrote_is_not_printed() {
        let pieces = split("marker");
        let printed = format!("{:?} {pieces:?}", Content::Text("marker".to_owned()));
        assert!(!printed.contains("marker") && !printed.contains("109"), "{printed}");
    }
}
