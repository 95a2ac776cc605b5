//! The rescue of a damaged profile, killed in the middle; and what of a profile comes along.

use super::*;
use crate::killed;
use crate::vault::{Vault, raw};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn home(folder: &Path) -> Home {
    Home::new(Some(folder), "test").unwrap()
}

/// A salvage in a process of its own: from where, where to.
const SALVAGE: &str = "engine::tests::rescue::a_salvage_by_itself";

#[test]
fn a_salvage_by_itself() {
    killed::by_itself(|words| {
        let (from, into) = words.split_once('\n').unwrap();
        Engine::salvage(&home(Path::new(from)), None, &home(Path::new(into))).unwrap();
    });
}

/// Short letters: their index is written anew with each batch of them, so that far more is written than is copied.
const LETTERS: usize = 5000;

#[test]
fn a_salvage_that_is_killed_anywhere_leaves_no_profile_and_the_next_one_goes_through() {
    let (mut ana, _) = friends();
    let (contact, from) = (ana.other(), home(ana.folder.path()));
    let kept = ana.engine().vault.write(|store| {
        for number in 0..LETTERS {
            store.insert_message(&NewMessage {
                id: MessageId::random(&mut chance::rng()),
                contact: &contact,
                direction: model::Direction::In,
                kind: "text",
                text: &number.to_string(),
                sent_at: clock(),
                received_at: Some(clock()),
            })?;
        }
        Ok::<_, Fault>(())
    });
    kept.unwrap();
    ana.engine = None;
    let parent = tempfile::tempdir().unwrap();
    let into = parent.path().join("new");
    let words = format!("{}\n{}", ana.folder.path().display(), into.display());
    let size = std::fs::metadata(from.vault()).unwrap().len();
    let (mut killed, mut partial, mut most) = (0, 0, size / 2);
    // In the middle of the copy, and then ever later in what is written of the new one.
    while killed::at_byte(SALVAGE, &words, most) {
        let made = home(&into);
        assert!(!Engine::exists(&made), "after {most} bytes of a file something passes for a profile");
        assert_eq!(Engine::open(&made, None).err(), Some(Fault::NotSetUp));
        let mode = std::fs::metadata(&into).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "what is left is nobody else's to read");
        killed += 1;
        partial += u32::from(into.join("vault.new-wal").metadata().is_ok_and(|log| log.len() > size));
        most += size / 2;
    }
    assert!(killed > 3 && partial > 1, "{killed} were killed, {partial} of them with messages written");
    let engine = Engine::open(&home(&into), None).unwrap();
    let found = engine.history("Dana", None).unwrap().len();
    assert_eq!(found, LETTERS + 2, "the one that was not killed has saved all");
    drop(engine);
    let mut left: Vec<_> = std::fs::read_dir(&into).unwrap().map(|one| one.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["key", "lock", "vault.db"], "and nothing of the others is left");
}

#[test]
fn what_is_saved_is_not_removed_at_once_by_a_clock_that_is_far_ahead() {
    let (mut ana, _) = friends();
    let folder = home(ana.folder.path());
    ana.engine().choose_keep("Dana", model::Keep::Days30).unwrap();
    ana.engine().sweep().unwrap();
    ana.engine = None;
    let parent = tempfile::tempdir().unwrap();
    let into = home(&parent.path().join("new"));
    let number = |home: &Home| raw::number(home, "SELECT count(*) FROM messages");
    let before = number(&folder);
    Engine::salvage(&folder, None, &into).unwrap();
    let vault = Vault::open(&into, None).unwrap();
    let mut engine = Engine::new(vault, into.clone(), into.lock().unwrap()).with_clock(|| clock() + 90 * 86_400_000);
    engine.sweep().unwrap();
    drop(engine);
    assert!(before > 1);
    assert_eq!(number(&into), before);
}

#[test]
fn a_message_for_later_keeps_its_time_through_a_salvage() {
    let (mut ana, _) = friends();
    let (contact, folder, at) = (ana.other(), home(ana.folder.path()), clock() + 3_600_000);
    ana.engine().send_later(&contact, "good morning", at).unwrap();
    ana.write("now");
    ana.engine = None;
    let parent = tempfile::tempdir().unwrap();
    let into = home(&parent.path().join("new"));
    Engine::salvage(&folder, None, &into).unwrap();
    let engine = Engine::open(&into, None).unwrap().with_clock(clock);
    let waits: Vec<_> = engine.later().unwrap().into_iter().map(|one| (one.text, one.sent_at)).collect();
    assert_eq!(waits, [("good morning".to_owned(), at)]);
    assert_eq!(engine.vault.rows("queue").unwrap(), 1, "and nothing else has a time");
}
