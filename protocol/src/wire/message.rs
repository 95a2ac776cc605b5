//! The two plaintexts of an envelope: the header of the ratchet and the body that carries history and content
//! (protocol.md §6.1, §7.1).
//!
//! In: bytes that have opened, or fields. Out: the other of the two. This file must never learn a key that seals them.

use crate::content::{MessageId, Piece};
use crate::limits::{BODY, BODY_FIELDS, PAYLOAD};
use crate::primitives::{AgreementPublic, Kem768Ciphertext, Kem768Public};
use crate::secret::SecretBytes;
use crate::wire::{DecodeError, Reader, Writer, join};
use zeroize::Zeroizing;

/// Bytes of a plain header: 32 + 4 + 4 + 1,184 + 1,088.
pub(crate) const HEADER: usize = 2312;

/// The public values that every header of one chain repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RatchetPublics {
    pub(crate) agreement: AgreementPublic,
    pub(crate) encapsulation: Kem768Public,
    /// In chain 0 of the taker: 1,088 random bytes.
    pub(crate) ciphertext: Kem768Ciphertext,
}

/// A plain header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) publics: RatchetPublics,
    /// Messages in the sender's previous chain.
    pub(crate) previous: u32,
    /// Place of this message in its chain, from 0.
    pub(crate) index: u32,
}

impl RatchetPublics {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.agreement.as_bytes());
        writer.bytes(self.encapsulation.as_bytes()).bytes(self.ciphertext.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            agreement: AgreementPublic::from_bytes(reader.array()?),
            encapsulation: Kem768Public::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?,
            ciphertext: Kem768Ciphertext::from_bytes(&reader.array()?),
        })
    }
}

/// A plain header's counters: messages in the sender's previous chain, place in its chain.
pub(crate) type Counters = (u32, u32);

impl Header {
    /// A header of a chain with these public values, which are written from where they are kept. It is hidden from the
    /// relay and not from memory, where each session keeps the same values: nothing is wiped.
    pub(crate) fn encode(publics: &RatchetPublics, (previous, index): Counters) -> Box<[u8; HEADER]> {
        let RatchetPublics { agreement, encapsulation, ciphertext } = publics;
        let counters = (previous.to_be_bytes(), index.to_be_bytes());
        join(&[&counters.0, &counters.1, agreement.as_bytes(), encapsulation.as_bytes(), ciphertext.as_bytes()])
    }

    /// The counters, if all public values are those that were checked when the chain began; the ciphertext is given back
    /// where none was known.
    pub(crate) fn repeat(
        bytes: &[u8; HEADER],
        agreement: &AgreementPublic,
        encapsulation: &Kem768Public,
        ciphertext: Option<&Kem768Ciphertext>,
    ) -> Result<(Counters, Option<Kem768Ciphertext>), DecodeError> {
        let mut reader = Reader::new(bytes);
        let counters = (reader.u32()?, reader.u32()?);
        let same = reader.bytes(32)? == agreement.as_bytes().as_slice()
            && reader.bytes(Kem768Public::LENGTH)? == encapsulation.as_bytes().as_slice();
        let theirs = reader.bytes(Kem768Ciphertext::LENGTH)?;
        reader.finish()?;
        match ciphertext {
            Some(known) if same && theirs == known.as_bytes().as_slice() => Ok((counters, None)),
            None if same => {
                let bytes = theirs.try_into().map_err(|_| DecodeError::Truncated)?;
                Ok((counters, Some(Kem768Ciphertext::from_bytes(bytes))))
            }
            _ => Err(DecodeError::Invalid),
        }
    }

    pub(crate) fn decode(bytes: &[u8; HEADER]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (previous, index) = (reader.u32()?, reader.u32()?);
        let publics = RatchetPublics::read(&mut reader)?;
        reader.finish()?;
        Ok(Self { publics, previous, index })
    }
}

/// Number and hashes: what lets each side see that something is missing (protocol.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HistoryFields {
    /// Number of this message, from 1, over all chains.
    pub(crate) number: u64,
    /// H(number − 1) of this direction.
    pub(crate) previous: [u8; 32],
    /// Highest number received without a hole in the other direction; 0 for none.
    pub(crate) received: u64,
    /// H(received) of the other direction.
    pub(crate) received_hash: [u8; 32],
}

/// A plain body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) history: HistoryFields,
    /// Milliseconds since 1970-01-01 UTC by the sender's clock.
    pub(crate) sent_at: u64,
    pub(crate) piece: Piece,
}

const _: () = assert!(8 + 32 + 8 + 32 + 8 + 16 + 1 + 1 + 1 + 2 + 2 == BODY_FIELDS);

impl Body {
    pub(crate) fn encode(&self) -> SecretBytes<BODY> {
        let mut writer = Writer::with_capacity(BODY);
        writer.u64(self.history.number).bytes(&self.history.previous);
        writer.u64(self.history.received).bytes(&self.history.received_hash);
        writer.u64(self.sent_at);
        let piece = &self.piece;
        writer.bytes(piece.id.as_bytes()).u8(piece.index).u8(piece.count);
        writer.flag(piece.shown).u16(piece.kind).block(&piece.payload);
        writer.into_fixed()
    }

    pub(crate) fn decode(bytes: &[u8; BODY]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let history = HistoryFields {
            number: reader.u64()?,
            previous: reader.array()?,
            received: reader.u64()?,
            received_hash: reader.array()?,
        };
        let sent_at = reader.u64()?;
        let id = MessageId::from_bytes(reader.array()?);
        let (index, count) = (reader.u8()?, reader.u8()?);
        let (shown, kind) = (reader.flag()?, reader.u16()?);
        let payload = Zeroizing::new(reader.block(PAYLOAD)?.to_vec());
        reader.padding()?;
        let piece = Piece { id, index, count, shown, kind, payload };
        piece.check()?;
        Ok(Self { history, sent_at, piece })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Content, MessageId};

    fn body(text: &str) -> Body {
        let mut pieces = Content::Text(text.to_owned()).split(MessageId::from_bytes([1; 16])).unwrap();
        let history = HistoryFields { number: 1, previous: [2; 32], received: 3, received_hash: [4; 32] };
        Body { history, sent_at: 5, piece: pieces.remove(0) }
    }

    #[test]
    fn a_body_survives_with_nothing_one_byte_and_a_whole_piece() {
        for text in ["", "a", &"b".repeat(1500)] {
            assert_eq!(Body::decode(body(text).encode().expose()), Ok(body(text)));
        }
    }

    #[test]
    fn padding_holds_up_to_the_last_byte_and_refuses_one_more() {
        let mut full = body("");
        full.piece.kind = 900;
        full.piece.payload = Zeroizing::new(vec![7; PAYLOAD]);
        let mut bytes = full.encode();
        assert_eq!(Body::decode(bytes.expose()), Ok(full));
        // The length field says one byte more than there can be.
        bytes.expose_mut()[109..111].copy_from_slice(&1578_u16.to_be_bytes());
        assert_eq!(Body::decode(bytes.expose()), Err(DecodeError::TooLong));
        // 65 pieces, and the fifth of four.
        for (index, count) in [(0, 65), (4, 4), (0, 0)] {
            let mut bytes = body("x").encode();
            bytes.expose_mut()[104..106].copy_from_slice(&[index, count]);
            assert_eq!(Body::decode(bytes.expose()), Err(DecodeError::Invalid), "{index} of {count}");
        }
        let mut bytes = body("x").encode();
        bytes.expose_mut()[BODY - 1] = 1;
        assert_eq!(Body::decode(bytes.expose()), Err(DecodeError::Invalid));
    }
}
