//! How long nobody was there, and the way to an empty screen.
//!
//! In: keys that were pressed. Out: whether and how everything is hidden. This file must never learn which keys.

use super::{Face, drafts};
use crate::app::{Event, Found, Why};
use crate::command::Stop;
use crate::config::PassphraseSource;
use std::time::{Duration, Instant, SystemTime};

/// A moment at which the person was there. Two clocks: one stands still while the computer sleeps, the other can be set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Awake {
    steady: Instant,
    wall: SystemTime,
    keys: u64,
}

impl Awake {
    /// This moment.
    pub(crate) fn now(keys: u64) -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now(), keys }
    }

    /// How long ago it was.
    pub(crate) fn since(&self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

impl Face<'_> {
    /// How long until the conversation locks by itself; none: it does not, or is locked.
    pub(super) fn until_idle(&self) -> Option<Duration> {
        self.engine.as_ref().and(self.run.config.idle).map(|idle| idle.saturating_sub(self.awake.since()))
    }

    /// Whether no key was pressed for long enough, Enter or not.
    pub(super) async fn is_idle(&mut self) -> bool {
        if self.until_idle() != Some(Duration::ZERO) {
            return false;
        }
        // The terminal tells of a half-typed line only when it is looked at.
        self.typing.is_half_typed().await;
        let idle = self.typing.keys() == self.awake.keys;
        if !idle {
            self.awake = Awake::now(self.typing.keys());
        }
        idle
    }

    /// Everything is closed and hidden.
    pub(super) async fn hide(&mut self, why: Why) -> Result<(), Stop> {
        let pressed = drafts::pressed(&mut self.events, &self.app.screen);
        let half_typed = drafts::behind(pressed, self.typing.take_half_typed().await);
        if !half_typed.is_empty() {
            // Where the vault takes nothing more, they stay in the memory alone.
            let _ = self.keep_draft(&half_typed);
        }
        let found = match (self.found()?, &self.run.config.passphrase) {
            (Found::Locked, PassphraseSource::Person) if self.run.config.may_ask => Found::Locked,
            // It would open by itself at once.
            (Found::Locked, _) => Found::Open,
            (other, _) => other,
        };
        let half_typed = String::from_utf8(half_typed).ok();
        self.events.push_back(Event::Hide { why, half_typed, found });
        Ok(())
    }
}
