//! A backup in a folder of its own, and the way back from it.
//!
//! In: the relay's folder, the backup's folder. Out: the other of the two, checked. This file must never learn to leave
//! something behind that looks like a backup and is none: the copy gets its name last.

use crate::folder::{self, FolderError, KEY};
use crate::notice;
use crate::store::sqlite::{self, COPY};
use crate::store::{Identity, StoreError};
use crate::tls::{self, TlsError};
use rustix::fs::statvfs;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The copy until it is checked.
const UNCHECKED: &str = "relay.backup.new";

/// Where putting it back is tried.
const TRIAL: &str = "trial";

/// Why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store or the copy.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Where the backup is to be, there is something.
    #[error("{path} is not empty. Each backup has a folder of its own: name a new one", path = .0.display())]
    Occupied(PathBuf),
    /// The backup would go with what it is to save.
    #[error("{path} is inside the relay's folder, and would be lost with it. Name a folder on another disk", path = .0.display())]
    Inside(PathBuf),
    /// There is no key yet.
    #[error("{path} holds no tls.key: no relay has run there yet, so there is nothing to save", path = .0.display())]
    NoKey(PathBuf),
    /// There is no backup.
    #[error("there is no backup in {path}. Name the folder that `cairn-relay backup` wrote", path = .0.display())]
    None(PathBuf),
    /// There is a store.
    #[error(
        "{path} holds a store. To give it up for the backup say --replace; else name another folder with --data",
        path = .0.display()
    )]
    Kept(PathBuf),
    /// The keys differ.
    #[error(
        "the tls.key in {path} is not the backup's, so clients that know one relay would not know the other. Move it \
         away if the backup is the right one",
        path = .0.display()
    )]
    OtherKey(PathBuf),
    /// Putting it back was tried and gave something else.
    #[error("putting the backup back was tried, and gave another store. Don't rely on it; make a new one")]
    Differs,
}

/// What was saved.
#[derive(Debug, Clone, Copy)]
pub struct Saved {
    /// Bytes of the copy.
    pub bytes: u64,
    /// Whether there was room to try putting it back; it is checked either way.
    pub tried: bool,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |error| FolderError::File { path, error }
}

/// Writes a backup of the relay's folder into a new or empty one, reads all of it, and tries to put it back. A relay may
/// run meanwhile.
///
/// # Errors
/// Any [`BackupError`]; what was written until then is deleted.
pub fn backup(data: &Path, to: &Path) -> Result<Saved, BackupError> {
    let data = fs::canonicalize(data).map_err(at(data))?;
    let to = folder::prepare(to)?;
    if to.starts_with(&data) {
        // Made a moment ago, if it is empty.
        let _ = fs::remove_dir(&to);
        return Err(BackupError::Inside(to));
    }
    if fs::read_dir(&to).map_err(at(&to))?.next().is_some() {
        return Err(BackupError::Occupied(to));
    }
    let saved = write(&data, &to);
    if saved.is_err() {
        // An empty folder is no backup; if this fails too, the copy still has another name.
        let _ = fs::remove_dir_all(to.join(TRIAL));
        for name in [UNCHECKED, COPY, KEY, notice::FILE] {
            let _ = fs::remove_file(to.join(name));
        }
    }
    saved
}

fn write(data: &Path, to: &Path) -> Result<Saved, BackupError> {
    let key = data.join(KEY);
    if tls::pin_of(data)?.is_none() {
        return Err(BackupError::NoKey(data.to_owned()));
    }
    folder::write_new(&to.join(KEY), &fs::read(&key).map_err(at(&key))?)?;
    notice::copy(data, to)?;
    let copy = to.join(UNCHECKED);
    sqlite::copy_out(data, &copy)?;
    let identity = sqlite::check_copy(&copy)?;
    let bytes = fs::metadata(&copy).map_err(at(&copy))?.len();
    let free = statvfs(to).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let tried = free / 2 > bytes;
    if tried {
        try_it(&copy, identity, to)?;
    }
    fs::rename(&copy, to.join(COPY)).map_err(at(&copy))?;
    folder::flush(to)?;
    Ok(Saved { bytes, tried })
}

fn try_it(copy: &Path, identity: Identity, to: &Path) -> Result<(), BackupError> {
    let trial = folder::prepare(&to.join(TRIAL))?;
    let restored = sqlite::put_back(copy, &trial)?;
    let found = sqlite::check_store(&trial)?;
    fs::remove_dir_all(&trial).map_err(at(&trial))?;
    let right = found == restored && found.store == identity.store && found.restores > identity.restores;
    if right { Ok(()) } else { Err(BackupError::Differs) }
}

/// Puts a backup back into a folder on which no relay runs.
///
/// # Errors
/// Any [`BackupError`]; a store that was there stays unless it is to be replaced.
pub fn restore(from: &Path, data: &Path, replace: bool) -> Result<Identity, BackupError> {
    let copy = from.join(COPY);
    if !copy.try_exists().map_err(at(&copy))? {
        return Err(BackupError::None(from.to_owned()));
    }
    let pin = tls::pin_of(from)?.ok_or_else(|| BackupError::None(from.to_owned()))?;
    sqlite::check_copy(&copy)?;
    let folder = folder::prepare(data)?;
    let _lock = folder::lock(&folder)?;
    if !replace && folder.join(sqlite::FILE).try_exists().map_err(at(&folder))? {
        return Err(BackupError::Kept(folder));
    }
    match tls::pin_of(&folder)? {
        Some(other) if other != pin => return Err(BackupError::OtherKey(folder)),
        Some(_) => {}
        None => {
            let key = from.join(KEY);
            folder::write_whole(&folder, KEY, &fs::read(&key).map_err(at(&key))?)?;
        }
    }
    // One that lies there was set later than the backup's.
    if !folder.join(notice::FILE).try_exists().map_err(at(&folder))? {
        notice::copy(from, &folder)?;
    }
    Ok(sqlite::put_back(&copy, &folder)?)
}
