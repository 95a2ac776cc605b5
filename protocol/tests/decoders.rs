//! Every structure that somebody else writes has one encoding: what is longer, of another type, or has another value where
//! one is fixed, is refused by name. The honest bytes pass first; each seal fits.

mod formulas;
mod world;

use cairn_protocol::handshake::{AcceptError, ReplayGuard};
use cairn_protocol::invitation::{BundleError, Invitation};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::Session;
use cairn_protocol::snapshot::SnapshotError;
use cairn_protocol::wire::DecodeError::{self, Invalid, TooLong, Truncated};
use formulas::{INVITER, NOW, Roles, TAKER, Taking, body, link_of, plain_bundle, sealed_bundle, sha256};
use rand::SeedableRng;
use rand::rngs::StdRng;
use world::{Side, World, invite};

/// Bytes at a place, replaced.
type Change = (usize, &'static [u8], DecodeError);

fn with(bytes: &[u8], place: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + new.len()].copy_from_slice(new);
    bytes
}

/// relay.example.org: 2 bytes of length, 17 of host, port, pin; then a name.
fn address_changes(at: usize) -> [Change; 8] {
    [
        (at, &[0, 254], TooLong),
        (at, &[0, 0], Invalid),
        (at + 2, b"R", Invalid),
        (at + 2, b"/", Invalid),
        (at + 2, &[0xff], Invalid),
        (at + 19, &[0, 0], Invalid),
        (at + 37, &[0, 65], TooLong),
        (at + 39, &[0xff], Invalid),
    ]
}

#[test]
fn a_bundle_has_one_encoding() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (_, link, sealed) = invite(rng);
    let bundle = plain_bundle(&link, &sealed);
    let refused = |bundle: &[u8]| link_of(bundle, &link).open_bundle(&sealed_bundle(bundle)).err();
    assert_eq!(refused(&bundle), None);
    // Behind mailbox, capability, voucher and end.
    let address = 1698 + 3 * 32 + 8;
    let credential = address + 37 + 2 + 3;
    let others: [Change; 4] = [
        (0, &[2], DecodeError::Version),
        (1, &[2], DecodeError::Unknown),
        (credential, &[4, 1], TooLong),
        (4095, &[1], Invalid),
    ];
    for (place, new, error) in address_changes(address).into_iter().chain(others) {
        assert_eq!(refused(&with(&bundle, place, new)), Some(BundleError::Malformed(error)), "{new:?} at {place}");
    }
}

#[test]
fn the_private_part_of_a_first_envelope_has_one_encoding() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (ana, link, sealed) = invite(rng);
    let mut taking = Taking::new(&link, &sealed, rng);
    let honest = taking.private.clone();
    assert!(ana.accept(&taking.envelope()).is_ok());
    let others: [Change; 1] = [(1117, &[1], Invalid)];
    for (place, new, error) in address_changes(64).into_iter().chain(others) {
        taking.private = with(&honest, place, new);
        assert_eq!(ana.accept(&taking.envelope()).err(), Some(AcceptError::Malformed(error)), "{new:?} at {place}");
    }
}

#[test]
fn a_body_and_a_header_have_one_encoding() {
    let rng = &mut StdRng::seed_from_u64(3);
    let (ana, link, sealed) = invite(rng);
    let taking = Taking::new(&link, &sealed, rng);
    let mut session = ana.accept(&taking.envelope()).unwrap().session;
    let t = taking.transcript();
    let start = |role| sha256("history/start", &[&t, &[role]]);
    let honest = body(1, &start(TAKER), 0, &start(INVITER), "hello");
    let header = formulas::header(0, 0, &[&taking.public[1666..], &[4; 1088]]);
    let mut open = |header: &[u8], body: &[u8]| {
        let before = session.snapshot();
        let refused = session.decrypt(&taking.chain().seal(Roles::both(TAKER), &t, header, body), NOW).err();
        assert!(refused.is_none() || session.snapshot() == before);
        refused
    };
    // §7.1: number, index, count, shown, length, padding.
    let changes: [(usize, &[u8]); 8] =
        [(7, &[2]), (104, &[1]), (105, &[0]), (105, &[65]), (106, &[2]), (109, &[6, 42]), (1687, &[1]), (116, &[1])];
    for (place, new) in changes {
        assert_eq!(open(&header, &with(&honest, place, new)), Some(OpenError::Body), "{new:?} at {place}");
    }
    // §5.4: an index that ends the count, an agreement key and an encapsulation key that are not those of the chain.
    for (place, error) in [(4, OpenError::TooManySkipped), (8, OpenError::Header), (40, OpenError::Header)] {
        assert_eq!(open(&with(&header, place, &[0xff; 4]), &honest), Some(error), "header at {place}");
    }
    assert_eq!(open(&header, &honest), None);
}

#[test]
fn a_saved_state_has_one_encoding_and_is_taken_for_no_other() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (invitation, ..) = invite(rng);
    let mut world = World::new(4);
    let late = world.seal(Side::Taker, "late");
    let envelope = world.seal(Side::Taker, "x");
    world.open_text(Side::Inviter, &envelope);
    assert_ne!(late, envelope);
    let saved = [
        world.session(Side::Inviter).snapshot().to_vec(),
        invitation.snapshot().to_vec(),
        world.guard.snapshot().to_vec(),
    ];
    type Read = fn(&[u8]) -> Option<SnapshotError>;
    let read: [Read; 3] = [
        |bytes| Session::restore(bytes).err(),
        |bytes| Invitation::restore(bytes).err(),
        |bytes| ReplayGuard::restore(bytes).err(),
    ];
    for (one, read) in read.iter().enumerate() {
        for (other, bytes) in saved.iter().enumerate() {
            assert_eq!(read(bytes), (one != other).then_some(SnapshotError::Damaged), "{one} from {other}");
        }
        let bytes = &saved[one];
        assert_eq!(read(&[&bytes[..], &[0]].concat()), Some(SnapshotError::Damaged), "longer");
        assert_eq!(read(&bytes[..bytes.len() - 1]), Some(SnapshotError::Damaged), "shorter");
        assert_eq!(read(&with(bytes, 0, &[0])), Some(SnapshotError::Damaged), "no version");
        assert_eq!(read(&with(bytes, 0, &[2])), Some(SnapshotError::Newer));
    }
    assert_eq!(SnapshotError::from(Truncated), SnapshotError::Damaged);
}
