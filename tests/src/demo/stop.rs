//! Ctrl-C at any moment: the programs end, the folder goes, nothing is left behind.
//!
//! In: a folder. Out: the end of this process. This file must never learn what the folder holds.

use crate::process::stop_all;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// How often removing the folder is tried while a program that was killed is still on its way out.
const TRIES: u32 = 20;

/// From now on an interruption stops all programs, removes the folder and ends this process.
///
/// # Errors
/// If signals can't be listened to.
pub(super) fn clean_when_interrupted(folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = folder.to_owned();
    let mut signals = {
        let _inside = runtime.enter();
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal)
    };
    std::thread::spawn(move || {
        let waits = signals.iter_mut().flatten().map(|signal| Box::pin(signal.recv()));
        runtime.block_on(futures_util::future::select_all(waits));
        end(&folder);
    });
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the last word, when standard output may be gone")]
fn end(folder: &Path) {
    stop_all();
    for _ in 0..TRIES {
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    eprintln!("\nStopped. Everything that the demo made is removed.");
    std::process::exit(INTERRUPTED);
}
