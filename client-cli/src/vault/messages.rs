//! Messages, whole and in pieces, and the holes between them.
//!
//! In: what was decrypted, what was typed. Out: the same, oldest first. This file must never learn how it travels.

use super::{Store, VaultError};
use crate::engine::model::{Direction, Message, SendState, Start};
use crate::language::trouble;
use cairn_protocol::content::{MessageId, Piece};
use rusqlite::{OptionalExtension, Row};
use zeroize::Zeroizing;

/// A whole message to keep.
#[derive(Debug)]
pub(crate) struct NewMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) contact: &'a str,
    pub(crate) direction: Direction,
    pub(crate) kind: &'a str,
    pub(crate) text: &'a str,
    pub(crate) sent_at: i64,
    pub(crate) received_at: Option<i64>,
}

pub(super) const COLUMNS: &str =
    "m.id, m.contact, c.name, m.direction, m.kind, m.text, m.sent_at, m.received_at, m.sent";

pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let out = row.get::<_, i64>(3)? == 1;
    let sent = if row.get(8)? { SendState::Sent } else { SendState::Saved };
    Ok(Message {
        id: crate::engine::chance::hex(&row.get::<_, [u8; 16]>(0)?),
        contact_id: row.get(1)?,
        contact: row.get(2)?,
        direction: if out { Direction::Out } else { Direction::In },
        kind: row.get(4)?,
        text: row.get(5)?,
        sent_at: row.get(6)?,
        received_at: row.get(7)?,
        state: out.then_some(sent),
    })
}

impl Store<'_> {
    /// Keeps a message and gives it its place; none if one with this identifier is there already.
    pub(crate) fn insert_message(&self, new: &NewMessage<'_>) -> Result<Option<i64>, VaultError> {
        let out = i64::from(new.direction == Direction::Out);
        let added = self
            .0
            .prepare_cached(
                "INSERT INTO messages (id, contact, direction, kind, text, sent_at, received_at, sent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0) ON CONFLICT DO NOTHING",
            )?
            .execute((new.id.as_bytes(), new.contact, out, new.kind, new.text, new.sent_at, new.received_at))?;
        Ok((added == 1).then(|| self.0.last_insert_rowid()))
    }

    /// One message.
    pub(crate) fn message(&self, seq: i64) -> Result<Message, VaultError> {
        let sql =
            format!("SELECT {COLUMNS} FROM messages AS m JOIN contacts AS c ON c.id = m.contact WHERE m.seq = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([seq], message)?)
    }

    /// The last messages of a conversation, oldest first.
    pub(crate) fn history(&self, contact: &str, last: Option<usize>) -> Result<Vec<Message>, VaultError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM messages AS m JOIN contacts AS c ON c.id = m.contact
             WHERE m.contact = ?1 ORDER BY m.seq DESC LIMIT ?2"
        );
        let last = last.and_then(|last| i64::try_from(last).ok()).unwrap_or(-1);
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map((contact, last), message)?;
        let mut messages: Vec<_> = rows.collect::<Result<_, _>>()?;
        messages.reverse();
        Ok(messages)
    }

    /// Shows the texts of a conversation one by one, each with its place, until `look` has seen enough.
    pub(crate) fn look_through(
        &self,
        contact: &str,
        from: Start,
        mut look: impl FnMut(i64, &str) -> bool,
    ) -> Result<(), VaultError> {
        let (which, place) = match from {
            Start::Newest => ("seq < ?2 ORDER BY seq DESC", i64::MAX),
            Start::Before(place) => ("seq < ?2 ORDER BY seq DESC", place),
            Start::After(place) => ("seq > ?2 ORDER BY seq", place),
        };
        let sql = format!("SELECT seq, text FROM messages WHERE contact = ?1 AND {which}");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query((contact, place))?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str().map_err(|_| VaultError::Damaged(trouble::unreadable()))?;
            if !look(row.get(0)?, text) {
                break;
            }
        }
        Ok(())
    }

    /// Keeps a piece for showing, once.
    pub(crate) fn insert_piece(
        &self,
        contact: &str,
        piece: &Piece,
        sent_at: i64,
        came_at: i64,
    ) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO pieces (contact, message, piece, count, kind, payload, sent_at, came_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute((
                contact,
                piece.id.as_bytes(),
                piece.index,
                piece.count,
                piece.kind,
                piece.payload.as_slice(),
                sent_at,
                came_at,
            ))?;
        Ok(())
    }

    /// The pieces of one message, in order, and when its writer sent the first that came.
    pub(crate) fn pieces(&self, contact: &str, message: MessageId) -> Result<(Vec<Piece>, i64), VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT piece, count, kind, payload, sent_at FROM pieces WHERE contact = ?1 AND message = ?2 ORDER BY piece",
        )?;
        let rows = statement.query_map((contact, message.as_bytes()), |row| {
            let piece = Piece {
                id: message,
                index: row.get(0)?,
                count: row.get(1)?,
                shown: true,
                kind: row.get(2)?,
                payload: Zeroizing::new(row.get(3)?),
            };
            Ok((piece, row.get(4)?))
        })?;
        let rows: Vec<(Piece, i64)> = rows.collect::<Result<_, _>>()?;
        let sent_at = rows.iter().map(|(_, sent_at)| *sent_at).min().unwrap_or_default();
        Ok((rows.into_iter().map(|(piece, _)| piece).collect(), sent_at))
    }

    /// The message is whole, or given up.
    pub(crate) fn drop_pieces(&self, contact: &str, message: MessageId) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM pieces WHERE contact = ?1 AND message = ?2", (contact, message.as_bytes()))?;
        Ok(())
    }

    /// The message whose first piece is oldest, where more than `most` are not whole.
    pub(crate) fn oldest_broken(&self, contact: &str, most: usize) -> Result<Option<MessageId>, VaultError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let row = self.0.query_row(
            "SELECT message FROM pieces WHERE contact = ?1 GROUP BY message ORDER BY min(seq) DESC LIMIT 1 OFFSET ?2",
            (contact, most),
            |row| row.get(0).map(MessageId::from_bytes),
        );
        Ok(row.optional()?)
    }

    /// Marks a hole as told; false if it was.
    pub(crate) fn tell_gap(&self, contact: &str, number: i64) -> Result<bool, VaultError> {
        let mut statement =
            self.0.prepare_cached("INSERT INTO gaps (contact, number) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        Ok(statement.execute((contact, number))? == 1)
    }

    /// A hole is filled: what came late stands there.
    pub(crate) fn fill_gap(&self, contact: &str, number: i64) -> Result<(), VaultError> {
        self.forget_gaps(contact, number, number)
    }

    /// These numbers are no holes any more: they came, or were given up, which is told and noticed once.
    pub(crate) fn forget_gaps(&self, contact: &str, from: i64, to: i64) -> Result<(), VaultError> {
        let sql = "DELETE FROM gaps WHERE contact = ?1 AND number BETWEEN ?2 AND ?3";
        self.0.prepare_cached(sql)?.execute((contact, from, to))?;
        Ok(())
    }
}
