//! The two faces of the conversation, what they have in common, and the way from one to the other.
//!
//! In: a run. Out: the face that was set, and the other one as soon as a person chooses it: the profile stays open and the
//! same conversation comes again, with what was half typed. This file must never show anything.

use crate::app::{App, Event, Found, Why};
use crate::command::{Run, Stop};
use crate::config::{Config, PassphraseSource};
use crate::engine::{Engine, Fault, notice};
use crate::home::{CONVERSATION, Home};
use crate::language::{self, Language};
use crate::plain::curtain::Curtain;
use crate::settings::{self, Face, Key, Settings};
use crate::{begun, shared};
use std::collections::VecDeque;
use std::time::Duration;

/// How often it is looked whether the relay answers. Longer: people write into the dark. Shorter: a short break of the
/// line, which heals by itself, is told.
pub(crate) const LOOK: Duration = Duration::from_secs(4);

/// Whether to go on.
#[derive(PartialEq, Eq)]
pub(crate) enum Flow {
    /// With the next step.
    On,
    /// Everything is to be hidden.
    Hide(Why),
    /// The other face goes on.
    Over,
    /// The conversation ends.
    Done,
}

/// What each face does in its own way.
pub(crate) trait Steps {
    /// Whether the profile is open.
    fn is_open(&self) -> bool;
    /// Looks what there is, and begins.
    fn begin(&mut self) -> Result<(), Stop>;
    /// One event with all that follows from it, or one wait.
    async fn step(&mut self) -> Result<Flow, Stop>;
    /// Everything is closed and hidden, whatever was going on.
    async fn hide(&mut self, why: Why) -> Result<(), Stop>;
}

/// One step after the other, until the conversation ends or the other face goes on. In a terminal Ctrl-Z hides.
pub(crate) async fn live(face: &mut impl Steps, terminal: bool) -> Result<Flow, Stop> {
    // Before the profile is open: whoever asks for the lock finds somebody who listens.
    let mut curtain = Curtain::listen(terminal)?;
    face.begin()?;
    loop {
        // Whatever is going on is dropped: all that counts is in the vault, and nothing waits longer than one step.
        let closed = !face.is_open();
        let flow = tokio::select! {
            biased;
            () = curtain.drawn() => Flow::Hide(Why::Asked),
            flow = face.step() => flow?,
        };
        if closed && face.is_open() {
            // Asked for while a passphrase was typed, when there was nothing to hide.
            curtain.forget();
        }
        match flow {
            Flow::On => {}
            Flow::Hide(why) => face.hide(why).await?,
            ended @ (Flow::Over | Flow::Done) => return Ok(ended),
        }
    }
}

/// Looks what there is, and opens what opens by itself.
pub(crate) fn begin(home: &Home, engine: &mut Option<Engine>, app: &mut App) -> Result<Event, Stop> {
    // The other face may have left it open.
    let found = if engine.is_some() { Found::Open } else { found(home)? };
    if found == Found::Open && engine.is_none() {
        *engine = Some(Engine::open(home, None)?);
    }
    app.center = notice::center(home);
    Ok(Event::Start(found))
}

fn found(home: &Home) -> Result<Found, Stop> {
    Ok(match Engine::exists(home) {
        false => Found::Nothing,
        true if Engine::needs_passphrase(home)? => Found::Locked,
        true => Found::Open,
    })
}

/// What opens the profile again once everything is hidden.
pub(crate) fn behind(home: &Home, config: &Config) -> Result<Found, Stop> {
    Ok(match (found(home)?, &config.passphrase) {
        (Found::Locked, PassphraseSource::Person) if config.may_ask => Found::Locked,
        // It would open by itself at once.
        (Found::Locked, _) => Found::Open,
        (other, _) => other,
    })
}

/// A look at the relays: told when it was so at the last look too.
pub(crate) fn looked(last: &mut Option<Fault>, now: Option<Fault>) -> Option<Event> {
    let same = *last == now;
    last.clone_from(&now);
    same.then_some(Event::Trouble(now))
}

/// Keeps what was made or opened, and tells what became of it.
pub(crate) fn keep(
    engine: &mut Option<Engine>,
    opened: Result<Engine, Fault>,
    event: fn(Result<(), Fault>) -> Event,
) -> Event {
    event(opened.map(|opened| *engine = Some(opened)))
}

/// Changes a setting in the file; from then on it counts.
pub(crate) fn set(
    run: &Run,
    home: &Home,
    (app, events): (&mut App, &mut VecDeque<Event>),
    key: Key,
    value: &str,
) -> Flow {
    let result = settings::change(home, key, value);
    if let Ok(settings) = &result {
        language::speak(Language::chosen(settings.language));
        if changes(&run.config, key, &app.settings, settings) {
            app.settings = *settings;
            return Flow::Over;
        }
    }
    events.push_back(Event::Set(result.map_err(|refused| refused.words())));
    Flow::On
}

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

    /// The state with which the next face begins.
    pub(crate) fn app(&self, run: &Run) -> App {
        App {
            begun: begun::read(&self.home),
            settings: self.settings,
            reopen: self.person.clone(),
            set_aside: run.config.read.set_aside(),
            center: notice::center(&self.home),
            shared: shared::place(),
            ..App::new()
        }
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
fn changes(config: &Config, key: Key, from: &Settings, to: &Settings) -> bool {
    key == Key::Face && from.face != to.face && can_change(config)
}

/// Whether both faces are to be had here, and no option says which.
fn can_change(config: &Config) -> bool {
    !config.plain_asked && !config.dumb && !config.json && config.may_ask && config.terminal
}
