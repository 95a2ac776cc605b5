//! A person at a terminal: a program in a pseudo-terminal, its keys and all that it wrote.
//!
//! In: a program and what is typed. Out: every byte on the screen. This file must never learn what the program is for.

use crate::process::{LANGUAGE, PATIENCE};
use anyhow::{Context, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Width and height of an ordinary terminal.
const SIZE: PtySize = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };

#[derive(Default)]
struct Screen {
    bytes: Vec<u8>,
    closed: bool,
    /// Nobody looks at it any more.
    left: bool,
    /// What a person sees: the bytes, as a terminal understands them.
    picture: vt100::Parser,
}

#[derive(Default)]
struct Shared {
    screen: Mutex<Screen>,
    changed: Condvar,
}

impl Shared {
    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program in a pseudo-terminal. Dropping it kills the program.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    read_to: usize,
}

impl Terminal {
    /// Starts a program in a terminal of 80 columns with these arguments and these additions to the environment.
    ///
    /// # Errors
    /// If there is no terminal to be had, or the program can't be started.
    pub fn start(program: &Path, arguments: &[String], environment: &[(&str, &str)]) -> Result<Self> {
        let pair = native_pty_system().openpty(SIZE).context("a pseudo-terminal")?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env(LANGUAGE.0, LANGUAGE.1);
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(std::env::temp_dir());
        let child = pair.slave.spawn_command(command).context("starting a program in a terminal")?;
        drop(pair.slave);
        let mut source = pair.master.try_clone_reader()?;
        let writer = pair.master.take_writer()?;
        let shared = Arc::new(Shared::default());
        let filling = Arc::clone(&shared);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose program is gone gives an error instead of an end.
            while let Ok(length) = source.read(&mut buffer) {
                let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
                let mut screen = filling.screen();
                screen.bytes.extend_from_slice(bytes);
                screen.picture.process(bytes);
                if screen.left {
                    break;
                }
                drop(screen);
                filling.changed.notify_all();
            }
            filling.screen().closed = true;
            filling.changed.notify_all();
        });
        let master = Some(pair.master);
        Ok(Self { child, writer: Some(writer), master, shared, reader: Some(reader), read_to: 0 })
    }

    /// Types a line and Enter.
    ///
    /// # Errors
    /// If the program is gone.
    pub fn type_line(&mut self, line: &str) -> Result<()> {
        self.press(format!("{line}\r").as_bytes())
    }

    /// Presses keys.
    ///
    /// # Errors
    /// If the program is gone.
    pub fn press(&mut self, keys: &[u8]) -> Result<()> {
        let writer = self.writer.as_mut().context("the terminal is closed")?;
        writer.write_all(keys)?;
        Ok(writer.flush()?)
    }

    /// Waits until `text` stands on the screen after what was waited for before.
    ///
    /// # Errors
    /// If it does not come within [`PATIENCE`], or the program ends without it. All that was written is in the message.
    pub fn wait_for(&mut self, text: &str) -> Result<()> {
        self.wait_for_any(&[text]).map(drop)
    }

    /// Waits until one of the texts stands on the screen after what was waited for before. Its place in the list.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub fn wait_for_any(&mut self, texts: &[&str]) -> Result<usize> {
        let started = Instant::now();
        let mut screen = self.shared.screen();
        loop {
            let fresh = screen.bytes.get(self.read_to..).unwrap_or_default();
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(number, text)| Some((find(fresh, text.as_bytes())? + text.len(), number)));
            if let Some((end, number)) = found.min() {
                self.read_to += end;
                return Ok(number);
            }
            if screen.closed || started.elapsed() > PATIENCE {
                let all = String::from_utf8_lossy(&screen.bytes).into_owned();
                let why = if screen.closed { "the program ended" } else { "it did not come" };
                bail!("waiting for {texts:?}: {why}. On the screen:\n{all}");
            }
            let waited = self.shared.changed.wait_timeout(screen, Duration::from_millis(500));
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What stands on the screen now, row by row.
    #[must_use]
    pub fn screen(&self) -> String {
        self.shared.screen().picture.screen().contents()
    }

    /// Column and row of the cursor.
    #[must_use]
    pub fn cursor(&self) -> (u16, u16) {
        let (row, column) = self.shared.screen().picture.screen().cursor_position();
        (column, row)
    }

    /// Waits until the screen as a whole is as it should be.
    ///
    /// # Errors
    /// If it is not within [`PATIENCE`], or the program ends first. The screen is in the message.
    pub fn shows(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Result<()> {
        let started = Instant::now();
        let mut screen = self.shared.screen();
        loop {
            let text = screen.picture.screen().contents();
            if is_so(&text) {
                return Ok(());
            }
            if screen.closed || started.elapsed() > PATIENCE {
                let why = if screen.closed { "the program ended" } else { "it did not come" };
                bail!("waiting for {what:?}: {why}. On the screen:\n{text}");
            }
            let waited = self.shared.changed.wait_timeout(screen, Duration::from_millis(500));
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the screen, or the place of the cursor, is another one within this time.
    pub fn changes(&self, before: &str, cursor: (u16, u16), within: Duration) -> bool {
        let started = Instant::now();
        let mut screen = self.shared.screen();
        loop {
            let now = screen.picture.screen();
            let (row, column) = now.cursor_position();
            if (column, row) != cursor || now.contents() != before {
                return true;
            }
            let left = within.saturating_sub(started.elapsed());
            if screen.closed || left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(screen, left);
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until this text stands on the screen.
    ///
    /// # Errors
    /// As [`shows`](Self::shows).
    pub fn sees(&self, text: &str) -> Result<()> {
        self.shows(text, |screen| screen.contains(text))
    }

    /// Gives the terminal another size; the program is told by a signal.
    ///
    /// # Errors
    /// If the terminal is closed.
    pub fn resize(&self, columns: u16, rows: u16) -> Result<()> {
        let size = |number| NonZeroU16::new(number).context("a size");
        self.shared.screen().picture.set_size(size(rows)?, size(columns)?);
        let master = self.master.as_ref().context("the terminal is closed")?;
        master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
    }

    /// Takes the terminal away from the program, as a window that is closed does; its exit code.
    ///
    /// # Errors
    /// If it does not end.
    pub fn hang_up(&mut self) -> Result<u32> {
        self.shared.screen().left = true;
        // The program draws once more, or the terminal shows the key, which wakes the reader: it has to let go too.
        self.resize(70, 20)?;
        self.press(b" ")?;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.writer = None;
        self.master = None;
        self.wait()
    }

    /// Every byte that the program wrote, and the terminal's echo of what was typed.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        self.shared.screen().bytes.clone()
    }

    /// The identifier of the process.
    ///
    /// # Errors
    /// If it has none any more.
    pub fn id(&self) -> Result<u32> {
        self.child.process_id().context("a process identifier")
    }

    /// The identifier of the one process that the program has started, such as a shell's command.
    ///
    /// # Errors
    /// If there is none.
    pub fn child_id(&self) -> Result<u32> {
        let id = self.id()?;
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        Ok(children.split_whitespace().next().context("a process of its own")?.parse()?)
    }

    /// Waits for the program's end; its exit code.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn wait(&mut self) -> Result<u32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.close();
                return Ok(status.exit_code());
            }
            if started.elapsed() > PATIENCE {
                bail!("the program did not end. On the screen:\n{}", String::from_utf8_lossy(&self.written()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills the program (SIGKILL).
    ///
    /// # Errors
    /// If it does not end.
    pub fn kill(&mut self) -> Result<()> {
        let id = i32::try_from(self.id()?).ok().and_then(rustix::process::Pid::from_raw).context("an identifier")?;
        rustix::process::kill_process(id, rustix::process::Signal::KILL)?;
        self.wait().map(drop)
    }

    fn close(&mut self) {
        self.writer = None;
        if let Some(reader) = self.reader.take() {
            // The reader's end comes when the last holder of the other side is gone, and the program is.
            let _ = reader.join();
        }
        self.master = None;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.kill();
        }
    }
}

/// Where `needle` begins in `hay`.
#[must_use]
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len().max(1)).position(|window| window == needle)
}
