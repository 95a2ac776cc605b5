//! Making, checking and opening `relay.db`.
//!
//! In: a folder. Out: connections with every safety setting on, or a sentence that names the file. This file must never
//! learn to repair: what is damaged, foreign or newer is refused and left as it is.

use super::{fault, upgrade};
use crate::calendar;
use crate::folder::{self, FolderError};
use crate::store::{StoreError, StoreResult};
use rand::Rng;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The store's file in its folder.
pub const FILE: &str = "relay.db";

/// "Crn1": tells a relay's store from any other SQLite file.
pub(super) const APPLICATION: i32 = 0x4372_6e31;

/// "Crnb": tells a backup copy from a store.
pub(super) const COPIED: i32 = 0x4372_6e62;

/// The version of `schema.sql`.
pub(super) const VERSION: i32 = 5;

pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// How long one process waits for another (`pass new` beside `serve`). Larger: a stuck process holds up every put.
/// Smaller: a slow disk makes `pass new` fail.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// Between two tries where SQLite doesn't wait. Larger: a start takes longer. Smaller: more tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Bytes up to which every page of the file is checked at start. Larger: a relay of 10 GB took 31 s to start.
/// Smaller: damage in a small store is found only when somebody needs the page.
const CHECKED_AT_START: u64 = 64 << 20;

/// Bytes of the journal that are written anew at once. Larger: memory. Smaller: more calls.
const REWRITTEN_AT_ONCE: usize = 1 << 20;

/// What a connection may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
    /// As [`Write`](Self::Write), for the relay itself: an older file is brought to this version. Nobody else may, because
    /// an older relay could be running on the file.
    Upgrade,
}

/// The path of the store's file; made if the folder has never held one.
pub(super) fn make_or_check(folder: &Path) -> StoreResult<PathBuf> {
    let file = folder.join(FILE);
    if !exists(&file)? {
        // Looked at once more after the trace was found: another process may be making the store right now.
        if let Some(trace) = folder::trace_of_a_store(folder).map_err(unusable)?
            && !exists(&file)?
        {
            return Err(StoreError::Damaged(format!("{} is missing though {trace} is there", file.display())));
        }
        make(folder, &file)?;
    }
    Ok(file)
}

/// The path of a store's file that must be there already.
pub(super) fn find(folder: &Path) -> StoreResult<PathBuf> {
    let folder = fs::canonicalize(folder)
        .map_err(|error| StoreError::Unusable(format!("{} can't be opened: {error}", folder.display())))?;
    let file = folder.join(FILE);
    if exists(&file)? {
        return Ok(file);
    }
    let next = "Name the folder that `cairn-relay serve --data` uses";
    Err(StoreError::Unusable(format!("there is no relay's store in {}. {next}", folder.display())))
}

/// A connection with WAL, FULL and the other safety settings, and the file's version checked.
pub(super) fn connect(file: &Path, access: Access) -> StoreResult<Connection> {
    // No SQLITE_OPEN_URI and an absolute path: a folder named `file:x?mode=memory` stays a folder. No CREATE: a file
    // that vanished between two lines is an error, never a new store.
    let mode = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write | Access::Upgrade => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| named(file, &error))?;
    let version = check_version(&connection, file)?;
    settle(&connection, access).map_err(|error| named(file, &error))?;
    if access == Access::Upgrade {
        upgrade::bring(&connection, version).map_err(|error| named(file, &error))?;
    } else if version < VERSION {
        let sentence = "was made by an older version of this program. Start the relay once, then try again";
        return Err(StoreError::Unusable(format!("{} {sentence}", file.display())));
    }
    Ok(connection)
}

/// A connection that writes, to a file whose pages were checked and whose journal is certainly on disk.
pub(super) fn connect_to_write(file: &Path, access: Access) -> StoreResult<Connection> {
    let connection = connect(file, access)?;
    check_pages(&connection, file)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| fault(&error))?;
    let settled = settle_journal(file);
    connection.execute_batch("ROLLBACK").map_err(|error| fault(&error))?;
    settled.map(|()| connection).map_err(|error| StoreError::Disk(format!("the journal of {FILE}: {error}")))
}

/// Writes the journal anew, each byte as it is, and flushes it with its name.
///
/// A process that was killed leaves commits that the system shows and the disk may not have, and one whose flush failed
/// leaves some that no later flush would write. They count as committed: a repeat of them changes nothing and so flushes
/// nothing, and a checkpoint would put pages into the file that an older journal, found after a power cut, mixes with
/// its own. Nobody else writes meanwhile: the caller holds SQLite's lock for that.
fn settle_journal(file: &Path) -> io::Result<()> {
    let path = file.with_extension("db-wal");
    let journal = match OpenOptions::new().read(true).write(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut bytes = vec![0; REWRITTEN_AT_ONCE];
    let mut at = 0;
    loop {
        let read = journal.read_at(&mut bytes, at)?;
        let Some(bytes) = bytes.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        journal.write_all_at(bytes, at)?;
        at = at.saturating_add(bytes.len() as u64);
    }
    journal.sync_all()?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Checks every page of a store that is small enough for that, its journal counted.
fn check_pages(connection: &Connection, file: &Path) -> StoreResult<()> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, u32>(0));
    let pages = number("PRAGMA page_count").map_err(|error| named(file, &error))?;
    let size = number("PRAGMA page_size").map_err(|error| named(file, &error))?;
    let length = fs::metadata(file).map_err(|error| unreadable(file, &error))?.len();
    if length.max(u64::from(pages).saturating_mul(size.into())) > CHECKED_AT_START {
        return Ok(());
    }
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| named(file, &error))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(format!("{} ({verdict})", file.display()))) }
}

fn settle(connection: &Connection, access: Access) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Else a query whose plan may depend on a bound value is planned anew each time that it runs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if access != Access::Read {
        // FULL: in 2,384 simulated power losses with NORMAL, 971 lost acknowledged rows; with FULL none.
        // Checkpoints are made by the writer itself, where an error is seen; the automatic ones drop theirs.
        // A cache of 4 MB: SQLite looks through all of it after each transaction that balanced a table, so that a larger one
        // costs more than it saves. Smaller: a group of many acknowledgements doesn't fit and is written in several goes.
        turn_to_wal(connection)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096;",
        )?;
    } else {
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
    }
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;",
    )
}

/// Keeps a journal from now on, as a store that is new or was put back doesn't yet. SQLite doesn't wait here for another
/// process that does the same at this moment; so we do.
fn turn_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    let end = Instant::now() + BUSY;
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if matches!(fault(&error), StoreError::NotNow(_)) && Instant::now() < end => {
                thread::sleep(PAUSE)
            }
            done => return done,
        }
    }
}

fn check_version(connection: &Connection, file: &Path) -> StoreResult<i32> {
    connection.busy_timeout(BUSY).map_err(|error| named(file, &error))?;
    match marked(connection, file)? {
        (APPLICATION, known @ 1..=VERSION) => Ok(known),
        (APPLICATION, newer) if newer > VERSION => Err(StoreError::Newer(file.display().to_string())),
        (APPLICATION, _) => Err(StoreError::Damaged(format!("{} states an impossible version", file.display()))),
        (COPIED, _) => Err(StoreError::Damaged(format!(
            "{} is a backup copy, which clients would not notice. Put it back by `cairn-relay restore`",
            file.display()
        ))),
        _ => Err(StoreError::Damaged(format!("{} is not a relay's store", file.display()))),
    }
}

/// What a file says that it is, and of which version.
pub(super) fn marked(connection: &Connection, file: &Path) -> StoreResult<(i32, i32)> {
    let number = |pragma: &str| {
        connection.query_row(pragma, [], |row| row.get::<_, i32>(0)).map_err(|error| named(file, &error))
    };
    Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?))
}

/// Makes a complete store beside its place, then links it there: a crash leaves all of it or nothing, and of two
/// processes that make one at the same time the second uses the first one's.
fn make(folder: &Path, file: &Path) -> StoreResult<()> {
    let mut identity = [0_u8; 16];
    rand::rng().fill_bytes(&mut identity);
    let draft = folder.join(format!("{FILE}.{:016x}.new", rand::rng().next_u64()));
    folder::write_new(&draft, &[]).map_err(unusable)?;
    let result = fill(&draft, identity).map_err(|error| named(file, &error)).and_then(|()| {
        folder::flush(&draft).map_err(unusable)?;
        match fs::hard_link(&draft, file) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unreadable(file, &error)),
            _ => folder::flush(folder).map_err(unusable),
        }
    });
    // Only a draft is removed; a failure to do so leaves an unused file and no harm.
    let _ = fs::remove_file(&draft);
    result
}

fn fill(draft: &Path, identity: [u8; 16]) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch("PRAGMA page_size = 4096; PRAGMA secure_delete = ON;")?;
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(SCHEMA)?;
    let today = calendar::clock_day();
    connection.execute(
        "INSERT INTO store (one, identity, restores, clock_day, day) VALUES (1, ?1, 0, ?2, ?2)",
        (identity, today),
    )?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)
}

pub(super) fn exists(file: &Path) -> StoreResult<bool> {
    file.try_exists().map_err(|error| unreadable(file, &error))
}

pub(super) fn named(file: &Path, error: &rusqlite::Error) -> StoreError {
    match fault(error) {
        StoreError::Damaged(_) => StoreError::Damaged(format!("{} ({error})", file.display())),
        StoreError::NotNow(text) => StoreError::NotNow(text),
        _ => StoreError::Unusable(format!("{} can't be opened: {error}", file.display())),
    }
}

pub(super) fn unreadable(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Unusable(format!("{} can't be opened: {error}", file.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err by name")]
pub(super) fn unusable(error: FolderError) -> StoreError {
    StoreError::Unusable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opens_a_new_store_while_another_process_writes_to_it_waits_and_is_not_sent_away() {
        let folder = tempfile::tempdir().unwrap();
        let file = make_or_check(folder.path()).unwrap();
        let other = Connection::open(&file).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (trying, tries) = std::sync::mpsc::channel();
        let opened = thread::spawn(move || {
            trying.send(()).unwrap();
            connect(&file, Access::Write).map(drop)
        });
        tries.recv().unwrap();
        // Time enough to be sent away.
        thread::sleep(20 * PAUSE);
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(opened.join().unwrap(), Ok(()));
    }
}
