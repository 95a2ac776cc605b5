//! Bundles and first envelopes: changed on their way, and written by somebody who holds the link.

use super::edited;
use super::peer::{data_of, derived, sealed};
use super::world::{World, taker_of};
use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::handshake::{AcceptError, Replay, ReplayGuard, take};
use cairn_protocol::invitation::{BundleError, Link};
use cairn_protocol::limits::{BUNDLE, ENVELOPE};
use cairn_protocol::primitives::{AgreementPublic, AgreementSecret, Kem768Secret, Kem1024Public, hash};
use cairn_protocol::secret::Secret;
use cairn_protocol::wire::Reader;
use cairn_protocol::{base32, label};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::LazyLock;

/// Where the parts of a bundle are (protocol.md §3.1).
const SIGNING: std::ops::Range<usize> = 34..66;
const AGREEMENT: std::ops::Range<usize> = 66..98;
const PREKEY: std::ops::Range<usize> = 98..130;
const KEM: std::ops::Range<usize> = 130..1698;
const ADDRESS: usize = 1802;

static WORLD: LazyLock<World> = LazyLock::new(World::new);
static BUNDLE_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| WORLD.invitation.snapshot()[162..162 + BUNDLE].to_vec());

/// The address block of a bundle or of a private part: host, port, pin.
fn address_at(bytes: &[u8]) -> Option<(RelayAddress, Reader<'_>)> {
    let mut reader = Reader::new(bytes);
    let text = reader.text(253).ok()?;
    let host = Host::new(text).ok()?;
    let (port, pin) = (reader.u16().ok()?, Pin(reader.array().ok()?));
    (host.as_str() == text && port > 0).then_some((RelayAddress { host, port, pin }, reader))
}

/// A link with any secret (§3.3).
fn link_to(address: &RelayAddress, secret: &[u8; 32]) -> Link {
    let host = address.host.as_str();
    let fields = [&[1][..], &address.port.to_be_bytes(), &address.pin.0, secret].concat();
    let checksum = hash(label::LINK_CHECKSUM, &[&fields, host.as_bytes()]);
    let code = base32::encode(&[&fields, &checksum[..2]].concat());
    format!("CAIRN:{}/{code}", host.to_ascii_uppercase()).parse().unwrap()
}

/// What follows the address: name, in a bundle a credential, zeros. The name, if all of it is as the page says.
fn name_at(mut reader: Reader<'_>, credential: bool) -> Option<&str> {
    let name = reader.text(64).ok()?;
    if credential {
        reader.block(1024).ok()?;
    }
    reader.padding().ok().map(|()| name)
}

/// A bundle that opens is what the page says, and a bundle that is what the page says opens.
pub(super) fn bundle(data: &[u8]) -> bool {
    let bytes = edited(&BUNDLE_BYTES, data);
    let secret = hash(label::BUNDLE_HASH, &[&bytes]);
    let address = address_at(&bytes[ADDRESS..]);
    let link = link_to(address.as_ref().map_or(WORLD.link.address(), |(address, _)| address), &secret);
    let key = derived(&[], &[&secret], label::BUNDLE_KEY);
    let sealed = Box::new(sealed(&key, &data_of(label::BUNDLE_DATA, &[]), &bytes).try_into().unwrap());
    let name = address.clone().and_then(|(_, reader)| name_at(reader, true));
    let keys = bytes[SIGNING] == BUNDLE_BYTES[SIGNING] && bytes[KEM] == BUNDLE_BYTES[KEM];
    let right = bytes[..2] == [1, 1] && name.is_some();

    let opened = link.open_bundle(&sealed);
    assert!(opened.is_ok() == right || !keys, "keys that were written over may be good or bad");
    let bundle = match opened {
        Ok(bundle) => bundle,
        Err(error) => {
            assert!(matches!(error, BundleError::Malformed(_)), "{error:?}");
            return false;
        }
    };
    let offer = bundle.offer();
    assert_eq!((Some(&offer.address), Some(bundle.name())), (address.as_ref().map(|(address, _)| address), name));
    assert_eq!(
        [&offer.mailbox.as_bytes()[..], offer.capability.expose(), offer.voucher.expose()].concat(),
        bytes[1698..1794]
    );
    assert_eq!(offer.expires_at.to_be_bytes(), bytes[1794..ADDRESS]);
    // Taken or not, by a key that gives nothing: either way without a panic.
    let rng = &mut StdRng::seed_from_u64(3);
    let taken = take(&link, &bundle, &taker_of(rng), rng).is_ok();
    assert!(taken || bytes[AGREEMENT] != BUNDLE_BYTES[AGREEMENT] || bytes[PREKEY] != BUNDLE_BYTES[PREKEY]);
    true
}

/// A taker by hand, who holds the link and writes what the fuzzer says.
struct Hand {
    /// Public part, 2,882 bytes, and private part, 1,118.
    template: Vec<u8>,
    shared: Vec<u8>,
    secret: [u8; 32],
}

static HAND: LazyLock<Hand> = LazyLock::new(|| {
    let rng = &mut StdRng::seed_from_u64(4);
    let bundle = &BUNDLE_BYTES;
    let key = |at: std::ops::Range<usize>| AgreementPublic::from_bytes(bundle[at].try_into().unwrap());
    let (identity, ephemeral) = (AgreementSecret::random(rng), AgreementSecret::random(rng));
    let (pair, encapsulation) = (AgreementSecret::random(rng), Kem768Secret::random(rng));
    let kem = Kem1024Public::from_bytes(bundle[KEM].try_into().unwrap()).unwrap();
    let (ciphertext, encapsulated) = kem.encapsulate(rng);
    let shared = [
        identity.agree(&key(PREKEY)).unwrap(),
        ephemeral.agree(&key(AGREEMENT)).unwrap(),
        ephemeral.agree(&key(PREKEY)).unwrap(),
        encapsulated,
    ];
    let taker = taker_of(rng);
    // A signature key that is good, whoever holds it: the inviter's.
    let mut template = [&[1, 2][..], &bundle[SIGNING], identity.public().as_bytes()].concat();
    template.extend_from_slice(ephemeral.public().as_bytes());
    template.extend_from_slice(ciphertext.as_bytes());
    template.extend_from_slice(pair.public().as_bytes());
    template.extend_from_slice(encapsulation.public().as_bytes());
    assert_eq!(template.len(), 2882);
    template.extend_from_slice(taker.mailbox.as_bytes());
    template.extend_from_slice(taker.capability.expose());
    // The address as the bundle has it.
    let (_, behind) = address_at(&bundle[ADDRESS..]).unwrap();
    let end = BUNDLE - (0..).take_while(|n| behind.clone().bytes(n + 1).is_ok()).count();
    template.extend_from_slice(&bundle[ADDRESS..end]);
    template.extend_from_slice(b"\x00\x04Dana");
    template.resize(4000, 0);
    let shared = shared.iter().flat_map(Secret::expose).copied().collect();
    Hand { template, shared, secret: hash(label::BUNDLE_HASH, &[bundle]) }
});

/// A first envelope whose seals are right is accepted exactly if both of its parts are what the page says.
pub(super) fn first_envelope(data: &[u8]) -> bool {
    let hand = &*HAND;
    let bytes = edited(&hand.template, data);
    let (public, private) = bytes.split_at(2882);
    let pin = WORLD.link.address().pin.0;
    // §4.2, §4.3
    let transcript = hash(label::HANDSHAKE_TRANSCRIPT, &[&[1], &BUNDLE_BYTES, &[2], public, &pin, &hand.secret]);
    let psk = derived(&[], &[&hand.secret], label::HANDSHAKE_PSK);
    let private_key = derived(&transcript, &[&hand.shared, psk.expose()], label::FIRST_PRIVATE_KEY);
    let private_sealed = sealed(&private_key, &data_of(label::FIRST_PRIVATE_DATA, &[&transcript]), private);
    // §4.4
    let (salt, first) = ([9; 32], derived(&[], &[&hand.secret], label::FIRST_KEY));
    let commitment = derived(&salt, &[first.expose()], label::FIRST_COMMITMENT);
    let outer = derived(&salt, &[first.expose()], label::FIRST_SEAL);
    let plain = [public, &private_sealed].concat();
    let rest = sealed(&outer, &data_of(label::FIRST_DATA, &[commitment.expose()]), &plain);
    let envelope: [u8; ENVELOPE] = [&salt[..], commitment.expose(), &rest].concat().try_into().unwrap();

    // The agreements are those of the template. RFC 7748 §5: the highest bit of a key is not looked at.
    let agreed = |bytes: &[u8]| {
        let mut agreed = [&bytes[..2], &bytes[34..1666]].concat();
        for key in [2, 34] {
            agreed[key + 31] &= 127;
        }
        agreed
    };
    let same = |range: std::ops::Range<usize>| bytes[range.clone()] == hand.template[range];
    let address = address_at(&private[64..]);
    let name = address.clone().and_then(|(_, reader)| name_at(reader, false));
    let right = agreed(&bytes) == agreed(&hand.template) && name.is_some();
    // The signature key, D and ek are not agreed with: those that were written over may be good or bad.
    let free = same(2..34) && same(1666..2882);
    let accepted = WORLD.invitation.accept(&envelope);
    assert!(if free { accepted.is_ok() == right } else { accepted.is_err() || right });
    let guard = ReplayGuard::restore(&WORLD.guard).unwrap();
    assert_eq!(guard.check(&envelope), Some(Replay::Another));
    match accepted {
        Ok(accepted) => {
            let taker = accepted.taker;
            assert_eq!([&taker.mailbox.as_bytes()[..], taker.capability.expose()].concat(), private[..64]);
            assert_eq!((Some(taker.address), Some(&*taker.name)), (address.map(|(address, _)| address), name));
            // Whatever D and ek are, the first step with them must be possible.
            let mut session = accepted.session;
            super::world::seal(&mut session, &mut StdRng::seed_from_u64(5), "answer");
            true
        }
        Err(error) => {
            assert_ne!(error, AcceptError::NotFirst);
            false
        }
    }
}

/// A first envelope or a sealed bundle that was changed on its way is refused, by the guard too.
pub(super) fn handshake(data: &[u8]) -> bool {
    let Some((kind, edits)) = data.split_first() else { return false };
    let world = &*WORLD;
    if kind % 2 == 0 {
        let envelope: [u8; ENVELOPE] = edited(world.first.as_slice(), edits).try_into().unwrap();
        let same = envelope == *world.first;
        let refused = world.invitation.accept(&envelope).err();
        assert_eq!(refused, (!same).then_some(AcceptError::NotFirst));
        let guard = ReplayGuard::restore(&world.guard).unwrap();
        assert_eq!(guard.check(&envelope), same.then_some(Replay::Same));
        same
    } else {
        let sealed = Box::new(edited(world.sealed.as_slice(), edits).try_into().unwrap());
        let same = sealed == world.sealed;
        assert_eq!(world.link.open_bundle(&sealed).err(), (!same).then_some(BundleError::Altered));
        same
    }
}
