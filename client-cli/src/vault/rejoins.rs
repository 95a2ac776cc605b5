//! New starts: a session that waits beside an old contact, and takes its place when the words are checked.
//!
//! In: which contact. Out: which session waits for it. This file must never show what came over a session that waits,
//! nor let it take a place by itself: [`adopt`](Store::adopt) is called for words that fit, and for nothing else.

use super::{EventRow, State, Store, VaultError};
use rusqlite::OptionalExtension;

/// Everything that hangs on a contact, with the column that names it; children before what they name.
const CHILDREN: [&str; 6] = ["queue", "outbox", "carried", "pieces", "gaps", "checks"];

impl Store<'_> {
    /// The session that waits to take this contact's place.
    pub(crate) fn pending(&self, contact: &str) -> Result<Option<String>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM contacts WHERE rejoins = ?1")?;
        Ok(statement.query_row([contact], |row| row.get(0)).optional()?)
    }

    /// The contact whose place a session waits to take; none for a contact of its own.
    pub(crate) fn rejoins(&self, session: &str) -> Result<Option<String>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT rejoins FROM contacts WHERE id = ?1")?;
        Ok(statement.query_row([session], |row| row.get(0)).optional()?.flatten())
    }

    /// Open invitations that would make a new start with this contact.
    pub(crate) fn open_rejoins(&self, contact: &str) -> Result<Vec<String>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM invitations WHERE rejoins = ?1 AND state = 1")?;
        let rows = statement.query_map([contact], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One such invitation has no more use: the one-time keys go, and its mailbox will.
    pub(crate) fn end_open(&self, invitation: &str) -> Result<(), VaultError> {
        match self.invitation(invitation)? {
            Some(row) if row.state == State::Open => self.end_invitation(&row, State::Revoked),
            _ => Ok(()),
        }
    }

    /// A new start came to be: no other invitation makes one with this contact.
    pub(crate) fn end_open_rejoins(&self, contact: &str) -> Result<(), VaultError> {
        self.open_rejoins(contact)?.iter().try_for_each(|id| self.end_open(id))
    }

    /// Notes that it is told that a contact's session can't be read; false if it was.
    pub(crate) fn tell_damaged(&self, contact: &str) -> Result<bool, VaultError> {
        Ok(self.0.execute("UPDATE contacts SET damaged = 1 WHERE id = ?1 AND damaged = 0", [contact])? == 1)
    }

    /// Nothing of a new start is joined: the session that waits goes, and all that came over it.
    pub(crate) fn drop_pending(&self, contact: &str) -> Result<(), VaultError> {
        let Some(pending) = self.pending(contact)? else { return Ok(()) };
        let mailbox: i64 =
            self.0.query_row("SELECT mailbox FROM contacts WHERE id = ?1", [&pending], |row| row.get(0))?;
        for table in ["events"].iter().chain(&CHILDREN).chain(&["messages", "joins"]) {
            self.0.execute(&format!("DELETE FROM {table} WHERE contact = ?1"), [&pending])?;
        }
        self.0.execute("UPDATE invitations SET contact = NULL WHERE contact = ?1", [&pending])?;
        self.drop_rejoin_notices(contact)?;
        self.0.execute("DELETE FROM contacts WHERE id = ?1", [&pending])?;
        self.give_up_mailbox(mailbox)
    }

    /// The words fit: the session that waits takes the contact's place, and what came over it is shown as new. The old
    /// mailbox goes, and so do invitations for a further one. Texts of ours that they have not confirmed are queued anew.
    pub(crate) fn adopt(&self, contact: &str) -> Result<(), VaultError> {
        let Some(pending) = self.pending(contact)? else { return Ok(()) };
        let mailbox: i64 =
            self.0.query_row("SELECT mailbox FROM contacts WHERE id = ?1", [contact], |row| row.get(0))?;
        self.drop_rejoin_notices(contact)?;
        self.end_open_rejoins(contact)?;
        self.end_old_session(contact)?;
        self.take_over(&pending, contact)?;
        // The other side may have begun from nothing, and then takes it that all is kept always.
        self.enqueue_keep(contact)?;
        let own: i64 = self.0.query_row("SELECT mailbox FROM contacts WHERE id = ?1", [&pending], |row| row.get(0))?;
        self.0.execute(
            "UPDATE contacts SET (given_name, relay, their_box, capability, session, filler_at, dropped, damaged,
                                  their_keep, keep_said)
               = (SELECT given_name, relay, their_box, capability, session, NULL, 0, 0, their_keep, keep_said
                  FROM contacts WHERE id = ?2)
             WHERE id = ?1",
            (contact, &pending),
        )?;
        // One mailbox has one contact: the row that waited goes first.
        self.0.execute("DELETE FROM contacts WHERE id = ?1", [&pending])?;
        self.0.execute("UPDATE contacts SET mailbox = ?2 WHERE id = ?1", (contact, own))?;
        self.give_up_mailbox(mailbox)
    }

    /// What was told about a new start is over: it was checked, or is gone.
    fn drop_rejoin_notices(&self, contact: &str) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM events WHERE contact = ?1 AND kind IN (5, 6)", [contact])?;
        Ok(())
    }

    /// What the old session had on its way goes. Texts that the other side has not confirmed wait again, whole and in
    /// order: they may lie where nobody fetches any more. Whoever has one keeps it once.
    pub(super) fn end_old_session(&self, contact: &str) -> Result<(), VaultError> {
        let broken: i64 =
            self.0.query_row("SELECT count(DISTINCT message) FROM pieces WHERE contact = ?1", [contact], |row| {
                row.get(0)
            })?;
        if broken > 0 {
            // The rest of them can't come any more.
            self.insert_event(EventRow::Gap(contact, u64::try_from(broken).unwrap_or_default()))?;
        }
        self.0.execute(
            "UPDATE messages SET sent = 0 WHERE contact = ?1 AND direction = 1
               AND seq IN (SELECT message FROM outbox WHERE contact = ?1 UNION SELECT message FROM queue WHERE contact = ?1)",
            [contact],
        )?;
        let times = self.times(contact)?;
        for table in CHILDREN {
            self.0.execute(&format!("DELETE FROM {table} WHERE contact = ?1"), [contact])?;
        }
        self.0.execute(
            "INSERT INTO queue (contact, message)
             SELECT contact, seq FROM messages WHERE contact = ?1 AND direction = 1 AND sent = 0 ORDER BY seq",
            [contact],
        )?;
        self.set_times(&times)
    }

    /// Everything of the new session belongs to the contact now. A message that came over the old one too is kept once.
    fn take_over(&self, pending: &str, contact: &str) -> Result<(), VaultError> {
        let both = (pending, contact);
        self.0.execute("UPDATE OR IGNORE messages SET contact = ?2 WHERE contact = ?1", both)?;
        self.0
            .execute("DELETE FROM events WHERE message IN (SELECT seq FROM messages WHERE contact = ?1)", [pending])?;
        self.0.execute("DELETE FROM messages WHERE contact = ?1", [pending])?;
        for table in CHILDREN.iter().chain(&["events", "invitations", "joins"]) {
            self.0.execute(&format!("UPDATE {table} SET contact = ?2 WHERE contact = ?1"), both)?;
        }
        Ok(())
    }
}
