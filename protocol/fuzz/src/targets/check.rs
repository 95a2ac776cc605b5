//! Check words: what a person types, and two checks between which the fuzzer carries the messages.

use super::world::World;
use cairn_protocol::check::{Check, Standing, Typed};
use cairn_protocol::content::CheckMessage;
use cairn_protocol::words::Words;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::LazyLock;

/// Words that are read are written in one form, which reads as the same.
pub(super) fn words(data: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(data) else { return false };
    let Ok(words) = Words::parse(text) else { return false };
    let again = Words::parse(&words.to_string()).unwrap();
    assert!(again.matches(&words));
    assert_eq!(again.to_string().split(' ').count(), 4);
    true
}

static START: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let world = World::new();
    [&world.taker, &world.inviter].map(|session| Check::new(session).snapshot().to_vec())
});

struct Party {
    check: Check,
    /// Number of its last message.
    sent: u64,
    inbox: Vec<(u64, CheckMessage)>,
}

/// Steps of two bytes: begin, deliver, lose, change, restart, stop, type. Whatever happens, where both have words and no
/// message was changed, each has the other's. Whether it came to that.
pub(super) fn check(data: &[u8]) -> bool {
    let rng = &mut StdRng::seed_from_u64(8);
    let party = |saved: &Vec<u8>| Party { check: Check::restore(saved).unwrap(), sent: 0, inbox: Vec::new() };
    let mut parties = [party(&START[0]), party(&START[1])];
    let (mut changed, mut met) = (false, false);
    for step in data.chunks_exact(2).take(256) {
        let (who, number) = (usize::from(step[0] % 2), step[1]);
        let waiting = parties[who].inbox.len();
        let place = usize::from(number) % waiting.max(1);
        let party = &mut parties[who];
        let message = match step[0] / 2 % 8 {
            0 => {
                let busy = matches!(party.check.standing(), Standing::Waiting | Standing::Words(_));
                let begun = party.check.start(rng);
                assert_eq!(begun.is_none(), busy);
                begun
            }
            1 | 2 if waiting > 0 => {
                let (number, message) = party.inbox.remove(place);
                party.check.received(number, &message)
            }
            3 if waiting > 0 => {
                party.inbox.remove(place);
                None
            }
            4 if waiting > 0 => {
                changed = true;
                let (CheckMessage::Commitment(bytes)
                | CheckMessage::Answer { nonce: bytes, .. }
                | CheckMessage::Opening { nonce: bytes, .. }) = &mut party.inbox[place].1;
                bytes[usize::from(number) % 32] ^= 1;
                None
            }
            5 => {
                party.check.stop();
                None
            }
            6 => {
                let [mine, theirs] = if who == 0 { [0, 1] } else { [1, 0] };
                let read = match parties[theirs].check.standing() {
                    Standing::Words(words) => Words::parse(&words.to_string()).unwrap(),
                    _ => Words::parse("acorn acorn acorn acorn").unwrap(),
                };
                let typed = parties[mine].check.typed(&read);
                let now = parties[mine].check.standing();
                assert_eq!(typed == Typed::Matched, matches!(now, Standing::Matched) && typed != Typed::NotNow);
                assert_eq!(typed == Typed::Different(0), matches!(now, Standing::Different) && typed != Typed::NotNow);
                None
            }
            _ => {
                let saved = party.check.snapshot();
                party.check = Check::restore(&saved).unwrap();
                assert_eq!(party.check.snapshot(), saved);
                None
            }
        };
        if let Some(message) = message {
            parties[who].sent += 1;
            let number = parties[who].sent;
            parties[1 - who].inbox.push((number, message));
        }
        met |= meet(&parties, changed);
    }
    met
}

/// Whether both have words. If no message was changed, they must be each other's.
fn meet(parties: &[Party; 2], changed: bool) -> bool {
    let (Standing::Words(one), Standing::Words(other)) = (parties[0].check.standing(), parties[1].check.standing())
    else {
        return false;
    };
    if !changed {
        for (who, read) in [(0, other), (1, one)] {
            let mut copy = Check::restore(&parties[who].check.snapshot()).unwrap();
            assert_eq!(copy.typed(read), Typed::Matched);
        }
    }
    true
}
