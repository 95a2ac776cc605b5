//! The places of bodies that nothing opens any more, where new ones may lie.
//!
//! In: the places that envelopes name. Out: the lowest that none names. This file must never learn what lay there, nor
//! remember anything of a transaction that was undone: it is read anew then.
//!
//! A body stays when its envelope goes, because its key goes with the envelope (body.rs). Putting another over it changes
//! two pages; deleting it and making a new row changed up to five each time (docs/decisions/0030).

use super::corrupt;
use rusqlite::Connection;

/// The row number of a body. There is a row for each number below the highest.
pub(super) type Place = u32;

/// Free places that are kept though the store is nearly empty (about 19 MB of the file). Larger: a file that stays larger
/// than it need be, and backups of it. Smaller: rows that are deleted and made again.
const SPARE: usize = 4096;

/// Places that are given back at once (about 6 ms of them). Larger: puts wait longer. Smaller: a file that was full once
/// holds their pages for longer.
const GIVEN_BACK: usize = 512;

/// What is wrong when a body is not there, or is not one envelope's alone.
const TORN: &str = "an envelope without a body of its own";

/// Puts a body into a place. That the old one is looked at makes SQLite overwrite it where it lies, instead of taking the
/// row's pages away and making others.
const OVERWRITE: &str = "UPDATE body SET shut = ?2 WHERE place = ?1 AND length(shut) = 4096";

/// Places in a word.
const WORD: usize = u64::BITS as usize;

/// Which places are free.
#[derive(Default)]
pub(super) struct Free {
    /// A bit for each place: whether it is free. None beyond the last word is.
    words: Vec<u64>,
    /// No word before this one has a free place.
    lowest: usize,
    /// How many are free.
    count: usize,
    /// The first number that no row has.
    end: Place,
    /// Whether all this is what the file says.
    known: bool,
}

impl Free {
    /// What the file says, unless that is known.
    pub(super) fn know(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.known {
            return Ok(());
        }
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let end = number("SELECT coalesce(max(place) + 1, 0) FROM body")?;
        // Each body has a page at least: a number above all pages is damage, and would take memory.
        if end > number("PRAGMA page_count")? {
            return Err(corrupt(TORN));
        }
        *self = Self { end: Place::try_from(end).map_err(|_| corrupt(TORN))?, ..Self::default() };
        (0..self.end).for_each(|place| self.add(place));
        let mut statement = connection.prepare("SELECT place FROM envelope")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let place = Place::try_from(row.get::<_, i64>(0)?).map_err(|_| corrupt(TORN))?;
            if !self.remove(place) {
                return Err(corrupt(TORN));
            }
        }
        self.known = true;
        Ok(())
    }

    /// Forgets what is known: a transaction was undone.
    pub(super) fn forget(&mut self) {
        self.known = false;
    }

    /// How many places are free.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Lays a body down, in the lowest free place or in a new one: where.
    pub(super) fn lay(&mut self, connection: &Connection, body: &[u8]) -> rusqlite::Result<Place> {
        let Some(place) = self.take() else {
            let place = self.end;
            connection.prepare_cached("INSERT INTO body (place, shut) VALUES (?1, ?2)")?.execute((place, body))?;
            self.end = place.saturating_add(1);
            return Ok(place);
        };
        let laid = connection.prepare_cached(OVERWRITE)?.execute((place, body))?;
        if laid == 1 { Ok(place) } else { Err(corrupt(TORN)) }
    }

    /// The lowest free place, which is free no more.
    fn take(&mut self) -> Option<Place> {
        while self.words.get(self.lowest).is_some_and(|word| *word == 0) {
            self.lowest += 1;
        }
        let bit = self.words.get(self.lowest)?.trailing_zeros() as usize;
        let place = Place::try_from(self.lowest * WORD + bit).ok()?;
        self.remove(place).then_some(place)
    }

    /// A place whose body nothing opens any more.
    pub(super) fn add(&mut self, place: Place) {
        let (index, bit) = split(place);
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        if let Some(word) = self.words.get_mut(index).filter(|word| **word & bit == 0) {
            *word |= bit;
            self.count += 1;
            self.lowest = self.lowest.min(index);
        }
    }

    /// Whether it was free.
    fn remove(&mut self, place: Place) -> bool {
        let (index, bit) = split(place);
        let Some(word) = self.words.get_mut(index).filter(|word| **word & bit != 0) else { return false };
        *word &= !bit;
        self.count -= 1;
        true
    }

    /// Whether so many are free that the highest of them had better be pages for anything.
    pub(super) fn has_spare(&self) -> bool {
        self.known && self.count > SPARE && self.count > self.end as usize / 2
    }

    /// Deletes some of the bodies after the last one that is needed.
    pub(super) fn give_back(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for _ in 0..GIVEN_BACK {
            match self.end.checked_sub(1) {
                Some(last) if self.remove(last) => self.end = last,
                _ => break,
            }
        }
        connection.prepare_cached("DELETE FROM body WHERE place >= ?1")?.execute([self.end]).map(drop)
    }
}

/// The word of a place, and its bit.
const fn split(place: Place) -> (usize, u64) {
    (place as usize / WORD, 1 << (place as usize % WORD))
}
