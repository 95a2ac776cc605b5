//! Everything that both sides know enters the transcript: one byte of it that differs, on either side or on the way, and
//! there is no session. The outer seal fits each time, made by a hand that knows the link.
//!
//! An acceptance costs four agreements and a decapsulation, a millisecond in all: one bit is flipped in the first and the
//! last byte of each field and in every 16th between. That every byte enters the hash is tested beside it.

mod formulas;
mod world;

use cairn_protocol::handshake::AcceptError;
use cairn_protocol::primitives::{Kem768Public, SigningPublic};
use cairn_protocol::wire::DecodeError;
use formulas::{INVITER, PUBLIC, TAKER, Taking, array, hkdf, labelled, open_first, seal_first, sealed, sha256};
use rand::SeedableRng;
use rand::rngs::StdRng;
use world::invite;

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1 << (place % 8);
    bytes
}

/// The edges of fields that lie one behind the other, and every 16th byte.
fn places(fields: &[usize]) -> Vec<usize> {
    let mut start = 0;
    let mut places = Vec::new();
    for field in fields {
        let end = start + field;
        places.extend([start, end - 1].into_iter().chain((start..end).step_by(16)));
        start = end;
    }
    places
}

const PUBLIC_FIELDS: [usize; 8] = [1, 1, 32, 32, 32, 1568, 32, 1184];

#[test]
fn a_taker_whose_transcript_differs_in_any_field_is_refused() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (ana, link, sealed_bundle) = invite(rng);
    let taking = Taking::new(&link, &sealed_bundle, rng);
    // §4.2, field by field: role, bundle, role, public part, pin, L. Everything else of the taker is right.
    let view = [&[INVITER][..], &taking.bundle, &[TAKER], &taking.public, &taking.pin, &taking.l].concat();
    assert_eq!(view.len(), 1 + 4096 + 1 + PUBLIC + 16 + 32);
    let psk = hkdf(&[], &[&taking.l], "handshake/pre-shared-key", &[]);
    let ikm: Vec<&[u8]> = taking.shared.iter().chain([&psk]).map(<[u8; 32]>::as_slice).collect();
    let refused = |view: &[u8]| {
        let t = sha256("handshake/transcript", &[view]);
        let key = hkdf(&t, &ikm, "first-envelope/private-key", &[]);
        let private = sealed(key, &labelled("first-envelope/private-data", &[&t]), &taking.private);
        ana.accept(&seal_first(&taking.l, &[9; 32], &[&taking.public[..], &private].concat())).err()
    };
    assert_eq!(refused(&view), None);
    // Version, type, random, identity, prekey, KEM, mailbox, capability, voucher, end, address, name, credential, padding.
    let bundle = [1, 1, 32, 32, 32, 32, 1568, 32, 32, 32, 8, 2 + 17 + 2 + 16, 2 + 3, 2, 2250];
    let fields = [&[1][..], &bundle, &[1], &PUBLIC_FIELDS, &[16, 32]].concat();
    assert_eq!(fields.iter().sum::<usize>(), view.len());
    for place in places(&fields) {
        assert_eq!(refused(&flipped(&view, place)), Some(AcceptError::Transcript), "byte {place}");
    }
}

#[test]
fn a_first_envelope_with_any_field_changed_inside_its_seal_is_refused() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (ana, link, sealed_bundle) = invite(rng);
    let taking = Taking::new(&link, &sealed_bundle, rng);
    let plain = open_first(&taking.l, &taking.envelope());
    let refused = |plain: &[u8]| ana.accept(&seal_first(&taking.l, &[9; 32], plain)).err();
    assert_eq!(refused(&plain), None);
    let private = [32, 32, 2 + 17 + 2 + 16, 2 + 4, 1011, 16];
    let fields = [&PUBLIC_FIELDS[..], &private].concat();
    assert_eq!(fields.iter().sum::<usize>(), plain.len());
    for place in places(&fields) {
        let plain = flipped(&plain, place);
        // Version, role, a key that is none; whatever else can be read is bound by the transcript.
        let readable = match place {
            0 => Err(DecodeError::Version),
            1 => Err(DecodeError::Invalid),
            2..34 => SigningPublic::from_bytes(&array(&plain[2..34])).map(drop).map_err(|_| DecodeError::Invalid),
            1698..PUBLIC => {
                Kem768Public::from_bytes(&array(&plain[1698..PUBLIC])).map(drop).map_err(|_| DecodeError::Invalid)
            }
            _ => Ok(()),
        };
        let error = readable.map_or_else(AcceptError::Malformed, |()| AcceptError::Transcript);
        assert_eq!(refused(&plain), Some(error), "byte {place}");
    }
}
