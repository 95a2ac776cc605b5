//! What is left in the files of a relay: nothing of what was deleted, no address, no time finer than a day, no order in
//! which mailboxes were made. The bytes are read as they lie on the disk.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::limits::{ENVELOPE, SEALED_BUNDLE};
use cairn_protocol::mailbox::{EnvelopeId, MailboxId, OwnerSecret, SlotId};
use cairn_protocol::token::{ClaimToken, ManageToken, TokenHash, Voucher};
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use cairn_relay::calendar;
use cairn_relay::store::sqlite::SqliteStore;
use cairn_relay::store::{Admit, NewMailbox, Store};
use common::{Client, Mailbox, ids, refused};
use process::{Relay, program, run, text};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Stands in every envelope and every bundle. An envelope lies in the file shut with a key of its own, so that one who
/// deletes the key deletes the envelope: of those the keys are looked for.
const MARKER: &[u8] = b"a word that must not stay";

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

/// How often these bytes stand in the files of a folder.
fn left(folder: &Path, what: &[u8]) -> usize {
    files(folder).iter().map(|(_, bytes)| count(bytes, what)).sum()
}

fn marked<const N: usize>(rng: &mut StdRng) -> Box<[u8; N]> {
    let mut bytes = Box::new([0; N]);
    rng.fill_bytes(bytes.as_mut_slice());
    for part in bytes.chunks_mut(512) {
        let length = MARKER.len().min(part.len());
        part[..length].copy_from_slice(&MARKER[..length]);
    }
    bytes
}

/// Envelopes of several mailboxes come and all are acknowledged, in order and in disorder, one by one and several at once;
/// one mailbox goes with what waits in it; a bundle comes, is taken and withdrawn. Returns the identifiers that were deleted.
async fn traffic<T>(relay: &Relay, while_there: impl Fn() -> T) -> (Vec<[u8; 16]>, T) {
    // Another seed than any mailbox has: what is drawn here is nowhere else.
    let mut rng = StdRng::seed_from_u64(1000);
    let (mut sender, mut owner) = (relay.client().await, relay.client().await);
    let mut deleted = Vec::new();
    let mut boxes = Vec::new();
    for seed in 0..4 {
        boxes.push(Mailbox::made(seed, &mut sender).await);
    }
    let mut waiting = Vec::new();
    for _ in 0..60 {
        for mailbox in &boxes {
            let id = EnvelopeId::random(&mut rng);
            let (capability, envelope) = (mailbox.capability.duplicate(), marked::<ENVELOPE>(&mut rng));
            let put = Request::Put { mailbox: mailbox.id, capability, id, envelope };
            assert_eq!(sender.call(&put).await, Reply::Done);
            waiting.push((mailbox.id, id));
            deleted.push(*id.as_bytes());
        }
    }
    let (slot, manage, voucher) =
        (SlotId::from_bytes([9; 32]), ManageToken::random(&mut rng), Voucher::random(&mut rng));
    let bundle = Request::PutBundle {
        slot,
        manage: manage.hash(),
        voucher: voucher.hash(),
        expires_day: calendar::clock_day() + 14,
        admission: Admission::Open,
        bundle: marked::<SEALED_BUNDLE>(&mut rng),
    };
    assert_eq!(sender.call(&bundle).await, Reply::Done);
    let take = Request::TakeBundle { slot, claim: ClaimToken::random(&mut rng) };
    assert!(matches!(sender.call(&take).await, Reply::Bundle(_)));
    let seen = while_there();
    let in_order = waiting.clone();
    waiting.shuffle(&mut rng);
    for mailbox in &boxes {
        mailbox.subscribed(&mut owner, 1).await;
    }
    // The last mailbox goes with what waits in it.
    for (mailbox, waiting, at_once) in [(&boxes[0], &waiting, 1), (&boxes[1], &in_order, 10), (&boxes[2], &waiting, 10)]
    {
        let own: Vec<_> = waiting.iter().filter(|(of, _)| *of == mailbox.id).map(|(_, id)| *id).collect();
        for ids in own.chunks(at_once) {
            let acknowledged = Request::Acknowledge { mailbox: mailbox.id, ids: ids.to_vec() };
            assert_eq!(owner.call(&acknowledged).await, Reply::Done);
        }
    }
    let operation = cairn_protocol::mailbox::OwnerOperation::Delete;
    let proof = boxes[3].owner.prove(&owner.channel, &boxes[3].id, operation);
    assert_eq!(owner.call(&Request::DeleteMailbox { mailbox: boxes[3].id, proof }).await, Reply::Done);
    assert_eq!(sender.call(&Request::RevokeBundle { slot, manage }).await, Reply::Done);
    (deleted, seen)
}

fn opened(folder: &Path) -> rusqlite::Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    rusqlite::Connection::open_with_flags(folder.join("relay.db"), flags).unwrap()
}

/// The keys of all bodies, each of which stands somewhere in the files.
fn keys(folder: &Path) -> Vec<[u8; 32]> {
    let other = opened(folder);
    let mut statement = other.prepare("SELECT key FROM envelope").unwrap();
    let keys: Vec<[u8; 32]> = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(keys.len(), 240);
    assert!(keys.iter().all(|key| left(folder, key) > 0), "they are there");
    keys
}

#[tokio::test]
async fn what_was_deleted_is_gone_from_every_file_when_the_journal_is_written_back() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let there = || {
        assert!(left(folder.path(), MARKER) >= 8, "the bundle is there");
        keys(folder.path())
    };
    let (deleted, keys) = traffic(&relay, there).await;
    let keys_left = || keys.iter().filter(|key| left(folder.path(), *key) > 0).count();
    assert!(left(folder.path(), MARKER) > 0 && keys_left() > 0, "until then the journal holds them");
    relay.signal(Signal::KILL);
    assert_eq!(relay.ended().0, None);
    assert!(left(folder.path(), MARKER) > 0 && keys_left() > 0, "after a crash too");
    // A relay that starts sweeps at once, and goes on running.
    let relay = Relay::start(folder.path(), " --open");
    let start = Instant::now();
    while left(folder.path(), MARKER) > 0 || keys_left() > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} keys are left", keys_left());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(deleted.iter().all(|id| left(folder.path(), id) == 0), "nor their identifiers");
    // And a stop leaves nothing either.
    let (deleted, keys) = traffic(&relay, there).await;
    relay.signal(Signal::TERM);
    assert_eq!(relay.ended().0, Some(0));
    assert_eq!(left(folder.path(), MARKER), 0);
    assert!(keys.iter().all(|key| left(folder.path(), key) == 0), "nor a key");
    assert!(deleted.iter().all(|id| left(folder.path(), id) == 0), "nor their identifiers");
    assert!(files(folder.path()).iter().all(|(path, _)| !path.to_string_lossy().ends_with("-wal")));
    let rows = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        opened(folder.path()).query_row(&sql, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!(
        (rows("envelope"), rows("body")),
        (0, 240),
        "what stays is bodies that nothing opens, and no more than waited"
    );
}

/// A TCP address as programs write it, and as the system holds it.
fn disguises(peer: SocketAddr) -> Vec<(&'static str, Vec<u8>)> {
    let IpAddr::V4(ip) = peer.ip() else { panic!("IPv4") };
    let (octets, port) = (ip.octets(), peer.port().to_be_bytes());
    let hex: String = octets.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("the address in words", ip.to_string().into_bytes()),
        ("the address in hexadecimal", hex.into_bytes()),
        ("address and port as bytes", [&octets[..], &port].concat()),
        ("port and address as bytes", [&port[..], &octets].concat()),
        ("the port in words", format!(":{}", peer.port()).into_bytes()),
        ("the port in words", format!("port {}", peer.port()).into_bytes()),
        ("the port in words", format!("port={}", peer.port()).into_bytes()),
    ]
}

#[tokio::test]
async fn no_address_of_a_peer_and_no_fine_time_stand_in_any_file_log_or_count() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs) = (folder.path().join("data"), folder.path().join("logs"));
    fs::create_dir(&logs).unwrap();
    let arguments = format!(
        "serve --data DATA --listen 127.0.0.1:0 --open --metrics 127.0.0.1:0 --logs {}",
        logs.to_str().unwrap()
    );
    let before = calendar::clock_seconds();
    let mut command = program(&data, &arguments);
    let relay =
        Relay::of(command.env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    // An address that nothing else here has.
    let from: IpAddr = "127.83.71.59".parse().unwrap();
    let (mut client, peer) = Client::connect_from(&relay.address, from).await;
    assert!(matches!(client.call(&Request::Hello { version: 1 }).await, Reply::Welcome(_)));
    let mailbox = Mailbox::made(1, &mut client).await;
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
    mailbox.subscribed(&mut client, 1).await;
    assert_eq!(ids(&client.call(&mailbox.fetch(false)).await), [1]);
    assert_eq!(client.call(&Mailbox::new(2).put(1)).await, refused(Refusal::Denied));
    // Whatever could move a program to complain: no TLS, a request that is none, a connection that is cut.
    let (mut broken, broken_peer) = Client::connect_from(&relay.address, from).await;
    let number = broken.send(&mailbox.put(2)).await;
    broken.is_cut_off(number).await;
    let (plain, plain_peer) = common::tcp_from(&relay.address, from).await;
    plain.try_write(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    drop(plain);
    let metrics = http(relay.metrics.as_deref().unwrap(), "/metrics");
    assert!(metrics.contains("cairn_relay_ready 1"), "{metrics}");
    let live = [(PathBuf::from("metrics"), metrics.into_bytes())].into_iter().chain(files(folder.path()));
    let mut all: Vec<_> = live.collect();
    let dump = run(&data, "dump --data DATA --full").stdout;
    relay.signal(Signal::TERM);
    let (code, errors) = relay.ended();
    assert_eq!(code, Some(0), "{errors}");
    let after = calendar::clock_seconds();
    all.extend([(PathBuf::from("standard error"), errors.into_bytes()), (PathBuf::from("dump"), dump)]);
    all.extend(files(folder.path()));
    assert!(all.iter().any(|(path, bytes)| path.starts_with(&logs) && !bytes.is_empty()), "there is a log");
    let found = |all: &[(PathBuf, Vec<u8>)]| -> Vec<String> {
        let peers = [peer, broken_peer, plain_peer];
        let wanted: Vec<_> = peers.into_iter().flat_map(disguises).collect();
        all.iter()
            .flat_map(|(path, bytes)| {
                wanted
                    .iter()
                    .filter(|(_, what)| count(bytes, what) > 0)
                    .map(|(how, _)| format!("{how} in {}", path.display()))
            })
            .collect()
    };
    assert_eq!(found(&all), Vec::<String>::new());
    // Seconds as a number of 4 bytes (so also the halves of one of 8), milliseconds, and as text.
    let times = |all: &[(PathBuf, Vec<u8>)]| -> Vec<String> {
        all.iter()
            .flat_map(|(path, bytes)| {
                (before..=after).filter_map(move |second| {
                    let short = u32::try_from(second).unwrap();
                    let said = [&short.to_be_bytes()[..], &short.to_le_bytes(), second.to_string().as_bytes()]
                        .iter()
                        .any(|what| count(bytes, what) > 0);
                    said.then(|| format!("{second} in {}", path.display()))
                })
            })
            .collect()
    };
    assert_eq!(times(&all), Vec::<String>::new());
    // The searches find what is there.
    let planted = |text: String| vec![(PathBuf::from("planted"), text.into_bytes())];
    assert!(!found(&planted(format!("a connection from {peer}"))).is_empty());
    assert!(!times(&planted(format!("at {before}"))).is_empty());
}

fn http(place: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(place).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    text(&answer)
}

/// Where each of these mailboxes lies in the file.
fn places(folder: &Path, mailboxes: &[MailboxId]) -> Vec<usize> {
    let file = fs::read(folder.join("relay.db")).unwrap();
    let place = |mailbox: &MailboxId| file.windows(32).position(|window| window == mailbox.as_bytes()).unwrap();
    mailboxes.iter().map(place).collect()
}

/// Pairs, made one after the other, that lie in one page of 4,096 bytes in the order in which they were made.
fn in_order(places: &[usize]) -> f64 {
    let pairs: Vec<_> = places.windows(2).filter(|pair| pair[0] / 4096 == pair[1] / 4096).collect();
    let falling = pairs.iter().filter(|pair| pair[0] > pair[1]).count();
    f64::from(u32::try_from(falling).unwrap()) / f64::from(u32::try_from(pairs.len()).unwrap())
}

#[tokio::test]
async fn the_place_of_a_mailbox_in_the_file_does_not_say_when_it_was_made() {
    let mut rng = StdRng::seed_from_u64(2);
    let owner = OwnerSecret::random(&mut rng).key();
    let mailboxes: Vec<_> = (0..20).map(|_| MailboxId::random(&mut rng)).collect();
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), Arc::new(|_| {})).unwrap();
    for id in &mailboxes {
        let new = NewMailbox { id: *id, owner, capability: TokenHash::from_bytes([1; 32]) };
        store.create_mailbox(new, Admit::Free, 1).await.unwrap();
    }
    // As SQLite lays them down: the journal is written back by another's hand.
    let before = {
        let other = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
        other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        places(folder.path(), &mailboxes)
    };
    assert_eq!(in_order(&before), 1.0, "without a scrub the file tells: {before:?}");
    store.scrub().await.unwrap();
    let after = places(folder.path(), &mailboxes);
    assert!((0.2..0.8).contains(&in_order(&after)), "{after:?}");
    // It is the order of their random identifiers, which says nothing.
    let mut by_id: Vec<_> = mailboxes.iter().zip(after).collect();
    by_id.sort_by_key(|(id, _)| *id.as_bytes());
    let places: Vec<_> = by_id.into_iter().map(|(_, place)| place).collect();
    assert!(places.is_sorted() || places.iter().rev().is_sorted(), "{places:?}");
    for id in &mailboxes {
        assert_eq!(store.owner(*id).await, Ok(Some(owner)), "all are there");
    }
}
