//! Requests that are well formed and not allowed, or repeated, or at the ends of their ranges.

use crate::bytes::{answers, one_of_each};
use crate::common::{Mailbox, ids, refused};
use crate::house::{Calm, House, MARKER, marked};
use cairn_protocol::limits::{ENVELOPE, SEALED_BUNDLE};
use cairn_protocol::mailbox::{EnvelopeId, Generation, MailboxId, OwnerOperation, SlotId, VaultMark};
use cairn_protocol::token::{ClaimToken, ManageToken, SendCapability, TokenHash};
use cairn_protocol::wire::frame::{Admission, BundleState, Refusal, Reply, Request};
use rustix::process::Signal;

/// As in `bytes`.
const STEADY: f64 = 1.5;

#[tokio::test]
async fn every_command_before_hello_ends_the_connection_and_changes_nothing() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    for request in one_of_each(&Mailbox::new(1)).iter().skip(1) {
        let mut stranger = house.stranger().await;
        stranger.send(request).await;
        assert_eq!(answers(&mut stranger).await, [refused(Refusal::Malformed)], "{request:?}");
    }
    for version in (0..=u8::MAX).step_by(17).filter(|version| *version != 1) {
        let mut stranger = house.stranger().await;
        stranger.send(&Request::Hello { version }).await;
        assert_eq!(answers(&mut stranger).await, [refused(Refusal::Version)], "{version}");
    }
    calm.goes_on(&house, "commands before Hello", STEADY).await;
}

#[tokio::test]
async fn without_the_owners_proof_nothing_is_fetched_acknowledged_or_deleted() {
    let (house, other) = (House::open(), House::open());
    let mut owner = house.client().await;
    let mailbox = Mailbox::made(1, &mut owner).await;
    assert_eq!(owner.call(&mailbox.put(1)).await, Reply::Done);
    let calm = Calm::of(&house).await;
    let mut thief = house.client().await;
    let denied = refused(Refusal::Denied);
    for request in [mailbox.fetch(false), mailbox.fetch(true), mailbox.acknowledge(&[1]), mailbox.acknowledge(&[])] {
        assert_eq!(thief.call(&request).await, denied);
    }
    // The owner's own proof: for another connection, and made for the same mailbox at another relay.
    let mut elsewhere = other.client().await;
    assert_eq!(elsewhere.call(&mailbox.create(Admission::Open)).await, Reply::Done);
    for channel in [owner.channel, elsewhere.channel] {
        assert_eq!(thief.call(&mailbox.subscribe(&channel, 9)).await, denied);
        let proof = mailbox.owner.prove(&channel, &mailbox.id, OwnerOperation::Delete);
        assert_eq!(thief.call(&Request::DeleteMailbox { mailbox: mailbox.id, proof }).await, denied);
    }
    // On the right connection, for another operation, generation, mailbox, with another key, and with each byte wrong.
    let generation = |count| Generation { count, mark: VaultMark::from_bytes([1; 16]) };
    let subscribe = |generation, proof| Request::Subscribe { mailbox: mailbox.id, generation, proof };
    let right = mailbox.owner.prove(&thief.channel, &mailbox.id, OwnerOperation::Subscribe(generation(9)));
    let delete = mailbox.owner.prove(&thief.channel, &mailbox.id, OwnerOperation::Delete);
    let foreign = mailbox.owner.prove(&thief.channel, &Mailbox::new(2).id, OwnerOperation::Subscribe(generation(9)));
    let key = Mailbox::new(3).owner.prove(&thief.channel, &mailbox.id, OwnerOperation::Subscribe(generation(9)));
    for (wrong, count) in [(right, 10), (delete, 9), (foreign, 9), (key, 9), ([0; 64], 9), ([0xff; 64], 9)] {
        assert_eq!(thief.call(&subscribe(generation(count), wrong)).await, denied);
    }
    assert_eq!(thief.call(&Request::DeleteMailbox { mailbox: mailbox.id, proof: right }).await, denied);
    for place in 0..right.len() {
        let mut wrong = right;
        wrong[place] ^= 1;
        assert_eq!(thief.call(&subscribe(generation(9), wrong)).await, denied, "byte {place}");
    }
    // The same signature with the group's order added to its second half, which a lenient check would take.
    assert_eq!(thief.call(&subscribe(generation(9), with_order_added(right))).await, denied);
    drop((thief, elsewhere, owner));
    calm.goes_on(&house, "proofs that prove nothing", STEADY).await;
}

/// S + L instead of S (RFC 8032 §5.1.7 refuses it).
fn with_order_added(mut proof: [u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0_u16;
    for (byte, more) in proof[32..].iter_mut().zip(ORDER) {
        let [high, low] = (u16::from(*byte) + u16::from(more) + carry).to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    proof
}

#[tokio::test]
async fn acknowledging_what_is_unknown_foreign_or_gone_changes_nothing() {
    let house = House::open();
    let mut owner = house.client().await;
    let (mine, other) = (Mailbox::made(1, &mut owner).await, Mailbox::made(2, &mut owner).await);
    for id in 1..=3 {
        assert_eq!(owner.call(&mine.put(id)).await, Reply::Done);
        assert_eq!(owner.call(&other.put(id + 10)).await, Reply::Done);
    }
    mine.subscribed(&mut owner, 1).await;
    assert_eq!(owner.call(&mine.acknowledge(&[2])).await, Reply::Done);
    let calm = Calm::of(&house).await;
    for ids in [&[][..], &[99], &[2], &[2; 128], &[11, 12, 13], &[0, 255]] {
        assert_eq!(owner.call(&mine.acknowledge(ids)).await, Reply::Done, "{ids:?}");
    }
    assert_eq!(ids(&owner.call(&mine.fetch(false)).await), [1, 3], "what is there is still there");
    drop(owner);
    calm.goes_on(&house, "acknowledgements of nothing", STEADY).await;
}

#[tokio::test]
async fn a_hundred_times_the_same_is_once() {
    let house = House::open();
    let mut client = house.client().await;
    let mailbox = Mailbox::new(1);
    let day = cairn_relay::calendar::clock_day() + 14;
    let bundle = Request::PutBundle {
        slot: SlotId::from_bytes([1; 32]),
        manage: ManageToken::from_bytes([2; 32]).hash(),
        voucher: TokenHash::from_bytes([3; 32]),
        expires_day: day,
        admission: Admission::Open,
        bundle: Box::new([4; SEALED_BUNDLE]),
    };
    let take = Request::TakeBundle { slot: SlotId::from_bytes([1; 32]), claim: ClaimToken::from_bytes([5; 32]) };
    let taken = Reply::Bundle(Box::new([4; SEALED_BUNDLE]));
    let subscribe = mailbox.subscribe(&client.channel.clone(), 5);
    for (request, reply) in [
        (mailbox.create(Admission::Open), Reply::Done),
        (mailbox.put(1), Reply::Done),
        (mailbox.put(2), Reply::Done),
        (bundle, Reply::Done),
        (take, taken),
        (subscribe, Reply::Done),
    ] {
        assert_eq!(client.call(&request).await, reply);
        let once = house.dump();
        // All at once: most of them come before the first is answered.
        let mut others = house.client().await;
        for _ in 1..100 {
            match &request {
                Request::Subscribe { .. } => client.send(&request).await,
                _ => others.send(&request).await,
            };
        }
        let asked = if matches!(request, Request::Subscribe { .. }) { &mut client } else { &mut others };
        for _ in 1..100 {
            assert_eq!(asked.reply().await.unwrap().1, reply, "{request:?}");
        }
        assert_eq!(house.dump(), once, "{request:?}");
    }
    assert_eq!(ids(&client.call(&mailbox.fetch(false)).await), [1, 2], "each of them once, in order");
    for _ in 0..100 {
        client.send(&mailbox.acknowledge(&[1])).await;
    }
    for _ in 0..100 {
        assert_eq!(client.reply().await.unwrap().1, Reply::Done);
    }
    let rows = house.dump();
    assert_eq!(rows.iter().filter(|row| row.contains("\"type\":\"envelope\"")).count(), 1);
    // The same identifier with other bytes is another matter, and the first stays.
    let Request::Put { mailbox: to, capability, id, .. } = mailbox.put(2) else { unreachable!() };
    let other = Request::Put { mailbox: to, capability, id, envelope: Box::new([9; ENVELOPE]) };
    for _ in 0..100 {
        assert_eq!(client.call(&other).await, refused(Refusal::Conflict));
    }
    let capability = TokenHash::from_bytes([9; 32]);
    let create =
        Request::CreateMailbox { mailbox: to, owner: mailbox.owner.key(), capability, admission: Admission::Open };
    assert_eq!(client.call(&create).await, refused(Refusal::Conflict));
    assert_eq!(house.dump(), rows);
}

#[tokio::test]
async fn a_second_taker_gets_nothing_however_often_it_asks_and_the_first_may_repeat() {
    let house = House::open();
    let mut client = house.client().await;
    let slot = SlotId::from_bytes([1; 32]);
    let manage = || ManageToken::from_bytes([2; 32]);
    let bundle = Request::PutBundle {
        slot,
        manage: manage().hash(),
        voucher: TokenHash::from_bytes([3; 32]),
        expires_day: cairn_relay::calendar::clock_day() + 14,
        admission: Admission::Open,
        bundle: Box::new([4; SEALED_BUNDLE]),
    };
    let take = |claim: u8| Request::TakeBundle { slot, claim: ClaimToken::from_bytes([claim; 32]) };
    assert_eq!(client.call(&bundle).await, Reply::Done);
    // Fifty at once: one of them is the first, whoever it is.
    let mut takers = futures_util::future::join_all((0..50).map(|_| house.client())).await;
    let asked = takers.iter_mut().zip(1..).map(|(taker, claim)| {
        let request = take(claim);
        async move { taker.call(&request).await }
    });
    let replies = futures_util::future::join_all(asked).await;
    let given = |reply: &Reply| matches!(reply, Reply::Bundle(_));
    assert_eq!(replies.iter().filter(|reply| given(reply)).count(), 1);
    assert_eq!(replies.iter().filter(|reply| **reply == refused(Refusal::Taken)).count(), 49);
    let first = u8::try_from(replies.iter().position(given).unwrap()).unwrap() + 1;
    let rows = house.dump();
    for claim in 0..=60 {
        let reply = client.call(&take(claim)).await;
        assert_eq!(given(&reply), claim == first, "{claim}: {reply:?}");
    }
    let state = Reply::BundleState(BundleState { taken: true, second_taker: true });
    assert_eq!(client.call(&Request::BundleStatus { slot, manage: manage() }).await, state);
    let wrong = ManageToken::from_bytes([9; 32]);
    assert_eq!(client.call(&Request::RevokeBundle { slot, manage: wrong }).await, refused(Refusal::Gone));
    assert_eq!(house.dump(), rows);
}

#[tokio::test]
async fn numbers_at_both_ends_of_their_ranges_hold_over_a_restart() {
    let house = House::open();
    let mut client = house.client().await;
    for number in [0, 1, u32::MAX] {
        let frame = Mailbox::new(9).put(1).encode(number).to_vec();
        client.raw(tokio_tungstenite::tungstenite::Message::Binary(frame.into())).await;
        assert_eq!(client.reply().await, Some((number, refused(Refusal::Denied))));
    }
    let mailbox = Mailbox::made(1, &mut client).await;
    let channel = client.channel;
    let behind = refused(Refusal::Behind);
    for count in [0, 1, 1 << 63, u64::MAX - 1, u64::MAX] {
        assert_eq!(client.call(&mailbox.subscribe(&channel, count)).await, Reply::Done, "{count}");
    }
    for count in [0, 1, (1 << 63) - 1, 1 << 63, u64::MAX - 1] {
        assert_eq!(client.call(&mailbox.subscribe(&channel, count)).await, behind, "{count}");
    }
    let (_, said, house) = house.again(Signal::KILL);
    assert!(!said.contains("panicked"), "{said}");
    let mut client = house.client().await;
    let channel = client.channel;
    let rows = house.dump();
    assert_eq!(client.call(&mailbox.subscribe(&channel, u64::MAX - 1)).await, behind);
    let generation = Generation { count: u64::MAX, mark: VaultMark::from_bytes([2; 16]) };
    let proof = mailbox.owner.prove(&channel, &mailbox.id, OwnerOperation::Subscribe(generation));
    assert_eq!(client.call(&Request::Subscribe { mailbox: mailbox.id, generation, proof }).await, behind, "a copy");
    assert_eq!(client.call(&mailbox.subscribe(&channel, u64::MAX)).await, Reply::Done, "the same again");
    assert_eq!(house.dump(), rows);
}

#[tokio::test]
async fn an_invitation_of_the_past_or_of_the_year_9999_is_refused_and_nothing_of_it_kept() {
    const YEAR_9999: u32 = 2_932_896;
    let house = House::open();
    let calm = Calm::of(&house).await;
    let today = cairn_relay::calendar::clock_day();
    let invitation = |expires_day| Request::PutBundle {
        slot: SlotId::from_bytes([1; 32]),
        manage: TokenHash::from_bytes([2; 32]),
        voucher: TokenHash::from_bytes([3; 32]),
        expires_day,
        admission: Admission::Open,
        bundle: marked(SEALED_BUNDLE).try_into().unwrap(),
    };
    let mut client = house.client().await;
    for day in [0, 1, today - 365, today - 2] {
        assert_eq!(client.call(&invitation(day)).await, refused(Refusal::Gone), "{day}");
    }
    for day in [today + 33, YEAR_9999, i32::MAX.cast_unsigned(), u32::MAX] {
        let mut client = house.client().await;
        client.send(&invitation(day)).await;
        assert_eq!(answers(&mut client).await, [refused(Refusal::Malformed)], "{day}");
    }
    drop(client);
    calm.goes_on(&house, "invitations of the past and of the year 9999", STEADY).await;
}

#[tokio::test]
async fn sql_and_nul_in_every_field_are_bytes_like_others() {
    let house = House::open();
    let calm = Calm::of(&house).await;
    let denied = refused(Refusal::Denied);
    let gone = refused(Refusal::Gone);
    for text in ["'; DROP TABLE mailbox; --\0", "\" OR \"\"=\"\0", "\0", "%00%n%s{}{0}", "1); DELETE FROM envelope"] {
        fn fill<const N: usize>(text: &str) -> [u8; N] {
            let bytes: Vec<u8> = text.bytes().chain(*MARKER).cycle().take(N).collect();
            bytes.try_into().unwrap()
        }
        let mailbox = MailboxId::from_bytes(fill(text));
        let (slot, id) = (SlotId::from_bytes(fill(text)), EnvelopeId::from_bytes(fill(text)));
        let generation = Generation { count: 1, mark: VaultMark::from_bytes(fill(text)) };
        let capability = SendCapability::from_bytes(fill(text));
        let manage = || ManageToken::from_bytes(fill(text));
        let mut client = house.client().await;
        for (request, reply) in [
            (Request::Put { mailbox, capability, id, envelope: Box::new(fill(text)) }, &denied),
            (Request::Fetch { mailbox, wait: false }, &denied),
            (Request::Fetch { mailbox, wait: true }, &denied),
            (Request::Acknowledge { mailbox, ids: vec![id; 128] }, &denied),
            (Request::DeleteMailbox { mailbox, proof: fill(text) }, &denied),
            (Request::Subscribe { mailbox, generation, proof: fill(text) }, &denied),
            (Request::TakeBundle { slot, claim: ClaimToken::from_bytes(fill(text)) }, &gone),
            (Request::BundleStatus { slot, manage: manage() }, &gone),
            (Request::RevokeBundle { slot, manage: manage() }, &gone),
        ] {
            assert_eq!(client.call(&request).await, *reply, "{text:?} {request:?}");
        }
    }
    calm.goes_on(&house, "SQL and NUL in every field", STEADY).await;
    // And where they may be kept they are kept as they came.
    let mut client = house.client().await;
    let mut mailbox = Mailbox::new(5);
    mailbox.id = MailboxId::from_bytes(*b"'; DROP TABLE mailbox; --\0\0\0\0\0\0\0");
    assert_eq!(client.call(&mailbox.create(Admission::Open)).await, Reply::Done);
    assert_eq!(client.call(&mailbox.put(3)).await, Reply::Done);
    mailbox.subscribed(&mut client, 1).await;
    assert_eq!(ids(&client.call(&mailbox.fetch(false)).await), [3]);
}
