//! `cairn export`: a copy of one conversation.
//!
//! In: a contact, perhaps a file. Out: the whole conversation, as text or as JSON lines. This file must never write over a
//! file unless it was told to, nor leave half of one.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::Export;
use crate::engine::system_clock;
use crate::language::{command as texts, step, system as why};
use crate::output::{Output, copy};
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Runs it.
pub(super) fn run(run: &Run, export: &Export) -> Result<(), Stop> {
    let engine = run.open("export")?;
    let contact = engine.contact(&export.contact)?;
    let messages = engine.history(&contact.id, None)?;
    let text = copy::of(&contact, &messages, &engine.profile_name()?, system_clock(), run.config.json);
    let Some(file) = &export.to else { return Ok(Output::copy(&text)?) };
    write(file, text.as_bytes(), export.replace).map_err(|error| refused(file, &error))?;
    run.output.exported(&contact, &file.display().to_string(), messages.len())?;
    next::print(run, Done::About(&contact.name), &engine.pending(Some(&contact.id))?)
}

/// Writes a file of mode 0600 beside, flushed, and gives it its name only when it is whole.
fn write(file: &Path, bytes: &[u8], replace: bool) -> Result<(), Error> {
    let name = file.file_name().filter(|_| !file.is_dir()).ok_or(ErrorKind::IsADirectory)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).and_then(|mut part| {
        part.write_all(bytes)?;
        part.sync_all()?;
        if !replace {
            // Renaming takes a name in any case: this takes it only where there is no file of it.
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        }
        std::fs::rename(&beside, file)
    });
    if written.is_err() {
        // Where it could not even be made there is nothing to take away.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn refused(file: &Path, error: &Error) -> Stop {
    let file = file.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Stop::usage(texts::file_there(file.to_string()), step::or_replace()),
        kind => Stop::usage(texts::file_refused(file.to_string(), why(kind)), step::other_place()),
    }
}
