//! The check of words: two people, and what somebody between them can do (protocol.md §10).
#![expect(clippy::unwrap_used, reason = "a story that can't go on is a failed test")]

mod world;

use cairn_protocol::check::{Check, Standing, Typed};
use cairn_protocol::content::{CheckMessage, Content, MessageId, Piece};
use cairn_protocol::handshake::take;
use cairn_protocol::session::Session;
use cairn_protocol::words::Words;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// One person with one conversation.
struct Person {
    session: Session,
    check: Check,
    number: u64,
}

impl Person {
    fn new(session: Session) -> Self {
        Self { check: Check::new(&session), session, number: 0 }
    }

    fn start(&mut self, rng: &mut StdRng) -> Option<CheckMessage> {
        self.check.start(rng)
    }

    /// Restarted from what was saved before every message.
    fn hears(&mut self, message: &CheckMessage) -> Option<CheckMessage> {
        self.check = Check::restore(&self.check.snapshot()).unwrap();
        self.number += 1;
        self.check.received(self.number, message)
    }

    fn words(&self) -> String {
        match self.check.standing() {
            Standing::Words(words) => words.to_string(),
            other => format!("no words: {other:?}"),
        }
    }

    fn types(&mut self, words: &str) -> Typed {
        self.check.typed(&Words::parse(words).unwrap())
    }

    fn is_waiting(&self) -> bool {
        matches!(self.check.standing(), Standing::Waiting)
    }
}

/// The inviter and the taker of one honest conversation.
fn pair(rng: &mut StdRng) -> (Person, Person) {
    let (invitation, link, sealed) = world::invite(rng);
    let (taker, first) = take(&link, &link.open_bundle(&sealed).unwrap(), &world::taker(rng), rng).unwrap();
    (Person::new(invitation.accept(&first).unwrap().session), Person::new(taker))
}

/// A whole run that `first` begins and `second` joins.
fn run(first: &mut Person, second: &mut Person, rng: &mut StdRng) {
    let commitment = first.start(rng).unwrap();
    assert_eq!(second.hears(&commitment), None);
    assert!(first.is_waiting() && matches!(second.check.standing(), Standing::Asked));
    let answer = second.start(rng).unwrap();
    let opening = first.hears(&answer).unwrap();
    assert_eq!(second.hears(&opening), None);
}

#[test]
fn two_people_read_four_words_each_and_type_what_the_other_reads() {
    let rng = &mut StdRng::seed_from_u64(1);
    let (mut ana, mut dana) = pair(rng);
    run(&mut ana, &mut dana, rng);
    let (by_ana, by_dana) = (ana.words(), dana.words());
    assert_eq!((by_ana.split(' ').count(), by_dana.split(' ').count()), (4, 4));
    // Each sees only the words to be read: nobody can type them off the own screen.
    assert_ne!(by_ana, by_dana);
    assert_eq!(ana.types(&by_ana), Typed::Different(2));
    assert_eq!(ana.types(&by_dana), Typed::Matched);
    assert_eq!(dana.types(&by_ana), Typed::Matched);
    assert!(matches!(ana.check.standing(), Standing::Matched) && matches!(dana.check.standing(), Standing::Matched));
}

#[test]
fn words_differ_in_each_run_and_wrong_ones_end_it_after_three_tries() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (mut ana, mut dana) = pair(rng);
    run(&mut dana, &mut ana, rng);
    let (first, wrong) = (dana.words(), "acorn acorn acorn acorn");
    assert_eq!([ana.types(wrong), ana.types(wrong), ana.types(wrong)], [2, 1, 0].map(Typed::Different));
    assert!(matches!(ana.check.standing(), Standing::Different));
    assert_eq!(ana.types(&first), Typed::NotNow);
    // Ana begins again: Dana's old run is over, and nothing goes on before he begins too.
    let commitment = ana.start(rng).unwrap();
    assert_eq!(dana.hears(&commitment), None);
    assert!(matches!(dana.check.standing(), Standing::BeganAgain));
    let answer = dana.start(rng).unwrap();
    let opening = ana.hears(&answer).unwrap();
    dana.hears(&opening);
    assert_ne!(dana.words(), first);
    assert_eq!(ana.types(&dana.words()), Typed::Matched);
}

#[test]
fn nothing_is_answered_before_the_own_person_begins() {
    let rng = &mut StdRng::seed_from_u64(3);
    let (mut ana, mut dana) = pair(rng);
    let commitment = ana.start(rng).unwrap();
    assert_eq!(dana.hears(&commitment), None);
    assert_eq!(ana.start(rng), None, "a run that goes on is not begun again");
    assert_eq!(dana.types("acorn acorn acorn acorn"), Typed::NotNow);
}

#[test]
fn two_people_who_begin_at_once_come_together() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (mut inviter, mut taker) = pair(rng);
    let (one, two) = (inviter.start(rng).unwrap(), taker.start(rng).unwrap());
    assert_eq!(inviter.hears(&two), None);
    let answer = taker.hears(&one).unwrap();
    let opening = inviter.hears(&answer).unwrap();
    taker.hears(&opening);
    let (by_inviter, by_taker) = (inviter.words(), taker.words());
    assert_eq!((inviter.types(&by_taker), taker.types(&by_inviter)), (Typed::Matched, Typed::Matched));
}

#[test]
fn a_run_that_one_side_gave_up_is_not_mixed_with_the_next_in_any_order() {
    let rng = &mut StdRng::seed_from_u64(5);
    let (mut inviter, mut taker) = pair(rng);
    let old = inviter.start(rng).unwrap();
    taker.hears(&old);
    let stale = taker.start(rng).unwrap();
    inviter.check.stop();
    let new = inviter.start(rng).unwrap();
    assert_eq!(inviter.hears(&stale), None, "an answer to a run that was given up");
    taker.hears(&new);
    assert!(matches!(taker.check.standing(), Standing::BeganAgain));
    // A commitment that comes late does not push out a newer one.
    assert_eq!(taker.check.received(1, &old), None);
    let answer = taker.start(rng).unwrap();
    let opening = inviter.hears(&answer).unwrap();
    assert_eq!(taker.hears(&opening), None);
    assert_eq!(taker.types(&inviter.words()), Typed::Matched);
}

/// Two checks and what is on its way to each, with the number that it bears.
#[derive(Clone)]
struct Meeting {
    saved: [Vec<u8>; 2],
    begun: [bool; 2],
    sent: [u64; 2],
    coming: [Vec<(u64, CheckMessage)>; 2],
}

impl Meeting {
    fn step(&self, who: usize, step: impl FnOnce(&mut Check) -> Option<CheckMessage>) -> Self {
        let mut next = self.clone();
        let mut check = Check::restore(&self.saved[who]).unwrap();
        if let Some(message) = step(&mut check) {
            next.sent[who] += 1;
            next.coming[1 - who].push((next.sent[who], message));
        }
        next.saved[who] = check.snapshot().to_vec();
        next
    }

    /// Goes every way that is left. Returns how many ends there are.
    fn every_way(&self) -> u32 {
        let mut ends = 0;
        for who in [0, 1] {
            if !self.begun[who] {
                let mut next = self.step(who, |check| check.start(&mut StdRng::seed_from_u64(who as u64)));
                next.begun[who] = true;
                ends += next.every_way();
            }
            for place in 0..self.coming[who].len() {
                let (number, message) = &self.coming[who][place];
                let mut next = self.step(who, |check| check.received(*number, message));
                next.coming[who].remove(place);
                ends += next.every_way();
            }
        }
        if ends == 0 {
            let mut checks = self.saved.each_ref().map(|saved| Check::restore(saved).unwrap());
            let read = checks.each_ref().map(|check| match check.standing() {
                Standing::Words(words) => words.to_string(),
                other => format!("{other:?}"),
            });
            for (check, read) in checks.iter_mut().zip(read.iter().rev()) {
                assert_eq!(Words::parse(read).map(|words| check.typed(&words)), Ok(Typed::Matched), "{read}");
            }
            return 1;
        }
        ends
    }
}

#[test]
fn two_people_who_each_begin_once_come_together_in_every_order_of_beginning_and_arriving() {
    let (inviter, taker) = pair(&mut StdRng::seed_from_u64(12));
    let saved = [inviter, taker].map(|person| person.check.snapshot().to_vec());
    let meeting = Meeting { saved, begun: [false; 2], sent: [0; 2], coming: [Vec::new(), Vec::new()] };
    assert!(meeting.every_way() > 5);
}

#[test]
fn a_commitment_that_comes_behind_the_answer_that_replaced_it_ends_nothing() {
    let rng = &mut StdRng::seed_from_u64(11);
    let (mut inviter, mut taker) = pair(rng);
    // Both begin at once, and the taker's commitment, number 1, is overtaken by the answer, number 2.
    let (one, two) = (inviter.start(rng).unwrap(), taker.start(rng).unwrap());
    let answer = taker.hears(&one).unwrap();
    let opening = inviter.check.received(2, &answer).unwrap();
    let words = inviter.words();
    assert_eq!(inviter.check.received(1, &two), None);
    assert_eq!((inviter.words(), inviter.check.is_asked()), (words, false));
    taker.hears(&opening);
    assert_eq!(inviter.types(&taker.words()), Typed::Matched);
    // One that was begun after the answer ends the run, as ever.
    taker.check.stop();
    let (one, two) = (inviter.start(rng).unwrap(), taker.start(rng).unwrap());
    let answer = taker.hears(&one).unwrap();
    assert!(inviter.check.received(3, &answer).is_some());
    assert_eq!(inviter.check.received(4, &two), None);
    assert!(matches!(inviter.check.standing(), Standing::BeganAgain));
}

#[test]
fn an_opening_of_another_nonce_breaks_the_run() {
    let rng = &mut StdRng::seed_from_u64(6);
    let (mut ana, mut dana) = pair(rng);
    let commitment = ana.start(rng).unwrap();
    dana.hears(&commitment);
    let answer = dana.start(rng).unwrap();
    let CheckMessage::Opening { commitment, mut nonce } = ana.hears(&answer).unwrap() else {
        unreachable!("an answer is met by an opening")
    };
    nonce[31] ^= 1;
    assert_eq!(dana.hears(&CheckMessage::Opening { commitment, nonce }), None);
    assert!(matches!(dana.check.standing(), Standing::Broken));
    assert_eq!(dana.types(&ana.words()), Typed::NotNow);
}

/// Somebody saw Ana's link, took it first, and made Dana an invitation of their own: two conversations, one in the
/// middle, who makes a whole run with each and hopes. Passing messages on is the next test.
#[test]
fn a_link_holder_in_the_middle_can_not_make_the_words_fit() {
    let rng = &mut StdRng::seed_from_u64(7);
    let mut fitting = 0;
    for _ in 0..20 {
        let ((mut ana, mut as_dana), (mut as_ana, mut dana)) = (pair(rng), pair(rng));
        run(&mut ana, &mut as_dana, rng);
        run(&mut as_ana, &mut dana, rng);
        // The positive control: within one conversation the words do fit.
        assert_eq!(as_dana.types(&ana.words()), Typed::Matched);
        let (by_ana, by_dana) = (ana.words(), dana.words());
        fitting += u32::from(ana.types(&by_dana) == Typed::Matched);
        fitting += u32::from(dana.types(&by_ana) == Typed::Matched);
    }
    assert_eq!(fitting, 0);
}

#[test]
fn check_messages_that_are_passed_on_between_two_conversations_never_fit() {
    let rng = &mut StdRng::seed_from_u64(8);
    let ((mut ana, _), (_, mut dana)) = (pair(rng), pair(rng));
    // Ana begins; the middle hands her own messages to Dana, in his conversation, and his to her.
    let commitment = ana.start(rng).unwrap();
    dana.hears(&commitment);
    let answer = dana.start(rng).unwrap();
    let opening = ana.hears(&answer).unwrap();
    assert_eq!(dana.hears(&opening), None);
    // The commitment is bound to Ana's conversation: for Dana it opens to nothing.
    assert!(matches!(dana.check.standing(), Standing::Broken));
    assert_eq!(dana.types(&ana.words()), Typed::NotNow);
}

#[test]
fn nobody_sees_the_others_nonce_before_the_own_one_is_fixed() {
    let rng = &mut StdRng::seed_from_u64(9);
    let (mut ana, mut dana) = pair(rng);
    // After an answer, that is with the own nonce given away, another commitment ends the run with all its nonces.
    let commitment = ana.start(rng).unwrap();
    dana.hears(&commitment);
    assert!(matches!(dana.start(rng).unwrap(), CheckMessage::Answer { .. }));
    let chosen = CheckMessage::Commitment([7; 32]);
    assert_eq!(dana.hears(&chosen), None);
    assert!(matches!(dana.check.standing(), Standing::BeganAgain));
    // The one who began opens only after the other's nonce is known, and for that nonce only once.
    let CheckMessage::Commitment(commitment) = commitment else { unreachable!("a run begins with a commitment") };
    let first = CheckMessage::Answer { commitment, nonce: [1; 32] };
    assert!(ana.hears(&first).is_some());
    let words = ana.words();
    assert_eq!(ana.hears(&CheckMessage::Answer { commitment, nonce: [2; 32] }), None);
    assert_eq!(ana.words(), words);
}

#[test]
fn a_check_travels_inside_the_conversation_as_control_content() {
    let rng = &mut StdRng::seed_from_u64(10);
    let (mut ana, mut dana) = pair(rng);
    let message = dana.start(rng).unwrap();
    let piece: Piece = Content::Check(message.clone()).split(MessageId::random(rng)).unwrap().remove(0);
    let sealed = dana.session.encrypt(rng, &piece, 1).unwrap();
    let received = ana.session.decrypt(&sealed.envelope, 1).unwrap();
    assert!(received.piece.is_control());
    assert!(Content::join(&[received.piece]).unwrap() == Content::Check(message));
    // It asks for no confirmation, so that nobody learns from it when the other side is there.
    assert_eq!(ana.session.unanswered(), 0);
}
