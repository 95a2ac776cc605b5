//! What the relay does for each request.
//!
//! In: a peer and a decoded request. Out: a [`Reply`], now or later. A handler returns its reply: it must never learn
//! the socket.

mod bundle;
mod mailbox;
mod notice;

use crate::auth::{Peer, Stranger};
use crate::calendar::{self, Calendar};
use crate::fanout::Fanout;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::store::{Durable, Store, StoreError, StoreResult};
use cairn_protocol::limits::VERSION;
use cairn_protocol::wire::frame::{Refusal, Reply, Request, Welcome};
use core::future::Future;
use core::pin::Pin;
use std::path::PathBuf;
use std::sync::Arc;

/// What all connections share.
pub struct Relay<S: Store> {
    /// What is kept.
    pub store: Arc<S>,
    /// Who waits for what.
    pub fanout: Arc<Fanout>,
    /// Which day it is.
    pub calendar: Arc<Calendar>,
    /// Whether anyone may make mailboxes.
    pub open: bool,
    /// The folder in which the operator's notice lies.
    pub folder: PathBuf,
    /// Days that an envelope is kept.
    pub envelope_days: u16,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How fast connections and mailboxes may ask.
    pub pace: Pace,
    /// A key that nobody holds.
    pub stranger: Stranger,
}

/// A reply that is still to come.
pub type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// How far a request has come when the next one of its connection may start.
pub enum Started {
    /// Answered.
    Done(Reply),
    /// Under way, and in its place among the puts.
    Later(Later),
    /// Waiting for an envelope, maybe for hours.
    Parked(Later),
}

/// Starts a request. It ends when the next request of the connection may start: at once for a fetch; when a put or an
/// acknowledgement has its place in the writer's queue; and when all is done for the others, on which later requests
/// build (a mailbox, a subscription, an invitation).
///
/// What is [`Later`] may be left alone for minutes by a connection whose peer doesn't read, so it must hold nothing that
/// others wait for, such as a place in a queue. What happens here is never left alone.
pub async fn start<S: Store>(peer: Arc<Peer<S>>, request: Request) -> Started {
    peer.relay.metrics.asked(&request);
    if let Request::Hello { version } = request {
        return Started::Done(hello(&peer, version));
    }
    if !peer.is_greeted() {
        return Started::Done(Reply::Refused(Refusal::Malformed));
    }
    peer.step().await;
    if matches!(request, Request::Notice) {
        // Everybody may ask, so that nobody is known by it.
        return notice::give(peer.relay.folder.clone());
    }
    match under_way(&peer, request).await {
        Started::Done(reply) => Started::Done(noticed(&peer, reply)),
        Started::Later(later) if !peer.is_known() => {
            Started::Later(Box::pin(async move { noticed(&peer, later.await) }))
        }
        other => other,
    }
}

/// Takes note of a peer that was granted something.
fn noticed<S: Store>(peer: &Peer<S>, reply: Reply) -> Reply {
    if !matches!(reply, Reply::Refused(_)) {
        peer.known();
    }
    reply
}

async fn under_way<S: Store>(peer: &Arc<Peer<S>>, request: Request) -> Started {
    match request {
        Request::Hello { .. } | Request::Notice => Started::Done(Reply::Refused(Refusal::Malformed)),
        Request::CreateMailbox { mailbox, owner, capability, admission } => {
            done(mailbox::create(peer, mailbox, owner, capability, &admission).await)
        }
        Request::DeleteMailbox { mailbox, proof } => done(mailbox::delete(peer, mailbox, &proof).await),
        Request::Subscribe { mailbox, generation, proof } => {
            done(mailbox::subscribe(peer, mailbox, generation, &proof).await)
        }
        Request::Fetch { mailbox, wait: false } => {
            let peer = Arc::clone(peer);
            later(async move { mailbox::fetch(&peer, mailbox).await })
        }
        Request::Fetch { mailbox, wait: true } => mailbox::park(peer, mailbox),
        Request::Acknowledge { mailbox, ids } => match mailbox::acknowledge(peer, mailbox, ids).await {
            Ok(answer) => durable(answer),
            Err(refusal) => refusal.into(),
        },
        Request::Put { mailbox, capability, id, envelope } => {
            mailbox::put(peer, mailbox, &capability, id, envelope).await
        }
        Request::PutBundle { slot, manage, voucher, expires_day, admission, bundle } => {
            let fields = bundle::Fields { slot, manage, voucher, expires_day, sealed: bundle };
            Started::Done(reply(bundle::put(peer, fields, &admission).await))
        }
        Request::TakeBundle { slot, claim } => Started::Done(reply(bundle::take(peer, slot, &claim).await)),
        Request::BundleStatus { slot, manage } => Started::Done(reply(bundle::status(peer, slot, &manage).await)),
        Request::RevokeBundle { slot, manage } => Started::Done(reply(bundle::revoke(peer, slot, &manage).await)),
    }
}

fn hello<S: Store>(peer: &Peer<S>, version: u8) -> Reply {
    if version != VERSION {
        return Reply::Refused(Refusal::Version);
    }
    if !peer.greet() {
        return Reply::Refused(Refusal::Malformed);
    }
    let identity = peer.relay.store.identity();
    Reply::Welcome(Welcome {
        version: VERSION,
        time: calendar::clock_seconds(),
        store: identity.store,
        restores: identity.restores,
        envelope_days: peer.relay.envelope_days,
        open: peer.relay.open,
    })
}

fn reply(result: StoreResult<Reply>) -> Reply {
    result.unwrap_or_else(|error| Reply::Refused(error.refusal()))
}

fn done(result: StoreResult<()>) -> Started {
    Started::Done(reply(result.map(|()| Reply::Done)))
}

fn later(work: impl Future<Output = StoreResult<Reply>> + Send + 'static) -> Started {
    Started::Later(Box::pin(async move { reply(work.await) }))
}

fn durable(answer: Durable<()>) -> Started {
    later(async move { answer.await.map(|()| Reply::Done) })
}

impl From<Refusal> for Started {
    fn from(refusal: Refusal) -> Self {
        Self::Done(Reply::Refused(refusal))
    }
}

fn refuse<T>(refusal: Refusal) -> StoreResult<T> {
    Err(StoreError::Refused(refusal))
}
