//! Workloads `idle` and `storm`: many owners who are connected and wait, and how they come back after the relay was killed.
//!
//! In: how many. Out: what each of them costs the relay, and how long it takes until all are back.

use super::measure::{Times, Usage, count, round};
use super::turns::Floor;
use super::wire::{Mailbox, Place, Wire};
use super::{GIVE_UP, Progress};
use crate::relay::Relay;
use crate::world::World;
use anyhow::{Context, Result, bail, ensure};
use cairn_protocol::wire::frame::Request;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections that are being made at the same time.
const AT_ONCE: usize = 32;

/// The longest wait before a try, as the client's.
const CAP: Duration = Duration::from_secs(30);

/// Descriptors that this process and the relay need for other things.
const SPARE: u64 = 100;

/// As many as were asked for, and not more than there are descriptors.
fn fitting(most: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    most.min(usize::try_from(limit.saturating_sub(SPARE)).unwrap_or(usize::MAX))
}

/// Connects so many owners, each of whom waits for an envelope.
async fn gather(place: &Place, number: usize, progress: Progress<'_>) -> Result<Vec<(Wire, Mailbox)>> {
    let mut coming = JoinSet::new();
    let mut here = Vec::with_capacity(number);
    while here.len() < number {
        while coming.len() < AT_ONCE && here.len() + coming.len() < number {
            let place = place.clone();
            coming.spawn(async move {
                let mut wire = Wire::open(&place).await?;
                let mailbox = wire.mailbox().await?;
                wait(&mut wire, &mailbox).await?;
                anyhow::Ok((wire, mailbox))
            });
        }
        here.push(coming.join_next().await.context("a connection")???);
        if here.len() % 1000 == 0 {
            progress(&format!("{} of {number} are connected", here.len()));
        }
    }
    Ok(here)
}

/// Subscribes and leaves a fetch at the relay.
async fn wait(wire: &mut Wire, mailbox: &Mailbox) -> Result<()> {
    wire.subscribe(mailbox).await?;
    wire.feed(&Request::Fetch { mailbox: mailbox.id, wait: true }).await?;
    wire.flush().await
}

/// Memory of a relay with so many owners who wait, beside the floor's server with a tenth of them.
pub(super) fn idle(
    most: usize,
    world: &World,
    relay: &Relay,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Map<String, Value>> {
    let number = fitting(most);
    let place = Place::Relay(relay.address().parse()?);
    let per_connection = |id: u32, place: &Place, number: usize| -> Result<(f64, Usage)> {
        let before = Usage::of(id)?;
        let crowd = runtime.block_on(gather(place, number, progress))?;
        let after = Usage::of(id)?;
        drop(crowd);
        Ok(((after.memory_kib - before.memory_kib) / count(number), after))
    };
    let floor = Floor::start(world)?;
    let (theirs, _) = per_connection(floor.id(), &floor.place, number.div_ceil(10))?;
    drop(floor);
    // Once before, so that what the relay keeps from its first connections is not counted as theirs.
    runtime.block_on(gather(&place, number.min(AT_ONCE), progress))?;
    let (ours, after) = per_connection(relay.id()?, &place, number)?;
    let mut fields = Map::new();
    fields.insert("connections".into(), json!(number));
    fields.insert("memory_kib_per_connection".into(), json!(round(ours)));
    fields.insert("relay_memory_kib".into(), json!(after.memory_kib));
    fields.insert("relay_descriptors".into(), json!(after.descriptors));
    fields.insert("floor_memory_kib_per_connection".into(), json!(round(theirs)));
    fields.insert("ratios".into(), json!({ "memory_per_connection": round(ours / theirs) }));
    Ok(fields)
}

/// Seconds until so many owners are subscribed again after the relay was killed and started again.
pub(super) fn storm(
    most: usize,
    relay: &mut Relay,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Map<String, Value>> {
    let number = fitting(most);
    let place = Place::Relay(relay.address().parse()?);
    let crowd = runtime.block_on(gather(&place, number, progress))?;
    relay.kill()?;
    let killed = Instant::now();
    relay.start_again()?;
    let serving = killed.elapsed();
    progress("the relay was killed and started again");
    let (times, tries) = runtime.block_on(come_back(place, crowd, killed))?;
    let times = Times::new(&times);
    let seconds = |percent| round(times.percentile(percent) / 1e6);
    let mut fields = Map::new();
    fields.insert("connections".into(), json!(number));
    fields.insert("seconds_to_start".into(), json!(round(serving.as_secs_f64())));
    fields.insert("seconds_p50".into(), json!(seconds(50)));
    fields.insert("seconds_p99".into(), json!(seconds(99)));
    fields.insert("seconds_all".into(), json!(seconds(100)));
    fields.insert("tries_each".into(), json!(round(count(tries) / count(number))));
    fields.insert("relay_memory_kib".into(), json!(Usage::of(relay.id()?)?.memory_kib));
    Ok(fields)
}

/// Lets everybody come back, each after a random part of a wait that doubles: how long each took, and all tries.
async fn come_back(place: Place, crowd: Vec<(Wire, Mailbox)>, since: Instant) -> Result<(Vec<Duration>, usize)> {
    let (mut coming, mut times, mut tries, mut here) = (JoinSet::new(), Vec::new(), 0, Vec::new());
    // What this process can do at once is not what is measured: the relay's own gate is.
    let doors = Arc::new(Semaphore::new(AT_ONCE * 8));
    for (wire, mailbox) in crowd {
        drop(wire);
        let (place, doors) = (place.clone(), Arc::clone(&doors));
        coming.spawn(async move {
            let mut longest = Duration::from_secs(1);
            for tries in 1.. {
                let part: f64 = rand::random();
                tokio::time::sleep(longest.mul_f64(part)).await;
                longest = CAP.min(longest * 2);
                let _door = doors.acquire().await?;
                let again = async {
                    let mut wire = Wire::open(&place).await?;
                    wait(&mut wire, &mailbox).await?;
                    anyhow::Ok(wire)
                };
                match again.await {
                    Ok(wire) => return anyhow::Ok((wire, since.elapsed(), tries)),
                    Err(error) => ensure!(since.elapsed() < GIVE_UP, "somebody can't come back: {error:#}"),
                }
            }
            bail!("nobody tries so often")
        });
    }
    while let Some(back) = coming.join_next().await {
        let (wire, time, tried) = back??;
        times.push(time);
        tries += tried;
        here.push(wire);
    }
    Ok((times, tries))
}
