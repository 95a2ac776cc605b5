//! `doctor` and `status`: what an operator asks when something is wrong, or before.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::wire::frame::Reply;
use common::Mailbox;
use process::{Relay, run, text};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

type Findings = BTreeMap<String, (String, String)>;

/// What `doctor` found, by subject, and its exit code.
fn doctor(data: &Path, more: &str) -> (Option<i32>, Findings) {
    let output = run(data, &format!("doctor --data DATA --json{more}"));
    let lines = text(&output.stdout);
    let findings = lines.lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| value[name].as_str().unwrap().to_owned();
        (field("subject"), (field("verdict"), field("text")))
    });
    (output.status.code(), findings.collect())
}

/// One thing is wrong, and its sentence says what to do.
fn wrong(data: &Path, more: &str, subject: &str, parts: &[&str]) {
    let (code, findings) = doctor(data, more);
    assert_eq!(code, Some(3), "{findings:?}");
    let (verdict, sentence) = &findings[subject];
    assert_eq!(verdict, "wrong", "{findings:?}");
    for part in parts {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    for (other, (verdict, sentence)) in &findings {
        assert!(other == subject || verdict != "wrong", "{other}: {sentence}");
    }
}

/// A folder on which a relay has run.
fn used() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(folder.path(), "");
    relay.signal(Signal::TERM);
    assert_eq!(relay.ended().0, Some(0));
    folder
}

#[test]
fn a_sound_relay_has_nothing_wrong_stopped_or_running() {
    let folder = used();
    let (code, findings) = doctor(folder.path(), "");
    assert_eq!(code, Some(0), "{findings:?}");
    let relay = Relay::start(folder.path(), "");
    let config = folder.path().with_extension("toml");
    fs::write(&config, format!("listen = \"127.0.0.1:{}\"", relay.address.port)).unwrap();
    let (code, findings) = doctor(folder.path(), &format!(" --config {}", config.display()));
    fs::remove_file(&config).unwrap();
    assert_eq!(code, Some(0), "{findings:?}");
    assert!(findings["port"].1.contains("answers"), "{findings:?}");
    assert!(findings["key"].1.contains(&relay.address.to_string()), "the address can be read again: {findings:?}");
    for subject in
        ["folder", "key", "notice", "store", "clock", "port", "disk", "file system", "journal", "descriptors", "swap"]
    {
        assert!(findings.contains_key(subject), "{subject}");
    }
}

#[test]
fn what_is_damaged_missing_or_open_is_named_with_what_to_do() {
    let folder = used();
    let path = |name: &str| folder.path().join(name);
    let data = folder.path();
    fs::set_permissions(data, Permissions::from_mode(0o755)).unwrap();
    wrong(data, "", "folder", &["chmod 700"]);
    fs::set_permissions(data, Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(path("tls.key"), Permissions::from_mode(0o644)).unwrap();
    wrong(data, "", "folder", &["chmod 600", "tls.key"]);
    fs::set_permissions(path("tls.key"), Permissions::from_mode(0o600)).unwrap();
    let key = fs::read(path("tls.key")).unwrap();
    fs::write(path("tls.key"), "nothing").unwrap();
    wrong(data, "", "key", &["tls.key", "backup"]);
    fs::write(path("tls.key"), key).unwrap();
    let store = fs::read(path("relay.db")).unwrap();
    // Every page, also those that nothing counts.
    for page in 0..store.len() / 4096 {
        let mut damaged = store.clone();
        damaged[page * 4096..page * 4096 + 2048].fill(0xff);
        fs::write(path("relay.db"), damaged).unwrap();
        wrong(data, "", "store", &["relay.db", "cairn-relay restore --replace"]);
    }
    assert_eq!(run(data, "serve --data DATA --listen 127.0.0.1:0").status.code(), Some(8));
    fs::remove_file(path("relay.db")).unwrap();
    wrong(data, "", "store", &["is missing though tls.key is there", "cairn-relay restore"]);
    fs::write(path("relay.db"), store).unwrap();
    fs::set_permissions(path("relay.db"), Permissions::from_mode(0o600)).unwrap();
    let (code, findings) = doctor(data, "");
    assert_eq!(code, Some(0), "and all is well again: {findings:?}");
    wrong(&path("nowhere"), "", "folder", &["nowhere"]);
}

#[test]
fn an_envelope_without_a_body_of_its_own_and_a_place_without_a_body_are_found() {
    let envelopes = "INSERT INTO envelope VALUES (7, zeroblob(32), zeroblob(16), 20000, zeroblob(32), 1),
        (8, zeroblob(32), zeroblob(16), 20000, zeroblob(32), 0)";
    let bodies = "INSERT INTO body VALUES (0, zeroblob(4096)), (1, zeroblob(4096)), (2, zeroblob(4096))";
    for planted in [
        // Two envelopes, and a place that is free: all is well.
        "",
        "DELETE FROM body WHERE place = 0",
        "DELETE FROM body WHERE place = 1",
        "DELETE FROM envelope; DELETE FROM body WHERE place = 1",
        "UPDATE envelope SET place = 0",
        "UPDATE envelope SET place = 3 WHERE arrival = 8",
    ] {
        let folder = used();
        let store = rusqlite::Connection::open(folder.path().join("relay.db")).unwrap();
        store.execute_batch(&format!("{envelopes}; {bodies}; {planted}")).unwrap();
        drop(store);
        if planted.is_empty() {
            assert_eq!(doctor(folder.path(), "").0, Some(0));
        } else {
            wrong(folder.path(), "", "store", &["don't belong together"]);
        }
    }
}

#[test]
fn ports_settings_and_certificates_are_looked_at() {
    let folder = used();
    let config = folder.path().with_extension("toml");
    let file = folder.path().with_extension("pem");
    let told = |content: &str, subject: &str, parts: &[&str]| {
        fs::write(&config, content).unwrap();
        wrong(folder.path(), &format!(" --config {}", config.display()), subject, parts);
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    told(&format!("listen = '127.0.0.1:{port}'"), "port", &["can't be used", "ss -ltnp"]);
    told(&format!("listen = '127.0.0.1:0'\nmetrics = '127.0.0.1:{port}'"), "metrics port", &["can't be used"]);
    told("listen = '127.0.0.1:0'\nenvelope_days = 99", "settings", &["envelope_days"]);
    let certificate = format!("listen = '127.0.0.1:0'\ncertificate = '{}'", file.display());
    told(&certificate, "certificate", &["can't be read"]);
    let other = KeyPair::generate().unwrap();
    let own = KeyPair::try_from(fs::read(folder.path().join("tls.key")).unwrap()).unwrap();
    for (key, year, part) in [(&other, 2999, "for another key"), (&own, 2020, "it ended on 2020-01-01")] {
        let mut params = CertificateParams::new(vec!["relay.example.org".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        fs::write(&file, process::pem(params.self_signed(key).unwrap().der())).unwrap();
        told(&certificate, "certificate", &[part]);
    }
    fs::remove_file(&config).unwrap();
    fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn status_says_whether_a_relay_runs_and_how_much_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let ask = || {
        let output = run(folder.path(), "status --data DATA --json");
        (output.status.code(), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap_or_default())
    };
    assert_eq!(ask().0, Some(1), "there is no store");
    let relay = Relay::start(folder.path(), " --open");
    let mut client = relay.client().await;
    let mailbox = Mailbox::made(1, &mut client).await;
    Mailbox::made(2, &mut client).await;
    for id in 0..3 {
        assert_eq!(client.call(&mailbox.put(id)).await, Reply::Done);
    }
    assert!(run(folder.path(), "pass new --data DATA").status.success());
    let (code, status) = ask();
    assert_eq!((code, &status["running"]), (Some(0), &true.into()));
    assert_eq!((&status["mailboxes"], &status["envelopes"], &status["passes"]), (&2.into(), &3.into(), &1.into()));
    assert_eq!((&status["oldest_days"], &status["restores"]), (&0.into(), &0.into()));
    assert!(text(&run(folder.path(), "status --data DATA").stdout).contains("3 waiting"));
    relay.signal(Signal::TERM);
    assert_eq!(relay.ended().0, Some(0));
    let (code, status) = ask();
    assert_eq!((code, &status["running"], &status["envelopes"]), (Some(3), &false.into(), &3.into()));
}

#[test]
fn completions_and_manual_pages_are_there_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&run(folder.path(), &format!("completions {shell}")).stdout);
        for command in ["serve", "pass", "notice", "dump", "status", "backup", "restore", "doctor"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    assert!(text(&run(folder.path(), "man").stdout).contains(".TH cairn-relay 1"));
    assert!(run(folder.path(), "man --to DATA").status.success());
    for page in ["cairn-relay.1", "cairn-relay-serve.1", "cairn-relay-backup.1", "cairn-relay-pass-new.1"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
}
