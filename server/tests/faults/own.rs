//! A relay in a process of its own that is this test program, started again: with other deadlines if need be, and open to
//! a look at its memory.

use crate::house::{House, Kind};
use cairn_relay::config::{Config, Settings};
use cairn_relay::connection::Deadlines;
use cairn_relay::line::Line;
use cairn_relay::log::Log;
use cairn_relay::serve;
use rustix::process::Signal;
use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Its data folder, its file of settings and where it listens, in lines. Its name makes this program a relay.
pub(crate) const PLACES: &str = "CAIRN_TEST_RELAY";

/// Milliseconds that stand for all deadlines but that of leaving.
const SHORT: &str = "CAIRN_TEST_RELAY_SHORT";

/// The test that is the relay in the other process.
const NAME: &str = "own::this_program_is_a_relay_of_its_own_that_ends_when_it_is_told";

/// This program as a relay. Short deadlines are told apart from a slow machine by what is asked: who is quicker than they
/// are stays, and who is not is cut while it still sends.
pub(crate) fn command(deadlines: Option<Duration>) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]);
    if let Some(short) = deadlines {
        command.env(SHORT, short.as_millis().to_string());
    }
    command
}

#[test]
fn this_program_is_a_relay_of_its_own_that_ends_when_it_is_told() {
    if let Ok(places) = env::var(PLACES) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(be_the_relay(&places));
    }
    let house = House::with(Kind::Own(Some(Duration::from_secs(60))), "");
    let (code, said, _) = house.ended(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
}

async fn be_the_relay(places: &str) {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let [data, config, listen] = places.lines().collect::<Vec<_>>().try_into().unwrap();
    let here = Config { data: Some(data.into()), listen: Some(listen.into()), open: Some(true), ..Config::default() };
    let settings = Settings::try_from(here.or(Config::read(Path::new(config)).unwrap())).unwrap();
    let log = Log::start(None).unwrap();
    let deadlines = match env::var(SHORT) {
        Ok(short) => {
            let short = Duration::from_millis(short.parse().unwrap());
            Deadlines { greeting: short, ping: short, silence: short * 2, stall: short, ..Deadlines::default() }
        }
        Err(_) => Deadlines::default(),
    };
    let running = serve::start(settings, deadlines).await.unwrap();
    // The name of the test stands in the line before.
    println!("\n{}", Line::new("listening").with("address", running.address.to_string()));
    terminate.recv().await;
    running.stop(serve::DRAIN).await.unwrap();
    drop(log);
}
