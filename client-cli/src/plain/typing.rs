//! Reads lines from the keyboard, and tells whether one is half typed.
//!
//! In: standard input. Out: whole lines, one when asked. This file must never learn what the lines are for.
//!
//! Incoming lines must not be printed into what a person is typing, though the terminal edits the line by itself and
//! hands it over only with Enter. So before something is printed, the terminal's line editing is switched off for a
//! moment: then the kernel tells how much was typed (FIONREAD). Nothing: it is switched on again, and printing goes
//! ahead. Something: those bytes are the line's beginning. Handed back, they could not be erased any more, so the rest
//! of this one line is edited here, as the terminal would do it, and with Enter the terminal takes over again.
//!
//! One thread owns standard input, so that looking and reading never get in each other's way.

use super::editing::{Keys, Line, Typed};
use crate::command::Stop;
use cairn_protocol::limits::TEXT;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// Lines that may wait. One is asked for at a time, so more never happens.
const LINES: usize = 4;

/// What comes from the keyboard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A whole line.
    Line(Vec<u8>),
    /// A line as long as the terminal takes: its end may be missing.
    CutOff,
    /// A line that was half typed is empty again.
    Cleared,
    /// No more lines.
    End,
}

/// The asking side.
#[derive(Debug)]
pub(super) struct Typing {
    bell: UnixStream,
    inputs: mpsc::Receiver<Input>,
    looks: mpsc::Receiver<bool>,
    taken: mpsc::Receiver<Vec<u8>>,
    keys: Arc<AtomicU64>,
    asked: bool,
    thread: Option<JoinHandle<()>>,
}

/// Bytes that the terminal's own editing keeps of a line; it drops the rest (n_tty).
const TERMINAL_LINE: usize = 4095;

const READ: u8 = b'r';
const LOOK: u8 = b'l';
const TAKE: u8 = b't';
const PUT: u8 = b'p';

impl Typing {
    /// Starts the thread. It reads nothing before it is asked.
    pub(super) fn start() -> Result<Self, Stop> {
        let (bell, orders) = UnixStream::pair()?;
        let (give, inputs) = mpsc::channel(LINES);
        let (tell, looks) = mpsc::channel(1);
        let (take, taken) = mpsc::channel(1);
        let keys = Arc::new(AtomicU64::new(0));
        let original = tcgetattr(io::stdin()).ok();
        let keyboard = Keyboard {
            orders,
            keys: Arc::clone(&keys),
            take,
            before: original.clone().and_then(keeping_lines),
            original,
            line: Line::default(),
            reading: false,
            editing: false,
            rest: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("keyboard".to_owned());
        let thread = Some(thread.spawn(move || keyboard.run(&give, &tell))?);
        Ok(Self { bell, inputs, looks, taken, keys, asked: false, thread })
    }

    /// The next input. May be dropped and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> Input {
        if !self.asked {
            self.asked = self.bell.write_all(&[READ]).is_ok();
        }
        let input = self.inputs.recv().await.unwrap_or(Input::End);
        self.asked &= input == Input::Cleared;
        input
    }

    /// How many bytes came from the keyboard so far, as far as they were looked at.
    pub(super) fn keys(&self) -> u64 {
        self.keys.load(Ordering::Relaxed)
    }

    /// Takes what was typed without Enter out of the line, and reads no more before it is asked again.
    pub(super) async fn take_half_typed(&mut self) -> Vec<u8> {
        let taken = match self.bell.write_all(&[TAKE]) {
            Ok(()) => self.taken.recv().await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        self.asked = false;
        match self.inputs.try_recv() {
            // It was whole a moment before it was asked for.
            Ok(Input::Line(line)) if taken.is_empty() => line,
            _ => taken,
        }
    }

    /// Puts words into the line as if they had been typed. Without a terminal nothing can be put there.
    pub(super) fn put(&mut self, words: &[u8]) {
        let words = words.get(..TEXT).unwrap_or(words);
        let length = u32::try_from(words.len()).unwrap_or_default().to_be_bytes();
        // A thread that is gone has told so already: there are no more lines.
        let _ = self.bell.write_all(&[PUT]).and_then(|()| self.bell.write_all(&length));
        let _ = self.bell.write_all(words);
    }

    /// Whether a line is half typed, or about to be handed over.
    pub(super) async fn is_half_typed(&mut self) -> bool {
        self.bell.write_all(&[LOOK]).is_ok() && self.looks.recv().await.unwrap_or(false)
    }
}

impl Drop for Typing {
    /// The terminal is as it was before this returns.
    fn drop(&mut self) {
        self.inputs.close();
        self.looks.close();
        let _ = self.bell.shutdown(Shutdown::Both);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The thread's side.
struct Keyboard {
    orders: UnixStream,
    keys: Arc<AtomicU64>,
    take: mpsc::Sender<Vec<u8>>,
    /// The terminal as it was; none where standard input is no terminal.
    original: Option<Termios>,
    /// The same, keeping a half-typed line when Ctrl-Z is pressed.
    before: Option<Termios>,
    line: Line,
    reading: bool,
    /// Whether the line is edited here.
    editing: bool,
    /// Bytes behind a whole line.
    rest: Vec<u8>,
}

impl Keyboard {
    fn run(mut self, give: &mpsc::Sender<Input>, tell: &mpsc::Sender<bool>) {
        while self.step(give, tell).is_some() {}
        if self.editing && !self.line.is_empty() {
            echo(b"\n");
        }
        if let Some(original) = &self.original {
            // Words that nobody has read yet are not for the shell.
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, original);
        }
    }

    /// Waits for an order or a key. None: the other side is gone, or input has ended.
    fn step(&mut self, give: &mpsc::Sender<Input>, tell: &mpsc::Sender<bool>) -> Option<()> {
        if self.reading && !self.rest.is_empty() {
            return self.take_in(give);
        }
        let (ordered, typed) = self.wait(self.reading || self.editing)?;
        if ordered {
            let mut order = [0];
            self.orders.read_exact(&mut order).ok()?;
            match order {
                [READ] => self.reading = true,
                [TAKE] => {
                    let taken = self.take_half_typed();
                    self.take.blocking_send(taken).ok()?;
                }
                [PUT] => self.put()?,
                _ => tell.blocking_send(self.is_half_typed()).ok()?,
            }
        } else if typed {
            let mut bytes = [0; 4096];
            match rustix::io::read(io::stdin(), &mut bytes) {
                Ok(0) | Err(Errno::IO) => {
                    let _ = give.blocking_send(Input::End);
                    return None;
                }
                Ok(length) => {
                    self.count(length);
                    self.rest.extend_from_slice(bytes.get(..length).unwrap_or_default());
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return None,
            }
            return self.take_in(give);
        }
        Some(())
    }

    fn wait(&self, keys: bool) -> Option<(bool, bool)> {
        let stdin = io::stdin();
        let mut watched = vec![PollFd::new(&self.orders, PollFlags::IN)];
        if keys {
            watched.push(PollFd::new(&stdin, PollFlags::IN));
        }
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        let ready = |number: usize| watched.get(number).is_some_and(|fd| !fd.revents().is_empty());
        Some((ready(0), ready(1)))
    }

    /// Takes bytes into the line, up to its end.
    fn take_in(&mut self, give: &mpsc::Sender<Input>) -> Option<()> {
        if !self.editing {
            let end = self.rest.iter().position(|byte| *byte == b'\n');
            let bytes: Vec<u8> = self.rest.drain(..end.map_or(self.rest.len(), |end| end + 1)).collect();
            self.line.push(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            return if end.is_some() { self.hand_over(give, TERMINAL_LINE) } else { Some(()) };
        }
        let keys = self.keys();
        let had_words = !self.line.is_empty();
        for byte in std::mem::take(&mut self.rest) {
            if !self.editing {
                self.rest.push(byte);
                continue;
            }
            match self.line.key(byte, &keys) {
                Typed::Nothing => {}
                Typed::Echo(bytes) => echo(&bytes),
                Typed::Erased(columns) => echo(&b"\x08 \x08".repeat(columns)),
                Typed::Enter => {
                    echo(b"\n");
                    self.give_back();
                    self.hand_over(give, usize::MAX)?;
                }
                Typed::End => {
                    let _ = give.blocking_send(Input::End);
                    return None;
                }
            }
        }
        if self.editing && had_words && self.line.is_empty() {
            self.give_back();
            give.blocking_send(Input::Cleared).ok()?;
        }
        Some(())
    }

    fn hand_over(&mut self, give: &mpsc::Sender<Input>, longest: usize) -> Option<()> {
        self.reading = false;
        let line = self.line.take();
        let cut_off = self.before.is_some() && line.len() >= longest;
        give.blocking_send(if cut_off { Input::CutOff } else { Input::Line(line) }).ok()
    }

    /// Looks whether something is typed; takes over the editing if so.
    fn is_half_typed(&mut self) -> bool {
        if !self.line.is_empty() || !self.rest.is_empty() || self.is_line_ready() {
            return true;
        }
        let Some(before) = self.before.clone() else { return false };
        let stdin = io::stdin();
        let mut modes = before;
        modes.local_modes.remove(LocalModes::ICANON);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        if tcsetattr(&stdin, OptionalActions::Now, &modes).is_err() {
            return false;
        }
        self.editing = true;
        if rustix::io::ioctl_fionread(&stdin).unwrap_or(0) == 0 {
            self.give_back();
            return false;
        }
        modes.local_modes.remove(LocalModes::ECHO);
        // Where this fails, letters stand twice on the screen and once in the line.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &modes);
        let mut bytes = [0; 4096];
        let length = rustix::io::read(&stdin, &mut bytes).unwrap_or(0);
        self.count(length);
        self.begin(bytes.get(..length).unwrap_or_default());
        true
    }

    /// The beginning of a line, which the terminal has echoed already. An erase key that fell into the moment without
    /// the terminal's editing is obeyed; Enter in that moment stays for later.
    fn begin(&mut self, bytes: &[u8]) {
        let keys = self.keys();
        let mut bytes = bytes.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\n' | b'\r' => {
                    self.rest.push(byte);
                    self.rest.extend(bytes);
                    return;
                }
                _ => {
                    if let Typed::Erased(columns) = self.line.key(byte, &keys) {
                        echo(&b"\x08 \x08".repeat(columns + 2));
                    }
                }
            }
        }
    }

    fn count(&self, bytes: usize) {
        self.keys.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Takes the half-typed line. Whole lines that nobody has read yet stay for later, out of the way of a question.
    fn take_half_typed(&mut self) -> Vec<u8> {
        self.reading = false;
        while self.before.is_some() && !self.editing && self.is_line_ready() {
            let mut bytes = [0; 4096];
            match rustix::io::read(io::stdin(), &mut bytes) {
                Ok(length) if length > 0 => self.rest.extend_from_slice(bytes.get(..length).unwrap_or_default()),
                _ => break,
            }
        }
        self.is_half_typed();
        self.give_back();
        self.line.take()
    }

    /// Puts words into the line, which is edited here from now on.
    fn put(&mut self) -> Option<()> {
        let mut length = [0; 4];
        self.orders.read_exact(&mut length).ok()?;
        let mut words = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
        self.orders.read_exact(&mut words).ok()?;
        // What was typed meanwhile comes behind it.
        self.is_half_typed();
        let typed = self.line.take();
        let Some(before) = self.before.clone() else { return Some(()) };
        let mut modes = before;
        modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        if tcsetattr(io::stdin(), OptionalActions::Now, &modes).is_ok() {
            self.editing = true;
            self.line.push(&words);
            self.line.push(&typed);
            echo(&self.line.shown());
        }
        Some(())
    }

    fn is_line_ready(&self) -> bool {
        let stdin = io::stdin();
        let mut watched = [PollFd::new(&stdin, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut watched, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    fn keys(&self) -> Keys {
        let Some(before) = &self.before else { return Keys::default() };
        Keys {
            erase: before.special_codes[SpecialCodeIndex::VERASE],
            kill: before.special_codes[SpecialCodeIndex::VKILL],
            word: before.special_codes[SpecialCodeIndex::VWERASE],
            end: before.special_codes[SpecialCodeIndex::VEOF],
        }
    }

    /// The terminal edits lines again.
    fn give_back(&mut self) {
        if let (true, Some(before)) = (self.editing, &self.before) {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
        self.editing = false;
    }
}

/// The same modes, but Ctrl-C and Ctrl-Z leave what was typed where it is.
fn keeping_lines(mut modes: Termios) -> Option<Termios> {
    modes.local_modes.insert(LocalModes::NOFLSH);
    // Where it can't be set, Ctrl-Z takes the half-typed line with it, as in any program.
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    Some(modes)
}

fn echo(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // A terminal that is gone is noticed where lines are read.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}
