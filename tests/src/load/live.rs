//! Workload `live`: one sender, one receiver whose fetch waits at the relay, one message at a time.
//!
//! In: a place and a time. Out: how long a message takes to the receiver, and the answer to the sender.

use super::measure::Slice;
use super::wire::{Place, Wire};
use anyhow::{Context, Result, bail, ensure};
use cairn_protocol::wire::frame::{Reply, Request};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// What the receiver tells the sender.
enum Told {
    /// A message came at this moment.
    Arrived(Instant),
    /// It is acknowledged, and the next fetch is at the relay.
    Ready,
}

/// Runs it.
pub(super) async fn slice(place: &Place, time: Duration, most: usize) -> Result<Slice> {
    let (mut sender, mut receiver) = (Wire::open(place).await?, Wire::open(place).await?);
    let mailbox = receiver.mailbox().await?;
    receiver.subscribe(&mailbox).await?;
    let (telling, mut told) = mpsc::channel(4);
    let fetch = Request::Fetch { mailbox: mailbox.id, wait: true };
    let id = mailbox.id;
    let receiving = tokio::spawn(async move {
        receiver.feed(&fetch).await?;
        receiver.flush().await?;
        while telling.send(Told::Ready).await.is_ok() {
            let Some(reply) = next_page(&mut receiver, &telling).await else { return Ok(()) };
            let deliveries = reply?;
            telling.send(Told::Arrived(Instant::now())).await.ok();
            let ids = deliveries.iter().map(|delivery| delivery.id).collect();
            let acknowledged = receiver.feed(&Request::Acknowledge { mailbox: id, ids }).await?;
            receiver.feed(&fetch).await?;
            receiver.flush().await?;
            match receiver.reply().await? {
                (number, Reply::Done) if number == acknowledged => {}
                other => bail!("an acknowledgement was answered by {other:?}"),
            }
        }
        anyhow::Ok(())
    });
    let (mut answers, mut arrivals) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while started.elapsed() < time && answers.len() < most {
        ensure!(matches!(told.recv().await, Some(Told::Ready)), "the receiver is ready");
        let put = mailbox.put(Instant::now());
        let sent = Instant::now();
        match sender.ask(&put).await? {
            Reply::Done => answers.push(sent.elapsed()),
            other => bail!("a put was answered by {other:?}"),
        }
        match told.recv().await.context("the receiver is there")? {
            Told::Arrived(moment) => arrivals.push(moment.duration_since(sent)),
            Told::Ready => bail!("the receiver was given nothing"),
        }
    }
    let time = started.elapsed();
    drop(told);
    receiving.await??;
    Ok(Slice { messages: answers.len(), time, answers, end_to_end: arrivals })
}

/// The next page; none when the sender is done.
async fn next_page(
    receiver: &mut Wire,
    telling: &mpsc::Sender<Told>,
) -> Option<Result<Vec<cairn_protocol::wire::frame::Delivery>>> {
    tokio::select! {
        () = telling.closed() => None,
        reply = receiver.reply() => Some(match reply {
            Ok((_, Reply::Page(deliveries))) if deliveries.len() == 1 => Ok(deliveries),
            Ok((_, other)) => Err(anyhow::anyhow!("a fetch was answered by {other:?}")),
            Err(error) => Err(error),
        }),
    }
}
