//! Signals that change the screen.
//!
//! In: what the system says about the terminal. Out: the same, one at a time. This file must never end anything.

use crate::command::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What has happened to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// It has another size.
    Size,
    /// It was somebody else's for a while.
    Back,
    /// It is gone.
    Gone,
}

/// Listens.
pub(super) struct Signals {
    size: Signal,
    back: Signal,
    gone: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Stop> {
        let number = |wanted: rustix::process::Signal| SignalKind::from_raw(wanted.as_raw());
        Ok(Self {
            size: signal(SignalKind::window_change())?,
            back: signal(number(rustix::process::Signal::CONT))?,
            gone: signal(SignalKind::hangup())?,
        })
    }

    /// The next one. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Changed {
        tokio::select! {
            _ = self.gone.recv() => Changed::Gone,
            _ = self.back.recv() => Changed::Back,
            _ = self.size.recv() => Changed::Size,
        }
    }
}
