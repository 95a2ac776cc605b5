//! How long nobody was there, and the way to an empty screen.
//!
//! In: keys that were pressed. Out: whether and how everything is hidden. This file must never learn which keys.

use super::{Face, drafts};
use crate::app::{Event, Why};
use crate::command::Stop;
use crate::config::Config;
use crate::engine::Engine;
use crate::faces;
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
    fn since(&self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }

    /// How long until the conversation locks by itself; none: it does not, or is locked.
    pub(crate) fn left(&self, engine: Option<&Engine>, config: &Config) -> Option<Duration> {
        engine.and(config.idle).map(|idle| idle.saturating_sub(self.since()))
    }
}

impl Face<'_> {
    pub(super) fn until_idle(&self) -> Option<Duration> {
        self.awake.left(self.engine.as_ref(), &self.run.config)
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
    pub(super) async fn close_and_hide(&mut self, why: Why) -> Result<(), Stop> {
        let pressed = drafts::pressed(&mut self.events, &self.app.screen);
        let half_typed = drafts::behind(pressed, self.typing.take_half_typed().await);
        if !half_typed.is_empty() {
            // Where the vault takes nothing more, they stay in the memory alone.
            let _ = self.keep_draft(&half_typed);
        }
        let found = faces::behind(&self.home, &self.run.config)?;
        let half_typed = String::from_utf8(half_typed).ok();
        self.events.push_back(Event::Hide { why, half_typed, found });
        Ok(())
    }
}
