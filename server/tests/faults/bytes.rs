//! Bytes that no client of ours sends: before TLS, in the HTTP upgrade, in WebSocket frames, in the relay's frames.

use crate::common::{Client, Mailbox, tls};
use crate::house::{Calm, House, MARKER, PATIENCE, marked};
use cairn_protocol::limits::{REQUEST, SEALED_BUNDLE};
use cairn_protocol::mailbox::{Generation, OwnerOperation, SlotId, VaultMark};
use cairn_protocol::token::{ClaimToken, ManageToken, Pass, TokenHash, Voucher};
use cairn_protocol::wire::frame::{Admission, Refusal, Reply, Request};
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// How many times its base the relay's memory may be while strangers send what they like: room for the caches of its
/// threads, none for what is sent.
const STEADY: f64 = 1.5;

/// A WebSocket frame with a mask of zeros: first byte, claimed length, payload.
pub(crate) fn frame(first: u8, claimed: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(claimed) {
        Ok(short @ 0..=125) => bytes.push(0x80 | short.to_be_bytes()[1]),
        Ok(medium) => {
            bytes.push(0xfe);
            bytes.extend(medium.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0xff);
            bytes.extend(claimed.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A whole message in one frame.
fn whole(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, u64::try_from(payload.len()).unwrap(), payload)
}

/// What a relay says until it closes; it must close.
pub(crate) async fn answers(client: &mut Client) -> Vec<Reply> {
    let mut replies = Vec::new();
    while let Some((_, reply)) = client.reply().await {
        replies.push(reply);
    }
    replies
}

/// Sends bytes below WebSocket. A relay that has closed already takes no more: that is what is hoped for.
pub(crate) async fn push(client: &mut Client, bytes: &[u8]) {
    let stream = client.socket.get_mut();
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
}

/// Sends bytes to a fresh connection after Hello; what the relay says until it closes.
async fn after_hello(house: &House, bytes: &[u8]) -> Vec<Reply> {
    let mut client = house.client().await;
    push(&mut client, bytes).await;
    answers(&mut client).await
}

fn malformed() -> Vec<Reply> {
    vec![Reply::Refused(Refusal::Malformed)]
}

#[tokio::test]
async fn frames_of_any_length_and_any_kind_end_their_connection_and_change_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let body = marked(REQUEST + 1);
    let long_close = marked(126);
    for (what, bytes, expected) in [
        ("no byte", whole(0x82, &[]), vec![]),
        ("one byte", whole(0x82, &body[..1]), vec![]),
        ("four bytes", whole(0x82, &body[..4]), vec![]),
        ("a number and no more", whole(0x82, &body[..5]), malformed()),
        ("as long as a frame may be", whole(0x82, &body[..REQUEST]), malformed()),
        ("one byte longer", whole(0x82, &body), vec![]),
        ("a claimed length of 2^63", frame(0x82, 1 << 63, &body), vec![]),
        ("a claimed length of 2^63 - 1", frame(0x82, (1 << 63) - 1, &body), vec![]),
        ("a claimed length of 2^64 - 1", frame(0x82, u64::MAX, &body), vec![]),
        ("a claimed length of 2^32", frame(0x82, 1 << 32, &body), vec![]),
        ("text", whole(0x81, &MARKER[..8]), vec![]),
        ("text that is no UTF-8", whole(0x81, &[0xff, 0xfe]), vec![]),
        ("no mask", [&[0x82, 16][..], MARKER].concat(), vec![]),
        ("a compressed frame", whole(0xc2, MARKER), vec![]),
        ("reserved bits", whole(0xb2, MARKER), vec![]),
        ("a reserved kind", whole(0x83, MARKER), vec![]),
        ("a reserved control kind", whole(0x8b, MARKER), vec![]),
        ("a piece without a beginning", whole(0x80, MARKER), vec![]),
        ("a beginning inside a beginning", [whole(0x02, MARKER), whole(0x82, MARKER)].concat(), vec![]),
        ("a ping in pieces", whole(0x09, MARKER), vec![]),
        ("a ping that is too long", frame(0x89, 126, &long_close), vec![]),
        ("a close that is too long", frame(0x88, 126, &long_close), vec![]),
        ("a close of one byte", whole(0x88, &[3]), vec![]),
        ("a close with an impossible code", whole(0x88, &[[0xff, 0xff].as_slice(), MARKER].concat()), vec![]),
    ] {
        assert_eq!(after_hello(&house, &bytes).await, expected, "{what}");
    }
    calm.goes_on(&house, "frames of any length and kind", STEADY).await;
}

#[tokio::test]
async fn a_hundred_thousand_fragments_take_no_memory() {
    const FRAGMENTS: usize = 100_000;
    let house = House::open();
    let calm = Calm::of(&house).await;
    let one_byte = [whole(0x02, b"X"), whole(0x00, b"X").repeat(FRAGMENTS)].concat();
    assert_eq!(after_hello(&house, &one_byte).await, [], "a message too long by its pieces is too long");
    // Pieces without a byte never make it too long: it is one frame in the end.
    let mut client = house.client().await;
    let hello = Request::Hello { version: 1 }.encode(9).to_vec();
    let nothing = [whole(0x02, &hello), whole(0x00, &[]).repeat(FRAGMENTS), whole(0x80, &[])].concat();
    push(&mut client, &nothing).await;
    assert_eq!(answers(&mut client).await, malformed(), "a second Hello");
    calm.goes_on(&house, "100,000 fragments", STEADY).await;
}

#[tokio::test]
async fn a_flood_of_pings_takes_no_memory_and_holds_nobody_up() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let pings = whole(0x89, &marked(125)).repeat(20_000);
    let mut deaf: Vec<Client> = join_all((0..4).map(|_| house.client())).await;
    // More pongs than the sockets between us hold, for peers that read none: the writing stops when the relay does.
    let flood = deaf.iter_mut().map(|client| async {
        let stream = client.socket.get_mut();
        let _ = timeout(std::time::Duration::from_secs(3), stream.write_all(&pings)).await;
    });
    let mut served = house.client().await;
    let mailbox = Mailbox::new(1);
    let served = async {
        for _ in 0..100 {
            assert_eq!(served.call(&mailbox.put(1)).await, Reply::Refused(Refusal::Denied));
        }
    };
    tokio::join!(join_all(flood), served);
    calm_again(calm, deaf, &house, "2.5 MB of pings from each of four that read no pong").await;
}

async fn calm_again(calm: Calm, gone: Vec<Client>, house: &House, what: &str) {
    drop(gone);
    calm.goes_on(house, what, STEADY).await;
}

#[tokio::test]
async fn garbage_before_tls_and_older_tls_get_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let (host, port) = (house.address.host.as_str(), house.address.port);
    let record = |kind: u8, length: u16, body: &[u8]| [&[kind, 3, 1], &length.to_be_bytes()[..], body].concat();
    for garbage in [
        b"GET /v1 HTTP/1.1\r\nHost: Xyzzy-7f3a91c2!\r\n\r\n".to_vec(),
        b"SSH-2.0-Xyzzy-7f3a91c2!\r\n".to_vec(),
        vec![0; 4096],
        marked(1 << 20),
        record(0x16, u16::MAX, &marked(1 << 17)),
        record(0x16, 4, &[1, 0xff, 0xff, 0xff]),
        record(0x17, 16, MARKER),
        record(0x15, 2, &[2, 40]),
        record(0x16, 0, &[]).repeat(10_000),
    ] {
        let mut stream = TcpStream::connect((host, port)).await.unwrap();
        let _ = stream.write_all(&garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection ends");
        assert!(answer.len() <= 32, "an alert at most, no word more: {answer:?}");
    }
    calm.goes_on(&house, "garbage before TLS", STEADY).await;
}

/// What comes back for the head of an HTTP request, until the relay closes or has upgraded.
async fn asked_by_http(house: &House, head: &[u8]) -> String {
    let mut stream = tls(&house.address).await;
    let _ = stream.write_all(head).await;
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("it answers or closes") {
        answer.extend_from_slice(&buffer[..length]);
        if answer.starts_with(b"HTTP/1.1 101") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn upgrade(path: &str, version: &str, more: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/{version}\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn an_upgrade_that_is_not_as_it_must_be_is_none_and_compression_is_not_taken_up() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let header = |count: usize| "X-Xyzzy-7f3a91c2: '; DROP TABLE mailbox; --\r\n".repeat(count);
    // Five of the headers are the upgrade's own, and 124 are the most.
    assert!(asked_by_http(&house, &upgrade("/v1", "1.1", &header(119))).await.starts_with("HTTP/1.1 101"));
    for (what, head) in [
        ("HTTP/1.0", upgrade("/v1", "1.0", "")),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("125 headers", upgrade("/v1", "1.1", &header(120))),
        ("another path", upgrade("/v1/../Xyzzy", "1.1", "")),
        ("SQL for a path", upgrade("/v1';DROP%20TABLE%20mailbox;--", "1.1", "")),
        ("NUL in the path", upgrade("/v1\0", "1.1", "")),
        ("NUL in a header", upgrade("/v1", "1.1", "X-Xyzzy: \0\r\n")),
        ("no upgrade", b"GET /v1 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("another method", b"POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n".to_vec()),
        ("an old WebSocket", String::from_utf8(upgrade("/v1", "1.1", "")).unwrap().replace("13", "8").into_bytes()),
        ("a header of 1 MB", upgrade("/v1", "1.1", &format!("X-Xyzzy: {}\r\n", "x".repeat(1 << 20)))),
        ("a head without an end", marked(1 << 20)),
    ] {
        let answer = asked_by_http(&house, &head).await;
        assert!(!answer.starts_with("HTTP/1.1 101"), "{what}: {answer}");
        assert!(!answer.contains("Xyzzy"), "{what}: {answer}");
    }
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let answer = asked_by_http(&house, &upgrade("/v1", "1.1", offer)).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(!answer.to_lowercase().contains("extensions") && !answer.contains("deflate"), "{answer}");
    calm.goes_on(&house, "upgrades", STEADY).await;
}

/// One request of each kind that would do something if it were whole; they come after Hello.
pub(crate) fn one_of_each(mailbox: &Mailbox) -> Vec<Request> {
    let slot = SlotId::from_bytes([1; 32]);
    let generation = Generation { count: 1, mark: VaultMark::from_bytes(*MARKER) };
    let channel = cairn_protocol::mailbox::ChannelBinding([0; 32]);
    let proof = mailbox.owner.prove(&channel, &mailbox.id, OwnerOperation::Subscribe(generation));
    let manage = || ManageToken::from_bytes([2; 32]);
    vec![
        Request::Hello { version: 1 },
        mailbox.create(Admission::Open),
        mailbox.create(Admission::Pass(Pass::from_bytes([3; 32]))),
        mailbox.create(Admission::Voucher(Voucher::from_bytes([4; 32]))),
        Request::DeleteMailbox { mailbox: mailbox.id, proof },
        Request::Subscribe { mailbox: mailbox.id, generation, proof },
        mailbox.fetch(false),
        mailbox.fetch(true),
        mailbox.acknowledge(&[]),
        mailbox.acknowledge(&[1, 2, 3]),
        mailbox.put(1),
        Request::PutBundle {
            slot,
            manage: manage().hash(),
            voucher: TokenHash::from_bytes([5; 32]),
            expires_day: cairn_relay::calendar::clock_day() + 1,
            admission: Admission::Open,
            bundle: Box::new([6; SEALED_BUNDLE]),
        },
        Request::TakeBundle { slot, claim: ClaimToken::from_bytes([7; 32]) },
        Request::BundleStatus { slot, manage: manage() },
        Request::RevokeBundle { slot, manage: manage() },
    ]
}

/// Where a frame is cut: at every byte of its fields; in what is sealed, at both ends and in steps.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (0..length).filter(move |cut| *cut < 200 || cut + 3 > length || cut % 509 == 0)
}

/// Sends each of these frames on a connection of its own, some at a time; all must be refused and the connection closed.
async fn all_are_refused(house: &House, frames: Vec<(String, Vec<u8>)>) {
    for some in frames.chunks(16) {
        join_all(some.iter().map(|(what, bytes)| async move {
            let mut client = house.client().await;
            client.raw(Message::Binary(bytes.clone().into())).await;
            let expected = if bytes.len() < 5 { vec![] } else { malformed() };
            assert_eq!(answers(&mut client).await, expected, "{what}");
        }))
        .await;
    }
}

#[tokio::test]
async fn a_request_that_is_cut_at_any_byte_or_longer_than_it_is_changes_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let mut frames = Vec::new();
    for request in one_of_each(&Mailbox::new(1)) {
        let bytes = request.encode(7).to_vec();
        for cut in cuts(bytes.len()) {
            frames.push((format!("type {:x} cut at {cut}", bytes[0]), bytes[..cut].to_vec()));
        }
        for more in [&[0][..], MARKER] {
            frames.push((format!("type {:x} and {} bytes more", bytes[0], more.len()), [&bytes, more].concat()));
        }
    }
    assert!(frames.len() > 1000, "{}", frames.len());
    all_are_refused(&house, frames).await;
    calm.goes_on(&house, "requests cut at any byte", STEADY).await;
}

#[tokio::test]
async fn a_connection_that_breaks_off_at_any_byte_of_a_frame_changes_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let bytes = whole(0x82, &Mailbox::new(1).create(Admission::Open).encode(7));
    let places: Vec<usize> = (0..bytes.len()).collect();
    for some in places.chunks(16) {
        join_all(some.iter().map(|cut| async {
            let mut client = house.client().await;
            push(&mut client, &bytes[..*cut]).await;
        }))
        .await;
    }
    calm.goes_on(&house, "connections broken off at any byte", STEADY).await;
}

#[tokio::test]
async fn unknown_types_long_encodings_and_count_bombs_are_malformed() {
    const KNOWN: [u8; 11] = [0x01, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23];
    let house = House::open();
    let calm = Calm::of(&house).await;
    let mailbox = Mailbox::new(1);
    let mut frames = Vec::new();
    for kind in (0..=u8::MAX).filter(|kind| !KNOWN.contains(kind)) {
        frames.push((format!("type {kind:x}"), [&[kind, 0, 0, 0, 7], &marked(64)[..]].concat()));
    }
    let changed = |request: &Request, place: usize, byte: u8| {
        let mut bytes = request.encode(7).to_vec();
        bytes[place] = byte;
        bytes
    };
    let (create, fetch, acknowledge) =
        (mailbox.create(Admission::Open), mailbox.fetch(false), mailbox.acknowledge(&[1, 2]));
    let admission = 5 + 32 + 32 + 32;
    for byte in 2..=u8::MAX {
        frames.push((format!("wait is {byte}"), changed(&fetch, 5 + 32, byte)));
    }
    for byte in 3..=u8::MAX {
        frames.push((format!("admission is {byte}"), changed(&create, admission, byte)));
    }
    for place in 1..=32 {
        frames.push((format!("nothing shown, and a byte at {place}"), changed(&create, admission + place, 1)));
    }
    for count in (0..=u8::MAX).filter(|count| *count != 2) {
        frames.push((format!("two identifiers that claim to be {count}"), changed(&acknowledge, 5 + 32, count)));
    }
    // All there are, but above the limit.
    for count in [129, 255] {
        let head = [&[0x14, 0, 0, 0, 7][..], mailbox.id.as_bytes(), &[count]].concat();
        frames.push((format!("{count} identifiers"), [head, marked(16 * usize::from(count))].concat()));
    }
    for point in small_order() {
        let mut bytes = create.encode(7).to_vec();
        bytes[37..69].copy_from_slice(&point);
        frames.push((format!("an owner key of small order, {point:x?}"), bytes));
    }
    all_are_refused(&house, frames).await;
    calm.goes_on(&house, "unknown types, long encodings, count bombs, weak keys", STEADY).await;
}

/// Every encoding of a point of small order on edwards25519, those that are not canonical too.
fn small_order() -> Vec<[u8; 32]> {
    let hex = |text: &str| -> [u8; 32] {
        let byte = |place: usize| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap();
        core::array::from_fn(byte)
    };
    let (zeros, prime) = ("00".repeat(30), "ff".repeat(30));
    let eight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc";
    let other = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03";
    let mut points: Vec<String> = ["00", "80"].iter().map(|last| format!("00{zeros}{last}")).collect();
    points.extend(["00", "80"].iter().map(|last| format!("01{zeros}{last}")));
    for first in ["ec", "ed", "ee"] {
        points.extend(["7f", "ff"].iter().map(|last| format!("{first}{prime}{last}")));
    }
    points.extend([format!("{eight}05"), format!("{eight}85"), format!("{other}7a"), format!("{other}fa")]);
    points.iter().map(|text| hex(text)).collect()
}

#[tokio::test]
async fn a_slow_stream_of_whole_frames_is_answered_one_by_one_whatever_the_pieces() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let mut client = house.client().await;
    let request = Mailbox::new(1).put(1).encode(3).to_vec();
    for size in [1, 2, 3, 125, 126, 1000, 4096] {
        let mut pieces = Vec::new();
        let last = request.len().div_ceil(size) - 1;
        for (place, piece) in request.chunks(size).enumerate() {
            let first = if place == 0 { 0x02 } else { 0x00 } | if place == last { 0x80 } else { 0x00 };
            pieces.extend(whole(first, piece));
        }
        push(&mut client, &pieces).await;
        assert_eq!(client.reply().await, Some((3, Reply::Refused(Refusal::Denied))), "pieces of {size}");
    }
    client.socket.send(Message::Ping(MARKER.to_vec().into())).await.unwrap();
    assert_eq!(client.socket.next().await.unwrap().unwrap(), Message::Pong(MARKER.to_vec().into()));
    drop(client);
    calm.goes_on(&house, "requests in pieces", STEADY).await;
}
