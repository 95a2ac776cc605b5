//! A question of a command and its answer.

use super::super::exchange::Asked;
use super::*;
use crate::net::Role;
use cairn_protocol::wire::frame::Reply;

#[test]
fn an_answer_that_comes_late_is_not_taken_for_the_answer_to_the_next_question() {
    let mut ana = Person::new("Ana");
    let (engine, key) = (ana.engine(), (RELAY.to_owned(), Role::Invite));
    // The first question was given up, the second one is under way.
    engine.exchange.question = 2;
    engine.answered(&key, Asked::Direct(1), Reply::Done).unwrap();
    assert!(engine.exchange.direct.is_none());
    engine.answered(&key, Asked::Direct(2), Reply::Done).unwrap();
    assert!(matches!(engine.exchange.direct, Some(Ok(Reply::Done))));
}
