//! A bad network between real clients and a real relay: what breaks off is made good, nothing is lost, nothing is shown
//! twice, the order stays, and what is said about a message is true.
//!
//! The moments are random. The seed is printed, and `CAIRN_TEST_SEED` repeats them.

use anyhow::{Result, ensure};
use e2e::client::Client;
use e2e::network::{Network, Weather};
use e2e::relay::Relay;
use e2e::seed::Seeded;
use e2e::world::{ANA, DANA, World, introduce};

/// How often each direction breaks off.
const CUTS: u64 = 16;

/// Two people who have met, and the way by which both reach their relay.
struct Town {
    _world: World,
    relay: Relay,
    network: Network,
    ana: Client,
    dana: Client,
}

fn town() -> Result<Town> {
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let relay = world.relay()?;
    let network = Network::start(relay.place())?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", &network.way_to(relay.address())?)?.ended(0)?;
    introduce(&ana, &dana, DANA, "Dana")?;
    Ok(Town { _world: world, relay, network, ana, dana })
}

fn texts(client: &Client, other: &str, way: &str) -> Result<Vec<String>> {
    let history = client.history(other)?;
    Ok(history.into_iter().filter(|(direction, _)| direction == way).map(|(_, text)| text).collect())
}

/// The weathers of a run: each direction breaks off at moments spread over what a calm run carries.
fn storms(seed: &mut Seeded, network: &Network) -> Vec<Weather> {
    let usual = network.becomes(Weather::Calm);
    let mut storms = Vec::new();
    for part in 0..CUTS {
        let mut moment = |whole: u64| seed.number(whole * part / CUTS..whole * (part + 1) / CUTS + 1);
        storms.push(Weather::CutToRelay(moment(usual.to_relay)));
        storms.push(Weather::CutFromRelay(moment(usual.from_relay)));
    }
    storms
}

#[test]
fn puts_whose_way_or_whose_answer_breaks_off_anywhere_arrive_once_and_in_order() -> Result<()> {
    let mut seed = Seeded::new();
    let town = town()?;
    let Town { network, ana, dana, relay, .. } = &town;
    network.becomes(Weather::Calm);
    ana.send_through(DANA, "unhurried")?;
    let mut written = vec!["unhurried".to_owned()];
    let (mut kept, mut cut) = (0, 0);
    for weather in storms(&mut seed, network) {
        let text = format!("{weather:?}");
        network.becomes(weather);
        let (_, state) = ana.send(DANA, &text)?;
        cut += network.becomes(Weather::Calm).cut;
        kept += u64::from(state != "sent");
        written.push(text);
    }
    println!("{cut} connections broke off in {} puts; {kept} were kept by the sender meanwhile", written.len());
    ensure!(cut >= CUTS && kept > 0, "the network broke off {cut} times, {kept} puts were kept");
    ana.send_through(DANA, "the end")?;
    written.push("the end".to_owned());
    let rows = relay.dump()?.iter().filter(|row| row["type"] == "envelope").count();
    let inbox = dana.inbox()?;
    assert_eq!(inbox.texts(), written, "each once, in order");
    assert!(inbox.of_type("gap").is_empty(), "{:?}", inbox.lines);
    assert_eq!(rows, written.len(), "the relay held each of them once");
    assert_eq!(texts(ana, DANA, "out")?, written);
    dana.send_through(ANA, "all well")?;
    assert_eq!(ana.inbox()?.texts(), ["all well"]);
    Ok(())
}

#[test]
fn fetches_and_acknowledgements_that_break_off_anywhere_lose_and_show_nothing_twice() -> Result<()> {
    let mut seed = Seeded::new();
    let town = town()?;
    let Town { network, ana, dana, relay, .. } = &town;
    let mut written = Vec::new();
    let write = |written: &mut Vec<String>| -> Result<()> {
        for _ in 0..2 {
            let text = format!("number {}", written.len());
            ana.send_through(DANA, &text)?;
            written.push(text);
        }
        Ok(())
    };
    write(&mut written)?;
    network.becomes(Weather::Calm);
    let mut shown: Vec<String> = dana.inbox()?.texts().into_iter().map(Into::into).collect();
    let mut cut = 0;
    for weather in storms(&mut seed, network) {
        write(&mut written)?;
        network.becomes(weather);
        let inbox = dana.run(&["inbox"])?;
        cut += network.becomes(Weather::Calm).cut;
        ensure!([0, 4].contains(&inbox.code), "{inbox:?}");
        shown.extend(inbox.texts().into_iter().map(Into::into));
        assert!(inbox.of_type("gap").is_empty(), "{:?}", inbox.lines);
    }
    println!("{cut} connections broke off in {} fetches of 2 envelopes", 2 * CUTS);
    ensure!(cut >= CUTS, "the network broke off {cut} times");
    shown.extend(dana.inbox()?.texts().into_iter().map(Into::into));
    assert_eq!(shown, written, "each shown once, in order");
    assert_eq!(texts(dana, ANA, "in")?, written);
    let left = relay.dump()?.iter().filter(|row| row["type"] == "envelope").count();
    assert_eq!(left, 0, "all is acknowledged in the end");
    Ok(())
}

#[test]
fn a_way_that_carries_nothing_is_told_as_such_and_what_was_written_is_sent_later() -> Result<()> {
    let town = town()?;
    let Town { network, ana, dana, .. } = &town;
    network.becomes(Weather::BlackHole);
    let (_, state) = ana.send(DANA, "into a black hole")?;
    assert_eq!(state, "saved", "nothing is shown as sent that no relay confirmed");
    dana.inbox_is_out_of_reach()?;
    network.becomes(Weather::Calm);
    ana.inbox()?;
    assert_eq!(dana.inbox()?.texts(), ["into a black hole"]);
    assert_eq!(dana.inbox()?.texts(), [""; 0]);
    Ok(())
}

/// Does something to the rows that wait, while the relay is stopped.
fn behind_its_back(relay: &mut Relay, changes: &[&str], rows: usize) -> Result<()> {
    relay.stop()?;
    let connection = rusqlite::Connection::open(relay.data().join("relay.db"))?;
    for change in changes {
        assert_eq!(connection.execute(change, [])?, rows, "{change}");
    }
    drop(connection);
    relay.start_again()
}

#[test]
fn envelopes_that_come_a_hundred_times_or_in_another_order_are_each_shown_once() -> Result<()> {
    let mut town = town()?;
    let Town { relay, ana, dana, .. } = &mut town;
    let mut written: Vec<String> = (0..5).map(|number| format!("number {number}")).collect();
    let send = |texts: &[String]| texts.iter().try_for_each(|text| ana.send_through(DANA, text).map(drop));
    send(&written)?;
    let copies = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 100)";
    // Each in a place of its own, after the last.
    let place = "row_number() OVER (ORDER BY n, arrival) - 1";
    let bodies = format!(
        "{copies} INSERT INTO body (place, shut) SELECT (SELECT max(place) + 1 FROM body) + {place}, shut
         FROM envelope JOIN body USING (place), number"
    );
    let rows = format!(
        "{copies} INSERT INTO envelope (arrival, mailbox, id, day, key, place)
         SELECT 1000000 * n + arrival, mailbox, randomblob(16), day, key, (SELECT max(place) - 499 FROM body) + {place}
         FROM envelope, number"
    );
    behind_its_back(relay, &[&bodies, &rows], 500)?;
    let mut shown: Vec<String> = Vec::new();
    shown.extend(dana.inbox()?.texts().into_iter().map(Into::into));
    assert_eq!(shown, written, "a hundred times the same is once");
    let more: Vec<String> = (5..10).map(|number| format!("number {number}")).collect();
    send(&more)?;
    behind_its_back(relay, &["UPDATE envelope SET arrival = 2000000000 - arrival"], 5)?;
    let inbox = dana.inbox()?;
    let mut shown: Vec<&str> = inbox.texts();
    shown.sort_unstable();
    assert_eq!(shown, more, "the other way round, all of them, once");
    assert!(inbox.of_type("gap").is_empty(), "{:?}", inbox.lines);
    written.extend(more);
    let mut kept = texts(dana, ANA, "in")?;
    kept.sort_unstable();
    assert_eq!(kept, written);
    dana.send_through(ANA, "all well")?;
    assert_eq!(ana.inbox()?.texts(), ["all well"]);
    Ok(())
}
