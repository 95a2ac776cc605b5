//! What stands above the view and above the line.
//!
//! In: where the person is. Out: a few words. This file must never name anybody while everything is hidden.

use crate::app::{App, Screen};
use crate::engine::model::Contact;
use crate::language::{rejoin, screen as texts};
use crate::output::{self, human};
use crate::sanitize;
use crate::screen::state::{Over, State};

/// That there is more to read above, and how.
pub(in crate::screen) fn more() -> String {
    format!(" {}", texts::page_up())
}

/// The same below.
pub(in crate::screen) fn more_below() -> String {
    format!(" {}", texts::page_down())
}

fn name(app: &App) -> Option<String> {
    app.person.as_ref().map(|person| sanitize::name(&person.name))
}

/// What is in view.
pub(in crate::screen) fn head(app: &App, state: &State) -> String {
    match (&state.over, name(app), &app.person) {
        (Some(Over::Card(_)), ..) => texts::in_help_now(),
        (Some(Over::People), ..) => texts::in_people(),
        (Some(Over::Big(_)), Some(name), _) => texts::in_big(name),
        (Some(Over::Search(_)), Some(name), _) => texts::in_find(name),
        (_, Some(name), Some(person)) => format!("{name}: {}", human::trust(person.trust)),
        _ => "Cairn".to_owned(),
    }
}

/// What stands in a conversation before its first message.
pub(in crate::screen) fn first(person: &Contact) -> String {
    match person {
        // Nothing goes out to them.
        Contact { blocked: true, .. } => output::people::blocked(person),
        Contact { rejoining: true, .. } => rejoin::waits(),
        _ => texts::nothing_yet(),
    }
}

/// What the line is for.
pub(in crate::screen) fn label(app: &App, state: &State) -> String {
    if let Some(Over::Search(_)) = state.over {
        return texts::find();
    }
    if let Some(secret) = &state.secret {
        return secret.question();
    }
    match &app.screen {
        Screen::Talk => texts::to(name(app).unwrap_or_default()),
        Screen::Invitation | Screen::Paste | Screen::PasteAgain | Screen::JoinAgain { .. } => texts::invitation(),
        Screen::Name { .. } => texts::name(),
        Screen::Label => texts::for_whom(),
        Screen::Choosing(_) => texts::number(),
        Screen::Finding => texts::find(),
        Screen::Renaming => texts::name(),
        Screen::LaterTime => texts::hours(),
        Screen::LaterText(_) => texts::to(name(app).unwrap_or_default()),
        Screen::Hours => texts::hours(),
        Screen::Checking => texts::their_words(),
        Screen::Practice { .. } => texts::practice(),
        Screen::Closed => texts::enter_goes_on(),
        Screen::Blank | Screen::Joining { .. } | Screen::Passphrase { .. } | Screen::Locked { .. } => texts::moment(),
    }
}
