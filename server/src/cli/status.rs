//! `status`: whether the relay runs, and how much it holds.
//!
//! In: a folder. Out: a few sentences, or one line for programs. This file must never learn a row: numbers only.

use super::place::Place;
use super::{Outcome, say, tell};
use crate::date;
use crate::folder;
use crate::line::Line;
use crate::store::sqlite;
use clap::Args;
use rustix::fs::statvfs;
use serde_json::Value;
use std::fs;

#[derive(Debug, Args)]
#[command(after_help = "Ends with 3 if no relay runs on the folder.

Examples:
  cairn-relay status --data /var/lib/cairn
  cairn-relay status --config /etc/cairn-relay.toml --json")]
pub(super) struct Status {
    #[command(flatten)]
    place: Place,
    /// Print one JSON line instead.
    #[arg(long)]
    json: bool,
}

pub(super) fn status(arguments: &Status) -> anyhow::Result<Outcome> {
    let folder = arguments.place.folder()?;
    let held = sqlite::holdings(&folder)?;
    let running = folder::is_locked(&folder)?;
    let length = |name: String| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    let (bytes, journal) = (length(sqlite::FILE.to_owned()), length(format!("{}-wal", sqlite::FILE)));
    let free = statvfs(&folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let oldest = held.oldest.map(|day| held.day.saturating_sub(day));
    if arguments.json {
        say(&Line::new("status")
            .with("running", running)
            .with("mailboxes", held.mailboxes)
            .with("envelopes", held.envelopes)
            .with("oldest_days", oldest.map_or(Value::Null, Value::from))
            .with("invitations", held.invitations)
            .with("passes", held.passes)
            .with("restores", held.identity.restores)
            .with("store_bytes", bytes)
            .with("journal_bytes", journal)
            .with("disk_free_bytes", free))?;
    } else {
        let state = if running { "A relay runs on" } else { "No relay runs on" };
        let oldest = oldest.map_or_else(String::new, |days| format!(", the oldest for {days} days"));
        tell(&format!(
            "{state} {folder}.\n\
             Mailboxes:    {mailboxes}\n\
             Envelopes:    {envelopes} waiting{oldest}\n\
             Invitations:  {invitations}\n\
             Passes:       {passes} still good\n\
             Store:        {store} MB, and {journal} MB of journal; {free} MB free on the disk\n\
             Last day:     {day}",
            folder = folder.display(),
            mailboxes = held.mailboxes,
            envelopes = held.envelopes,
            invitations = held.invitations,
            passes = held.passes,
            store = megabytes(bytes),
            journal = megabytes(journal),
            free = megabytes(free),
            day = date::text(held.clock_day),
        ))?;
    }
    Ok(if running { Outcome::Done } else { Outcome::Attention })
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
