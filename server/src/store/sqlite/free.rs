//! The places of bodies that nothing opens any more, where new ones may lie.
//!
//! In: the places that envelopes name. Out: the lowest that none names. This file must never learn what lay there, nor
//! remember anything of a transaction that was undone: it is read anew then.
//!
//! A body stays when its envelope goes, because its key goes with the envelope (body.rs). Putting another over it changes
//! two pages; deleting it and making a new row changed the list of free pages too, each time (docs/decisions/0030).

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
        // Rows lie in the file in their order; entries of the index don't, and a disk takes four times as long for them.
        let mut statement = connection.prepare("SELECT place FROM envelope NOT INDEXED")?;
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
        // All are of one length: SQLite writes over the row where it lies, and takes no page away.
        let laid = connection.prepare_cached("UPDATE body SET shut = ?2 WHERE place = ?1")?.execute((place, body))?;
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

    /// Whether so many are free that the last of them had better be pages for anything.
    pub(super) fn has_spare(&self) -> bool {
        let many = self.count > SPARE && self.count > self.end as usize / 2;
        self.known && many && self.end.checked_sub(1).is_some_and(|last| self.is_free(last))
    }

    fn is_free(&self, place: Place) -> bool {
        let (index, bit) = split(place);
        self.words.get(index).is_some_and(|word| word & bit != 0)
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

#[cfg(test)]
mod tests {
    use super::super::open::{Access, connect, make_or_check};
    use super::*;
    use crate::store::StoreError;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::collections::BTreeSet;

    fn store(folder: &std::path::Path) -> Connection {
        connect(&make_or_check(folder).unwrap(), Access::Write).unwrap()
    }

    fn known(connection: &Connection) -> rusqlite::Result<Free> {
        let mut free = Free::default();
        free.know(connection).map(|()| free)
    }

    /// All that are free, in order; and the first number that no row has.
    fn all(free: &Free) -> (Vec<Place>, Place) {
        let places: Vec<Place> = (0..free.end + 200).filter(|place| free.is_free(*place)).collect();
        assert_eq!(places.len(), free.count());
        (places, free.end)
    }

    /// An envelope whose body lies there.
    fn name(connection: &Connection, place: Place) {
        let sql = "INSERT INTO envelope VALUES (NULL, zeroblob(32), zeroblob(16), 20000, zeroblob(32), ?1)";
        connection.execute(sql, [place]).unwrap();
    }

    fn unname(connection: &Connection, place: Place) {
        assert_eq!(connection.execute("DELETE FROM envelope WHERE place = ?1", [place]).unwrap(), 1);
    }

    #[test]
    fn the_lowest_free_place_is_taken_and_a_start_finds_the_same_ones_free() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let mut free = known(&connection).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let (mut choice, mut used, mut end) = (StdRng::seed_from_u64(1), BTreeSet::new(), 0);
        for step in 0..3000_u32 {
            // More come than go at first, later the other way round.
            if choice.random_range(0..3000) > step {
                let place = free.lay(&connection, &step.to_be_bytes().repeat(1024)).unwrap();
                assert_eq!(Some(place), (0..).find(|place| !used.contains(place)));
                name(&connection, place);
                used.insert(place);
                end = end.max(place + 1);
                let first: [u8; 4] = connection
                    .query_row("SELECT substr(shut, 1, 4) FROM body WHERE place = ?1", [place], |row| row.get(0))
                    .unwrap();
                assert_eq!(first, step.to_be_bytes(), "what is laid down lies there");
            } else if let Some(place) = used.iter().nth(choice.random_range(0..used.len().max(1))).copied() {
                unname(&connection, place);
                free.add(place);
                used.remove(&place);
            }
            if step % 50 == 0 {
                let expected: Vec<Place> = (0..end).filter(|place| !used.contains(place)).collect();
                assert_eq!(all(&free), (expected.clone(), end));
                assert_eq!(all(&known(&connection).unwrap()), (expected, end));
            }
        }
        assert!(end > 200, "{end} places were used");
    }

    #[test]
    fn what_was_undone_is_forgotten_and_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let mut free = known(&connection).unwrap();
        for place in 0..3 {
            assert_eq!(free.lay(&connection, &[1; 4096]).unwrap(), place);
            name(&connection, place);
        }
        unname(&connection, 1);
        free.add(1);
        connection.execute_batch("BEGIN").unwrap();
        let laid = [(); 2].map(|()| free.lay(&connection, &[2; 4096]).unwrap());
        unname(&connection, 0);
        free.add(0);
        assert_eq!((laid, all(&free)), ([1, 3], (vec![0], 4)));
        connection.execute_batch("ROLLBACK").unwrap();
        free.forget();
        free.know(&connection).unwrap();
        assert_eq!(all(&free), (vec![1], 3));
        // What is known is not read again.
        name(&connection, 1);
        free.know(&connection).unwrap();
        assert_eq!(all(&free), (vec![1], 3));
    }

    #[test]
    fn a_store_whose_envelopes_have_no_bodies_of_their_own_is_damaged() {
        for (planted, whole) in [
            ("SELECT 1", true),
            ("UPDATE envelope SET place = 0", false),
            ("UPDATE envelope SET place = 2 WHERE place = 1", false),
            ("UPDATE envelope SET place = 4294967296 WHERE place = 1", false),
            ("UPDATE envelope SET place = -1 WHERE place = 1", false),
            ("UPDATE body SET place = 2000000 WHERE place = 1; DELETE FROM envelope", false),
            ("UPDATE body SET place = 4294967295 WHERE place = 1", false),
            ("UPDATE body SET place = 9223372036854775806 WHERE place = 1", false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let connection = store(folder.path());
            let mut free = known(&connection).unwrap();
            for place in 0..2 {
                assert_eq!(free.lay(&connection, &[1; 4096]).unwrap(), place);
                name(&connection, place);
            }
            connection.execute_batch(planted).unwrap();
            let read = known(&connection).map(|_| ()).map_err(|error| super::super::fault(&error));
            assert_eq!(read.is_ok(), whole, "{planted}");
            assert!(whole || matches!(read, Err(StoreError::Damaged(_))), "{planted}: {read:?}");
        }
    }

    #[test]
    fn a_place_without_a_body_is_damage_and_takes_none() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let mut free = known(&connection).unwrap();
        free.lay(&connection, &[1; 4096]).unwrap();
        free.add(0);
        connection.execute("DELETE FROM body", []).unwrap();
        let error = free.lay(&connection, &[2; 4096]).unwrap_err();
        assert!(error.to_string().contains(TORN), "{error}");
    }

    #[test]
    fn the_last_places_are_given_back_when_most_are_free_and_none_that_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let mut free = known(&connection).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let many = 2 * u32::try_from(SPARE).unwrap();
        for place in 0..many {
            free.lay(&connection, &[1; 4096]).unwrap();
            name(&connection, place);
        }
        // All but one after the thousandth go, the first of them last.
        connection
            .execute("DELETE FROM envelope WHERE place BETWEEN 1000 AND ?1 OR place > ?1 + 1", [many - 700])
            .unwrap();
        for place in (1000..many).filter(|place| *place != many - 699).rev() {
            assert_eq!(free.has_spare(), free.count() > SPARE, "{}", free.count());
            free.add(place);
        }
        connection.execute_batch("COMMIT").unwrap();
        let rows = || {
            connection
                .query_row("SELECT count(*), max(place) FROM body", [], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
        };
        assert!(free.has_spare());
        for end in [many - 512, many - 698, many - 698] {
            free.give_back(&connection).unwrap();
            assert_eq!((free.end, rows()), (end, (end, end - 1)));
            assert_eq!(all(&free), all(&known(&connection).unwrap()));
        }
        assert!(!free.has_spare(), "the last one is needed");
        // Nor when half of them are needed.
        connection.execute_batch("BEGIN").unwrap();
        for _ in free.end - u32::try_from(free.count()).unwrap()..many + 1000 {
            free.lay(&connection, &[1; 4096]).unwrap();
        }
        assert_eq!((free.count(), free.end), (0, many + 1000));
        (0..=u32::try_from(SPARE).unwrap()).for_each(|number| free.add(many + 999 - number));
        assert!(!free.has_spare(), "{} of {}", free.count(), free.end);
    }
}
