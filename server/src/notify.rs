//! Words to systemd: that the relay goes on starting, is ready, alive, stopping (`sd_notify(3)`).
//!
//! In: the socket that the environment names, if one does. Out: a datagram. This file must never learn why.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The relay accepts connections.
pub const READY: &str = "READY=1";

/// The relay does not listen yet, and has come further: it may take as long as a whole start, 300 s in microseconds, until
/// the next word.
pub const GOING_ON: &str = "EXTEND_TIMEOUT_USEC=300000000";

/// The relay is stopping and drains.
pub const STOPPING: &str = "STOPPING=1";

/// The relay has just taken up something new.
pub const ALIVE: &str = "WATCHDOG=1";

/// Tells the service manager, if there is one.
pub fn tell(word: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&socket, word)
    {
        tracing::warn!("the service manager could not be told {word}: {error}");
    }
}

/// Whether a service manager waits for words.
#[must_use]
pub fn is_managed() -> bool {
    env::var_os("NOTIFY_SOCKET").is_some()
}

/// How often the service manager wants to hear [`ALIVE`]: a quarter of the time after which it acts.
#[must_use]
pub fn interval() -> Option<Duration> {
    let ours = env::var("WATCHDOG_PID").map_or(true, |process| process == std::process::id().to_string());
    let micros: u64 = env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (ours && micros > 0).then(|| Duration::from_micros(micros) / 4)
}

fn send(socket: &OsStr, word: &str) -> io::Result<()> {
    let address = match socket.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    // A manager that doesn't read must not hold up the relay.
    sender.set_nonblocking(true)?;
    sender.send_to_addr(word.as_bytes(), &address).map(|_| ())
}
