//! The taker's side: from an opened bundle to a session and the first envelope.
//!
//! In: link, bundle, what the taker tells of itself. Out: a session that may send, and 4,096 bytes to put first. This file
//! must never learn whether the inviter has read them.

use super::{
    PLAIN, PRIVATE, Public, SALT, Secrets, first_commitment, first_data, first_seal_key, private_data, transcript,
};
use crate::address::RelayAddress;
use crate::identity::IdentitySecret;
use crate::invitation::{Bundle, Link, write_address};
use crate::limits::NAME;
use crate::mailbox::MailboxId;
use crate::primitives::{AgreementSecret, PrimitiveError, seal};
use crate::ratchet::{Ratchet, RatchetPair};
use crate::secret::SecretBytes;
use crate::session::Session;
use crate::token::SendCapability;
use crate::wire::frame::EnvelopeBytes;
use crate::wire::{Writer, join};
use core::fmt;
use rand_core::CryptoRng;

/// What the taker tells the inviter, and nobody else.
pub struct Taker {
    /// The name that the inviter will see; at most 64 bytes.
    pub name: String,
    /// The relay where the taker's mailbox is.
    pub address: RelayAddress,
    /// The taker's mailbox for this contact.
    pub mailbox: MailboxId,
    /// Lets the inviter put envelopes there.
    pub capability: SendCapability,
}

/// Why an invitation was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// A key in the bundle gives nothing secret: the inviter is at fault.
    #[error("the invitation holds a key that can't be used")]
    Primitive(#[from] PrimitiveError),
    /// The taker's name is longer than 64 bytes.
    #[error("the name is too long")]
    Name,
}

/// Takes an invitation. The session may send at once; the first envelope must be saved with it, put before all others,
/// and put again unchanged until [`Session::answered`]. // protocol.md §4.3, §4.4
///
/// # Errors
/// [`TakeError`].
pub fn take(
    link: &Link,
    bundle: &Bundle,
    taker: &Taker,
    rng: &mut impl CryptoRng,
) -> Result<(Session, EnvelopeBytes), TakeError> {
    if taker.name.len() > NAME {
        return Err(TakeError::Name);
    }
    let identity = IdentitySecret::random(rng);
    let ephemeral = AgreementSecret::random(rng);
    let pair = RatchetPair::random(rng);
    let (agreement, encapsulation) = pair.publics();
    let (ciphertext, encapsulated) = bundle.kem.encapsulate(rng);
    let secrets = Secrets {
        dh1: identity.agreement().agree(&bundle.prekey)?,
        dh2: ephemeral.agree(&bundle.identity.agreement)?,
        dh3: ephemeral.agree(&bundle.prekey)?,
        encapsulated,
    };
    let public =
        Public { identity: identity.public(), ephemeral: ephemeral.public(), ciphertext, agreement, encapsulation };
    let public = public.encode();
    let transcript = transcript(bundle.bytes.expose(), &public, &link.address().pin, link.secret());
    let (start, private_key) = secrets.outputs(transcript, link.secret());

    let mut private = taker.encode();
    let private_tag = seal(private_key, &private_data(&transcript), private.expose_mut());

    let first_key = link.secret().first_key();
    let mut salt = [0; SALT];
    rng.fill_bytes(&mut salt);
    let commitment = first_commitment(&first_key, &salt);
    let mut plain = join::<PLAIN>(&[public.as_slice(), private.expose(), &private_tag]);
    let tag = seal(first_seal_key(&first_key, &salt), &first_data(&commitment), plain.as_mut_slice());
    let envelope = join(&[&salt, &commitment, plain.as_slice(), &tag]);

    let ratchet = Ratchet::taker(start, pair, rng);
    Ok((Session::new(&transcript, identity.public(), bundle.identity, ratchet), envelope))
}

// Names and mailboxes name people: none of them is printed.
impl fmt::Debug for Taker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taker(..)")
    }
}

impl Taker {
    /// mailbox 32, capability 32, address, name, zeros to 1,118. // protocol.md §4.4
    fn encode(&self) -> SecretBytes<PRIVATE> {
        let mut writer = Writer::with_capacity(PRIVATE);
        writer.bytes(self.mailbox.as_bytes()).bytes(self.capability.expose());
        write_address(&mut writer, &self.address);
        writer.block(self.name.as_bytes());
        writer.into_fixed()
    }
}
