//! The file calls of this process, seen on their way to the system.
//!
//! In: every `open`, `write`, `fsync` and the like of SQLite and of the standard library, because this program's own
//! functions of these names take the place of the C library's. Out: for a watched folder the list of acts, in order, and
//! errors where a test asks for them. This file must never learn what is written.
//!
//! Nothing is ever flushed for real: the list says what was.

#![expect(unsafe_code, reason = "the C library's file calls are replaced to record them; development only")]

use crate::disk::{Act, Disk, Luck, Number};
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::collections::HashMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The flush after so many others, once.
    Flush(usize),
    /// The write after so many others, once.
    Write(usize),
    /// Every write that would make the folder's files longer than this, together.
    Full(usize),
}

/// A folder whose changes are recorded until this is dropped.
pub(crate) struct Watch {
    key: Key,
    folder: tempfile::TempDir,
}

type Key = (u64, u64);

struct Watched {
    key: Key,
    root: PathBuf,
    start: Disk,
    acts: Vec<Act>,
    numbers: HashMap<Key, Number>,
    next: Number,
    fault: Option<Fault>,
}

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn watched() -> MutexGuard<'static, Vec<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(path: &Path) -> Option<Key> {
    fs::symlink_metadata(path).ok().map(|data| (data.dev(), data.ino()))
}

impl Watch {
    /// A folder with what the running machine saw on that disk.
    pub(crate) fn new(start: Disk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, bytes) in start.found(&mut Luck::Kept) {
            fs::write(root.join(name), bytes).unwrap();
        }
        let numbers = start.current_names().into_iter().map(|(name, number)| (key(&root.join(name)).unwrap(), number));
        let (numbers, next) = (numbers.collect(), start.next_number());
        let key = key(&root).unwrap();
        watched().push(Watched { key, root, start, acts: Vec::new(), numbers, next, fault: None });
        COUNT.fetch_add(1, Ordering::SeqCst);
        Self { key, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Acts so far.
    pub(crate) fn moment(&self) -> usize {
        self.with(|watched| watched.acts.len())
    }

    pub(crate) fn acts(&self) -> Vec<Act> {
        self.with(|watched| watched.acts.clone())
    }

    pub(crate) fn start(&self) -> Disk {
        self.with(|watched| watched.start.clone())
    }

    pub(crate) fn fail(&self, fault: Option<Fault>) {
        self.with(|watched| watched.fault = fault);
    }

    fn with<T>(&self, look: impl FnOnce(&mut Watched) -> T) -> T {
        look(watched().iter_mut().find(|watched| watched.key == self.key).unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        watched().retain(|watched| watched.key != self.key);
        COUNT.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Watched {
    /// The name in this folder that a path means.
    fn name(&self, path: &Path) -> Option<String> {
        let inside = path.parent()? == self.root;
        inside.then(|| path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    fn named(&mut self, name: String, key: Key) {
        let next = self.next;
        let number = *self.numbers.entry(key).or_insert(next);
        self.next += usize::from(number == next);
        self.acts.push(Act::Name(name, number));
    }

    /// The error of a write that makes files longer by `growth`.
    fn refuses_write(&mut self, number: Number, growth: usize) -> Option<c_int> {
        let error = match &mut self.fault {
            Some(Fault::Write(0)) => libc::EIO,
            Some(Fault::Write(left)) => {
                *left -= 1;
                return None;
            }
            Some(Fault::Full(bytes)) if growth > 0 => {
                let used: u64 =
                    fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
                if usize::try_from(used).unwrap() + growth <= *bytes {
                    return None;
                }
                libc::ENOSPC
            }
            _ => return None,
        };
        if error == libc::EIO {
            self.fault = None;
        }
        self.acts.push(Act::FailedWrite(number));
        Some(error)
    }

    fn flush(&mut self, act: Act) -> c_int {
        match (&mut self.fault, act) {
            (Some(Fault::Flush(0)), Act::Flush(number)) => {
                self.fault = None;
                self.acts.push(Act::FailedFlush(number));
                return failed(libc::EIO);
            }
            (Some(Fault::Flush(left)), act) => {
                *left -= usize::from(matches!(act, Act::Flush(_)));
                self.acts.push(act);
            }
            (_, act) => self.acts.push(act),
        }
        0
    }
}

fn failed(error: c_int) -> c_int {
    // SAFETY: the C library's place for this thread's error.
    unsafe { *libc::__errno_location() = error };
    -1
}

fn path(path: *const c_char) -> PathBuf {
    // SAFETY: the caller calls the C library with it.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Identity, length and kind of what a descriptor stands for.
fn state(fd: c_int) -> Option<libc::stat> {
    // SAFETY: all zeros is a valid `stat`, and the call fills it.
    let mut state: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: the descriptor is only looked at; a wrong one is an error.
    (unsafe { libc::fstat(fd, &raw mut state) } == 0).then_some(state)
}

/// A watched file behind a descriptor.
fn file<T>(fd: c_int, act: impl FnOnce(&mut Watched, Number, usize) -> T) -> Option<T> {
    if COUNT.load(Ordering::SeqCst) == 0 {
        return None;
    }
    let state = state(fd)?;
    let mut all = watched();
    let (watched, number) = all
        .iter_mut()
        .find_map(|watched| watched.numbers.get(&(state.st_dev, state.st_ino)).copied().map(|n| (watched, n)))?;
    Some(act(watched, number, usize::try_from(state.st_size).unwrap_or(0)))
}

/// A watched folder that holds a path.
fn place<T>(path: &Path, act: impl FnOnce(&mut Watched, String) -> T) -> Option<T> {
    if COUNT.load(Ordering::SeqCst) == 0 {
        return None;
    }
    let mut all = watched();
    let (watched, name) = all.iter_mut().find_map(|watched| watched.name(path).map(|name| (watched, name)))?;
    Some(act(watched, name))
}

fn opened(at: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the system's own call, with the caller's arguments.
    let open = || unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, at, flags, mode) };
    let path = path(at);
    let made = place(&path, |watched, name| {
        let before = key(&path);
        let result = open();
        if result >= 0 {
            match (before, key(&path)) {
                (None, Some(key)) => {
                    watched.numbers.remove(&key);
                    watched.named(name, key);
                }
                (Some(key), _) if flags & libc::O_TRUNC != 0 => {
                    let number = watched.numbers[&key];
                    watched.acts.push(Act::Truncate(number, 0));
                }
                _ => {}
            }
        }
        result
    });
    int(made.unwrap_or_else(open))
}

#[expect(clippy::cast_possible_truncation, reason = "the system's answers to these calls are of this type")]
const fn int(result: libc::c_long) -> c_int {
    result as c_int
}

fn wrote(fd: c_int, from: *const c_void, count: usize, at: Option<i64>) -> isize {
    // SAFETY: the system's own calls, with the caller's arguments.
    let write = || match at {
        None => unsafe { libc::syscall(libc::SYS_write, fd, from, count) },
        Some(at) => unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, count, at) },
    };
    let recorded = file(fd, |watched, number, length| {
        // SAFETY: as above.
        let at = at.unwrap_or_else(|| unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) });
        let at = usize::try_from(at).unwrap_or(0);
        if let Some(error) = watched.refuses_write(number, (at + count).saturating_sub(length)) {
            return i64::from(failed(error));
        }
        let done = write();
        if let Ok(done) = usize::try_from(done) {
            // SAFETY: the system has just read these bytes.
            let bytes = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), done) };
            watched.acts.push(Act::Write(number, at, bytes.to_vec()));
        }
        done
    });
    isize::try_from(recorded.unwrap_or_else(write)).unwrap_or(-1)
}

fn truncated(fd: c_int, length: i64) -> c_int {
    // SAFETY: the system's own call, with the caller's arguments.
    let truncate = || int(unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) });
    let recorded = file(fd, |watched, number, _| {
        let result = truncate();
        if result == 0 {
            watched.acts.push(Act::Truncate(number, usize::try_from(length).unwrap_or(0)));
        }
        result
    });
    recorded.unwrap_or_else(truncate)
}

fn flushed(fd: c_int) -> c_int {
    if COUNT.load(Ordering::SeqCst) == 0 {
        return 0;
    }
    if let Some(result) = file(fd, |watched, number, _| watched.flush(Act::Flush(number))) {
        return result;
    }
    let folder = state(fd).map(|state| (state.st_dev, state.st_ino));
    watched().iter_mut().find(|watched| Some(watched.key) == folder).map_or(0, |watched| watched.flush(Act::FlushNames))
}

fn removed(at: *const c_char) -> c_int {
    // SAFETY: the system's own call, with the caller's arguments.
    let remove = || int(unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, at, 0) });
    let path = path(at);
    let recorded = place(&path, |watched, name| {
        let before = fs::symlink_metadata(&path);
        let result = remove();
        if result == 0 {
            watched.acts.push(Act::Unname(name));
            // The system may give the number of a file that is gone to another.
            if let Ok(data) = before
                && data.nlink() == 1
            {
                watched.numbers.remove(&(data.dev(), data.ino()));
            }
        }
        result
    });
    recorded.unwrap_or_else(remove)
}

fn moved(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the system's own call, with the caller's arguments.
    let rename = || int(unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) });
    let (from, to) = (path(from), path(to));
    let recorded = place(&from, |watched, name| {
        let number = key(&from).and_then(|key| watched.numbers.get(&key).copied());
        let result = rename();
        if let (0, Some(number), Some(to)) = (result, number, watched.name(&to)) {
            watched.acts.push(Act::Rename(name, to, number));
        }
        result
    });
    recorded.unwrap_or_else(rename)
}

fn linked(from: *const c_char, to: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the system's own call, with the caller's arguments.
    let link = || int(unsafe { libc::syscall(libc::SYS_linkat, libc::AT_FDCWD, from, libc::AT_FDCWD, to, flags) });
    let to = path(to);
    let recorded = place(&to, |watched, name| {
        let result = link();
        if let (0, Some(key)) = (result, key(&to)) {
            watched.named(name, key);
        }
        result
    });
    recorded.unwrap_or_else(link)
}

/// The names by which SQLite and the standard library call them.
mod names {
    use super::{c_char, c_int, c_uint, c_void};

    #[unsafe(no_mangle)]
    extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
        super::opened(path, flags, mode)
    }

    #[unsafe(no_mangle)]
    extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
        super::opened(path, flags, mode)
    }

    #[unsafe(no_mangle)]
    extern "C" fn write(fd: c_int, from: *const c_void, count: usize) -> isize {
        super::wrote(fd, from, count, None)
    }

    #[unsafe(no_mangle)]
    extern "C" fn pwrite(fd: c_int, from: *const c_void, count: usize, at: i64) -> isize {
        super::wrote(fd, from, count, Some(at))
    }

    #[unsafe(no_mangle)]
    extern "C" fn pwrite64(fd: c_int, from: *const c_void, count: usize, at: i64) -> isize {
        super::wrote(fd, from, count, Some(at))
    }

    #[unsafe(no_mangle)]
    extern "C" fn ftruncate(fd: c_int, length: i64) -> c_int {
        super::truncated(fd, length)
    }

    #[unsafe(no_mangle)]
    extern "C" fn ftruncate64(fd: c_int, length: i64) -> c_int {
        super::truncated(fd, length)
    }

    #[unsafe(no_mangle)]
    extern "C" fn fsync(fd: c_int) -> c_int {
        super::flushed(fd)
    }

    #[unsafe(no_mangle)]
    extern "C" fn fdatasync(fd: c_int) -> c_int {
        super::flushed(fd)
    }

    #[unsafe(no_mangle)]
    extern "C" fn unlink(path: *const c_char) -> c_int {
        super::removed(path)
    }

    #[unsafe(no_mangle)]
    extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
        super::moved(from, to)
    }

    #[unsafe(no_mangle)]
    extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
        super::linked(from, to, 0)
    }

    /// A file copied inside the system would not be seen: the standard library then reads and writes it.
    #[unsafe(no_mangle)]
    extern "C" fn copy_file_range(_: c_int, _: *mut i64, _: c_int, _: *mut i64, _: usize, _: c_uint) -> isize {
        super::failed(libc::ENOSYS) as isize
    }

    #[unsafe(no_mangle)]
    extern "C" fn sendfile64(_: c_int, _: c_int, _: *mut i64, _: usize) -> isize {
        super::failed(libc::ENOSYS) as isize
    }

    #[unsafe(no_mangle)]
    extern "C" fn linkat(_: c_int, from: *const c_char, _: c_int, to: *const c_char, flags: c_int) -> c_int {
        super::linked(from, to, flags)
    }
}
