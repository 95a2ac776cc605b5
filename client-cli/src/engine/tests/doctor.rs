//! A look at a profile, and the rescue of damaged ones: real files, with bytes flipped, ends cut off, pages zeroed.

use super::*;
use crate::engine::model::{Finding, Salvaged};
use crate::vault::raw;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Bytes of a page of the vault.
const PAGE: usize = 4096;

/// What was typed and not sent.
const DRAFT: &str = "half a thought\nand more of it";

/// Messages in the vault that is damaged: with the longer ones among them, on some hundred pages.
const LETTERS: usize = 600;

fn home(folder: &Path) -> Home {
    Home::new(Some(folder), "test").unwrap()
}

fn text(number: usize) -> String {
    format!("letter {number} {}", "x".repeat(number * 37 % 5000))
}

/// A closed profile with two people and many messages; all texts that are in it.
fn profile() -> (tempfile::TempDir, BTreeSet<String>) {
    let (mut ana, mut dana) = friends();
    dana.write("not shown yet");
    ana.take(&dana.put());
    ana.write("put and not confirmed");
    ana.put();
    ana.write("not sent yet");
    let contact = ana.other();
    let mut texts: BTreeSet<String> =
        ["hello", "hello Dana", "not shown yet", "put and not confirmed", "not sent yet"].map(str::to_owned).into();
    let kept = ana.engine().vault.write(|store| {
        for number in 0..LETTERS {
            store.insert_message(&NewMessage {
                id: MessageId::random(&mut chance::rng()),
                contact: &contact,
                direction: model::Direction::In,
                kind: "text",
                text: &text(number),
                sent_at: clock(),
                received_at: Some(clock()),
            })?;
        }
        Ok::<_, Fault>(())
    });
    kept.unwrap();
    ana.engine().keep_draft(&contact, DRAFT).unwrap();
    texts.extend((0..LETTERS).map(text));
    ana.engine = None;
    (ana.folder, texts)
}

/// The same profile with its file changed by `damage`.
fn damaged(original: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["key", "vault.db"] {
        std::fs::copy(original.join(name), folder.path().join(name)).unwrap();
    }
    let file = folder.path().join("vault.db");
    let mut bytes = std::fs::read(&file).unwrap();
    damage(&mut bytes);
    std::fs::write(&file, bytes).unwrap();
    folder
}

/// Salvages into a new home, and looks whether what it says is so.
fn salvage(damaged: &Path, texts: &BTreeSet<String>) -> Result<(Salvaged, tempfile::TempDir), Fault> {
    let before = std::fs::read(damaged.join("vault.db")).unwrap();
    let parent = tempfile::tempdir().unwrap();
    let into = parent.path().join("new");
    let saved = Engine::salvage(&home(damaged), None, &home(&into));
    assert!(std::fs::read(damaged.join("vault.db")).unwrap() == before, "the damaged file is left as it is");
    let saved = match saved {
        Ok(saved) => saved,
        Err(fault) => {
            assert!(std::fs::read_dir(&into).unwrap().next().is_none(), "nothing passes for a profile there");
            return Err(fault);
        }
    };
    let mut engine = Engine::open(&home(&into), None).unwrap().with_clock(clock);
    let (mut found, mut shown, mut drafts) = (BTreeSet::new(), 0, 0);
    for contact in engine.contacts().unwrap() {
        let draft = engine.draft(&contact.id).unwrap();
        assert!(["", DRAFT].contains(&draft.as_str()), "nobody typed {draft:?}");
        drafts += u64::from(draft == DRAFT);
        for message in engine.history(&contact.id, None).unwrap() {
            assert!(texts.contains(&message.text), "nobody wrote {:?}", message.text);
            found.insert(message.text);
            shown += 1;
        }
        assert_eq!(engine.vault.read(|store| store.session(&contact.id)).unwrap().len(), 0, "no key comes along");
    }
    engine.reload().unwrap();
    assert_eq!(drafts, saved.drafts);
    assert!(saved.drafts == 1 || saved.drafts_missing != Some(0), "a draft that is not saved is told of: {saved:?}");
    assert_eq!((shown, found.len()), (saved.messages, usize::try_from(saved.messages).unwrap()));
    if let Some(missing) = saved.missing {
        assert_eq!(saved.messages + missing, u64::try_from(texts.len()).unwrap(), "{saved:?}");
    }
    for table in ["outbox", "queue", "pieces", "invitations", "checks"] {
        assert_eq!(engine.vault.rows(table).unwrap(), 0, "{table}");
    }
    let (found, sound) = {
        drop(engine);
        Engine::look_inside(&home(&into), None, clock()).unwrap()
    };
    assert!(sound, "{found:?}");
    let names = |name: &str| std::fs::read_dir(&into).unwrap().any(|entry| entry.unwrap().file_name() == name);
    assert!(!names("old.part") && !names("old.part-wal") && !names("old.part-shm"));
    Ok((saved, parent))
}

#[test]
fn a_whole_profile_is_found_whole_and_each_thing_that_is_wrong_is_named() {
    let (folder, _) = profile();
    let ours = home(folder.path());
    let (found, sound) = Engine::look_inside(&ours, None, clock()).unwrap();
    assert!(sound && matches!(found[..], [Finding::Whole(_), Finding::Clock(_)]), "{found:?}");
    let around = Engine::look_around(&ours, clock()).unwrap();
    assert!(matches!(around[..], [Finding::Private, Finding::Room(_), Finding::Free]), "{around:?}");
    let engine = Engine::open(&ours, None).unwrap();
    assert_eq!(engine.look_at_sessions().unwrap(), [Finding::Conversations(1)]);
    assert!(
        matches!(Engine::look_around(&ours, clock()).unwrap().last(), Some(Finding::InUse(who)) if who.starts_with("test, "))
    );
    drop(engine);
    std::fs::set_permissions(ours.key(), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(
        Engine::look_around(&ours, clock()).unwrap()[0],
        Finding::OpenToOthers(ours.key().display().to_string())
    );
    // A clock that is a year behind the newest message.
    let mut engine = Engine::open(&ours, None).unwrap();
    let contact = engine.contacts().unwrap().remove(0).id;
    let late = clock() + 366 * 86_400_000;
    engine.vault.write(|store| store.written_at(&contact, "not sent yet", late)).unwrap();
    drop(engine);
    let (found, sound) = Engine::look_inside(&ours, None, clock()).unwrap();
    assert!(sound && found.contains(&Finding::ClockBehind(late)), "{found:?}");
    let nobody = tempfile::tempdir().unwrap();
    assert_eq!(Engine::look_around(&home(nobody.path()), clock()).unwrap(), [Finding::NoProfile]);
    assert_eq!(std::fs::read_dir(nobody.path()).unwrap().count(), 0, "looking makes nothing");
}

#[test]
fn a_message_for_later_is_no_sign_of_a_clock_that_is_behind() {
    let (mut ana, _) = friends();
    let (contact, folder) = (ana.other(), home(ana.folder.path()));
    ana.engine().send_later(&contact, "good morning", clock() + super::super::later::LONGEST).unwrap();
    ana.engine = None;
    let (found, _) = Engine::look_inside(&folder, None, clock()).unwrap();
    assert_eq!(found.last(), Some(&Finding::Clock(clock())), "{found:?}");
}

#[test]
fn a_disk_with_little_room_and_a_clock_from_before_this_program_was_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let ours = home(folder.path());
    drop(Engine::create(&ours, "Ana", None, None, Protection::None).unwrap());
    let around = |now: i64| Engine::look_around(&ours, now).unwrap();
    let free = around(clock()).iter().find_map(|found| match found {
        Finding::Room(free) => Some(*free),
        _ => None,
    });
    // Half of what is free and a little more: no block of it is taken, and there is not room for two of it.
    let size = free.unwrap() / 2;
    std::fs::OpenOptions::new().write(true).open(ours.vault()).unwrap().set_len(size).unwrap();
    let around_full = around(clock());
    let little = around_full.iter().find(|found| matches!(found, Finding::LittleRoom { .. }));
    let Some(Finding::LittleRoom { free, wanted }) = little else { panic!("{around_full:?}") };
    assert!(free < wanted && *wanted > 2 * size, "{around_full:?}");
    assert!(!around_full.iter().any(|found| matches!(found, Finding::Room(_))));
    // The last moment of 2025, and the next.
    assert!(around(1_767_225_599_999).contains(&Finding::ClockOff));
    assert!(!around(1_767_225_600_000).contains(&Finding::ClockOff));
}

#[test]
fn a_new_start_that_waits_is_not_saved_as_one_more_person() {
    let (mut ana, mut dana) = friends();
    a_new_start_waits(&mut ana, &mut dana);
    ana.engine = None;
    let texts = ["hello", "hello Dana"].map(str::to_owned).into();
    let whole = home(ana.folder.path());
    assert_eq!(raw::number(&whole, "SELECT count(*) FROM contacts"), 2, "it has a row of its own");
    let parent = tempfile::tempdir().unwrap();
    let into = home(&parent.path().join("new"));
    let saved = Engine::salvage(&whole, None, &into).unwrap();
    assert_eq!((saved.people, saved.nameless, saved.missing), (1, 0, Some(0)));
    assert_eq!(raw::number(&into, "SELECT count(*) FROM contacts"), 1);
    let engine = Engine::open(&into, None).unwrap();
    let found = engine.history("Dana", None).unwrap().into_iter().map(|message| message.text);
    assert_eq!(found.collect::<BTreeSet<String>>(), texts);
}

#[test]
fn what_keeps_from_looking_inside_is_no_damage() {
    let (folder, _) = profile();
    let ours = home(folder.path());
    let looked = || Engine::look_inside(&ours, None, clock()).unwrap();
    std::fs::remove_file(folder.path().join("lock")).unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path().join("lock")).unwrap();
    let (found, sound) = looked();
    assert!(!sound && matches!(found[..], [Finding::NotLooked(_)]), "a home that can't be written to: {found:?}");
    std::fs::remove_file(folder.path().join("lock")).unwrap();
    std::fs::rename(ours.vault(), folder.path().join("elsewhere")).unwrap();
    std::fs::create_dir(ours.vault()).unwrap();
    let (found, sound) = looked();
    assert!(!sound && matches!(found[..], [Finding::NotLooked(_)]), "a file that is not opened: {found:?}");
    std::fs::remove_dir(ours.vault()).unwrap();
    std::fs::rename(folder.path().join("elsewhere"), ours.vault()).unwrap();
    assert!(looked().1);
}

#[test]
fn of_a_whole_profile_everything_is_saved_and_each_person_takes_a_new_start() {
    let (folder, texts) = profile();
    let (saved, new) = salvage(folder.path(), &texts).unwrap();
    assert_eq!((saved.people, saved.nameless, saved.missing, saved.profile), (1, 0, Some(0), true));
    assert!(!saved.people_missing);
    assert_eq!((saved.drafts, saved.drafts_missing), (1, Some(0)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut engine = Engine::open(&home(&new.path().join("new")), None).unwrap().with_clock(clock);
    assert_eq!(engine.profile_name().unwrap(), "Ana");
    engine.reload().unwrap();
    let shown = |engine: &Engine| -> Vec<String> {
        let of = |queued: Queued| match queued.event {
            Event::Message(message) => message.text,
            Event::Notice { reason, .. } => reason.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        engine.unshown().unwrap().into_iter().map(of).collect()
    };
    assert_eq!(shown(&engine), ["not shown yet", "session_damaged"]);
    let dana = engine.contact("Dana").unwrap();
    assert_eq!((dana.trust, dana.waiting), (model::Trust::Unchecked, 2), "unconfirmed ones wait for the new start too");
    let sent = runtime.block_on(async { engine.send("Dana", "are you there?", None).await }).unwrap();
    assert_eq!((sent.state, sent.fault), (SendState::Saved, Some(Fault::SessionDamaged)));
    assert!(engine.pending(Some("Dana")).unwrap()[0].stopped, "the next step is a new start");
    let into = home(&new.path().join("new"));
    let again = Engine::salvage(&home(folder.path()), None, &into);
    assert!(matches!(again, Err(Fault::Usage(_) | Fault::InUse(_))), "never over a profile: {again:?}");
}

#[test]
fn how_long_it_is_kept_and_who_is_blocked_is_saved_too_and_a_mailbox_of_nobody_is_closed() {
    let (folder, texts) = profile();
    let ours = home(folder.path());
    let mut engine = Engine::open(&ours, None).unwrap().with_clock(clock);
    engine.choose_keep("Dana", model::Keep::Days90).unwrap();
    engine.set_blocked("Dana", true).unwrap();
    drop(engine);
    let unused = "INSERT INTO mailboxes (relay, mailbox, owner, capability, count, mark, told)
                  SELECT relay, zeroblob(32), owner, capability, count, mark, told FROM mailboxes LIMIT 1 RETURNING gone";
    assert_eq!(raw::number(&ours, unused), 0);
    let (_, new) = salvage(folder.path(), &texts).unwrap();
    let new = home(&new.path().join("new"));
    assert_eq!(raw::number(&new, "SELECT gone FROM mailboxes WHERE mailbox = zeroblob(32)"), 1);
    assert_eq!(raw::number(&new, "SELECT count(*) FROM mailboxes WHERE gone = 0"), 1, "and the person's stays");
    let engine = Engine::open(&new, None).unwrap();
    let dana = engine.contact("Dana").unwrap();
    assert_eq!((dana.keep, dana.blocked), (model::Keep::Days90, true));
}

#[test]
fn with_any_page_damaged_what_is_on_the_others_is_saved_and_what_is_missing_is_counted() {
    let (folder, texts) = profile();
    let pages = std::fs::read(folder.path().join("vault.db")).unwrap().len() / PAGE;
    assert!(pages > 300, "{pages} pages");
    let (mut nothing, mut much, mut all, mut counted) = (0, 0, 0, 0);
    // Every page of the first ones, where lists and roots are, and some of the others.
    for page in (0..24).chain((24..pages).step_by(31)) {
        let damaged = damaged(folder.path(), |bytes| match page % 2 {
            0 => bytes[page * PAGE + 1000] ^= 1,
            _ => bytes[page * PAGE..(page + 1) * PAGE].fill(0),
        });
        let (found, sound) = Engine::look_inside(&home(damaged.path()), None, clock()).unwrap();
        assert!(!sound && matches!(found[0], Finding::Damaged(1) | Finding::Unreadable(_)), "page {page}: {found:?}");
        match salvage(damaged.path(), &texts) {
            Ok((saved, _)) if saved.missing == Some(0) => all += 1,
            Ok((saved, _)) if saved.messages > 500 => {
                much += 1;
                counted += u32::from(saved.missing.is_some());
            }
            Ok((saved, _)) => assert!(saved.messages == 0 || saved.missing.is_none(), "page {page}: {saved:?}"),
            Err(Fault::Damaged(_)) => nothing += 1,
            Err(fault) => panic!("page {page}: {fault}"),
        }
    }
    assert!(nothing <= 6, "{nothing} pages without which nothing can be read");
    assert!(much > 3 && all > 3, "{much} pages of messages, {all} of other things");
    assert!(counted > 3, "what is missing is counted on {counted} of {much}");
}

#[test]
fn a_page_of_zeros_makes_no_hole_in_a_message_that_is_shown_or_sent_and_zeros_that_were_typed_are_no_damage() {
    let (folder, mut texts) = profile();
    let typed = format!("typed {}\0{}", "y".repeat(6000), "z".repeat(3000));
    let mut engine = Engine::open(&home(folder.path()), None).unwrap().with_clock(clock);
    let contact = engine.contacts().unwrap().remove(0).id;
    let long = |letter: &str| letter.repeat(9000);
    let id = |engine: &mut Engine, text: &str, direction| {
        let new = NewMessage {
            id: MessageId::random(&mut chance::rng()),
            contact: &contact,
            direction,
            kind: "text",
            text,
            sent_at: clock(),
            received_at: None,
        };
        engine.vault.write(|store| Ok::<_, Fault>(store.insert_message(&new)?.unwrap())).unwrap()
    };
    id(&mut engine, &typed, model::Direction::In);
    let waiting = id(&mut engine, &long("w"), model::Direction::Out);
    engine.vault.write(|store| Ok::<_, Fault>(store.enqueue(&contact, Some(waiting))?)).unwrap();
    texts.extend([typed, long("w")]);
    let all = engine.history(&contact, None).unwrap();
    assert_eq!(all.len(), texts.len(), "zeros that were typed are no damage");
    drop(engine);
    let pages = std::fs::read(folder.path().join("vault.db")).unwrap().len() / PAGE;
    let (mut refused, mut unsent) = (0, 0);
    for page in (24..pages).rev().step_by(2) {
        let damaged = damaged(folder.path(), |bytes| bytes[page * PAGE..(page + 1) * PAGE].fill(0));
        let Ok(engine) = Engine::open(&home(damaged.path()), None) else { continue };
        match engine.history(&contact, None) {
            Ok(all) => all.iter().for_each(|one| assert!(texts.contains(&one.text), "page {page}: {:?}", one.text)),
            Err(Fault::Damaged(_)) => refused += 1,
            Err(fault) => panic!("page {page}: {fault}"),
        }
        match engine.vault.read(|store| store.page(&contact, model::Page::Newest, 1000)).map_err(Fault::from) {
            Ok(all) => all.iter().for_each(|one| assert!(texts.contains(&one.message.text), "page {page}")),
            Err(fault) => assert!(matches!(fault, Fault::Damaged(_)), "page {page}: {fault}"),
        }
        match engine.vault.read(|store| store.next_queued(&contact, clock())).map_err(Fault::from) {
            Ok(Some(next)) => {
                if let crate::vault::Queued::Text(_, _, text, _) = next.what {
                    assert!(texts.contains(&text), "page {page}");
                }
            }
            Ok(None) => {}
            Err(fault) => unsent += u32::from(matches!(fault, Fault::Damaged(_))),
        }
    }
    assert!(refused > 20 && unsent > 0, "{refused} {unsent}");
}

#[test]
fn with_its_end_cut_off_or_many_pages_zeroed_a_profile_gives_what_is_left() {
    let (folder, texts) = profile();
    let pages = std::fs::read(folder.path().join("vault.db")).unwrap().len() / PAGE;
    for left in [0, 1, pages / 3, pages / 2, pages - 1] {
        let damaged = damaged(folder.path(), |bytes| bytes.truncate(left * PAGE));
        let (found, sound) = Engine::look_inside(&home(damaged.path()), None, clock()).unwrap();
        assert!(!sound, "{left} pages: {found:?}");
        match salvage(damaged.path(), &texts) {
            Ok((saved, _)) => assert!(left > 1 && saved.messages < texts.len() as u64, "{left} pages: {saved:?}"),
            Err(fault) => assert!(matches!(fault, Fault::Damaged(_)) && left < pages / 2, "{left} pages: {fault}"),
        }
    }
    let holes = damaged(folder.path(), |bytes| {
        for page in (60..pages).step_by(7) {
            bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        }
    });
    let (saved, _new) = salvage(holes.path(), &texts).unwrap();
    assert!(saved.messages > 200 && saved.missing != Some(0), "{saved:?}");
}

#[test]
fn a_key_that_is_gone_or_a_place_that_is_taken_saves_nothing_and_makes_nothing() {
    let (folder, texts) = profile();
    let keyless = damaged(folder.path(), |_| {});
    std::fs::write(keyless.path().join("key"), [1, 0, 7]).unwrap();
    assert!(matches!(salvage(keyless.path(), &texts), Err(Fault::Damaged(_))));
    let taken = tempfile::tempdir().unwrap();
    std::fs::write(taken.path().join("a file of somebody's"), b"words").unwrap();
    let refused = Engine::salvage(&home(folder.path()), None, &home(taken.path()));
    assert!(matches!(refused, Err(Fault::Usage(_))));
    assert_eq!(std::fs::read_dir(taken.path()).unwrap().count(), 1);
    let same = Engine::salvage(&home(folder.path()), None, &home(folder.path()));
    assert!(matches!(same, Err(Fault::Usage(_))));
    assert!(raw::number(&home(folder.path()), "SELECT count(*) FROM messages") > 600);
}
