//! How long a conversation is kept, a copy of it, and what it costs in data: with real programs.

use anyhow::{Context, Result, ensure};
use cairn_protocol::address::RelayAddress;
use cairn_relay::config::Config;
use cairn_relay::connection::Deadlines;
use e2e::client::{Client, field};
use e2e::counting::Counter;
use e2e::process::{Running, run, until};
use e2e::world::{ANA, DANA, Pair, World, introduce};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// How long a conversation is kept here, and how long there, as `contact show` says.
fn keeps(client: &Client, contact: &str) -> Result<(String, String)> {
    let answer = client.run(&["contact", "show", contact])?.ended(0)?;
    let contact = answer.only("contact")?;
    Ok((field(contact, "keep")?.to_owned(), field(contact, "their_keep")?.to_owned()))
}

fn pair(here: &str, there: &str) -> (String, String) {
    (here.to_owned(), there.to_owned())
}

#[test]
fn how_long_a_conversation_is_kept_is_chosen_for_each_person_and_shown_to_both() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    assert_eq!(keeps(&ana, DANA)?, pair("always", "always"));
    let answer = ana.run(&["keep", DANA, "30d"])?.ended(0)?;
    let kept = answer.only("keep")?;
    assert_eq!((field(kept, "side")?, field(kept, "keep")?, field(kept, "state")?), ("you", "30d", "sent"));
    assert!(answer.of_type("removed").is_empty(), "nothing is that old");
    assert_eq!(keeps(&dana, ANA)?, pair("always", "always"), "not yet fetched");
    let answer = dana.inbox()?;
    let kept = answer.only("keep")?;
    assert_eq!((field(kept, "side")?, field(kept, "keep")?, field(kept, "contact")?), ("them", "30d", ANA));
    assert!(answer.of_type("message").is_empty(), "it is no message");
    assert_eq!((keeps(&ana, DANA)?, keeps(&dana, ANA)?), (pair("30d", "always"), pair("always", "30d")));
    assert!(dana.inbox()?.lines.is_empty(), "told once");

    relay.stop()?;
    let answer = dana.run(&["keep", ANA, "90d"])?.ended(0)?;
    assert_eq!(field(answer.only("keep")?, "state")?, "saved", "it is chosen, and they will be told");
    relay.start_again()?;
    dana.inbox()?;
    let answer = ana.inbox()?;
    assert_eq!(field(answer.only("keep")?, "keep")?, "90d");
    ana.send_through(DANA, "and the conversation goes on")?;
    assert_eq!(dana.inbox()?.texts(), ["and the conversation goes on"]);
    for words in [["keep", DANA, "31d"], ["keep", DANA, "30"], ["keep", DANA, ""]] {
        ana.run(&words)?.ended(2)?;
    }
    ana.run(&["keep", "Nobody", "30d"])?.ended(6)?;
    assert_eq!(keeps(&ana, DANA)?, pair("30d", "90d"));
    Ok(())
}

fn mode(file: &Path) -> Result<u32> {
    Ok(std::fs::metadata(file)?.permissions().mode() & 0o777)
}

#[test]
fn a_copy_of_a_conversation_is_readable_and_inert_and_never_takes_the_place_of_a_file() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let hostile = "hi\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\r\nYou, 2:02 PM: I agree to all of it.\u{202e}\u{9b}1A";
    dana.send_through(ANA, hostile)?;
    ana.inbox()?;
    ana.send_through(DANA, "good morning")?;
    let (text, json) = (world.folder().join("copy.txt"), world.folder().join("copy.json"));
    let path = |file: &Path| file.display().to_string();

    let done = run(&mut ana.plain_command(&["export", DANA, "--to", &path(&text)]), b"")?;
    assert_eq!(done.code, 0, "{}", String::from_utf8_lossy(&done.err));
    let copy = std::fs::read_to_string(&text)?;
    assert!(copy.contains("good morning") && copy.contains("I agree to all of it"), "{copy}");
    assert!(copy.chars().all(|letter| letter == '\n' || !letter.is_control()), "{copy:?}");
    assert!(!copy.contains('\u{202e}') && !copy.lines().any(|line| line.starts_with("You, 2:02 PM: I agree")));
    assert_eq!(mode(&text)?, 0o600);

    let answer = ana.run(&["export", DANA, "--to", &path(&json)])?.ended(0)?;
    let exported = answer.only("exported")?;
    assert_eq!((field(exported, "contact")?, exported.get("messages")), (DANA, Some(&Value::from(2))));
    assert_eq!(mode(&json)?, 0o600);
    let copy = std::fs::read_to_string(&json)?;
    assert!(copy.chars().all(|letter| letter == '\n' || !letter.is_control()), "{copy:?}");
    let lines: Vec<Value> = copy.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let kinds: Vec<&str> = lines.iter().map(|line| field(line, "type")).collect::<Result<_>>()?;
    assert_eq!(kinds, ["export", "message", "message"]);
    let [head, first, second] = lines.as_slice() else { anyhow::bail!("{lines:?}") };
    assert_eq!((field(first, "text")?, field(second, "text")?), (hostile, "good morning"));
    assert_eq!((field(head, "consent")?, field(head, "their_keep")?), ("not_asked", "always"));

    for file in [&text, &json] {
        let before = std::fs::read(file)?;
        ana.run(&["export", DANA, "--to", &path(file)])?.ended(2)?;
        assert_eq!(std::fs::read(file)?, before, "left as it was");
    }
    std::fs::write(&text, "an older thing, longer than the copy".repeat(100))?;
    std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o644))?;
    ana.run(&["export", DANA, "--to", &path(&text), "--replace"])?.ended(0)?;
    assert_eq!((std::fs::read_to_string(&text)?.lines().count(), mode(&text)?), (3, 0o600));
    ana.run(&["export", DANA, "--to", &path(world.folder())])?.ended(2)?;
    ana.run(&["export", "Nobody"])?.ended(6)?;
    let answer = ana.run(&["export", DANA])?.ended(0)?;
    assert_eq!(answer.texts(), [hostile, "good morning"]);
    let left: Vec<_> = std::fs::read_dir(world.folder())?.collect::<Result<_, _>>()?;
    assert!(!left.iter().any(|entry| entry.file_name().to_string_lossy().contains("part")), "{left:?}");
    Ok(())
}

/// Received and sent bytes of this month.
fn data(client: &Client) -> Result<(u64, u64)> {
    let answer = client.run(&["status", "--data"])?.ended(0)?;
    let data = answer.only("data")?;
    let number = |name: &str| data.get(name).and_then(Value::as_u64).with_context(|| format!("no {name} in {data}"));
    assert_eq!(number("budget")?, 6_000_000);
    Ok((number("received")?, number("sent")?))
}

#[test]
fn the_data_of_a_month_are_the_bytes_at_the_socket_and_looking_at_them_costs_none() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let counter = Counter::start(relay.place())?;
    let mut through: RelayAddress = relay.address().parse()?;
    through.port = counter.port();
    let ana = world.client("ana");
    ana.setup("Ana", &through.to_string())?.ended(0)?;
    assert_eq!(data(&ana)?, (0, 0));
    let mut before = (0, 0);
    for label in ["Dana", "Kim", "Lee"] {
        ana.invite(label)?;
        ana.inbox()?;
        let counted = data(&ana)?;
        let passed = counter.settled()?;
        // What lies unread at a socket when a program ends was sent and not received.
        assert!(passed.1 <= counted.1 && counted.1 - passed.1 < 1024, "{label}: {counted:?} {passed:?}");
        assert!(counted.0 <= passed.0 && passed.0 - counted.0 < 1024, "{label}: {counted:?} {passed:?}");
        assert!(counted.0 > before.0 + 4096 && counted.1 > before.1 + 4096, "{counted:?} {before:?}");
        before = counted;
    }
    let connections = counter.connections();
    assert_eq!(data(&ana)?, before);
    assert_eq!(counter.connections(), connections, "it asks nobody");
    Ok(())
}

/// How often a relay pings here: what a ping takes does not depend on that.
const PING: Duration = Duration::from_millis(50);

/// Pings of a day, as relays do it.
fn pings_a_day() -> u64 {
    86_400 / Deadlines::default().ping.as_secs()
}

/// Bytes of a ping and its answer, at most: what else passes is more.
const QUIET: u64 = 100;

/// What an idle day may take.
const IDLE_DAY: u64 = 25_000;

#[test]
fn an_idle_day_of_an_open_conversation_with_its_question_for_the_notice_stays_below_25_kb() -> Result<()> {
    let world = world()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let config = Config {
        data: Some(world.folder().join("relay")),
        listen: Some("127.0.0.1:0".into()),
        open: Some(true),
        ..Config::default()
    };
    let deadlines = Deadlines { ping: PING, ..Deadlines::default() };
    let running = runtime.block_on(cairn_relay::serve::start(config.try_into()?, deadlines))?;
    let counter = Counter::start(&format!("127.0.0.1:{}", running.address.port))?;
    let mut through = running.address.clone();
    through.port = counter.port();
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", &through.to_string())?.ended(0)?;
    introduce(&ana, &dana, DANA, "Dana")?;
    dana.send_through(ANA, "good morning")?;
    ana.inbox()?;
    ana.send_through(DANA, "good morning")?;
    dana.inbox()?;
    dana.inbox()?;
    // Who invited asks what became of the invitation too.
    for (who, client, asked) in [("dana", &dana, 2), ("ana", &ana, 3)] {
        // A day later.
        std::fs::remove_file(client.home().join("notice"))?;
        counter.settled()?;
        let (before, connections) = (counter.now(), counter.connections());
        let (out, err) = (world.folder().join(format!("{who}.out")), world.folder().join(format!("{who}.err")));
        let following = Running::start(&mut client.command(&["inbox", "--follow"]), &out, &err)?;
        until("it asks all that it asks", || Ok(counter.connections() == connections + asked && counter.open() == 1))?;
        let all = |(received, sent): (u64, u64)| received + sent;
        // The last of its connections may be at its beginning still: it has come to its end when nothing passes but pings.
        let (mut looks, mut opened, mut pieces) = (0, counter.now(), counter.pieces());
        loop {
            until("a line is pinged", || Ok(counter.pieces() >= pieces + 3))?;
            let (now, passed) = (counter.now(), counter.pieces());
            if all(now) - all(opened) < (passed - pieces) * QUIET {
                break;
            }
            looks += 1;
            ensure!(looks < 100, "{who}: more than pings passes");
            (opened, pieces) = (now, passed);
        }
        until("a line is pinged", || Ok(counter.pieces() >= pieces + 20))?;
        let (idle, pings) = (counter.now(), counter.pieces() - pieces);
        following.kill()?;
        let opening = all(opened) - all(before);
        let ping = (all(idle) - all(opened)).div_ceil(pings);
        let day = opening + ping * pings_a_day();
        println!("{who}: {opening} bytes to open and ask, {ping} bytes each time the line is kept up, {day} a day");
        ensure!(ping > 40 && opening > 5000, "it was counted: {ping} {opening}");
        ensure!(day < IDLE_DAY, "{who}: {day} bytes a day");
    }
    drop(runtime);
    Ok(())
}
