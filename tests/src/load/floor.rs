//! What this machine can do at all: a flush, bare SQLite, a bare WebSocket echo.
//!
//! In: a folder on the disk that the relay uses. Out: numbers to hold the relay's against. No part of the relay is here.

use super::measure::{Times, count, round};
use super::wire::settings;
use anyhow::{Context, Result};
use cairn_protocol::limits::ENVELOPE;
use futures_util::{SinkExt, StreamExt};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async_with_config, client_async_with_config};

const FLUSHES: usize = 300;
const ECHOES: usize = 2000;
const ECHO_PEERS: usize = 16;
const ECHO_IN_FLIGHT: usize = 64;
const BATCHES: [usize; 4] = [1, 8, 32, 128];

/// How long each kind of batch is tried, and how many rows it may leave.
const BATCH_TIME: Duration = Duration::from_millis(500);
const BATCH_ROWS: usize = 60_000;

/// The machine's own figures.
pub(super) struct Floor {
    pub(super) fsync_us_p50: f64,
    echo_us_p50: f64,
    echo_per_s: f64,
    rows_per_s: Vec<(usize, f64)>,
}

impl Floor {
    pub(super) fn fields(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("fsync_4k_us_p50".into(), json!(round(self.fsync_us_p50)));
        fields.insert("echo_us_p50".into(), json!(round(self.echo_us_p50)));
        fields.insert("echo_pipelined_per_s".into(), json!(self.echo_per_s.round()));
        for (batch, rows) in &self.rows_per_s {
            fields.insert(format!("sqlite_full_batch_{batch}_rows_per_s"), json!(rows.round()));
        }
        Value::Object(fields)
    }
}

/// Measures all of it.
pub(super) fn measure(runtime: &tokio::runtime::Runtime, folder: &Path) -> Result<Floor> {
    let fsync_us_p50 = fsync(folder)?;
    let rows_per_s = BATCHES.iter().map(|batch| Ok((*batch, sqlite(folder, *batch)?))).collect::<Result<Vec<_>>>()?;
    let (echo_us_p50, echo_per_s) = runtime.block_on(echo())?;
    Ok(Floor { fsync_us_p50, echo_us_p50, echo_per_s, rows_per_s })
}

/// The median of appending 4 KiB and flushing them, in microseconds.
pub(super) fn fsync(folder: &Path) -> Result<f64> {
    let path = folder.join("flushes");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_all()?;
        times.push(started.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(Times::new(&times).percentile(50))
}

/// Rows of an envelope's size that bare SQLite flushes in a second, in transactions of so many.
fn sqlite(folder: &Path, batch: usize) -> Result<f64> {
    let place = folder.join(format!("rows-{batch}"));
    std::fs::create_dir(&place)?;
    let mut connection = Connection::open(place.join("rows.db"))?;
    connection.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE envelope (arrival INTEGER PRIMARY KEY, mailbox BLOB NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL);",
    )?;
    let body = [0x5a_u8; ENVELOPE];
    let started = Instant::now();
    let mut rows = 0;
    while started.elapsed() < BATCH_TIME && rows < BATCH_ROWS {
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO envelope (mailbox, id, body) VALUES (?1, ?2, ?3)")?;
            for _ in 0..batch {
                insert.execute((&body[..32], rand::random::<[u8; 16]>(), &body[..]))?;
                rows += 1;
            }
        }
        transaction.commit()?;
    }
    let time = started.elapsed();
    drop(connection);
    std::fs::remove_dir_all(place)?;
    Ok(count(rows) / time.as_secs_f64())
}

/// Bare WebSocket without TLS: the median of one round trip in microseconds, and messages in a second with as many in
/// flight as the workload `store` has. Both ends live in this process, as the relay and the tool share this machine.
async fn echo() -> Result<(f64, f64)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                let mut socket = accept_async_with_config(stream, Some(settings())).await?;
                while let Some(Ok(message)) = socket.next().await {
                    if !message.is_binary() {
                        break;
                    }
                    socket.send(message).await?;
                }
                anyhow::Ok(())
            });
        }
    });
    let connect = async || -> Result<_> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(client_async_with_config("ws://echo/", stream, Some(settings())).await?.0)
    };
    let message = || Message::binary(vec![0x5a; ENVELOPE + 100]);
    let mut socket = connect().await?;
    let mut times = Vec::new();
    for _ in 0..ECHOES {
        let started = Instant::now();
        socket.send(message()).await?;
        socket.next().await.context("an echo")??;
        times.push(started.elapsed());
    }
    let mut peers = tokio::task::JoinSet::new();
    for _ in 0..ECHO_PEERS {
        let mut socket = connect().await?;
        peers.spawn(async move {
            for _ in 0..ECHO_IN_FLIGHT {
                socket.feed(message()).await?;
            }
            socket.flush().await?;
            for _ in 0..ECHOES {
                socket.next().await.context("an echo")??;
                socket.send(message()).await?;
            }
            anyhow::Ok(())
        });
    }
    let started = Instant::now();
    while let Some(peer) = peers.join_next().await {
        peer??;
    }
    let per_second = count(ECHO_PEERS * ECHOES) / started.elapsed().as_secs_f64();
    server.abort();
    Ok((Times::new(&times).percentile(50), per_second))
}
