//! Power cuts while a backup is put back.
//!
//! In: a store, an older copy. Out: verdicts. This file must never learn how a copy takes a store's place.

use crate::disk::{Disk, Files, Luck};
use crate::oracle::{Calm, Found, fill, start};
use crate::run::{Pace, open, play, wait};
use crate::script;
use crate::tap::Watch;
use crate::{first_seed, inside, lucks, seeds, used};
use cairn_relay::store::Store;
use cairn_relay::store::sqlite::{COPY, FILE, copy_out, put_back};
use std::path::Path;

/// A store with a key beside it, as a relay leaves it that was killed: the journal is there too.
fn newer() -> Disk {
    let mut run = play(used(), &script::puts(), Pace::OneByOne);
    let closing = run.asked.last().unwrap().answered.as_ref().unwrap().0;
    run.acts.truncate(closing);
    let mut files = run.start.after(&run.acts).found(&mut Luck::Kept);
    assert!(files.keys().any(|name| name.ends_with("-wal")));
    files.insert("tls.key".to_owned(), b"the relay's key".to_vec());
    Disk::of_files(files)
}

/// Which of the two stores it is: the older one under a count that clients have not seen, or the newer one as it was.
fn which(found: &Found, calm: &Calm) -> Result<bool, String> {
    let newest = calm.answers.len();
    match found.identity.restores {
        0 if found.states.contains(&newest) => Ok(false),
        1.. if found.states.contains(&0) => Ok(true),
        restores => Err(format!("restored {restores} times, with the rows after {:?}", found.states)),
    }
}

/// What a cut leaves: one of the two stores, or none, which the relay refuses; then the copy is put back once more.
fn check(files: &Files, calm: &Calm, copy: &Path) -> Result<bool, String> {
    match start(files, calm, false) {
        Ok(found) => which(&found, calm),
        Err(refused) if refused.contains("is missing though") => {
            let folder = tempfile::tempdir().unwrap();
            fill(folder.path(), files);
            put_back(copy, folder.path()).map_err(|error| format!("again: {error}"))?;
            which(&start(&Disk::of_folder(folder.path()).found(&mut Luck::Kept), calm, false)?, calm)
        }
        Err(wrong) => Err(wrong),
    }
}

#[test]
fn a_power_cut_while_a_backup_is_put_back_leaves_the_old_store_or_none_or_the_new_one() {
    let _inside = inside();
    let (calm, first) = (Calm::new(&used(), &script::puts()), first_seed());
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &used().found(&mut Luck::Kept));
    wait(Box::pin(open(folder.path()).unwrap().close())).unwrap();
    let copy = folder.path().join(COPY);
    copy_out(folder.path(), &copy).unwrap();
    let watch = Watch::new(newer());
    put_back(&copy, watch.folder()).unwrap();
    let acts = watch.acts();
    let there = Disk::of_folder(watch.folder()).found(&mut Luck::Kept);
    assert_eq!(there.get(FILE), watch.start().after(&acts).found(&mut Luck::Kept).get(FILE), "the watch saw all of it");
    let mut ends = [0, 0];
    for moment in 0..=acts.len() {
        let disk = watch.start().after(&acts[..moment]);
        for (name, mut luck) in lucks((0..seeds(3)).map(|number| first + number)) {
            match check(&disk.found(&mut luck), &calm, &copy) {
                Ok(restored) => ends[usize::from(restored)] += 1,
                Err(wrong) => panic!("{name}: moment {moment} of {}: {wrong}", acts.len()),
            }
        }
        if moment == acts.len() {
            assert_eq!(check(&disk.found(&mut Luck::Lost), &calm, &copy), Ok(true), "it was answered");
        }
    }
    eprintln!("{} moments: the old store {} times, the copy {} times", acts.len() + 1, ends[0], ends[1]);
    assert!(ends.iter().all(|count| *count > 10), "{ends:?}");
}
