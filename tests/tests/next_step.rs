//! The last line that a person reads: what really comes next, and not what comes next on other days.

use anyhow::{Context, Result};
use e2e::client::{Client, field};
use e2e::process::{Done, run};
use e2e::programs::AS_CLIENT;
use e2e::world::{ANA, DANA, Pair, World};
use std::process::Command;

/// Long enough for one program to hear of the other; no test waits for it to pass.
const WAIT: &str = "60";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// How a command ended, and the next step that it names to a person.
fn next(client: &Client, words: &[&str]) -> Result<(i32, String)> {
    let done = run(&mut client.plain_command(words), b"")?;
    let said = String::from_utf8([done.out, done.err].concat())?;
    let line = said.lines().rfind(|line| line.starts_with("Next: ")).with_context(|| format!("{words:?}: {said}"))?;
    // Each command in it names the home of this profile, and can be typed as it stands; without it, it is easier to read.
    let home = format!(" --home '{}'", client.home().display());
    Ok((done.code, line.trim_start_matches("Next: ").replace(&home, "")))
}

/// After whatever a person looks at, the same comes next.
fn always(client: &Client, contact: &str, expected: &str) -> Result<()> {
    for words in
        [&["inbox"][..], &["status"], &["contact", "show", contact], &["contact", "list"], &["history", contact]]
    {
        assert_eq!(next(client, words)?, (0, expected.to_owned()), "{words:?}");
    }
    Ok(())
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

#[test]
fn who_has_nobody_to_write_to_is_not_sent_on_to_write() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    for words in [["inbox"].as_slice(), &["contact", "list"]] {
        assert_eq!(next(&ana, words)?.1, "cairn invite new, or cairn join LINK");
    }
    let (_, link) = ana.invite("Dana")?;
    for words in [["inbox"].as_slice(), &["contact", "list"]] {
        assert_eq!(next(&ana, words)?.1, "cairn inbox, once they have used it");
    }
    dana.join(&link, "Dana")?.ended(0)?;
    assert_eq!(next(&ana, &["inbox"])?.1, "cairn send CONTACT -m TEXT");
    Ok(())
}

#[test]
fn the_next_step_can_be_typed_as_it_is_printed_wherever_the_profile_lies() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("it's Ana's");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let printed = |done: &Done| {
        let said = String::from_utf8([done.out.clone(), done.err.clone()].concat())?;
        let line = said.lines().rfind(|line| line.starts_with("Next: ")).context(said.clone())?;
        Ok::<_, anyhow::Error>(line.trim_start_matches("Next: ").to_owned())
    };
    let typed = |line: &str| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("cairn() {{ \"$0\" {AS_CLIENT} \"$@\"; }}; {line}")]).arg(world.program());
        // Without the home it would be the profile of whoever runs the tests.
        run(shell.env("XDG_DATA_HOME", world.client("nobody").home()), b"")
    };
    // After a command, and after one that could not be done.
    let set = printed(&run(&mut ana.plain_command(&["config", "set", "face", "plain"]), b"")?)?;
    let shown = typed(&set)?;
    assert!(shown.code == 0 && String::from_utf8(shown.out)?.contains("face: plain"), "{set}");
    let refused = run(&mut ana.plain_command(&["send", "Nobody", "-m", "hello"]), b"")?;
    assert_eq!(refused.code, 6);
    let list = printed(&refused)?;
    assert_eq!(typed(&list)?.code, 0, "{list}");
    // Several in one sentence; and nothing where no home was given.
    let several = printed(&run(&mut ana.plain_command(&["inbox"]), b"")?)?;
    assert_eq!(several.matches("--home").count(), 2, "{several}");
    assert_eq!(printed(&typed("cairn config get face")?)?, "cairn config set KEY VALUE");
    Ok(())
}

#[test]
fn while_a_check_waits_it_is_the_next_step_and_then_no_more() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    assert_eq!(next(&ana, &["inbox"])?.1, "cairn send CONTACT -m TEXT");
    assert_eq!(next(&ana, &["send", DANA, "-m", "good morning"])?, (0, "cairn inbox".to_owned()));
    // Begun by Ana, not answered by Dana: both are led to it, and words may still be sent.
    let (to_dana, to_ana) = ("cairn contact verify 'Dana P.'", "cairn contact verify Ana");
    let talking = ", while you talk to each other";
    assert_eq!(next(&ana, &["contact", "verify", DANA, "--wait", "0"])?, (9, format!("{to_dana}{talking}")));
    for (client, contact, verify) in [(&ana, DANA, to_dana), (&dana, ANA, to_ana)] {
        let expected = format!("{verify}{talking}");
        always(client, contact, &expected)?;
        assert_eq!(next(client, &["send", contact, "-m", "are you there?"])?, (0, expected));
    }
    // The words are there.
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    always(&ana, DANA, &format!("{to_dana}, then the same with --typed WORDS"))?;
    assert_eq!(next(&ana, &["contact", "verify", DANA])?, (0, format!("{to_dana} --typed WORDS")));
    // They fit for Ana, and three times not for Dana.
    let matched = next(&ana, &["contact", "verify", DANA, "--typed", &by_dana])?;
    assert_eq!(matched, (0, "cairn send 'Dana P.' -m TEXT".to_owned()));
    assert_eq!(next(&ana, &["inbox"])?.1, "cairn send CONTACT -m TEXT");
    for left in [true, true, false] {
        let expected = if left {
            format!("{to_ana} --typed WORDS")
        } else {
            format!("ask them, then {to_ana} --again, or cairn invite new --rejoin Ana")
        };
        assert_eq!(next(&dana, &["contact", "verify", ANA, "--typed", &by_dana])?, (5, expected));
    }
    assert_ne!(by_ana, by_dana);
    always(&dana, ANA, &format!("ask them, then {to_ana} --again, or cairn invite new --rejoin Ana"))?;
    // Given up: nothing waits any more.
    assert_eq!(next(&dana, &["contact", "verify", ANA, "--stop"])?.1, "cairn contact list");
    assert_eq!(next(&dana, &["inbox"])?.1, "cairn send CONTACT -m TEXT");
    Ok(())
}

#[test]
fn while_a_new_start_waits_for_words_every_next_step_is_to_check_them() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let invited = ana.run(&["invite", "new", "--rejoin", DANA])?.ended(0)?;
    let link = field(invited.only("invite")?, "link")?.to_owned();
    let (to_dana, to_ana) = ("cairn contact verify 'Dana P.'", "cairn contact verify Ana");
    let talking = ", while you talk to each other";
    assert_eq!(next(&dana, &["join", &link, "--as", ANA])?, (0, format!("{to_ana}{talking}")));
    always(&ana, DANA, &format!("{to_dana}{talking}"))?;
    for (client, contact, verify) in [(&ana, DANA, to_dana), (&dana, ANA, to_ana)] {
        // Refused, and still it is the check that comes next.
        assert_eq!(next(client, &["send", contact, "-m", "too early"])?, (5, format!("{verify}{talking}")));
        always(client, contact, &format!("{verify}{talking}"))?;
    }
    let (by_ana, by_dana) = words((&ana, DANA), (&dana, ANA))?;
    for (client, contact, verify, heard) in [(&ana, DANA, to_dana, &by_dana), (&dana, ANA, to_ana, &by_ana)] {
        let expected = format!("{verify}, then the same with --typed WORDS");
        assert_eq!(next(client, &["send", contact, "-m", "too early"])?, (5, expected.clone()));
        always(client, contact, &expected)?;
        client.run(&["contact", "verify", contact, "--typed", heard])?.ended(0)?;
        assert_eq!(next(client, &["send", contact, "-m", "here we are"])?, (0, "cairn inbox".to_owned()));
        assert_eq!(next(client, &["inbox"])?.1, "cairn send CONTACT -m TEXT");
    }
    Ok(())
}
