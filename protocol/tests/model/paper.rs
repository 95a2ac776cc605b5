//! Envelopes by hand, from protocol.md §5.3 and §6: for somebody who holds all keys of a sender.
//!
//! In: keys, a header, a body. Out: an envelope with one fault, or what a genuine one holds. This file must never learn
//! how the crate does it.

use cairn_protocol::limits::{BODY, ENVELOPE};
use cairn_protocol::primitives::{open, seal};
use cairn_protocol::secret::Secret;
use hmac::{KeyInit, Mac};

fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let label = format!("cairn/v1/{label}");
    let length = [u8::try_from(label.len()).unwrap()];
    [&length, label.as_bytes(), &parts.concat()].concat()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hkdf(salt: &[u8], ikm: &[&[u8]], label: &str) -> [u8; 32] {
    let prk = hmac(if salt.is_empty() { &[0; 32] } else { salt }, &ikm.concat());
    hmac(&prk, &[labelled(label, &[]), vec![1]].concat())
}

/// MK and CK'. // protocol.md §5.3
pub(crate) fn step(chain: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
    (hkdf(&[], &[chain], "chain/message-key"), hkdf(&[], &[chain], "chain/next-key"))
}

/// Who seals, and with what.
pub(crate) struct Writer<'a> {
    pub(crate) header_role: u8,
    pub(crate) body_role: u8,
    pub(crate) transcript: &'a [u8; 32],
    pub(crate) header_key: &'a [u8; 32],
    pub(crate) message_key: &'a [u8; 32],
    /// The key that the commitment names.
    pub(crate) committed: &'a [u8; 32],
    pub(crate) salt: [u8; 32],
}

fn sealed(key: [u8; 32], data: &[u8], text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let tag = seal(Secret::from_bytes(key), data, &mut text);
    [text, tag.to_vec()].concat()
}

impl Writer<'_> {
    /// An envelope; `spoil` changes the sealed body before the header is bound to it.
    pub(crate) fn seal(&self, header: &[u8], body: &[u8], spoil: bool) -> Box<[u8; ENVELOPE]> {
        let salt = &self.salt;
        let commitment = hkdf(salt, &[self.header_key, self.committed], "envelope/commitment");
        let data = labelled("envelope/body", &[&[self.body_role], self.transcript, header]);
        let mut body = sealed(hkdf(salt, &[self.message_key], "envelope/body-key"), &data, body);
        body[0] ^= u8::from(spoil);
        let data = labelled("envelope/head", &[&[self.header_role], self.transcript, &commitment, &body]);
        let header = sealed(hkdf(salt, &[self.header_key], "envelope/header-key"), &data, header);
        Box::new([&salt[..], &commitment, &header, &body].concat().try_into().unwrap())
    }
}

fn opened(key: [u8; 32], data: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, tag) = sealed.split_last_chunk::<16>()?;
    let mut text = text.to_vec();
    open(&Secret::from_bytes(key), data, &mut text, tag).ok().map(|()| text)
}

/// The plain header of an envelope, opened with exactly the associated data of protocol.md §6.2.
pub(crate) fn header(role: u8, transcript: &[u8; 32], key: &[u8; 32], envelope: &[u8; ENVELOPE]) -> Option<Vec<u8>> {
    let (salt, commitment, header, body) = cut(envelope);
    let data = labelled("envelope/head", &[&[role], transcript, commitment, body]);
    opened(hkdf(salt, &[key], "envelope/header-key"), &data, header)
}

/// The plain body of an envelope whose header is known, by protocol.md §6.3 and §6.4.
pub(crate) fn body(
    role: u8,
    transcript: &[u8; 32],
    keys: (&[u8; 32], &[u8; 32]),
    header: &[u8],
    envelope: &[u8; ENVELOPE],
) -> Option<Vec<u8>> {
    let (salt, commitment, _, body) = cut(envelope);
    if hkdf(salt, &[keys.0, keys.1], "envelope/commitment") != commitment {
        return None;
    }
    let data = labelled("envelope/body", &[&[role], transcript, header]);
    opened(hkdf(salt, &[keys.1], "envelope/body-key"), &data, body)
}

fn cut(envelope: &[u8; ENVELOPE]) -> (&[u8], &[u8], &[u8], &[u8]) {
    (&envelope[..32], &envelope[32..64], &envelope[64..2392], &envelope[2392..])
}

/// A filler's body with this number: well formed, its hashes zero, `last` at the end of the padding.
pub(crate) fn filler(number: u64, last: u8) -> Vec<u8> {
    let mut body = vec![0; BODY];
    body[..8].copy_from_slice(&number.to_be_bytes());
    // Index 0 of 1, not shown, kind 2, no payload.
    body[104..109].copy_from_slice(&[0, 1, 0, 0, 2]);
    body[BODY - 1] = last;
    body
}
