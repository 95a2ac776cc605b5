//! Counts and readiness over HTTP, on this machine only.
//!
//! In: `GET /metrics`, `GET /ready`. Out: numbers, or whether the relay is ready. This file must never learn a client:
//! who asks here is the operator's own program.

use crate::calendar;
use crate::gate::Gate;
use crate::metrics::{Metrics, Number};
use crate::store::{Store, sqlite};
use rustix::fs::statvfs;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// How long one question may take. Larger: a program that hangs holds a place. Smaller: a busy disk counts as not ready.
const DEADLINE: Duration = Duration::from_secs(5);

/// Bytes of a question, at most. Larger: memory. Smaller: a program that sends many headers is not answered.
const QUESTION: usize = 4096;

/// Questions at the same time, at most; others wait.
const PLACES: usize = 8;

/// Pause when no connection can be accepted.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// What the answers are made from.
pub struct Monitor<S: Store> {
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// Whether it answers is whether the relay is ready.
    pub store: Arc<S>,
    /// Who is connected, as a number.
    pub gate: Arc<Gate>,
    /// The data folder.
    pub folder: PathBuf,
    /// True when the relay stops.
    pub stopping: watch::Receiver<bool>,
}

/// Listens on this machine.
///
/// # Errors
/// An error of the address.
pub async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl<S: Store> Monitor<S> {
    /// Answers until it is dropped.
    pub async fn serve(self, listener: TcpListener) {
        let (monitor, places) = (Arc::new(self), Arc::new(Semaphore::new(PLACES)));
        loop {
            // Never closed, so this can only succeed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(EXHAUSTED).await;
                continue;
            };
            let monitor = Arc::clone(&monitor);
            tokio::spawn(async move {
                // Whoever asked and left needs no answer.
                let _ = timeout(DEADLINE * 2, monitor.answer(stream)).await;
                drop(place);
            });
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut question = Vec::new();
        while !question.windows(4).any(|end| end == b"\r\n\r\n") {
            if question.len() >= QUESTION || stream.read_buf(&mut question).await? == 0 {
                return Ok(());
            }
        }
        let line = question.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let (status, text) = match line {
            b"GET /metrics HTTP/1.1" | b"GET /metrics HTTP/1.0" => ("200 OK", self.metrics().await),
            b"GET /ready HTTP/1.1" | b"GET /ready HTTP/1.0" => match self.ready().await {
                Ok(()) => ("200 OK", "ready\n".to_owned()),
                Err(why) => ("503 Service Unavailable", format!("not ready: {why}\n")),
            },
            _ => ("404 Not Found", "ask for /metrics or /ready\n".to_owned()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            text.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    }

    async fn ready(&self) -> Result<(), &'static str> {
        if *self.stopping.borrow() {
            return Err("the relay is stopping");
        }
        match timeout(DEADLINE, self.store.answers()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("the store has failed; the log says how"),
            Err(_) => Err("the store doesn't answer; the disk may be slow or stuck"),
        }
    }

    async fn metrics(&self) -> String {
        let ready = self.ready().await.is_ok();
        let metrics = &self.metrics;
        metrics.set(Number::Ready, u64::from(ready));
        metrics.set(Number::Connections, u64::from(self.gate.entered()));
        let length = |name: &str| fs::metadata(self.folder.join(name)).map_or(0, |file| file.len());
        metrics.set(Number::StoreBytes, length(sqlite::FILE));
        metrics.set(Number::JournalBytes, length(&format!("{}-wal", sqlite::FILE)));
        if let Ok(disk) = statvfs(&self.folder) {
            metrics.disk_free(disk.f_bavail.saturating_mul(disk.f_frsize));
        }
        metrics.text(calendar::clock_seconds())
    }
}
