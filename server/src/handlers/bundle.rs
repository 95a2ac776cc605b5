//! Requests about invitations.
//!
//! In: fields of a request. Out: a reply. This file must never learn the link, nor who invites whom.

use super::refuse;
use crate::admission::admit;
use crate::auth::Peer;
use crate::calendar;
use crate::store::{NewBundle, Store, StoreResult};
use cairn_protocol::mailbox::SlotId;
use cairn_protocol::token::{ClaimToken, ManageToken, TokenHash};
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, SealedBundleBytes};

/// Days that an invitation may live, at most. Larger: its one-time keys and its voucher lie about longer. Smaller: the
/// 14 days that clients use would not fit with a clock that is some days off.
const LONGEST: u32 = 30;

/// An invitation as its client states it.
pub(super) struct Fields {
    pub(super) slot: SlotId,
    pub(super) manage: TokenHash,
    pub(super) voucher: TokenHash,
    pub(super) expires_day: u32,
    pub(super) sealed: SealedBundleBytes,
}

pub(super) async fn put<S: Store>(peer: &Peer<S>, fields: Fields, admission: &Admission) -> StoreResult<Reply> {
    let relay = &peer.relay;
    let Fields { slot, manage, voucher, expires_day, sealed } = fields;
    // Over already: as gone as it would be. Too far away: above a limit, and the client can know it.
    let Some(expires) = relay.calendar.day_of(expires_day) else {
        return refuse(Refusal::Gone);
    };
    if expires_day.saturating_sub(calendar::clock_day()) > LONGEST {
        return refuse(Refusal::Malformed);
    }
    let bundle = NewBundle { slot, manage, voucher, expires, sealed };
    relay.store.put_bundle(bundle, admit(relay.open, admission), relay.calendar.today()).await?;
    Ok(Reply::Done)
}

pub(super) async fn take<S: Store>(peer: &Peer<S>, slot: SlotId, claim: &ClaimToken) -> StoreResult<Reply> {
    let today = peer.relay.calendar.today();
    peer.relay.store.take_bundle(slot, claim.hash(), today).await.map(Reply::Bundle)
}

pub(super) async fn status<S: Store>(peer: &Peer<S>, slot: SlotId, manage: &ManageToken) -> StoreResult<Reply> {
    let today = peer.relay.calendar.today();
    peer.relay.store.bundle_status(slot, manage.hash(), today).await.map(Reply::BundleState)
}

/// The second time it is gone like one that never was: a client that lost the answer takes `Gone` for done.
pub(super) async fn revoke<S: Store>(peer: &Peer<S>, slot: SlotId, manage: &ManageToken) -> StoreResult<Reply> {
    peer.relay.store.revoke_bundle(slot, manage.hash()).await.map(|()| Reply::Done)
}
