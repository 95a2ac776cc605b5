//! What an operator does with a running relay: reload, watch, stop, read its log.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use common::{Client, Mailbox, ids, refused};
use process::{Relay, program, run, text};
use rcgen::{CertificateParams, KeyPair};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine; nothing waits for it to pass.
const LONG: Duration = Duration::from_secs(60);

/// Looks again until it is so.
fn soon(what: &str, so: impl Fn() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The status and the text that the relay tells on its port for metrics.
fn ask(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// A certificate for the key of a relay's folder, in PEM.
fn certificate(data: &Path, name: &str) -> (Vec<u8>, String) {
    let key = KeyPair::try_from(fs::read(data.join("tls.key")).unwrap()).unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let der = certificate.der().to_vec();
    let pem = process::pem(&der);
    (der, pem)
}

async fn shown(relay: &Relay) -> Vec<u8> {
    common::tls(&relay.address).await.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_after_sighup_and_old_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file, logs) = (folder.path().join("data"), folder.path().join("relay.pem"), folder.path().join("logs"));
    Relay::start(&data, "").signal(Signal::KILL);
    let (first, pem) = certificate(&data, "first.example.org");
    fs::write(&file, pem).unwrap();
    let relay = Relay::start(&data, &format!(" --open --certificate {} --logs {}", file.display(), logs.display()));
    let mut old = relay.client().await;
    assert_eq!(shown(&relay).await, first);
    let (second, pem) = certificate(&data, "second.example.org");
    fs::write(&file, pem).unwrap();
    assert_eq!(shown(&relay).await, first, "nothing is read before the signal");
    relay.signal(Signal::HUP);
    soon("it was read again", || log(&logs).contains("the certificate was read again"));
    assert_eq!(shown(&relay).await, second);
    let mailbox = Mailbox::made(1, &mut old).await;
    assert_eq!(old.call(&mailbox.put(1)).await, Reply::Done, "an old connection goes on");
    // One for another key, and one that is none: the relay says so and stays as it is.
    let (_, foreign) = certificate(&foreign(folder.path()), "third.example.org");
    for (bad, part) in [(foreign.as_str(), "for another key"), ("nonsense", "can't be read as a certificate")] {
        fs::write(&file, bad).unwrap();
        relay.signal(Signal::HUP);
        soon(part, || log(&logs).contains(part));
        assert_eq!(shown(&relay).await, second);
    }
    fs::write(data.join("tls.key"), fs::read(foreign_key(folder.path())).unwrap()).unwrap();
    relay.signal(Signal::HUP);
    soon("another key", || log(&logs).contains("is another key than at the start"));
    assert_eq!(shown(&relay).await, second);
    relay.signal(Signal::TERM);
    assert_eq!(relay.ended().0, Some(0));
    let output = run(&data, &format!("serve --data DATA --listen 127.0.0.1:0 --certificate {}", file.display()));
    assert_eq!(output.status.code(), Some(1), "at the start it is refused");
    assert!(text(&output.stderr).contains("relay.pem"), "{}", text(&output.stderr));
}

fn foreign_key(folder: &Path) -> std::path::PathBuf {
    folder.join("foreign/tls.key")
}

fn foreign(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("foreign");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("tls.key"), KeyPair::generate().unwrap().serialized_der()).unwrap();
    data
}

/// All that stands in a folder of logs.
fn log(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        all += &fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    all
}

#[tokio::test]
async fn a_stop_in_a_burst_answers_what_was_taken_up_and_every_answer_was_true() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open");
    let mut senders = Vec::new();
    for number in 0..8_u64 {
        let mut client = relay.client().await;
        let mailbox = Mailbox::made(number, &mut client).await;
        senders.push(tokio::spawn(async move {
            let mut done = Vec::new();
            'all: for id in 0..=255_u8 {
                client.send(&mailbox.put(id)).await;
                // Sixteen under way.
                while id >= 16 && done.len() <= usize::from(id - 16) {
                    match client.reply().await {
                        Some((number, Reply::Done)) => done.push(number),
                        Some((_, reply)) => {
                            assert_eq!(reply, refused(Refusal::NotNow));
                            break 'all;
                        }
                        None => return (mailbox, done.len(), false),
                    }
                }
            }
            while let Some((number, Reply::Done)) = client.reply().await {
                done.push(number);
            }
            (mailbox, done.len(), true)
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    relay.signal(Signal::TERM);
    let mut kept = Vec::new();
    for sender in senders {
        // A sender that writes into a closed connection ends with a panic of its own; what it was told counts.
        if let Ok((mailbox, done, _)) = sender.await {
            kept.push((mailbox, done));
        }
    }
    let (code, errors) = relay.ended();
    assert_eq!(code, Some(0), "{errors}");
    assert!(!errors.contains("were cut"), "all took leave in time: {errors}");
    assert!(!folder.path().join("relay.db-wal").exists(), "all is written back");
    let relay = Relay::start(folder.path(), "");
    for (mailbox, done) in kept {
        let mut owner = relay.client().await;
        mailbox.subscribed(&mut owner, 1).await;
        let mut found = Vec::new();
        loop {
            let page = ids(&owner.call(&mailbox.fetch(false)).await);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert!(found.len() >= done, "{done} confirmed, {} kept", found.len());
        assert_eq!(found, (0..=255).take(found.len()).collect::<Vec<u8>>(), "each once, in order, without a hole");
    }
}

#[tokio::test]
async fn readiness_and_counts_are_told_on_this_machine_and_are_counts_only() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --open --metrics 127.0.0.1:0");
    let metrics = relay.metrics.clone().unwrap();
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    for id in 0..5 {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    assert_eq!(ask(&metrics, "/ready"), (200, "ready\n".to_owned()));
    let (status, told) = ask(&metrics, "/metrics");
    assert_eq!(status, 200);
    for wanted in ["cairn_relay_puts_total 5", "cairn_relay_ready 1", "cairn_relay_connections 1", "hellos_total 1"] {
        assert!(told.lines().any(|line| line.ends_with(wanted)), "{wanted}: {told}");
    }
    for line in told.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.split_once(' ').unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "no label: {line}");
        assert!(value.parse::<u64>().is_ok(), "a number: {line}");
    }
    assert_eq!(client.call(&mailbox.put(9)).await, Reply::Done);
    let (_, later) = ask(&metrics, "/metrics");
    let puts = |told: &str| told.lines().filter(|line| line.starts_with("cairn_relay_puts_total")).collect::<String>();
    // The hour may have turned between the two looks; then the second is fresh, and the third is not.
    if puts(&later) != puts(&told) {
        assert_eq!(client.call(&mailbox.put(10)).await, Reply::Done);
        assert_eq!(puts(&ask(&metrics, "/metrics").1), puts(&later));
    }
    for path in ["/", "/metrics/", "/v1", "/metrics?x"] {
        assert_eq!(ask(&metrics, path).0, 404, "{path}");
    }
    // One that says nothing, and one that says too much, hold up nobody.
    let _silent = TcpStream::connect(&metrics).unwrap();
    let mut loud = TcpStream::connect(&metrics).unwrap();
    let _ = loud.write_all(&[b'a'; 100_000]);
    assert_eq!(ask(&metrics, "/ready").0, 200);
}

#[test]
fn a_relay_that_is_stuck_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), " --metrics 127.0.0.1:0");
    let metrics = relay.metrics.clone().unwrap();
    assert_eq!(ask(&metrics, "/ready").0, 200);
    // Another program holds the store, as a disk that hangs would.
    let holder = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
    holder.busy_timeout(LONG).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (status, why) = ask(&metrics, "/ready");
    assert_eq!(status, 503, "{why}");
    assert!(why.contains("the store doesn't answer"), "{why}");
    holder.execute_batch("ROLLBACK").unwrap();
    soon("it is ready again", || ask(&metrics, "/ready").0 == 200);
}

#[tokio::test]
async fn logs_hold_neither_identifiers_nor_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let (data, logs) = (folder.path().join("data"), folder.path().join("logs"));
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("relay-2026-01-01.log"), "old").unwrap();
    let relay = Relay::start(&data, &format!(" --open --logs {}", logs.display()));
    assert!(!logs.join("relay-2026-01-01.log").exists(), "what is older than seven days is gone");
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(7, &mut client).await;
    mailbox.subscribed(&mut client, 1).await;
    assert_eq!(client.call(&mailbox.put(1)).await, Reply::Done);
    assert_eq!(client.call(&Mailbox::new(8).put(1)).await, refused(Refusal::Denied));
    // Broken at each layer.
    for garbage in [b"GET / HTTP/1.0\r\n\r\n".as_slice(), &[0x16, 3, 1, 0, 5, 1], &[]] {
        let mut stream = TcpStream::connect((relay.address.host.as_str(), relay.address.port)).unwrap();
        stream.write_all(garbage).unwrap();
    }
    let mut rude = Client::connect(&relay.address).await;
    rude.send(&Request::Fetch { mailbox: mailbox.id, wait: false }).await;
    while rude.reply().await.is_some() {}
    relay.signal(Signal::HUP);
    soon("a line came", || log(&logs).contains("the certificate was read again"));
    relay.signal(Signal::TERM);
    let port = relay.address.port.to_string();
    let (code, errors) = relay.ended();
    assert_eq!((code, errors.as_str()), (Some(0), ""), "all goes to the folder");
    let all = log(&logs);
    assert!(all.contains("the relay listens") && all.contains("anyone who can reach it"), "{all}");
    let hex = mailbox.id.as_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let base32 = cairn_protocol::base32::encode(mailbox.id.as_bytes());
    for secret in [&hex[..16], &base32[..12], "127.0.0.1", "::1", port.as_str()] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    for line in all.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["level", "text", "time", "type", "v"], "{line}");
        assert_eq!(value["time"].as_str().unwrap().len(), "2026-11-22T04:11Z".len(), "to the minute: {line}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn the_service_manager_hears_that_the_relay_is_ready_alive_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let hear = || {
        let mut word = [0; 64];
        let length = socket.recv(&mut word).unwrap();
        text(&word[..length])
    };
    let mut command = program(&folder.path().join("data"), "serve --data DATA --listen 127.0.0.1:0");
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").env_remove("WATCHDOG_PID");
    let relay = Relay::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(hear(), "READY=1");
    assert_eq!([hear(), hear()], ["WATCHDOG=1", "WATCHDOG=1"]);
    relay.signal(Signal::TERM);
    while hear() != "STOPPING=1" {}
    assert_eq!(relay.ended().0, Some(0));
}

/// Makes a store and opens its file.
fn store(data: &Path) -> Connection {
    let relay = Relay::start(data, "");
    relay.signal(Signal::TERM);
    assert_eq!(relay.ended().0, Some(0));
    Connection::open(data.join("relay.db")).unwrap()
}

#[test]
fn while_an_older_store_is_brought_over_the_log_says_how_far_it_is_and_the_service_manager_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("notify"));
    // As version 4 kept bodies, in the middle of being brought over.
    let bodies = "CREATE TABLE body_4 (arrival INTEGER PRIMARY KEY, shut BLOB NOT NULL);
        WITH RECURSIVE n(arrival) AS (SELECT 1 UNION ALL SELECT arrival + 1 FROM n WHERE arrival < 5000)
        INSERT INTO body_4 SELECT arrival, zeroblob(4096) FROM n";
    store(&data).execute_batch(bodies).unwrap();
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut command = program(&data, "serve --data DATA --listen 127.0.0.1:0");
    command.env("NOTIFY_SOCKET", &path).env_remove("WATCHDOG_USEC");
    let relay = Relay::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let heard: Vec<String> = (0..4)
        .map(|_| {
            let mut word = [0; 64];
            let length = socket.recv(&mut word).unwrap();
            text(&word[..length])
        })
        .collect();
    let longer = "EXTEND_TIMEOUT_USEC=300000000";
    assert_eq!(heard, [longer, longer, longer, "READY=1"]);
    relay.signal(Signal::TERM);
    let (code, errors) = relay.ended();
    assert_eq!(code, Some(0), "{errors}");
    let told: Vec<usize> =
        ["made by an older version", "40 % of them are brought over", "80 % of them", "they are all brought over"]
            .iter()
            .map(|words| errors.find(words).expect(words))
            .collect();
    assert!(told.is_sorted(), "{errors}");
    assert_eq!(errors.matches(" % ").count(), 2, "{errors}");
}

#[test]
fn a_stop_before_the_relay_listens_is_a_stop_too() {
    let folder = tempfile::tempdir().unwrap();
    let held = store(folder.path());
    // Whoever wants to write waits for it for 10 s, and fails then: a pass from now on, the start from a little later.
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut pass = program(folder.path(), "pass new --data DATA").stderr(Stdio::null()).spawn().unwrap();
    let mut command = program(folder.path(), "serve --data DATA --listen 127.0.0.1:0");
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let open = format!("/proc/{}/fd", process.id());
    soon("the store is being opened", || {
        let files = fs::read_dir(&open).unwrap();
        files.filter_map(|file| fs::read_link(file.ok()?.path()).ok()).any(|file| file.ends_with("relay.db"))
    });
    kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!(pass.try_wait().unwrap(), None, "it ended at once");
    pass.kill().unwrap();
    pass.wait().unwrap();
    let (said, errors) = (text(&ended.stdout), text(&ended.stderr));
    assert_eq!((ended.status.code(), said.as_str()), (Some(0), ""), "{errors}");
    assert!(errors.contains("stopped before it listened"), "{errors}");
}

#[test]
fn memory_never_comes_to_a_core_file() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), "");
    let limits = fs::read_to_string(format!("/proc/{}/limits", relay.process.id())).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["1", "1"], "neither to a file nor to a program: {limits}");
}
