//! The connections that read, beside the writer.
//!
//! In: a question. Out: its answer from what is committed. This file must never learn to write: each connection is
//! read-only.
//!
//! A question is answered on the thread that asks it: its answer is mostly in memory, and waking another thread for it took
//! as long as the answer. So that a slow disk doesn't hold up who else that thread serves, the runtime moves them to another
//! one after a question that took long, and until many in a row did not (docs/decisions/0032). Who finds no connection free
//! waits for one.

use super::open::{Access, connect};
use super::{Halt, Verdict, fault};
use crate::store::{StoreError, StoreResult};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

/// Questions that are answered at the same time. Larger: memory for their caches. Smaller: a slow page holds up others.
const READERS: u32 = 4;

/// A question that takes longer than this is slow. Larger: a disk holds others up for longer before it is noticed. Smaller: one
/// that was interrupted on a busy machine is slow too, and the next ones cost the waking of a thread each.
const SLOW: Duration = Duration::from_millis(20);

/// Quick questions after a slow one, or after a start, until the next is trusted to be quick. Larger: more threads are woken
/// for nothing. Smaller: a disk that is slow now and then holds others up more often.
const WARY: u32 = 16;

/// The connections that nobody uses now, one for each permit.
pub(super) struct Readers {
    connections: Mutex<Vec<Connection>>,
    free: Semaphore,
    /// Questions that are not yet trusted to be quick.
    wary: AtomicU32,
}

impl Readers {
    pub(super) fn start(file: &Path) -> StoreResult<Self> {
        let connections = (0..READERS).map(|_| connect(file, Access::Read)).collect::<StoreResult<Vec<_>>>()?;
        let free = Semaphore::new(connections.len());
        Ok(Self { connections: Mutex::new(connections), free, wary: AtomicU32::new(WARY) })
    }

    /// Asks the file. It does not wait while it reads, so who asks can't leave in the middle.
    pub(super) async fn read<T>(&self, work: impl FnOnce(&Connection) -> Verdict<T>) -> StoreResult<T> {
        let _permit = self.free.acquire().await.map_err(|_| StoreError::Stopping)?;
        let connection = self.connections().pop().ok_or(StoreError::Stopping)?;
        // A question that breaks costs its own answer, never the connection: four of them would leave nobody to read.
        let result = catch_unwind(AssertUnwindSafe(|| self.answer(|| work(&connection))));
        self.connections().push(connection);
        match result {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Halt::Refused(refusal))) => Err(StoreError::Refused(refusal)),
            Ok(Err(Halt::Sql(error))) => {
                let error = fault(&error);
                tracing::error!("{error}");
                Err(error)
            }
            Err(_) => {
                tracing::error!("reading from the store broke, which is a fault of this program");
                Err(StoreError::Stopping)
            }
        }
    }

    /// Answers a question where it was asked, and remembers whether that took long.
    fn answer<T>(&self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let answer = if self.wary.load(Ordering::Relaxed) == 0 { work() } else { beside_others(work) };
        if started.elapsed() > SLOW {
            self.wary.store(WARY, Ordering::Relaxed);
        } else {
            // An error means that it is nought.
            let _ = self.wary.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |wary| wary.checked_sub(1));
        }
        answer
    }

    /// Waits until what was asked is answered, and closes the connections.
    pub(super) async fn close(&self) {
        // An error means that it was closed before.
        let _all = self.free.acquire_many(READERS).await;
        self.free.close();
        self.connections().clear();
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something that may take long, where the runtime has other threads for the rest.
fn beside_others<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::CurrentThread) => work(),
        _ => block_in_place(work),
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::make_or_check;
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    #[tokio::test]
    async fn a_question_that_breaks_costs_its_own_answer_only() {
        let folder = tempfile::tempdir().unwrap();
        let readers = Readers::start(&make_or_check(folder.path()).unwrap()).unwrap();
        for _ in 0..2 * READERS {
            let broken = readers.read(|_| -> Verdict<()> { panic!("a fault of this program") }).await;
            assert!(matches!(broken, Err(StoreError::Stopping)), "{broken:?}");
        }
        assert_eq!(readers.read(|_| Ok(7)).await.unwrap(), 7);
        readers.close().await;
        let closed = readers.read(|_| Ok(8)).await;
        assert!(matches!(closed, Err(StoreError::Stopping)), "{closed:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn who_reads_for_long_leaves_the_thread_to_others_and_no_more_read_than_there_are_connections() {
        let folder = tempfile::tempdir().unwrap();
        let readers = Arc::new(Readers::start(&make_or_check(folder.path()).unwrap()).unwrap());
        let (reading, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (free, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..2 * READERS {
            let (readers, reading, most, held) =
                (Arc::clone(&readers), Arc::clone(&reading), Arc::clone(&most), Arc::clone(&held));
            asked.spawn(async move {
                let work = |_: &Connection| {
                    most.fetch_max(reading.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let _ = held.lock().unwrap().recv();
                    reading.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                readers.read(work).await
            });
        }
        // Another task comes to the only worker although as many read as can. The clock is the system's: a worker that is
        // held up drives no other.
        let (came, coming) = std::sync::mpsc::channel();
        let count = Arc::clone(&reading);
        tokio::spawn(async move {
            while count.load(Ordering::SeqCst) < READERS as usize {
                tokio::task::yield_now().await;
            }
            came.send(()).unwrap();
        });
        let came = coming.recv_timeout(core::time::Duration::from_secs(20));
        drop(free);
        while let Some(answer) = asked.join_next().await {
            answer.unwrap().unwrap();
        }
        assert!(came.is_ok(), "the others wait for who reads");
        assert_eq!(most.load(Ordering::SeqCst), READERS as usize);
    }

    /// Whether another task can run on the only worker while a question is answered there. Waits for it so long.
    async fn leaves_its_thread(readers: &Readers, patience: Duration) -> bool {
        // Back on the worker, if it was moved to another thread.
        tokio::task::yield_now().await;
        let ran = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&ran);
        tokio::spawn(async move { other.store(true, Ordering::SeqCst) });
        let work = |_: &Connection| {
            let started = Instant::now();
            while !ran.load(Ordering::SeqCst) && started.elapsed() < patience {
                std::thread::yield_now();
            }
            Ok(ran.load(Ordering::SeqCst))
        };
        readers.read(work).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn quick_questions_keep_their_thread_until_one_is_slow() {
        const LONG: Duration = Duration::from_secs(20);
        let folder = tempfile::tempdir().unwrap();
        let readers = Readers::start(&make_or_check(folder.path()).unwrap()).unwrap();
        // On the worker, which this test's own thread is not.
        let asked = tokio::spawn(async move {
            assert!(leaves_its_thread(&readers, LONG).await, "wary after a start");
            for _ in 0..100 * WARY {
                // Each may be interrupted for long on a busy machine.
                if readers.wary.load(Ordering::SeqCst) == 0 {
                    break;
                }
                readers.read(|_| Ok(())).await.unwrap();
            }
            assert!(!leaves_its_thread(&readers, 3 * SLOW).await, "trusted after quick ones");
            for quick in 0..WARY {
                assert!(leaves_its_thread(&readers, LONG).await, "trusted again after {quick} quick ones");
            }
        });
        asked.await.unwrap();
    }
}
