//! A folder that no disk holds.
//!
//! In: where this computer keeps files in memory. Out: a folder of our own there, and later its end. This file must never
//! take a folder on a disk for one in memory.

use crate::engine::chance;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// How the name of a folder begins.
pub(super) const PREFIX: &str = "cairn-";

/// Folders in memory that are looked at where the person's own can't be used.
const ANYBODYS: &str = "/dev/shm";

/// How often a folder is removed that something is still written to. More: the end is late. Fewer: a file that was just
/// being made stays for the second process.
const TRIES: usize = 8;

/// Where this computer keeps files in memory, the best first: what goes by itself when the person logs out comes first.
pub(super) fn bases() -> Vec<PathBuf> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = own.filter(|path| {
        let us = rustix::process::geteuid().as_raw();
        path.symlink_metadata().is_ok_and(|is| is.is_dir() && is.uid() == us && is.mode() & 0o077 == 0)
    });
    own.into_iter().chain([PathBuf::from(ANYBODYS)]).filter(|path| is_memory(path)).collect()
}

#[cfg(target_os = "linux")]
fn is_memory(path: &Path) -> bool {
    // What `statfs` calls tmpfs and ramfs (linux/magic.h).
    const MEMORY: [u32; 2] = [0x0102_1994, 0x8584_58f6];
    // The number is signed on some machines and wide on others: it has four bytes.
    rustix::fs::statfs(path)
        .is_ok_and(|is| MEMORY.iter().any(|kind| i128::from(is.f_type) & 0xffff_ffff == i128::from(*kind)))
}

/// Elsewhere nothing is known of such folders.
#[cfg(not(target_os = "linux"))]
fn is_memory(_: &Path) -> bool {
    false
}

/// Whether a folder lies on a disk that belongs to this computer, as far as can be told: on the one that holds the system, the
/// person's own files or temporary ones.
pub(super) fn is_this_computers(folder: &Path) -> bool {
    let device = |path: &Path| path.ancestors().find_map(|path| path.metadata().ok()).map(|is| is.dev());
    let own = [Some(PathBuf::from("/")), std::env::var_os("HOME").map(PathBuf::from), Some(std::env::temp_dir())];
    let there = device(folder);
    own.into_iter().flatten().any(|path| device(&path) == there)
}

/// A folder in memory, ours as long as this process lives.
pub(super) struct Folder {
    path: PathBuf,
    /// Held locked: others see by it that somebody is here.
    _held: File,
}

impl Folder {
    /// Makes one.
    pub(super) fn make(bases: &[PathBuf]) -> Option<Self> {
        bases.iter().find_map(|base| (0..TRIES).find_map(|_| Self::make_in(base)))
    }

    fn make_in(base: &Path) -> Option<Self> {
        let path = base.join(format!("{PREFIX}{}", chance::hex(&chance::bytes::<16>())));
        DirBuilder::new().mode(0o700).create(&path).ok()?;
        let held = File::open(&path).ok().filter(|folder| folder.try_lock().is_ok());
        // Somebody who looked for remains may have come in between, and taken it for one.
        match held.filter(|_| path.symlink_metadata().is_ok()) {
            Some(held) => Some(Self { path, _held: held }),
            None => {
                // It is empty, and the next look takes it away where this can't.
                let _ = std::fs::remove_dir(&path);
                None
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with all that is in it; else what is still there, and why.
    pub(super) fn remove(&self) -> Result<(), (PathBuf, io::ErrorKind)> {
        remove(&self.path).map_err(|error| (self.path.clone(), error.kind()))
    }
}

/// Removes a folder, also one that somebody writes to at this moment.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        last = std::fs::remove_dir_all(path);
        match &last {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) => {}
            Ok(()) => return Ok(()),
        }
    }
    last
}
