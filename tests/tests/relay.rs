//! The relay in other hands: stolen, replaced, watched. What it can't give away because it never had it.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::hostile::Impostor;
use e2e::process::run;
use e2e::relay::Relay;
use e2e::terminal::find;
use e2e::world::{ANA, DANA, Pair, World, introduce};
use serde_json::Value;
use std::collections::BTreeMap;

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// A text as a store, a log or a memory dump might hold it.
fn disguises(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reversed = text.bytes().rev().collect();
    vec![
        ("as it is", text.as_bytes().to_vec()),
        ("in hexadecimal", hex.clone().into_bytes()),
        ("in hexadecimal", hex.to_uppercase().into_bytes()),
        ("in UTF-16", wide),
        ("backwards", reversed),
    ]
}

/// Where any of these words stands in anything that the relay wrote.
fn traces(relay: &Relay, words: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (path, bytes) in relay.written()? {
        for word in words {
            for (how, disguise) in disguises(word) {
                if find(&bytes, &disguise).is_some() {
                    found.push(format!("{word:?} {how} in {}", path.display()));
                }
            }
        }
    }
    Ok(found)
}

#[test]
fn a_stolen_relay_holds_no_word_name_or_label() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    let names = ["MarkerSpecialistName", "MarkerPatientLabel", "MarkerPatientName"];
    let [specialist, label, patient] = names;
    ana.setup(specialist, relay.address())?.ended(0)?;
    introduce(&ana, &dana, label, patient)?;
    let mut words: Vec<String> = names.iter().map(ToString::to_string).collect();
    for round in 0..4 {
        let (there, back) = (format!("MarkerQuestion{round}"), format!("MarkerAnswer{round}"));
        ana.send_through(label, &format!("Let me say {there} once."))?;
        if round != 2 {
            dana.inbox()?;
        }
        dana.send_through(specialist, &format!("{back} is what I say to that."))?;
        ana.inbox()?;
        words.extend([there, back]);
    }
    // Some envelopes wait, an invitation is open, a second taker was refused: all of its tables are in use.
    ana.invite("MarkerSecondLabel")?;
    let (_, link) = ana.invite("MarkerThirdLabel")?;
    world.client("third").join(&link, "MarkerThirdName")?.ended(0)?;
    world.client("fourth").join(&link, "MarkerFourthName")?.ended(7)?;
    ana.send_through(label, "MarkerWaiting stays at the relay")?;
    words.extend(
        ["MarkerSecondLabel", "MarkerThirdLabel", "MarkerThirdName", "MarkerFourthName", "MarkerWaiting"]
            .map(String::from),
    );
    words.extend(["Marker".to_owned(), link]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(traces(&relay, &words)?, Vec::<String>::new());
    relay.stop()?;
    assert_eq!(traces(&relay, &words)?, Vec::<String>::new());
    // The search finds what is there: a word that an operator's mistake could have put into a log.
    std::fs::write(relay.data().join("mistake.log"), "connection of MarkerPatientName")?;
    ensure!(!traces(&relay, &words)?.is_empty(), "the search finds a planted word");
    Ok(())
}

/// All rows of one table of the relay's file, as text of each column.
fn rows(relay: &Relay, table: &str) -> Result<Vec<BTreeMap<String, Value>>> {
    let file = relay.data().join("relay.db");
    let connection = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let names: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let mut fields = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            fields.insert(name.clone(), text(row.get_ref(number)?));
        }
        rows.push(fields);
    }
    Ok(rows)
}

fn text(value: rusqlite::types::ValueRef<'_>) -> Value {
    match value {
        rusqlite::types::ValueRef::Null => Value::Null,
        rusqlite::types::ValueRef::Integer(number) => number.into(),
        rusqlite::types::ValueRef::Real(number) => number.into(),
        rusqlite::types::ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
        rusqlite::types::ValueRef::Blob(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
    }
}

/// Values that two rows of a table share, where sharing would tie them together. `free` names columns whose values
/// belong to everybody, such as a day.
fn shared(rows: &[BTreeMap<String, Value>], free: &[&str]) -> Vec<String> {
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        for (name, value) in row.iter().filter(|(name, value)| !free.contains(&name.as_str()) && !value.is_null()) {
            if owners.insert(value.to_string(), place).is_some_and(|other| other != place) {
                found.push(format!("{name} {value}"));
            }
        }
    }
    found
}

#[test]
fn two_conversations_of_one_person_share_nothing_at_the_relay() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    // Ana talks with Dana and with Eli; Dana also talks with Robin. All at one relay.
    let (ana, robin) = (world.client("ana"), world.client("robin"));
    let (dana, eli) = (world.client("dana"), world.client("eli"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    robin.setup("Robin", relay.address())?.ended(0)?;
    introduce(&ana, &dana, "Dana", "Dana")?;
    introduce(&ana, &eli, "Eli", "Eli")?;
    let (_, link) = robin.invite("D.")?;
    dana.run(&["join", &link])?.ended(0)?;
    robin.inbox()?.only("contact")?;
    for round in 0..2 {
        for (from, to, reader) in [
            (&ana, "Dana", &dana),
            (&dana, "Ana", &ana),
            (&ana, "Eli", &eli),
            (&dana, "Robin", &robin),
            (&robin, "D.", &dana),
        ] {
            from.send_through(to, &format!("round {round}"))?;
            reader.inbox()?;
        }
    }
    // Something waits in every mailbox, so that envelopes are compared too.
    for (from, to) in [(&ana, "Dana"), (&dana, "Ana"), (&ana, "Eli"), (&eli, "Ana"), (&dana, "Robin"), (&robin, "D.")] {
        from.send_through(to, "the same words to everybody")?;
    }
    let dump = relay.dump()?;
    relay.stop()?;
    let mailboxes = rows(&relay, "mailbox")?;
    ensure!(mailboxes.len() == 6, "one mailbox for each direction of three conversations: {mailboxes:#?}");
    assert_eq!(shared(&mailboxes, &[]), Vec::<String>::new(), "{mailboxes:#?}");
    let envelopes = rows(&relay, "envelope")?;
    ensure!(envelopes.len() == 6, "{} envelopes wait", envelopes.len());
    assert_eq!(shared(&envelopes, &["day"]), Vec::<String>::new());
    // The dump shows each column of each row, so that what is true of the dump is true of the store.
    let dumped: Vec<&Value> =
        dump.iter().filter(|line| line.get("type").is_some_and(|kind| kind == "mailbox")).collect();
    assert_eq!(dumped.len(), mailboxes.len());
    for row in &mailboxes {
        let id = row.get("id").context("an id")?;
        let line = dumped.iter().find(|line| line.get("id") == Some(id)).context("a line for each mailbox")?;
        for (name, value) in row {
            assert_eq!(line.get(name), Some(value), "{name}");
        }
    }
    // The comparison bites: a name that two mailboxes share is found.
    let mut named = mailboxes;
    for row in &mut named {
        row.insert("pass".into(), "the same".into());
    }
    ensure!(!shared(&named, &[]).is_empty(), "a shared value is found");
    Ok(())
}

#[test]
fn the_dump_leaves_out_no_table_and_no_column() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.invite("open")?;
    ana.send_through(DANA, "waiting")?;
    dana.send_through(ANA, "waiting")?;
    let dump = relay.dump()?;
    relay.stop()?;
    let connection = rusqlite::Connection::open(relay.data().join("relay.db"))?;
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    drop(connection);
    for table in tables {
        let rows = rows(&relay, &table)?;
        let lines: Vec<_> =
            dump.iter().filter(|line| line.get("type").is_some_and(|kind| kind == table.as_str())).collect();
        assert_eq!(lines.len(), rows.len(), "{table}");
        for name in rows.iter().flat_map(BTreeMap::keys) {
            let short = format!("{name}_bytes");
            assert!(lines.iter().all(|line| line.get(name).or(line.get(&short)).is_some()), "{table}.{name}");
        }
    }
    Ok(())
}

#[test]
fn a_computer_with_another_key_at_the_relays_place_is_told_nothing() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (_, link) = ana.invite("later")?;
    relay.stop()?;
    let impostor = Impostor::start(relay.place())?;
    let refused = ana.run(&["send", DANA, "-m", "MarkerForNobody"])?.ended(4)?;
    let sent = refused.only("sent")?;
    assert_eq!(sent.get("state").and_then(Value::as_str), Some("saved"), "{sent}");
    ana.inbox_is_out_of_reach()?;
    world.client("new").join(&link, "New")?.ended(4)?;
    let heard = impostor.stop()?;
    assert!(heard.connections >= 3, "{heard:?}");
    assert_eq!((heard.handshakes, heard.content.len()), (0, 0), "no byte was said inside TLS");
    // Back at the true relay the message goes its way.
    relay.start_again()?;
    ana.inbox()?;
    assert_eq!(dana.inbox()?.texts(), ["MarkerForNobody"]);
    Ok(())
}

#[test]
fn a_relay_that_is_there_again_with_an_empty_folder_is_another_relay() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, .. } = world.pair(&relay)?;
    let place = relay.place().to_owned();
    relay.stop()?;
    let other = Relay::start(world.program(), &world.folder().join("other"), &["--open"])?;
    ensure!(other.address().split('/').nth(1) != relay.address().split('/').nth(1), "another folder, another key");
    drop(other);
    let data = relay.data();
    std::fs::rename(&data, world.folder().join("gone"))?;
    ensure!(relay.start_again().is_err(), "its address has changed, and that is seen at {place}");
    assert_eq!(ana.send(DANA, "waits")?.1, "saved");
    Ok(())
}

/// Changes the file of a relay behind its back: stopped before, started after.
fn behind_its_back(
    relay: &mut Relay,
    change: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<usize>,
) -> Result<()> {
    relay.stop()?;
    let connection = rusqlite::Connection::open(relay.data().join("relay.db"))?;
    ensure!(change(&connection)? == 1, "one row was changed");
    drop(connection);
    relay.start_again()
}

/// Three envelopes wait for Dana.
fn sends_three(ana: &Client) -> Result<()> {
    ["one", "two", "three"].into_iter().try_for_each(|text| ana.send_through(DANA, text).map(drop))
}

/// The second of the envelopes that wait.
const SECOND: &str = "(SELECT arrival FROM envelope ORDER BY arrival LIMIT 1 OFFSET 1)";

#[test]
fn an_envelope_that_the_relay_loses_or_changes_is_told_as_missing() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    for change in [
        format!("DELETE FROM envelope WHERE arrival = {SECOND}"),
        format!(
            "UPDATE body SET shut = zeroblob(4096) WHERE place = (SELECT place FROM envelope WHERE arrival = {SECOND})"
        ),
    ] {
        sends_three(&ana)?;
        behind_its_back(&mut relay, |connection| connection.execute(&change, []))?;
        let inbox = dana.inbox()?;
        assert_eq!(inbox.texts(), ["one", "three"], "{change}");
        let gap = inbox.only("gap")?;
        assert_eq!(gap.get("missing").and_then(Value::as_u64), Some(1), "{gap}");
        assert_eq!(gap.get("from").and_then(Value::as_str), Some(ANA), "{gap}");
        assert!(dana.inbox()?.of_type("gap").is_empty(), "it is told once");
        dana.send_through(ANA, "something is missing")?;
        assert_eq!(ana.inbox()?.texts(), ["something is missing"], "the conversation goes on");
    }
    Ok(())
}

#[test]
fn an_envelope_that_the_relay_lost_does_not_stop_the_conversation() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    sends_three(&ana)?;
    behind_its_back(&mut relay, |connection| {
        connection.execute(&format!("DELETE FROM envelope WHERE arrival = {SECOND}"), [])
    })?;
    dana.inbox()?;
    let lines = |part: usize| (0..100).map(|number| format!("part {part} number {number}\n")).collect::<String>();
    for part in 0..6 {
        run(&mut ana.plain_command(&["--plain"]), lines(part).as_bytes())?;
        dana.inbox()?;
        dana.send_through(ANA, "I have read it")?;
        ana.inbox()?;
    }
    dana.inbox()?;
    let arrived: Vec<String> = dana.history(ANA)?.into_iter().map(|(_, text)| text).collect();
    let missing: Vec<String> = (0..6)
        .flat_map(|part| lines(part).lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .filter(|text| !arrived.contains(text))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
    Ok(())
}

#[test]
fn an_envelope_that_the_relay_gives_twice_is_shown_once() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    sends_three(&ana)?;
    behind_its_back(&mut relay, |connection| {
        connection.execute(
            &format!(
                "INSERT INTO body SELECT (SELECT max(place) + 1 FROM body), shut FROM envelope JOIN body USING (place)
                 WHERE arrival = {SECOND}"
            ),
            [],
        )?;
        connection.execute(
            &format!(
                "INSERT INTO envelope (arrival, mailbox, id, day, key, place)
                 SELECT 1000000, mailbox, randomblob(16), day, key, (SELECT max(place) FROM body) FROM envelope
                 WHERE arrival = {SECOND}"
            ),
            [],
        )
    })?;
    let inbox = dana.inbox()?;
    assert_eq!(inbox.texts(), ["one", "two", "three"]);
    assert!(inbox.of_type("gap").is_empty(), "{:?}", inbox.lines);
    assert_eq!(dana.history(ANA)?.len(), 3);
    Ok(())
}
