//! The data folder: its mode, the lock that keeps a second relay out, and files that are written whole or not at all.
//!
//! In: a path. Out: an absolute folder of mode 0700, files of mode 0600. This file must never learn what the files hold.

use crate::store::sqlite;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The relay's TLS key in its folder.
pub const KEY: &str = "tls.key";

/// The file whose lock a running relay holds.
const LOCK: &str = "relay.lock";

/// How often the lock is tried, and the pause between: who only asks for it holds it for less.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(50);

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// An error of the file system.
    #[error("{path} can't be used: {error}", path = .path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// Another relay runs on the folder.
    #[error("another relay is running on {path}. Stop it first, or name another folder with --data", path = .0.display())]
    Locked(PathBuf),
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |error| FolderError::File { path: path.to_owned(), error }
}

/// The folder as an absolute path; made with mode 0700 if it is not there. One that is empty or already a relay's is
/// closed to others; one that holds something else keeps its mode, because it may be shared.
///
/// # Errors
/// [`FolderError::File`].
pub fn prepare(folder: &Path) -> Result<PathBuf, FolderError> {
    let made: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    for above in made.iter().filter_map(|path| path.parent()) {
        flush_names(above)?;
    }
    let folder = fs::canonicalize(folder).map_err(at(folder))?;
    let empty = fs::read_dir(&folder).map_err(at(&folder))?.next().is_none();
    let mode = fs::metadata(&folder).map_err(at(&folder))?.permissions().mode() & 0o777;
    if mode != 0o700 {
        if empty || folder.join(sqlite::FILE).exists() {
            fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(at(&folder))?;
        } else {
            tracing::warn!("the data folder holds other files and is open to others; a folder of its own is better");
        }
    }
    Ok(folder)
}

/// After a power cut a new folder is there only if the one above it was flushed.
fn flush_names(above: &Path) -> Result<(), FolderError> {
    let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
    match flush(above) {
        // One that only its owner may read: its system's own order must do.
        Err(FolderError::File { error, .. }) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        flushed => flushed,
    }
}

/// Keeps every other relay off the folder until the file is dropped.
///
/// # Errors
/// [`FolderError::Locked`], [`FolderError::File`].
pub fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join(LOCK);
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = options.map_err(at(&path))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
    }
    Err(FolderError::Locked(folder.to_owned()))
}

/// Whether a relay runs on the folder. Asking holds the lock for a moment.
///
/// # Errors
/// [`FolderError::File`].
pub fn is_locked(folder: &Path) -> Result<bool, FolderError> {
    let path = folder.join(LOCK);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(at(&path))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// A file that shows that a store was here: the key is made after the store, the journals with it.
///
/// # Errors
/// [`FolderError::File`].
pub fn trace_of_a_store(folder: &Path) -> Result<Option<String>, FolderError> {
    for name in [KEY.to_owned(), format!("{}-wal", sqlite::FILE), format!("{}-shm", sqlite::FILE)] {
        let path = folder.join(&name);
        if path.try_exists().map_err(at(&path))? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Writes a file that must not be there yet, with mode 0600, and flushes it.
///
/// # Errors
/// [`FolderError::File`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Writes a file beside its place and moves it there, so that a crash leaves all of it or nothing.
///
/// # Errors
/// [`FolderError::File`].
pub fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
    let (draft, path) = (folder.join(format!("{name}.new")), folder.join(name));
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&draft)(error)),
        _ => write_new(&draft, bytes)?,
    }
    fs::rename(&draft, &path).map_err(at(&path))?;
    flush(folder)
}

/// Flushes a file or folder.
///
/// # Errors
/// [`FolderError::File`].
pub fn flush(path: &Path) -> Result<(), FolderError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}
