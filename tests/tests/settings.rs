//! What people set, seen where they see it: real programs at real terminals, and commands.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::{PATIENCE, run};
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A terminal that can do nothing but add lines, with a clock that the test knows.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb"), ("TZ", "UTC")];

const MORE: &str = "More: press Enter.";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn conversation(world: &World, client: &Client) -> Result<Terminal> {
    let mut arguments = client.opening_arguments();
    arguments.push("--plain".to_owned());
    Terminal::start(world.program(), &arguments, DUMB)
}

fn leave(terminal: &mut Terminal) -> Result<()> {
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    assert_eq!(find(&terminal.written(), b"\x1b"), None, "plain lines hold no escape byte");
    Ok(())
}

fn setting(client: &Client, key: &str) -> Result<String> {
    let answer = client.run(&["config", "get", key])?.ended(0)?;
    Ok(field(answer.only("setting")?, "value")?.to_owned())
}

fn set(client: &Client, key: &str, value: &str) -> Result<()> {
    client.run(&["config", "set", key, value])?.ended(0)?.only("setting").map(drop)
}

/// Seconds since 1970.
fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// A date as `--at` takes it, in a time zone that is told to the program.
fn date(seconds: u64) -> Result<String> {
    let done = Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S"]).output()?;
    ensure!(done.status.success(), "date ended with {}", done.status);
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

#[test]
fn settings_need_no_profile_say_what_they_can_be_and_stay_in_a_file_for_their_owner() -> Result<()> {
    let nobody = world()?.client("nobody");
    assert_eq!(nobody.run(&["config", "get"])?.ended(0)?.of_type("setting").len(), 7);
    assert!(!nobody.home().exists(), "looking makes nothing");
    for (key, first, other) in [("face", "full", "plain"), ("language", "auto", "es"), ("notify", "off", "bell")] {
        assert_eq!(setting(&nobody, key)?, first);
        set(&nobody, key, other)?;
        assert_eq!(setting(&nobody, key)?, other);
        let refused = nobody.run(&["config", "set", key, "purple"])?.ended(2)?;
        let message = refused.error.as_ref().context("an error")?;
        for value in [first, other] {
            ensure!(field(message, "message")?.contains(value), "{key} names what is allowed: {message}");
        }
        assert_eq!(setting(&nobody, key)?, other, "nothing changed");
    }
    nobody.run(&["config", "get", "colour"])?.ended(2)?;
    let file = nobody.home().join("settings.toml");
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "pace = [\n")?;
    nobody.run(&["config", "get"])?.ended(2)?;
    nobody.run(&["help-now"])?.ended(0)?;
    Ok(())
}

#[test]
fn at_the_slow_pace_a_long_message_comes_in_blocks_with_enter_and_nothing_is_sent_by_it() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    set(&dana, "pace", "slow")?;
    set(&dana, "block", "20")?;
    let words: Vec<String> = (0..100).map(|number| format!("w{number:02}")).collect();
    ana.send_through(DANA, &words.join(" "))?;
    let mut terminal = conversation(&world, &dana)?;
    let mut enters = 0;
    while terminal.wait_for_any(&[MORE, "w99"])? == 0 {
        terminal.type_line("")?;
        enters += 1;
        ensure!(enters < 30, "it comes to an end");
    }
    ensure!(enters >= 5, "a hundred words are five blocks and more: {enters}");
    let text = String::from_utf8_lossy(&terminal.written()).into_owned();
    let is_one = |word: &&str| word.strip_prefix('w').is_some_and(|rest| rest.parse::<u8>().is_ok());
    for block in text.split(MORE) {
        let number = block.split_whitespace().filter(is_one).count();
        ensure!(number <= 20, "{number} words in one block: {block}");
    }
    let shown: Vec<&str> = text.split_whitespace().filter(is_one).collect();
    assert_eq!(shown, words);
    terminal.type_line("read it all")?;
    terminal.wait_for("Sent.")?;
    leave(&mut terminal)?;
    assert_eq!(ana.inbox()?.texts(), ["read it all"], "an Enter for more is no message");
    Ok(())
}

#[test]
fn a_setting_is_changed_within_the_conversation_counts_at_once_and_is_kept() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana: _, dana } = world.pair(&relay)?;
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("Hide: -")?;
    let pick = |terminal: &mut Terminal, before: &str, words: &str| -> Result<()> {
        terminal.wait_for(before)?;
        let text = String::from_utf8_lossy(&terminal.written()).into_owned();
        let line =
            text.lines().rev().find(|line| line.contains(words)).with_context(|| format!("{words} in {text}"))?;
        let number = line.split_whitespace().next().context("a number")?.to_owned();
        terminal.type_line(&number)
    };
    terminal.type_line("?")?;
    pick(&mut terminal, "type !", "  More")?;
    pick(&mut terminal, "type !", "  Settings")?;
    pick(&mut terminal, "type !", "  Language")?;
    pick(&mut terminal, "type !", "  Español")?;
    terminal.wait_for("Cambiado. Idioma: Español.")?;
    terminal.wait_for("Horas de calma: ninguna")?;
    leave(&mut terminal)?;
    assert_eq!(setting(&dana, "language")?, "es");
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("SIN COMPROBAR")?;
    leave(&mut terminal)
}

#[test]
fn a_bell_rings_only_where_it_is_wished_and_never_in_quiet_hours() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let clock = |minutes: u64| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let today = now()? / 60 % 1440 + 1440;
    let quiet = format!("{}-{}", clock(today - 120), clock(today + 120));
    let rest = format!("{}-{}", clock(today + 120), clock(today - 120));
    for (notify, hours, rings) in
        [("off", "off", false), ("bell", "off", true), ("bell", &quiet, false), ("bell", &rest, true)]
    {
        set(&dana, "notify", notify)?;
        set(&dana, "quiet", hours)?;
        let mut terminal = conversation(&world, &dana)?;
        terminal.wait_for("Hide: -")?;
        let words = format!("words {notify} {hours}");
        ana.send_through(DANA, &words)?;
        terminal.wait_for(&words)?;
        leave(&mut terminal)?;
        let rang = find(&terminal.written(), b"\x07").is_some();
        assert_eq!(rang, rings, "{notify}, quiet hours {hours}");
    }
    Ok(())
}

#[test]
fn a_message_for_later_waits_is_seen_is_taken_back_or_leaves_with_a_run_after_its_time() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let later = |text: &str, at: &str| run(ana.command(&["send", DANA, "-m", text, "--at", at]).env("TZ", "UTC"), b"");
    assert_eq!(later("in two days", &date(now()? + 2 * 86_400)?)?.code, 0);
    ana.inbox()?;
    assert!(dana.inbox()?.texts().is_empty(), "not before its time");
    let listed = ana.run(&["later", "list"])?.ended(0)?;
    let one = listed.only("later")?;
    assert_eq!((field(one, "text")?, field(one, "to")?, field(one, "state")?), ("in two days", DANA, "waiting"));
    let id = field(one, "id")?.to_owned();
    assert_eq!(field(ana.run(&["later", "cancel", &id])?.ended(0)?.only("later")?, "state")?, "cancelled");
    ana.run(&["later", "cancel", &id])?.ended(2)?;
    assert!(ana.run(&["later", "list"])?.ended(0)?.lines.is_empty());
    assert!(!ana.history(DANA)?.iter().any(|(_, text)| text == "in two days"), "nothing of it is left");
    for wrong in ["yesterday", "2001-01-01T00:00", "2999-01-01T00:00", "quiet"] {
        assert_eq!(later("never", wrong)?.code, 2, "{wrong}");
    }
    assert_eq!(later("in a moment", &date(now()? + 10)?)?.code, 0);
    let (start, mut came) = (Instant::now(), Vec::new());
    while came.is_empty() {
        ensure!(start.elapsed() < PATIENCE, "it leaves with a run after its time");
        ana.inbox()?;
        came = dana.inbox()?.texts().into_iter().map(ToOwned::to_owned).collect();
    }
    assert_eq!(came, ["in a moment"]);
    assert_eq!(dana.history(ANA)?.last().map(|(_, text)| text.as_str()), Some("in a moment"));
    Ok(())
}
