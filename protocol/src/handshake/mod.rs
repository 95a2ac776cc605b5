//! The handshake: three X25519 agreements, one ML-KEM-1024 encapsulation and the link's pre-shared key, over everything
//! that both sides know (protocol.md §4).
//!
//! In: an opened bundle, or the first envelope. Out: a session on each side. This module must never learn how an
//! invitation was carried.
//!
//! ```text
//!   taker (initiator)                                        inviter (responder)
//!   bundle from the relay, fits the link
//!   E, ct, pair T0 ──── first envelope, sealed under L ────▶ opens with L
//!   session, may send at once                                session; one-time keys deleted; may send
//!   confirmed by the first reply ◀── first hybrid step ───── confirmed when the first envelope opens
//! ```
//!
//! Sources: Signal's X3DH and PQXDH specifications. What differs is said in protocol.md §4: the pre-shared key and the
//! bundle's hash authenticate the inviter also against a quantum computer, and no signature is made.

mod initiator;
#[cfg(test)]
#[path = "../../tests/vectors/inside_handshake.rs"]
pub(crate) mod inside;
mod responder;

pub use initiator::{TakeError, Taker, take};
pub use responder::{AcceptError, Accepted, Replay, ReplayGuard};

use crate::address::Pin;
use crate::identity::Identity;
use crate::invitation::LinkSecret;
use crate::label;
use crate::limits::{BUNDLE, ENVELOPE, VERSION};
use crate::primitives::{AgreementPublic, Extracted, Kem768Public, Kem1024Ciphertext, TAG, derive, hash};
use crate::ratchet::Start;
use crate::role::Role;
use crate::secret::Secret;
use crate::wire::{DecodeError, Reader, Writer, join};

const SALT: usize = 32;
const COMMITMENT: usize = 32;
/// What the outer seal holds: all of an envelope but salt, commitment and tag.
const PLAIN: usize = ENVELOPE - SALT - COMMITMENT - TAG;
/// Version, role, identity, E, ct, D, ek: 2,882 bytes.
const PUBLIC: usize = 1 + 1 + 64 + 32 + Kem1024Ciphertext::LENGTH + 32 + Kem768Public::LENGTH;
/// The private part, what only the inviter may read: 1,118 bytes; its tag follows.
const PRIVATE: usize = PLAIN - PUBLIC - TAG;

const _: () = assert!(PUBLIC == 2882 && PRIVATE == 1118);

/// The public part of a first envelope.
struct Public {
    identity: Identity,
    ephemeral: AgreementPublic,
    ciphertext: Kem1024Ciphertext,
    agreement: AgreementPublic,
    encapsulation: Kem768Public,
}

impl Public {
    fn encode(&self) -> Box<[u8; PUBLIC]> {
        let mut writer = Writer::with_capacity(PUBLIC);
        writer.u8(VERSION).u8(Role::Taker.byte());
        self.identity.write(&mut writer);
        writer.bytes(self.ephemeral.as_bytes()).bytes(self.ciphertext.as_bytes());
        writer.bytes(self.agreement.as_bytes()).bytes(self.encapsulation.as_bytes());
        join(&[writer.as_bytes()])
    }

    fn decode(bytes: &[u8; PUBLIC]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(DecodeError::Version);
        }
        if Role::from_byte(reader.u8()?)? != Role::Taker {
            return Err(DecodeError::Invalid);
        }
        let identity = Identity::read(&mut reader)?;
        let ephemeral = AgreementPublic::from_bytes(reader.array()?);
        let ciphertext = Kem1024Ciphertext::from_bytes(&reader.array()?);
        let agreement = AgreementPublic::from_bytes(reader.array()?);
        let encapsulation = Kem768Public::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?;
        reader.finish()?;
        Ok(Self { identity, ephemeral, ciphertext, agreement, encapsulation })
    }
}

/// T = SHA-256(label ‖ role ‖ bundle ‖ role ‖ public part ‖ relay pin ‖ L). Every part has a fixed size.
// protocol.md §4.2
fn transcript(bundle: &[u8; BUNDLE], public: &[u8; PUBLIC], pin: &Pin, link: &LinkSecret) -> [u8; 32] {
    let (inviter, taker) = ([Role::Inviter.byte()], [Role::Taker.byte()]);
    hash(label::HANDSHAKE_TRANSCRIPT, &[&inviter, bundle, &taker, public, &pin.0, link.expose()])
}

/// What both sides compute.
struct Secrets {
    dh1: Secret,
    dh2: Secret,
    dh3: Secret,
    encapsulated: Secret,
}

impl Secrets {
    /// Each output = HKDF(salt = T, DH1 ‖ DH2 ‖ DH3 ‖ ss ‖ psk, label of its own); psk = HKDF(0, L, label).
    // protocol.md §4.3
    fn outputs(self, transcript: [u8; 32], link: &LinkSecret) -> (Start, Secret) {
        let psk = link.derive(label::HANDSHAKE_PSK);
        let parts = [self.dh1.expose(), self.dh2.expose(), self.dh3.expose(), self.encapsulated.expose(), psk.expose()];
        let extracted = Extracted::new(&transcript, &parts.map(<[u8; 32]>::as_slice));
        let start = Start {
            transcript,
            root: extracted.expand(label::HANDSHAKE_ROOT, &[]),
            chain: extracted.expand(label::HANDSHAKE_CHAIN, &[]),
            header: extracted.expand(label::HANDSHAKE_HEADER, &[]),
            next_taker: extracted.expand(label::HANDSHAKE_NEXT_TAKER, &[]),
            next_inviter: extracted.expand(label::HANDSHAKE_NEXT_INVITER, &[]),
        };
        (start, extracted.expand(label::FIRST_PRIVATE_KEY, &[]))
    }
}

/// The key of one first envelope = HKDF(salt, first key, label); its commitment likewise. // protocol.md §4.4
fn first_seal_key(first_key: &Secret, salt: &[u8; SALT]) -> Secret {
    derive(salt, &[first_key.expose()], label::FIRST_SEAL)
}

fn first_commitment(first_key: &Secret, salt: &[u8; SALT]) -> [u8; 32] {
    *derive(salt, &[first_key.expose()], label::FIRST_COMMITMENT).expose()
}

/// label ‖ commitment.
fn first_data(commitment: &[u8; 32]) -> Vec<u8> {
    label::FIRST_DATA.before(&[commitment])
}

/// label ‖ T.
fn private_data(transcript: &[u8; 32]) -> Vec<u8> {
    label::FIRST_PRIVATE_DATA.before(&[transcript])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_byte_of_bundle_public_part_and_pin_enters_the_transcript_and_so_does_l() {
        let (bundle, public, pin) = ([0; BUNDLE], [0; PUBLIC], [0; 16]);
        let (link, other) = (LinkSecret::of(&bundle), LinkSecret::of(&[1; BUNDLE]));
        let mut seen = BTreeSet::from([
            transcript(&bundle, &public, &Pin(pin), &link),
            transcript(&bundle, &public, &Pin(pin), &other),
        ]);
        assert_eq!(seen.len(), 2);
        for place in 0..BUNDLE + PUBLIC + pin.len() {
            let (mut bundle, mut public, mut pin) = (bundle, public, pin);
            let byte = bundle.iter_mut().chain(&mut public).chain(&mut pin).nth(place);
            *byte.unwrap() ^= 1 << (place % 8);
            assert!(seen.insert(transcript(&bundle, &public, &Pin(pin), &link)), "byte {place}");
        }
    }
}
