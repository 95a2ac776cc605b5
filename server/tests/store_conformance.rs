//! What every engine behind `Store` must do. A new engine adds one line at the end.
//!
//! In: a way to open a store in a folder. Out: verdicts. This file must never name an engine but in its last line.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use cairn_protocol::limits::{ENVELOPE, PAGE, SEALED_BUNDLE};
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerSecret, SlotId, VaultMark};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::{BundleState, Refusal};
use cairn_relay::calendar;
use cairn_relay::quota::Quota;
use cairn_relay::store::{
    Admit, Arrivals, Arrived, Day, EXPIRE_ROWS, NewBundle, NewMailbox, PassState, Put, Store, StoreError, StoreResult,
};
use futures_util::FutureExt;
use rand::RngExt;
use rand::seq::SliceRandom;
use std::path::Path;
use std::sync::{Arc, Mutex};

const TODAY: Day = 20_000;
const CAPABILITY: TokenHash = TokenHash::from_bytes([7; 32]);

/// How a test gets its store.
trait Engine {
    type Opened: Store;
    fn open(&self, folder: &Path, arrivals: Arrivals) -> Self::Opened;
    fn open_with(&self, folder: &Path, arrivals: Arrivals, quota: Quota) -> Self::Opened;
    fn passes(&self, folder: &Path) -> Vec<PassState>;
    fn revoke_pass(&self, folder: &Path, pass: &TokenHash) -> bool;
    fn add_pass(&self, folder: &Path, pass: &TokenHash, uses: u32, days: Option<Day>);
}

/// A folder, the engine, and an open store in it.
struct World<E: Engine> {
    folder: tempfile::TempDir,
    engine: E,
    store: E::Opened,
}

impl<E: Engine> World<E> {
    fn new(engine: E) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = engine.open(folder.path(), quiet());
        Self { folder, engine, store }
    }

    /// The same store, held to other limits.
    async fn held_to(self, quota: Quota) -> Self {
        self.store.close().await.unwrap();
        let store = self.engine.open_with(self.folder.path(), quiet(), quota);
        Self { store, ..self }
    }

    async fn reopened(self) -> Self {
        self.store.close().await.unwrap();
        let store = self.engine.open(self.folder.path(), quiet());
        Self { store, ..self }
    }

    async fn put(&self, mailbox: MailboxId, id: u8, fill: u8) -> StoreResult<()> {
        self.store.put(put(mailbox, id, fill)).await.await
    }

    async fn mailbox(&self, number: u8) -> MailboxId {
        self.store.create_mailbox(mailbox(number), Admit::Free, TODAY).await.unwrap();
        mailbox(number).id
    }

    async fn ids(&self, mailbox: MailboxId) -> Vec<EnvelopeId> {
        self.store.page(mailbox, 0).await.unwrap().deliveries.iter().map(|delivery| delivery.id).collect()
    }
}

fn quiet() -> Arrivals {
    Arc::new(|_| ())
}

fn mailbox(number: u8) -> NewMailbox {
    let owner = OwnerSecret::random(&mut seeded(number)).key();
    NewMailbox { id: MailboxId::from_bytes([number; 32]), owner, capability: CAPABILITY }
}

fn seeded(number: u8) -> rand::rngs::StdRng {
    rand::SeedableRng::seed_from_u64(number.into())
}

fn id(number: u8) -> EnvelopeId {
    EnvelopeId::from_bytes([number; 16])
}

fn put(mailbox: MailboxId, number: u8, fill: u8) -> Put {
    Put { mailbox, capability: CAPABILITY, id: id(number), envelope: Box::new([fill; ENVELOPE]), day: TODAY }
}

fn bundle(number: u8) -> NewBundle {
    NewBundle {
        slot: slot(number),
        manage: hash(number + 100),
        voucher: hash(number + 200),
        expires: TODAY + 14,
        sealed: Box::new([number; SEALED_BUNDLE]),
    }
}

fn slot(number: u8) -> SlotId {
    SlotId::from_bytes([number; 32])
}

fn hash(number: u8) -> TokenHash {
    TokenHash::from_bytes([number; 32])
}

fn generation(count: u64, mark: u8) -> Generation {
    Generation { count, mark: VaultMark::from_bytes([mark; 16]) }
}

fn refused<T>(refusal: Refusal) -> StoreResult<T> {
    Err(StoreError::Refused(refusal))
}

async fn envelopes_come_back_in_order_of_arrival_and_in_pages<E: Engine>(world: World<E>) {
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    for number in 0..100 {
        // Queued one after the other, awaited later: the order is that of the calls.
        let first = world.store.put(put(mine, 200 - number, number)).await;
        let second = world.store.put(put(other, number, number)).await;
        second.await.unwrap();
        first.await.unwrap();
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = world.store.page(mine, after).await.unwrap();
        assert!(page.deliveries.len() <= PAGE);
        if page.deliveries.is_empty() {
            assert!(page.end >= after, "an empty page moves nothing back");
            break;
        }
        after = page.end;
        seen.extend(page.deliveries);
    }
    assert_eq!(seen.len(), 100);
    for (index, delivery) in (0_u8..).zip(seen) {
        assert_eq!(delivery.id, id(200 - index));
        assert_eq!(delivery.envelope, Box::new([index; ENVELOPE]));
    }
}

async fn the_same_put_is_done_once_and_another_under_its_identifier_is_a_conflict<E: Engine>(world: World<E>) {
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    assert_eq!(world.put(mine, 1, 1).await, Ok(()));
    assert_eq!(world.put(mine, 1, 1).await, Ok(()));
    assert_eq!(world.put(mine, 1, 2).await, refused(Refusal::Conflict));
    assert_eq!(world.put(other, 1, 2).await, Ok(()), "an identifier belongs to its mailbox");
    let page = world.store.page(mine, 0).await.unwrap();
    assert_eq!(page.deliveries.len(), 1);
    assert_eq!(page.deliveries[0].envelope, Box::new([1; ENVELOPE]));
}

async fn a_missing_mailbox_and_a_wrong_capability_are_denied_alike<E: Engine>(world: World<E>) {
    let mine = world.mailbox(1).await;
    for _ in 0..2 {
        // Nor does it fit the second time, as if the first had taught the store.
        let wrong = Put { capability: hash(8), ..put(mine, 1, 1) };
        assert_eq!(world.store.put(wrong).await.await, refused(Refusal::Denied));
    }
    assert_eq!(world.put(MailboxId::from_bytes([9; 32]), 1, 1).await, refused(Refusal::Denied));
    let zero = Put { capability: TokenHash::from_bytes([0; 32]), ..put(MailboxId::from_bytes([9; 32]), 1, 1) };
    assert_eq!(world.store.put(zero).await.await, refused(Refusal::Denied));
    assert!(world.ids(mine).await.is_empty());
}

async fn acknowledging_deletes_by_identifier_and_only_in_its_mailbox<E: Engine>(world: World<E>) {
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    for number in 1..=4 {
        world.put(mine, number, number).await.unwrap();
        world.put(other, number, number).await.unwrap();
    }
    let end = world.store.page(mine, 0).await.unwrap().end;
    world.store.acknowledge(mine, vec![id(2), id(4), id(99), id(2)]).await.await.unwrap();
    world.store.acknowledge(mine, vec![]).await.await.unwrap();
    world.store.acknowledge(MailboxId::from_bytes([9; 32]), vec![id(1)]).await.await.unwrap();
    assert_eq!(world.ids(mine).await, [id(1), id(3)]);
    assert_eq!(world.ids(other).await.len(), 4);
    // All gone, and the next one is still after the place that a subscription remembers.
    world.store.acknowledge(mine, vec![id(1), id(3)]).await.await.unwrap();
    world.store.acknowledge(other, vec![id(1), id(2), id(3), id(4)]).await.await.unwrap();
    world.put(mine, 5, 5).await.unwrap();
    assert_eq!(world.store.page(mine, end).await.unwrap().deliveries.len(), 1);
}

async fn whatever_is_acknowledged_goes_and_nothing_else<E: Engine>(world: World<E>) {
    let mut random = seeded(7);
    let boxes = [world.mailbox(1).await, world.mailbox(2).await];
    let mut kept = [Vec::new(), Vec::new()];
    for number in 0..=u8::MAX {
        let which = usize::from(random.random_bool(0.5));
        world.put(boxes[which], number, number).await.unwrap();
        kept[which].push(number);
        if number % 4 != 3 {
            continue;
        }
        // Some of the oldest, as who empties a mailbox does, and some of any age, in any order.
        let which = usize::from(random.random_bool(0.5));
        let oldest = random.random_range(0..=kept[which].len().min(6));
        let mut named: Vec<u8> = kept[which][..oldest].to_vec();
        named.extend((0..random.random_range(0..4)).map(|_| random.random::<u8>()));
        named.shuffle(&mut random);
        world.store.acknowledge(boxes[which], named.iter().copied().map(id).collect()).await.await.unwrap();
        kept[which].retain(|number| !named.contains(number));
        for (mailbox, kept) in boxes.into_iter().zip(&kept) {
            let page = world.store.page(mailbox, 0).await.unwrap();
            let there = page.deliveries.into_iter().map(|delivery| (delivery.id, delivery.envelope));
            let first = kept.iter().take(PAGE).map(|number| (id(*number), Box::new([*number; ENVELOPE])));
            assert!(there.eq(first), "after envelope {number}: {named:?} acknowledged, {kept:?} kept");
        }
    }
    assert!(kept.iter().all(|kept| (1..120).contains(&kept.len())), "both kinds were seen: {kept:?}");
}

async fn a_mailbox_is_made_once_and_its_repeat_needs_no_admission<E: Engine>(world: World<E>) {
    let make = |new: NewMailbox, admit| world.store.create_mailbox(new, admit, TODAY);
    assert_eq!(make(mailbox(1), Admit::Nothing).await, refused(Refusal::Admission));
    assert_eq!(world.store.owner(mailbox(1).id).await, Ok(None));
    assert_eq!(make(mailbox(1), Admit::Free).await, Ok(()));
    assert_eq!(make(mailbox(1), Admit::Nothing).await, Ok(()));
    assert_eq!(world.store.owner(mailbox(1).id).await, Ok(Some(mailbox(1).owner)));
    let other_owner = NewMailbox { owner: mailbox(2).owner, ..mailbox(1) };
    let other_capability = NewMailbox { capability: hash(8), ..mailbox(1) };
    assert_eq!(make(other_owner, Admit::Free).await, refused(Refusal::Conflict));
    assert_eq!(make(other_capability, Admit::Free).await, refused(Refusal::Conflict));
}

async fn a_pass_is_good_for_its_number_of_mailboxes_and_of_invitations<E: Engine>(world: World<E>) {
    world.engine.add_pass(world.folder.path(), &hash(50), 2, None);
    let pass = Admit::Pass(hash(50));
    let make = |number| world.store.create_mailbox(mailbox(number), pass, TODAY);
    let invite = |number| world.store.put_bundle(bundle(number), pass, TODAY);
    assert_eq!(world.store.create_mailbox(mailbox(9), Admit::Pass(hash(51)), TODAY).await, refused(Refusal::Admission));
    assert_eq!((make(1).await, make(1).await, make(2).await), (Ok(()), Ok(()), Ok(())), "a repeat costs nothing");
    assert_eq!(make(3).await, refused(Refusal::Admission));
    assert_eq!((invite(1).await, invite(1).await, invite(2).await), (Ok(()), Ok(()), Ok(())));
    assert_eq!(invite(3).await, refused(Refusal::Admission));
    assert_eq!(make(3).await, refused(Refusal::Admission));
}

async fn a_pass_ends_after_its_last_day_and_is_swept<E: Engine>(world: World<E>) {
    let folder = world.folder.path();
    let today = world.store.look(calendar::clock_day(), calendar::OFF_DAYS).await.unwrap();
    world.engine.add_pass(folder, &hash(50), 5, Some(3));
    world.engine.add_pass(folder, &hash(51), 5, None);
    let make = |number, pass, day| world.store.create_mailbox(mailbox(number), Admit::Pass(hash(pass)), day);
    let invite = |number, pass, day| world.store.put_bundle(bundle(number), Admit::Pass(hash(pass)), day);
    assert_eq!((make(1, 50, today + 3).await, invite(1, 50, today + 3).await), (Ok(()), Ok(())));
    let over = (make(2, 50, today + 4).await, invite(2, 50, today + 4).await);
    assert_eq!(over, (refused(Refusal::Admission), refused(Refusal::Admission)));
    let left =
        |number, left, days_left| PassState { hash: hash(number), mailboxes: left, invitations: left, days_left };
    assert_eq!(world.engine.passes(folder), [left(50, 4, Some(3)), left(51, 5, None)]);
    assert_eq!(world.store.expire(0, today + 3).await, Ok(false));
    assert_eq!(world.engine.passes(folder).len(), 2, "its last day is a day of it");
    assert_eq!(world.store.expire(0, today + 4).await, Ok(false));
    assert_eq!(world.engine.passes(folder), [left(51, 5, None)]);
    assert_eq!(make(2, 51, Day::MAX).await, Ok(()), "one without an end");
}

async fn a_withdrawn_pass_is_good_for_nothing_more_and_what_it_made_stays<E: Engine>(world: World<E>) {
    let folder = world.folder.path();
    world.engine.add_pass(folder, &hash(50), 5, None);
    world.engine.add_pass(folder, &hash(51), 5, None);
    let make = |number, pass| world.store.create_mailbox(mailbox(number), Admit::Pass(hash(pass)), TODAY);
    assert_eq!(make(1, 50).await, Ok(()));
    assert!(!world.engine.revoke_pass(folder, &hash(52)));
    assert!(world.engine.revoke_pass(folder, &hash(50)));
    assert!(!world.engine.revoke_pass(folder, &hash(50)));
    assert_eq!(make(2, 50).await, refused(Refusal::Admission));
    let invited = world.store.put_bundle(bundle(1), Admit::Pass(hash(50)), TODAY).await;
    assert_eq!(invited, refused(Refusal::Admission));
    assert_eq!((make(1, 50).await, make(2, 51).await), (Ok(()), Ok(())), "the others are as they were");
    assert_eq!(world.put(mailbox(1).id, 1, 1).await, Ok(()));
}

async fn a_full_mailbox_is_refused_by_name_takes_repeats_and_has_room_after_an_acknowledgement<E: Engine>(
    world: World<E>,
) {
    let quota = Quota { mailbox_envelopes: 3, ..Quota::default() };
    let world = world.held_to(quota).await;
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    for number in 1..=3 {
        assert_eq!(world.put(mine, number, number).await, Ok(()));
    }
    assert_eq!(world.put(mine, 4, 4).await, refused(Refusal::Full));
    assert_eq!(world.put(mine, 3, 3).await, Ok(()), "a repeat needs no room");
    assert_eq!(world.put(mine, 3, 4).await, refused(Refusal::Conflict));
    assert_eq!(world.put(other, 4, 4).await, Ok(()), "another mailbox has its own");
    // A stranger is told nothing of it.
    let wrong = Put { capability: hash(8), ..put(mine, 4, 4) };
    assert_eq!(world.store.put(wrong).await.await, refused(Refusal::Denied));
    let world = world.held_to(quota).await;
    assert_eq!(world.put(mine, 4, 4).await, refused(Refusal::Full), "it is counted again after a start");
    world.store.acknowledge(mine, vec![id(2), id(99)]).await.await.unwrap();
    assert_eq!(world.put(mine, 4, 4).await, Ok(()));
    assert_eq!(world.put(mine, 5, 5).await, refused(Refusal::Full));
    assert_eq!(world.ids(mine).await, [id(1), id(3), id(4)]);
    world.store.acknowledge(mine, vec![id(3), id(1), id(4)]).await.await.unwrap();
    for number in 6..=8 {
        assert_eq!(world.put(mine, number, number).await, Ok(()), "all of the oldest at once are counted too");
    }
    assert_eq!(world.put(mine, 5, 5).await, refused(Refusal::Full));
    world.store.expire(TODAY + 1, 0).await.unwrap();
    assert_eq!(world.put(mine, 5, 5).await, Ok(()), "what expired makes room too");
}

async fn there_are_no_more_mailboxes_than_allowed_and_a_deleted_one_makes_room<E: Engine>(world: World<E>) {
    let quota = Quota { mailboxes: 2, ..Quota::default() };
    let world = world.held_to(quota).await;
    let (first, _) = (world.mailbox(1).await, world.mailbox(2).await);
    let make = async |world: &World<E>, number| world.store.create_mailbox(mailbox(number), Admit::Free, TODAY).await;
    assert_eq!(make(&world, 3).await, refused(Refusal::NotNow));
    assert_eq!(make(&world, 2).await, Ok(()), "a repeat needs no room");
    world.engine.add_pass(world.folder.path(), &hash(50), 1, None);
    let by_pass = world.store.create_mailbox(mailbox(3), Admit::Pass(hash(50)), TODAY).await;
    assert_eq!(by_pass, refused(Refusal::NotNow));
    assert_eq!(world.engine.passes(world.folder.path())[0].mailboxes, 1, "and costs no use");
    let world = world.held_to(quota).await;
    assert_eq!(make(&world, 3).await, refused(Refusal::NotNow), "it is known after a start");
    assert_eq!(world.store.delete_mailbox(mailbox(9).id).await, refused(Refusal::Denied));
    assert_eq!(make(&world, 3).await, refused(Refusal::NotNow), "one that is not there makes no room");
    world.store.delete_mailbox(first).await.unwrap();
    assert_eq!(make(&world, 3).await, Ok(()));
    assert_eq!(make(&world, 4).await, refused(Refusal::NotNow));
}

async fn a_store_that_is_as_large_as_it_may_be_takes_deletions_and_then_envelopes_again<E: Engine>(world: World<E>) {
    const BYTES: u64 = 1 << 20;
    let world = world.held_to(Quota { bytes: Some(BYTES), ..Quota::default() }).await;
    let mine = world.mailbox(1).await;
    let (mut kept, mut more) = (0_u8, 0);
    loop {
        match world.put(mine, kept, kept).await {
            Ok(()) => kept += 1,
            other => {
                assert_eq!(other, refused(Refusal::NotNow));
                break;
            }
        }
        // New mailboxes are made until a part that is kept for envelopes is reached.
        match world.store.create_mailbox(mailbox(kept + 1), Admit::Free, TODAY).await {
            Ok(()) => more = kept,
            other => assert_eq!(other, refused(Refusal::NotNow)),
        }
    }
    let bytes = u64::from(kept) * 4096;
    assert!(bytes > BYTES / 4 && bytes <= BYTES, "{bytes}");
    assert!(more > 0 && more < kept, "{more} of {kept}");
    assert_eq!(world.store.put_bundle(bundle(1), Admit::Free, TODAY).await, refused(Refusal::NotNow));
    assert_eq!(world.put(mine, 0, 0).await, Ok(()), "a repeat needs no room");
    assert_eq!(world.put(mine, 0, 1).await, refused(Refusal::Conflict));
    world.store.acknowledge(mine, (0..kept).map(id).collect()).await.await.unwrap();
    assert_eq!(world.put(mine, kept, kept).await, Ok(()));
    assert_eq!(world.store.put_bundle(bundle(1), Admit::Free, TODAY).await, Ok(()));
}

async fn a_voucher_is_good_for_one_mailbox_until_its_day_and_for_no_invitation<E: Engine>(world: World<E>) {
    let make = |number, voucher, day| world.store.create_mailbox(mailbox(number), Admit::Voucher(voucher), day);
    assert_eq!(make(1, bundle(1).voucher, TODAY).await, refused(Refusal::Admission));
    world.store.put_bundle(bundle(1), Admit::Free, TODAY).await.unwrap();
    world.store.put_bundle(bundle(2), Admit::Free, TODAY).await.unwrap();
    let invite = world.store.put_bundle(bundle(3), Admit::Voucher(bundle(2).voucher), TODAY).await;
    assert_eq!(invite, refused(Refusal::Admission));
    assert_eq!(make(1, bundle(1).voucher, TODAY + 14).await, Ok(()));
    assert_eq!(make(1, bundle(1).voucher, TODAY).await, Ok(()), "the same again");
    assert_eq!(make(2, bundle(1).voucher, TODAY).await, refused(Refusal::Admission));
    assert_eq!(make(2, bundle(2).voucher, TODAY + 15).await, refused(Refusal::Admission));
}

async fn a_generation_moves_forward_only_and_copies_are_behind<E: Engine>(world: World<E>) {
    let mine = world.mailbox(1).await;
    let advance = |count, mark| world.store.advance(mine, generation(count, mark));
    assert_eq!(advance(0, 1).await, Ok(()), "the first statement is taken as it is");
    assert_eq!(advance(0, 2).await, refused(Refusal::Behind));
    assert_eq!(advance(5, 1).await, Ok(()));
    assert_eq!(advance(5, 1).await, Ok(()));
    assert_eq!(advance(5, 2).await, refused(Refusal::Behind));
    assert_eq!(advance(4, 1).await, refused(Refusal::Behind));
    assert_eq!(advance(u64::MAX, 3).await, Ok(()));
    assert_eq!(advance(i64::MAX.unsigned_abs(), 3).await, refused(Refusal::Behind));
    let world = world.reopened().await;
    assert_eq!(world.store.advance(mine, generation(u64::MAX - 1, 3)).await, refused(Refusal::Behind));
    assert_eq!(world.store.advance(mine, generation(u64::MAX, 3)).await, Ok(()));
    let nowhere = MailboxId::from_bytes([9; 32]);
    assert_eq!(world.store.advance(nowhere, generation(1, 1)).await, refused(Refusal::Denied));
}

async fn a_deleted_mailbox_is_as_one_that_never_was<E: Engine>(world: World<E>) {
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    for number in 0..50 {
        world.put(mine, number, number).await.unwrap();
    }
    world.put(other, 1, 1).await.unwrap();
    world.store.advance(mine, generation(9, 9)).await.unwrap();
    assert_eq!(world.store.delete_mailbox(mine).await, Ok(()));
    assert_eq!(world.store.delete_mailbox(mine).await, refused(Refusal::Denied));
    assert_eq!(world.store.owner(mine).await, Ok(None));
    assert_eq!(world.put(mine, 1, 1).await, refused(Refusal::Denied));
    assert!(world.ids(mine).await.is_empty());
    assert_eq!(world.ids(other).await.len(), 1);
    world.mailbox(1).await;
    assert_eq!(world.store.advance(mine, generation(1, 1)).await, Ok(()), "nothing is remembered");
    assert_eq!(world.store.delete_mailbox(other).await, Ok(()));
    let again = NewMailbox { capability: hash(8), ..mailbox(2) };
    world.store.create_mailbox(again, Admit::Free, TODAY).await.unwrap();
    assert_eq!(world.put(other, 2, 2).await, refused(Refusal::Denied), "its senders were those of another");
    let now = Put { capability: hash(8), ..put(other, 2, 2) };
    assert_eq!(world.store.put(now).await.await, Ok(()));
}

async fn the_first_claim_locks_a_bundle_and_may_repeat_and_a_second_taker_is_noted<E: Engine>(world: World<E>) {
    let (first, second) = (hash(1), hash(2));
    world.store.put_bundle(bundle(1), Admit::Free, TODAY).await.unwrap();
    let status = |day| world.store.bundle_status(slot(1), bundle(1).manage, day);
    let take = |claim| world.store.take_bundle(slot(1), claim, TODAY);
    assert_eq!(status(TODAY).await, Ok(BundleState { taken: false, second_taker: false }));
    assert_eq!(take(first).await, Ok(bundle(1).sealed));
    assert_eq!(take(first).await, Ok(bundle(1).sealed));
    assert_eq!(status(TODAY).await, Ok(BundleState { taken: true, second_taker: false }));
    assert_eq!(take(second).await, refused(Refusal::Taken));
    assert_eq!(take(first).await, Ok(bundle(1).sealed), "the first taker keeps it");
    let world = world.reopened().await;
    let state = world.store.bundle_status(slot(1), bundle(1).manage, TODAY).await;
    assert_eq!(state, Ok(BundleState { taken: true, second_taker: true }), "and it is on disk");
    assert_eq!(world.store.take_bundle(slot(1), second, TODAY).await, refused(Refusal::Taken));
    assert_eq!(world.store.take_bundle(slot(2), first, TODAY).await, refused(Refusal::Gone));
}

async fn the_same_bundle_is_done_once_and_others_in_its_place_are_conflicts<E: Engine>(world: World<E>) {
    let invite = |new, admit| world.store.put_bundle(new, admit, TODAY);
    assert_eq!(invite(bundle(1), Admit::Nothing).await, refused(Refusal::Admission));
    assert_eq!(invite(bundle(1), Admit::Free).await, Ok(()));
    assert_eq!(invite(bundle(1), Admit::Nothing).await, Ok(()), "a repeat needs no admission");
    let later = NewBundle { expires: TODAY + 13, ..bundle(1) };
    assert_eq!(invite(later, Admit::Nothing).await, Ok(()));
    let manage = NewBundle { manage: hash(9), ..bundle(1) };
    let voucher = NewBundle { voucher: hash(9), ..bundle(1) };
    let sealed = NewBundle { sealed: Box::new([9; SEALED_BUNDLE]), ..bundle(1) };
    let same_voucher = NewBundle { voucher: bundle(1).voucher, ..bundle(2) };
    for other in [manage, voucher, sealed, same_voucher] {
        assert_eq!(invite(other, Admit::Free).await, refused(Refusal::Conflict));
    }
}

async fn a_revoked_invitation_is_gone_with_its_voucher<E: Engine>(world: World<E>) {
    world.store.put_bundle(bundle(1), Admit::Free, TODAY).await.unwrap();
    let revoke = |manage| world.store.revoke_bundle(slot(1), manage);
    assert_eq!(revoke(hash(9)).await, refused(Refusal::Gone));
    assert_eq!(world.store.bundle_status(slot(1), hash(9), TODAY).await, refused(Refusal::Gone));
    assert_eq!(world.store.take_bundle(slot(1), hash(1), TODAY).await, Ok(bundle(1).sealed), "nothing happened");
    assert_eq!(revoke(bundle(1).manage).await, Ok(()));
    assert_eq!(revoke(bundle(1).manage).await, refused(Refusal::Gone));
    assert_eq!(world.store.take_bundle(slot(1), hash(1), TODAY).await, refused(Refusal::Gone));
    assert_eq!(world.store.bundle_status(slot(1), bundle(1).manage, TODAY).await, refused(Refusal::Gone));
    let made = world.store.create_mailbox(mailbox(1), Admit::Voucher(bundle(1).voucher), TODAY).await;
    assert_eq!(made, refused(Refusal::Admission));
}

async fn an_expired_invitation_is_gone_before_it_is_swept_and_its_slot_is_free<E: Engine>(world: World<E>) {
    world.store.put_bundle(bundle(1), Admit::Free, TODAY).await.unwrap();
    let after = TODAY + 15;
    assert_eq!(world.store.take_bundle(slot(1), hash(1), after - 1).await, Ok(bundle(1).sealed));
    assert_eq!(world.store.take_bundle(slot(1), hash(1), after).await, refused(Refusal::Gone));
    assert_eq!(world.store.bundle_status(slot(1), bundle(1).manage, after).await, refused(Refusal::Gone));
    let next = NewBundle { expires: after + 14, voucher: hash(9), ..bundle(1) };
    assert_eq!(world.store.put_bundle(next, Admit::Free, after).await, Ok(()));
    assert_eq!(world.store.take_bundle(slot(1), hash(2), after).await, Ok(bundle(1).sealed), "not locked");
}

async fn expiry_takes_what_is_past_its_day_in_small_steps_and_nothing_else<E: Engine>(world: World<E>) {
    let mine = world.mailbox(1).await;
    let old = u64::from(EXPIRE_ROWS) + 50;
    for number in 0..old {
        let id = EnvelopeId::from_bytes(u128::from(number).to_be_bytes());
        let day = TODAY - 15;
        let durable = world.store.put(Put { id, day, ..put(mine, 0, 1) }).await;
        durable.await.unwrap();
    }
    let fresh = Put { day: TODAY - 14, ..put(mine, 255, 2) };
    world.store.put(fresh).await.await.unwrap();
    world.store.put_bundle(NewBundle { expires: TODAY - 1, ..bundle(1) }, Admit::Free, TODAY - 9).await.unwrap();
    world.store.put_bundle(NewBundle { expires: TODAY, ..bundle(2) }, Admit::Free, TODAY - 9).await.unwrap();
    assert_eq!(world.store.expire(TODAY - 14, TODAY).await, Ok(true), "there is more");
    assert_eq!(world.store.expire(TODAY - 14, TODAY).await, Ok(false));
    assert_eq!(world.ids(mine).await, [id(255)]);
    assert_eq!(world.store.take_bundle(slot(1), hash(1), TODAY - 9).await, refused(Refusal::Gone));
    assert_eq!(world.store.take_bundle(slot(2), hash(1), TODAY).await, Ok(bundle(2).sealed));
    let made = |number, voucher| world.store.create_mailbox(mailbox(number), Admit::Voucher(voucher), TODAY - 9);
    assert_eq!(made(2, bundle(1).voucher).await, refused(Refusal::Admission));
    assert_eq!(made(3, bundle(2).voucher).await, Ok(()));
    assert_eq!(world.store.scrub().await, Ok(()));
}

async fn the_day_goes_with_the_clock_but_not_with_its_jumps<E: Engine>(world: World<E>) {
    let store = &world.store;
    let start = store.look(TODAY, 0).await.unwrap();
    assert_eq!(store.look(TODAY + 1, 2).await, Ok(start + 1));
    assert_eq!(store.look(TODAY + 1, 2).await, Ok(start + 1));
    assert_eq!(store.look(TODAY + 4, 2).await, Ok(start + 1), "too far forward: it stands");
    assert_eq!(store.look(TODAY + 5, 2).await, Ok(start + 2), "and goes on from there");
    assert_eq!(store.look(0, 2).await, Ok(start + 2), "back: it stands");
    assert_eq!(store.look(1, 2).await, Ok(start + 3));
    assert_eq!(store.look(Day::MAX, 2).await, Ok(start + 3));
    let world = world.reopened().await;
    assert_eq!(world.store.look(Day::MAX, 2).await, Ok(start + 3));
    assert_eq!(world.store.look(TODAY, 2).await, Ok(start + 3));
    assert_eq!(world.store.look(TODAY + 1, 2).await, Ok(start + 4));
}

async fn all_that_was_answered_is_there_after_reopening<E: Engine>(world: World<E>) {
    let identity = world.store.identity();
    let mine = world.mailbox(1).await;
    for number in 0..40 {
        world.put(mine, number, number).await.unwrap();
    }
    world.store.acknowledge(mine, vec![id(0)]).await.await.unwrap();
    world.store.put_bundle(bundle(1), Admit::Free, TODAY).await.unwrap();
    let world = world.reopened().await;
    assert_eq!(world.store.identity(), identity);
    assert_eq!(world.put(mine, 3, 3).await, Ok(()));
    assert_eq!(world.put(mine, 3, 4).await, refused(Refusal::Conflict));
    world.put(mine, 100, 100).await.unwrap();
    let page = world.store.page(mine, 0).await.unwrap();
    let rest = world.store.page(mine, page.end).await.unwrap();
    let ids: Vec<_> = page.deliveries.iter().chain(&rest.deliveries).map(|delivery| delivery.id).collect();
    assert_eq!(ids, (1..40).chain([100]).map(id).collect::<Vec<_>>(), "the new one is last");
    assert_eq!(world.store.take_bundle(slot(1), hash(1), TODAY).await, Ok(bundle(1).sealed));
}

async fn two_stores_have_different_names<E: Engine>(world: World<E>) {
    let folder = tempfile::tempdir().unwrap();
    let other = world.engine.open(folder.path(), quiet());
    assert_ne!(world.store.identity(), other.identity());
}

async fn many_owners_and_senders_at_once_lose_nothing<E: Engine>(world: World<E>) {
    let store = Arc::new(world.store);
    let mut tasks = Vec::new();
    for number in 1..=8 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let mine = mailbox(number).id;
            store.create_mailbox(mailbox(number), Admit::Free, TODAY).await.unwrap();
            let mut waiting = Vec::new();
            for number in 0..100 {
                waiting.push(store.put(put(mine, number, number)).await);
            }
            for durable in waiting {
                durable.await.unwrap();
            }
            let mut seen = Vec::new();
            while seen.len() < 100 {
                let page = store.page(mine, 0).await.unwrap();
                let ids: Vec<_> = page.deliveries.iter().map(|delivery| delivery.id).collect();
                seen.extend(ids.iter().copied());
                store.acknowledge(mine, ids).await.await.unwrap();
            }
            assert_eq!(seen, (0..100).map(id).collect::<Vec<_>>());
            assert!(store.page(mine, 0).await.unwrap().deliveries.is_empty());
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn arrivals_are_announced_after_they_are_there_and_refusals_are_not<E: Engine>(world: World<E>) {
    let (coming, there) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (one, other) = (Arc::clone(&coming), Arc::clone(&there));
    let folder = tempfile::tempdir().unwrap();
    let store = world.engine.open(
        folder.path(),
        Arc::new(move |arrived| match arrived {
            Arrived::Coming(mailbox, arrival, _) => one.lock().unwrap().push((mailbox, arrival)),
            Arrived::OnDisk(mailbox, arrival) => other.lock().unwrap().push((mailbox, arrival)),
        }),
    );
    store.create_mailbox(mailbox(1), Admit::Free, TODAY).await.unwrap();
    let mine = mailbox(1).id;
    store.put(put(mine, 1, 1)).await.await.unwrap();
    // The sender has gone: its put is kept and announced all the same.
    drop(store.put(put(mine, 2, 2)).await);
    assert_eq!(store.put(put(mine, 1, 9)).await.await, refused(Refusal::Conflict));
    store.put(put(mine, 1, 1)).await.await.unwrap();
    store.close().await.unwrap();
    let there = there.lock().unwrap();
    assert_eq!(there.iter().map(|(mailbox, _)| *mailbox).collect::<Vec<_>>(), [mine, mine]);
    assert_eq!(*there, *coming.lock().unwrap(), "with the place that it had before the flush");
}

async fn an_envelope_is_heard_of_before_the_flush_and_its_acknowledgement_may_come_as_early<E: Engine>(
    world: World<E>,
) {
    let folder = tempfile::tempdir().unwrap();
    let (telling, told) = std::sync::mpsc::channel();
    let (going, go) = std::sync::mpsc::channel();
    let go = Mutex::new(go);
    let store = world.engine.open(
        folder.path(),
        Arc::new(move |arrived| {
            if let Arrived::Coming(mailbox, _, envelope) = arrived {
                telling.send((mailbox, envelope.open())).unwrap();
                go.lock().unwrap().recv().unwrap();
            }
        }),
    );
    store.create_mailbox(mailbox(1), Admit::Free, TODAY).await.unwrap();
    let mine = mailbox(1).id;
    let mut written = core::pin::pin!(store.put(put(mine, 1, 7)).await);
    let (heard, delivery) = told.recv_timeout(core::time::Duration::from_secs(20)).unwrap();
    assert_eq!((heard, delivery.id, *delivery.envelope), (mine, id(1), [7; ENVELOPE]));
    assert!(written.as_mut().now_or_never().is_none(), "the sender has no answer before the flush");
    assert!(store.page(mine, 0).await.unwrap().deliveries.is_empty(), "and nobody reads it in the store");
    // The owner is quicker than the disk.
    let acknowledged = store.acknowledge(mine, vec![id(1)]).await;
    going.send(()).unwrap();
    written.await.unwrap();
    acknowledged.await.unwrap();
    assert!(store.page(mine, 0).await.unwrap().deliveries.is_empty(), "the row does not outlive its acknowledgement");
    // The same again is a new envelope to the store, and a conflict or a refusal is nobody's envelope.
    going.send(()).unwrap();
    store.put(put(mine, 1, 7)).await.await.unwrap();
    assert_eq!(told.try_recv().map(|(_, delivery)| delivery.id), Ok(id(1)));
    store.put(put(mine, 1, 7)).await.await.unwrap();
    assert_eq!(store.put(put(mine, 1, 8)).await.await, refused(Refusal::Conflict));
    assert!(told.try_recv().is_err());
}

async fn a_page_that_is_not_full_ends_after_all_that_was_settled<E: Engine>(world: World<E>) {
    let (mine, other) = (world.mailbox(1).await, world.mailbox(2).await);
    for number in 0..=u8::try_from(PAGE).unwrap() {
        world.put(mine, number, 0).await.unwrap();
    }
    world.put(other, 1, 0).await.unwrap();
    let first = world.store.page(mine, -1).await.unwrap();
    assert_eq!(first.deliveries.len(), PAGE);
    let rest = world.store.page(mine, first.end).await.unwrap();
    assert_eq!(rest.deliveries.len(), 1, "a full page ends with its last envelope");
    assert_eq!(rest.end, world.store.page(other, -1).await.unwrap().end, "the other mailbox's came last of all");
    world.put(mine, 200, 0).await.unwrap();
    assert_eq!(world.store.page(mine, rest.end).await.unwrap().deliveries.len(), 1);
}

async fn a_closed_store_says_that_it_is_stopping<E: Engine>(world: World<E>) {
    let mine = world.mailbox(1).await;
    let queued = world.store.put(put(mine, 1, 1)).await;
    world.store.close().await.unwrap();
    assert_eq!(queued.await, Ok(()), "what was queued before is finished");
    assert_eq!(world.put(mine, 2, 2).await, Err(StoreError::Stopping));
    assert_eq!(world.store.page(mine, 0).await.unwrap_err(), StoreError::Stopping);
    assert_eq!(StoreError::Stopping.refusal(), Refusal::NotNow);
}

macro_rules! conformance {
    ($engine:ident: $($test:ident)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(super::World::new(super::engines::$engine)).await;
            })*
        }
    };
    ($engine:ident) => {
        conformance! { $engine:
            envelopes_come_back_in_order_of_arrival_and_in_pages
            the_same_put_is_done_once_and_another_under_its_identifier_is_a_conflict
            a_missing_mailbox_and_a_wrong_capability_are_denied_alike
            acknowledging_deletes_by_identifier_and_only_in_its_mailbox
            whatever_is_acknowledged_goes_and_nothing_else
            a_mailbox_is_made_once_and_its_repeat_needs_no_admission
            a_pass_is_good_for_its_number_of_mailboxes_and_of_invitations
            a_pass_ends_after_its_last_day_and_is_swept
            a_withdrawn_pass_is_good_for_nothing_more_and_what_it_made_stays
            a_full_mailbox_is_refused_by_name_takes_repeats_and_has_room_after_an_acknowledgement
            there_are_no_more_mailboxes_than_allowed_and_a_deleted_one_makes_room
            a_store_that_is_as_large_as_it_may_be_takes_deletions_and_then_envelopes_again
            a_voucher_is_good_for_one_mailbox_until_its_day_and_for_no_invitation
            a_generation_moves_forward_only_and_copies_are_behind
            a_deleted_mailbox_is_as_one_that_never_was
            the_first_claim_locks_a_bundle_and_may_repeat_and_a_second_taker_is_noted
            the_same_bundle_is_done_once_and_others_in_its_place_are_conflicts
            a_revoked_invitation_is_gone_with_its_voucher
            an_expired_invitation_is_gone_before_it_is_swept_and_its_slot_is_free
            expiry_takes_what_is_past_its_day_in_small_steps_and_nothing_else
            the_day_goes_with_the_clock_but_not_with_its_jumps
            all_that_was_answered_is_there_after_reopening
            two_stores_have_different_names
            many_owners_and_senders_at_once_lose_nothing
            arrivals_are_announced_after_they_are_there_and_refusals_are_not
            an_envelope_is_heard_of_before_the_flush_and_its_acknowledgement_may_come_as_early
            a_page_that_is_not_full_ends_after_all_that_was_settled
            a_closed_store_says_that_it_is_stopping
        }
    };
}

mod engines {
    use super::{Arrivals, Day, Engine, PassState, Path, Quota, TokenHash};
    use cairn_relay::store::sqlite::{SqliteStore, add_pass, passes, revoke_pass};

    /// SQLite in one file.
    #[expect(non_camel_case_types, reason = "it names the module of its tests")]
    pub(super) struct sqlite;

    impl Engine for sqlite {
        type Opened = SqliteStore;

        fn open(&self, folder: &Path, arrivals: Arrivals) -> SqliteStore {
            SqliteStore::open(folder, arrivals).unwrap()
        }

        fn open_with(&self, folder: &Path, arrivals: Arrivals, quota: Quota) -> SqliteStore {
            SqliteStore::open_with(folder, arrivals, quota).unwrap()
        }

        fn passes(&self, folder: &Path) -> Vec<PassState> {
            passes(folder).unwrap()
        }

        fn revoke_pass(&self, folder: &Path, pass: &TokenHash) -> bool {
            revoke_pass(folder, pass).unwrap()
        }

        fn add_pass(&self, folder: &Path, pass: &TokenHash, uses: u32, days: Option<Day>) {
            add_pass(folder, pass, uses, days).unwrap();
        }
    }
}

conformance!(sqlite);
