//! What happens next: `(App, Event) → Effects`, without a terminal, a file or a clock.
//!
//! In: the state and one event. Out: the changed state and what to do. This file must never do it itself.

mod center;
mod check;
mod find;
mod first;
#[cfg(test)]
pub(crate) mod journeys;
mod keeping;
mod later;
#[cfg(test)]
mod levels;
mod news;
mod people;
mod practice;
mod rejoin;
mod safety;
mod settings;
mod shared;
mod talk;
#[cfg(test)]
mod walk;

use crate::app::{App, Begun, Effect, Event, Found, Screen};
use crate::engine::{Fault, check_link};
use crate::language::{start as texts, talk as talk_texts};
use crate::names;
use crate::output::fault::words;
use crate::output::{again, card};

/// Tries before a locked profile ends the program.
const TRIES: u8 = 3;

fn say(text: impl Into<String>) -> Effect {
    Effect::Say(text.into())
}

fn moment() -> Effect {
    Effect::Moment(talk_texts::moment())
}

/// Takes one event.
pub(crate) fn update(app: &mut App, event: Event) -> Vec<Effect> {
    #[cfg(test)]
    crate::own_fault::tests::comes_if_it_is_asked_for(&event);
    match event {
        Event::Start(found) => start(app, found),
        Event::Line(line) => line_typed(app, line),
        Event::CutOff => vec![say(again::repeatable(&texts::line_too_long()))],
        Event::NotText => vec![say(texts::not_text())],
        Event::End => vec![Effect::Quit],
        Event::Leave => shared::quit(app),
        Event::Help => safety::help(app),
        Event::Hide { why, half_typed, found } => safety::hide(app, why, half_typed, found),
        Event::Chosen => chosen(app),
        Event::Differ => vec![say(texts::differ()), Effect::AskNewPassphrase],
        Event::Empty if matches!(app.screen, Screen::Locked { .. }) => vec![Effect::AskPassphrase],
        Event::Empty => first::choices(app, &texts::empty()),
        Event::Made(Ok(())) => match &app.screen {
            Screen::Joining { link } => vec![Effect::Join { link: link.clone() }],
            _ => vec![Effect::LoadPeople],
        },
        Event::Made(Err(fault)) => vec![Effect::Fail(fault)],
        Event::Opened(result) => opened(app, result),
        Event::Joined(result) => joined(app, result),
        Event::Open(contact) => talk::open(app, contact),
        Event::People(people) => talk::people(app, people),
        Event::Past(messages) => talk::past(app, messages),
        Event::News(all) => news::arrived(app, all),
        Event::Sent(result) => talk::sent(app, result),
        Event::JoinedAgain(result) => rejoin::joined(app, result),
        Event::GivenUp(result) => rejoin::given_up(app, result),
        Event::Check(result) => check::stands(app, result),
        Event::Older(keep, result) => keeping::counted(app, keep, result),
        Event::Kept(result) => keeping::kept(app, result),
        Event::Found(text, result) => find::found(app, text, result),
        Event::Renamed(result) => people::renamed(app, result),
        Event::Blocked(result) => people::blocked(app, result),
        Event::Gone(result) => people::removed(app, result),
        Event::Invitation(result) => talk::invited(app, result),
        Event::Later(result) => later::kept(app, result),
        Event::LaterAll(result) => later::all(app, result),
        Event::TakenBack(result) => later::taken_back(app, result),
        Event::Set(result) => settings::done(app, result),
        Event::Trouble(fault) => news::trouble(app, fault),
        Event::Center(center) => center::came(app, center),
        Event::Waiting(number) => news::waiting(app, number),
        Event::Leaving(unsent) => shared::ask_leave(app, unsent),
        Event::AllClosed(closed) => shared::closed(app, closed),
    }
}

fn start(app: &mut App, found: Found) -> Vec<Effect> {
    let mut effects: Vec<_> = app.set_aside.take().map(say).into_iter().collect();
    effects.extend(match found {
        Found::Open => go_in(app),
        Found::Locked => {
            app.screen = Screen::Locked { tries: 0 };
            vec![say(texts::welcome_back()), Effect::AskPassphrase]
        }
        Found::Nothing => first::start(app),
    });
    effects
}

fn line_typed(app: &mut App, line: String) -> Vec<Effect> {
    match line.trim() {
        card::HELP => return safety::help(app),
        safety::HIDE => return vec![Effect::Hide],
        _ => {}
    }
    match std::mem::replace(&mut app.screen, Screen::Blank) {
        Screen::Invitation => invitation(app, line.trim()),
        Screen::Name { link } => named(app, link, &line),
        Screen::JoinAgain { link } if line.trim() == "?" => first::over_the_invitation(app, link),
        Screen::JoinAgain { link } => {
            let link = if line.trim().is_empty() { link } else { line.trim().to_owned() };
            join(app, link)
        }
        Screen::Paste if line.trim().is_empty() => talk::back(app),
        Screen::Paste => join(app, line.trim().to_owned()),
        Screen::PasteAgain => rejoin::pasted(app, line.trim()),
        Screen::Checking => check::typed(app, line),
        Screen::LaterTime => later::time(app, line.trim()),
        Screen::LaterText(when) => later::text(app, when, line),
        Screen::Hours => settings::hours(app, line.trim()),
        Screen::Finding => find::typed(app, &line),
        Screen::Renaming => people::named(app, &line),
        Screen::Label => talk::labelled(app, &line),
        Screen::Choosing(choices) => talk::chosen(app, choices, line),
        Screen::Talk => talk::typed(app, line),
        Screen::Practice { step } => practice::typed(app, step, &line),
        Screen::Closed => safety::closed(app, &line),
        // Nothing is asked in these: the line was typed ahead.
        other @ (Screen::Blank | Screen::Passphrase { .. } | Screen::Joining { .. } | Screen::Locked { .. }) => {
            app.screen = other;
            vec![]
        }
    }
}

fn invitation(app: &mut App, link: &str) -> Vec<Effect> {
    if link == "?" {
        return first::choices(app, &talk_texts::what_now());
    }
    if link.is_empty() && !app.told {
        return first::more_about(app);
    }
    if link.is_empty() {
        app.screen = Screen::Invitation;
        return vec![say(again::repeatable(&texts::no_invitation()))];
    }
    match check_link(link) {
        Ok(()) => {
            let kept = first::keep(app, Begun { link: link.to_owned(), name: None });
            vec![
                kept,
                say(texts::whole()),
                Effect::Moment(texts::thank_you()),
                Effect::AskCenter { link: link.to_owned() },
            ]
        }
        Err(fault) => {
            app.screen = Screen::Invitation;
            vec![say(damaged(&fault))]
        }
    }
}

fn damaged(fault: &Fault) -> String {
    texts::damaged(words(fault))
}

fn named(app: &mut App, link: String, line: &str) -> Vec<Effect> {
    match names::check(line) {
        Ok(name) if name == "?" => first::choices(app, &talk_texts::what_now()),
        Ok(name) => {
            let mut effects = vec![first::keep(app, Begun { link, name: Some(name) }), Effect::Gap];
            effects.extend(first::go_on(app));
            effects
        }
        Err(why) => {
            app.screen = Screen::Name { link };
            vec![say(talk_texts::try_again(why))]
        }
    }
}

fn chosen(app: &mut App) -> Vec<Effect> {
    match std::mem::replace(&mut app.screen, Screen::Blank) {
        Screen::Passphrase { link, name } => {
            app.screen = Screen::Joining { link };
            vec![Effect::Moment(texts::thank_you()), Effect::Make { name }]
        }
        other => {
            app.screen = other;
            vec![]
        }
    }
}

fn join(app: &mut App, link: String) -> Vec<Effect> {
    match check_link(&link) {
        Ok(()) => {
            app.screen = Screen::Joining { link: link.clone() };
            vec![moment(), Effect::Join { link }]
        }
        Err(fault) => {
            app.screen = Screen::Paste;
            vec![say(texts::or_back(damaged(&fault)))]
        }
    }
}

/// The profile is open: people, or the invitation that could not be used before.
fn go_in(app: &mut App) -> Vec<Effect> {
    app.open = true;
    match app.begun.clone() {
        Some(begun) => first::ask_again(app, begun.link),
        None => {
            app.screen = Screen::Blank;
            vec![Effect::LoadPeople]
        }
    }
}

fn opened(app: &mut App, result: Result<(), Fault>) -> Vec<Effect> {
    match (result, &app.screen) {
        (Ok(()), _) => go_in(app),
        // Words that were half typed wait behind it: the program does not end over a mistake.
        (Err(Fault::WrongPassphrase), Screen::Locked { tries })
            if app.draft.is_some() || shared::ends_with_us(app) || tries + 1 < TRIES =>
        {
            app.screen = Screen::Locked { tries: tries.saturating_add(1) };
            vec![say(texts::did_not_open()), Effect::AskPassphrase]
        }
        (Err(fault), _) => vec![Effect::Fail(fault)],
    }
}

fn joined(app: &mut App, result: Result<crate::engine::model::Contact, Fault>) -> Vec<Effect> {
    app.open = true;
    match result {
        Ok(contact) => {
            app.listed = true;
            let mut effects = forget(app);
            effects.extend(talk::open(app, contact));
            effects
        }
        Err(fault) => {
            let Screen::Joining { link } = std::mem::replace(&mut app.screen, Screen::Paste) else {
                return vec![Effect::Fail(fault)];
            };
            let mut forgotten = vec![];
            let what_now = match fault {
                Fault::Unreachable | Fault::OtherRelay | Fault::Busy | Fault::InUse(_) => {
                    app.screen = Screen::JoinAgain { link };
                    shared::try_again(app)
                }
                _ => {
                    forgotten = forget(app);
                    shared::ask_for_new(app)
                }
            };
            forgotten.extend([say(words(&fault)), say(what_now)]);
            forgotten
        }
    }
}

/// The first run is over, or its invitation can't be used any more.
fn forget(app: &mut App) -> Vec<Effect> {
    app.begun.take().map(|_| Effect::Keep(None)).into_iter().collect()
}
