//! An envelope is handed to its owner while it is still being written, and the relay is killed between the two.
//!
//! strace holds the relay's writes back, so that the moment between them lasts as long as the test wants. Without strace
//! the test says so and ends; where checks run for others (`CI=true`) that is a failure.

use anyhow::{Context, Result, bail};
use e2e::client::Client;
use e2e::process::{Running, run, until};
use e2e::relay::Relay;
use e2e::terminal::Terminal;
use e2e::world::{ANA, DANA, Pair, World};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Command;
use std::time::Duration;

/// Microseconds for which each write to the store's files is held back: longer than the test waits for anything.
const HELD_BACK: &str = "300000000";

/// Without a write for so long, the relay has nothing to write.
const QUIET: Duration = Duration::from_secs(2);

fn can_trace() -> Result<bool> {
    let works =
        run(Command::new("strace").args(["-f", "-o", "/dev/null", "true"]), b"").is_ok_and(|done| done.code == 0);
    if !works && std::env::var_os("CI").is_some() {
        bail!("CI=true, and strace is missing or may not be used");
    }
    Ok(works)
}

/// Holds back every write of the relay to a file, from now on until the relay is killed.
fn hold_back(relay: &Relay, world: &World) -> Result<Running> {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", "signal=none", "-e"]);
    command.arg(format!("inject=pwrite64:delay_enter={HELD_BACK}")).args(["-p", &relay.id()?.to_string()]);
    let said = world.folder().join("strace.err");
    let running = Running::start(&mut command, &world.folder().join("strace.out"), &said)?;
    // It says so when it has attached itself, once for all threads.
    until("strace is attached", || Ok(std::fs::read_to_string(&said).unwrap_or_default().contains("attached")))?;
    Ok(running)
}

/// Waits until the relay writes nothing any more: what the two programs tell each other after a message is held back too.
fn quiet(relay: &Relay) -> Result<()> {
    let journal = relay.data().join("relay.db-wal");
    until("the relay is quiet", || Ok(std::fs::metadata(&journal)?.modified()?.elapsed().unwrap_or_default() > QUIET))
}

fn envelopes(relay: &Relay) -> Result<usize> {
    let lines = relay.dump()?;
    Ok(lines.iter().filter(|line| line.get("type").is_some_and(|kind| kind == "envelope")).count())
}

/// The program without a command: an open conversation that stays connected.
fn conversation(world: &World, client: &Client) -> Result<Terminal> {
    Terminal::start(world.program(), &client.opening_arguments(), &[("TERM", "dumb"), ("NO_COLOR", "1")])
}

fn times(terminal: &Terminal, text: &str) -> usize {
    String::from_utf8_lossy(&terminal.written()).matches(text).count()
}

#[test]
fn a_relay_that_is_killed_between_hand_over_and_flush_loses_nothing_and_nothing_is_shown_twice() -> Result<()> {
    if !can_trace()? {
        return Ok(());
    }
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (mut writes, mut reads) = (conversation(&world, &ana)?, conversation(&world, &dana)?);
    writes.type_line("before")?;
    writes.wait_for("Sent.")?;
    reads.wait_for("before")?;
    quiet(&relay)?;
    let strace = hold_back(&relay, &world)?;
    writes.type_line("handed over")?;
    reads.wait_for("handed over")?;
    // The relay's end is seen by strace first, and by us when strace is gone.
    let id = i32::try_from(relay.id()?).ok().and_then(Pid::from_raw).context("the relay's identifier")?;
    kill_process(id, Signal::KILL)?;
    strace.kill()?;
    relay.kill()?;
    assert_eq!(times(&writes, "Sent."), 1, "the sender was told nothing before the flush");
    assert_eq!(envelopes(&relay)?, 0, "the relay never had it on disk");
    // Nobody does anything: Ana's program puts the same envelope again, and Dana's knows it.
    relay.start_again()?;
    writes.wait_for("What waited here is sent now.")?;
    writes.type_line("after")?;
    writes.wait_for("Sent.")?;
    reads.wait_for("after")?;
    reads.type_line("all well")?;
    reads.wait_for("Sent.")?;
    writes.wait_for("all well")?;
    assert_eq!(times(&reads, "handed over"), 1, "shown once");
    drop((writes, reads));
    let received = dana.history(ANA)?.into_iter().filter(|(way, _)| way == "in").map(|(_, text)| text);
    assert_eq!(received.collect::<Vec<_>>(), ["before", "handed over", "after"]);
    let sent = ana.history(DANA)?.into_iter().filter(|(way, _)| way == "out").map(|(_, text)| text);
    assert_eq!(sent.collect::<Vec<_>>(), ["before", "handed over", "after"]);
    // The repeat was acknowledged as well, and nothing is left of it; nor of the answer, which Ana's program may have
    // shown and not acknowledged yet when it ended.
    ana.inbox()?;
    dana.inbox()?;
    assert_eq!(envelopes(&relay)?, 0);
    Ok(())
}
