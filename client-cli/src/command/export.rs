//! `cairn export`: a copy of one conversation.
//!
//! In: a contact, perhaps a file. Out: the whole conversation, as text or as JSON lines. This file must never write over a
//! file unless it was told to, nor leave half of one.

use super::next::{self, Done};
use super::{Run, Stop, whole};
use crate::cli::Export;
use crate::engine::system_clock;
use crate::language::{command as texts, step, system as why};
use crate::output::{Output, copy};
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Runs it.
pub(super) fn run(run: &Run, export: &Export) -> Result<(), Stop> {
    let engine = run.open("export")?;
    let contact = engine.contact(&export.contact)?;
    let messages = engine.history(&contact.id, None)?;
    let text = copy::of(&contact, &messages, &engine.profile_name()?, system_clock(), run.config.json);
    let Some(file) = &export.to else { return Ok(Output::copy(&text)?) };
    whole::write(file, text.as_bytes(), export.replace).map_err(|error| refused(file, &error))?;
    run.output.exported(&contact, &file.display().to_string(), messages.len())?;
    next::print(run, Done::About(&contact.name), &engine.pending(Some(&contact.id))?)
}

fn refused(file: &Path, error: &Error) -> Stop {
    let file = file.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Stop::usage(texts::file_there(file.to_string()), step::or_replace()),
        kind => Stop::usage(texts::file_refused(file.to_string(), why(kind)), step::other_place()),
    }
}
