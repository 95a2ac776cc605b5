//! The background task by which everything goes in time.
//!
//! In: the relay's day. Out: fewer rows, in small transactions. This file must never learn whose rows they are, and
//! its failure must never make anything live longer: whatever ends it, it starts again.

use crate::calendar::Calendar;
use crate::store::{Store, StoreResult};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two sweeps. Larger: rows live hours longer than stated. Smaller: work for nothing.
const SWEEP: Duration = Duration::from_secs(3600);

/// Time between two times that what was deleted is scrubbed from the files. Larger: acknowledged envelopes lie in the
/// journal longer. Smaller: more flushes.
const SCRUB: Duration = Duration::from_secs(60);

/// Time before a sweep that failed is tried again. Larger: lifetimes are prolonged. Smaller: a full disk keeps us busy.
const AGAIN: Duration = Duration::from_secs(60);

/// Sweeps at once and then every hour, and scrubs every minute, until it is dropped.
pub async fn supervise<S: Store>(store: Arc<S>, calendar: Arc<Calendar>, envelope_days: u32) {
    loop {
        let sweeping = tokio::spawn(sweep_forever(Arc::clone(&store), Arc::clone(&calendar), envelope_days));
        // The task is ended with us, and only a panic ends it otherwise.
        let _guard = AbortOnDrop(sweeping.abort_handle());
        if sweeping.await.is_err() {
            tracing::error!("the expiry task broke and starts again");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn sweep_forever<S: Store>(store: Arc<S>, calendar: Arc<Calendar>, envelope_days: u32) {
    loop {
        let pause = match sweep(store.as_ref(), &calendar, envelope_days).await {
            Ok(()) => SWEEP,
            Err(error) => {
                tracing::warn!("expiry waits: {error}");
                AGAIN
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
