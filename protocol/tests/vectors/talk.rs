//! A whole conversation, step by step: who writes what with which randomness, who gets which envelope and what it must
//! say (protocol.md §5 to §8).

use super::draw::Draw;
use super::meeting::{START, accept, invite, take_it};
use super::paper::Paper;
use super::refusal;
use crate::content::{Content, MessageId, Piece};
use crate::limits::{BODY, ENVELOPE};
use crate::ratchet::inside::{next_sending, replace_chain_key, step_is_due, use_next_header_key};
use crate::role::Role;
use crate::session::Session;
use crate::session::inside::{encrypt_a_lie, encrypt_beyond, history, ratchet, ratchet_mut};
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::{Body, HEADER};
use std::collections::BTreeMap;

/// Two sides, and every envelope that was written.
pub(crate) struct Talk {
    pub(crate) paper: Paper,
    taker: Session,
    inviter: Session,
    envelopes: BTreeMap<String, EnvelopeBytes>,
    /// Seconds since 1970-01-01 UTC.
    pub(crate) clock: u64,
}

/// What a dishonest peer does.
pub(crate) enum Lie {
    /// Changes header and body before they are sealed.
    Plain(fn(&mut [u8; HEADER], &mut [u8; BODY])),
    /// Goes on with another chain key.
    ChainKey([u8; 32]),
    /// Uses the header key of the next chain without a step.
    NextHeaderKey,
}

/// What a lie changes: the part, where, and what stands there instead.
type Changed = (&'static str, Option<usize>, Vec<u8>);

/// From the first byte that differs to the last.
fn difference(part: &'static str, honest: &[u8], lie: &[u8]) -> Option<Changed> {
    let differs = |place: &usize| honest[*place] != lie[*place];
    let (first, last) = ((0..lie.len()).find(differs)?, (0..lie.len()).rfind(differs)?);
    Some((part, Some(first), lie[first..=last].to_vec()))
}

/// Which bytes somebody gets.
enum Source<'a> {
    Of(&'a str),
    Changed(&'a str, u16, u8),
    Bytes,
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Inviter => "inviter",
        Role::Taker => "taker",
    }
}

impl Talk {
    /// Both have met.
    pub(crate) fn new(mut paper: Paper) -> Self {
        let mut case = paper.case("invite", "Ana makes an invitation (§3). Its private keys are what she must keep.");
        let (invitation, link, sealed) = invite(&mut case);
        case.accepted();
        let mut case =
            paper.case("take", "Dana takes it (§4): his own keys, and the first envelope. He may write at once.");
        let (taker, first) = take_it(&mut case, &link, &sealed);
        case.accepted();
        let explanation =
            "Ana accepts the first envelope. Both have these keys now (§4.3), and D and ek of Dana's chain 0.";
        let mut case = paper.case("accept", explanation);
        let accepted = accept(&mut case, &invitation, &taker, &first);
        case.accepted();
        Self { paper, taker, inviter: accepted.session, envelopes: BTreeMap::new(), clock: START }
    }

    pub(crate) fn session(&mut self, role: Role) -> &mut Session {
        match role {
            Role::Inviter => &mut self.inviter,
            Role::Taker => &mut self.taker,
        }
    }

    pub(crate) fn envelope(&self, name: &str) -> &EnvelopeBytes {
        &self.envelopes[name]
    }

    /// One side writes a short text; the step has the name of the envelope.
    pub(crate) fn text(&mut self, from: Role, name: &str, text: &str, explanation: &str) {
        self.content(from, name, &Content::Text(text.to_owned()), explanation);
    }

    /// One side writes content of one piece.
    pub(crate) fn content(&mut self, from: Role, name: &str, content: &Content, explanation: &str) {
        let draw = self.paper.draw(name);
        let (piece, draw) = piece(content, draw);
        self.write(from, name, &piece, draw, explanation);
    }

    /// One side writes the pieces of content that the crate can't write, or of long text; their names are `name-0`, `name-1`, …
    pub(crate) fn pieces(
        &mut self,
        from: Role,
        name: &str,
        make: impl FnOnce(MessageId) -> Vec<Piece>,
        explanation: &str,
    ) {
        let mut draw = self.paper.draw(&format!("{name}-0"));
        draw.announce(&["message"]);
        let pieces = make(MessageId::random(&mut draw));
        for (index, piece) in pieces.iter().enumerate() {
            let name = format!("{name}-{index}");
            let draw = if index == 0 { draw.clone() } else { self.paper.draw(&name) };
            self.write(from, &name, piece, draw, explanation);
        }
    }

    fn write(&mut self, from: Role, name: &str, piece: &Piece, mut draw: Draw, explanation: &str) {
        self.clock += 60;
        let sent_at = self.clock * 1000;
        let session = match from {
            Role::Inviter => &mut self.inviter,
            Role::Taker => &mut self.taker,
        };
        let mut rehearsal = draw.clone();
        if step_is_due(ratchet(session)) {
            draw.announce(&["D private", "ek private", "m"]);
            rehearsal.announce(&["D private", "ek private", "m"]);
        }
        let (previous, index, values) = next_sending(ratchet(session), &mut rehearsal);
        let fields = history(session).next();
        let body = Body { history: fields, sent_at, piece: piece.clone() }.encode();
        draw.announce(&["salt"]);
        let sealed = session.encrypt(&mut draw, piece, sent_at).unwrap();

        let mut case = self.paper.case(name, explanation);
        case.text("from", word(from)).drawn(draw.take());
        case.number("previous", previous).number("index", index);
        values.iter().for_each(|(name, bytes)| {
            case.hex(name, bytes);
        });
        case.number("number", sealed.number).hex("H(number - 1)", &fields.previous);
        case.number("received", fields.received).hex("H(received)", &fields.received_hash);
        case.number("time of sending", sent_at).number("shown", piece.shown).number("kind", piece.kind);
        if piece.index > 0 {
            case.hex("message", piece.id.as_bytes());
        }
        case.number("piece", piece.index).number("pieces", piece.count);
        case.hex("payload", &piece.payload).hex("body", body.expose()).hex("envelope", sealed.envelope.as_slice());
        case.hex("H(number)", &history(session).next().previous).accepted();
        self.envelopes.insert(name.to_owned(), sealed.envelope);
    }

    /// One side writes short texts that the file does not show: one case for all of them. Each takes its randomness from a
    /// case of its own name, which the file does not have.
    pub(crate) fn unsent(&mut self, from: Role, name: &str, stem: &str, count: u64, explanation: &str) {
        let text = |number: u64| Content::Text(number.to_string());
        self.unsent_of(from, name, stem, count, text, explanation);
    }

    /// The same with other content.
    pub(crate) fn unsent_of(
        &mut self,
        from: Role,
        name: &str,
        stem: &str,
        count: u64,
        content: impl Fn(u64) -> Content,
        explanation: &str,
    ) {
        let first = history(self.session(from)).sent() + 1;
        let first_time = (self.clock + 60) * 1000;
        let (shown, kind) = {
            let (piece, _) = piece(&content(first), self.paper.draw(name));
            (piece.shown, piece.kind)
        };
        for number in first..first + count {
            self.clock += 60;
            let sent_at = self.clock * 1000;
            let envelope = format!("{stem}-{number}");
            let (piece, mut draw) = piece(&content(number), self.paper.draw(&envelope));
            let session = self.session(from);
            if step_is_due(ratchet(session)) {
                draw.announce(&["D private", "ek private", "m"]);
            }
            draw.announce(&["salt"]);
            let sealed = encrypt_beyond(session, &mut draw, &piece, sent_at);
            draw.take();
            self.envelopes.insert(envelope, sealed);
        }
        let session = match from {
            Role::Inviter => &self.inviter,
            Role::Taker => &self.taker,
        };
        let mut case = self.paper.case(name, explanation);
        case.text("from", word(from)).text("case of each", &format!("{stem}-NUMBER"));
        case.number("first number", first).number("last number", first + count - 1);
        case.number("first time of sending", first_time).number("seconds apart", 60_u8);
        case.number("shown", shown).number("kind", kind).hex("H(last number)", &history(session).next().previous);
        case.accepted();
    }

    /// One side gets an envelope as it was written.
    pub(crate) fn get(&mut self, to: Role, name: &str, of: &str, explanation: &str) {
        let envelope = self.envelopes[of].clone();
        self.open(to, name, &Source::Of(of), &envelope, explanation);
    }

    /// One side gets other bytes.
    pub(crate) fn get_bytes(&mut self, to: Role, name: &str, envelope: &[u8; ENVELOPE], explanation: &str) {
        self.open(to, name, &Source::Bytes, envelope, explanation);
    }

    /// One side gets an envelope of which one byte was changed.
    pub(crate) fn get_changed(&mut self, to: Role, name: &str, of: &str, byte: u16, xor: u8, explanation: &str) {
        let mut envelope = self.envelopes[of].clone();
        envelope[usize::from(byte)] ^= xor;
        self.open(to, name, &Source::Changed(of, byte, xor), &envelope, explanation);
    }

    fn open(&mut self, to: Role, name: &str, source: &Source<'_>, envelope: &[u8; ENVELOPE], explanation: &str) {
        let now = self.clock;
        let session = match to {
            Role::Inviter => &mut self.inviter,
            Role::Taker => &mut self.taker,
        };
        let mut case = self.paper.case(name, explanation);
        case.text("to", word(to)).number("now", now);
        match source {
            Source::Of(name) => case.text("envelope of", name),
            Source::Changed(name, byte, xor) => {
                case.text("envelope of", name).number("changed byte", *byte).hex("xor", &[*xor])
            }
            Source::Bytes => case.hex("envelope", envelope),
        };
        let before = session.snapshot();
        match session.decrypt(envelope, now) {
            Err(error) => {
                assert_eq!(*session.snapshot(), *before, "a refusal changes nothing");
                case.refused(refusal::envelope(error));
            }
            Ok(received) => {
                case.number("number", received.number).number("time of sending", received.sent_at);
                let piece = &received.piece;
                case.number("shown", piece.shown).number("kind", piece.kind).hex("message", piece.id.as_bytes());
                case.number("piece", piece.index).number("pieces", piece.count);
                case.hex("payload", &received.piece.payload);
                if !received.given_up.is_empty() {
                    case.text("lost", &ranges(&received.given_up));
                }
                state(&mut case, session);
                case.accepted();
            }
        }
    }

    /// Somebody who holds the keys of one side writes what an honest one would not. Neither side's state moves: the liar
    /// has a copy, and so has the one who gets it.
    pub(crate) fn lie(&mut self, from: Role, name: &str, lie: Lie, explanation: &str) {
        let liar = Session::restore(&self.session(from).snapshot()).unwrap();
        self.lie_of(from, name, (liar, None), lie, explanation);
    }

    /// The same by somebody who has an older copy of that side, made after a step.
    pub(crate) fn lie_of_copy(
        &mut self,
        from: Role,
        name: &str,
        (copy, after): (&[u8], &'static str),
        lie: Lie,
        explanation: &str,
    ) {
        self.lie_of(from, name, (Session::restore(copy).unwrap(), Some(after)), lie, explanation);
    }

    fn lie_of(
        &mut self,
        from: Role,
        name: &str,
        (mut liar, after): (Session, Option<&'static str>),
        lie: Lie,
        explanation: &str,
    ) {
        let mut other = Session::restore(&self.session(from.peer()).snapshot()).unwrap();
        let (piece, mut draw) = piece(&Content::Text("a lie".to_owned()), self.paper.draw(name));
        if step_is_due(ratchet(&liar)) {
            draw.announce(&["D private", "ek private", "m"]);
        }
        draw.announce(&["salt"]);
        let sent_at = self.clock * 1000;
        let mut changed: Option<Changed> = None;
        let envelope = match lie {
            Lie::Plain(change) => encrypt_a_lie(&mut liar, &mut draw, &piece, sent_at, |header, body| {
                let (honest_header, honest_body) = (*header, *body);
                change(header, body);
                changed =
                    difference("header", &honest_header, header).or_else(|| difference("body", &honest_body, body));
            }),
            Lie::ChainKey(key) => {
                replace_chain_key(ratchet_mut(&mut liar), key);
                changed = Some(("chain key", None, key.to_vec()));
                liar.encrypt(&mut draw, &piece, sent_at).unwrap().envelope
            }
            Lie::NextHeaderKey => {
                let key = use_next_header_key(ratchet_mut(&mut liar));
                changed = Some(("header key", None, key.to_vec()));
                liar.encrypt(&mut draw, &piece, sent_at).unwrap().envelope
            }
        };
        let now = self.clock;
        let mut case = self.paper.case(name, explanation);
        case.text("to", word(from.peer())).number("now", now);
        if let Some(after) = after {
            case.text("state of the liar", after);
        }
        case.drawn(draw.take()).number("time of sending", sent_at).hex("payload", &piece.payload);
        if let Some((part, place, bytes)) = changed {
            case.text("changed part", part);
            place.map(|place| case.number("changed from", u64::try_from(place).unwrap()));
            case.hex("changed to", &bytes);
        }
        case.hex("envelope", envelope.as_slice());
        let before = other.snapshot();
        match other.decrypt(&envelope, now) {
            Err(error) => {
                assert_eq!(*other.snapshot(), *before, "a refusal changes nothing");
                case.refused(refusal::envelope(error));
            }
            Ok(received) => {
                case.number("number", received.number);
                state(&mut case, &other);
                case.accepted();
            }
        }
    }

    /// One side must not write any more.
    pub(crate) fn must_not_write(&mut self, from: Role, name: &str, content: &Content, explanation: &str) {
        let (piece, mut draw) = piece(content, self.paper.draw(name));
        let sent_at = self.clock * 1000;
        let before = self.session(from).snapshot();
        let error = self.session(from).encrypt(&mut draw, &piece, sent_at).unwrap_err();
        assert_eq!(*self.session(from).snapshot(), *before, "a refusal changes nothing");
        let mut case = self.paper.case(name, explanation);
        case.text("from", word(from)).number("shown", piece.shown).number("kind", piece.kind);
        case.refused(refusal::writing(error));
    }

    /// A vault of one side is restored: its session is in an older state again.
    pub(crate) fn restore(&mut self, side: Role, name: &str, snapshot: &[u8], after: &str, explanation: &str) {
        *self.session(side) = Session::restore(snapshot).unwrap();
        let mut case = self.paper.case(name, explanation);
        case.text("who", word(side)).text("state after", after).accepted();
    }

    /// One side looks at a clock that may have jumped.
    pub(crate) fn look_at(&mut self, side: Role, name: &str, now: u64, explanation: &str) {
        self.clock = now - 86_400;
        self.look(side, name, 1, explanation);
    }

    /// Time passes for one side.
    pub(crate) fn look(&mut self, side: Role, name: &str, days: u64, explanation: &str) {
        let mut lost = Vec::new();
        let from = self.clock;
        for _ in 0..days {
            self.clock += 86_400;
            let now = self.clock;
            lost.extend(self.session(side).tick(now));
        }
        let session = match side {
            Role::Inviter => &self.inviter,
            Role::Taker => &self.taker,
        };
        let mut case = self.paper.case(name, explanation);
        case.text("who", word(side)).number("first now", from + 86_400).number("looks", days);
        case.text("lost", &ranges(&lost));
        state(&mut case, session);
        case.accepted();
    }
}

/// What both sides must agree on after a step (§8).
fn state(case: &mut super::paper::Case<'_>, session: &Session) {
    case.number("mark", history(session).mark()).hex("H(mark)", &history(session).next().received_hash);
    case.text("missing", &ranges(&session.missing()));
    case.number("confirmed", session.confirmed()).number("differs", session.differs());
}

/// `3-5 7-7`, or nothing.
fn ranges(ranges: &[core::ops::RangeInclusive<u64>]) -> String {
    let words: Vec<_> = ranges.iter().map(|range| format!("{}-{}", range.start(), range.end())).collect();
    words.join(" ")
}

/// Content of one piece, with the drawn name of its message.
fn piece(content: &Content, mut draw: Draw) -> (Piece, Draw) {
    draw.announce(&["message"]);
    let mut pieces = content.split(MessageId::random(&mut draw)).unwrap();
    assert_eq!(pieces.len(), 1, "stories use short content");
    (pieces.remove(0), draw)
}
