//! The program as its operator sees it: arguments, output, signals, exit codes, files.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::base32;
use cairn_protocol::mailbox::OwnerOperation;
use cairn_protocol::token::Pass;
use cairn_protocol::wire::frame::{Admission, Reply, Request};
use common::{Mailbox, ids};
use process::{Relay, program, run, text};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

#[tokio::test]
async fn a_relay_prints_its_address_serves_and_stops_cleanly_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new/data");
    for (round, signal) in [(0, Signal::TERM), (1, Signal::INT)] {
        let relay = Relay::start(&data, " --open");
        let mut client = relay.client().await;
        let mailbox = Mailbox::made(round, &mut client).await;
        assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
        relay.signal(signal);
        let (code, errors) = relay.ended();
        assert_eq!(code, Some(0), "{errors}");
        assert!(errors.contains("anyone who can reach it can make mailboxes"), "{errors}");
        assert!(!data.join("relay.db-wal").exists(), "all is written back");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn all_that_was_confirmed_is_there_after_a_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let mut sender = relay.client().await;
    let mailbox = Mailbox::made(1, &mut sender).await;
    for id in 0..=255 {
        sender.send(&mailbox.put(id)).await;
    }
    let mut confirmed = 0;
    while confirmed < 100 {
        assert_eq!(sender.reply().await.unwrap().1, Reply::Done);
        confirmed += 1;
    }
    relay.signal(Signal::KILL);
    while let Some((_, reply)) = sender.reply().await {
        assert_eq!(reply, Reply::Done);
        confirmed += 1;
    }
    assert_eq!(relay.ended().0, None);
    let relay = Relay::start(folder.path(), " --open");
    let mut owner = relay.client().await;
    mailbox.subscribed(&mut owner, 1).await;
    let mut kept = Vec::new();
    loop {
        let page = ids(&owner.call(&mailbox.fetch(false)).await);
        if page.is_empty() {
            break;
        }
        kept.extend(page);
    }
    assert!(kept.len() >= confirmed, "{confirmed} confirmed, {} kept", kept.len());
    assert_eq!(kept, (0..=255).take(kept.len()).collect::<Vec<_>>(), "in order, without a hole");
}

#[tokio::test]
async fn a_pass_made_before_or_beside_a_relay_works_and_its_number_counts() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let pass = |uses: &str| {
        let output = run(&data, &format!("pass new --data DATA{uses}"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&value["v"], &value["type"]), (&1.into(), &"pass".into()));
        Admission::Pass(Pass::from_bytes(base32::decode(value["pass"].as_str().unwrap()).unwrap()))
    };
    let before = pass("");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let relay = Relay::start(&data, "");
    let mut client = relay.client().await;
    assert_eq!(client.call(&Mailbox::new(1).create(before)).await, Reply::Done);
    let beside = pass(" --uses 1");
    let Admission::Pass(token) = &beside else { unreachable!() };
    let again = Admission::Pass(token.duplicate());
    assert_eq!(client.call(&Mailbox::new(2).create(beside)).await, Reply::Done);
    let refused = common::refused(cairn_protocol::wire::frame::Refusal::Admission);
    assert_eq!(client.call(&Mailbox::new(3).create(again)).await, refused);
}

#[tokio::test]
async fn an_operator_lists_passes_by_id_and_withdraws_one_beside_a_running_relay() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |arguments: &str| -> Vec<serde_json::Value> {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let fails = |arguments: &str, sentence: &str| {
        let output = run(folder.path(), arguments);
        assert_eq!((output.status.code(), output.stdout), (Some(1), vec![]), "{arguments}");
        assert!(text(&output.stderr).contains(sentence), "{arguments}: {}", text(&output.stderr));
    };
    fails("pass list --data DATA", "no relay's store");
    fails("pass revoke 00000000 --data DATA", "no relay's store");
    let relay = Relay::start(folder.path(), "");
    assert_eq!(lines("pass list --data DATA"), Vec::<serde_json::Value>::new());
    let made: Vec<_> = [" --uses 3 --days 7", " --uses 1", ""]
        .map(|more| lines(&format!("pass new --data DATA{more}")).remove(0))
        .into();
    assert_eq!((&made[0]["uses"], &made[0]["days"]), (&3.into(), &7.into()));
    assert_eq!((&made[2]["uses"], &made[2]["days"]), (&100.into(), &365.into()));
    let show = |made: &serde_json::Value| {
        let pass = base32::decode(made["pass"].as_str().unwrap()).unwrap();
        Admission::Pass(Pass::from_bytes(pass))
    };
    let mut client = relay.client().await;
    assert_eq!(client.call(&Mailbox::new(1).create(show(&made[0]))).await, Reply::Done);
    let listed = lines("pass list --data DATA");
    let of = |made: &serde_json::Value| listed.iter().find(|line| line["id"] == made["id"]).unwrap().clone();
    assert_eq!(listed.len(), 3);
    assert_eq!(
        (&of(&made[0])["mailboxes"], &of(&made[0])["invitations"], &of(&made[0])["days"]),
        (&2.into(), &3.into(), &7.into())
    );
    let whole = text(&run(folder.path(), "pass list --data DATA").stdout);
    assert!(made.iter().all(|made| !whole.contains(made["pass"].as_str().unwrap())), "a pass is shown once");
    let id = made[0]["id"].as_str().unwrap();
    assert_eq!(lines(&format!("pass revoke {} --data DATA", id.to_lowercase()))[0]["id"], id);
    fails(&format!("pass revoke {id} --data DATA"), "there is no pass of this id");
    fails("pass revoke nonsense --data DATA", "there is no pass of this id");
    let refused = common::refused(cairn_protocol::wire::frame::Refusal::Admission);
    assert_eq!(client.call(&Mailbox::new(2).create(show(&made[0]))).await, refused);
    assert_eq!(client.call(&Mailbox::new(2).create(show(&made[1]))).await, Reply::Done, "the others are as they were");
    assert_eq!(lines("pass list --data DATA").len(), 2);
}

#[test]
fn passes_made_at_the_same_time_in_a_new_folder_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let makers: Vec<_> =
        (0..6).map(|_| program(&data, "pass new --data DATA").stdout(Stdio::piped()).spawn()).collect();
    for maker in makers {
        assert!(maker.unwrap().wait_with_output().unwrap().status.success());
    }
    let dump = text(&run(&data, "dump --data DATA").stdout);
    assert_eq!(dump.matches("\"type\":\"pass\"").count(), 6, "{dump}");
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.iter().all(|name| !name.to_string_lossy().ends_with(".new")), "{files:?}");
}

#[test]
fn a_second_relay_on_the_folder_says_so_and_a_busy_port_too() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), "");
    let second = run(folder.path(), "serve --data DATA --listen 127.0.0.1:0");
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another relay is running"), "{}", text(&second.stderr));
    let other = tempfile::tempdir().unwrap();
    let port = relay.address.port;
    let busy = run(other.path(), &format!("serve --data DATA --listen 127.0.0.1:{port}"));
    assert_eq!(busy.status.code(), Some(1));
    assert!(text(&busy.stderr).contains("can't listen"), "{}", text(&busy.stderr));
}

#[test]
fn a_damaged_missing_foreign_or_newer_file_is_refused_by_name_and_left_alone() {
    type Harm = fn(&Path);
    fn change(path: &Path, offset: usize, bytes: &[u8]) {
        let mut content = fs::read(path).unwrap();
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
        fs::write(path, content).unwrap();
    }
    let harms: [(&str, &str, Harm); 8] = [
        ("relay.db", "the first bytes", |path| change(path, 0, b"no database at all")),
        ("relay.db", "a page in the middle", |path| change(path, 4096, &[0xff; 2048])),
        ("relay.db", "cut in the middle", |path| {
            let content = fs::read(path).unwrap();
            fs::write(path, &content[..content.len() / 2]).unwrap();
        }),
        ("relay.db", "empty", |path| fs::write(path, []).unwrap()),
        ("relay.db", "gone", |path| fs::remove_file(path).unwrap()),
        ("relay.db", "of another program", |path| change(path, 68, &[1, 2, 3, 4])),
        ("relay.db", "of a newer version", |path| change(path, 60, &[0, 0, 0, 99])),
        ("tls.key", "no key", |path| fs::write(path, b"nothing").unwrap()),
    ];
    for (name, what, harm) in harms {
        let folder = tempfile::tempdir().unwrap();
        Relay::start(folder.path(), "").signal(Signal::TERM);
        std::thread::sleep(std::time::Duration::from_millis(300));
        let path = folder.path().join(name);
        harm(&path);
        let before = fs::read(&path).ok();
        let output = run(folder.path(), "serve --data DATA --listen 127.0.0.1:0");
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(8), "{what}: {errors}");
        assert!(errors.contains(name), "{what}: {errors}");
        assert_eq!(fs::read(&path).ok(), before, "{what}: nothing is changed or made anew");
        if name == "relay.db" {
            let output = run(folder.path(), "pass new --data DATA");
            assert_eq!((output.status.code(), output.stdout), (Some(8), vec![]), "{what}");
        }
    }
}

#[test]
fn wrong_arguments_and_settings_are_usage_errors_that_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("relay.toml");
    let said = |arguments: &str, part: &str| {
        let output = run(folder.path(), arguments);
        let errors = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]), "{arguments}: {errors}");
        assert!(errors.contains(part), "{arguments}: {errors}");
    };
    said("serve --data DATA", "--listen");
    said("serve --listen 127.0.0.1:0", "--data");
    said("serve --data DATA --listen nowhere", "no address to listen on");
    said("serve --data DATA --listen 127.0.0.1:0 --public-host a/b", "can't be a host");
    said("pass new --data DATA --uses 0", "--uses");
    said("pass", "Usage");
    said("no-such-command", "unrecognized");
    said("status", "--data");
    said("serve --data DATA --listen 127.0.0.1:0 --metrics 0.0.0.0:9464", "loopback");
    for (content, part) in
        [("opne = true", "`opne` in line 2"), ("open = 3", "open"), ("envelope_days = 31", "envelope_days")]
    {
        fs::write(&config, format!("listen = \"127.0.0.1:0\"\n{content}\n")).unwrap();
        said(&format!("serve --data DATA --config {}", config.display()), part);
    }
    said("serve --data DATA --config /nowhere.toml", "/nowhere.toml");
    assert!(fs::read_dir(folder.path()).unwrap().count() == 1, "nothing was made");
}

#[test]
fn help_is_there_with_examples_and_a_dump_without_a_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        "--help",
        "serve --help",
        "pass --help",
        "pass new --help",
        "pass list --help",
        "pass revoke --help",
        "dump --help",
        "status --help",
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert!(arguments == "pass --help" || text(&output.stdout).contains("Example"), "{arguments}");
    }
    let output = run(folder.path(), "dump --data DATA");
    assert_eq!((output.status.code(), output.stdout), (Some(1), vec![]));
    assert!(text(&output.stderr).contains("no relay's store"), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_dump_beside_a_running_relay_shows_what_was_just_put() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
    let output = run(folder.path(), "dump --data DATA");
    assert!(output.status.success());
    let lines = text(&output.stdout);
    let kinds: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "envelope").count(), 1);
    assert_eq!(kinds.first().unwrap(), "note");
}

#[tokio::test]
async fn a_flush_or_a_write_that_fails_confirms_nothing_and_ends_the_relay_which_starts_again_clean() {
    for (calls, failing) in [("fsync", 12), ("fsync", 25), ("write,pwrite64", 60), ("write,pwrite64", 143)] {
        let folder = tempfile::tempdir().unwrap();
        // The store is made before the disk gets bad.
        Relay::start(folder.path(), "").signal(Signal::KILL);
        let Some(relay) = Relay::under_strace(folder.path(), calls, &format!("{failing}+")) else {
            assert!(std::env::var_os("CI").is_none(), "the build check installs strace");
            eprintln!("skipped: there is no strace here");
            return;
        };
        let mut sender = relay.client().await;
        let mailbox = Mailbox::made(1, &mut sender).await;
        let mut confirmed = 0;
        for id in 0..=255 {
            sender.send(&mailbox.put(id)).await;
            match sender.reply().await {
                Some((_, Reply::Done)) => confirmed += 1,
                Some((_, reply)) => {
                    assert_eq!(reply, common::refused(cairn_protocol::wire::frame::Refusal::NotNow));
                    break;
                }
                None => break,
            }
        }
        let (code, errors) = relay.ended();
        assert_eq!(code, Some(1), "{errors}");
        assert!(errors.contains("the disk failed"), "{errors}");
        assert!(confirmed > 0 && confirmed < 256, "{confirmed}");
        let relay = Relay::start(folder.path(), " --open");
        let mut owner = relay.client().await;
        mailbox.subscribed(&mut owner, 1).await;
        let kept = ids(&owner.call(&mailbox.fetch(false)).await);
        assert!(kept.len() >= confirmed.min(32), "{confirmed} confirmed, {kept:?} kept");
        assert_eq!(owner.call(&mailbox.put(255)).await, Reply::Done);
    }
}

#[tokio::test]
async fn a_full_disk_takes_nothing_new_but_acknowledgements_and_recovers_by_itself() {
    // By hand: mount -t tmpfs -o size=80m tmpfs /mnt/small; CAIRN_SMALL_DISK=/mnt/small cargo test -p cairn-relay
    let Some(disk) = std::env::var_os("CAIRN_SMALL_DISK") else {
        eprintln!("skipped: CAIRN_SMALL_DISK names no small disk");
        return;
    };
    let full = common::refused(cairn_protocol::wire::frame::Refusal::NotNow);
    let folder = tempfile::tempdir_in(&disk).unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let mut client = relay.client().await;
    let (mailbox, ending) = (Mailbox::made(1, &mut client).await, Mailbox::made(3, &mut client).await);
    mailbox.subscribed(&mut client, 1).await;
    for id in 0..100 {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
        assert_eq!(client.call(&ending.put(id)).await, Reply::Done);
    }
    let ballast = tempfile::NamedTempFile::new_in(&disk).unwrap();
    fs::write(ballast.path(), vec![0; 16 << 20]).unwrap();
    assert_eq!(client.call(&mailbox.put(100)).await, full);
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done, "a repeat needs no room");
    assert_eq!(client.call(&Mailbox::new(2).create(Admission::Open)).await, full);
    let seen = ids(&client.call(&mailbox.fetch(false)).await);
    assert_eq!(client.call(&mailbox.acknowledge(&seen)).await, Reply::Done);
    let proof = ending.owner.prove(&client.channel, &ending.id, OwnerOperation::Delete);
    let delete = Request::DeleteMailbox { mailbox: ending.id, proof };
    assert_eq!(client.call(&delete).await, Reply::Done, "a full mailbox can be ended");
    assert_eq!(client.call(&ending.put(1)).await, common::refused(cairn_protocol::wire::frame::Refusal::Denied));
    drop(ballast);
    assert_eq!(client.call(&mailbox.put(100)).await, Reply::Done);
}
