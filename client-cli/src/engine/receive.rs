//! Receiving: all that is there, or the first message.
//!
//! In: how long to wait. Out: nothing but that it is done; what came stands in the queue of events. This file must never
//! show anything.

use super::exchange::{Asked, Goal};
use super::mailboxes::Stage;
use super::{Engine, Fault};
use crate::net::Role;
use std::time::Duration;
use tokio::time::Instant;

/// How long all lines may be silent while there is something to do. Longer: a dead relay holds a command up.
/// Shorter: a slow one is given up.
const SILENCE: Duration = Duration::from_secs(20);

impl Engine {
    /// Sends what waits and fetches all that is there. With a time, waits up to that long until there is a message.
    ///
    /// # Errors
    /// [`Fault::Unreachable`], [`Fault::OtherRelay`], [`Fault::OlderCopy`], [`Fault::WaitOver`]; what came before stays.
    pub async fn receive(&mut self, wait: Option<Duration>) -> Result<(), Fault> {
        self.exchange.lines.revive();
        self.exchange.next_statuses = None;
        let start = Instant::now();
        let goal = Goal { fetch: true, ..Goal::default() };
        let settled = self.turn_until(goal, start + SILENCE, |engine| Ok(engine.is_settled())).await?;
        if settled {
            self.notice_after(goal).await?;
        }
        let fault = if settled { self.worst() } else { Some(Fault::Unreachable) };
        let Some(wait) = wait else { return fault.map_or(Ok(()), Err) };
        if self.has_message()? {
            return Ok(());
        }
        match fault {
            Some(fault @ Fault::OtherRelay) => return Err(fault),
            Some(fault @ Fault::OlderCopy) if self.is_older() => return Err(fault),
            _ => {}
        }
        let goal = Goal { fetch: true, park: true, again: true, ..Goal::default() };
        if self.turn_until(goal, start + wait, |engine| Ok(engine.has_message()? || engine.is_older())).await? {
            return if self.is_older() { Err(Fault::OlderCopy) } else { Ok(()) };
        }
        Err(match self.worst() {
            None | Some(Fault::Busy) => Fault::WaitOver,
            Some(fault) => fault,
        })
    }

    /// Whether a message waits to be shown.
    fn has_message(&self) -> Result<bool, Fault> {
        self.vault.read(|store| Ok(store.count_unshown()?.1 > 0))
    }

    /// Whether another copy of this profile was used after it, and no conversation was begun anew since: waiting changes
    /// nothing then.
    pub(super) fn is_older(&self) -> bool {
        let mut used = self.exchange.boxes.values().filter(|own| !own.row.gone && !own.row.replaced).peekable();
        used.peek().is_some() && used.all(|own| matches!(own.stage, Stage::Stuck(Fault::OlderCopy, _)))
    }

    /// Whether nothing more is to come now: everything was fetched and acknowledged, put and asked, or can't be.
    pub(super) fn is_settled(&self) -> bool {
        let lines = &self.exchange.lines;
        let boxes = self.exchange.boxes.values();
        let fetched =
            |own: &super::mailboxes::Box| own.is_settled() || lines.down(&own.row.relay, Role::Receive).is_some();
        let asked = |asked: &Asked| matches!(asked, Asked::Status(_) | Asked::Delete(_));
        !self.exchange.stale
            && boxes.into_iter().all(fetched)
            && self.is_put()
            && self.exchange.statuses.is_empty()
            && !self.exchange.asked.values().any(asked)
            && self.exchange.landed.is_empty()
    }

    /// Whether all that waits was put, or can't be now.
    pub(super) fn is_put(&self) -> bool {
        self.exchange.ways.values().all(|way| {
            let stuck = self.exchange.boxes.get(&way.route.own).is_none_or(|own| {
                matches!(own.stage, Stage::Stuck(..))
                    || self.exchange.lines.down(&own.row.relay, Role::Receive).is_some()
            });
            let down = self.exchange.lines.down(&way.route.relay, Role::Send).is_some();
            !way.waits || stuck || down || (way.blocked.is_some() && way.flight == 0)
        })
    }

    /// The fault that matters most among all mailboxes of ours. A conversation that can't be read was told by itself.
    pub(super) fn worst(&self) -> Option<Fault> {
        let used = self.exchange.boxes.values().filter(|own| !own.row.gone && !own.row.replaced);
        let stuck = used.filter_map(|own| match &own.stage {
            Stage::Stuck(Fault::SessionDamaged, _) => None,
            Stage::Stuck(fault, _) => Some(fault.clone()),
            _ => self.exchange.lines.failed(&own.row.relay, Role::Receive).map(Fault::from),
        });
        stuck.min_by_key(|fault| match fault {
            Fault::OlderCopy => 0,
            Fault::OtherRelay => 1,
            Fault::Unreachable => 2,
            _ => 3,
        })
    }
}
