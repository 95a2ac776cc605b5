//! What happened and was not shown yet.
//!
//! In: what the engine saw. Out: the same, in order, until a face says that it was shown. This file must never decide
//! what a person is told.

use super::{Store, VaultError, keeping};
use crate::engine::model::{Contact, Event, Keep, Queued, Reason};
use crate::language::trouble;
use rusqlite::Row;

/// An event, as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EventRow<'a> {
    /// A contact came to be.
    Contact(&'a str),
    /// A message arrived.
    Message(&'a str, i64),
    /// So many are missing.
    Gap(&'a str, u64),
    /// A second taker of an invitation.
    SecondTaker(&'a str),
    /// The other side's account differs.
    HistoryDiffers(&'a str),
    /// The other person has begun a check of words.
    CheckAsked(&'a str),
    /// A new start with a contact waits for the words.
    Rejoined(&'a str),
    /// A contact's session can't be read.
    SessionDamaged(&'a str),
    /// A text of ours did not arrive.
    NotArrived(&'a str, i64),
    /// So many messages were removed here because they are older than that.
    Removed(&'a str, u64, Keep),
    /// They have said how long they keep the conversation.
    TheirKeep(&'a str, Keep),
}

/// What came over a session that waits to take a contact's place is not shown before it does. Of people who are blocked
/// nothing is shown but what was removed here.
pub(super) const FOR_SHOWING: &str =
    "(contact IS NULL OR contact NOT IN (SELECT id FROM contacts WHERE rejoins IS NOT NULL)
    AND (kind IN (9, 10) OR contact NOT IN (SELECT id FROM contacts WHERE blocked = 1)))";

/// The kind of what was removed after so many days.
const fn removed(keep: Keep) -> i64 {
    if matches!(keep, Keep::Days30) { 9 } else { 10 }
}

struct Raw {
    number: i64,
    kind: i64,
    contact: Option<String>,
    invitation: Option<String>,
    message: Option<i64>,
    count: Option<i64>,
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        number: row.get(0)?,
        kind: row.get(1)?,
        contact: row.get(2)?,
        invitation: row.get(3)?,
        message: row.get(4)?,
        count: row.get(5)?,
    })
}

/// A notice about a person.
fn about(contact: Option<Contact>, reason: Reason) -> Event {
    let (contact_id, contact) = contact.map(|contact| (contact.id, contact.name)).unzip();
    Event::Notice { invite: None, contact, contact_id, message: None, reason }
}

impl Store<'_> {
    /// Keeps an event.
    pub(crate) fn insert_event(&self, event: EventRow<'_>) -> Result<(), VaultError> {
        let (kind, contact, invitation, message, count) = match event {
            EventRow::Contact(contact) => (0, Some(contact), None, None, None),
            EventRow::Message(contact, message) => (1, Some(contact), None, Some(message), None),
            EventRow::Gap(contact, count) => (2, Some(contact), None, None, i64::try_from(count).ok()),
            EventRow::SecondTaker(invitation) => (3, None, Some(invitation), None, None),
            EventRow::HistoryDiffers(contact) => (4, Some(contact), None, None, None),
            EventRow::CheckAsked(contact) => (5, Some(contact), None, None, None),
            EventRow::Rejoined(contact) => (6, Some(contact), None, None, None),
            EventRow::SessionDamaged(contact) => (7, Some(contact), None, None, None),
            EventRow::NotArrived(contact, message) => (8, Some(contact), None, Some(message), None),
            EventRow::Removed(contact, count, keep) => {
                (removed(keep), Some(contact), None, None, i64::try_from(count).ok())
            }
            EventRow::TheirKeep(contact, keep) => (11, Some(contact), None, None, Some(keep.days().into())),
        };
        self.0
            .prepare_cached(
                "INSERT INTO events (kind, contact, invitation, message, count) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((kind, contact, invitation, message, count))?;
        Ok(())
    }

    /// All that was not shown, in order, at most `most` of each person: whoever writes without end stands in nobody else's
    /// way.
    pub(crate) fn unshown(&self, most: u32) -> Result<Vec<Queued>, VaultError> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT number, kind, contact, invitation, message, count
             FROM (SELECT *, row_number() OVER (PARTITION BY contact ORDER BY number) AS place FROM events
                   WHERE {FOR_SHOWING})
             WHERE place <= ?1 ORDER BY number",
        ))?;
        let rows: Vec<Raw> = statement.query_map([most], raw)?.collect::<Result<_, _>>()?;
        rows.into_iter().map(|raw| Ok(Queued { number: raw.number, event: self.event(raw)? })).collect()
    }

    fn event(&self, raw: Raw) -> Result<Event, VaultError> {
        let unreadable = || VaultError::Damaged(trouble::unreadable());
        let contact = match &raw.contact {
            Some(id) => Some(self.contact(id)?.ok_or_else(unreadable)?),
            None => None,
        };
        Ok(match (raw.kind, contact, raw.message, raw.count) {
            (0, Some(contact), _, _) => Event::Contact(contact),
            (1, _, Some(message), _) => Event::Message(self.message(message)?),
            (2, Some(contact), _, Some(count)) => Event::Gap {
                from: contact.name,
                contact_id: contact.id,
                missing: u64::try_from(count).unwrap_or_default(),
            },
            (3, ..) => {
                let reason = Reason::SecondTaker;
                Event::Notice { invite: raw.invitation, contact: None, contact_id: None, message: None, reason }
            }
            (4, contact @ Some(_), ..) => about(contact, Reason::HistoryDiffers),
            (5, contact @ Some(_), ..) => about(contact, Reason::CheckAsked),
            (6, contact @ Some(_), ..) => about(contact, Reason::Rejoined),
            (7, contact @ Some(_), ..) => about(contact, Reason::SessionDamaged),
            (8, Some(contact), Some(message), _) => Event::Notice {
                invite: None,
                contact: Some(contact.name),
                contact_id: Some(contact.id),
                message: Some(self.message(message)?),
                reason: Reason::NotArrived,
            },
            (kind @ (9 | 10), Some(contact), _, Some(count)) => Event::Removed {
                contact: contact.name,
                contact_id: contact.id,
                messages: u64::try_from(count).unwrap_or_default(),
                keep: if kind == 9 { Keep::Days30 } else { Keep::Days90 },
            },
            (11, Some(contact), _, Some(days)) => {
                Event::TheirKeep { contact: contact.name, contact_id: contact.id, keep: keeping::keep(days) }
            }
            _ => return Err(unreadable()),
        })
    }

    /// A face has shown this event.
    pub(crate) fn mark_shown(&self, number: i64) -> Result<(), VaultError> {
        self.0.prepare_cached("DELETE FROM events WHERE number = ?1")?.execute([number])?;
        Ok(())
    }

    /// How many messages were removed after so many days and not told of yet: they are told together with what comes.
    pub(super) fn take_removed(&self, contact: &str, keep: Keep) -> Result<u64, VaultError> {
        let values = (contact, removed(keep));
        let sql = "SELECT coalesce(sum(count), 0) FROM events WHERE contact = ?1 AND kind = ?2";
        let untold: i64 = self.0.query_row(sql, values, |row| row.get(0))?;
        self.0.execute("DELETE FROM events WHERE contact = ?1 AND kind = ?2", values)?;
        Ok(u64::try_from(untold).unwrap_or_default())
    }

    /// Our person has begun too: there is nothing left to tell about it.
    pub(crate) fn drop_check_asked(&self, contact: &str) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM events WHERE contact = ?1 AND kind = 5", [contact])?;
        Ok(())
    }

    /// How many were not shown, and how many of them are messages.
    pub(crate) fn count_unshown(&self) -> Result<(u64, u64), VaultError> {
        let sql = format!("SELECT count(*), count(*) FILTER (WHERE kind = 1) FROM events WHERE {FOR_SHOWING}");
        Ok(self.0.query_row(&sql, [], |row| {
            let count = |index| row.get::<_, i64>(index).map(|count| u64::try_from(count).unwrap_or_default());
            Ok((count(0)?, count(1)?))
        })?)
    }

    /// The number of the last event there ever was, so that a new one is noticed.
    pub(crate) fn last_event(&self) -> Result<i64, VaultError> {
        Ok(self.0.query_row(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)",
            [],
            |row| row.get(0),
        )?)
    }
}
