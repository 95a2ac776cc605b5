//! More connections than there is room for. Whoever was served before is served meanwhile and after, and newcomers too.

use crate::common::{Mailbox, ids, tls};
use crate::house::{House, Kind};
use cairn_protocol::wire::frame::Reply;
use futures_util::future::join_all;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_flood_of_strangers_takes_the_places_of_strangers_only() {
    const PLACES: usize = 40;
    let house = House::with(Kind::Own(None), "[limits]\nconnections = 40\n");
    let base = house.gauge().descriptors;
    let mut served = Vec::new();
    for seed in 0..10 {
        let mut client = house.client().await;
        let mailbox = Mailbox::made(seed, &mut client).await;
        mailbox.subscribed(&mut client, 1).await;
        served.push((mailbox, client));
    }
    house.forget_peak();
    let before = house.gauge();
    let (host, port) = (house.address.host.as_str(), house.address.port);
    let mut held = Vec::new();
    for round in 0..10 {
        held.push(join_all((0..50).map(|_| TcpStream::connect((host, port)))).await);
        // In between somebody new comes in, and is served.
        let mut newcomer = house.client().await;
        let mailbox = Mailbox::made(100 + round, &mut newcomer).await;
        assert_eq!(newcomer.call(&mailbox.put(1)).await, Reply::Done);
        for (mailbox, client) in &mut served {
            let id = u8::try_from(round).unwrap();
            assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
            assert_eq!(ids(&client.call(&mailbox.fetch(false)).await), [id]);
        }
        let descriptors = house.gauge().descriptors;
        assert!(descriptors <= base + PLACES + 8, "{descriptors} descriptors, {base} without connections");
    }
    let peak = house.gauge().peak;
    println!("500 connections where there are {PLACES} places: {} KiB before, {peak} KiB at most", before.memory);
    assert!(peak < 2 * before.memory, "{peak} KiB");
    drop(held);
    house.descriptors_fall_to(before.descriptors + 10).await;
    assert!(!house.said().contains("panicked"));
}

#[tokio::test]
async fn handshakes_that_are_never_finished_do_not_keep_others_out() {
    let house = House::with(Kind::Own(None), "[limits]\nconnections = 16\n");
    let mut served = house.client().await;
    let mailbox = Mailbox::made(1, &mut served).await;
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(join_all((0..8).map(|_| tls(&house.address))).await);
        let mut newcomer = house.client().await;
        assert_eq!(newcomer.call(&mailbox.put(1)).await, Reply::Done);
    }
    assert_eq!(served.call(&mailbox.put(2)).await, Reply::Done);
}
