//! Everything that a profile has on this computer, taken away for good.
//!
//! In: a home. Out: none of its files, the key first; and whether somebody else's files stand there. This file must never
//! remove what the program has not made.

use crate::command::Stop;
use crate::home::{Home, KEY_FILES, SMALL_FILES, VAULT_FILES, no_follow, take_away};
use crate::language::{removal as texts, system};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// All files, the key first.
fn files() -> impl Iterator<Item = &'static str> {
    KEY_FILES.into_iter().chain(VAULT_FILES).chain(SMALL_FILES)
}

/// Whether anything of ours is there.
pub(crate) fn is_needed(home: &Home) -> bool {
    files().any(|name| home.directory().join(name).symlink_metadata().is_ok())
}

/// Removes all of it, as soon as nobody works there.
pub(crate) fn alone(home: &Home) -> Result<bool, Stop> {
    let _lock = home.lock()?;
    remove(home).map_err(|error| Stop::Said {
        code: 1,
        message: texts::failed(home.directory().display().to_string(), system(error.kind())),
        next: "cairn profile remove".to_owned(),
    })
}

/// Removes all of it. Whether the folder is gone too: it stays where there are files in it that are not ours.
pub(crate) fn remove(home: &Home) -> io::Result<bool> {
    let folder = home.directory();
    for name in files() {
        if KEY_FILES.contains(&name) {
            // Most disks write elsewhere than over it, and all of them may keep it: that is said, not mended.
            overwrite(&folder.join(name))?;
        }
        take_away(&folder.join(name))?;
    }
    match std::fs::remove_dir(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
        // A folder that can't be removed, such as a stick's own, is empty now.
        Err(_) => Ok(std::fs::read_dir(folder)?.next().is_none()),
    }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).custom_flags(no_follow()).open(path);
    let mut file = match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // What can't be written to, such as a link, is removed all the same.
        Err(_) => return Ok(()),
        Ok(file) => file,
    };
    let size = usize::try_from(file.metadata()?.len()).unwrap_or_default().min(4096);
    file.write_all(&vec![0; size])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Begun;
    use crate::engine::{Engine, Protection};
    use crate::killed;
    use crate::settings::{self, Key};
    use std::io::Read;

    fn profile(folder: &Path) -> Home {
        let home = Home::new(Some(&folder.join("home")), "setup").unwrap();
        let passphrase = zeroize::Zeroizing::new("four quiet words here".to_owned());
        drop(Engine::create(&home, "Dana", None, None, Protection::Passphrase(passphrase)).unwrap());
        crate::begun::keep(&home, Some(&Begun { link: "L".into(), name: None })).unwrap();
        settings::change(&home, Key::Language, "es").unwrap();
        for leftover in ["notice", "key.new", "key.part", "vault.new", "vault.db-wal", "begun.part", "old.part"] {
            std::fs::write(home.directory().join(leftover), "left by a kill").unwrap();
        }
        home
    }

    #[test]
    fn every_file_of_a_profile_goes_and_its_folder_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = profile(folder.path());
        assert!(is_needed(&home));
        assert!(alone(&home).unwrap());
        assert!(!home.directory().exists() && !is_needed(&home));
        let home = profile(folder.path());
        std::fs::write(home.directory().join("letter.txt"), "not ours").unwrap();
        assert!(!alone(&home).unwrap());
        let left: Vec<_> =
            std::fs::read_dir(home.directory()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["letter.txt"]);
        assert!(!is_needed(&home) && !alone(&home).unwrap(), "and once more changes nothing");
    }

    #[test]
    fn a_removal_by_itself() {
        killed::by_itself(|words| {
            let home = Home::new(Some(words.as_ref()), "profile").unwrap();
            killed::opens_nothing_more();
            assert!(remove(&home).is_err(), "the folder was not flushed");
        });
    }

    #[test]
    fn what_is_said_to_be_removed_does_not_come_back_when_the_power_goes() {
        let folder = tempfile::tempdir().unwrap();
        let home = profile(folder.path());
        // One that can't open the folder to flush it has to say so.
        killed::goes_through("removal::tests::a_removal_by_itself", &home.directory().display().to_string());
        assert!(!home.key().exists(), "the key goes first");
        assert!(home.vault().exists(), "and lasts before the next file goes");
        assert!(remove(&home).unwrap());
    }

    #[test]
    fn the_key_is_written_over_before_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let home = profile(folder.path());
        let mut key = std::fs::File::open(home.key()).unwrap();
        remove(&home).unwrap();
        let mut bytes = Vec::new();
        key.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() > 64 && bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_link_in_a_files_place_goes_and_what_it_leads_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = profile(folder.path());
        let letter = folder.path().join("letter.txt");
        std::fs::write(&letter, "not ours").unwrap();
        std::fs::remove_file(home.key()).unwrap();
        std::os::unix::fs::symlink(&letter, home.key()).unwrap();
        assert!(remove(&home).unwrap());
        assert_eq!(std::fs::read_to_string(letter).unwrap(), "not ours");
    }
}
