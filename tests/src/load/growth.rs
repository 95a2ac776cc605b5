//! Workloads `depth`, `mailboxes` and `file`: what an operation costs as a mailbox grows deep, as mailboxes become many,
//! and as the file grows.
//!
//! In: how far it grows. Out: one row for each size, ten times the one before: what a put and what a fetch with its
//! acknowledgement cost, and that of the largest against that of the smallest.

use super::drain::{drain, fill};
use super::measure::{Slice, Usage, Used, round};
use super::store;
use super::wire::{Place, Wire};
use super::{GIVE_UP, Progress};
use crate::relay::Relay;
use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growing {
    /// Envelopes in one mailbox.
    Depth,
    /// Mailboxes.
    Mailboxes,
    /// Envelopes in other mailboxes, in MiB of file.
    File,
}

/// Envelopes that are put and then drained, and how often that is done at each size.
const SAMPLE: usize = 256;
const ROUNDS: usize = 16;

/// A body, its row and its places in the indexes take about this much of the file.
const ROW: usize = 4700;

/// What is measured at one size.
struct Cost {
    per_second: f64,
    used: Used,
}

/// Runs it. `most` is the largest size.
pub(super) fn run(
    growing: Growing,
    most: usize,
    relay: &mut Relay,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Map<String, Value>> {
    let (mut rows, mut costs) = (Vec::new(), Vec::new());
    let mut size = if growing == Growing::File { 10 } else { 1 };
    // The first measure warms what is cold only once.
    measure(growing, size.min(most), relay, runtime)?;
    loop {
        let this = size.min(most);
        progress(&format!("{growing:?} {this}"));
        let (put, taken) = measure(growing, this, relay, runtime)?;
        let file = std::fs::metadata(relay.data().join("relay.db"))?.len();
        rows.push(json!({
            "size": this,
            "file_mib": file >> 20,
            "put_per_s": put.per_second.round(),
            "put_processor_us": round(put.used.processor_us()),
            "put_written_bytes": put.used.written_bytes().round(),
            "drain_per_s": taken.per_second.round(),
            "drain_processor_us": round(taken.used.processor_us()),
            "drain_written_bytes": taken.used.written_bytes().round(),
        }));
        costs.push((put, taken));
        if this == most {
            break;
        }
        size *= 10;
    }
    let mut fields = Map::new();
    if let [(first_put, first_taken), .., (last_put, last_taken)] = &*costs {
        let ratio = |last: f64, first: f64| json!(round(last / first));
        fields.insert(
            "ratios".into(),
            json!({
                "put_processor": ratio(last_put.used.processor_us(), first_put.used.processor_us()),
                "put_written": ratio(last_put.used.written_bytes(), first_put.used.written_bytes()),
                "drain_processor": ratio(last_taken.used.processor_us(), first_taken.used.processor_us()),
                "drain_written": ratio(last_taken.used.written_bytes(), first_taken.used.written_bytes()),
            }),
        );
    }
    fields.insert("rows".into(), Value::Array(rows));
    Ok(fields)
}

fn measure(growing: Growing, size: usize, relay: &mut Relay, runtime: &Runtime) -> Result<(Cost, Cost)> {
    match growing {
        Growing::Depth => {}
        Growing::Mailboxes => behind_its_back(relay, |connection| more_mailboxes(connection, size))?,
        Growing::File => behind_its_back(relay, |connection| more_envelopes(connection, size * (1 << 20) / ROW))?,
    }
    let (id, place) = (relay.id()?, Place::Relay(relay.address().parse()?));
    runtime.block_on(async {
        let mut wire = Wire::open(&place).await?;
        let mailbox = wire.mailbox().await?;
        if growing == Growing::Depth {
            fill(&mut wire, &mailbox, size).await?;
        }
        let (mut puts, mut takes) = ((Used::default(), 0, Duration::ZERO), (Used::default(), 0, Duration::ZERO));
        wire.subscribe(&mailbox).await?;
        for _ in 0..ROUNDS {
            let before = Usage::of(id)?;
            let started = Instant::now();
            let put = store::send(&mut wire, &mailbox, super::drain::FILLING, Instant::now() + GIVE_UP, SAMPLE).await?;
            let (time, between) = (started.elapsed(), Usage::of(id)?);
            puts.0.add(&before, &between, put.len());
            puts = (puts.0, puts.1 + put.len(), puts.2 + time);
            let started = Instant::now();
            let taken = drain(&mut wire, &mailbox, SAMPLE).await?;
            takes.0.add(&between, &Usage::of(id)?, taken.len());
            takes = (takes.0, takes.1 + taken.len(), takes.2 + started.elapsed());
            ensure!(put.len() == SAMPLE && taken.len() == SAMPLE, "every envelope is put and comes back");
        }
        let cost = |(used, messages, time): (Used, usize, Duration)| {
            let slice = Slice { messages, time, answers: Vec::new(), end_to_end: Vec::new() };
            Cost { per_second: slice.per_second(), used }
        };
        Ok((cost(puts), cost(takes)))
    })
}

/// Stops the relay, changes its file, and starts it again: through its door this would take hours.
fn behind_its_back(relay: &mut Relay, change: impl FnOnce(&mut Connection) -> Result<()>) -> Result<()> {
    relay.stop()?;
    let file = relay.data().join("relay.db");
    let mut connection = Connection::open(&file)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    change(&mut connection)?;
    connection.close().map_err(|(_, error)| error)?;
    // Else the relay's first flush of the file waits for all that this left to the system: 0.15 s for a million mailboxes.
    File::open(file)?.sync_all()?;
    relay.start_again()
}

fn rows(connection: &Connection, table: &str) -> Result<usize> {
    let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    usize::try_from(rows).context("a number of rows")
}

fn more_mailboxes(connection: &mut Connection, until: usize) -> Result<()> {
    let missing = i64::try_from(until.saturating_sub(rows(connection, "mailbox")?))?;
    let transaction = connection.transaction()?;
    transaction.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO mailbox (id, owner, capability) SELECT randomblob(32), randomblob(32), randomblob(32) FROM n",
        [missing],
    )?;
    transaction.execute("UPDATE store SET mailboxes = (SELECT count(*) FROM mailbox)", [])?;
    Ok(transaction.commit()?)
}

/// Envelopes that are written at once. Larger: a journal as large as the store.
const AT_ONCE: i64 = 50_000;

/// A thousand envelopes for each of as many mailboxes as that makes; nobody fetches them, and they open to noise.
fn more_envelopes(connection: &mut Connection, until: usize) -> Result<()> {
    let mut missing = i64::try_from(until.saturating_sub(rows(connection, "envelope")?))?;
    while missing > 0 {
        let transaction = connection.transaction()?;
        let before: i64 =
            transaction.query_row("SELECT coalesce(max(arrival), 0) FROM envelope", [], |row| row.get(0))?;
        transaction.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO envelope (arrival, mailbox, id, day, key, place)
             SELECT ?2 + i, CAST(printf('%032d', (?2 + i) / 1000) AS BLOB), randomblob(16), (SELECT day FROM store),
                    randomblob(32), (SELECT coalesce(max(place), -1) FROM body) + i FROM n",
            [missing.min(AT_ONCE), before],
        )?;
        transaction.execute(
            "INSERT INTO body (place, shut) SELECT place, randomblob(4096) FROM envelope WHERE arrival > ?1",
            [before],
        )?;
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        missing -= AT_ONCE;
    }
    Ok(())
}
