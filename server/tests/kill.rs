//! The program killed again and again under real connections.
//!
//! In: a seed. Out: verdicts. A kill leaves what the process wrote in the system's memory: whether it was flushed too is
//! shown by `crash`, which cuts the power.
//!
//! `CAIRN_CRASH_SEEDS=N` kills N times instead of a few; `CAIRN_TEST_SEED` repeats a run as far as a scheduler can.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::mailbox::EnvelopeId;
use cairn_protocol::wire::frame::{Reply, Request};
use common::{Client, Mailbox};
use futures_util::SinkExt;
use process::Relay;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const MAILBOXES: u64 = 4;
const IN_FLIGHT: usize = 16;

/// What the sender and the owner of a mailbox know.
#[derive(Default)]
struct Book {
    /// Envelopes have numbers, and this one was not sent yet.
    next: u32,
    confirmed: BTreeSet<u32>,
    /// Sent again after a kill: may be stored once more after it was acknowledged.
    repeated: BTreeSet<u32>,
    /// Acknowledgements that were sent, and those that were answered.
    leaving: BTreeSet<u32>,
    gone: BTreeSet<u32>,
}

type Shared = Arc<(Mailbox, Mutex<Book>)>;

fn number(id: &EnvelopeId) -> u32 {
    u32::from_be_bytes(id.as_bytes()[..4].try_into().unwrap())
}

fn id(number: u32) -> EnvelopeId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    EnvelopeId::from_bytes(bytes)
}

fn put(mailbox: &Mailbox, number: u32) -> Request {
    let envelope = Box::new([number.to_be_bytes()[3]; ENVELOPE]);
    Request::Put { mailbox: mailbox.id, capability: mailbox.capability.duplicate(), id: id(number), envelope }
}

/// Sends under this number; false if the relay is gone.
async fn send(client: &mut Client, number: u32, request: &Request) -> bool {
    client.socket.send(Message::Binary(request.encode(number).to_vec().into())).await.is_ok()
}

/// Puts until the relay is gone: first again what was not confirmed, in order.
async fn put_on(mut client: Client, shared: Shared) {
    let (mailbox, book) = &*shared;
    let again: Vec<u32> = {
        let mut book = book.lock().unwrap();
        let again: Vec<u32> = (0..book.next).filter(|number| !book.confirmed.contains(number)).collect();
        book.repeated.extend(&again);
        again
    };
    let (mut again, mut waiting) = (again.into_iter(), BTreeMap::new());
    for request in 1_000.. {
        let envelope = again.next().unwrap_or_else(|| {
            let mut book = book.lock().unwrap();
            book.next += 1;
            book.next - 1
        });
        if !send(&mut client, request, &put(mailbox, envelope)).await {
            return;
        }
        waiting.insert(request, envelope);
        while waiting.len() >= IN_FLIGHT {
            let Some((answered, reply)) = client.reply().await else { return };
            assert_eq!(reply, Reply::Done);
            book.lock().unwrap().confirmed.insert(waiting.remove(&answered).unwrap());
        }
    }
}

/// Fetches, and acknowledges every other page, until the relay is gone.
async fn fetch_on(mut client: Client, shared: Shared) {
    let (mailbox, book) = &*shared;
    let fetch = Request::Fetch { mailbox: mailbox.id, wait: true };
    for request in (1_000..).step_by(2) {
        if !send(&mut client, request, &fetch).await {
            return;
        }
        let Some((_, Reply::Page(page))) = client.reply().await else { return };
        let ids: Vec<EnvelopeId> = page.iter().map(|delivery| delivery.id).collect();
        let numbers: Vec<u32> = ids.iter().map(number).collect();
        if request % 4 == 0 {
            continue;
        }
        book.lock().unwrap().leaving.extend(&numbers);
        if !send(&mut client, request + 1, &Request::Acknowledge { mailbox: mailbox.id, ids }).await {
            return;
        }
        match client.reply().await {
            Some((_, Reply::Done)) => book.lock().unwrap().gone.extend(&numbers),
            Some((_, reply)) => panic!("{reply:?}"),
            None => return,
        }
    }
}

/// All that waits in a mailbox, in the order in which it comes.
async fn waiting(client: &mut Client, mailbox: &Mailbox) -> Vec<u32> {
    let mut found = Vec::new();
    loop {
        match client.call(&mailbox.fetch(false)).await {
            Reply::Page(page) if page.is_empty() => return found,
            Reply::Page(page) => found.extend(page.iter().map(|delivery| {
                assert_eq!(delivery.envelope[ENVELOPE - 1], number(&delivery.id).to_be_bytes()[3]);
                number(&delivery.id)
            })),
            reply => panic!("{reply:?}"),
        }
    }
}

/// What must be true after each start.
fn check(found: &[u32], book: &Book, kill: u64) {
    let there: BTreeSet<u32> = found.iter().copied().collect();
    assert_eq!(there.len(), found.len(), "kill {kill}: nothing is there twice: {found:?}");
    for confirmed in &book.confirmed {
        assert!(there.contains(confirmed) || book.leaving.contains(confirmed), "kill {kill}: {confirmed} is lost");
    }
    let back: Vec<_> = there.intersection(&book.gone).filter(|number| !book.repeated.contains(number)).collect();
    assert!(back.is_empty(), "kill {kill}: acknowledged, and back: {back:?}");
    let first: Vec<_> = found.iter().filter(|number| !book.repeated.contains(number)).collect();
    assert!(first.is_sorted(), "kill {kill}: in the order in which they were sent: {first:?}");
    let last = there.last().copied().unwrap_or(0);
    let hole = (0..last).find(|number| !there.contains(number) && !book.leaving.contains(number));
    assert_eq!(hole, None, "kill {kill}: {last} is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_killed_again_and_again_under_load_loses_doubles_and_reorders_nothing() {
    let seed = std::env::var("CAIRN_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    eprintln!("seed {seed}: repeat this run with CAIRN_TEST_SEED={seed}");
    let kills = std::env::var("CAIRN_CRASH_SEEDS").map_or(5, |count| count.parse().unwrap());
    let mut dice = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    // Faster than people write.
    let limits =
        "[limits]\nrequests_per_second = 1000000\nenvelopes_per_second = 1000000\nmailbox_envelopes = 100000\n";
    std::fs::write(folder.path().join("relay.toml"), limits).unwrap();
    let (data, settings) = (folder.path().join("data"), folder.path().join("relay.toml"));
    let mailboxes: Vec<Shared> =
        (0..MAILBOXES).map(|number| Arc::new((Mailbox::new(number), Mutex::default()))).collect();
    for kill in 0..=kills {
        let relay = Relay::start(&data, &format!(" --open --config {}", settings.display()));
        let mut tasks = Vec::new();
        for shared in &mailboxes {
            let mut owner = relay.client().await;
            let create = shared.0.create(cairn_protocol::wire::frame::Admission::Open);
            assert_eq!(owner.call(&create).await, Reply::Done);
            shared.0.subscribed(&mut owner, 2 * kill + 1).await;
            check(&waiting(&mut owner, &shared.0).await, &shared.1.lock().unwrap(), kill);
            // A new subscription starts at the front.
            shared.0.subscribed(&mut owner, 2 * kill + 2).await;
            tasks.push(tokio::spawn(fetch_on(owner, Arc::clone(shared))));
            tasks.push(tokio::spawn(put_on(relay.client().await, Arc::clone(shared))));
        }
        let confirmed = || mailboxes.iter().map(|shared| shared.1.lock().unwrap().confirmed.len()).sum::<usize>();
        let enough = confirmed() + dice.random_range(1..400);
        while confirmed() < enough {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice.random_range(0..5_000))).await;
        relay.signal(Signal::KILL);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(relay.ended().0, None, "it was killed");
    }
    let books = mailboxes.iter().map(|shared| shared.1.lock().unwrap());
    let (confirmed, gone) =
        books.fold((0, 0), |(confirmed, gone), book| (confirmed + book.confirmed.len(), gone + book.gone.len()));
    eprintln!("{kills} kills, {confirmed} puts confirmed, {gone} acknowledged");
    assert!(confirmed > 0 && gone > 0, "{confirmed} confirmed, {gone} acknowledged");
}
