//! Another name, blocking, removing: what both sides and the relay see of it, with real programs.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::run;
use e2e::relay::Relay;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};
use serde_json::Value;
use std::time::Duration;

/// Who else is in Ana's list.
const KIM: &str = "Kim";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// Rows of one type that the relay holds.
fn held(relay: &Relay, kind: &str) -> Result<usize> {
    Ok(relay.dump()?.iter().filter(|row| row["type"] == kind).count())
}

fn names(client: &Client) -> Result<Vec<String>> {
    let answer = client.run(&["contact", "list"])?.ended(0)?;
    answer.of_type("contact").into_iter().map(|line| Ok(field(line, "name")?.to_owned())).collect()
}

/// What a person's program says after each of some days on which nobody answers: its codes, and all but times and names.
fn days(client: &Client) -> Result<Vec<(i32, Vec<Value>)>> {
    let mut seen = Vec::new();
    for words in [&["send", ANA, "-m", "are you there?"][..], &["inbox"], &["contact", "show", ANA], &["status"]] {
        for _ in 0..3 {
            let answer = client.run(words)?;
            let mut lines = answer.lines;
            for line in &mut lines {
                for changing in ["id", "created_at", "relay", "relays"] {
                    line.as_object_mut().context("an object")?.remove(changing);
                }
            }
            seen.push((answer.code, lines));
        }
    }
    Ok(seen)
}

#[test]
fn a_person_who_is_blocked_gets_nothing_but_silence_and_others_go_on() -> Result<()> {
    let (world, other) = (world()?, World::new(env!("CARGO_BIN_EXE_demo"))?);
    let (relay, quiet) = (world.relay()?, other.relay()?);
    let (Pair { ana, dana }, unused) = (world.pair(&relay)?, other.pair(&quiet)?);
    let kim = world.client("kim");
    introduce(&ana, &kim, KIM, "Kim")?;
    ana.run(&["contact", "block", "Nobody"])?.ended(6)?;
    let answer = ana.run(&["contact", "block", DANA])?.ended(0)?;
    assert_eq!(answer.only("contact")?.get("blocked"), Some(&Value::Bool(true)));

    // To her it is as if Ana's program were not used any more: each answer is the same.
    let blocked = days(&dana)?;
    assert_eq!(blocked, days(&unused.dana)?);
    let inbox = ana.inbox()?;
    assert!(inbox.lines.is_empty(), "{:?}", inbox.lines);
    assert_eq!((held(&relay, "envelope")?, held(&relay, "mailbox")?), (held(&quiet, "envelope")?, 4));
    assert_eq!(days(&dana)?, days(&unused.dana)?, "also after Ana has looked");
    kim.send_through("Ana", "and Kim goes on")?;
    assert_eq!(ana.inbox()?.texts(), ["and Kim goes on"]);

    ana.run(&["send", DANA, "-m", "x"])?.ended(7)?;
    ana.run(&["contact", "verify", DANA])?.ended(7)?;
    ana.run(&["invite", "new", "--rejoin", DANA])?.ended(7)?;
    assert_eq!(names(&ana)?, [KIM, DANA], "who is blocked comes last");
    assert!(dana.inbox()?.lines.is_empty());

    ana.run(&["contact", "unblock", DANA])?.ended(0)?;
    assert_eq!(ana.inbox()?.texts(), ["are you there?"; 6]);
    ana.send_through(DANA, "I am back")?;
    assert_eq!(dana.inbox()?.texts(), ["I am back"]);
    Ok(())
}

#[test]
fn a_name_can_be_changed_and_goes_nowhere() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    introduce(&ana, &world.client("kim"), KIM, "Kim")?;
    let before = held(&relay, "envelope")?;
    let answer = ana.run(&["contact", "rename", DANA, " Dana from Riverbend "])?.ended(0)?;
    assert_eq!(field(answer.only("contact")?, "name")?, "Dana from Riverbend");
    for (who, name, code) in [(KIM, "Dana from Riverbend", 2), (KIM, "", 2), (KIM, "a\nb", 2), (DANA, "x", 6)] {
        ana.run(&["contact", "rename", who, name])?.ended(code)?;
    }
    ana.inbox()?;
    assert_eq!(held(&relay, "envelope")?, before, "nobody is told");
    dana.send_through(ANA, "hello")?;
    let answer = ana.inbox()?;
    assert_eq!(field(answer.only("message")?, "from")?, "Dana from Riverbend");
    assert_eq!(names(&ana)?, ["Dana from Riverbend", KIM]);
    Ok(())
}

#[test]
fn who_is_removed_leaves_nothing_behind_and_their_mailbox_goes_when_the_relay_can_be_reached() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let kim = world.client("kim");
    introduce(&ana, &kim, KIM, "Kim")?;
    dana.send_through(ANA, "hello")?;
    ana.inbox()?;
    ana.run(&["contact", "remove", "Nobody", "--yes"])?.ended(6)?;
    ana.run(&["contact", "remove", DANA])?.ended(2)?;
    assert_eq!(ana.history(DANA)?.len(), 1, "not without being asked");
    let size = |file: &str| std::fs::metadata(ana.home().join(file)).map_or(0, |file| file.len());
    let before = size("vault.db");

    relay.stop()?;
    let answer = ana.run(&["contact", "remove", DANA, "--yes"])?.ended(0)?;
    let removed = answer.only("contact_removed")?;
    assert_eq!(
        (field(removed, "contact")?, &removed["closed"], &removed["erased"]),
        (DANA, &false.into(), &true.into())
    );
    assert_eq!(names(&ana)?, [KIM]);
    ana.run(&["history", DANA])?.ended(6)?;
    ensure!(size("vault.db") < before && size("vault.db-wal") == 0, "the file was written anew");
    relay.start_again()?;
    assert_eq!(held(&relay, "mailbox")?, 4);
    ana.inbox()?;
    assert_eq!(held(&relay, "mailbox")?, 3, "what is left is one mailbox of Dana's, and two of Ana and Kim");
    // Her program says what it finds: nothing is taken any more. What she has stays hers.
    dana.run(&["send", ANA, "-m", "are you there?"])?.ended(7)?;
    assert_eq!(dana.history(ANA)?.len(), 2);
    let again = dana.plain_command(&["send", ANA, "-m", "and now?"]).output()?;
    assert_eq!(String::from_utf8(again.stdout)?, "Not sent yet, safe here.\n", "nothing is promised");
    kim.send_through("Ana", "and Kim goes on")?;
    assert_eq!(ana.inbox()?.texts(), ["and Kim goes on"]);

    // Where the relay can be reached it is done at once.
    let answer = ana.run(&["contact", "remove", KIM, "--yes"])?.ended(0)?;
    assert_eq!(answer.only("contact_removed")?["closed"], true);
    assert_eq!((held(&relay, "mailbox")?, names(&ana)?.len()), (2, 0));
    ana.inbox()?;
    // The name is free again, and the same person can be met anew.
    introduce(&ana, &world.client("dana-anew"), DANA, "Dana")
}

#[test]
fn a_kill_at_any_moment_of_removing_leaves_the_person_there_or_gone_and_nobody_else_touched() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let kim = world.client("kim");
    introduce(&ana, &kim, KIM, "Kim")?;
    kim.send_through("Ana", "good morning")?;
    ana.inbox()?;
    let dana = world.client("dana");
    introduce(&ana, &dana, DANA, "Dana")?;
    dana.send_through(ANA, "hello")?;
    ana.inbox()?;
    let mut gone = false;
    // From before anything happened until well after all of it did, whatever the machine's speed.
    for moment in (0..).map(|step| Duration::from_millis(step * step)) {
        let done = ana.run_killed_after(&["contact", "remove", DANA, "--yes"], b"", moment)?;
        let left = names(&ana)?;
        assert_eq!(ana.history(KIM)?, [("in".to_owned(), "good morning".to_owned())]);
        if left == [DANA.to_owned(), KIM.to_owned()] {
            assert_eq!(ana.history(DANA)?.len(), 1, "after {moment:?}");
        } else {
            assert_eq!(left, [KIM]);
            gone = true;
        }
        if done.code == 0 || done.code == 6 {
            break;
        }
    }
    ensure!(gone, "it was never done");
    ana.inbox()?;
    assert_eq!(held(&relay, "mailbox")?, 3);
    kim.send_through("Ana", "and Kim goes on")?;
    assert_eq!(ana.inbox()?.texts(), ["and Kim goes on"]);
    Ok(())
}

#[test]
fn in_the_conversation_each_is_a_choice_and_a_question_stands_before_what_can_not_be_undone() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    introduce(&ana, &world.client("kim"), KIM, "Kim")?;
    let mut arguments = ana.opening_arguments();
    arguments.push("--plain".to_owned());
    let mut terminal = Terminal::start(world.program(), &arguments, &[("TERM", "dumb")])?;
    let mut talk = |steps: &[(&str, &str)]| -> Result<()> {
        steps.iter().try_for_each(|(typed, shown)| {
            terminal.type_line(typed)?;
            terminal.wait_for(shown).with_context(|| format!("after {typed:?}"))
        })
    };
    talk(&[
        ("1", "Type to Dana P. and press Enter"),
        ("?", "3  About Dana P."),
        ("3", "5  Change the name"),
        ("5", "Only you will see it"),
        ("Kim", "Somebody else in your list has that name"),
        ("Dana R.", "You are writing to Dana R."),
        ("?", "3  About Dana R."),
        ("3", "6  Block Dana R."),
        ("6", "If you block Dana R., nothing goes to them"),
        ("2", "Dana R. is blocked"),
    ])?;
    dana.send_through(ANA, "are you there?")?;
    talk(&[
        ("2", "Dana R. is blocked"),
        ("hello", "were not sent"),
        ("?", "3  About"),
        ("3", "2  Take the block back"),
        ("2", "not blocked any more"),
    ])?;
    talk(&[("", "are you there?")])?;
    talk(&[
        ("?", "3  About"),
        ("3", "7  Remove Dana R."),
        ("7", "for good"),
        ("1", "You are writing to Dana R."),
        ("?", "3  About"),
        ("3", "7  Remove Dana R."),
        ("7", "2  Remove Dana R. and all that was written"),
        ("2", "is removed from this device"),
    ])?;
    talk(&[("", "1  Kim")]).or_else(|_| talk(&[("", "from 1 to")]))?;
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    ensure!(find(&terminal.written(), b"\x1b").is_none(), "no control sequence");
    assert_eq!(names(&ana)?, [KIM]);
    let done = run(&mut ana.plain_command(&["--no-input", "contact", "remove", KIM]), b"")?;
    ensure!(done.code == 2 && String::from_utf8_lossy(&done.err).contains("--yes"), "{done:?}");
    Ok(())
}
