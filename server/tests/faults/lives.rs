//! A restart that everybody comes back from, clocks that are wrong by years.

use crate::common::{Client, Mailbox, ids};
use crate::house::{House, Kind, until};
use cairn_protocol::wire::frame::Reply;
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use std::path::Path;
use std::time::Instant;

async fn everything(mailbox: &Mailbox, owner: &mut Client) -> Vec<u8> {
    let mut kept = Vec::new();
    loop {
        let page = ids(&owner.call(&mailbox.fetch(false)).await);
        if page.is_empty() {
            return kept;
        }
        kept.extend(page);
    }
}

/// Clients that come back after a restart, if the machine has descriptors for as many.
const CLIENTS: u64 = 2000;

/// Connects, makes its mailbox or finds it there, and waits for an envelope.
async fn waiting(house: &House, seed: u64, count: u64) -> (Mailbox, Client, u32) {
    let mut client = house.client().await;
    let mailbox = Mailbox::made(seed, &mut client).await;
    mailbox.subscribed(&mut client, count).await;
    let parked = client.send(&mailbox.fetch(true)).await;
    (mailbox, client, parked)
}

async fn all_waiting(house: &House, clients: u64, count: u64) -> Vec<(Mailbox, Client, u32)> {
    let mut waiters = Vec::new();
    let seeds: Vec<u64> = (0..clients).collect();
    for some in seeds.chunks(64) {
        waiters.extend(join_all(some.iter().map(|seed| waiting(house, *seed, count))).await);
    }
    waiters
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_clients_come_back_after_a_kill_and_each_gets_what_is_its_own() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let clients = limit.maximum.map_or(CLIENTS, |most| CLIENTS.min(most.saturating_sub(200)));
    let house = House::open();
    let mut sender = house.client().await;
    let waiters = all_waiting(&house, clients, 1).await;
    let before = house.gauge();
    for (mailbox, ..) in &waiters {
        sender.send(&mailbox.put(1)).await;
        assert_eq!(sender.reply().await.unwrap().1, Reply::Done);
    }
    let (code, _, house) = house.again(Signal::KILL);
    assert_eq!(code, None);
    drop(waiters);
    let started = Instant::now();
    let mut waiters = all_waiting(&house, clients, 2).await;
    let back = started.elapsed();
    for (mailbox, client, parked) in &mut waiters {
        let (number, reply) = client.reply().await.unwrap();
        assert_eq!((number, ids(&reply)), (*parked, vec![1]));
        client.send(&mailbox.acknowledge(&[1])).await;
        assert_eq!(client.reply().await.unwrap().1, Reply::Done);
    }
    let after = house.gauge();
    println!("{clients} clients came back in {back:?}; memory {} KiB before, {} after", before.memory, after.memory);
    assert!(after.memory < 2 * before.memory, "{} KiB, {} before the kill", after.memory, before.memory);
    assert!(after.descriptors <= before.descriptors + 8, "{} descriptors", after.descriptors);
    drop(waiters);
    house.descriptors_fall_to(before.descriptors - usize::try_from(clients).unwrap()).await;
    assert_eq!(house.dump().iter().filter(|row| row.contains("\"type\":\"envelope\"")).count(), 0);
}

/// As if the machine's clock had moved by these days since the relay last ran.
fn clock_moves(data: &Path, days: i64) {
    let connection = rusqlite::Connection::open(data.join("relay.db")).unwrap();
    assert_eq!(connection.execute("UPDATE store SET clock_day = clock_day - ?1", [days]).unwrap(), 1);
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_ten_years_deletes_nothing_and_lifetimes_go_on_after_it() {
    const TEN_YEARS: i64 = 3653;
    let mut house = House::with(Kind::Program, "envelope_days = 2\n");
    let mut client = house.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
    drop(client);
    let wrong = [TEN_YEARS, -TEN_YEARS, -TEN_YEARS, TEN_YEARS].map(|days| (days, true));
    // And then the days that it may live, and one more.
    for (count, (days, there)) in (1..).zip(wrong.into_iter().chain([(1, true), (1, true), (1, false)])) {
        (_, _, house) = house.again_after(Signal::TERM, |data| clock_moves(data, days));
        if there {
            let mut owner = house.client().await;
            mailbox.subscribed(&mut owner, count).await;
            assert_eq!(everything(&mailbox, &mut owner).await, [1], "step {count}, {days} days");
        } else {
            until("it is over", || !house.dump().iter().any(|row| row.contains("\"type\":\"envelope\""))).await;
        }
    }
}
