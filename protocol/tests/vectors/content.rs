//! Bodies, kinds and pieces (protocol.md §7).

use super::paper::Paper;
use super::refusal;
use crate::content::{CheckMessage, Content, Keep, MessageId, Piece};
use crate::limits::BODY;
use crate::wire::message::{Body, HistoryFields};
use zeroize::Zeroizing;

/// A piece of the message with this name.
type Make<'a> = &'a dyn Fn([u8; 16]) -> Piece;

fn piece(id: [u8; 16], shown: bool, kind: u16, payload: &[u8]) -> Piece {
    let payload = Zeroizing::new(payload.to_vec());
    Piece { id: MessageId::from_bytes(id), index: 0, count: 1, shown, kind, payload }
}

/// Bodies of §7.1.
pub(crate) fn bodies() -> Paper {
    let mut paper = Paper::new(
        "body",
        "Bodies of §7.1: 1,688 bytes from their fields, and bodies that must be refused. A body that is refused here refuses its \
         envelope (§5.5). Hashes are drawn; real ones stand in the conversations.",
    );
    let mut last = None;
    let many = |id| Piece { index: 2, count: 5, ..piece(id, true, 1, &[b'x'; 1500]) };
    let last_of_all = |id| Piece { index: 63, count: 64, ..piece(id, false, 0xffff, &[0xff; 1577]) };
    let cases: [(&str, &str, u64, Make<'_>); 9] = [
        ("empty-text", "A text of no bytes.", 1, &|id| piece(id, true, 1, b"")),
        ("text", "A text in one piece.", 2, &|id| piece(id, true, 1, "Gr\u{fc}\u{df}e".as_bytes())),
        ("piece-of-many", "The third of five pieces, 1,500 bytes.", 3, &many),
        ("filler", "Filler.", 4, &|id| piece(id, false, 2, b"")),
        ("lost", "Numbers 3 to 9 were lost.", 5, &|id| {
            piece(id, false, 3, &[3_u64.to_be_bytes(), 9_u64.to_be_bytes()].concat())
        }),
        ("unknown-shown", "A kind of a later version, for showing.", 6, &|id| {
            piece(id, true, 700, b"\0\x05hello\x01\x02")
        }),
        (
            "largest",
            "The largest payload, no padding; the largest number that is not refused by its size.",
            (1 << 63) - 1,
            &last_of_all,
        ),
        ("number-0", "Number 0 is read: it never fits its place, and is refused there (§8.2).", 0, &|id| {
            piece(id, true, 1, b"")
        }),
        ("number-2^63", "So is 2^63.", 1 << 63, &|id| piece(id, true, 1, b"")),
    ];
    for (name, explanation, number, make) in cases {
        let mut case = paper.case(name, explanation);
        let history = HistoryFields {
            number,
            previous: case.random("H(number - 1)"),
            received: number / 2,
            received_hash: case.random("H(received)"),
        };
        let piece = make(case.random("message"));
        let body = Body { history, sent_at: 1_800_000_000_000 + number % 1000, piece };
        let bytes = body.encode();
        assert!(Body::decode(bytes.expose()).as_ref() == Ok(&body));
        case.number("number", number).number("received", number / 2).number("time of sending", body.sent_at);
        case.number("piece", body.piece.index).number("pieces", body.piece.count);
        case.number("shown", body.piece.shown).number("kind", body.piece.kind).hex("payload", &body.piece.payload);
        case.hex("body", bytes.expose()).accepted();
        last.get_or_insert(*bytes.expose());
    }
    let good = last.unwrap();
    let changes: [(&str, &str, usize, &[u8]); 9] = [
        ("no-pieces", "0 pieces.", 105, &[0]),
        ("65-pieces", "65 pieces.", 105, &[65]),
        ("piece-1-of-1", "Piece 1 of 1, counted from 0.", 104, &[1]),
        ("flag-2", "The flag for showing is 2.", 106, &[2]),
        ("flag-ff", "The flag for showing is 255.", 106, &[255]),
        ("payload-1578", "A payload of 1,578 bytes: more than there are.", 109, &[0x06, 0x2a]),
        ("payload-65535", "A payload of 65,535 bytes.", 109, &[0xff, 0xff]),
        ("padding-first", "The first byte of the padding is 1.", 111, &[1]),
        ("padding-last", "The last byte of the padding is 1.", BODY - 1, &[1]),
    ];
    for (name, explanation, place, bytes) in changes {
        let mut body = good;
        body[place..place + bytes.len()].copy_from_slice(bytes);
        let words = refusal::decode(Body::decode(&body).unwrap_err());
        paper.case(name, explanation).hex("body", &body).refused(words);
    }
    paper
}

/// Kinds and pieces of §7.2, §7.3.
pub(crate) fn contents() -> Paper {
    let mut paper = Paper::new(
        "content",
        "Content of §7.2 in its pieces (§7.3), and what it says: text, or text instead for a kind that version 1 does not know; first and \
         last number; commitment and nonce; days, 0 for always. Nothing for filler and for what is ignored. A line piece 0, piece 1, … is one piece as it stands in a body, from message to \
         payload: message[16] ‖ index ‖ count ‖ shown ‖ kind ‖ length ‖ payload. Where a text is one letter again and again, letter \
         and length stand for its pieces. What is refused here has left its envelope, which stays received: only the content is \
         dropped.",
    );
    let mut case = paper.case("values", "The message of all pieces in this file.");
    let id: [u8; 16] = case.random("message");
    case.accepted();
    let text = |text: &str| Content::Text(text.to_owned()).split(MessageId::from_bytes(id)).unwrap();
    let lost = |from, to| Content::Lost { from, to }.split(MessageId::from_bytes(id)).unwrap();
    let check = |message| Content::Check(message).split(MessageId::from_bytes(id)).unwrap();
    let keep = |keep| Content::Keep(keep).split(MessageId::from_bytes(id)).unwrap();
    let one = |shown, kind, payload: &[u8]| vec![piece(id, shown, kind, payload)];
    let long = "x".repeat(1499) + &"\u{e9}".repeat(751);
    let (commitment, nonce) = ([0x11; 32], [0x22; 32]);
    for (name, explanation, pieces) in [
        ("empty", "A text of no bytes is one piece.", text("")),
        ("text", "A short text.", text("Gr\u{fc}\u{df}e \u{1f331}")),
        ("text-1500", "1,500 bytes are one piece.", text(&"a".repeat(1500))),
        ("text-1501", "1,501 bytes are two.", text(&"a".repeat(1501))),
        ("cut-inside-a-character", "3,001 bytes; the cut goes through a character.", text(&long)),
        ("filler", "Filler.", Content::Filler.split(MessageId::from_bytes(id)).unwrap()),
        ("lost-one", "One number.", lost(1, 1)),
        ("lost-2048", "2,048 numbers, the most.", lost(5, 2052)),
        ("check-commitment", "Kind 4.", check(CheckMessage::Commitment(commitment))),
        ("check-answer", "Kind 5.", check(CheckMessage::Answer { commitment, nonce })),
        ("check-opening", "Kind 6.", check(CheckMessage::Opening { commitment, nonce })),
        ("keep-always", "Kind 7: always.", keep(Keep::Always)),
        ("keep-30", "Kind 7: 30 days.", keep(Keep::Days30)),
        ("keep-90", "Kind 7: 90 days.", keep(Keep::Days90)),
        ("unknown-shown", "Shown is the text of the block: hello.", one(true, 700, b"\0\x05hello\x01\x02")),
        ("unknown-shown-empty", "A block of no bytes: nothing to show, and no refusal.", one(true, 8, b"\0\0")),
        (
            "unknown-shown-1575",
            "The longest block that fits.",
            one(true, 700, &[&1575_u16.to_be_bytes()[..], &[b'u'; 1575]].concat()),
        ),
        (
            "unknown-in-three",
            "Three pieces of any size: the block stands in the first, and nothing else is read.",
            [&b"\0\x05hello\xff"[..], b"", &[0xff; 1577]]
                .iter()
                .zip(0..)
                .map(|(payload, index)| Piece { index, count: 3, ..piece(id, true, 700, payload) })
                .collect(),
        ),
        ("unknown-control", "Ignored, whatever it holds.", one(false, 700, &[0xff; 3])),
        ("unknown-control-0", "Kind 0 is a kind like any other.", one(false, 0, b"")),
    ] {
        let content = Content::join(&pieces).unwrap();
        let mut case = paper.case(name, explanation);
        write(&mut case, &pieces);
        says(&mut case, &content);
        case.accepted();
    }
    let most = text(&"x".repeat(65_536));
    let mut case = paper.case("text-65536", "The longest text: 44 pieces.");
    assert!(Content::join(&most).is_ok());
    case.text("letter", "x").number("length", 65_536_u32).number("pieces", u32::try_from(most.len()).unwrap());
    case.hex("piece 43", &bytes(&most[43])).accepted();
    let mut beyond = most;
    beyond[43].payload.push(b'x');
    let error = Content::join(&beyond).unwrap_err();
    let mut case = paper.case("text-65537", "One byte more, still in 44 pieces.");
    case.text("letter", "x").number("length", 65_537_u32).hex("piece 43", &bytes(&beyond[43]));
    case.refused(refusal::content(error));
    refused(&mut paper, id, &text(&"ab".repeat(2000)));
    paper
}

fn refused(paper: &mut Paper, id: [u8; 16], good: &[Piece]) {
    let one = |shown, kind, payload: &[u8]| vec![piece(id, shown, kind, payload)];
    let lost = |from: u64, to: u64| one(false, 3, &[from.to_be_bytes(), to.to_be_bytes()].concat());
    let change = |change: &dyn Fn(&mut Vec<Piece>)| {
        let mut pieces = good.to_vec();
        change(&mut pieces);
        pieces
    };
    let unknown = |index, payload: &[u8]| Piece { index, count: 2, ..piece(id, true, 700, payload) };
    let two = |kind, payload: &[u8]| {
        let first = Piece { count: 2, ..piece(id, false, kind, payload) };
        vec![first.clone(), Piece { index: 1, ..first }]
    };
    for (name, explanation, pieces) in [
        ("piece-missing", "Two of three pieces.", change(&|pieces| pieces.truncate(2))),
        (
            "piece-doubled",
            "The first piece twice, the second not at all.",
            change(&|pieces| pieces[1] = pieces[0].clone()),
        ),
        (
            "piece-of-another-message",
            "The last piece is of another message.",
            change(&|pieces| pieces[2].id = MessageId::from_bytes([2; 16])),
        ),
        ("other-count", "The last piece says that there are four.", change(&|pieces| pieces[2].count = 4)),
        ("other-kind", "The last piece is of another kind.", change(&|pieces| pieces[2].kind = 700)),
        ("piece-of-1499", "The first piece has 1,499 bytes.", change(&|pieces| pieces[0].payload.truncate(1499))),
        ("last-piece-empty", "The last of three pieces is empty.", change(&|pieces| pieces[2].payload.clear())),
        ("piece-of-1501", "One piece of 1,501 bytes.", one(true, 1, &[b'a'; 1501])),
        ("text-not-UTF-8", "A byte that is no UTF-8.", one(true, 1, b"a\xff")),
        ("text-surrogate", "A surrogate, which UTF-8 does not have.", one(true, 1, b"\xed\xa0\x80")),
        ("text-overlong", "A second encoding of the slash.", one(true, 1, b"\xc0\xaf")),
        ("text-as-control", "Kind 1 with the flag of control.", one(false, 1, b"a")),
        ("filler-shown", "Kind 2 for showing.", one(true, 2, b"")),
        ("filler-with-payload", "Filler that holds something.", one(false, 2, b"\0")),
        ("filler-in-two", "Filler in two pieces.", two(2, b"")),
        ("lost-0", "Numbers begin with 1.", lost(0, 4)),
        ("lost-backwards", "The last is below the first.", lost(5, 4)),
        ("lost-2049", "2,049 numbers.", lost(5, 2053)),
        ("lost-short", "15 bytes.", one(false, 3, &[0; 15])),
        (
            "lost-long",
            "17 bytes.",
            one(false, 3, &[[0, 0, 0, 0, 0, 0, 0, 1].as_slice(), &[0, 0, 0, 0, 0, 0, 0, 1, 0]].concat()),
        ),
        ("lost-in-two", "In two pieces.", two(3, &[1; 16])),
        ("lost-shown", "Kind 3 for showing.", one(true, 3, &[1; 16])),
        ("commitment-short", "Kind 4 with 31 bytes.", one(false, 4, &[1; 31])),
        ("commitment-long", "Kind 4 with 33 bytes.", one(false, 4, &[1; 33])),
        ("commitment-shown", "Kind 4 for showing.", one(true, 4, &[1; 32])),
        ("commitment-in-two", "Kind 4 in two pieces.", two(4, &[1; 32])),
        ("answer-short", "Kind 5 with 63 bytes.", one(false, 5, &[1; 63])),
        ("opening-long", "Kind 6 with 65 bytes.", one(false, 6, &[1; 65])),
        ("answer-in-two", "Kind 5 in two pieces.", two(5, &[1; 64])),
        ("opening-in-two", "Kind 6 in two pieces.", two(6, &[1; 64])),
        ("keep-31", "Kind 7 with another number of days.", one(false, 7, &[0, 31])),
        ("keep-short", "Kind 7 with 1 byte.", one(false, 7, &[30])),
        ("keep-long", "Kind 7 with 3 bytes.", one(false, 7, &[0, 30, 0])),
        ("keep-shown", "Kind 7 for showing.", one(true, 7, &[0, 30])),
        ("keep-in-two", "Kind 7 in two pieces.", two(7, &[0, 30])),
        ("unknown-without-block", "For showing, and not even a block.", one(true, 700, b"\0")),
        ("unknown-block-cut", "The block says 5 bytes, and 4 are there.", one(true, 700, b"\0\x05hell")),
        (
            "unknown-block-in-two",
            "The block begins in the first piece and ends in the second.",
            vec![unknown(0, b"\0\x05hel"), unknown(1, b"lo")],
        ),
        ("unknown-block-1578", "The block says 1,578 bytes.", one(true, 700, b"\x06\x2a")),
        ("unknown-not-UTF-8", "What to show is no UTF-8.", one(true, 700, b"\0\x01\xff")),
    ] {
        let words = refusal::content(Content::join(&pieces).unwrap_err());
        let mut case = paper.case(name, explanation);
        write(&mut case, &pieces);
        case.refused(words);
    }
}

/// What content says.
fn says(case: &mut super::paper::Case<'_>, content: &Content) {
    match content {
        Content::Text(text) => case.text("text", text),
        Content::Lost { from, to } => case.number("first", *from).number("last", *to),
        Content::Check(CheckMessage::Commitment(commitment)) => case.hex("commitment", commitment),
        Content::Check(CheckMessage::Answer { commitment, nonce } | CheckMessage::Opening { commitment, nonce }) => {
            case.hex("commitment", commitment).hex("nonce", nonce)
        }
        Content::Keep(keep) => case.number("days", keep.days()),
        Content::Unknown { fallback: Some(text), .. } => case.text("text instead", text),
        Content::Filler | Content::Unknown { fallback: None, .. } => case,
    };
}

fn write(case: &mut super::paper::Case<'_>, pieces: &[Piece]) {
    for (index, piece) in pieces.iter().enumerate() {
        case.hex(&format!("piece {index}"), &bytes(piece));
    }
}

/// A piece as it stands in a body, without the padding.
fn bytes(piece: &Piece) -> Vec<u8> {
    let history = HistoryFields { number: 0, previous: [0; 32], received: 0, received_hash: [0; 32] };
    let body = Body { history, sent_at: 0, piece: piece.clone() }.encode();
    body.expose()[88..111 + piece.payload.len()].to_vec()
}
