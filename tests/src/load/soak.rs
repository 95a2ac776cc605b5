//! Workload `soak`: a steady rate for a long time while connections and mailboxes come and go.
//!
//! In: a rate, a time. Out: whether memory, descriptors and the file stay where they were, looked at all the time.

use super::Progress;
use super::measure::{Times, Usage, count, round};
use super::wire::{Place, Wire, sent_at};
use crate::process::PATIENCE;
use crate::relay::Relay;
use anyhow::{Context, Result, bail, ensure};
use cairn_protocol::wire::frame::{Reply, Request};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Pairs of people at any time.
const PAIRS: u32 = 30;

/// Messages of a pair before both leave, their mailbox is deleted, and another pair comes.
const LIFE: usize = 100;

/// Looks at the relay during a run.
const LOOKS: u32 = 60;

/// Runs it.
pub(super) fn run(
    rate: u32,
    time: Duration,
    relay: &Relay,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Map<String, Value>> {
    let (id, place) = (relay.id()?, Place::Relay(relay.address().parse()?));
    let end = Instant::now() + time;
    let pause = Duration::from_secs(1) * PAIRS / rate.max(1);
    let (mut looks, mut ages, mut pairs) = (Vec::new(), Vec::new(), 0_usize);
    let started = Instant::now();
    runtime.block_on(async {
        let (telling, mut told) = mpsc::unbounded_channel();
        let mut living = JoinSet::new();
        for _ in 0..PAIRS {
            living.spawn(live(place.clone(), pause, end, telling.clone()));
        }
        let mut ticks = tokio::time::interval(time / LOOKS);
        while !living.is_empty() {
            tokio::select! {
                _ = ticks.tick() => {
                    let usage = Usage::of(id)?;
                    progress(&format!(
                        "{} s, {} messages, {} KiB, {} descriptors",
                        started.elapsed().as_secs(), ages.len(), usage.memory_kib, usage.descriptors
                    ));
                    looks.push((started.elapsed().as_secs_f64(), usage, file_kib(relay)));
                }
                Some(age) = told.recv() => ages.push(age),
                Some(ended) = living.join_next() => {
                    ended??;
                    pairs += 1;
                    if Instant::now() < end {
                        living.spawn(live(place.clone(), pause, end, telling.clone()));
                    }
                }
            }
        }
        while let Ok(age) = told.try_recv() {
            ages.push(age);
        }
        anyhow::Ok(())
    })?;
    let ran = started.elapsed().as_secs_f64();
    // The first quarter warms up: caches fill, the journal finds its size.
    let steady: Vec<_> = looks.iter().skip(looks.len() / 4).collect();
    let slope = |of: &dyn Fn(&Usage, f64) -> f64| {
        slope(steady.iter().map(|(second, usage, file)| (*second, of(usage, *file))).collect())
    };
    let most = |of: &dyn Fn(&Usage) -> f64| steady.iter().map(|(_, usage, _)| of(usage)).fold(0.0, f64::max);
    let first = steady.first().map_or(0.0, |(_, usage, _)| usage.memory_kib);
    let mut fields = Map::new();
    fields.insert("seconds".into(), json!(round(ran)));
    fields.insert("messages".into(), json!(ages.len()));
    fields.insert("messages_per_s".into(), json!(round(count(ages.len()) / ran)));
    fields.extend(Times::new(&ages).fields("end_to_end"));
    fields.insert("pairs".into(), json!(pairs));
    fields.insert("connections".into(), json!(pairs * 2));
    fields.insert("memory_kib_first".into(), json!(first));
    fields.insert("memory_kib_most".into(), json!(most(&|usage| usage.memory_kib)));
    fields.insert("memory_kib_per_hour".into(), json!((slope(&|usage, _| usage.memory_kib) * 3600.0).round()));
    fields.insert("descriptors_most".into(), json!(most(&|usage| count(usage.descriptors))));
    fields.insert("descriptors_at_the_end".into(), json!(Usage::of(id)?.descriptors));
    fields.insert("descriptors_per_hour".into(), json!(round(slope(&|usage, _| count(usage.descriptors)) * 3600.0)));
    fields.insert("file_kib_per_hour".into(), json!((slope(&|_, file| file) * 3600.0).round()));
    Ok(fields)
}

fn file_kib(relay: &Relay) -> f64 {
    let length = |name: &str| std::fs::metadata(relay.data().join(name)).map_or(0, |data| data.len());
    count(usize::try_from((length("relay.db") + length("relay.db-wal")) >> 10).unwrap_or_default())
}

/// Two people who meet, write so many messages at this pace, and leave. Each message comes once and in order.
async fn live(place: Place, pause: Duration, end: Instant, telling: mpsc::UnboundedSender<Duration>) -> Result<()> {
    let (mut sender, mut receiver) = (Wire::open(&place).await?, Wire::open(&place).await?);
    let mailbox = receiver.mailbox().await?;
    receiver.subscribe(&mailbox).await?;
    let mut known = HashSet::new();
    let fetch = Request::Fetch { mailbox: mailbox.id, wait: true };
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while known.len() < LIFE && Instant::now() < end {
        ticks.tick().await;
        let asked = receiver.feed(&fetch).await?;
        receiver.flush().await?;
        match sender.ask(&mailbox.put(Instant::now())).await? {
            Reply::Done => {}
            other => bail!("a put was answered by {other:?}"),
        }
        let reply =
            timeout(PATIENCE, receiver.reply()).await.context("an owner is not given what is on disk for it")?;
        let (number, Reply::Page(page)) = reply? else { bail!("a fetch without a page") };
        ensure!(number == asked && page.len() == 1, "one envelope comes for one that was put");
        for delivery in &page {
            ensure!(known.insert(delivery.id), "an envelope came twice");
            // Nobody counts any more when the run is over.
            let _ = telling.send(sent_at(&delivery.envelope).elapsed());
        }
        let ids = page.into_iter().map(|delivery| delivery.id).collect();
        match receiver.ask(&Request::Acknowledge { mailbox: mailbox.id, ids }).await? {
            Reply::Done => {}
            other => bail!("an acknowledgement was answered by {other:?}"),
        }
    }
    receiver.delete(&mailbox).await
}

/// The slope of the straight line that fits best.
fn slope(points: Vec<(f64, f64)>) -> f64 {
    let number = count(points.len());
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / number;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let square: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if square > 0.0 { both / square } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line() {
        let line = |slope: f64| (0..10).map(|x| (f64::from(x), 5.0 + slope * f64::from(x))).collect();
        assert_eq!([slope(line(0.0)), slope(line(-2.0)), slope(Vec::new())], [0.0, -2.0, 0.0]);
    }
}
