//! Requests about mailboxes and envelopes.
//!
//! In: fields of a request, the peer that sent it. Out: a reply. This file must never learn what an envelope holds, nor
//! tell a sender whether the owner is connected.

use super::{Started, later, reply};
use crate::admission::admit;
use crate::auth::Peer;
use crate::fanout::{Handed, Subscription};
use crate::store::{Durable, NewMailbox, Put, Store, StoreResult};
use cairn_protocol::limits::PAGE;
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerKey, OwnerOperation};
use cairn_protocol::token::{SendCapability, TokenHash};
use cairn_protocol::wire::frame::{Admission, EnvelopeBytes, Refusal, Reply};
use std::sync::Arc;
use std::time::Instant;

pub(super) async fn create<S: Store>(
    peer: &Peer<S>,
    id: MailboxId,
    owner: OwnerKey,
    capability: TokenHash,
    admission: &Admission,
) -> StoreResult<()> {
    let relay = &peer.relay;
    let admit = admit(relay.open, admission);
    relay.store.create_mailbox(NewMailbox { id, owner, capability }, admit, relay.calendar.today()).await
}

pub(super) async fn delete<S: Store>(peer: &Peer<S>, mailbox: MailboxId, proof: &[u8; 64]) -> StoreResult<()> {
    peer.prove(mailbox, OwnerOperation::Delete, proof).await?;
    peer.relay.store.delete_mailbox(mailbox).await?;
    peer.relay.fanout.close(&mailbox);
    Ok(())
}

pub(super) async fn subscribe<S: Store>(
    peer: &Peer<S>,
    mailbox: MailboxId,
    generation: Generation,
    proof: &[u8; 64],
) -> StoreResult<()> {
    peer.prove(mailbox, OwnerOperation::Subscribe(generation), proof).await?;
    // On disk before anyone is fenced or answered: a copy of the vault must stay behind after a crash too.
    peer.relay.store.advance(mailbox, generation).await?;
    peer.subscribe(mailbox, generation.count)?;
    Ok(())
}

pub(super) async fn fetch<S: Store>(peer: &Peer<S>, mailbox: MailboxId) -> StoreResult<Reply> {
    let subscription = peer.subscription(&mailbox)?;
    next_page(peer, mailbox, &subscription).await
}

pub(super) fn park<S: Store>(peer: &Arc<Peer<S>>, mailbox: MailboxId) -> Started {
    let subscription = match peer.subscription(&mailbox) {
        Ok(subscription) => subscription,
        Err(refusal) => return refusal.into(),
    };
    let parked = match subscription.park() {
        Ok(parked) => parked,
        Err(refusal) => return refusal.into(),
    };
    let peer = Arc::clone(peer);
    Started::Parked(Box::pin(async move {
        loop {
            match next_page(&peer, mailbox, &subscription).await {
                Ok(Reply::Page(page)) if page.is_empty() => parked.woken().await,
                result => return reply(result),
            }
        }
    }))
}

pub(super) async fn acknowledge<S: Store>(
    peer: &Peer<S>,
    mailbox: MailboxId,
    ids: Vec<EnvelopeId>,
) -> Result<Durable<()>, Refusal> {
    peer.subscription(&mailbox)?;
    Ok(peer.relay.store.acknowledge(mailbox, ids).await)
}

pub(super) async fn put<S: Store>(
    peer: &Peer<S>,
    mailbox: MailboxId,
    capability: &SendCapability,
    id: EnvelopeId,
    envelope: EnvelopeBytes,
) -> Started {
    let (relay, capability) = (Arc::clone(&peer.relay), capability.hash());
    let rest = relay.pace.mailboxes.rest(&capability, Instant::now());
    if rest > 0 {
        return Refusal::TooFast { retry_after: rest }.into();
    }
    let day = relay.calendar.today();
    let answer = relay.store.put(Put { mailbox, capability, id, envelope, day }).await;
    later(async move {
        answer.await?;
        relay.pace.mailboxes.took(capability, Instant::now());
        Ok(Reply::Done)
    })
}

/// The next envelopes that this subscription has not been given.
async fn next_page<S: Store>(peer: &Peer<S>, mailbox: MailboxId, subscription: &Subscription) -> StoreResult<Reply> {
    let mut place = subscription.place.lock().await;
    match subscription.handed(*place) {
        Handed::Next(deliveries, end) => {
            subscription.check()?;
            *place = end;
            return Ok(Reply::Page(deliveries));
        }
        Handed::Nothing => {
            subscription.check()?;
            return Ok(Reply::Page(Vec::new()));
        }
        Handed::Unknown => {}
    }
    let _turn = peer.page_turn().await;
    let page = peer.relay.store.page(mailbox, *place).await?;
    // After the read: what a fenced subscription has read it must not give.
    subscription.check()?;
    *place = page.end;
    if page.deliveries.len() >= PAGE {
        subscription.read_full(page.end);
    }
    Ok(Reply::Page(page.deliveries))
}
