//! Conversations with a relay that attacks, a peer that lies, and a vault that was copied (protocol.md §5 to §8).

use super::paper::Paper;
use super::stories::{answer, paper};
use super::talk::{Lie, Talk};
use crate::content::Content;
use crate::role::Role::{Inviter, Taker};

/// Lies that are told in the current chain and in an old one.
const OTHER_PREVIOUS: Lie = Lie::Plain(|header, _| header[3] = 1);
const OTHER_D: Lie = Lie::Plain(|header, _| header[8] ^= 1);
const OTHER_EK: Lie = Lie::Plain(|header, _| header[40] ^= 1);
const OTHER_CT: Lie = Lie::Plain(|header, _| header[2311] ^= 1);

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
         confirms.",
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
         here.",
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
    talk.must_not_write(Inviter, "inviter-must-not-write", &Content::Filler, "Nothing is sent any more.");
    talk.paper
}

/// A peer that lies.
pub(crate) fn dishonest() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-dishonest",
        "A peer that holds the right keys and breaks a rule of header, commitment or body (§5.4, §5.5, §6.4, §7.1, §8). Each step \
         whose name begins with lie starts from the state that the steps without lie left, and what it leaves is forgotten. The \
         liar writes the text of payload with what is drawn, like an honest writer, but for one thing: from byte changed from on the \
         plain header, or the body, has the bytes of changed to; or the chain key, or the header key, is the one that stands there.",
    ));
    talk.lie(
        Taker,
        "lie-next-chain-without-pair",
        Lie::NextHeaderKey,
        "Under the header key of Dana's chain 1, while Ana has no pair that it could answer.",
    );
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
    let in_chain: [(&str, Lie, &str); 17] = [
        ("nothing", Lie::Plain(|_, _| {}), "No lie at all: what follows differs from this in one thing each."),
        ("other-previous", OTHER_PREVIOUS, "Another previous: it is read only in the header that opens a chain."),
        ("other-D", OTHER_D, "Another D within a chain."),
        ("other-ek", OTHER_EK, "Another ek within a chain."),
        ("other-ct", OTHER_CT, "Another ct within a chain."),
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
    let new_chain: [(&str, Lie, &str); 8] = [
        ("new-chain", Lie::Plain(|_, _| {}), "An honest new chain: what follows differs from this in one thing each."),
        (
            "other-hash-that-confirms",
            Lie::Plain(|_, body| body[8] ^= 1),
            "H(number - 1) is another one: both accounts differ, and the confirmation counts all the same (§8.3).",
        ),
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

/// A peer that lies in an old chain.
pub(crate) fn dishonest_late() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-dishonest-late",
        "Somebody with an older copy of Dana's keys writes into his old chain, whose skipped key Ana keeps (§5.4, §5.6). The steps whose \
         name begins with lie are those of conversation-dishonest; the liar's state is the one after the step that is named.",
    ));
    talk.text(Taker, "taker-1", "honest", "Chain 0.");
    talk.get(Inviter, "inviter-gets-taker-1", "taker-1", "It arrives.");
    let copy = talk.session(Taker).snapshot();
    talk.text(Taker, "taker-2", "does not arrive", "Chain 0, index 1.");
    talk.text(Inviter, "inviter-1", "honest", "Ana's first chain.");
    talk.get(Taker, "taker-gets-inviter-1", "inviter-1", "A step of Dana is due.");
    talk.text(Taker, "taker-3", "honest", "Chain 1: previous is 2.");
    talk.get(Inviter, "inviter-gets-taker-3", "taker-3", "The key of index 1 of chain 0 is kept.");
    let lies: [(&str, Lie, &str); 5] = [
        (
            "nothing",
            Lie::Plain(|_, _| {}),
            "The place of taker-2 with another text: it opens, and H(2) is not what taker-3 states.",
        ),
        ("other-previous", OTHER_PREVIOUS, "Another previous: it is not read."),
        ("other-D", OTHER_D, "Another D than the old chain had."),
        ("other-ek", OTHER_EK, "Another ek."),
        ("other-ct", OTHER_CT, "Another ct."),
    ];
    for (name, lie, explanation) in lies {
        talk.lie_of_copy(Taker, &format!("lie-{name}"), (&copy, "taker-1"), lie, explanation);
    }
    talk.get(Inviter, "inviter-gets-taker-2", "taker-2", "The genuine one opens.");
    talk.paper
}

/// Numbers that are too far ahead.
pub(crate) fn far_ahead() -> Paper {
    let mut talk = Talk::new(paper(
        "conversation-far-ahead",
        "A number more than 2,048 above the mark is refused (§8.2). Dana does not keep to §7.4 here. Of four chains of 513 texts \
         only the last arrives.",
    ));
    for chain in 1..=4 {
        talk.unsent(Taker, &format!("chain-{chain}"), "dana", 513, "513 more, in one chain.");
        if chain < 4 {
            let last = format!("dana-{}", 513 * chain);
            talk.get(Inviter, &format!("inviter-gets-{last}"), &last, "512 keys are skipped; the mark stays 0.");
            answer(&mut talk, chain);
        }
    }
    talk.get(Inviter, "inviter-gets-dana-2048", "dana-2048", "2,048 above the mark: the highest that is taken.");
    talk.get(
        Inviter,
        "inviter-gets-dana-2049",
        "dana-2049",
        "2,049 above the mark: its keys fit, its number does not.",
    );
    talk.get(Inviter, "inviter-gets-dana-1", "dana-1", "Late, from the first chain: the mark is 1.");
    talk.get(Inviter, "inviter-gets-dana-2049-again", "dana-2049", "2,048 above the mark now.");
    talk.paper
}
