//! A workload on the relay and on the floor's server in turns, so that whatever else the machine does falls on both.
//!
//! In: a workload, its bounds. Out: the figures of both, and the median of the ratios of each pair of turns.

use super::measure::{Slice, Times, Usage, Used, median, round};
use super::wire::Place;
use super::{Progress, drain, live, pairs, store};
use crate::process::Running;
use crate::programs::AS_FLOOR;
use crate::relay::Relay;
use crate::world::World;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::process::Command;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Turns of each side. More: a steadier median. Fewer: a shorter run.
pub(super) const TURNS: usize = 5;

/// Messages of each side at most: 0.8 GB in each file.
const MESSAGES: usize = 200_000;

/// What is done in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// 16 senders with 64 puts in flight each; nobody fetches.
    Store,
    /// 16 owners fetch and acknowledge what waits.
    Drain,
    /// One sender and one waiting receiver, one message at a time.
    Live,
    /// 64 senders and 64 waiting receivers, 16 messages in flight each.
    Pairs,
}

/// The floor's server as a process.
pub(super) struct Floor {
    running: Running,
    pub(super) place: Place,
}

impl Floor {
    pub(super) fn start(world: &World) -> Result<Self> {
        let folder = world.folder().join("floor");
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new(world.program());
        let running =
            Running::start(command.arg(AS_FLOOR).arg(&folder), &folder.join("floor.out"), &folder.join("floor.err"))?;
        let port = running.line()?.context("the floor's server ended")?.parse()?;
        Ok(Self { running, place: Place::Floor(([127, 0, 0, 1], port).into()) })
    }

    pub(super) fn id(&self) -> u32 {
        self.running.id()
    }
}

struct Side {
    id: u32,
    place: Place,
    slices: Vec<Slice>,
    used: Used,
}

impl Side {
    fn new(id: u32, place: Place) -> Self {
        Self { id, place, slices: Vec::new(), used: Used::default() }
    }

    fn turn(&mut self, runtime: &Runtime, turn: Turn, time: Duration) -> Result<()> {
        let (before, most) = (Usage::of(self.id)?, MESSAGES / TURNS);
        let slice = runtime.block_on(async {
            match turn {
                Turn::Store => store::slice(&self.place, time, most).await,
                Turn::Drain => drain::slice(&self.place, time, most).await,
                Turn::Live => live::slice(&self.place, time, most).await,
                Turn::Pairs => pairs::slice(&self.place, time, most).await,
            }
        })?;
        self.used.add(&before, &Usage::of(self.id)?, slice.messages);
        self.slices.push(slice);
        Ok(())
    }

    fn answers(&self) -> Times {
        Times::new(self.slices.iter().flat_map(|slice| &slice.answers))
    }

    fn end_to_end(&self) -> Times {
        Times::new(self.slices.iter().flat_map(|slice| &slice.end_to_end))
    }

    fn fields(&self) -> Result<Map<String, Value>> {
        let mut fields = Map::new();
        let speeds = self.slices.iter().map(Slice::per_second).collect();
        fields.insert("messages".into(), json!(self.slices.iter().map(|slice| slice.messages).sum::<usize>()));
        fields.insert("messages_per_s".into(), json!(median(speeds).round()));
        fields.extend(self.answers().fields("answer"));
        fields.extend(self.end_to_end().fields("end_to_end"));
        fields.insert("processor_us_per_message".into(), json!(round(self.used.processor_us())));
        fields.insert("written_bytes_per_message".into(), json!(self.used.written_bytes().round()));
        fields.insert("memory_kib".into(), json!(Usage::of(self.id)?.memory_kib));
        Ok(fields)
    }
}

/// Runs it for so long on each side.
pub(super) fn run(
    turn: Turn,
    time: Duration,
    world: &World,
    relay: &Relay,
    runtime: &Runtime,
    progress: Progress<'_>,
) -> Result<Map<String, Value>> {
    let floor = Floor::start(world)?;
    let mut ours = Side::new(relay.id()?, Place::Relay(relay.address().parse().context("the relay's address")?));
    let mut theirs = Side::new(floor.id(), floor.place.clone());
    let time = time / u32::try_from(TURNS)?;
    for number in 0..TURNS {
        progress(&format!("turn {} of {TURNS}", number + 1));
        // Neither side always goes first.
        let sides = if number % 2 == 0 { [&mut theirs, &mut ours] } else { [&mut ours, &mut theirs] };
        for side in sides {
            side.turn(runtime, turn, time)?;
        }
    }
    let mut fields = Map::new();
    fields.insert("ratios".into(), ratios(&ours, &theirs));
    fields.insert("relay".into(), Value::Object(ours.fields()?));
    fields.insert("floor".into(), Value::Object(theirs.fields()?));
    drop(floor);
    Ok(fields)
}

/// The median of what each pair of turns gave.
fn ratios(ours: &Side, theirs: &Side) -> Value {
    let pairs = || ours.slices.iter().zip(&theirs.slices);
    let of = |number: &dyn Fn(&Slice) -> f64| median(pairs().map(|(our, their)| number(our) / number(their)).collect());
    let p50 = |times: &Vec<Duration>| Times::new(times).percentile(50);
    let mut ratios = Map::new();
    ratios.insert("messages_per_s".into(), json!(round(of(&Slice::per_second))));
    ratios.insert("answer_p50".into(), json!(round(of(&|slice| p50(&slice.answers)))));
    if !ours.end_to_end().fields("").is_empty() {
        ratios.insert("end_to_end_p50".into(), json!(round(of(&|slice| p50(&slice.end_to_end)))));
    }
    let per_message = ours.used.processor_us() / theirs.used.processor_us();
    ratios.insert("processor_us_per_message".into(), json!(round(per_message)));
    let written = ours.used.written_bytes() / theirs.used.written_bytes();
    ratios.insert("written_bytes_per_message".into(), json!(round(written)));
    Value::Object(ratios)
}
