//! A wire between clients and a relay that counts what passes.
//!
//! In: the relay's place. Out: a place to reach it by, and bytes. This file must never change a byte.

use anyhow::{Result, ensure};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// For all connections to end.
const END: Duration = Duration::from_secs(20);

/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);

#[derive(Default)]
struct Sums {
    /// From the relay to clients.
    received: AtomicU64,
    /// From clients to the relay.
    sent: AtomicU64,
    /// Times that something came from the relay.
    pieces: AtomicU64,
    connections: AtomicUsize,
    open: AtomicUsize,
    stop: AtomicBool,
}

/// The wire, as threads of this process.
pub struct Counter {
    port: u16,
    sums: Arc<Sums>,
}

impl Counter {
    /// Passes everything on to the relay at this place.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn start(relay: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let sums = Arc::new(Sums::default());
        let (relay, counting) = (relay.to_owned(), Arc::clone(&sums));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if counting.stop.load(Ordering::SeqCst) {
                    return;
                }
                counting.connections.fetch_add(1, Ordering::SeqCst);
                // A relay that is away ends the client's connection too.
                let _ = pass(client, &relay, &counting);
            }
        });
        Ok(Self { port, sums })
    }

    /// The port of this computer at which clients reach the relay.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.sums.connections.load(Ordering::SeqCst)
    }

    /// How often the relay gave something.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.sums.pieces.load(Ordering::SeqCst)
    }

    /// Connections that are open in both directions.
    #[must_use]
    pub fn open(&self) -> usize {
        self.sums.open.load(Ordering::SeqCst) / 2
    }

    /// The bytes that clients were given and gave until now.
    #[must_use]
    pub fn now(&self) -> (u64, u64) {
        (self.sums.received.load(Ordering::SeqCst), self.sums.sent.load(Ordering::SeqCst))
    }

    /// The bytes that clients were given and gave, once every connection has ended.
    ///
    /// # Errors
    /// If one does not end.
    pub fn settled(&self) -> Result<(u64, u64)> {
        let end = Instant::now() + END;
        while self.sums.open.load(Ordering::SeqCst) > 0 {
            ensure!(Instant::now() < end, "a connection does not end");
            std::thread::sleep(LOOK);
        }
        Ok((self.sums.received.load(Ordering::SeqCst), self.sums.sent.load(Ordering::SeqCst)))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.sums.stop.store(true, Ordering::SeqCst);
        // It waits for a connection: the last one tells it.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pass(client: TcpStream, relay: &str, sums: &Arc<Sums>) -> Result<()> {
    let relay = TcpStream::connect(relay)?;
    let back = (relay.try_clone()?, client.try_clone()?);
    sums.open.fetch_add(2, Ordering::SeqCst);
    let counting = Arc::clone(sums);
    std::thread::spawn(move || one_way(client, relay, &counting.sent, None, &counting.open));
    let counting = Arc::clone(sums);
    std::thread::spawn(move || one_way(back.0, back.1, &counting.received, Some(&counting.pieces), &counting.open));
    Ok(())
}

/// Until one end is gone; then both are.
fn one_way(mut from: TcpStream, mut to: TcpStream, sum: &AtomicU64, pieces: Option<&AtomicU64>, open: &AtomicUsize) {
    let mut bytes = [0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        sum.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::SeqCst);
        if let Some(pieces) = pieces {
            pieces.fetch_add(1, Ordering::SeqCst);
        }
        let Some(some) = bytes.get(..read) else { break };
        if to.write_all(some).is_err() {
            break;
        }
    }
    for stream in [&from, &to] {
        // It may be closed already.
        let _ = stream.shutdown(Shutdown::Both);
    }
    open.fetch_sub(1, Ordering::SeqCst);
}
