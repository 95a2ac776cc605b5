//! `cairn completions` and `cairn man`: what the program says of itself, for shells and for man(1).
//!
//! In: the tree of commands. Out: a script, pages. This file must never open a profile.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::{Cli, Completions, Man};
use crate::language::{command as texts, step, system as why};
use crate::output::Output;
use clap::CommandFactory;
use std::path::{Path, PathBuf};

/// Prints the script for a shell.
pub(super) fn completions(run: &Run, wish: &Completions) -> Result<(), Stop> {
    no_json(run)?;
    let mut script = Vec::new();
    clap_complete::generate(wish.shell, &mut Cli::command(), "cairn", &mut script);
    Ok(Output::copy(&String::from_utf8_lossy(&script))?)
}

/// Prints the program's page, or writes one for each command.
pub(super) fn man(run: &Run, wish: Man) -> Result<(), Stop> {
    no_json(run)?;
    let Some(folder) = wish.to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        return Ok(Output::copy(&String::from_utf8_lossy(&page))?);
    };
    write(&folder).map_err(|error| {
        let folder = crate::sanitize::line(&folder.display().to_string());
        Stop::usage(texts::pages_refused(folder, why(error.kind())), step::other_to())
    })?;
    run.output.say(&texts::pages())?;
    next::print(run, Done::Written, &[])
}

fn write(folder: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), Path::new(folder))
}

fn no_json(run: &Run) -> Result<(), Stop> {
    if run.config.json {
        return Err(Stop::usage(texts::no_json(), step::without_json()));
    }
    Ok(())
}
