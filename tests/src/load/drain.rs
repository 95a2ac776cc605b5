//! Workload `drain`: 16 owners come back to mailboxes in which envelopes wait, fetch them all and acknowledge them all.
//!
//! In: a place and how many wait in each. Out: how many were acknowledged in what time.

use super::measure::Slice;
use super::store::{SENDERS, send};
use super::wire::{Mailbox, Place, Wire};
use anyhow::{Result, bail, ensure};
use cairn_protocol::wire::frame::{Reply, Request};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Envelopes that wait in each mailbox.
const DEPTH: usize = 512;

/// In flight while a mailbox is filled, which is not measured.
pub(super) const FILLING: usize = 64;

/// Runs it.
pub(super) async fn slice(place: &Place, _: Duration, most: usize) -> Result<Slice> {
    let start = Arc::new(Barrier::new(SENDERS + 1));
    let mut owners = JoinSet::new();
    for _ in 0..SENDERS {
        let mut wire = Wire::open(place).await?;
        let mailbox = wire.mailbox().await?;
        let start = Arc::clone(&start);
        let depth = DEPTH.min(most / SENDERS);
        owners.spawn(async move {
            fill(&mut wire, &mailbox, depth).await?;
            wire.subscribe(&mailbox).await?;
            start.wait().await;
            let drained = drain(&mut wire, &mailbox, depth).await?;
            ensure!(drained.len() == depth, "{} of {depth} came", drained.len());
            anyhow::Ok(drained)
        });
    }
    start.wait().await;
    let started = Instant::now();
    let mut answers = Vec::new();
    while let Some(owner) = owners.join_next().await {
        answers.extend(owner??);
    }
    Ok(Slice { messages: answers.len(), time: started.elapsed(), answers, end_to_end: Vec::new() })
}

/// Puts so many envelopes into a mailbox.
pub(super) async fn fill(wire: &mut Wire, mailbox: &Mailbox, depth: usize) -> Result<()> {
    let never = Instant::now() + super::GIVE_UP;
    let filled = send(wire, mailbox, FILLING, never, depth).await?.len();
    ensure!(filled == depth, "{filled} of {depth} envelopes could be put in {:?}", super::GIVE_UP);
    Ok(())
}

/// Fetches and acknowledges so many envelopes, page by page, the next page asked for together with the acknowledgement of
/// the one before. How long each took from its fetch to its page.
pub(super) async fn drain(wire: &mut Wire, mailbox: &Mailbox, most: usize) -> Result<Vec<Duration>> {
    let fetch = Request::Fetch { mailbox: mailbox.id, wait: false };
    let (mut times, mut unanswered) = (Vec::new(), 0_usize);
    let mut asked = Some(Instant::now());
    wire.feed(&fetch).await?;
    while asked.is_some() || unanswered > 0 {
        wire.flush().await?;
        match wire.reply().await? {
            (_, Reply::Done) => unanswered = unanswered.saturating_sub(1),
            (_, Reply::Page(page)) => {
                let waited = asked.take().map(|moment| moment.elapsed()).unwrap_or_default();
                times.extend(page.iter().map(|_| waited));
                if page.is_empty() {
                    continue;
                }
                let ids = page.into_iter().map(|delivery| delivery.id).collect();
                wire.feed(&Request::Acknowledge { mailbox: mailbox.id, ids }).await?;
                unanswered += 1;
                if times.len() < most {
                    asked = Some(Instant::now());
                    wire.feed(&fetch).await?;
                }
            }
            (_, other) => bail!("a drain was answered by {other:?}"),
        }
    }
    Ok(times)
}
