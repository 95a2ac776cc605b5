//! A running relay: its parts put together, connections accepted, a stop that drains.
//!
//! In: settings. Out: an address, and in the end a closed store. This file must never learn what a connection says, and
//! keeps no address of a peer longer than its connection.

use crate::auth::Stranger;
use crate::calendar::Calendar;
use crate::config::Settings;
use crate::connection::{self, Deadlines};
use crate::expiry;
use crate::fanout::Fanout;
use crate::folder::{self, FolderError};
use crate::gate::Gate;
use crate::handlers::Relay;
use crate::limits::Limits;
use crate::metrics::{Metrics, Number};
use crate::monitor::{self, Monitor};
use crate::notice;
use crate::pace::Pace;
use crate::store::sqlite::SqliteStore;
use crate::store::{Arrivals, Store, StoreError};
use crate::tls::{Tls, TlsError};
use cairn_protocol::address::RelayAddress;
use rustix::process::{Resource, getrlimit};
use std::fs::File;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{interval, timeout};

/// How long connections may take to finish what is under way when the relay stops.
pub const DRAIN: Duration = Duration::from_secs(10);

/// How long connections may take to say that the store has failed.
pub const ABANDON: Duration = Duration::from_secs(1);

/// Pause when the machine gives no more descriptors. Larger: places that came free stay empty. Smaller: it spins.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// What a stranger has to show a right before it gives way for want of descriptors. Larger: newcomers wait behind a flood.
/// Smaller: whoever took the last descriptor is cut off while it still says hello.
const GRACE: Duration = Duration::from_secs(2);

/// Descriptors for all but connections: the store, the listener, logs. Larger: places stay empty. Smaller: the store
/// could find none.
const OWN_DESCRIPTORS: u64 = 64;

/// How often addresses that have been quiet are forgotten. Larger: they lie in memory longer. Smaller: work for nothing.
const FORGET: Duration = Duration::from_secs(60);

/// Why a relay doesn't start, or stops by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key or TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address.
    #[error("can't listen on {host} port {port}: {error}. Name another with --listen, or stop what uses it")]
    Listen {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What is wrong.
        error: io::Error,
    },
    /// A part of this program broke.
    #[error("the part that accepts connections broke, which is a fault of this program. Start the relay again")]
    Broken,
    /// The address of the metrics.
    #[error("can't listen for metrics on {address}: {error}. Name another after metrics, or stop what uses it")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What is wrong.
        error: io::Error,
    },
}

/// A relay that accepts connections.
pub struct Running {
    /// What clients are given.
    pub address: RelayAddress,
    /// Where counts and readiness are told, if asked for.
    pub metrics: Option<SocketAddr>,
    folder: PathBuf,
    certificate: Option<PathBuf>,
    tls: Tls,
    monitoring: Option<JoinHandle<()>>,
    store: Arc<SqliteStore>,
    gate: Arc<Gate>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    /// Its other end is gone when connections are no longer accepted.
    broken: watch::Receiver<()>,
    expiring: JoinHandle<()>,
    /// Keeps other relays off the folder as long as the store is open.
    _lock: File,
}

/// Starts a relay.
///
/// # Errors
/// Any [`ServeError`]; nothing listens then.
pub async fn start(settings: Settings, deadlines: Deadlines) -> Result<Running, ServeError> {
    let folder = folder::prepare(&settings.data)?;
    let lock = folder::lock(&folder)?;
    let fanout = Arc::new(Fanout::default());
    let waking = Arc::clone(&fanout);
    let arrivals: Arrivals = Arc::new(move |arrived| waking.hear(arrived));
    // Beside this task, which may be dropped meanwhile: an older store takes minutes. The lock stays with it.
    let (place, quota) = (folder.clone(), settings.limits.quota());
    let opening = spawn_blocking(move || (SqliteStore::open_with(&place, arrivals, quota), lock));
    // An error is a fault of this program, which has been told where it happened.
    let (store, lock) = opening.await.map_err(|_| StoreError::Stopping)?;
    let store = Arc::new(store?);
    let tls = Tls::open(&folder, settings.certificate.as_deref())?;
    let calendar = Arc::new(Calendar::start(store.as_ref()).await?);
    if let Err(error) = notice::kept(&folder) {
        tracing::warn!("people can't use the operator's notice: {error}. Set it again: cairn-relay notice set FILE");
    }
    let (listener, port) = listen(&settings).await?;
    let address = RelayAddress { host: settings.public_host, port, pin: tls.pin };
    let monitor = match settings.metrics {
        Some(address) => Some(monitor::listen(address).await.map_err(|error| ServeError::Metrics { address, error })?),
        None => None,
    };
    let counts = Arc::new(Metrics::default());
    let relay = Arc::new(Relay {
        store: Arc::clone(&store),
        fanout,
        calendar: Arc::clone(&calendar),
        open: settings.open,
        folder: folder.clone(),
        envelope_days: settings.envelope_days,
        metrics: Arc::clone(&counts),
        pace: Pace::new(&settings.limits),
        stranger: Stranger::random(),
    });
    let (stop, stopping) = watch::channel(false);
    let gate = Gate::new(&settings.limits, places(&settings.limits)).sparing_loopback(settings.spare_loopback);
    let gate = Arc::new(gate);
    let (metrics, monitoring) = monitor.map_or((None, None), |(listener, address)| {
        let (store, gate, folder, stopping) = (Arc::clone(&store), Arc::clone(&gate), folder.clone(), stopping.clone());
        let monitor = Monitor { metrics: counts, store, gate, folder, stopping };
        (Some(address), Some(tokio::spawn(monitor.serve(listener))))
    });
    let door = Door { relay, tls: tls.clone(), deadlines, gate: Arc::clone(&gate), stopping };
    let expiring =
        expiry::supervise(Arc::clone(&store), calendar, settings.envelope_days.into(), expiry::Pauses::default());
    let (working, broken) = watch::channel(());
    let accepting = async move {
        // Dropped when it ends, however it ends.
        let _working = working;
        door.accept(listener).await;
    };
    Ok(Running {
        address,
        metrics,
        folder,
        certificate: settings.certificate,
        tls,
        monitoring,
        store,
        gate,
        stop,
        accepting: tokio::spawn(accepting),
        broken,
        expiring: tokio::spawn(expiring),
        _lock: lock,
    })
}

impl Running {
    /// Ends when the store has failed or connections are no longer accepted; the relay must stop then, and be started again.
    pub async fn failed(&self) -> ServeError {
        let mut broken = self.broken.clone();
        tokio::select! {
            failure = self.store.failed() => failure.into(),
            // Nothing is ever sent: it ends with the other end.
            _ = broken.changed() => ServeError::Broken,
        }
    }

    /// Ends when the store has taken up something new.
    ///
    /// # Errors
    /// Any error of the store.
    pub async fn answers(&self) -> Result<(), StoreError> {
        self.store.answers().await
    }

    /// Reads the certificate again, for connections from now on.
    ///
    /// # Errors
    /// Any [`TlsError`]; the certificate is then the same as before.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.tls.reload(&self.folder, self.certificate.as_deref())
    }

    /// For a store that has failed: lets connections tell their peers so for at most `drain`. The store is not asked to
    /// write anything more.
    pub async fn abandon(self, drain: Duration) {
        self.accepting.abort();
        self.expiring.abort();
        self.stop.send_replace(true);
        // Who is left is cut off; nothing was confirmed to them that is not on disk.
        let _ = timeout(drain, self.gate.empty()).await;
    }

    /// Accepts nothing more, lets what is under way finish for at most `drain`, and closes the store.
    ///
    /// # Errors
    /// Any error of closing the store. All that was confirmed is on disk even then.
    pub async fn stop(self, drain: Duration) -> Result<(), StoreError> {
        self.accepting.abort();
        self.stop.send_replace(true);
        if timeout(drain, self.gate.empty()).await.is_err() {
            tracing::warn!("some connections were cut: they took too long to finish");
        }
        self.expiring.abort();
        if let Some(monitoring) = self.monitoring {
            monitoring.abort();
        }
        self.store.close().await
    }
}

async fn listen(settings: &Settings) -> Result<(TcpListener, u16), ServeError> {
    let (host, port) = (settings.host.as_str(), settings.port);
    let failed = |error| ServeError::Listen { host: host.to_owned(), port, error };
    let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

/// How many connections the machine has descriptors for.
fn places(limits: &Limits) -> u32 {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let places = u32::try_from(descriptors.saturating_sub(OWN_DESCRIPTORS)).unwrap_or(u32::MAX).max(1);
    if places < limits.connections {
        tracing::warn!("the machine allows fewer open files than the connections that are set need: see `doctor`");
    }
    places
}

struct Door<S: Store> {
    relay: Arc<Relay<S>>,
    tls: Tls,
    deadlines: Deadlines,
    gate: Arc<Gate>,
    stopping: watch::Receiver<bool>,
}

impl<S: Store> Door<S> {
    async fn accept(self, listener: TcpListener) {
        let mut forgetting = interval(FORGET);
        let mut said: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = forgetting.tick() => {
                    self.gate.forget();
                    self.relay.pace.mailboxes.forget(Instant::now());
                    continue;
                }
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer.ip()),
                // The peer left before it was accepted: its matter.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.relay.metrics.count(Number::NotAccepted);
                    if said.is_none_or(|said| said.elapsed() > FORGET) {
                        said = Some(Instant::now());
                        tracing::warn!("no connection can be accepted now: {error}");
                    }
                    // Without a descriptor nobody can say whether somebody waits outside.
                    self.gate.shed(GRACE);
                    tokio::time::sleep(EXHAUSTED).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, address: IpAddr) {
        let Some((ticket, give_way)) = self.gate.enter(address) else {
            self.relay.metrics.count(Number::TurnedAway);
            return; // dropped, and with it closed
        };
        self.relay.metrics.count(Number::Accepted);
        let serving = connection::serve(
            Arc::clone(&self.relay),
            self.tls.acceptor.clone(),
            stream,
            ticket,
            self.deadlines,
            self.stopping.clone(),
        );
        tokio::spawn(async move {
            tokio::select! {
                ended = serving => tracing::debug!("a connection ended: {ended}"),
                () = give_way.told() => tracing::debug!("a connection gave way"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_relay_that_no_longer_accepts_connections_says_so_and_stops() {
        let folder = tempfile::tempdir().unwrap();
        let (data, listen) = (Some(folder.path().to_owned()), Some("127.0.0.1:0".to_owned()));
        let settings = Config { data, listen, ..Config::default() }.try_into().unwrap();
        let running = start(settings, Deadlines::default()).await.unwrap();
        assert!(timeout(Duration::from_millis(50), running.failed()).await.is_err(), "nothing has failed");
        // As a panic would.
        running.accepting.abort();
        assert!(matches!(timeout(Duration::from_secs(20), running.failed()).await, Ok(ServeError::Broken)));
        running.stop(DRAIN).await.unwrap();
    }
}
