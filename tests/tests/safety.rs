//! Help now, hiding and locking, and a first run that is left and gone on with: real programs at real terminals.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::run;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, World, introduce};
use std::path::Path;

const PASSPHRASE: &str = "four quiet words here";

/// A terminal that can do nothing but add lines.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb")];

/// An ordinary terminal.
const ORDINARY: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// What empties a screen and what has rolled off it.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn conversation(world: &World, client: &Client, words: &[&str], environment: &[(&str, &str)]) -> Result<Terminal> {
    let mut arguments = client.opening_arguments();
    arguments.push("--plain".to_owned());
    arguments.extend(words.iter().map(ToString::to_string));
    Terminal::start(world.program(), &arguments, environment)
}

/// Two people who know each other; the second one's profile has a passphrase, which a person types.
fn pair(world: &World, relay: &str) -> Result<(Client, Client, Client)> {
    let ana = world.client("ana");
    let by_file = world.client_with_passphrase("dana", PASSPHRASE)?;
    ana.setup("Ana", relay)?.ended(0)?;
    introduce(&ana, &by_file, DANA, "Dana")?;
    Ok((ana, by_file, world.client("dana")))
}

fn unlock(terminal: &mut Terminal) -> Result<()> {
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("Hide: -")
}

fn after(written: &[u8], mark: &[u8]) -> Result<String> {
    let start = find(written, mark).context("the mark was written")? + mark.len();
    Ok(String::from_utf8_lossy(written.get(start..).unwrap_or_default()).into_owned())
}

fn leave(terminal: &mut Terminal, key: u8, code: u32) -> Result<()> {
    terminal.press(&[key])?;
    assert_eq!(terminal.wait()?, code);
    Ok(())
}

#[test]
fn help_now_needs_no_profile_and_makes_none() -> Result<()> {
    let nobody = world()?.client("nobody");
    let done = run(&mut nobody.plain_command(&["help-now"]), b"")?;
    let text = String::from_utf8(done.out)?;
    ensure!(done.code == 0 && text.contains("HELP NOW") && text.contains("not an emergency service"), "{text}");
    let answer = nobody.run(&["help-now"])?.ended(0)?;
    assert_eq!(field(answer.only("card")?, "from")?, "program");
    ensure!(!nobody.home().exists(), "asking for help makes nothing");
    Ok(())
}

#[test]
fn help_now_comes_before_the_first_run_at_a_hidden_question_and_in_a_conversation_and_is_never_sent() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let mut terminal = conversation(&world, &world.client("nobody"), &[], DUMB)?;
    terminal.wait_for("Step 1 of 3")?;
    terminal.type_line("!")?;
    terminal.wait_for("HELP NOW")?;
    terminal.wait_for("Step 1 of 3")?;
    leave(&mut terminal, 4, 0)?;
    let (ana, _, dana) = pair(&world, relay.address())?;
    // Offline and locked: neither is needed.
    relay.stop()?;
    let mut terminal = conversation(&world, &dana, &[], DUMB)?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line("!")?;
    terminal.wait_for("HELP NOW")?;
    unlock(&mut terminal)?;
    terminal.type_line("!")?;
    terminal.wait_for("HELP NOW")?;
    terminal.wait_for("You are writing to")?;
    leave(&mut terminal, 4, 0)?;
    assert_eq!(find(&terminal.written(), b"\x1b"), None);
    relay.start_again()?;
    assert!(ana.inbox()?.texts().is_empty(), "a key for help is no message");
    Ok(())
}

#[test]
fn hiding_empties_the_screen_locks_and_keeps_what_was_half_typed() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, by_file, dana) = pair(&world, relay.address())?;
    ana.send_through(DANA, "words for nobody else")?;
    let mut terminal = conversation(&world, &dana, &[], ORDINARY)?;
    unlock(&mut terminal)?;
    terminal.wait_for("words for nobody else")?;
    assert_eq!(find(&terminal.written(), b"\x1b"), None, "nothing but hiding takes a control sequence");
    terminal.press(b"half a thought")?;
    terminal.wait_for("half a thought")?;
    // Ctrl-Z, in the middle of a line.
    terminal.press(&[0x1a])?;
    terminal.wait_for("Locked.")?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    let left = after(&terminal.written(), CLEAR)?;
    for word in ["nobody else", "thought", "Ana"] {
        ensure!(!left.contains(word), "{word} stands on a screen that was emptied: {left}");
    }
    // Nobody has the profile open: another process is let in.
    assert_eq!(by_file.history(ANA)?.last().map(|(_, text)| text.as_str()), Some("words for nobody else"));
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("half a thought")?;
    terminal.press(b" and the rest\r")?;
    terminal.wait_for("Sent.")?;
    assert_eq!(ana.inbox()?.texts(), ["half a thought and the rest"]);
    // The word for it does the same.
    terminal.type_line("-")?;
    terminal.wait_for("Locked.")?;
    unlock(&mut terminal)?;
    leave(&mut terminal, 4, 0)
}

#[test]
fn a_terminal_that_can_not_be_emptied_is_pushed_up_and_says_so() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_, _, dana) = pair(&world, relay.address())?;
    let mut terminal = conversation(&world, &dana, &[], DUMB)?;
    unlock(&mut terminal)?;
    terminal.type_line("-")?;
    terminal.wait_for("can't be emptied")?;
    unlock(&mut terminal)?;
    leave(&mut terminal, 4, 0)?;
    let written = terminal.written();
    assert_eq!(find(&written, b"\x1b"), None);
    ensure!(find(&written, &b"\r\n".repeat(24)).is_some(), "a screen full of empty lines");
    Ok(())
}

#[test]
fn nothing_is_written_to_a_pipe_to_hide_and_enter_goes_on() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, by_file, _) = pair(&world, relay.address())?;
    let done = run(&mut by_file.plain_command(&["--plain"]), b"one\n-\nnot while hidden\n\ntwo\n")?;
    ensure!(done.code == 0, "ended with {}: {}", done.code, String::from_utf8_lossy(&done.err));
    assert_eq!(find(&done.out, b"\x1b"), None);
    assert_eq!(ana.inbox()?.texts(), ["one", "two"]);
    Ok(())
}

#[test]
fn a_conversation_without_a_key_locks_by_itself_and_keeps_what_was_half_typed() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, _, dana) = pair(&world, relay.address())?;
    let mut terminal = conversation(&world, &dana, &["--lock-after", "2"], ORDINARY)?;
    unlock(&mut terminal)?;
    terminal.press(b"I was about to")?;
    terminal.wait_for("No key was pressed for a while.")?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    ensure!(!after(&terminal.written(), CLEAR)?.contains("about to"), "the half-typed line is gone from the screen");
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("I was about to")?;
    terminal.press(b" say\r")?;
    terminal.wait_for("Sent.")?;
    assert_eq!(ana.inbox()?.texts(), ["I was about to say"]);
    Ok(())
}

#[test]
fn lock_closes_a_conversation_in_another_terminal_and_says_whether_there_was_one() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_, by_file, dana) = pair(&world, relay.address())?;
    let mut terminal = conversation(&world, &dana, &[], ORDINARY)?;
    unlock(&mut terminal)?;
    let was_open = |client: &Client| -> Result<Option<bool>> {
        Ok(client.run(&["lock"])?.ended(0)?.only("locked")?.get("was_open").and_then(serde_json::Value::as_bool))
    };
    assert_eq!(was_open(&dana)?, Some(true));
    by_file.inbox()?;
    terminal.wait_for("Locked.")?;
    assert_eq!(was_open(&dana)?, Some(false));
    unlock(&mut terminal)?;
    leave(&mut terminal, 4, 0)?;
    let nobody = world.client("nobody");
    assert_eq!(was_open(&nobody)?, Some(false));
    ensure!(!nobody.home().exists(), "locking makes nothing");
    Ok(())
}

#[test]
fn a_first_run_that_is_left_at_any_step_goes_on_there() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let come = || conversation(&world, &dana, &[], DUMB);
    let mut terminal = come()?;
    terminal.wait_for("Step 1 of 3")?;
    terminal.type_line(&link)?;
    terminal.wait_for("Step 2 of 3")?;
    leave(&mut terminal, 4, 0)?;
    let mut terminal = come()?;
    terminal.wait_for("Step 2 of 3")?;
    terminal.type_line("Dana")?;
    terminal.wait_for("Passphrase:")?;
    leave(&mut terminal, 3, 130)?;
    // The relay goes away at the worst moment.
    relay.stop()?;
    let mut terminal = come()?;
    terminal.wait_for("Step 3 of 3")?;
    for question in ["Passphrase:", "again:"] {
        terminal.wait_for(question)?;
        terminal.type_line(PASSPHRASE)?;
    }
    terminal.wait_for("Press Enter to try again")?;
    leave(&mut terminal, 4, 0)?;
    assert!(begun(&dana).exists());
    relay.start_again()?;
    let mut terminal = come()?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("Your invitation is still here")?;
    terminal.type_line("")?;
    terminal.wait_for("Hide: -")?;
    leave(&mut terminal, 4, 0)?;
    assert!(!begun(&dana).exists(), "an invitation that was used is not kept");
    Ok(())
}

fn begun(client: &Client) -> std::path::PathBuf {
    client.home().join("begun")
}

#[test]
fn the_terminal_is_afterwards_as_it_was_before() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_, _, dana) = pair(&world, relay.address())?;
    let mut arguments = vec!["-c".to_owned(), "echo before $(stty -g); \"$@\"; echo after $(stty -g)".to_owned()];
    arguments.extend(["sh".to_owned(), world.program().display().to_string()]);
    arguments.extend(dana.opening_arguments());
    arguments.push("--plain".to_owned());
    let mut terminal = Terminal::start(Path::new("/bin/sh"), &arguments, ORDINARY)?;
    unlock(&mut terminal)?;
    terminal.press(b"half")?;
    terminal.press(&[0x1a])?;
    unlock(&mut terminal)?;
    terminal.wait_for("erase it:")?;
    terminal.wait_for("half")?;
    // The half-typed line is edited by the program now; it is erased, and the program left.
    terminal.press(&[0x15, 4])?;
    terminal.wait_for("after ")?;
    assert_eq!(terminal.wait()?, 0);
    let text = String::from_utf8(terminal.written())?;
    let modes = |mark: &str| text.split(mark).nth(1)?.split_whitespace().next();
    ensure!(modes("before ").is_some_and(|modes| modes.contains(':')), "{text}");
    assert_eq!(modes("before "), modes("after "), "{text}");
    Ok(())
}

#[test]
fn what_was_half_typed_when_the_program_is_left_does_not_come_to_the_shell() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_, _, dana) = pair(&world, relay.address())?;
    for hidden in [true, false] {
        let mut arguments = vec!["-c".to_owned(), "trap : INT; \"$@\"; read -r line; echo got:$line:".to_owned()];
        arguments.extend(["sh".to_owned(), world.program().display().to_string()]);
        arguments.extend(dana.opening_arguments());
        arguments.push("--plain".to_owned());
        let mut terminal = Terminal::start(Path::new("/bin/sh"), &arguments, DUMB)?;
        if hidden {
            terminal.wait_for("Your passphrase (stays hidden):")?;
            terminal.press(b"four quiet")?;
        } else {
            unlock(&mut terminal)?;
            terminal.press(b"four quiet")?;
            terminal.wait_for("four quiet")?;
        }
        let program = terminal.child_id()?;
        terminal.press(&[3])?;
        while Path::new(&format!("/proc/{program}")).exists() {
            std::thread::yield_now();
        }
        terminal.type_line("a line for the shell")?;
        terminal.wait_for("got:a line for the shell:")?;
        terminal.wait()?;
    }
    Ok(())
}
