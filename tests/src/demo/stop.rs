//! Ctrl-C at any moment: the programs end, the folder goes, nothing is left behind.
//!
//! In: a folder. Out: the end of this process. This file must never learn what the folder holds.

use crate::process::{are_stopped, stop_all};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// How long the demo's own thread may take to come to rest, and the folder to go. It takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Whether the demo's own thread is at rest, so that it makes no file while the folder is removed.
static AT_REST: AtomicBool = AtomicBool::new(false);

/// The folder to remove, once it is made.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// From now on an interruption stops all programs, removes what [`remove_when_interrupted`] named and ends this process.
///
/// # Errors
/// If signals can't be listened to.
pub(super) fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _inside = runtime.enter();
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal)
    };
    std::thread::spawn(move || {
        let waits = signals.iter_mut().flatten().map(|signal| Box::pin(signal.recv()));
        runtime.block_on(futures_util::future::select_all(waits));
        end();
    });
    Ok(())
}

/// Names the folder that an interruption removes.
pub(super) fn remove_when_interrupted(folder: &Path) {
    // Set once: there is one demo in a process.
    let _ = FOLDER.set(folder.to_owned());
}

/// Does something that makes no file and may take for ever: waiting for the reader.
pub(super) fn at_rest<T>(wait: impl FnOnce() -> T) -> T {
    AT_REST.store(true, Ordering::SeqCst);
    let result = wait();
    AT_REST.store(false, Ordering::SeqCst);
    result
}

/// A step failed: if that was because its program was stopped, leaves the rest to the thread that cleans up.
pub(super) fn rest_if_interrupted() {
    if are_stopped() {
        AT_REST.store(true, Ordering::SeqCst);
        loop {
            std::thread::park();
        }
    }
}

#[expect(clippy::print_stderr, reason = "the last word, when standard output may be gone")]
fn end() {
    // No program starts after this, so that the demo's next step fails and it comes to rest.
    stop_all();
    let started = Instant::now();
    while !AT_REST.load(Ordering::SeqCst) && started.elapsed() < PATIENCE {
        std::thread::sleep(LOOK);
    }
    // A program that was killed may still be on its way out.
    if let Some(folder) = FOLDER.get() {
        while std::fs::remove_dir_all(folder).is_err() && folder.exists() && started.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
        }
    }
    eprintln!("\nStopped. Everything that the demo made is removed.");
    std::process::exit(INTERRUPTED);
}
