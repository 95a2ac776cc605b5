//! A conversation that can't go on is noticed before the first send, and goes on by a new start once words are checked.

use anyhow::{Context, Result, ensure};
use e2e::client::{Answer, Client, field};
use e2e::process::{Running, run};
use e2e::world::{ANA, DANA, Pair, World};
use serde_json::Value;
use std::path::Path;

/// Long enough for one program to hear of the other; no test waits for it to pass.
const WAIT: &str = "60";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// What `cp -r` does, in place of what was there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a file name")?);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

fn contact(client: &Client, name: &str) -> Result<Value> {
    Ok(client.run(&["contact", "show", name])?.ended(0)?.only("contact")?.clone())
}

fn is_rejoining(client: &Client, name: &str) -> Result<bool> {
    contact(client, name)?.get("rejoining").and_then(Value::as_bool).context("rejoining")
}

/// Reasons of the notices in an answer.
fn notices(answer: &Answer) -> Result<Vec<&str>> {
    answer.of_type("notice").into_iter().map(|line| field(line, "reason")).collect()
}

/// The next step that a refused command names.
fn next(answer: &Answer) -> Result<&str> {
    field(answer.error.as_ref().context("an error")?, "next")
}

/// Both begin a check and wait: the words of each.
fn words(one: (&Client, &str), two: (&Client, &str)) -> Result<(String, String)> {
    let both = std::thread::scope(|scope| {
        let begin = |(client, name): (&Client, &str)| {
            let answer = client.run(&["contact", "verify", name, "--wait", WAIT])?.ended(0)?;
            Ok::<_, anyhow::Error>(field(answer.only("check")?, "words")?.to_owned())
        };
        let thread = scope.spawn(move || begin(one));
        let second = begin(two);
        (thread.join(), second)
    });
    Ok((both.0.map_err(|_| anyhow::anyhow!("a thread"))??, both.1?))
}

fn types(client: &Client, name: &str, heard: &str, code: i32) -> Result<()> {
    client.run(&["contact", "verify", name, "--typed", heard])?.ended(code).map(drop)
}

/// `invite new --rejoin`, which must give a link.
fn invite_again(client: &Client, name: &str) -> Result<String> {
    let answer = client.run(&["invite", "new", "--rejoin", name])?.ended(0)?;
    Ok(field(answer.only("invite")?, "link")?.to_owned())
}

/// The new start from the taking of the link to both sides' words, with what may not happen on the way.
fn go_on(inviter: (&Client, &str), taker: (&Client, &str), link: &str) -> Result<()> {
    let ((ana, danas_name), (dana, anas_name)) = (inviter, taker);
    let before = (contact(ana, danas_name)?, contact(dana, anas_name)?);
    let joined = dana.run(&["join", link, "--as", anas_name])?.ended(0)?;
    assert_eq!(field(joined.only("contact")?, "id")?, field(&before.1, "id")?);
    // Refused before the words, on the side of the taker, and on the other one as soon as it has heard.
    let refused = dana.run(&["send", anas_name, "-m", "too early"])?.ended(5)?;
    assert!(next(&refused)?.starts_with("cairn contact verify "), "{refused:?}");
    assert_eq!(notices(&ana.run(&["inbox"])?)?, ["rejoined"]);
    ana.run(&["send", danas_name, "-m", "too early"])?.ended(5)?;
    let (by_ana, by_dana) = words((ana, danas_name), (dana, anas_name))?;
    types(ana, danas_name, &by_dana, 0)?;
    // Ana's side is through. Dana's keeps what comes to itself until Dana has typed too.
    ana.send_through(danas_name, "held back, one")?;
    ana.send_through(danas_name, "held back, two")?;
    let early = dana.run(&["inbox"])?;
    ensure!(early.lines.is_empty(), "{early:?}");
    ensure!(!dana.history(anas_name)?.iter().any(|(_, text)| text.contains("held back")), "in the history");
    ensure!(is_rejoining(dana, anas_name)? && !is_rejoining(ana, danas_name)?, "each side for itself");
    types(dana, anas_name, &by_ana, 0)?;
    let shown = dana.run(&["inbox"])?;
    // Before them may stand what the other side had saved and could not send.
    assert!(shown.texts().ends_with(&["held back, one", "held back, two"]), "{shown:?}");
    // The same people, as far as both can see, and words go both ways.
    for (client, name, before) in [(ana, danas_name, &before.0), (dana, anas_name, &before.1)] {
        let now = contact(client, name)?;
        assert_eq!(field(&now, "id")?, field(before, "id")?);
        assert_eq!(field(&now, "trust")?, "checked");
        assert_eq!(client.run(&["contact", "list"])?.ended(0)?.of_type("contact").len(), 1);
    }
    ana.inbox()?;
    dana.send_through(anas_name, "hello again")?;
    ana.send_through(danas_name, "hello again to you")?;
    assert_eq!(ana.inbox()?.texts(), ["hello again"]);
    assert_eq!(dana.inbox()?.texts(), ["hello again to you"]);
    Ok(())
}

fn texts(client: &Client, name: &str) -> Result<Vec<String>> {
    Ok(client.history(name)?.into_iter().map(|(_, text)| text).collect())
}

#[test]
fn a_copy_goes_on_by_a_new_start_and_the_one_that_was_copied_does_not_come_back() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana: lost } = world.pair(&relay)?;
    lost.send_through(ANA, "one")?;
    let dana = lost.at(&world.folder().join("copy of dana"));
    copy(lost.home(), dana.home())?;
    lost.send_through(ANA, "two")?;
    assert_eq!(ana.inbox()?.texts(), ["one", "two"]);
    // The first device is lost. The copy is told before it sends.
    let refused = dana.run(&["send", ANA, "-m", "written on the copy"])?.ended(8)?;
    assert!(next(&refused)?.contains("cairn invite new --rejoin Ana"), "{refused:?}");
    assert!(next(&refused)?.contains("cairn join LINK --as Ana"), "{refused:?}");
    let link = invite_again(&ana, DANA)?;
    go_on((&ana, DANA), (&dana, ANA), &link)?;
    let all = texts(&ana, DANA)?;
    assert_eq!(all[..2], ["one", "two"]);
    assert_eq!(all.iter().filter(|text| *text == "written on the copy").count(), 1, "{all:?}");
    // What was copied is behind now, and can't come back.
    let back = lost.run(&["send", ANA, "-m", "from the past"])?;
    ensure!(back.code != 0, "{back:?}");
    assert_eq!(ana.inbox()?.texts(), [""; 0]);
    dana.send_through(ANA, "still me")?;
    assert_eq!(ana.inbox()?.texts(), ["still me"]);
    Ok(())
}

#[test]
fn of_a_copy_only_the_conversation_that_was_begun_anew_goes_on() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana: lost } = world.pair(&relay)?;
    let kim = world.client("kim");
    kim.setup("Kim", relay.address())?.ended(0)?;
    let (_, link) = kim.invite(DANA)?;
    lost.run(&["join", &link])?.ended(0)?;
    kim.inbox()?;
    let dana = lost.at(&world.folder().join("copy of dana"));
    copy(lost.home(), dana.home())?;
    lost.inbox()?;
    dana.run(&["inbox"])?.ended(8)?;
    let link = invite_again(&ana, DANA)?;
    dana.run(&["join", &link, "--as", ANA])?.ended(0)?;
    assert_eq!(notices(&ana.inbox()?)?, ["rejoined"]);
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    types(&ana, DANA, &by_dana, 0)?;
    types(&dana, ANA, &by_ana, 0)?;
    kim.send_through(DANA, "to whoever is there")?;
    // Kim's stays with the device that is not behind; Ana's is shown to somebody who waits for it.
    let (out, err) = (world.folder().join("follow.out"), world.folder().join("follow.err"));
    let following = Running::start(&mut dana.command(&["inbox", "--follow"]), &out, &err)?;
    ana.send_through(DANA, "there you are")?;
    let line = following.line()?.context("it goes on waiting")?;
    assert_eq!(serde_json::from_str::<Value>(&line)?["text"], "there you are");
    following.interrupt()?;
    dana.run(&["inbox"])?.ended(8)?;
    dana.send_through(ANA, "here I am")?;
    assert_eq!(ana.inbox()?.texts(), ["here I am"]);
    let refused = dana.run(&["send", "Kim", "-m", "from the copy"])?.ended(8)?;
    assert!(next(&refused)?.contains("--rejoin Kim"), "{refused:?}");
    assert_eq!(kim.inbox()?.texts(), [""; 0]);
    Ok(())
}

#[test]
fn an_older_profile_at_an_older_relay_learns_that_histories_differ_and_goes_on_by_a_new_start() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.send_through(ANA, "one")?;
    ana.inbox()?;
    relay.stop()?;
    let (older_home, older_relay) = (world.folder().join("older home"), world.folder().join("older relay"));
    copy(dana.home(), &older_home)?;
    copy(&relay.data(), &older_relay)?;
    relay.start_again()?;
    dana.send_through(ANA, "two")?;
    assert_eq!(ana.inbox()?.texts(), ["two"]);
    relay.stop()?;
    copy(&older_home, dana.home())?;
    copy(&older_relay, &relay.data())?;
    relay.start_again()?;
    ana.send_through(DANA, "I have read both")?;
    let inbox = dana.inbox()?;
    assert_eq!((inbox.texts(), notices(&inbox)?), (vec!["I have read both"], vec!["history_differs"]));
    let refused = dana.run(&["send", ANA, "-m", "not yet"])?.ended(8)?;
    assert!(next(&refused)?.contains("--rejoin Ana"), "{refused:?}");
    // This time the one whose profile is older invites.
    let link = invite_again(&dana, ANA)?;
    go_on((&dana, ANA), (&ana, DANA), &link)?;
    assert_eq!(texts(&ana, DANA)?[..3], ["one", "two", "I have read both"]);
    let all = texts(&ana, DANA)?;
    assert_eq!(all.iter().filter(|text| *text == "not yet").count(), 1, "{all:?}");
    Ok(())
}

#[test]
fn somebody_with_a_new_profile_goes_on_with_an_old_contact_once_the_words_fit() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.send_through(ANA, "from the old telephone")?;
    ana.inbox()?;
    let id = field(&contact(&ana, DANA)?, "id")?.to_owned();
    let link = invite_again(&ana, DANA)?;
    let new = world.client("dana's new telephone");
    new.join(&link, "Dana")?.ended(0)?;
    // For the new profile it is a conversation like any other; Ana's side holds it back.
    new.send_through(ANA, "from the new one")?;
    // The old keys still receive meanwhile.
    dana.send_through(ANA, "found it under the bed")?;
    let inbox = ana.inbox()?;
    assert_eq!((inbox.texts(), notices(&inbox)?), (vec!["found it under the bed"], vec!["rejoined"]));
    let (by_ana, by_new) = words((&ana, DANA), (&new, ANA))?;
    types(&ana, DANA, &by_new, 0)?;
    types(&new, ANA, &by_ana, 0)?;
    assert_eq!(ana.inbox()?.texts(), ["from the new one"]);
    assert_eq!(field(&contact(&ana, DANA)?, "id")?, id);
    let all = texts(&ana, DANA)?;
    assert!(all.contains(&"from the old telephone".to_owned()) && all.len() == 3, "{all:?}");
    ana.send_through(DANA, "welcome back")?;
    assert_eq!(new.inbox()?.texts(), ["welcome back"]);
    ensure!(dana.run(&["send", ANA, "-m", "x"])?.code != 0, "the old telephone is out");
    Ok(())
}

#[test]
fn somebody_in_the_middle_of_a_new_start_fails_the_check_and_joins_nothing() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.send_through(ANA, "before")?;
    ana.inbox()?;
    // Ana's link for Dana is taken on its way, and Dana gets another one.
    let link = invite_again(&ana, DANA)?;
    let (eve, other) = (world.client("eve"), world.client("eve as ana"));
    eve.join(&link, "Dana")?.ended(0)?;
    other.setup("Ana", relay.address())?.ended(0)?;
    let (_, others) = other.invite("the real Dana")?;
    dana.run(&["join", &others, "--as", ANA])?.ended(0)?;
    other.inbox()?;
    eve.send_through(ANA, "please send it to another address")?;
    let inbox = ana.inbox()?;
    assert_eq!((inbox.texts(), notices(&inbox)?), (vec![], vec!["rejoined"]));
    let (by_ana, to_eve) = words((&ana, DANA), (&eve, ANA))?;
    let (by_dana, _) = words((&dana, ANA), (&other, "the real Dana"))?;
    for _ in 0..3 {
        types(&ana, DANA, &by_dana, 5)?;
        types(&dana, ANA, &by_ana, 5)?;
    }
    for (client, name) in [(&ana, DANA), (&dana, ANA)] {
        let now = contact(client, name)?;
        assert_eq!(field(&now, "trust")?, "unchecked");
        assert_eq!(texts(client, name)?, ["before"]);
        client.run(&["send", name, "-m", "x"])?.ended(5)?;
        // On demand all of it goes, and the conversation is as it was.
        client.run(&["contact", "verify", name, "--stop"])?.ended(0)?;
        ensure!(!is_rejoining(client, name)?, "{name}");
    }
    ana.send_through(DANA, "so it was not you")?;
    assert_eq!(dana.inbox()?.texts(), ["so it was not you"]);
    dana.send_through(ANA, "no")?;
    assert_eq!(ana.inbox()?.texts(), ["no"]);
    // The test would notice a check that fits.
    ensure!(to_eve != by_dana, "words of two runs are the same by luck");
    Ok(())
}

#[test]
fn a_further_invitation_for_a_new_start_takes_the_place_of_one_that_waits() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let first = invite_again(&ana, DANA)?;
    dana.run(&["join", &first, "--as", ANA])?.ended(0)?;
    // The same once more gives the same.
    dana.run(&["join", &first, "--as", ANA])?.ended(0)?;
    ana.inbox()?;
    ensure!(is_rejoining(&ana, DANA)?, "one waits");
    let unused = invite_again(&ana, DANA)?;
    ensure!(!is_rejoining(&ana, DANA)?, "it went");
    let link = invite_again(&ana, DANA)?;
    // An earlier invitation that nobody has used is taken back.
    dana.run(&["join", &unused, "--as", ANA])?.ended(7)?;
    go_on((&ana, DANA), (&dana, ANA), &link)?;
    // At the relay nothing is left of all that went.
    let mailboxes = relay.dump()?.iter().filter(|line| line["type"] == "mailbox").count();
    assert_eq!(mailboxes, 2);
    // Nobody of that name, and no profile.
    dana.run(&["join", &link, "--as", "Robin"])?.ended(6)?;
    dana.run(&["invite", "new", "--rejoin", "Robin"])?.ended(6)?;
    world.client("nobody").run(&["join", &link, "--as", ANA])?.ended(3)?;
    Ok(())
}

#[test]
fn an_own_link_for_a_new_start_ends_when_the_other_sides_is_used() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let unused = invite_again(&ana, DANA)?;
    let link = invite_again(&dana, ANA)?;
    ana.run(&["join", &link, "--as", DANA])?.ended(0)?;
    // Whoever holds the other link can't put another conversation in the place of the one that waits.
    world.client("eve").join(&unused, "Dana")?.ended(7)?;
    assert_eq!(notices(&dana.inbox()?)?, ["rejoined"]);
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    types(&ana, DANA, &by_dana, 0)?;
    types(&dana, ANA, &by_ana, 0)?;
    // The same link once more is answered as before.
    let again = ana.run(&["join", &link, "--as", DANA])?.ended(0)?;
    assert_eq!(field(again.only("contact")?, "trust")?, "checked");
    // At the relay nothing is left of what has ended.
    ana.inbox()?;
    dana.inbox()?;
    let mailboxes = relay.dump()?.iter().filter(|line| line["type"] == "mailbox").count();
    assert_eq!(mailboxes, 2);
    Ok(())
}

#[test]
fn a_name_that_turns_the_line_around_stands_in_no_next_step() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let turned = world.client("turned");
    turned.setup("Kim\u{202E}yks", relay.address())?.ended(0)?;
    let (_, link) = turned.invite(DANA)?;
    dana.run(&["join", &link])?.ended(0)?;
    let id = field(dana.run(&["contact", "list"])?.ended(0)?.of_type("contact")[1], "id")?.to_owned();
    let again = invite_again(&ana, DANA)?;
    let said = run(&mut dana.plain_command(&["join", &again, "--as", &id]), b"")?;
    let said = String::from_utf8(said.out)?;
    assert!(said.contains("Next: cairn --home ") && said.contains(" contact verify"), "{said}");
    assert!(!said.contains('\u{202E}'), "{said:?}");
    Ok(())
}
