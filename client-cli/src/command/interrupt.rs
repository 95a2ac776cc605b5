//! Ctrl-C: 130, with nothing half printed and the terminal as it was.
//!
//! In: SIGINT, or SIGTERM, which is the same here; where nothing may stay behind, a hang-up and SIGQUIT too. Out: a future
//! that waiting code can listen to; and, where nothing listens, the end of the process. This file must never learn what was
//! going on.

use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long the run may take to end by itself. Longer: Ctrl-C seems not to work while a person is asked something.
/// Shorter: a command that is about to end cleanly is cut off.
const GRACE: Duration = Duration::from_millis(300);

/// Held while something is written that is not to be lost.
static CLOSING: Mutex<()> = Mutex::new(());

/// As long as this is held, Ctrl-C ends nothing: what was typed is being written, which takes a moment on a slow disk.
pub(crate) fn closing() -> MutexGuard<'static, ()> {
    CLOSING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    told: watch::Receiver<bool>,
    tell: Arc<watch::Sender<bool>>,
    /// The terminal as it was.
    before: Option<Termios>,
}

impl Interrupt {
    /// Listens from now on, on a thread of its own.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tell, told) = watch::channel(false);
        let this = Self { told, tell: Arc::new(tell), before: tcgetattr(io::stdin()).ok() };
        this.listen_to([SignalKind::interrupt(), SignalKind::terminate()])?;
        Ok(this)
    }

    /// Listens to what else ends a program and can be answered: a terminal that is closed, and Ctrl-\.
    pub(crate) fn listen_to_all(&self) -> io::Result<()> {
        self.listen_to([SignalKind::hangup(), SignalKind::quit()])
    }

    fn listen_to(&self, [one, other]: [SignalKind; 2]) -> io::Result<()> {
        let (tell, before) = (Arc::clone(&self.tell), self.before.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            runtime.block_on(async {
                let (Ok(mut one), Ok(mut other)) = (signal(one), signal(other)) else { return };
                tokio::select! {
                    _ = one.recv() => {}
                    _ = other.recv() => {}
                }
                // An error only means that the run has ended meanwhile.
                let _ = tell.send(true);
                tokio::select! {
                    () = tokio::time::sleep(GRACE) => {}
                    _ = one.recv() => {}
                }
                leave(before.as_ref());
            });
        })?;
        Ok(())
    }

    /// Whether it happened.
    pub(crate) fn happened(&self) -> bool {
        *self.told.borrow()
    }

    /// Returns when it happens.
    pub(crate) async fn wait(&self) {
        let mut told = self.told.clone();
        // Ends early only where the listening thread is gone: then nothing is ever told.
        if told.wait_for(|happened| *happened).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The terminal as it was, and the end. Every line was written whole: there is nothing left to write.
fn leave(before: Option<&Termios>) {
    let _closed = closing();
    crate::shared::take_away();
    crate::screen::restore();
    if let Some(before) = before {
        // Words that nobody has read yet are not for the shell.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
    crate::shared::empty_the_screen();
    std::process::exit(130);
}
