//! What hides everything at once: the keys and signals that ask for it, and an empty screen.
//!
//! In: Ctrl-Z, or the signal of `cairn lock`. Out: an empty screen. This file must never learn what stood on it. It is the
//! one place of the plain face that may write an escape byte, and only to a terminal that understands it.

use crate::command::Stop;
use crate::config::Config;
use crate::home::LOCK_SIGNAL;
use futures_util::FutureExt;
use rustix::process::Signal;
use std::io::{self, Write};
use tokio::signal::unix::{self, SignalKind, signal};

/// To the first place; everything on the screen; everything that has rolled off it. In this order, because some terminals
/// keep what the second one takes away for scrolling back.
pub(crate) const CLEAR: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

/// Lines of a terminal that does not say how many it has.
const ROWS: usize = 24;

/// More lines than any screen has: a terminal that says otherwise is not believed.
const MOST_ROWS: usize = 500;

/// Waits for the wish to hide everything.
pub(crate) struct Curtain {
    lock: unix::Signal,
    key: Option<unix::Signal>,
}

impl Curtain {
    /// Listens from now on. In a terminal Ctrl-Z hides, and no longer stops the program.
    pub(crate) fn listen(terminal: bool) -> Result<Self, Stop> {
        let listen = |wanted: Signal| signal(SignalKind::from_raw(wanted.as_raw()));
        let key = if terminal { Some(listen(Signal::TSTP)?) } else { None };
        Ok(Self { lock: listen(LOCK_SIGNAL)?, key })
    }

    /// Returns when it is wished. May be dropped and called again.
    pub(crate) async fn drawn(&mut self) {
        match &mut self.key {
            Some(key) => tokio::select! {
                _ = key.recv() => {}
                _ = self.lock.recv() => {}
            },
            None => drop(self.lock.recv().await),
        }
    }
}

impl Curtain {
    /// What was wished so far is forgotten.
    pub(crate) fn forget(&mut self) {
        while self.drawn().now_or_never().is_some() {}
    }
}

/// Empties the screen. True: what stood there is gone, or there is no screen. False: this terminal can only push it away.
pub(crate) fn clear(config: &Config) -> Result<bool, Stop> {
    Ok(empty(config.terminal, config.dumb)?)
}

/// The same, where there is no run any more.
pub(crate) fn empty(terminal: bool, dumb: bool) -> io::Result<bool> {
    if !terminal {
        return Ok(true);
    }
    let mut out = io::stdout().lock();
    if dumb {
        let rows = rustix::termios::tcgetwinsize(io::stdout()).map_or(ROWS, |size| usize::from(size.ws_row));
        out.write_all("\n".repeat(rows.clamp(ROWS, MOST_ROWS)).as_bytes())?;
    } else {
        out.write_all(CLEAR)?;
    }
    out.flush()?;
    Ok(!dumb)
}
