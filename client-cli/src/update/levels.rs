//! How far numbers lead, from every place where a person can be. Tests only.
//!
//! In: numbers, and a line where one is asked for. Out: a third menu, a task that asks too much, a list without a way back.
//! This file must never know what a list is for: what stands in it tells.
//!
//! The rule is that of `docs/decisions/0027-two-levels.md`. A place is a conversation, the list of people, or an open
//! question of the first run. From a place `?` opens a menu; a number in it opens at most one more.

use super::journeys::{letter, line, person, talking};
use super::update;
use crate::app::{App, Begun, Choice, Effect, Event, Found, Screen};
use crate::engine::Fault;
use crate::engine::center::Center;
use crate::engine::model::{Check, CheckState, Contact, Found as Hits, Hit, Keep, Kept, Removed, Start};
use crate::settings::{Pace, Quiet, Settings};
use crate::shared::Place;
use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};

/// Menus, one behind the other.
const MENUS: usize = 2;

/// Questions of one task, one after the other. Larger: a person forgets what was begun. Smaller: a time that is typed, for
/// words that are typed, after the question when, is too much.
const QUESTIONS: usize = 3;

/// How many choices there are: the walk has to meet each.
const CHOICES: usize = 53;

/// What a choice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It goes somewhere: a list that holds one is a menu.
    Goes,
    /// It answers: something is done, or the task's next question comes.
    Answers,
    /// It answers, and another task begins with it.
    HandsOver,
    /// Another page of the same list.
    Turns,
    /// Back to the place.
    Back,
}

fn kind(choice: &Choice) -> Kind {
    match choice {
        Choice::Person(_)
        | Choice::People
        | Choice::Older
        | Choice::About
        | Choice::StartAgain
        | Choice::Keeping
        | Choice::Rename
        | Choice::Block
        | Choice::Remove
        | Choice::Invitations
        | Choice::Extras
        | Choice::HelpNow
        | Choice::Hide
        | Choice::WhatIsThis
        | Choice::Center
        | Choice::Practice
        | Choice::Anew
        | Choice::Later
        | Choice::LaterList
        | Choice::Settings
        | Choice::Setting(_)
        | Choice::Shared => Kind::Goes,
        Choice::Find
        | Choice::InviteAgain
        | Choice::UseAgain
        | Choice::GiveUp
        | Choice::Keep(_)
        | Choice::KeepNow(_)
        | Choice::BlockNow
        | Choice::Unblock
        | Choice::RemoveNow
        | Choice::Use
        | Choice::Make
        | Choice::SendIt(_)
        | Choice::MoreAbout
        | Choice::LaterAt(_)
        | Choice::LaterTime
        | Choice::LaterOne(_)
        | Choice::LaterDrop(_)
        | Choice::Set(..)
        | Choice::Slow(_)
        | Choice::OwnHours
        | Choice::SharedNow
        | Choice::Leave
        | Choice::LeaveSo
        | Choice::RemoveAll
        | Choice::RemoveAllNow
        | Choice::Quit => Kind::Answers,
        Choice::Check { .. } => Kind::HandsOver,
        Choice::More(_) | Choice::Earlier | Choice::FindMore(..) => Kind::Turns,
        Choice::Back => Kind::Back,
    }
}

/// What stands on the screen.
enum Shown {
    /// A place.
    Place,
    /// A list from which one goes somewhere.
    Menu,
    /// A question of a task, with numbers or with words.
    Question,
    /// Something to read, with nothing but the way back.
    Page,
}

fn shown(screen: &Screen) -> Shown {
    match screen {
        Screen::Choosing(choices) if choices.iter().any(|choice| kind(choice) == Kind::Goes) => Shown::Menu,
        Screen::Choosing(choices) if choices.iter().all(|choice| kind(choice) == Kind::Back) => Shown::Page,
        Screen::Choosing(_)
        | Screen::Label
        | Screen::Paste
        | Screen::PasteAgain
        | Screen::Checking
        | Screen::Hours
        | Screen::Finding
        | Screen::Renaming
        | Screen::LaterTime
        | Screen::LaterText(_) => Shown::Question,
        Screen::Blank
        | Screen::Invitation
        | Screen::Name { .. }
        | Screen::Passphrase { .. }
        | Screen::Joining { .. }
        | Screen::JoinAgain { .. }
        | Screen::Locked { .. }
        | Screen::Talk
        | Screen::Practice { .. }
        | Screen::Closed => Shown::Place,
    }
}

/// Whether a list is the list of people: a place and a menu in one.
fn is_people(screen: &Screen) -> bool {
    matches!(screen, Screen::Choosing(choices) if choices.contains(&Choice::Invitations))
}

/// What a person does.
#[derive(Clone, Copy)]
enum Does {
    /// Asks for choices.
    Asks,
    /// Types a number.
    Number(usize),
    /// Types what is asked for, or words where a number is.
    Words,
    /// Presses Enter alone.
    Enter,
}

/// One screen on the way, with the menus and the questions of one task up to it.
#[derive(Debug)]
struct Step {
    screen: Screen,
    menus: usize,
    asked: usize,
}

/// Somebody on the way.
struct Walker {
    app: App,
    steps: Vec<Step>,
    path: String,
    /// Where it begins.
    start: Discriminant<Screen>,
    /// What was chosen last.
    by: Kind,
    /// The program ends, or everything is hidden.
    ended: bool,
}

impl Walker {
    fn new(name: &str, app: App) -> Self {
        let start = discriminant(&app.screen);
        let mut walker = Self { app, steps: vec![], path: name.to_owned(), start, by: Kind::Goes, ended: false };
        walker.arrive();
        walker
    }

    fn does(&mut self, does: Does) {
        let choice = match (&self.app.screen, does) {
            (Screen::Choosing(choices), Does::Number(number)) => choices.get(number).cloned(),
            _ => None,
        };
        let effects = match does {
            Does::Asks => {
                // Whatever list stood there, this begins anew.
                self.steps.clear();
                match self.app.screen {
                    Screen::Passphrase { .. } => update(&mut self.app, Event::Empty),
                    _ => line(&mut self.app, "?"),
                }
            }
            Does::Number(number) => line(&mut self.app, &(number + 1).to_string()),
            Does::Words => words(&mut self.app),
            Does::Enter => line(&mut self.app, ""),
        };
        let step = match (&choice, does) {
            (Some(choice), _) => format!("{choice:?}").chars().take(30).collect(),
            (None, Does::Enter) => "Enter".to_owned(),
            (None, Does::Asks) => "?".to_owned(),
            (None, _) => "words".to_owned(),
        };
        self.path = format!("{} > {step}", self.path);
        self.run(effects);
        self.by = choice.as_ref().map_or(Kind::Answers, kind);
        self.arrive();
    }

    /// Answers all that the engine is asked for.
    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.ended |= matches!(effect, Effect::Quit | Effect::RemoveAll | Effect::Hide | Effect::Share);
            if let Some(event) = answer(&self.app, effect) {
                let next = update(&mut self.app, event);
                self.run(next);
            }
        }
    }

    fn arrive(&mut self) {
        let screen = self.app.screen.clone();
        let shown = shown(&screen);
        if matches!(shown, Shown::Place) || is_people(&screen) {
            self.steps.clear();
        }
        if self.by == Kind::Turns {
            self.steps.pop();
        }
        if let Some(before) = self.steps.iter().position(|step| step.screen == screen) {
            self.steps.truncate(before + 1);
            return;
        }
        let (menus, asked) = self.steps.last().map_or((0, 0), |step| (step.menus, step.asked));
        let (menus, asked) = match shown {
            Shown::Place => return,
            Shown::Menu => (menus + 1, 0),
            Shown::Question if self.by == Kind::HandsOver => (menus, 1),
            Shown::Question => (menus, asked + 1),
            Shown::Page => (menus, asked),
        };
        self.steps.push(Step { screen, menus, asked });
    }

    /// Where the walk began, or in a conversation, or with the people. A screen on which nothing is asked is none of these.
    fn at_a_place(&self) -> bool {
        let screen = &self.app.screen;
        let back = discriminant(screen) == self.start || *screen == Screen::Talk;
        is_people(screen) || self.steps.is_empty() && back
    }
}

/// What is asked for.
fn words(app: &mut App) -> Vec<Effect> {
    let typed = match app.screen {
        // Only a whole invitation gets so far.
        Screen::PasteAgain => {
            let joined = app.person.clone().map(|robin| Contact { rejoining: true, ..robin });
            return update(app, Event::JoinedAgain(joined.ok_or(Fault::NoContact)));
        }
        Screen::Hours => "9:30-17:00",
        Screen::LaterTime => "16:05",
        _ => "lamp ladder lemon locket",
    };
    line(app, typed)
}

/// What the engine says, so that as much as can be is asked.
fn answer(app: &App, effect: Effect) -> Option<Event> {
    let robin = app.person.clone().unwrap_or_else(|| person("Robin"));
    let check = |state, words: Option<&str>| {
        let words = words.map(str::to_owned);
        let (contact_id, contact) = ("id-Robin".into(), "Robin".into());
        Event::Check(Ok(Check { contact_id, contact, state, words, tries_left: None }))
    };
    let event = match effect {
        Effect::LoadPeople => Event::People(vec![person("Robin"), person("Kim")]),
        Effect::LoadPast { last, .. } => Event::Past(vec![letter("Robin", "hello"); last]),
        Effect::LoadLater => Event::LaterAll(Ok(vec![letter("Robin", "hello")])),
        Effect::AskCenter { .. } => Event::Center(Center::Silent),
        Effect::Join { .. } => Event::Joined(Err(Fault::Unreachable)),
        Effect::InviteAgain { .. } | Effect::NewInvitation { .. } => Event::Invitation(Err(Fault::Unreachable)),
        Effect::JoinAgain { .. } => Event::JoinedAgain(Err(Fault::Unreachable)),
        Effect::GiveUp { .. } => Event::GivenUp(Ok(robin)),
        Effect::Check { .. } => check(CheckState::Words, Some("acorn anchor apple almond")),
        Effect::CheckTyped { .. } => check(CheckState::Different, None),
        Effect::CountOlder { keep, .. } => Event::Older(keep, Ok(12)),
        Effect::KeepFor { keep, .. } => {
            Event::Kept(Ok(Kept { contact: Contact { keep, ..robin }, told: true, erased: true }))
        }
        Effect::Find { text, .. } => {
            let hits = vec![Hit { place: 1, message: letter("Robin", "hello") }];
            Event::Found(text, Ok(Hits { hits, next: Some(Start::Before(1)) }))
        }
        Effect::Rename { .. } => Event::Renamed(Ok(robin)),
        Effect::SetBlocked { blocked, .. } => Event::Blocked(Ok(Contact { blocked, ..robin })),
        Effect::Remove { .. } => {
            let (contact_id, contact) = (robin.id, robin.name);
            Event::Gone(Ok(Removed { contact_id, contact, closed: true, erased: true }))
        }
        Effect::SendLater { .. } => Event::Later(Ok(letter("Robin", "hello"))),
        Effect::CancelLater(_) => Event::TakenBack(Ok(letter("Robin", "hello"))),
        Effect::Set { .. } => Event::Set(Ok(app.settings)),
        Effect::CountUnsent => Event::Leaving(Ok(1)),
        Effect::CloseAll => Event::AllClosed(Ok(false)),
        Effect::Say(_)
        | Effect::Moment(_)
        | Effect::Gap
        | Effect::Choices(_)
        | Effect::Invitation(_)
        | Effect::Past(_)
        | Effect::News(_)
        | Effect::Mark(_)
        | Effect::Hide
        | Effect::Close
        | Effect::Clear
        | Effect::Begin
        | Effect::PutBack(_)
        | Effect::Keep(_)
        | Effect::AskNewPassphrase
        | Effect::AskPassphrase
        | Effect::Make { .. }
        | Effect::Send { .. }
        | Effect::Share
        | Effect::RemoveAll
        | Effect::Quit
        | Effect::Fail(_) => return None,
    };
    Some(event)
}

/// What the walks found.
#[derive(Default)]
struct Log {
    /// What breaks the rule.
    wrong: Vec<String>,
    /// The choices that stood on a screen.
    met: HashSet<Discriminant<Choice>>,
    /// Where the walk was already.
    seen: HashSet<String>,
    /// The most menus and the most questions, one behind the other.
    most: (usize, usize),
}

impl Log {
    fn judge(&mut self, walker: &Walker, last: Option<Does>) {
        let path = &walker.path;
        if let Some(step) = walker.steps.last() {
            self.most = (self.most.0.max(step.menus), self.most.1.max(step.asked));
            if step.menus > MENUS {
                self.wrong.push(format!("menu {}: {path}", step.menus));
            }
            if step.asked > QUESTIONS {
                self.wrong.push(format!("question {}: {path}", step.asked));
            }
        }
        let screen = &walker.app.screen;
        if let Screen::Choosing(choices) = screen {
            self.met.extend(choices.iter().map(discriminant));
            // Whoever is gone from everybody's list has nowhere to go back to.
            let ends = choices.contains(&Choice::LeaveSo);
            if !choices.contains(&Choice::Back) && !is_people(screen) && !ends {
                self.wrong.push(format!("no way back: {path}"));
            }
        }
        let goes_back = walker.by == Kind::Back || matches!(last, Some(Does::Enter));
        if goes_back && !walker.ended && !walker.at_a_place() {
            self.wrong.push(format!("not back at a place: {path}"));
        }
    }

    /// Everything behind what was done already.
    fn follow(&mut self, name: &str, begin: &dyn Fn() -> App, done: &[Does]) {
        let mut walker = Walker::new(name, begin());
        done.iter().for_each(|does| walker.does(*does));
        self.judge(&walker, done.last().copied());
        let app = &walker.app;
        let key = format!("{name} {:?} {:?} {:?} {}", walker.steps, app.person, app.begun, app.ending);
        if walker.ended || !self.seen.insert(key) {
            return;
        }
        let mut next = match &app.screen {
            Screen::Choosing(choices) => (0..choices.len()).map(Does::Number).collect(),
            _ if walker.steps.is_empty() => vec![],
            _ => vec![Does::Words, Does::Enter],
        };
        if done.is_empty() {
            next.push(Does::Asks);
        }
        if matches!(done, [Does::Asks]) {
            next.push(Does::Words);
        }
        for does in next {
            self.follow(name, begin, &[done, &[does]].concat());
        }
    }
}

/// How a person came to a place.
type Begin = Box<dyn Fn() -> App>;

fn before_a_profile(begun: Option<Option<&str>>, shared: bool) -> App {
    let begun = begun.map(|name| Begun { link: "L".into(), name: name.map(str::to_owned) });
    let shared = shared.then_some(Place::Memory { swept: false });
    let mut app = App { begun, shared, center: Center::Silent, ..App::new() };
    update(&mut app, Event::Start(Found::Nothing));
    app
}

fn an_invitation_that_waits() -> App {
    let begun = Some(Begun { link: "L".into(), name: Some("Dana".into()) });
    let mut app = App { begun, ..App::new() };
    update(&mut app, Event::Start(Found::Open));
    app
}

fn people(names: &[&str]) -> App {
    let mut app = App::new();
    update(&mut app, Event::Start(Found::Open));
    app.listed = true;
    update(&mut app, Event::People(names.iter().map(|name| person(name)).collect()));
    app
}

fn with(change: impl Fn(&mut Contact)) -> App {
    let mut app = talking(&["Robin"]);
    app.person.iter_mut().for_each(&change);
    app
}

#[test]
fn from_every_place_numbers_lead_through_two_menus_and_three_questions_at_most_and_back() {
    let visit = || Some(Place::Memory { swept: false });
    let slow = Settings { pace: Pace::Slow, quiet: Quiet::parse("22:00-08:00"), ..Settings::default() };
    let places: Vec<(&str, Begin)> = vec![
        ("the invitation", Box::new(|| before_a_profile(None, false))),
        ("the name", Box::new(|| before_a_profile(Some(None), false))),
        ("the passphrase", Box::new(|| before_a_profile(Some(Some("Dana")), false))),
        ("the invitation of a visit", Box::new(|| before_a_profile(None, true))),
        ("the name in a visit", Box::new(|| before_a_profile(Some(None), true))),
        ("an invitation that waits", Box::new(an_invitation_that_waits)),
        ("nobody", Box::new(|| people(&[]))),
        ("many", Box::new(|| people(&["A", "B", "C", "D", "E", "F", "G"]))),
        ("a conversation", Box::new(|| talking(&["Robin"]))),
        ("slowly", Box::new(move || App { settings: slow, ..talking(&["Robin"]) })),
        ("blocked", Box::new(|| with(|robin| robin.blocked = true))),
        ("a new start", Box::new(|| with(|robin| robin.rejoining = true))),
        ("kept for a month", Box::new(|| with(|robin| robin.keep = Keep::Days30))),
        ("a visit", Box::new(move || App { shared: visit(), ..talking(&["Robin"]) })),
    ];
    let mut log = Log::default();
    for (name, begin) in &places {
        log.follow(name, begin.as_ref(), &[]);
    }
    assert!(log.wrong.is_empty(), "{}\n{}", log.wrong.len(), log.wrong.join("\n"));
    assert_eq!(log.met.len(), CHOICES, "the walk meets every choice that there is");
    assert_eq!(log.most, (MENUS, QUESTIONS), "and it is no shorter than it was");
}
