//! What the vectors read out of a ratchet, and what they change to play a dishonest peer (compiled for tests only).

use super::{ChainKey, HeaderKey, MessageKey, Ratchet, body_data, header_data};
use crate::limits::BODY;
use crate::primitives::{Salted, TAG, seal};
use crate::role::Role;
use crate::secret::{Secret, SecretBytes};
use crate::vectors::two_keys::sealed_for_both;
use crate::wire::envelope::SALT;
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::{HEADER, Header};
use crate::wire::{Reader, Writer, join};
use rand_core::CryptoRng;

/// Names of page and their values.
pub(crate) type Values = Vec<(&'static str, Vec<u8>)>;

/// A second ratchet in the same state.
fn copy(ratchet: &Ratchet) -> Ratchet {
    let mut writer = Writer::default();
    ratchet.write(&mut writer);
    Ratchet::read(&mut Reader::new(&writer.finish())).unwrap()
}

/// Whether the next sending makes a hybrid step.
pub(crate) const fn step_is_due(ratchet: &Ratchet) -> bool {
    ratchet.own.is_none()
}

/// Previous and index of the next envelope, and the keys with which it will be sealed. `rng` gives what the step draws.
pub(crate) fn next_sending(ratchet: &Ratchet, rng: &mut impl CryptoRng) -> (u32, u32, Values) {
    let mut ratchet = copy(ratchet);
    let due = step_is_due(&ratchet);
    if due {
        ratchet.step(rng).unwrap();
    }
    let sending = ratchet.sending.unwrap();
    let mut values = Values::new();
    if due {
        values.push(("D", sending.publics.agreement.as_bytes().to_vec()));
        values.push(("ek", sending.publics.encapsulation.as_bytes().to_vec()));
        values.push(("ct", sending.publics.ciphertext.as_bytes().to_vec()));
        values.push(("RK'", ratchet.root.secret().expose().to_vec()));
        values.push(("CK of the new chain", sending.chain.secret().expose().to_vec()));
        values.push(("NHK", ratchet.next_sending.secret().expose().to_vec()));
    }
    values.push(("HK", sending.header.secret().expose().to_vec()));
    let (chain, key) = sending.chain.step();
    values.push(("MK", key.secret().expose().to_vec()));
    values.push(("CK'", chain.secret().expose().to_vec()));
    (ratchet.previous, sending.next, values)
}

/// The plain header of the next envelope, which needs no step.
pub(crate) fn next_header(ratchet: &Ratchet) -> Vec<u8> {
    let sending = ratchet.sending.as_ref().unwrap();
    Header::encode(&sending.publics, (ratchet.previous, sending.next)).to_vec()
}

/// The state that the handshake gives: keys of §4.3 and the taker's pair.
pub(crate) fn start_of_taker(ratchet: &Ratchet) -> Values {
    let sending = ratchet.sending.as_ref().unwrap();
    vec![
        ("T", ratchet.transcript.to_vec()),
        ("RK", ratchet.root.secret().expose().to_vec()),
        ("CK of the taker's chain 0", sending.chain.secret().expose().to_vec()),
        ("HK of the taker's chain 0", sending.header.secret().expose().to_vec()),
        ("HK of the taker's chain 1", ratchet.next_sending.secret().expose().to_vec()),
        ("HK of the inviter's first chain", ratchet.next_receiving.secret().expose().to_vec()),
    ]
}

/// The same of the inviter.
pub(crate) fn start_of_inviter(ratchet: &Ratchet) -> Values {
    let receiving = ratchet.receiving.as_ref().unwrap();
    vec![
        ("T", ratchet.transcript.to_vec()),
        ("RK", ratchet.root.secret().expose().to_vec()),
        ("CK of the taker's chain 0", receiving.chain.secret().expose().to_vec()),
        ("HK of the taker's chain 0", receiving.header.secret().expose().to_vec()),
        ("HK of the taker's chain 1", ratchet.next_receiving.secret().expose().to_vec()),
        ("HK of the inviter's first chain", ratchet.next_sending.secret().expose().to_vec()),
    ]
}

/// Makes the sender go on with another chain key, as one who wants an envelope with two pairs of keys.
pub(crate) fn replace_chain_key(ratchet: &mut Ratchet, key: [u8; 32]) {
    ratchet.sending.as_mut().unwrap().chain = ChainKey::new(Secret::from_bytes(key));
}

/// Makes the sender seal headers under the key of its next chain, without a step. Gives that key.
pub(crate) fn use_next_header_key(ratchet: &mut Ratchet) -> [u8; 32] {
    let sending = ratchet.sending.as_mut().unwrap();
    sending.header = ratchet.next_sending.duplicate();
    *sending.header.secret().expose()
}

/// Seals like [`Ratchet::seal`], with header and body changed before.
pub(crate) fn seal_changed(
    ratchet: &mut Ratchet,
    rng: &mut impl CryptoRng,
    mut body: SecretBytes<BODY>,
    change: impl FnOnce(&mut [u8; HEADER], &mut [u8; BODY]),
) -> EnvelopeBytes {
    if step_is_due(ratchet) {
        ratchet.step(rng).unwrap();
    }
    let mut header = join::<HEADER>(&[&next_header(ratchet)]);
    change(&mut header, body.expose_mut());
    let sending = ratchet.sending.as_ref().unwrap();
    let (_, key) = sending.chain.duplicate().step();
    let mut salt = [0; SALT];
    rng.fill_bytes(&mut salt);
    let keys = Keys { header: &sending.header, commitment: &key, body: &key };
    seal_with(ratchet.role, &ratchet.transcript, &keys, &salt, &header, &body)
}

/// The keys of an envelope. An honest one has the same message key twice.
pub(crate) struct Keys<'a> {
    pub(crate) header: &'a HeaderKey,
    pub(crate) commitment: &'a MessageKey,
    pub(crate) body: &'a MessageKey,
}

/// Seals like [`Ratchet::seal`], with every value given.
pub(crate) fn seal_with(
    role: Role,
    transcript: &[u8; 32],
    keys: &Keys<'_>,
    salt: &[u8; SALT],
    header: &[u8; HEADER],
    body: &SecretBytes<BODY>,
) -> EnvelopeBytes {
    let mut body = SecretBytes::copy_of(body.expose());
    let tag = seal(keys.body.body_key(&Salted::new(salt)), &body_data(role, transcript, header), body.expose_mut());
    seal_header(role, transcript, keys, salt, header, &(*body.expose(), tag))
}

/// Seals the header around a body that is sealed already.
pub(crate) fn seal_header(
    role: Role,
    transcript: &[u8; 32],
    keys: &Keys<'_>,
    salt: &[u8; SALT],
    header: &[u8; HEADER],
    (body, body_tag): &([u8; BODY], [u8; TAG]),
) -> EnvelopeBytes {
    let commitment = keys.commitment.commitment(keys.header, &Salted::new(salt));
    let mut header = *header;
    let data = header_data(role, transcript, &commitment, body, body_tag);
    let tag = seal(keys.header.seal_key(&Salted::new(salt)), &data, &mut header);
    join(&[salt, &commitment, &header, &tag, body, body_tag])
}

/// A body that opens under the message keys of both, with this plain header.
pub(crate) fn body_for_both(
    role: Role,
    transcript: &[u8; 32],
    [one, two]: [&MessageKey; 2],
    salt: &[u8; SALT],
    header: &[u8; HEADER],
) -> ([u8; BODY], [u8; TAG]) {
    sealed_for_both(
        &one.body_key(&Salted::new(salt)),
        &two.body_key(&Salted::new(salt)),
        &body_data(role, transcript, header),
    )
}

/// Associated data of header and body of an envelope whose plain header is known.
pub(crate) fn data(role: Role, transcript: &[u8; 32], header: &[u8; HEADER], envelope: &EnvelopeBytes) -> Values {
    let commitment: &[u8; 32] = envelope[32..64].try_into().unwrap();
    let (body, tag) = envelope[2392..].split_first_chunk::<BODY>().unwrap();
    vec![
        ("body data", body_data(role, transcript, header)),
        ("header data", header_data(role, transcript, commitment, body, tag)),
    ]
}
