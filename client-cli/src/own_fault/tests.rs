//! A whole program in a terminal of its own that panics in the middle of a visit. Tests only.
//!
//! In: a line that asks for a fault. Out: what is left in memory and on the terminal. This file must never be part of the
//! program.

use crate::app::Event;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Tells the test program that it is the one that panics: the program's own words, parted by spaces.
const CHILD: &str = "CAIRN_TEST_VISIT";

/// What a panic says, and nobody typed.
const WORDS: &str = "zephyrmarker wrote this";

/// How long a step may take before the test gives up: much longer than any.
const PATIENCE: Duration = Duration::from_secs(100);

/// What empties a screen and what has rolled off it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// A fault that a line of the conversation asks for.
pub(crate) fn comes_if_it_is_asked_for(event: &Event) {
    let Event::Line(line) = event else { return };
    match line.as_str() {
        "a fault here" => panic!("{WORDS}"),
        "a fault there" => assert!(std::thread::spawn(|| panic!("{WORDS}")).join().is_err()),
        _ => {}
    }
}

/// What lies in the folder for files in memory.
fn left(memory: &Path) -> Vec<String> {
    std::fs::read_dir(memory).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// The program, whole. Does nothing unless it is asked to by its parent.
#[test]
fn child() {
    let Ok(words) = std::env::var(CHILD) else { return };
    let words = std::iter::once("cairn").chain(words.split(' ')).map(Into::into);
    let ended = crate::command::main_with(words);
    // The second process waits for this one: what is gone now, this one has taken away.
    let left = left(Path::new(&std::env::var("XDG_RUNTIME_DIR").unwrap()));
    writeln!(std::io::stderr(), "left behind: {left:?}, {ended:?}\nThat is all.").unwrap();
    std::process::exit(0);
}

#[test]
fn a_fault_of_the_program_itself_leaves_nothing_of_a_visit_and_tells_no_words() {
    for (words, line) in [
        ("--shared-computer --plain", "a fault here"),
        ("--shared-computer", "a fault here"),
        ("--shared-computer", "a fault there"),
    ] {
        let how = format!("{words}, {line}");
        let memory = tempfile::Builder::new().prefix("visit-").tempdir_in("/dev/shm").unwrap();
        std::fs::set_permissions(memory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = pair.master.get_termios().unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "own_fault::tests::child", "--nocapture", "--test-threads=1"]);
        command.env(CHILD, words);
        for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C")] {
            command.env(name, value);
        }
        for name in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, memory.path());
        }
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut source = pair.master.try_clone_reader().unwrap();
        let mut keys = pair.master.take_writer().unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose programs are gone gives an error instead of an end.
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                if tell.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut written = Vec::new();
        let mut until = |words: &str| {
            let seen = |written: &[u8]| {
                let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
                screen.process(written);
                screen.screen().contents().contains(words)
            };
            while !seen(&written) {
                written.extend(told.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                    panic!("{how}: no {words}: {}", String::from_utf8_lossy(&written));
                }));
            }
            String::from_utf8_lossy(&written).into_owned()
        };
        until("Step 1 of 3");
        assert_eq!(left(memory.path()).len(), 1, "{how}: this test looks where it lies");
        keys.write_all(format!("{line}\r").as_bytes()).unwrap();
        let text = until("That is all.");
        child.wait().unwrap();
        assert_eq!(pair.master.get_termios().unwrap(), before, "{how}: the modes");
        assert!(!text.contains(WORDS), "{how}: what a panic says may be what somebody wrote: {text}");
        let (_, after) = text.rsplit_once(CLEAR).unwrap_or_else(|| panic!("{how}: the screen was not emptied: {text}"));
        let after = after.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(after.contains("program itself is wrong") && after.contains("own_fault/tests.rs:"), "{how}: {after}");
        assert!(after.contains("Nothing of this visit stays") && !after.contains("Step 1"), "{how}: {after}");
        assert!(after.contains("left behind: []"), "{how}: {after}");
        assert!(after.contains("ExitCode(unix_exit_status(1))"), "{how}: {after}");
    }
}
