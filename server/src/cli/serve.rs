//! `serve`: runs the relay until it is told to stop.
//!
//! In: arguments, a file of settings, signals. Out: one line with the address. This file must never learn what a
//! connection says.

use super::say;
use crate::config::{Config, Settings};
use crate::connection::Deadlines;
use crate::line::Line;
use crate::serve::{self, ABANDON, DRAIN, ServeError};
use anyhow::Context;
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

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
pub(super) struct Serve {
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

pub(super) fn serve(arguments: Serve) -> anyhow::Result<()> {
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

/// Each connection is a descriptor: as many as the machine lets us have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).is_err() {
        tracing::warn!("the number of open files could not be raised");
    }
}
