//! `doctor`: what it finds, and the rescue of a damaged profile, with real programs and real files.

use anyhow::{Context, Result, ensure};
use e2e::client::{Answer, Client, field};
use e2e::process::run;
use e2e::world::{ANA, DANA, Pair, World};
use serde_json::Value;
use std::path::Path;

/// Bytes of a page of the vault.
const PAGE: usize = 4096;

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// What was looked at, and how each was found.
fn findings(answer: &Answer) -> Result<Vec<(String, String)>> {
    let of = |line: &&Value| Ok((field(line, "subject")?.to_owned(), field(line, "verdict")?.to_owned()));
    answer.of_type("finding").iter().map(of).collect()
}

fn wrong(answer: &Answer) -> Result<Vec<String>> {
    Ok(findings(answer)?.into_iter().filter(|(_, verdict)| verdict == "wrong").map(|(subject, _)| subject).collect())
}

#[test]
fn a_profile_is_looked_at_from_its_folder_to_its_relay_and_what_is_wrong_has_a_next_step() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let nobody = world.client("nobody");
    assert_eq!(wrong(&nobody.run(&["doctor"])?.ended(3)?)?, ["home"]);
    ensure!(!nobody.home().exists(), "looking makes nothing");
    let Pair { ana, dana } = world.pair(&relay)?;
    let answer = ana.run(&["doctor"])?.ended(0)?;
    let subjects: Vec<String> = findings(&answer)?.into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects, ["home", "room", "lock", "vault", "clock", "conversations", "relay"]);
    assert_eq!(wrong(&answer)?, [""; 0]);
    let done = run(&mut ana.plain_command(&["doctor"]), b"")?;
    ensure!(done.code == 0 && String::from_utf8(done.out)?.contains("is whole"), "in sentences too");
    relay.stop()?;
    let answer = ana.run(&["doctor"])?.ended(4)?;
    assert_eq!(wrong(&answer)?, ["relay"]);
    let finding = answer.lines.last().context("a line")?;
    ensure!(finding["next"].is_string(), "{finding}");
    // Others can read the key.
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dana.home().join("key"), std::fs::Permissions::from_mode(0o644))?;
    assert_eq!(wrong(&dana.run(&["doctor"])?.ended(1)?)?, ["home", "relay"]);
    Ok(())
}

#[test]
fn without_the_passphrase_what_is_inside_is_not_looked_at_and_a_wrong_one_is_a_wrong_one() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client_with_passphrase("ana", "four quiet words here")?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    assert_eq!(findings(&ana.run(&["doctor"])?.ended(0)?)?.len(), 7);
    let locked = world.client("ana");
    let answer = locked.run(&["doctor"])?.ended(0)?;
    assert_eq!(findings(&answer)?.last(), Some(&("vault".to_owned(), "advice".to_owned())));
    world.client_with_passphrase("ana", "something else")?.run(&["doctor"])?.ended(8)?;
    Ok(())
}

fn damage(client: &Client, change: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>> {
    let file = client.home().join("vault.db");
    let mut bytes = std::fs::read(&file)?;
    change(&mut bytes);
    std::fs::write(&file, &bytes)?;
    Ok(bytes)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

#[test]
fn what_can_be_read_of_a_damaged_profile_is_saved_and_the_conversation_goes_on_by_a_new_start() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let long = |number: usize| format!("letter {number} {}", "x".repeat(3900));
    for number in 0..12 {
        dana.send_through(ANA, &long(number))?;
    }
    ana.inbox()?;
    ana.send_through(DANA, "thank you")?;
    ana.run(&["status"])?.ended(0)?;
    // Every third of the last pages: some of the letters lie there.
    let damaged = damage(&ana, |bytes| {
        let pages = bytes.len() / PAGE;
        for page in (pages - 18..pages).step_by(3) {
            bytes[page * PAGE + 77] ^= 0x20;
        }
    })?;
    let answer = ana.run(&["doctor"])?.ended(8)?;
    ensure!(wrong(&answer)?.contains(&"vault".to_owned()), "{answer:?}");
    let next = field(answer.error.as_ref().context("an error")?, "next")?;
    assert_eq!(next, "cairn doctor --salvage NEW_HOME");

    let new = world.client("saved");
    let place = text(new.home())?.to_owned();
    let answer = ana.run(&["doctor", "--salvage", &place])?.ended(0)?;
    let saved = answer.only("salvage")?;
    let number = |name: &str| saved.get(name).and_then(Value::as_u64).with_context(|| format!("no {name} in {saved}"));
    assert_eq!((number("people")?, &saved["profile"]), (1, &Value::Bool(true)));
    assert_eq!(number("messages")? + number("missing")?, 13, "{saved}");
    ensure!(number("missing")? > 0 && number("messages")? > 3, "{saved}");
    ensure!(std::fs::read(ana.home().join("vault.db"))? == damaged, "the damaged file is left as it is");
    let history = new.history(DANA)?;
    assert_eq!(history.len() as u64, number("messages")?);
    let written: Vec<String> = (0..12).map(long).chain(["thank you".to_owned()]).collect();
    ensure!(history.iter().all(|(_, text)| written.contains(text)), "only what was written");
    ana.run(&["doctor", "--salvage", &place])?.ended(2)?;

    // Nothing goes out by keys that may have been used.
    new.run(&["send", DANA, "-m", "are you there?"])?.ended(8)?;
    let found = new.run(&["doctor"])?.ended(8)?;
    assert_eq!(wrong(&found)?, ["conversations"]);
    let invited = new.run(&["invite", "new", "--rejoin", DANA])?.ended(0)?;
    let link = field(invited.only("invite")?, "link")?.to_owned();
    dana.run(&["join", &link, "--as", ANA])?.ended(0)?;
    new.inbox()?;
    let words = |client: &Client, name: &str| -> Result<String> {
        let answer = client.run(&["contact", "verify", name, "--wait", "60"])?.ended(0)?;
        Ok(field(answer.only("check")?, "words")?.to_owned())
    };
    let (by_new, by_dana) = std::thread::scope(|scope| {
        let other = scope.spawn(|| words(&new, DANA));
        let own = words(&dana, ANA);
        (other.join(), own)
    });
    let (by_new, by_dana) = (by_new.map_err(|_| anyhow::anyhow!("a thread"))??, by_dana?);
    new.run(&["contact", "verify", DANA, "--typed", &by_dana])?.ended(0)?;
    dana.run(&["contact", "verify", ANA, "--typed", &by_new])?.ended(0)?;
    new.send_through(DANA, "and it goes on")?;
    let texts: Vec<String> = dana.inbox()?.texts().into_iter().map(str::to_owned).collect();
    ensure!(
        texts.iter().any(|text| text == "are you there?") && texts.iter().any(|text| text == "and it goes on"),
        "{texts:?}"
    );
    dana.send_through(ANA, "yes")?;
    ensure!(new.inbox()?.texts().contains(&"yes"), "both ways");
    assert_eq!(wrong(&new.run(&["doctor"])?.ended(0)?)?, [""; 0]);
    Ok(())
}

#[test]
fn of_a_profile_whose_first_page_is_gone_nothing_is_saved_nothing_is_made_and_that_is_said() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, .. } = world.pair(&relay)?;
    let bytes = damage(&ana, |bytes| bytes[..PAGE].fill(0))?;
    ana.run(&["inbox"])?.ended(8)?;
    let place = world.folder().join("saved");
    for words in [&["doctor"][..], &["doctor", "--salvage", text(&place)?]] {
        let answer = ana.run(words)?.ended(8)?;
        let next = field(answer.error.as_ref().context("an error")?, "next")?;
        ensure!(next.contains("cairn --home NEW_HOME join LINK"), "{words:?} leads to {next}");
    }
    ensure!(!place.join("vault.db").exists() && !place.join("key").exists());
    ensure!(std::fs::read(ana.home().join("vault.db"))? == bytes);
    world.client("nobody").run(&["doctor", "--salvage", text(&place)?])?.ended(3)?;
    Ok(())
}

#[test]
fn completions_and_manual_pages_know_every_command() -> Result<()> {
    let nobody = world()?.client("nobody");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = run(&mut nobody.plain_command(&["completions", shell]), b"")?;
        let script = String::from_utf8(done.out)?;
        ensure!(done.code == 0 && script.contains("rejoin") && script.contains("passphrase-file"), "{shell}");
    }
    nobody.run(&["completions", "bash"])?.ended(2)?;
    let folder = tempfile::tempdir()?;
    let pages = folder.path().join("man");
    let done = run(&mut nobody.plain_command(&["man", "--to", text(&pages)?]), b"")?;
    assert_eq!(done.code, 0);
    for page in ["cairn.1", "cairn-send.1", "cairn-contact-remove.1", "cairn-doctor.1"] {
        ensure!(pages.join(page).exists(), "{page}");
    }
    let done = run(&mut nobody.plain_command(&["man"]), b"")?;
    ensure!(String::from_utf8(done.out)?.contains(".TH cairn 1"));
    let file = folder.path().join("a file");
    std::fs::write(&file, b"")?;
    assert_eq!(run(&mut nobody.plain_command(&["man", "--to", text(&file)?]), b"")?.code, 2);
    ensure!(!nobody.home().exists(), "no profile is needed, and none is made");
    Ok(())
}
