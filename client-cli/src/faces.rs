//! The two faces of the conversation, and the way from one to the other.
//!
//! In: a run. Out: the face that was set, and the other one as soon as a person chooses it: the profile stays open and the
//! same conversation comes again, with what was half typed. This file must never show anything.

use crate::app::App;
use crate::command::{Run, Stop};
use crate::config::Config;
use crate::engine::Engine;
use crate::home::{CONVERSATION, Home};
use crate::settings::{Face, Key, Settings};

/// What one face leaves to the other.
pub(crate) struct Over {
    /// Where the profile lies: a visit moves it.
    pub(crate) home: Home,
    /// The profile, where it is open.
    pub(crate) engine: Option<Engine>,
    /// The identifier of whoever's conversation is open.
    pub(crate) person: Option<String>,
    /// What is set now.
    pub(crate) settings: Settings,
}

impl Over {
    /// What `app` and its engine leave.
    pub(crate) fn of(home: Home, app: &App, engine: Option<Engine>) -> Self {
        let person = app.person.as_ref().map(|person| person.id.clone());
        Self { home, engine, person, settings: app.settings }
    }

    /// Nothing was opened yet.
    pub(crate) fn nothing(run: &Run) -> Result<Self, Stop> {
        let home = run.home(CONVERSATION)?;
        Ok(Self { home, engine: None, person: None, settings: run.config.settings })
    }
}

/// Opens the conversation in the face that was set, as far as this terminal has one.
pub(crate) fn open(run: &Run) -> Result<(), Stop> {
    let mut face = if run.config.plain || !can_change(&run.config) { Face::Plain } else { Face::Full };
    let mut over = None;
    loop {
        let left = match face {
            Face::Full => crate::screen::open(run, over)?,
            Face::Plain => crate::plain::open(run, over)?,
        };
        let Some(left) = left else { return Ok(()) };
        face = left.settings.face;
        over = Some(left);
    }
}

/// Whether this change of a setting asks for the other face at once.
pub(crate) fn changes(config: &Config, key: Key, from: &Settings, to: &Settings) -> bool {
    key == Key::Face && from.face != to.face && can_change(config)
}

/// Whether both faces are to be had here, and no option says which.
fn can_change(config: &Config) -> bool {
    !config.plain_asked && !config.dumb && !config.json && config.may_ask && config.terminal
}
