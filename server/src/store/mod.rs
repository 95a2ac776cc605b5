//! What a relay keeps, as one trait with one conformance suite (`tests/store_conformance.rs`); engines stand behind it.
//!
//! In: checked operations, each one transaction. Out: what is on disk, or which side is at fault. This file must never
//! learn a token (hashes only), a connection, or what an envelope holds.

pub mod sqlite;

use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerKey, SlotId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{BundleState, Delivery, EnvelopeBytes, Refusal, SealedBundleBytes};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Rows that one expiry transaction deletes, at most. Larger: puts wait for it (3,209 rows of a 10 GB file took 2.8 s).
/// Smaller: more flushes for the same work.
pub const EXPIRE_ROWS: u32 = 200;

/// A place in the order of arrival. It means nothing outside the process that gave it.
pub type Arrival = i64;

/// The relay's day, counted by [`Calendar`](crate::calendar::Calendar); the store compares days and has no clock.
pub type Day = u32;

/// What a store tells about an envelope that it was given.
#[derive(Debug)]
pub enum Arrived {
    /// It is accepted and has its place, and the flush is still to come. Whoever is given it now may be given it again
    /// under the same identifier, if the relay ends before the flush; an acknowledgement that is queued from now on
    /// comes after it. It is told of every envelope, in the order of their places.
    Coming(MailboxId, Arrival, HandOver),
    /// The envelope that was given this place is on disk.
    OnDisk(MailboxId, Arrival),
}

/// An accepted envelope as the store keeps it. Who gives it to its owner opens it; mostly nobody does.
pub struct HandOver(Box<dyn FnOnce() -> Delivery + Send>);

impl HandOver {
    /// From what opens it.
    #[must_use]
    pub fn new(open: impl FnOnce() -> Delivery + Send + 'static) -> Self {
        Self(Box::new(open))
    }

    /// The envelope as its owner gets it.
    #[must_use]
    pub fn open(self) -> Delivery {
        (self.0)()
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HandOver")
    }
}

/// Hears of each envelope. It must not block.
pub type Arrivals = Arc<dyn Fn(Arrived) + Send + Sync>;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The caller's fault: nothing is wrong with the store.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk is full, or another process held the store for too long. It may be tried again.
    #[error("the store does not take more now: {0}")]
    NotNow(String),
    /// The disk failed. What was asked may or may not be there; the process must stop, and never flush again.
    #[error(
        "the disk failed: {0}. Stop, look at the disk, then start again; nothing that was confirmed is lost by that"
    )]
    Disk(String),
    /// A file is damaged or missing.
    #[error("the store is damaged: {0}. Restore the folder from a backup; nothing was changed or made anew")]
    Damaged(String),
    /// A file of a newer version of this program.
    #[error("{0} was made by a newer version of this program. Install that version; nothing was changed")]
    Newer(String),
    /// The folder or its files can't be opened.
    #[error("{0}")]
    Unusable(String),
    /// The store is stopping.
    #[error("the store is stopping")]
    Stopping,
}

impl StoreError {
    /// What a client is told: its own fault by name, ours never.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        if let Self::Refused(refusal) = self { *refusal } else { Refusal::NotNow }
    }
}

/// The result of a store's operation.
pub type StoreResult<T> = Result<T, StoreError>;

/// Names a store, so that clients notice an older one that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Drawn when the store was made.
    pub store: [u8; 16],
    /// Raised by each restore from a backup.
    pub restores: u32,
}

/// A mailbox to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewMailbox {
    /// Its identifier.
    pub id: MailboxId,
    /// The key that its owner proves.
    pub owner: OwnerKey,
    /// Hash of the capability that its senders show.
    pub capability: TokenHash,
}

/// What admits a client, decided by `admission` and spent by the store in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    /// The relay is open.
    Free,
    /// Nothing was shown, or nothing that fits: only a repeat of what is there already succeeds.
    Nothing,
    /// An operator's pass.
    Pass(TokenHash),
    /// An invitation's voucher.
    Voucher(TokenHash),
}

/// A pass, as its operator sees it. No row says whom it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassState {
    /// Its hash.
    pub hash: TokenHash,
    /// For how many mailboxes it is still good.
    pub mailboxes: u32,
    /// For how many invitations it is still good.
    pub invitations: u32,
    /// Days after today on which it is still good, if it has an end.
    pub days_left: Option<Day>,
}

/// An envelope to be kept.
#[derive(Debug)]
pub struct Put {
    /// Where to.
    pub mailbox: MailboxId,
    /// Hash of the capability that was shown.
    pub capability: TokenHash,
    /// The envelope's identifier.
    pub id: EnvelopeId,
    /// The envelope.
    pub envelope: EnvelopeBytes,
    /// The day that is written beside it; no finer time is.
    pub day: Day,
}

/// Envelopes in order of arrival, and the place after them: nothing before it is still to come.
#[derive(Debug, Default)]
pub struct Page {
    /// At most `limits::PAGE`.
    pub deliveries: Vec<Delivery>,
    /// Where the next page starts.
    pub end: Arrival,
}

/// An invitation's bundle to be kept.
#[derive(Debug)]
pub struct NewBundle {
    /// Where it waits.
    pub slot: SlotId,
    /// Hash of the token that manages it.
    pub manage: TokenHash,
    /// Hash of the voucher that it carries.
    pub voucher: TokenHash,
    /// The last day on which it is there.
    pub expires: Day,
    /// The bundle.
    pub sealed: SealedBundleBytes,
}

/// An answer that comes when what was asked is on disk (or was refused).
#[derive(Debug)]
pub struct Durable<T>(oneshot::Receiver<StoreResult<T>>);

impl<T> Durable<T> {
    /// An answer, and where the engine gives it. An engine that drops the sender has stopped.
    #[must_use]
    pub fn channel() -> (oneshot::Sender<StoreResult<T>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }
}

impl<T> Future for Durable<T> {
    type Output = StoreResult<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(StoreError::Stopping)))
    }
}

/// The seam between the relay and a database. Each operation can be said as one SQL transaction; what changes something
/// answers after the flush; what a refused operation wrote (a second taker) is on disk too.
pub trait Store: Send + Sync + 'static {
    /// The store's name.
    fn identity(&self) -> Identity;

    /// Makes a mailbox and spends what admits it. The same again is done; the same identifier with other fields is a
    /// [`Refusal::Conflict`]; both are found before admission is looked at. [`Refusal::NotNow`] without room for more.
    fn create_mailbox(
        &self,
        mailbox: NewMailbox,
        admit: Admit,
        day: Day,
    ) -> impl Future<Output = StoreResult<()>> + Send;

    /// Deletes a mailbox and its envelopes; [`Refusal::Denied`] if there is none.
    fn delete_mailbox(&self, mailbox: MailboxId) -> impl Future<Output = StoreResult<()>> + Send;

    /// The key that owns a mailbox.
    fn owner(&self, mailbox: MailboxId) -> impl Future<Output = StoreResult<Option<OwnerKey>>> + Send;

    /// Moves a mailbox's generation on: it must be higher than the stored one or the very same, else
    /// [`Refusal::Behind`].
    fn advance(&self, mailbox: MailboxId, to: Generation) -> impl Future<Output = StoreResult<()>> + Send;

    /// Keeps an envelope; [`Refusal::Full`] if the mailbox holds as many as it may, [`Refusal::NotNow`] if the store does;
    /// the same again is done even then. The outer future ends when the put has its place in the order of arrival, the inner one when
    /// it is on disk. Callers that keep an order await the outer one before they go on.
    fn put(&self, put: Put) -> impl Future<Output = Durable<()>> + Send;

    /// The envelopes of a mailbox after a place, in order of arrival, at most `limits::PAGE`.
    fn page(&self, mailbox: MailboxId, after: Arrival) -> impl Future<Output = StoreResult<Page>> + Send;

    /// Deletes these envelopes of this mailbox; identifiers that it does not hold change nothing. In two steps as
    /// [`put`](Self::put).
    fn acknowledge(&self, mailbox: MailboxId, ids: Vec<EnvelopeId>) -> impl Future<Output = Durable<()>> + Send;

    /// Keeps a bundle, spends what admits it and makes its voucher good for one mailbox. The same again is done.
    /// [`Refusal::NotNow`] without room for more.
    fn put_bundle(&self, bundle: NewBundle, admit: Admit, day: Day) -> impl Future<Output = StoreResult<()>> + Send;

    /// Locks a bundle for the first claim and gives it to that claim; [`Refusal::Taken`] for another, which is noted.
    fn take_bundle(
        &self,
        slot: SlotId,
        claim: TokenHash,
        day: Day,
    ) -> impl Future<Output = StoreResult<SealedBundleBytes>> + Send;

    /// What became of a bundle; [`Refusal::Gone`] if there is none or the token does not fit.
    fn bundle_status(
        &self,
        slot: SlotId,
        manage: TokenHash,
        day: Day,
    ) -> impl Future<Output = StoreResult<BundleState>> + Send;

    /// Deletes a bundle and its voucher; [`Refusal::Gone`] if there is none or the token does not fit, so also the
    /// second time.
    fn revoke_bundle(&self, slot: SlotId, manage: TokenHash) -> impl Future<Output = StoreResult<()>> + Send;

    /// Tells the store what day a clock shows, and learns the relay's day: it moves on with the clock, but stands still
    /// when the clock goes back, or forward by more than `forward` days since the last look.
    fn look(&self, clock: Day, forward: Day) -> impl Future<Output = StoreResult<Day>> + Send;

    /// Deletes at most [`EXPIRE_ROWS`] rows: envelopes put before the day `oldest`, bundles, vouchers and passes whose
    /// last day is before `today`. True if there may be more.
    fn expire(&self, oldest: Day, today: Day) -> impl Future<Output = StoreResult<bool>> + Send;

    /// Writes back what deleted rows leave in journals, so that deleted means gone from the files.
    fn scrub(&self) -> impl Future<Output = StoreResult<()>> + Send;

    /// Ends when the store has taken up something new since the call: it neither hangs nor has ended.
    fn answers(&self) -> impl Future<Output = StoreResult<()>> + Send;

    /// Ends when the store has failed and the process must stop.
    fn failed(&self) -> impl Future<Output = StoreError> + Send;

    /// Finishes what is queued, writes everything back and closes the files. What comes later is
    /// [`StoreError::Stopping`].
    fn close(&self) -> impl Future<Output = StoreResult<()>> + Send;
}
