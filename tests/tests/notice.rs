//! The center's notice, from the operator's file to people's screens: before a name is given, locked, offline, old, and where
//! it is none of the center's. Real programs at real terminals.

use anyhow::{Context, Result, ensure};
use cairn_protocol::notice::POINT;
use e2e::center::{a_day_later, card, kept, sign_and_serve, signed_anew, words};
use e2e::client::{Client, field};
use e2e::listening::Listening;
use e2e::process::until;
use e2e::relay::Relay;
use e2e::seed::Seeded;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, World, introduce};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

const PASSPHRASE: &str = "four quiet words here";

/// A terminal that can do nothing but add lines.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb")];

/// The filled-in example of the documents.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/notice.example.toml");

/// A number that stands in its card.
const NUMBER: &str = "000-0000";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn conversation(world: &World, client: &Client) -> Result<Terminal> {
    let mut arguments = client.opening_arguments();
    arguments.push("--plain".to_owned());
    Terminal::start(world.program(), &arguments, DUMB)
}

fn leave(mut terminal: Terminal) -> Result<Vec<u8>> {
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    let written = terminal.written();
    assert_eq!(find(&written, b"\x1b"), None, "no control sequence");
    Ok(written)
}

/// Takes the choice with these words, whichever number it has.
fn choose(terminal: &mut Terminal, words: &str) -> Result<()> {
    terminal.wait_for(&format!("  {words}"))?;
    terminal.wait_for("Type a number")?;
    let written = String::from_utf8(terminal.written())?;
    let line = written.lines().rev().find(|line| line.trim_end().ends_with(&format!("  {words}")));
    let number = line.and_then(|line| line.split("  ").next()).context("a numbered choice")?.trim().to_owned();
    terminal.type_line(&number)
}

/// A relay whose operator has set the example.
fn relay_with_notice(world: &World) -> Result<Relay> {
    let relay = world.relay()?;
    relay.control(&["notice", "set", EXAMPLE])?;
    Ok(relay)
}

#[test]
fn an_operators_notice_stands_before_the_name_and_its_card_stays_offline() -> Result<()> {
    let world = world()?;
    let mut relay = relay_with_notice(&world)?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("Step 1 of 3")?;
    terminal.type_line("")?;
    terminal.wait_for("comes with your invitation")?;
    terminal.type_line(&link)?;
    for words in
        ["Example Center (made up)", "Monday to Friday", "peer support specialist", "not an emergency", "Step 2 of 3"]
    {
        terminal.wait_for(words)?;
    }
    terminal.type_line("!")?;
    terminal.wait_for(NUMBER)?;
    terminal.wait_for("Step 2 of 3")?;
    leave(terminal)?;
    assert_eq!(fs::metadata(kept(&dana))?.permissions().mode() & 0o777, 0o600);
    assert_eq!(relay.stop()?, 0);
    // Offline, and before there is a profile.
    let (json, plain) = card(&dana)?;
    ensure!(plain.contains(NUMBER) && plain.contains("not an emergency service"), "{plain}");
    assert_eq!((field(&json, "from")?, field(&json, "center")?), ("center", "Example Center (made up)"));
    assert_eq!((field(&json, "valid_until")?, json.get("expired")), ("2099-12-31", Some(&Value::Bool(false))));
    assert_eq!(json.get("unusable"), Some(&Value::Bool(false)));
    for group in ["hours", "readers", "more"] {
        ensure!(json.get(group).and_then(Value::as_array).is_some_and(|lines| !lines.is_empty()), "{group}: {json}");
    }
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("Step 2 of 3")?;
    terminal.type_line("Dana")?;
    terminal.wait_for("Passphrase:")?;
    terminal.type_line("!")?;
    terminal.wait_for(NUMBER)?;
    terminal.wait_for("Passphrase:")?;
    terminal.press(&[3])?;
    assert_eq!(terminal.wait()?, 130);
    Ok(())
}

#[test]
fn without_a_relay_or_a_notice_the_first_run_goes_on_and_says_so() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let begin = |name: &str, words: &str| {
        let mut terminal = conversation(&world, &world.client(name))?;
        terminal.wait_for("Step 1 of 3")?;
        terminal.type_line(&link)?;
        terminal.wait_for(words)?;
        terminal.wait_for("Step 2 of 3")?;
        leave(terminal).map(drop)
    };
    begin("first", "given no notice of its own")?;
    relay.stop()?;
    begin("second", "has not come yet")?;
    let (json, plain) = card(&world.client("second"))?;
    ensure!(plain.contains("gave no numbers") && field(&json, "from")? == "program", "{plain}");
    Ok(())
}

#[test]
fn a_notice_that_comes_while_the_conversation_is_open_is_on_the_card_at_once() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let pair = world.pair(&relay)?;
    sign_and_serve(&relay, words("First Center", 30_000), 1_800_000_000)?;
    a_day_later(&pair.dana)?;
    let before = fs::read(kept(&pair.dana))?;
    let mut terminal = conversation(&world, &pair.dana)?;
    terminal.wait_for("Hide: -")?;
    until("it comes", || Ok(fs::read(kept(&pair.dana))? != before))?;
    terminal.type_line("!")?;
    terminal.wait_for("Ring 000-1111")?;
    leave(terminal).map(drop)
}

#[test]
fn a_card_of_an_invitation_that_was_given_up_is_not_shown_for_another_center() -> Result<()> {
    let world = world()?;
    let relay = relay_with_notice(&world)?;
    let mut other = world.closed_relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let kim = world.client("kim");
    kim.setup("Kim", other.address())?.ended(0)?;
    let pass = other.control(&["pass", "new"])?;
    let pass = field(pass.first().context("a pass")?, "pass")?.to_owned();
    let first = ana.invite(DANA)?.1;
    let second = kim.run(&["invite", "new", "--pass", &pass])?.ended(0)?;
    let second = field(second.only("invite")?, "link")?.to_owned();
    let begin = |link: &str, words: &str| {
        let mut terminal = conversation(&world, &dana)?;
        // An earlier first run goes on where it was.
        if terminal.wait_for_any(&["Step 1 of 3", "Step 2 of 3"])? == 1 {
            terminal.type_line("?")?;
            choose(&mut terminal, "Use another invitation")?;
            terminal.wait_for("Step 1 of 3")?;
        }
        terminal.type_line(link)?;
        terminal.wait_for(words)?;
        terminal.wait_for("Step 2 of 3")?;
        leave(terminal).map(drop)
    };
    begin(&first, "Example Center")?;
    ensure!(card(&dana)?.1.contains(NUMBER));
    // The other center's relay is away: nothing is known of it.
    other.stop()?;
    begin(&second, "has not come yet")?;
    let (json, plain) = card(&dana)?;
    ensure!(!plain.contains(NUMBER) && json.get("center") == Some(&Value::Null), "{plain}");
    Ok(())
}

#[test]
fn locked_and_offline_the_card_stands_in_every_place_and_a_damaged_one_says_so() -> Result<()> {
    let world = world()?;
    let mut relay = relay_with_notice(&world)?;
    let ana = world.client("ana");
    let by_file = world.client_with_passphrase("dana", PASSPHRASE)?;
    ana.setup("Ana", relay.address())?.ended(0)?;
    introduce(&ana, &by_file, DANA, "Dana")?;
    relay.stop()?;
    let dana = world.client("dana");
    let mut terminal = conversation(&world, &dana)?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line("!")?;
    terminal.wait_for(NUMBER)?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("Hide: -")?;
    // The whole notice, two steps away.
    terminal.type_line("?")?;
    choose(&mut terminal, "More")?;
    choose(&mut terminal, "Your center")?;
    for words in ["Example Center", "Walk in on Wednesdays", NUMBER, "Back to Ana"] {
        terminal.wait_for(words)?;
    }
    terminal.type_line("-")?;
    terminal.wait_for("Locked.")?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line("!")?;
    terminal.wait_for(NUMBER)?;
    // The hidden question of a command.
    terminal.press(&[3])?;
    terminal.wait()?;
    let mut arguments = dana.opening_arguments();
    arguments.extend(["history".to_owned(), "Ana".to_owned()]);
    let mut asked = Terminal::start(world.program(), &arguments, DUMB)?;
    asked.wait_for("Passphrase (stays hidden):")?;
    asked.type_line("!")?;
    asked.wait_for(NUMBER)?;
    asked.press(&[3])?;
    asked.wait()?;
    // One letter of the card is changed on the disk.
    let mut bytes = fs::read(kept(&dana))?;
    let place = find(&bytes, NUMBER.as_bytes()).context("the card lies in the file")?;
    *bytes.get_mut(place).context("a digit")? = b'9';
    fs::write(kept(&dana), bytes)?;
    let (json, plain) = card(&dana)?;
    ensure!(plain.contains("can't be read here") && !plain.contains("00-0000"), "{plain}");
    ensure!(plain.contains("local emergency number"), "{plain}");
    assert_eq!((json.get("unusable"), json.get("center")), (Some(&Value::Bool(true)), Some(&Value::Null)));
    Ok(())
}

#[test]
fn an_old_notice_is_shown_with_the_day_until_which_it_was_meant() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let pair = world.pair(&relay)?;
    // 2001-09-09; `notice set` itself takes no day that is over.
    sign_and_serve(&relay, words("Example Center", 11_574), 1_000_000_000)?;
    a_day_later(&pair.dana)?;
    pair.dana.inbox()?;
    let (json, plain) = card(&pair.dana)?;
    ensure!(
        plain.contains("Ring 000-1111") && plain.contains("This notice was meant until September 9, 2001."),
        "{plain}"
    );
    assert_eq!((field(&json, "from")?, json.get("expired")), ("center", Some(&Value::Bool(true))));
    let mut terminal = conversation(&world, &pair.dana)?;
    terminal.wait_for("Hide: -")?;
    terminal.type_line("!")?;
    terminal.wait_for("Ring 000-1111")?;
    terminal.wait_for("This notice was meant until September 9, 2001.")?;
    leave(terminal).map(drop)
}

#[test]
fn a_changed_notice_comes_a_day_later_an_older_one_never_and_one_taken_back_is_forgotten() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let pair = world.pair(&relay)?;
    let served = relay.data().join("notice");
    let center = |client: &Client| {
        Ok::<_, anyhow::Error>(card(client)?.0.get("center").and_then(Value::as_str).map(str::to_owned))
    };
    let ask = || {
        a_day_later(&pair.dana)?;
        pair.dana.inbox().map(drop)
    };
    sign_and_serve(&relay, words("First Center", 30_000), 1_800_000_000)?;
    let first = fs::read(&served)?;
    // Not on the same day: each time costs a connection.
    pair.dana.inbox()?;
    assert_eq!(center(&pair.dana)?, None);
    ask()?;
    assert_eq!(center(&pair.dana)?.as_deref(), Some("First Center"));
    sign_and_serve(&relay, words("Second Center", 30_000), 1_800_000_001)?;
    ask()?;
    assert_eq!(center(&pair.dana)?.as_deref(), Some("Second Center"));
    // The relay is put back, or somebody keeps the old notice: the newer one stays.
    fs::write(&served, &first)?;
    ask()?;
    assert_eq!(center(&pair.dana)?.as_deref(), Some("Second Center"));
    fs::remove_file(&served)?;
    ask()?;
    assert_eq!(center(&pair.dana)?.as_deref(), Some("Second Center"), "a relay that says nothing takes nothing away");
    sign_and_serve(&relay, words("Third Center", 30_000), 1_800_000_002)?;
    relay.control(&["notice", "remove"])?;
    ask()?;
    assert_eq!(center(&pair.dana)?, None, "the operator took it back");
    ensure!(card(&pair.dana)?.1.contains("gave no numbers"));
    Ok(())
}

#[test]
fn what_the_center_has_not_signed_or_could_not_mean_is_never_shown() -> Result<()> {
    let world = world()?;
    let relay = relay_with_notice(&world)?;
    let (other, served) = (world.closed_relay()?, relay.data().join("notice"));
    other.control(&["notice", "set", EXAMPLE])?;
    let good = fs::read(&served)?;
    let flipped = |place: usize| {
        let mut bytes = good.clone();
        bytes.get_mut(place).map(|byte| *byte ^= 1).context("a byte")?;
        Ok::<_, anyhow::Error>(bytes)
    };
    let resigned = |from: &[u8], to: &[u8]| signed_anew(&relay.data(), from, to);
    let hostile = [
        ("a letter is another", flipped(160)?),
        ("the signature is another", flipped(POINT + 40)?),
        ("another relay has signed it", fs::read(other.data().join("notice"))?),
        ("another relay's key, this relay's words", {
            let key = fs::read(other.data().join("notice"))?;
            [key.get(..POINT).context("a key")?, good.get(POINT..).context("the rest")?].concat()
        }),
        ("an escape sequence, rightly signed", resigned(b"Example", b"\x1b[2Jxxx")?),
        ("C1, rightly signed", resigned(b"Example", b"\xc2\x9b2Jxxx")?),
        ("a turned direction, rightly signed", resigned(b"Example", b"\xe2\x80\xaexxxx")?),
        ("a line that is too long, rightly signed", resigned(&[0, 24, b'E', b'x'], &[0, 101, b'E', b'x'])?),
        ("another version, rightly signed", resigned(&[1, 0, 0, 0, 0], &[2, 0, 0, 0, 0])?),
    ];
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    for (at, (what, bytes)) in hostile.into_iter().enumerate() {
        assert_eq!(bytes.len(), good.len(), "{what}");
        fs::write(&served, bytes)?;
        let (_, link) = ana.invite(&format!("Guest {at}"))?;
        let guest = world.client(&format!("guest-{at}"));
        let mut terminal = conversation(&world, &guest)?;
        terminal.wait_for("Step 1 of 3")?;
        terminal.type_line(&link)?;
        terminal.wait_for("has not signed").with_context(|| what.to_owned())?;
        terminal.wait_for("Step 2 of 3")?;
        leave(terminal)?;
        let (json, plain) = card(&guest)?;
        ensure!(!plain.contains(NUMBER) && json.get("unusable") == Some(&Value::Bool(true)), "{what}: {plain}");
        // Whoever joins all the same is not held up by it.
        guest.join(&link, "Guest")?.ended(0)?.only("contact")?;
    }
    // The guests' card comes back with the center's own notice.
    fs::write(&served, good)?;
    let guest = world.client("guest-0");
    a_day_later(&guest)?;
    guest.inbox()?;
    ensure!(card(&guest)?.1.contains(NUMBER));
    Ok(())
}

#[test]
fn a_kill_while_it_is_fetched_leaves_the_notice_before_or_the_new_one_and_every_message() -> Result<()> {
    let mut seed = Seeded::new();
    let world = world()?;
    let relay = world.relay()?;
    let pair = world.pair(&relay)?;
    let center = |number: u64| format!("Center {number}");
    sign_and_serve(&relay, words(&center(0), 30_000), 1_800_000_000)?;
    a_day_later(&pair.dana)?;
    let start = Instant::now();
    pair.dana.inbox()?;
    let usual = u64::try_from(start.elapsed().as_millis())? + 5;
    let (mut here, mut written) = (0, Vec::new());
    for number in 1..=10 {
        sign_and_serve(&relay, words(&center(number), 30_000), 1_800_000_000 + number)?;
        a_day_later(&pair.dana)?;
        let text = format!("number {number}");
        pair.ana.send_through(DANA, &text)?;
        written.push(("in".to_owned(), text));
        pair.dana.run_killed_after(&["inbox"], b"", seed.milliseconds(0..usual))?;
        let (json, _) = card(&pair.dana)?;
        let shown = field(&json, "center")?;
        ensure!(shown == center(here) || shown == center(number), "after {number}: {json}");
        here = if shown == center(number) { number } else { here };
    }
    a_day_later(&pair.dana)?;
    pair.dana.inbox()?;
    assert_eq!(field(&card(&pair.dana)?.0, "center")?, center(10));
    assert_eq!(pair.dana.history(ANA)?, written);
    Ok(())
}

#[test]
fn the_notice_is_asked_for_first_alone_and_once_a_day() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let pair = world.pair(&relay)?;
    let (_, link) = pair.ana.invite("Guest")?;
    let guest = world.client("guest");
    relay.stop()?;
    let listening = Listening::start(relay.place(), &relay.data())?;
    // Busy: nothing else is given to them.
    guest.join(&link, "Guest")?.ended(7)?;
    assert_eq!(listening.noted(), [vec!["hello", "notice"], vec!["hello", "take bundle"]]);
    guest.run(&["join", &link])?.ended(7)?;
    assert_eq!(listening.noted().split_off(2), [vec!["hello", "take bundle"]], "not on the same day");
    // A day later, beside the mailbox, on a connection of its own.
    a_day_later(&pair.dana)?;
    pair.dana.run(&["inbox"])?;
    let mut asked = listening.noted().split_off(3);
    asked.retain(|kinds| kinds.contains(&"notice"));
    assert_eq!(asked, [vec!["hello", "notice"]]);
    // Not with what somebody writes, whose time would say more.
    a_day_later(&pair.dana)?;
    let before = listening.noted().len();
    pair.dana.run(&["send", ANA, "-m", "good morning"])?;
    assert!(!listening.noted().split_off(before).iter().any(|kinds| kinds.contains(&"notice")));
    // Nor at a relay that is not the own one.
    let mut other = world.closed_relay()?;
    let kim = world.client("kim");
    kim.setup("Kim", other.address())?.ended(0)?;
    let passes = other.control(&["pass", "new"])?;
    let pass = field(passes.first().context("a pass")?, "pass")?;
    let invited = kim.run(&["invite", "new", "--pass", pass])?.ended(0)?;
    let link = field(invited.only("invite")?, "link")?.to_owned();
    other.stop()?;
    let listening = Listening::start(other.place(), &other.data())?;
    pair.dana.run(&["join", &link])?.ended(7)?;
    assert_eq!(listening.noted(), [vec!["hello", "take bundle"]]);
    Ok(())
}

#[test]
fn a_notice_that_came_with_an_invitation_that_came_to_nothing_is_nobodys() -> Result<()> {
    let world = world()?;
    let relay = relay_with_notice(&world)?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (id, link) = ana.invite(DANA)?;
    ana.run(&["invite", "revoke", &id])?.ended(0)?;
    dana.join(&link, "Dana")?.ended(7)?;
    let (json, plain) = card(&dana)?;
    ensure!(json["from"] == "program" && !plain.contains(NUMBER), "{plain}");
    // In the conversation too, after the notice was shown before the name.
    let eve = world.client("eve");
    let mut terminal = Terminal::start(world.program(), &eve.opening_arguments(), &[("TERM", "xterm-256color")])?;
    terminal.sees("Step 1 of 3")?;
    terminal.type_line(&link)?;
    terminal.sees("Example Center")?;
    terminal.type_line("Eve")?;
    terminal.sees("Step 3 of 3")?;
    for question in ["Passphrase", "The same again:"] {
        terminal.sees(question)?;
        terminal.type_line("four quiet words here")?;
    }
    terminal.sees("it ended, or it was withdrawn")?;
    terminal.press(b"\x1bOQ")?;
    terminal.sees("HELP NOW")?;
    ensure!(!terminal.screen().contains(NUMBER), "{}", terminal.screen());
    terminal.press(b"\x1bOQ")?;
    terminal.sees("it ended, or it was withdrawn")?;
    terminal.press(b"\r")?;
    terminal.sees("There is nobody")?;
    terminal.type_line("?")?;
    terminal.sees("2  Your center")?;
    terminal.press(b"2")?;
    terminal.shows("the page of the center", |screen| screen.contains("1  Back") && !screen.contains("2  "))?;
    ensure!(!terminal.screen().contains("Example Center"), "{}", terminal.screen());
    terminal.press(b"\x1b[21~")?;
    terminal.wait()?;
    // One that is used, at the same relay, brings it again.
    let link = ana.invite(DANA)?.1;
    dana.run(&["join", &link])?.ended(0)?;
    ensure!(card(&dana)?.1.contains(NUMBER));
    Ok(())
}
