//! The conversations (protocol.md §5 to §8).

use super::paper::Paper;
use super::talk::{Lie, Talk};
use crate::content::{Content, MessageId, Piece};
use crate::role::Role::{Inviter, Taker};
use zeroize::Zeroizing;

const STEPS: &str = "The cases are the steps of one conversation, in order; each goes on from the state that the accepted \
     steps before it left. A step with from is somebody writing: with the randomness that it lists the envelope must come out \
     byte for byte; payload and what stands after it are computed. A step with to is somebody getting an envelope: envelope of \
     names the step that wrote it; changed byte and xor say what became of it on its way, the offset counted from 0. What is \
     refused leaves everything as it was. missing lists holes, first and last number of each. now is the receiver's clock.\n\n\
     Values of a step that writes: previous and index stand in its header; D, ek, ct, RK', CK of the new chain and NHK stand \
     where a hybrid step is made; HK, MK and CK' are the keys of this envelope and the chain key behind it.";

fn paper(name: &'static str, explanation: &str) -> Paper {
    Paper::new(name, &format!("{explanation}\n\n{STEPS}"))
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

/// Replay, reflection, flipped bits.
pub(crate) fn attacks() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-attacks",
        "A relay that replays, sends back, changes and splices envelopes: all of it is refused, and the genuine ones still open \
         (§5.5, §6).",
    ));
    talk.text(Taker, "taker-1", "genuine", "Dana's chain 0.");
    talk.text(Taker, "taker-2", "genuine too", "The next.");
    let parts = [
        ("salt", 0, "the salt"),
        ("commitment", 40, "the commitment: it is bound by the header's associated data"),
        ("header", 70, "the sealed header"),
        ("header-tag", 2391, "the header's tag"),
        ("body", 2400, "the sealed body: it is bound by the header's associated data"),
        ("body-tag", 4095, "the body's tag"),
    ];
    for (name, byte, part) in parts {
        let name = format!("flipped-{name}-in-chain-0");
        talk.get_changed(
            Inviter,
            &name,
            "taker-1",
            byte,
            0x01,
            &format!("A bit is flipped in {part}. Nothing of it opens."),
        );
    }
    talk.get(
        Taker,
        "taker-gets-taker-1",
        "taker-1",
        "Reflected: the writer gets his own envelope. No chain of his peer has this key.",
    );
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "The genuine one opens all the same.");
    talk.get(Inviter, "inviter-gets-taker-1-again", "taker-1", "Replayed.");
    let (one, two) = (talk.envelope("taker-1").clone(), talk.envelope("taker-2").clone());
    let mut spliced = two.clone();
    spliced[2392..].copy_from_slice(&one[2392..]);
    talk.get_bytes(Inviter, "spliced-body", &spliced, "taker-2 with the body of taker-1.");
    let mut spliced = two.clone();
    spliced[64..2392].copy_from_slice(&one[64..2392]);
    talk.get_bytes(Inviter, "spliced-header", &spliced, "taker-2 with the header of taker-1.");
    let noise = super::draw::value("cairn-vectors/1/conversation-attacks", "noise", "envelope", 4096);
    talk.get_bytes(
        Inviter,
        "noise",
        noise.as_slice().try_into().unwrap(),
        "4,096 bytes drawn by the rule, as envelope of this case.",
    );
    talk.text(Inviter, "inviter-1", "an answer", "Ana's first chain.");
    for (name, byte, part) in parts {
        let name = format!("flipped-{name}-of-a-new-chain");
        talk.get_changed(
            Taker,
            &name,
            "inviter-1",
            byte,
            0x80,
            &format!("The highest bit is flipped in {part}, at the begin of a new chain. Dana's pair is kept."),
        );
    }
    talk.get(Inviter, "inviter-gets-inviter-1", "inviter-1", "Reflected to Ana.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "The genuine one makes the step.");
    talk.get(Taker, "taker-gets-inviter-1-again", "inviter-1", "Replayed: its chain is the current one now.");
    talk.text(Taker, "taker-3", "chain 1", "Dana's step.");
    talk.get(Inviter, "inviter-gets-taker-3", "taker-3", "Ana follows; taker-2 is skipped.");
    talk.get(Inviter, "inviter-gets-taker-1-from-an-old-chain", "taker-1", "Replayed from an old chain.");
    talk.get_changed(
        Inviter,
        "flipped-body-of-an-old-chain",
        "taker-2",
        3000,
        0x10,
        "A late envelope of the old chain with a flipped bit: its skipped key is kept.",
    );
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "The genuine late one opens.");
    talk.paper
}

/// The limit of skipped keys.
pub(crate) fn skipping() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-skipping",
        "At most 512 keys are skipped in one step (§5.6). Dana does not keep to §7.4 here: he writes more than 480 that nobody \
         confirms. The texts of envelopes that never leave are their numbers in decimal digits, written 60 seconds apart, with \
         message and salt drawn by the rule for a case of the name that stands there, NUMBER being the number.",
    ));
    talk.unsent(Taker, "unsent", "unsent", 512, "512 envelopes in chain 0 that never arrive.");
    talk.unsent(Taker, "two-more", "unsent", 2, "Two more; these are sent, and stand in the steps below.");
    let (one, two) = (talk.envelope("unsent-513").clone(), talk.envelope("unsent-514").clone());
    talk.get_bytes(Inviter, "inviter-gets-514", &two, "Index 513: 513 keys would have to be skipped.");
    talk.get_bytes(Inviter, "inviter-gets-513", &one, "Index 512: 512 keys are skipped. Numbers 1 to 512 are missing.");
    talk.get_bytes(Inviter, "inviter-gets-514-again", &two, "The next one now.");
    talk.paper
}

/// The limit of skipped keys, in two chains together.
pub(crate) fn skipping_two_chains() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-skipping-two-chains",
        "The 512 skipped keys of one step are counted over the old and the new chain together (§5.6). Dana does not keep to §7.4 \
         here. The texts of envelopes that never leave are their numbers in decimal digits, written 60 seconds apart, with \
         message and salt (and D private, ek private and m where a chain begins) drawn by the rule for a case of the name that \
         stands there, NUMBER being the number.",
    ));
    talk.text(Taker, "taker-1", "the first", "Chain 0, index 0.");
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "It arrives.");
    talk.text(Inviter, "inviter-1", "an answer", "Ana's first chain.");
    talk.unsent(Taker, "old-chain", "unsent", 300, "300 more in chain 0 that never arrive: previous will be 301.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "A step of Dana is due.");
    talk.unsent(
        Taker,
        "new-chain",
        "unsent",
        214,
        "214 in chain 1, indexes 0 to 213. The last two stand in the steps below.",
    );
    let (one, two) = (talk.envelope("unsent-514").clone(), talk.envelope("unsent-515").clone());
    talk.get_bytes(Inviter, "inviter-gets-index-213", &two, "300 of the old chain and 213 of the new one: refused.");
    talk.get_bytes(Inviter, "inviter-gets-index-212", &one, "300 and 212: allowed.");
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

/// An older copy.
pub(crate) fn restored() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-restored",
        "Ana's vault is restored from a copy, which goes on from an older state: she learns of it from the first message that \
         confirms what she does not know, and never writes again (§8.3).",
    ));
    talk.text(Taker, "taker-1", "hello", "Chain 0.");
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "It arrives.");
    talk.text(Inviter, "inviter-1", "one", "Ana's first chain.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "It arrives.");
    let copy = talk.session(Inviter).snapshot();
    talk.text(Inviter, "inviter-2", "two", "Ana's second message, in the same chain.");
    talk.get(Taker, "taker-gets-inviter-2", "inviter-2", "It arrives.");
    talk.text(Taker, "taker-2", "received both", "Dana confirms 2.");
    talk.restore(
        Inviter,
        "restored",
        &copy,
        "taker-gets-inviter-1",
        "Ana's state is again the one after this step: she has written one message.",
    );
    talk.text(
        Inviter,
        "inviter-2-of-the-copy",
        "another two",
        "The copy writes: the same place of the chain, another salt, another envelope.",
    );
    talk.get(Taker, "taker-gets-inviter-2-of-the-copy", "inviter-2-of-the-copy", "For Dana this place is taken.");
    talk.get(
        Inviter,
        "inviter-gets-taker-2",
        "taker-2",
        "Dana confirms number 2 with the hash of an envelope that this copy never wrote: both accounts differ.",
    );
    talk.must_not_write(Inviter, "inviter-must-not-write", "Nothing is sent any more.");
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

/// A peer that lies.
pub(crate) fn dishonest() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-dishonest",
        "A peer that holds the right keys and breaks a rule of header, commitment or body (§5.4, §5.5, §6.4, §7.1, §8). Each step \
         whose name begins with lie starts from the state that the steps without lie left, and what it leaves is forgotten.",
    ));
    talk.lie(
        Inviter,
        "lie-previous-1",
        Lie::Plain(|header, _| header[3] = 1),
        "Ana's first chain, with previous 1: there was no chain before it.",
    );
    talk.text(Taker, "taker-1", "honest", "Chain 0.");
    talk.text(Taker, "taker-2", "honest", "Chain 0.");
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "It arrives.");
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "It arrives.");
    let in_chain: [(&str, Lie, &str); 16] = [
        ("nothing", Lie::Plain(|_, _| {}), "No lie at all: what follows differs from this in one thing each."),
        ("other-D", Lie::Plain(|header, _| header[8] ^= 1), "Another D within a chain."),
        ("other-ek", Lie::Plain(|header, _| header[40] ^= 1), "Another ek within a chain."),
        ("other-ct", Lie::Plain(|header, _| header[2311] ^= 1), "Another ct within a chain."),
        (
            "ek-out-of-range",
            Lie::Plain(|header, _| header[40..43].fill(0xff)),
            "An ek with coefficients of 4,095, above 3,328.",
        ),
        ("index-behind", Lie::Plain(|header, _| header[7] = 1), "Index 1, which was received and left no key."),
        ("index-far-ahead", Lie::Plain(|header, _| header[4..8].fill(0xff)), "Index 2^32 - 1."),
        (
            "other-chain-key",
            Lie::ChainKey([9; 32]),
            "The right header key with another message key: the commitment fixes both (§6.4).",
        ),
        ("number-one-more", Lie::Plain(|_, body| body[7] += 1), "The number is not that of the place."),
        ("number-again", Lie::Plain(|_, body| body[7] = 1), "A number that was received, at a new place."),
        ("padding", Lie::Plain(|_, body| body[1687] = 1), "The last byte of the padding is not zero."),
        ("flag-2", Lie::Plain(|_, body| body[106] = 2), "The byte that says whether it is for showing is 2."),
        ("no-pieces", Lie::Plain(|_, body| body[105] = 0), "0 pieces."),
        ("piece-beyond-count", Lie::Plain(|_, body| body[104] = 1), "Piece 1 of 1, counted from 0."),
        ("too-many-pieces", Lie::Plain(|_, body| body[105] = 65), "65 pieces."),
        (
            "payload-too-long",
            Lie::Plain(|_, body| body[109..111].copy_from_slice(&1578_u16.to_be_bytes())),
            "A payload of 1,578 bytes.",
        ),
    ];
    for (name, lie, explanation) in in_chain {
        talk.lie(Taker, &format!("lie-{name}"), lie, explanation);
    }
    talk.lie(
        Taker,
        "lie-other-hash",
        Lie::Plain(|_, body| body[8] ^= 1),
        "H(number - 1) is another one: it opens, and both accounts differ (§8.2).",
    );
    talk.lie(
        Taker,
        "lie-confirmation",
        Lie::Plain(|_, body| body[47] = 1),
        "Number 1 of Ana is confirmed, who has written nothing: both accounts differ (§8.3).",
    );
    talk.lie(
        Taker,
        "lie-confirmed-hash",
        Lie::Plain(|_, body| body[48] ^= 1),
        "The H of what is confirmed is another one: both accounts differ.",
    );
    talk.text(Inviter, "inviter-1", "honest", "Ana's first chain.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "A step of Dana is due.");
    let new_chain: [(&str, Lie, &str); 7] = [
        ("new-chain", Lie::Plain(|_, _| {}), "An honest new chain: what follows differs from this in one thing each."),
        (
            "previous-too-low",
            Lie::Plain(|header, _| header[3] = 1),
            "previous 1, though Ana has received two of the old chain.",
        ),
        (
            "previous-too-high",
            Lie::Plain(|header, _| header[2] = 4),
            "previous 1,026: 1,024 keys would have to be skipped.",
        ),
        (
            "D-of-low-order",
            Lie::Plain(|header, _| header[8..40].fill(0)),
            "A D of low order: the agreement would be 32 zero bytes.",
        ),
        ("new-ek-out-of-range", Lie::Plain(|header, _| header[40..43].fill(0xff)), "An ek out of range."),
        (
            "wrong-ct",
            Lie::Plain(|header, _| header[1300] ^= 1),
            "Another ct than the one that the step was made with: other keys come out, and the commitment does not fit.",
        ),
        ("other-new-D", Lie::Plain(|header, _| header[9] ^= 1), "Another D than the one that the step was made with."),
    ];
    for (name, lie, explanation) in new_chain {
        talk.lie(Taker, &format!("lie-{name}"), lie, explanation);
    }
    talk.paper
}
