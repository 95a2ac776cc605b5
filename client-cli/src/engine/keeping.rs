//! How long a conversation is kept, and the removal of what is older.
//!
//! In: a person's choice, the clock. Out: messages that are gone, and events that say so; the choice on its way to the
//! other side. This file must never remove what nobody chose to remove.

use super::clock::DAY;
use super::exchange::Goal;
use super::model::{Keep, Kept};
use super::{Engine, Fault};
use crate::vault::VaultError;
use std::time::Duration;
use tokio::time::Instant;

/// How long `keep` tries to tell the other side. Longer: a script hangs when the relay is down. Shorter: a slow line gets
/// nothing through.
const BUDGET: Duration = Duration::from_secs(5);

/// What came before this moment is older than `keep`: whole days, so that all of a day goes together. Nothing is older
/// than always.
fn before(keep: Keep, now: i64) -> Option<i64> {
    match keep {
        Keep::Always => None,
        keep => Some(now.div_euclid(DAY).saturating_sub(i64::from(keep.days())).saturating_mul(DAY)),
    }
}

impl Engine {
    /// How many messages would be removed now by this choice.
    ///
    /// # Errors
    /// [`Fault::NoContact`].
    pub fn older_than(&self, contact: &str, keep: Keep) -> Result<u64, Fault> {
        let contact = self.contact(contact)?;
        match before(keep, self.now()) {
            None => Ok(0),
            Some(before) => self.vault.read(|store| Ok(store.count_before(&contact.id, before)?)),
        }
    }

    /// Chooses how long a conversation is kept here, removes what is older, and has it told to the other side when
    /// there is a line.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; those of the vault.
    pub fn choose_keep(&mut self, contact: &str, keep: Keep) -> Result<Kept, Fault> {
        let contact = self.contact(contact)?;
        let now = self.now();
        self.vault.write(|store| {
            store.set_keep(&contact.id, keep)?;
            match before(keep, now) {
                None => Ok::<_, Fault>(()),
                Some(before) => Ok(store.remove_before(&contact.id, before, keep)?),
            }
        })?;
        (self.exchange.stale, self.news) = (true, true);
        let erased = self.compact_if_room()?;
        Ok(Kept { contact: self.contact(&contact.id)?, told: false, erased })
    }

    /// [`choose_keep`](Self::choose_keep), and then tries to tell the other side.
    ///
    /// # Errors
    /// The same.
    pub async fn keep(&mut self, contact: &str, keep: Keep) -> Result<Kept, Fault> {
        let kept = self.choose_keep(contact, keep)?;
        self.exchange.lines.revive();
        self.unblock();
        let said =
            |engine: &mut Self| Ok(!engine.exchange.stale && engine.exchange.landed.is_empty() && engine.is_put());
        self.turn_until(Goal::default(), Instant::now() + BUDGET, said).await?;
        let waiting = self.vault.read(|store| store.is_keep_waiting(&kept.contact.id)).map_err(Fault::from)?;
        Ok(Kept { told: !waiting, ..kept })
    }

    /// Removes what is older than its conversation is kept, once a day, so that a vault is written anew once a day at most.
    pub(super) fn sweep(&mut self) -> Result<(), Fault> {
        let now = self.now();
        if self.swept == now.div_euclid(DAY) {
            return Ok(());
        }
        self.swept = now.div_euclid(DAY);
        let before_last = self.vault.read(|store| store.last_event()).map_err(Fault::from)?;
        self.vault.write(|store| {
            let last = store.seen()?;
            let seen = last.look(now);
            if seen != last {
                store.set_seen(seen)?;
            }
            if seen.day == last.day {
                // It was done for this day, or the clock is far ahead and not believed yet.
                return Ok::<_, Fault>(());
            }
            store.kept()?.into_iter().try_for_each(|(contact, keep)| match before(keep, seen.day.saturating_mul(DAY)) {
                None => Ok(()),
                Some(before) => Ok(store.remove_before(&contact, before, keep)?),
            })
        })?;
        self.news |= self.vault.read(|store| store.last_event()).map_err(Fault::from)? > before_last;
        // Also where an earlier run ended before it was done.
        self.compact_if_room().map(|_| ())
    }

    /// Writes the vault's file anew, if that is due. False: the disk has no room for it now; then the next day does it,
    /// or the next opening, and what was chosen holds whatever comes of this: nobody is kept from reading.
    pub(super) fn compact_if_room(&mut self) -> Result<bool, Fault> {
        match self.vault.compact() {
            Err(VaultError::Failed(_) | VaultError::Full) => Ok(false),
            done => Ok(done.map(|()| true)?),
        }
    }
}
