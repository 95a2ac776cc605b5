//! Invitation and handshake: the good way first, then one change, then the exact refusal.

mod world;

use cairn_protocol::address::{Host, Pin};
use cairn_protocol::handshake::{AcceptError, Replay, ReplayGuard, TakeError, take};
use cairn_protocol::identity::IdentitySecret;
use cairn_protocol::invitation::{BundleError, Invitation, Link, LinkError};
use cairn_protocol::primitives::hash;
use cairn_protocol::{base32, label};
use rand::SeedableRng;
use rand::rngs::StdRng;
use world::{Side, World, address, invite, offer, taker};

#[test]
fn a_link_survives_as_text_and_forgives_small_letters_and_line_breaks() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (_, link, _) = invite(rng);
    let text = link.to_string();
    let broken = text.to_lowercase().replace("cairn:", "cairn:\n ");
    for form in [text.clone(), broken] {
        let read: Link = form.parse().unwrap();
        assert_eq!((read.address(), read.slot(), read.to_string()), (&address(), link.slot(), text.clone()));
    }
}

#[test]
fn a_link_has_at_most_114_characters_of_the_qr_alphabet_for_hosts_of_up_to_21() {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut offer_address = address();
    offer_address.host = Host::new("abcdefghij.klmno.orgs").unwrap();
    offer_address.port = 65_535;
    let offer = cairn_protocol::invitation::Offer {
        name: "Ana".to_owned(),
        address: offer_address,
        mailbox: cairn_protocol::mailbox::MailboxId::random(rng),
        capability: cairn_protocol::token::SendCapability::random(rng),
        voucher: cairn_protocol::token::Voucher::random(rng),
        expires_at: 1,
    };
    let (_, link, _) = Invitation::create(rng, &offer).unwrap();
    let text = link.to_string();
    assert_eq!(text.len(), 113);
    assert!(text.bytes().all(|byte| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&byte)), "{text}");
}

#[test]
fn each_mistake_in_a_link_is_named() {
    let rng = &mut StdRng::seed_from_u64(3);
    let text = invite(rng).1.to_string();
    let parse = |text: &str| text.parse::<Link>().err();
    assert_eq!(parse("hello"), Some(LinkError::Form));
    assert_eq!(parse(&text.replace("CAIRN", "CARIN")), Some(LinkError::Form));
    assert_eq!(parse(&text[..text.len() - 1]), Some(LinkError::Checksum));
    assert_eq!(parse(&text.replace("RELAY", "RELAV")), Some(LinkError::Checksum));
    for place in text.len() - 85..text.len() {
        let mut typo = text.clone().into_bytes();
        typo[place] = if typo[place] == b'7' { b'8' } else { b'7' };
        assert_eq!(parse(core::str::from_utf8(&typo).unwrap()), Some(LinkError::Checksum), "place {place}");
    }
}

#[test]
fn a_link_of_a_newer_version_is_named_and_an_older_one_or_port_0_is_a_mistake() {
    let text = invite(&mut StdRng::seed_from_u64(15)).1.to_string();
    let (head, code) = text.split_once('/').unwrap();
    let host = head.strip_prefix("CAIRN:").unwrap().to_lowercase();
    let read = |place: usize, new: &[u8]| {
        let mut bytes = base32::decode::<53>(code).unwrap();
        bytes[place..place + new.len()].copy_from_slice(new);
        let checksum = hash(label::LINK_CHECKSUM, &[&bytes[..51], host.as_bytes()]);
        bytes[51..].copy_from_slice(&checksum[..2]);
        format!("{head}/{}", base32::encode(&bytes)).parse::<Link>().err()
    };
    assert_eq!(read(0, &[1]), None);
    assert_eq!(read(0, &[2]), Some(LinkError::Version));
    assert_eq!(read(0, &[0]), Some(LinkError::Checksum));
    assert_eq!(read(1, &[0, 0]), Some(LinkError::Checksum));
}

#[test]
fn a_changed_or_replaced_bundle_fails_against_the_links_hash() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (_, link, sealed) = invite(rng);
    assert_eq!(link.open_bundle(&sealed).unwrap().name(), "Ana");
    for byte in (0..sealed.len()).step_by(101).chain([sealed.len() - 1]) {
        let mut changed = sealed.clone();
        changed[byte] ^= 1;
        assert_eq!(link.open_bundle(&changed).err(), Some(BundleError::Altered), "byte {byte}");
    }
    let (_, _, other) = invite(rng);
    assert_eq!(link.open_bundle(&other).err(), Some(BundleError::Altered));
}

#[test]
fn a_link_that_names_another_relay_than_the_bundle_is_refused() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (invitation, _, sealed) = invite(rng);
    let text = invitation.link().to_string();
    assert!(text.parse::<Link>().unwrap().open_bundle(&sealed).is_ok());
    // The same secret under another pin, with a checksum that fits: only the bundle can tell.
    let moved = world::link_with_pin(&text, Pin::of(b"another"));
    assert_eq!(moved.open_bundle(&sealed).err(), Some(BundleError::Altered));
}

#[test]
fn a_first_envelope_with_any_flipped_bit_is_refused_and_the_original_is_accepted() {
    let rng = &mut StdRng::seed_from_u64(6);
    let (invitation, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let (_, first) = take(&link, &bundle, &taker(rng), rng).unwrap();
    for byte in (0..first.len()).step_by(17).chain([first.len() - 1]) {
        let mut changed = first.clone();
        changed[byte] ^= 0x80;
        assert_eq!(invitation.accept(&changed).err(), Some(AcceptError::NotFirst), "byte {byte}");
    }
    assert_eq!(invitation.accept(&first).unwrap().taker.name, "Dana");
}

#[test]
fn an_envelope_for_another_invitation_does_not_open() {
    let rng = &mut StdRng::seed_from_u64(7);
    let (invitation, ..) = invite(rng);
    let (_, other_link, other_sealed) = invite(rng);
    let bundle = other_link.open_bundle(&other_sealed).unwrap();
    let (_, first) = take(&other_link, &bundle, &taker(rng), rng).unwrap();
    assert_eq!(invitation.accept(&first).err(), Some(AcceptError::NotFirst));
}

#[test]
fn the_accepted_first_envelope_is_known_again_and_another_one_is_reported() {
    let mut world = World::new(8);
    let guard = ReplayGuard::restore(&world.guard.snapshot()).unwrap();
    assert_eq!(guard.check(&world.first.clone()), Some(Replay::Same));
    let envelope = world.seal(Side::Taker, "no first envelope");
    assert_eq!(guard.check(&envelope), None);

    let rng = &mut StdRng::seed_from_u64(8);
    let (invitation, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let (_, first) = take(&link, &bundle, &taker(rng), rng).unwrap();
    let (_, second) = take(&link, &bundle, &taker(rng), rng).unwrap();
    let guard = invitation.accept(&first).unwrap().guard;
    assert_eq!(guard.check(&first), Some(Replay::Same));
    assert_eq!(guard.check(&second), Some(Replay::Another));
}

#[test]
fn an_invitation_survives_a_snapshot_and_accepts_after_it() {
    let rng = &mut StdRng::seed_from_u64(9);
    let (invitation, link, sealed) = invite(rng);
    let restored = Invitation::restore(&invitation.snapshot()).unwrap();
    assert_eq!(restored.link().to_string(), link.to_string());
    let bundle = link.open_bundle(&sealed).unwrap();
    let (_, first) = take(&link, &bundle, &taker(rng), rng).unwrap();
    assert!(restored.accept(&first).is_ok());
}

#[test]
fn a_name_of_64_bytes_is_carried_on_both_sides_and_one_of_65_on_neither() {
    let rng = &mut StdRng::seed_from_u64(14);
    let (mut offer, mut taker) = (offer(rng), taker(rng));
    (offer.name, taker.name) = ("é".repeat(32), "é".repeat(32));
    let (invitation, link, sealed) = Invitation::create(rng, &offer).unwrap();
    let bundle = link.open_bundle(&sealed).unwrap();
    let (_, first) = take(&link, &bundle, &taker, rng).unwrap();
    assert_eq!(bundle.name(), offer.name);
    assert_eq!(invitation.accept(&first).unwrap().taker.name, taker.name);
    offer.name.push('x');
    taker.name.push('x');
    assert_eq!(Invitation::create(rng, &offer).err(), Some(BundleError::Name));
    assert_eq!(take(&link, &bundle, &taker, rng).err(), Some(TakeError::Name));
}

#[test]
fn two_contacts_of_one_person_share_no_key() {
    let rng = &mut StdRng::seed_from_u64(10);
    let (one, two) = (IdentitySecret::random(rng).public(), IdentitySecret::random(rng).public());
    assert!(one.signing != two.signing && one.agreement != two.agreement);
    let mut worlds = [World::new(11), World::new(12)];
    let [first, second] = &mut worlds;
    for side in [Side::Taker, Side::Inviter] {
        assert_ne!(first.session(side).ours(), second.session(side).ours());
    }
}

#[test]
fn secrets_are_not_printed() {
    let rng = &mut StdRng::seed_from_u64(13);
    let (invitation, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let mut world = World::new(13);
    let printed = format!("{invitation:?} {bundle:?} {:?} ", world.session(Side::Taker));
    let printed = printed + &format!("{:?}", world.guard);
    assert_eq!(printed, "Invitation(..) Bundle(..) Session(..) ReplayGuard(..)");
}
