//! Bare `cairn`: the conversation; also on a computer that other people use, where nothing of it stays.
//!
//! In: the options. Out: an open conversation, and its end. This file must never leave before everything is taken away.

use super::{Run, Stop};
use crate::cli::Command;
use crate::language::{removal as texts, shared as words};
use crate::own_fault::unless_it_panics;
use crate::shared;
use std::path::{Path, PathBuf};

/// Begins a visit, if that is what can be meant. The folder of its profile.
pub(super) fn begin(command: Option<&Command>, home: Option<&Path>) -> Result<PathBuf, Stop> {
    match command {
        None => shared::begin(home),
        Some(_) => Err(Stop::usage(words::for_conversation(), "cairn --shared-computer")),
    }
}

/// Opens the conversation.
pub(super) fn open(run: &Run) -> Result<(), Stop> {
    match shared::place() {
        Some(_) => run.interrupt.listen_to_all()?,
        None => shared::tidy(),
    }
    let ended = unless_it_panics(|| crate::faces::open(run));
    // Nothing is said before it is done. That something stayed behind goes before how the conversation ended.
    shared::end()?;
    if run.removed.get() {
        run.output.say(&texts::done())?;
        run.output.say(&texts::what_stays())?;
    }
    ended
}
