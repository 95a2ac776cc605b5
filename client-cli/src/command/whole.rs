//! A file at a place that a person names: whole or not there, and never half of it under another name.
//!
//! In: a path, bytes. Out: the file, for its owner only. This file must never write over a file unless it was told to, nor
//! leave a person's words where a kill came in between.

use crate::home::{flush_directory, no_follow};
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What the name of a file ends with that is being written.
const ENDING: &str = ".part";

/// Writes a file of mode 0600. It has no name before it is whole, where the file system knows such files; else it stands
/// beside, and the next one of this name takes away what a kill has left.
pub(super) fn write(file: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let name = file.file_name().filter(|_| !file.is_dir()).ok_or(ErrorKind::IsADirectory)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    clear(folder, name);
    let beside = beside(file, name);
    match unnamed(folder, file, &beside, bytes, replace) {
        Some(written) => written?,
        None => named(file, &beside, bytes, replace)?,
    }
    match flush_directory(folder) {
        // A folder that takes files and shows none can't be flushed; the file is whole in any case.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        flushed => flushed,
    }
}

fn beside(file: &Path, name: &OsStr) -> PathBuf {
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}{ENDING}", std::process::id()));
    file.with_file_name(beside)
}

/// Whether this is the name of a part of a file, of whatever process.
fn is_part(found: &OsStr, name: &OsStr) -> bool {
    let number = found.as_bytes().strip_prefix(b".").and_then(|rest| rest.strip_prefix(name.as_bytes()));
    let number = number.and_then(|rest| rest.strip_prefix(b".")?.strip_suffix(ENDING.as_bytes()));
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// Takes away what processes have left that are gone. Those that write hold a lock.
fn clear(folder: &Path, name: &OsStr) {
    for found in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if !is_part(&found.file_name(), name) {
            continue;
        }
        let part = OpenOptions::new().write(true).custom_flags(no_follow()).open(found.path());
        if part.is_ok_and(|part| part.try_lock().is_ok()) {
            // What can't be removed was not this person's.
            let _ = std::fs::remove_file(found.path());
        }
    }
}

fn fill(part: &mut File, bytes: &[u8]) -> io::Result<()> {
    // Where nothing can be locked, another writer of this name at this moment takes the part away, and this one says so.
    let _ = part.try_lock();
    part.write_all(bytes)?;
    part.sync_all()
}

/// Nothing where the file system knows no file without a name.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, file: &Path, beside: &Path, bytes: &[u8], replace: bool) -> Option<io::Result<()>> {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
    use rustix::io::Errno;
    use std::os::fd::AsRawFd;
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let mut part = match openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(part) => File::from(part),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => return None,
        Err(error) => return Some(Err(error.into())),
    };
    if let Err(error) = fill(&mut part, bytes) {
        return Some(Err(error));
    }
    let number = format!("/proc/self/fd/{}", part.as_raw_fd());
    let link = |name: &Path| linkat(CWD, &number, CWD, name, AtFlags::SYMLINK_FOLLOW);
    match link(file) {
        // A name that is taken is given over at once, and no file gets two: it needs one of its own for that moment.
        Err(Errno::EXIST) if replace => Some(link(beside).map_err(io::Error::from).and_then(|()| take(beside, file))),
        Err(Errno::EXIST) => Some(Err(ErrorKind::AlreadyExists.into())),
        // Where /proc is not there, or the file system takes no second name.
        Err(_) => None,
        Ok(()) => Some(Ok(())),
    }
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: &Path, _: &Path, _: &[u8], _: bool) -> Option<io::Result<()>> {
    None
}

/// Writes it beside, flushed, and gives it its name only when it is whole.
fn named(file: &Path, beside: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let make =
        |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(no_follow()).open(path);
    let mut part = make(beside)?;
    let written = fill(&mut part, bytes).and_then(|()| {
        // Renaming takes a name in any case: this takes it only where there is no file of it.
        if replace { Ok(()) } else { make(file).map(drop) }
    });
    match written {
        Ok(()) => take(beside, file),
        Err(error) => {
            // The error is what counts; the next one of this name takes the part away.
            let _ = std::fs::remove_file(beside);
            Err(error)
        }
    }
}

fn take(beside: &Path, file: &Path) -> io::Result<()> {
    std::fs::rename(beside, file).inspect_err(|_| {
        // As above.
        let _ = std::fs::remove_file(beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::killed;
    use std::os::unix::fs::PermissionsExt;

    /// What a person wrote, many times over.
    const WORDS: &str = "heather on the hill\n";

    fn text() -> String {
        WORDS.repeat(10_000)
    }

    /// The names in a folder, and whether any file in it holds the words.
    fn left(folder: &Path) -> (Vec<String>, bool) {
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
        let holds = files.iter().any(|file| {
            let bytes = std::fs::read(file.path()).unwrap();
            bytes.windows(WORDS.len()).any(|words| words == WORDS.as_bytes())
        });
        let mut names: Vec<_> = files.iter().map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        (names, holds)
    }

    #[test]
    fn a_copy_by_itself() {
        killed::by_itself(|words| {
            let (how, file) = words.split_once(' ').unwrap();
            let file = Path::new(file);
            match how {
                "named" => named(file, &beside(file, file.file_name().unwrap()), text().as_bytes(), true).unwrap(),
                how => write(file, text().as_bytes(), how == "replace").unwrap(),
            }
        });
    }

    fn is_killed_at_half(how: &str, file: &Path) -> bool {
        let half = text().len() as u64 / 2;
        killed::at_byte("command::whole::tests::a_copy_by_itself", &format!("{how} {}", file.display()), half)
    }

    /// A folder on a file system that knows files without a name: one in memory does.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_kill_in_the_middle_of_writing_leaves_no_word_anywhere() {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let file = folder.path().join("copy.txt");
        assert!(is_killed_at_half("new", &file));
        assert_eq!(left(folder.path()), (Vec::new(), false));
        std::fs::write(&file, "before").unwrap();
        assert!(is_killed_at_half("replace", &file));
        assert_eq!(
            (left(folder.path()), std::fs::read(&file).unwrap()),
            ((vec!["copy.txt".into()], false), b"before".into())
        );
    }

    #[test]
    fn what_is_left_where_every_file_has_a_name_goes_with_the_next_copy_and_one_that_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.txt");
        assert!(is_killed_at_half("named", &file));
        let (names, holds) = left(folder.path());
        assert!(holds && names.len() == 1 && is_part(names[0].as_ref(), "copy.txt".as_ref()), "{names:?}");
        // Of another copy, of nobody, and of one that is being written now.
        let others = [".other.txt.7.part", ".copy.txt.7a.part", ".copy.txt..part", ".copy.txt.8.part"];
        others.iter().for_each(|name| std::fs::write(folder.path().join(name), "words").unwrap());
        let writes = File::open(folder.path().join(others[3])).unwrap();
        writes.lock().unwrap();
        write(&file, text().as_bytes(), false).unwrap();
        let mut all: Vec<String> = others.map(str::to_owned).into();
        all.push("copy.txt".into());
        all.sort();
        assert_eq!(left(folder.path()).0, all);
        drop(writes);
        write(&file, b"and once more", true).unwrap();
        all.retain(|name| name != others[3]);
        assert_eq!(left(folder.path()), (all, false));
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_replaced_and_nothing_is_left_beside_it_either_way() {
        for folder in [tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap()] {
            let file = folder.path().join("copy.txt");
            let beside = beside(&file, "copy.txt".as_ref());
            for by_name in [false, true] {
                let put = |bytes: &[u8], replace| match by_name {
                    false => write(&file, bytes, replace),
                    true => named(&file, &beside, bytes, replace),
                };
                put(b"one", false).unwrap();
                assert_eq!(put(b"two", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
                assert_eq!(std::fs::read(&file).unwrap(), b"one");
                put(b"three", true).unwrap();
                assert_eq!(std::fs::read(&file).unwrap(), b"three");
                assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
                assert_eq!(left(folder.path()).0, ["copy.txt"]);
                std::fs::remove_file(&file).unwrap();
            }
            assert_eq!(write(folder.path(), b"x", true).unwrap_err().kind(), ErrorKind::IsADirectory);
        }
    }
}
