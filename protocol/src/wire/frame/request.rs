//! What a client asks of the relay (protocol.md §9.1).
//!
//! In: a typed request, or a frame of at most 8,192 untrusted bytes. Out: the other of the two. This file must never learn
//! whether the relay will do it.

use super::{EnvelopeBytes, SealedBundleBytes, boxed};
use crate::limits::{ACKNOWLEDGE, REQUEST};
use crate::mailbox::{EnvelopeId, Generation, MailboxId, OwnerKey, SlotId, VaultMark};
use crate::token::{ClaimToken, ManageToken, Pass, SendCapability, TokenHash, Voucher};
use crate::wire::codec::{DecodeError, Reader, Writer};

const HELLO: u8 = 0x01;
const NOTICE: u8 = 0x02;
const CREATE_MAILBOX: u8 = 0x10;
const DELETE_MAILBOX: u8 = 0x11;
const SUBSCRIBE: u8 = 0x12;
const FETCH: u8 = 0x13;
const ACKNOWLEDGE_IDS: u8 = 0x14;
const PUT: u8 = 0x15;
const PUT_BUNDLE: u8 = 0x20;
const TAKE_BUNDLE: u8 = 0x21;
const BUNDLE_STATUS: u8 = 0x22;
const REVOKE_BUNDLE: u8 = 0x23;

/// What lets a client make a mailbox or an invitation.
#[derive(Debug)]
pub enum Admission {
    /// Nothing: works at an open relay only.
    Open,
    /// An operator's pass.
    Pass(Pass),
    /// The voucher of an invitation: good for one mailbox.
    Voucher(Voucher),
}

/// What a client asks of the relay.
#[derive(Debug)]
pub enum Request {
    /// First on every connection.
    Hello {
        /// The version that the client speaks.
        version: u8,
    },
    /// Asks for the operator's notice. It has no field, so that asking says nothing of who asks.
    Notice,
    /// Makes a mailbox. The same again gives the same answer.
    CreateMailbox {
        /// Its identifier, drawn by the owner.
        mailbox: MailboxId,
        /// The key that the owner will prove.
        owner: OwnerKey,
        /// Hash of the capability that senders will show.
        capability: TokenHash,
        /// What admits the owner.
        admission: Admission,
    },
    /// Deletes a mailbox and all that it holds. The same again gives the same answer as for one that never was.
    DeleteMailbox {
        /// Which.
        mailbox: MailboxId,
        /// Proof for [`OwnerOperation::Delete`](crate::mailbox::OwnerOperation::Delete).
        proof: [u8; 64],
    },
    /// Lets this connection fetch and acknowledge; fences the connection that did before.
    Subscribe {
        /// Which.
        mailbox: MailboxId,
        /// The generation of the owner's vault, already moved on.
        generation: Generation,
        /// Proof for [`OwnerOperation::Subscribe`](crate::mailbox::OwnerOperation::Subscribe).
        proof: [u8; 64],
    },
    /// The next envelopes of a subscribed mailbox that this subscription has not been given yet, in order of arrival.
    Fetch {
        /// Which.
        mailbox: MailboxId,
        /// Where there is none: answer when there is one, instead of at once.
        wait: bool,
    },
    /// Deletes envelopes of a subscribed mailbox. Unknown identifiers change nothing.
    Acknowledge {
        /// Which.
        mailbox: MailboxId,
        /// At most [`ACKNOWLEDGE`].
        ids: Vec<EnvelopeId>,
    },
    /// Puts an envelope; answered after it is flushed to disk. The same again gives the same answer.
    Put {
        /// Where to.
        mailbox: MailboxId,
        /// Shows that the owner lets us.
        capability: SendCapability,
        /// Drawn once for this envelope.
        id: EnvelopeId,
        /// The envelope.
        envelope: EnvelopeBytes,
    },
    /// Puts an invitation's sealed bundle. The same again gives the same answer.
    PutBundle {
        /// Where it waits.
        slot: SlotId,
        /// Hash of the token that manages it.
        manage: TokenHash,
        /// Hash of the voucher inside, which will be good for one mailbox.
        voucher: TokenHash,
        /// Day after which it is gone, as days since 1970-01-01 UTC.
        expires_day: u32,
        /// What admits the inviter.
        admission: Admission,
        /// The sealed bundle.
        bundle: SealedBundleBytes,
    },
    /// Takes a bundle and locks it for this claim.
    TakeBundle {
        /// Where it waits.
        slot: SlotId,
        /// Drawn by the taker and saved before.
        claim: ClaimToken,
    },
    /// Asks what became of an invitation.
    BundleStatus {
        /// Where it waits.
        slot: SlotId,
        /// Shows that it is ours.
        manage: ManageToken,
    },
    /// Withdraws an invitation and its voucher.
    RevokeBundle {
        /// Where it waits.
        slot: SlotId,
        /// Shows that it is ours.
        manage: ManageToken,
    },
}

impl Admission {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Open => writer.u8(0).bytes(&[0; 32]),
            Self::Pass(pass) => writer.u8(1).bytes(pass.expose()),
            Self::Voucher(voucher) => writer.u8(2).bytes(voucher.expose()),
        };
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match (reader.u8()?, reader.array()?) {
            (0, bytes) if bytes == [0; 32] => Ok(Self::Open),
            (0, _) => Err(DecodeError::Invalid),
            (1, bytes) => Ok(Self::Pass(Pass::from_bytes(bytes))),
            (2, bytes) => Ok(Self::Voucher(Voucher::from_bytes(bytes))),
            _ => Err(DecodeError::Unknown),
        }
    }
}

impl Request {
    /// The frame, with the request number that the reply will repeat. At most [`REQUEST`] bytes.
    #[must_use]
    pub fn encode(&self, number: u32) -> zeroize::Zeroizing<Vec<u8>> {
        let mut writer = Writer::with_capacity(REQUEST);
        let mut head = |kind: u8| {
            writer.u8(kind).u32(number);
        };
        match self {
            Self::Hello { version } => {
                head(HELLO);
                writer.u8(*version);
            }
            Self::Notice => head(NOTICE),
            Self::CreateMailbox { mailbox, owner, capability, admission } => {
                head(CREATE_MAILBOX);
                writer.bytes(mailbox.as_bytes()).bytes(owner.as_bytes()).bytes(capability.as_bytes());
                admission.write(&mut writer);
            }
            Self::DeleteMailbox { mailbox, proof } => {
                head(DELETE_MAILBOX);
                writer.bytes(mailbox.as_bytes()).bytes(proof);
            }
            Self::Subscribe { mailbox, generation, proof } => {
                head(SUBSCRIBE);
                writer.bytes(mailbox.as_bytes()).u64(generation.count);
                writer.bytes(generation.mark.as_bytes()).bytes(proof);
            }
            Self::Fetch { mailbox, wait } => {
                head(FETCH);
                writer.bytes(mailbox.as_bytes()).flag(*wait);
            }
            Self::Acknowledge { mailbox, ids } => {
                debug_assert!(ids.len() <= ACKNOWLEDGE, "the caller sends at most ACKNOWLEDGE identifiers");
                head(ACKNOWLEDGE_IDS);
                writer.bytes(mailbox.as_bytes()).u8(u8::try_from(ids.len()).unwrap_or(u8::MAX));
                for id in ids {
                    writer.bytes(id.as_bytes());
                }
            }
            Self::Put { mailbox, capability, id, envelope } => {
                head(PUT);
                writer.bytes(mailbox.as_bytes()).bytes(capability.expose());
                writer.bytes(id.as_bytes()).bytes(envelope.as_slice());
            }
            Self::PutBundle { slot, manage, voucher, expires_day, admission, bundle } => {
                head(PUT_BUNDLE);
                writer.bytes(slot.as_bytes()).bytes(manage.as_bytes()).bytes(voucher.as_bytes()).u32(*expires_day);
                admission.write(&mut writer);
                writer.bytes(bundle.as_slice());
            }
            Self::TakeBundle { slot, claim } => {
                head(TAKE_BUNDLE);
                writer.bytes(slot.as_bytes()).bytes(claim.expose());
            }
            Self::BundleStatus { slot, manage } => {
                head(BUNDLE_STATUS);
                writer.bytes(slot.as_bytes()).bytes(manage.expose());
            }
            Self::RevokeBundle { slot, manage } => {
                head(REVOKE_BUNDLE);
                writer.bytes(slot.as_bytes()).bytes(manage.expose());
            }
        }
        writer.finish()
    }

    /// Reads a frame of a client.
    ///
    /// # Errors
    /// Any [`DecodeError`]; the relay answers [`Refusal::Malformed`](super::Refusal::Malformed) and ends the connection.
    pub fn decode(frame: &[u8]) -> Result<(u32, Self), DecodeError> {
        if frame.len() > REQUEST {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(frame);
        let kind = reader.u8()?;
        let number = reader.u32()?;
        let request = match kind {
            HELLO => Self::Hello { version: reader.u8()? },
            NOTICE => Self::Notice,
            CREATE_MAILBOX => Self::CreateMailbox {
                mailbox: mailbox(&mut reader)?,
                owner: OwnerKey::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?,
                capability: TokenHash::from_bytes(reader.array()?),
                admission: Admission::read(&mut reader)?,
            },
            DELETE_MAILBOX => Self::DeleteMailbox { mailbox: mailbox(&mut reader)?, proof: reader.array()? },
            SUBSCRIBE => Self::Subscribe {
                mailbox: mailbox(&mut reader)?,
                generation: Generation { count: reader.u64()?, mark: VaultMark::from_bytes(reader.array()?) },
                proof: reader.array()?,
            },
            FETCH => Self::Fetch { mailbox: mailbox(&mut reader)?, wait: reader.flag()? },
            ACKNOWLEDGE_IDS => {
                let mailbox = mailbox(&mut reader)?;
                let count = usize::from(reader.u8()?);
                if count > ACKNOWLEDGE {
                    return Err(DecodeError::TooLong);
                }
                let ids = (0..count).map(|_| reader.array().map(EnvelopeId::from_bytes)).collect::<Result<_, _>>()?;
                Self::Acknowledge { mailbox, ids }
            }
            PUT => Self::Put {
                mailbox: mailbox(&mut reader)?,
                capability: SendCapability::from_bytes(reader.array()?),
                id: EnvelopeId::from_bytes(reader.array()?),
                envelope: boxed(&mut reader)?,
            },
            PUT_BUNDLE => Self::PutBundle {
                slot: SlotId::from_bytes(reader.array()?),
                manage: TokenHash::from_bytes(reader.array()?),
                voucher: TokenHash::from_bytes(reader.array()?),
                expires_day: reader.u32()?,
                admission: Admission::read(&mut reader)?,
                bundle: boxed(&mut reader)?,
            },
            TAKE_BUNDLE => Self::TakeBundle {
                slot: SlotId::from_bytes(reader.array()?),
                claim: ClaimToken::from_bytes(reader.array()?),
            },
            BUNDLE_STATUS => Self::BundleStatus {
                slot: SlotId::from_bytes(reader.array()?),
                manage: ManageToken::from_bytes(reader.array()?),
            },
            REVOKE_BUNDLE => Self::RevokeBundle {
                slot: SlotId::from_bytes(reader.array()?),
                manage: ManageToken::from_bytes(reader.array()?),
            },
            _ => return Err(DecodeError::Unknown),
        };
        reader.finish()?;
        Ok((number, request))
    }
}

fn mailbox(reader: &mut Reader<'_>) -> Result<MailboxId, DecodeError> {
    reader.array().map(MailboxId::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{ENVELOPE, SEALED_BUNDLE};
    use crate::mailbox::OwnerSecret;
    use rand::SeedableRng;

    fn requests() -> Vec<Request> {
        let mut rng = rand::rngs::StdRng::seed_from_u64(3);
        let mailbox = MailboxId::random(&mut rng);
        let slot = SlotId::random(&mut rng);
        vec![
            Request::Hello { version: 1 },
            Request::Notice,
            Request::CreateMailbox {
                mailbox,
                owner: OwnerSecret::random(&mut rng).key(),
                capability: TokenHash::from_bytes([1; 32]),
                admission: Admission::Open,
            },
            Request::CreateMailbox {
                mailbox,
                owner: OwnerSecret::random(&mut rng).key(),
                capability: TokenHash::from_bytes([1; 32]),
                admission: Admission::Voucher(Voucher::random(&mut rng)),
            },
            Request::DeleteMailbox { mailbox, proof: [2; 64] },
            Request::Subscribe {
                mailbox,
                generation: Generation { count: u64::MAX, mark: VaultMark::random(&mut rng) },
                proof: [3; 64],
            },
            Request::Fetch { mailbox, wait: true },
            Request::Acknowledge { mailbox, ids: vec![EnvelopeId::random(&mut rng); ACKNOWLEDGE] },
            Request::Put {
                mailbox,
                capability: SendCapability::random(&mut rng),
                id: EnvelopeId::random(&mut rng),
                envelope: Box::new([4; ENVELOPE]),
            },
            Request::PutBundle {
                slot,
                manage: TokenHash::from_bytes([5; 32]),
                voucher: TokenHash::from_bytes([6; 32]),
                expires_day: 20_000,
                admission: Admission::Pass(Pass::random(&mut rng)),
                bundle: Box::new([7; SEALED_BUNDLE]),
            },
            Request::TakeBundle { slot, claim: ClaimToken::random(&mut rng) },
            Request::BundleStatus { slot, manage: ManageToken::random(&mut rng) },
            Request::RevokeBundle { slot, manage: ManageToken::random(&mut rng) },
        ]
    }

    #[test]
    fn every_request_survives_the_wire_and_no_cut_or_longer_frame_does() {
        for request in requests() {
            let frame = request.encode(77);
            let (number, read) = Request::decode(&frame).unwrap();
            assert_eq!(number, 77);
            assert_eq!(read.encode(77), frame, "one encoding for one value");
            for cut in 0..frame.len() {
                assert_eq!(Request::decode(&frame[..cut]).err(), Some(DecodeError::Truncated), "{request:?} {cut}");
            }
            let mut longer = frame.to_vec();
            longer.push(0);
            assert_eq!(Request::decode(&longer).err(), Some(DecodeError::Trailing));
        }
    }

    #[test]
    fn count_bombs_unknown_types_and_second_encodings_are_refused() {
        assert_eq!(Request::decode(&[0x7f, 0, 0, 0, 0]).err(), Some(DecodeError::Unknown));
        let mut bomb = vec![ACKNOWLEDGE_IDS, 0, 0, 0, 0];
        bomb.extend_from_slice(&[0; 32]);
        bomb.push(255);
        assert_eq!(Request::decode(&bomb).err(), Some(DecodeError::TooLong));
        assert_eq!(Request::decode(&vec![0; REQUEST]).err(), Some(DecodeError::Unknown));
        assert_eq!(Request::decode(&vec![0; REQUEST + 1]).err(), Some(DecodeError::TooLong));
        let mut open = Request::CreateMailbox {
            mailbox: MailboxId::from_bytes([0; 32]),
            owner: OwnerSecret::from_secret(&crate::secret::Secret::from_bytes([1; 32])).key(),
            capability: TokenHash::from_bytes([0; 32]),
            admission: Admission::Open,
        }
        .encode(0)
        .to_vec();
        assert!(Request::decode(&open).is_ok());
        *open.last_mut().unwrap() = 1;
        assert_eq!(Request::decode(&open).err(), Some(DecodeError::Invalid));
    }
}
