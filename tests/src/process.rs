//! Processes that this package starts: each ends with its handle, and all of them on demand.
//!
//! In: a command. Out: its lines, its exit code. This file must never learn what the program is. Nothing here waits for a
//! time to pass: every wait is for an event, and [`PATIENCE`] only turns an event that never comes into a failure.

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// After this time an event that did not come counts as a failure. A loaded machine is slow; it is not this slow.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Programs speak English, whoever runs the tests, unless a test says otherwise.
pub(crate) const LANGUAGE: (&str, &str) = ("LC_ALL", "C");

/// Between two looks at whether a process has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Every process that was started and not seen to end, and whether new ones may start.
static ALIVE: Mutex<Alive> = Mutex::new(Alive { ids: Vec::new(), closed: false });

struct Alive {
    ids: Vec<u32>,
    closed: bool,
}

fn alive() -> MutexGuard<'static, Alive> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process that [`stop_all`] will know.
///
/// # Errors
/// If it can't be started, or if all processes are being stopped.
fn start(command: &mut Command) -> Result<Child> {
    let mut alive = alive();
    ensure!(!alive.closed, "everything is being stopped");
    if !command.get_envs().any(|(name, _)| name == LANGUAGE.0) {
        command.env(LANGUAGE.0, LANGUAGE.1);
    }
    // A group of its own: Ctrl-C reaches this process only, which then ends the others in order.
    let child = command.process_group(0).spawn().with_context(|| format!("starting {command:?}"))?;
    alive.ids.push(child.id());
    Ok(child)
}

/// Asks whether a process has ended, and if so forgets its identifier before another process can have it.
fn ended(child: &mut Child) -> Result<Option<ExitStatus>> {
    let mut alive = alive();
    let status = child.try_wait()?;
    if status.is_some() {
        alive.ids.retain(|id| *id != child.id());
    }
    Ok(status)
}

fn wait(child: &mut Child, patience: Duration) -> Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = ended(child)? {
            return Ok(status);
        }
        ensure!(started.elapsed() < patience, "process {} did not end in {patience:?}", child.id());
        std::thread::sleep(LOOK);
    }
}

/// Kills every process that this one started, and lets none start after.
pub fn stop_all() {
    let mut alive = alive();
    alive.closed = true;
    for id in std::mem::take(&mut alive.ids) {
        // One that has ended by itself is what is wanted.
        let _ = signal(id, Signal::KILL);
    }
}

/// Whether [`stop_all`] was called.
#[must_use]
pub fn are_stopped() -> bool {
    alive().closed
}

fn signal(id: u32, signal: Signal) -> Result<()> {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw).context("a process identifier")?;
    kill_process(id, signal).context("signalling a process")
}

/// The exit code as a shell tells it: 128 and the signal for a process that a signal ended.
fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// Waits until something is so.
///
/// # Errors
/// If it is not so within [`PATIENCE`], or can't be looked at.
pub fn until(what: &str, so: impl Fn() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !so()? {
        ensure!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// What a process did that ran to its end.
#[derive(Debug)]
pub struct Done {
    /// Its exit code; 128 and the signal if a signal ended it.
    pub code: i32,
    /// All that it wrote on standard output.
    pub out: Vec<u8>,
    /// All that it wrote on standard error.
    pub err: Vec<u8>,
}

fn collect(mut source: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is what there is.
        let _ = source.read_to_end(&mut bytes);
        bytes
    })
}

/// Runs a command to its end, with this standard input.
///
/// # Errors
/// If it can't be started, or if it runs longer than [`PATIENCE`]: then it is killed.
pub fn run(command: &mut Command, input: &[u8]) -> Result<Done> {
    run_killed_after(command, input, None)
}

/// As [`run`], but kills the process (signal 9) if it is still there after `moment`.
///
/// # Errors
/// As `run`.
pub fn run_killed_after(command: &mut Command, input: &[u8], moment: Option<Duration>) -> Result<Done> {
    let mut child = start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let out = collect(child.stdout.take().context("standard output")?);
    let err = collect(child.stderr.take().context("standard error")?);
    let mut stdin = child.stdin.take().context("standard input")?;
    let input = input.to_vec();
    // A program that does not read its input closes it: nothing to do about that.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let status = match wait(&mut child, moment.unwrap_or(PATIENCE)) {
        Ok(status) => status,
        Err(late) => {
            signal(child.id(), Signal::KILL)?;
            let status = wait(&mut child, PATIENCE)?;
            if moment.is_none() {
                return Err(late.context(format!("{command:?}")));
            }
            status
        }
    };
    let joined = |bytes: JoinHandle<Vec<u8>>| bytes.join().unwrap_or_default();
    let _ = writer.join();
    Ok(Done { code: code(status), out: joined(out), err: joined(err) })
}

/// A process that goes on, with its lines as they come. Dropping it kills it.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a process. Every byte that it writes is added to `out` and `err`.
    ///
    /// # Errors
    /// If it can't be started, or the files can't be written.
    pub fn start(command: &mut Command, out: &Path, err: &Path) -> Result<Self> {
        let open = |path: &Path| -> Result<File> {
            OpenOptions::new().create(true).append(true).open(path).with_context(|| path.display().to_string())
        };
        let mut log = open(out)?;
        let mut child = start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(open(err)?))?;
        let stdout = child.stdout.take().context("standard output")?;
        let (sender, lines) = channel();
        let reader = std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                // The log is for the search for what must not be there; a full disk fails the test elsewhere.
                let _ = log.write_all(&line);
                // Nobody listens any more: the log still wants the rest.
                let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
        Ok(Self { child, lines, reader: Some(reader) })
    }

    /// The process identifier.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output; none when the process has closed it.
    ///
    /// # Errors
    /// If none comes within [`PATIENCE`].
    pub fn line(&self) -> Result<Option<String>> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => bail!("process {} wrote nothing for {PATIENCE:?}", self.id()),
        }
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn terminate(self) -> Result<i32> {
        self.end_by(Signal::TERM)
    }

    /// Sends SIGINT, as Ctrl-C does, and waits for the end.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn interrupt(self) -> Result<i32> {
        self.end_by(Signal::INT)
    }

    /// Sends SIGKILL and waits for the end.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn kill(self) -> Result<i32> {
        self.end_by(Signal::KILL)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`].
    pub fn wait(mut self) -> Result<i32> {
        let status = wait(&mut self.child, PATIENCE)?;
        self.finish_log();
        Ok(code(status))
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// If the system can't tell.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(ended(&mut self.child)?.is_some())
    }

    fn end_by(mut self, how: Signal) -> Result<i32> {
        // One that has ended by itself has its own code to tell.
        if !self.has_ended()? {
            signal(self.id(), how)?;
        }
        self.wait()
    }

    fn finish_log(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = ended(&mut self.child) {
            let _ = signal(self.child.id(), Signal::KILL);
            let _ = wait(&mut self.child, PATIENCE);
        }
        self.finish_log();
    }
}
