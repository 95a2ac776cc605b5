//! Limits as clients meet them: places, descriptors, pace, quotas. Nobody who keeps to them waits for somebody who
//! doesn't.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::address::RelayAddress;
use cairn_protocol::token::SendCapability;
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use cairn_relay::limits::Limits;
use common::{Client, Mailbox, World, ids, refused, welcome};
use futures_util::FutureExt;
use process::{Relay, run, text};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
const LONG: Duration = Duration::from_secs(60);

const FULL: Reply = Reply::Refused(Refusal::Full);
const REST: Reply = Reply::Refused(Refusal::TooFast { retry_after: 1 });

fn limits() -> Limits {
    Limits::default()
}

#[tokio::test]
async fn the_oldest_stranger_gives_way_and_who_has_shown_a_right_stays() {
    let world = World::with_limits(Limits { connections: 3, ..limits() }).await;
    let mut owner = world.client().await;
    let mailbox = Mailbox::made(1, &mut owner).await;
    // A sender is known by what it brought, a refusal makes nobody known.
    let mut sender = world.client().await;
    assert_eq!(sender.call(&mailbox.put(1)).await, Reply::Done);
    let mut stranger = world.client().await;
    assert_eq!(stranger.call(&Mailbox::new(9).put(1)).await, refused(Refusal::Denied));
    for round in 0..3 {
        let newcomer = world.client().await;
        assert_eq!(stranger.reply().await, None, "round {round}: the stranger was cut off");
        stranger = newcomer;
    }
    mailbox.subscribed(&mut owner, 1).await;
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [1]);
    assert_eq!(sender.call(&mailbox.put(2)).await, Reply::Done);
    // When all have shown a right there is no place, until one leaves.
    assert_eq!(stranger.call(&mailbox.put(3)).await, Reply::Done);
    let refused = tokio::time::timeout(LONG, Client::try_connect(&world.relay.address)).await.unwrap();
    assert!(refused.is_none());
    drop(sender);
    let start = Instant::now();
    while Client::try_connect(&world.relay.address).await.is_none() {
        assert!(start.elapsed() < LONG, "a place comes free");
    }
}

#[tokio::test]
async fn one_address_has_its_share_of_connections() {
    let limits = Limits { connections_per_address: 4, new_connections_per_second: 1_000_000, ..limits() };
    let world = World::with_counted_loopback(limits).await;
    let [one, other] = ["127.0.0.2", "127.0.0.3"].map(|address| address.parse().unwrap());
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Client::connect_from(&world.relay.address, one).await);
    }
    assert!(Client::try_connect_from(&world.relay.address, one).await.is_none());
    assert!(Client::try_connect_from(&world.relay.address, other).await.is_some(), "others have their own");
    clients.clear();
    let start = Instant::now();
    while Client::try_connect_from(&world.relay.address, one).await.is_none() {
        assert!(start.elapsed() < LONG, "a place comes free");
    }
}

/// Processor time of a process, in ticks of the system.
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn descriptors(process: u32) -> u64 {
    u64::try_from(fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()).unwrap()
}

/// Somebody who comes as often as it takes, and brings an envelope. Each time there is little time to show the right.
async fn newcomer(address: &RelayAddress, id: u8) {
    let start = Instant::now();
    loop {
        let address = address.clone();
        let coming = tokio::spawn(async move {
            let mut client = Client::connect(&address).await;
            assert!(matches!(client.call(&Request::Hello { version: 1 }).await, Reply::Welcome(_)));
            client.call(&Mailbox::new(1).put(id)).await
        });
        match coming.await {
            Ok(reply) => return assert_eq!(reply, Reply::Done),
            Err(_) => assert!(start.elapsed() < LONG, "it gets in"),
        }
    }
}

#[tokio::test]
async fn without_descriptors_the_relay_waits_without_spinning_serves_who_is_there_and_takes_newcomers_again() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let process = relay.process.id();
    let (mut known, mut spare) = (relay.client().await, relay.client().await);
    let mailbox = Mailbox::made(1, &mut known).await;
    assert_eq!(spare.call(&mailbox.put(1)).await, Reply::Done);
    // No room for one more descriptor: set from outside, as the machine may.
    let most = Some(descriptors(process));
    let limit = Rlimit { current: most, maximum: most };
    prlimit(Pid::from_raw(process.try_into().unwrap()), Resource::Nofile, limit).unwrap();
    let place = (relay.address.host.as_str(), relay.address.port);
    let flood: Vec<TcpStream> = (0..4).map(|_| TcpStream::connect(place).unwrap()).collect();
    let (before, start) = (ticks(process), Instant::now());
    while start.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let spent = f64::from(u32::try_from(ticks(process) - before).unwrap());
    // A spinning relay spends all of one processor.
    let second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap();
    let whole = start.elapsed().as_secs_f64() * f64::from(second);
    assert!(spent < whole / 8.0, "{spent} of {whole} ticks");
    assert_eq!(known.call(&mailbox.put(2)).await, Reply::Done, "who is there is served, and the store works");
    // One descriptor comes free. The flood is before us in the queue, and gives way.
    drop(spare);
    newcomer(&relay.address, 3).await;
    drop(flood);
    newcomer(&relay.address, 4).await;
    relay.signal(Signal::TERM);
    let (code, errors) = relay.ended();
    assert_eq!(code, Some(0), "{errors}");
    assert!(
        (1..3).contains(&errors.matches("no connection can be accepted now").count()),
        "said, not poured: {errors}"
    );
}

#[tokio::test]
async fn a_mailbox_that_is_filled_too_fast_rests_and_strangers_are_told_nothing_of_it() {
    let world = World::with_limits(Limits { envelopes_per_second: 1, ..limits() }).await;
    let (mut sender, mut other) = (world.client().await, world.client().await);
    let (mailbox, quiet) = (Mailbox::made(1, &mut sender).await, Mailbox::made(2, &mut sender).await);
    let mut taken = 0;
    while sender.call(&mailbox.put(taken)).await == Reply::Done {
        taken += 1;
        assert!(taken < 60, "there is an end");
    }
    assert!(taken >= 16, "a burst is taken: {taken}");
    assert_eq!(other.call(&mailbox.put(100)).await, REST, "it rests whoever asks");
    assert_eq!(sender.call(&quiet.put(1)).await, Reply::Done, "others don't");
    let wrong = Mailbox { capability: SendCapability::from_bytes([9; 32]), owner: Mailbox::new(1).owner, ..mailbox };
    assert_eq!(other.call(&wrong.put(1)).await, refused(Refusal::Denied));
    let mailbox = Mailbox::new(1);
    let start = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        match sender.call(&mailbox.put(taken)).await {
            Reply::Done => break,
            reply => assert_eq!(reply, REST),
        }
        assert!(start.elapsed() < LONG, "it takes envelopes again");
    }
    mailbox.subscribed(&mut other, 1).await;
    assert_eq!(
        ids(&other.call(&mailbox.fetch(false)).await),
        (0..=taken).collect::<Vec<_>>(),
        "in order, without a hole"
    );
}

#[tokio::test]
async fn a_connection_that_asks_too_fast_waits_and_others_do_not() {
    let world = World::with_limits(Limits { requests_per_second: 1, ..limits() }).await;
    let (mut fast, mut slow) = (world.client().await, world.client().await);
    let mailbox = Mailbox::new(1);
    for _ in 0..16 {
        assert_eq!(fast.call(&mailbox.put(1)).await, refused(Refusal::Denied), "a burst is answered");
    }
    let number = fast.send(&mailbox.put(1)).await;
    let next = fast.send(&mailbox.put(1)).await;
    for _ in 0..8 {
        assert_eq!(slow.call(&mailbox.put(1)).await, refused(Refusal::Denied));
    }
    let waiting = Instant::now();
    assert!(fast.reply().now_or_never().is_none(), "it waits while others are answered");
    assert_eq!(fast.reply().await, Some((number, refused(Refusal::Denied))), "and is answered in its turn");
    let first = waiting.elapsed();
    assert_eq!(fast.reply().await, Some((next, refused(Refusal::Denied))));
    assert!(waiting.elapsed() > first, "one after the other");
}

#[tokio::test]
async fn a_full_mailbox_says_so_to_its_sender_alone_and_takes_again_after_an_acknowledgement() {
    let world = World::with_limits(Limits { mailbox_envelopes: 3, ..limits() }).await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut sender).await;
    for id in 1..=3 {
        assert_eq!(sender.call(&mailbox.put(id)).await, Reply::Done);
    }
    assert_eq!(sender.call(&mailbox.put(4)).await, FULL);
    assert_eq!(sender.call(&mailbox.put(3)).await, Reply::Done, "a repeat is done");
    let wrong =
        Mailbox { capability: SendCapability::from_bytes([9; 32]), owner: Mailbox::new(1).owner, id: mailbox.id };
    assert_eq!(owner.call(&wrong.put(4)).await, refused(Refusal::Denied));
    mailbox.subscribed(&mut owner, 1).await;
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [1, 2, 3]);
    assert_eq!(owner.call(&mailbox.acknowledge(&[1])).await, Reply::Done);
    assert_eq!(sender.call(&mailbox.put(4)).await, Reply::Done);
    assert_eq!(sender.call(&mailbox.put(5)).await, FULL);
}

#[tokio::test]
async fn a_full_store_keeps_its_last_part_for_conversations_and_takes_acknowledgements() {
    let world = World::with_limits(Limits { store_mib: 1, ..limits() }).await;
    let not_now = refused(Refusal::NotNow);
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(0, &mut sender).await;
    let (mut kept, mut made) = (0, 0);
    loop {
        match sender.call(&mailbox.put(kept)).await {
            Reply::Done => kept += 1,
            reply => {
                assert_eq!(reply, not_now);
                break;
            }
        }
        if sender.call(&Mailbox::new(1000 + u64::from(kept)).create(Admission::Open)).await == Reply::Done {
            made = kept;
        }
    }
    assert!(made > 0 && made < kept, "{made} of {kept}");
    mailbox.subscribed(&mut owner, 1).await;
    let mut seen = Vec::new();
    while seen.len() < usize::from(kept) {
        let page = ids(&owner.call(&mailbox.fetch(false)).await);
        assert_eq!(owner.call(&mailbox.acknowledge(&page)).await, Reply::Done);
        seen.extend(page);
    }
    assert_eq!(seen, (0..kept).collect::<Vec<_>>());
    // There is room again, for mailboxes too, and for as many envelopes, but for what the mailboxes take.
    assert_eq!(sender.call(&Mailbox::new(5000).create(Admission::Open)).await, Reply::Done);
    for id in 0..kept / 4 * 3 {
        assert_eq!(sender.call(&mailbox.put(id)).await, Reply::Done, "{id} of {kept}");
    }
}

fn config(folder: &Path, text: &str) -> String {
    let file = folder.join("relay.toml");
    fs::write(&file, text).unwrap();
    format!(" --config {}", file.display())
}

#[tokio::test]
async fn an_open_relay_says_so_in_its_log_in_its_line_and_to_each_client_and_a_closed_one_says_that_too() {
    let folder = tempfile::tempdir().unwrap();
    for (round, (more, open)) in
        [("", false), (" --open", true), ("open = true\n", true), ("open = false\n", false)].into_iter().enumerate()
    {
        let data = folder.path().join(round.to_string());
        let more = if more.contains('=') { config(folder.path(), more) } else { more.to_owned() };
        let relay = Relay::start(&data, &more);
        assert_eq!(relay.open, open, "{more}");
        let mut client = Client::connect(&relay.address).await;
        assert_eq!(welcome(client.call(&Request::Hello { version: 1 }).await).open, open);
        let made = client.call(&Mailbox::new(1).create(Admission::Open)).await;
        assert_eq!(made, if open { Reply::Done } else { refused(Refusal::Admission) });
        relay.signal(Signal::TERM);
        let (_, errors) = relay.ended();
        assert_eq!(errors.contains("this relay is open"), open, "{errors}");
    }
}

#[test]
fn limits_that_are_none_are_usage_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    for (text_of_file, part) in [
        ("[limits]\nmailbox_envelopes = 0\n", "mailbox_envelopes in [limits] is 0, but must be from 1 to 131072"),
        ("[limits]\nmailbox_envelope = 1\n", "mailbox_envelope"),
        ("[limits]\nconnections = 'many'\n", "connections"),
        ("[limit]\nconnections = 1\n", "Did you mean `limits`?"),
    ] {
        let more = config(folder.path(), text_of_file);
        let output = run(folder.path(), &format!("serve --data DATA --listen 127.0.0.1:0{more}"));
        assert_eq!(output.status.code(), Some(2), "{text_of_file}");
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
    }
}
