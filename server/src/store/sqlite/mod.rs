//! The store in one SQLite file: a writer that commits in groups, readers beside it.
//!
//! In: the operations of [`Store`]. Out: the same, as rows of `relay.db`. This folder is the only place that names
//! rusqlite, and must never learn a token, a connection, or what an envelope holds.
//!
//! `open` makes or checks the file, `upgrade` brings an older one to this version, `writer` owns the only connection that writes and `arriving` tells what it took, `readers` the others; `mailboxes`,
//! `envelopes` with each `body`, `passes`, `bundles` and `days` hold the statements, `inspect` prints every column for `dump`, and `copy`
//! makes backups and puts them back.

mod arriving;
mod body;
mod bundles;
mod copy;
mod days;
mod envelopes;
mod free;
mod held;
mod inspect;
mod mailboxes;
mod open;
mod passes;
mod readers;
mod room;
mod upgrade;
mod writer;

pub use copy::{COPY, check_copy, check_store, copy_out, put_back};
pub use inspect::{Cell, Holdings, columns, holdings, inspect};
pub use open::FILE;
pub use passes::{add_pass, passes, revoke_pass};
pub use room::RESERVE;

use super::{
    Admit, Arrival, Arrivals, Day, Durable, Identity, NewBundle, NewMailbox, Page, Put, Store, StoreError, StoreResult,
};
use crate::quota::Quota;
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerKey, SlotId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{BundleState, Refusal, SealedBundleBytes};
use core::future::Future;
use core::sync::atomic::Ordering;
use readers::Readers;
use std::path::Path;
use writer::Writer;

/// A relay's store in a folder.
pub struct SqliteStore {
    identity: Identity,
    writer: Writer,
    readers: Readers,
}

/// Why a transaction's part ended early: the client is at fault, or SQLite says so.
enum Halt {
    Refused(Refusal),
    Sql(rusqlite::Error),
}

type Verdict<T> = Result<T, Halt>;

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Rows that don't fit together.
fn corrupt(what: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(what.to_owned()))
}

/// Makes the store of a folder that has never held one, without opening it.
///
/// # Errors
/// As for opening a store.
pub fn make(folder: &Path) -> StoreResult<()> {
    open::make_or_check(folder).map(drop)
}

/// Which fault an error of SQLite is.
fn fault(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase};
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => StoreError::Damaged(format!("{FILE} ({text})")),
        Some(DiskFull | DatabaseBusy | DatabaseLocked) => StoreError::NotNow(text),
        Some(CannotOpen) => StoreError::Unusable(format!("{FILE} can't be opened ({text})")),
        _ => StoreError::Disk(text),
    }
}

impl SqliteStore {
    /// Opens the store of a folder, or makes one where there is none. `arrivals` hears of each envelope.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Newer`], [`StoreError::Unusable`]; nothing is made anew where a store was.
    pub fn open(folder: &Path, arrivals: Arrivals) -> StoreResult<Self> {
        Self::open_with(folder, arrivals, Quota::default())
    }

    /// As [`open`](Self::open), with limits of its own. A store of an older version is brought to this one first.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_with(folder: &Path, arrivals: Arrivals, quota: Quota) -> StoreResult<Self> {
        let file = open::make_or_check(folder)?;
        let writing = open::connect_to_write(&file, open::Access::Upgrade)?;
        copy::clear_away(folder)?;
        let identity = days::identity(&writing).map_err(|error| fault(&error))?;
        let readers = Readers::start(&file)?;
        Ok(Self { identity, writer: Writer::start(writing, folder, quota, arrivals)?, readers })
    }
}

impl Store for SqliteStore {
    fn identity(&self) -> Identity {
        self.identity
    }

    async fn create_mailbox(&self, mailbox: NewMailbox, admit: Admit, day: Day) -> StoreResult<()> {
        self.writer.submit(move |books| mailboxes::create(books, &mailbox, admit, day)).await.await
    }

    async fn delete_mailbox(&self, mailbox: MailboxId) -> StoreResult<()> {
        // A full mailbox goes in several transactions, so that nobody's put waits for all of it; the last one takes
        // whatever is left, so that a sender who goes on putting can't keep it alive.
        for _ in 0..mailboxes::DELETE_ROUNDS {
            if !self.writer.submit(move |books| envelopes::delete_some(books, &mailbox)).await.await? {
                break;
            }
        }
        self.writer.submit(move |books| mailboxes::delete(books, &mailbox)).await.await
    }

    async fn owner(&self, mailbox: MailboxId) -> StoreResult<Option<OwnerKey>> {
        self.readers.read(move |connection| mailboxes::owner(connection, &mailbox)).await
    }

    async fn advance(&self, mailbox: MailboxId, to: Generation) -> StoreResult<()> {
        self.writer.submit(move |books| mailboxes::advance(books, &mailbox, to)).await.await
    }

    async fn put(&self, put: Put) -> Durable<()> {
        let new = envelopes::New::of(put);
        self.writer.submit(move |books| envelopes::put(books, new)).await
    }

    async fn page(&self, mailbox: MailboxId, after: Arrival) -> StoreResult<Page> {
        let settled = self.writer.settled();
        self.readers
            .read(move |connection| {
                // Before the read begins: what is settled then is what the read sees.
                let settled = settled.load(Ordering::Acquire);
                envelopes::page(connection, &mailbox, after, settled)
            })
            .await
    }

    async fn acknowledge(&self, mailbox: MailboxId, ids: Vec<EnvelopeId>) -> Durable<()> {
        self.writer.submit(move |books| envelopes::acknowledge(books, &mailbox, &ids)).await
    }

    async fn put_bundle(&self, bundle: NewBundle, admit: Admit, day: Day) -> StoreResult<()> {
        self.writer.submit(move |books| bundles::put(books, &bundle, admit, day)).await.await
    }

    async fn take_bundle(&self, slot: SlotId, claim: TokenHash, day: Day) -> StoreResult<SealedBundleBytes> {
        self.writer.submit(move |books| bundles::take(books, &slot, &claim, day)).await.await
    }

    async fn bundle_status(&self, slot: SlotId, manage: TokenHash, day: Day) -> StoreResult<BundleState> {
        self.readers.read(move |connection| bundles::status(connection, &slot, &manage, day)).await
    }

    async fn revoke_bundle(&self, slot: SlotId, manage: TokenHash) -> StoreResult<()> {
        self.writer.submit(move |books| bundles::revoke(books, &slot, &manage)).await.await
    }

    async fn look(&self, clock: Day, forward: Day) -> StoreResult<Day> {
        self.writer.submit(move |books| days::look(books, clock, forward)).await.await
    }

    async fn expire(&self, oldest: Day, today: Day) -> StoreResult<bool> {
        self.writer.submit(move |books| days::expire(books, oldest, today)).await.await
    }

    fn scrub(&self) -> impl Future<Output = StoreResult<()>> + Send {
        self.writer.scrub()
    }

    async fn answers(&self) -> StoreResult<()> {
        self.writer.submit(|_| Ok(())).await.await?;
        self.readers.read(|_| Ok(())).await
    }

    fn failed(&self) -> impl Future<Output = StoreError> + Send {
        self.writer.failed()
    }

    async fn close(&self) -> StoreResult<()> {
        self.readers.close().await;
        self.writer.close().await
    }
}
