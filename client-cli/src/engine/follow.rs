//! Following: an open conversation that waits for what comes and sends what waits.
//!
//! In: nothing. Out: that something new was stored. It may be dropped at any point and called again: all that it knows
//! lies in the engine, and lines go on by themselves meanwhile. This file must never give up for a relay that is away.

use super::exchange::Goal;
use super::{Engine, Fault};
use std::time::Duration;
use tokio::time::Instant;

/// One stretch of waiting; there is no reason behind the number but that it ends.
const STRETCH: Duration = Duration::from_secs(3600);

impl Engine {
    /// Waits until something new was stored: an event, or a message of ours that got to the relay. Survives relays that
    /// are away; comes back with a fault only where waiting changes nothing.
    ///
    /// # Errors
    /// [`Fault::OlderCopy`]; those of the vault.
    pub async fn follow(&mut self) -> Result<(), Fault> {
        let goal = Goal { fetch: true, park: true, again: true, ..Goal::default() };
        loop {
            let end = Instant::now() + STRETCH;
            self.turn_until(goal, end, |engine| Ok(engine.news || engine.is_older())).await?;
            if std::mem::take(&mut self.news) {
                return Ok(());
            }
            if self.is_older() {
                return Err(Fault::OlderCopy);
            }
        }
    }

    /// Why the relays can't be worked with now; nothing if they can.
    #[must_use]
    pub fn trouble(&self) -> Option<Fault> {
        self.worst()
    }
}
