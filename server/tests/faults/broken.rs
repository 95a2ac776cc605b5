//! Background work that breaks: it goes on, and nothing lives longer for it.

use crate::common::Mailbox;
use crate::house::{PATIENCE, until};
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerKey, SlotId};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{BundleState, SealedBundleBytes};
use cairn_relay::calendar::Calendar;
use cairn_relay::expiry::{Pauses, supervise};
use cairn_relay::store::sqlite::SqliteStore;
use cairn_relay::store::{
    Admit, Arrival, Arrived, Day, Durable, Identity, NewBundle, NewMailbox, Page, Put, Store, StoreError, StoreResult,
};
use core::future::Future;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// A store whose sweeps break at first: so many times by a panic, then so many times by an error.
struct Breaking {
    inner: SqliteStore,
    asked: AtomicU32,
    panics: u32,
    errors: u32,
}

impl Store for Breaking {
    async fn expire(&self, oldest: Day, today: Day) -> StoreResult<bool> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(asked >= self.panics, "a panic that the test wants");
        if asked < self.panics + self.errors {
            return Err(StoreError::NotNow("an error that the test wants".into()));
        }
        self.inner.expire(oldest, today).await
    }

    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    async fn create_mailbox(&self, mailbox: NewMailbox, admit: Admit, day: Day) -> StoreResult<()> {
        self.inner.create_mailbox(mailbox, admit, day).await
    }

    async fn delete_mailbox(&self, mailbox: MailboxId) -> StoreResult<()> {
        self.inner.delete_mailbox(mailbox).await
    }

    async fn owner(&self, mailbox: MailboxId) -> StoreResult<Option<OwnerKey>> {
        self.inner.owner(mailbox).await
    }

    async fn advance(&self, mailbox: MailboxId, to: Generation) -> StoreResult<()> {
        self.inner.advance(mailbox, to).await
    }

    async fn put(&self, put: Put) -> Durable<()> {
        self.inner.put(put).await
    }

    async fn page(&self, mailbox: MailboxId, after: Arrival) -> StoreResult<Page> {
        self.inner.page(mailbox, after).await
    }

    async fn acknowledge(&self, mailbox: MailboxId, ids: Vec<EnvelopeId>) -> Durable<()> {
        self.inner.acknowledge(mailbox, ids).await
    }

    async fn put_bundle(&self, bundle: NewBundle, admit: Admit, day: Day) -> StoreResult<()> {
        self.inner.put_bundle(bundle, admit, day).await
    }

    async fn take_bundle(&self, slot: SlotId, claim: TokenHash, day: Day) -> StoreResult<SealedBundleBytes> {
        self.inner.take_bundle(slot, claim, day).await
    }

    async fn bundle_status(&self, slot: SlotId, manage: TokenHash, day: Day) -> StoreResult<BundleState> {
        self.inner.bundle_status(slot, manage, day).await
    }

    async fn revoke_bundle(&self, slot: SlotId, manage: TokenHash) -> StoreResult<()> {
        self.inner.revoke_bundle(slot, manage).await
    }

    async fn look(&self, clock: Day, forward: Day) -> StoreResult<Day> {
        self.inner.look(clock, forward).await
    }

    fn scrub(&self) -> impl Future<Output = StoreResult<()>> + Send {
        self.inner.scrub()
    }

    async fn answers(&self) -> StoreResult<()> {
        self.inner.answers().await
    }

    fn failed(&self) -> impl Future<Output = StoreError> + Send {
        self.inner.failed()
    }

    async fn close(&self) -> StoreResult<()> {
        self.inner.close().await
    }
}

#[tokio::test]
async fn an_expiry_task_that_panics_and_fails_starts_again_and_nothing_lives_longer() {
    let folder = tempfile::tempdir().unwrap();
    let inner = SqliteStore::open(folder.path(), Arc::new(|_| ())).unwrap();
    let store = Arc::new(Breaking { inner, asked: AtomicU32::new(0), panics: 3, errors: 3 });
    let calendar = Arc::new(Calendar::start(store.as_ref()).await.unwrap());
    let mailbox = Mailbox::new(1);
    let (id, owner, capability) = (mailbox.id, mailbox.owner.key(), mailbox.capability.hash());
    let today = calendar.today();
    store.create_mailbox(NewMailbox { id, owner, capability }, Admit::Free, today).await.unwrap();
    for (number, day) in [(1, today - 15), (2, today - 14), (3, today)] {
        let (capability, envelope) = (mailbox.capability.hash(), Box::new([number; 4096]));
        let put = Put { mailbox: id, capability, id: EnvelopeId::from_bytes([number; 16]), envelope, day };
        store.put(put).await.await.unwrap();
    }
    let pauses = Pauses { sweep: Duration::from_millis(5), again: Duration::from_millis(5) };
    let expiring = tokio::spawn(supervise(Arc::clone(&store), calendar, 14, pauses));
    until("it sweeps again and again", || store.asked.load(Ordering::SeqCst) > 8).await;
    let page = store.page(id, 0).await.unwrap();
    let left: Vec<u8> = page.deliveries.iter().map(|delivery| delivery.id.as_bytes()[0]).collect();
    assert_eq!(left, [2, 3], "what is past its day is gone, and nothing else");
    assert!(!expiring.is_finished());
    expiring.abort();
    assert!(tokio::time::timeout(PATIENCE, expiring).await.unwrap().unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_writer_that_panics_answers_nobody_and_stops_the_relay_and_the_next_start_has_all_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    // Whoever hears of arrivals runs on the writer's thread.
    let breaks = |arrived| match arrived {
        Arrived::Coming(_, _, envelope) => assert_ne!(envelope.open().id.as_bytes()[0], 2, "a fault of this program"),
        Arrived::OnDisk(..) => (),
    };
    let store = SqliteStore::open(folder.path(), Arc::new(breaks)).unwrap();
    let mailbox = Mailbox::new(1);
    let (id, owner, capability) = (mailbox.id, mailbox.owner.key(), mailbox.capability.hash());
    store.create_mailbox(NewMailbox { id, owner, capability }, Admit::Free, 20_000).await.unwrap();
    let put = |number: u8| {
        let (capability, envelope) = (mailbox.capability.hash(), Box::new([number; 4096]));
        Put { mailbox: id, capability, id: EnvelopeId::from_bytes([number; 16]), envelope, day: 20_000 }
    };
    store.put(put(1)).await.await.unwrap();
    for number in [2, 3] {
        assert_eq!(store.put(put(number)).await.await, Err(StoreError::Stopping), "{number}");
    }
    let failed = tokio::time::timeout(PATIENCE, store.failed()).await.unwrap();
    assert_eq!(failed, StoreError::Stopping);
    drop(store);
    let store = SqliteStore::open(folder.path(), Arc::new(|_| ())).unwrap();
    let page = store.page(id, 0).await.unwrap();
    assert_eq!(page.deliveries.iter().map(|delivery| delivery.id.as_bytes()[0]).collect::<Vec<_>>(), [1]);
    assert_eq!(store.put(put(2)).await.await, Ok(()), "the same put may be repeated");
    store.close().await.unwrap();
}
