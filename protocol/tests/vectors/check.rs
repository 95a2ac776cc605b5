//! The check of words (protocol.md §10).

use super::meeting::{accept, invite, take_it};
use super::paper::{Case, Paper, hex};
use crate::check::{Check, Standing, Typed};
use crate::content::{CheckMessage, Content, MessageId};
use crate::label;
use crate::primitives::hash;
use crate::role::Role;
use crate::session::Session;
use crate::words::{LIST, Words};
use sha2::{Digest as _, Sha256};

/// The list, and words as they are typed.
pub(crate) fn words() -> Paper {
    let mut paper = Paper::new(
        "words",
        "The list of check words (§10.4) and how typed words are read. list has the 256 words in order, parted by one space: a \
         word's place, counted from 0, is its byte.",
    );
    let mut case = paper.case("list", "The list.");
    let (list, page) = (LIST.join(" "), include_str!("../../../docs/protocol.md"));
    let digest = Sha256::digest(list.as_bytes());
    assert!(page.contains(&hex(&digest)), "the page has the hash of the list");
    case.text("list", &list).hex("SHA-256", &digest).accepted();
    for (name, explanation, bytes) in [
        ("places-0-to-3", "The first four words.", [0, 1, 2, 3]),
        ("places-252-to-255", "The last four.", [252, 253, 254, 255]),
        ("four-times-the-same", "The same word may come again.", [17; 4]),
    ] {
        paper
            .case(name, explanation)
            .hex("bytes", &bytes)
            .text("words", &Words::from_bytes(bytes).to_string())
            .accepted();
    }
    for (name, explanation, typed) in [
        ("as-they-are", "Typed as they are shown.", "acorn banjo candle drum"),
        ("capital-letters", "Case does not matter.", "ACORN Banjo cANDLE drum"),
        ("signs", "White space and signs between words don't matter.", "  acorn,banjo.\n candle;  drum! "),
        ("one-letter-other", "One letter of a word is another one.", "akorn banjo candle drum"),
        ("one-letter-missing", "One letter of each of two words is missing.", "acorn bano candl drum"),
        ("one-letter-more", "One letter too many.", "acorn banjo candles drum"),
        (
            "letter-of-two-bytes",
            "A letter with an accent, of two bytes, is one wrong letter.",
            "acorn banjo cándle drum",
        ),
        ("hyphens", "Any sign that is no letter parts words.", "acorn-banjo_candle/drum"),
        ("no-break-spaces", "White space of Unicode.", "acorn\u{a0}banjo\u{2003}candle\u{a0} drum"),
        ("digits-between", "A digit is no letter.", "1 acorn 2 banjo 3 candle 4 drum"),
    ] {
        let bytes = *Words::parse(typed).unwrap().as_bytes();
        paper.case(name, explanation).text("typed", typed).hex("bytes", &bytes).accepted();
    }
    for (name, explanation, typed) in [
        ("three-words", "Three words. Nothing is compared, and no try is used up.", "acorn banjo candle"),
        ("five-words", "Five words.", "acorn banjo candle drum acorn"),
        ("two-letters-wrong", "Two wrong letters in one word.", "akorm banjo candle drum"),
        ("letters-exchanged", "Two letters exchanged are two wrong letters.", "acorn bnajo candle drum"),
        ("no-word", "A word that is not in the list.", "acorn banjo candle sky"),
        ("nothing", "Nothing.", ""),
        ("digit-inside", "A digit inside of a word parts it: five words.", "ac0rn banjo candle drum"),
        ("hyphen-inside", "So does a hyphen.", "acorn banjo can-dle drum"),
        ("accent-inside", "So does an accent that is a character of its own.", "acorn banjo ca\u{301}ndle drum"),
    ] {
        assert!(Words::parse(typed).is_err());
        paper.case(name, explanation).text("typed", typed).refused("no check words");
    }
    paper
}

/// One side of a run.
struct Side {
    role: Role,
    check: Check,
}

impl Side {
    fn pair(inviter: &Session, taker: &Session) -> [Self; 2] {
        [Self { role: Role::Inviter, check: Check::new(inviter) }, Self { role: Role::Taker, check: Check::new(taker) }]
    }

    const fn word(&self) -> &'static str {
        match self.role {
            Role::Inviter => "inviter",
            Role::Taker => "taker",
        }
    }

    /// The person begins.
    fn begin(&mut self, paper: &mut Paper, name: &str, explanation: &str) -> CheckMessage {
        let mut case = paper.case(name, explanation);
        case.text("who", self.word()).text("event", "the person begins");
        let mut draw = case.draw();
        draw.announce(&["nonce"]);
        let message = self.check.start(&mut draw).unwrap();
        case.drawn(draw.take());
        self.end(&mut case, Some(&message));
        message
    }

    /// The person begins while a run goes on.
    fn begins_in_vain(&mut self, paper: &mut Paper, name: &str, explanation: &str) {
        let mut case = paper.case(name, explanation);
        case.text("who", self.word()).text("event", "the person begins");
        assert!(self.check.start(&mut case.draw()).is_none());
        self.end(&mut case, None);
    }

    /// The person gives the run up.
    fn gives_up(&mut self, paper: &mut Paper, name: &str, explanation: &str) {
        let mut case = paper.case(name, explanation);
        case.text("who", self.word()).text("event", "the person gives up");
        self.check.stop();
        self.end(&mut case, None);
    }

    /// A message of the other side comes.
    fn get(
        &mut self,
        paper: &mut Paper,
        name: &str,
        number: u64,
        message: &CheckMessage,
        explanation: &str,
    ) -> Option<CheckMessage> {
        let mut case = paper.case(name, explanation);
        let (kind, payload) = encoded(message);
        case.text("who", self.word()).text("event", "a message comes").number("number", number);
        case.number("kind that comes", kind).hex("payload that comes", &payload);
        let answer = self.check.received(number, message);
        self.end(&mut case, answer.as_ref());
        answer
    }

    /// The person types.
    fn types(&mut self, paper: &mut Paper, name: &str, typed: &str, explanation: &str) {
        let mut case = paper.case(name, explanation);
        case.text("who", self.word()).text("event", "the person types").text("typed", typed);
        let Ok(words) = Words::parse(typed) else { return case.refused("no check words") };
        let came = self.check.typed(&words);
        case.text(
            "came of it",
            match came {
                Typed::Matched => "matched",
                Typed::Different(2) => "different, two tries left",
                Typed::Different(1) => "different, one try left",
                Typed::Different(_) => "different, no try left",
                Typed::NotNow => "nothing to compare with",
            },
        );
        self.end(&mut case, None);
    }

    fn end(&self, case: &mut Case<'_>, sends: Option<&CheckMessage>) {
        if let Some(message) = sends {
            let (kind, payload) = encoded(message);
            case.number("kind that is sent", kind).hex("payload that is sent", &payload);
        }
        match self.check.standing() {
            Standing::Words(words) => case.text("state", "words").text("words", &words.to_string()),
            other => case.text(
                "state",
                match other {
                    Standing::Idle => "idle",
                    Standing::Asked => "idle, a commitment waits",
                    Standing::Waiting => "committed or answered",
                    Standing::Matched => "matched",
                    Standing::Different => "different",
                    Standing::BeganAgain => "began again",
                    Standing::Broken => "broken",
                    Standing::Words(_) => "words",
                },
            ),
        };
        case.number("a commitment waits", self.check.is_asked()).accepted();
    }

    fn words(&self) -> String {
        match self.check.standing() {
            Standing::Words(words) => words.to_string(),
            other => panic!("no words: {other:?}"),
        }
    }
}

fn encoded(message: &CheckMessage) -> (u16, Vec<u8>) {
    let piece = Content::Check(message.clone()).split(MessageId::from_bytes([0; 16])).unwrap().remove(0);
    (piece.kind, piece.payload.to_vec())
}

/// Runs.
pub(crate) fn check() -> Paper {
    let mut paper = Paper::new(
        "check",
        "Runs of the check of words (§10) in one conversation. invite, take and accept make it; binding has B of §10.1. Each run \
         begins with a word of its own before the dash, from the state idle on both sides; its cases are its steps, in order. number \
         is the number in the conversation of the message that comes. words are those that this side reads aloud.",
    );
    let mut case = paper.case("invite", "Ana makes an invitation.");
    let (invitation, link, sealed) = invite(&mut case);
    case.accepted();
    let mut case = paper.case("take", "Dana takes it.");
    let (taker, first) = take_it(&mut case, &link, &sealed);
    case.accepted();
    let mut case = paper.case("accept", "Ana accepts.");
    let inviter = accept(&mut case, &invitation, &taker, &first).session;
    case.accepted();
    let mut case = paper.case("binding", "B binds T and both identities.");
    let (ana, dana) = (inviter.ours().to_bytes(), taker.ours().to_bytes());
    case.hex("T", inviter.transcript()).hex("identity of the inviter", &ana).hex("identity of the taker", &dana);
    case.hex("B", &hash(label::CHECK_BINDING, &[inviter.transcript(), &ana, &dana])).accepted();

    honest(&mut paper, Side::pair(&inviter, &taker));
    both_at_once(&mut paper, Side::pair(&inviter, &taker));
    again(&mut paper, Side::pair(&inviter, &taker));
    broken(&mut paper, Side::pair(&inviter, &taker));
    overtaken(&mut paper, Side::pair(&inviter, &taker));
    twice(&mut paper, Side::pair(&inviter, &taker));
    passed(&mut paper, Side::pair(&inviter, &taker));
    over(&mut paper, Side::pair(&inviter, &taker));
    paper
}

fn honest(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    let commitment =
        dana.begin(paper, "run-dana-begins", "Dana's person begins: A is the taker, and the commitment has role 2.");
    let none = ana.get(paper, "run-commitment-comes", 1, &commitment, "Ana's person has not begun: nothing is sent.");
    assert!(none.is_none());
    let answer = ana.begin(paper, "run-ana-begins", "Ana's person begins too: now the answer is sent.");
    let opening = dana.get(paper, "run-answer-comes", 1, &answer, "Dana opens, and has both sets of words.").unwrap();
    let again = dana.get(paper, "run-answer-comes-again", 2, &answer, "Dana opens once only.");
    assert!(again.is_none());
    ana.get(paper, "run-opening-comes", 2, &opening, "The nonce fits its commitment: Ana has the same words.");
    let (by_ana, by_dana) = (ana.words(), dana.words());
    dana.types(paper, "run-dana-types", &by_ana, "Dana types what Ana read.");
    ana.types(paper, "run-ana-types-wrong", &by_ana, "Ana types her own words: they don't fit.");
    ana.types(paper, "run-ana-types", &by_dana.to_uppercase(), "Ana types what Dana read.");
}

fn both_at_once(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    let hers = ana.begin(paper, "cross-ana-begins", "Ana's person begins: role 1.");
    let his = dana.begin(paper, "cross-dana-begins", "At the same moment Dana's person begins.");
    let none =
        ana.get(paper, "cross-ana-gets-commitment", 1, &his, "Ana is the inviter and does nothing: her run goes on.");
    assert!(none.is_none());
    let explanation = "Dana is the taker: he answers with the nonce that he was bound to.";
    let answer = dana.get(paper, "cross-dana-gets-commitment", 1, &hers, explanation).unwrap();
    let opening = ana.get(paper, "cross-ana-gets-answer", 2, &answer, "Ana opens.").unwrap();
    dana.get(paper, "cross-dana-gets-opening", 2, &opening, "Both have words.");
    for (number, place) in ["first", "second", "third"].iter().enumerate() {
        let explanation = format!("Dana types his own words, for the {place} time.");
        let own = if number < 2 { dana.words() } else { "acorn acorn acorn acorn".to_owned() };
        dana.types(paper, &format!("cross-dana-types-wrong-{place}"), &own, &explanation);
    }
}

fn again(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    let one = dana.begin(paper, "again-dana-begins", "Dana begins.");
    ana.get(paper, "again-commitment-comes", 1, &one, "It waits.");
    ana.begin(paper, "again-ana-begins", "Ana answers; the answer is lost for now.");
    dana.gives_up(paper, "again-dana-gives-up", "Dana's person gives the run up.");
    let two = dana.begin(paper, "again-dana-begins-anew", "Dana's person begins anew, with a new nonce.");
    let explanation =
        "A new commitment while Ana has answered: her nonce is known, so that the run ends, began again; it waits.";
    ana.get(paper, "again-second-commitment-comes", 3, &two, explanation);
    let explanation =
        "The older commitment comes again, overtaken: its number is not above that of the newest. Ignored.";
    ana.get(paper, "again-older-commitment-comes", 2, &one, explanation);
    let answer = ana.begin(paper, "again-ana-begins-anew", "Ana's person begins again: the newest is answered.");
    let old = CheckMessage::Answer {
        commitment: match one {
            CheckMessage::Commitment(c) => c,
            _ => [0; 32],
        },
        nonce: [1; 32],
    };
    dana.get(paper, "again-old-answer-comes", 1, &old, "An answer to the commitment that was given up: ignored.");
    let opening = dana.get(paper, "again-answer-comes", 2, &answer, "Dana opens.").unwrap();
    ana.get(paper, "again-opening-comes", 4, &opening, "Both have words.");
}

fn broken(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    let commitment = dana.begin(paper, "broken-dana-begins", "Dana begins.");
    ana.get(paper, "broken-commitment-comes", 1, &commitment, "It waits.");
    let answer = ana.begin(paper, "broken-ana-begins", "Ana answers.");
    let Some(CheckMessage::Opening { commitment, nonce }) =
        dana.get(paper, "broken-answer-comes", 1, &answer, "Dana opens.")
    else {
        panic!("an answer is opened")
    };
    let foreign = CheckMessage::Opening { commitment: [9; 32], nonce };
    ana.get(
        paper,
        "broken-opening-of-another-run",
        2,
        &foreign,
        "An opening that names another commitment is ignored.",
    );
    let mut other = nonce;
    other[0] ^= 1;
    let forged = CheckMessage::Opening { commitment, nonce: other };
    ana.get(
        paper,
        "broken-opening-comes",
        3,
        &forged,
        "The nonce is not the one that was committed to: the run is broken.",
    );
    let honest = CheckMessage::Opening { commitment, nonce };
    ana.get(paper, "broken-honest-opening-comes", 4, &honest, "It is too late for the right one: the run is over.");
}

fn overtaken(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    let hers = ana.begin(paper, "overtaken-ana-begins", "Ana begins.");
    let his = dana.begin(paper, "overtaken-dana-begins", "At the same moment Dana begins: his message 1.");
    let explanation = "Dana is the taker and answers: his message 2.";
    let answer = dana.get(paper, "overtaken-dana-gets-commitment", 1, &hers, explanation).unwrap();
    let opening = ana.get(paper, "overtaken-ana-gets-answer", 2, &answer, "It comes first. Ana opens.").unwrap();
    let explanation = "Dana's commitment comes behind his answer, which replaced it: ignored, and the words stay.";
    let none = ana.get(paper, "overtaken-ana-gets-commitment", 1, &his, explanation);
    assert!(none.is_none());
    dana.get(paper, "overtaken-dana-gets-opening", 2, &opening, "Both have words.");
    ana.types(paper, "overtaken-ana-types", &dana.words(), "Ana types what Dana read.");
}

/// A run from Dana's commitment to the words of both, and the answer that he got. His messages have the numbers `first` and
/// `first` + 1.
fn to_words(paper: &mut Paper, [ana, dana]: [&mut Side; 2], run: &str, first: u64) -> CheckMessage {
    let commitment = dana.begin(paper, &format!("{run}-dana-begins"), "Dana begins.");
    ana.get(paper, &format!("{run}-commitment-comes"), first, &commitment, "It waits.");
    let answer = ana.begin(paper, &format!("{run}-ana-begins"), "Ana answers.");
    let opening = dana.get(paper, &format!("{run}-answer-comes"), first, &answer, "Dana opens.").unwrap();
    ana.get(paper, &format!("{run}-opening-comes"), first + 1, &opening, "Both have words.");
    answer
}

fn twice(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    to_words(paper, [&mut ana, &mut dana], "twice", 1);
    ana.begins_in_vain(paper, "twice-ana-begins-with-words", "Beginning does nothing while there are words.");
    ana.types(paper, "twice-ana-types-wrong", "acorn acorn acorn acorn", "Ana has two tries left.");
    dana.gives_up(paper, "twice-dana-gives-up", "Dana gives up.");
    let again = dana.begin(paper, "twice-dana-begins-anew", "He begins anew.");
    let explanation = "A commitment while Ana has words: the run ends, began again; it waits.";
    ana.get(paper, "twice-second-commitment-comes", 3, &again, explanation);
    dana.begins_in_vain(paper, "twice-dana-begins-twice", "Beginning does nothing while Dana is committed.");
    let answer = ana.begin(paper, "twice-ana-begins-anew", "Ana answers it with a new nonce.");
    ana.begins_in_vain(paper, "twice-ana-begins-twice", "Nor when Ana has answered.");
    let opening = dana.get(paper, "twice-second-answer-comes", 2, &answer, "Dana opens.").unwrap();
    ana.get(paper, "twice-second-opening-comes", 4, &opening, "Other words than before.");
    let (by_ana, by_dana) = (ana.words(), dana.words());
    ana.types(paper, "twice-ana-types-wrong-again", "acorn acorn acorn acorn", "A new run has three tries again.");
    ana.types(paper, "twice-ana-types-no-words", "what did you say", "No words of the list: no try is used up.");
    ana.types(paper, "twice-ana-types-own-words", &by_ana, "The second wrong try.");
    ana.types(paper, "twice-ana-types", &by_dana, "The third is right.");
    dana.types(paper, "twice-dana-types", &by_ana, "Dana's fits at once.");
    dana.get(paper, "twice-answer-comes-again", 5, &answer, "An answer in the state matched: ignored.");
    let third = dana.begin(paper, "twice-dana-begins-once-more", "A run that is over: Dana may begin again.");
    let explanation = "A commitment in the state matched waits; what was matched stays.";
    ana.get(paper, "twice-third-commitment-comes", 5, &third, explanation);
}

fn passed(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    ana.begin(paper, "passed-ana-begins", "Ana begins.");
    let one = dana.begin(paper, "passed-dana-begins", "Dana begins: his message 1, which is late.");
    dana.gives_up(paper, "passed-dana-gives-up", "He gives up.");
    let two = dana.begin(paper, "passed-dana-begins-anew", "And begins anew: his message 2.");
    let explanation = "Ana is the inviter and passes over message 2. Its number counts all the same.";
    ana.get(paper, "passed-second-commitment-comes", 2, &two, explanation);
    ana.gives_up(paper, "passed-ana-gives-up", "Ana gives up: nothing waits.");
    ana.get(paper, "passed-first-commitment-comes", 1, &one, "Message 1 comes: ignored, nothing waits.");
}

fn over(paper: &mut Paper, [mut ana, mut dana]: [Side; 2]) {
    to_words(paper, [&mut ana, &mut dana], "over", 1);
    for place in ["first", "second", "third"] {
        let explanation = format!("Wrong for the {place} time.");
        ana.types(paper, &format!("over-ana-types-wrong-{place}"), "acorn acorn acorn acorn", &explanation);
    }
    dana.gives_up(paper, "over-dana-gives-up", "Dana gives up.");
    let again = dana.begin(paper, "over-dana-begins-anew", "He begins anew.");
    ana.get(paper, "over-second-commitment-comes", 3, &again, "A commitment in the state different waits.");
    let answer = ana.begin(paper, "over-ana-begins-anew", "Ana answers.");
    let Some(CheckMessage::Opening { commitment, mut nonce }) =
        dana.get(paper, "over-second-answer-comes", 2, &answer, "Dana opens.")
    else {
        panic!("an answer is opened")
    };
    nonce[31] ^= 0x80;
    let forged = CheckMessage::Opening { commitment, nonce };
    ana.get(paper, "over-forged-opening-comes", 4, &forged, "Another nonce: the run is broken.");
    dana.gives_up(paper, "over-dana-gives-up-again", "Dana gives up.");
    let third = dana.begin(paper, "over-dana-begins-once-more", "He begins once more.");
    ana.get(paper, "over-third-commitment-comes", 5, &third, "A commitment in the state broken waits.");
}
