//! Conversations of two honest people over a network that loses and disorders (protocol.md §5 to §8).

use super::paper::Paper;
use super::talk::Talk;
use crate::content::{Content, MessageId, Piece};
use crate::role::Role::{Inviter, Taker};
use zeroize::Zeroizing;

const STEPS: &str = "The cases are the steps of one conversation, in order; each goes on from the state that the accepted \
     steps before it left. A step with from is somebody writing: with the randomness that it lists the envelope must come out \
     byte for byte; payload and what stands after it are computed. A step with to is somebody getting an envelope: envelope of \
     names the step that wrote it, or one of many that the file does not show; changed byte and xor say what became of it on its way, the offset counted from 0. What is \
     refused leaves everything as it was. missing lists holes, first and last number of each. now is the receiver's clock.\n\n\
     A step with case of each writes many: one for each number from the first to the last, seconds apart, with the randomness of a \
     case of the name that stands there, NUMBER being the number; a text is that number in decimal digits, a filler is empty. A step \
     with looks is somebody looking at the clock so many times, one day apart.\n\n\
     Values of a step that writes: previous and index stand in its header; D, ek, ct, RK', CK of the new chain and NHK stand \
     where a hybrid step is made; HK, MK and CK' are the keys of this envelope and the chain key behind it.";

/// A file with a conversation, and how it is read.
pub(crate) fn paper(name: &'static str, explanation: &str) -> Paper {
    Paper::new(name, &format!("{explanation}\n\n{STEPS}"))
}

/// Ana answers for this time, so that Dana begins a new chain.
pub(crate) fn answer(talk: &mut Talk, time: u64) {
    let name = format!("ana-{time}");
    talk.unsent_of(Inviter, &format!("answer-{time}"), "ana", 1, |_| Content::Filler, "Ana answers.");
    talk.get(Taker, &format!("taker-gets-{name}"), &name, "A step of Dana is due.");
}

/// In order.
pub(crate) fn in_order() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-in-order",
        "A conversation in order: Dana writes three times in chain 0, Ana answers twice, Dana once more (§5 to §8).",
    ));
    talk.text(Taker, "taker-1", "Hello Ana, this is Dana.", "Dana writes in chain 0, before anything of Ana has come.");
    talk.text(Taker, "taker-2", "", "An empty message is a message.");
    talk.text(Taker, "taker-3", "Gr\u{fc}\u{df}e \u{1f331}", "Text is UTF-8 and stays as it is.");
    for name in ["taker-1", "taker-2", "taker-3"] {
        talk.get(Inviter, &format!("inviter-gets-{name}"), name, "Ana opens it: the next of chain 0.");
    }
    talk.text(
        Inviter,
        "inviter-1",
        "Hello Dana.",
        "Ana's first sending makes the first hybrid step (§5.2), and confirms up to 3.",
    );
    talk.text(Inviter, "inviter-2", "How are you?", "The second message of the same chain repeats D, ek and ct.");
    talk.get(
        Taker,
        "taker-gets-inviter-1",
        "inviter-1",
        "Dana makes the same step as receiver; his pair of chain 0 is gone.",
    );
    talk.get(Taker, "taker-gets-inviter-2", "inviter-2", "The next of the same chain.");
    talk.text(
        Taker,
        "taker-4",
        "Better than yesterday.",
        "Dana answers: a step of his own, chain 1; three messages were in chain 0.",
    );
    talk.get(
        Inviter,
        "inviter-gets-taker-4",
        "taker-4",
        "Ana opens it, and knows that both her messages have arrived.",
    );
    talk.paper
}

/// Turn by turn.
pub(crate) fn ping_pong() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-ping-pong",
        "Turn by turn: each message is a hybrid step of its writer, four of Ana and three of Dana after his chain 0 (§5.2). Each \
         confirms the one before (§8.3).",
    ));
    for turn in 1..=4 {
        let (taker, inviter) = (format!("taker-{turn}"), format!("inviter-{turn}"));
        let chain = if turn == 1 { "Dana writes in chain 0." } else { "Dana answers: a hybrid step." };
        talk.text(Taker, &taker, &format!("Dana's message {turn}"), chain);
        talk.get(Inviter, &format!("inviter-gets-{taker}"), &taker, "Ana opens it; a step of hers is due.");
        talk.text(Inviter, &inviter, &format!("Ana's message {turn}"), "Ana answers: a hybrid step.");
        talk.get(Taker, &format!("taker-gets-{inviter}"), &inviter, "Dana opens it; a step of his is due.");
    }
    talk.paper
}

/// Loss and disorder.
pub(crate) fn disorder() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-disorder",
        "Loss and another order, within a chain and over chains, with skipped keys of the current chain and of old ones (§5.5, \
         §5.6), and the holes that are seen (§8.4).",
    ));
    for number in 1..=4 {
        talk.text(
            Taker,
            &format!("taker-{number}"),
            &format!("Dana {number}"),
            "One of four messages in Dana's chain 0.",
        );
    }
    talk.get(Inviter, "inviter-gets-taker-3", "taker-3", "The third comes first: two keys are skipped and kept.");
    talk.get(
        Inviter,
        "inviter-gets-taker-1",
        "taker-1",
        "The first comes late, by its skipped key. The mark moves to 1, not further.",
    );
    for number in 1..=3 {
        talk.text(
            Inviter,
            &format!("inviter-{number}"),
            &format!("Ana {number}"),
            "One of three messages in Ana's first chain.",
        );
    }
    talk.get(
        Taker,
        "taker-gets-inviter-2",
        "inviter-2",
        "Ana's second comes first: a new chain, of which one key is skipped at once.",
    );
    talk.text(
        Taker,
        "taker-5",
        "Dana 5",
        "Dana's chain 1: previous is 4, though Ana has seen up to the third of chain 0 only.",
    );
    talk.text(Taker, "taker-6", "Dana 6", "The second of chain 1.");
    talk.get(Inviter, "inviter-gets-taker-6", "taker-6", "The new chain begins with its second message: the key of taker-4 is skipped in the old chain, that of taker-5 in the new one.");
    talk.get(
        Inviter,
        "inviter-gets-taker-3-again",
        "taker-3",
        "Replayed from an old chain that still has keys: its own key was used.",
    );
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "Late from the old chain, by its skipped key.");
    talk.get(Inviter, "inviter-gets-taker-4", "taker-4", "Late from the old chain, the last that was skipped there.");
    talk.get(
        Inviter,
        "inviter-gets-taker-5",
        "taker-5",
        "Late within the current chain: the hole closes, the mark is 6.",
    );
    talk.text(Inviter, "inviter-4", "Ana 4", "Ana's second chain: she answers Dana's chain 1. previous is 3.");
    talk.get(
        Taker,
        "taker-gets-inviter-4",
        "inviter-4",
        "A new chain of Ana, while two of the old one are still on their way.",
    );
    talk.get(Taker, "taker-gets-inviter-3", "inviter-3", "Late from the old chain.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "The last one: nothing is missing.");
    talk.get(Taker, "taker-gets-inviter-1-again", "inviter-1", "Once more: its key is gone.");
    talk.paper
}

/// Both at once.
pub(crate) fn crossing() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-crossing",
        "Both write at the same time, again and again: messages cross, steps are due on both sides, and each message opens (§5.2).",
    ));
    talk.text(Taker, "taker-1", "first", "Dana's chain 0.");
    talk.text(
        Inviter,
        "inviter-1",
        "not waiting",
        "Ana writes before anything has come: her first step takes D and ek of the first envelope.",
    );
    talk.get(
        Inviter,
        "inviter-gets-taker-1",
        "taker-1",
        "It crossed hers, in chain 0: no step of hers is due by it, her pair is not answered yet.",
    );
    talk.text(Inviter, "inviter-2", "same chain", "No step: Dana has not answered her pair.");
    talk.text(Taker, "taker-2", "chain 0 still", "Dana has seen nothing of hers: chain 0.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "Dana's step is due now.");
    talk.text(Taker, "taker-3", "chain 1", "Dana's step. taker-2 is still on its way.");
    talk.get(Taker, "taker-gets-inviter-2", "inviter-2", "It crossed Dana's step: Ana's chain goes on.");
    talk.get(
        Inviter,
        "inviter-gets-taker-3",
        "taker-3",
        "Dana's step overtakes taker-2, whose key is skipped in the old chain.",
    );
    talk.text(Inviter, "inviter-3", "second chain", "Ana's second step.");
    talk.text(Taker, "taker-4", "chain 1 again", "At the same moment Dana goes on in chain 1.");
    talk.get(Inviter, "inviter-gets-taker-4", "taker-4", "Current chain; Ana's newest pair is not answered.");
    talk.get(Taker, "taker-gets-inviter-3", "inviter-3", "Dana's step is due.");
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "The late one of chain 0.");
    talk.text(Inviter, "inviter-4", "still the second chain", "Ana waits for nobody.");
    talk.text(Taker, "taker-5", "chain 2", "Dana's step, at the same moment.");
    talk.get(Taker, "taker-gets-inviter-4", "inviter-4", "The next of Ana's second chain.");
    talk.get(Inviter, "inviter-gets-taker-5", "taker-5", "Dana's chain 2. Nothing is missing on either side.");
    talk.paper
}

/// Numbers that are given up.
pub(crate) fn lost() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-lost",
        "A skipped key is wiped after 14 days, counted by looks at the clock (§5.6); its number is lost, and the peer is told (§8.4).",
    ));
    talk.text(Taker, "taker-1", "never arrives in time", "Chain 0.");
    talk.text(Taker, "taker-2", "arrives", "Chain 0.");
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "Number 1 is missing, and its key kept.");
    talk.look(Inviter, "thirteen-days", 13, "Ana looks at the clock once a day, 13 times: the key is still there.");
    talk.look(
        Inviter,
        "fourteenth-day",
        1,
        "The 14th day: the key is wiped, number 1 is lost. The mark passes it, because H(1) stands in message 2.",
    );
    talk.content(
        Inviter,
        "inviter-1",
        &Content::Lost { from: 1, to: 1 },
        "Ana tells Dana: kind 3, and the mark 2 with its hash.",
    );
    talk.get(
        Taker,
        "taker-gets-inviter-1",
        "inviter-1",
        "Dana has both confirmed; the program says that number 1 was lost.",
    );
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "Too late: its key is gone.");
    talk.paper
}

/// The kinds of content.
pub(crate) fn contents() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-contents",
        "Every kind of content inside of a conversation (§7): text in three pieces that are cut inside of a character, filler, \
         kinds that version 1 does not know.",
    ));
    let text = "x".repeat(1499) + &"\u{e9}".repeat(751);
    let split = |id| Content::Text(text).split(id).unwrap();
    talk.pieces(
        Taker,
        "long",
        split,
        "A text of 3,001 bytes: pieces of 1,500, 1,500 and 1; the first cut goes through a character.",
    );
    for (name, of) in [
        ("inviter-gets-the-last", "long-2"),
        ("inviter-gets-the-first", "long-0"),
        ("inviter-gets-the-second", "long-1"),
    ] {
        talk.get(Inviter, name, of, "The message is shown when all its pieces are there.");
    }
    talk.content(
        Inviter,
        "filler",
        &Content::Filler,
        "Filler carries the confirmation of 3 back and is shown to nobody.",
    );
    talk.get(Taker, "taker-gets-filler", "filler", "All three are confirmed.");
    let unknown = |shown, payload: &'static [u8]| {
        move |id: MessageId| {
            vec![Piece { id, index: 0, count: 1, shown, kind: 700, payload: Zeroizing::new(payload.to_vec()) }]
        }
    };
    let explanation =
        "A kind of a later version, for showing: a block of text stands before what version 1 can't read.";
    talk.pieces(Taker, "unknown-shown", unknown(true, b"\0\x05hello\x01\x02\x03"), explanation);
    talk.pieces(
        Taker,
        "unknown-control",
        unknown(false, b"\xff\xfe"),
        "A control kind of a later version: ignored, and counted.",
    );
    talk.get(Inviter, "inviter-gets-unknown-shown", "unknown-shown-0", "Shown is: hello.");
    talk.get(Inviter, "inviter-gets-unknown-control", "unknown-control-0", "Nothing is shown; the mark moves.");
    talk.paper
}

/// The limit of what is unconfirmed.
pub(crate) fn unconfirmed() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-unconfirmed",
        "At most 480 envelopes are unconfirmed, and 16 more of control content (§7.4). Envelopes of unsent steps are written and, but \
         for the ones that a later step shows, never arrive.",
    ));
    let text = Content::Text("one more".to_owned());
    talk.unsent(Taker, "unsent", "unsent", 480, "Dana writes 480 texts that nobody confirms.");
    talk.must_not_write(Taker, "text-481", &text, "The 481st text has to wait.");
    let filler = |_| Content::Filler;
    talk.unsent_of(Taker, "unsent-control", "unsent", 16, filler, "16 fillers instead of texts may go beyond that.");
    talk.must_not_write(Taker, "control-497", &Content::Filler, "The 17th has to wait too.");
    let first = talk.envelope("unsent-1").clone();
    talk.get_bytes(Inviter, "inviter-gets-1", &first, "Ana gets number 1.");
    talk.text(Inviter, "inviter-1", "I have your first", "Ana confirms it.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "495 are unconfirmed now.");
    talk.must_not_write(Taker, "text-497", &text, "Texts still wait.");
    talk.content(Taker, "control-497-now", &Content::Filler, "One filler more may go: the first of chain 1.");
    talk.paper
}

/// Old chains give way.
pub(crate) fn old_chains() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-old-chains",
        "Header keys and skipped keys of at most five old chains are kept (§5.6): when a sixth would be, the oldest goes with its \
         keys, and their numbers are lost (§8.4).",
    ));
    for turn in 1..=7 {
        let (late, prompt, answer) = (format!("late-{turn}"), format!("prompt-{turn}"), format!("answer-{turn}"));
        talk.text(Taker, &late, &format!("late {turn}"), "Dana writes; this one does not arrive yet.");
        talk.text(Taker, &prompt, &format!("prompt {turn}"), "The next of the same chain.");
        let explanation = if turn == 7 {
            "The sixth old chain: the oldest goes, and with it the key of late-1, whose number is lost."
        } else {
            "It arrives first; the key of the one before is kept."
        };
        talk.get(Inviter, &format!("inviter-gets-{prompt}"), &prompt, explanation);
        if turn < 7 {
            talk.content(Inviter, &answer, &Content::Filler, "Ana answers, so that Dana begins a new chain.");
            talk.get(Taker, &format!("taker-gets-{answer}"), &answer, "A step of Dana is due.");
        }
    }
    talk.get(Inviter, "inviter-gets-late-1", "late-1", "Its header key is gone: it can't be told from a foreign one.");
    talk.get(Inviter, "inviter-gets-late-2", "late-2", "Of the oldest chain that is kept.");
    talk.get(Inviter, "inviter-gets-late-7", "late-7", "Of the current chain.");
    talk.paper
}

/// The clock.
pub(crate) fn clock() -> Paper {
    const DAY: u64 = 86_400;
    let mut talk = Talk::new(paper(
        "conversation-clock",
        "Looks at the clock (§5.6): what one of them counts, a key that comes of age while its envelope opens, a look that an envelope \
         brings, and the end of an old chain. None of Dana's texts stands in the file.",
    ));
    talk.unsent(Taker, "dana-1-to-2", "dana", 2, "Dana writes two in chain 0.");
    let start = talk.clock;
    talk.get(
        Inviter,
        "inviter-gets-2",
        "dana-2",
        "Number 1 is missing, and its key kept. The first look counts nothing.",
    );
    talk.look_at(Inviter, "jump-forward", start + 400 * DAY, "The clock jumps by 400 days: one day is counted.");
    talk.look_at(Inviter, "jump-back", start - 10 * DAY, "It jumps back: nothing is counted.");
    talk.look(Inviter, "twelve-days", 12, "Twelve looks, a day apart: 13 days are counted.");
    let now = talk.clock + DAY - 1;
    talk.look_at(Inviter, "one-second-short", now, "One second is missing of 14 days.");
    talk.clock += 1;
    talk.get(Inviter, "inviter-gets-1", "dana-1", "The key comes of age at the look of its own envelope: it opens.");

    talk.unsent(Taker, "dana-3-to-5", "dana", 3, "Three more in chain 0.");
    talk.get(Inviter, "inviter-gets-4", "dana-4", "Number 3 is missing, and its key kept.");
    talk.look(Inviter, "thirteen-days", 13, "13 days: the key is still there.");
    talk.clock += DAY;
    talk.get(Inviter, "inviter-gets-5", "dana-5", "The look of this envelope is the 14th day: number 3 is lost.");
    talk.get(Inviter, "inviter-gets-3", "dana-3", "Its key is gone.");

    talk.unsent_of(Inviter, "ana-1", "ana", 1, |_| Content::Filler, "Ana answers.");
    talk.get(Taker, "taker-gets-1", "ana-1", "A step of Dana is due.");
    talk.unsent(Taker, "dana-6", "dana", 1, "Dana's chain 1.");
    talk.get(Inviter, "inviter-gets-6", "dana-6", "Chain 0 is old now, and holds no keys.");
    talk.look(Inviter, "thirteen-days-more", 13, "13 days.");
    talk.get(Inviter, "inviter-gets-5-again", "dana-5", "A late duplicate is known. What is refused is no look.");
    talk.look(Inviter, "fourteenth-day", 1, "The 14th day: the old chain goes.");
    talk.get(Inviter, "inviter-gets-5-once-more", "dana-5", "It can't be told from a foreign one.");
    talk.paper
}

/// An old chain without keys goes first.
pub(crate) fn empty_chain() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-old-chain-without-keys",
        "Of six old chains the oldest without keys goes first (§5.6), here that of Dana's third turn; no number is lost.",
    ));
    let mut number = 0;
    for turn in 1..=7 {
        let count = if turn == 3 { 1 } else { 2 };
        let explanation = if turn == 3 { "One text, which arrives." } else { "Two texts; the second arrives first." };
        talk.unsent(Taker, &format!("turn-{turn}"), "dana", count, explanation);
        number += count;
        let last = format!("dana-{number}");
        let explanation = if turn == 7 { "The sixth old chain: that of turn 3 goes." } else { "It arrives." };
        talk.get(Inviter, &format!("inviter-gets-{last}"), &last, explanation);
        if turn < 7 {
            answer(&mut talk, turn);
        }
    }
    talk.get(Inviter, "inviter-gets-dana-5-again", "dana-5", "The header key of turn 3 is gone.");
    talk.get(Inviter, "inviter-gets-dana-4-again", "dana-4", "That of turn 2 is not.");
    talk.get(Inviter, "inviter-gets-dana-1", "dana-1", "Late, of the oldest chain.");
    talk.paper
}
