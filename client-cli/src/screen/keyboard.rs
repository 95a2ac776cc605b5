//! The keyboard: one thread that owns standard input.
//!
//! In: bytes. Out: keys, in order, and the end. This file must never keep what was typed, nor wait for a terminal that is
//! gone.

use super::keys::{Decoder, Key};
use crate::command::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use tokio::sync::mpsc;
use zeroize::Zeroize;

/// Keys that may wait. Larger: nothing breaks. Smaller: a paste without marks waits for the screen.
const KEYS: usize = 1024;

/// How long a sequence may be on its way. Longer: Escape seems not to work. Shorter: over a slow line, an arrow is taken
/// for Escape and letters.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The asking side.
pub(super) struct Keyboard {
    bell: UnixStream,
    keys: mpsc::Receiver<Key>,
    thread: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Starts the thread, which reads from now on.
    pub(super) fn start() -> Result<Self, Stop> {
        let (bell, end) = UnixStream::pair()?;
        let (give, keys) = mpsc::channel(KEYS);
        let thread = std::thread::Builder::new().name("keyboard".to_owned());
        let thread = Some(thread.spawn(move || read(&end, &give))?);
        Ok(Self { bell, keys, thread })
    }

    /// The next key; nothing once there can't be another one. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Option<Key> {
        self.keys.recv().await
    }

    /// A key that is there already.
    pub(super) fn ready(&mut self) -> Option<Key> {
        self.keys.try_recv().ok()
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.keys.close();
        // A thread that has ended needs no bell.
        let _ = self.bell.shutdown(Shutdown::Both);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn read(end: &UnixStream, give: &mpsc::Sender<Key>) {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 4096];
    loop {
        let stdin = io::stdin();
        let mut watched = [PollFd::new(end, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
        let keys = match poll(&mut watched, decoder.waits().then_some(&MOMENT)) {
            Ok(0) => decoder.pause(),
            Ok(_) if !watched[0].revents().is_empty() => return,
            Ok(_) => match rustix::io::read(&stdin, &mut bytes) {
                // A terminal that has hung up gives an end, or an error, for ever.
                Ok(0) | Err(Errno::IO) => return,
                Ok(length) => decoder.push(bytes.get(..length).unwrap_or_default()),
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(_) => return,
            },
            Err(Errno::INTR) => continue,
            Err(_) => return,
        };
        bytes.zeroize();
        for key in keys {
            if give.blocking_send(key).is_err() {
                return;
            }
        }
    }
}
