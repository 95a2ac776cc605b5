//! The full screen where the world is hostile: a relay that keeps silent, words and files that are weapons, a terminal that
//! shrinks to nothing or is gone.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::network::{Network, Weather};
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::path::Path;
use std::time::Instant;

const ORDINARY: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// Keys of an ordinary terminal.
const F1: &[u8] = b"\x1bOP";
const F2: &[u8] = b"\x1bOQ";
const F6: &[u8] = b"\x1b[17~";
const F10: &[u8] = b"\x1b[21~";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn open(world: &World, client: &Client) -> Result<Terminal> {
    Terminal::start(world.program(), &client.opening_arguments(), ORDINARY)
}

fn quit(terminal: &mut Terminal) -> Result<()> {
    terminal.press(F10)?;
    assert_eq!(terminal.wait()?, 0);
    Ok(())
}

#[test]
fn help_and_hiding_do_not_wait_for_a_relay_that_keeps_silent() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let network = Network::start(relay.place())?;
    let ana = world.client("ana");
    ana.setup("Ana", &network.way_to(relay.address())?)?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    network.becomes(Weather::BlackHole);
    // How long it is waited for the relay where nobody wishes anything else.
    let mut patient = open(&world, &world.client("patient"))?;
    patient.sees("Step 1 of 3")?;
    let begun = Instant::now();
    patient.type_line(&link)?;
    patient.sees("Step 2 of 3")?;
    let patience = begun.elapsed();
    quit(&mut patient)?;
    let mut terminal = open(&world, &world.client("dana"))?;
    terminal.sees("Step 1 of 3")?;
    let begun = Instant::now();
    terminal.type_line(&link)?;
    terminal.press(F2)?;
    terminal.sees("HELP NOW")?;
    terminal.press(F2)?;
    terminal.press(F1)?;
    terminal.sees("F6 or Ctrl-Z: hide")?;
    terminal.press(F6)?;
    terminal.sees("Hidden.")?;
    let hidden = begun.elapsed();
    ensure!(hidden * 2 < patience, "hidden after {hidden:?}, and the relay is waited for {patience:?}");
    ensure!(!terminal.screen().contains("Step"), "{}", terminal.screen());
    // What was answered so far is not lost.
    terminal.press(b"\r")?;
    terminal.sees("Step 2 of 3")?;
    quit(&mut terminal)
}

#[test]
fn a_wrong_file_that_is_pasted_sends_nothing_and_leaves_the_program_whole() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("To Ana:")?;
    // A line of a million letters, with a key for leaving and the mark of a paste's end broken in it.
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend(b"x".repeat(1_000_000));
    paste.extend(b"\x1b[21~\x1b[201\r\n\x03\x1b[201~");
    terminal.press(&paste)?;
    terminal.press(b"\r")?;
    terminal.sees("too long for one message")?;
    assert!(ana.inbox()?.texts().is_empty());
    terminal.press(&[0x15])?;
    terminal.press(b"short\r")?;
    terminal.shows("that it was sent", |screen| screen.contains(": short") && !screen.contains("not sent yet"))?;
    quit(&mut terminal)?;
    assert_eq!(ana.inbox()?.texts(), ["short"]);
    Ok(())
}

/// From now on the program can write no file, as on a full disk, or it can again.
fn disk(terminal: &Terminal, full: bool) -> Result<()> {
    let id = i32::try_from(terminal.id()?).ok().and_then(Pid::from_raw).context("an identifier")?;
    let current = if full { Some(0) } else { None };
    prlimit(Some(id), Resource::Fsize, Rlimit { current, maximum: None })?;
    Ok(())
}

#[test]
fn on_a_full_disk_a_person_goes_on_and_what_is_typed_outlives_hiding() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.send_through(DANA, "Good morning, Dana")?;
    // A program that meets such a limit is ended by a signal, unless that is ignored: a full disk sends none.
    let mut arguments: Vec<String> = ["-c", "trap '' XFSZ; exec \"$@\"", "sh"].map(str::to_owned).into();
    arguments.push(world.program().display().to_string());
    arguments.extend(dana.opening_arguments());
    let mut terminal = Terminal::start(Path::new("/bin/sh"), &arguments, ORDINARY)?;
    terminal.sees("Good morning, Dana")?;
    disk(&terminal, true)?;
    terminal.press(b"I wanted to tell you something today")?;
    terminal.sees("can't be kept here now")?;
    terminal.sees("I wanted to tell you something today")?;
    terminal.press(F6)?;
    terminal.sees("Hidden.")?;
    ensure!(!terminal.screen().contains("wanted"), "{}", terminal.screen());
    disk(&terminal, false)?;
    terminal.press(b"\r")?;
    terminal.sees("I wanted to tell you something today")?;
    terminal.press(b"!\r")?;
    terminal.shows("that it was sent", |screen| screen.contains("today!") && !screen.contains("not sent yet"))?;
    quit(&mut terminal)?;
    assert_eq!(ana.inbox()?.texts(), ["I wanted to tell you something today!"]);
    Ok(())
}

/// What makes a terminal open a link, take something into its clipboard, and change its size, each in both forms. None of it
/// is anything that this program writes.
const WEAPONS: &str =
    "\u{1b}]8;;https://example.org\u{1b}\\here\u{1b}]52;c;aGk=\u{7}\u{1b}[8;3;9t\u{9d}52;c;aGk=\u{9c}\u{9b}8;3;9t";

#[test]
fn the_longest_line_and_a_flood_of_marks_leave_the_line_and_the_keys_in_their_places() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let flood = format!("{WEAPONS}e{}", "\u{301}".repeat(30_000));
    let long = format!("{WEAPONS}{}", "x".repeat(65_536 - WEAPONS.len()));
    let false_lines = format!("To Ana:\nF10 Quit\n\n{WEAPONS}\nAna, 2:02 PM: send your passphrase");
    for hostile in [long, flood, false_lines] {
        ana.send_through(DANA, &hostile)?;
    }
    let mut terminal = open(&world, &dana)?;
    terminal.sees("send your passphrase")?;
    // Its letters are shown, so that they were drawn.
    terminal.sees("example.org")?;
    let whole = |screen: &str| {
        let rows: Vec<&str> = screen.lines().collect();
        let begins = |row: &str, words: &str| row.rsplit('│').next().is_some_and(|row| row.starts_with(words));
        // Words of others are indented: only the program's own line begins at the edge.
        rows.iter().filter(|row| begins(row, "To Ana:")).count() == 1
            && rows.last().is_some_and(|row| row.contains("F6 Hide") || row.contains("F10 Quit"))
            && rows.iter().filter(|row| row.contains("F1 Help")).count() == 1
    };
    terminal.shows("one line to type in, and one of keys", whole)?;
    for size in [(40, 12), (1, 1), (120, 40), (80, 24)] {
        terminal.resize(size.0, size.1)?;
    }
    for _ in 0..3 {
        terminal.press(b"\x1b[5~")?;
    }
    terminal.shows("the same after reading up", whole)?;
    // A key for each message that is read big.
    terminal.press(b"\x1bOS")?;
    terminal.shows("the same where it is read big", whole)?;
    quit(&mut terminal)?;
    let marks = terminal.written().windows(2).filter(|two| *two == "\u{301}".as_bytes()).count();
    ensure!(marks < 2000, "{marks} marks were written");
    for armed in [&b"\x1b]"[..], b"\x1b[8;3;9t", "\u{9d}".as_bytes(), "\u{9b}".as_bytes()] {
        assert_eq!(find(&terminal.written(), armed), None, "{}", armed.escape_ascii());
    }
    assert_eq!(dana.history(ANA)?.len(), 3);
    Ok(())
}
