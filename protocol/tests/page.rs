//! A second inviter, written from docs/protocol.md with primitives only, talks to a real taker: every derivation, every
//! associated data and every layout of handshake, envelope and hybrid step must be what the page says.
#![expect(clippy::unwrap_used, reason = "a step of the page that fails is a failed test")]

mod formulas;
mod world;

use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::take;
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::primitives::{AgreementPublic, AgreementSecret, Kem768Public, Kem1024Ciphertext, Kem1024Secret};
use cairn_protocol::secret::Secret;
use cairn_protocol::session::Session;
use formulas::{
    Chain, INVITER, NOW, Roles, StepKeys, TAKER, array, body, hkdf, hybrid_step, labelled, opened, sha256, text_of,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use world::{address, invite, taker};

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
    let (header, opened_body) = from_taker.open(TAKER, &t, &hello);
    assert_eq!(header[..8], [0; 8]);
    assert_eq!((&header[8..40], &header[40..1224]), (&their_d[..], &their_ek[..]));
    assert_eq!(text_of(&opened_body), "hello");
    let their_start = sha256("history/start", &[&t, &[TAKER]]);
    assert_eq!((array(&opened_body[..8]), &opened_body[8..40]), (1_u64.to_be_bytes(), &their_start[..]));
    let their_first = sha256("history/step", &[&their_start, hello.as_slice()]);

    // §5.2: our hybrid step, made by hand
    let (d, seed, d_public, ek) = formulas::pair(rng);
    let agreed = d.agree(&AgreementPublic::from_bytes(array(&their_d))).unwrap();
    let (ct, ss) = Kem768Public::from_bytes(&array(&their_ek)).unwrap().encapsulate(rng);
    let new = (d_public.as_bytes().as_slice(), ek.as_bytes().as_slice());
    let keys = StepKeys { role: INVITER, new, old: (&their_d, &their_ek), ciphertext: ct.as_bytes() };
    let [root, chain, _] = hybrid_step(&output("handshake/root-key"), &[agreed.expose(), ss.expose()], &keys);
    let mut from_inviter = Chain { header: output("handshake/next-header-key-inviter"), chain };
    let our_start = sha256("history/start", &[&t, &[INVITER]]);
    let header = formulas::header(0, 0, &[new.0, new.1, ct.as_bytes()]);
    let answer = from_inviter.seal(Roles::both(INVITER), &t, &header, &body(1, &our_start, 1, &their_first, "answer"));
    let received = dana.decrypt(&answer, NOW).unwrap();
    assert!(Content::join(&[received.piece]).unwrap() == Content::Text("answer".to_owned()));
    assert_eq!((dana.confirmed(), dana.differs(), dana.answered()), (1, false, true));

    // The taker's chain 1: a step of theirs, encapsulated to our key.
    let second = write(&mut dana, rng, "and on");
    let (salt, their_next) = (&second[..32], output("handshake/next-header-key-taker"));
    let header_data = labelled("envelope/head", &[&[TAKER], &t, &second[32..64], &second[2392..]]);
    let key = hkdf(salt, &[&their_next], "envelope/header-key", &[]);
    let header = opened(key, &header_data, &second[64..2392]);
    assert_eq!(header[..8], [0, 0, 0, 1, 0, 0, 0, 0], "one message in the chain before");
    let (new, ciphertext) = ((&header[8..40], &header[40..1224]), &header[1224..]);
    let agreed = d.agree(&AgreementPublic::from_bytes(array(new.0))).unwrap();
    let ss = seed.decapsulate(&cairn_protocol::primitives::Kem768Ciphertext::from_bytes(&array(ciphertext)));
    let keys = StepKeys { role: TAKER, new, old: (d_public.as_bytes(), ek.as_bytes()), ciphertext };
    let [_, chain, _] = hybrid_step(&root, &[agreed.expose(), ss.expose()], &keys);
    let (_, opened_body) = Chain { header: their_next, chain }.open(TAKER, &t, &second);
    assert_eq!(text_of(&opened_body), "and on");
    let our_first = sha256("history/step", &[&our_start, answer.as_slice()]);
    assert_eq!((array(&opened_body[40..48]), &opened_body[48..80]), (1_u64.to_be_bytes(), &our_first[..]));
}
