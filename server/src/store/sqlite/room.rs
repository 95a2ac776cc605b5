//! How much room there is, looked at before each transaction.
//!
//! In: the store's file, its disk, the quota. Out: what the next transaction may add. This file must never learn who
//! asks for room.

use super::writer::Books;
use crate::quota::Room;
use rustix::fs::statvfs;

/// Bytes of the disk that only acknowledgements and deletions may use. Larger: a disk that is never used to the end.
/// Smaller: on a full disk nothing could be deleted any more, because a deletion is written to the journal first.
pub const RESERVE: u64 = 64 << 20;

/// Looks at the disk and at the file; says in the log when something changed for the worse.
pub(super) fn look(books: &mut Books) -> rusqlite::Result<()> {
    let disk = disk_has_room(books);
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

/// A file system that doesn't say counts as one with room: the write itself will tell.
fn disk_has_room(books: &Books) -> bool {
    statvfs(&books.folder).map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= RESERVE)
}

/// Bytes of the pages that hold something. Pages of deleted rows and the places of bodies that nothing opens any more, one
/// page each, are used again before the file grows.
fn used(books: &Books) -> rusqlite::Result<u64> {
    let number = |pragma: &str| books.connection.prepare_cached(pragma)?.query_row([], |row| row.get::<_, u32>(0));
    let free = u32::try_from(books.free.count()).unwrap_or(u32::MAX);
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?).saturating_sub(free);
    Ok(u64::from(pages).saturating_mul(u64::from(number("PRAGMA page_size")?)))
}
