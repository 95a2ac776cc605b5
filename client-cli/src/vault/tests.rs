//! What the vault promises, each as a sentence.

use super::*;
use crate::engine::model::Direction;
use crate::engine::{Fault, chance};
use cairn_protocol::content::MessageId;
use cairn_protocol::mailbox::{EnvelopeId, MailboxId, OwnerSecret, VaultMark};
use cairn_protocol::token::{Pass, SendCapability};

const MARKER: &str = "heather-on-the-hill";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn home(&self) -> Home {
        Home::new(Some(self.0.path()), "test").unwrap()
    }

    fn create(&self, passphrase: Option<&str>) -> Vault {
        let profile = Profile {
            name: MARKER.into(),
            relay: Some(MARKER.into()),
            pass: Some(Pass::from_bytes([7; 32])),
            created_at: 1,
        };
        Vault::create(&self.home(), passphrase, &profile, &mut chance::rng()).unwrap()
    }

    fn open(&self, passphrase: Option<&str>) -> Result<Vault, VaultError> {
        Vault::open(&self.home(), passphrase)
    }
}

fn person(vault: &mut Vault, id: &str) -> i64 {
    let mut rng = chance::rng();
    vault
        .write(|store| {
            let mailbox = MailboxRow {
                row: 0,
                relay: "relay".into(),
                mailbox: MailboxId::random(&mut rng),
                owner: OwnerSecret::random(&mut rng),
                capability: SendCapability::random(&mut rng),
                gone: false,
                replaced: false,
            };
            let row = store.insert_mailbox(&mailbox, VaultMark::random(&mut rng))?;
            store.insert_contact(&NewContact {
                id,
                name: id,
                given_name: id,
                created_at: 1,
                mailbox: row,
                relay: "relay",
                their_box: &MailboxId::random(&mut rng),
                capability: &SendCapability::random(&mut rng),
                session: b"session",
                rejoins: None,
            })?;
            Ok::<_, VaultError>(row)
        })
        .unwrap()
}

fn message(store: &Store<'_>, contact: &str, text: &str) -> Result<i64, VaultError> {
    let new = NewMessage {
        id: MessageId::random(&mut chance::rng()),
        contact,
        direction: Direction::Out,
        kind: "text",
        text,
        sent_at: 1,
        received_at: None,
    };
    Ok(store.insert_message(&new)?.unwrap())
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_file() {
    let folder = Folder::new();
    drop(folder.create(Some("right")));
    assert!(folder.open(Some("right")).is_ok());
    assert_eq!(folder.open(Some("wrong")).err(), Some(VaultError::WrongPassphrase));
    assert_eq!(folder.open(None).err(), Some(VaultError::Locked));
    assert_eq!(Vault::needs_passphrase(&folder.home()), Ok(true));
    let key = folder.home().key();
    let bytes = std::fs::read(&key).unwrap();
    for (position, value) in [(1, 9), (2, 0xff), (6, 0xff)] {
        let mut damaged = bytes.clone();
        damaged[position] = value;
        std::fs::write(&key, damaged).unwrap();
        assert!(matches!(folder.open(Some("right")).err(), Some(VaultError::Damaged(_))), "byte {position}");
    }
    std::fs::write(&key, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(folder.open(Some("right")).err(), Some(VaultError::Damaged(_))));
    let mut newer = bytes;
    newer[0] = 2;
    std::fs::write(&key, newer).unwrap();
    assert_eq!(folder.open(Some("right")).err(), Some(VaultError::Newer));
}

#[test]
fn without_a_passphrase_the_key_lies_open_and_only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    drop(folder.create(None));
    assert_eq!(Vault::needs_passphrase(&folder.home()), Ok(false));
    assert_eq!(folder.open(None).unwrap().read(|store| store.profile()).unwrap().name, MARKER);
    for entry in std::fs::read_dir(folder.0.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_damaged_or_missing_file_is_a_fault_and_never_a_new_database() {
    let folder = Folder::new();
    drop(folder.create(None));
    let vault = folder.home().vault();
    let bytes = std::fs::read(&vault).unwrap();
    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    std::fs::write(&vault, &damaged).unwrap();
    assert!(matches!(folder.open(None).err(), Some(VaultError::Damaged(_))));
    assert_eq!(std::fs::read(&vault).unwrap(), damaged);
    std::fs::write(&vault, b"").unwrap();
    assert!(matches!(folder.open(None).err(), Some(VaultError::Damaged(_))));
    std::fs::remove_file(&vault).unwrap();
    assert!(matches!(folder.open(None).err(), Some(VaultError::Damaged(_))));
    assert!(!vault.exists());
    std::fs::write(&vault, &bytes).unwrap();
    std::fs::remove_file(folder.home().key()).unwrap();
    assert!(matches!(folder.open(None).err(), Some(VaultError::Damaged(_))));
}

#[test]
fn a_vault_of_a_newer_program_is_left_alone() {
    let folder = Folder::new();
    folder.create(None).0.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
    let before = std::fs::read(folder.home().vault()).unwrap();
    assert_eq!(folder.open(None).err(), Some(VaultError::Newer));
    assert_eq!(std::fs::read(folder.home().vault()).unwrap(), before);
    let told = Fault::from(VaultError::Newer);
    assert!(told.to_string().contains("newer Cairn") && !told.to_string().contains("damaged"), "{told}");
    assert_eq!((told.code(), told.next()), (8, "the same command, with the newest Cairn"));
}

#[test]
fn no_word_of_a_person_stands_in_any_file_of_the_home() {
    let folder = Folder::new();
    let mut vault = folder.create(Some(MARKER));
    person(&mut vault, MARKER);
    vault.write(|store| message(store, MARKER, MARKER)).unwrap();
    let search = || {
        for entry in std::fs::read_dir(folder.0.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for needle in [MARKER.as_bytes(), b"SQLite format 3", b"CREATE TABLE", &[7; 32]] {
                assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{}", path.display());
            }
        }
    };
    search();
    assert!(folder.0.path().join("vault.db-wal").metadata().unwrap().len() > 0, "the log was searched too");
    drop(vault);
    search();
}

#[test]
fn a_kill_while_a_profile_is_made_leaves_none_or_a_whole_one() {
    let folder = Folder::new();
    drop(folder.create(None));
    let home = folder.home();
    // Killed before the last rename: the next opening finishes it.
    std::fs::rename(home.key(), new_key(&home)).unwrap();
    assert_eq!(Vault::needs_passphrase(&home), Ok(false));
    assert!(folder.open(None).is_ok());
    assert!(home.key().exists());
    // Killed before the vault has its name: there is no profile, and making one works.
    std::fs::rename(home.key(), new_key(&home)).unwrap();
    std::fs::rename(home.vault(), folder.0.path().join("vault.new")).unwrap();
    assert!(!Vault::exists(&home));
    assert_eq!(folder.open(None).err(), Some(VaultError::Missing));
    drop(folder.create(None));
    assert!(folder.open(None).is_ok());
}

#[test]
fn a_transaction_that_fails_changes_nothing() {
    let mut vault = Folder::new().create(None);
    person(&mut vault, "dana");
    let failed: Result<(), VaultError> = vault.write(|store| {
        message(store, "dana", "text")?;
        Err(VaultError::Missing)
    });
    assert!(failed.is_err());
    assert_eq!(vault.read(|store| store.history("dana", None)).unwrap(), []);
}

#[test]
fn a_generation_moves_on_only_after_the_relay_was_told_of_the_last() {
    let mut vault = Folder::new().create(None);
    let row = person(&mut vault, "dana");
    let mut next = || vault.write(|store| store.next_generation(row, VaultMark::random(&mut chance::rng()))).unwrap();
    let first = next();
    assert_eq!(next(), first);
    vault.write(|store| store.generation_told(row)).unwrap();
    let mut next = || vault.write(|store| store.next_generation(row, VaultMark::random(&mut chance::rng()))).unwrap();
    let second = next();
    assert_eq!((second.count, next()), (first.count + 1, second));
    assert_ne!(first.mark, second.mark);
    let other = person(&mut vault, "eli");
    let other = vault.write(|store| store.next_generation(other, VaultMark::random(&mut chance::rng()))).unwrap();
    assert_ne!(other.count, first.count, "equal counts would tie mailboxes together (by chance: 1 in 4,294,967,296)");
}

#[test]
fn a_message_is_sent_when_all_its_envelopes_are_at_the_relay() {
    let mut vault = Folder::new().create(None);
    person(&mut vault, "dana");
    let place = Place { store: [1; 16], restores: 0, day: 100 };
    let sent = |vault: &Vault| vault.read(|store| store.waiting()).unwrap() == 0;
    let put = |vault: &Vault, place| vault.read(|store| store.to_put("dana", 0, place, 99)).unwrap();
    let rows = vault
        .write(|store| {
            let message = message(store, "dana", "text")?;
            for number in 1..=2 {
                let id = EnvelopeId::random(&mut chance::rng());
                store.insert_outbox("dana", Some(number), id, &Box::new([9; 4096]), Some(message))?;
            }
            store.to_put("dana", 0, place, 99)
        })
        .unwrap();
    vault.write(|store| store.mark_put(&[rows[0].seq], place)).unwrap();
    assert!(!sent(&vault));
    vault.write(|store| store.mark_put(&[rows[1].seq], place)).unwrap();
    assert!(sent(&vault));
    // Nothing is put twice into one store, all of it into a restored or another one, and after fourteen days.
    assert_eq!(put(&vault, place).len(), 0);
    let again = put(&vault, Place { restores: 1, ..place });
    assert_eq!(again.iter().map(|row| row.id).collect::<Vec<_>>(), rows.iter().map(|row| row.id).collect::<Vec<_>>());
    assert_eq!(put(&vault, Place { store: [2; 16], ..place }).len(), 2);
    assert_eq!(put(&vault, Place { day: 114, ..place }).len(), 2);
    assert_eq!(put(&vault, Place { day: 113, ..place }).len(), 0);
    vault.write(|store| store.drop_confirmed("dana", 2)).unwrap();
    assert_eq!(put(&vault, Place { restores: 1, ..place }).len(), 0);
}

#[test]
fn what_was_lost_here_is_told_at_most_sixteen_times_a_day_and_only_so_much_waits() {
    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;
    let mut vault = Folder::new().create(None);
    person(&mut vault, "dana");
    let drawn = NOW + 1000;
    vault
        .write(|store| {
            (1..=99).try_for_each(|number| store.enqueue_lost("dana", 10 * number, 10 * number, NOW, drawn))?;
            // What joins on to one that waits goes with it, as long as one message can name it all.
            store.enqueue_lost("dana", 11, 12, NOW, drawn)?;
            store.enqueue_lost("dana", 13, 2100, NOW, drawn)
        })
        .unwrap();
    let mut due = Vec::new();
    let mut named = Vec::new();
    for hour in 0..24 * 7 {
        let now = NOW + hour * DAY / 24;
        while let Some(row) = vault.read(|store| store.next_queued("dana", now)).unwrap() {
            let outbox::Queued::Lost(from, to) = row.what else { panic!("something else") };
            named.push((from, to));
            due.push(now);
            vault.write(|store| store.advance_queued(row.seq, None)).unwrap();
        }
    }
    assert_eq!(named.len(), usize::try_from(lost::RANGES).unwrap());
    assert_eq!((named[0], named[1]), ((10, 12), (20, 20)));
    assert!(due[0] > NOW, "not at once");
    for (index, first) in due.iter().enumerate() {
        let same_day = due[index..].iter().filter(|time| **time - first < DAY - DAY / 24).count();
        assert!(same_day <= 16, "{same_day} within a day");
    }
    // What was told leaves room, and keeps the distance.
    vault.write(|store| store.enqueue_lost("dana", 5000, 5000, NOW, drawn)).unwrap();
    let next = vault.read(|store| store.routes(NOW)).unwrap()[0].due_at.unwrap();
    assert!(next >= NOW + 64 * lost::APART);
}

#[test]
fn a_clock_that_was_wrong_holds_nothing_up_for_long() {
    const NOW: i64 = 1_800_000_000_000;
    let mut vault = Folder::new().create(None);
    person(&mut vault, "dana");
    let year = 365 * 86_400_000;
    vault.write(|store| store.enqueue_lost("dana", 1, 1, NOW + year, NOW + year)).unwrap();
    assert!(vault.read(|store| store.next_queued("dana", NOW)).unwrap().is_some());
    assert!(vault.read(|store| store.waits("dana", NOW, None)).unwrap());
    vault.write(|store| store.enqueue_lost("dana", 9, 9, NOW, NOW + 5)).unwrap();
    assert_eq!(vault.read(|store| store.routes(NOW)).unwrap()[0].due_at, Some(NOW + 5));
    const { assert!(lost::WEEK > lost::RANGES * lost::APART, "what is planned is never taken for a wrong clock") };
}

#[test]
fn a_hole_is_told_once() {
    let mut vault = Folder::new().create(None);
    person(&mut vault, "dana");
    let mut tell = || vault.write(|store| store.tell_gap("dana", 4)).unwrap();
    assert_eq!((tell(), tell()), (true, false));
}

#[test]
fn a_pass_is_kept_for_the_relay_that_it_is_for_and_shown_to_no_other() {
    let mut vault = Folder::new().create(None);
    let profile = |vault: &Vault| {
        let profile = vault.read(|store| store.profile()).unwrap();
        (profile.relay.unwrap(), *profile.pass.unwrap().expose())
    };
    assert_eq!(profile(&vault), (MARKER.to_owned(), [7; 32]));
    vault.write(|store| store.keep_relay("another", Some(&Pass::from_bytes([8; 32])))).unwrap();
    assert_eq!(profile(&vault), (MARKER.to_owned(), [7; 32]));
    vault.write(|store| store.keep_relay(MARKER, Some(&Pass::from_bytes([9; 32])))).unwrap();
    assert_eq!(profile(&vault), (MARKER.to_owned(), [9; 32]));
    vault.write(|store| store.keep_relay(MARKER, None)).unwrap();
    assert_eq!(profile(&vault), (MARKER.to_owned(), [9; 32]));
}

#[test]
fn whoever_writes_without_end_keeps_nobody_elses_words_from_being_shown() {
    let mut vault = Folder::new().create(None);
    person(&mut vault, "mallory");
    person(&mut vault, "dana");
    let gap = |contact, missing| move |store: &Store<'_>| store.insert_event(EventRow::Gap(contact, missing));
    for missing in 1..=5 {
        vault.write(gap("mallory", missing)).unwrap();
    }
    vault.write(gap("dana", 9)).unwrap();
    let mut rounds = Vec::new();
    loop {
        let all = vault.read(|store| store.unshown(2)).unwrap();
        if all.is_empty() {
            break;
        }
        vault.write(|store| all.iter().try_for_each(|queued| store.mark_shown(queued.number))).unwrap();
        rounds.push(all.into_iter().map(|queued| queued.number).collect::<Vec<_>>());
    }
    assert_eq!(rounds, [vec![1, 2, 6], vec![3, 4], vec![5]], "two of each, in order, and all of them in the end");
}
