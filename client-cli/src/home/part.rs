//! A small file that is whole or as it was before, whenever the power goes, and however many write it at once.
//!
//! In: where it stands, bytes. Out: the file, for its owner only. This file must never learn what is written.

use super::{LOOK, PATIENCE, flush_directory, is_the_file_at, no_follow};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::time::Instant;

/// The right to write one file. Whoever reads it first and writes it then has it meanwhile, so that of two changes at one
/// moment none is lost.
#[derive(Debug)]
pub(crate) struct Part {
    out: File,
    beside: PathBuf,
    file: PathBuf,
    whole: bool,
}

impl Part {
    /// Waits until nobody else writes it. It is written `beside` the file, in the same folder; what a kill has left there is
    /// in nobody's way.
    pub(crate) fn begin(beside: PathBuf, file: PathBuf) -> io::Result<Self> {
        let start = Instant::now();
        loop {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow());
            let out = options.open(&beside)?;
            match out.try_lock() {
                Ok(()) if is_the_file_at(&beside, &out) => return Ok(Self { out, beside, file, whole: false }),
                // Whoever had it has given it its name, or taken it away: the next one is another file.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::WouldBlock.into()),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// These bytes, and nothing else, are the file now.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        self.out.set_len(0)?;
        self.out.write_all(bytes)?;
        self.out.sync_all()?;
        std::fs::rename(&self.beside, &self.file)?;
        self.whole = true;
        self.file.parent().map_or(Ok(()), flush_directory)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // The next one takes it, where it can't be removed now.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}
