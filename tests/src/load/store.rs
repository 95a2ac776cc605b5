//! Workload `store`: 16 senders with 64 puts in flight each, nobody fetches.
//!
//! In: a relay's address and a time. Out: how many envelopes it has on disk, and how long each answer took.

use super::MESSAGES;
use super::measure::{Figures, Measured, Times};
use super::wire::Wire;
use anyhow::{Context, Result, bail};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::wire::frame::Reply;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const SENDERS: usize = 16;
const IN_FLIGHT: usize = 64;

/// Runs it.
pub(super) async fn run(address: &RelayAddress, time: Duration) -> Result<(Measured, Figures)> {
    let start = Arc::new(Barrier::new(SENDERS + 1));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let mut wire = Wire::open(address).await?;
        let mailbox = wire.mailbox().await?;
        let start = Arc::clone(&start);
        senders.spawn(async move {
            start.wait().await;
            let end = Instant::now() + time;
            let mut sent: HashMap<u32, Instant> = HashMap::new();
            let mut times = Vec::new();
            loop {
                let more = Instant::now() < end && times.len() + sent.len() < MESSAGES / SENDERS;
                if more && sent.len() < IN_FLIGHT {
                    let number = wire.feed(&mailbox.put()).await?;
                    sent.insert(number, Instant::now());
                    continue;
                }
                if sent.is_empty() {
                    return anyhow::Ok(times);
                }
                wire.flush().await?;
                let mut reply = Some(wire.reply().await);
                while let Some(answer) = reply {
                    match answer? {
                        (number, Reply::Done) => {
                            times.push(sent.remove(&number).context("a number of ours")?.elapsed())
                        }
                        (_, other) => bail!("a put was answered by {other:?}"),
                    }
                    reply = wire.reply_now();
                }
            }
        });
    }
    start.wait().await;
    let started = Instant::now();
    let mut times = Vec::new();
    while let Some(sender) = senders.join_next().await {
        times.extend(sender??);
    }
    let measured = Measured { messages: times.len(), time: started.elapsed() };
    Ok((measured, Figures { answer: Times::new(times), end_to_end: None }))
}
