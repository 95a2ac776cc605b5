//! A fault of the program itself: a panic, on whichever thread.
//!
//! In: a panic. Out: the terminal as it was, and the place of the fault in a sentence for a person. This file must never print
//! what a panic says: that may be what somebody wrote.

use crate::command::Stop;
use crate::language::{screen as texts, shared as visit};
use crate::shared::{self, Place};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Where the program's own fault was, if it had one.
static FAULT: Mutex<Option<String>> = Mutex::new(None);

/// How many wait for the end of something, and tell of a fault then.
static WAITING: AtomicUsize = AtomicUsize::new(0);

fn fault() -> MutexGuard<'static, Option<String>> {
    FAULT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on a panic gives the terminal back, and is told by its place alone.
pub(crate) fn is_told_by_its_place() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|what| {
            let place = what.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
            // First: whoever finds the screen gone asks why.
            fault().get_or_insert_with(|| place.clone());
            crate::screen::restore();
            if WAITING.load(Ordering::SeqCst) == 0 {
                // Nobody tells it later. Where this can't be written, it can't be told.
                let _ = writeln!(io::stderr(), "{}", texts::own_fault(place));
            }
        }));
    });
}

/// Does it. A fault of the program itself, on whichever thread, ends it in order: the terminal is given back, and its place
/// is told.
pub(crate) fn unless_it_panics<T>(work: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    WAITING.fetch_add(1, Ordering::SeqCst);
    // All that counts is in the vault, whose transactions are whole or not there.
    let ended = catch_unwind(AssertUnwindSafe(work));
    WAITING.fetch_sub(1, Ordering::SeqCst);
    let place = fault().take();
    match (place, ended) {
        (Some(place), _) => Err(told(place)),
        (None, Ok(ended)) => ended,
        (None, Err(panic)) => resume_unwind(panic),
    }
}

fn told(place: String) -> Stop {
    let (message, next) = match shared::place() {
        Some(Place::Memory { .. }) => (visit::own_fault(place), "cairn --shared-computer"),
        Some(Place::Carried(_)) | None => (texts::own_fault(place), "cairn"),
    };
    Stop::Said { code: 1, message, next: next.to_owned() }
}

#[cfg(test)]
pub(crate) mod tests;
