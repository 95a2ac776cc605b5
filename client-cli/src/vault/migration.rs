//! Vaults of older programs: brought up to this one's schema, all of it in one transaction.
//!
//! In: a vault and its version. Out: the same vault at the newest version. This file must never learn what a row means.

use super::{SCHEMA, Vault, VaultError};

/// What leads from each version to the next, beginning with version 1.
const STEPS: [&str; 1] = [include_str!("to_2.sql")];

/// Brings a vault of this version up to the newest.
pub(super) fn bring_up(vault: &mut Vault, version: i32) -> Result<(), VaultError> {
    if version == SCHEMA {
        return Ok(());
    }
    let done = usize::try_from(version - 1).map_err(|_| VaultError::Damaged("its vault is not whole.".into()))?;
    vault.write(|store| {
        STEPS.iter().skip(done).try_for_each(|step| store.0.execute_batch(step))?;
        Ok(store.0.pragma_update(None, "user_version", SCHEMA)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn a_vault_of_version_1_becomes_what_a_new_one_is_and_keeps_its_rows() {
        let mut old = with(include_str!("schema_1.sql"));
        old.0
            .execute_batch(
                "INSERT INTO mailboxes VALUES (1, 'relay', x'01', x'02', x'03', 4, x'05', 1, 0);
                 INSERT INTO contacts VALUES ('dana', 'Dana', 'Dana', 1, 1, 'relay', x'06', x'07', x'08', NULL, 0);
                 INSERT INTO messages VALUES (1, x'09', 'dana', 1, 'text', 'hello', 1, NULL, 0);
                 INSERT INTO queue (contact, message) VALUES ('dana', 1);
                 PRAGMA user_version = 1;",
            )
            .unwrap();
        bring_up(&mut old, 1).unwrap();
        assert_eq!(shape(&old.0), shape(&with(include_str!("schema.sql")).0));
        let version =
            |vault: &Vault| vault.0.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0)).unwrap();
        assert_eq!(version(&old), SCHEMA);
        let sql =
            "SELECT c.name || ' ' || c.trust || ' ' || m.text FROM queue JOIN messages AS m ON m.seq = queue.message
                   JOIN contacts AS c ON c.id = queue.contact";
        assert_eq!(old.0.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap(), "Dana 0 hello");
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
