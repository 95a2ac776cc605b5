//! A message for later leaves at its time, not before, and can be taken back until then.

use super::super::later::LONGEST;
use super::*;
use std::cell::Cell;

const HOUR: i64 = 3_600_000;

thread_local! {
    static LATE: Cell<i64> = const { Cell::new(0) };
}

fn late() -> i64 {
    clock() + LATE.get()
}

fn people() -> (Person, Person) {
    let (mut ana, dana) = friends();
    ana.engine().clock = late;
    (ana, dana)
}

/// All that may leave now.
fn leaves(person: &mut Person) -> Vec<Delivery> {
    let contact = person.other();
    person.engine().vault.write(|store| outbound::encrypt(store, &contact, 9999, late())).unwrap();
    person.put()
}

fn keep(person: &mut Person, text: &str, at: i64) -> String {
    let contact = person.other();
    person.engine().send_later(&contact, text, at).unwrap().id
}

fn waits(person: &mut Person) -> Vec<(String, i64)> {
    person.engine().later().unwrap().into_iter().map(|message| (message.text, message.sent_at)).collect()
}

#[test]
fn it_leaves_at_its_time_after_a_restart_too_and_holds_nothing_else_up() {
    let (mut ana, mut dana) = people();
    let at = late() + HOUR;
    keep(&mut ana, "good morning", at);
    ana.restart();
    ana.engine().clock = late;
    ana.write("now");
    assert_eq!(waits(&mut ana), [("good morning".to_owned(), at)]);
    dana.take(&leaves(&mut ana));
    assert_eq!(dana.news(), ["now"]);
    LATE.set(HOUR - 1);
    assert!(leaves(&mut ana).is_empty(), "not a moment before");
    LATE.set(HOUR);
    dana.take(&leaves(&mut ana));
    assert_eq!(dana.news(), ["good morning"]);
    assert!(waits(&mut ana).is_empty());
    let contact = dana.other();
    assert_eq!(
        dana.engine().history(&contact, Some(1)).unwrap()[0].sent_at,
        at,
        "its own time is the one it was meant for"
    );
}

#[test]
fn it_can_be_taken_back_until_it_leaves_and_then_nothing_of_it_is_there() {
    let (mut ana, mut dana) = people();
    let first = keep(&mut ana, "better not", late() + HOUR);
    let second = keep(&mut ana, "but this", late() + 2 * HOUR);
    assert_eq!(ana.engine().cancel_later(&first).unwrap().text, "better not");
    assert!(matches!(ana.engine().cancel_later(&first), Err(Fault::Usage(_))));
    LATE.set(2 * HOUR);
    assert!(matches!(ana.engine().cancel_later(&second), Err(Fault::Usage(_))), "its time has come");
    dana.take(&leaves(&mut ana));
    assert_eq!(dana.news(), ["but this"]);
    let contact = ana.other();
    assert!(!ana.engine().history(&contact, None).unwrap().iter().any(|message| message.text == "better not"));
}

#[test]
fn a_time_that_is_over_or_beyond_what_a_wrong_clock_is_told_from_is_refused() {
    let (mut ana, _) = people();
    let contact = ana.other();
    for at in [late() - 1, late(), late() + LONGEST + 1, i64::MAX, i64::MIN] {
        assert!(matches!(ana.engine().send_later(&contact, "x", at), Err(Fault::Usage(_))), "{at}");
    }
    keep(&mut ana, "x", late() + LONGEST);
    assert!(leaves(&mut ana).is_empty());
    let nobody = ana.engine().send_later("Nobody", "x", late() + HOUR);
    assert_eq!(nobody.err(), Some(Fault::NoContact));
}

#[test]
fn what_could_not_be_sent_now_is_not_kept_for_later_either() {
    let (mut ana, _) = people();
    let contact = ana.other();
    let long = "x".repeat(cairn_protocol::limits::TEXT + 1);
    assert!(matches!(ana.engine().send_later(&contact, &long, late() + HOUR), Err(Fault::Usage(_))));
    ana.engine().set_blocked(&contact, true).unwrap();
    assert_eq!(ana.engine().send_later(&contact, "x", late() + HOUR).err(), Some(Fault::Blocked));
    ana.engine().set_blocked(&contact, false).unwrap();
    assert!(waits(&mut ana).is_empty());
    keep(&mut ana, &long[1..], late() + HOUR);
    assert_eq!(waits(&mut ana).len(), 1);
}

#[test]
fn a_clock_that_is_put_back_however_far_lets_nothing_go_before_its_time() {
    let (mut ana, mut dana) = people();
    let at = late() + LONGEST;
    keep(&mut ana, "good morning", at);
    // All else is confirmed.
    dana.write("good night");
    ana.take(&dana.put());
    let contact = ana.other();
    // As on a laptop whose battery is empty: it wakes up in 1970.
    for back in [2 * 24 * HOUR, 365 * 24 * HOUR, clock()] {
        LATE.set(-back);
        ana.restart();
        ana.engine().clock = late;
        assert!(leaves(&mut ana).is_empty(), "{back} before");
        let waiting = ana.engine().vault.read(|store| store.waits(&contact, late(), None)).unwrap();
        assert!(!waiting, "and no line is opened for it");
        assert_eq!(waits(&mut ana), [("good morning".to_owned(), at)], "it can be seen and taken back");
    }
    LATE.set(LONGEST);
    dana.take(&leaves(&mut ana));
    assert_eq!(dana.news(), ["good morning"]);
}

#[test]
fn while_a_new_start_waits_nothing_is_kept_for_later_as_nothing_is_sent() {
    let (mut ana, mut dana) = people();
    a_new_start_waits(&mut ana, &mut dana);
    let danas = ana.other();
    assert!(ana.engine().contact(&danas).unwrap().rejoining);
    assert_eq!(ana.engine().send_later(&danas, "x", late() + HOUR).err(), Some(Fault::KeysChanged));
    assert!(waits(&mut ana).is_empty());
}
