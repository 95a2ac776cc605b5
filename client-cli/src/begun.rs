//! A first run that was left: its answers so far, until the invitation is used.
//!
//! In: an invitation and a name. Out: the same, in a later run. This file must never learn a passphrase. What it keeps
//! lies in a file that only its owner may read: there is no profile yet that could lock it.

use crate::app::Begun;
use crate::engine::Fault;
use crate::home::{Home, no_follow, take_away, unwritten};
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file's name.
const NAME: &str = "begun";

/// Bytes of an invitation and a name. Larger: a wrong file fills the memory. Smaller: long host names don't fit.
const LARGEST: u64 = 4096;

fn file(home: &Home) -> PathBuf {
    home.directory().join(NAME)
}

/// What was begun here. A file that can't be read, or says something else, is as good as none.
pub(crate) fn read(home: &Home) -> Option<Begun> {
    let file = OpenOptions::new().read(true).custom_flags(no_follow()).open(file(home)).ok()?;
    let mut text = String::new();
    Read::take(file, LARGEST).read_to_string(&mut text).ok()?;
    let (link, name) = text.split_once('\n')?;
    crate::engine::check_link(link).ok()?;
    Some(Begun { link: link.to_owned(), name: crate::names::check(name).ok() })
}

/// Keeps it, or forgets it. It is whole or not there, whenever the power goes.
pub(crate) fn keep(home: &Home, begun: Option<&Begun>) -> Result<(), Fault> {
    let Some(begun) = begun else { return take_away(&file(home)).map_err(|error| unwritten(&error)) };
    if crate::shared::is_fleeting(home) {
        // There is no later run. The open conversation knows it without a file.
        return Ok(());
    }
    home.make_closed()?;
    let text = format!("{}\n{}\n", begun.link, begun.name.as_deref().unwrap_or_default());
    home.part(NAME).and_then(|part| part.finish(text.as_bytes())).map_err(|error| unwritten(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::killed;

    #[test]
    fn a_file_that_is_something_else_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "conversation").unwrap();
        assert_eq!(read(&home), None);
        keep(&home, None).unwrap();
        keep(&home, Some(&Begun { link: "no invitation".into(), name: None })).unwrap();
        assert_eq!(read(&home), None);
        std::fs::write(file(&home), vec![0xff; 9000]).unwrap();
        assert_eq!(read(&home), None);
        keep(&home, None).unwrap();
        assert!(!file(&home).exists());
    }

    #[test]
    fn a_removal_by_itself() {
        killed::by_itself(|words| {
            let home = Home::new(Some(words.as_ref()), "conversation").unwrap();
            killed::opens_nothing_more();
            assert!(keep(&home, None).is_err(), "the folder was not flushed");
        });
    }

    #[test]
    fn what_was_begun_is_gone_for_good_before_that_is_taken_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "conversation").unwrap();
        keep(&home, Some(&Begun { link: "L".into(), name: None })).unwrap();
        // One that can't open the folder to flush it has to say so.
        killed::goes_through("begun::tests::a_removal_by_itself", &home.directory().display().to_string());
        assert!(!file(&home).exists());
    }

    #[test]
    fn a_first_run_puts_nothing_into_an_open_folder_of_somebody_elses_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "conversation").unwrap();
        std::fs::write(folder.path().join("letter.txt"), "not ours").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let refused = keep(&home, Some(&Begun { link: "L".into(), name: None }));
        assert!(matches!(refused, Err(Fault::Home(_))), "{refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_kept_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "conversation").unwrap();
        keep(&home, Some(&Begun { link: "L".into(), name: Some("Dana".into()) })).unwrap();
        assert_eq!(std::fs::metadata(file(&home)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
