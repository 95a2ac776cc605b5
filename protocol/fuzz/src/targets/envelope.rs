//! Envelopes changed on their way, at every kind of place where a session can be.

use super::edited;
use super::world::{World, open};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::Session;
use cairn_protocol::wire::frame::EnvelopeBytes;
use std::sync::LazyLock;

/// A saved session and a genuine envelope that it opens.
pub(super) struct State {
    pub(super) session: Vec<u8>,
    pub(super) envelope: EnvelopeBytes,
}

pub(super) static STATES: LazyLock<Vec<State>> = LazyLock::new(|| {
    let mut states = Vec::new();
    let mut keep = |session: &Session, envelope: EnvelopeBytes| {
        states.push(State { session: session.snapshot().to_vec(), envelope });
    };
    let mut world = World::new();
    // The first envelope of chain 0, and one with keys to skip before it.
    let mut sent: Vec<_> = (0..5).map(|_| world.taker_writes("chain 0")).collect();
    keep(&world.inviter, sent[0].clone());
    keep(&world.inviter, sent[4].clone());
    // A late one of the current chain.
    world.inviter.decrypt(&sent[3], super::world::NOW).unwrap();
    keep(&world.inviter, sent.remove(1));
    // The first chain of the inviter.
    let answer = world.inviter_writes("answer");
    keep(&world.taker, answer.clone());
    world.taker.decrypt(&answer, super::world::NOW).unwrap();
    // A new chain, with keys to skip in the old one and in the new one.
    let (_, third) = (world.taker_writes("chain 1"), world.taker_writes("chain 1"));
    keep(&world.inviter, third);
    // A late one of an old chain, and the newest of five.
    for _ in 0..4 {
        world.turn();
    }
    keep(&world.inviter, sent.remove(0));
    let newest = world.taker_writes("newest");
    keep(&world.inviter, newest);
    states
});

/// A changed envelope is refused and changes nothing; the genuine one still opens, once.
pub(super) fn envelope(data: &[u8]) -> bool {
    let Some((state, edits)) = data.split_first() else { return false };
    let state = &STATES[usize::from(*state) % STATES.len()];
    let mut session = Session::restore(&state.session).unwrap();
    let changed = edited(state.envelope.as_slice(), edits);
    let same = changed == state.envelope.as_slice();
    if !same {
        let changed = changed.try_into().unwrap();
        assert_eq!(open(&mut session, &changed).err(), Some(OpenError::NotOurs));
    }
    assert!(open(&mut session, &state.envelope).is_ok());
    assert_eq!(open(&mut session, &state.envelope).err(), Some(OpenError::Again));
    same
}
