//! Backups: made beside a running relay, checked, put back, noticed.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::wire::frame::{Refusal, Reply, Request, Welcome};
use common::{Client, Mailbox, ids, refused, welcome};
use process::{Relay, run, text};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn greeted(relay: &Relay) -> (Client, Welcome) {
    let mut client = Client::connect(&relay.address).await;
    let greeting = welcome(client.call(&Request::Hello { version: 1 }).await);
    (client, greeting)
}

fn back_up(data: &Path, to: &Path) -> Output {
    run(data, &format!("backup --data DATA {}", to.display()))
}

fn put_back(data: &Path, from: &Path, more: &str) -> Output {
    run(data, &format!("restore --data DATA{more} {}", from.display()))
}

fn done(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused_with(output: &Output, code: i32, part: &str) {
    let errors = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{errors}");
    assert!(errors.contains(part), "{part}: {errors}");
}

async fn held(relay: &Relay, mailbox: &Mailbox, count: u64) -> BTreeSet<u8> {
    let mut owner = relay.client().await;
    mailbox.subscribed(&mut owner, count).await;
    let mut found = BTreeSet::new();
    loop {
        let page = ids(&owner.call(&mailbox.fetch(false)).await);
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

#[tokio::test]
async fn a_backup_under_load_holds_what_was_confirmed_before_it_and_clients_notice_when_it_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    let relay = Relay::start(&data, " --open");
    let (mut client, before) = greeted(&relay).await;
    let mailbox = Mailbox::made(1, &mut client).await;
    for id in 0..20 {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    // Load on other mailboxes, until the backup is there.
    let ended = Arc::new(AtomicBool::new(false));
    let (stop, mut busy) = (Arc::clone(&ended), relay.client().await);
    let load = tokio::spawn(async move {
        let (mut seed, mut puts) = (100, 0_u32);
        while !stop.load(Ordering::Relaxed) {
            let mailbox = Mailbox::made(seed, &mut busy).await;
            seed += 1;
            for id in 0..50 {
                assert_eq!(busy.call(&mailbox.put(id)).await, Reply::Done);
                puts += 1;
            }
        }
        puts
    });
    let (from, to) = (data.clone(), saved.clone());
    let output = tokio::task::spawn_blocking(move || back_up(&from, &to)).await.unwrap();
    ended.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 0, "the relay went on meanwhile");
    let line = done(&output);
    assert_eq!((&line["type"], &line["tried"]), (&"backup".into(), &true.into()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&saved), 0o700);
    let names: BTreeSet<_> = fs::read_dir(&saved).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["relay.backup".into(), "tls.key".into()].into(), "and nothing of the trial");
    for name in names {
        assert_eq!(mode(&saved.join(name)), 0o600);
    }
    // Written after the backup, and gone with the restore.
    assert_eq!(client.call(&mailbox.put(99)).await, Reply::Done);
    relay.signal(Signal::KILL);
    assert_eq!(relay.ended().0, None);
    refused_with(&put_back(&data, &saved, ""), 1, "--replace");
    let restores = done(&put_back(&data, &saved, " --replace"))["restores"].as_u64().unwrap();
    let relay = Relay::start(&data, "");
    let (mut client, after) = greeted(&relay).await;
    assert_eq!(after.store, before.store);
    assert_eq!((u64::from(after.restores), before.restores), (restores, 0), "clients see another count");
    assert!(after.restores > 0);
    assert_eq!(held(&relay, &mailbox, 1).await, (0..20).collect(), "all from before, and not what came after");
    assert_eq!(client.call(&mailbox.put(99)).await, Reply::Done, "what is missing can be put again");
    assert_eq!(client.call(&mailbox.put(5)).await, Reply::Done, "what is there too");
    assert_eq!(held(&relay, &mailbox, 2).await.len(), 21);
    refused_with(&put_back(&data, &saved, " --replace"), 1, "another relay is running");
}

#[tokio::test]
async fn the_same_backup_put_back_twice_onto_empty_disks_is_noticed_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    let relay = Relay::start(&data, " --open");
    let (address, first) = (relay.address.clone(), greeted(&relay).await.1);
    done(&back_up(&data, &saved));
    let mut counts = BTreeSet::from([first.restores]);
    for name in ["one", "two"] {
        let other = folder.path().join(name);
        done(&put_back(&other, &saved, ""));
        let relay = Relay::start(&other, "");
        assert_eq!(relay.address.pin, address.pin, "clients know it by the same key");
        let greeting = greeted(&relay).await.1;
        assert_eq!(greeting.store, first.store);
        counts.insert(greeting.restores);
    }
    assert_eq!(counts.len(), 3, "{counts:?}");
}

#[test]
fn what_is_no_backup_of_this_relay_is_refused_and_the_store_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    refused_with(&back_up(&data, &saved), 1, "data");
    Relay::start(&data, "").signal(Signal::KILL);
    done(&back_up(&data, &saved));
    refused_with(&back_up(&data, &saved), 1, "not empty");
    refused_with(&back_up(&data, &data.join("inside")), 1, "inside the relay's folder");
    assert!(!data.join("inside").exists());
    refused_with(&put_back(&data, &data, " --replace"), 1, "no backup");
    let before = fs::read(data.join("relay.db")).unwrap();
    let copy = fs::read(saved.join("relay.backup")).unwrap();
    let mut damaged = copy.clone();
    damaged[4096 + 100..8192].fill(0xff);
    let store = fs::read(data.join("relay.db")).unwrap();
    for (bad, part) in
        [(damaged.as_slice(), "relay.backup"), (&copy[..copy.len() / 2], "relay.backup"), (&store, "is not a copy")]
    {
        fs::write(saved.join("relay.backup"), bad).unwrap();
        refused_with(&put_back(&data, &saved, " --replace"), 8, part);
        assert_eq!(fs::read(data.join("relay.db")).unwrap(), before, "the store stays");
    }
    fs::write(saved.join("relay.backup"), &copy).unwrap();
    let other = folder.path().join("other");
    Relay::start(&other, "").signal(Signal::KILL);
    refused_with(&put_back(&other, &saved, " --replace"), 1, "is not the backup's");
    // A copy that is put into place by hand would not be noticed by clients: a relay refuses it.
    fs::write(data.join("relay.db"), &copy).unwrap();
    let output = run(&data, "serve --data DATA --listen 127.0.0.1:0");
    refused_with(&output, 8, "cairn-relay restore");
    done(&put_back(&data, &saved, " --replace"));
    Relay::start(&data, "");
}

#[tokio::test]
async fn a_damaged_store_is_replaced_and_what_the_journal_held_does_not_come_into_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    let relay = Relay::start(&data, " --open");
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
    done(&back_up(&data, &saved));
    for id in 2..60 {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    let late = Mailbox::made(2, &mut client).await;
    relay.signal(Signal::KILL);
    assert_eq!(relay.ended().0, None);
    assert!(fs::metadata(data.join("relay.db-wal")).unwrap().len() > 0, "the journal holds the rest");
    fs::write(data.join("relay.db"), b"no database at all").unwrap();
    refused_with(&run(&data, "serve --data DATA --listen 127.0.0.1:0"), 8, "relay.db");
    done(&put_back(&data, &saved, " --replace"));
    let relay = Relay::start(&data, "");
    assert_eq!(held(&relay, &mailbox, 1).await, [1].into());
    let mut client = relay.client().await;
    assert_eq!(client.call(&late.put(1)).await, refused(Refusal::Denied), "a mailbox made since is gone");
    let names: BTreeSet<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("replaced")), "{names:?}");
}

#[tokio::test]
async fn a_backup_holds_nothing_that_was_deleted_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, saved) = (folder.path().join("data"), folder.path().join("saved"));
    let relay = Relay::start(&data, " --open");
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    mailbox.subscribed(&mut client, 1).await;
    for id in [0xa5, 0xb6] {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    // A body and the key that opens it, in the order in which they came.
    let shut = || -> Vec<([u8; 32], Vec<u8>)> {
        let store = rusqlite::Connection::open(data.join("relay.db")).unwrap();
        let mut rows =
            store.prepare("SELECT key, shut FROM envelope JOIN body USING (place) ORDER BY arrival").unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let both = shut();
    assert_eq!(client.call(&mailbox.acknowledge(&[0xa5])).await, Reply::Done);
    done(&back_up(&data, &saved));
    let copy = fs::read(saved.join("relay.backup")).unwrap();
    let holds = |what: &[u8]| copy.windows(what.len()).any(|bytes| bytes == what);
    let held: Vec<_> = both.iter().map(|(key, body)| (holds(key), holds(&body[4000..]))).collect();
    assert_eq!(held, [(false, false), (true, true)]);
}
