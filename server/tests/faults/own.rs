//! A relay with other deadlines than the program has, in a process of its own: this test program, started again.

use crate::house::House;
use cairn_relay::config::{Config, Settings};
use cairn_relay::connection::Deadlines;
use cairn_relay::line::Line;
use cairn_relay::serve;
use rustix::process::Signal;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Where the relay's data go. Its name makes this program a relay.
const DATA: &str = "CAIRN_TEST_RELAY_DATA";

/// Milliseconds that stand for all deadlines but that of a stop.
const SHORT: &str = "CAIRN_TEST_RELAY_SHORT";

/// The test that is the relay in the other process.
const NAME: &str = "own::a_relay_with_other_deadlines_is_a_process_that_ends_when_it_is_told";

/// An open relay with short deadlines, and how short. They are told apart from a slow machine by what is asked: who is
/// quicker than they are stays, and who is not is cut while it still sends.
pub(crate) fn hasty(short: Duration) -> House {
    House::of(|data, _| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(DATA, data).env(SHORT, short.as_millis().to_string());
        command
    })
}

#[test]
fn a_relay_with_other_deadlines_is_a_process_that_ends_when_it_is_told() {
    if let Some(data) = env::var_os(DATA) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(be_the_relay(data.into()));
    }
    let house = hasty(Duration::from_secs(60));
    let (code, said, _) = house.ended(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
}

async fn be_the_relay(data: PathBuf) {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let short = Duration::from_millis(env::var(SHORT).unwrap().parse().unwrap());
    let listen = Some("127.0.0.1:0".to_owned());
    let config = Config { data: Some(data), listen, open: Some(true), ..Config::default() };
    let deadlines =
        Deadlines { greeting: short, ping: short, silence: short * 2, stall: short, leave: Duration::from_secs(1) };
    let running = serve::start(Settings::try_from(config).unwrap(), deadlines).await.unwrap();
    // The name of the test stands in the line before.
    println!("\n{}", Line::new("listening").with("address", running.address.to_string()));
    terminate.recv().await;
    running.stop(Duration::from_secs(10)).await.unwrap();
}
