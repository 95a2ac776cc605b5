//! Every place where a key comes in, and every kind of bad key: the good one first, one change, the exact refusal.
//!
//! The hand that sends a bad key does it well: it computes with the secret that such a key gives (zeros), so that without the
//! refusal all would open.
#![expect(clippy::unwrap_used, reason = "an attack that can't be made is a failed test")]

mod formulas;
mod world;

use cairn_protocol::handshake::{AcceptError, TakeError, take};
use cairn_protocol::invitation::{BundleError, Invitation};
use cairn_protocol::mailbox::OwnerKey;
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Kem768Ciphertext, Kem768Public, Kem1024Public, PrimitiveError, SigningPublic,
};
use cairn_protocol::ratchet::{OpenError, SealError};
use cairn_protocol::session::{EncryptError, Session};
use cairn_protocol::snapshot::SnapshotError;
use cairn_protocol::wire::DecodeError;
use cairn_protocol::wire::frame::EnvelopeBytes;
use curve25519_dalek::constants::EIGHT_TORSION;
use formulas::{
    BUNDLE_IDENTITY, BUNDLE_KEM, BUNDLE_MAILBOX, BUNDLE_PREKEY, Chain, INVITER, NOW, Roles, StepKeys, TAKER, Taking,
    array, body, hybrid_step, link_of, link_secret, open_first, open_header, plain_bundle, seal_first, sealed_bundle,
    sha256,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use world::{Side, World, invite, taker};

// Where keys stand in the public part of a first envelope (§4.2).
const SIGNING: usize = 2;
const IDENTITY: usize = 34;
const EPHEMERAL: usize = 66;
const RATCHET: usize = 1666;
const RATCHET_KEM: usize = 1698;

/// Every encoding of a point of low order that X25519 takes (RFC 7748 §5): the eight points of the curve have four
/// u-coordinates, the twist adds −1; 0 and 1 have a second encoding above the prime; and the highest bit is ignored.
fn low_order() -> Vec<[u8; 32]> {
    let above = |low: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (low, 0x7f);
        bytes
    };
    let mut all: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.to_montgomery().to_bytes()).collect();
    // p − 1, p, p + 1.
    all.extend([above(0xec), above(0xed), above(0xee)]);
    all.sort_unstable();
    all.dedup();
    all.extend(all.clone().into_iter().map(|mut bytes| {
        bytes[31] |= 0x80;
        bytes
    }));
    assert_eq!(all.len(), 14);
    all
}

#[test]
fn every_encoding_of_low_order_gives_nothing_secret_with_any_key() {
    let rng = &mut StdRng::seed_from_u64(1);
    for _ in 0..16 {
        let (ours, good) = (AgreementSecret::random(rng), AgreementSecret::random(rng).public());
        assert!(ours.agree(&good).is_ok());
        for low in low_order() {
            let refused = ours.agree(&AgreementPublic::from_bytes(low)).err();
            assert_eq!(refused, Some(PrimitiveError::AllZero), "{low:02x?}");
        }
    }
}

#[test]
fn a_low_order_key_in_a_bundle_is_refused_by_its_taker() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (_, link, sealed) = invite(rng);
    let bundle = plain_bundle(&link, &sealed);
    let mut taken = |bundle: &[u8]| {
        let link = link_of(bundle, &link);
        let opened = link.open_bundle(&sealed_bundle(bundle)).unwrap();
        take(&link, &opened, &taker(rng), rng).err()
    };
    assert_eq!(taken(&bundle), None);
    for place in [BUNDLE_IDENTITY + 32, BUNDLE_PREKEY] {
        for low in low_order() {
            let mut bundle = bundle.clone();
            bundle[place..place + 32].copy_from_slice(&low);
            assert_eq!(taken(&bundle), Some(TakeError::Primitive(PrimitiveError::AllZero)), "{place} {low:02x?}");
        }
    }
}

#[test]
fn a_low_order_key_in_a_first_envelope_is_refused_by_the_inviter() {
    let rng = &mut StdRng::seed_from_u64(3);
    let (ana, link, sealed) = invite(rng);
    let mut taking = Taking::new(&link, &sealed, rng);
    assert_eq!(ana.accept(&taking.envelope()).err(), None);
    let good = (taking.public.clone(), taking.shared.clone());
    for (place, zeros) in [(IDENTITY, &[0][..]), (EPHEMERAL, &[1, 2]), (RATCHET, &[])] {
        for low in low_order() {
            (taking.public, taking.shared) = good.clone();
            taking.public[place..place + 32].copy_from_slice(&low);
            zeros.iter().for_each(|secret| taking.shared[*secret] = [0; 32]);
            let refused = ana.accept(&taking.envelope()).err();
            assert_eq!(refused, Some(AcceptError::Primitive(PrimitiveError::AllZero)), "{place} {low:02x?}");
        }
    }
    // The invitation is as it was.
    (taking.public, taking.shared) = good;
    assert_eq!(ana.accept(&taking.envelope()).err(), None);
}

/// What the one who steps puts into its header, and the shared secrets that it computes with.
#[derive(Clone)]
struct Step {
    root: [u8; 32],
    header_key: [u8; 32],
    role: u8,
    old: (Vec<u8>, Vec<u8>),
    new: (Vec<u8>, Vec<u8>),
    ciphertext: Vec<u8>,
    agreed: [u8; 32],
    encapsulated: [u8; 32],
}

impl Step {
    /// An honest step towards the keys of the peer.
    fn new(root: [u8; 32], header_key: [u8; 32], role: u8, old: (&[u8], &[u8]), rng: &mut StdRng) -> Self {
        let (d, _, new_d, new_ek) = formulas::pair(rng);
        let (ct, ss) = Kem768Public::from_bytes(&array(old.1)).unwrap().encapsulate(rng);
        let agreed = *d.agree(&AgreementPublic::from_bytes(array(old.0))).unwrap().expose();
        let new = (new_d.as_bytes().to_vec(), new_ek.as_bytes().to_vec());
        let (old, ciphertext) = ((old.0.to_vec(), old.1.to_vec()), ct.as_bytes().to_vec());
        Self { root, header_key, role, old, new, ciphertext, agreed, encapsulated: *ss.expose() }
    }

    /// RK', CK, NHK (§5.2).
    fn keys(&self) -> [[u8; 32]; 3] {
        let keys = StepKeys {
            role: self.role,
            new: (&self.new.0, &self.new.1),
            old: (&self.old.0, &self.old.1),
            ciphertext: &self.ciphertext,
        };
        hybrid_step(&self.root, &[&self.agreed, &self.encapsulated], &keys)
    }

    /// The first envelope of the new chain, first in its direction.
    fn envelope(&self, transcript: &[u8; 32], header: &[u8]) -> EnvelopeBytes {
        let start = |role| sha256("history/start", &[transcript, &[role]]);
        let other = if self.role == TAKER { INVITER } else { TAKER };
        let text = body(1, &start(self.role), 0, &start(other), "hello");
        let mut chain = Chain { header: self.header_key, chain: self.keys()[1] };
        chain.seal(Roles::both(self.role), transcript, header, &text)
    }

    fn honest(&self, transcript: &[u8; 32]) -> EnvelopeBytes {
        self.envelope(transcript, &formulas::header(0, 0, &[&self.new.0, &self.new.1, &self.ciphertext]))
    }
}

/// A taker's session, and the page's first step of the inviter towards it.
fn step_to_taker(rng: &mut StdRng) -> (Session, Step, [u8; 32]) {
    let (ana, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let (dana, first) = take(&link, &bundle, &taker(rng), rng).unwrap();
    let plain = open_first(&link_secret(&link), &first);
    // The inviter's private half, from its saved invitation.
    let saved = ana.snapshot();
    let secret = |at: usize| {
        AgreementSecret::from_secret(&cairn_protocol::secret::Secret::from_bytes(array(&saved[at..at + 32])))
    };
    let (identity, prekey) = (secret(34), secret(66));
    let kem = cairn_protocol::primitives::Kem1024Secret::from_seed(array(&saved[98..162]));
    let mut taking = Taking::new(&link, &sealed, rng);
    taking.public = plain[..formulas::PUBLIC].to_vec();
    let key = |at: usize| AgreementPublic::from_bytes(array(&plain[at..at + 32]));
    let ct = cairn_protocol::primitives::Kem1024Ciphertext::from_bytes(&array(&plain[98..RATCHET]));
    let agreed = [prekey.agree(&key(IDENTITY)), identity.agree(&key(EPHEMERAL)), prekey.agree(&key(EPHEMERAL))];
    taking.shared = agreed.map(|agreed| *agreed.unwrap().expose()).to_vec();
    taking.shared.push(*kem.decapsulate(&ct).expose());
    let (root, next) = (taking.output("handshake/root-key"), taking.output("handshake/next-header-key-inviter"));
    let old = (&plain[RATCHET..RATCHET_KEM], &plain[RATCHET_KEM..formulas::PUBLIC]);
    (dana, Step::new(root, next, INVITER, old, rng), taking.transcript())
}

/// An inviter's session that has written, and the page's first step of the taker towards it.
fn step_to_inviter(rng: &mut StdRng) -> (Session, Step, [u8; 32]) {
    let (ana, link, sealed) = invite(rng);
    let taking = Taking::new(&link, &sealed, rng);
    let mut ana = ana.accept(&taking.envelope()).unwrap().session;
    let hello = world::piece(rng, "hello");
    let hello = ana.encrypt(rng, &hello, NOW * 1000).unwrap().envelope;
    let t = taking.transcript();
    let theirs = open_header(&taking.output("handshake/next-header-key-inviter"), INVITER, &t, &hello).unwrap();
    let (new, ct) = ((&theirs[8..40], &theirs[40..1224]), &theirs[1224..]);
    let agreed = taking.d.agree(&AgreementPublic::from_bytes(array(new.0))).unwrap();
    let ss = taking.kem.decapsulate(&Kem768Ciphertext::from_bytes(&array(ct)));
    let ours = (&taking.public[RATCHET..RATCHET_KEM], &taking.public[RATCHET_KEM..]);
    let keys = StepKeys { role: INVITER, new, old: ours, ciphertext: ct };
    let [root, ..] = hybrid_step(&taking.output("handshake/root-key"), &[agreed.expose(), ss.expose()], &keys);
    let next = taking.output("handshake/next-header-key-taker");
    (ana, Step::new(root, next, TAKER, new, rng), t)
}

#[test]
fn a_low_order_key_in_a_later_header_is_refused_by_both_roles_without_a_change() {
    let rng = &mut StdRng::seed_from_u64(4);
    for (mut session, step, t) in [step_to_taker(rng), step_to_inviter(rng)] {
        let before = session.snapshot();
        for low in low_order() {
            let forged = Step { new: (low.to_vec(), step.new.1.clone()), agreed: [0; 32], ..step.clone() };
            assert_eq!(session.decrypt(&forged.honest(&t), NOW).err(), Some(OpenError::Header), "{low:02x?}");
            assert_eq!(session.snapshot(), before);
        }
        assert!(session.decrypt(&step.honest(&t), NOW).is_ok(), "the honest step opens");
    }
}

/// The places of some bytes in a snapshot.
fn places(snapshot: &[u8], bytes: &[u8]) -> Vec<usize> {
    (0..snapshot.len()).filter(|at| snapshot[*at..].starts_with(bytes)).collect()
}

#[test]
fn a_low_order_key_in_a_snapshot_is_refused_when_it_would_be_used() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (ana, link, sealed) = invite(rng);
    let taking = Taking::new(&link, &sealed, rng);
    let saved = ana.accept(&taking.envelope()).unwrap().session.snapshot();
    let [place] = places(&saved, &taking.public[RATCHET..RATCHET_KEM])[..] else {
        unreachable!("the taker's key stands once")
    };
    let piece = world::piece(rng, "hello");
    assert!(Session::restore(&saved).unwrap().encrypt(rng, &piece, 1).is_ok());
    for low in low_order() {
        let mut saved = saved.to_vec();
        saved[place..place + 32].copy_from_slice(&low);
        let mut session = Session::restore(&saved).unwrap();
        let refused = session.encrypt(rng, &piece, 1).err();
        assert_eq!(refused, Some(EncryptError::Seal(SealError::Primitive(PrimitiveError::AllZero))), "{low:02x?}");
        assert_eq!(*session.snapshot(), saved, "and nothing moved");
    }
}

/// A weak Ed25519 key, one in a second encoding (y = p + 3, sign 0) and bytes that are no point (y = 2).
fn bad_signing_keys() -> [[u8; 32]; 3] {
    let (mut weak, mut second, mut off) = ([0; 32], [0xff; 32], [0; 32]);
    (weak[0], off[0]) = (1, 2);
    (second[0], second[31]) = (0xed + 3, 0x7f);
    [weak, second, off]
}

#[test]
fn a_bad_signature_key_is_refused_in_bundle_first_envelope_snapshot_and_mailbox() {
    let rng = &mut StdRng::seed_from_u64(6);
    let (ana, link, sealed) = invite(rng);
    let (bundle, saved) = (plain_bundle(&link, &sealed), ana.snapshot());
    let mut taking = Taking::new(&link, &sealed, rng);
    let session = ana.accept(&taking.envelope()).unwrap().session;
    let (session_saved, public) = (session.snapshot(), taking.public.clone());
    let with = |bytes: &[u8], place: usize, key: &[u8; 32]| {
        let mut bytes = bytes.to_vec();
        bytes[place..place + 32].copy_from_slice(key);
        bytes
    };
    for bad in bad_signing_keys() {
        assert_eq!(SigningPublic::from_bytes(&bad), Err(PrimitiveError::WeakKey));
        assert_eq!(OwnerKey::from_bytes(&bad), Err(PrimitiveError::WeakKey));
        let changed = with(&bundle, BUNDLE_IDENTITY, &bad);
        let refused = link_of(&changed, &link).open_bundle(&sealed_bundle(&changed)).err();
        assert_eq!(refused, Some(BundleError::Malformed(DecodeError::Invalid)));
        taking.public = with(&public, SIGNING, &bad);
        assert_eq!(ana.accept(&taking.envelope()).err(), Some(AcceptError::Malformed(DecodeError::Invalid)));
        // A saved invitation has its bundle behind 162 bytes, a saved session both identities behind 2.
        assert_eq!(Invitation::restore(&with(&saved, 162 + BUNDLE_IDENTITY, &bad)).err(), Some(SnapshotError::Damaged));
        for place in [2, 66] {
            let refused = Session::restore(&with(&session_saved, place, &bad)).err();
            assert_eq!(refused, Some(SnapshotError::Damaged));
        }
    }
    assert!(Invitation::restore(&saved).is_ok() && Session::restore(&session_saved).is_ok());
}

/// Sets the first, a middle or the last coefficient of an encapsulation key to q, the smallest that is out of range.
fn out_of_range(key: &[u8]) -> Vec<Vec<u8>> {
    let coefficients = (key.len() - 32) * 2 / 3;
    let changed = [0, coefficients / 2, coefficients - 1].into_iter().map(|place| {
        let (mut key, at) = (key.to_vec(), place / 2 * 3);
        if place.is_multiple_of(2) {
            key[at] = 0x01;
            key[at + 1] = key[at + 1] & 0xf0 | 0x0d;
        } else {
            key[at + 1] = key[at + 1] & 0x0f | 0x10;
            key[at + 2] = 0xd0;
        }
        key
    });
    changed.collect()
}

#[test]
fn an_encapsulation_key_out_of_range_is_refused_in_bundle_and_saved_invitation() {
    let rng = &mut StdRng::seed_from_u64(7);
    let (ana, link, sealed) = invite(rng);
    let (bundle, saved) = (plain_bundle(&link, &sealed), ana.snapshot());
    assert!(link.open_bundle(&sealed).is_ok() && Invitation::restore(&saved).is_ok());
    for bad in out_of_range(&bundle[BUNDLE_KEM..BUNDLE_MAILBOX]) {
        assert_eq!(Kem1024Public::from_bytes(&array(&bad)).err(), Some(PrimitiveError::Encapsulation));
        let (mut bundle, mut saved) = (bundle.clone(), saved.to_vec());
        bundle[BUNDLE_KEM..BUNDLE_MAILBOX].copy_from_slice(&bad);
        let refused = link_of(&bundle, &link).open_bundle(&sealed_bundle(&bundle)).err();
        assert_eq!(refused, Some(BundleError::Malformed(DecodeError::Invalid)));
        saved[162..162 + bundle.len()].copy_from_slice(&bundle);
        assert_eq!(Invitation::restore(&saved).err(), Some(SnapshotError::Damaged));
    }
}

#[test]
fn an_encapsulation_key_out_of_range_is_refused_in_first_envelope_later_header_and_saved_session() {
    let rng = &mut StdRng::seed_from_u64(8);
    let (ana, link, sealed) = invite(rng);
    let mut taking = Taking::new(&link, &sealed, rng);
    let (public, session) = (taking.public.clone(), ana.accept(&taking.envelope()).unwrap().session);
    let saved = session.snapshot();
    let [place] = places(&saved, &public[RATCHET_KEM..])[..] else { unreachable!("the taker's key stands once") };
    for bad in out_of_range(&public[RATCHET_KEM..]) {
        assert_eq!(Kem768Public::from_bytes(&array(&bad)).err(), Some(PrimitiveError::Encapsulation));
        taking.public[RATCHET_KEM..].copy_from_slice(&bad);
        assert_eq!(ana.accept(&taking.envelope()).err(), Some(AcceptError::Malformed(DecodeError::Invalid)));
        let mut saved = saved.to_vec();
        saved[place..place + bad.len()].copy_from_slice(&bad);
        assert_eq!(Session::restore(&saved).err(), Some(SnapshotError::Damaged));
    }

    for (mut session, step, t) in [step_to_taker(rng), step_to_inviter(rng)] {
        let before = session.snapshot();
        for bad in out_of_range(&step.new.1) {
            let forged = Step { new: (step.new.0.clone(), bad), ..step.clone() };
            assert_eq!(session.decrypt(&forged.honest(&t), NOW).err(), Some(OpenError::Header));
            assert_eq!(session.snapshot(), before);
        }
        assert!(session.decrypt(&step.honest(&t), NOW).is_ok(), "the honest step opens");
        // Our own key, which our headers repeat, and then the peer's: damaged on disk.
        for (saved, key) in [(before, &step.old.1), (session.snapshot(), &step.new.1)] {
            let [place] = places(&saved, key)[..] else { unreachable!("each key stands once") };
            assert!(Session::restore(&saved).is_ok());
            for bad in out_of_range(key) {
                let mut saved = saved.to_vec();
                saved[place..place + bad.len()].copy_from_slice(&bad);
                assert_eq!(Session::restore(&saved).err(), Some(SnapshotError::Damaged));
            }
        }
    }
}

fn swapped(bytes: &[u8], one: usize, two: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for offset in 0..32 {
        bytes.swap(one + offset, two + offset);
    }
    bytes
}

#[test]
fn two_keys_that_changed_places_in_a_bundle_are_refused_though_the_inviter_wrote_it() {
    // Ed25519, X25519, P, the matrix seed of K: 32 bytes each.
    let keys = [BUNDLE_IDENTITY, BUNDLE_IDENTITY + 32, BUNDLE_PREKEY, BUNDLE_MAILBOX - 32];
    let (mut by_its_form, mut by_its_secrets) = (0, 0);
    for seed in 0..8 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (ana, ..) = invite(rng);
        let saved = ana.snapshot();
        let mut outcome = |saved: &[u8]| -> Option<AcceptError> {
            // A bundle that can't be read: a key of agreement is a point of the signature's curve every other time.
            let Ok(ana) = Invitation::restore(saved) else { return Some(AcceptError::NotFirst) };
            let (link, sealed) = (ana.link(), sealed_bundle(&saved[162..]));
            let (_, first) = take(&link, &link.open_bundle(&sealed).unwrap(), &taker(rng), rng).unwrap();
            ana.accept(&first).err()
        };
        assert_eq!(outcome(&saved), None);
        for (at, one) in keys.into_iter().enumerate() {
            for two in &keys[at + 1..] {
                match outcome(&swapped(&saved, 162 + one, 162 + two)) {
                    Some(AcceptError::NotFirst) => by_its_form += 1,
                    other => {
                        assert_eq!(other, Some(AcceptError::Transcript), "{one} and {two}");
                        by_its_secrets += 1;
                    }
                }
            }
        }
    }
    assert!(by_its_form > 0 && by_its_secrets > 0, "{by_its_form} and {by_its_secrets}");
}

#[test]
fn two_keys_that_changed_places_in_a_first_envelope_are_refused() {
    // Ed25519, X25519, E, the head of the ciphertext, D, the matrix seed of ek.
    let keys = [SIGNING, IDENTITY, EPHEMERAL, 98, RATCHET, formulas::PUBLIC - 32];
    let mut seen = [0; 2];
    for seed in 0..4 {
        let rng = &mut StdRng::seed_from_u64(100 + seed);
        let (ana, link, sealed) = invite(rng);
        let (_, first) = take(&link, &link.open_bundle(&sealed).unwrap(), &taker(rng), rng).unwrap();
        let l = link_secret(&link);
        let plain = open_first(&l, &first);
        assert_eq!(ana.accept(&seal_first(&l, &[1; 32], &plain)).err(), None);
        for (at, one) in keys.into_iter().enumerate() {
            for two in &keys[at + 1..] {
                let refused = ana.accept(&seal_first(&l, &[1; 32], &swapped(&plain, one, *two))).err();
                let by_its_form = refused == Some(AcceptError::Malformed(DecodeError::Invalid)) && one == SIGNING;
                assert!(by_its_form || refused == Some(AcceptError::Transcript), "{one} and {two}: {refused:?}");
                seen[usize::from(by_its_form)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn two_keys_that_changed_places_in_a_header_are_refused() {
    let rng = &mut StdRng::seed_from_u64(9);
    for (mut session, step, t) in [step_to_taker(rng), step_to_inviter(rng)] {
        let header = formulas::header(0, 0, &[&step.new.0, &step.new.1, &step.ciphertext]);
        // D, the matrix seed of ek, the head of the ciphertext.
        for (one, two) in [(8, 1192), (8, 1224), (1192, 1224)] {
            let forged = step.envelope(&t, &swapped(&header, one, two));
            assert_eq!(session.decrypt(&forged, NOW).err(), Some(OpenError::Commitment), "{one} and {two}");
        }
        assert!(session.decrypt(&step.envelope(&t, &header), NOW).is_ok());
    }
}

#[test]
fn the_bytes_of_one_kind_of_private_key_give_another_public_key_as_another_kind() {
    let bytes = cairn_protocol::secret::Secret::from_bytes([7; 32]);
    let agreement = AgreementSecret::from_secret(&bytes).public();
    let signing = cairn_protocol::primitives::SigningSecret::from_secret(&bytes).public();
    assert_ne!(agreement.as_bytes(), signing.as_bytes());
    let mut world = World::new(10);
    for side in [Side::Taker, Side::Inviter] {
        let ours = *world.session(side).ours();
        assert_ne!(ours.signing.as_bytes(), ours.agreement.as_bytes());
    }
}
