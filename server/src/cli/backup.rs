//! `backup` and `restore`.
//!
//! In: two folders. Out: a line that says what was done. This file must never learn what is in the backup.

use super::place::Place;
use super::{complain, say};
use crate::backup;
use crate::line::Line;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "The relay may run meanwhile. The backup is read again from end to end, and putting it
back is tried beside it. It holds the relay's key too: guard it like the relay itself.
What people have fetched since stays in it: keep a backup for days, not for years.

Examples:
  cairn-relay backup --data /var/lib/cairn /mnt/backup/monday
  cairn-relay backup --config /etc/cairn-relay.toml /mnt/backup/$(date +%F)")]
pub(super) struct Backup {
    /// A new or empty folder for the backup, best on another disk.
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
#[command(after_help = "Stop the relay first. Clients notice by themselves that an older store was put back, and send
again what it doesn't hold. Mailboxes made since the backup are gone: their owners need a new invitation.

Examples:
  cairn-relay restore --data /var/lib/cairn /mnt/backup/monday
  cairn-relay restore --data /var/lib/cairn --replace /mnt/backup/monday")]
pub(super) struct Restore {
    /// The folder that `backup` wrote.
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Give up the store that is there, whole or damaged.
    #[arg(long)]
    replace: bool,
}

pub(super) fn save(arguments: &Backup) -> anyhow::Result<()> {
    let saved = backup::backup(&arguments.place.folder()?, &arguments.to)?;
    if !saved.tried {
        complain(&format!(
            "the backup was read and is whole, but there was no room to try putting it back: that needs {} MB free",
            (saved.bytes >> 19) + 1
        ));
    }
    let folder = arguments.to.display().to_string();
    say(&Line::new("backup").with("folder", folder).with("bytes", saved.bytes).with("tried", saved.tried))
}

pub(super) fn put_back(arguments: &Restore) -> anyhow::Result<()> {
    let data = arguments.place.folder()?;
    let identity = backup::restore(&arguments.from, &data, arguments.replace)?;
    say(&Line::new("restored").with("folder", data.display().to_string()).with("restores", identity.restores))
}
