//! The background task by which everything goes in time.
//!
//! In: the relay's day. Out: fewer rows, in small transactions. This file must never learn whose rows they are, and
//! its failure must never make anything live longer: whatever ends it, it starts again.

use crate::calendar::Calendar;
use crate::store::{Store, StoreResult};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the task rests.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// Between two sweeps. Larger: rows live hours longer than stated. Smaller: work for nothing.
    pub sweep: Duration,
    /// Before a sweep that failed is tried again. Larger: lifetimes are prolonged. Smaller: a full disk keeps us busy.
    pub again: Duration,
}

/// Time between two times that what was deleted is scrubbed from the files. Larger: acknowledged envelopes lie in the
/// journal longer. Smaller: more flushes.
const SCRUB: Duration = Duration::from_secs(60);

impl Default for Pauses {
    fn default() -> Self {
        Self { sweep: Duration::from_secs(3600), again: Duration::from_secs(60) }
    }
}

/// Sweeps at once and then after each pause, and scrubs every minute, until it is dropped.
pub async fn supervise<S: Store>(store: Arc<S>, calendar: Arc<Calendar>, envelope_days: u32, pauses: Pauses) {
    loop {
        let sweeping = tokio::spawn(sweep_forever(Arc::clone(&store), Arc::clone(&calendar), envelope_days, pauses));
        // The task is ended with us, and only a panic ends it otherwise.
        let _guard = AbortOnDrop(sweeping.abort_handle());
        if sweeping.await.is_err() {
            tracing::error!("the expiry task broke and starts again");
        }
        tokio::time::sleep(pauses.again).await;
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn sweep_forever<S: Store>(store: Arc<S>, calendar: Arc<Calendar>, envelope_days: u32, pauses: Pauses) {
    loop {
        let pause = match sweep(store.as_ref(), &calendar, envelope_days).await {
            Ok(()) => pauses.sweep,
            Err(error) => {
                tracing::warn!("expiry waits: {error}");
                pauses.again
            }
        };
        let next = Instant::now() + pause;
        while Instant::now() < next {
            tokio::time::sleep(SCRUB.min(pause)).await;
            if let Err(error) = store.scrub().await {
                tracing::warn!("what was deleted is not scrubbed yet: {error}");
            }
        }
    }
}

/// One sweep: looks at the clock, deletes what is past its day, and scrubs it from the files.
///
/// # Errors
/// Any error of the store; what was deleted until then is gone.
pub async fn sweep<S: Store>(store: &S, calendar: &Calendar, envelope_days: u32) -> StoreResult<()> {
    let today = calendar.look(store).await?;
    while store.expire(today.saturating_sub(envelope_days), today).await? {
        // Puts that wait go first.
        tokio::task::yield_now().await;
    }
    store.scrub().await
}
