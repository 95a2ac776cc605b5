//! Passphrases, new and old.
//!
//! In: what is typed without being shown, or a file. Out: events. This file must never print one, nor keep one longer than
//! until the profile is made.

use super::Face;
use super::idle::Awake;
use crate::app::Event;
use crate::command::{Hidden, Stop, provided};
use crate::engine::{Engine, Fault};
use crate::language::said as texts;
use crate::output::card::HELP;

impl Face<'_> {
    pub(super) fn ask_new_passphrase(&mut self) -> Result<(), Stop> {
        let event = match provided(&self.run.config)? {
            Some(passphrase) => {
                self.passphrase = Some(passphrase);
                Event::Chosen
            }
            None if !self.run.config.may_ask => {
                return Err(Stop::usage(
                    crate::language::command::needs_passphrase(),
                    crate::language::step::passphrase_file(),
                ));
            }
            None => {
                let hidden = Hidden::begin();
                let first = hidden.ask(&(texts::passphrase_new() + " "))?;
                let again = if matches!(first.as_str(), "" | HELP) {
                    None
                } else {
                    Some(hidden.ask(&(texts::passphrase_again() + " "))?)
                };
                match again {
                    None if first.is_empty() => Event::Empty,
                    None => Event::Help,
                    Some(again) if again.as_str() == HELP => Event::Help,
                    Some(again) if *again == *first => {
                        self.passphrase = Some(first);
                        Event::Chosen
                    }
                    Some(_) => Event::Differ,
                }
            }
        };
        self.events.push_back(event);
        Ok(())
    }

    pub(super) fn ask_passphrase(&mut self) -> Result<(), Stop> {
        let passphrase = match provided(&self.run.config)? {
            Some(passphrase) => passphrase,
            None if self.run.config.may_ask => Hidden::begin().ask(&(texts::passphrase() + " "))?,
            None => return Err(Fault::Locked.into()),
        };
        if self.run.config.may_ask && matches!(passphrase.as_str(), "" | HELP) {
            self.events.push_back(if passphrase.is_empty() { Event::Empty } else { Event::Help });
            return Ok(());
        }
        self.awake = Awake::now(self.typing.keys());
        let opened = Engine::open(&self.home, Some(passphrase));
        self.events.push_back(crate::faces::keep(&mut self.engine, opened, Event::Opened));
        Ok(())
    }
}
