//! The Double Ratchet with encrypted headers, and an ML-KEM-768 encapsulation in each Diffie-Hellman step.
//!
//! In: plain bodies, envelopes. Out: envelopes, opened bodies and the change that opening them asks for. This module must
//! never learn who the peer is, what a body says, or the time of day.
//!
//! ```text
//!            first send after a new chain of the peer
//!          ┌──────────────────────────────────────────┐
//!          │   new pair, encapsulate: RK, CK, NHK     ▼
//!    step due                                   own chain: CK ─▶ MK, MK, MK …
//!          ▲                                          │
//!          │   agree, decapsulate: RK, CK, NHK        │
//!          └──────────────────────────────────────────┘
//!            first envelope of a new chain of the peer; our pair is deleted
//! ```
//!
//! Sources: Perrin and Marlinspike, "The Double Ratchet Algorithm", §3 and §4 (header encryption). What differs is said
//! in protocol.md §5: the KEM in each step, the commitment, lazy steps, the bounds.

mod chain_key;
mod header_key;
#[cfg(test)]
#[path = "../../tests/vectors/inside_ratchet.rs"]
pub(crate) mod inside;
mod message_key;
mod open;
mod root_key;
mod skipped_keys;

pub(crate) use chain_key::ChainKey;
pub(crate) use header_key::HeaderKey;
pub(crate) use message_key::MessageKey;
pub use open::OpenError;
pub(crate) use root_key::{RootKey, StepContext};

use crate::label;
use crate::limits::BODY;
use crate::primitives::{
    AgreementPublic, AgreementSecret, Kem768Ciphertext, Kem768Public, Kem768Secret, PrimitiveError, Salted, hash, seal,
};
use crate::role::Role;
use crate::secret::{Secret, SecretBytes};
use crate::wire::envelope::{Envelope, SALT};
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::{HEADER, Header, RatchetPublics};
use crate::wire::{DecodeError, Reader, Writer};
use rand_core::CryptoRng;
use skipped_keys::SkippedKeys;

/// Our private pair: made by our step, deleted when the peer's answer commits.
pub(crate) struct RatchetPair {
    agreement: AgreementSecret,
    kem: Kem768Secret,
}

impl RatchetPair {
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        Self { agreement: AgreementSecret::random(rng), kem: Kem768Secret::random(rng) }
    }

    pub(crate) fn publics(&self) -> (AgreementPublic, Kem768Public) {
        (self.agreement.public(), self.kem.public())
    }
}

/// The chain that we send in.
struct SendingChain {
    header: HeaderKey,
    chain: ChainKey,
    next: u32,
    publics: RatchetPublics,
}

/// The newest chain of the peer.
pub(crate) struct ReceivingChain {
    header: HeaderKey,
    chain: ChainKey,
    next: u32,
    /// History number of its first message, less one.
    base: u64,
    agreement: AgreementPublic,
    encapsulation: Kem768Public,
    /// Unknown until the first envelope of chain 0 has opened.
    ciphertext: Option<Kem768Ciphertext>,
}

/// What the handshake hands to the ratchet.
pub(crate) struct Start {
    pub(crate) transcript: [u8; 32],
    pub(crate) root: Secret,
    pub(crate) chain: Secret,
    pub(crate) header: Secret,
    pub(crate) next_taker: Secret,
    pub(crate) next_inviter: Secret,
}

/// The state of one side.
pub(crate) struct Ratchet {
    role: Role,
    transcript: [u8; 32],
    root: RootKey,
    own: Option<RatchetPair>,
    sending: Option<SendingChain>,
    next_sending: HeaderKey,
    /// Messages in our previous chain.
    previous: u32,
    receiving: Option<Box<ReceivingChain>>,
    next_receiving: HeaderKey,
    skipped: SkippedKeys,
}

/// Why a message could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The peer's public key gives nothing secret; it was checked when it came, so that the state is damaged.
    #[error("a key of the other side can't be used")]
    Primitive(#[from] PrimitiveError),
    /// 2^32 − 1 messages in one chain.
    #[error("too many messages without an answer")]
    Exhausted,
    /// No chain to send in and none to answer: the state is damaged.
    #[error("the conversation's state is damaged")]
    NoChain,
}

impl Ratchet {
    /// The taker's state: it sends in chain 0 at once, under keys of the handshake alone. // protocol.md §5.1
    pub(crate) fn taker(start: Start, pair: RatchetPair, rng: &mut impl CryptoRng) -> Self {
        let (agreement, encapsulation) = pair.publics();
        let mut noise = [0; Kem768Ciphertext::LENGTH];
        rng.fill_bytes(&mut noise);
        let publics = RatchetPublics { agreement, encapsulation, ciphertext: Kem768Ciphertext::from_bytes(&noise) };
        Self {
            role: Role::Taker,
            transcript: start.transcript,
            root: RootKey::new(start.root),
            own: Some(pair),
            sending: Some(SendingChain {
                header: HeaderKey::new(start.header),
                chain: ChainKey::new(start.chain),
                next: 0,
                publics,
            }),
            next_sending: HeaderKey::new(start.next_taker),
            previous: 0,
            receiving: None,
            next_receiving: HeaderKey::new(start.next_inviter),
            skipped: SkippedKeys::default(),
        }
    }

    /// The inviter's state: it receives chain 0, and its first message makes the first hybrid step.
    pub(crate) fn inviter(start: Start, agreement: AgreementPublic, encapsulation: Kem768Public) -> Self {
        Self {
            role: Role::Inviter,
            transcript: start.transcript,
            root: RootKey::new(start.root),
            own: None,
            sending: None,
            next_sending: HeaderKey::new(start.next_inviter),
            previous: 0,
            receiving: Some(Box::new(ReceivingChain {
                header: HeaderKey::new(start.header),
                chain: ChainKey::new(start.chain),
                next: 0,
                base: 0,
                agreement,
                encapsulation,
                ciphertext: None,
            })),
            next_receiving: HeaderKey::new(start.next_taker),
            skipped: SkippedKeys::default(),
        }
    }

    /// Seals one body. The state has moved when this returns; it must be saved before the envelope leaves.
    pub(crate) fn seal(
        &mut self,
        rng: &mut impl CryptoRng,
        mut body: SecretBytes<BODY>,
    ) -> Result<EnvelopeBytes, SealError> {
        // The peer has answered our pair, or there never was one: our next message begins a new chain.
        if self.own.is_none() {
            self.step(rng)?;
        }
        let sending = self.sending.as_mut().ok_or(SealError::NoChain)?;
        let index = sending.next;
        let next = index.checked_add(1).ok_or(SealError::Exhausted)?;
        let (chain, key) = sending.chain.duplicate().step();
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);

        // protocol.md §6: body under the header's plaintext, header under the sealed body
        let salted = Salted::new(&salt);
        let commitment = key.commitment(&sending.header, &salted);
        let mut header = Header::encode(&sending.publics, (self.previous, index));
        let body_tag = seal(key.body_key(&salted), &body_data(self.role, &self.transcript, &header), body.expose_mut());
        let data = header_data(self.role, &self.transcript, &commitment, body.expose(), &body_tag);
        let header_tag = seal(sending.header.seal_key(&salted), &data, header.as_mut_slice());

        sending.chain = chain;
        sending.next = next;
        let envelope = Envelope {
            salt: &salt,
            commitment: &commitment,
            header: &header,
            header_tag: &header_tag,
            body: body.expose(),
            body_tag: &body_tag,
        };
        Ok(envelope.join())
    }

    /// Our hybrid step: a new pair, agreed with and encapsulated to the peer's newest keys. // protocol.md §5.2
    fn step(&mut self, rng: &mut impl CryptoRng) -> Result<(), SealError> {
        let peer = self.receiving.as_ref().ok_or(SealError::NoChain)?;
        let pair = RatchetPair::random(rng);
        let (agreement, encapsulation) = pair.publics();
        let agreed = pair.agreement.agree(&peer.agreement)?;
        let (ciphertext, encapsulated) = peer.encapsulation.encapsulate(rng);
        let context = StepContext {
            sender: self.role,
            agreement: &agreement,
            peer_agreement: &peer.agreement,
            encapsulation: &encapsulation,
            peer_encapsulation: &peer.encapsulation,
            ciphertext: &ciphertext,
        };
        let (root, chain, next_header) = self.root.step(&agreed, &encapsulated, &context);
        self.root = root;
        self.previous = self.sending.as_ref().map_or(0, |sending| sending.next);
        self.sending = Some(SendingChain {
            header: core::mem::replace(&mut self.next_sending, next_header),
            chain,
            next: 0,
            publics: RatchetPublics { agreement, encapsulation, ciphertext },
        });
        self.own = Some(pair);
        Ok(())
    }

    pub(crate) const fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// Lets time pass for the skipped keys; returns the history numbers given up.
    pub(crate) fn tick(&mut self, now: u64) -> Vec<u64> {
        self.skipped.tick(now)
    }

    /// Bytes that [`write`](Self::write) needs for skipped keys: index, age and key of each.
    pub(crate) fn room(&self) -> usize {
        44 * self.skipped.count()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(self.role.byte()).bytes(&self.transcript).bytes(self.root.secret().expose());
        writer.flag(self.own.is_some());
        if let Some(own) = &self.own {
            writer.bytes(own.agreement.to_secret().expose()).bytes(own.kem.expose());
        }
        writer.flag(self.sending.is_some());
        if let Some(sending) = &self.sending {
            writer.bytes(sending.header.secret().expose()).bytes(sending.chain.secret().expose()).u32(sending.next);
            sending.publics.write(writer);
        }
        writer.bytes(self.next_sending.secret().expose()).u32(self.previous);
        writer.flag(self.receiving.is_some());
        if let Some(receiving) = &self.receiving {
            writer.bytes(receiving.header.secret().expose()).bytes(receiving.chain.secret().expose());
            writer.u32(receiving.next).u64(receiving.base);
            writer.bytes(receiving.agreement.as_bytes()).bytes(receiving.encapsulation.as_bytes());
            writer.flag(receiving.ciphertext.is_some());
            if let Some(ciphertext) = &receiving.ciphertext {
                writer.bytes(ciphertext.as_bytes());
            }
        }
        writer.bytes(self.next_receiving.secret().expose());
        self.skipped.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        fn secret(reader: &mut Reader<'_>) -> Result<Secret, DecodeError> {
            reader.array().map(Secret::from_bytes)
        }
        let role = Role::from_byte(reader.u8()?)?;
        let transcript = reader.array()?;
        let root = RootKey::new(secret(reader)?);
        let own = if reader.flag()? {
            let agreement = AgreementSecret::from_secret(&secret(reader)?);
            Some(RatchetPair { agreement, kem: Kem768Secret::from_seed(reader.array()?) })
        } else {
            None
        };
        let sending = if reader.flag()? {
            Some(SendingChain {
                header: HeaderKey::new(secret(reader)?),
                chain: ChainKey::new(secret(reader)?),
                next: reader.u32()?,
                publics: RatchetPublics::read(reader)?,
            })
        } else {
            None
        };
        let (next_sending, previous) = (HeaderKey::new(secret(reader)?), reader.u32()?);
        let receiving = if reader.flag()? {
            Some(Box::new(ReceivingChain {
                header: HeaderKey::new(secret(reader)?),
                chain: ChainKey::new(secret(reader)?),
                next: reader.u32()?,
                base: reader.u64()?,
                agreement: AgreementPublic::from_bytes(reader.array()?),
                encapsulation: Kem768Public::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?,
                ciphertext: if reader.flag()? { Some(Kem768Ciphertext::from_bytes(&reader.array()?)) } else { None },
            }))
        } else {
            None
        };
        let next_receiving = HeaderKey::new(secret(reader)?);
        let skipped = SkippedKeys::read(reader)?;
        // Either there is something to answer, or a chain to go on with.
        if (own.is_none() && receiving.is_none()) || (own.is_some() && sending.is_none()) {
            return Err(DecodeError::Invalid);
        }
        Ok(Self { role, transcript, root, own, sending, next_sending, previous, receiving, next_receiving, skipped })
    }
}

/// Associated data of a body: label ‖ direction ‖ transcript ‖ plain header. // protocol.md §6.3
fn body_data(sender: Role, transcript: &[u8; 32], header: &[u8; HEADER]) -> Vec<u8> {
    label::ENVELOPE_BODY_DATA.before(&[&[sender.byte()], transcript, header])
}

/// Associated data of a header: label ‖ direction ‖ transcript ‖ commitment ‖ sealed body. // protocol.md §6.2
fn header_data(sender: Role, transcript: &[u8; 32], commitment: &[u8; 32], body: &[u8; BODY], tag: &[u8]) -> Vec<u8> {
    label::ENVELOPE_HEADER_DATA.before(&[&[sender.byte()], transcript, commitment, body, tag])
}

/// Hash of the public values that the headers of one chain repeat.
fn publics_hash(publics: &RatchetPublics) -> [u8; 32] {
    hash(
        label::RATCHET_PUBLICS,
        &[publics.agreement.as_bytes(), publics.encapsulation.as_bytes(), publics.ciphertext.as_bytes()],
    )
}
