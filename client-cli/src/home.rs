//! The home directory: where it is, who works in it, and the three files of a profile.
//!
//! In: `--home` or nothing. Out: absolute paths, and the lock that lets one process in. This file must never learn what
//! is written in the files, nor a command's arguments: the lock names the command's word and the process only.

mod part;

pub(crate) use part::Part;

use crate::engine::Fault;
use crate::language::{system as why, trouble};
use etcetera::BaseStrategy;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a process waits for another one. Longer: a script hangs. Shorter: two commands in a row get in each
/// other's way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the process of an open conversation to hide everything and to give the profile back.
pub(crate) const LOCK_SIGNAL: rustix::process::Signal = rustix::process::Signal::USR1;

/// The word by which an open conversation is known to other processes.
pub(crate) const CONVERSATION: &str = "conversation";

/// The files that hold the vault's key. Without them the rest can't be read by anybody.
pub(crate) const KEY_FILES: [&str; 3] = ["key", "key.new", "key.part"];

/// The files of the vault, with what a kill leaves of one that is being made or saved.
pub(crate) const VAULT_FILES: [&str; 12] = [
    "vault.db",
    "vault.db-wal",
    "vault.db-shm",
    "vault.db-journal",
    "vault.new",
    "vault.new-wal",
    "vault.new-shm",
    "vault.new-journal",
    "old.part",
    "old.part-wal",
    "old.part-shm",
    "old.part-journal",
];

/// Of these, what is there only while a vault is being made or saved: none of it is a profile.
pub(crate) const UNFINISHED: [&str; 10] = [
    "key.new",
    "key.part",
    "vault.new",
    "vault.new-wal",
    "vault.new-shm",
    "vault.new-journal",
    "old.part",
    "old.part-wal",
    "old.part-shm",
    "old.part-journal",
];

/// All other files of a profile, with what a kill leaves of one.
pub(crate) const SMALL_FILES: [&str; 7] =
    ["begun", "begun.part", "notice", "notice.part", "settings.toml", "settings.toml.part", "lock"];

/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// A home directory. Nothing is made or read before a method asks for it.
#[derive(Debug, Clone)]
pub struct Home {
    directory: PathBuf,
    command: &'static str,
}

/// The right to work in a home; given back when dropped, or when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(File);

impl Home {
    /// The home at `directory`, or the XDG data directory's `cairn`. `command` is the word that another process is
    /// told while this one works: a word of the program, never of a person.
    ///
    /// # Errors
    /// [`Fault::Home`] where the path can't be used.
    pub fn new(directory: Option<&Path>, command: &'static str) -> Result<Self, Fault> {
        let directory = match directory {
            Some(directory) => directory.to_path_buf(),
            None => {
                etcetera::choose_base_strategy().map_err(|_| Fault::Home(trouble::no_home()))?.data_dir().join("cairn")
            }
        };
        Ok(Self { directory: absolute(&directory)?, command })
    }

    /// The directory, as an absolute path.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file that holds the vault's key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.directory.join("key")
    }

    /// The file that holds everything else.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.directory.join("vault.db")
    }

    /// Makes the directory, for its owner only.
    ///
    /// # Errors
    /// [`Fault::Home`] where it can't be made.
    pub fn make(&self) -> Result<(), Fault> {
        let made = self.directory.is_dir();
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(|error| refused(trouble::home_made, &error))?;
        let empty =
            std::fs::read_dir(&self.directory).map_err(|error| refused(trouble::home_read, &error))?.next().is_none();
        if !made || empty {
            let mode = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&self.directory, mode).map_err(|error| refused(trouble::home_private, &error))?;
        }
        Ok(())
    }

    /// Makes the directory before something of a person's is put there. Where others may look into one that was there before, it
    /// is closed to them, unless it holds files of somebody else's: closing those is not this program's to do.
    ///
    /// # Errors
    /// [`Fault::Home`] where it can't be made, or stands open and holds such files.
    pub fn make_closed(&self) -> Result<(), Fault> {
        self.make()?;
        let unread = |error: std::io::Error| refused(trouble::home_read, &error);
        let mode = std::fs::metadata(&self.directory).map_err(unread)?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        for entry in std::fs::read_dir(&self.directory).map_err(unread)? {
            let name = entry.map_err(unread)?.file_name();
            if !KEY_FILES.iter().chain(&VAULT_FILES).chain(&SMALL_FILES).any(|ours| name == *ours) {
                return Err(Fault::Home(trouble::home_open()));
            }
        }
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&self.directory, mode).map_err(|error| refused(trouble::home_private, &error))
    }

    /// The right to write a small file of this home. Whoever has it may read the file first.
    pub(crate) fn part(&self, name: &str) -> std::io::Result<Part> {
        Part::begin(self.directory.join(format!("{name}.part")), self.directory.join(name))
    }

    /// Waits up to five seconds for another process to finish, then lets this one in.
    ///
    /// # Errors
    /// [`Fault::InUse`] with who is in; [`Fault::Home`] where the lock file can't be written.
    pub fn lock(&self) -> Result<Lock, Fault> {
        self.lock_within(PATIENCE)
    }

    /// Asks an open conversation to lock itself, and waits up to five seconds until nobody works in this home. Whether
    /// there was one.
    ///
    /// # Errors
    /// [`Fault::InUse`] with who is still in; [`Fault::Home`] where the lock file can't be read.
    pub fn close_conversation(&self) -> Result<bool, Fault> {
        let (mut asked, start) = (false, Instant::now());
        loop {
            let Some(holder) = self.holder()? else { return Ok(asked) };
            let process = holder.strip_prefix(CONVERSATION).and_then(|rest| rest.strip_prefix(", process "));
            let process = process.and_then(|id| id.parse().ok()).and_then(rustix::process::Pid::from_raw);
            if let (Some(process), false) = (process, asked) {
                // A process that has just ended is what was wished.
                let _ = rustix::process::kill_process(process, LOCK_SIGNAL);
                asked = true;
            }
            if start.elapsed() > PATIENCE {
                return Err(Fault::InUse(holder));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Who works in this home now. Nothing is made.
    pub(crate) fn holder(&self) -> Result<Option<String>, Fault> {
        let path = self.directory.join("lock");
        let mut file = match OpenOptions::new().read(true).custom_flags(no_follow()).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(trouble::home_read, &error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(refused(trouble::home_locked, &error)),
        }
    }

    fn lock_within(&self, patience: Duration) -> Result<Lock, Fault> {
        let path = self.directory.join("lock");
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow());
            options.open(&path).map_err(|error| refused(trouble::home_written, &error))
        };
        let mut file = open()?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) if is_the_file_at(&path, &file) => break,
                // Whoever was in has removed the profile, and the file with it: another process may lock a new one.
                Ok(()) => file = open()?,
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(Fault::InUse(holder(&mut file))),
                Err(TryLockError::Error(error)) => return Err(refused(trouble::home_locked, &error)),
            }
        }
        let text = format!("{}, process {}", self.command, std::process::id());
        let written =
            file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(text.as_bytes()));
        match written.map_err(|error| (error.kind(), refused(trouble::home_written, &error))) {
            // The lock holds all the same: what is here can be read.
            Err((ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _)) | Ok(()) => Ok(Lock(file)),
            Err((_, fault)) => Err(fault),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A stale name would only mislead; the lock itself goes with the file's descriptor.
        let _ = self.0.set_len(0);
    }
}

/// Open flags by which a link in a file's place is refused.
pub(crate) fn no_follow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

fn is_the_file_at(path: &Path, file: &File) -> bool {
    let name = |is: std::fs::Metadata| (is.dev(), is.ino());
    file.metadata().ok().map(name).is_some_and(|held| path.symlink_metadata().ok().map(name) == Some(held))
}

/// Writes a small file for its owner only, first `beside`, in the same folder. It is whole or as it was before, whenever
/// the power goes.
pub(crate) fn write_whole(beside: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    Part::begin(beside.to_owned(), file.to_owned())?.finish(bytes)
}

/// Takes a file away for good: it does not come back when the power goes. One that is not there is gone.
pub(crate) fn take_away(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => file.parent().map_or(Ok(()), flush_directory),
    }
}

/// Makes a rename or a new file in `directory` last through a power cut.
pub(crate) fn flush_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| Read::take(file, 64).read_to_string(&mut text));
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '-'));
    if read.is_ok() && plain && !text.is_empty() { text } else { trouble::other_process() }
}

/// The deepest part that exists, with links resolved, and the rest behind it.
fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    let unusable = || Fault::Home(trouble::home_path());
    let path = std::path::absolute(path).map_err(|_| unusable())?;
    let mut rest = Vec::new();
    let mut existing = path.as_path();
    loop {
        if let Ok(resolved) = existing.canonicalize() {
            return Ok(rest.iter().rev().fold(resolved, |path, part| path.join(part)));
        }
        rest.push(existing.file_name().ok_or_else(unusable)?.to_owned());
        existing = existing.parent().ok_or_else(unusable)?;
    }
}

/// What a disk said that did not take a file of a home.
pub(crate) fn unwritten(error: &std::io::Error) -> Fault {
    refused(trouble::home_written, error)
}

fn refused(said: impl Fn(String) -> String, error: &std::io::Error) -> Fault {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Fault::NoRoom;
    }
    Fault::Home(said(why(error.kind())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_is_let_in_and_the_next_is_told_who_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "inbox").unwrap();
        home.make().unwrap();
        let lock = home.lock().unwrap();
        let fault = home.lock_within(Duration::from_millis(50)).err();
        assert_eq!(fault, Some(Fault::InUse(format!("inbox, process {}", std::process::id()))));
        drop(lock);
        assert!(home.lock_within(Duration::ZERO).is_ok());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn whoever_waited_for_a_profile_that_was_removed_meanwhile_is_not_let_in_beside_another() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "setup").unwrap();
        let first = home.lock().unwrap();
        let waiting = {
            let home = home.clone();
            std::thread::spawn(move || home.lock_within(PATIENCE))
        };
        // Both have the same file open.
        let lock = folder.path().join("lock");
        let is_it = |one: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_link(one.unwrap().path()).ok() == Some(lock.clone())
        };
        while std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|one| is_it(one).then_some(())).count() < 2 {
            std::thread::yield_now();
        }
        std::fs::remove_file(folder.path().join("lock")).unwrap();
        drop(first);
        let _second = waiting.join().unwrap().unwrap();
        assert!(matches!(home.lock_within(Duration::ZERO), Err(Fault::InUse(_))), "two work in one home");
    }

    #[test]
    fn a_home_is_made_for_its_owner_only_and_its_path_is_absolute() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("b/c")), "setup").unwrap();
        assert!(home.directory().is_absolute());
        home.make().unwrap();
        let mode = std::fs::metadata(home.directory()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_look_into_is_closed_to_them_and_one_with_files_of_somebody_elses_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let mode = || std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777;
        let home = Home::new(Some(folder.path()), "setup").unwrap();
        std::fs::write(folder.path().join("settings.toml"), "pace = \"slow\"").unwrap();
        open(0o755);
        home.make_closed().unwrap();
        assert_eq!(mode(), 0o700);
        std::fs::write(folder.path().join("letter.txt"), "not ours").unwrap();
        home.make_closed().unwrap();
        for others in [0o755, 0o711, 0o750, 0o705] {
            open(others);
            assert_eq!(home.make_closed(), Err(Fault::Home(trouble::home_open())));
            assert_eq!(mode(), others, "what is somebody else's is left as it is");
        }
    }

    #[test]
    fn a_link_in_the_lock_files_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "inbox").unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("lock")).unwrap();
        assert!(matches!(home.lock(), Err(Fault::Home(_))));
    }
}
