//! The way between a client and a relay, as a thread of this process: it breaks off when it is told to, or carries nothing.
//!
//! In: a relay's place, a weather. Out: a place that clients dial instead. This file must never learn what it carries: it
//! counts bytes of TLS.

use crate::process::PATIENCE;
use anyhow::{Context, Result};
use cairn_protocol::address::RelayAddress;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What becomes of connections that are opened from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// They carry everything.
    Calm,
    /// They break off after so many bytes towards the relay.
    CutToRelay(u64),
    /// They break off after so many bytes from the relay: what it did is done, and its answer is lost.
    CutFromRelay(u64),
    /// They are accepted and carry nothing, and nobody says so.
    BlackHole,
}

#[derive(Debug)]
struct State {
    weather: Weather,
    /// Bytes that connections carried in each direction, and how many broke off.
    carried: Carried,
}

/// What was carried.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carried {
    /// Bytes towards the relay.
    pub to_relay: u64,
    /// Bytes from the relay.
    pub from_relay: u64,
    /// Connections that broke off.
    pub cut: u64,
}

/// A network that fails on demand.
pub struct Network {
    port: u16,
    stop: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// A calm way to the relay at `relay`, a host and a port.
    ///
    /// # Errors
    /// If there is no port for it.
    pub fn start(relay: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a port")?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let state = Arc::new(Mutex::new(State { weather: Weather::Calm, carried: Carried::default() }));
        let (stopping, shared, relay) = (Arc::clone(&stop), Arc::clone(&state), relay.to_owned());
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                match listener.accept() {
                    // A relay that is down refuses; the client sees its connection end.
                    Ok((client, _)) => drop(carry(client, &relay, &shared, &stopping)),
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Ok(Self { port, stop, state, thread: Some(thread) })
    }

    /// The relay's address, reached by this way.
    ///
    /// # Errors
    /// If it is no address.
    pub fn way_to(&self, address: &str) -> Result<String> {
        let mut address: RelayAddress = address.parse()?;
        address.port = self.port;
        Ok(address.to_string())
    }

    /// From now on, for connections that are opened from now on. What was carried until now.
    pub fn becomes(&self, weather: Weather) -> Carried {
        let mut state = lock(&self.state);
        state.weather = weather;
        std::mem::take(&mut state.carried)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn carry(client: TcpStream, relay: &str, state: &Arc<Mutex<State>>, stop: &Arc<AtomicBool>) -> Result<()> {
    client.set_nonblocking(false)?;
    let weather = lock(state).weather;
    if weather == Weather::BlackHole {
        let stop = Arc::clone(stop);
        std::thread::spawn(move || swallow(client, &stop));
        return Ok(());
    }
    let relay = TcpStream::connect(relay)?;
    relay.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let (up, down) = match weather {
        Weather::CutToRelay(bytes) => (bytes, u64::MAX),
        Weather::CutFromRelay(bytes) => (u64::MAX, bytes),
        Weather::Calm | Weather::BlackHole => (u64::MAX, u64::MAX),
    };
    for (from, to, room, towards) in [(client.try_clone()?, relay.try_clone()?, up, true), (relay, client, down, false)]
    {
        let state = Arc::clone(state);
        std::thread::spawn(move || pump(from, to, room, towards, &state));
    }
    Ok(())
}

/// Keeps a connection and whatever comes to itself.
fn swallow(mut client: TcpStream, stop: &AtomicBool) {
    let mut buffer = [0; 4096];
    let _ = client.set_read_timeout(Some(Duration::from_millis(100)));
    while !stop.load(Ordering::Relaxed) {
        match client.read(&mut buffer) {
            Ok(0) => return,
            Err(error) if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return;
            }
            _ => {}
        }
    }
}

/// Carries bytes until an end or until there is room for no more; then both directions end.
fn pump(mut from: TcpStream, mut to: TcpStream, mut room: u64, towards: bool, state: &Mutex<State>) {
    let mut buffer = [0; 4096];
    let _ = from.set_read_timeout(Some(PATIENCE));
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(length);
        let sent = buffer.get(..most).is_some_and(|bytes| to.write_all(bytes).is_ok());
        let carried = u64::try_from(most).unwrap_or_default();
        let mut state = lock(state);
        *(if towards { &mut state.carried.to_relay } else { &mut state.carried.from_relay }) += carried;
        room -= carried;
        if most < length {
            state.carried.cut += 1;
        }
        if most < length || !sent {
            break;
        }
    }
    // Both directions: a way that broke off carries nothing back either.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
