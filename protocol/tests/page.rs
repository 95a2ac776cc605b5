//! A second inviter, written from docs/protocol.md with primitives only, talks to a real taker: every derivation, every
//! associated data and every layout of handshake, envelope and hybrid step must be what the page says.
#![expect(clippy::unwrap_used, reason = "a step of the page that fails is a failed test")]

mod world;

use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::take;
use cairn_protocol::limits::{BODY, ENVELOPE};
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Kem768Public, Kem768Secret, Kem1024Ciphertext, Kem1024Secret, open, seal,
};
use cairn_protocol::secret::Secret;
use cairn_protocol::session::Session;
use hmac::{KeyInit, Mac};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::Digest;
use world::{address, invite, taker};

const INVITER: u8 = 1;
const TAKER: u8 = 2;
const NOW: u64 = 1_800_000_000;

fn labelled(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let label = format!("cairn/v1/{label}");
    let length = [u8::try_from(label.len()).unwrap()];
    [&length, label.as_bytes(), &parts.concat()].concat()
}

fn sha256(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    sha2::Sha256::digest(labelled(label, parts)).into()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HKDF with one output of 32 bytes: one HMAC to extract, one to expand (RFC 5869 §2).
fn hkdf(salt: &[u8], ikm: &[&[u8]], label: &str, context: &[&[u8]]) -> [u8; 32] {
    let prk = hmac(if salt.is_empty() { &[0; 32] } else { salt }, &ikm.concat());
    hmac(&prk, &[labelled(label, context), vec![1]].concat())
}

fn opened(key: [u8; 32], data: &[u8], sealed: &[u8]) -> Vec<u8> {
    let (text, tag) = sealed.split_last_chunk::<16>().unwrap();
    let mut text = text.to_vec();
    open(&Secret::from_bytes(key), data, &mut text, tag).unwrap();
    text
}

fn sealed(key: [u8; 32], data: &[u8], text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let tag = seal(Secret::from_bytes(key), data, &mut text);
    [text, tag.to_vec()].concat()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// One chain in one direction.
struct Chain {
    header: [u8; 32],
    chain: [u8; 32],
}

impl Chain {
    fn step(&mut self) -> [u8; 32] {
        let message = hkdf(&[], &[&self.chain], "chain/message-key", &[]);
        self.chain = hkdf(&[], &[&self.chain], "chain/next-key", &[]);
        message
    }

    fn seal(&mut self, transcript: &[u8; 32], header: &[u8], body: &[u8]) -> Box<[u8; ENVELOPE]> {
        let (salt, message) = ([0x5a; 32], self.step());
        let commitment = hkdf(&salt, &[&self.header, &message], "envelope/commitment", &[]);
        let body_data = labelled("envelope/body-data", &[&[INVITER], transcript, header]);
        let body = sealed(hkdf(&salt, &[&message], "envelope/body-key", &[]), &body_data, body);
        let header_data = labelled("envelope/header-data", &[&[INVITER], transcript, &commitment, &body]);
        let header = sealed(hkdf(&salt, &[&self.header], "envelope/header-key", &[]), &header_data, header);
        Box::new(array(&[&salt[..], &commitment, &header, &body].concat()))
    }

    fn open(&mut self, transcript: &[u8; 32], envelope: &[u8; ENVELOPE]) -> (Vec<u8>, Vec<u8>) {
        let message = self.step();
        let (salt, commitment) = (&envelope[..32], &envelope[32..64]);
        let (header, body) = (&envelope[64..2392], &envelope[2392..]);
        assert_eq!(hkdf(salt, &[&self.header, &message], "envelope/commitment", &[]), commitment);
        let header_data = labelled("envelope/header-data", &[&[TAKER], transcript, commitment, body]);
        let header = opened(hkdf(salt, &[&self.header], "envelope/header-key", &[]), &header_data, header);
        let body_data = labelled("envelope/body-data", &[&[TAKER], transcript, &header]);
        (header, opened(hkdf(salt, &[&message], "envelope/body-key", &[]), &body_data, body))
    }
}

struct StepKeys<'a> {
    role: u8,
    new: (&'a [u8], &'a [u8]),
    old: (&'a [u8], &'a [u8]),
    ciphertext: &'a [u8],
}

/// RK', CK, NHK.
fn hybrid_step(root: &[u8], agreed: &Secret, encapsulated: &Secret, keys: &StepKeys<'_>) -> [[u8; 32]; 3] {
    let parts: [&[u8]; 6] = [&[keys.role], keys.new.0, keys.old.0, keys.new.1, keys.old.1, keys.ciphertext];
    let c = sha256("ratchet/step", &parts);
    ["ratchet/root-key", "ratchet/chain-key", "ratchet/next-header-key"]
        .map(|label| hkdf(root, &[agreed.expose(), encapsulated.expose()], label, &[&c]))
}

fn body(number: u64, previous: &[u8; 32], received: u64, received_hash: &[u8; 32], text: &str) -> Vec<u8> {
    let mut body = [&number.to_be_bytes()[..], previous, &received.to_be_bytes(), received_hash].concat();
    body.extend_from_slice(&(NOW * 1000).to_be_bytes());
    body.extend_from_slice(&[7; 16]);
    body.extend_from_slice(&[0, 1, 1, 0, 1]);
    body.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    body.extend_from_slice(text.as_bytes());
    body.resize(BODY, 0);
    body
}

fn text_of(body: &[u8]) -> String {
    let length = usize::from(u16::from_be_bytes(array(&body[109..111])));
    String::from_utf8(body[111..111 + length].to_vec()).unwrap()
}

fn write(session: &mut Session, rng: &mut StdRng, text: &str) -> Box<[u8; ENVELOPE]> {
    let piece = Content::Text(text.to_owned()).split(MessageId::random(rng)).unwrap().remove(0);
    session.encrypt(rng, &piece, NOW * 1000).unwrap().envelope
}

#[test]
fn a_taker_talks_to_an_inviter_written_from_the_page_alone() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (invitation, link, sealed_bundle) = invite(rng);
    let bundle_of_link = link.open_bundle(&sealed_bundle).unwrap();
    let (mut dana, first) = take(&link, &bundle_of_link, &taker(rng), rng).unwrap();

    // The private half, from the snapshot: version, kind, Ed25519, X25519, prekey, KEM seed, bundle.
    let saved = invitation.snapshot();
    let agreement = |at: usize| AgreementSecret::from_secret(&Secret::from_bytes(array(&saved[at..at + 32])));
    let (identity, prekey) = (agreement(34), agreement(66));
    let kem = Kem1024Secret::from_seed(array(&saved[98..162]));
    let bundle = &saved[162..162 + 4096];

    // §3.3, §3.4
    let l = sha256("invitation/bundle-hash", &[bundle]);
    assert_eq!(*link.slot().as_bytes(), hkdf(&[], &[&l], "invitation/slot", &[]));
    let bundle_key = hkdf(&[], &[&l], "invitation/bundle-key", &[]);
    assert_eq!(opened(bundle_key, &labelled("invitation/bundle-data", &[]), sealed_bundle.as_slice()), bundle);

    // §4.4: the outer seal
    let first_key = hkdf(&[], &[&l], "first-envelope/key", &[]);
    let (salt, commitment) = (&first[..32], &first[32..64]);
    assert_eq!(hkdf(salt, &[&first_key], "first-envelope/commitment", &[]), commitment);
    let outer_key = hkdf(salt, &[&first_key], "first-envelope/seal-key", &[]);
    let plain = opened(outer_key, &labelled("first-envelope/data", &[commitment]), &first[64..]);
    let (public, private) = plain.split_at(2882);
    assert_eq!(public[..2], [1, TAKER]);
    let theirs = AgreementPublic::from_bytes(array(&public[34..66]));
    let ephemeral = AgreementPublic::from_bytes(array(&public[66..98]));
    let ciphertext = Kem1024Ciphertext::from_bytes(&array(&public[98..1666]));
    let (their_d, their_ek) = (public[1666..1698].to_vec(), public[1698..2882].to_vec());

    // §4.2, §4.3
    let t = sha256("handshake/transcript", &[&[INVITER], bundle, &[TAKER], public, &address().pin.0, &l]);
    let psk = hkdf(&[], &[&l], "handshake/pre-shared-key", &[]);
    let shared =
        [prekey.agree(&theirs), identity.agree(&ephemeral), prekey.agree(&ephemeral)].map(|agreed| agreed.unwrap());
    let encapsulated = kem.decapsulate(&ciphertext);
    let ikm: [&[u8]; 5] = [shared[0].expose(), shared[1].expose(), shared[2].expose(), encapsulated.expose(), &psk];
    let output = |label| hkdf(&t, &ikm, label, &[]);
    let private =
        opened(output("first-envelope/private-key"), &labelled("first-envelope/private-data", &[&t]), private);
    assert!(private.windows(6).any(|window| window == b"\x00\x04Dana"));

    // §5.1: chain 0 of the taker
    let mut from_taker = Chain { header: output("handshake/header-key"), chain: output("handshake/chain-key") };
    let hello = write(&mut dana, rng, "hello");
    let (header, opened_body) = from_taker.open(&t, &hello);
    assert_eq!(header[..8], [0; 8]);
    assert_eq!((&header[8..40], &header[40..1224]), (&their_d[..], &their_ek[..]));
    assert_eq!(text_of(&opened_body), "hello");
    let their_start = sha256("history/start", &[&t, &[TAKER]]);
    assert_eq!((array(&opened_body[..8]), &opened_body[8..40]), (1_u64.to_be_bytes(), &their_start[..]));
    let their_first = sha256("history/step", &[&their_start, hello.as_slice()]);

    // §5.2: our hybrid step, made by hand
    let (d, seed) = (AgreementSecret::random(rng), Kem768Secret::random(rng));
    let (d_public, ek) = (d.public(), seed.public());
    let agreed = d.agree(&AgreementPublic::from_bytes(array(&their_d))).unwrap();
    let (ct, ss) = Kem768Public::from_bytes(&array(&their_ek)).unwrap().encapsulate(rng).unwrap();
    let new = (d_public.as_bytes().as_slice(), ek.as_bytes().as_slice());
    let keys = StepKeys { role: INVITER, new, old: (&their_d, &their_ek), ciphertext: ct.as_bytes() };
    let [root, chain, _] = hybrid_step(&output("handshake/root-key"), &agreed, &ss, &keys);
    let mut from_inviter = Chain { header: output("handshake/next-header-key-inviter"), chain };
    let our_start = sha256("history/start", &[&t, &[INVITER]]);
    let header = [&[0; 8][..], new.0, new.1, ct.as_bytes()].concat();
    let answer = from_inviter.seal(&t, &header, &body(1, &our_start, 1, &their_first, "answer"));
    let received = dana.decrypt(&answer, NOW).unwrap();
    assert!(Content::join(&[received.piece]).unwrap() == Content::Text("answer".to_owned()));
    assert_eq!((dana.confirmed(), dana.differs(), dana.answered()), (1, false, true));

    // The taker's chain 1: a step of theirs, encapsulated to our key.
    let second = write(&mut dana, rng, "and on");
    let (salt, their_next) = (&second[..32], output("handshake/next-header-key-taker"));
    let header_data = labelled("envelope/header-data", &[&[TAKER], &t, &second[32..64], &second[2392..]]);
    let key = hkdf(salt, &[&their_next], "envelope/header-key", &[]);
    let header = opened(key, &header_data, &second[64..2392]);
    assert_eq!(header[..8], [0, 0, 0, 1, 0, 0, 0, 0], "one message in the chain before");
    let (new, ciphertext) = ((&header[8..40], &header[40..1224]), &header[1224..]);
    let agreed = d.agree(&AgreementPublic::from_bytes(array(new.0))).unwrap();
    let ss = seed.decapsulate(&cairn_protocol::primitives::Kem768Ciphertext::from_bytes(&array(ciphertext)));
    let keys = StepKeys { role: TAKER, new, old: (d_public.as_bytes(), ek.as_bytes()), ciphertext };
    let [_, chain, _] = hybrid_step(&root, &agreed, &ss, &keys);
    let (_, opened_body) = Chain { header: their_next, chain }.open(&t, &second);
    assert_eq!(text_of(&opened_body), "and on");
    let our_first = sha256("history/step", &[&our_start, answer.as_slice()]);
    assert_eq!((array(&opened_body[40..48]), &opened_body[48..80]), (1_u64.to_be_bytes(), &our_first[..]));
}
