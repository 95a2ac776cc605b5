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

use crate::app::{App, Event, Screen, Why};
use crate::command::{Run, Stop, closing};
use crate::engine::{Engine, Fault};
use crate::faces::{self, Flow, LOOK, Over, Steps};
use crate::home::Home;
use crate::own_fault::unless_it_panics;
use crate::plain::idle::Awake;
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

/// Opens the conversation.
pub(crate) fn open(run: &Run, over: Option<Over>) -> Result<Option<Over>, Stop> {
    let over = over.map_or_else(|| Over::nothing(run), Ok)?;
    let app = over.app(run);
    let home = over.home;
    // Before the terminal is taken: a fault here is told in its own words.
    let signals = run.wait(async { Signals::listen() })?;
    let terminal = Terminal::enter()?;
    let mut face = Face {
        run,
        engine: over.engine,
        app,
        state: State::new(Terminal::size(), Theme::of(over.settings.theme, run.config.color)),
        events: VecDeque::new(),
        ahead: VecDeque::new(),
        passphrase: None,
        draft: Draft::default(),
        later: None,
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
        let ended = unless_it_panics(|| {
            run.wait(async {
                // Something stands there before anything is looked for.
                face.draw()?;
                faces::live(&mut face, true).await
            })
        });
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
    /// Words that are being kept for later.
    later: Option<String>,
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

/// What was waited for.
enum Heard {
    Key(Option<Key>),
    Changed(Changed),
    News(Result<(), Fault>),
    Time,
}

impl Steps for Face<'_> {
    fn is_open(&self) -> bool {
        self.engine.is_some()
    }

    fn begin(&mut self) -> Result<(), Stop> {
        self.awake = Awake::now(0);
        self.events.push_back(faces::begin(&self.home, &mut self.engine, &mut self.app)?);
        Ok(())
    }

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

    async fn hide(&mut self, why: Why) -> Result<(), Stop> {
        // Enter was pressed a moment before: the words are a draft again.
        let pressed = self.events.drain(..).find_map(|event| match event {
            Event::Line(line) if matches!(self.app.screen, Screen::Talk | Screen::LaterText(_)) => Some(line),
            _ => None,
        });
        if let Some(line) = pressed {
            let typed = if self.app.screen == Screen::Talk { &mut self.state.compose } else { &mut self.state.answer };
            if typed.is_empty() {
                *typed = Compose::of(line);
            }
        }
        self.leave_question();
        // Where the vault takes nothing more, they stay in the memory.
        let half_typed = self.keep_draft().is_err().then(|| self.state.compose.text().to_owned());
        self.ahead.clear();
        let found = faces::behind(&self.home, &self.run.config)?;
        self.events.push_back(Event::Hide { why, half_typed, found });
        Ok(())
    }
}

impl Face<'_> {
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

    fn until_idle(&self) -> Option<Duration> {
        self.awake.left(self.engine.as_ref(), &self.run.config)
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
        if let Some(event) = faces::looked(&mut self.trouble, trouble) {
            self.happen(event, true).await?;
        }
        self.tell_what_holds_up().await
    }

    fn engine(&mut self) -> Result<&mut Engine, Stop> {
        self.engine.as_mut().ok_or_else(|| Fault::NotSetUp.into())
    }
}
