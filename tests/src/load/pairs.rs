//! Workload `pairs`: 64 people write to 64 others who are connected, with 16 envelopes in flight each, as the client does.
//!
//! In: a place and a time. Out: how many envelopes went from hand to hand and were acknowledged, and how long they took.

use super::measure::Slice;
use super::store::send;
use super::wire::{Mailbox, Place, Wire, sent_at};
use anyhow::{Context, Result, bail};
use cairn_protocol::wire::frame::{Reply, Request};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;

const PAIRS: usize = 64;
const IN_FLIGHT: usize = 16;

/// Runs it.
pub(super) async fn slice(place: &Place, time: Duration, most: usize) -> Result<Slice> {
    let start = Arc::new(Barrier::new(PAIRS + 1));
    let (mut senders, mut receivers) = (JoinSet::new(), JoinSet::new());
    let (telling, mut told) = mpsc::unbounded_channel();
    for _ in 0..PAIRS {
        let (mut sender, mut receiver) = (Wire::open(place).await?, Wire::open(place).await?);
        let mailbox = receiver.mailbox().await?;
        receiver.subscribe(&mailbox).await?;
        let (start, owned, telling) = (Arc::clone(&start), mailbox.same(), telling.clone());
        receivers.spawn(async move { receive(&mut receiver, &owned, &telling).await });
        senders.spawn(async move {
            start.wait().await;
            send(&mut sender, &mailbox, IN_FLIGHT, Instant::now() + time, most / PAIRS).await
        });
    }
    start.wait().await;
    let started = Instant::now();
    let (mut answers, mut end_to_end) = (Vec::new(), Vec::new());
    let mut sending = true;
    while sending || end_to_end.len() < answers.len() {
        tokio::select! {
            sender = senders.join_next(), if sending => match sender {
                Some(times) => answers.extend(times??),
                None => sending = false,
            },
            Some(time) = told.recv() => end_to_end.push(time),
            Some(ended) = receivers.join_next() => bail!("a receiver ended: {:?}", ended?),
        }
    }
    let time = started.elapsed();
    receivers.abort_all();
    Ok(Slice { messages: end_to_end.len(), time, answers, end_to_end })
}

/// Fetches, acknowledges and tells the age of each envelope, until the task is ended. An acknowledged envelope counts.
async fn receive(wire: &mut Wire, mailbox: &Mailbox, telling: &mpsc::UnboundedSender<Duration>) -> Result<()> {
    let fetch = Request::Fetch { mailbox: mailbox.id, wait: true };
    wire.feed(&fetch).await?;
    let mut acknowledging = std::collections::HashMap::new();
    loop {
        wire.flush().await?;
        match wire.reply().await? {
            (number, Reply::Done) => {
                let ages: Vec<Duration> = acknowledging.remove(&number).context("an acknowledgement of ours")?;
                for age in ages {
                    // Nobody counts any more when the workload is over.
                    let _ = telling.send(age);
                }
            }
            (_, Reply::Page(page)) => {
                let ages = page.iter().map(|delivery| sent_at(&delivery.envelope).elapsed()).collect();
                let ids = page.into_iter().map(|delivery| delivery.id).collect();
                let number = wire.feed(&Request::Acknowledge { mailbox: mailbox.id, ids }).await?;
                acknowledging.insert(number, ages);
                wire.feed(&fetch).await?;
            }
            (_, other) => bail!("a fetch was answered by {other:?}"),
        }
    }
}
