//! How much room there is, looked at before each transaction.
//!
//! In: the store's file, its disk, the quota. Out: what the next transaction may add. This file must never learn who
//! asks for room.
//!
//! A disk with plenty of room is asked ten times a second at most: the question took 7 µs of the 70 until an envelope is
//! handed over. If another program filled it meanwhile, the write itself tells.

use super::writer::Books;
use crate::quota::Room;
use rustix::fs::statvfs;
use std::time::{Duration, Instant};

/// Bytes of the disk that only acknowledgements and deletions may use. Larger: a disk that is never used to the end.
/// Smaller: on a full disk nothing could be deleted any more, because a deletion is written to the journal first.
pub const RESERVE: u64 = 64 << 20;

/// Bytes of free disk that are plenty. Larger: more disks are asked before each transaction. Smaller: [`FRESH`] is enough to
/// fill it.
const PLENTY: u64 = 16 * RESERVE;

/// How long plenty is taken for granted. Larger: another program can fill the disk unseen. Smaller: more questions.
const FRESH: Duration = Duration::from_millis(100);

/// What is known of the disk.
#[derive(Debug, Default)]
pub(super) struct Disk {
    /// Until when there is plenty of room.
    plenty: Option<Instant>,
}

impl Disk {
    /// Whether there is room. `free` gives the free bytes; a file system that doesn't say counts as one with room: the write
    /// itself will tell.
    fn has_room(&mut self, now: Instant, free: impl FnOnce() -> Option<u64>) -> bool {
        if self.plenty.is_some_and(|until| now < until) {
            return true;
        }
        let free = free().unwrap_or(u64::MAX);
        self.plenty = (free >= PLENTY).then(|| now + FRESH);
        free >= RESERVE
    }
}

/// Looks at the disk and at the file; says in the log when something changed for the worse.
pub(super) fn look(books: &mut Books) -> rusqlite::Result<()> {
    let free = || statvfs(&books.folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let disk = books.disk.has_room(Instant::now(), free);
    let room = if !disk {
        Room::None
    } else if books.quota.bytes.is_some() {
        books.quota.room(used(books)?)
    } else {
        Room::Free
    };
    if room != books.room {
        match room {
            Room::None if !disk => tracing::error!("the disk is full: nothing new is taken until there is room"),
            Room::None => {
                tracing::error!("the store is as large as it may be: nothing new is taken until there is room")
            }
            Room::Envelopes if books.room == Room::Free => {
                tracing::warn!("the store is nearly as large as it may be: no new mailboxes and invitations are taken");
            }
            Room::Envelopes | Room::Free => tracing::info!("there is room again"),
        }
        books.room = room;
    }
    Ok(())
}

/// Bytes of the pages that hold something. Pages of deleted rows and the places of bodies that nothing opens any more, one
/// page each, are used again before the file grows.
fn used(books: &Books) -> rusqlite::Result<u64> {
    let number = |pragma: &str| books.connection.prepare_cached(pragma)?.query_row([], |row| row.get::<_, u32>(0));
    let free = u32::try_from(books.free.count()).unwrap_or(u32::MAX);
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?).saturating_sub(free);
    Ok(u64::from(pages).saturating_mul(u64::from(number("PRAGMA page_size")?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn a_disk_with_plenty_of_room_is_asked_ten_times_a_second_and_another_each_time() {
        let start = Instant::now();
        let (asked, mut disk) = (Cell::new(0), Disk::default());
        let mut look = |milliseconds: u64, free: Option<u64>| {
            let room = disk.has_room(start + Duration::from_millis(milliseconds), || {
                asked.set(asked.get() + 1);
                free
            });
            (room, asked.replace(0))
        };
        assert_eq!(look(0, Some(PLENTY)), (true, 1));
        assert_eq!(look(99, Some(0)), (true, 0));
        assert_eq!(look(100, Some(PLENTY - 1)), (true, 1));
        assert_eq!(look(100, Some(RESERVE)), (true, 1));
        assert_eq!(look(101, Some(RESERVE - 1)), (false, 1));
        assert_eq!(look(102, Some(0)), (false, 1));
        assert_eq!(look(103, None), (true, 1));
        assert_eq!(look(104, Some(0)), (true, 0));
    }
}
