//! How quick the full screen is, seen from outside: a program at a terminal, its keys, and the time until the screen has
//! changed (docs/performance.md).
//!
//! In: a program, and the folder of profiles that `engine::pages::tests::profiles_to_measure` has made. Out: figures. This file
//! must never decide whether they are good.

use anyhow::{Context, Result, ensure};
use e2e::terminal::Terminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ORDINARY: &[(&str, &str)] = &[("TERM", "xterm-256color")];

const PASSPHRASE: &str = "four quiet words here";

/// Starts that are measured.
const STARTS: usize = 21;

/// Keys of each kind that are measured.
const KEYS: usize = 200;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let program = arguments.next().context("usage: screen PROGRAM FOLDER")?;
    let folder = arguments.next().context("usage: screen PROGRAM FOLDER")?;
    for name in ["short", "open"] {
        let home = folder.join(name);
        tell(&format!("{name}: start to the conversation"), &starts(&program, &home, "To Robin:")?)?;
        let mut terminal = open(&program, &home)?;
        terminal.sees("To Robin:")?;
        keys(&mut terminal, name)?;
        print(&format!("{name}: memory after the keys: {}", memory(&terminal)?))?;
        leave(&mut terminal)?;
    }
    let home = folder.join("locked");
    tell("locked: start to the question for the passphrase", &starts(&program, &home, "Your passphrase")?)?;
    let mut terminal = open(&program, &home)?;
    terminal.sees("Your passphrase")?;
    let begun = Instant::now();
    terminal.type_line(PASSPHRASE)?;
    terminal.sees("To Robin:")?;
    print(&format!("locked: Enter to the conversation, the key derivation included: {:?}", begun.elapsed()))?;
    print(&format!("locked: memory after it: {}", memory(&terminal)?))?;
    leave(&mut terminal)
}

fn open(program: &Path, home: &Path) -> Result<Terminal> {
    let home = home.to_str().context("a path in UTF-8")?;
    Terminal::start(program, &["--home".to_owned(), home.to_owned()], ORDINARY)
}

fn leave(terminal: &mut Terminal) -> Result<()> {
    terminal.press(b"\x1b[21~")?;
    ensure!(terminal.wait()? == 0, "it did not end well");
    Ok(())
}

fn starts(program: &Path, home: &Path, words: &str) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut terminal = open(program, home)?;
        terminal.sees(words)?;
        times.push(begun.elapsed());
        leave(&mut terminal)?;
    }
    Ok(times)
}

fn keys(terminal: &mut Terminal, name: &str) -> Result<()> {
    let letters = "abcdefghijklmnopqrstuvwxyz ".bytes().cycle().map(|letter| vec![letter]);
    tell(&format!("{name}: a letter"), &pressed(terminal, letters.take(KEYS))?)?;
    terminal.press(&[0x15])?;
    for (what, key) in [("PgUp", &b"\x1b[5~"[..]), ("PgDn", b"\x1b[6~"), ("PgUp", b"\x1b[5~"), ("Up", b"\x1b[A")] {
        tell(&format!("{name}: {what}"), &pressed(terminal, std::iter::repeat_n(key.to_vec(), KEYS))?)?;
    }
    Ok(())
}

/// Presses keys one after the other, each when the one before is on the screen.
fn pressed(terminal: &mut Terminal, keys: impl Iterator<Item = Vec<u8>>) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for key in keys {
        let (before, cursor) = (terminal.screen(), terminal.cursor());
        let begun = Instant::now();
        terminal.press(&key)?;
        let changed = terminal.changes(&before, cursor, Duration::from_millis(500));
        let took = begun.elapsed();
        if !changed {
            // The end of the conversation: there is nothing to be drawn.
            break;
        }
        times.push(took);
    }
    Ok(times)
}

fn memory(terminal: &Terminal) -> Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", terminal.id()?))?;
    let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    Ok(lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", "))
}

fn tell(what: &str, times: &[Duration]) -> Result<()> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = |share: usize| times.get((times.len().saturating_sub(1)) * share / 100).copied().unwrap_or_default();
    print(&format!("{what}: median {:?}, 95% {:?}, most {:?}, of {}", at(50), at(95), at(100), times.len()))
}

fn print(line: &str) -> Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").context("standard output")
}
