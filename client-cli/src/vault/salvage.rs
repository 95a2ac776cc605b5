//! What can be read of a damaged vault goes into a new one.
//!
//! In: a damaged vault, a home for the new one. Out: what was saved and what was not. No session, no key of one and no
//! envelope is copied: a key that was used might be used again. This file must never change the damaged file: it reads a
//! copy.

mod drafts;
mod waiting;

use super::old::Old;
use super::unfinished::{self, Unfinished};
use super::{APPLICATION, KeyFile, MailboxRow, Profile, Vault, VaultError, new_key, unwritable};
use crate::engine::Seen;
use crate::home::{Home, no_follow};
use crate::language::{system as why, trouble};
use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::mailbox::{MailboxId, OwnerSecret, VaultMark};
use cairn_protocol::token::{Pass, SendCapability};
use rand::CryptoRng;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes that are copied at once: a page.
const BLOCK: usize = 4096;

/// A relay that nobody runs, for people of whom no relay can be read: they take a new start, as everybody does.
fn nowhere() -> Result<String, VaultError> {
    let host = Host::new("localhost").map_err(|_| VaultError::Failed(trouble::no_host()))?;
    Ok(RelayAddress { host, port: 1, pin: Pin::of(b"") }.to_string())
}

/// What was saved, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Salvage {
    /// Whether the person's own name was read.
    pub(crate) profile: bool,
    /// People.
    pub(crate) people: u64,
    /// People of whom only messages were found.
    pub(crate) nameless: u64,
    /// Whether people may be missing.
    pub(crate) people_missing: bool,
    /// Messages.
    pub(crate) messages: u64,
    /// Messages that could not be read, where their number is known.
    pub(crate) missing: Option<u64>,
    /// Whether all messages were read.
    pub(crate) whole: bool,
    /// Words that were typed and not sent.
    pub(crate) drafts: u64,
    /// Those of them that could not be read, where their number is known.
    pub(crate) drafts_missing: Option<u64>,
}

/// A person, as far as they are saved.
struct Person {
    id: String,
    name: String,
    given_name: String,
    created_at: i64,
    mailbox: i64,
    relay: String,
    keep: i64,
    their_keep: i64,
    blocked: bool,
}

/// A message with everything that is shown of it.
struct Letter {
    seq: i64,
    id: Vec<u8>,
    contact: String,
    direction: i64,
    kind: String,
    text: String,
    sent_at: i64,
    received_at: Option<i64>,
    sent: bool,
}

impl Vault {
    /// Copies what can be read into a new vault, under the same passphrase and a new key. It takes its name when all of
    /// that is in it: a kill leaves nothing that passes for a profile.
    pub(crate) fn salvage(
        home: &Home,
        passphrase: Option<&str>,
        into: &Home,
        rng: &mut impl CryptoRng,
    ) -> Result<Salvage, VaultError> {
        let key = [home.key(), new_key(home)].into_iter().find(|path| path.exists()).ok_or_else(super::key_gone)?;
        let key = KeyFile::read(&key)?.open(passphrase)?;
        unfinished::clear(into)?;
        let copy = into.directory().join("old.part");
        copy_file(&home.vault(), &copy, true)?;
        let log = with(&home.vault(), "-wal");
        if log.exists() {
            copy_file(&log, &with(&copy, "-wal"), false)?;
        }
        let (saved, new) = salvaged(&mut Old::new(copy.clone(), key), passphrase, into, rng)?;
        for file in [copy.clone(), with(&copy, "-wal"), with(&copy, "-shm")] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(&error)),
                _ => {}
            }
        }
        new.finish(into)?;
        Ok(saved)
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Copies a file. A page of zeros passes for an empty one in SQLCipher, and the text on it for one with a hole: such
/// pages of the vault, and those that the disk does not give, become pages that can't be read.
fn copy_file(from: &Path, to: &Path, pages: bool) -> Result<(), VaultError> {
    let unreadable = |error: std::io::Error| VaultError::Damaged(trouble::file_unread(why(error.kind())));
    let mut from = File::open(from).map_err(unreadable)?;
    let length = from.metadata().map_err(unreadable)?.len();
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(no_follow())
        .open(to)
        .map_err(|error| unwritable(&error))?;
    let mut at = 0;
    while at < length {
        let size = usize::try_from(length - at).unwrap_or(BLOCK).min(BLOCK);
        let mut block = vec![0; size];
        let read = from.seek(SeekFrom::Start(at)).and_then(|_| from.read_exact(&mut block));
        if read.is_err() || (pages && block.iter().all(|byte| *byte == 0)) {
            block.fill(0xff);
        }
        to.write_all(&block).map_err(|error| unwritable(&error))?;
        at += size as u64;
    }
    Ok(())
}

fn salvaged(
    old: &mut Old,
    passphrase: Option<&str>,
    into: &Home,
    rng: &mut impl CryptoRng,
) -> Result<(Salvage, Unfinished), VaultError> {
    if old.value::<i32>("PRAGMA application_id") != Some(APPLICATION) {
        return Err(VaultError::Damaged(trouble::vault_nothing()));
    }
    let mut saved = Salvage::default();
    let profile = old.connection()?.query_row("SELECT name, relay, pass, created_at FROM profile", [], |row| {
        Ok(Profile {
            name: row.get(0)?,
            relay: row.get(1)?,
            pass: row.get::<_, Option<[u8; 32]>>(2)?.map(Pass::from_bytes),
            created_at: row.get(3)?,
        })
    });
    saved.profile = profile.is_ok();
    let profile = profile.unwrap_or_else(|_| Profile {
        name: crate::language::said::somebody(),
        relay: None,
        pass: None,
        created_at: 0,
    });
    let mut unfinished = Unfinished::begin(into, passphrase, &profile, rng)?;
    let new = unfinished.vault();
    if let Some(swept) = old.value::<i64>("SELECT swept FROM profile") {
        // A clock that is far ahead removes nothing at once here either.
        new.write(|store| store.set_seen(Seen { day: swept, ahead: None }))?;
    }
    let relay = match mailboxes(old, new)?.or(profile.relay) {
        Some(relay) => relay,
        None => nowhere()?,
    };
    let pending = people(old, new, &relay, &mut saved, rng)?;
    messages(old, new, &pending, &relay, &mut saved, rng)?;
    waiting::save(old, new)?;
    (saved.drafts, saved.drafts_missing) = drafts::save(old, new)?;
    // Mailboxes that nobody has any more are closed at the relay.
    new.write(|store| {
        store.0.execute("UPDATE mailboxes SET gone = 1 WHERE id NOT IN (SELECT mailbox FROM contacts)", [])?;
        Ok::<_, VaultError>(())
    })?;
    if !saved.profile && saved.people == 0 && saved.messages == 0 {
        return Err(VaultError::Damaged(trouble::vault_nothing()));
    }
    Ok((saved, unfinished))
}

/// Mailboxes of ours, so that they can be closed; a relay that one of them has.
fn mailboxes(old: &mut Old, new: &mut Vault) -> Result<Option<String>, VaultError> {
    let mut relay = None;
    type Row = (i64, String, [u8; 32], [u8; 32], [u8; 32], i64, Vec<u8>, i64, i64);
    old.scan(
        "mailboxes",
        "relay, mailbox, owner, capability, count, mark, told, gone",
        |row| {
            Ok::<Row, _>((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
                row.get(8)?,
            ))
        },
        |rows| {
            relay = rows.last().map(|row| row.1.clone()).or(relay.take());
            new.write(|store| {
                rows.iter().try_for_each(|row| {
                    store.0.execute(
                        "INSERT INTO mailboxes (id, relay, mailbox, owner, capability, count, mark, told, gone)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                        rusqlite::params![row.0, row.1, row.2, row.3, row.4, row.5, row.6, row.7, row.8],
                    )?;
                    Ok::<_, VaultError>(())
                })
            })
        },
    )?;
    Ok(relay)
}

/// Everybody, with a session that can't be used. The rows of new starts that wait, which are not saved.
fn people(
    old: &mut Old,
    new: &mut Vault,
    relay: &str,
    saved: &mut Salvage,
    rng: &mut impl CryptoRng,
) -> Result<BTreeSet<String>, VaultError> {
    let (mut pending, mut found) = (BTreeSet::new(), Vec::new());
    // Behind the session, which may reach into pages that can't be read, stands what is asked for by itself.
    let columns = "id, name, given_name, created_at, mailbox, relay";
    let whole = old.scan(
        "contacts",
        columns,
        |row| {
            Ok(Person {
                id: row.get(1)?,
                name: row.get(2)?,
                given_name: row.get(3)?,
                created_at: row.get(4)?,
                mailbox: row.get(5)?,
                relay: row.get(6)?,
                keep: 0,
                their_keep: 0,
                blocked: false,
            })
        },
        |rows| {
            found.extend(rows);
            Ok(())
        },
    )?;
    for mut person in found {
        let mut number = |column: &str, value: &str| {
            // The id is one of this program's own: hexadecimal digits.
            let plain = person.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let sql = format!("SELECT {value} FROM contacts WHERE id = '{}'", person.id);
            if plain && old.has("contacts", column) { old.value::<i64>(&sql) } else { None }
        };
        let (keep, their_keep) = (number("keep", "keep"), number("their_keep", "their_keep"));
        let (blocked, waits) = (number("blocked", "blocked"), number("rejoins", "rejoins IS NOT NULL"));
        if waits == Some(1) {
            pending.insert(person.id);
            continue;
        }
        person.keep = keep.unwrap_or(0);
        person.their_keep = their_keep.unwrap_or(0);
        person.blocked = blocked == Some(1);
        insert(new, &person, relay, rng)?;
        saved.people += 1;
    }
    saved.people_missing = !whole;
    Ok(pending)
}

fn insert(new: &mut Vault, person: &Person, relay: &str, rng: &mut impl CryptoRng) -> Result<(), VaultError> {
    let fresh = MailboxRow {
        row: 0,
        relay: if person.relay.is_empty() { relay.to_owned() } else { person.relay.clone() },
        mailbox: MailboxId::random(rng),
        owner: OwnerSecret::random(rng),
        capability: SendCapability::random(rng),
        gone: false,
        replaced: false,
    };
    let mark = VaultMark::random(rng);
    new.write(|store| {
        let known = "SELECT EXISTS (SELECT 1 FROM mailboxes WHERE id = ?1 AND gone = 0)
                       AND NOT EXISTS (SELECT 1 FROM contacts WHERE mailbox = ?1)";
        let mailbox = match store.0.query_row(known, [person.mailbox], |row| row.get(0))? {
            true => person.mailbox,
            false => store.insert_mailbox(&fresh, mark)?,
        };
        let mut name = person.name.clone();
        let mut number = 2_u64;
        while store.name_taken(&name)? {
            name = format!("{} {number}", person.name);
            number += 1;
        }
        // No box to put into and no session: nothing can go out by it (engine/rejoin).
        store.0.execute(
            "INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session,
                                   keep, their_keep, blocked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, zeroblob(32), zeroblob(32), x'', ?7, ?8, ?9)",
            (
                &person.id,
                name,
                &person.given_name,
                person.created_at,
                mailbox,
                &fresh.relay,
                person.keep,
                person.their_keep,
                person.blocked,
            ),
        )?;
        Ok(())
    })
}

/// SQLCipher gives zeros in the place of a page of a long text that can't be read, and no fault. Nobody types them, so a
/// text that holds one is not the text that was written.
fn whole(text: String) -> rusqlite::Result<String> {
    if text.contains('\0') { Err(rusqlite::Error::InvalidQuery) } else { Ok(text) }
}

/// Messages, at the places that they had; whose name can't be read is called somebody.
fn messages(
    old: &mut Old,
    new: &mut Vault,
    pending: &BTreeSet<String>,
    relay: &str,
    saved: &mut Salvage,
    rng: &mut impl CryptoRng,
) -> Result<(), VaultError> {
    let mut set_aside = 0;
    let whole = old.scan(
        "messages",
        "id, contact, direction, kind, text, sent_at, received_at, sent",
        |row| {
            Ok(Letter {
                seq: row.get(0)?,
                id: row.get(1)?,
                contact: row.get(2)?,
                direction: row.get(3)?,
                kind: row.get(4)?,
                text: whole(row.get(5)?)?,
                sent_at: row.get(6)?,
                received_at: row.get(7)?,
                sent: row.get(8)?,
            })
        },
        |rows| {
            let ids: BTreeSet<&String> = rows.iter().map(|letter| &letter.contact).collect();
            for id in ids.into_iter().filter(|id| !pending.contains(*id)) {
                if new.read(|store| store.contact(id))?.is_none_or(|found| found.id != *id) {
                    let name = crate::language::said::somebody();
                    let (given_name, created_at) = (name.clone(), rows.first().map_or(0, |letter| letter.sent_at));
                    let unknown = Person {
                        id: id.clone(),
                        name,
                        given_name,
                        created_at,
                        mailbox: 0,
                        relay: relay.to_owned(),
                        keep: 0,
                        their_keep: 0,
                        blocked: false,
                    };
                    insert(new, &unknown, relay, rng)?;
                    saved.nameless += 1;
                }
            }
            new.write(|store| {
                for letter in rows {
                    if pending.contains(&letter.contact) {
                        set_aside += 1;
                        continue;
                    }
                    saved.messages += u64::try_from(store.0.execute(
                        "INSERT INTO messages (seq, id, contact, direction, kind, text, sent_at, received_at, sent)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
                        (
                            letter.seq,
                            letter.id,
                            letter.contact,
                            letter.direction,
                            letter.kind,
                            letter.text,
                            letter.sent_at,
                            letter.received_at,
                            letter.sent,
                        ),
                    )?)
                    .unwrap_or_default();
                }
                Ok::<_, VaultError>(())
            })
        },
    )?;
    saved.whole = whole;
    // The index may be whole where the table is not.
    let all = old.value::<i64>("SELECT count(*) FROM messages INDEXED BY messages_by_contact");
    let all = all.and_then(|all| u64::try_from(all).ok());
    saved.missing = if whole { Some(0) } else { all.map(|all| all.saturating_sub(saved.messages + set_aside)) };
    Ok(())
}
