//! A second process that outlives this one for a moment, and takes the folder away if this one could not.
//!
//! In: a folder. Out: nothing of it, when this process is gone, however it went. This file must never tell the other
//! process more than the folder's name.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// It waits until its input ends, which is when this process has ended. What closes a terminal, or logs a person out, may
/// not end it before.
const SCRIPT: &str = "trap '' HUP INT QUIT TERM; read -r _; exec rm -rf -- \"$1\"";

/// The process, while this one lives.
pub(super) struct Guard(Child);

impl Guard {
    /// Starts it. Where it can't be started, the next visit takes away what is left.
    pub(super) fn start(folder: &Path) -> Option<Self> {
        use std::os::unix::process::CommandExt;
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]).arg(folder).env_clear().env("PATH", path).current_dir("/");
        // A group of its own: the terminal's keys are not for it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().ok().map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends by itself; there is nothing to do about one that is gone already.
        let _ = self.0.wait();
    }
}
