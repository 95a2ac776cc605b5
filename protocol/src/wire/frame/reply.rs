//! What the relay answers (protocol.md §9.2).
//!
//! In: a typed reply, or a frame of untrusted bytes. Out: the other of the two. This file must never learn which client
//! asked.

use super::{EnvelopeBytes, NoticeBytes, SealedBundleBytes, boxed};
use crate::limits::{ENVELOPE, NOTICE, PAGE, REPLY};
use crate::mailbox::EnvelopeId;
use crate::wire::codec::{DecodeError, Reader};

const WELCOME: u8 = 0x81;
const DONE: u8 = 0x82;
const PAGE_OF: u8 = 0x83;
const BUNDLE_OF: u8 = 0x84;
const BUNDLE_STATE: u8 = 0x85;
const NOTICE_OF: u8 = 0x86;
const REFUSED: u8 = 0x8f;

/// What the relay says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// The version that the relay speaks.
    pub version: u8,
    /// The relay's time, in seconds since 1970-01-01 UTC.
    pub time: u64,
    /// The identity of its store, drawn when the store was made.
    pub store: [u8; 16],
    /// Raised by each restore of the store from a backup.
    pub restores: u32,
    /// Days that an envelope is kept until acknowledged.
    pub envelope_days: u16,
    /// Whether mailboxes can be made without a pass.
    pub open: bool,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleState {
    /// Somebody took it.
    pub taken: bool,
    /// A second one asked for it, with another claim.
    pub second_taker: bool,
}

/// An envelope with its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The identifier that its sender drew.
    pub id: EnvelopeId,
    /// The envelope.
    pub envelope: EnvelopeBytes,
}

/// Why the relay did not do what it was asked. `NotNow` and `TooFast` may be tried again; the others may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The frame is malformed, out of place, or above a limit. The connection ends.
    #[error("the relay did not understand the request")]
    Malformed,
    /// The relay speaks no version that the client speaks. The connection ends.
    #[error("the relay speaks another version")]
    Version,
    /// No such mailbox, or the key, capability or token does not fit: the same answer for all of them.
    #[error("no such place, or no right to it")]
    Denied,
    /// A pass or a voucher is needed, or the one shown is unknown, used up or withdrawn.
    #[error("a pass is needed, or this one is used up")]
    Admission,
    /// An identifier is in use with other content.
    #[error("this identifier is in use")]
    Conflict,
    /// The mailbox is full.
    #[error("the mailbox is full")]
    Full,
    /// An invitation that somebody else has taken.
    #[error("the invitation was used")]
    Taken,
    /// An invitation that is unknown, expired or withdrawn.
    #[error("the invitation is not there")]
    Gone,
    /// The vault states a generation that another copy of it has passed.
    #[error("an older copy of this profile")]
    Behind,
    /// A newer subscription has taken over.
    #[error("another connection has taken over")]
    Fenced,
    /// Too many requests; wait this many seconds.
    #[error("too many requests")]
    TooFast {
        /// Seconds to wait.
        retry_after: u16,
    },
    /// The relay can't now: it is stopping, or its disk does not take more.
    #[error("the relay can't do this now")]
    NotNow,
}

/// What the relay answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::Hello`](super::Request::Hello).
    Welcome(Welcome),
    /// Done, and on disk.
    Done,
    /// To [`Request::Fetch`](super::Request::Fetch): at most [`PAGE`] envelopes; an empty page says that there is none now.
    Page(Vec<Delivery>),
    /// To [`Request::TakeBundle`](super::Request::TakeBundle).
    Bundle(SealedBundleBytes),
    /// To [`Request::BundleStatus`](super::Request::BundleStatus).
    BundleState(BundleState),
    /// To [`Request::Notice`](super::Request::Notice): the operator's notice, if there is one. Of the same size either way.
    Notice(Option<NoticeBytes>),
    /// Not done.
    Refused(Refusal),
}

impl Refusal {
    const fn code(self) -> (u8, u16) {
        match self {
            Self::Malformed => (1, 0),
            Self::Version => (2, 0),
            Self::Denied => (3, 0),
            Self::Admission => (4, 0),
            Self::Conflict => (5, 0),
            Self::Full => (6, 0),
            Self::Taken => (7, 0),
            Self::Gone => (8, 0),
            Self::Behind => (9, 0),
            Self::Fenced => (10, 0),
            Self::TooFast { retry_after } => (11, retry_after),
            Self::NotNow => (12, 0),
        }
    }

    const fn from_code(code: u8, retry_after: u16) -> Result<Self, DecodeError> {
        let refusal = match code {
            1 => Self::Malformed,
            2 => Self::Version,
            3 => Self::Denied,
            4 => Self::Admission,
            5 => Self::Conflict,
            6 => Self::Full,
            7 => Self::Taken,
            8 => Self::Gone,
            9 => Self::Behind,
            10 => Self::Fenced,
            11 => return Ok(Self::TooFast { retry_after }),
            12 => Self::NotNow,
            _ => return Err(DecodeError::Unknown),
        };
        if retry_after == 0 { Ok(refusal) } else { Err(DecodeError::Invalid) }
    }
}

impl Reply {
    /// The frame, with the number of the request that it answers. At most [`REPLY`] bytes.
    #[must_use]
    pub fn encode(&self, number: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_into(number, &mut bytes);
        bytes
    }

    /// As [`encode`](Self::encode), into a buffer that is used again; what it held before is dropped.
    pub fn encode_into(&self, number: u32, out: &mut Vec<u8>) {
        out.clear();
        let mut head = |kind: u8| {
            out.push(kind);
            out.extend_from_slice(&number.to_be_bytes());
        };
        match self {
            Self::Welcome(welcome) => {
                head(WELCOME);
                out.push(welcome.version);
                out.extend_from_slice(&welcome.time.to_be_bytes());
                out.extend_from_slice(&welcome.store);
                out.extend_from_slice(&welcome.restores.to_be_bytes());
                out.extend_from_slice(&welcome.envelope_days.to_be_bytes());
                out.push(u8::from(welcome.open));
            }
            Self::Done => head(DONE),
            Self::Page(deliveries) => {
                debug_assert!(deliveries.len() <= PAGE, "the store gives at most PAGE envelopes");
                head(PAGE_OF);
                // At once: a buffer that grows copies what it holds.
                out.reserve_exact(1 + deliveries.len() * (size_of::<EnvelopeId>() + ENVELOPE));
                out.push(u8::try_from(deliveries.len()).unwrap_or(u8::MAX));
                for delivery in deliveries {
                    out.extend_from_slice(delivery.id.as_bytes());
                    out.extend_from_slice(delivery.envelope.as_slice());
                }
            }
            Self::Bundle(bundle) => {
                head(BUNDLE_OF);
                out.extend_from_slice(bundle.as_slice());
            }
            Self::BundleState(state) => {
                head(BUNDLE_STATE);
                out.push(u8::from(state.taken));
                out.push(u8::from(state.second_taker));
            }
            Self::Notice(notice) => {
                head(NOTICE_OF);
                out.push(u8::from(notice.is_some()));
                out.extend_from_slice(notice.as_deref().unwrap_or(&[0; NOTICE]));
            }
            Self::Refused(refusal) => {
                head(REFUSED);
                let (code, retry_after) = refusal.code();
                out.push(code);
                out.extend_from_slice(&retry_after.to_be_bytes());
            }
        }
    }

    /// Reads a frame of the relay.
    ///
    /// # Errors
    /// Any [`DecodeError`]; the client ends the connection.
    pub fn decode(frame: &[u8]) -> Result<(u32, Self), DecodeError> {
        if frame.len() > REPLY {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(frame);
        let kind = reader.u8()?;
        let number = reader.u32()?;
        let reply = match kind {
            WELCOME => Self::Welcome(Welcome {
                version: reader.u8()?,
                time: reader.u64()?,
                store: reader.array()?,
                restores: reader.u32()?,
                envelope_days: reader.u16()?,
                open: reader.flag()?,
            }),
            DONE => Self::Done,
            PAGE_OF => {
                let count = usize::from(reader.u8()?);
                if count > PAGE {
                    return Err(DecodeError::TooLong);
                }
                let deliveries = (0..count)
                    .map(|_| {
                        let id = EnvelopeId::from_bytes(reader.array()?);
                        Ok(Delivery { id, envelope: boxed(&mut reader)? })
                    })
                    .collect::<Result<_, DecodeError>>()?;
                Self::Page(deliveries)
            }
            BUNDLE_OF => Self::Bundle(boxed(&mut reader)?),
            BUNDLE_STATE => Self::BundleState(BundleState { taken: reader.flag()?, second_taker: reader.flag()? }),
            NOTICE_OF => {
                let (there, bytes) = (reader.flag()?, boxed(&mut reader)?);
                if !there && bytes.iter().any(|byte| *byte != 0) {
                    return Err(DecodeError::Invalid);
                }
                Self::Notice(there.then_some(bytes))
            }
            REFUSED => Self::Refused(Refusal::from_code(reader.u8()?, reader.u16()?)?),
            _ => return Err(DecodeError::Unknown),
        };
        reader.finish()?;
        Ok((number, reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SEALED_BUNDLE;
    use rand::SeedableRng;

    fn replies() -> Vec<Reply> {
        let mut rng = rand::rngs::StdRng::seed_from_u64(4);
        let delivery = Delivery { id: EnvelopeId::random(&mut rng), envelope: Box::new([8; ENVELOPE]) };
        vec![
            Reply::Welcome(Welcome { version: 1, time: 9, store: [1; 16], restores: 2, envelope_days: 14, open: true }),
            Reply::Done,
            Reply::Page(vec![]),
            Reply::Page(vec![delivery; PAGE]),
            Reply::Bundle(Box::new([9; SEALED_BUNDLE])),
            Reply::BundleState(BundleState { taken: true, second_taker: false }),
            Reply::Notice(None),
            Reply::Notice(Some(Box::new([10; NOTICE]))),
            Reply::Refused(Refusal::TooFast { retry_after: 7 }),
            Reply::Refused(Refusal::NotNow),
        ]
    }

    #[test]
    fn every_reply_survives_the_wire_and_no_cut_or_longer_frame_does() {
        for reply in replies() {
            let frame = reply.encode(78);
            assert!(frame.len() <= REPLY);
            assert_eq!(Reply::decode(&frame).as_ref(), Ok(&(78, reply)));
            for cut in (0..frame.len()).step_by(if frame.len() > 8192 { 997 } else { 1 }) {
                assert_eq!(Reply::decode(&frame[..cut]).err(), Some(DecodeError::Truncated));
            }
            let mut longer = frame;
            longer.push(0);
            assert_eq!(Reply::decode(&longer).err(), Some(DecodeError::Trailing));
        }
    }

    #[test]
    fn a_page_takes_the_memory_of_its_bytes_and_no_more() {
        for reply in replies().iter().filter(|reply| matches!(reply, Reply::Page(_))) {
            let frame = reply.encode(78);
            assert!(frame.capacity() <= frame.len() + 8, "{} bytes in {}", frame.len(), frame.capacity());
        }
    }

    #[test]
    fn count_bombs_unknown_types_and_second_encodings_are_refused() {
        assert_eq!(Reply::decode(&[0x7f, 0, 0, 0, 0]).err(), Some(DecodeError::Unknown));
        assert_eq!(Reply::decode(&[PAGE_OF, 0, 0, 0, 0, 255]).err(), Some(DecodeError::TooLong));
        assert_eq!(Reply::decode(&[REFUSED, 0, 0, 0, 0, 3, 0, 1]).err(), Some(DecodeError::Invalid));
        assert_eq!(Reply::decode(&vec![0; REPLY]).err(), Some(DecodeError::Unknown));
        assert_eq!(Reply::decode(&vec![0; REPLY + 1]).err(), Some(DecodeError::TooLong));
    }

    #[test]
    fn every_refusal_has_its_code_and_no_other_code_is_one() {
        let read = |code: u8, seconds: u8| Reply::decode(&[REFUSED, 0, 0, 0, 9, code, 0, seconds]);
        for code in 1..=12 {
            let seconds = u8::from(code == 11);
            let (number, reply) = read(code, seconds).unwrap();
            assert_eq!((number, reply.encode(9)), (9, vec![REFUSED, 0, 0, 0, 9, code, 0, seconds]));
            assert_eq!(read(code, 1).err(), (code != 11).then_some(DecodeError::Invalid), "{code}");
        }
        assert_eq!([0, 13].map(|code| read(code, 0).err()), [Some(DecodeError::Unknown); 2]);
    }
}
