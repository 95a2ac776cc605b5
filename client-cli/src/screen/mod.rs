//! The full-screen conversation: people, messages and a line to type in, always in view.
//!
//! In: keys, and what the engine stores. Out: a picture. `update` decides what happens next, as in the plain face; `state`
//! what a key does; `view` what is seen; this folder does it. It must never learn a key of the vault; a passphrase passes
//! through and is not kept.

mod acts;
mod big;
mod bottom;
mod cells;
mod compose;
mod drafts;
mod keyboard;
mod keys;
mod load;
mod messages;
mod people;
mod rows;
mod search;
mod secret;
mod signals;
mod state;
mod talk;
mod terminal;
mod theme;
mod view;
mod work;

pub(crate) use terminal::restore;

use crate::app::{App, Event, Found, Screen, Why};
use crate::begun;
use crate::command::{Run, Stop, closing};
use crate::config::PassphraseSource;
use crate::engine::{Engine, Fault, notice};
use crate::faces::Over;
use crate::home::Home;
use crate::own_fault::unless_it_panics;
use crate::plain::curtain::Curtain;
use crate::plain::idle::Awake;
use crate::shared;
use compose::Compose;
use drafts::Draft;
use keyboard::Keyboard;
use keys::Key;
use signals::{Changed, Signals};
use state::State;
use std::collections::VecDeque;
use std::time::Duration;
use terminal::Terminal;
use theme::Theme;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How often it is looked whether the relay answers. Longer: people write into the dark. Shorter: a short break of the
/// line, which heals by itself, is told.
const LOOK: Duration = Duration::from_secs(4);

/// Opens the conversation.
pub(crate) fn open(run: &Run, over: Option<Over>) -> Result<Option<Over>, Stop> {
    let over = over.map_or_else(|| Over::nothing(run), Ok)?;
    let home = over.home;
    // Before the terminal is taken: a fault here is told in its own words.
    let signals = run.wait(async { Signals::listen() })?;
    let terminal = Terminal::enter()?;
    let mut face = Face {
        run,
        engine: over.engine,
        app: App {
            begun: begun::read(&home),
            settings: over.settings,
            reopen: over.person,
            set_aside: run.config.read.set_aside(),
            center: notice::center(&home),
            shared: shared::place(),
            ..App::new()
        },
        state: State::new(Terminal::size(), Theme::of(over.settings.theme, run.config.color)),
        events: VecDeque::new(),
        ahead: VecDeque::new(),
        passphrase: None,
        draft: Draft::default(),
        trouble: None,
        held_up: None,
        stuck: false,
        first_run: false,
        helping: false,
        awake: Awake::now(0),
        next_look: Instant::now() + LOOK,
        home,
        signals,
        keyboard: Keyboard::start()?,
        terminal,
    };
    unless_it_panics(|| {
        let ended = unless_it_panics(|| run.wait(async { face.live().await }));
        // However it ended, what was half typed is kept.
        let _closing = closing();
        let kept = face.keep_draft();
        let Face { home, app, engine, keyboard, terminal, .. } = face;
        // The thread ends before the terminal is given back.
        drop(keyboard);
        drop(terminal);
        match ended {
            Ok(Flow::Over) => Ok(Some(Over::of(home, &app, engine))),
            Ok(_) => Ok(kept.map(|()| None)?),
            Err(Stop::Closed) => Ok(None),
            Err(stop) => Err(stop),
        }
    })
}

struct Face<'a> {
    run: &'a Run,
    home: Home,
    engine: Option<Engine>,
    app: App,
    state: State,
    events: VecDeque<Event>,
    /// Keys that came while something else was done.
    ahead: VecDeque<Key>,
    passphrase: Option<Zeroizing<String>>,
    draft: Draft,
    /// What the last look at the relays said.
    trouble: Option<Fault>,
    /// Why nothing goes out to the person, when it was last told.
    held_up: Option<Fault>,
    /// Fetching can't go on in this run.
    stuck: bool,
    /// The profile was made in this run, and nothing was sent yet.
    first_run: bool,
    /// The keys are told behind what is said next.
    helping: bool,
    /// When a key was last pressed.
    awake: Awake,
    next_look: Instant,
    signals: Signals,
    // The thread ends before the terminal is given back.
    keyboard: Keyboard,
    terminal: Terminal,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    /// Everything is to be hidden.
    Hide(Why),
    /// The other face goes on.
    Over,
    Done,
}

/// What was waited for.
enum Heard {
    Key(Option<Key>),
    Changed(Changed),
    News(Result<(), Fault>),
    Time,
}

impl Face<'_> {
    async fn live(&mut self) -> Result<Flow, Stop> {
        // Something stands there before anything is looked for.
        self.draw()?;
        // Before the profile is open: whoever asks for the lock finds somebody who listens.
        let mut curtain = Curtain::listen(true)?;
        self.begin()?;
        loop {
            // Whatever is going on is dropped: all that counts is in the vault, and nothing waits longer than one step.
            let closed = self.engine.is_none();
            let flow = tokio::select! {
                biased;
                () = curtain.drawn() => Flow::Hide(Why::Asked),
                flow = self.step() => flow?,
            };
            if closed && self.engine.is_some() {
                // Asked for while a passphrase was typed, when there was nothing to hide.
                curtain.forget();
            }
            match flow {
                Flow::On => {}
                Flow::Hide(why) => self.hide(why)?,
                ended @ (Flow::Over | Flow::Done) => return Ok(ended),
            }
        }
    }

    /// Looks what there is, and begins.
    fn begin(&mut self) -> Result<(), Stop> {
        // The other face may have left it open.
        let found = if self.engine.is_some() { Found::Open } else { self.found()? };
        if found == Found::Open && self.engine.is_none() {
            self.engine = Some(Engine::open(&self.home, None)?);
        }
        self.awake = Awake::now(0);
        self.app.center = notice::center(&self.home);
        self.events.push_back(Event::Start(found));
        Ok(())
    }

    fn found(&self) -> Result<Found, Stop> {
        Ok(match Engine::exists(&self.home) {
            false => Found::Nothing,
            true if Engine::needs_passphrase(&self.home)? => Found::Locked,
            true => Found::Open,
        })
    }

    /// One event with all that follows from it, or one wait.
    async fn step(&mut self) -> Result<Flow, Stop> {
        if let Some(event) = self.events.pop_front() {
            return self.happen(event, false).await;
        }
        if self.until_idle() == Some(Duration::ZERO) && self.ahead.is_empty() {
            return Ok(Flow::Hide(Why::Idle));
        }
        if let Some(key) = self.ahead.pop_front().or_else(|| self.keyboard.ready()) {
            return self.pressed(key);
        }
        self.search_on()?;
        self.draw()?;
        match self.listen().await {
            Heard::Key(Some(key)) => self.pressed(key),
            // Nobody can press one any more.
            Heard::Key(None) | Heard::Changed(Changed::Gone) => Ok(Flow::Done),
            Heard::Changed(changed) => {
                self.changed(changed)?;
                Ok(Flow::On)
            }
            Heard::News(Ok(())) => self.news_came().await,
            Heard::News(Err(fault)) => {
                // Waiting changes nothing: it is told, and the person can go on reading and writing.
                self.stuck = true;
                self.happen(Event::Trouble(Some(fault)), true).await
            }
            Heard::Time => self.time_passed().await,
        }
    }

    /// Waits for a key, for the terminal, for news, or for a time.
    async fn listen(&mut self) -> Heard {
        let now = Instant::now();
        let idle = self.until_idle().map(|left| now + left);
        let hungry = self.is_searching().then_some(now);
        let until =
            [Some(self.next_look), self.draft.due, idle, hungry].into_iter().flatten().min().unwrap_or(now + LOOK);
        let engine = self.engine.as_mut().filter(|_| !self.stuck);
        let follow = async {
            match engine {
                Some(engine) => engine.follow().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            key = self.keyboard.next() => Heard::Key(key),
            changed = self.signals.next() => Heard::Changed(changed),
            news = follow => Heard::News(news),
            () = tokio::time::sleep_until(until) => Heard::Time,
        }
    }

    fn changed(&mut self, changed: Changed) -> Result<(), Stop> {
        match changed {
            Changed::Back => self.terminal.take_again()?,
            Changed::Size | Changed::Gone => self.terminal.changed(),
        }
        self.state.size = Terminal::size();
        Ok(())
    }

    /// How long until the conversation locks by itself; none: it does not, or is locked.
    fn until_idle(&self) -> Option<Duration> {
        self.engine.as_ref().and(self.run.config.idle).map(|idle| idle.saturating_sub(self.awake.since()))
    }

    async fn time_passed(&mut self) -> Result<Flow, Stop> {
        let now = Instant::now();
        if self.draft.due.is_some_and(|due| due <= now) {
            self.write_draft();
        }
        if self.next_look > now {
            return Ok(Flow::On);
        }
        self.next_look = now + LOOK;
        let Some(engine) = self.engine.as_ref().filter(|_| !self.stuck) else { return Ok(Flow::On) };
        let trouble = engine.trouble();
        // Told when it was there at the last look too.
        let same = std::mem::replace(&mut self.trouble, trouble.clone()) == trouble;
        if same {
            self.happen(Event::Trouble(trouble), true).await?;
        }
        self.tell_what_holds_up().await
    }

    /// Everything is closed and hidden, whatever was going on.
    fn hide(&mut self, why: Why) -> Result<(), Stop> {
        // Enter was pressed a moment before: the words are a draft again.
        let pressed = self.events.drain(..).find_map(|event| match event {
            Event::Line(line) if self.app.screen == Screen::Talk => Some(line),
            _ => None,
        });
        if let Some(line) = pressed.filter(|_| self.state.compose.is_empty()) {
            self.state.compose = Compose::of(line);
        }
        // Where the vault takes nothing more, they stay in the memory.
        let half_typed = self.keep_draft().is_err().then(|| self.state.compose.text().to_owned());
        self.ahead.clear();
        let found = match (self.found()?, &self.run.config.passphrase) {
            (Found::Locked, PassphraseSource::Person) => Found::Locked,
            // It would open by itself at once.
            (Found::Locked, _) => Found::Open,
            (other, _) => other,
        };
        self.events.push_back(Event::Hide { why, half_typed, found });
        Ok(())
    }

    fn engine(&mut self) -> Result<&mut Engine, Stop> {
        self.engine.as_mut().ok_or_else(|| Fault::NotSetUp.into())
    }
}
