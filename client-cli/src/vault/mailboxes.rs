//! Mailboxes of ours: their keys and the generation that we state to their relay.
//!
//! In: fresh keys. Out: the same. This file must never learn who writes to a mailbox.

use super::contacts::BLOCKED;
use super::{Store, VaultError};
use cairn_protocol::mailbox::{Generation, MailboxId, OwnerSecret, VaultMark};
use cairn_protocol::secret::Secret;
use cairn_protocol::token::SendCapability;
use rusqlite::Row;

/// A mailbox of ours.
#[derive(Debug)]
pub(crate) struct MailboxRow {
    /// Its row.
    pub(crate) row: i64,
    /// Its relay, as text.
    pub(crate) relay: String,
    /// Its identifier there.
    pub(crate) mailbox: MailboxId,
    /// The key that proves it ours.
    pub(crate) owner: OwnerSecret,
    /// What lets the other side put.
    pub(crate) capability: SendCapability,
    /// Whether it has no more use and is to be deleted at the relay.
    pub(crate) gone: bool,
    /// Whether another one waits to take its place.
    pub(crate) replaced: bool,
}

const COLUMNS: &str = "id, relay, mailbox, owner, capability, gone,
    EXISTS (SELECT 1 FROM contacts AS c JOIN contacts AS p ON p.rejoins = c.id WHERE c.mailbox = m.id)";

fn mailbox(row: &Row<'_>) -> rusqlite::Result<MailboxRow> {
    Ok(MailboxRow {
        row: row.get(0)?,
        relay: row.get(1)?,
        mailbox: MailboxId::from_bytes(row.get(2)?),
        owner: OwnerSecret::from_secret(&Secret::from_bytes(row.get(3)?)),
        capability: SendCapability::from_bytes(row.get(4)?),
        gone: row.get(5)?,
        replaced: row.get(6)?,
    })
}

impl Store<'_> {
    /// Keeps a new mailbox and gives it its row. Its generation starts somewhere in 32 bits, so that a stolen store does
    /// not show by equal counts which mailboxes one vault has opened equally often.
    pub(crate) fn insert_mailbox(&self, new: &MailboxRow, mark: VaultMark) -> Result<i64, VaultError> {
        let owner = new.owner.to_secret();
        self.0.execute(
            "INSERT INTO mailboxes (relay, mailbox, owner, capability, count, mark, told) VALUES (?1, ?2, ?3, ?4, 1 + (random() & 4294967295), ?5, 0)",
            (
                &new.relay,
                new.mailbox.as_bytes(),
                owner.expose().as_slice(),
                new.capability.expose().as_slice(),
                mark.as_bytes(),
            ),
        )?;
        Ok(self.0.last_insert_rowid())
    }

    /// One mailbox.
    pub(crate) fn mailbox(&self, row: i64) -> Result<MailboxRow, VaultError> {
        let sql = format!("SELECT {COLUMNS} FROM mailboxes AS m WHERE id = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([row], mailbox)?)
    }

    /// The mailboxes that contacts and invitations write to, and those to be deleted. Those of people who are blocked are
    /// left alone (docs/decisions/0021-blocking.md).
    pub(crate) fn mailboxes(&self) -> Result<Vec<MailboxRow>, VaultError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mailboxes AS m WHERE gone = 1
               OR EXISTS (SELECT 1 FROM contacts WHERE mailbox = m.id AND id NOT IN ({BLOCKED}))
               OR EXISTS (SELECT 1 FROM invitations WHERE mailbox = m.id AND state = 1
                          AND (rejoins IS NULL OR rejoins NOT IN ({BLOCKED})))
             ORDER BY id"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], mailbox)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Moves the generation of a mailbox on, unless the relay was not told of the last one: then that one stands.
    pub(crate) fn next_generation(&self, row: i64, mark: VaultMark) -> Result<Generation, VaultError> {
        self.0.execute(
            "UPDATE mailboxes SET count = count + 1, mark = ?2, told = 0 WHERE id = ?1 AND told = 1",
            (row, mark.as_bytes()),
        )?;
        Ok(self.0.query_row("SELECT count, mark FROM mailboxes WHERE id = ?1", [row], |row| {
            let count = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            Ok(Generation { count, mark: VaultMark::from_bytes(row.get(1)?) })
        })?)
    }

    /// The relay has accepted the generation.
    pub(crate) fn generation_told(&self, row: i64) -> Result<(), VaultError> {
        self.0.execute("UPDATE mailboxes SET told = 1 WHERE id = ?1", [row])?;
        Ok(())
    }

    /// A mailbox has no more use. What is left of it is what deleting it at the relay takes.
    pub(crate) fn give_up_mailbox(&self, row: i64) -> Result<(), VaultError> {
        self.0.execute("UPDATE invitations SET mailbox = NULL WHERE mailbox = ?1", [row])?;
        self.0.execute("UPDATE joins SET mailbox = NULL WHERE mailbox = ?1", [row])?;
        self.0.execute("UPDATE mailboxes SET gone = 1, capability = zeroblob(32) WHERE id = ?1", [row])?;
        Ok(())
    }

    /// A mailbox is deleted at the relay, or was never there.
    pub(crate) fn forget_mailbox(&self, row: i64) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM mailboxes WHERE id = ?1 AND gone = 1", [row])?;
        Ok(())
    }
}
