//! `dump`: all that the relay holds, for anyone to read.
//!
//! In: a folder. Out: JSON lines. This file must never learn to leave anything out.

use super::place::Place;
use crate::dump::{self, DumpError};
use clap::Args;
use std::io::{self, BufWriter};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-relay dump --data /var/lib/cairn | less
  cairn-relay dump --data /var/lib/cairn --full > all.jsonl")]
pub(super) struct Dump {
    #[command(flatten)]
    place: Place,
    /// Print the sealed bytes too, not just how many there are.
    #[arg(long)]
    full: bool,
}

pub(super) fn print(arguments: &Dump) -> anyhow::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    match dump::dump(&arguments.place.folder()?, arguments.full, &mut output) {
        // `dump | head` has seen enough.
        Err(DumpError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
