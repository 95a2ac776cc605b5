//! A relay as its clients see it: over TLS and WebSocket, on loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;

use cairn_protocol::base32;
use cairn_protocol::limits::{PAGE, SEALED_BUNDLE};
use cairn_protocol::mailbox::{Generation, OwnerOperation, SlotId, VaultMark};
use cairn_protocol::token::{ClaimToken, ManageToken, Pass, SendCapability, Voucher};
use cairn_protocol::wire::frame::{Admission, BundleState, Refusal, Reply, Request};
use cairn_relay::calendar;
use cairn_relay::connection::Deadlines;
use cairn_relay::store::sqlite::add_pass;
use common::{Mailbox, World, ids, refused, welcome};
use std::time::Duration;

fn invitation(voucher: &Voucher, admission: Admission, expires_day: u32) -> Request {
    Request::PutBundle {
        slot: SlotId::from_bytes([1; 32]),
        manage: ManageToken::from_bytes([2; 32]).hash(),
        voucher: voucher.hash(),
        expires_day,
        admission,
        bundle: Box::new([3; SEALED_BUNDLE]),
    }
}

fn take(claim: u8) -> Request {
    Request::TakeBundle { slot: SlotId::from_bytes([1; 32]), claim: ClaimToken::from_bytes([claim; 32]) }
}

fn status() -> Request {
    Request::BundleStatus { slot: SlotId::from_bytes([1; 32]), manage: ManageToken::from_bytes([2; 32]) }
}

fn revoke() -> Request {
    Request::RevokeBundle { slot: SlotId::from_bytes([1; 32]), manage: ManageToken::from_bytes([2; 32]) }
}

#[tokio::test]
async fn a_welcome_names_the_store_which_is_the_same_after_a_restart() {
    let world = World::open().await;
    let first = welcome(world.stranger().await.call(&Request::Hello { version: 1 }).await);
    assert_eq!((first.version, first.restores, first.envelope_days, first.open), (1, 0, 14, true));
    assert!(first.time.abs_diff(calendar::clock_seconds()) < 60);
    let pin = world.relay.address.pin;
    let world = world.restarted().await;
    let second = welcome(world.stranger().await.call(&Request::Hello { version: 1 }).await);
    assert_eq!((first.store, pin), (second.store, world.relay.address.pin));
}

#[tokio::test]
async fn an_envelope_goes_from_its_sender_to_its_owner_and_is_gone_when_acknowledged() {
    let world = World::open().await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    assert_eq!(sender.call(&mailbox.put(1)).await, Reply::Done);
    assert_eq!(sender.call(&mailbox.put(1)).await, Reply::Done, "the same again");
    mailbox.subscribed(&mut owner, 1).await;
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [1]);
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [0; 0], "given once to a subscription");
    mailbox.subscribed(&mut owner, 2).await;
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [1], "and again to the next, until acknowledged");
    assert_eq!(owner.call(&mailbox.acknowledge(&[1, 9])).await, Reply::Done);
    mailbox.subscribed(&mut owner, 3).await;
    assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [0; 0]);
}

#[tokio::test]
async fn many_puts_in_flight_on_one_connection_keep_their_order() {
    let world = World::open().await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    for id in 0..200 {
        sender.send(&mailbox.put(id)).await;
    }
    for _ in 0..200 {
        assert_eq!(sender.reply().await.unwrap().1, Reply::Done);
    }
    mailbox.subscribed(&mut owner, 1).await;
    let mut seen = Vec::new();
    // All fetches at once: each page is given once, whichever reply comes first.
    for _ in 0..8 {
        owner.send(&mailbox.fetch(false)).await;
    }
    for _ in 0..8 {
        let (number, reply) = owner.reply().await.unwrap();
        assert!(ids(&reply).len() <= PAGE);
        seen.push((number, ids(&reply)));
    }
    seen.sort_unstable();
    let seen: Vec<u8> = seen.into_iter().flat_map(|(_, ids)| ids).collect();
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_parked_fetch_is_answered_when_an_envelope_comes() {
    let world = World::open().await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    mailbox.subscribed(&mut owner, 1).await;
    for id in 1..=20 {
        let number = owner.send(&mailbox.fetch(true)).await;
        // Answered on the same connection while the fetch is parked.
        assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [0; 0]);
        assert_eq!(sender.call(&mailbox.put(id)).await, Reply::Done);
        let (answered, reply) = owner.reply().await.unwrap();
        assert_eq!((answered, ids(&reply)), (number, vec![id]));
    }
}

#[tokio::test]
async fn a_second_parked_fetch_of_a_subscription_is_malformed() {
    let world = World::open().await;
    let mut owner = world.client().await;
    let mailbox = Mailbox::made(1, &mut owner).await;
    mailbox.subscribed(&mut owner, 1).await;
    owner.send(&mailbox.fetch(true)).await;
    let second = owner.send(&mailbox.fetch(true)).await;
    owner.is_cut_off(second).await;
}

#[tokio::test]
async fn a_newer_subscription_fences_the_older_one_wherever_it_is() {
    let world = World::open().await;
    let (mut old, mut new) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut old).await;
    mailbox.subscribed(&mut old, 1).await;
    let parked = old.send(&mailbox.fetch(true)).await;
    mailbox.subscribed(&mut new, 2).await;
    assert_eq!(old.reply().await, Some((parked, refused(Refusal::Fenced))));
    assert_eq!(old.call(&mailbox.fetch(false)).await, refused(Refusal::Fenced));
    assert_eq!(old.call(&mailbox.fetch(true)).await, refused(Refusal::Fenced));
    assert_eq!(new.call(&mailbox.put(1)).await, Reply::Done);
    assert_eq!(old.call(&mailbox.acknowledge(&[1])).await, refused(Refusal::Fenced));
    assert_eq!(old.call(&mailbox.subscribe(&old.channel.clone(), 1)).await, refused(Refusal::Behind));
    assert_eq!(ids(&new.call(&mailbox.fetch(false)).await), [1]);
    // The same generation again is the same vault on another connection.
    mailbox.subscribed(&mut old, 2).await;
    assert_eq!(new.call(&mailbox.fetch(false)).await, refused(Refusal::Fenced));
    assert_eq!(ids(&old.call(&mailbox.fetch(false)).await), [1]);
}

#[tokio::test]
async fn a_copy_of_a_vault_stays_behind_after_a_restart() {
    let world = World::open().await;
    let mut owner = world.client().await;
    let mailbox = Mailbox::made(1, &mut owner).await;
    mailbox.subscribed(&mut owner, 7).await;
    let world = world.restarted().await;
    let mut copy = world.client().await;
    assert_eq!(copy.call(&mailbox.subscribe(&copy.channel.clone(), 6)).await, refused(Refusal::Behind));
    let other_mark = Generation { count: 7, mark: VaultMark::from_bytes([2; 16]) };
    let proof = mailbox.owner.prove(&copy.channel, &mailbox.id, OwnerOperation::Subscribe(other_mark));
    let stated = Request::Subscribe { mailbox: mailbox.id, generation: other_mark, proof };
    assert_eq!(copy.call(&stated).await, refused(Refusal::Behind));
    assert_eq!(copy.call(&mailbox.fetch(false)).await, refused(Refusal::Denied));
    mailbox.subscribed(&mut copy, 7).await;
}

#[tokio::test]
async fn a_missing_mailbox_and_a_wrong_key_get_the_same_answer() {
    let world = World::open().await;
    let mut client = world.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    let missing = Mailbox::new(2);
    let wrong = Mailbox { id: mailbox.id, ..Mailbox::new(3) };
    for stranger in [&missing, &wrong] {
        let channel = client.channel;
        assert_eq!(client.call(&stranger.subscribe(&channel, 1)).await, refused(Refusal::Denied));
        assert_eq!(client.call(&stranger.put(1)).await, refused(Refusal::Denied));
        assert_eq!(client.call(&stranger.fetch(false)).await, refused(Refusal::Denied));
        assert_eq!(client.call(&stranger.fetch(true)).await, refused(Refusal::Denied));
        assert_eq!(client.call(&stranger.acknowledge(&[1])).await, refused(Refusal::Denied));
        let proof = stranger.owner.prove(&channel, &stranger.id, OwnerOperation::Delete);
        let delete = Request::DeleteMailbox { mailbox: stranger.id, proof };
        assert_eq!(client.call(&delete).await, refused(Refusal::Denied));
    }
    mailbox.subscribed(&mut client, 1).await;
}

#[tokio::test]
async fn a_proof_of_another_connection_or_operation_is_refused() {
    let world = World::open().await;
    let (mut first, mut second) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut first).await;
    let replayed = mailbox.subscribe(&first.channel, 1);
    assert_eq!(second.call(&replayed).await, refused(Refusal::Denied));
    assert_eq!(first.call(&replayed).await, Reply::Done);
    let Request::Subscribe { proof, .. } = replayed else { unreachable!() };
    let delete = Request::DeleteMailbox { mailbox: mailbox.id, proof };
    assert_eq!(first.call(&delete).await, refused(Refusal::Denied));
}

#[tokio::test]
async fn a_deleted_mailbox_ends_its_subscription_and_takes_nothing_more() {
    let world = World::open().await;
    let (mut owner, mut sender) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    mailbox.subscribed(&mut owner, 1).await;
    let parked = owner.send(&mailbox.fetch(true)).await;
    let proof = mailbox.owner.prove(&sender.channel, &mailbox.id, OwnerOperation::Delete);
    let delete = Request::DeleteMailbox { mailbox: mailbox.id, proof };
    assert_eq!(sender.call(&delete).await, Reply::Done);
    assert_eq!(owner.reply().await, Some((parked, refused(Refusal::Fenced))));
    assert_eq!(sender.call(&delete).await, refused(Refusal::Denied));
    assert_eq!(sender.call(&mailbox.put(1)).await, refused(Refusal::Denied));
}

#[tokio::test]
async fn without_a_pass_or_a_voucher_a_closed_relay_makes_nothing() {
    let world = World::with(false, Deadlines::default()).await;
    let mut client = world.client().await;
    let day = calendar::clock_day() + 14;
    let (pass, voucher) = (Pass::from_bytes([5; 32]), Voucher::from_bytes([6; 32]));
    let (inviter, guest) = (Mailbox::new(1), Mailbox::new(2));
    for admission in [Admission::Open, Admission::Pass(pass.duplicate()), Admission::Voucher(voucher.duplicate())] {
        assert_eq!(client.call(&inviter.create(admission)).await, refused(Refusal::Admission));
    }
    let bundle = invitation(&voucher, Admission::Open, day);
    assert_eq!(client.call(&bundle).await, refused(Refusal::Admission));
    // A pass made while the relay runs works at once.
    add_pass(world.folder.path(), &pass.hash(), 1, None).unwrap();
    assert_eq!(client.call(&inviter.create(Admission::Pass(pass.duplicate()))).await, Reply::Done);
    assert_eq!(client.call(&invitation(&voucher, Admission::Pass(pass), day)).await, Reply::Done);
    assert_eq!(client.call(&guest.create(Admission::Voucher(voucher.duplicate()))).await, Reply::Done);
    assert_eq!(client.call(&guest.create(Admission::Voucher(voucher.duplicate()))).await, Reply::Done);
    let third = Mailbox::new(3);
    assert_eq!(client.call(&third.create(Admission::Voucher(voucher))).await, refused(Refusal::Admission));
}

#[tokio::test]
async fn a_bundle_is_taken_once_and_its_inviter_hears_of_a_second_taker() {
    let world = World::open().await;
    let mut client = world.client().await;
    let voucher = Voucher::from_bytes([6; 32]);
    let bundle = invitation(&voucher, Admission::Open, calendar::clock_day() + 14);
    assert_eq!(client.call(&take(1)).await, refused(Refusal::Gone));
    assert_eq!(client.call(&bundle).await, Reply::Done);
    assert_eq!(client.call(&bundle).await, Reply::Done);
    assert_eq!(client.call(&take(1)).await, Reply::Bundle(Box::new([3; SEALED_BUNDLE])));
    assert_eq!(client.call(&take(1)).await, Reply::Bundle(Box::new([3; SEALED_BUNDLE])));
    let state = |second_taker| Reply::BundleState(BundleState { taken: true, second_taker });
    assert_eq!(client.call(&status()).await, state(false));
    assert_eq!(client.call(&take(2)).await, refused(Refusal::Taken));
    assert_eq!(client.call(&status()).await, state(true));
    assert_eq!(client.call(&revoke()).await, Reply::Done);
    assert_eq!(client.call(&revoke()).await, refused(Refusal::Gone));
    assert_eq!(client.call(&take(1)).await, refused(Refusal::Gone));
}

#[tokio::test]
async fn an_invitation_that_is_over_is_gone_and_one_too_long_is_malformed() {
    let world = World::open().await;
    let voucher = Voucher::from_bytes([6; 32]);
    let today = calendar::clock_day();
    for (day, reply) in [(today - 1, Refusal::Gone), (0, Refusal::Gone)] {
        let mut client = world.client().await;
        assert_eq!(client.call(&invitation(&voucher, Admission::Open, day)).await, refused(reply));
    }
    for day in [today + 32, u32::MAX] {
        let mut client = world.client().await;
        let number = client.send(&invitation(&voucher, Admission::Open, day)).await;
        client.is_cut_off(number).await;
    }
    let mut client = world.client().await;
    assert_eq!(client.call(&invitation(&voucher, Admission::Open, today + 30)).await, Reply::Done);
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_keeps_it() {
    let world = World::open().await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    mailbox.subscribed(&mut owner, 1).await;
    owner.send(&mailbox.fetch(true)).await;
    for id in 0..100 {
        sender.send(&mailbox.put(id)).await;
    }
    let folder = world.folder.clone();
    let stopping = tokio::spawn(world.relay.stop(Duration::from_secs(10)));
    let mut done = 0;
    while let Some((_, reply)) = sender.reply().await {
        assert_eq!(reply, Reply::Done);
        done += 1;
    }
    while owner.reply().await.is_some() {}
    stopping.await.unwrap().unwrap();
    let relay = cairn_relay::serve::start(common::settings(folder.path(), true), Deadlines::default()).await.unwrap();
    let world = World { folder, relay };
    let mut owner = world.client().await;
    mailbox.subscribed(&mut owner, 2).await;
    let mut kept = Vec::new();
    loop {
        let page = ids(&owner.call(&mailbox.fetch(false)).await);
        if page.is_empty() {
            break;
        }
        kept.extend(page);
    }
    assert!(kept.len() >= done, "{done} were confirmed, {} kept", kept.len());
    assert_eq!(kept, (0..100).take(kept.len()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_deep_mailbox_is_given_whole_after_a_restart() {
    let world = World::open().await;
    let (mut sender, mut owner) = (world.client().await, world.client().await);
    let mailbox = Mailbox::made(1, &mut owner).await;
    for id in 0..80 {
        assert_eq!(sender.call(&mailbox.put(id)).await, Reply::Done);
    }
    let world = world.restarted().await;
    for count in 1..=2 {
        let mut owner = world.client().await;
        mailbox.subscribed(&mut owner, count).await;
        let mut seen = Vec::new();
        for wait in [false, true, false] {
            seen.extend(ids(&owner.call(&mailbox.fetch(wait)).await));
        }
        assert_eq!(seen, (0..80).collect::<Vec<_>>());
        assert_eq!(ids(&owner.call(&mailbox.fetch(false)).await), [0; 0]);
    }
}

#[tokio::test]
async fn two_relays_do_not_run_on_one_folder() {
    let world = World::open().await;
    let second = cairn_relay::serve::start(common::settings(world.folder.path(), true), Deadlines::default()).await;
    let message = second.err().unwrap().to_string();
    assert!(message.contains("another relay is running"), "{message}");
}

#[tokio::test]
async fn a_dump_shows_every_row_and_no_token() {
    let world = World::open().await;
    let mut client = world.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    let capability = SendCapability::from_bytes(*mailbox.capability.expose());
    for id in [1, 2] {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    mailbox.subscribed(&mut client, 1).await;
    assert_eq!(client.call(&mailbox.acknowledge(&[1])).await, Reply::Done);
    let (pass, voucher) = (Pass::from_bytes([0xa5; 32]), Voucher::from_bytes([0xb6; 32]));
    add_pass(world.folder.path(), &pass.hash(), 3, None).unwrap();
    assert_eq!(client.call(&invitation(&voucher, Admission::Open, calendar::clock_day())).await, Reply::Done);
    assert!(matches!(client.call(&take(0xc7)).await, Reply::Bundle(_)));
    for (full, body) in [(false, "\"shut_bytes\":4096"), (true, "\"shut\":\"")] {
        let mut text = Vec::new();
        cairn_relay::dump::dump(world.folder.path(), full, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for kind in ["note", "store", "mailbox", "envelope", "body", "pass", "voucher", "bundle"] {
            assert!(text.contains(&format!("{{\"v\":1,\"type\":\"{kind}\"")), "{kind}");
        }
        assert!(text.contains(body));
        let noise: Vec<bool> = text
            .lines()
            .filter(|line| line.contains("\"type\":\"body\""))
            .map(|line| line.ends_with(",\"noise\":true}"))
            .collect();
        assert_eq!(noise, [true, false], "what was acknowledged is told from what waits");
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(text.contains(&hex(mailbox.id.as_bytes())));
        for secret in [capability.expose(), pass.expose(), voucher.expose(), &[0xc7; 32]] {
            let outside: Vec<_> = text.lines().filter(|line| !line.contains("\"type\":\"envelope\"")).collect();
            assert!(!outside.join("\n").contains(&hex(secret)));
            assert!(!text.contains(&base32::encode(secret)));
        }
    }
}
