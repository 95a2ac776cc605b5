//! The engine: everything between a face and the wire.
//!
//! In: what a person asks. Out: plain values and events, or a fault with its next step. This folder must never learn
//! how anything is shown; faces never see a key, a mailbox or an envelope.
//!
//! One turn of the engine (`exchange`): do all that can be done without waiting, then wait for one signal of a line.
//! All state between turns lies in the vault or in [`Engine`], and nothing is awaited within a transaction, so that any
//! method may be dropped at any point.

pub(crate) mod center;
pub(crate) mod chance;
mod check;
mod clock;
mod conversation;
mod doctor;
mod drafts;
mod exchange;
pub mod fault;
mod filler;
mod follow;
mod inbound;
mod invite;
mod join;
mod keeping;
pub mod later;
mod lines;
mod mailboxes;
pub mod model;
mod names;
pub(crate) mod notice;
mod outbound;
mod pages;
mod pending;
mod people;
mod receive;
mod rejoin;
pub mod search;
mod send;
mod status;
mod traffic;

pub use cairn_protocol::token::Pass;
pub use chance::{Clock, system_clock};
pub(crate) use clock::Seen;
pub use fault::Fault;
pub use join::check_link;

use crate::home::{Home, Lock};
use crate::language::trouble;
use crate::vault::{Profile, Vault};
use cairn_protocol::address::RelayAddress;
use exchange::Exchange;
use model::{Contact, Message, Queued};
use zeroize::Zeroizing;

/// Events of one person that a face is given at once. Larger: more memory. Smaller: more calls.
const EVENTS: u32 = 4096;

/// How the vault's key is kept.
#[derive(Debug)]
pub enum Protection {
    /// Under a passphrase.
    Passphrase(Zeroizing<String>),
    /// Open, in a file that only its owner may read.
    None,
}

/// A profile at work. One process has it; dropping it lets the next one in.
#[derive(Debug)]
pub struct Engine {
    vault: Vault,
    exchange: Exchange,
    clock: Clock,
    /// Something was stored that a face has not been told of.
    news: bool,
    /// The day on which old messages were last looked for; days since 1970.
    swept: i64,
    home: Home,
    // Last, so that it is given back when the vault is closed.
    _lock: Lock,
}

impl Engine {
    /// Makes a profile in a home that has none.
    ///
    /// # Errors
    /// [`Fault::Usage`] where there is a profile (nothing is changed then), or for a name that can't be used.
    pub fn create(
        home: &Home,
        name: &str,
        relay: Option<RelayAddress>,
        pass: Option<Pass>,
        key: Protection,
    ) -> Result<Self, Fault> {
        names::check(name)?;
        let passphrase = match key {
            Protection::Passphrase(passphrase) if passphrase.is_empty() => {
                return Err(Fault::Usage(trouble::passphrase_empty()));
            }
            Protection::Passphrase(passphrase) => Some(passphrase),
            Protection::None => None,
        };
        home.make_closed()?;
        let lock = home.lock()?;
        if Self::exists(home) {
            return Err(Fault::Usage(trouble::profile_there()));
        }
        let relay = relay.map(|relay| relay.to_string());
        let profile = Profile { name: name.into(), relay, pass, created_at: system_clock() };
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        let vault = Vault::create(home, passphrase, &profile, &mut chance::rng())?;
        Ok(Self::new(vault, home.clone(), lock))
    }

    /// Whether there is a profile in a home.
    #[must_use]
    pub fn exists(home: &Home) -> bool {
        Vault::exists(home)
    }

    /// Whether it takes a passphrase to open the profile.
    ///
    /// # Errors
    /// [`Fault::NotSetUp`], [`Fault::Damaged`].
    pub fn needs_passphrase(home: &Home) -> Result<bool, Fault> {
        Ok(Vault::needs_passphrase(home)?)
    }

    /// Opens the profile of a home.
    ///
    /// # Errors
    /// [`Fault::NotSetUp`], [`Fault::InUse`], [`Fault::Locked`], [`Fault::WrongPassphrase`], [`Fault::Damaged`].
    pub fn open(home: &Home, passphrase: Option<Zeroizing<String>>) -> Result<Self, Fault> {
        if !Self::exists(home) {
            return Err(Fault::NotSetUp);
        }
        let lock = home.lock()?;
        let mut vault = Vault::open(home, passphrase.as_ref().map(|passphrase| passphrase.as_str()))?;
        drop(passphrase);
        let now = system_clock() / 1000;
        vault.write(|store| {
            // An invitation that a kill left half made was never shown to anybody.
            for invitation in store.invitations()?.iter().filter(|one| one.state == crate::vault::State::Making) {
                store.drop_invitation(&invitation.id)?;
            }
            Ok::<_, Fault>(store.drop_guards(now)?)
        })?;
        let mut engine = Self::new(vault, home.clone(), lock);
        engine.sweep()?;
        Ok(engine)
    }

    fn new(vault: Vault, home: Home, lock: Lock) -> Self {
        Self { vault, exchange: Exchange::new(), clock: system_clock, news: false, swept: i64::MIN, home, _lock: lock }
    }

    /// The same engine by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The name that new contacts are given.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn profile_name(&self) -> Result<String, Fault> {
        self.vault.read(|store| Ok(store.profile()?.name))
    }

    /// What happened and was not shown, in order.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn unshown(&self) -> Result<Vec<Queued>, Fault> {
        self.vault.read(|store| Ok(store.unshown(EVENTS)?))
    }

    /// A face has shown the events of these numbers.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn mark_shown(&mut self, numbers: &[i64]) -> Result<(), Fault> {
        self.vault.write(|store| Ok(numbers.iter().try_for_each(|number| store.mark_shown(*number))?))
    }

    /// A conversation's last messages, oldest first; all of them without a number.
    ///
    /// # Errors
    /// [`Fault::NoContact`].
    pub fn history(&self, contact: &str, last: Option<usize>) -> Result<Vec<Message>, Fault> {
        let id = self.contact(contact)?.id;
        self.vault.read(|store| Ok(store.history(&id, last)?))
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn contacts(&self) -> Result<Vec<Contact>, Fault> {
        self.vault.read(|store| Ok(store.contacts()?))
    }

    /// The person with this exact name or identifier.
    ///
    /// # Errors
    /// [`Fault::NoContact`].
    pub fn contact(&self, name_or_id: &str) -> Result<Contact, Fault> {
        self.vault.read(|store| store.contact(name_or_id)?.ok_or(Fault::NoContact))
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Bytes that are not written down are missing in a sum, and nothing else is.
        let _ = self.note_traffic(0);
        // What was deleted leaves the log file too; where that fails the next opening does it.
        let _ = self.vault.tidy();
    }
}

/// Whole seconds since 1970, as the protocol counts them.
fn seconds(milliseconds: i64) -> u64 {
    u64::try_from(milliseconds / 1000).unwrap_or_default()
}

#[cfg(test)]
pub(crate) use pages::tests as paged;
#[cfg(test)]
mod tests;
