//! Fillers: an empty envelope that carries a confirmation back, when somebody only reads for long.
//!
//! In: sessions, the time. Out: a queued filler at a random time, so that it does not say when somebody read; such times
//! for whatever else this program says by itself. This file must never answer anybody who was not accepted: only contacts
//! have sessions.

use super::outbound::restore;
use super::{Engine, Fault, chance, seconds};
use crate::vault::{Queued, Store};
use cairn_protocol::session::Session;
use std::time::Duration;

/// After [`FILLER_AFTER`](cairn_protocol::limits::FILLER_AFTER) messages without an answer. Longer: the other side
/// stalls. Shorter: the filler says when the messages were read.
const SOON: Duration = Duration::from_secs(30);

/// After [`FILLER_SECONDS`](cairn_protocol::limits::FILLER_SECONDS) without an answer, and for what was lost. Longer: the
/// other side waits. Shorter: it learns more exactly when this program runs.
const LATER: Duration = Duration::from_secs(6 * 3600);

/// A time within the next hours, for what nobody asked our person for.
pub(super) fn later(now: i64) -> i64 {
    drawn(LATER, now)
}

fn drawn(most: Duration, now: i64) -> i64 {
    now.saturating_add(i64::try_from(chance::within(most).as_millis()).unwrap_or_default())
}

/// Whether something else will carry the confirmation: it waits, and nothing holds it up.
fn is_carried(store: &Store<'_>, contact: &str, session: &Session, now: i64) -> Result<bool, Fault> {
    Ok(match store.next_queued(contact, now)?.map(|queued| queued.what) {
        None => false,
        Some(Queued::Text(..)) => session.may_send(),
        Some(Queued::Filler | Queued::Lost(..) | Queued::Control(_)) => true,
    })
}

/// Draws the time of a filler where one is wanted and none is drawn that comes soon enough.
pub(super) fn schedule(store: &Store<'_>, contact: &str, session: &Session, now: i64) -> Result<bool, Fault> {
    let most = if session.filler_presses() { SOON } else { LATER };
    let latest = now.saturating_add(i64::try_from(most.as_millis()).unwrap_or_default());
    if !session.filler_wanted(seconds(now))
        || store.rejoins(contact)?.is_some()
        || store.filler_at(contact)?.is_some_and(|at| at <= latest)
        || is_carried(store, contact, session, now)?
    {
        return Ok(false);
    }
    store.set_filler_at(contact, Some(drawn(most, now)))?;
    Ok(true)
}

impl Engine {
    /// Queues the fillers whose time has come, unless something else has carried the confirmation meanwhile.
    pub(super) fn due_fillers(&mut self) -> Result<(), Fault> {
        let now = self.now();
        let due = self.exchange.ways.values().filter(|way| way.route.filler_at.is_some_and(|at| at <= now));
        let due: Vec<String> = due.map(|way| way.route.contact.clone()).collect();
        for contact in due {
            self.vault.write(|store| {
                store.set_filler_at(&contact, None)?;
                let session = match restore(store, &contact) {
                    Err(Fault::SessionDamaged) => return Ok(()),
                    session => session?,
                };
                if session.filler_wanted(seconds(now)) && !is_carried(store, &contact, &session, now)? {
                    store.enqueue(&contact, None)?;
                }
                Ok::<_, Fault>(())
            })?;
            self.exchange.stale = true;
        }
        Ok(())
    }

    /// What waited for its time is looked at again when that has come.
    pub(super) fn due_content(&mut self) {
        let now = self.now();
        self.exchange.stale |= self.exchange.ways.values().any(|way| way.route.due_at.is_some_and(|at| at <= now));
    }

    /// Looks for contacts that have waited a day for a confirmation.
    pub(super) fn schedule_fillers(&mut self) -> Result<(), Fault> {
        let now = self.now();
        let idle = self.exchange.ways.values().filter(|way| way.route.filler_at.is_none());
        let idle: Vec<String> = idle.map(|way| way.route.contact.clone()).collect();
        for contact in idle {
            let session = match self.vault.read(|store| restore(store, &contact)) {
                Err(Fault::SessionDamaged) => continue,
                session => session?,
            };
            if session.filler_wanted(seconds(now)) {
                self.vault.write(|store| schedule(store, &contact, &session, now))?;
                self.exchange.stale = true;
            }
        }
        Ok(())
    }
}
