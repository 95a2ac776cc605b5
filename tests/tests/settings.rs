//! What people set, seen where they see it: real programs at real terminals, and commands.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::{PATIENCE, Running, run, until};
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};
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
    let refused = nobody.run(&["config", "get", "colour"])?.ended(2)?;
    let message = field(refused.error.as_ref().context("an error")?, "message")?;
    ensure!(message.contains("no such setting"), "a script reads English, whatever the language is: {message}");
    let done = run(&mut nobody.plain_command(&["config", "get", "colour"]), b"")?;
    ensure!(String::from_utf8_lossy(&done.err).contains("No hay tal ajuste"), "a person reads their own");
    let file = nobody.home().join("settings.toml");
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "pace = [\n")?;
    nobody.run(&["config", "get"])?.ended(2)?;
    nobody.run(&["help-now"])?.ended(0)?;
    Ok(())
}

#[test]
fn settings_that_can_not_be_used_are_told_by_every_run_and_stop_none() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.send_through(DANA, "good morning")?;
    dana.inbox()?;
    let file = dana.home().join("settings.toml");
    let whole = "The file of your settings can't be read, so all goes on with the usual ones.";
    let broken = [
        ("pace = [\n", whole),
        ("theme = \"purple\"\npace = 7\nface = \"plain\"\n", "say of pace, theme can't be used"),
    ];
    for (bytes, said) in broken {
        std::fs::write(&file, bytes)?;
        let done = run(&mut dana.plain_command(&["contact", "list"]), b"")?;
        let err = String::from_utf8(done.err)?.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(done.code == 0 && err.contains(said), "{} {err}", done.code);
        assert_eq!(err.matches("all goes on with the usual").count(), 1, "one sentence: {err}");
        let mut spanish = dana.plain_command(&["contact", "list"]);
        let spanish = String::from_utf8(run(spanish.env("LC_ALL", "es_ES.UTF-8"), b"")?.err)?;
        ensure!(spanish.contains("todo sigue con lo"), "{spanish}");
        let card = dana.run(&["help-now"])?.ended(0)?;
        card.only("card")?;
        let warning = card.error.as_ref().context("a line on standard error")?;
        assert_eq!(field(warning, "type")?, "warning");
        ensure!(field(warning, "message")?.contains(said), "{warning}");
        let mut terminal = conversation(&world, &dana)?;
        terminal.wait_for(said.split(' ').next().context("a word")?)?;
        terminal.wait_for("Hide: -")?;
        terminal.type_line("!")?;
        terminal.wait_for("HELP NOW")?;
        leave(&mut terminal)?;
        dana.run(&["config", "get"])?.ended(2)?;
        assert_eq!(std::fs::read_to_string(&file)?, bytes, "the file stays as it is");
    }
    assert_eq!(dana.history(ANA)?.len(), 1);
    std::fs::remove_file(&file)?;
    assert!(dana.run(&["help-now"])?.ended(0)?.error.is_none(), "nothing to tell");
    Ok(())
}

#[test]
fn settings_that_can_not_be_used_are_told_on_the_full_screen_too_and_it_goes_on() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let nobody = world.client("nobody");
    std::fs::create_dir_all(nobody.home())?;
    let broken = [
        ("pace = [\n", "The file of your settings can't be read"),
        ("theme = \"purple\"\npace = 7\n", "pace, theme can't be used"),
    ];
    for (bytes, said) in broken {
        for (client, begins) in [(&dana, "To Ana:"), (&nobody, "Step 1 of 3")] {
            let file = client.home().join("settings.toml");
            std::fs::write(&file, bytes)?;
            let mut terminal =
                Terminal::start(world.program(), &client.opening_arguments(), &[("TERM", "xterm-256color")])?;
            terminal.shows("that it is told", |screen| {
                let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
                words.contains(said) && words.contains(begins)
            })?;
            ensure!(find(&terminal.written(), b"\x1b[?1049h").is_some(), "it is the full screen");
            if begins == "To Ana:" {
                terminal.type_line(said)?;
                terminal
                    .shows("that it was sent", |screen| screen.contains(": ") && !screen.contains("not sent yet"))?;
            }
            terminal.press(b"\x1b[21~")?;
            assert_eq!(terminal.wait()?, 0);
            assert_eq!(std::fs::read_to_string(&file)?, bytes, "the file stays as it is");
        }
    }
    assert_eq!(ana.inbox()?.texts().len(), 2, "people go on writing");
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
    // Where a number is asked for, an Enter for more is no wrong number either.
    terminal.type_line("?")?;
    let mut enters = 0;
    while terminal.wait_for_any(&[MORE, "7  Quit"])? == 0 {
        terminal.type_line("")?;
        enters += 1;
    }
    ensure!(enters > 0, "seven choices are more than one block");
    leave(&mut terminal)?;
    let text = String::from_utf8_lossy(&terminal.written()).into_owned();
    ensure!(!text.contains("a number from 1"), "an Enter for more is no number: {text}");
    assert_eq!(ana.inbox()?.texts(), ["read it all"], "an Enter for more is no message");
    Ok(())
}

/// A hundred words of which the last is `w99`.
fn hundred() -> String {
    (0..100).map(|number| format!("w{number:02} ")).collect()
}

#[test]
fn what_waits_for_enter_comes_once_comes_before_the_end_and_goes_with_a_lock() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    let by_file = world.client_with_passphrase("dana", "four quiet words here")?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    introduce(&ana, &by_file, DANA, "Dana")?;
    let dana = world.client("dana");
    set(&dana, "pace", "slow")?;
    set(&dana, "block", "20")?;
    let opened = || -> Result<Terminal> {
        let mut terminal = conversation(&world, &dana)?;
        terminal.wait_for("Your passphrase (stays hidden):")?;
        terminal.type_line("four quiet words here")?;
        while terminal.wait_for_any(&[MORE, "w00"])? == 0 {
            terminal.type_line("")?;
        }
        terminal.wait_for(MORE)?;
        Ok(terminal)
    };
    let shown = |terminal: &Terminal| String::from_utf8_lossy(&terminal.written()).into_owned();
    // Hidden while it waits: the rest is on no locked screen.
    ana.send_through(DANA, &hundred())?;
    let mut terminal = opened()?;
    terminal.type_line("-")?;
    terminal.wait_for("Locked.")?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.press(&[3])?;
    terminal.wait()?;
    ensure!(!shown(&terminal).contains("w99"), "{}", shown(&terminal));
    // It comes again, whole and once, though something else comes meanwhile.
    set(&dana, "notify", "bell")?;
    let mut terminal = opened()?;
    let rings = |terminal: &Terminal| terminal.written().iter().filter(|byte| **byte == 0x07).count();
    let before = rings(&terminal);
    ana.send_through(DANA, "and this")?;
    // It rings when it is there, as it may have for what waits.
    until("it comes", || Ok(rings(&terminal) > before))?;
    let read_to = |terminal: &mut Terminal, words: &str| -> Result<()> {
        for _ in 0..30 {
            terminal.type_line("")?;
            if terminal.wait_for_any(&[MORE, words])? == 1 {
                break;
            }
        }
        Ok(())
    };
    read_to(&mut terminal, "and this")?;
    // The same where it came while the conversation was open.
    ana.send_through(DANA, &hundred())?;
    terminal.wait_for(MORE)?;
    let before = rings(&terminal);
    ana.send_through(DANA, "and that")?;
    until("it comes", || Ok(rings(&terminal) > before))?;
    read_to(&mut terminal, "and that")?;
    leave(&mut terminal)?;
    assert_eq!(shown(&terminal).matches("w99").count(), 2, "{}", shown(&terminal));
    assert_eq!(shown(&terminal).matches("Type to Ana").count(), 1, "an Enter for more says nothing else");
    // Who leaves gets the rest first.
    ana.send_through(DANA, &hundred())?;
    let mut terminal = opened()?;
    ensure!(!shown(&terminal).contains("w99"), "it waits");
    leave(&mut terminal)?;
    ensure!(shown(&terminal).contains("w99"), "{}", shown(&terminal));
    // Where nobody sits nothing waits, and nothing rings.
    ana.send_through(DANA, &hundred())?;
    let (out, err) = (world.folder().join("pipe.out"), world.folder().join("pipe.err"));
    let piped = Running::start(&mut by_file.plain_command(&["--plain"]), &out, &err)?;
    while !piped.line()?.context("it comes without an Enter")?.contains("w99") {}
    ana.send_through(DANA, "while it is open")?;
    while !piped.line()?.context("and the next")?.contains("while it is open") {}
    piped.kill()?;
    assert_eq!(find(&std::fs::read(&out)?, b"\x07"), None);
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
    pick(&mut terminal, "type !", "  Settings")?;
    pick(&mut terminal, "type !", "  Language")?;
    pick(&mut terminal, "type !", "  Español")?;
    terminal.wait_for("Cambiado. Idioma: Español.")?;
    terminal.wait_for("Está escribiendo a Ana")?;
    leave(&mut terminal)?;
    assert_eq!(setting(&dana, "language")?, "es");
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("SIN COMPROBAR")?;
    leave(&mut terminal)
}

#[test]
fn who_has_chosen_plain_lines_gets_them_in_a_terminal_that_can_do_more() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana: _, dana } = world.pair(&relay)?;
    set(&dana, "face", "plain")?;
    let mut terminal = Terminal::start(world.program(), &dana.opening_arguments(), &[("TERM", "xterm-256color")])?;
    terminal.wait_for("Hide: -")?;
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
    // For words only: what else is told makes no sound.
    set(&dana, "notify", "bell")?;
    set(&dana, "quiet", "off")?;
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("Hide: -")?;
    ana.run(&["keep", DANA, "30d"])?.ended(0)?;
    terminal.wait_for("30 days")?;
    leave(&mut terminal)?;
    assert_eq!(find(&terminal.written(), b"\x07"), None);
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
    // An open conversation wakes for it, though nothing else happens.
    assert_eq!(later("while it is open", &date(now()? + 4)?)?.code, 0);
    let (out, err) = (world.folder().join("follow.out"), world.folder().join("follow.err"));
    let following = Running::start(&mut ana.command(&["inbox", "--follow"]), &out, &err)?;
    assert_eq!(dana.run(&["inbox", "--wait", "100"])?.ended(0)?.texts(), ["while it is open"]);
    following.kill()?;
    assert_eq!(dana.history(ANA)?.last().map(|(_, text)| text.as_str()), Some("while it is open"));
    Ok(())
}
