//! What a store is asked to do: every operation, by hand and by dice.
//!
//! In: a seed. Out: steps, in the order in which they are queued. This file must never learn when the power goes.

use cairn_protocol::limits::{ENVELOPE, SEALED_BUNDLE};
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerSecret, SlotId, VaultMark};
use cairn_protocol::token::TokenHash;
use cairn_relay::store::sqlite::{SqliteStore, add_pass};
use cairn_relay::store::{Admit, Day, NewBundle, NewMailbox, Put, Store, StoreResult};
use core::future::Future;
use core::pin::Pin;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const TODAY: Day = 20_000;

/// Stands in every bundle, and in the identifier of every envelope, before the number that tells whose it is. The
/// identifier lies in one row with the key of the body: where the one is gone, the other is.
pub(crate) const MARK: &[u8] = b"~kept-here~";

/// Stands behind that number: a mark that a page cuts off is none.
pub(crate) const MARK_END: &[u8] = b"!";

const CAPABILITY: TokenHash = TokenHash::from_bytes([7; 32]);

/// How a step is admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Free,
    Pass(u8),
    Voucher(u8),
}

/// One operation. Mailboxes, slots, passes and claims have numbers.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Pass(u8, u32),
    Create(u8, By),
    Put(u8, u16, Day),
    /// The same identifier with another body: refused while the first is there.
    PutOther(u8, u16),
    Acknowledge(u8, Vec<u16>),
    Advance(u8, u64),
    Delete(u8),
    Invite(u8, By, Day),
    Take(u8, u8),
    Withdraw(u8),
    Look(Day),
    Expire(Day, Day),
    Scrub,
}

pub(crate) type Answer = Pin<Box<dyn Future<Output = StoreResult<()>> + Send>>;

impl Step {
    /// Whether it is more than one part in the writer's queue, or none: it is asked for when nothing else is under way.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self, Self::Pass(..) | Self::Delete(_) | Self::Scrub)
    }

    /// Asks a store for it. The first look at the answer queues it.
    pub(crate) fn ask(&self, store: &Arc<SqliteStore>, folder: &Path) -> Answer {
        let (store, folder): (_, PathBuf) = (Arc::clone(store), folder.to_owned());
        let step = self.clone();
        Box::pin(async move {
            match step {
                Self::Pass(number, uses) => add_pass(&folder, &hash(number), uses, None),
                Self::Create(number, by) => store.create_mailbox(mailbox(number), by.into(), TODAY).await,
                Self::Put(mailbox, id, day) => store.put(put(mailbox, id, 0, day)).await.await,
                Self::PutOther(mailbox, id) => store.put(put(mailbox, id, 1, TODAY)).await.await,
                Self::Acknowledge(number, ids) => {
                    let ids = ids.into_iter().map(|id| envelope(number, id)).collect();
                    store.acknowledge(mailbox(number).id, ids).await.await
                }
                Self::Advance(number, count) => {
                    let mark = VaultMark::from_bytes([number; 16]);
                    store.advance(mailbox(number).id, Generation { count, mark }).await
                }
                Self::Delete(number) => store.delete_mailbox(mailbox(number).id).await,
                Self::Invite(slot, by, expires) => store.put_bundle(bundle(slot, expires), by.into(), TODAY).await,
                Self::Take(slot, claim) => store.take_bundle(place(slot), hash(claim), TODAY).await.map(drop),
                Self::Withdraw(slot) => store.revoke_bundle(place(slot), hash(100 + slot)).await,
                Self::Look(day) => store.look(day, 2).await.map(drop),
                Self::Expire(oldest, today) => store.expire(oldest, today).await.map(drop),
                Self::Scrub => store.scrub().await,
            }
        })
    }
}

impl From<By> for Admit {
    fn from(by: By) -> Self {
        match by {
            By::Free => Self::Free,
            By::Pass(number) => Self::Pass(hash(number)),
            By::Voucher(slot) => Self::Voucher(hash(200 + slot)),
        }
    }
}

fn hash(number: u8) -> TokenHash {
    TokenHash::from_bytes([number; 32])
}

fn place(slot: u8) -> SlotId {
    SlotId::from_bytes([slot; 32])
}

fn mailbox(number: u8) -> NewMailbox {
    let owner = OwnerSecret::random(&mut StdRng::seed_from_u64(number.into())).key();
    NewMailbox { id: MailboxId::from_bytes([number; 32]), owner, capability: CAPABILITY }
}

fn envelope(mailbox: u8, id: u16) -> EnvelopeId {
    let [high, low] = id.to_be_bytes();
    EnvelopeId::from_bytes(marked([mailbox, high, low, 0]))
}

fn put(number: u8, id: u16, other: u8, day: Day) -> Put {
    let [high, low] = id.to_be_bytes();
    let envelope_bytes = Box::new(marked::<ENVELOPE>([number, high, low, other]));
    let (mailbox, id) = (mailbox(number).id, envelope(number, id));
    Put { mailbox, capability: CAPABILITY, id, envelope: envelope_bytes, day }
}

fn bundle(slot: u8, expires: Day) -> NewBundle {
    let sealed = Box::new(marked::<SEALED_BUNDLE>([slot, 0xff, 0xff, 0xff]));
    NewBundle { slot: place(slot), manage: hash(100 + slot), voucher: hash(200 + slot), expires, sealed }
}

/// Bytes that say whose they are in every sector.
fn marked<const N: usize>(number: [u8; 4]) -> [u8; N] {
    let mut bytes = [0; N];
    let mark = [MARK, &number, MARK_END].concat();
    for chunk in bytes.chunks_mut(mark.len()) {
        chunk.copy_from_slice(&mark[..chunk.len()]);
    }
    bytes
}

/// What a store holds before a script begins, so that there is something to lose.
pub(crate) fn before() -> Vec<Step> {
    let mut steps = vec![Step::Look(TODAY), Step::Create(9, By::Free)];
    steps.extend((0..6).map(|id| Step::Put(9, id, TODAY)));
    steps.extend([Step::Invite(9, By::Free, TODAY + 14), Step::Scrub]);
    steps
}

/// Every operation, with what is refused beside what is done.
pub(crate) fn every_operation() -> Vec<Step> {
    use Step::{
        Acknowledge, Advance, Create, Delete, Expire, Invite, Look, Pass, Put, PutOther, Scrub, Take, Withdraw,
    };
    vec![
        Pass(1, 2),
        Create(1, By::Pass(1)),
        Create(1, By::Free),
        Create(2, By::Pass(3)),
        Put(1, 1, TODAY - 20),
        Put(1, 2, TODAY),
        PutOther(1, 2),
        Put(1, 2, TODAY),
        Invite(1, By::Pass(1), TODAY + 14),
        Take(1, 1),
        Take(1, 2),
        Create(2, By::Voucher(1)),
        Create(3, By::Voucher(1)),
        Put(2, 1, TODAY),
        Put(2, 2, TODAY),
        Acknowledge(9, vec![0, 3, 77]),
        Advance(9, 4),
        Advance(9, 3),
        Scrub,
        Look(TODAY + 1),
        Put(2, 3, TODAY + 1),
        Expire(TODAY - 14, TODAY),
        Invite(2, By::Free, TODAY - 1),
        Expire(TODAY - 14, TODAY),
        Acknowledge(2, vec![2]),
        Withdraw(1),
        Delete(2),
        Delete(2),
        Put(2, 4, TODAY),
        Scrub,
        Put(1, 5, TODAY),
        Withdraw(9),
        Delete(9),
    ]
}

/// Puts and a scrub: what may be repeated and changes nothing then.
pub(crate) fn puts() -> Vec<Step> {
    let mut steps: Vec<Step> = (10..16).map(|id| Step::Put(9, id, TODAY)).collect();
    steps.insert(4, Step::Scrub);
    steps
}

/// Many steps, most of them puts.
pub(crate) fn random(dice: &mut StdRng, length: usize) -> Vec<Step> {
    let mut steps = vec![Step::Pass(1, 5)];
    steps.extend((1..=3).map(|number| Step::Create(number, By::Free)));
    for next_pass in (10..=u8::MAX).cycle().take(length) {
        let (number, id) = (dice.random_range(1..=3), dice.random_range(0..24));
        let day = TODAY - dice.random_range(0..3);
        let by = [By::Free, By::Pass(1), By::Voucher(number)][dice.random_range(0..3)];
        steps.push(match dice.random_range(0..100) {
            0..3 if steps.len() < 200 => Step::Pass(next_pass, 2),
            0..4 => Step::Scrub,
            4..12 => Step::Create(number, by),
            12..58 => Step::Put(number, id, day),
            58..60 => Step::PutOther(number, id),
            60..75 => Step::Acknowledge(number, (id..id + 6).collect()),
            75..79 => Step::Advance(number, u64::from(id)),
            79..82 => Step::Delete(number),
            82..86 => Step::Invite(number, by, day),
            86..90 => Step::Take(number, dice.random_range(1..3)),
            90..92 => Step::Withdraw(number),
            92..94 => Step::Look(TODAY + dice.random_range(0..3)),
            94..97 => Step::Expire(TODAY - 1, TODAY - 1),
            _ => Step::Scrub,
        });
    }
    steps
}
