//! The inviter's side: from the first envelope to a session, and what keeps a second one out.
//!
//! In: an invitation's private half, 4,096 untrusted bytes. Out: a session and what the taker told; or a typed refusal
//! that leaves the invitation as it was. This file must never learn from which connection the envelope came.

use super::{
    PRIVATE, PUBLIC, Public, SALT, Secrets, first_commitment, first_data, first_seal_key, private_data, transcript,
};
use crate::identity::Identity;
use crate::invitation::{Invitation, read_address};
use crate::label;
use crate::limits::{ENVELOPE, NAME};
use crate::mailbox::MailboxId;
use crate::primitives::{PrimitiveError, TAG, hash, open, same_bytes};
use crate::ratchet::Ratchet;
use crate::secret::{Secret, SecretBytes};
use crate::session::Session;
use crate::snapshot::{self, Kind, SnapshotError};
use crate::token::SendCapability;
use crate::wire::{DecodeError, Reader};
use core::fmt;
use zeroize::Zeroizing;

use super::initiator::Taker;

/// What came of a first envelope. Saving the session and deleting the invitation's private half is one transaction.
#[derive(Debug)]
pub struct Accepted {
    /// The conversation.
    pub session: Session,
    /// What the taker told of itself.
    pub taker: Taker,
    /// Recognises this first envelope, and others, until the invitation's time is over.
    pub guard: ReplayGuard,
}

/// Why an envelope is not a first envelope for this invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// It does not open under the link: another kind of envelope, or changed on its way. Hold it; it may be of chain 0.
    #[error("the envelope does not open under this invitation")]
    NotFirst,
    /// It opens under the link, and its writer does not know what the bundle holds, or broke the format.
    #[error("the first envelope is malformed")]
    Malformed(#[from] DecodeError),
    /// A key in it gives nothing secret.
    #[error("the first envelope holds a key that can't be used")]
    Primitive(#[from] PrimitiveError),
    /// The private part does not open: the transcripts differ.
    #[error("both sides' view of the handshake differs")]
    Transcript,
}

impl Invitation {
    /// Takes a first envelope. The invitation stays as it is: the caller deletes it with the same transaction that saves
    /// the session. // protocol.md §4.5
    ///
    /// # Errors
    /// [`AcceptError`].
    pub fn accept(&self, envelope: &[u8; ENVELOPE]) -> Result<Accepted, AcceptError> {
        let link = self.link();
        let guard = ReplayGuard::new(link.secret().first_key(), envelope);
        let plain = open_first(&guard.first_key, envelope).ok_or(AcceptError::NotFirst)?;
        let (public_bytes, rest) = plain.split_first_chunk::<PUBLIC>().ok_or(DecodeError::Truncated)?;
        let (private, tag) = rest.split_first_chunk::<PRIVATE>().ok_or(DecodeError::Truncated)?;
        let tag: [u8; TAG] = tag.try_into().map_err(|_| DecodeError::Trailing)?;
        let public = Public::decode(public_bytes)?;

        let secrets = Secrets {
            dh1: self.prekey.agree(&public.identity.agreement)?,
            dh2: self.identity.agreement().agree(&public.ephemeral)?,
            dh3: self.prekey.agree(&public.ephemeral)?,
            encapsulated: self.kem.decapsulate(&public.ciphertext),
        };
        let transcript = transcript(self.bundle.expose(), public_bytes, &link.address().pin, link.secret());
        // Our first step will agree with this key: one of low order is refused now, and not when we want to send.
        self.prekey.agree(&public.agreement)?;
        let (start, private_key) = secrets.outputs(transcript, link.secret());
        let mut private = SecretBytes::copy_of(private);
        open(&private_key, &private_data(&transcript), private.expose_mut(), &tag)
            .map_err(|_| AcceptError::Transcript)?;
        let taker = Taker::decode(private.expose())?;

        let ours: Identity = self.identity.public();
        let ratchet = Ratchet::inviter(start, public.agreement, public.encapsulation);
        let session = Session::new(&transcript, ours, public.identity, ratchet);
        Ok(Accepted { session, taker, guard })
    }
}

impl Taker {
    fn decode(bytes: &[u8; PRIVATE]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mailbox = MailboxId::from_bytes(reader.array()?);
        let capability = SendCapability::from_bytes(reader.array()?);
        let address = read_address(&mut reader)?;
        let name = reader.text(NAME)?.to_owned();
        reader.padding()?;
        Ok(Self { name, address, mailbox, capability })
    }
}

/// Opens the outer seal of a first envelope.
pub(super) fn open_first(first_key: &Secret, envelope: &[u8; ENVELOPE]) -> Option<Zeroizing<Vec<u8>>> {
    let (salt, rest) = envelope.split_first_chunk::<SALT>()?;
    let (commitment, rest) = rest.split_first_chunk::<32>()?;
    let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
    if !same_bytes(&first_commitment(first_key, salt), commitment) {
        return None;
    }
    let mut plain = Zeroizing::new(sealed.to_vec());
    open(&first_seal_key(first_key, salt), &first_data(commitment), &mut plain, tag).ok()?;
    Some(plain)
}

/// By which an accepted first envelope is known again.
fn first_hash(envelope: &[u8; ENVELOPE]) -> [u8; 32] {
    hash(label::FIRST_HASH, &[envelope])
}

/// Recognises first envelopes after the invitation's private half is gone.
pub struct ReplayGuard {
    first_key: Secret,
    accepted: [u8; 32],
}

/// What a guard has recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The accepted first envelope again: acknowledge it silently.
    Same,
    /// Another first envelope: somebody else used the link. Tell the person.
    Another,
}

impl ReplayGuard {
    fn new(first_key: Secret, envelope: &[u8; ENVELOPE]) -> Self {
        Self { first_key, accepted: first_hash(envelope) }
    }

    /// Looks at an envelope that the session does not open; none if it is no first envelope of this invitation.
    #[must_use]
    pub fn check(&self, envelope: &[u8; ENVELOPE]) -> Option<Replay> {
        if same_bytes(&first_hash(envelope), &self.accepted) {
            return Some(Replay::Same);
        }
        open_first(&self.first_key, envelope).map(|_| Replay::Another)
    }

    /// The guard, its key in the clear: for an encrypted store only.
    #[must_use]
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        snapshot::save(Kind::ReplayGuard, 128, |writer| {
            writer.bytes(self.first_key.expose()).bytes(&self.accepted);
        })
    }

    /// Reads [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        snapshot::load(Kind::ReplayGuard, bytes, |reader| {
            Ok(Self { first_key: Secret::from_bytes(reader.array()?), accepted: reader.array()? })
        })
    }
}

impl fmt::Debug for ReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplayGuard(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{Host, Pin, RelayAddress};
    use crate::handshake::{PLAIN, take};
    use crate::invitation::Offer;
    use crate::primitives::seal;
    use crate::token::Voucher;
    use crate::wire::join;
    use rand::SeedableRng;

    #[test]
    fn a_first_envelope_of_another_version_role_or_transcript_is_refused_though_its_seal_fits() {
        let rng = &mut rand::rngs::StdRng::seed_from_u64(1);
        let address = RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 1, pin: Pin::of(b"key") };
        let (mailbox, capability) = (MailboxId::random(rng), SendCapability::random(rng));
        let (name, voucher) = ("Ana".to_owned(), Voucher::random(rng));
        let offer = Offer { name, address: address.clone(), mailbox, capability, voucher, expires_at: 1 };
        let (invitation, link, sealed) = Invitation::create(rng, &offer).unwrap();
        let bundle = link.open_bundle(&sealed).unwrap();
        let taker = Taker { name: "Dana".to_owned(), address, mailbox, capability: SendCapability::random(rng) };
        let (one, two) = (take(&link, &bundle, &taker, rng).unwrap().1, take(&link, &bundle, &taker, rng).unwrap().1);
        assert!(invitation.accept(&one).is_ok());
        // 16 of 4,096 bytes are alike by chance.
        assert_ne!(one[..SALT], two[..SALT]);
        assert!(one.iter().zip(two.iter()).filter(|(a, b)| a == b).count() < 64);

        // Sealed well, under the right key, by somebody who binds it to another one.
        let first_key = link.secret().first_key();
        let plain = open_first(&first_key, &one).unwrap();
        let salt = one.first_chunk::<SALT>().unwrap();
        let sealed = |commitment: &[u8; 32], change: Option<(usize, u8)>| {
            let mut text = join::<PLAIN>(&[&plain]);
            change.into_iter().for_each(|(place, byte)| text[place] = byte);
            let tag = seal(first_seal_key(&first_key, salt), &first_data(commitment), text.as_mut_slice());
            let forged = join(&[salt, commitment, text.as_slice(), &tag]);
            invitation.accept(&forged).err()
        };
        assert_eq!(sealed(&[7; 32], None), Some(AcceptError::NotFirst));

        // Bound to the right key, by somebody who knows the link: another version, another role, another key of theirs.
        let right = first_commitment(&first_key, salt);
        assert_eq!(sealed(&right, None), None);
        assert_eq!(sealed(&right, Some((0, 2))), Some(AcceptError::Malformed(DecodeError::Version)));
        assert_eq!(sealed(&right, Some((1, 1))), Some(AcceptError::Malformed(DecodeError::Invalid)));
        for place in [40, 70, 100, 1670] {
            assert_eq!(sealed(&right, Some((place, plain[place] ^ 1))), Some(AcceptError::Transcript), "{place}");
        }
    }
}
