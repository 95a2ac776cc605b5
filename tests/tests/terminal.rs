//! At a terminal: the first run, long conversations between two programs that stay open, the demo.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::{Running, run};
use e2e::relay::Relay;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Messages in each direction of the long conversation.
const MANY: usize = 1000;

/// Parts of the long conversation; between two of them somebody comes or goes.
const PARTS: usize = 10;

/// A terminal that can do nothing but add lines.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb"), ("NO_COLOR", "1")];

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// The program `cairn` without a command, in a terminal.
fn conversation(world: &World, client: &Client, words: &[&str]) -> Result<Terminal> {
    let mut arguments = client.opening_arguments();
    arguments.extend(words.iter().map(ToString::to_string));
    Terminal::start(world.program(), &arguments, DUMB)
}

/// Sends a line of an open conversation, and waits until it is sent or said to be safe.
fn say(terminal: &mut Terminal, text: &str) -> Result<()> {
    terminal.type_line(text)?;
    terminal.wait_for_any(&["Sent.", "Not sent yet"]).map(drop)
}

fn leave(terminal: &mut Terminal) -> Result<()> {
    terminal.press(&[4])?;
    let code = terminal.wait()?;
    ensure!(code == 0, "Ctrl-D ended the conversation with {code}");
    Ok(())
}

#[test]
fn the_first_run_leads_from_an_invitation_to_a_message_without_a_control_sequence() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let mut terminal = conversation(&world, &dana, &[])?;
    terminal.wait_for("Step 1 of 3")?;
    // A mistake costs another try and no more; what is typed ahead of the answer is not lost.
    terminal.type_line("CAIRN:half-of-it")?;
    terminal.type_line(&link)?;
    terminal.wait_for("Step 2 of 3")?;
    terminal.type_line("Dana")?;
    terminal.wait_for("Step 3 of 3")?;
    terminal.wait_for("Passphrase:")?;
    terminal.type_line("four quiet words here")?;
    terminal.wait_for("again:")?;
    terminal.type_line("four quiet words here")?;
    terminal.wait_for("press Enter to send")?;
    say(&mut terminal, "This is my first message.")?;
    assert_eq!(ana.inbox()?.texts(), ["This is my first message."]);
    // Whatever the other side writes, the terminal gets lines.
    ana.send_through(DANA, "a\u{1b}[2J\u{9b}31m\u{202e}b \u{7}wanted\u{1b}]0;t\u{7}")?;
    terminal.wait_for("wanted")?;
    leave(&mut terminal)?;
    let written = terminal.written();
    assert_eq!(find(&written, b"\x1b"), None, "{}", String::from_utf8_lossy(&written));
    assert_eq!(find(&written, b"quiet words"), None, "the passphrase is not shown");
    let text = String::from_utf8(written).context("UTF-8")?;
    let wide = text.lines().find(|line| line.trim_end().chars().count() > 80 && !line.contains("CAIRN:"));
    assert_eq!(wide, None);
    Ok(())
}

#[test]
fn a_second_run_asks_for_the_passphrase_and_takes_only_the_right_one() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    let dana = world.client_with_passphrase("dana", "four quiet words here")?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    e2e::world::introduce(&ana, &dana, DANA, "Dana")?;
    let without_file = world.client("dana");
    let mut terminal = conversation(&world, &without_file, &["--plain"])?;
    terminal.wait_for("passphrase")?;
    terminal.type_line("four noisy words here")?;
    terminal.wait_for("passphrase")?;
    terminal.type_line("four quiet words here")?;
    terminal.wait_for("press Enter to send")?;
    say(&mut terminal, "me again")?;
    leave(&mut terminal)?;
    assert_eq!(ana.inbox()?.texts(), ["me again"]);
    Ok(())
}

/// One side of the long conversation: the program while it is open, and what it has shown so far.
struct Side<'a> {
    world: &'a World,
    client: &'a Client,
    name: &'static str,
    terminal: Option<Terminal>,
    shown: BTreeSet<usize>,
    other: &'static str,
}

impl<'a> Side<'a> {
    fn new(world: &'a World, client: &'a Client, name: &'static str, other: &'static str) -> Self {
        Self { world, client, name, terminal: None, shown: BTreeSet::new(), other }
    }

    fn come(&mut self) -> Result<()> {
        let mut terminal = conversation(self.world, self.client, &["--plain"])?;
        terminal.wait_for("press Enter to send")?;
        self.terminal = Some(terminal);
        Ok(())
    }

    fn terminal(&mut self) -> Result<&mut Terminal> {
        self.terminal.as_mut().context("the program is open")
    }

    fn write(&mut self, numbers: std::ops::Range<usize>) -> Result<()> {
        let name = self.name;
        for number in numbers {
            say(self.terminal()?, &format!("{name}-{number:04}."))?;
        }
        Ok(())
    }

    /// Waits until the other's message of this number was shown in this run or an earlier one.
    fn wait_for_number(&mut self, number: usize) -> Result<()> {
        let text = format!("{}-{number:04}.", self.other);
        let seen = find(&self.terminal()?.written(), text.as_bytes()).is_some();
        if seen || self.shown.contains(&number) { Ok(()) } else { self.terminal()?.wait_for(&text) }
    }

    /// Takes note of what a run has shown: the other's numbers, none twice, in order. A new run begins with a few lines
    /// of what was shown before; those come first and are no repetition within the run.
    fn note(&mut self, written: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(written).into_owned();
        let mut last = None;
        for line in text.lines() {
            let Some((_, number)) = line.split_once(&format!(": {}-", self.other)) else { continue };
            let number: usize = number.trim_end().trim_end_matches('.').parse().with_context(|| line.to_owned())?;
            ensure!(last.is_none_or(|last| last < number), "{number} was shown after {last:?}");
            last = Some(number);
            self.shown.insert(number);
        }
        Ok(())
    }

    fn go(&mut self) -> Result<()> {
        let mut terminal = self.terminal.take().context("the program is open")?;
        leave(&mut terminal)?;
        self.note(&terminal.written())
    }

    fn fall(&mut self) -> Result<()> {
        let mut terminal = self.terminal.take().context("the program is open")?;
        terminal.kill()?;
        self.note(&terminal.written())
    }
}

/// Somebody comes or goes, in turns.
fn disturb(part: usize, relay: &mut Relay, ana: &mut Side<'_>, dana: &mut Side<'_>) -> Result<()> {
    match part % 4 {
        0 => {
            dana.go()?;
            dana.come()
        }
        1 => {
            ana.fall()?;
            ana.come()
        }
        2 => {
            relay.kill()?;
            relay.start_again()
        }
        _ => {
            dana.fall()?;
            ana.go()?;
            relay.stop()?;
            relay.start_again()?;
            ana.come()?;
            dana.come()
        }
    }
}

#[test]
fn a_thousand_messages_each_way_between_two_open_programs_that_come_and_go_arrive_once_and_in_order() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let pair = world.pair(&relay)?;
    let mut ana = Side::new(&world, &pair.ana, "ana", "dana");
    let mut dana = Side::new(&world, &pair.dana, "dana", "ana");
    ana.come()?;
    dana.come()?;
    let size = MANY / PARTS;
    for part in 0..PARTS {
        let numbers = part * size..(part + 1) * size;
        std::thread::scope(|scope| -> Result<()> {
            let one = scope.spawn(|| ana.write(numbers.clone()));
            let two = scope.spawn(|| dana.write(numbers.clone()));
            one.join().map_err(|_| anyhow::anyhow!("a thread"))??;
            two.join().map_err(|_| anyhow::anyhow!("a thread"))?
        })?;
        disturb(part, &mut relay, &mut ana, &mut dana)?;
    }
    ana.wait_for_number(MANY - 1)?;
    dana.wait_for_number(MANY - 1)?;
    ana.go()?;
    dana.go()?;
    let all = |name: &str| (0..MANY).map(|number| format!("{name}-{number:04}.")).collect::<Vec<_>>();
    for (side, other) in [(&ana, DANA), (&dana, ANA)] {
        let missing: Vec<usize> = (0..MANY).filter(|number| !side.shown.contains(number)).collect();
        assert_eq!(missing, Vec::<usize>::new(), "{} was shown everything", side.name);
        let history = side.client.history(other)?;
        let way = |way: &str| -> Vec<String> {
            history.iter().filter(|(direction, _)| direction == way).map(|(_, text)| text.clone()).collect()
        };
        assert_eq!(way("in"), all(side.other), "{}: stored once and in order", side.name);
        assert_eq!(way("out"), all(side.name), "{}: stored once and in order", side.name);
        assert!(side.client.inbox()?.texts().is_empty(), "{}: nothing was left to show", side.name);
    }
    Ok(())
}

#[test]
fn a_conversation_through_a_pipe_sends_each_line() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let done = run(&mut dana.plain_command(&["--plain"]), b"one\ntwo\n\nthree\n")?;
    ensure!(done.code == 0, "ended with {}: {}", done.code, String::from_utf8_lossy(&done.err));
    assert_eq!(ana.inbox()?.texts(), ["one", "two", "three"]);
    assert_eq!(find(&done.out, b"\x1b"), None);
    Ok(())
}

/// Command lines of processes that live in this folder.
fn left_running(folder: &Path) -> Vec<String> {
    let name = folder.display().to_string();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).filter(|line| line.contains(&name)).collect()
}

fn nothing_is_left(folder: &Path) -> Result<()> {
    let left: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    ensure!(left.is_empty(), "left behind: {left:?}");
    let running = left_running(folder);
    ensure!(running.is_empty(), "left running: {running:?}");
    Ok(())
}

#[test]
fn the_demo_shows_all_three_sides_and_leaves_nothing_behind() -> Result<()> {
    let world = world()?;
    let done = run(Command::new(env!("CARGO_BIN_EXE_demo")).env("TMPDIR", world.folder()), b"")?;
    let text = String::from_utf8(done.out)?;
    ensure!(done.code == 0, "ended with {}: {}\n{text}", done.code, String::from_utf8_lossy(&done.err));
    for shown in ["ANA SEES", "DANA SEES", "THE RELAY HOLDS", "ENVELOPE", "MAILBOX", "None is there."] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    let wide = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
    assert!(!text.contains('\u{1b}'));
    nothing_is_left(world.folder())
}

#[test]
fn the_demo_can_be_interrupted_and_leaves_nothing_behind() -> Result<()> {
    for at in ["1. A relay", "2. Ana", "4. Ana hands", "6. Dana's computer"] {
        let world = world()?;
        let inside = world.folder().join("inside");
        std::fs::create_dir(&inside)?;
        let (out, err) = (world.folder().join("demo.out"), world.folder().join("demo.err"));
        let running = Running::start(Command::new(env!("CARGO_BIN_EXE_demo")).env("TMPDIR", &inside), &out, &err)?;
        while !running.line()?.with_context(|| format!("the demo comes to {at:?}"))?.starts_with(at) {}
        assert_eq!(running.interrupt()?, 130, "at {at:?}: {}", std::fs::read_to_string(&err)?);
        nothing_is_left(&inside)?;
    }
    Ok(())
}

#[test]
fn a_reader_of_the_demo_can_write_as_dana() -> Result<()> {
    let world = world()?;
    let inside = world.folder().display().to_string();
    let mut terminal = Terminal::start(world.program(), &[], &[("TMPDIR", &inside), ("TERM", "dumb")])?;
    terminal.wait_for("Now you are Dana")?;
    terminal.wait_for("Dana> ")?;
    terminal.type_line("I was here")?;
    terminal.wait_for("Ana sees:")?;
    terminal.wait_for("I was here")?;
    terminal.wait_for("Dana> ")?;
    terminal.type_line("")?;
    assert_eq!(terminal.wait()?, 0);
    nothing_is_left(world.folder())
}

#[test]
fn help_needs_no_profile_and_makes_none() -> Result<()> {
    let world = world()?;
    let nobody = world.client("nobody");
    for words in [&["--help"][..], &["send", "--help"], &["inbox", "--help"], &["invite", "new", "--help"]] {
        let done = run(&mut nobody.plain_command(words), b"")?;
        ensure!(done.code == 0 && !done.out.is_empty(), "{words:?} ended with {}", done.code);
    }
    ensure!(!nobody.home().exists(), "asking for help makes nothing");
    let error = nobody.run(&["contact", "list"])?.ended(3)?.error.context("an error")?;
    ensure!(!field(&error, "next")?.is_empty(), "an error says what to do next: {error}");
    Ok(())
}

#[test]
fn help_stays_within_eighty_columns() -> Result<()> {
    let nobody = world()?.client("nobody");
    let invite_and_join = [&["invite", "new", "--help"][..], &["join", "--help"], &["contact", "verify", "--help"]];
    for words in [&["--help"][..], &["send", "--help"], &["inbox", "--help"]].into_iter().chain(invite_and_join) {
        let text = String::from_utf8(run(&mut nobody.plain_command(words), b"")?.out)?;
        assert_eq!(text.lines().find(|line| line.chars().count() > 80), None);
    }
    Ok(())
}
