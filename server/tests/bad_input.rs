//! What a peer may send that it should not: always a typed refusal or a closed connection, and nothing else happens.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test file uses the rest")]
mod common;

use cairn_protocol::limits::REQUEST;
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use cairn_relay::connection::Deadlines;
use common::{Mailbox, World, refused, tls};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

fn binary(bytes: impl Into<Vec<u8>>) -> Message {
    Message::Binary(bytes.into().into())
}

#[tokio::test]
async fn nothing_but_hello_is_heard_before_hello_and_hello_once_only() {
    let world = World::open().await;
    let mailbox = Mailbox::new(1);
    for request in [mailbox.create(Admission::Open), mailbox.put(1), mailbox.fetch(true), mailbox.acknowledge(&[])] {
        let mut stranger = world.stranger().await;
        let number = stranger.send(&request).await;
        stranger.is_cut_off(number).await;
    }
    let mut client = world.client().await;
    let number = client.send(&Request::Hello { version: 1 }).await;
    client.is_cut_off(number).await;
    let mut client = world.client().await;
    let channel = client.channel;
    assert_eq!(client.call(&mailbox.subscribe(&channel, 1)).await, refused(Refusal::Denied), "nothing was made");
}

#[tokio::test]
async fn another_version_is_named_and_the_connection_ends() {
    let world = World::open().await;
    for version in [0, 2, 255] {
        let mut stranger = world.stranger().await;
        assert_eq!(stranger.call(&Request::Hello { version }).await, refused(Refusal::Version));
        assert_eq!(stranger.reply().await, None);
    }
}

#[tokio::test]
async fn cut_and_longer_frames_are_malformed_under_their_number() {
    let world = World::open().await;
    let mailbox = Mailbox::new(1);
    let whole = mailbox.put(1).encode(7).to_vec();
    let longer = [whole.as_slice(), &[0]].concat();
    for frame in [&whole[..5], &whole[..whole.len() - 1], &longer, &[0xff, 0, 0, 0, 7]] {
        let mut client = world.client().await;
        client.raw(binary(frame)).await;
        client.is_cut_off(7).await;
    }
    // Too short to bear a number: just the end.
    for frame in [&[][..], &whole[..1], &whole[..4]] {
        let mut client = world.client().await;
        client.raw(binary(frame)).await;
        assert_eq!(client.reply().await, None);
    }
}

#[tokio::test]
async fn text_and_frames_above_the_limit_end_the_connection() {
    let world = World::open().await;
    let mut client = world.client().await;
    client.raw(Message::Text("{}".into())).await;
    assert_eq!(client.reply().await, None);
    let mut client = world.client().await;
    client.raw(binary(vec![0x15; REQUEST])).await;
    let number = u32::from_be_bytes([0x15; 4]);
    client.is_cut_off(number).await;
    let mut client = world.client().await;
    client.raw(binary(vec![0x15; REQUEST + 1])).await;
    assert_eq!(client.reply().await, None);
}

#[tokio::test]
async fn a_claimed_length_of_two_to_the_63_and_unmasked_frames_end_the_connection() {
    let world = World::open().await;
    let long = [&[0x82, 0xff][..], &(1_u64 << 63).to_be_bytes(), &[0; 4]].concat();
    let unmasked = [&[0x82, 6, 1, 0, 0, 0, 1, 1][..]].concat();
    let reserved = [&[0xc2, 0x80, 0, 0, 0, 0][..]].concat();
    for bytes in [long, unmasked, reserved] {
        let mut client = world.client().await;
        client.socket.get_mut().write_all(&bytes).await.unwrap();
        client.socket.get_mut().flush().await.unwrap();
        assert_eq!(client.reply().await, None);
    }
}

#[tokio::test]
async fn a_request_in_a_thousand_fragments_is_heard_and_pings_are_answered() {
    let world = World::open().await;
    let mut client = world.client().await;
    let mailbox = Mailbox::new(1);
    let frame = mailbox.create(Admission::Open).encode(5).to_vec();
    let mut bytes = Vec::new();
    for (index, byte) in frame.iter().enumerate() {
        let opcode = if index == 0 { 2 } else { 0 };
        let last = if index + 1 == frame.len() { 0x80 } else { 0 };
        bytes.extend_from_slice(&[opcode | last, 0x81, 0, 0, 0, 0, *byte]);
    }
    client.socket.get_mut().write_all(&bytes).await.unwrap();
    client.socket.get_mut().flush().await.unwrap();
    assert_eq!(client.reply().await, Some((5, Reply::Done)));
    client.raw(Message::Ping(vec![1, 2, 3].into())).await;
    let pong = client.socket.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(vec![1, 2, 3].into()));
}

#[tokio::test]
async fn another_path_and_plain_http_get_no_connection() {
    let world = World::open().await;
    let stream = tls(&world.relay.address).await;
    assert!(tokio_tungstenite::client_async("ws://relay.invalid/v2", stream).await.is_err());
    for request in ["GET /v1 HTTP/1.0\r\n\r\n", "GET /v1 HTTP/1.1\r\nHost: a\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let mut stream = tls(&world.relay.address).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 101"));
    }
}

#[tokio::test]
async fn garbage_before_tls_is_dropped_and_the_relay_goes_on() {
    let world = World::open().await;
    let address = &world.relay.address;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 64], &[0x16, 3, 1, 0xff, 0xff]] {
        let mut stream = TcpStream::connect((address.host.as_str(), address.port)).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    world.client().await;
}

#[tokio::test]
async fn who_takes_too_long_to_greet_or_falls_silent_is_dropped() {
    let short = Duration::from_millis(300);
    let deadlines = Deadlines { greeting: short, ping: short, silence: short * 2, ..Deadlines::default() };
    let world = World::with(true, deadlines).await;
    let address = &world.relay.address;
    let mut silent = TcpStream::connect((address.host.as_str(), address.port)).await.unwrap();
    let mut no_upgrade = tls(address).await;
    let mut no_hello = world.stranger().await;
    let mut mute = world.client().await;
    assert!(!matches!(silent.read(&mut [0; 1]).await, Ok(1..)));
    assert!(!matches!(no_upgrade.read(&mut [0; 1]).await, Ok(1..)));
    assert_eq!(no_hello.reply().await, None);
    // Reads nothing, so answers no ping; whoever reads does, and stays.
    tokio::time::sleep(short * 6).await;
    assert_eq!(mute.reply().await, None);
    let mut alive = world.client().await;
    let reading = async { while alive.socket.next().await.is_some_and(|message| message.is_ok()) {} };
    assert!(tokio::time::timeout(short * 8, reading).await.is_err(), "it is still there");
    let mailbox = Mailbox::new(1);
    assert_eq!(alive.call(&mailbox.create(Admission::Open)).await, Reply::Done);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off_and_others_are_served() {
    let deadlines = Deadlines { stall: Duration::from_millis(500), ..Deadlines::default() };
    let world = World::with(true, deadlines).await;
    let (mut reader, mut deaf) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut reader).await;
    for id in 0..32 {
        assert_eq!(reader.call(&mailbox.put(id)).await, Reply::Done);
    }
    // Each subscription starts at the front: page after page for a peer that takes none of them.
    let cut = async {
        for count in 1.. {
            let subscribe = mailbox.subscribe(&deaf.channel, count).encode(1).to_vec();
            let fetch = mailbox.fetch(false).encode(2).to_vec();
            if count > 1000 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            for frame in [subscribe, fetch] {
                if futures_util::SinkExt::send(&mut deaf.socket, binary(frame)).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cut).await.expect("the deaf one is cut off");
    assert_eq!(reader.call(&mailbox.put(100)).await, Reply::Done);
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_nobody_up() {
    let world = World::open().await;
    let (mut reader, mut deaf) = (world.client().await, world.client().await);
    let mut full = Vec::new();
    for seed in 0..120 {
        let mailbox = Mailbox::made(seed, &mut reader).await;
        for id in 0..32 {
            reader.send(&mailbox.put(id)).await;
        }
        for _ in 0..32 {
            assert_eq!(reader.reply().await.unwrap().1, Reply::Done);
        }
        mailbox.subscribed(&mut deaf, 1).await;
        full.push(mailbox);
    }
    // 16 MB of pages at once for one who takes none: more than the sockets between us hold.
    for (number, mailbox) in (1..).zip(&full) {
        let frame = mailbox.fetch(number % 2 == 0).encode(number).to_vec();
        futures_util::SinkExt::feed(&mut deaf.socket, binary(frame)).await.unwrap();
    }
    futures_util::SinkExt::flush(&mut deaf.socket).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let other = Mailbox::made(1000, &mut reader).await;
    other.subscribed(&mut reader, 1).await;
    for id in 0..100 {
        assert_eq!(reader.call(&other.put(id)).await, Reply::Done);
        assert_eq!(common::ids(&reader.call(&other.fetch(false)).await), [id]);
        assert_eq!(reader.call(&other.acknowledge(&[id])).await, Reply::Done);
    }
    // And whoever reads again gets all of it.
    for _ in &full {
        assert_eq!(common::ids(&deaf.reply().await.unwrap().1).len(), 32);
    }
}
