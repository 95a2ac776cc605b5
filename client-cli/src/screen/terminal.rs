//! The terminal: its modes, and what stands on it.
//!
//! In: a whole picture and the cursor's place. Out: the bytes that make it so, and at the end the terminal as it was,
//! however the program ends. This file must never ask the terminal anything: an answer that is eaten would end the
//! program. It must never draw once the terminal was given back.

use super::cells::difference;
use crate::command::Stop;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Position;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A second screen, emptied; text that is pasted comes between marks.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[0m\x1b[H\x1b[2J\x1b[?2004h";

/// Emptied too, for terminals without a second screen; then the first one, with its cursor.
const LEAVE: &[u8] = b"\x1b[?2004l\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l";

/// Where a terminal does not say how large it is.
const ORDINARY: (u16, u16) = (80, 24);

/// Larger than any screen: a terminal that says otherwise is not believed.
const LARGEST: (u16, u16) = (500, 300);

/// The modes before, as long as the screen is ours. Whoever writes to the screen holds it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// The screen, which is ours until this is dropped.
pub(super) struct Terminal {
    shown: Option<Buffer>,
}

impl Terminal {
    /// Takes the screen.
    pub(super) fn enter() -> Result<Self, Stop> {
        let before = tcgetattr(io::stdin()).map_err(io::Error::from)?;
        *held(&BEFORE) = Some(before);
        let terminal = Self { shown: None };
        terminal.set_modes();
        write(ENTER)?;
        Ok(terminal)
    }

    /// Every key comes at once and by itself.
    fn set_modes(&self) {
        if let Some(before) = held(&BEFORE).as_ref() {
            let mut modes = before.clone();
            modes.make_raw();
            // A terminal that is gone is noticed where it is written to.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
    }

    /// Somebody else had the terminal: modes and picture are made anew.
    pub(super) fn take_again(&mut self) -> io::Result<()> {
        self.set_modes();
        self.shown = None;
        write(ENTER)
    }

    /// It has another size, or had one for a moment: what stands on it now nobody knows.
    pub(super) fn changed(&mut self) {
        self.shown = None;
    }

    /// Nothing of what was drawn stands anywhere any more, nor what has rolled off the first screen.
    pub(super) fn hide(&mut self) -> io::Result<()> {
        self.shown = None;
        write(LEAVE)?;
        write(crate::plain::curtain::CLEAR)?;
        write(ENTER)
    }

    /// Columns and rows, as far as they are believed.
    pub(super) fn size() -> (u16, u16) {
        let size = tcgetwinsize(io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
        let (columns, rows) = if size.0 == 0 || size.1 == 0 { ORDINARY } else { size };
        (columns.min(LARGEST.0), rows.min(LARGEST.1))
    }

    /// Makes the screen look like this.
    pub(super) fn draw(&mut self, picture: Buffer, cursor: Position) -> io::Result<()> {
        let bytes = difference(self.shown.as_ref(), &picture, cursor);
        self.shown = Some(picture);
        write(&bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to the screen, if it is still ours: whoever ends the program may have given it back already.
fn write(bytes: &[u8]) -> io::Result<()> {
    write_to(&BEFORE, &mut io::stdout().lock(), bytes)
}

fn write_to<T>(before: &Mutex<Option<T>>, out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let ours = held(before);
    if ours.is_none() {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    out.write_all(bytes)?;
    out.flush()
}

/// The terminal as it was, once; called by whatever ends the program.
pub(crate) fn restore() {
    give_back(&BEFORE, &mut io::stdout().lock(), |before| {
        // What nobody has read yet is not for the shell.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    });
}

fn give_back<T>(before: &Mutex<Option<T>>, out: &mut impl Write, set_modes: impl FnOnce(&T)) {
    let mut held = held(before);
    if let Some(before) = held.take() {
        // Nothing can be done about a terminal that is gone.
        let _ = out.write_all(LEAVE).and_then(|()| out.flush());
        set_modes(&before);
    }
}

#[cfg(test)]
mod tests;
