//! The check of words with one person: begun, waited for, typed.
//!
//! In: a person's wish to check, what the other side's check says, typed words. Out: how it stands; what it has to say
//! waits in the queue, in the same transaction. This file must never answer by itself: that a check was asked for is
//! told, and only our own person begins (protocol.md §10.2).

use super::exchange::Goal;
use super::fault::Slip;
use super::model::{self, CheckState, Contact, Trust};
use super::outbound::restore;
use super::rejoin::{known_as, subject};
use super::{Engine, Fault, chance};
use crate::language::trouble;
use crate::vault::{EventRow, Store};
use cairn_protocol::check::{Check, Standing, Typed};
use cairn_protocol::content::CheckMessage;
use cairn_protocol::session::Session;
use cairn_protocol::words::{Words, WordsError};
use std::time::Duration;
use tokio::time::Instant;

/// For what the check has to say, however short the wait. Longer: a script hangs when the relay is down. Shorter: a slow
/// line gets nothing through.
const SAY: Duration = Duration::from_secs(5);

/// The check of a contact as it was kept; none where nobody has begun.
fn kept(store: &Store<'_>, contact: &str) -> Result<Option<Check>, Fault> {
    let state = store.check(contact)?;
    state.map(|state| Check::restore(&state)).transpose().map_err(|_| Fault::Damaged(trouble::check_unread()))
}

/// The same; a fresh one where nobody has begun.
fn load(store: &Store<'_>, contact: &str, session: &Session) -> Result<Check, Fault> {
    Ok(kept(store, contact)?.unwrap_or_else(|| Check::new(session)))
}

fn save(store: &Store<'_>, contact: &str, check: &Check) -> Result<(), Fault> {
    let words = match check.standing() {
        Standing::Words(words) => Some(words.to_string()),
        _ => None,
    };
    if matches!(check.standing(), Standing::Different | Standing::Broken) {
        store.set_trust(contact, Trust::Unchecked)?;
    }
    Ok(store.set_check(contact, &check.snapshot(), words.as_deref())?)
}

/// A message of the other side's check, within the transaction that keeps the session it came by.
pub(super) fn received(
    store: &Store<'_>,
    contact: &str,
    session: &Session,
    number: u64,
    message: &CheckMessage,
) -> Result<(), Fault> {
    // One that can't be read is told when our person wants to check; the conversation goes on.
    let Ok(mut check) = load(store, contact, session) else { return Ok(store.count_dropped(contact)?) };
    let asked = check.is_asked();
    if let Some(reply) = check.received(number, message) {
        store.enqueue_check(contact, &reply)?;
    }
    if check.is_asked() && !asked {
        store.insert_event(EventRow::CheckAsked(&known_as(store, contact)?))?;
    }
    save(store, contact, &check)
}

/// How a check stands, in the words of the model.
pub(super) const fn state(check: &Check) -> CheckState {
    match check.standing() {
        Standing::Idle => CheckState::Idle,
        Standing::Asked => CheckState::Asked,
        Standing::Waiting => CheckState::Waiting,
        Standing::Words(_) => CheckState::Words,
        Standing::Matched => CheckState::Matched,
        Standing::Different => CheckState::Different,
        Standing::BeganAgain => CheckState::BeganAgain,
        Standing::Broken => CheckState::Broken,
    }
}

fn told(contact: &Contact, check: &Check) -> model::Check {
    let state = state(check);
    let words = match check.standing() {
        Standing::Words(words) => Some(words.to_string()),
        _ => None,
    };
    let tries_left = words.is_some().then(|| check.tries());
    model::Check { contact_id: contact.id.clone(), contact: contact.name.clone(), state, words, tries_left }
}

/// Gives a run up, where there is one. One that can't be read goes.
pub(super) fn stop(store: &Store<'_>, contact: &str) -> Result<(), Fault> {
    store.drop_queued_checks(contact)?;
    match kept(store, contact) {
        Ok(None) => Ok(()),
        Ok(Some(mut check)) => {
            check.stop();
            save(store, contact, &check)
        }
        Err(Fault::Damaged(_)) => Ok(store.drop_check(contact)?),
        Err(fault) => Err(fault),
    }
}

fn mistyped(error: WordsError) -> Fault {
    Fault::Slip(match error {
        WordsError::Count(number) => Slip::Words(number),
        WordsError::Unknown(number) => Slip::Word(number),
    })
}

impl Engine {
    /// How the check with a person stands.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Damaged`] where it can't be read.
    pub fn check(&self, contact: &str) -> Result<model::Check, Fault> {
        let contact = self.contact(contact)?;
        self.vault.read(|store| {
            // Where nobody has begun no session is asked: it may be one that can't be read.
            Ok(match kept(store, &subject(store, &contact.id)?)? {
                Some(check) => told(&contact, &check),
                None => model::Check {
                    contact_id: contact.id.clone(),
                    contact: contact.name.clone(),
                    state: CheckState::Idle,
                    words: None,
                    tries_left: None,
                },
            })
        })
    }

    /// Begins a run, because our person wants to check now; goes on with one that is under way. What came of a run that
    /// is over stays, unless a new one is wanted (`again`), or the words fitted and the other person has begun one.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Blocked`]; [`Fault::HistoryDiffers`]; [`Fault::Damaged`] where it can't be read.
    pub fn check_begin(&mut self, contact: &str, again: bool) -> Result<model::Check, Fault> {
        let contact = self.writable(contact)?;
        self.exchange.stale = true;
        self.vault.write(|store| {
            let row = subject(store, &contact.id)?;
            let session = restore(store, &row)?;
            if session.differs() {
                return Err(Fault::HistoryDiffers);
            }
            let mut check = match load(store, &row, &session) {
                Err(_) if again => Check::new(&session),
                check => check?,
            };
            if again {
                check.stop();
                store.drop_queued_checks(&row)?;
            }
            let begins = match check.standing() {
                Standing::Idle | Standing::Asked | Standing::BeganAgain => true,
                Standing::Matched => check.is_asked(),
                Standing::Waiting | Standing::Words(_) | Standing::Different | Standing::Broken => false,
            };
            if begins && let Some(message) = check.start(&mut chance::rng()) {
                store.enqueue_check(&row, &message)?;
                store.drop_check_asked(&contact.id)?;
                save(store, &row, &check)?;
            }
            Ok(told(&contact, &check))
        })
    }

    /// Sends what the check has to say and waits until the run has words or is over.
    ///
    /// # Errors
    /// [`Fault::WaitOver`], [`Fault::Unreachable`], [`Fault::OtherRelay`], [`Fault::OlderCopy`]: the run goes on later.
    pub async fn check_wait(&mut self, contact: &str, wait: Duration) -> Result<model::Check, Fault> {
        let id = self.contact(contact)?.id;
        let session = self.vault.read(|store| subject(store, &id))?;
        let start = Instant::now();
        self.exchange.lines.revive();
        self.unblock();
        let said =
            |engine: &mut Self| Ok(!engine.exchange.stale && engine.exchange.landed.is_empty() && engine.is_put());
        self.turn_until(Goal { fetch: true, ..Goal::default() }, start + SAY, said).await?;
        let goal = Goal { fetch: true, park: true, again: true, ..Goal::default() };
        let over = |engine: &mut Self| {
            Ok(said(engine)? && (engine.is_hopeless(&session) || engine.check(&id)?.state != CheckState::Waiting))
        };
        self.turn_until(goal, start + wait, over).await?;
        let check = self.check(&id)?;
        if check.state != CheckState::Waiting {
            return Ok(check);
        }
        Err(match self.why_not(&session).or_else(|| self.worst()) {
            None | Some(Fault::Busy) => Fault::WaitOver,
            Some(fault) => fault,
        })
    }

    /// Compares what our person typed with the words that the other one should have read. A word that is not in the list
    /// uses no try. Where they fit, a new start takes the contact's place.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Blocked`]; [`Fault::Slip`] for anything but four words of the list.
    pub fn check_typed(&mut self, contact: &str, text: &str) -> Result<model::Check, Fault> {
        let contact = self.writable(contact)?;
        let words = Words::parse(text).map_err(mistyped)?;
        let (check, session) = self.vault.write(|store| {
            let session = subject(store, &contact.id)?;
            let mut check = load(store, &session, &restore(store, &session)?)?;
            match check.typed(&words) {
                Typed::NotNow => {}
                Typed::Matched => {
                    save(store, &session, &check)?;
                    store.adopt(&contact.id)?;
                    store.set_trust(&contact.id, Trust::Checked)?;
                }
                Typed::Different(_) => save(store, &session, &check)?,
            }
            Ok::<_, Fault>((told(&contact, &check), session))
        })?;
        if check.state == CheckState::Matched && session != contact.id {
            // What held the old session up does not hold up the new one.
            self.exchange.ways.retain(|way, _| *way != contact.id && *way != session);
            (self.exchange.stale, self.news) = (true, true);
        }
        Ok(check)
    }
}
