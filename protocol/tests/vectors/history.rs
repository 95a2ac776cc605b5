//! Hashes, the mark, holes and what was lost (protocol.md §8).

use super::paper::{Case, Paper};
use crate::history::History;
use crate::limits::ENVELOPE;
use crate::role::Role;
use crate::wire::message::HistoryFields;

type Sent = (HistoryFields, Box<[u8; ENVELOPE]>);

/// One side that writes envelopes which are nothing but their number.
fn write(history: &mut History, count: u8) -> Vec<Sent> {
    (1..=count)
        .map(|number| {
            let (fields, envelope) = (history.next(), Box::new([number; ENVELOPE]));
            history.sealed(&fields, &envelope);
            (fields, envelope)
        })
        .collect()
}

fn get(history: &mut History, sent: &Sent) {
    history.opened(&sent.0, &sent.1);
}

fn state(case: &mut Case<'_>, after: &str, history: &History) {
    let holes: Vec<_> = history.missing().iter().map(|hole| format!("{}-{}", hole.start(), hole.end())).collect();
    case.number(&format!("mark {after}"), history.mark());
    case.hex(&format!("H(mark) {after}"), &history.next().received_hash);
    case.text(&format!("missing {after}"), &holes.join(" ")).number(&format!("differs {after}"), history.differs());
}

/// History.
pub(crate) fn history() -> Paper {
    let mut paper = Paper::new(
        "history",
        "The history of §8, without keys: envelopes are 4,096 times their own number as a byte, written by the taker and received by \
         the inviter, in the conversation with T. What a case states after a number is the inviter's state after that number came, \
         or after it was lost.",
    );
    let mut case = paper.case("hashes", "H(0) of both directions, and the hashes of five envelopes of the taker.");
    let t: [u8; 32] = case.random("T");
    let (mut taker, mut inviter) = (History::new(&t, Role::Taker), History::new(&t, Role::Inviter));
    case.hex("H(0) of the taker", &taker.next().previous).hex("H(0) of the inviter", &inviter.next().previous);
    let sent = write(&mut taker, 5);
    for (fields, _) in &sent[1..] {
        case.hex(&format!("H({}) of the taker", fields.number - 1), &fields.previous);
    }
    case.hex("H(5) of the taker", &taker.next().previous).accepted();

    let mut case = paper.case("in-order", "All five in order: the mark follows.");
    for one in &sent {
        get(&mut inviter, one);
        state(&mut case, &format!("after {}", one.0.number), &inviter);
    }
    case.accepted();

    let mut case = paper.case("holes", "1, 4, 2, 5, 3: holes open and close, and the mark waits for them.");
    let mut inviter = History::new(&t, Role::Inviter);
    for place in [0, 3, 1, 4, 2] {
        get(&mut inviter, &sent[place]);
        state(&mut case, &format!("after {}", sent[place].0.number), &inviter);
    }
    case.accepted();

    let explanation = "5 comes alone; 1 and 2 are lost, later 3 and 4: the mark passes lost numbers only up to one whose H is known, \
                       from the message behind it.";
    let mut case = paper.case("lost", explanation);
    let mut inviter = History::new(&t, Role::Inviter);
    get(&mut inviter, &sent[4]);
    state(&mut case, "after 5", &inviter);
    inviter.lose([1, 2]);
    state(&mut case, "after 1 and 2 were lost", &inviter);
    inviter.lose([3, 4]);
    state(&mut case, "after 3 and 4 were lost", &inviter);
    case.accepted();

    let mut case = paper.case("lost-at-the-end", "1 comes, 2 is lost, and 3 comes: H(2) stands in 3.");
    let mut inviter = History::new(&t, Role::Inviter);
    get(&mut inviter, &sent[0]);
    state(&mut case, "after 1", &inviter);
    inviter.lose([2]);
    state(&mut case, "after 2 was lost", &inviter);
    get(&mut inviter, &sent[2]);
    state(&mut case, "after 3", &inviter);
    case.accepted();

    let explanation = "Another envelope (4,096 times the byte 0x99) takes the place of 1; it shows when 2 comes (§8.3). Receiving \
                       goes on: 3 comes.";
    let mut case = paper.case("replaced", explanation);
    let mut inviter = History::new(&t, Role::Inviter);
    inviter.opened(&sent[0].0, &[0x99; ENVELOPE]);
    state(&mut case, "after 1", &inviter);
    get(&mut inviter, &sent[1]);
    state(&mut case, "after 2", &inviter);
    get(&mut inviter, &sent[2]);
    state(&mut case, "after 3", &inviter);
    case.end("accepted");

    confirmations(&mut paper, &t);
    numbers(&mut paper, &t);
    paper
}

fn confirmations(paper: &mut Paper, t: &[u8; 32]) {
    for (name, explanation, received, flipped, differs) in [
        ("confirms-none", "The inviter confirms nothing: number 0 with H(0).", 0_u64, false, false),
        ("confirms-three", "The inviter confirms 3 of 5, with H(3).", 3, false, false),
        ("confirms-all", "The inviter confirms all.", 5, false, false),
        ("confirms-another-hash", "One bit of H(3) is changed: both accounts differ.", 3, true, true),
        ("confirms-another-H(0)", "One bit of H(0) is changed: both accounts differ.", 0, true, true),
        ("confirms-what-was-never-sent", "Number 6 of 5: both accounts differ, whatever the hash.", 6, false, true),
    ] {
        let mut taker = History::new(t, Role::Taker);
        let sent = write(&mut taker, 5);
        let after = taker.next();
        let mut hash = match usize::try_from(received).unwrap() {
            5 => after.previous,
            place => sent.get(place).map_or([6; 32], |sent| sent.0.previous),
        };
        hash[31] ^= u8::from(flipped);
        let inviter = History::new(t, Role::Inviter);
        let fields = HistoryFields { received, received_hash: hash, ..inviter.next() };
        taker.opened(&fields, &[1; ENVELOPE]);
        assert_eq!(taker.differs(), differs, "{name}");
        let mut case = paper.case(name, explanation);
        case.number("received", received).hex("H(received)", &hash);
        case.number("confirmed", taker.confirmed()).number("differs", taker.differs()).accepted();
    }
}

/// Which numbers are taken after 1 and 3 came.
fn numbers(paper: &mut Paper, t: &[u8; 32]) {
    let mut taker = History::new(t, Role::Taker);
    let sent = write(&mut taker, 3);
    let mut inviter = History::new(t, Role::Inviter);
    get(&mut inviter, &sent[0]);
    get(&mut inviter, &sent[2]);
    for (name, explanation, number) in [
        ("number-2", "1 and 3 have come. 2 fills the hole.", 2_u64),
        ("number-1-again", "1 and 3 have come. 1 is at the mark.", 1),
        ("number-3-again", "1 and 3 have come. 3 is above the mark, and there.", 3),
        ("number-0", "There is no number 0.", 0),
        ("number-2049", "2,048 above the mark: the highest that is taken.", 2049),
        ("number-2050", "2,049 above the mark.", 2050),
        ("number-2^63", "Numbers stay below 2^63.", 1 << 63),
    ] {
        let mut case = paper.case(name, explanation);
        case.number("number", number);
        match (inviter.is_new(number), inviter.is_far_ahead(number)) {
            (true, false) => case.accepted(),
            (false, _) => case.refused("come again"),
            (true, true) => case.refused("too many skipped"),
        }
    }
}
