//! Questions whose answers are not shown.
//!
//! In: a question. Out: what was typed, in a text that wipes itself. This file must never let the terminal show a key of
//! the answer: it is told to be quiet before the question stands on the screen, because people type ahead, and stays
//! quiet between two questions that belong together.

use super::Stop;
use crate::engine::Fault;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io;
use zeroize::Zeroizing;

/// The terminal that asks and answers, whatever standard input is.
const TERMINAL: &str = "/dev/tty";

/// A quiet terminal; loud again when this is dropped.
pub(crate) struct Hidden(Option<(File, Termios)>);

impl Hidden {
    /// Makes the terminal quiet. Without one the questions fail later, with their own words.
    pub(crate) fn begin() -> Self {
        let quiet = || {
            let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL).ok()?;
            let before = tcgetattr(&terminal).ok()?;
            let mut modes = before.clone();
            // And to forget what was half typed when Ctrl-C comes: it is not for the shell.
            modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::NOFLSH);
            tcsetattr(&terminal, OptionalActions::Now, &modes).ok()?;
            Some((terminal, before))
        };
        Self(quiet())
    }

    /// Asks one question.
    pub(crate) fn ask(&self, question: &str) -> Result<Zeroizing<String>, Stop> {
        match rpassword::prompt_password(question) {
            Ok(typed) => Ok(Zeroizing::new(typed)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Fault::Interrupted.into()),
            Err(_) => Err(Fault::Locked.into()),
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some((terminal, before)) = &self.0 {
            // Nothing can be done about a terminal that is gone.
            let _ = tcsetattr(terminal, OptionalActions::Now, before);
        }
    }
}
