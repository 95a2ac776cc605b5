//! Copies of the store: made beside a running relay, checked, put back.
//!
//! In: a folder, a file. Out: the other of the two. This file must never learn to put a copy back unseen: a copy bears
//! another mark, so that a relay refuses it, and putting it back raises the count by which clients notice.

use super::open::{
    APPLICATION, Access, COPIED, FILE, SCHEMA, VERSION, connect, exists, find, marked, named, unreadable, unusable,
};
use super::upgrade::MOVING;
use super::{days, fault};
use crate::folder;
use crate::store::{Identity, StoreError, StoreResult};
use rand::RngExt;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The name of a copy in its folder.
pub const COPY: &str = "relay.backup";

/// The old store while a copy takes its place.
const REPLACED: &str = "relay.db.replaced";

/// The new store until it takes that place.
const DRAFT: &str = "relay.db.restored.new";

/// The most by which a restore raises the count, beyond one. Of two restores of the same copy onto an empty disk the
/// second must not come to the first one's count: clients look whether it differs. Larger: the count's end comes nearer.
/// Smaller: two are alike more often than once in 65,536.
const LEAP: u32 = 65_535;

/// Bodies that nothing opens any more stay in the store until others take their places; a copy has zeros there.
const CLEARED: &str = "UPDATE body SET shut = zeroblob(4096) WHERE place NOT IN (SELECT place FROM envelope)";

/// Writes the store of a folder as of one moment into a file that is not there yet. A relay may run meanwhile.
///
/// # Errors
/// As for opening a store that must be there; any error of the new file's disk.
pub fn copy_out(folder: &Path, to: &Path) -> StoreResult<()> {
    let from = connect(&find(folder)?, Access::Read)?;
    let name = to.to_str().ok_or_else(|| {
        StoreError::Unusable(format!("the name {} is not in UTF-8. Choose another folder", to.display()))
    })?;
    // Made first, so that it is never open to others.
    folder::write_new(to, &[]).map_err(unusable)?;
    // The connection stays read-only; the setting would refuse the new file too.
    from.execute_batch("PRAGMA query_only = OFF").map_err(|error| fault(&error))?;
    from.execute("VACUUM INTO ?1", [name]).map_err(|error| written(to, &error))?;
    let copy = open(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Without a journal: a copy that is cut off is none.
    copy.execute_batch("PRAGMA journal_mode = OFF").map_err(|error| written(to, &error))?;
    copy.execute(CLEARED, []).map_err(|error| written(to, &error))?;
    copy.pragma_update(None, "application_id", COPIED).map_err(|error| written(to, &error))?;
    copy.close().map_err(|(_, error)| written(to, &error))?;
    folder::flush(to).map_err(unusable)
}

/// Reads all of a copy: that every page, row and index is whole, and that it has the tables of this version.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Newer`], [`StoreError::Unusable`].
pub fn check_copy(file: &Path) -> StoreResult<Identity> {
    let copy = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version = match marked(&copy, file)? {
        (COPIED, version @ 1..=VERSION) => version,
        (COPIED, newer) if newer > VERSION => return Err(StoreError::Newer(file.display().to_string())),
        _ => return Err(StoreError::Damaged(format!("{} is not a copy that this program made", file.display()))),
    };
    whole(&copy, file, version)?;
    days::identity(&copy).map_err(|error| named(file, &error))
}

/// Reads all of the store of a folder, also beside a running relay. A store of 10 GB takes about a minute.
///
/// # Errors
/// [`StoreError::Damaged`] if anything is not whole; as for opening a store that must be there.
pub fn check_store(folder: &Path) -> StoreResult<Identity> {
    let file = find(folder)?;
    let connection = connect(&file, Access::Read)?;
    whole(&connection, &file, VERSION)?;
    days::identity(&connection).map_err(|error| named(&file, &error))
}

/// Makes a checked copy the store of a folder, with a count of restores that clients have not seen. No relay may run
/// there. A crash leaves the old store, no store (which a relay refuses), or the new one.
///
/// # Errors
/// As for [`check_copy`]; any error of the folder's disk.
pub fn put_back(copy: &Path, folder: &Path) -> StoreResult<Identity> {
    let identity = check_copy(copy)?;
    let file = folder.join(FILE);
    let replaced = folder.join(REPLACED);
    let known = [&file, &replaced].map(|file| restores(file)).into_iter().flatten().max().unwrap_or(0);
    let leap = rand::rng().random_range(0..=LEAP);
    let restores = identity.restores.max(known).saturating_add(1).saturating_add(leap);
    let draft = folder.join(DRAFT);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| unreadable(&path, &error)
    };
    remove(&draft)?;
    fs::copy(copy, &draft).map_err(io(&draft))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).map_err(io(&draft))?;
    let connection = open(&draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute("UPDATE store SET restores = ?1", [restores])
        .and_then(|_| connection.pragma_update(None, "application_id", APPLICATION))
        .map_err(|error| written(&draft, &error))?;
    connection.close().map_err(|(_, error)| written(&draft, &error))?;
    folder::flush(&draft).map_err(unusable)?;
    // The old journal must be gone before the new store is there: it would be written into it. Without the old store
    // and before the new one a relay finds no store, and refuses.
    if exists(&file)? {
        fs::rename(&file, &replaced).map_err(io(&file))?;
        folder::flush(folder).map_err(unusable)?;
    }
    for journal in ["-wal", "-shm", "-journal"] {
        remove(&folder.join(format!("{FILE}{journal}")))?;
    }
    folder::flush(folder).map_err(unusable)?;
    fs::rename(&draft, &file).map_err(io(&file))?;
    folder::flush(folder).map_err(unusable)?;
    remove(&replaced)?;
    Ok(Identity { restores, ..identity })
}

/// Deletes what a restore left that did not come to its end, once there is a store again: it holds envelopes that nobody
/// would ever delete.
pub(super) fn clear_away(folder: &Path) -> StoreResult<()> {
    remove(&folder.join(REPLACED))?;
    remove(&folder.join(DRAFT))
}

/// The count of a store that may be damaged; then there is none to go by.
fn restores(file: &Path) -> Option<u32> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    days::identity(&connection).ok().map(|identity| identity.restores)
}

fn open(file: &Path, mode: OpenFlags) -> StoreResult<Connection> {
    let connection = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|connection| {
            connection.execute_batch(
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;
                 PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
            )?;
            Ok(connection)
        })
        .map_err(|error| named(file, &error))?;
    Ok(connection)
}

/// A copy of an older version is brought to this one by the relay that opens it.
fn whole(connection: &Connection, file: &Path, version: i32) -> StoreResult<()> {
    let damaged = |what: &str| Err(StoreError::Damaged(format!("{} ({what})", file.display())));
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(|error| named(file, &error))?;
    if verdict != "ok" {
        return damaged(&verdict);
    }
    if version < VERSION {
        return Ok(());
    }
    let made = Connection::open_in_memory()
        .and_then(|made| {
            made.execute_batch(SCHEMA)?;
            schema(&made)
        })
        .map_err(|error| fault(&error))?;
    let mut found = schema(connection).map_err(|error| named(file, &error))?;
    // A relay that was stopped while it brought an older store over goes on with it when it starts again.
    let moving = |part: &String| part.split(' ').nth(1).is_some_and(|name| MOVING.contains(&name));
    let parts = found.len();
    found.retain(|part| !moving(part));
    let unfinished = found.len() < parts;
    if found != made {
        return damaged("its tables are not those of this version");
    }
    let torn: bool = connection.query_row(TORN, [], |row| row.get(0)).map_err(|error| named(file, &error))?;
    if torn && !unfinished { damaged("envelopes and bodies don't belong together") } else { Ok(()) }
}

/// Whether an envelope has no body, two have the same, or there is no body in a place before the last.
const TORN: &str = "SELECT EXISTS (SELECT 1 FROM envelope LEFT JOIN body USING (place) WHERE body.shut IS NULL)
    OR (SELECT count(*) <> count(DISTINCT place) FROM envelope)
    OR (SELECT count(*) <> coalesce(max(place) + 1, 0) FROM body)";

/// Tables with their columns, and indexes. Their text is no measure: an older store that was brought to this version
/// has another.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(
            "SELECT parts.type || ' ' || parts.name || ' ' || coalesce(columns.name || ' ' || columns.type, '')
             FROM sqlite_schema AS parts LEFT JOIN pragma_table_info(parts.name) AS columns ORDER BY 1",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn remove(path: &Path) -> StoreResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(path, &error)),
        _ => Ok(()),
    }
}

/// An error while a file is written: its disk may be full.
fn written(file: &Path, error: &rusqlite::Error) -> StoreError {
    match fault(error) {
        StoreError::NotNow(text) => StoreError::NotNow(format!("{} can't be written: {text}", file.display())),
        _ => named(file, error),
    }
}
