//! `completions` and `man`: what the program says of itself, for shells and for man(1).
//!
//! In: the tree of commands. Out: a script, pages. This file must never learn what a command does.

use super::Cli;
use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-relay completions bash > /usr/share/bash-completion/completions/cairn-relay
  cairn-relay completions fish > ~/.config/fish/completions/cairn-relay.fish")]
pub(super) struct Completions {
    /// For which shell.
    shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-relay man | man -l -
  cairn-relay man --to /usr/local/share/man/man1")]
pub(super) struct Man {
    /// Write a page for the program and one for each command into this folder, instead of printing the first.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

pub(super) fn completions(arguments: &Completions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "cairn-relay", &mut script);
    print(&script)
}

pub(super) fn man(arguments: &Man) -> anyhow::Result<()> {
    if let Some(folder) = &arguments.to {
        fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
        return clap_mangen::generate_to(Cli::command(), folder)
            .with_context(|| format!("the pages can't be written to {}", folder.display()));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).context("the page can't be made")?;
    print(&page)
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text).and_then(|()| output.flush()).context("standard output can't be written")
}
