//! What happens next: `(App, Event) → Effects`, without a terminal, a file or a clock.
//!
//! In: the state and one event. Out: the changed state and what to do. This file must never do it itself.

mod check;
mod journeys;
mod news;
mod rejoin;
mod talk;

use crate::app::{App, Effect, Event, Found, Screen};
use crate::engine::{Fault, check_link};
use crate::names;

/// Tries before a locked profile ends the program.
const TRIES: u8 = 3;

fn say(text: impl Into<String>) -> Effect {
    Effect::Say(text.into())
}

/// Takes one event.
pub(crate) fn update(app: &mut App, event: Event) -> Vec<Effect> {
    match event {
        Event::Start(found) => start(app, found),
        Event::Line(line) => line_typed(app, line),
        Event::CutOff => vec![say(
            "This line is longer than the terminal takes, about 4,000 letters, so its end is missing. Nothing was sent. \
             Send it in two parts, or from a file: cairn send CONTACT - < FILE",
        )],
        Event::NotText => vec![say("That line is not text. Nothing was sent.")],
        Event::End => vec![Effect::Quit],
        Event::Chosen => chosen(app),
        Event::Differ => vec![
            say("The two were not the same, so nothing was kept. Once more, there is no hurry."),
            Effect::AskNewPassphrase,
        ],
        Event::Empty => vec![say("A passphrase needs at least one letter."), Effect::AskNewPassphrase],
        Event::Made(Ok(())) => match &app.screen {
            Screen::Joining { link } => vec![Effect::Join { link: link.clone() }],
            _ => vec![Effect::LoadPeople],
        },
        Event::Made(Err(fault)) => vec![Effect::Fail(fault)],
        Event::Opened(result) => opened(app, result),
        Event::Joined(result) => joined(app, result),
        Event::People(people) => talk::people(app, people),
        Event::Past(messages) => talk::past(app, messages),
        Event::News(all) => news::arrived(app, all),
        Event::Sent(result) => talk::sent(app, result),
        Event::JoinedAgain(result) => rejoin::joined(app, result),
        Event::GivenUp(result) => rejoin::given_up(app, result),
        Event::Check(result) => check::stands(app, result),
        Event::Invitation(result) => talk::invited(app, result),
        Event::Trouble(fault) => news::trouble(app, fault),
        Event::Waiting(number) => news::waiting(app, number),
    }
}

fn start(app: &mut App, found: Found) -> Vec<Effect> {
    match found {
        Found::Open => vec![Effect::LoadPeople],
        Found::Locked => {
            app.screen = Screen::Locked { tries: 0 };
            vec![say("Welcome back."), Effect::AskPassphrase]
        }
        Found::Nothing => {
            app.screen = Screen::Invitation;
            vec![
                say("Cairn: a private conversation with one person at a time. Only the two of you can read it."),
                say("It is not an emergency service. In danger, call your local emergency number."),
                Effect::Gap,
                say("Step 1 of 3: your invitation. Paste or type it, then press Enter."),
            ]
        }
    }
}

fn line_typed(app: &mut App, line: String) -> Vec<Effect> {
    match std::mem::replace(&mut app.screen, Screen::Blank) {
        Screen::Invitation => invitation(app, line.trim()),
        Screen::Name { link } => named(app, link, &line),
        Screen::JoinAgain { link } => {
            let link = if line.trim().is_empty() { link } else { line.trim().to_owned() };
            join(app, link)
        }
        Screen::Paste if line.trim().is_empty() => talk::back(app),
        Screen::Paste => join(app, line.trim().to_owned()),
        Screen::PasteAgain => rejoin::pasted(app, line.trim()),
        Screen::Checking => check::typed(app, line),
        Screen::Label => talk::labelled(app, &line),
        Screen::Choosing(choices) => talk::chosen(app, choices, line),
        Screen::Talk => talk::typed(app, line),
        // Nothing is asked in these: the line was typed ahead.
        other @ (Screen::Blank | Screen::Passphrase { .. } | Screen::Joining { .. } | Screen::Locked { .. }) => {
            app.screen = other;
            vec![]
        }
    }
}

fn invitation(app: &mut App, link: &str) -> Vec<Effect> {
    if link.is_empty() {
        app.screen = Screen::Invitation;
        return vec![say(
            "No invitation yet? Ask the person who supports you for one. To invite people yourself, leave with Ctrl-D \
             and type: cairn setup",
        )];
    }
    match check_link(link) {
        Ok(()) => {
            app.screen = Screen::Name { link: link.to_owned() };
            vec![
                say("That invitation is whole."),
                Effect::Gap,
                say("Step 2 of 3: a name. The other person will see it. Any name you like:"),
            ]
        }
        Err(fault) => {
            app.screen = Screen::Invitation;
            vec![say(damaged(&fault))]
        }
    }
}

fn damaged(fault: &Fault) -> String {
    format!("{fault} Try again: type or paste all of it, then press Enter.")
}

fn named(app: &mut App, link: String, line: &str) -> Vec<Effect> {
    match names::check(line) {
        Ok(name) => {
            app.screen = Screen::Passphrase { link, name };
            vec![
                Effect::Gap,
                say(
                    "Step 3 of 3: a passphrase. It locks your messages on this computer. Four words or more are good. \
                     Nobody can find it for you if it is lost. It stays hidden while you type.",
                ),
                Effect::AskNewPassphrase,
            ]
        }
        Err(why) => {
            app.screen = Screen::Name { link };
            vec![say(format!("{why} Try again:"))]
        }
    }
}

fn chosen(app: &mut App) -> Vec<Effect> {
    match std::mem::replace(&mut app.screen, Screen::Blank) {
        Screen::Passphrase { link, name } => {
            app.screen = Screen::Joining { link };
            vec![say("Thank you. One moment."), Effect::Make { name }]
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
            vec![say("One moment."), Effect::Join { link }]
        }
        Err(fault) => {
            app.screen = Screen::Paste;
            vec![say(format!("{} Or press Enter to go back.", damaged(&fault)))]
        }
    }
}

fn opened(app: &mut App, result: Result<(), Fault>) -> Vec<Effect> {
    match (result, &app.screen) {
        (Ok(()), _) => {
            app.screen = Screen::Blank;
            vec![Effect::LoadPeople]
        }
        (Err(Fault::WrongPassphrase), Screen::Locked { tries }) if tries + 1 < TRIES => {
            app.screen = Screen::Locked { tries: tries + 1 };
            vec![say("That did not open it. Try again, there is no hurry."), Effect::AskPassphrase]
        }
        (Err(fault), _) => vec![Effect::Fail(fault)],
    }
}

fn joined(app: &mut App, result: Result<crate::engine::model::Contact, Fault>) -> Vec<Effect> {
    match result {
        Ok(contact) => {
            app.listed = true;
            talk::open(app, contact)
        }
        Err(fault) => {
            let Screen::Joining { link } = std::mem::replace(&mut app.screen, Screen::Paste) else {
                return vec![Effect::Fail(fault)];
            };
            let what_now = match fault {
                Fault::Unreachable | Fault::OtherRelay | Fault::Busy | Fault::InUse(_) => {
                    app.screen = Screen::JoinAgain { link };
                    "Your profile is safe here. Press Enter to try again, now or later."
                }
                _ => {
                    "Your profile is safe here. Ask for a new invitation and paste it here, or press Enter to go on \
                     without one."
                }
            };
            vec![say(fault.to_string()), say(what_now)]
        }
    }
}
