//! From one face to the other: the same profile, the same conversation, the same half-typed line.

use anyhow::{Result, ensure};
use e2e::client::Client;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};

const PASSPHRASE: &str = "four quiet words here";

const ORDINARY: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// F10 of an ordinary terminal.
const F10: &[u8] = b"\x1b[21~";

/// The second screen of a terminal, taken and left.
const ENTER: &[u8] = b"\x1b[?1049h";
const LEAVE: &[u8] = b"\x1b[?1049l";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn full(world: &World, client: &Client) -> Result<Terminal> {
    Terminal::start(world.program(), &client.opening_arguments(), ORDINARY)
}

fn plain(world: &World, client: &Client) -> Result<Terminal> {
    let mut arguments = client.opening_arguments();
    arguments.push("--plain".to_owned());
    Terminal::start(world.program(), &arguments, ORDINARY)
}

fn times(written: &[u8], what: &[u8]) -> usize {
    written.windows(what.len()).filter(|window| *window == what).count()
}

/// Waits for a choice that begins so, and types its number.
fn choose(terminal: &mut Terminal, words: &str) -> Result<()> {
    let choice = |screen: &str| {
        let line = screen.lines().rev().map(|line| line.rsplit('│').next().unwrap_or(line).trim_start());
        line.filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).find_map(|line| {
            line.split_once("  ").filter(|(_, text)| text.starts_with(words)).map(|(number, _)| number.to_owned())
        })
    };
    terminal.shows(words, |screen| choice(screen).is_some())?;
    let number = choice(&terminal.screen()).unwrap_or_default();
    terminal.type_line(&number)
}

#[test]
fn a_person_changes_to_plain_lines_and_back_and_the_half_typed_line_comes_along() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    let by_file = world.client_with_passphrase("dana", PASSPHRASE)?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    introduce(&ana, &by_file, DANA, "Dana")?;
    ana.send_through(DANA, "Good morning, Dana")?;
    let mut terminal = full(&world, &world.client("dana"))?;
    terminal.sees("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.sees("Good morning, Dana")?;
    terminal.press(b"half a thought")?;
    terminal.sees("half a thought")?;
    // F1 and the choices do not take the line away.
    terminal.press(b"\x1bOP")?;
    for words in ["Settings", "Face", "plain lines"] {
        choose(&mut terminal, words)?;
    }
    terminal.wait_for(std::str::from_utf8(LEAVE)?)?;
    terminal.wait_for("Good morning, Dana")?;
    terminal.wait_for("half a thought")?;
    assert_eq!(times(&terminal.written(), ENTER), 1);
    ensure!(!terminal.screen().contains("passphrase"), "the profile stays open: {}", terminal.screen());
    // Erased, so that a line of choices can be typed; then the other way.
    terminal.press(&[0x15])?;
    terminal.type_line("?")?;
    for words in ["Settings", "Face", "full screen"] {
        choose(&mut terminal, words)?;
    }
    terminal.shows("the full screen", |screen| screen.contains("F10 Quit") && screen.contains("Good morning, Dana"))?;
    ensure!(!terminal.screen().contains("half a thought"), "what was erased is erased: {}", terminal.screen());
    assert_eq!(times(&terminal.written(), ENTER), 2);
    terminal.press(b"and the rest\r")?;
    terminal.sees(": and the rest")?;
    terminal.press(F10)?;
    assert_eq!(terminal.wait()?, 0);
    assert_eq!(find(&terminal.written(), PASSPHRASE.as_bytes()), None);
    assert_eq!(by_file.history(ANA)?.last().map(|(_, text)| text.as_str()), Some("and the rest"));
    Ok(())
}

#[test]
fn a_line_that_was_left_in_one_face_is_in_the_other_and_gone_when_it_was_sent() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    // Typed on the full screen, left, gone on with in plain lines, left by Ctrl-C.
    let mut terminal = full(&world, &dana)?;
    terminal.sees("To Ana:")?;
    terminal.press(b"half a thought")?;
    terminal.sees("half a thought")?;
    terminal.press(F10)?;
    terminal.wait()?;
    let mut terminal = plain(&world, &dana)?;
    terminal.wait_for("half a thought")?;
    terminal.press(b" and more")?;
    terminal.wait_for(" and more")?;
    terminal.press(&[3])?;
    assert_eq!(terminal.wait()?, 130);
    assert_eq!(find(&terminal.written(), b"\x1b"), None);
    let mut terminal = full(&world, &dana)?;
    terminal.sees("half a thought and more")?;
    terminal.press(F10)?;
    terminal.wait()?;
    // Sent in plain lines: no draft in either face.
    let mut terminal = plain(&world, &dana)?;
    terminal.wait_for("half a thought and more")?;
    terminal.type_line("!")?;
    terminal.wait_for("Sent")?;
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    assert_eq!(ana.inbox()?.texts(), ["half a thought and more!"]);
    let mut terminal = plain(&world, &dana)?;
    terminal.wait_for("Hide: -")?;
    terminal.type_line("?")?;
    terminal.wait_for("What would you like?")?;
    let all = String::from_utf8_lossy(&terminal.written()).into_owned();
    ensure!(times(all.as_bytes(), b"half a thought") == 1, "once, as a message: {all}");
    Ok(())
}
