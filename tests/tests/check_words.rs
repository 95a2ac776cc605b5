//! Check words: two people match, somebody between them does not, and nothing is lost by a kill.

use anyhow::{Context, Result, ensure};
use e2e::client::{Answer, Client, field};
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World};
use serde_json::Value;
use std::time::Duration;

/// Long enough for one program to hear of the other; no test waits for it to pass.
const WAIT: &str = "60";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// A terminal that can do nothing but add lines.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb"), ("NO_COLOR", "1")];

/// The conversation of a profile, in a terminal.
fn conversation(world: &World, client: &Client) -> Result<Terminal> {
    let mut terminal = Terminal::start(world.program(), &client.opening_arguments(), DUMB)?;
    terminal.wait_for("press Enter to send")?;
    Ok(terminal)
}

/// Chooses something behind `?` and About.
fn about(terminal: &mut Terminal, number: &str) -> Result<()> {
    terminal.type_line("?")?;
    terminal.wait_for("Type a number")?;
    terminal.type_line("3")?;
    terminal.wait_for("2  Check words")?;
    terminal.wait_for("Type a number")?;
    terminal.type_line(number)
}

/// The words to read aloud that stand on the screen last.
fn shown_words(terminal: &mut Terminal) -> Result<String> {
    terminal.wait_for("four words aloud to")?;
    terminal.wait_for("Type the four words")?;
    let written = String::from_utf8(terminal.written())?;
    let (_, after) = written.rsplit_once("four words aloud to").context("words")?;
    Ok(after.lines().nth(1).context("a line of words")?.trim().to_owned())
}

/// What was written stays within a plain terminal.
fn is_plain(terminal: &Terminal) -> Result<()> {
    let written = terminal.written();
    ensure!(find(&written, b"\x1b").is_none(), "{}", String::from_utf8_lossy(&written));
    let text = String::from_utf8(written)?;
    let wide = text.lines().find(|line| line.trim_end().chars().count() > 80 && !line.contains("CAIRN:"));
    ensure!(wide.is_none(), "{wide:?}");
    Ok(())
}

/// Both have words on their screens: each types the other's, and both are told that they fit.
fn match_words(ana: &mut Terminal, dana: &mut Terminal) -> Result<()> {
    let (by_dana, by_ana) = (shown_words(dana)?, shown_words(ana)?);
    ana.type_line(&by_ana)?;
    ana.wait_for("2 tries are left")?;
    for (terminal, heard) in [(&mut *ana, &by_dana), (&mut *dana, &by_ana)] {
        terminal.type_line(heard)?;
        terminal.wait_for("CHECKED BY YOU")?;
        terminal.wait_for("You are writing to")?;
    }
    Ok(())
}

/// `contact verify` with these words more.
fn verify(client: &Client, contact: &str, words: &[&str]) -> Result<Answer> {
    let mut all = vec!["contact", "verify", contact];
    all.extend(words);
    client.run(&all)
}

/// The `check` of a command that ended with this code.
fn check(answer: Answer, code: i32) -> Result<Value> {
    Ok(answer.ended(code)?.only("check")?.clone())
}

fn state(value: &Value) -> Result<&str> {
    field(value, "state")
}

fn trust(client: &Client, contact: &str) -> Result<String> {
    Ok(field(client.run(&["contact", "show", contact])?.ended(0)?.only("contact")?, "trust")?.to_owned())
}

/// Reasons of the notices that `inbox` prints now.
fn notices(client: &Client) -> Result<Vec<String>> {
    let inbox = client.inbox()?;
    inbox.of_type("notice").into_iter().map(|line| Ok(field(line, "reason")?.to_owned())).collect()
}

/// Both begin at the same time and wait: the words of each.
fn words(one: (&Client, &str), two: (&Client, &str)) -> Result<(String, String)> {
    let both = std::thread::scope(|scope| {
        let begin = |(client, contact): (&Client, &str)| {
            let value = check(verify(client, contact, &["--wait", WAIT])?, 0)?;
            ensure!(state(&value)? == "words", "{value}");
            Ok(field(&value, "words")?.to_owned())
        };
        let thread = scope.spawn(move || begin(one));
        let second = begin(two);
        (thread.join(), second)
    });
    Ok((both.0.map_err(|_| anyhow::anyhow!("a thread"))??, both.1?))
}

#[test]
fn two_people_match_by_reading_and_typing() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    // Ana begins and leaves. Dana's program does not answer by itself: Dana is told, and begins.
    let begun = check(verify(&ana, DANA, &["--wait", "0"])?, 9)?;
    assert_eq!(state(&begun)?, "waiting");
    assert_eq!(notices(&dana)?, ["check_asked"]);
    dana.send_through(ANA, "one moment")?;
    assert_eq!(state(&check(verify(&ana, DANA, &["--wait", "0"])?, 9)?)?, "waiting", "nothing is answered by itself");
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    assert_ne!(by_ana, by_dana);
    let shown = ana.run(&["contact", "show", DANA])?.ended(0)?;
    assert_eq!(field(shown.only("contact")?, "check_words")?, by_ana);
    // One letter wrong is understood; a word of another list, or three, use no try.
    verify(&ana, DANA, &["--typed", "zzzzzz zzzzzz zzzzzz zzzzzz"])?.ended(2)?;
    verify(&ana, DANA, &["--typed", "acorn acorn acorn"])?.ended(2)?;
    let mut heard = by_dana.to_uppercase();
    heard.pop();
    let matched = check(ana.run_with(&["contact", "verify", DANA, "--typed", "-"], heard.as_bytes())?, 0)?;
    assert_eq!(state(&matched)?, "matched");
    assert_eq!((trust(&ana, DANA)?, trust(&dana, ANA)?), ("checked".into(), "unchecked".into()));
    assert_eq!(state(&check(verify(&dana, ANA, &["--typed", &by_ana])?, 0)?)?, "matched");
    assert_eq!(trust(&dana, ANA)?, "checked");
    // Once more changes nothing, and words still go both ways.
    assert_eq!(state(&check(verify(&dana, ANA, &[])?, 0)?)?, "matched");
    dana.send_through(ANA, "there you are")?;
    assert_eq!(ana.inbox()?.texts(), ["one moment", "there you are"]);
    Ok(())
}

#[test]
fn wrong_words_are_told_three_times_and_a_new_run_has_new_words() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    for (left, expected) in [(Some(2), "words"), (Some(1), "words"), (None, "different")] {
        let value = check(verify(&ana, DANA, &["--typed", &by_ana])?, 5)?;
        assert_eq!((state(&value)?, value.get("tries_left").and_then(Value::as_u64)), (expected, left));
    }
    // The right words come too late, and what came of it stands until a new run is wanted.
    assert_eq!(state(&check(verify(&ana, DANA, &["--typed", &by_dana])?, 5)?)?, "different");
    assert_eq!(state(&check(verify(&ana, DANA, &[])?, 5)?)?, "different");
    assert_eq!(trust(&ana, DANA)?, "unchecked");
    // Begun again by one: the other's words are over, and it is told.
    assert_eq!(state(&check(verify(&ana, DANA, &["--again", "--wait", "0"])?, 9)?)?, "waiting");
    assert_eq!(notices(&dana)?, ["check_asked"]);
    assert_eq!(state(&check(verify(&dana, ANA, &["--typed", &by_ana])?, 9)?)?, "began_again");
    let (new_by_ana, new_by_dana) = words((&ana, DANA), (&dana, ANA))?;
    assert_ne!((&new_by_ana, &new_by_dana), (&by_ana, &by_dana));
    assert_eq!(state(&check(verify(&ana, DANA, &["--typed", &new_by_dana])?, 0)?)?, "matched");
    assert_eq!(state(&check(verify(&dana, ANA, &["--typed", &new_by_ana])?, 0)?)?, "matched");
    assert_eq!((trust(&ana, DANA)?, trust(&dana, ANA)?), ("checked".into(), "checked".into()));
    Ok(())
}

#[test]
fn a_link_holder_in_the_middle_passes_words_on_and_the_check_words_fit_on_neither_side() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana, eve) = (world.client("ana"), world.client("dana"), world.client("eve"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    // Ana's invitation for Dana is taken on its way, and Dana gets one that looks the same.
    let (_, link) = ana.invite(DANA)?;
    eve.join(&link, "Dana")?.ended(0)?;
    let taken = world.client("eve as ana");
    taken.setup("Ana", relay.address())?.ended(0)?;
    let (_, other) = taken.invite("the real Dana")?;
    dana.join(&other, "Dana")?.ended(0)?;
    taken.inbox()?;
    ana.inbox()?.only("contact")?;
    // What they write is passed on: nothing looks amiss.
    dana.send_through(ANA, "is it you?")?;
    for text in taken.inbox()?.texts() {
        eve.send_through(ANA, text)?;
    }
    assert_eq!(ana.inbox()?.texts(), ["is it you?"]);
    // Ana and Dana are on the telephone. Whoever stands between begins on both sides.
    let (by_ana, to_eve) = words((&ana, DANA), (&eve, ANA))?;
    let (by_dana, to_taken) = words((&dana, ANA), (&taken, "the real Dana"))?;
    for _ in 0..3 {
        verify(&ana, DANA, &["--typed", &by_dana])?.ended(5)?;
        verify(&dana, ANA, &["--typed", &by_ana])?.ended(5)?;
    }
    for (client, contact) in [(&ana, DANA), (&dana, ANA)] {
        assert_eq!(trust(client, contact)?, "unchecked");
        assert_eq!(state(&check(verify(client, contact, &[])?, 5)?)?, "different");
    }
    // The test would notice words that fit: those of the one between do.
    assert_ne!((&to_eve, &to_taken), (&by_dana, &by_ana));
    assert_eq!(state(&check(verify(&eve, ANA, &["--typed", &by_ana])?, 0)?)?, "matched");
    Ok(())
}

#[test]
fn a_kill_at_any_moment_of_a_run_loses_and_repeats_nothing() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    for round in 0..8_u64 {
        dana.send_through(ANA, &format!("before {round}"))?;
        for step in 0..3 {
            let moment = Duration::from_millis(5 + 23 * round + 11 * step);
            let again: &[&str] = if step == 0 && round > 0 { &["--again"] } else { &[] };
            for (client, contact) in [(&ana, DANA), (&dana, ANA)] {
                let mut all = vec!["contact", "verify", contact, "--wait", "1"];
                all.extend(again);
                client.run_killed_after(&all, b"", moment)?;
            }
        }
        // Whatever is there is there whole: nothing of the conversation is lost, and the check can be finished.
        for (client, contact) in [(&ana, DANA), (&dana, ANA)] {
            verify(client, contact, &["--wait", "0"]).and_then(|answer| {
                ensure!(matches!(answer.code, 0 | 9), "{answer:?}");
                Ok(())
            })?;
        }
    }
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    assert_eq!(state(&check(verify(&ana, DANA, &["--typed", &by_dana])?, 0)?)?, "matched");
    assert_eq!(state(&check(verify(&dana, ANA, &["--typed", &by_ana])?, 0)?)?, "matched");
    ana.send_through(DANA, "after")?;
    let inbox = dana.inbox()?;
    assert_eq!(inbox.texts(), ["after"]);
    assert!(inbox.of_type("gap").is_empty(), "{inbox:?}");
    let inbox = ana.inbox()?;
    assert_eq!(inbox.texts(), (0..8).map(|round| format!("before {round}")).collect::<Vec<_>>());
    assert!(inbox.of_type("gap").is_empty() && inbox.of_type("error").is_empty(), "{inbox:?}");
    Ok(())
}

#[test]
fn a_relay_that_is_away_keeps_the_run_for_later() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    relay.stop()?;
    assert_eq!(state(&check(verify(&ana, DANA, &["--wait", "0.2"])?, 4)?)?, "waiting");
    relay.start_again()?;
    ana.inbox()?;
    assert_eq!(notices(&dana)?, ["check_asked"]);
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    relay.stop()?;
    // Typing needs no relay.
    assert_eq!(state(&check(verify(&ana, DANA, &["--typed", &by_dana])?, 0)?)?, "matched");
    assert_eq!(state(&check(verify(&dana, ANA, &["--typed", &by_ana])?, 0)?)?, "matched");
    verify(&ana, "Robin", &[])?.ended(6)?.error.context("an error").map(drop)
}

#[test]
fn two_people_match_in_the_plain_conversation_and_start_again_in_it() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let pair = world.pair(&relay)?;
    let (mut ana, mut dana) = (conversation(&world, &pair.ana)?, conversation(&world, &pair.dana)?);
    about(&mut ana, "2")?;
    ana.wait_for("Waiting for Dana P.")?;
    // What comes in while somebody types waits until the line is done.
    dana.press(b"half a li")?;
    pair_hears_nothing_in_a_half_typed_line(&mut dana)?;
    about(&mut dana, "2")?;
    match_words(&mut ana, &mut dana)?;
    // A new start: Ana invites, Dana uses it, and nothing is sent before the words.
    about(&mut ana, "4")?;
    ana.wait_for("2  Start again: invite")?;
    ana.type_line("2")?;
    ana.wait_for("CAIRN:")?;
    ana.wait_for("You are writing to")?;
    let written = String::from_utf8(ana.written())?;
    let link = written.lines().rfind(|line| line.starts_with("CAIRN:")).context("a link")?.trim().to_owned();
    about(&mut dana, "4")?;
    dana.wait_for("3  Start again: use")?;
    dana.type_line("3")?;
    dana.wait_for("Paste or type the invitation")?;
    dana.type_line(&link)?;
    dana.wait_for("A new start waits")?;
    dana.wait_for("Type a number")?;
    dana.type_line("2")?;
    dana.wait_for("You are writing to")?;
    dana.type_line("too early")?;
    dana.wait_for("were not sent")?;
    ana.wait_for("A new start with Dana P. waits")?;
    about(&mut dana, "2")?;
    dana.wait_for("Waiting for Ana")?;
    about(&mut ana, "2")?;
    match_words(&mut ana, &mut dana)?;
    dana.type_line("here we are")?;
    dana.wait_for("Sent.")?;
    ana.wait_for("here we are")?;
    for terminal in [&mut ana, &mut dana] {
        is_plain(terminal)?;
        terminal.press(&[4])?;
        ensure!(terminal.wait()? == 0, "Ctrl-D ends the conversation");
    }
    assert_eq!((trust(&pair.ana, DANA)?, trust(&pair.dana, ANA)?), ("checked".into(), "checked".into()));
    ensure!(!pair.ana.history(DANA)?.iter().any(|(_, text)| text == "too early"), "it was not sent");
    Ok(())
}

/// The notice stands after the line, not in it.
fn pair_hears_nothing_in_a_half_typed_line(terminal: &mut Terminal) -> Result<()> {
    terminal.press(b"ne.\r")?;
    terminal.wait_for("half a line.")?;
    terminal.wait_for_any(&["Sent.", "Not sent yet"])?;
    let written = String::from_utf8(terminal.written())?;
    if !written.contains("would like to check words") {
        terminal.wait_for("would like to check words")?;
    }
    Ok(())
}

#[test]
fn a_person_at_a_terminal_is_led_through_the_check() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let at = |client: &Client, name: &str| -> Result<Terminal> {
        let mut words = client.opening_arguments();
        words.extend(["contact", "verify", name].map(str::to_owned));
        Terminal::start(world.program(), &words, DUMB)
    };
    let (mut one, mut two) = (at(&ana, DANA)?, at(&dana, ANA)?);
    let words = |terminal: &mut Terminal| -> Result<String> {
        terminal.wait_for("four words aloud to")?;
        terminal.wait_for("reads: ")?;
        let written = String::from_utf8(terminal.written())?;
        let (_, after) = written.rsplit_once("four words aloud to").context("words")?;
        Ok(after.lines().nth(1).context("a line of words")?.trim().to_owned())
    };
    let (by_ana, by_dana) = (words(&mut one)?, words(&mut two)?);
    one.type_line("not four")?;
    one.wait_for("No try was used")?;
    one.wait_for("reads: ")?;
    one.type_line(&by_ana)?;
    one.wait_for("2 tries are left")?;
    one.wait_for("reads: ")?;
    one.type_line(&by_dana)?;
    one.wait_for("CHECKED BY YOU")?;
    assert_eq!(one.wait()?, 0);
    two.type_line(&by_ana)?;
    two.wait_for("CHECKED BY YOU")?;
    assert_eq!(two.wait()?, 0);
    is_plain(&one)?;
    is_plain(&two)
}
