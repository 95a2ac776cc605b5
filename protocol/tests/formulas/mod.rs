//! The formulas of docs/protocol.md, written from the page with primitives only: a second hand, so that a test can play a
//! peer that follows the page, or breaks it in one place.
#![expect(dead_code, reason = "each test file uses its own part of the page")]
#![expect(clippy::unwrap_used, reason = "a formula that can't be computed is a failed test")]

use cairn_protocol::base32;
use cairn_protocol::identity::IdentitySecret;
use cairn_protocol::invitation::Link;
use cairn_protocol::limits::{BODY, ENVELOPE};
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Kem768Public, Kem768Secret, Kem1024Public, open, seal,
};
use cairn_protocol::secret::Secret;
use cairn_protocol::wire::frame::{EnvelopeBytes, SealedBundleBytes};
use hmac::{KeyInit, Mac};
use rand::rngs::StdRng;
use sha2::Digest;

pub(crate) const INVITER: u8 = 1;
pub(crate) const TAKER: u8 = 2;
/// Seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

// Where things stand in a bundle (§3.1) and in the public part of a first envelope (§4.2).
pub(crate) const BUNDLE_IDENTITY: usize = 34;
pub(crate) const BUNDLE_PREKEY: usize = 98;
pub(crate) const BUNDLE_KEM: usize = 130;
pub(crate) const BUNDLE_MAILBOX: usize = 1698;
pub(crate) const PUBLIC: usize = 2882;

/// §1.4: the length of a label in one byte, the label, the parts.
pub(crate) fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let label = format!("cairn/v1/{label}");
    let length = [u8::try_from(label.len()).unwrap()];
    [&length, label.as_bytes(), &parts.concat()].concat()
}

pub(crate) fn sha256(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    sha2::Sha256::digest(labelled(label, parts)).into()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HKDF with one output of 32 bytes: one HMAC to extract, one to expand (RFC 5869 §2).
pub(crate) fn hkdf(salt: &[u8], ikm: &[&[u8]], label: &str, context: &[&[u8]]) -> [u8; 32] {
    let prk = hmac(if salt.is_empty() { &[0; 32] } else { salt }, &ikm.concat());
    hmac(&prk, &[labelled(label, context), vec![1]].concat())
}

pub(crate) fn try_opened(key: [u8; 32], data: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, tag) = sealed.split_last_chunk::<16>()?;
    let mut text = text.to_vec();
    open(&Secret::from_bytes(key), data, &mut text, tag).ok().map(|()| text)
}

pub(crate) fn opened(key: [u8; 32], data: &[u8], sealed: &[u8]) -> Vec<u8> {
    try_opened(key, data, sealed).unwrap()
}

pub(crate) fn sealed(key: [u8; 32], data: &[u8], text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let tag = seal(Secret::from_bytes(key), data, &mut text);
    [text, tag.to_vec()].concat()
}

pub(crate) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// §3.3: L, as the text of a link bears it behind version 1, port 2, pin 16.
pub(crate) fn link_secret(link: &Link) -> [u8; 32] {
    let text = link.to_string();
    array(&base32::decode::<53>(text.split_once('/').unwrap().1).unwrap()[19..51])
}

/// §3.3: the link of any bundle at the relay of another link.
pub(crate) fn link_of(bundle: &[u8], like: &Link) -> Link {
    let l = sha256("invitation/bundle-hash", &[bundle]);
    crate::world::link_with(&like.to_string(), |bytes| bytes[19..51].copy_from_slice(&l))
}

/// §3.4: what waits at the relay, opened.
pub(crate) fn plain_bundle(link: &Link, sealed_bundle: &SealedBundleBytes) -> Vec<u8> {
    let key = hkdf(&[], &[&link_secret(link)], "invitation/bundle-key", &[]);
    opened(key, &labelled("invitation/bundle-data", &[]), sealed_bundle.as_slice())
}

/// §3.4: any bundle, sealed under its own L.
pub(crate) fn sealed_bundle(bundle: &[u8]) -> SealedBundleBytes {
    let l = sha256("invitation/bundle-hash", &[bundle]);
    let key = hkdf(&[], &[&l], "invitation/bundle-key", &[]);
    Box::new(array(&sealed(key, &labelled("invitation/bundle-data", &[]), bundle)))
}

/// §4.4: the outer seal.
pub(crate) fn seal_first(l: &[u8; 32], salt: &[u8; 32], plain: &[u8]) -> EnvelopeBytes {
    let key = hkdf(&[], &[l], "first-envelope/key", &[]);
    let commitment = hkdf(salt, &[&key], "first-envelope/commitment", &[]);
    let outer = hkdf(salt, &[&key], "first-envelope/seal-key", &[]);
    let text = sealed(outer, &labelled("first-envelope/data", &[&commitment]), plain);
    Box::new(array(&[&salt[..], &commitment, &text].concat()))
}

/// §4.4: public part and sealed private part.
pub(crate) fn open_first(l: &[u8; 32], envelope: &[u8; ENVELOPE]) -> Vec<u8> {
    let key = hkdf(&[], &[l], "first-envelope/key", &[]);
    let (salt, commitment) = (&envelope[..32], &envelope[32..64]);
    assert_eq!(hkdf(salt, &[&key], "first-envelope/commitment", &[]), commitment);
    let outer = hkdf(salt, &[&key], "first-envelope/seal-key", &[]);
    opened(outer, &labelled("first-envelope/data", &[commitment]), &envelope[64..])
}

/// §4.2.
pub(crate) fn transcript(bundle: &[u8], public: &[u8], pin: &[u8; 16], l: &[u8; 32]) -> [u8; 32] {
    sha256("handshake/transcript", &[&[INVITER], bundle, &[TAKER], public, pin, l])
}

/// A taker written from the page. A test changes one field and seals the first envelope again.
pub(crate) struct Taking {
    pub(crate) l: [u8; 32],
    pub(crate) bundle: Vec<u8>,
    pub(crate) pin: [u8; 16],
    pub(crate) public: Vec<u8>,
    /// DH1, DH2, DH3, ss.
    pub(crate) shared: Vec<[u8; 32]>,
    pub(crate) private: Vec<u8>,
    pub(crate) d: AgreementSecret,
    pub(crate) kem: Kem768Secret,
}

impl Taking {
    /// §4.1, §4.3: fresh keys, agreed with those of a bundle.
    pub(crate) fn new(link: &Link, sealed_bundle: &SealedBundleBytes, rng: &mut StdRng) -> Self {
        let bundle = plain_bundle(link, sealed_bundle);
        let (signing, agreement) = (IdentitySecret::random(rng).public().signing, AgreementSecret::random(rng));
        let (e, d, kem) = (AgreementSecret::random(rng), AgreementSecret::random(rng), Kem768Secret::random(rng));
        let theirs = AgreementPublic::from_bytes(array(&bundle[BUNDLE_IDENTITY + 32..BUNDLE_PREKEY]));
        let prekey = AgreementPublic::from_bytes(array(&bundle[BUNDLE_PREKEY..BUNDLE_KEM]));
        let k = Kem1024Public::from_bytes(&array(&bundle[BUNDLE_KEM..BUNDLE_MAILBOX])).unwrap();
        let (ct, ss) = k.encapsulate(rng);
        let agreed =
            [agreement.agree(&prekey), e.agree(&theirs), e.agree(&prekey)].map(|agreed| *agreed.unwrap().expose());
        let public = [
            &[1, TAKER][..],
            signing.as_bytes(),
            agreement.public().as_bytes(),
            e.public().as_bytes(),
            ct.as_bytes(),
            d.public().as_bytes(),
            kem.public().as_bytes(),
        ]
        .concat();
        let pin = link.address().pin.0;
        let host = link.address().host.as_str().as_bytes();
        let mut private = [&[3; 64][..], &[0, u8::try_from(host.len()).unwrap()], host].concat();
        private.extend_from_slice(&link.address().port.to_be_bytes());
        private.extend_from_slice(&[&pin[..], b"\x00\x04Dana"].concat());
        private.resize(1118, 0);
        let shared = agreed.into_iter().chain([*ss.expose()]).collect();
        Self { l: link_secret(link), pin, public, shared, private, d, kem, bundle }
    }

    /// §4.2.
    pub(crate) fn transcript(&self) -> [u8; 32] {
        transcript(&self.bundle, &self.public, &self.pin, &self.l)
    }

    /// §4.3: one output.
    pub(crate) fn output(&self, label: &str) -> [u8; 32] {
        let psk = hkdf(&[], &[&self.l], "handshake/pre-shared-key", &[]);
        let ikm: Vec<&[u8]> = self.shared.iter().chain([&psk]).map(<[u8; 32]>::as_slice).collect();
        hkdf(&self.transcript(), &ikm, label, &[])
    }

    /// §4.4.
    pub(crate) fn envelope(&self) -> EnvelopeBytes {
        let data = labelled("first-envelope/private-data", &[&self.transcript()]);
        let private = sealed(self.output("first-envelope/private-key"), &data, &self.private);
        seal_first(&self.l, &[9; 32], &[&self.public[..], &private].concat())
    }

    /// §5.1: chain 0.
    pub(crate) fn chain(&self) -> Chain {
        Chain { header: self.output("handshake/header-key"), chain: self.output("handshake/chain-key") }
    }
}

/// One chain in one direction.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) header: [u8; 32],
    pub(crate) chain: [u8; 32],
}

/// The role bytes that one envelope is sealed under: in the header's data and in the body's.
#[derive(Clone, Copy)]
pub(crate) struct Roles {
    pub(crate) header: u8,
    pub(crate) body: u8,
}

impl Roles {
    pub(crate) const fn both(role: u8) -> Self {
        Self { header: role, body: role }
    }
}

impl Chain {
    /// §5.3.
    pub(crate) fn step(&mut self) -> [u8; 32] {
        let message = hkdf(&[], &[&self.chain], "chain/message-key", &[]);
        self.chain = hkdf(&[], &[&self.chain], "chain/next-key", &[]);
        message
    }

    /// §6.
    pub(crate) fn seal(&mut self, roles: Roles, transcript: &[u8; 32], header: &[u8], body: &[u8]) -> EnvelopeBytes {
        let (salt, message) = ([0x5a; 32], self.step());
        let commitment = hkdf(&salt, &[&self.header, &message], "envelope/commitment", &[]);
        let body_data = labelled("envelope/body", &[&[roles.body], transcript, header]);
        let body = sealed(hkdf(&salt, &[&message], "envelope/body-key", &[]), &body_data, body);
        let header_data = labelled("envelope/head", &[&[roles.header], transcript, &commitment, &body]);
        let header = sealed(hkdf(&salt, &[&self.header], "envelope/header-key", &[]), &header_data, header);
        Box::new(array(&[&salt[..], &commitment, &header, &body].concat()))
    }

    /// §6: header and body of the next message.
    pub(crate) fn open(&mut self, role: u8, transcript: &[u8; 32], envelope: &[u8; ENVELOPE]) -> (Vec<u8>, Vec<u8>) {
        let header = open_header(&self.header, role, transcript, envelope).unwrap();
        let message = self.step();
        let body = open_body(&self.header, &message, role, transcript, &header, envelope).unwrap();
        (header, body)
    }
}

/// §6.2.
pub(crate) fn open_header(
    key: &[u8; 32],
    role: u8,
    transcript: &[u8; 32],
    envelope: &[u8; ENVELOPE],
) -> Option<Vec<u8>> {
    let (salt, commitment, header, body) = (&envelope[..32], &envelope[32..64], &envelope[64..2392], &envelope[2392..]);
    let data = labelled("envelope/head", &[&[role], transcript, commitment, body]);
    try_opened(hkdf(salt, &[key], "envelope/header-key", &[]), &data, header)
}

/// §6.3, §6.4: commitment, then body.
pub(crate) fn open_body(
    header_key: &[u8; 32],
    message: &[u8; 32],
    role: u8,
    transcript: &[u8; 32],
    header: &[u8],
    envelope: &[u8; ENVELOPE],
) -> Option<Vec<u8>> {
    let (salt, commitment, body) = (&envelope[..32], &envelope[32..64], &envelope[2392..]);
    if hkdf(salt, &[header_key, message], "envelope/commitment", &[]) != commitment {
        return None;
    }
    let data = labelled("envelope/body", &[&[role], transcript, header]);
    try_opened(hkdf(salt, &[message], "envelope/body-key", &[]), &data, body)
}

/// §5.4: previous, index, D, ek, ct.
pub(crate) fn header(previous: u32, index: u32, publics: &[&[u8]]) -> Vec<u8> {
    [&previous.to_be_bytes()[..], &index.to_be_bytes(), &publics.concat()].concat()
}

/// All public values of a hybrid step.
#[derive(Clone, Copy)]
pub(crate) struct StepKeys<'a> {
    pub(crate) role: u8,
    pub(crate) new: (&'a [u8], &'a [u8]),
    pub(crate) old: (&'a [u8], &'a [u8]),
    pub(crate) ciphertext: &'a [u8],
}

/// §5.2: RK', CK, NHK.
pub(crate) fn hybrid_step(root: &[u8], ikm: &[&[u8]], keys: &StepKeys<'_>) -> [[u8; 32]; 3] {
    let parts: [&[u8]; 6] = [&[keys.role], keys.new.0, keys.old.0, keys.new.1, keys.old.1, keys.ciphertext];
    let c = sha256("ratchet/step", &parts);
    ["ratchet/root-key", "ratchet/chain-key", "ratchet/next-header-key"].map(|label| hkdf(root, ikm, label, &[&c]))
}

/// A pair of one side (§5.2).
pub(crate) fn pair(rng: &mut StdRng) -> (AgreementSecret, Kem768Secret, AgreementPublic, Kem768Public) {
    let (d, kem) = (AgreementSecret::random(rng), Kem768Secret::random(rng));
    let publics = (d.public(), kem.public());
    (d, kem, publics.0, publics.1)
}

/// §7.1: a text in one piece.
pub(crate) fn body(number: u64, previous: &[u8; 32], received: u64, received_hash: &[u8; 32], text: &str) -> Vec<u8> {
    let mut body = [&number.to_be_bytes()[..], previous, &received.to_be_bytes(), received_hash].concat();
    body.extend_from_slice(&(NOW * 1000).to_be_bytes());
    body.extend_from_slice(&[7; 16]);
    body.extend_from_slice(&[0, 1, 1, 0, 1]);
    body.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    body.extend_from_slice(text.as_bytes());
    body.resize(BODY, 0);
    body
}

/// §7.1: the payload, as text.
pub(crate) fn text_of(body: &[u8]) -> String {
    let length = usize::from(u16::from_be_bytes(array(&body[109..111])));
    String::from_utf8(body[111..111 + length].to_vec()).unwrap()
}
