//! Saved state that was damaged, or made up.

use super::edited;
use super::envelope::STATES;
use super::world::{DAY, NOW, World, open};
use cairn_protocol::check::Check;
use cairn_protocol::content::{CheckMessage, Content, MessageId};
use cairn_protocol::handshake::ReplayGuard;
use cairn_protocol::invitation::Invitation;
use cairn_protocol::session::Session;
use cairn_protocol::words::Words;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::LazyLock;

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// The first byte says which saved state the others edit; the highest values say none: the bytes as they are.
fn bytes(data: &[u8], templates: &[&[u8]]) -> Option<Vec<u8>> {
    let (first, rest) = data.split_first()?;
    match templates.get(usize::from(*first)) {
        Some(template) => Some(edited(template, rest)),
        None => Some(rest.to_vec()),
    }
}

/// A session that is read is saved as the same bytes, and whatever it holds, nothing that is asked of it panics.
pub(super) fn session(data: &[u8]) -> bool {
    let templates: Vec<&[u8]> = STATES.iter().map(|state| state.session.as_slice()).collect();
    let Some(bytes) = bytes(data, &templates) else { return false };
    let Ok(mut session) = Session::restore(&bytes) else { return false };
    assert_eq!(session.snapshot().as_slice(), bytes);

    let state = &STATES[usize::from(data[0]) % STATES.len()];
    let _missing = session.missing();
    let _wanted = session.filler_wanted(NOW);
    let _opened = open(&mut session, &state.envelope);
    session.tick(NOW + DAY);
    let rng = &mut StdRng::seed_from_u64(2);
    let piece = Content::Filler.split(MessageId::random(rng)).unwrap().remove(0);
    let before = session.snapshot();
    let sealed = session.encrypt(rng, &piece, NOW);
    assert!(sealed.is_ok() || session.snapshot() == before, "what was not sealed changed the state");
    true
}

/// An invitation that is read is saved as the same bytes, gives a link, and accepts nothing but its own first envelope.
pub(super) fn invitation(data: &[u8]) -> bool {
    static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| WORLD.invitation.snapshot().to_vec());
    let Some(bytes) = bytes(data, &[&SAVED]) else { return false };
    let Ok(invitation) = Invitation::restore(&bytes) else { return false };
    assert_eq!(invitation.snapshot().as_slice(), bytes);
    assert!(invitation.link().to_string().starts_with("CAIRN:"));
    assert_eq!(invitation.accept(&WORLD.first).is_ok(), needed(&bytes) == needed(&SAVED));
    true
}

/// All that accepting needs: two X25519 keys without the bits that RFC 7748 §5 sets, half of the ML-KEM seed, the bundle.
/// The Ed25519 seed, bytes 2 to 34, is not asked, nor the half that answers a wrong ciphertext (FIPS 203 §6.3).
fn needed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for key in [34, 66] {
        bytes[key] &= 248;
        bytes[key + 31] = (bytes[key + 31] & 127) | 64;
    }
    bytes[130..162].fill(0);
    bytes.split_off(34)
}

/// A guard that is read is saved as the same bytes, and knows the envelope that it guards.
pub(super) fn replay_guard(data: &[u8]) -> bool {
    let Some(bytes) = bytes(data, &[&WORLD.guard]) else { return false };
    let Ok(guard) = ReplayGuard::restore(&bytes) else { return false };
    assert_eq!(guard.snapshot().as_slice(), bytes);
    let known = guard.check(&WORLD.first).is_some();
    assert_eq!(known, bytes[2..34] == WORLD.guard[2..34] || bytes[34..] == WORLD.guard[34..]);
    true
}

/// A check that is read is saved as the same bytes, and nothing that comes or is typed panics.
pub(super) fn check(data: &[u8]) -> bool {
    static SAVED: LazyLock<Vec<u8>> = LazyLock::new(|| Check::new(&WORLD.taker).snapshot().to_vec());
    let Some(bytes) = bytes(data, &[&SAVED]) else { return false };
    let Ok(mut check) = Check::restore(&bytes) else { return false };
    assert_eq!(check.snapshot().as_slice(), bytes);
    check.typed(&Words::parse("acorn acorn acorn acorn").unwrap());
    let (commitment, nonce) = ([1; 32], [2; 32]);
    check.received(1, &CheckMessage::Answer { commitment, nonce });
    check.received(2, &CheckMessage::Opening { commitment, nonce });
    check.received(u64::MAX, &CheckMessage::Commitment(commitment));
    check.start(&mut StdRng::seed_from_u64(9));
    assert_eq!(Check::restore(&check.snapshot()).unwrap().snapshot(), check.snapshot());
    true
}
