//! A profile: what opens it, who works on it, and that a copy of it can do no harm.

use anyhow::{Context, Result, ensure};
use e2e::client::{Client, field};
use e2e::process::Running;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

const PASSPHRASE: &str = "three green bottles of water";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// Every file below a folder with its bytes, in order.
fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push((path.display().to_string(), std::fs::read(path)?))
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What `cp -r` does.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a file name")?);
        if path.is_dir() { copy(&path, &target)? } else { std::fs::copy(&path, &target).map(drop)? }
    }
    Ok(())
}

#[test]
fn setting_up_twice_is_refused_and_changes_nothing() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let before = ana.run(&["status"])?.ended(0)?.raw.out;
    ana.setup("Somebody else", relay.address())?.ended(2)?;
    ana.setup("Ana", relay.address())?.ended(2)?;
    assert_eq!(ana.run(&["status"])?.ended(0)?.raw.out, before);
    dana.send_through(ANA, "still you?")?;
    assert_eq!(ana.inbox()?.texts(), ["still you?"]);
    Ok(())
}

#[test]
fn only_the_right_passphrase_opens_a_profile() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    // One newline at the end belongs to the file, not to the passphrase.
    let ana = world.client_with_passphrase("ana", &format!("{PASSPHRASE}\n"))?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    let other = |content: &str| -> Result<Client> {
        let file = world.folder().join("other.passphrase");
        std::fs::write(&file, content)?;
        Ok(ana.clone().with_passphrase_file(&file))
    };
    for same in [PASSPHRASE.to_owned(), format!("{PASSPHRASE}\r\n")] {
        other(&same)?.run(&["status"])?.ended(0)?;
    }
    for wrong in ["three green bottles of wine", &format!("{PASSPHRASE} "), &format!("{PASSPHRASE}\n\n"), "x"] {
        other(wrong)?.run(&["contact", "list"])?.ended(8)?;
    }
    other("")?.run(&["contact", "list"])?.ended(2)?;
    other("\n")?.run(&["contact", "list"])?.ended(2)?;
    // Nothing given, and nobody may be asked.
    let locked = Client::new(world.program(), ana.home());
    locked.run(&["contact", "list"])?.ended(3)?;
    locked.run(&["inbox"])?.ended(3)?;
    Ok(())
}

#[test]
fn a_profile_is_not_made_without_anything_that_opens_it() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let client = world.client("nobody");
    client.run(&["setup", "--name", "Nobody", "--relay", relay.address()])?.ended(2)?;
    client.run(&["contact", "list"])?.ended(3)?;
    client.run(&["send", "Ana", "-m", "x"])?.ended(3)?;
    let empty = world.client_with_passphrase("nobody", "")?;
    empty.setup("Nobody", relay.address())?.ended(2)?;
    Ok(())
}

#[test]
fn somebody_who_is_no_contact_gives_6() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    for name in ["Robin", "dana p.", "Dana", ""] {
        ana.run(&["send", name, "-m", "x"])?.ended(6)?;
        ana.run(&["history", name])?.ended(6)?;
    }
    assert!(dana.inbox()?.lines.is_empty());
    Ok(())
}

#[test]
fn words_that_do_not_exist_give_2() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, .. } = world.pair(&relay)?;
    for words in [&["sent"][..], &["block", DANA], &["send", DANA, "--file", "/etc/hosts"]] {
        let answer = ana.run(words)?;
        ensure!(answer.code == 2, "{words:?} ended with {}", answer.code);
    }
    Ok(())
}

#[test]
fn the_profile_is_readable_by_its_owner_alone_and_holds_no_plain_text() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client_with_passphrase("ana", PASSPHRASE)?;
    let dana = world.client("dana");
    ana.setup("Ana Marker-Nachname", relay.address())?.ended(0)?;
    introduce(&ana, &dana, "Marker-Etikett", "Dana Marker-Vorname")?;
    ana.send_through("Marker-Etikett", "Marker-Nachricht-hinaus")?;
    dana.inbox()?;
    dana.send_through("Ana Marker-Nachname", "Marker-Nachricht-herein")?;
    ana.inbox()?;
    for (path, bytes) in files(ana.home())? {
        assert!(find(&bytes, b"Marker").is_none(), "{path} holds what was written");
        assert!(find(&bytes, PASSPHRASE.as_bytes()).is_none(), "{path} holds the passphrase");
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{path} has mode {mode:o}");
    }
    let mode = std::fs::metadata(ana.home())?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "the folder has mode {mode:o}");
    Ok(())
}

#[test]
fn a_second_process_waits_and_then_is_told_who_works_on_the_profile() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (out, err) = (world.folder().join("follow.out"), world.folder().join("follow.err"));
    let following = Running::start(&mut dana.command(&["inbox", "--follow"]), &out, &err)?;
    ana.send_through(DANA, "now it runs")?;
    following.line()?.context("the first process works")?;
    let refused = dana.run(&["send", ANA, "-m", "me too"])?.ended(7)?;
    let error = refused.error.as_ref().context("an error")?;
    let who = field(error, "message")?;
    assert!(who.contains("inbox") || who.contains(&following.id().to_string()), "{who}");
    assert!(field(error, "next").is_ok(), "{error}");
    following.interrupt()?;
    dana.send_through(ANA, "now I can")?;
    assert_eq!(ana.inbox()?.texts(), ["now I can"], "what was refused was not kept for later");
    Ok(())
}

#[test]
fn many_processes_on_one_profile_take_turns() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let sent: Vec<Result<String>> = std::thread::scope(|scope| {
        let one = |number: usize| dana.send_through(ANA, &format!("turn {number}"));
        let threads: Vec<_> = (0..6).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread"))).collect()
    });
    sent.into_iter().collect::<Result<Vec<_>>>()?;
    let inbox = ana.inbox()?;
    let mut texts = inbox.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["turn 0", "turn 1", "turn 2", "turn 3", "turn 4", "turn 5"]);
    Ok(())
}

#[test]
#[cfg(target_os = "linux")]
fn no_secret_stands_in_the_arguments_or_the_environment_of_a_process() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client_with_passphrase("dana", PASSPHRASE)?);
    ana.setup("Ana", relay.address())?.ended(0)?;
    introduce(&ana, &dana, DANA, "Dana")?;
    let (out, err) = (world.folder().join("follow.out"), world.folder().join("follow.err"));
    let following = Running::start(&mut dana.command(&["inbox", "--follow"]), &out, &err)?;
    ana.send_through(DANA, "a marker in a message")?;
    following.line()?.context("the process works")?;
    let look = |id: u32| -> Result<()> {
        for name in ["cmdline", "environ", "comm"] {
            let bytes = match std::fs::read(format!("/proc/{id}/{name}")) {
                // Closed to this account's other programs: only root is shown it.
                Err(error) if name == "environ" && error.kind() == std::io::ErrorKind::PermissionDenied => continue,
                bytes => bytes?,
            };
            ensure!(!bytes.is_empty(), "{name} could be read");
            for secret in [PASSPHRASE, "a marker in a message", DANA, ANA, "a marker that is typed"] {
                assert!(find(&bytes, secret.as_bytes()).is_none(), "{secret:?} stands in {name}");
            }
        }
        Ok(())
    };
    look(following.id())?;
    following.kill()?;
    // Where the person types it all, and what a child that asks for the passphrase is given.
    let arguments = world.client("dana").opening_arguments();
    let arguments = [arguments, vec!["--plain".to_owned()]].concat();
    let mut terminal = Terminal::start(world.program(), &arguments, &[("TERM", "xterm-256color")])?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("Hide: -")?;
    terminal.type_line("a marker that is typed")?;
    terminal.wait_for("Sent")?;
    look(terminal.id()?)?;
    terminal.kill()?;
    let seen = world.folder().join("seen");
    let command = format!(
        "cat /proc/self/environ > {0}; tr '\\0' ' ' < /proc/$PPID/cmdline >> {0}; cat {1}",
        seen.display(),
        world.folder().join("dana.passphrase").display()
    );
    world.client("dana").run(&["--passphrase-command", &command, "history", ANA])?.ended(0)?;
    let bytes = std::fs::read(seen)?;
    ensure!(!bytes.is_empty() && find(&bytes, PASSPHRASE.as_bytes()).is_none(), "the child is given none");
    Ok(())
}

#[test]
fn a_copy_that_is_used_after_the_original_went_on_sends_nothing() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.send_through(ANA, "one")?;
    let copied = dana.at(&world.folder().join("copy of dana"));
    copy(dana.home(), copied.home())?;
    // The original goes on.
    ana.send_through(DANA, "to the original")?;
    assert_eq!(dana.inbox()?.texts(), ["to the original"]);
    dana.send_through(ANA, "two")?;
    // The copy learns that it is behind before it sends anything.
    copied.run(&["send", ANA, "-m", "from the copy"])?.ended(8)?;
    copied.run(&["inbox"])?.ended(8)?;
    assert_eq!(ana.inbox()?.texts(), ["one", "two"]);
    // And the original is not hurt by it.
    dana.send_through(ANA, "three")?;
    assert_eq!(ana.inbox()?.texts(), ["three"]);
    ana.send_through(DANA, "four")?;
    assert_eq!(dana.inbox()?.texts(), ["four"]);
    Ok(())
}

#[test]
fn a_damaged_profile_is_named_and_not_replaced() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, .. } = world.pair(&relay)?;
    // The largest file is the store; its middle holds what was written.
    let all = files(ana.home())?;
    let (path, bytes) = all.iter().max_by_key(|(_, bytes)| bytes.len()).context("a file")?;
    let mut damaged = bytes.clone();
    for byte in damaged.iter_mut().skip(4096) {
        *byte ^= 0x55;
    }
    std::fs::write(path, &damaged)?;
    ana.run(&["history", DANA])?.ended(8)?;
    ana.run(&["send", DANA, "-m", "x"])?.ended(8)?;
    ana.setup("Ana", relay.address())?.ended(2)?;
    std::fs::write(path, bytes)?;
    ana.run(&["history", DANA])?.ended(0)?;
    Ok(())
}

#[test]
fn whatever_is_printed_into_a_full_disk_is_told_and_a_reader_who_is_gone_is_not() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let commands: [&[&str]; 9] = [
        &["--help"],
        &["send", "--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["help-now"],
        &["config", "get"],
        &["invite", "list"],
        &["status"],
    ];
    for words in commands {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
        let done = ana.plain_command(words).stdin(Stdio::null()).stdout(full).output()?;
        let said = String::from_utf8(done.stderr)?;
        assert_eq!(done.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.lines().count() == 2 && said.contains("the disk is full"), "{words:?}: {said}");
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let done = ana.plain_command(words).stdin(Stdio::null()).stdout(writer).output()?;
        assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(0), &b""[..]), "{words:?}");
    }
    Ok(())
}
