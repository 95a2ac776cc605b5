//! Power cuts: a program that is killed at any moment loses nothing that it has confirmed, and doubles nothing.
//!
//! The moments are random. The seed is printed, and `CAIRN_TEST_SEED` repeats them as far as a scheduler can.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::seed::Seeded;
use e2e::world::{ANA, DANA, Pair, World};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often each part is killed.
const KILLS: usize = 10;

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn texts(client: &Client, other: &str, way: &str) -> Result<Vec<String>> {
    let history = client.history(other)?;
    Ok(history.into_iter().filter(|(direction, _)| direction == way).map(|(_, text)| text).collect())
}

/// Milliseconds that something takes, at least one: the range in which a random kill hits it.
fn milliseconds(work: impl FnOnce() -> Result<()>) -> Result<u64> {
    let started = Instant::now();
    work()?;
    Ok(u64::try_from(started.elapsed().as_millis())?.max(1))
}

#[test]
fn a_sender_that_is_killed_at_any_moment_loses_and_doubles_nothing() -> Result<()> {
    let mut seed = Seeded::new();
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let usual = milliseconds(|| ana.send_through(DANA, "unhurried").map(drop))?;
    let mut confirmed = vec!["unhurried".to_owned()];
    for round in 0..KILLS {
        let text = format!("killed {round}");
        let killed = ana.run_killed_after(&["send", DANA, "-"], text.as_bytes(), seed.milliseconds(0..usual + 5))?;
        // What it has confirmed counts, even if it was killed after that.
        if find_line(&killed.out, "sent").is_some() {
            confirmed.push(text);
        }
        if round % 3 == 0 {
            dana.inbox()?;
        }
    }
    ana.send_through(DANA, "the end")?;
    confirmed.push("the end".to_owned());
    dana.inbox()?;
    let (sent, received) = (texts(&ana, DANA, "out")?, texts(&dana, ANA, "in")?);
    assert_eq!(received, sent, "what her history says was written is what arrived, once and in order");
    let kept: Vec<&String> = sent.iter().filter(|text| confirmed.contains(text)).collect();
    assert_eq!(kept, confirmed.iter().collect::<Vec<_>>(), "what was confirmed is there");
    // The conversation is whole in the other direction too.
    dana.send_through(ANA, "all well")?;
    assert_eq!(ana.inbox()?.texts(), ["all well"]);
    Ok(())
}

/// The first whole line of this type in an output that may be cut.
fn find_line(out: &[u8], kind: &str) -> Option<Value> {
    lines(out).into_iter().find(|line| line.get("type").is_some_and(|this| this == kind))
}

/// The whole lines of an output that may be cut.
fn lines(out: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(out).into_owned();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[test]
fn a_receiver_that_is_killed_at_any_moment_shows_everything_and_stores_it_once() -> Result<()> {
    let mut seed = Seeded::new();
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let mut written = Vec::new();
    let write = |count: usize, written: &mut Vec<String>| -> Result<()> {
        for _ in 0..count {
            let text = format!("number {}", written.len());
            ana.send_through(DANA, &text)?;
            written.push(text);
        }
        Ok(())
    };
    write(3, &mut written)?;
    let mut printed = Vec::new();
    let usual = milliseconds(|| {
        printed.extend(dana.inbox()?.texts().into_iter().map(String::from));
        Ok(())
    })?;
    for _ in 0..KILLS {
        write(3, &mut written)?;
        let killed = dana.run_killed_after(&["inbox"], b"", seed.milliseconds(0..usual + 5))?;
        for line in lines(&killed.out).iter().filter(|line| line.get("type").is_some_and(|kind| kind == "message")) {
            printed.push(field(line, "text")?.to_owned());
        }
    }
    printed.extend(dana.inbox()?.texts().into_iter().map(String::from));
    assert_eq!(texts(&dana, ANA, "in")?, written, "stored once and in order");
    let mut once = printed.clone();
    once.sort_unstable();
    once.dedup();
    let mut expected = written.clone();
    expected.sort_unstable();
    // A message may be printed again by the run after a kill; it is never left out.
    assert_eq!(once, expected, "nothing was left out of what was printed");
    Ok(())
}

#[test]
fn a_relay_that_is_killed_at_any_moment_loses_nothing_that_it_confirmed() -> Result<()> {
    let mut seed = Seeded::new();
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let usual = milliseconds(|| ana.send_through(DANA, "unhurried").map(drop))?;
    let mut written = vec!["unhurried".to_owned()];
    for round in 0..KILLS {
        let text = format!("round {round}");
        let moment = seed.milliseconds(0..usual + 5);
        // Killed while one writes, or while the other reads.
        std::thread::scope(|scope| -> Result<()> {
            let busy = scope.spawn(|| match round % 3 {
                0 => dana.run(&["inbox"]).map(drop),
                _ => ana.send(DANA, &text).map(drop),
            });
            std::thread::sleep(moment);
            relay.kill()?;
            busy.join().map_err(|_| anyhow::anyhow!("a thread"))?
        })?;
        if round % 3 != 0 {
            written.push(text);
        }
        let down = Instant::now();
        relay.start_again()?;
        ensure!(down.elapsed() < Duration::from_secs(60), "the relay needs no hands to start again");
    }
    ana.inbox()?;
    ana.send_through(DANA, "the end")?;
    written.push("the end".to_owned());
    dana.inbox()?;
    assert_eq!(texts(&dana, ANA, "in")?, written);
    assert_eq!(texts(&ana, DANA, "out")?, written);
    dana.send_through(ANA, "all well")?;
    assert_eq!(ana.inbox()?.texts(), ["all well"]);
    Ok(())
}

#[test]
fn an_invitation_survives_kills_of_everybody() -> Result<()> {
    let mut seed = Seeded::new();
    let world = world()?;
    let mut relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let usual = milliseconds(|| world.client("calm").join(&ana.invite("Calm")?.1, "Calm")?.ended(0).map(drop))?;
    for round in 0..KILLS / 2 {
        let dana = world.client(&format!("dana {round}"));
        let label = format!("Dana {round}");
        let (_, link) = ana.invite(&label)?;
        let join = ["join", &link, "--name", "Dana", "--no-passphrase"];
        dana.run_killed_after(&join, b"", seed.milliseconds(0..usual + 5))?;
        relay.kill()?;
        relay.start_again()?;
        // The same again: with the profile that the first try left, or without one.
        let again = dana.run(&join)?;
        let again = if again.code == 2 { dana.run(&["join", &link])? } else { again };
        again.ended(0)?;
        assert_eq!(dana.run(&["contact", "list"])?.ended(0)?.of_type("contact").len(), 1, "round {round}");
        dana.send_through(ANA, "made it")?;
        ana.run_killed_after(&["inbox"], b"", seed.milliseconds(0..usual + 5))?;
        ana.inbox()?;
        let history = texts(&ana, &label, "in").with_context(|| format!("round {round}"))?;
        assert_eq!(history, ["made it"], "round {round}");
    }
    Ok(())
}
