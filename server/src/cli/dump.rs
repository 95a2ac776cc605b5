//! `dump`: all that the relay holds, for anyone to read.
//!
//! In: a folder. Out: JSON lines. This file must never learn to leave anything out.

use crate::dump::{self, DumpError};
use clap::Args;
use std::io::{self, BufWriter};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-relay dump --data /var/lib/cairn | less
  cairn-relay dump --data /var/lib/cairn --full > all.jsonl")]
pub(super) struct Dump {
    /// The relay's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the sealed bytes too, not just how many there are.
    #[arg(long)]
    full: bool,
}

pub(super) fn print(arguments: &Dump) -> anyhow::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    match dump::dump(&arguments.data, arguments.full, &mut output) {
        // `dump | head` has seen enough.
        Err(DumpError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
