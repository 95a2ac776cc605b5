//! A part of the program in a process of its own that the system kills in the middle of writing. Tests only.
//!
//! In: a test that does the part, after how many bytes of a file the system kills it. Out: whether it was killed. This file
//! must never be part of the program.

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Tells the test that it is the one that is killed: how many bytes, and its own words.
const CHILD: &str = "CAIRN_TEST_KILLED";

/// Does the part, in the process that was started for it. In all others it does nothing.
pub(crate) fn by_itself(part: impl FnOnce(&str)) {
    let Ok(asked) = std::env::var(CHILD) else { return };
    let (most, words) = asked.split_once(' ').unwrap();
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Core, limit(0)).unwrap();
    // Whoever writes behind this byte is killed at that moment: nothing of the program runs after it.
    setrlimit(Resource::Fsize, limit(most.parse().unwrap())).unwrap();
    part(words);
}

/// From now on this process opens no file and no folder.
pub(crate) fn opens_nothing_more() {
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: Some(3) }).unwrap();
}

/// Runs a test, named whole, that does its part [`by_itself`] to its end.
pub(crate) fn goes_through(test: &str, words: &str) {
    assert!(!at_byte(test, words, 1 << 40));
}

/// Runs a test, named whole, that does its part [`by_itself`]. Whether it was killed; else it went through.
pub(crate) fn at_byte(test: &str, words: &str, most: u64) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, format!("{most} {words}"));
    let done = command.stdin(Stdio::null()).output().unwrap();
    let killed = done.status.signal() == Some(Signal::XFSZ.as_raw());
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(killed || (done.status.success() && said.contains("1 passed")), "{:?}: {said}", done.status);
    killed
}
