//! What takes its time: a relay is asked, and the person can still get help, hide everything, or leave.
//!
//! In: work that waits for something outside. Out: what came of it, or what the person wished meanwhile. This file must
//! never let a relay that is silent keep somebody from an empty screen.

use super::keyboard::Keyboard;
use super::keys::Key;
use super::load::gone;
use super::signals::{Changed, Signals};
use super::state::{Over, State, Wish};
use super::terminal::Terminal;
use super::{Face, Flow, view};
use crate::app::{App, Effect, Event, Why};
use crate::carry_out::carry_out;
use crate::command::Stop;
use crate::engine::{Fault, notice};
use crate::plain::idle::Awake;
use std::collections::VecDeque;

/// All of the face that is there while something is waited for.
struct Meanwhile<'a> {
    app: &'a App,
    state: &'a mut State,
    ahead: &'a mut VecDeque<Key>,
    awake: &'a mut Awake,
    keyboard: &'a mut Keyboard,
    signals: &'a mut Signals,
    terminal: &'a mut Terminal,
}

impl Face<'_> {
    /// Asks the relay of an invitation what it says of itself.
    pub(super) async fn ask_center(&mut self, link: &str) -> Result<Flow, Stop> {
        self.draw()?;
        let Self { app, state, ahead, awake, keyboard, signals, terminal, home, .. } = self;
        let mut meanwhile = Meanwhile { app, state, ahead, awake, keyboard, signals, terminal };
        match meanwhile.of(notice::ask_before(home, link)).await? {
            Ok(center) => {
                self.events.push_back(Event::Center(center));
                Ok(Flow::On)
            }
            Err(flow) => Ok(flow),
        }
    }

    /// Lets the engine do something.
    pub(super) async fn work(&mut self, effect: Effect) -> Result<Flow, Stop> {
        self.draw()?;
        self.stuck &= !matches!(effect, Effect::JoinAgain { .. } | Effect::InviteAgain { .. });
        let Self { engine, app, state, ahead, awake, keyboard, signals, terminal, .. } = self;
        let Some(engine) = engine else { return Err(Fault::NotSetUp.into()) };
        let mut meanwhile = Meanwhile { app, state, ahead, awake, keyboard, signals, terminal };
        match meanwhile.of(carry_out(engine, effect)).await? {
            Ok(happened) => {
                self.events.extend(happened?);
                Ok(Flow::On)
            }
            Err(flow) => Ok(flow),
        }
    }
}

impl Meanwhile<'_> {
    /// Waits for the work. Whoever hides or leaves does not wait for it; other keys are kept for later.
    async fn of<T>(&mut self, work: impl Future<Output = T>) -> Result<Result<T, Flow>, Stop> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(Ok(done)),
                key = self.keyboard.next() => match key {
                    Some(key) => {
                        *self.awake = Awake::now(0);
                        if let Some(flow) = self.pressed(key)? {
                            return Ok(Err(flow));
                        }
                    }
                    None => return Ok(Err(Flow::Done)),
                },
                changed = self.signals.next() => match changed {
                    Changed::Gone => return Ok(Err(Flow::Done)),
                    Changed::Back => self.terminal.take_again().map_err(gone)?,
                    Changed::Size => self.terminal.changed(),
                },
            }
            self.state.size = Terminal::size();
            let picture = view::draw(self.app, self.state);
            self.terminal.draw(picture.buffer, picture.cursor).map_err(gone)?;
        }
    }

    fn pressed(&mut self, key: Key) -> Result<Option<Flow>, Stop> {
        let at_once = match &key {
            Key::Function(1 | 2 | 6 | 10) | Key::Control('g' | 'n' | 'z' | 'q' | 'c') => true,
            // The card may be longer than the screen.
            Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Escape => {
                matches!(self.state.over, Some(Over::Card(_)))
            }
            _ => false,
        };
        if !at_once {
            self.ahead.push_back(key);
            return Ok(None);
        }
        match self.state.key(self.app, key) {
            Some(Wish::Hide) => Ok(Some(Flow::Hide(Why::Asked))),
            Some(Wish::Quit) => Ok(Some(Flow::Done)),
            Some(Wish::Interrupt) => Err(Fault::Interrupted.into()),
            Some(Wish::Card) => {
                self.state.show_card(self.app);
                Ok(None)
            }
            Some(Wish::Help) => {
                self.state.tell_keys();
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}
