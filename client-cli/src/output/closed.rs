//! Whether anybody still reads our standard output.
//!
//! In: the descriptor. Out: a bell that rings when its other end is closed. This file must never read or write.

use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::sync::Arc;
use tokio::sync::Notify;

/// Waits on a thread of its own. Files never close; pipes and terminals do.
pub(crate) fn watch() -> io::Result<Arc<Notify>> {
    let bell = Arc::new(Notify::new());
    let ring = Arc::clone(&bell);
    std::thread::Builder::new().name("reader gone".to_owned()).spawn(move || {
        let out = io::stdout();
        loop {
            // No event is asked for: only an error or a hang-up ends the wait.
            let mut watched = [PollFd::new(&out, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
        ring.notify_one();
    })?;
    Ok(bell)
}
