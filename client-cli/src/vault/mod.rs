//! The vault: everything that a profile owns, in one encrypted file.
//!
//! In: a home, a passphrase, values of the engine. Out: the same values, from a file that survives a power cut at any
//! point. This folder is the only one that names SQLite. It must never learn what a session's bytes mean, and it
//! touches no socket.

mod checks;
mod contacts;
mod drafts;
mod error;
mod events;
mod examine;
mod invitations;
mod keeping;
mod keyfile;
mod later;
mod lost;
mod mailboxes;
mod messages;
mod migration;
mod old;
mod outbox;
mod pages;
mod passphrase;
mod profile;
mod rejoins;
mod removal;
mod salvage;
mod traffic;
mod unfinished;

pub(crate) use contacts::{NewContact, Route};
pub(crate) use error::VaultError;
pub(crate) use events::EventRow;
pub(crate) use invitations::{InvitationRow, NewInvitation, State};
pub(crate) use mailboxes::MailboxRow;
pub(crate) use messages::NewMessage;
pub(crate) use outbox::{Place, Queued};
pub(crate) use profile::Profile;

use crate::home::{Home, flush_directory};
use crate::language::{system as why, trouble};
use cairn_protocol::secret::Secret;
use keyfile::KeyFile;
use rand::CryptoRng;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::fmt::Write as _;
use std::path::Path;
use unfinished::Unfinished;
use zeroize::Zeroizing;

/// Marks the file as ours: "Crn1".
const APPLICATION: i32 = 0x4372_6e31;

/// The schema that this program reads and writes.
const SCHEMA: i32 = 7;

/// Bytes of the log file that are kept after a checkpoint. Larger: deleted rows live longer in it.
const LOG: i64 = 0;

/// An open vault. One process has it; the home's lock sees to that.
#[derive(Debug)]
pub(crate) struct Vault(Connection);

/// What can be asked of a vault within one transaction. Its methods stand in the files of their nouns.
pub(crate) struct Store<'c>(&'c Connection);

impl Vault {
    /// Whether there is a vault, or the half of one.
    pub(crate) fn exists(home: &Home) -> bool {
        home.key().exists() || home.vault().exists()
    }

    /// Whether it takes a passphrase to open it.
    pub(crate) fn needs_passphrase(home: &Home) -> Result<bool, VaultError> {
        if !Self::exists(home) {
            return Err(VaultError::Missing);
        }
        let key = home.key();
        let key = if key.exists() { key } else { new_key(home) };
        if key.exists() { Ok(KeyFile::read(&key)?.is_sealed()) } else { Err(key_gone()) }
    }

    /// Makes a vault with one profile in it. Until the last step nothing stands under the final names, so that a kill
    /// at any point leaves either no vault or a whole one; [`open`](Self::open) finishes the last rename.
    pub(crate) fn create(
        home: &Home,
        passphrase: Option<&str>,
        profile: &Profile,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        unfinished::clear(home)?;
        Unfinished::begin(home, passphrase, profile, rng)?.finish(home)
    }

    /// Opens the vault.
    pub(crate) fn open(home: &Home, passphrase: Option<&str>) -> Result<Self, VaultError> {
        if !Self::exists(home) {
            return Err(VaultError::Missing);
        }
        if !home.key().exists() {
            if !new_key(home).exists() {
                return Err(key_gone());
            }
            finish_key(home)?;
        }
        if !home.vault().exists() {
            return Err(VaultError::Damaged(trouble::vault_gone()));
        }
        let key = KeyFile::read(&home.key())?.open(passphrase)?;
        Self::with_key(home, &key)
    }

    fn with_key(home: &Home, key: &Secret) -> Result<Self, VaultError> {
        let connection = connect(&home.vault(), key)?;
        let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        if number("application_id")? != APPLICATION {
            return Err(VaultError::Damaged(trouble::vault_other()));
        }
        let version = number("user_version")?;
        if version > SCHEMA {
            return Err(VaultError::Newer);
        }
        let mut vault = Self(connection);
        migration::bring_up(&mut vault, version)?;
        Ok(vault)
    }

    /// Runs `work` in one transaction. All of it is on disk when this returns, or none of it happened.
    pub(crate) fn write<T, E: From<VaultError>>(
        &mut self,
        work: impl FnOnce(&Store<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate).map_err(VaultError::from)?;
        let value = work(&Store(&transaction))?;
        transaction.commit().map_err(VaultError::from)?;
        Ok(value)
    }

    /// Runs `work` on what the vault holds now.
    pub(crate) fn read<T, E: From<VaultError>>(&self, work: impl FnOnce(&Store<'_>) -> Result<T, E>) -> Result<T, E> {
        work(&Store(&self.0))
    }

    /// Writes the file anew where messages were removed: what a page still holds of a row that moved or went is gone
    /// then, from the file and from its log.
    pub(crate) fn compact(&mut self) -> Result<(), VaultError> {
        if !self.read(|store| store.is_compaction_due())? {
            return Ok(());
        }
        self.0.execute_batch("VACUUM")?;
        self.write(|store| store.compacted())?;
        self.tidy()
    }

    /// Takes deleted rows out of the log file too.
    pub(crate) fn tidy(&self) -> Result<(), VaultError> {
        self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(VaultError::from)
    }
}

fn new_key(home: &Home) -> std::path::PathBuf {
    home.directory().join("key.new")
}

fn finish_key(home: &Home) -> Result<(), VaultError> {
    std::fs::rename(new_key(home), home.key())
        .and_then(|()| flush_directory(home.directory()))
        .map_err(|error| unwritable(&error))
}

fn key_gone() -> VaultError {
    VaultError::Damaged(trouble::key_gone())
}

fn unwritable(error: &std::io::Error) -> VaultError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => VaultError::Full,
        kind => VaultError::Failed(trouble::home_written(why(kind))),
    }
}

/// What tells SQLCipher the key.
fn sqlite_key(key: &Secret) -> Zeroizing<String> {
    let mut statement = Zeroizing::new(String::with_capacity(128));
    statement.push_str("PRAGMA key = \"x'");
    for byte in key.expose() {
        // Writing to a string does not fail.
        let _ = write!(statement, "{byte:02x}");
    }
    statement.push_str("'\"");
    statement
}

fn connect(path: &Path, key: &Secret) -> Result<Connection, VaultError> {
    match connect_locking(path, key, "NORMAL") {
        // On a full disk there is no room for what several processes share. The home's lock lets in one, which needs none.
        Err(error) if matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull)) => {
            Ok(connect_locking(path, key, "EXCLUSIVE").map_err(|_| error)?)
        }
        connected => Ok(connected?),
    }
}

fn connect_locking(path: &Path, key: &Secret, locking: &str) -> rusqlite::Result<Connection> {
    // No SQLITE_OPEN_CREATE and no URI: a file that is gone is a fault, never a silent new database.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // A damaged page is told by an error and by nothing else: standard error belongs to the faces.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    // An error would carry the statement, and the key in it.
    connection.execute_batch(&sqlite_key(key)).map_err(|_| rusqlite::Error::InvalidQuery)?;
    connection.execute_batch(&format!(
        "PRAGMA locking_mode = {locking};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA journal_size_limit = {LOG};"
    ))?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

#[cfg(test)]
pub(crate) mod raw;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod tests;
