//! An invitation: works once, for one person, and only as the inviter made it.

use anyhow::{Context, Result, ensure};
use e2e::client::field;
use e2e::process::run;
use e2e::relay::Relay;
use e2e::terminal::Terminal;
use e2e::world::{ANA, DANA, World, introduce};

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

#[test]
fn a_second_taker_is_refused_and_both_sides_are_told() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana, eve) = (world.client("ana"), world.client("dana"), world.client("eve"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (invite, link) = ana.invite(DANA)?;
    dana.join(&link, "Dana")?.ended(0)?;
    let refused = eve.join(&link, "Eve")?.ended(7)?;
    assert!(refused.of_type("contact").is_empty(), "no contact came of it");
    dana.send_through(ANA, "It's me.")?;
    let inbox = ana.inbox()?;
    let notice = inbox.only("notice")?;
    assert_eq!((field(notice, "invite")?, field(notice, "reason")?), (invite.as_str(), "second_taker"));
    assert_eq!(inbox.texts(), ["It's me."], "the first taker's conversation goes on");
    assert!(ana.inbox()?.lines.is_empty(), "it is told once");
    assert_eq!(ana.run(&["contact", "list"])?.ended(0)?.of_type("contact").len(), 1);
    Ok(())
}

#[test]
fn the_same_person_joining_again_comes_to_the_same_contact() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let first = dana.join(&link, "Dana")?.ended(0)?;
    let id = field(first.only("contact")?, "id")?;
    let again = dana.run(&["join", &link])?.ended(0)?;
    assert_eq!(field(again.only("contact")?, "id")?, id, "the same join comes to the same contact");
    assert_eq!(dana.run(&["contact", "list"])?.ended(0)?.of_type("contact").len(), 1);
    dana.send_through(ANA, "Only one of me.")?;
    let inbox = ana.inbox()?;
    assert_eq!((inbox.of_type("contact").len(), inbox.of_type("notice").len()), (1, 0), "{:?}", inbox.lines);
    Ok(())
}

#[test]
fn joining_while_the_relay_is_down_gives_4_and_the_same_join_works_later() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    relay.stop()?;
    dana.join(&link, "Dana")?.ended(4)?;
    relay.start_again()?;
    // Whether the first try has already made the profile is the program's business: then the name and the way to open
    // it are there.
    let again = dana.join(&link, "Dana")?;
    let again = if again.code == 2 { dana.run(&["join", &link])? } else { again };
    again.ended(0)?.only("contact")?;
    dana.send_through(ANA, "at last")?;
    assert_eq!(ana.inbox()?.texts(), ["at last"]);
    Ok(())
}

#[test]
fn an_invitation_that_was_withdrawn_is_refused() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (id, link) = ana.invite(DANA)?;
    let (_, other) = ana.invite("Somebody else")?;
    ana.run(&["invite", "revoke", &id])?.ended(0)?;
    dana.join(&link, "Dana")?.ended(7)?;
    let list = ana.run(&["invite", "list"])?.ended(0)?;
    let withdrawn = list.of_type("invite").into_iter().find(|invite| field(invite, "id").is_ok_and(|this| this == id));
    assert!(withdrawn.is_none_or(|invite| field(invite, "state").is_ok_and(|state| state != "open")), "{withdrawn:?}");
    world.client("else").join(&other, "Else")?.ended(0)?;
    Ok(())
}

#[test]
fn a_link_with_a_mistake_is_refused_before_anything_is_sent() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let shorter = link.get(..link.len() - 1).context("a link")?;
    let last = link.get(link.len() - 1..).context("a link")?;
    let other = format!("{shorter}{}", if last == "A" { "B" } else { "A" });
    for wrong in [shorter, &other, "CAIRN:", "nonsense", ""] {
        let answer = world.client("dana").join(wrong, "Dana")?;
        ensure!(answer.code == 2, "{wrong:?} ended with {}", answer.code);
    }
    // The link itself still works: none of the wrong ones has used it up.
    world.client("dana").join(&link, "Dana")?.ended(0)?;
    Ok(())
}

/// Flips one bit in one invitation's sealed bundle, in the file of a relay that is stopped. All other bundles stay.
fn alter(relay: &Relay, number: usize) -> Result<()> {
    let connection = rusqlite::Connection::open(relay.data().join("relay.db"))?;
    let slots: Vec<Vec<u8>> = connection
        .prepare("SELECT slot FROM bundle ORDER BY slot")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let slot = slots.get(number).context("a bundle")?;
    let mut sealed: Vec<u8> =
        connection.query_row("SELECT sealed FROM bundle WHERE slot = ?1", [slot], |row| row.get(0))?;
    *sealed.get_mut(2000).context("a byte")? ^= 1;
    ensure!(connection.execute("UPDATE bundle SET sealed = ?1 WHERE slot = ?2", (sealed, slot))? == 1, "one row");
    Ok(())
}

#[test]
fn a_bundle_that_was_altered_at_the_relay_is_refused() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let links = [ana.invite("One")?.1, ana.invite("Two")?.1];
    relay.stop()?;
    alter(&relay, 0)?;
    relay.start_again()?;
    // One of the two was altered, and which one only the relay can tell: exactly one works.
    let mut codes = Vec::new();
    for (name, link) in ["one", "two"].iter().zip(&links) {
        codes.push(world.client(name).join(link, "Dana")?.code);
    }
    codes.sort_unstable();
    assert_eq!(codes, [0, 7]);
    assert_eq!(ana.inbox()?.of_type("contact").len(), 1, "nobody else has become a contact");
    Ok(())
}

#[test]
fn a_relay_for_passes_admits_a_specialist_with_one_and_patients_without() -> Result<()> {
    let world = world()?;
    let relay = world.closed_relay()?;
    let (stranger, ana, dana) = (world.client("stranger"), world.client("ana"), world.client("dana"));
    // Refused at the first step that needs the relay.
    let setup = stranger.setup("Stranger", relay.address())?;
    let refused = if setup.code == 0 { stranger.run(&["invite", "new", "--for", DANA])? } else { setup };
    refused.ended(7)?;
    let pass = relay.pass()?;
    let setup = ["setup", "--name", "Ana", "--relay", relay.address(), "--pass", &pass, "--no-passphrase"];
    ana.run(&setup)?.ended(0)?;
    introduce(&ana, &dana, DANA, "Dana")?;
    dana.send_through(ANA, "No pass needed.")?;
    assert_eq!(ana.inbox()?.texts(), ["No pass needed."]);
    ana.send_through(DANA, "Good.")?;
    assert_eq!(dana.inbox()?.texts(), ["Good."]);
    Ok(())
}

#[test]
fn two_people_of_one_name_are_told_apart() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, one, two) = (world.client("ana"), world.client("one"), world.client("two"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let invite = |client: &e2e::client::Client| -> Result<String> {
        let answer = client.run(&["invite", "new"])?.ended(0)?;
        Ok(field(answer.only("invite")?, "link")?.to_owned())
    };
    for patient in [&one, &two] {
        patient.join(&invite(&ana)?, "Dana")?.ended(0)?;
        ana.inbox()?.only("contact")?;
    }
    let contacts = ana.run(&["contact", "list"])?.ended(0)?;
    let mut names =
        contacts.of_type("contact").into_iter().map(|line| field(line, "name")).collect::<Result<Vec<_>>>()?;
    names.sort_unstable();
    assert_eq!(names, ["Dana", "Dana 2"]);
    ana.send_through("Dana 2", "for the second")?;
    assert!(one.inbox()?.texts().is_empty());
    assert_eq!(two.inbox()?.texts(), ["for the second"]);
    Ok(())
}

#[test]
fn an_earlier_invitation_for_the_same_person_that_is_open_is_told_with_the_way_to_take_it_back() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let make = |words: &[&str]| {
        let done = run(&mut ana.plain_command(&[&["invite", "new"], words].concat()), b"")?;
        ensure!(done.code == 0, "{}", String::from_utf8_lossy(&done.err));
        Ok::<_, anyhow::Error>(String::from_utf8(done.out)?)
    };
    let open = || {
        let list = ana.run(&["invite", "list"])?.ended(0)?;
        let open = list.lines.iter().filter(|line| line["state"] == "open");
        open.map(|line| Ok(field(line, "id")?.to_owned())).collect::<Result<Vec<String>>>()
    };
    let told = "An earlier invitation for Robin is open too";
    ensure!(!make(&["--for", "Robin"])?.contains("earlier"));
    let first = open()?.pop().context("an invitation")?;
    // For somebody else, or for nobody by name: nothing is told.
    ensure!(
        !make(&["--for", "Kim"])?.contains("earlier")
            && !make(&[])?.contains("earlier")
            && !make(&[])?.contains("earlier")
    );
    let said = make(&["--for", "Robin"])?;
    let revoke = format!("invite revoke {first}");
    ensure!(said.contains(told) && said.contains(&revoke) && said.matches("invite revoke").count() == 1, "{said}");
    // In the conversation too.
    let mut arguments = ana.opening_arguments();
    arguments.push("--plain".to_owned());
    let mut terminal = Terminal::start(world.program(), &arguments, &[("TERM", "dumb"), ("NO_COLOR", "1")])?;
    for (until, typed) in [("Type a number", "1"), ("Type a number", "2"), ("Whom is it for?", "Robin")] {
        terminal.wait_for(until)?;
        terminal.type_line(typed)?;
    }
    terminal.wait_for(told)?;
    terminal.wait_for(&revoke)?;
    terminal.press(&[4])?;
    terminal.wait()?;
    // Taken back, it is told no more.
    for id in open()? {
        ana.run(&["invite", "revoke", &id])?.ended(0)?;
    }
    ensure!(!make(&["--for", "Robin"])?.contains("earlier"));
    Ok(())
}
