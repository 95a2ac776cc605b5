//! A setting, changed within the conversation.
//!
//! In: a key and a value. Out: the file written, and what follows from it at once. This file must never change what the
//! person has not chosen.

use super::{Face, Flow};
use crate::app::Event;
use crate::faces;
use crate::language::{self, Language};
use crate::settings::{self, Key};

impl Face<'_> {
    /// Changes it in the file; from then on it counts.
    pub(super) fn set(&mut self, key: Key, value: &str) -> Flow {
        let result = settings::change(&self.home, key, value);
        if let (Key::Language, Ok(settings)) = (key, &result) {
            language::speak(Language::chosen(settings.language));
        }
        if let Ok(settings) = &result
            && faces::changes(&self.run.config, key, &self.app.settings, settings)
        {
            self.app.settings = *settings;
            return Flow::Over;
        }
        self.events.push_back(Event::Set(result.map_err(|refused| refused.words())));
        Flow::On
    }
}
