//! What the vectors read out of a handshake, and how they make first envelopes that an honest taker would not (compiled
//! for tests only).

use super::responder::open_first;
use super::{PLAIN, PRIVATE, PUBLIC, Public, SALT, Secrets};
use super::{first_commitment, first_data, first_seal_key, private_data, transcript};
use crate::invitation::Invitation;
use crate::label;
use crate::limits::ENVELOPE;
use crate::primitives::{TAG, open, seal};
use crate::ratchet::inside::Values;
use crate::secret::Secret;
use crate::wire::frame::EnvelopeBytes;
use crate::wire::join;

fn secrets(invitation: &Invitation, public: &Public) -> Secrets {
    Secrets {
        dh1: invitation.prekey.agree(&public.identity.agreement).unwrap(),
        dh2: invitation.identity.agreement().agree(&public.ephemeral).unwrap(),
        dh3: invitation.prekey.agree(&public.ephemeral).unwrap(),
        encapsulated: invitation.kem.decapsulate(&public.ciphertext),
    }
}

/// What the outer seal holds.
fn plain(invitation: &Invitation, envelope: &[u8; ENVELOPE]) -> Box<[u8; PLAIN]> {
    let first_key = invitation.link().secret().derive(label::FIRST_KEY);
    join(&[&open_first(&first_key, envelope).unwrap()])
}

/// Every value between the private keys of the inviter and the open first envelope.
pub(crate) fn values(invitation: &Invitation, envelope: &[u8; ENVELOPE]) -> Values {
    let link = invitation.link();
    let first_key = link.secret().derive(label::FIRST_KEY);
    let salt = envelope.first_chunk::<SALT>().unwrap();
    let plain = plain(invitation, envelope);
    let public_bytes = plain.first_chunk::<PUBLIC>().unwrap();
    let public = Public::decode(public_bytes).unwrap();
    let shared = secrets(invitation, &public);
    let t = transcript(invitation.bundle.expose(), public_bytes, &link.address().pin, link.secret());
    let mut values: Values = vec![
        ("public part", public_bytes.to_vec()),
        ("T", t.to_vec()),
        ("DH1", shared.dh1.expose().to_vec()),
        ("DH2", shared.dh2.expose().to_vec()),
        ("DH3", shared.dh3.expose().to_vec()),
        ("ss", shared.encapsulated.expose().to_vec()),
        ("psk", link.secret().derive(label::HANDSHAKE_PSK).expose().to_vec()),
    ];
    let (start, private_key) = shared.outputs(t, link.secret());
    values.push(("RK", start.root.expose().to_vec()));
    values.push(("CK of the taker's chain 0", start.chain.expose().to_vec()));
    values.push(("HK of the taker's chain 0", start.header.expose().to_vec()));
    values.push(("HK of the taker's chain 1", start.next_taker.expose().to_vec()));
    values.push(("HK of the inviter's first chain", start.next_inviter.expose().to_vec()));
    values.push(("private key", private_key.expose().to_vec()));
    values.push(("private part", private_part(&plain, &private_key, &t).to_vec()));
    values.push(("first key", first_key.expose().to_vec()));
    values.push(("commitment", first_commitment(&first_key, salt).to_vec()));
    values.push(("seal key", first_seal_key(&first_key, salt).expose().to_vec()));
    values
}

fn private_part(plain: &[u8; PLAIN], key: &Secret, t: &[u8; 32]) -> Box<[u8; PRIVATE]> {
    let (private, tag) = plain[PUBLIC..].split_last_chunk::<TAG>().unwrap();
    let mut private = join::<PRIVATE>(&[private]);
    open(key, &private_data(t), private.as_mut_slice(), tag).unwrap();
    private
}

/// The same first envelope with another plaintext under its outer seal, which fits.
pub(crate) fn sealed_again(
    invitation: &Invitation,
    envelope: &[u8; ENVELOPE],
    change: impl FnOnce(&mut [u8; PLAIN]),
) -> EnvelopeBytes {
    let first_key = invitation.link().secret().derive(label::FIRST_KEY);
    let salt = envelope.first_chunk::<SALT>().unwrap();
    let mut plain = plain(invitation, envelope);
    change(&mut plain);
    let commitment = first_commitment(&first_key, salt);
    let tag = seal(first_seal_key(&first_key, salt), &first_data(&commitment), plain.as_mut_slice());
    join(&[salt, &commitment, plain.as_slice(), &tag])
}

/// The same first envelope with another commitment, and sealed to it.
pub(crate) fn committed_to(invitation: &Invitation, envelope: &[u8; ENVELOPE], commitment: &[u8; 32]) -> EnvelopeBytes {
    let first_key = invitation.link().secret().derive(label::FIRST_KEY);
    let salt = envelope.first_chunk::<SALT>().unwrap();
    let mut plain = plain(invitation, envelope);
    let tag = seal(first_seal_key(&first_key, salt), &first_data(commitment), plain.as_mut_slice());
    join(&[salt, commitment, plain.as_slice(), &tag])
}

/// The same first envelope with another private part; all seals fit.
pub(crate) fn private_again(
    invitation: &Invitation,
    envelope: &[u8; ENVELOPE],
    change: impl FnOnce(&mut [u8; PRIVATE]),
) -> EnvelopeBytes {
    let link = invitation.link();
    sealed_again(invitation, envelope, |plain| {
        let public_bytes = plain.first_chunk::<PUBLIC>().unwrap();
        let public = Public::decode(public_bytes).unwrap();
        let t = transcript(invitation.bundle.expose(), public_bytes, &link.address().pin, link.secret());
        let (_, key) = secrets(invitation, &public).outputs(t, link.secret());
        let mut private = private_part(plain, &key, &t);
        change(&mut private);
        let tag = seal(key, &private_data(&t), private.as_mut_slice());
        *plain = *join(&[&plain[..PUBLIC], private.as_slice(), &tag]);
    })
}
