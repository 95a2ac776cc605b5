//! A missing mailbox and a wrong authorisation cost the same: the processor time of the whole process, in one run, in
//! turns, the least of many. A test alone in its binary, so that no other adds to it; what else the machine does is not
//! counted. The same measure sees a relay that skips the check.

use cairn_protocol::mailbox::{ChannelBinding, EnvelopeId, MailboxId, OwnerOperation, OwnerSecret};
use cairn_protocol::token::TokenHash;
use cairn_protocol::wire::frame::Refusal;
use cairn_relay::auth::{Peer, Stranger};
use cairn_relay::calendar::Calendar;
use cairn_relay::fanout::Fanout;
use cairn_relay::handlers::Relay;
use cairn_relay::pace::Pace;
use cairn_relay::store::sqlite::SqliteStore;
use cairn_relay::store::{Admit, NewMailbox, Put, Store, StoreError};
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::Duration;

/// Calls in one measurement, and measurements of each kind. More: slower. Fewer: a wake-up of a thread weighs more.
const CALLS: usize = 40;
const ROUNDS: usize = 31;

/// Equal work measures within a few hundredths; a skipped verification, the control below, is well outside: more than two.
const ALIKE: f64 = 1.2;

fn processor() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// What else goes on only adds: the least of many is the work itself.
fn least(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// The ratio of two kinds of calls, the larger over the smaller.
async fn ratio(one: &impl AsyncFn(), other: &impl AsyncFn()) -> f64 {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (kind, times) in times.iter_mut().enumerate() {
            let start = processor();
            for _ in 0..CALLS {
                if kind == 0 { one().await } else { other().await }
            }
            // The first round warms caches.
            if round > 0 {
                times.push((processor() - start).as_secs_f64());
            }
        }
    }
    let [one, other] = times.map(least);
    f64::max(one / other, other / one)
}

/// The least of a few such ratios: what differs by itself differs in each of them, and what the machine does does not.
async fn at_least(one: impl AsyncFn(), other: impl AsyncFn()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        if least >= ALIKE {
            least = least.min(ratio(&one, &other).await);
        }
    }
    least
}

#[tokio::test]
async fn a_missing_mailbox_costs_what_a_wrong_key_or_capability_costs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path(), Arc::new(|_| {})).unwrap());
    let calendar = Arc::new(Calendar::start(store.as_ref()).await.unwrap());
    let day = calendar.today();
    let rng = &mut rand::rng();
    let (owner, thief) = (OwnerSecret::random(rng), OwnerSecret::random(rng));
    let (there, missing) = (MailboxId::from_bytes([1; 32]), MailboxId::from_bytes([2; 32]));
    let capability = TokenHash::from_bytes([3; 32]);
    // Among others, so that a row that is there and one that is not are both looked for.
    for number in 10..200 {
        let id = MailboxId::from_bytes([number; 32]);
        store.create_mailbox(NewMailbox { id, owner: thief.key(), capability }, Admit::Free, day).await.unwrap();
    }
    store.create_mailbox(NewMailbox { id: there, owner: owner.key(), capability }, Admit::Free, day).await.unwrap();
    let (fanout, stranger) = (Arc::new(Fanout::default()), Stranger::random());
    let relay = Relay {
        store: Arc::clone(&store),
        fanout,
        calendar,
        open: true,
        folder: folder.path().to_owned(),
        envelope_days: 14,
        metrics: Arc::default(),
        pace: Pace::default(),
        stranger,
    };
    let channel = ChannelBinding([4; 32]);
    let peer = Peer::new(Arc::new(relay), channel);
    let denied = StoreError::Refused(Refusal::Denied);

    let operation = OwnerOperation::Delete;
    assert!(peer.prove(there, operation, &owner.prove(&channel, &there, operation)).await.is_ok());
    let proofs = [there, missing].map(|mailbox| (mailbox, thief.prove(&channel, &mailbox, operation)));
    let proved = async |(mailbox, proof): &(MailboxId, [u8; 64])| {
        assert_eq!(peer.prove(*mailbox, operation, proof).await, Err(denied.clone()));
    };
    let same = at_least(async || proved(&proofs[0]).await, async || proved(&proofs[1]).await).await;
    assert!(same < ALIKE, "proofs: {same}");
    // A relay that looks for the mailbox first and answers at once: the same measure refuses it by the same bound. How far
    // it is outside depends on what a thread's wake-up costs on the machine, and is no promise.
    let skipped = async || assert_eq!(store.owner(missing).await, Ok(None));
    let skipped = at_least(async || proved(&proofs[0]).await, skipped).await;
    assert!(skipped > ALIKE, "a skipped verification does not show: {skipped}");

    // A mailbox to which somebody may put is remembered; who may not costs the same.
    let (id, envelope) = (EnvelopeId::from_bytes([4; 16]), Box::new([7; 4096]));
    store.put(Put { mailbox: there, capability, id, envelope, day }).await.await.unwrap();
    let put = async |mailbox: MailboxId| {
        let (id, capability) = (EnvelopeId::from_bytes([5; 16]), TokenHash::from_bytes([6; 32]));
        let put = Put { mailbox, capability, id, envelope: Box::new([7; 4096]), day };
        assert_eq!(store.put(put).await.await, Err(denied.clone()));
    };
    let puts = at_least(async || put(there).await, async || put(missing).await).await;
    assert!(puts < ALIKE, "puts: {puts}");
    println!("a skipped verification: {skipped:.2}; puts: {puts:.2}; proofs: {same:.2}");
}
