//! The commands.
//!
//! In: arguments. Out: lines on standard output for programs, sentences on standard error for people, an exit code. This
//! file must never learn how anything is stored or sent.

use crate::config::{Config, ConfigError, Settings};
use crate::connection::Deadlines;
use crate::dump::{self, DumpError};
use crate::folder;
use crate::line::Line;
use crate::serve::{self, ABANDON, DRAIN, ServeError};
use crate::store::{StoreError, sqlite};
use crate::tls::TlsError;
use anyhow::Context;
use cairn_protocol::base32;
use cairn_protocol::token::Pass;
use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
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
  cairn-relay dump --data /var/lib/cairn | less

Exit codes: 0 done, 1 unexpected, 2 usage, 8 the store is damaged or newer than this program.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay until it is told to stop (SIGTERM or Ctrl-C).
    Serve(Serve),
    /// Passes: who holds one can make mailboxes and invitations here.
    #[command(subcommand, arg_required_else_help = true)]
    Pass(PassCommand),
    /// Print all that the relay holds, one JSON object a line, so that anyone can see what it knows.
    Dump(Dump),
}

#[derive(Debug, Args)]
#[command(after_help = "When it accepts connections it prints one line:
  {\"v\":1,\"type\":\"listening\",\"address\":\"HOST:PORT/PIN\"}
The address is what clients are given; PIN is how they recognise this relay's key.

Examples:
  cairn-relay serve --data ./relay --listen 127.0.0.1:0 --open
  cairn-relay serve --data /var/lib/cairn --listen 0.0.0.0:4433 --public-host relay.example.org
  cairn-relay serve --config /etc/cairn-relay.toml

The file has the same names: data, listen, public_host, open; and envelope_days, the days that an
envelope is kept until it is fetched (1 to 30, else 14).")]
struct Serve {
    /// The folder for the store and the relay's key; made if it is not there.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The host that clients dial, if it isn't the one after --listen.
    #[arg(long, value_name = "HOST")]
    public_host: Option<String>,
    /// Let anyone make mailboxes, without a pass.
    #[arg(long)]
    open: bool,
    /// A TOML file with settings; what stands here on the command line wins.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum PassCommand {
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-relay dump --data /var/lib/cairn | less
  cairn-relay dump --data /var/lib/cairn --full > all.jsonl")]
struct Dump {
    /// The relay's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the sealed bytes too, not just how many there are.
    #[arg(long)]
    full: bool,
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
    // A memory image of a crash would hold what memory alone should.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, none).is_err() {
        complain("core dumps could not be turned off");
    }
    let result = match cli.command {
        Command::Serve(arguments) => serve(arguments),
        Command::Pass(PassCommand::New { data, uses }) => pass_new(&data, uses),
        Command::Dump(arguments) => print_dump(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(code(&error))
        }
    }
}

fn serve(arguments: Serve) -> anyhow::Result<()> {
    let file = arguments.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    let line = Config {
        data: arguments.data,
        listen: arguments.listen,
        public_host: arguments.public_host,
        open: arguments.open.then_some(true),
        envelope_days: None,
    };
    let settings = Settings::try_from(line.or(file))?;
    tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).try_init().ok();
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(run(settings))
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    // Heard from here on: a stop while starting is a stop too.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let open = settings.open;
    let unspecified = settings.public_host.as_str().parse().is_ok_and(|ip: std::net::IpAddr| ip.is_unspecified());
    let running = serve::start(settings, Deadlines::default()).await?;
    if open {
        tracing::warn!("this relay is open: anyone who can reach it can make mailboxes");
    }
    if unspecified {
        tracing::warn!(
            "the printed address works on this machine only; name the one that clients dial by --public-host"
        );
    }
    say(&Line::new("listening").with("address", running.address.to_string()))?;
    let failure = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        failure = running.failed() => Some(failure),
    };
    if let Some(failure) = failure {
        running.abandon(ABANDON).await;
        return Err(ServeError::Store(failure).into());
    }
    tracing::info!("stopping");
    running.stop(DRAIN).await?;
    Ok(())
}

fn pass_new(data: &Path, uses: u32) -> anyhow::Result<()> {
    let folder = folder::prepare(data)?;
    let pass = Pass::random(&mut rand::rng());
    sqlite::add_pass(&folder, &pass.hash(), uses)?;
    say(&Line::new("pass").with("pass", base32::encode(pass.expose())).with("uses", uses))
}

fn print_dump(arguments: &Dump) -> anyhow::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    match dump::dump(&arguments.data, arguments.full, &mut output) {
        // `dump | head` has seen enough.
        Err(DumpError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// One line for programs, flushed at once.
fn say(line: &Line) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).context("standard output can't be written")
}

fn complain(sentence: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "cairn-relay: {sentence}");
}

/// Which fault an error is, for scripts.
fn code(error: &anyhow::Error) -> u8 {
    let store = error.chain().find_map(|cause| {
        cause.downcast_ref::<StoreError>().or_else(|| match cause.downcast_ref::<ServeError>() {
            Some(ServeError::Store(error) | ServeError::Tls(TlsError::Damaged(error))) => Some(error),
            _ => match cause.downcast_ref::<DumpError>() {
                Some(DumpError::Store(error)) => Some(error),
                _ => None,
            },
        })
    });
    match store {
        Some(StoreError::Damaged(_) | StoreError::Newer(_)) => DAMAGED,
        _ if error.chain().any(|cause| cause.is::<ConfigError>()) => USAGE,
        _ => UNEXPECTED,
    }
}

/// Each connection is a descriptor: as many as the machine lets us have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).is_err() {
        tracing::warn!("the number of open files could not be raised");
    }
}
