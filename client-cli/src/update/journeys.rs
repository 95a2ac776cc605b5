//! Whole journeys through the conversation, as sentences. Tests only.
//!
//! In: events. Out: what stands on the screen. This file must never run an effect.

use super::update;
use crate::app::{App, Effect, Event, Found, Screen};
use crate::engine::Fault;
use crate::engine::model::{Contact, Direction, Event as News, Keep, Message, Outcome, Queued, SendState, Trust};

pub(crate) fn person(name: &str) -> Contact {
    Contact {
        id: format!("id-{name}"),
        name: name.into(),
        given_name: name.into(),
        trust: Trust::Unchecked,
        check_words: None,
        rejoining: false,
        blocked: false,
        keep: Keep::Always,
        their_keep: Keep::Always,
        created_at: 0,
        waiting: 0,
    }
}

pub(crate) fn letter(name: &str, text: &str) -> Message {
    Message {
        id: String::new(),
        contact_id: format!("id-{name}"),
        contact: name.into(),
        direction: Direction::In,
        kind: "text".into(),
        text: text.into(),
        sent_at: 0,
        received_at: Some(0),
        state: None,
    }
}

fn queued(number: i64, name: &str) -> Queued {
    Queued { number, event: News::Message(letter(name, "hello")) }
}

pub(crate) fn said(effects: &[Effect]) -> String {
    let mut out = String::new();
    for effect in effects {
        match effect {
            Effect::Say(text) | Effect::Moment(text) => out += &(text.clone() + "\n"),
            Effect::Choices(lines) => lines.iter().enumerate().for_each(|(n, l)| out += &format!("{} {l}\n", n + 1)),
            _ => {}
        }
    }
    out
}

pub(crate) fn line(app: &mut App, text: &str) -> Vec<Effect> {
    update(app, Event::Line(text.into()))
}

pub(crate) fn talking(names: &[&str]) -> App {
    let mut app = App::new();
    update(&mut app, Event::Start(Found::Open));
    update(&mut app, Event::People(names.iter().map(|name| person(name)).collect()));
    if names.len() > 1 {
        line(&mut app, "1");
    }
    update(&mut app, Event::Past(vec![]));
    assert_eq!(app.screen, Screen::Talk);
    app
}

#[test]
fn the_first_run_asks_four_things_and_ends_in_the_open_conversation() {
    let mut app = App::new();
    let first = said(&update(&mut app, Event::Start(Found::Nothing)));
    assert!(first.contains("not an emergency service") && first.contains("Step 1 of 3"), "{first}");
    assert!(first.split_whitespace().count() <= 60, "{first}");
    app.screen = Screen::Name { link: "L".into() };
    let third = line(&mut app, "Dana");
    assert!(said(&third).contains("Step 3 of 3"));
    assert_eq!(third.last(), Some(&Effect::AskNewPassphrase));
    let again = update(&mut app, Event::Differ);
    assert!(said(&again).contains("no hurry"));
    assert_eq!(again.last(), Some(&Effect::AskNewPassphrase));
    assert_eq!(update(&mut app, Event::Chosen).last(), Some(&Effect::Make { name: "Dana".into() }));
    assert_eq!(update(&mut app, Event::Made(Ok(()))), [Effect::Join { link: "L".into() }]);
    let open = update(&mut app, Event::Joined(Ok(person("Robin"))));
    assert!(matches!(open.last(), Some(Effect::LoadPast { .. })));
    let hint = said(&update(&mut app, Event::Past(vec![])));
    assert!(hint.contains("Robin: NOT CHECKED YET") && hint.contains("press Enter to send"), "{hint}");
    assert_eq!(
        line(&mut app, "good morning"),
        [Effect::Send { contact_id: "id-Robin".into(), text: "good morning".into() }]
    );
}

#[test]
fn a_damaged_invitation_and_an_empty_name_are_asked_again() {
    let mut app = App::new();
    update(&mut app, Event::Start(Found::Nothing));
    let again = said(&line(&mut app, "half an invitation"));
    assert!(again.contains("Try again"), "{again}");
    assert_eq!(app.screen, Screen::Invitation);
    app.screen = Screen::Name { link: "L".into() };
    assert!(said(&line(&mut app, "  ")).contains("Try again"));
    assert_eq!(app.screen, Screen::Name { link: "L".into() });
}

#[test]
fn a_relay_that_is_down_keeps_the_invitation_and_a_used_one_asks_for_another() {
    let mut app = App::new();
    app.screen = Screen::Joining { link: "L".into() };
    let sad = said(&update(&mut app, Event::Joined(Err(Fault::Unreachable))));
    assert!(sad.contains("safe here") && sad.contains("Enter"), "{sad}");
    assert_eq!(app.screen, Screen::JoinAgain { link: "L".into() });
    app.screen = Screen::Joining { link: "L".into() };
    update(&mut app, Event::Joined(Err(Fault::InvitationUsed)));
    assert_eq!(app.screen, Screen::Paste);
    assert_eq!(line(&mut app, ""), [Effect::LoadPeople]);
}

#[test]
fn three_wrong_passphrases_end_with_their_code() {
    let mut app = App::new();
    update(&mut app, Event::Start(Found::Locked));
    for _ in 0..2 {
        let again = update(&mut app, Event::Opened(Err(Fault::WrongPassphrase)));
        assert_eq!(again.last(), Some(&Effect::AskPassphrase));
    }
    let end = update(&mut app, Event::Opened(Err(Fault::WrongPassphrase)));
    assert_eq!(end, [Effect::Fail(Fault::WrongPassphrase)]);
}

#[test]
fn one_person_opens_directly_and_several_are_at_most_seven_numbers() {
    let app = talking(&["Robin"]);
    assert_eq!(app.person.unwrap().name, "Robin");
    for many in [0, 2, 5, 6, 23] {
        let mut app = App::new();
        let names: Vec<_> = (0..many).map(|n| person(&format!("P{n}"))).collect();
        let mut shown = said(&update(&mut app, Event::People(names)));
        let mut met = std::collections::BTreeSet::new();
        for _ in 0..8 {
            let numbers = shown.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit())).count();
            assert!((2..=7).contains(&numbers), "{shown}");
            met.extend(shown.lines().filter(|l| l.contains(" P")).map(|l| l[2..].to_owned()));
            let more = shown.lines().find(|l| l.contains("More people")).map(|l| l[..1].to_owned());
            let Some(more) = more else { break };
            shown = said(&line(&mut app, &more));
        }
        assert_eq!(met.len(), many);
    }
}

#[test]
fn a_number_is_a_message_unless_choices_were_shown() {
    let mut app = talking(&["Robin"]);
    assert!(matches!(&line(&mut app, "2")[..], [Effect::Send { text, .. }] if text == "2"));
    let menu = said(&line(&mut app, "?"));
    assert!(menu.contains("1 Back to Robin") && menu.contains("Quit"), "{menu}");
    assert_eq!(line(&mut app, "7"), [Effect::Quit]);
}

#[test]
fn words_typed_at_the_choices_are_not_lost() {
    let mut app = talking(&["Robin"]);
    line(&mut app, "?");
    let asked = said(&line(&mut app, "I feel better today"));
    assert!(asked.contains("1 Send it to Robin"), "{asked}");
    assert!(matches!(&line(&mut app, "1")[..], [Effect::Send { text, .. }] if text == "I feel better today"));
    assert_eq!(app.screen, Screen::Talk);
}

#[test]
fn an_empty_line_sends_nothing() {
    let mut app = talking(&["Robin"]);
    assert_eq!(line(&mut app, ""), []);
}

#[test]
fn what_was_sent_and_what_waits_is_said_in_the_words_of_the_contract() {
    let mut app = talking(&["Robin"]);
    let outcome = |state| Outcome { id: String::new(), to: "Robin".into(), state, fault: None };
    assert_eq!(said(&update(&mut app, Event::Sent(Ok(outcome(SendState::Sent))))), "Sent.\n");
    assert_eq!(said(&update(&mut app, Event::Sent(Ok(outcome(SendState::Saved))))), "Not sent yet, safe here.\n");
}

#[test]
fn one_persons_words_never_stand_in_anothers_conversation() {
    let mut app = talking(&["Robin", "Kim"]);
    let news = update(&mut app, Event::News(vec![queued(1, "Robin"), queued(2, "Kim"), queued(3, "Kim")]));
    assert_eq!(news.first(), Some(&Effect::News(vec![queued(1, "Robin")])));
    assert_eq!(said(&news).matches("Kim").count(), 1, "{}", said(&news));
    assert_eq!(update(&mut app, Event::News(vec![queued(2, "Kim"), queued(3, "Kim")])), []);
    let people = said(&update(&mut app, Event::People(vec![person("Robin"), person("Kim")])));
    assert!(people.contains("2 Kim (2 new)"), "{people}");
    assert_eq!(line(&mut app, "2"), [Effect::LoadPast { contact_id: "id-Kim".into(), last: 8 }]);
    let opened = update(&mut app, Event::Past(vec![letter("Kim", "hello"), letter("Kim", "hello")]));
    assert!(opened.contains(&Effect::Mark(vec![2, 3])));
}

#[test]
fn older_messages_are_shown_before_those_that_stand_there() {
    let mut app = talking(&["Robin"]);
    app.seen = 1;
    line(&mut app, "?");
    line(&mut app, "2");
    let older = update(&mut app, Event::Past(vec![letter("Robin", "first"), letter("Robin", "second")]));
    assert!(older.contains(&Effect::Past(vec![letter("Robin", "first")])));
    line(&mut app, "1");
    line(&mut app, "?");
    line(&mut app, "2");
    let none = said(&update(&mut app, Event::Past(vec![letter("Robin", "first"), letter("Robin", "second")])));
    assert!(none.contains("nothing before"), "{none}");
}

#[test]
fn trouble_and_its_end_are_told_once() {
    let mut app = talking(&["Robin"]);
    let down = || Event::Trouble(Some(Fault::Unreachable));
    assert!(said(&update(&mut app, down())).contains("safe here"));
    assert_eq!(update(&mut app, down()), []);
    assert!(said(&update(&mut app, Event::Trouble(None))).contains("again"));
    assert_eq!(update(&mut app, Event::Trouble(None)), []);
    assert_ne!(update(&mut app, down()), []);
}

#[test]
fn what_was_not_sent_yet_is_called_sent_when_it_is() {
    let mut app = talking(&["Robin"]);
    let saved = Outcome { id: String::new(), to: "Robin".into(), state: SendState::Saved, fault: None };
    update(&mut app, Event::Sent(Ok(saved)));
    assert_eq!(update(&mut app, Event::Waiting(1)), []);
    assert!(said(&update(&mut app, Event::Waiting(0))).contains("sent now"));
    assert_eq!(update(&mut app, Event::Waiting(0)), []);
}

#[test]
fn words_that_do_not_stand_among_the_past_ones_are_said_and_only_then_count_as_shown() {
    let mut app = App::new();
    update(&mut app, Event::Start(Found::Open));
    let of = |id: &str, number| {
        let message = Message { id: id.into(), ..letter("Robin", id) };
        (message.clone(), Queued { number, event: News::Message(message) })
    };
    let ((_, early), (late, new)) = (of("early", 7), of("late", 8));
    update(&mut app, Event::News(vec![early.clone(), new]));
    update(&mut app, Event::People(vec![person("Robin")]));
    // So much was written from here since that the first of the two is further up.
    let own = Message { direction: Direction::Out, ..letter("Robin", "early") };
    let effects = update(&mut app, Event::Past(vec![Message { id: "early".into(), ..own }, late]));
    assert!(effects.contains(&Effect::Mark(vec![8])), "{effects:?}");
    assert!(effects.contains(&Effect::News(vec![early])), "{effects:?}");
}
