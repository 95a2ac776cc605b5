//! People: their names, where they are reached, and the session with each.
//!
//! In: the outcome of a handshake, moved sessions. Out: the same. This file must never learn what a session's bytes
//! mean.

use super::{Store, VaultError, checks, keeping};
use crate::engine::model::{Contact, Trust};
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::token::SendCapability;
use rusqlite::{OptionalExtension, Row};
use zeroize::Zeroizing;

/// A person to keep.
#[derive(Debug)]
pub(crate) struct NewContact<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) given_name: &'a str,
    pub(crate) created_at: i64,
    /// Our mailbox.
    pub(crate) mailbox: i64,
    /// Their relay.
    pub(crate) relay: &'a str,
    /// Their mailbox.
    pub(crate) their_box: &'a MailboxId,
    pub(crate) capability: &'a SendCapability,
    pub(crate) session: &'a [u8],
    /// The contact whose place this session takes once the words are checked.
    pub(crate) rejoins: Option<&'a str>,
}

/// Where a person is reached.
#[derive(Debug)]
pub(crate) struct Route {
    /// The contact.
    pub(crate) contact: String,
    /// Their relay.
    pub(crate) relay: String,
    /// Their mailbox.
    pub(crate) mailbox: MailboxId,
    /// What lets us put.
    pub(crate) capability: SendCapability,
    /// Our own mailbox for them.
    pub(crate) own: i64,
    /// When a filler goes.
    pub(crate) filler_at: Option<i64>,
    /// When something that waits for its time may go next.
    pub(crate) due_at: Option<i64>,
}

/// Rows with which nothing is exchanged: people who are blocked, and new starts that wait with them.
pub(super) const BLOCKED: &str = "SELECT id FROM contacts WHERE blocked = 1
    UNION ALL SELECT p.id FROM contacts AS p JOIN contacts AS c ON c.id = p.rejoins WHERE c.blocked = 1";

const COLUMNS: &str = "id, name, given_name, created_at,
    (SELECT count(*) FROM messages WHERE messages.contact = contacts.id AND direction = 1 AND sent = 0),
    (SELECT id FROM contacts AS p WHERE p.rejoins = contacts.id) AS pending, trust,
    (SELECT words FROM checks WHERE checks.contact
        = coalesce((SELECT id FROM contacts AS p WHERE p.rejoins = contacts.id), contacts.id)), keep, their_keep, blocked";

fn contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    let rejoining = row.get::<_, Option<String>>(5)?.is_some();
    Ok(Contact {
        id: row.get(0)?,
        name: row.get(1)?,
        given_name: row.get(2)?,
        // Whatever was checked before: the keys that wait are not.
        trust: if rejoining { Trust::Unchecked } else { checks::trust(row.get(6)?) },
        check_words: row.get(7)?,
        rejoining,
        keep: keeping::keep(row.get(8)?),
        their_keep: keeping::keep(row.get(9)?),
        blocked: row.get(10)?,
        created_at: row.get(3)?,
        waiting: u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default(),
    })
}

impl Store<'_> {
    pub(crate) fn insert_contact(&self, new: &NewContact<'_>) -> Result<(), VaultError> {
        self.0.execute(
            "INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session, rejoins)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                new.id,
                new.name,
                new.given_name,
                new.created_at,
                new.mailbox,
                new.relay,
                new.their_box.as_bytes(),
                new.capability.expose().as_slice(),
                new.session,
                new.rejoins,
            ),
        )?;
        Ok(())
    }

    /// Everybody, by name; who is blocked comes last.
    pub(crate) fn contacts(&self) -> Result<Vec<Contact>, VaultError> {
        let sql = format!("SELECT {COLUMNS} FROM contacts WHERE rejoins IS NULL ORDER BY blocked, name");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], contact)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The person with this exact name or this identifier; a name wins.
    pub(crate) fn contact(&self, name_or_id: &str) -> Result<Option<Contact>, VaultError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM contacts WHERE rejoins IS NULL AND (name = ?1 OR id = ?1)
             ORDER BY name = ?1 DESC LIMIT 1"
        );
        Ok(self.0.prepare_cached(&sql)?.query_row([name_or_id], contact).optional()?)
    }

    /// Whether the name is taken.
    pub(crate) fn name_taken(&self, name: &str) -> Result<bool, VaultError> {
        Ok(self.0.query_row("SELECT EXISTS (SELECT 1 FROM contacts WHERE name = ?1)", [name], |row| row.get(0))?)
    }

    /// Another name for a person.
    pub(crate) fn rename(&self, contact: &str, name: &str) -> Result<(), VaultError> {
        self.0.execute("UPDATE contacts SET name = ?2 WHERE id = ?1", (contact, name))?;
        Ok(())
    }

    /// Whether nothing is exchanged with a person.
    pub(crate) fn set_blocked(&self, contact: &str, blocked: bool) -> Result<(), VaultError> {
        self.0.execute("UPDATE contacts SET blocked = ?2 WHERE id = ?1", (contact, blocked))?;
        Ok(())
    }

    /// The person who writes to this mailbox of ours.
    pub(crate) fn contact_of_mailbox(&self, mailbox: i64) -> Result<Option<String>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM contacts WHERE mailbox = ?1")?;
        Ok(statement.query_row([mailbox], |row| row.get(0)).optional()?)
    }

    /// Where everybody is reached who may be written to. Nothing goes out by an old session while a new one waits to take
    /// its place, and nothing to people who are blocked.
    pub(crate) fn routes(&self, now: i64) -> Result<Vec<Route>, VaultError> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT id, relay, their_box, capability, mailbox, filler_at,
               (SELECT min(due_at) FROM queue WHERE queue.contact = contacts.id AND due_at > ?1) FROM contacts
             WHERE id NOT IN (SELECT rejoins FROM contacts WHERE rejoins IS NOT NULL) AND id NOT IN ({BLOCKED})
             ORDER BY created_at, id"
        ))?;
        let rows = statement.query_map([now], |row| {
            Ok(Route {
                contact: row.get(0)?,
                relay: row.get(1)?,
                mailbox: MailboxId::from_bytes(row.get(2)?),
                capability: SendCapability::from_bytes(row.get(3)?),
                own: row.get(4)?,
                filler_at: row.get(5)?,
                due_at: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The session's bytes.
    pub(crate) fn session(&self, contact: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT session FROM contacts WHERE id = ?1")?;
        Ok(Zeroizing::new(statement.query_row([contact], |row| row.get(0))?))
    }

    /// Keeps the moved session.
    pub(crate) fn set_session(&self, contact: &str, session: &[u8]) -> Result<(), VaultError> {
        self.0.prepare_cached("UPDATE contacts SET session = ?2 WHERE id = ?1")?.execute((contact, session))?;
        Ok(())
    }

    /// When the next filler goes, or that none is due.
    pub(crate) fn set_filler_at(&self, contact: &str, at: Option<i64>) -> Result<(), VaultError> {
        self.0
            .prepare_cached("UPDATE contacts SET filler_at = ?2 WHERE id = ?1 AND filler_at IS NOT ?2")?
            .execute((contact, at))?;
        Ok(())
    }

    /// When the next filler goes.
    pub(crate) fn filler_at(&self, contact: &str) -> Result<Option<i64>, VaultError> {
        Ok(self.0.query_row("SELECT filler_at FROM contacts WHERE id = ?1", [contact], |row| row.get(0))?)
    }

    /// Counts an envelope that opened nowhere.
    pub(crate) fn count_dropped(&self, contact: &str) -> Result<(), VaultError> {
        self.0.execute("UPDATE contacts SET dropped = dropped + 1 WHERE id = ?1", [contact])?;
        Ok(())
    }
}
