//! Bringing a store that an older program made to this version.
//!
//! In: a connection to an older file, before anybody is served. Out: the same file as a new one would be made, with all
//! that it held. This file must never learn to go back.
//!
//! Each step is one transaction: a crash leaves the version before it or the one after. Only bodies go over
//! in many, because a store may be large: the table that they come from stays until it is empty, and the next start goes
//! on with it.

use super::body::Shut;
use super::corrupt;
use super::open::VERSION;
use crate::notify;
use cairn_protocol::limits::ENVELOPE;
use rusqlite::Connection;

/// From version 1: passes end, and mailboxes are counted.
const FROM_1: &str = "
    ALTER TABLE pass ADD COLUMN expires INTEGER;
    ALTER TABLE store ADD COLUMN mailboxes INTEGER NOT NULL DEFAULT 0;
    UPDATE store SET mailboxes = (SELECT count(*) FROM mailbox);
";

/// From version 2: each body is shut with a key, apart from its row, and days have no index. The indexes go first because their names come again.
const FROM_2: &str = "
    ALTER TABLE envelope RENAME TO envelope_2;
    DROP INDEX envelope_id;
    DROP INDEX envelope_queue;
    DROP INDEX envelope_day;
    CREATE TABLE envelope (
        arrival INTEGER PRIMARY KEY,
        mailbox BLOB NOT NULL CHECK (length(mailbox) = 32),
        id BLOB NOT NULL CHECK (length(id) = 16),
        day INTEGER NOT NULL,
        key BLOB NOT NULL CHECK (length(key) = 32)
    ) STRICT;
    CREATE UNIQUE INDEX envelope_id ON envelope (mailbox, id);
    CREATE INDEX envelope_queue ON envelope (mailbox, arrival);
    CREATE TABLE body (
        arrival INTEGER PRIMARY KEY,
        shut BLOB NOT NULL CHECK (length(shut) = 4096)
    ) STRICT;
";

/// From version 3: the writer remembers identifiers, and the queue's index tells it them; they have none of their own.
const FROM_3: &str = "
    DROP INDEX envelope_id;
    DROP INDEX envelope_queue;
    CREATE INDEX envelope_queue ON envelope (mailbox, arrival, id);
";

/// From version 4: envelopes name the places of their bodies.
const FROM_4: &str = "
    ALTER TABLE body RENAME TO body_4;
    CREATE TABLE body (
        place INTEGER PRIMARY KEY,
        shut BLOB NOT NULL CHECK (length(shut) = 4096)
    ) STRICT;
    ALTER TABLE envelope ADD COLUMN place INTEGER NOT NULL DEFAULT -1;
    DROP INDEX envelope_queue;
    CREATE INDEX envelope_queue ON envelope (mailbox, arrival, id, place);
";

/// What bodies of versions 2 and 4 come from, as long as there are any.
pub(super) const MOVING: [&str; 2] = ["envelope_2", "body_4"];

/// Envelopes that go over in one transaction. Larger: memory, and a larger journal. Smaller: more flushes.
const MOVED_AT_ONCE: u32 = 2048;

/// Brings a file of this version or an older one to this version.
pub(super) fn bring(connection: &Connection, version: i32) -> rusqlite::Result<()> {
    for (from, step) in (1..VERSION).zip([FROM_1, FROM_2, FROM_3, FROM_4]).filter(|(from, _)| *from >= version) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(step)?;
        connection.pragma_update(None, "user_version", from + 1)?;
        connection.execute_batch("COMMIT")?;
    }
    let is_there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
    for (table, some) in MOVING.into_iter().zip([move_envelopes, move_bodies]) {
        if connection.query_row(is_there, [table], |row| row.get(0))? {
            tracing::warn!(
                "this store was made by an older version: its envelopes are brought over before anybody is served"
            );
            let mut way = Way::through(connection, table)?;
            while move_some(connection, table, some)? {
                // A reader in its way is no error: the next one writes it back.
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
                way.tell(connection, table)?;
            }
            tracing::info!("they are all brought over");
        }
    }
    Ok(())
}

/// How far what is brought over has come, by the numbers of its rows: they need not be counted.
struct Way {
    first: i64,
    last: i64,
    tenths: i64,
}

impl Way {
    fn through(connection: &Connection, table: &str) -> rusqlite::Result<Self> {
        let ends = format!("SELECT coalesce(min(arrival), 0), coalesce(max(arrival), 0) FROM {table}");
        connection.query_row(&ends, [], |row| Ok(Self { first: row.get(0)?, last: row.get(1)?, tenths: 0 }))
    }

    /// Tells whoever waits: the service manager each time, who reads the log every tenth.
    fn tell(&mut self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        notify::tell(notify::GOING_ON);
        let next = format!("SELECT coalesce(min(arrival), ?1) FROM {table}");
        let next: i64 = connection.query_row(&next, [self.last.saturating_add(1)], |row| row.get(0))?;
        let (done, all) = (next.saturating_sub(self.first), self.last.saturating_sub(self.first).saturating_add(1));
        let tenths = done.saturating_mul(10).checked_div(all).unwrap_or_default();
        if tenths > self.tenths && tenths < 10 {
            self.tenths = tenths;
            tracing::info!("{tenths}0 % of them are brought over");
        }
        Ok(())
    }
}

/// Moves the oldest rows of a table. True if there may be more; then none was left, and the table is gone.
fn move_some(
    connection: &Connection,
    table: &str,
    some: impl FnOnce(&Connection, i64) -> rusqlite::Result<u32>,
) -> rusqlite::Result<bool> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let end = connection.query_row("SELECT coalesce(max(place) + 1, 0) FROM body", [], |row| row.get(0))?;
    let moved = some(connection, end)?;
    if moved == 0 {
        connection.execute_batch(&format!("DROP TABLE {table}"))?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(moved > 0)
}

/// Moves envelopes of version 2, their bodies to these places. How many.
fn move_envelopes(connection: &Connection, places_from: i64) -> rusqlite::Result<u32> {
    let mut old = connection.prepare_cached(
        "DELETE FROM envelope_2 WHERE arrival IN (SELECT arrival FROM envelope_2 ORDER BY arrival LIMIT ?1)
         RETURNING arrival, mailbox, id, day, body",
    )?;
    let (mut row, mut body) = (
        connection.prepare_cached(
            "INSERT INTO envelope (arrival, mailbox, id, day, key, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?,
        connection.prepare_cached("INSERT INTO body (place, shut) VALUES (?1, ?2)")?,
    );
    let (mut rows, mut moved) = (old.query([MOVED_AT_ONCE])?, 0);
    while let Some(old) = rows.next()? {
        let place = places_from.saturating_add(moved.into());
        let arrival: i64 = old.get(0)?;
        let bytes = Box::<[u8]>::from(old.get_ref(4)?.as_blob()?);
        let shut = Shut::new(bytes.try_into().map_err(|_| corrupt("an envelope of another length"))?);
        let (mailbox, id, day): ([u8; 32], [u8; 16], i64) = (old.get(1)?, old.get(2)?, old.get(3)?);
        row.execute((arrival, mailbox, id, day, shut.key.as_bytes(), place))?;
        body.execute((place, shut.body.as_slice()))?;
        moved += 1;
    }
    Ok(moved)
}

/// Moves bodies of version 4 to these places. How many.
fn move_bodies(connection: &Connection, places_from: i64) -> rusqlite::Result<u32> {
    let mut old = connection.prepare_cached(
        "DELETE FROM body_4 WHERE arrival IN (SELECT arrival FROM body_4 ORDER BY arrival LIMIT ?1)
         RETURNING arrival, shut",
    )?;
    let (mut row, mut body) = (
        connection.prepare_cached("UPDATE envelope SET place = ?2 WHERE arrival = ?1")?,
        connection.prepare_cached("INSERT INTO body (place, shut) VALUES (?1, ?2)")?,
    );
    let (mut rows, mut moved) = (old.query([MOVED_AT_ONCE])?, 0);
    while let Some(old) = rows.next()? {
        let place = places_from.saturating_add(moved.into());
        let (arrival, shut): (i64, [u8; ENVELOPE]) = (old.get(0)?, old.get(1)?);
        row.execute((arrival, place))?;
        body.execute((place, shut.as_slice()))?;
        moved += 1;
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::super::open::{Access, connect, make_or_check};
    use super::*;
    use crate::store::StoreError;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// From this version back to version 4, as long as there are no envelopes.
    const TO_4: &str = "
        DROP INDEX envelope_queue;
        ALTER TABLE envelope DROP COLUMN place;
        CREATE INDEX envelope_queue ON envelope (mailbox, arrival, id);
        DROP TABLE body;
        CREATE TABLE body (
            arrival INTEGER PRIMARY KEY,
            shut BLOB NOT NULL CHECK (length(shut) = 4096)
        ) STRICT;
        PRAGMA user_version = 4;
    ";

    /// And to version 3.
    const TO_3: &str = "
        DROP INDEX envelope_queue;
        CREATE UNIQUE INDEX envelope_id ON envelope (mailbox, id);
        CREATE INDEX envelope_queue ON envelope (mailbox, arrival);
        PRAGMA user_version = 3;
    ";

    /// From any of them back to version 2, as the program of that version made it.
    const TO_2: &str = "
        DROP TABLE envelope; DROP TABLE body;
        CREATE TABLE envelope (
            arrival INTEGER PRIMARY KEY,
            mailbox BLOB NOT NULL CHECK (length(mailbox) = 32),
            id BLOB NOT NULL CHECK (length(id) = 16),
            day INTEGER NOT NULL,
            body BLOB NOT NULL CHECK (length(body) = 4096)
        ) STRICT;
        CREATE UNIQUE INDEX envelope_id ON envelope (mailbox, id);
        CREATE INDEX envelope_queue ON envelope (mailbox, arrival);
        CREATE INDEX envelope_day ON envelope (day);
        PRAGMA user_version = 2;
    ";

    /// And to version 1.
    const TO_1: &str = "
        ALTER TABLE pass DROP COLUMN expires; ALTER TABLE store DROP COLUMN mailboxes; PRAGMA user_version = 1;
    ";

    /// Columns of every table and columns of every index, as SQLite reports them.
    fn parts(connection: &Connection) -> Vec<String> {
        let sql = "SELECT m.name || ' ' || c.cid || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\"
                   FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'
                   UNION ALL SELECT m.name || ' ' || c.seqno || ' ' || c.name
                   FROM sqlite_schema m, pragma_index_info(m.name) c WHERE m.type = 'index' ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn version(connection: &Connection) -> i32 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    fn number(connection: &Connection, sql: &str) -> u32 {
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn fresh(folder: &Path) -> (PathBuf, Vec<String>) {
        let file = make_or_check(&fs::canonicalize(folder).unwrap()).unwrap();
        let expected = parts(&connect(&file, Access::Write).unwrap());
        (file, expected)
    }

    #[test]
    fn an_older_store_is_brought_to_this_version_by_the_relay_alone_and_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (file, expected) = fresh(folder.path());
        let old = Connection::open(&file).unwrap();
        old.execute_batch(TO_2).unwrap();
        old.execute_batch(TO_1).unwrap();
        old.execute_batch(
            "INSERT INTO pass VALUES (zeroblob(32), 3, 4);
             INSERT INTO mailbox VALUES (zeroblob(32), zeroblob(32), zeroblob(32), NULL, NULL);
             INSERT INTO mailbox VALUES (randomblob(32), zeroblob(32), zeroblob(32), NULL, NULL);",
        )
        .unwrap();
        assert_ne!(parts(&old), expected);
        drop(old);
        for access in [Access::Read, Access::Write] {
            let refused = connect(&file, access).unwrap_err();
            assert!(
                matches!(&refused, StoreError::Unusable(text) if text.contains("Start the relay once")),
                "{refused}"
            );
        }
        // A crash before the end leaves the older one.
        let crashing = Connection::open(&file).unwrap();
        crashing.execute_batch("BEGIN IMMEDIATE").unwrap();
        crashing.execute_batch(FROM_1).unwrap();
        crashing.pragma_update(None, "user_version", 2).unwrap();
        drop(crashing);
        assert_eq!(version(&Connection::open(&file).unwrap()), 1);
        for _ in 0..2 {
            let now = connect(&file, Access::Upgrade).unwrap();
            assert_eq!((version(&now), parts(&now)), (VERSION, expected.clone()));
            let mailboxes: u32 = now.query_row("SELECT mailboxes FROM store", [], |row| row.get(0)).unwrap();
            let pass: (u32, u32, Option<u32>) = now
                .query_row("SELECT mailboxes, invitations, expires FROM pass", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .unwrap();
            assert_eq!((mailboxes, pass), (2, (3, 4, None)));
        }
    }

    #[test]
    fn a_store_of_version_3_is_brought_over_with_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (file, expected) = fresh(folder.path());
        let old = Connection::open(&file).unwrap();
        old.execute_batch(TO_4).unwrap();
        old.execute_batch(TO_3).unwrap();
        old.execute_batch(
            "INSERT INTO envelope VALUES (7, zeroblob(32), zeroblob(16), 20000, zeroblob(32));
             INSERT INTO body VALUES (7, zeroblob(4096));",
        )
        .unwrap();
        assert_ne!(parts(&old), expected);
        drop(old);
        let now = connect(&file, Access::Upgrade).unwrap();
        assert_eq!((version(&now), parts(&now)), (VERSION, expected));
        let held = "SELECT arrival FROM envelope JOIN body USING (place)
            WHERE mailbox = zeroblob(32) AND id = zeroblob(16) AND shut = zeroblob(4096)";
        assert_eq!((number(&now, held), number(&now, "SELECT place FROM body")), (7, 0));
    }

    #[test]
    fn envelopes_of_an_older_store_are_all_brought_over_also_after_a_crash_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let (file, expected) = fresh(folder.path());
        let old = Connection::open(&file).unwrap();
        old.execute_batch("PRAGMA secure_delete = ON").unwrap();
        old.execute_batch(TO_2).unwrap();
        let envelopes = 3 * MOVED_AT_ONCE;
        let put = "INSERT INTO envelope VALUES (?1, ?2, ?3, 20000, ?4)";
        let body = |place: u32| {
            let mut body = [0; ENVELOPE];
            for part in body.chunks_exact_mut(4) {
                part.copy_from_slice(&place.to_be_bytes());
            }
            body
        };
        old.execute_batch("BEGIN").unwrap();
        for place in 0..envelopes {
            let id = u128::from(place).to_be_bytes();
            old.execute(put, (place * 3, [1; 32], id, body(place))).unwrap();
        }
        // As far as a start of a program of version 4 gets that is killed after one part and one envelope more.
        old.execute_batch(FROM_2).unwrap();
        for place in 0..=MOVED_AT_ONCE {
            let (id, shut) = (u128::from(place).to_be_bytes(), Shut::new(Box::new(body(place))));
            let row = (place * 3, [1; 32], id, shut.key.as_bytes());
            old.execute("DELETE FROM envelope_2 WHERE arrival = ?1", [place * 3]).unwrap();
            old.execute("INSERT INTO envelope VALUES (?1, ?2, ?3, 20000, ?4)", row).unwrap();
            old.execute("INSERT INTO body VALUES (?1, ?2)", (place * 3, shut.body.as_slice())).unwrap();
        }
        old.execute_batch(FROM_3).unwrap();
        old.execute_batch(FROM_4).unwrap();
        old.pragma_update(None, "user_version", VERSION).unwrap();
        old.execute_batch("COMMIT").unwrap();
        // And as far as one of this version then gets, killed after a part of each.
        assert!(move_some(&old, MOVING[0], move_envelopes).unwrap());
        assert!(move_some(&old, MOVING[1], move_bodies).unwrap());
        let rows = |table| number(&old, &format!("SELECT count(*) FROM {table}"));
        let left = (rows("envelope"), rows("body"), rows("envelope_2"), rows("body_4"));
        assert_eq!(left, (2 * MOVED_AT_ONCE + 1, 2 * MOVED_AT_ONCE, MOVED_AT_ONCE - 1, 1));
        drop(old);
        // Who looks at it now finds no fault, because it is not at its end.
        assert!(super::super::check_store(folder.path()).is_ok());
        let now = connect(&file, Access::Upgrade).unwrap();
        assert_eq!((version(&now), parts(&now)), (VERSION, expected));
        assert!(super::super::check_store(folder.path()).is_ok());
        let mut statement = now
            .prepare("SELECT arrival, id, key, shut FROM envelope JOIN body USING (place) ORDER BY arrival")
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut found = 0;
        while let Some(row) = rows.next().unwrap() {
            let (arrival, id, key, shut): (u32, [u8; 16], [u8; 32], [u8; ENVELOPE]) =
                (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap(), row.get(3).unwrap());
            assert_eq!((arrival, id), (found * 3, u128::from(found).to_be_bytes()));
            assert_eq!(*super::super::body::Key::from_bytes(key).open(Box::new(shut)), body(found));
            found += 1;
        }
        assert_eq!(found, envelopes);
        assert_eq!(number(&now, "SELECT max(place) + 1 FROM body"), envelopes, "there is no place without a body");
        drop(rows);
        drop(statement);
        // Nothing of a body lies open any more.
        now.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let bytes = fs::read(&file).unwrap();
        let open = body(envelopes - 1);
        assert!(!bytes.windows(64).any(|window| window == &open[..64]), "a body of version 2 is left");
    }
}
