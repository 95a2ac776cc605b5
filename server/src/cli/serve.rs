//! `serve`: runs the relay until it is told to stop.
//!
//! In: arguments, a file of settings, signals. Out: one line with the address. This file must never learn what a
//! connection says.

use super::say;
use crate::config::{Config, Settings};
use crate::connection::Deadlines;
use crate::line::Line;
use crate::log::Log;
use crate::notify;
use crate::serve::{self, ABANDON, DRAIN, Running};
use anyhow::Context;
use clap::Args;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Interval, interval};

/// How often old logs are looked for.
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
#[command(after_help = "When it accepts connections it prints one line:
  {\"v\":1,\"type\":\"listening\",\"address\":\"HOST:PORT/PIN\",\"open\":false}
The address is what clients are given; PIN is how they recognise this relay's key.

Examples:
  cairn-relay serve --data ./relay --listen 127.0.0.1:0 --open
  cairn-relay serve --data /var/lib/cairn --listen 0.0.0.0:4433 --public-host relay.example.org
  cairn-relay serve --config /etc/cairn-relay.toml

The file has the same names (data, listen, public_host, open, certificate, metrics, logs) and
envelope_days, the days that an envelope is kept until it is fetched (1 to 30, else 14).")]
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
    /// A certificate in PEM that was made for the relay's own key; read again at SIGHUP.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Tell counts (/metrics) and readiness (/ready) here, on this machine only.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<String>,
    /// Write logs into this folder, a file a day for seven days, instead of to standard error.
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
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
        certificate: arguments.certificate,
        metrics: arguments.metrics,
        logs: arguments.logs,
        ..Config::default()
    };
    let settings = Settings::try_from(line.or(file))?;
    let log = Log::start(settings.logs.as_deref()).context("the folder for logs can't be used")?;
    // As a service. Elsewhere a tool that measures may look.
    if notify::is_managed() {
        hide_memory();
    }
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    let ended = runtime.block_on(run(settings, &log));
    // A store that is still being opened is left as a crash would leave it: the next start goes on.
    runtime.shutdown_background();
    ended
}

async fn run(settings: Settings, log: &Log) -> anyhow::Result<()> {
    // Heard from here on: a stop while starting is a stop too.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut reload = signal(SignalKind::hangup())?;
    let open = settings.open;
    let unspecified = settings.public_host.as_str().parse().is_ok_and(|ip: std::net::IpAddr| ip.is_unspecified());
    let running = tokio::select! {
        running = serve::start(settings, Deadlines::default()) => running?,
        _ = terminate.recv() => return early(),
        _ = interrupt.recv() => return early(),
    };
    if open {
        tracing::warn!("this relay is open: anyone who can reach it can make mailboxes");
    }
    if unspecified {
        tracing::warn!(
            "the printed address works on this machine only; name the one that clients dial by --public-host"
        );
    }
    let mut line = Line::new("listening").with("address", running.address.to_string()).with("open", open);
    if let Some(metrics) = running.metrics {
        line = line.with("metrics", metrics.to_string());
    }
    say(&line)?;
    tracing::info!("the relay listens");
    notify::tell(notify::READY);
    let (mut hours, mut pulse) = (interval(HOUR), notify::interval().map(interval));
    let failure = loop {
        tokio::select! {
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            failure = running.failed() => break Some(failure),
            _ = reload.recv() => match running.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!("the certificate stays as it was: {error}"),
            },
            _ = hours.tick() => log.tidy(),
            () = alive(&mut pulse, &running) => notify::tell(notify::ALIVE),
        }
    };
    notify::tell(notify::STOPPING);
    if let Some(failure) = failure {
        running.abandon(ABANDON).await;
        return Err(failure.into());
    }
    tracing::info!("stopping");
    running.stop(DRAIN).await?;
    Ok(())
}

/// The end of a relay that was stopped while it started.
fn early() -> anyhow::Result<()> {
    tracing::info!("stopped before it listened; the next start goes on from here");
    Ok(())
}

/// Ends when the service manager is to hear that the relay is alive: it has taken up something new.
async fn alive(pulse: &mut Option<Interval>, running: &Running) {
    if let Some(pulse) = pulse {
        pulse.tick().await;
        if running.answers().await.is_ok() {
            return;
        }
    }
    pending().await
}

/// Closes the memory to every other program of this user.
fn hide_memory() {
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        tracing::warn!("the memory could not be closed to other programs of this user");
    }
}

/// Each connection is a descriptor: as many as the machine lets us have.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).is_err() {
        tracing::warn!("the number of open files could not be raised");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::dumpable_behavior;

    #[test]
    fn memory_can_be_closed_to_other_programs() {
        hide_memory();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
