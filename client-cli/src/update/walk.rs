//! Every screen of the plain face that can be reached without an engine, and what each event makes of it, in every
//! language. Tests only.
//!
//! In: lines and events. Out: screens that are too long, have too many choices, frighten, or speak another language. This
//! file must never know what a screen is for.

use super::journeys::{letter, line, person, said, talking};
use super::update;
use crate::app::{App, Begun, Effect, Event, Found, Screen, Why};
use crate::engine::Fault;
use crate::engine::center::Center;
use crate::engine::center::tests::words;
use crate::engine::model::{
    Check, CheckState, Contact, Event as News, Keep, Kept, Outcome, Queued, Reason, Removed, SendState, Trust,
};
use crate::language::{Language, checks::frightening, speak};

/// Words of one screen: about sixty (the papers' need for little at once).
const WORDS: usize = 70;

/// How deep numbers are followed: the choices, More, and what stands behind it.
const DEEP: usize = 4;

/// Words that English sentences have and Spanish ones don't.
const ENGLISH: [&str; 40] = [
    "the",
    "you",
    "your",
    "and",
    "is",
    "are",
    "of",
    "it",
    "type",
    "press",
    "what",
    "not",
    "nothing",
    "sent",
    "here",
    "words",
    "with",
    "for",
    "this",
    "that",
    "message",
    "invitation",
    "back",
    "more",
    "people",
    "help",
    "now",
    "wait",
    "kept",
    "step",
    "choices",
    "to",
    "or",
    "when",
    "would",
    "like",
    "them",
    "then",
    "only",
    "quit",
];

/// A screen: how it was reached, what was said, how many choices it has.
type Shown = (String, String, usize);

/// How a person came to where the walk begins.
type Begin = Box<dyn Fn() -> App>;

fn take(path: &str, effects: &[Effect], found: &mut Vec<Shown>) {
    let choices = effects.iter().filter_map(|effect| match effect {
        Effect::Choices(lines) => Some(lines.len()),
        _ => None,
    });
    let choices = choices.max().unwrap_or(0);
    let text = said(effects);
    if !text.trim().is_empty() {
        found.push((path.to_owned(), text, choices));
    }
}

/// All lines below a beginning, one after the other.
fn follow(path: &str, begin: &dyn Fn() -> App, typed: &[&str], found: &mut Vec<Shown>) {
    let mut app = begin();
    let mut effects = Vec::new();
    for line_typed in typed {
        effects = line(&mut app, line_typed);
    }
    take(&format!("{path} {typed:?}"), &effects, found);
    if typed.len() >= DEEP {
        return;
    }
    let next: &[&str] = match app.screen {
        Screen::Choosing(_) => &["1", "2", "3", "4", "5", "6", "7", "x"],
        _ if typed.is_empty() => &["?", "", "half an invitation", "!"],
        _ => return,
    };
    for one in next {
        let mut further = typed.to_vec();
        further.push(one);
        follow(path, begin, &further, found);
    }
}

fn invited(center: Center, name: Option<&str>) -> App {
    let mut app = App { center, ..App::new() };
    update(&mut app, Event::Start(Found::Nothing));
    app.begun = Some(Begun { link: "L".into(), name: name.map(str::to_owned) });
    app.screen = match name {
        None => Screen::Name { link: "L".into() },
        Some(name) => Screen::Passphrase { link: "L".into(), name: name.into() },
    };
    app
}

fn with(change: impl Fn(&mut Contact)) -> App {
    let mut app = talking(&["Robin"]);
    if let Some(contact) = app.person.as_mut() {
        change(contact);
    }
    app.people.iter_mut().for_each(change);
    app
}

fn of_the_center() -> App {
    App { center: Center::Says(words()), ..talking(&["Robin"]) }
}

/// Everything that can happen while the conversation with Robin is open, but for what was typed.
fn events() -> Vec<Event> {
    let robin = || person("Robin");
    let check = |state, words: Option<&str>, tries_left| Check {
        contact_id: "id-Robin".into(),
        contact: "Robin".into(),
        state,
        words: words.map(str::to_owned),
        tries_left,
    };
    let notice = |reason, invite: Option<&str>| News::Notice {
        invite: invite.map(str::to_owned),
        contact: Some("Robin".into()),
        contact_id: Some("id-Robin".into()),
        reason,
        message: None,
    };
    let mut events: Vec<Event> = vec![
        Event::CutOff,
        Event::NotText,
        Event::Help,
        Event::Hide { why: Why::Asked, half_typed: None, found: Found::Locked },
        Event::Hide { why: Why::Idle, half_typed: Some("half".into()), found: Found::Locked },
        Event::Hide { why: Why::Asked, half_typed: None, found: Found::Open },
        Event::Opened(Err(Fault::WrongPassphrase)),
        Event::Sent(Ok(Outcome { id: String::new(), to: "Robin".into(), state: SendState::Sent, fault: None })),
        Event::Sent(Ok(Outcome { id: String::new(), to: "Robin".into(), state: SendState::Saved, fault: None })),
        Event::Older(Keep::Days30, Ok(12)),
        Event::Older(Keep::Days30, Ok(1)),
        Event::Kept(Ok(Kept { contact: robin(), told: true, erased: true })),
        Event::Kept(Ok(Kept { contact: robin(), told: false, erased: false })),
        Event::Renamed(Ok(robin())),
        Event::Blocked(Ok(Contact { blocked: true, ..robin() })),
        Event::Blocked(Ok(robin())),
        Event::Gone(Ok(Removed {
            contact_id: "id-Robin".into(),
            contact: "Robin".into(),
            closed: false,
            erased: false,
        })),
        Event::Later(Ok(letter("Robin", "hola"))),
        Event::LaterAll(Ok(vec![])),
        Event::LaterAll(Ok(vec![letter("Robin", "hola")])),
        Event::TakenBack(Ok(letter("Robin", "hola"))),
        Event::GivenUp(Ok(robin())),
        Event::JoinedAgain(Ok(Contact { rejoining: true, ..robin() })),
        Event::Trouble(None),
        Event::Past(vec![letter("Robin", "hola")]),
    ];
    let states = [
        CheckState::Idle,
        CheckState::Asked,
        CheckState::Waiting,
        CheckState::Matched,
        CheckState::Different,
        CheckState::Broken,
        CheckState::BeganAgain,
    ];
    events.extend(states.map(|state| Event::Check(Ok(check(state, None, None)))));
    events.push(Event::Check(Ok(check(CheckState::Words, Some("uno dos tres cuatro"), None))));
    events.push(Event::Check(Ok(check(CheckState::Words, Some("uno dos tres cuatro"), Some(2)))));
    let news = [
        News::Contact(robin()),
        News::Gap { from: "Robin".into(), contact_id: "id-Robin".into(), missing: 3 },
        News::Removed { contact: "Robin".into(), contact_id: "id-Robin".into(), messages: 2, keep: Keep::Days90 },
        News::TheirKeep { contact: "Robin".into(), contact_id: "id-Robin".into(), keep: Keep::Days90 },
        notice(Reason::SecondTaker, None),
        notice(Reason::SecondTaker, Some("1a2b")),
        notice(Reason::CheckAsked, None),
        notice(Reason::HistoryDiffers, None),
        notice(Reason::Rejoined, None),
        notice(Reason::SessionDamaged, None),
        notice(Reason::NotArrived, None),
    ];
    events.extend(news.map(|event| Event::News(vec![Queued { number: 1, event }])));
    let faults = [
        Fault::Unreachable,
        Fault::OtherRelay,
        Fault::KeysChanged,
        Fault::PassNeeded,
        Fault::Full,
        Fault::Closed,
        Fault::Busy,
        Fault::OlderCopy,
        Fault::HistoryDiffers,
        Fault::SessionDamaged,
        Fault::Blocked,
        Fault::InvitationUsed,
        Fault::InvitationGone,
    ];
    for fault in faults {
        events.push(Event::Sent(Err(fault.clone())));
        events.push(Event::Trouble(Some(fault.clone())));
        events.push(Event::Check(Err(fault.clone())));
        events.push(Event::Kept(Err(fault.clone())));
        events.push(Event::JoinedAgain(Err(fault.clone())));
        events.push(Event::Invitation(Err(fault)));
    }
    events
}

fn screens() -> Vec<Shown> {
    let mut found = Vec::new();
    for found_here in [Found::Nothing, Found::Locked, Found::Open] {
        take("the start", &update(&mut App::new(), Event::Start(found_here)), &mut found);
    }
    let beginnings: Vec<(&str, Begin)> = vec![
        (
            "nothing",
            Box::new(|| {
                let mut app = App::new();
                update(&mut app, Event::Start(Found::Nothing));
                app
            }),
        ),
        ("a name", Box::new(|| invited(Center::Unknown, None))),
        ("a passphrase", Box::new(|| invited(Center::Silent, Some("Dana")))),
        ("the center", Box::new(of_the_center)),
        (
            "nobody",
            Box::new(|| {
                let mut app = App::new();
                update(&mut app, Event::Start(Found::Open));
                update(&mut app, Event::People(vec![]));
                app
            }),
        ),
        ("a talk", Box::new(|| talking(&["Robin"]))),
        ("many", Box::new(|| talking(&["A", "B", "C", "D", "E", "F", "G"]))),
        ("checked", Box::new(|| with(|robin| robin.trust = Trust::Checked))),
        ("blocked", Box::new(|| with(|robin| robin.blocked = true))),
        ("a new start", Box::new(|| with(|robin| robin.rejoining = true))),
    ];
    for (path, begin) in &beginnings {
        follow(path, begin.as_ref(), &[], &mut found);
    }
    for center in [Center::Unknown, Center::Silent, Center::Unusable, Center::Says(words())] {
        let mut app = invited(Center::Unknown, None);
        app.screen = Screen::Blank;
        take(&format!("{center:?} came"), &update(&mut app, Event::Center(center.clone())), &mut found);
        let mut app = App { center: center.clone(), ..talking(&["Robin"]) };
        take(&format!("the card of {center:?}"), &line(&mut app, "!"), &mut found);
    }
    for event in [Event::Chosen, Event::Differ, Event::Empty, Event::Help, Event::Joined(Ok(person("Robin")))] {
        let path = format!("{event:?}");
        take(&path, &update(&mut invited(Center::Unknown, Some("Dana")), event), &mut found);
    }
    for fault in [Fault::Unreachable, Fault::InvitationUsed, Fault::InvitationGone, Fault::Busy, Fault::OtherRelay] {
        let path = format!("joined {fault:?}");
        take(&path, &update(&mut invited(Center::Unknown, Some("Dana")), Event::Joined(Err(fault))), &mut found);
    }
    for event in events() {
        let path = format!("{event:?}");
        take(&path, &update(&mut talking(&["Robin"]), event), &mut found);
    }
    found
}

/// How many words a text has, numbers and marks that stand alone left out.
fn count(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count()
}

/// The first English word of a Spanish sentence. What stands behind `cairn ` is a command.
fn english(text: &str) -> Option<String> {
    let spoken =
        text.lines().filter_map(|line| line.split("cairn ").next()).collect::<Vec<_>>().join(" ").to_lowercase();
    let mut words = spoken.split(|letter: char| !letter.is_alphabetic());
    words.find(|word| ENGLISH.contains(word)).map(str::to_owned)
}

#[test]
fn every_screen_is_short_calm_and_in_one_language_with_at_most_seven_choices() {
    for language in Language::ALL {
        speak(language);
        let all = screens();
        assert!(all.len() > 500, "{} screens", all.len());
        let mut wrong: Vec<String> = Vec::new();
        for (path, text, choices) in all {
            let number = count(&text);
            // The center's own words are the center's.
            let of_the_center = text.contains("Example Center");
            if number > WORDS && !of_the_center {
                wrong.push(format!("{number} words: {path}\n{text}"));
            }
            if choices > 7 {
                wrong.push(format!("{choices} choices: {path}\n{text}"));
            }
            if let Some(word) = frightening(language, &text) {
                wrong.push(format!("{word}: {path}\n{text}"));
            }
            if language == Language::Spanish
                && !of_the_center
                && let Some(word) = english(&text)
            {
                wrong.push(format!("{word} in Spanish: {path}\n{text}"));
            }
        }
        wrong.dedup();
        assert!(wrong.is_empty(), "{language:?}: {}\n{}", wrong.len(), wrong.join("\n"));
    }
}
