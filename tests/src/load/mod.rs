//! The load tool: frames to a real relay process on loopback, and in the same run what the machine can do at all.
//!
//! In: a workload and its bounds. Out: one JSON line. It speaks to the processes that it started and to nothing else, and
//! stops by itself after a time and after a count, whichever comes first.

mod crowd;
mod drain;
mod floor;
mod growth;
mod live;
mod measure;
mod naive;
mod pairs;
mod soak;
mod store;
pub mod tls;
mod turns;
mod wire;

pub use growth::Growing;
pub use naive::serve as serve_floor;
pub use turns::Turn;

use crate::world::World;
use anyhow::Result;
use measure::round;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Seconds of a workload on each side if nothing else is said.
pub const SECONDS: u64 = 10;

/// Seconds of a workload at most, but for `soak`. Larger: a disk fills while nobody looks. Smaller: one checkpoint decides.
pub const LONGEST: u64 = 120;

/// What takes longer than this is given up.
const GIVE_UP: Duration = Duration::from_secs(600);

/// Hears how far a long workload has come.
pub type Progress<'a> = &'a dyn Fn(&str);

/// Limits that no workload meets: what is measured is the relay, and not how it holds strangers up.
const WIDE: &str = "requests_per_second = 1000000\nenvelopes_per_second = 1000000\nmailbox_envelopes = 131072";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Relay and floor in turns, for so long on each side.
    Turns(Turn, Duration),
    /// So many owners who wait.
    Idle(usize),
    /// So many owners who come back after the relay was killed.
    Storm(usize),
    /// Costs up to this size.
    Growth(Growing, usize),
    /// Messages in a second, for so long.
    Soak(u32, Duration),
}

impl Workload {
    fn name(self) -> String {
        match self {
            Self::Turns(turn, _) => format!("{turn:?}").to_lowercase(),
            Self::Idle(_) => "idle".into(),
            Self::Storm(_) => "storm".into(),
            Self::Growth(growing, _) => format!("{growing:?}").to_lowercase(),
            Self::Soak(..) => "soak".into(),
        }
    }
}

/// Runs a workload and tells its figures beside the floor's.
///
/// # Errors
/// If the relay can't be started or refuses a request.
pub fn figures(program: &str, workload: Workload, progress: Progress<'_>) -> Result<Map<String, Value>> {
    within(&World::new(program)?, &runtime()?, workload, progress)
}

/// As [`figures`], and what the machine can do without a relay, in one line.
///
/// # Errors
/// As for `figures`.
pub fn run(program: &str, workload: Workload, progress: Progress<'_>) -> Result<Value> {
    let (world, runtime) = (World::new(program)?, runtime()?);
    progress("what the machine can do without a relay");
    let machine = floor::measure(&runtime, world.folder())?;
    let fields = within(&world, &runtime, workload, progress)?;
    let fsync_after = floor::fsync(world.folder())?;
    let mut line = Map::new();
    line.insert("v".into(), json!(1));
    line.insert("type".into(), json!("load"));
    line.insert("workload".into(), json!(workload.name()));
    line.extend(fields);
    line.insert("machine".into(), machine.fields());
    // A disk that has changed its speed meanwhile makes times worthless, and ratios less sure.
    line.insert("fsync_4k_us_p50_after".into(), json!(round(fsync_after)));
    line.insert("disk_changed".into(), json!(!(0.5..=2.0).contains(&(fsync_after / machine.fsync_us_p50))));
    Ok(Value::Object(line))
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn within(world: &World, runtime: &Runtime, workload: Workload, progress: Progress<'_>) -> Result<Map<String, Value>> {
    wire::start_counting();
    let mut relay = world.relay_with_limits(WIDE)?;
    match workload {
        Workload::Turns(turn, time) => turns::run(turn, time, world, &relay, runtime, progress),
        Workload::Idle(number) => crowd::idle(number, world, &relay, runtime, progress),
        Workload::Storm(number) => crowd::storm(number, &mut relay, runtime, progress),
        Workload::Growth(growing, most) => growth::run(growing, most, &mut relay, runtime, progress),
        Workload::Soak(rate, time) => soak::run(rate, time, &relay, runtime, progress),
    }
}
