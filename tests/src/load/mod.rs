//! The load tool: frames to a real relay process on loopback, and in the same run what the machine can do at all.
//!
//! In: a workload and its bounds. Out: one JSON line. It speaks to the relay that it started and to nothing else, and
//! stops by itself after a time and after a count, whichever comes first.

mod floor;
mod live;
mod measure;
mod store;
pub mod tls;
mod wire;

use crate::world::World;
use anyhow::{Context, Result};
use measure::Usage;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Seconds of a workload if nothing else is said.
pub const SECONDS: u64 = 5;

/// Seconds of a workload at most. Larger: a disk fills while nobody looks. Smaller: one checkpoint decides the figure.
pub const LONGEST: u64 = 60;

/// Messages of a workload at most: 1.6 GB in the relay's file.
const MESSAGES: usize = 400_000;

/// Limits that no workload meets: what is measured is the relay, and not how it holds strangers up.
const WIDE: &str = "requests_per_second = 1000000\nenvelopes_per_second = 1000000\nmailbox_envelopes = 131072";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// 16 senders with 64 puts in flight each; nobody fetches.
    Store,
    /// One sender and one waiting receiver, one message at a time.
    Live,
}

/// Runs a workload and tells its figures beside the floor's.
///
/// # Errors
/// If the relay can't be started or refuses a request.
pub fn run(program: &str, workload: Workload, time: Duration) -> Result<Value> {
    let world = World::new(program)?;
    let relay = world.relay_with_limits(WIDE)?;
    let address = relay.address().parse().context("the relay's address")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let before = floor::measure(&runtime, world.folder())?;
    let idle = Usage::of(relay.id()?)?;
    let (measured, figures) = runtime.block_on(async {
        match workload {
            Workload::Store => store::run(&address, time).await,
            Workload::Live => live::run(&address, time).await,
        }
    })?;
    let used = Usage::of(relay.id()?)?.since(&idle, measured.messages);
    let fsync_after = floor::fsync(world.folder())?;
    let mut line = Map::new();
    line.insert("v".into(), json!(1));
    line.insert("type".into(), json!("load"));
    line.insert("workload".into(), json!(format!("{workload:?}").to_lowercase()));
    line.insert("messages".into(), json!(measured.messages));
    line.insert("seconds".into(), json!(measure::round(measured.time.as_secs_f64())));
    line.insert("messages_per_s".into(), json!(measured.per_second().round()));
    line.extend(figures.fields());
    line.extend(used);
    line.insert("ratios".into(), figures.ratios(&measured, &before));
    line.insert("floor".into(), before.fields());
    // A disk that has changed its speed meanwhile makes the ratios worthless.
    line.insert("fsync_4k_us_p50_after".into(), json!(measure::round(fsync_after)));
    Ok(Value::Object(line))
}
