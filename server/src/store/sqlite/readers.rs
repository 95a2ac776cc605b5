//! The connections that read, beside the writer.
//!
//! In: a question. Out: its answer from what is committed. This file must never learn to write: each connection is
//! read-only.

use super::open::{Access, connect};
use super::{Halt, Verdict, fault};
use crate::store::{StoreError, StoreResult};
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Connections that read at the same time. Larger: memory for their caches. Smaller: a slow page holds up others.
const READERS: usize = 4;

/// A small pool.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(file: &Path) -> StoreResult<Self> {
        let idle = (0..READERS).map(|_| connect(file, Access::Read)).collect::<StoreResult<Vec<_>>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), turns: Arc::new(Semaphore::new(READERS)) })
    }

    /// Asks on a thread that may block.
    pub(super) async fn read<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Verdict<T> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Stopping)?;
        let idle = Arc::clone(&self.idle);
        let answer = tokio::task::spawn_blocking(move || {
            // Given back on this thread: whoever asked may have gone meanwhile.
            let connection = lock(&idle).pop();
            let answer = connection.as_ref().map(work);
            lock(&idle).extend(connection);
            drop(turn);
            answer
        });
        match answer.await {
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(Halt::Refused(refusal)))) => Err(StoreError::Refused(refusal)),
            Ok(Some(Err(Halt::Sql(error)))) => {
                let error = fault(&error);
                tracing::error!("{error}");
                Err(error)
            }
            Ok(None) | Err(_) => Err(StoreError::Stopping),
        }
    }

    /// Waits for the questions that are being answered and closes the connections.
    pub(super) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        if let Ok(turns) = self.turns.acquire_many(all).await {
            turns.forget();
        }
        self.turns.close();
        lock(&self.idle).clear();
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
