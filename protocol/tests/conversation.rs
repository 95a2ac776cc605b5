//! Whole stories of one conversation, over the public interface.

mod world;

use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::limits::{PAYLOAD, UNCONFIRMED};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::EncryptError;
use rand::SeedableRng;
use world::{Side, World};

#[test]
fn both_sides_may_write_first_and_the_first_messages_may_cross() {
    let mut world = World::new(1);
    let (from_taker, from_inviter) = (world.seal(Side::Taker, "hello Ana"), world.seal(Side::Inviter, "hello Dana"));
    assert_eq!(world.open_text(Side::Inviter, &from_taker), "hello Ana");
    assert_eq!(world.open_text(Side::Taker, &from_inviter), "hello Dana");
    for round in 0..20 {
        let sender = if round % 3 == 0 { Side::Taker } else { Side::Inviter };
        let envelope = world.seal(sender, "again");
        assert_eq!(world.open_text(sender.other(), &envelope), "again", "round {round}");
    }
}

#[test]
fn any_order_within_the_limits_opens_each_message_exactly_once() {
    let mut world = World::new(2);
    let mut late = Vec::new();
    for round in 0..5 {
        let envelopes: Vec<_> = (0..8).map(|index| world.seal(Side::Taker, &format!("{round}.{index}"))).collect();
        // The last one opens first; the others stay behind, over several turns.
        assert_eq!(world.open_text(Side::Inviter, &envelopes[7]), format!("{round}.7"));
        late.extend(
            envelopes[..7].iter().cloned().enumerate().map(|(index, envelope)| (format!("{round}.{index}"), envelope)),
        );
        let answer = world.seal(Side::Inviter, "answer");
        assert_eq!(world.open_text(Side::Taker, &answer), "answer");
    }
    late.reverse();
    for (text, envelope) in &late {
        assert_eq!(world.open_text(Side::Inviter, envelope), *text);
        assert_eq!(world.open(Side::Inviter, envelope).err(), Some(OpenError::Again));
    }
    assert!(world.session(Side::Inviter).missing().is_empty());
    assert!(!world.session(Side::Inviter).differs());
}

#[test]
fn a_flipped_bit_anywhere_leaves_the_state_as_it_is_and_the_original_still_opens() {
    let mut world = World::new(3);
    // The current chain, a new chain of the peer, and a late one: of a chain that the peer has left.
    let late = world.seal(Side::Taker, "late");
    for round in 0..3 {
        let envelope = if round == 2 { late.clone() } else { world.seal(Side::Taker, "genuine") };
        let before = world.session(Side::Inviter).snapshot();
        for byte in 0..4096 {
            let mut flipped = envelope.clone();
            flipped[byte] ^= 1 << ((byte + round) % 8);
            let refused = world.open(Side::Inviter, &flipped).err();
            assert_eq!(refused, Some(OpenError::NotOurs), "byte {byte}");
            assert!(world.session(Side::Inviter).snapshot() == before, "byte {byte} changed the state");
        }
        assert_eq!(world.open_text(Side::Inviter, &envelope), if round == 2 { "late" } else { "genuine" });
        let answer = world.seal(Side::Inviter, "answer");
        assert_eq!(world.open_text(Side::Taker, &answer), "answer", "round {round}");
    }
}

#[test]
fn an_envelope_sent_back_to_its_writer_does_not_open() {
    let mut world = World::new(4);
    let envelope = world.seal(Side::Taker, "mine");
    assert_eq!(world.open(Side::Taker, &envelope).err(), Some(OpenError::NotOurs));
    assert_eq!(world.open_text(Side::Inviter, &envelope), "mine");
    let envelope = world.seal(Side::Inviter, "mine");
    assert_eq!(world.open(Side::Inviter, &envelope).err(), Some(OpenError::NotOurs));
}

#[test]
fn replay_is_refused_also_after_a_restart() {
    let mut world = World::new(5);
    let late = world.seal(Side::Taker, "late");
    let mut opened = Vec::new();
    // A chain goes on, is left, and grows old; what comes late is opened once too.
    for turn in 0..5 {
        let envelope = if turn == 3 { late.clone() } else { world.seal(Side::Taker, "once") };
        assert!(world.open(Side::Inviter, &envelope).is_ok());
        opened.push(envelope);
        for _ in 0..2 {
            let before = world.session(Side::Inviter).snapshot();
            for again in &opened {
                assert_eq!(world.open(Side::Inviter, again).err(), Some(OpenError::Again), "turn {turn}");
            }
            assert_eq!(world.session(Side::Inviter).snapshot(), before);
            world.restart(Side::Inviter);
        }
        let answer = world.seal(Side::Inviter, "answer");
        assert_eq!(world.open_text(Side::Taker, &answer), "answer");
    }
}

#[test]
fn at_most_480_envelopes_are_unconfirmed_and_losing_nearly_all_of_them_harms_nothing() {
    let mut world = World::new(6);
    let mut last = None;
    for _ in 0..UNCONFIRMED {
        last = Some(world.seal(Side::Taker, "lost"));
    }
    let refused = world.try_seal(Side::Taker, "one more").err();
    assert_eq!(refused, Some(EncryptError::Unconfirmed));
    assert_eq!(world.open_text(Side::Inviter, &last.unwrap()), "lost");
    assert_eq!(world.session(Side::Inviter).missing(), [1..=UNCONFIRMED - 1]);
    let answer = world.seal(Side::Inviter, "answer");
    assert_eq!(world.open_text(Side::Taker, &answer), "answer");
    assert_eq!(world.session(Side::Taker).confirmed(), 0, "nothing is confirmed past a hole");
}

#[test]
fn skipped_keys_leave_after_14_days_and_both_sides_can_know() {
    let mut world = World::new(8);
    let lost = world.seal(Side::Taker, "too late");
    let seen = world.seal(Side::Taker, "in time");
    assert_eq!(world.open_text(Side::Inviter, &seen), "in time");
    assert_eq!(world.session(Side::Inviter).missing(), [1..=1]);
    for day in 1..=14 {
        let gone = world.pass_a_day(Side::Inviter);
        assert_eq!(gone, if day < 14 { vec![] } else { vec![1..=1] }, "day {day}");
    }
    assert_eq!(world.open(Side::Inviter, &lost).err(), Some(OpenError::Again));
    assert!(world.session(Side::Inviter).missing().is_empty());
    let told = world.seal_content(Side::Inviter, &Content::Lost { from: 1, to: 1 });
    let content = world.open_content(Side::Taker, &told);
    assert!(content == Content::Lost { from: 1, to: 1 });
    assert_eq!(world.session(Side::Taker).confirmed(), 2);
}

#[test]
fn a_restored_older_state_stops_sending_at_the_first_message_that_shows_it() {
    let mut world = World::new(9);
    let older = world.session(Side::Taker).snapshot();
    let envelope = world.seal(Side::Taker, "after the copy");
    assert_eq!(world.open_text(Side::Inviter, &envelope), "after the copy");
    let answer = world.seal(Side::Inviter, "answer");
    world.replace(Side::Taker, &older);
    assert_eq!(world.open_text(Side::Taker, &answer), "answer");
    assert!(world.session(Side::Taker).differs());
    assert_eq!(world.try_seal(Side::Taker, "from the past").err(), Some(EncryptError::Differs));
}

#[test]
fn a_filler_is_wanted_after_100_messages_or_a_day_and_not_for_a_filler() {
    let mut world = World::new(10);
    for index in 1..=100 {
        let envelope = world.seal(Side::Taker, "x");
        world.open_text(Side::Inviter, &envelope);
        assert_eq!(world.filler_wanted(Side::Inviter), index == 100, "{index}");
    }
    let filler = world.seal_content(Side::Inviter, &Content::Filler);
    assert!(!world.filler_wanted(Side::Inviter));
    assert!(world.open_content(Side::Taker, &filler) == Content::Filler);
    assert_eq!(world.session(Side::Taker).confirmed(), 100);
    world.pass_a_day(Side::Taker);
    world.pass_a_day(Side::Taker);
    assert!(!world.filler_wanted(Side::Taker), "a filler asks for no answer");
    let envelope = world.seal(Side::Taker, "x");
    world.open_text(Side::Inviter, &envelope);
    assert!(!world.filler_wanted(Side::Inviter));
    world.pass_a_day(Side::Inviter);
    assert!(world.filler_wanted(Side::Inviter));
}

#[test]
fn a_snapshot_is_read_back_to_the_byte_and_a_cut_or_longer_one_is_refused() {
    let mut world = World::new(11);
    for index in 0..12 {
        let envelope = world.seal(Side::Taker, "x");
        if index % 3 == 0 {
            world.open_text(Side::Inviter, &envelope);
            let answer = world.seal(Side::Inviter, "y");
            world.open_text(Side::Taker, &answer);
        }
    }
    for side in [Side::Taker, Side::Inviter] {
        let bytes = world.session(side).snapshot();
        let again = cairn_protocol::session::Session::restore(&bytes).unwrap().snapshot();
        assert_eq!(again, bytes);
        for cut in (0..bytes.len()).step_by(7) {
            assert!(cairn_protocol::session::Session::restore(&bytes[..cut]).is_err());
        }
        let mut longer = bytes.to_vec();
        longer.push(0);
        assert!(cairn_protocol::session::Session::restore(&longer).is_err());
        longer.pop();
        longer[0] = 9;
        let newer = cairn_protocol::session::Session::restore(&longer).err();
        assert_eq!(newer, Some(cairn_protocol::snapshot::SnapshotError::Newer));
    }
}

#[test]
fn two_sides_that_have_both_written_480_messages_hear_of_each_other_again() {
    let mut world = World::new(12);
    let bursts = [Side::Taker, Side::Inviter]
        .map(|side| (0..UNCONFIRMED).map(|_| world.seal(side, "unread")).collect::<Vec<_>>());
    for (side, burst) in [Side::Inviter, Side::Taker].into_iter().zip(&bursts) {
        burst.iter().for_each(|envelope| assert_eq!(world.open_text(side, envelope), "unread"));
    }
    for side in [Side::Taker, Side::Inviter] {
        assert_eq!(world.try_seal(side, "one more").err(), Some(EncryptError::Unconfirmed));
        assert!(world.filler_wanted(side));
    }
    let filler = world.seal_content(Side::Taker, &Content::Filler);
    assert!(world.open_content(Side::Inviter, &filler) == Content::Filler);
    let envelope = world.seal(Side::Inviter, "free again");
    assert_eq!(world.open_text(Side::Taker, &envelope), "free again");
    let envelope = world.seal(Side::Taker, "free again");
    assert_eq!(world.open_text(Side::Inviter, &envelope), "free again");
}

#[test]
fn an_envelope_that_opens_on_the_day_its_key_expires_is_received_and_not_lost() {
    let mut world = World::new(13);
    let envelopes: Vec<_> = (0..4).map(|index| world.seal(Side::Taker, &index.to_string())).collect();
    assert_eq!(world.open_text(Side::Inviter, &envelopes[3]), "3");
    for _ in 0..13 {
        world.pass_a_day(Side::Inviter);
    }
    world.sleep_a_day(Side::Inviter);
    let received = world.open(Side::Inviter, &envelopes[2]).unwrap();
    assert_eq!((received.number, received.given_up), (3, vec![1..=2]));
    world.restart(Side::Inviter);
    assert!(world.session(Side::Inviter).missing().is_empty());
    let answer = world.seal(Side::Inviter, "answer");
    assert_eq!(world.open_text(Side::Taker, &answer), "answer");
    assert_eq!(world.session(Side::Taker).confirmed(), 4);
}

#[test]
fn a_filler_that_could_not_confirm_past_a_hole_is_wanted_again_when_the_hole_closes() {
    let mut world = World::new(14);
    let late = world.seal(Side::Taker, "late");
    for _ in 0..100 {
        let envelope = world.seal(Side::Taker, "x");
        world.open_text(Side::Inviter, &envelope);
    }
    assert!(!world.filler_wanted(Side::Inviter), "there is nothing to confirm yet");
    world.seal(Side::Inviter, "a message that confirms nothing");
    world.open_text(Side::Inviter, &late);
    assert!(world.filler_wanted(Side::Inviter));
}

#[test]
fn a_hole_that_is_left_open_does_not_bring_a_filler_with_each_envelope() {
    let mut world = World::new(16);
    let all: Vec<_> = (0..400).map(|_| world.seal(Side::Taker, "x")).collect();
    // The relay, or the peer, keeps 150 envelopes back and hands over one at a time.
    all[..100].iter().chain(&all[250..]).for_each(|envelope| drop(world.open_text(Side::Inviter, envelope)));
    let mut fillers = 0;
    for envelope in all[100..250].iter().map(Some).chain([None]) {
        if world.filler_wanted(Side::Inviter) {
            world.seal_content(Side::Inviter, &Content::Filler);
            fillers += 1;
        }
        envelope.into_iter().for_each(|envelope| drop(world.open_text(Side::Inviter, envelope)));
    }
    // One for each 100 that the mark passed: 100, 200, and 400 when the hole closed.
    assert_eq!(fillers, 3);
    assert!(!world.filler_wanted(Side::Inviter));
    assert_eq!(world.session(Side::Inviter).unanswered(), 0);
}

#[test]
fn a_hole_that_is_left_open_brings_one_filler_a_day_when_the_mark_moves() {
    let mut world = World::new(17);
    let all: Vec<_> = (0..4).map(|_| world.seal(Side::Taker, "x")).collect();
    world.open_text(Side::Inviter, &all[3]);
    world.pass_a_day(Side::Inviter);
    for envelope in &all[..2] {
        world.open_text(Side::Inviter, envelope);
        assert!(!world.filler_wanted(Side::Inviter), "there is something to confirm since now");
        world.pass_a_day(Side::Inviter);
        assert!(world.filler_wanted(Side::Inviter));
        world.seal_content(Side::Inviter, &Content::Filler);
        assert!(!world.filler_wanted(Side::Inviter));
    }
}

#[test]
fn a_malformed_piece_is_not_sealed() {
    let mut world = World::new(15);
    let mut piece = Content::Filler.split(MessageId::from_bytes([1; 16])).unwrap().remove(0);
    let mut seal = |piece: &Piece| {
        let rng = &mut rand::rngs::StdRng::seed_from_u64(1);
        world.session(Side::Taker).encrypt(rng, piece, 1).err()
    };
    piece.payload.resize(PAYLOAD, 7);
    assert_eq!(seal(&piece), None);
    piece.payload.push(7);
    assert_eq!(seal(&piece), Some(EncryptError::Piece));
    piece.payload.clear();
    piece.count = 65;
    assert_eq!(seal(&piece), Some(EncryptError::Piece));
}
