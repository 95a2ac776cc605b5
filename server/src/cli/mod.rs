//! The commands.
//!
//! In: arguments. Out: lines on standard output for programs, sentences on standard error for people, an exit code. This
//! file must never learn how anything is stored or sent.

mod backup;
mod doctor;
mod dump;
mod notice;
mod pass;
mod place;
mod reference;
mod serve;
mod status;

use crate::backup::BackupError;
use crate::config::ConfigError;
use crate::dump::DumpError;
use crate::line::Line;
use crate::notice::KeptError;
use crate::notice::words::WordsError;
use crate::serve::ServeError;
use crate::store::StoreError;
use crate::tls::TlsError;
use anyhow::Context;
use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// A memory image of a crash would hold what memory alone should. With a limit of 0 a system that hands core dumps to a
/// program still does so; with 1 Linux neither writes nor hands on any (`do_coredump` in its fs/coredump.c).
const NO_CORE: Rlimit = Rlimit { current: Some(1), maximum: Some(1) };

/// What is left where the limit is 0 already and can't be raised.
const NO_CORE_FILE: Rlimit = Rlimit { current: Some(0), maximum: Some(0) };

const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
const ATTENTION: u8 = 3;
const DAMAGED: u8 = 8;

/// The relay of Cairn: keeps sealed envelopes until their owners fetch them. It never holds a key that opens one.
#[derive(Debug, Parser)]
#[command(name = "cairn-relay", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cairn-relay serve --data /var/lib/cairn --listen relay.example.org:4433
  cairn-relay pass new --data /var/lib/cairn --uses 10
  cairn-relay notice set /etc/cairn-notice.toml --data /var/lib/cairn
  cairn-relay status --data /var/lib/cairn
  cairn-relay backup --data /var/lib/cairn /mnt/backup/monday
  cairn-relay doctor --config /etc/cairn-relay.toml

Exit codes: 0 done, 1 unexpected, 2 usage, 3 no relay runs (status) or there is something to do
(doctor), 8 the store is damaged or newer than this program.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay until it is told to stop (SIGTERM or Ctrl-C).
    Serve(serve::Serve),
    /// Passes: who holds one can make mailboxes and invitations here.
    #[command(subcommand, arg_required_else_help = true)]
    Pass(pass::PassCommand),
    /// What the center says of itself: hours, who reads, and the card for an emergency.
    #[command(subcommand, arg_required_else_help = true)]
    Notice(notice::NoticeCommand),
    /// Print all that the relay holds, one JSON object a line, so that anyone can see what it knows.
    Dump(dump::Dump),
    /// Say whether a relay runs, and how much it holds.
    Status(status::Status),
    /// Write a checked backup, also while the relay runs.
    Backup(backup::Backup),
    /// Put a backup back.
    Restore(backup::Restore),
    /// Look at everything a relay needs, and say what to do.
    Doctor(doctor::Doctor),
    /// Print completions for a shell.
    Completions(reference::Completions),
    /// Print the manual page, or write all of them.
    Man(reference::Man),
}

/// How a command went that is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Done, and somebody should look.
    Attention,
}

/// Runs the program with these arguments, the first of which is its name.
#[must_use]
pub fn main_with(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is the only way this fails, and there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    if [NO_CORE, NO_CORE_FILE].into_iter().all(|limit| setrlimit(Resource::Core, limit).is_err()) {
        complain("core dumps could not be turned off");
    }
    let done = |result: anyhow::Result<()>| result.map(|()| Outcome::Done);
    let result = match cli.command {
        Command::Serve(arguments) => done(serve::serve(arguments)),
        Command::Pass(command) => done(pass::run(command)),
        Command::Notice(command) => done(notice::run(command)),
        Command::Dump(arguments) => done(dump::print(&arguments)),
        Command::Status(arguments) => status::status(&arguments),
        Command::Backup(arguments) => done(backup::save(&arguments)),
        Command::Restore(arguments) => done(backup::put_back(&arguments)),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Completions(arguments) => done(reference::completions(&arguments)),
        Command::Man(arguments) => done(reference::man(&arguments)),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Attention) => ExitCode::from(ATTENTION),
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(code(&error))
        }
    }
}

/// One line for programs, flushed at once.
fn say(line: &Line) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).context("standard output can't be written")
}

/// Sentences for people, on standard output.
fn tell(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).context("standard output can't be written")
}

fn complain(sentence: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "cairn-relay: {sentence}");
}

/// Which fault an error is, for scripts.
fn code(error: &anyhow::Error) -> u8 {
    let store = error.chain().find_map(|cause| {
        if let Some(KeptError::Tls(TlsError::Damaged(error))) = cause.downcast_ref() {
            return Some(error);
        }
        cause.downcast_ref::<StoreError>().or(match cause.downcast_ref() {
            Some(ServeError::Store(error) | ServeError::Tls(TlsError::Damaged(error))) => Some(error),
            _ => match (cause.downcast_ref(), cause.downcast_ref()) {
                (Some(DumpError::Store(error)), _) => Some(error),
                (_, Some(BackupError::Store(error) | BackupError::Tls(TlsError::Damaged(error)))) => Some(error),
                _ => None,
            },
        })
    });
    match store {
        Some(StoreError::Damaged(_) | StoreError::Newer(_)) => DAMAGED,
        _ if error.chain().any(|cause| cause.is::<ConfigError>() || cause.is::<WordsError>()) => USAGE,
        _ => UNEXPECTED,
    }
}
