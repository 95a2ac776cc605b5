//! `pass …`: what lets specialists make mailboxes and invitations here.
//!
//! In: a folder. Out: a pass, printed once; names of passes, by which the operator withdraws them. This file must never
//! learn who gets one.

use super::say;
use crate::folder;
use crate::line::Line;
use crate::store::{PassState, sqlite};
use anyhow::bail;
use cairn_protocol::base32;
use cairn_protocol::token::{Pass, TokenHash};
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Bytes of a pass's hash that name it. Larger: more to write down. Smaller: two passes of a center share a name.
const NAME: usize = 5;

#[derive(Debug, Subcommand)]
pub(super) enum PassCommand {
    /// Make a pass and print it. It works at once, also while the relay runs.
    #[command(after_help = "It prints one line:
  {\"v\":1,\"type\":\"pass\",\"pass\":\"…\",\"id\":\"…\",\"uses\":N,\"days\":N}
The pass is shown this once; the relay keeps a hash of it. The id is for `pass list` and `pass revoke`: write down,
away from this machine, who got which.

Examples:
  cairn-relay pass new --data /var/lib/cairn
  cairn-relay pass new --data /var/lib/cairn --uses 1 --days 7")]
    New {
        /// The relay's folder; made if it is not there.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// For how many contacts it is good: each takes one mailbox and one invitation.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// For how many days after today it is good.
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(0..=3650))]
        days: u32,
    },
    /// List the passes that are still good for something: their ids and what is left of them.
    #[command(after_help = "It prints one line for each:
  {\"v\":1,\"type\":\"pass\",\"id\":\"…\",\"mailboxes\":N,\"invitations\":N,\"days\":N}
A pass that was made without an end has null days.

Example:
  cairn-relay pass list --data /var/lib/cairn")]
    List {
        /// The relay's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Withdraw a pass: nothing more can be made with it. Mailboxes and invitations made before stay.
    #[command(after_help = "It works at once, also while the relay runs.

Example:
  cairn-relay pass revoke 7Q4ZK2MD --data /var/lib/cairn")]
    Revoke {
        /// The pass's id, as `pass new` and `pass list` print it.
        #[arg(value_name = "ID")]
        id: String,
        /// The relay's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// Does what was asked.
///
/// # Errors
/// Any error of the folder and the store; a pass that is not there.
pub(super) fn run(command: PassCommand) -> anyhow::Result<()> {
    match command {
        PassCommand::New { data, uses, days } => new(&data, uses, days),
        PassCommand::List { data } => list(&data),
        PassCommand::Revoke { id, data } => revoke(&data, &id),
    }
}

fn new(data: &Path, uses: u32, days: u32) -> anyhow::Result<()> {
    let folder = folder::prepare(data)?;
    let pass = Pass::random(&mut rand::rng());
    let hash = pass.hash();
    sqlite::add_pass(&folder, &hash, uses, Some(days))?;
    let line = Line::new("pass").with("pass", base32::encode(pass.expose())).with("id", name(&hash));
    say(&line.with("uses", uses).with("days", days))
}

fn list(data: &Path) -> anyhow::Result<()> {
    for PassState { hash, mailboxes, invitations, days_left } in sqlite::passes(data)? {
        let line = Line::new("pass").with("id", name(&hash)).with("mailboxes", mailboxes);
        say(&line.with("invitations", invitations).with("days", days_left))?;
    }
    Ok(())
}

fn revoke(data: &Path, id: &str) -> anyhow::Result<()> {
    let next = "See `cairn-relay pass list`";
    let wanted: Option<[u8; NAME]> = base32::decode(id);
    let passes = sqlite::passes(data)?;
    let mut fitting =
        passes.iter().filter(|pass| wanted.is_some_and(|wanted| pass.hash.as_bytes().starts_with(&wanted)));
    match (fitting.next(), fitting.next()) {
        (Some(pass), None) if sqlite::revoke_pass(data, &pass.hash)? => {
            say(&Line::new("revoked").with("id", name(&pass.hash)))
        }
        (Some(_), Some(_)) => bail!("two passes have this id. Nothing was withdrawn. {next}"),
        _ => bail!("there is no pass of this id: it was used up, it ended, or it was withdrawn before. {next}"),
    }
}

/// What an operator calls a pass: the beginning of its hash, which nobody can turn back into the pass.
fn name(pass: &TokenHash) -> String {
    base32::encode(pass.as_bytes().get(..NAME).unwrap_or_default())
}
