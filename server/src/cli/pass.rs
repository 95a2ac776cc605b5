//! `pass …`: what lets specialists make mailboxes and invitations here.
//!
//! In: a folder. Out: a pass, printed once. This file must never learn who gets it.

use super::say;
use crate::folder;
use crate::line::Line;
use crate::store::sqlite;
use cairn_protocol::base32;
use cairn_protocol::token::Pass;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum PassCommand {
    /// Make a pass and print it. It works at once, also while the relay runs.
    #[command(after_help = "Examples:
  cairn-relay pass new --data /var/lib/cairn
  cairn-relay pass new --data /var/lib/cairn --uses 1")]
    New {
        /// The relay's folder; made if it is not there.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// For how many contacts it is good: each takes one mailbox and one invitation.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
    },
}

/// Does what was asked.
///
/// # Errors
/// Any error of the folder and the store.
pub(super) fn run(command: PassCommand) -> anyhow::Result<()> {
    match command {
        PassCommand::New { data, uses } => new(&data, uses),
    }
}

fn new(data: &Path, uses: u32) -> anyhow::Result<()> {
    let folder = folder::prepare(data)?;
    let pass = Pass::random(&mut rand::rng());
    sqlite::add_pass(&folder, &pass.hash(), uses)?;
    say(&Line::new("pass").with("pass", base32::encode(pass.expose())).with("uses", uses))
}
