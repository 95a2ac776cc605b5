//! Vaults of older programs: brought up to this one's schema, all of it in one transaction.
//!
//! In: a vault and its version. Out: the same vault at the newest version. This file must never learn what a row means.

use super::{SCHEMA, Vault, VaultError};
use crate::language::trouble;

/// What leads from each version to the next, beginning with version 1.
const STEPS: [&str; 6] = [
    include_str!("to_2.sql"),
    include_str!("to_3.sql"),
    include_str!("to_4.sql"),
    include_str!("to_5.sql"),
    include_str!("to_6.sql"),
    include_str!("to_7.sql"),
];

/// Brings a vault of this version up to the newest.
pub(super) fn bring_up(vault: &mut Vault, version: i32) -> Result<(), VaultError> {
    if version == SCHEMA {
        return Ok(());
    }
    let done = usize::try_from(version - 1).map_err(|_| VaultError::Damaged(trouble::vault_part()))?;
    vault.write(|store| {
        STEPS.iter().skip(done).try_for_each(|step| store.0.execute_batch(step))?;
        Ok(store.0.pragma_update(None, "user_version", SCHEMA)?)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{KeyFile, Profile, connect};
    use super::*;
    use crate::home::Home;
    use cairn_protocol::secret::Secret;
    use rusqlite::Connection;
    use std::collections::BTreeSet;

    /// Tables, their columns and indexes.
    fn shape(connection: &Connection) -> BTreeSet<String> {
        let sql = "SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk, '')
                   FROM sqlite_master AS m LEFT JOIN pragma_table_info(m.name) AS c ON m.type = 'table'";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn with(schema: &str) -> Vault {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema).unwrap();
        Vault(connection)
    }

    /// Of each version there was, what makes a new vault of it.
    const OLDER: [&str; 6] = [
        include_str!("schema_1.sql"),
        include_str!("schema_2.sql"),
        include_str!("schema_3.sql"),
        include_str!("schema_4.sql"),
        include_str!("schema_5.sql"),
        include_str!("schema_6.sql"),
    ];

    /// Somebody with a message, as every version kept them.
    const ROWS: &str = "INSERT INTO mailboxes VALUES (1, 'relay', x'01', x'02', x'03', 4, x'05', 1, 0);
        INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session)
          VALUES ('dana', 'Dana', 'Dana', 1, 1, 'relay', x'06', x'07', x'08');
        INSERT INTO messages (seq, id, contact, direction, kind, text, sent_at, sent)
          VALUES (1, x'09', 'dana', 1, 'text', 'hello', 1, 0);
        INSERT INTO queue (contact, message) VALUES ('dana', 1);
        PRAGMA user_version = 1;";

    fn version(vault: &Vault) -> i32 {
        vault.0.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    /// The row of the queue, with all that it names.
    fn queued(vault: &Vault) -> String {
        let sql = "SELECT c.name || ' ' || m.text FROM queue JOIN messages AS m ON m.seq = queue.message
                   JOIN contacts AS c ON c.id = queue.contact";
        vault.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_vault_of_every_older_version_becomes_what_a_new_one_is_and_keeps_its_rows() {
        let new = shape(&with(include_str!("schema.sql")).0);
        for (number, schema) in (1..).zip(OLDER) {
            let mut old = with(schema);
            assert_ne!(shape(&old.0), new);
            old.0.execute_batch(ROWS).unwrap();
            bring_up(&mut old, number).unwrap();
            assert_eq!(shape(&old.0), new, "version {number}");
            assert_eq!((version(&old), queued(&old)), (SCHEMA, "Dana hello".into()));
            let rest = "SELECT c.trust + m.again + q.due_at + c.keep + c.their_keep + c.blocked FROM contacts AS c, messages AS m, queue AS q";
            let rest: i64 = old.0.query_row(rest, [], |row| row.get(0)).unwrap();
            assert_eq!(
                rest, 0,
                "nothing was checked or lost, nothing waits for its time, all is kept always, nobody is blocked"
            );
        }
        assert_eq!(usize::try_from(SCHEMA), Ok(OLDER.len() + 1));
    }

    /// A profile on disk, its vault as version 1 left it.
    fn on_disk(home: &Home) -> Secret {
        let profile = Profile { name: "Ana".into(), relay: None, pass: None, created_at: 1 };
        let vault = Vault::create(home, None, &profile, &mut crate::engine::chance::rng()).unwrap();
        let mut tables =
            vault.0.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'").unwrap();
        let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        vault.0.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        tables.iter().for_each(|table| vault.0.execute_batch(&format!("DROP TABLE {table}")).unwrap());
        vault.0.execute_batch(include_str!("schema_1.sql")).unwrap();
        vault.0.execute_batch(ROWS).unwrap();
        KeyFile::read(&home.key()).unwrap().open(None).unwrap()
    }

    #[test]
    fn a_disk_that_is_full_at_any_page_of_a_step_leaves_the_older_vault_whole() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "test").unwrap();
        let key = on_disk(&home);
        let open = || Vault(connect(&home.vault(), &key).unwrap());
        let before = shape(&open().0);
        let mut full = 0;
        loop {
            let mut vault = open();
            vault.0.execute_batch("VACUUM").unwrap();
            let pages: i64 = vault.0.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            vault.0.execute_batch(&format!("PRAGMA max_page_count = {}", pages + full)).unwrap();
            match bring_up(&mut vault, 1) {
                Ok(()) => break,
                Err(error) => assert_eq!(error, VaultError::Full),
            }
            drop(vault);
            let vault = open();
            assert_eq!((version(&vault), queued(&vault), shape(&vault.0) == before), (1, "Dana hello".into(), true));
            full += 1;
        }
        assert!(full > 1, "it takes room");
        let vault = Vault::open(&home, None).unwrap();
        assert_eq!((version(&vault), queued(&vault)), (SCHEMA, "Dana hello".into()));
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut old = with(include_str!("schema_1.sql"));
        old.0.execute_batch("CREATE TABLE checks (in_the_way INTEGER) STRICT").unwrap();
        let before = shape(&old.0);
        assert!(bring_up(&mut old, 1).is_err());
        assert_eq!(shape(&old.0), before);
        assert!(bring_up(&mut old, 0).is_err());
    }
}
