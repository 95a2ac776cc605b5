//! One run: its options, its printer, its interruption, and the way to the engine.
//!
//! In: the options. Out: an opened engine, or why there is none. This file must never keep a passphrase: it hands it on.

use super::{Interrupt, Stop, passphrase};
use crate::config::Config;
use crate::engine::{Engine, Fault};
use crate::home::Home;
use crate::output::Output;
use std::cell::Cell;

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Run {
    /// The options.
    pub(crate) config: Config,
    /// The printer.
    pub(crate) output: Output,
    /// Ctrl-C.
    pub(crate) interrupt: Interrupt,
    /// Everything of the profile was removed from this computer.
    pub(crate) removed: Cell<bool>,
    runtime: tokio::runtime::Runtime,
}

impl Run {
    /// Begins a run.
    pub(crate) fn new(config: Config) -> Result<Self, Stop> {
        let output = Output::new(&config);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, output, interrupt: Interrupt::listen()?, removed: Cell::new(false), runtime })
    }

    /// Waits for work, unless Ctrl-C comes first.
    pub(crate) fn wait<T, E: Into<Stop>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Stop> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.interrupt.wait() => Err(Fault::Interrupted.into()),
                result = work => result.map_err(Into::into),
            }
        })
    }

    /// Does what comes last, though Ctrl-C was pressed: it takes no longer than a moment.
    pub(crate) fn last<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The home of the profile. Nothing is made.
    pub(crate) fn home(&self, words: &'static str) -> Result<Home, Stop> {
        Ok(Home::new(self.config.home.as_deref(), words)?)
    }

    /// Opens the profile that exists, asking for the passphrase where it must.
    pub(crate) fn open(&self, words: &'static str) -> Result<Engine, Stop> {
        let home = self.home(words)?;
        if !Engine::exists(&home) {
            return Err(Fault::NotSetUp.into());
        }
        if !Engine::needs_passphrase(&home)? {
            return Ok(Engine::open(&home, None)?);
        }
        match passphrase::provided(&self.config)? {
            Some(passphrase) => Ok(Engine::open(&home, Some(passphrase))?),
            None if self.config.may_ask => {
                passphrase::three_tries(&home, |passphrase| Engine::open(&home, Some(passphrase)))
            }
            None => Err(Fault::Locked.into()),
        }
    }
}
