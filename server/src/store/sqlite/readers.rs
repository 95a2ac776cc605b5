//! The threads that read, each with a connection of its own, beside the writer.
//!
//! In: a question. Out: its answer from what is committed. This file must never learn to write: each connection is
//! read-only.
//!
//! Questions wait in a queue without an end of its own: who asks bounds how many there are, and none of them holds up
//! another because whoever asked it is slow to hear the answer.

use super::open::{Access, connect};
use super::{Halt, Verdict, fault};
use crate::store::{Durable, StoreError, StoreResult};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Threads that read at the same time. Larger: memory for their caches. Smaller: a slow page holds up others.
const READERS: usize = 4;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The handle of the threads.
pub(super) struct Readers {
    questions: Mutex<Option<Sender<Question>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub(super) fn start(file: &Path) -> StoreResult<Self> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let (connection, receiver) = (connect(file, Access::Read)?, Arc::clone(&receiver));
            let thread = Builder::new().name("store reader".into()).spawn(move || run(&connection, &receiver));
            threads.push(
                thread
                    .map_err(|error| StoreError::Unusable(format!("the store's threads can't be started: {error}")))?,
            );
        }
        Ok(Self { questions: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Asks one of the threads.
    pub(super) async fn read<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Verdict<T> + Send + 'static,
    {
        let (answer, coming) = Durable::channel();
        let question: Question = Box::new(move |connection| {
            let result = work(connection).map_err(|halt| match halt {
                Halt::Refused(refusal) => StoreError::Refused(refusal),
                Halt::Sql(error) => {
                    let error = fault(&error);
                    tracing::error!("{error}");
                    error
                }
            });
            // Whoever asked may have gone.
            let _ = answer.send(result);
        });
        if let Some(questions) = &*lock(&self.questions) {
            // Threads that have ended drop the question and with it the answer: it is then `Stopping`.
            let _ = questions.send(question);
        } else {
            return Err(StoreError::Stopping);
        }
        coming.await
    }

    /// Answers what was asked and closes the connections.
    pub(super) async fn close(&self) {
        lock(&self.questions).take();
        let threads: Vec<_> = lock(&self.threads).drain(..).collect();
        // A thread that broke has closed its connection too.
        let _ = tokio::task::spawn_blocking(|| threads.into_iter().for_each(|thread| drop(thread.join()))).await;
    }
}

fn run(connection: &Connection, questions: &Mutex<Receiver<Question>>) {
    loop {
        // The lock is let go before the question is answered.
        let next = lock(questions).recv();
        match next {
            // A question that breaks costs its own answer, never the thread: four of them would leave nobody to read.
            Ok(question) => {
                if catch_unwind(AssertUnwindSafe(|| question(connection))).is_err() {
                    tracing::error!("reading from the store broke, which is a fault of this program");
                }
            }
            Err(_) => return,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::open::make_or_check;
    use super::*;

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
    }
}
