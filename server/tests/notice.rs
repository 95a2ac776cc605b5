//! The operator's notice: written, signed, served, kept through a kill, a backup and a wrong file.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

#[expect(dead_code, reason = "the other test files use the rest")]
mod common;
#[expect(dead_code, reason = "the other test files use the rest")]
mod process;

use cairn_protocol::notice::{Notice, SignedNotice};
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use cairn_relay::limits::Limits;
use cairn_relay::{notice, tls};
use common::{Client, World, refused};
use process::{Relay, run, text};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The filled-in example of the documents.
fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/notice.example.toml")
}

fn said(data: &Path, arguments: &str) -> Value {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn set(data: &Path, file: &Path) -> Value {
    said(data, &format!("notice set {} --data DATA", file.display()))
}

/// A file with this center in it.
fn of_center(folder: &Path, center: &str) -> PathBuf {
    let file = folder.join("notice.toml");
    let words = fs::read_to_string(example()).unwrap();
    fs::write(&file, words.replace("Example Center (made up)", center)).unwrap();
    file
}

async fn served(client: &mut Client, data: &Path) -> Option<Notice> {
    match client.call(&Request::Notice).await {
        Reply::Notice(Some(bytes)) => {
            let pin = tls::pin_of(data).unwrap().unwrap();
            Some(SignedNotice::from_bytes(bytes).open(&pin, tls::is_signed).unwrap())
        }
        Reply::Notice(None) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_example_of_the_documents_is_set_shown_and_served_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let relay = Relay::start(&data, " --open");
    let mut client = relay.client().await;
    assert_eq!(served(&mut client, &data).await, None);
    let line = set(&data, &example());
    assert_eq!(
        (&line["type"], &line["expired"], &line["valid_until"]),
        (&"notice".into(), &false.into(), &"2099-12-31".into())
    );
    let notice = served(&mut client, &data).await.expect("a notice, on the same connection");
    assert_eq!((notice.center.as_str(), notice.card.len()), ("Example Center (made up)", 3));
    assert_eq!(fs::metadata(data.join(notice::FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = text(&run(&data, "notice show --data DATA").stdout);
    for words in ["Example Center (made up)", "Help now:", "000-0000", "Who reads:", "2099-12-31"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("over"), "{shown}");
    assert_eq!(said(&data, "notice show --json --data DATA"), line);
    // Taken back: what is served says so, signed, and later than the notice.
    assert_eq!(said(&data, "notice remove --data DATA")["type"], "notice_removed");
    let withdrawn = served(&mut client, &data).await.unwrap();
    assert!(withdrawn.is_withdrawn() && withdrawn.set > notice.set);
    let none = run(&data, "notice show --data DATA");
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("notice set FILE"), "{}", text(&none.stderr));
}

#[tokio::test]
async fn a_notice_set_before_the_first_start_makes_the_folder_and_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    set(&data, &example());
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let pin = tls::pin_of(&data).unwrap();
    let relay = Relay::start(&data, " --open");
    assert_eq!(Some(relay.address.pin), pin);
    assert!(served(&mut relay.client().await, &data).await.is_some());
}

#[test]
fn a_file_with_a_fault_changes_nothing_and_the_fault_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = set(&data, &example());
    let file = folder.path().join("bad.toml");
    let words = fs::read_to_string(example()).unwrap();
    fs::write(&file, words.replace("readers = [", "reader = [")).unwrap();
    let line = words.lines().position(|line| line.starts_with("readers")).unwrap() + 1;
    let output = run(&data, &format!("notice set {} --data DATA", file.display()));
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]), "{complaint}");
    assert!(
        complaint.contains(&format!("Line {line}: `reader` is no part of a notice. Did you mean `readers`?")),
        "{complaint}"
    );
    assert_eq!(said(&data, "notice show --json --data DATA"), before);
}

#[test]
fn words_that_are_still_the_examples_and_a_card_without_a_number_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let advice = |words: String| {
        let file = folder.path().join("notice.toml");
        fs::write(&file, words).unwrap();
        let output = run(folder.path(), &format!("notice set {} --data DATA", file.display()));
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let words = fs::read_to_string(example()).unwrap();
    assert!(advice(words.clone()).contains("made up"));
    let own = words.replace("made up", "ours").replace("made-up", "our");
    assert_eq!(advice(own.clone()), "");
    let without = own.replace("000-0000", "Sam").replace("000-0001", "Sam").replace(": 000 (", ": Sam (");
    assert!(advice(without).contains("no telephone number"));
}

#[tokio::test]
async fn every_answer_has_one_size_and_who_only_asks_for_the_notice_gives_way() {
    let world = World::with_limits(Limits { connections: 2, ..Limits::default() }).await;
    let mut stranger = world.stranger().await;
    assert_eq!(stranger.call(&Request::Notice).await, refused(Refusal::Malformed), "hello comes first");
    let (mut asking, data) = (world.client().await, world.folder.path());
    let without = asking.call(&Request::Notice).await.encode(1).len();
    notice::set(data, Notice { center: "A center".to_owned(), ..Notice::withdrawn(0) }, 5).unwrap();
    let with = asking.call(&Request::Notice).await;
    assert_eq!((with.encode(1).len(), without), (5 + 1 + 2048, 5 + 1 + 2048));
    assert!(matches!(with, Reply::Notice(Some(_))));
    assert_eq!(Request::Notice.encode(7).len(), 5, "nothing is said of who asks");
    // A place is kept by a right, and this is none.
    let mut next = world.client().await;
    let _last = world.client().await;
    assert_eq!(asking.reply().await, None, "cut off");
    assert!(matches!(next.call(&Request::Notice).await, Reply::Notice(Some(_))));
}

#[tokio::test]
async fn a_file_that_is_no_notice_is_not_served_and_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    set(&data, &example());
    let mut bytes = fs::read(data.join(notice::FILE)).unwrap();
    fs::write(data.join(notice::FILE), &bytes[1..]).unwrap();
    let relay = Relay::start(&data, " --open");
    assert_eq!(relay.client().await.call(&Request::Notice).await, refused(Refusal::NotNow));
    relay.signal(rustix::process::Signal::TERM);
    let (_, errors) = relay.ended();
    assert!(
        errors.contains("people can't use the operator's notice") && errors.contains("notice set FILE"),
        "{errors}"
    );
    // One that is altered has the right size: clients find it out, the operator is told.
    bytes[200] ^= 1;
    fs::write(data.join(notice::FILE), &bytes).unwrap();
    let output = run(&data, "notice show --data DATA");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("signature does not fit"), "{}", text(&output.stderr));
    set(&data, &example());
    assert_eq!(said(&data, "notice show --json --data DATA")["expired"], false, "set again, it is well");
}

#[test]
fn a_backup_takes_the_notice_along_and_a_dump_prints_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    drop(Relay::start(&data, " --open"));
    set(&data, &example());
    let backup = folder.path().join("backup");
    let output = run(&data, &format!("backup --data DATA {}", backup.display()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = run(&other, &format!("restore --data DATA {}", backup.display()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(fs::read(data.join(notice::FILE)).unwrap(), fs::read(other.join(notice::FILE)).unwrap());
    // Put back over a folder that has its own, which was set later.
    let later = set(&data, &of_center(folder.path(), "Later"));
    let output = run(&data, &format!("restore --replace --data DATA {}", backup.display()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(said(&data, "notice show --json --data DATA"), later);
    let dump = text(&run(&data, "dump --data DATA").stdout);
    let line = dump.lines().find(|line| line.contains("\"type\":\"notice\"")).expect("a line with the notice");
    assert!(line.contains("\"center\":\"Later\"") && line.contains("000-0000"), "{line}");
}

#[test]
fn a_kill_while_a_notice_is_set_leaves_the_old_one_or_the_new_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    set(&data, &of_center(folder.path(), "Center 0"));
    let (mut killed, mut last) = (0, 0);
    for round in 1..=24_u64 {
        let file = of_center(folder.path(), &format!("Center {round}"));
        let mut command = process::program(&data, &format!("notice set {} --data DATA", file.display()));
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let line = said(&data, "notice show --json --data DATA");
        let center: u64 = line["center"].as_str().unwrap().strip_prefix("Center ").unwrap().parse().unwrap();
        assert!(center == round || center == last, "{center} after {last}, in round {round}");
        last = center;
    }
    assert!(killed > 0, "some were killed in time");
    // What a kill left behind is in nobody's way.
    assert_eq!(set(&data, &of_center(folder.path(), "The end"))["center"], "The end");
}

#[test]
fn doctor_says_when_a_notice_is_missing_old_or_can_not_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(Relay::start(&data, ""));
    let found = || {
        let output = text(&run(&data, "doctor --data DATA --json").stdout);
        let line = output.lines().find(|line| line.contains("\"notice\"")).expect("a finding").to_owned();
        let value: Value = serde_json::from_str(&line).unwrap();
        (value["verdict"].as_str().unwrap().to_owned(), value["text"].as_str().unwrap().to_owned())
    };
    let today = cairn_relay::calendar::clock_day();
    let meant_until = |last_day| Notice { center: "A center".to_owned(), last_day, ..Notice::withdrawn(0) };
    let cases = [
        (None, "advice", "there is none"),
        (Some(today - 1), "advice", "it was meant until"),
        (Some(today + 30), "advice", "soon"),
        (Some(today + 31), "good", "people see it"),
    ];
    for (last_day, verdict, words) in cases {
        if let Some(last_day) = last_day {
            notice::set(&data, meant_until(last_day), 1000).unwrap();
        }
        let (found, sentence) = found();
        assert!(found == verdict && sentence.contains(words), "{found}: {sentence}");
    }
    let mut bytes = fs::read(data.join(notice::FILE)).unwrap();
    bytes[300] ^= 1;
    fs::write(data.join(notice::FILE), bytes).unwrap();
    let (found, sentence) = found();
    assert!(found == "wrong" && sentence.contains("notice set FILE"), "{found}: {sentence}");
}
