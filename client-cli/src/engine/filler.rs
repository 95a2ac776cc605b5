//! Fillers: an empty envelope that carries a confirmation back, when somebody only reads for long.
//!
//! In: sessions, the time. Out: a queued filler at a random time, so that it does not say when somebody read. This file
//! must never answer anybody who was not accepted: only contacts have sessions.

use super::outbound::restore;
use super::{Engine, Fault, chance, seconds};
use crate::vault::{Queued, Store};
use cairn_protocol::limits::FILLER_AFTER;
use cairn_protocol::session::Session;
use std::time::Duration;

/// After [`FILLER_AFTER`] messages without an answer. Longer: the other side
/// stalls. Shorter: the filler says when the messages were read.
const SOON: Duration = Duration::from_secs(30);

/// After [`FILLER_SECONDS`](cairn_protocol::limits::FILLER_SECONDS) without an answer.
const LATER: Duration = Duration::from_secs(6 * 3600);

/// Whether something else will carry the confirmation: it waits, and nothing holds it up.
fn is_carried(store: &Store<'_>, contact: &str, session: &Session) -> Result<bool, Fault> {
    Ok(match store.next_queued(contact)?.map(|queued| queued.what) {
        None => false,
        Some(Queued::Text(..)) => session.may_send(),
        Some(Queued::Filler | Queued::Lost(..) | Queued::Check(_)) => true,
    })
}

/// Draws the time of a filler where one is wanted and none is drawn.
pub(super) fn schedule(store: &Store<'_>, contact: &str, session: &Session, now: i64) -> Result<bool, Fault> {
    if !session.filler_wanted(seconds(now))
        || store.rejoins(contact)?.is_some()
        || store.filler_at(contact)?.is_some()
        || is_carried(store, contact, session)?
    {
        return Ok(false);
    }
    let most = if session.unanswered() >= FILLER_AFTER { SOON } else { LATER };
    let wait = i64::try_from(chance::within(most).as_millis()).unwrap_or_default();
    store.set_filler_at(contact, Some(now.saturating_add(wait)))?;
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
                if session.filler_wanted(seconds(now)) && !is_carried(store, &contact, &session)? {
                    store.enqueue(&contact, None)?;
                }
                Ok::<_, Fault>(())
            })?;
            self.exchange.stale = true;
        }
        Ok(())
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
