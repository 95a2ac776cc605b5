//! Peers that are slow, deaf, gone without a word, or come and go.

use crate::bytes::{frame, push};
use crate::common::{Client, Mailbox, ids, tls};
use crate::house::{Calm, House, Kind, PATIENCE};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::wire::frame::{Reply, Request};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// The deadlines of a relay in a hurry. Longer: the tests wait. Shorter: a busy machine breaks honest connections.
const SHORT: Duration = Duration::from_millis(1500);

/// Between two bytes of somebody who dribbles: far less than a deadline, so that only a deadline for the whole helps.
const DRIBBLE: Duration = Duration::from_millis(20);

async fn tcp(address: &RelayAddress) -> TcpStream {
    TcpStream::connect((address.host.as_str(), address.port)).await.unwrap()
}

/// Sends these bytes one by one, again and again, until the relay closes. It must close while they still go.
async fn dribble(what: &str, stream: impl AsyncRead + AsyncWrite + Unpin, bytes: Vec<u8>) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let closed = async {
        let mut buffer = [0; 1024];
        while let Ok(1..) = reading.read(&mut buffer).await {}
    };
    let sending = async {
        for byte in bytes.iter().cycle() {
            if writing.write_all(&[*byte]).await.is_err() || writing.flush().await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(DRIBBLE).await;
        }
    };
    let cut = async {
        tokio::select! {
            () = closed => {}
            () = sending => {}
        }
    };
    timeout(PATIENCE, cut).await.unwrap_or_else(|_| panic!("{what}: it is still there"));
}

#[tokio::test]
async fn who_dribbles_at_any_layer_is_cut_off_and_leaves_nothing() {
    let house = House::with(Kind::Own(Some(SHORT)), "");
    let base = house.gauge().descriptors;
    let address = &house.address;
    // The beginning of a ClientHello of 16,000 bytes; of an upgrade; of a frame, before Hello and after.
    let hello = [&[0x16, 3, 1, 0x3e, 0x80, 1, 0, 0x3e, 0x7c, 3, 3][..], &[7; 16_000]].concat();
    let header = "X-Header: one\r\n".repeat(1000);
    let upgrade = format!("GET /v1 HTTP/1.1\r\nHost: relay\r\n{header}").into_bytes();
    let tcp_silent = async { dribble("TCP, not a byte", tcp(address).await, vec![]).await };
    let tls_dribble = async { dribble("TLS", tcp(address).await, hello).await };
    let http = async { dribble("HTTP", tls(address).await, upgrade).await };
    let http_silent = async { dribble("HTTP, not a byte", tls(address).await, vec![]).await };
    let put = frame(0x82, 4181, &Mailbox::new(1).put(1).encode(1));
    let before_hello = async {
        let mut stranger = house.stranger().await;
        dribble("a frame before Hello", stranger.socket.get_mut(), put.clone()).await;
    };
    let no_hello = async {
        let mut stranger = house.stranger().await;
        dribble("no frame before Hello", stranger.socket.get_mut(), vec![]).await;
    };
    // Pings show that somebody is there; they are no Hello.
    let pings = async {
        let mut stranger = house.stranger().await;
        dribble("pings before Hello", stranger.socket.get_mut(), frame(0x89, 1, b"x")).await;
    };
    let after_hello = async {
        let mut client = house.client().await;
        dribble("a frame after Hello", client.socket.get_mut(), put.clone()).await;
    };
    tokio::join!(tcp_silent, tls_dribble, http, http_silent, before_hello, no_hello, pings, after_hello);
    house.descriptors_fall_to(base).await;
}

#[tokio::test]
async fn a_stranger_that_never_stops_sending_is_cut_off_too() {
    let house = House::with(Kind::Own(Some(SHORT)), "");
    let base = house.gauge().descriptors;
    let pings = frame(0x89, 0, &[]).repeat(20_000);
    let floods = (0..2).map(|_| async {
        let mut stranger = house.stranger().await;
        let (mut reading, mut writing) = tokio::io::split(stranger.socket.get_mut());
        let sending = async { while writing.write_all(&pings).await.is_ok() {} };
        let reading = async {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(1..) = reading.read(&mut buffer).await {}
        };
        tokio::select! {
            () = sending => {}
            () = reading => {}
        }
    });
    timeout(PATIENCE, join_all(floods)).await.expect("they are cut off");
    house.descriptors_fall_to(base).await;
}

/// Owners whose other end is gone: from here on no word comes from these, nor do they close.
async fn half_open(house: &House) -> Vec<(Mailbox, Client)> {
    let mut silent = Vec::new();
    for seed in 0..20 {
        let mut client = house.client().await;
        let mailbox = Mailbox::made(seed, &mut client).await;
        mailbox.subscribed(&mut client, 1).await;
        client.send(&mailbox.fetch(true)).await;
        silent.push((mailbox, client));
    }
    silent
}

#[tokio::test]
async fn a_half_open_connection_holds_nobody_up() {
    // The ordinary deadlines, which are longer than any machine is slow: the relay has not noticed.
    let house = House::open();
    let base = house.gauge().descriptors;
    let silent = half_open(&house).await;
    let mut back = house.client().await;
    let mut served = 0;
    for (mailbox, _) in &silent {
        mailbox.subscribed(&mut back, 2).await;
        assert_eq!(back.call(&mailbox.put(1)).await, Reply::Done);
        assert_eq!(ids(&back.call(&mailbox.fetch(false)).await), [1]);
        served += 1;
    }
    assert_eq!(served, 20);
    assert!(house.gauge().descriptors > base + 20, "the dead ones are still there");
}

#[tokio::test]
async fn a_half_open_connection_is_dropped() {
    let house = House::with(Kind::Own(Some(SHORT)), "");
    let base = house.gauge().descriptors;
    // On a slow machine the first are dropped before the last has come; each was served when it was new.
    let silent = half_open(&house).await;
    house.descriptors_fall_to(base).await;
    drop(silent);
}

#[tokio::test]
async fn connections_that_come_and_go_at_any_stage_leave_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    for _ in 0..12 {
        join_all((0..30).map(|number| flap(&house, number))).await;
    }
    calm.goes_on(&house, "360 connections that break off at any stage", 1.6).await;
}

/// Goes away at one of six stages, half of the time by a reset.
async fn flap(house: &House, number: usize) {
    let reset = |stream: &TcpStream| {
        if number.is_multiple_of(2) {
            stream.set_zero_linger().unwrap();
        }
    };
    let mailbox = Mailbox::new(number.try_into().unwrap());
    match number % 6 {
        0 | 1 => {
            let mut stream = tcp(&house.address).await;
            let _ = stream.write_all(&[0x16, 3, 1][..number % 3]).await;
            reset(&stream);
        }
        2 => reset(tls(&house.address).await.get_ref().0),
        3 => reset(house.stranger().await.socket.get_ref().get_ref().0),
        4 => {
            let mut client = house.client().await;
            push(&mut client, &frame(0x82, 4181, &[0x15; 600])).await;
            reset(client.socket.get_ref().get_ref().0);
        }
        _ => {
            let mut client = house.client().await;
            client.send(&mailbox.put(1)).await;
            client.send(&mailbox.fetch(true)).await;
            reset(client.socket.get_ref().get_ref().0);
        }
    }
}

/// KiB that a peer which doesn't read may cost the relay: what waits for it, the page that is being written, one that
/// was read ahead, and the buffers of TLS and WebSocket.
const DEAF: u64 = 768;

#[tokio::test]
async fn black_holes_cost_a_bounded_amount_of_memory_and_others_are_served() {
    const FIRST: u64 = 8;
    const MORE: u64 = 24;
    let house = House::open();
    let mut owner = house.client().await;
    let base = house.gauge();
    // The first ones pay for what the relay allocates once; the others for themselves.
    let mut holes = join_all((0..FIRST).map(|seed| black_hole(&house, seed))).await;
    let before = house.gauge();
    holes.extend(join_all((FIRST..FIRST + MORE).map(|seed| black_hole(&house, seed))).await);
    let now = house.gauge();
    assert_eq!(now.descriptors, base.descriptors + holes.len(), "all of them are there at the same time");
    let each = now.peak.saturating_sub(before.peak) / MORE;
    println!("{FIRST} black holes: at most {} KiB; {MORE} more: {} KiB, {each} KiB each", before.peak, now.peak);
    assert!(each <= DEAF, "{each} KiB for each");
    let mailbox = Mailbox::made(100, &mut owner).await;
    assert_eq!(owner.call(&mailbox.put(1)).await, Reply::Done, "others are served");
    drop((owner, holes));
    house.descriptors_fall_to(base.descriptors - 1).await;
}

#[tokio::test]
async fn black_holes_are_closed_though_they_never_read_nor_close() {
    let house = House::with(Kind::Own(Some(SHORT)), "");
    let base = house.gauge();
    let holes = join_all((0..4).map(|seed| black_hole(&house, seed))).await;
    house.descriptors_fall_to(base.descriptors).await;
    drop(holes);
}

/// Asks for its 32 envelopes again and again and reads none of them, until the relay reads no further.
async fn black_hole(house: &House, seed: u64) -> Client {
    let mut hole = house.client().await;
    let mailbox = Mailbox::made(seed, &mut hole).await;
    for id in 0..32 {
        assert_eq!(hole.call(&mailbox.put(id)).await, Reply::Done);
    }
    let channel = hole.channel;
    // Each subscription begins at the front.
    for request in [mailbox.subscribe(&channel, 1), mailbox.fetch(false)].iter().cycle() {
        let frame = Message::Binary(request.encode(1).to_vec().into());
        // It may be closed already: then no send waits any more.
        if !matches!(timeout(Duration::from_millis(300), hole.socket.send(frame)).await, Ok(Ok(()))) {
            break;
        }
    }
    hole
}

#[tokio::test]
async fn a_peer_that_pings_and_reads_no_answer_is_cut_off() {
    let house = House::with(Kind::Own(Some(SHORT)), "");
    let mut deaf = house.client().await;
    let pings = frame(0x89, 125, &[7; 125]).repeat(500);
    // It is heard all the time, and takes nothing: the sockets between us fill up, then the relay must not wait for ever.
    let stream = deaf.socket.get_mut();
    let flood = async { while stream.write_all(&pings).await.is_ok() {} };
    timeout(PATIENCE, flood).await.expect("it is cut off");
    let mut alive = house.client().await;
    let reading = async { while alive.socket.next().await.is_some_and(|message| message.is_ok()) {} };
    assert!(timeout(SHORT * 3, reading).await.is_err(), "who answers pings stays");
    let hello = alive.call(&Request::Hello { version: 1 }).await;
    assert!(matches!(hello, Reply::Refused(_)), "and is heard");
}
