//! The one thread that writes, and the group commit.
//!
//! In: parts of transactions, in the order in which they were queued. Out: their answers, after the flush that holds
//! them all. This file must never learn what a part does.
//!
//! After a failed commit nobody hears "done": all that wait hear that it failed, and the process must stop, because an
//! fsync that failed once may succeed the second time without having written anything.

use super::arriving::Arriving;
use super::free::Free;
use super::held::Held;
use super::open::BUSY;
use super::room::Disk;
use super::{Halt, Verdict, fault, mailboxes, room};
use crate::quota::{Quota, Room};
use crate::store::{Arrivals, Durable, StoreError, StoreResult};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Parts in one transaction, at most. Larger: the first of them waits for the last. Smaller: more flushes.
const GROUP: usize = 256;

/// Parts that wait, at most (about 4 MiB of envelopes); then connections stop reading. Larger: more memory while the
/// disk is slow. Smaller: the writer finds less to group.
const QUEUE: usize = 1024;

/// Pages of the journal after which it is written back, about 16 MB. Larger: a journal that grows for longer, and a flush
/// of what grows takes longer than one of what is written over; a longer start after a crash. Smaller: more flushes.
const CHECKPOINT: usize = 4096;

/// Pages that a transaction writes whatever it does, about: the last ones of the tables and indexes.
const PAGES_EACH: usize = 4;

/// And for each of its parts: a body, and its row and place in an index.
const PAGES_A_PART: usize = 2;

/// How long a reader is waited for when the journal is written back whole. Larger: puts wait while somebody dumps a large
/// store. Smaller: a page that is being read keeps deleted rows in the journal for another minute.
const READERS: Duration = Duration::from_millis(200);

pub(super) type Publish = Box<dyn FnOnce(&StoreResult<()>) + Send>;
pub(super) type Part = Box<dyn FnOnce(&mut Books) -> (rusqlite::Result<()>, Publish) + Send>;

enum Order {
    Part(Part),
    Scrub(oneshot::Sender<StoreResult<()>>),
    Close(oneshot::Sender<StoreResult<()>>),
}

/// What the parts of a transaction see.
pub(super) struct Books {
    /// The only connection that writes.
    pub(super) connection: Connection,
    /// The place of the next envelope. It lives in memory, so that a deleted row's number never comes back while a
    /// subscription remembers it, and no row counts how many there ever were.
    pub(super) next_arrival: i64,
    /// The last place whose envelope is on disk or was undone: no envelope will come up to here that a read begun now
    /// doesn't see.
    pub(super) settled: Arc<AtomicI64>,
    /// What the store takes besides deletions; looked at before each transaction.
    pub(super) room: Room,
    /// What is known of the disk under it.
    pub(super) disk: Disk,
    /// What the store holds itself to.
    pub(super) quota: Quota,
    /// Where the file is.
    pub(super) folder: PathBuf,
    /// Whether the journal may hold rows since it was last written back whole.
    written: bool,
    /// Whether rows of mailboxes were written since they were last put in order.
    pub(super) mailboxes_written: bool,
    /// What mailboxes hold, read once and kept up to date. Emptied whenever a transaction is undone.
    pub(super) held: Held,
    /// What the transaction under way accepts. Emptied whenever one is undone.
    pub(super) arriving: Arriving,
    /// Where bodies may lie. Read anew whenever a transaction is undone.
    pub(super) free: Free,
}

impl Books {
    /// Of a store whose envelopes are all on disk.
    pub(super) fn open(
        connection: Connection,
        folder: &Path,
        quota: Quota,
        arrivals: Arrivals,
    ) -> rusqlite::Result<Self> {
        let last: i64 = connection.query_row("SELECT coalesce(max(arrival), 0) FROM envelope", [], |row| row.get(0))?;
        let mut free = Free::default();
        free.know(&connection)?;
        Ok(Self {
            connection,
            next_arrival: last.saturating_add(1),
            settled: Arc::new(AtomicI64::new(last)),
            room: Room::Free,
            disk: Disk::default(),
            quota,
            folder: folder.to_owned(),
            // What an earlier run left is not known.
            written: true,
            mailboxes_written: true,
            held: Held::default(),
            arriving: Arriving::new(arrivals),
            free,
        })
    }
}

/// The handle of the thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Order>,
    settled: Arc<AtomicI64>,
    failed: watch::Receiver<Option<StoreError>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, folder: &Path, quota: Quota, arrivals: Arrivals) -> StoreResult<Self> {
        let books = Books::open(connection, folder, quota, arrivals).map_err(|error| fault(&error))?;
        let settled = Arc::clone(&books.settled);
        let (queue, orders) = mpsc::channel(QUEUE);
        let (failing, failed) = watch::channel(None);
        std::thread::Builder::new()
            .name("store writer".into())
            .spawn(move || run(books, orders, &failing))
            .map_err(|error| StoreError::Unusable(format!("the store's thread can't be started: {error}")))?;
        Ok(Self { queue, settled, failed })
    }

    /// The last place that is settled, as it moves on.
    pub(super) fn settled(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.settled)
    }

    /// Queues a part of a transaction; the answer comes after the flush.
    pub(super) async fn submit<T, W>(&self, work: W) -> Durable<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Books) -> Verdict<T> + Send + 'static,
    {
        let (answer, durable) = Durable::channel();
        let part: Part = Box::new(move |books| {
            let (outcome, verdict) = match work(books) {
                Ok(value) => (Ok(()), Ok(value)),
                Err(Halt::Refused(refusal)) => (Ok(()), Err(StoreError::Refused(refusal))),
                Err(Halt::Sql(error)) => (Err(error), Err(StoreError::Stopping)),
            };
            let publish: Publish = Box::new(move |committed| {
                // Nobody may be waiting any more; what was done stays done.
                let _ = answer.send(committed.clone().and(verdict));
            });
            (outcome, publish)
        });
        // A writer that has ended drops the part and with it the sender: the answer is then `Stopping`.
        let _ = self.queue.send(Order::Part(part)).await;
        durable
    }

    pub(super) async fn scrub(&self) -> StoreResult<()> {
        let (answer, durable) = Durable::channel();
        let _ = self.queue.send(Order::Scrub(answer)).await;
        durable.await
    }

    pub(super) async fn close(&self) -> StoreResult<()> {
        let (answer, durable) = Durable::channel();
        let _ = self.queue.send(Order::Close(answer)).await;
        durable.await
    }

    pub(super) async fn failed(&self) -> StoreError {
        let mut failed = self.failed.clone();
        match failed.wait_for(Option::is_some).await {
            Ok(error) => error.clone().unwrap_or(StoreError::Stopping),
            // The thread ended without a word: it was closed, or it panicked.
            Err(_) => StoreError::Stopping,
        }
    }
}

fn run(mut books: Books, mut orders: mpsc::Receiver<Order>, failing: &watch::Sender<Option<StoreError>>) {
    let (mut parts, mut since_checkpoint) = (Vec::with_capacity(GROUP), 0);
    while let Some(first) = orders.blocking_recv() {
        let mut next = Some(first);
        let mut special = None;
        while let Some(order) = next.take() {
            match order {
                Order::Part(part) => parts.push(part),
                other => special = Some(other),
            }
            if parts.len() < GROUP && special.is_none() {
                next = orders.try_recv().ok();
            }
        }
        if !parts.is_empty() {
            since_checkpoint += PAGES_EACH + PAGES_A_PART * parts.len();
        }
        let mut result = commit(&mut books, &mut parts);
        if result.is_ok() && since_checkpoint >= CHECKPOINT {
            since_checkpoint = 0;
            result = checkpoint(&books.connection, "PASSIVE").map(drop);
        }
        match special {
            Some(Order::Scrub(answer)) => {
                result = result.and_then(|()| scrub(&mut books));
                let _ = answer.send(result.clone());
            }
            Some(Order::Close(answer)) => {
                orders.close();
                result = result.and_then(|()| scrub(&mut books));
                if result.is_err() {
                    close_as_it_is(&books.connection);
                }
                let closed = books.connection.close().map_err(|(_, error)| fault(&error));
                let _ = answer.send(result.and(closed));
                return;
            }
            _ => {}
        }
        if let Err(error) = result
            && matches!(error, StoreError::Disk(_) | StoreError::Damaged(_) | StoreError::Unusable(_))
        {
            tracing::error!("{error}");
            close_as_it_is(&books.connection);
            failing.send_replace(Some(error));
            return;
        }
    }
}

/// Runs the parts in one transaction and answers them. An error of any part undoes the group.
pub(super) fn commit(books: &mut Books, parts: &mut Vec<Part>) -> StoreResult<()> {
    if parts.is_empty() {
        return Ok(());
    }
    books.written = true;
    books.held.keep_small();
    let mut publishing = Vec::with_capacity(parts.len());
    let result = ready(books).and_then(|()| transact(books, parts, &mut publishing)).map_err(|error| {
        undo(books);
        fault(&error)
    });
    parts.clear();
    books.settled.store(books.next_arrival.saturating_sub(1), Ordering::Release);
    for publish in publishing {
        publish(&result);
    }
    books.arriving.on_disk();
    result
}

/// Undoes a transaction, and forgets what was read or changed in it.
fn undo(books: &mut Books) {
    // It may be undone already; an error here says nothing new.
    let _ = books.connection.execute_batch("ROLLBACK");
    books.held.clear();
    books.arriving.forget();
    books.free.forget();
}

fn ready(books: &mut Books) -> rusqlite::Result<()> {
    books.free.know(&books.connection)?;
    room::look(books)
}

fn transact(books: &mut Books, parts: &mut Vec<Part>, publishing: &mut Vec<Publish>) -> rusqlite::Result<()> {
    books.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for part in parts.drain(..) {
        let (outcome, publish) = part(books);
        publishing.push(publish);
        outcome?;
    }
    books.arriving.hand_over();
    books.connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// The last connection that closes checkpoints by itself, and so would flush again what failed.
fn close_as_it_is(connection: &Connection) {
    // A connection that can't be told so any more can't checkpoint either.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Does work that can wait, in a transaction of its own. False: not now.
fn tidied(books: &mut Books, work: impl FnOnce(&mut Books) -> rusqlite::Result<()>) -> StoreResult<bool> {
    let begun = books.connection.execute_batch("BEGIN IMMEDIATE");
    match begun.and_then(|()| work(books)).and_then(|()| books.connection.execute_batch("COMMIT")) {
        Ok(()) => {
            books.written = true;
            Ok(true)
        }
        Err(error) => {
            undo(books);
            match fault(&error) {
                StoreError::NotNow(_) => Ok(false),
                other => Err(other),
            }
        }
    }
}

/// Puts mailboxes in order, gives places back, and writes the journal back whole, if there is anything to write. A reader in its way is waited
/// for a moment only, because puts wait too; the next time tries again.
fn scrub(books: &mut Books) -> StoreResult<()> {
    // Without room there is no order, but what was deleted still goes.
    if books.mailboxes_written && books.room.for_more() && tidied(books, mailboxes::put_in_order)? {
        books.mailboxes_written = false;
    }
    if books.free.has_spare() && books.room.for_more() {
        tidied(books, |books| books.free.give_back(&books.connection))?;
    }
    if books.written {
        let wait = |time| books.connection.busy_timeout(time).map_err(|error| fault(&error));
        wait(READERS)?;
        let whole = checkpoint(&books.connection, "TRUNCATE");
        wait(BUSY)?;
        books.written = !whole?;
    }
    Ok(())
}

/// Writes the journal back. A reader in its way is no error: false, and the rest is written back next time.
fn checkpoint(connection: &Connection, mode: &str) -> StoreResult<bool> {
    let done = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, bool>(0));
    match done {
        Ok(hindered) => Ok(!hindered),
        Err(error) => match fault(&error) {
            StoreError::NotNow(_) => Ok(false),
            other => Err(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::{Access, connect, make_or_check};
    use super::*;

    #[test]
    fn places_that_nobody_needs_are_given_back_each_time_that_the_journal_is_scrubbed() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&make_or_check(folder.path()).unwrap(), Access::Write).unwrap();
        let full_once = "WITH RECURSIVE n(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM n WHERE place < 4999)
            INSERT INTO body SELECT place, zeroblob(4096) FROM n";
        connection.execute(full_once, []).unwrap();
        let mut books = Books::open(connection, folder.path(), Quota::default(), Arc::new(|_| ())).unwrap();
        let bodies = |books: &Books| {
            let count = "SELECT count(*) FROM body";
            (books.connection.query_row(count, [], |row| row.get::<_, u32>(0)).unwrap(), books.free.count())
        };
        books.room = Room::Envelopes;
        scrub(&mut books).unwrap();
        assert_eq!(bodies(&books), (5000, 5000), "that needs room in the journal");
        books.room = Room::Free;
        for left in [4488, 3976, 3976] {
            scrub(&mut books).unwrap();
            assert_eq!(bodies(&books), (left, left as usize));
        }
    }

    #[test]
    fn after_a_transaction_that_was_undone_bodies_lie_where_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&make_or_check(folder.path()).unwrap(), Access::Write).unwrap();
        let mut books = Books::open(connection, folder.path(), Quota::default(), Arc::new(|_| ())).unwrap();
        let lay = |books: &mut Books| {
            let place = books.free.lay(&books.connection, &[7; 4096])?;
            let row = "INSERT INTO envelope VALUES (NULL, randomblob(32), randomblob(16), 20000, zeroblob(32), ?1)";
            books.connection.prepare_cached(row)?.execute([place])
        };
        let mut transaction = |fails: bool| {
            let part: Part = Box::new(move |books| {
                lay(books).unwrap();
                let outcome = if fails { Err(super::super::corrupt("undone")) } else { Ok(()) };
                (outcome, Box::new(|_| ()))
            });
            let done = commit(&mut books, &mut vec![part]);
            assert_eq!(done.is_err(), fails);
            let places =
                "SELECT group_concat(place) FROM (SELECT place FROM envelope JOIN body USING (place) ORDER BY place)";
            books.connection.query_row(places, [], |row| row.get::<_, Option<String>>(0)).unwrap().unwrap_or_default()
        };
        let places = [false, true, false, true, true, false].map(&mut transaction);
        assert_eq!(places, ["0", "0", "0,1", "0,1", "0,1", "0,1,2"]);
    }
}
