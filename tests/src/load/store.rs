//! Workload `store`: 16 senders with 64 puts in flight each, nobody fetches.
//!
//! In: a place and a time. Out: how many envelopes it has on disk, and how long each answer took.

use super::measure::Slice;
use super::wire::{Mailbox, Place, Wire};
use anyhow::{Context, Result, bail};
use cairn_protocol::wire::frame::Reply;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

pub(super) const SENDERS: usize = 16;
const IN_FLIGHT: usize = 64;

/// Runs it.
pub(super) async fn slice(place: &Place, time: Duration, most: usize) -> Result<Slice> {
    let start = Arc::new(Barrier::new(SENDERS + 1));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let mut wire = Wire::open(place).await?;
        let mailbox = wire.mailbox().await?;
        let start = Arc::clone(&start);
        senders.spawn(async move {
            start.wait().await;
            send(&mut wire, &mailbox, IN_FLIGHT, Instant::now() + time, most / SENDERS).await
        });
    }
    start.wait().await;
    let started = Instant::now();
    let mut answers = Vec::new();
    while let Some(sender) = senders.join_next().await {
        answers.extend(sender??);
    }
    Ok(Slice { messages: answers.len(), time: started.elapsed(), answers, end_to_end: Vec::new() })
}

/// Puts envelopes, so many in flight, until a moment or a number, and waits for all answers: how long each took.
pub(super) async fn send(
    wire: &mut Wire,
    mailbox: &Mailbox,
    in_flight: usize,
    end: Instant,
    most: usize,
) -> Result<Vec<Duration>> {
    let mut sent: HashMap<u32, Instant> = HashMap::with_capacity(in_flight);
    let mut times = Vec::new();
    loop {
        let more = Instant::now() < end && times.len() + sent.len() < most;
        if more && sent.len() < in_flight {
            let moment = Instant::now();
            sent.insert(wire.feed(&mailbox.put(moment)).await?, moment);
            continue;
        }
        if sent.is_empty() {
            return Ok(times);
        }
        wire.flush().await?;
        let mut reply = Some(wire.reply().await);
        while let Some(answer) = reply {
            match answer? {
                (number, Reply::Done) => times.push(sent.remove(&number).context("a number of ours")?.elapsed()),
                (_, other) => bail!("a put was answered by {other:?}"),
            }
            reply = wire.reply_now();
        }
    }
}
