//! What an earlier visit left, when it was cut off and nobody could take it away.
//!
//! In: folders in memory. Out: whether there was something. This file must never touch a folder in which somebody still
//! works, nor one of somebody else.

use super::memory::{PREFIX, remove};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Takes it away. Whether there was something.
pub(super) fn sweep(bases: &[PathBuf]) -> bool {
    // Whoever is in it holds it locked. All of them are tried, not only the first.
    ours(bases).filter(|(path, folder)| folder.try_lock().is_ok() && remove(path).is_ok()).count() > 0
}

/// Folders in which somebody is.
pub(super) fn inhabited(bases: &[PathBuf]) -> Vec<PathBuf> {
    ours(bases).filter(|(_, folder)| folder.try_lock_shared().is_err()).map(|(path, _)| path).collect()
}

/// Folders of this account, open.
fn ours(bases: &[PathBuf]) -> impl Iterator<Item = (PathBuf, File)> {
    let all = bases.iter().filter_map(|base| std::fs::read_dir(base).ok()).flatten().filter_map(Result::ok);
    all.map(|entry| entry.path())
        .filter(|path| is_named_so(path))
        .filter_map(|path| open(&path).map(|file| (path, file)))
}

fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(PREFIX)).is_some_and(|rest| {
        rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

fn open(path: &Path) -> Option<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
    let folder = OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).ok()?).open(path).ok()?;
    let us = rustix::process::geteuid().as_raw();
    folder.metadata().is_ok_and(|is| is.uid() == us).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::super::memory::Folder;
    use super::*;

    #[test]
    fn what_was_left_goes_and_whoever_is_there_stays() {
        let base = tempfile::tempdir().unwrap();
        let bases = [base.path().to_path_buf()];
        let here = Folder::make(&bases).unwrap();
        std::fs::write(here.path().join("vault.db"), "words").unwrap();
        assert!(!sweep(&bases) && here.path().join("vault.db").exists());
        assert_eq!(inhabited(&bases), [here.path()]);
        let left = here.path().to_path_buf();
        // As after kill -9: the lock is gone, the files are not.
        drop(here);
        std::fs::create_dir(left.join("deeper")).unwrap();
        assert!(inhabited(&bases).is_empty());
        assert!(sweep(&bases) && !left.exists());
        assert!(!sweep(&bases), "and it is told once");
    }

    #[test]
    fn nothing_of_another_name_or_kind_is_touched() {
        let base = tempfile::tempdir().unwrap();
        let bases = [base.path().to_path_buf()];
        let name = format!("{PREFIX}{}", "0".repeat(32));
        let elsewhere = base.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        std::fs::write(elsewhere.join("file"), "words").unwrap();
        std::os::unix::fs::symlink(&elsewhere, base.path().join(&name)).unwrap();
        std::fs::create_dir(base.path().join("cairn-relay")).unwrap();
        std::fs::write(base.path().join(format!("{PREFIX}{}", "1".repeat(32))), "a file").unwrap();
        assert!(!sweep(&bases));
        assert!(elsewhere.join("file").exists() && base.path().join("cairn-relay").exists());
    }
}
