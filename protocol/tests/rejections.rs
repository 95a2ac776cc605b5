//! Who is taken for whom, and what goes for what: first the honest input passes, then one thing is changed, then the exact
//! refusal. The hand that changes it follows the page in everything else and knows all that such an attacker can know.
#![expect(clippy::unwrap_used, reason = "an attack that can't be made is a failed test")]

mod formulas;
mod world;

use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::{AcceptError, take};
use cairn_protocol::identity::IdentitySecret;
use cairn_protocol::invitation::{BundleError, Invitation, Link};
use cairn_protocol::primitives::{AgreementPublic, AgreementSecret, Kem768Public};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::secret::Secret;
use cairn_protocol::session::Session;
use cairn_protocol::wire::DecodeError;
use cairn_protocol::wire::frame::{EnvelopeBytes, SealedBundleBytes};
use formulas::{
    BUNDLE_KEM, BUNDLE_MAILBOX, Chain, INVITER, NOW, PUBLIC, Roles, StepKeys, TAKER, Taking, array, body, hybrid_step,
    link_of, link_secret, open_first, open_header, plain_bundle, seal_first, sealed_bundle, sha256,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use world::{Side, World, invite, taker};

fn refused(invitation: &Invitation, envelope: &EnvelopeBytes) -> Option<AcceptError> {
    invitation.accept(envelope).err()
}

// Check 8.

#[test]
fn a_wrong_link_secret_is_one_refusal_whatever_the_cause() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (invitation, link, sealed) = invite(rng);
    let taking = Taking::new(&link, &sealed, rng);
    assert_eq!(refused(&invitation, &taking.envelope()), None);
    assert!(link.open_bundle(&sealed).is_ok());

    // Each single bit of L wrong: neither the bundle opens nor a first envelope under it.
    let plain = open_first(&taking.l, &taking.envelope());
    for bit in 0..256 {
        let mut l = taking.l;
        l[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(refused(&invitation, &seal_first(&l, &[9; 32], &plain)), Some(AcceptError::NotFirst), "bit {bit}");
        let other = world::link_with(&link.to_string(), |bytes| bytes[19..51].copy_from_slice(&l));
        assert_ne!(other.slot(), link.slot());
        assert_eq!(other.open_bundle(&sealed).err(), Some(BundleError::Altered), "bit {bit}");
    }
    // Whatever else somebody without L can put there.
    let mut noise: EnvelopeBytes = Box::new([0; 4096]);
    let zeros = noise.clone();
    rng.fill_bytes(noise.as_mut_slice());
    let (_, other_link, other_sealed) = invite(rng);
    let other = Taking::new(&other_link, &other_sealed, rng).envelope();
    // A well-formed envelope, its commitment and its seal each of another salt.
    let again = seal_first(&taking.l, &[8; 32], &plain);
    let mut mixed = taking.envelope();
    mixed[32..64].copy_from_slice(&again[32..64]);
    let ratchet = taking.chain().seal(Roles::both(TAKER), &taking.transcript(), &[0; 2312], &[0; 1688]);
    for (cause, envelope) in [zeros, noise, other, mixed, ratchet].into_iter().enumerate() {
        assert_eq!(refused(&invitation, &envelope), Some(AcceptError::NotFirst), "cause {cause}");
    }
}

// Check 11.

#[test]
fn a_bundle_of_somebody_elses_keys_is_not_taken_for_theirs() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (ana, link, sealed) = invite(rng);
    // Mallory, who was given Ana's link too, hands out Ana's keys under a name and a mailbox of her own.
    let mut bundle = plain_bundle(&link, &sealed);
    bundle[BUNDLE_MAILBOX..BUNDLE_MAILBOX + 32].fill(7);
    let (from, to) = (b"\x00\x03Ana", b"\x00\x03Eve");
    let place = bundle.windows(5).position(|window| window == from).unwrap();
    bundle[place..place + 5].copy_from_slice(to);
    let mallory = link_of(&bundle, &link);
    let handed_on = |through: &Link, sealed: &SealedBundleBytes, rng: &mut StdRng| {
        let opened = through.open_bundle(sealed).unwrap();
        let (_, first) = take(through, &opened, &taker(rng), rng).unwrap();
        // Who knows both links opens the outer seal of one and seals the same under the other.
        refused(&ana, &seal_first(&link_secret(&link), &[5; 32], &open_first(&link_secret(through), &first)))
    };
    assert_eq!(handed_on(&link, &sealed, rng), None, "sealed anew, and nothing else changed");
    let hers = sealed_bundle(&bundle);
    assert_eq!(mallory.open_bundle(&hers).unwrap().name(), "Eve");
    assert_eq!(handed_on(&mallory, &hers, rng), Some(AcceptError::Transcript));
}

#[test]
fn a_taker_is_not_taken_for_the_bearer_of_another_identity() {
    let rng = &mut StdRng::seed_from_u64(3);
    let (ana, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let (_, first) = take(&link, &bundle, &taker(rng), rng).unwrap();
    let plain = open_first(&link_secret(&link), &first);
    let mallory = IdentitySecret::random(rng).public();
    let claimed = |signing: bool, agreement: bool| {
        let mut plain = plain.clone();
        if signing {
            plain[2..34].copy_from_slice(mallory.signing.as_bytes());
        }
        if agreement {
            plain[34..66].copy_from_slice(mallory.agreement.as_bytes());
        }
        refused(&ana, &seal_first(&link_secret(&link), &[5; 32], &plain))
    };
    assert_eq!(claimed(false, false), None);
    assert_eq!(claimed(true, false), Some(AcceptError::Transcript));
    assert_eq!(claimed(false, true), Some(AcceptError::Transcript));
    assert_eq!(claimed(true, true), Some(AcceptError::Transcript));
}

#[test]
fn nothing_that_one_person_draws_for_two_contacts_stands_in_both() {
    let rng = &mut StdRng::seed_from_u64(11);
    let offered = world::offer(rng);
    let told = taker(rng);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (_, link, sealed) = Invitation::create(rng, &offered).unwrap();
        let bundle = link.open_bundle(&sealed).unwrap();
        // Of the same bundle, so that what differs is drawn by the taker.
        let firsts = [(); 2].map(|()| take(&link, &bundle, &told, rng).unwrap().1);
        let [one, two] = firsts.map(|first| open_first(&link_secret(&link), &first)[2..PUBLIC].to_vec());
        assert_eq!(shared(&one, &two), 0, "taker");
        seen.push(plain_bundle(&link, &sealed));
    }
    // Random, identity, prekey, encapsulation key; the mailbox behind them is offered and the same, so that it is found.
    assert_eq!(shared(&seen[0][2..BUNDLE_MAILBOX], &seen[1][2..BUNDLE_MAILBOX]), 0, "inviter");
    assert!(shared(&seen[0][2..BUNDLE_MAILBOX + 32], &seen[1]) > 0);
}

/// How many runs of 8 bytes of one stand anywhere in the other.
fn shared(one: &[u8], other: &[u8]) -> usize {
    let runs: std::collections::HashSet<&[u8]> = one.windows(8).collect();
    other.windows(8).filter(|run| runs.contains(run)).count()
}

// Check 12.

/// Ana's private halves, from her saved invitation: version, kind, Ed25519, X25519, prekey.
fn agreement_keys(ana: &Invitation) -> [AgreementSecret; 2] {
    let saved = ana.snapshot();
    [34, 66].map(|at| AgreementSecret::from_secret(&Secret::from_bytes(array(&saved[at..at + 32]))))
}

#[test]
fn the_inviters_stolen_identity_key_poses_as_nobody_to_her() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (ana, link, sealed) = invite(rng);
    let dana = AgreementSecret::random(rng);
    let [stolen, prekey] = agreement_keys(&ana);
    let mut taking = Taking::new(&link, &sealed, rng);
    taking.public[34..66].copy_from_slice(dana.public().as_bytes());
    let e = AgreementPublic::from_bytes(array(&taking.public[66..98]));
    let agreed = |secret: &AgreementSecret, public: &AgreementPublic| *secret.agree(public).unwrap().expose();

    // With Dana's own key, or Ana's prekey, the envelope is Dana's.
    taking.shared[0] = agreed(&dana, &prekey.public());
    assert_eq!(refused(&ana, &taking.envelope()), None);
    // With Ana's identity key in their place.
    let guesses = [agreed(&stolen, &dana.public()), agreed(&stolen, &prekey.public()), agreed(&stolen, &e), [0; 32]];
    for (guess, dh1) in guesses.into_iter().enumerate() {
        taking.shared[0] = dh1;
        assert_eq!(refused(&ana, &taking.envelope()), Some(AcceptError::Transcript), "guess {guess}");
    }
}

#[test]
fn the_takers_stolen_identity_key_poses_as_nobody_to_him() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (ana, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let told = taker(rng);
    // His identity is the first thing that he draws.
    let mut taking = Taking::new(&link, &sealed, &mut StdRng::seed_from_u64(55));
    let drawn = &mut StdRng::seed_from_u64(6);
    let (signing, stolen) = (Secret::random(drawn), AgreementSecret::random(drawn));
    let (mut dana, first) = take(&link, &bundle, &told, &mut StdRng::seed_from_u64(6)).unwrap();
    let plain = open_first(&taking.l, &first);
    assert_eq!(plain[34..66], *stolen.public().as_bytes(), "drawn behind {signing:?}");

    // The thief knows the link, all that was sent, and DH1; for the rest there is Ana's own state, or guesses.
    taking.public = plain[..PUBLIC].to_vec();
    let [identity, prekey] = agreement_keys(&ana);
    let kem = cairn_protocol::primitives::Kem1024Secret::from_seed(array(&ana.snapshot()[98..162]));
    let ct = cairn_protocol::primitives::Kem1024Ciphertext::from_bytes(&array(&plain[98..1666]));
    let (theirs, e) = (stolen.public(), AgreementPublic::from_bytes(array(&plain[66..98])));
    let agreed = |secret: &AgreementSecret, public: &AgreementPublic| *secret.agree(public).unwrap().expose();
    let honest =
        vec![agreed(&prekey, &theirs), agreed(&identity, &e), agreed(&prekey, &e), *kem.decapsulate(&ct).expose()];
    assert_eq!(agreed(&stolen, &prekey.public()), honest[0], "DH1 is the thief's to make");
    let d = AgreementPublic::from_bytes(array(&plain[1666..1698]));
    let ek = Kem768Public::from_bytes(&array(&plain[1698..PUBLIC])).unwrap();
    let guesses = [agreed(&stolen, &identity.public()), agreed(&stolen, &e)];
    for (lacking, guess) in [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1)] {
        taking.shared.clone_from(&honest);
        taking.shared[lacking] = guesses[guess];
        let answer = first_answer(&taking, &d, &ek, rng);
        assert_eq!(dana.decrypt(&answer, NOW).err(), Some(OpenError::NotOurs), "without secret {lacking}");
    }
    taking.shared = honest;
    assert!(dana.decrypt(&first_answer(&taking, &d, &ek, rng), NOW).is_ok(), "with Ana's own keys it is she");
}

/// The inviter's first envelope, from the secrets in `taking` (§5.2).
fn first_answer(taking: &Taking, d: &AgreementPublic, ek: &Kem768Public, rng: &mut StdRng) -> EnvelopeBytes {
    let t = taking.transcript();
    let (own, _, own_d, own_ek) = formulas::pair(rng);
    let (ct, ss) = ek.encapsulate(rng);
    let agreed = own.agree(d).unwrap();
    let new = (own_d.as_bytes().as_slice(), own_ek.as_bytes().as_slice());
    let keys = StepKeys { role: INVITER, new, old: (d.as_bytes(), ek.as_bytes()), ciphertext: ct.as_bytes() };
    let root = taking.output("handshake/root-key");
    let [_, chain, _] = hybrid_step(&root, &[agreed.expose(), ss.expose()], &keys);
    let mut chain = Chain { header: taking.output("handshake/next-header-key-inviter"), chain };
    let header = formulas::header(0, 0, &[new.0, new.1, ct.as_bytes()]);
    let (start, theirs) = (sha256("history/start", &[&t, &[INVITER]]), sha256("history/start", &[&t, &[TAKER]]));
    chain.seal(Roles::both(INVITER), &t, &header, &body(1, &start, 0, &theirs, "I am Ana"))
}

// Check 13.

#[test]
fn what_a_party_sent_does_not_open_for_itself_in_any_chain() {
    let mut world = World::new(6);
    let mut sent = [Vec::new(), Vec::new()];
    for round in 0..4 {
        for (who, side) in [Side::Taker, Side::Inviter].into_iter().enumerate() {
            let envelope = world.seal(side, "mine");
            assert_eq!(world.open_text(side.other(), &envelope), "mine");
            sent[who].push(envelope);
            let before = world.session(side).snapshot();
            for back in &sent[who] {
                assert_eq!(world.open(side, back).err(), Some(OpenError::NotOurs), "round {round}");
            }
            assert_eq!(world.session(side).snapshot(), before);
        }
    }
    let first = world.first.clone();
    assert_eq!(world.open(Side::Taker, &first).err(), Some(OpenError::NotOurs));
}

// Checks 14 and 15.

/// A taker written from the page, and the inviter's session.
fn page_taker(rng: &mut StdRng) -> (Taking, Session) {
    let (ana, link, sealed) = invite(rng);
    let taking = Taking::new(&link, &sealed, rng);
    let session = ana.accept(&taking.envelope()).unwrap().session;
    (taking, session)
}

#[test]
fn an_envelope_under_the_other_role_or_the_other_chain_is_refused() {
    let rng = &mut StdRng::seed_from_u64(7);
    let (taking, mut ana) = page_taker(rng);
    let t = taking.transcript();
    let header = formulas::header(0, 0, &[&taking.public[1666..], &[4; 1088]]);
    let start = |role| sha256("history/start", &[&t, &[role]]);
    let text = body(1, &start(TAKER), 0, &start(INVITER), "hello");
    let (right, chain) = (Roles::both(TAKER), taking.chain());
    let genuine = chain.clone().seal(right, &t, &header, &text);
    let before = ana.snapshot();
    let wrong = [
        (Roles { header: INVITER, ..right }, chain.clone(), OpenError::NotOurs),
        (Roles { body: INVITER, ..right }, chain.clone(), OpenError::Body),
        (Roles::both(INVITER), chain.clone(), OpenError::NotOurs),
        // The header keys of other chains: of the inviter's own, and of the taker's next.
        (right, Chain { header: taking.output("handshake/next-header-key-inviter"), ..chain }, OpenError::NotOurs),
        (right, Chain { header: taking.output("handshake/next-header-key-taker"), ..chain }, OpenError::Header),
        // The root key where the chain key belongs.
        (right, Chain { chain: taking.output("handshake/root-key"), ..chain }, OpenError::Commitment),
    ];
    for (case, (roles, mut chain, error)) in wrong.into_iter().enumerate() {
        let forged = chain.seal(roles, &t, &header, &text);
        assert_eq!(ana.decrypt(&forged, NOW).err(), Some(error), "case {case}");
        assert_eq!(ana.snapshot(), before);
    }
    // A history that begins with the other direction's hash: it opens, and the accounts differ.
    let mut other = Session::restore(&before).unwrap();
    let swapped = chain.clone().seal(right, &t, &header, &body(1, &start(INVITER), 0, &start(TAKER), "hello"));
    assert!(other.decrypt(&swapped, NOW).is_ok());
    assert!(other.differs());
    assert!(ana.decrypt(&genuine, NOW).is_ok());
    assert!(!ana.differs());
}

#[test]
fn a_hybrid_step_of_another_role_of_other_keys_or_of_one_half_is_refused() {
    let rng = &mut StdRng::seed_from_u64(8);
    let (taking, mut ana) = page_taker(rng);
    let t = taking.transcript();
    // Ana writes first: her step, read by hand.
    let piece = Content::Text("hello".to_owned()).split(MessageId::random(rng)).unwrap().remove(0);
    let hello = ana.encrypt(rng, &piece, NOW * 1000).unwrap().envelope;
    let key = taking.output("handshake/next-header-key-inviter");
    let theirs = open_header(&key, INVITER, &t, &hello).unwrap();
    let (old, ciphertext) = ((&theirs[8..40], &theirs[40..1224]), &theirs[1224..]);
    let agreed = taking.d.agree(&AgreementPublic::from_bytes(array(old.0))).unwrap();
    let ss = taking.kem.decapsulate(&cairn_protocol::primitives::Kem768Ciphertext::from_bytes(&array(ciphertext)));
    let ours = (&taking.public[1666..1698], &taking.public[1698..]);
    let keys = StepKeys { role: INVITER, new: old, old: ours, ciphertext };
    let [root, ..] = hybrid_step(&taking.output("handshake/root-key"), &[agreed.expose(), ss.expose()], &keys);

    // The taker's answer: a step of his own.
    let (d, _, new_d, new_ek) = formulas::pair(rng);
    let (ct, ss) = Kem768Public::from_bytes(&array(old.1)).unwrap().encapsulate(rng);
    let agreed = d.agree(&AgreementPublic::from_bytes(array(old.0))).unwrap();
    let new = (new_d.as_bytes().as_slice(), new_ek.as_bytes().as_slice());
    let right = StepKeys { role: TAKER, new, old, ciphertext: ct.as_bytes() };
    let start = |role| sha256("history/start", &[&t, &[role]]);
    let next = taking.output("handshake/next-header-key-taker");
    let answer = |ikm: &[&[u8]], keys: StepKeys<'_>, public: [&[u8]; 3]| {
        let mut chain = Chain { header: next, chain: hybrid_step(&root, ikm, &keys)[1] };
        let text = body(1, &start(TAKER), 0, &start(INVITER), "answer");
        chain.seal(Roles::both(TAKER), &t, &formulas::header(0, 0, &public), &text)
    };
    let (dh, ss) = (agreed.expose().as_slice(), ss.expose().as_slice());
    let public = [new.0, new.1, ct.as_bytes().as_slice()];
    let wrong: [(&str, &[&[u8]], StepKeys<'_>); 9] = [
        ("role", &[dh, ss], StepKeys { role: INVITER, ..right }),
        ("new keys", &[dh, ss], StepKeys { new: old, ..right }),
        ("old keys", &[dh, ss], StepKeys { old: ours, ..right }),
        ("ciphertext", &[dh, ss], StepKeys { ciphertext, ..right }),
        ("no KEM", &[dh], right),
        ("KEM of zeros", &[dh, &[0; 32]], right),
        ("no agreement", &[ss], right),
        ("agreement of zeros", &[&[0; 32], ss], right),
        ("both turned round", &[ss, dh], right),
    ];
    let before = ana.snapshot();
    for (what, ikm, keys) in wrong {
        assert_eq!(ana.decrypt(&answer(ikm, keys, public), NOW).err(), Some(OpenError::Commitment), "{what}");
        assert_eq!(ana.snapshot(), before, "{what}");
    }
    // A ciphertext that is noise, as in chain 0: another secret comes out of it.
    let noise = [new.0, new.1, &[4; 1088]];
    assert_eq!(ana.decrypt(&answer(&[dh, ss], right, noise), NOW).err(), Some(OpenError::Commitment));
    assert!(ana.decrypt(&answer(&[dh, ss], right, public), NOW).is_ok());
}

#[test]
fn a_first_envelope_without_kem_is_refused() {
    let rng = &mut StdRng::seed_from_u64(9);
    let (ana, link, sealed) = invite(rng);
    let mut taking = Taking::new(&link, &sealed, rng);
    assert_eq!(refused(&ana, &taking.envelope()), None);
    let ss = taking.shared.pop().unwrap();
    assert_eq!(refused(&ana, &taking.envelope()), Some(AcceptError::Transcript), "left out");
    taking.shared.push([0; 32]);
    assert_eq!(refused(&ana, &taking.envelope()), Some(AcceptError::Transcript), "zeros");
    taking.shared[3] = ss;
    taking.public[98..1666].fill(0);
    assert_eq!(refused(&ana, &taking.envelope()), Some(AcceptError::Transcript), "a ciphertext of zeros");
}

#[test]
fn a_bundle_of_another_version_or_type_or_without_kem_is_refused_though_it_fits_its_link() {
    let rng = &mut StdRng::seed_from_u64(10);
    let (_, link, sealed) = invite(rng);
    let bundle = plain_bundle(&link, &sealed);
    let opened = |bundle: &[u8]| link_of(bundle, &link).open_bundle(&sealed_bundle(bundle)).err();
    let with = |place: usize, byte: u8| {
        let mut bundle = bundle.clone();
        bundle[place] = byte;
        opened(&bundle)
    };
    assert_eq!(opened(&bundle), None);
    for version in [0, 2, 255] {
        assert_eq!(with(0, version), Some(BundleError::Malformed(DecodeError::Version)), "version {version}");
    }
    for kind in [0, 2, 255] {
        assert_eq!(with(1, kind), Some(BundleError::Malformed(DecodeError::Unknown)), "type {kind}");
    }
    assert_eq!(with(4095, 1), Some(BundleError::Malformed(DecodeError::Invalid)), "padding");
    // The key cut out, and what follows moved up.
    let without = [&bundle[..BUNDLE_KEM], &bundle[BUNDLE_MAILBOX..], &[0; BUNDLE_MAILBOX - BUNDLE_KEM]].concat();
    assert_eq!(opened(&without), Some(BundleError::Malformed(DecodeError::Invalid)));
}
