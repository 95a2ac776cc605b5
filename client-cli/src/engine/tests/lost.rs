//! What is lost on the way, in either direction: told and sent again later, only so often, and never without a word.

use super::*;
use std::cell::Cell;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Everything that is drawn for later has come by then.
const LATER: i64 = 6 * HOUR;

thread_local! {
    static LATE: Cell<i64> = const { Cell::new(0) };
}

fn late() -> i64 {
    clock() + LATE.get()
}

fn pass(time: i64) {
    LATE.set(LATE.get() + time);
}

fn people() -> (Person, Person) {
    let (mut ana, mut dana) = friends();
    (ana.engine().clock, dana.engine().clock) = (late, late);
    (ana, dana)
}

/// Encrypts what is due, at most so many, and gives what was not put before, in order.
fn put_some(person: &mut Person, most: usize) -> Vec<Delivery> {
    let contact = person.other();
    let vault = &mut person.engine().vault;
    vault.write(|store| outbound::encrypt(store, &contact, most, late())).unwrap();
    let rows = vault.read(|store| store.to_put(&contact, 0, PLACE, 9999)).unwrap();
    vault.write(|store| rows.iter().try_for_each(|row| store.mark_put(&[row.seq], PLACE))).unwrap();
    rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect()
}

fn put(person: &mut Person) -> Vec<Delivery> {
    put_some(person, 9999)
}

/// The last number of this person's side.
fn number(person: &mut Person) -> u64 {
    let contact = person.other();
    person.engine().vault.read(|store| outbound::restore(store, &contact)).unwrap().sent()
}

/// A peer that says at once that these numbers are lost, whether it is true or not.
fn say_lost(person: &mut Person, from: u64, to: u64) -> Vec<Delivery> {
    let contact = person.other();
    person.engine().vault.write(|store| store.enqueue_lost(&contact, from, to, late(), 0)).unwrap();
    let page = put(person);
    assert_eq!(page.len(), 1);
    page
}

/// When something that waits for its time goes next.
fn due_at(person: &mut Person) -> Option<i64> {
    person.engine().vault.read(|store| store.routes(late())).unwrap().remove(0).due_at
}

#[test]
fn what_the_other_side_says_it_lost_goes_again_later_twice_and_then_our_person_is_told() {
    let (mut ana, mut dana) = people();
    dana.write("a text");
    let first = put(&mut dana);
    for _ in 0..2 {
        let lost = number(&mut dana);
        for _ in 0..3 {
            // Told again and again, the same number counts once.
            dana.take(&say_lost(&mut ana, 2, lost));
            assert_eq!(put(&mut dana).len(), 0, "nothing at once");
        }
        let due = due_at(&mut dana).unwrap();
        assert!((late()..=late() + LATER).contains(&due));
        pass(LATER);
        assert_eq!(put(&mut dana).len(), 1, "once");
        assert_eq!((put(&mut dana).len(), due_at(&mut dana)), (0, None));
    }
    assert_eq!(dana.news(), [""; 0]);
    let lost = number(&mut dana);
    for _ in 0..3 {
        dana.take(&say_lost(&mut ana, 2, lost));
    }
    pass(LATER);
    assert_eq!((put(&mut dana).len(), due_at(&mut dana)), (0, None));
    assert_eq!(dana.news(), ["not_arrived a text"]);
    // The copies have one identifier: whatever comes of them is shown once.
    ana.take(&first);
    assert_eq!(ana.news(), ["a text"]);
}

#[test]
fn times_are_drawn_anew_each_time() {
    let (mut ana, mut dana) = people();
    let mut waits = std::collections::BTreeSet::new();
    for _ in 0..8 {
        dana.write("a text");
        put(&mut dana);
        let lost = number(&mut dana);
        dana.take(&say_lost(&mut ana, lost, lost));
        waits.insert(due_at(&mut dana).unwrap() - late());
        pass(LATER);
        put(&mut dana);
    }
    assert!(waits.len() > 4, "of hours in milliseconds, two are hardly ever the same: {waits:?}");
}

#[test]
fn a_text_whose_confirmation_overtakes_the_news_of_its_loss_goes_again() {
    let (mut ana, mut dana) = people();
    dana.write("never opened");
    put(&mut dana);
    dana.write("opened");
    ana.take(&put(&mut dana));
    assert_eq!(ana.news(), ["opened"]);
    // The key of what did not come is kept for 14 days, counted by looks.
    let mut days = 0;
    while due_at(&mut ana).is_none() && days < 20 {
        pass(DAY);
        ana.dry();
        days += 1;
    }
    assert!((14..20).contains(&days));
    assert_eq!(ana.news(), ["gap 1"]);
    assert_eq!(ana.engine().vault.rows("gaps").unwrap(), 0, "what was given up is no hole any more");
    ana.dry();
    assert_eq!(ana.news(), [""; 0], "and is not told again");
    assert!(due_at(&mut ana).unwrap() <= late() + LATER, "the other side is to be told later, and not at once");
    ana.write("an answer");
    let answer = put(&mut ana);
    assert_eq!(answer.len(), 1);
    dana.take(&answer);
    let contact = dana.other();
    let restored = Place { restores: 9, ..PLACE };
    let kept = dana.engine().vault.read(|store| store.to_put(&contact, 0, restored, 9)).unwrap();
    assert_eq!(kept.len(), 0, "both numbers are confirmed, the lost one too");
    pass(LATER);
    let told = put(&mut ana);
    assert_eq!(told.len(), 1);
    dana.take(&told);
    // A confirmed number counts once as well.
    pass(LATER);
    dana.take(&say_lost(&mut ana, 2, 2));
    pass(LATER);
    let again = put(&mut dana);
    assert_eq!(again.len(), 1);
    ana.take(&again);
    assert_eq!(ana.news(), ["never opened"]);
    assert_eq!(dana.news(), ["an answer"]);
}

#[test]
fn two_pieces_of_one_letter_are_one_loss_and_a_letter_that_is_half_on_its_way_comes_whole() {
    let (mut ana, mut dana) = people();
    let letter = "x".repeat(4000);
    dana.write(&letter);
    // Two pieces of three are on their way, and both are lost.
    assert_eq!(put_some(&mut dana, 2).len(), 2);
    let second = number(&mut dana);
    dana.take(&say_lost(&mut ana, second - 1, second - 1));
    dana.take(&say_lost(&mut ana, second, second));
    let rest = put(&mut dana);
    assert_eq!(rest.len(), 1, "what was under way goes on");
    ana.take(&rest);
    pass(LATER);
    let again = put(&mut dana);
    assert_eq!(again.len(), 3, "all of it, once");
    ana.take(&again);
    assert_eq!(ana.news(), [letter]);
    assert_eq!(dana.news(), [""; 0]);
}

#[test]
fn what_waits_for_its_time_wakes_the_engine_and_nothing_before() {
    let (mut ana, mut dana) = people();
    dana.write("a text");
    put(&mut dana);
    let lost = number(&mut dana);
    dana.take(&say_lost(&mut ana, lost, lost));
    let contact = dana.other();
    let today = Place { day: late().div_euclid(DAY), ..PLACE };
    let vault = &mut dana.engine().vault;
    let rows = vault.read(|store| store.to_put(&contact, 0, today, 9)).unwrap();
    vault.write(|store| rows.iter().try_for_each(|row| store.mark_put(&[row.seq], today))).unwrap();
    let look = |dana: &mut Person| {
        let engine = dana.engine();
        engine.due_content();
        let stale = engine.exchange.stale;
        engine.reload().unwrap();
        engine.exchange.boxes.clear();
        (stale, engine.exchange.ways[&contact].waits)
    };
    assert_eq!(look(&mut dana), (true, false), "something was taken in, and nothing is to be sent now");
    assert_eq!(look(&mut dana), (false, false));
    pass(LATER);
    assert_eq!(look(&mut dana), (true, true));
    assert_eq!(look(&mut dana), (false, true), "it is looked at once");
}

#[test]
fn behind_a_hole_the_filler_of_the_day_takes_its_hours_and_one_that_presses_does_not() {
    let (mut ana, mut dana) = people();
    // One more without a hole, then a hundred behind one.
    dana.write("one");
    ana.take(&put(&mut dana));
    dana.write("the hole");
    let hole = put(&mut dana);
    (0..100).for_each(|number| dana.write(&number.to_string()));
    ana.take(&put(&mut dana));
    let contact = ana.other();
    let set = |ana: &mut Person, at| ana.engine().vault.write(|store| store.set_filler_at(&contact, at)).unwrap();
    let at = |ana: &mut Person| ana.engine().vault.read(|store| store.filler_at(&contact)).unwrap();
    assert_eq!(at(&mut ana), None, "a day has not passed");
    pass(DAY);
    let mut waits = Vec::new();
    for _ in 0..16 {
        set(&mut ana, None);
        ana.dry();
        waits.push(at(&mut ana).unwrap() - late());
    }
    assert!(waits.iter().all(|wait| (0..=LATER).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 30_000), "all within thirty seconds: {waits:?}");
    // The hole is closed: a hundred wait for a confirmation, and not for hours.
    set(&mut ana, Some(late() + LATER));
    ana.take(&hole);
    assert!(at(&mut ana).unwrap() <= late() + 30_000);
}

#[test]
fn a_peer_that_calls_everything_lost_without_end_is_sent_each_text_three_times_and_no_more() {
    let (mut ana, mut dana) = people();
    let letter = "x".repeat(4000);
    dana.write("a text");
    dana.write(&letter);
    let (first, mut envelopes, mut news) = (number(&mut dana), 0, Vec::new());
    for _ in 0..40 {
        // After each single envelope, so that a letter is lost while it is half on its way too.
        envelopes += put_some(&mut dana, 1).len();
        let last = number(&mut dana);
        dana.take(&say_lost(&mut ana, first + 1, last));
        news.extend(dana.news());
        pass(LATER);
    }
    assert_eq!(envelopes, 3 * (1 + 3), "a text of one piece and a letter of three");
    news.sort();
    assert!(news == ["not_arrived a text".to_owned(), format!("not_arrived {letter}")], "{} times", news.len());
    assert_eq!((put(&mut dana).len(), due_at(&mut dana)), (0, None));
}
