//! Who may come in, and how much there may be: a patient needs nothing from the operator, and what the relay keeps of it
//! ties nobody to anybody.

use anyhow::{Context, Result, ensure};
use e2e::client::{Answer, field};
use e2e::relay::Relay;
use e2e::world::{ANA, DANA, Pair, World};
use rusqlite::types::Value;
use std::collections::{BTreeMap, BTreeSet};

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn said(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.raw.err).into_owned()
}

/// A row: its columns by name.
type Row = BTreeMap<String, Value>;

/// Every row of every table of a relay that has stopped, in the order in which the table gives them.
fn tables(relay: &Relay) -> Result<BTreeMap<String, Vec<Row>>> {
    let connection = open(relay)?;
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = BTreeMap::new();
    for table in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns: Vec<String> = statement.column_names().map(ToString::to_string).collect();
        let rows = statement
            .query_map([], |row| {
                columns.iter().enumerate().map(|(place, name)| Ok((name.clone(), row.get(place)?))).collect()
            })?
            .collect::<Result<_, _>>()?;
        tables.insert(table, rows);
    }
    Ok(tables)
}

fn open(relay: &Relay) -> Result<rusqlite::Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    Ok(rusqlite::Connection::open_with_flags(relay.data().join("relay.db"), flags)?)
}

/// Runs of 8 bytes or more that two rows share: in one table or in two, in whatever column. A row that holds all of
/// another's names counts; days and small numbers don't, because they belong to everybody.
fn joined(tables: &BTreeMap<String, Vec<Row>>) -> BTreeSet<String> {
    let mut seen: BTreeMap<Vec<u8>, (String, usize)> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (table, rows) in tables {
        for (number, row) in rows.iter().enumerate() {
            for (name, value) in row {
                let Value::Blob(bytes) = value else { continue };
                // Every window is compared: nothing of a key may stand inside sealed bytes.
                for window in bytes.windows(8) {
                    let here = (format!("{table}.{name}"), number);
                    match seen.get(window) {
                        Some(there) if *there == here => {}
                        Some(there) => {
                            let mut names = [there.0.as_str(), here.0.as_str()];
                            names.sort_unstable();
                            found.insert(names.join(" = "));
                        }
                        None => {
                            seen.insert(window.to_vec(), here);
                        }
                    }
                }
            }
        }
    }
    found
}

/// What joins rows and is meant to: an envelope waits in a mailbox, and an invitation is withdrawn with its voucher.
const MEANT: [&str; 3] =
    ["bundle.voucher = voucher.hash", "envelope.mailbox = envelope.mailbox", "envelope.mailbox = mailbox.id"];

#[test]
fn a_patient_needs_nothing_from_the_operator_and_no_row_ties_the_vouchers_mailbox_to_the_sponsors() -> Result<()> {
    let world = world()?;
    let mut relay = world.closed_relay()?;
    let (ana, dana, eli) = (world.client("ana"), world.client("dana"), world.client("eli"));
    // Without a pass there is nothing for anybody.
    let stranger = world.client("stranger");
    stranger.setup("Stranger", relay.address())?.ended(0)?;
    stranger.run(&["invite", "new", "--for", "Nobody"])?.ended(7)?;
    ensure!(tables(&relay)?.get("mailbox").is_some_and(Vec::is_empty), "nothing was made");
    let pass = relay.pass()?;
    ana.run(&["setup", "--name", "Ana", "--relay", relay.address(), "--pass", &pass, "--no-passphrase"])?.ended(0)?;
    for (patient, label) in [(&dana, "Dana"), (&eli, "Eli")] {
        let (_, link) = ana.invite(label)?;
        patient.join(&link, label)?.ended(0)?;
        ana.inbox()?.only("contact")?;
        ana.send_through(label, "welcome")?;
        patient.inbox()?;
        patient.send_through("Ana", "thank you")?;
    }
    // One more invitation is open, and envelopes wait: every table is in use.
    ana.invite("later")?;
    ana.send_through("Dana", "waits")?;
    relay.stop()?;
    let tables = tables(&relay)?;
    let rows = |table: &str| tables.get(table).map_or(0, Vec::len);
    assert_eq!(
        (rows("mailbox"), rows("pass"), rows("voucher")),
        (5, 1, 1),
        "two for each contact, one for the invitation"
    );
    ensure!(rows("envelope") >= 2, "{} envelopes wait", rows("envelope"));
    let meant: BTreeSet<String> = MEANT.iter().map(ToString::to_string).collect();
    let unmeant: Vec<_> = joined(&tables).difference(&meant).cloned().collect();
    assert_eq!(unmeant, Vec::<String>::new());
    // The pass tells how much was made with it: three mailboxes and three invitations of Ana's, and none of a patient's.
    let pass = tables.get("pass").and_then(|rows| rows.first()).context("the pass")?;
    assert_eq!(
        (pass.get("mailboxes"), pass.get("invitations")),
        (Some(&Value::Integer(97)), Some(&Value::Integer(97)))
    );
    // Nothing counts or dates a mailbox: it has no number at all, and no table but those of envelopes has one for its rows.
    let mailboxes = tables.get("mailbox").context("mailboxes")?;
    for row in mailboxes {
        ensure!(row.values().all(|value| matches!(value, Value::Blob(_) | Value::Null)), "{row:?}");
    }
    let connection = open(&relay)?;
    for table in tables.keys() {
        let numbered = connection.prepare(&format!("SELECT rowid FROM {table}")).is_ok();
        assert_eq!(numbered, ["body", "envelope", "store"].contains(&table.as_str()), "{table} numbers its rows");
    }
    // They come in the order of their random names, in the table and in the file.
    let names: Vec<&Value> = mailboxes.iter().filter_map(|row| row.get("id")).collect();
    ensure!(names.windows(2).all(|pair| bytes(pair[0]) < bytes(pair[1])), "{names:?}");
    let file = std::fs::read(relay.data().join("relay.db"))?;
    let places: Vec<_> = names
        .iter()
        .map(|name| e2e::terminal::find(&file, bytes(name)))
        .collect::<Option<_>>()
        .context("all are there")?;
    ensure!(places.is_sorted() || places.iter().rev().is_sorted(), "{places:?}");
    // The search finds a row that joins, also where it stands in the middle of a longer one.
    let mut planted = tables.clone();
    let mut long = vec![7; 20];
    long.extend(bytes(names[0]));
    planted.insert("made".into(), vec![BTreeMap::from([("by".to_owned(), Value::Blob(long))])]);
    // Which of the columns that hold the name it is compared with depends on whether an envelope waits there.
    let ties = joined(&planted);
    ensure!(ties.iter().any(|tie| tie.contains("made.by")), "{ties:?}");
    Ok(())
}

fn bytes(value: &Value) -> &[u8] {
    if let Value::Blob(bytes) = value { bytes } else { &[] }
}

#[test]
fn a_used_up_or_withdrawn_pass_is_told_to_the_specialist_and_ends_no_conversation() -> Result<()> {
    let world = world()?;
    let relay = world.closed_relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    let made = relay.control(&["pass", "new", "--uses", "2"])?;
    let (pass, id) = (field(&made[0], "pass")?, field(&made[0], "id")?);
    ana.run(&["setup", "--name", "Ana", "--relay", relay.address(), "--pass", pass, "--no-passphrase"])?.ended(0)?;
    let (_, link) = ana.invite("Dana")?;
    relay.control(&["pass", "revoke", id])?;
    let refused = ana.run(&["invite", "new", "--for", "Eli"])?.ended(7)?;
    ensure!(said(&refused).contains("This relay asks for a pass"), "{}", said(&refused));
    // What was made before stays: the invitation that is out can be taken, and they talk.
    dana.join(&link, "Dana")?.ended(0)?;
    ana.inbox()?.only("contact")?;
    ana.send_through("Dana", "still here")?;
    assert_eq!(dana.inbox()?.texts(), ["still here"]);
    Ok(())
}

#[test]
fn a_full_mailbox_is_told_to_the_sender_in_words_and_nothing_is_lost() -> Result<()> {
    let world = world()?;
    let relay = world.relay_with_limits("mailbox_envelopes = 3")?;
    let Pair { ana, dana } = world.pair(&relay)?;
    dana.inbox()?;
    let mut texts = Vec::new();
    let full = loop {
        let text = format!("message {}", texts.len());
        let sent = ana.run(&["send", DANA, "-m", &text])?;
        texts.push(text);
        if sent.code != 0 {
            break sent;
        }
        ensure!(texts.len() < 10, "there is an end");
    };
    let full = full.ended(7)?;
    ensure!(said(&full).contains("Their mailbox is full. Not sent yet."), "{}", said(&full));
    assert_eq!(field(full.only("sent")?, "state")?, "saved");
    // Dana reads, and the rest goes its way by itself.
    let mut read: Vec<String> = dana.inbox()?.texts().into_iter().map(ToOwned::to_owned).collect();
    ensure!(!read.is_empty() && read.len() < texts.len(), "{read:?}");
    ana.inbox()?;
    read.extend(dana.inbox()?.texts().into_iter().map(ToOwned::to_owned));
    assert_eq!(read, texts);
    dana.send_through(ANA, "I have them all")?;
    assert_eq!(ana.inbox()?.texts(), ["I have them all"]);
    Ok(())
}
