//! How long a conversation is kept: told, removed, said, and gone from the files.

use super::*;
use crate::engine::model::Keep;
use crate::engine::outbound;
use crate::vault::raw;
use std::cell::Cell;

const DAY: i64 = 86_400_000;

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

fn home(person: &Person) -> Home {
    Home::new(Some(person.folder.path()), "test").unwrap()
}

/// As a new day begins in a program that runs.
fn next_turn(person: &mut Person) {
    person.engine().sweep().unwrap();
}

fn keep(person: &mut Person, keep: Keep) {
    let contact = person.other();
    person.engine().choose_keep(&contact, keep).unwrap();
}

/// Everything that this person wrote arrives, and the confirmation comes back.
fn exchange(from: &mut Person, to: &mut Person) {
    to.take(&from.put());
    write(to, &format!("yes {}", late()));
    from.take(&to.put());
    to.news();
    from.news();
}

/// Written at the time of the test's clock.
fn write(person: &mut Person, text: &str) {
    person.write(text);
    let contact = person.other();
    let at = late();
    person.engine().vault.write(|store| store.written_at(&contact, text, at)).unwrap();
}

#[test]
fn a_choice_is_told_to_the_other_side_inside_the_conversation_and_the_last_one_holds() {
    let (mut ana, mut dana) = people();
    let known = |person: &mut Person| {
        let contact = person.engine().contacts().unwrap().remove(0);
        (contact.keep, contact.their_keep)
    };
    assert_eq!(known(&mut dana), (Keep::Always, Keep::Always));
    keep(&mut ana, Keep::Days30);
    let first = ana.put();
    assert_eq!(first.len(), 1);
    dana.take(&first);
    assert_eq!(dana.news(), ["they keep 30"]);
    assert_eq!((known(&mut ana), known(&mut dana)), ((Keep::Days30, Keep::Always), (Keep::Always, Keep::Days30)));
    // Two choices before there is a line are one message.
    keep(&mut ana, Keep::Days90);
    keep(&mut ana, Keep::Always);
    let fresh = ana.put();
    let fresh: Vec<_> = fresh.into_iter().filter(|one| first.iter().all(|before| before.id != one.id)).collect();
    assert_eq!(fresh.len(), 1);
    // Two messages that come in another order: the later one holds.
    keep(&mut ana, Keep::Days90);
    let later = ana.put();
    let later: Vec<_> =
        later.into_iter().filter(|one| first.iter().chain(&fresh).all(|before| before.id != one.id)).collect();
    dana.take(&later);
    dana.take(&fresh);
    assert_eq!((dana.news(), known(&mut dana).1), (vec!["they keep 90".to_owned()], Keep::Days90));
    dana.restart();
    assert_eq!(known(&mut dana).1, Keep::Days90);
    assert_eq!(ana.engine().history("Dana", None).unwrap().len(), 2, "no message stands for it");
}

#[test]
fn what_is_older_is_removed_on_its_day_and_said_and_is_in_no_page_of_the_files() {
    let (mut ana, mut dana) = people();
    for number in 0..120 {
        // Of every length around a page, so that rows move between pages.
        write(&mut dana, &format!("heather-{number:03}-{}", "x".repeat(number * 41 % 4200)));
    }
    exchange(&mut dana, &mut ana);
    let (of_ana, of_dana) = (home(&ana), home(&dana));
    keep(&mut ana, Keep::Days30);
    pass(20 * DAY);
    for number in 120..140 {
        write(&mut dana, &format!("heather-{number:03}-{}", "x".repeat(number * 41 % 4200)));
    }
    exchange(&mut dana, &mut ana);
    pass(10 * DAY);
    next_turn(&mut ana);
    assert_eq!(ana.news(), Vec::<String>::new(), "what is 30 days old is not older than 30 days");
    ana.engine().vault.tidy().unwrap();
    let before = raw::pages(&of_ana);
    assert!((0..140).all(|number| raw::hold(&before, &format!("heather-{number:03}"))));
    pass(DAY);
    next_turn(&mut ana);
    let gone = ana.news();
    assert_eq!(gone, ["removed 123 after 30"], "120 of hers, and two times hello, and yes");
    next_turn(&mut ana);
    assert_eq!(ana.news(), Vec::<String>::new(), "told once");
    assert_eq!(ana.engine().history("Dana", None).unwrap().len(), 21);
    let after = raw::pages(&of_ana);
    for number in 0..140 {
        let there = raw::hold(&after, &format!("heather-{number:03}"));
        assert_eq!(there, number >= 120, "{number}");
    }
    ana.engine = None;
    assert_eq!(raw::log(&of_ana), 0);
    assert!(!raw::hold(&std::fs::read(of_ana.vault()).unwrap(), "heather"), "and all of it is closed");
    dana.engine = None;
    assert!(raw::hold(&raw::pages(&of_dana), "heather-000"), "each side chooses for itself");
}

#[test]
fn what_was_not_shown_or_has_not_left_stays_until_it_was_and_has() {
    let (mut ana, mut dana) = people();
    keep(&mut ana, Keep::Days30);
    write(&mut dana, "not shown");
    ana.take(&dana.put());
    write(&mut ana, "not sent");
    pass(60 * DAY);
    next_turn(&mut ana);
    let texts = |person: &mut Person| -> Vec<String> {
        person.engine().history("Dana", None).unwrap().into_iter().map(|message| message.text).collect()
    };
    assert_eq!(texts(&mut ana), ["not shown", "not sent"]);
    assert_eq!(ana.news(), ["not shown", "removed 2 after 30"]);
    // Encrypted, and not at the relay yet.
    let contact = ana.other();
    ana.engine().vault.write(|store| outbound::encrypt(store, &contact, 9999, late())).unwrap();
    pass(DAY);
    next_turn(&mut ana);
    assert_eq!((texts(&mut ana), ana.news()), (vec!["not sent".to_owned()], vec!["removed 1 after 30".to_owned()]));
    dana.take(&ana.put());
    assert_eq!(dana.news(), ["they keep 30", "not sent"]);
    pass(DAY);
    next_turn(&mut ana);
    assert_eq!((texts(&mut ana).len(), ana.news()), (0, vec!["removed 1 after 30".to_owned()]));
    dana.write("goes on");
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["goes on"]);
}

#[test]
fn a_kill_between_removal_and_writing_anew_is_made_good_at_the_next_opening() {
    let (mut ana, mut dana) = people();
    write(&mut dana, "heather-on-the-hill");
    exchange(&mut dana, &mut ana);
    let contact = ana.other();
    let vault = &mut ana.engine().vault;
    vault.write(|store| store.remove_before(&contact, late() + DAY, Keep::Days30)).unwrap();
    assert!(vault.read(|store| Ok::<_, Fault>(store.is_compaction_due()?)).unwrap());
    ana.restart();
    assert!(!ana.engine().vault.read(|store| Ok::<_, Fault>(store.is_compaction_due()?)).unwrap());
    assert!(!raw::hold(&raw::pages(&home(&ana)), "heather-on-the-hill"));
}

#[test]
fn half_a_message_goes_with_its_time_and_is_told() {
    let (mut ana, mut dana) = people();
    keep(&mut ana, Keep::Days90);
    write(&mut dana, &format!("heather-on-the-hill{}", "x".repeat(3000)));
    let mut page = dana.put();
    page.pop();
    ana.take(&page);
    pass(89 * DAY);
    next_turn(&mut ana);
    assert_eq!(ana.news(), Vec::<String>::new());
    pass(2 * DAY);
    next_turn(&mut ana);
    assert_eq!(ana.news(), ["gap 1", "removed 2 after 90"]);
    assert!(!raw::hold(&raw::pages(&home(&ana)), "heather-on-the-hill"));
}

#[test]
fn what_is_chosen_at_once_removes_at_once_and_says_before_how_much_that_is() {
    let (mut ana, mut dana) = people();
    write(&mut dana, "heather-on-the-hill");
    exchange(&mut dana, &mut ana);
    pass(91 * DAY);
    let contact = ana.other();
    let older = |ana: &mut Person, keep| ana.engine().older_than(&contact, keep).unwrap();
    assert_eq!((older(&mut ana, Keep::Always), older(&mut ana, Keep::Days90)), (0, 4));
    keep(&mut ana, Keep::Days90);
    assert_eq!(ana.news(), ["removed 4 after 90"]);
    assert_eq!(older(&mut ana, Keep::Days90), 0);
    assert!(!raw::hold(&raw::pages(&home(&ana)), "heather-on-the-hill"));
}

#[test]
fn where_the_file_can_not_be_written_anew_the_choice_holds_and_that_is_said() {
    let (mut ana, mut dana) = people();
    write(&mut ana, "an old word");
    exchange(&mut ana, &mut dana);
    let contact = ana.other();
    ana.engine().vault.write(|store| store.written_at(&contact, "an old word", 0)).unwrap();
    ana.engine().vault.without_room_for_compaction();
    let kept = ana.engine().choose_keep(&contact, Keep::Days30).unwrap();
    assert!(!kept.erased && kept.contact.keep == Keep::Days30);
    assert!(ana.engine().history(&contact, None).unwrap().iter().all(|message| message.text != "an old word"));
    let said = crate::output::human::keeps(&kept, false);
    assert!(said.contains("may still lie in it") && !said.contains("Nothing was changed"), "{said}");
    let contact = dana.other();
    let kept = dana.engine().choose_keep(&contact, Keep::Days30).unwrap();
    assert!(kept.erased && !crate::output::human::keeps(&kept, false).contains("no room"));
}

#[test]
fn days_are_whole_all_of_a_day_goes_together() {
    let (mut ana, mut dana) = people();
    // The first hour of the day after next, and the last one.
    let begins = (late().div_euclid(DAY) + 2) * DAY;
    for at in [begins, begins + DAY - 1] {
        pass(at - late());
        write(&mut dana, &format!("at {at}"));
        ana.take(&dana.put());
    }
    ana.news();
    let contact = ana.other();
    let older = |ana: &mut Person, now: i64| {
        pass(now - late());
        ana.engine().older_than(&contact, Keep::Days30).unwrap()
    };
    // What was said before that day is three days old at its end.
    assert_eq!(older(&mut ana, begins + 30 * DAY), 2);
    assert_eq!(older(&mut ana, begins + 31 * DAY - 1), 2, "thirty days and hours are not older than thirty days");
    assert_eq!(older(&mut ana, begins + 31 * DAY), 4, "both of them, though one has hours left");
}

/// As at the next opening.
fn opens_again(person: &mut Person) {
    person.engine().swept = i64::MIN;
    next_turn(person);
}

fn number(person: &mut Person) -> usize {
    let contact = person.other();
    person.engine().history(&contact, None).unwrap().len()
}

/// Ana keeps for thirty days what the two have said to each other.
fn who_keep() -> Person {
    let (mut ana, mut dana) = people();
    write(&mut dana, "heather-on-the-hill");
    exchange(&mut dana, &mut ana);
    keep(&mut ana, Keep::Days30);
    next_turn(&mut ana);
    assert_eq!(number(&mut ana), 4);
    ana
}

#[test]
fn a_clock_that_is_set_far_ahead_removes_nothing_at_once_and_when_it_comes_back_nothing_is_lost() {
    let mut ana = who_keep();
    for years in [1, 30] {
        pass(years * 365 * DAY);
        next_turn(&mut ana);
        opens_again(&mut ana);
        pass(DAY - 1);
        opens_again(&mut ana);
        assert_eq!((number(&mut ana), ana.news().len()), (4, 0), "{years} years ahead");
        pass(1 - DAY - years * 365 * DAY);
        opens_again(&mut ana);
        assert_eq!((number(&mut ana), ana.news().len()), (4, 0), "and back from {years} years");
    }
    // Day by day it goes as ever.
    for day in 1..=30 {
        pass(DAY);
        next_turn(&mut ana);
        assert_eq!(number(&mut ana), 4, "day {day}");
    }
    pass(DAY);
    next_turn(&mut ana);
    assert_eq!((number(&mut ana), ana.news()), (0, vec!["removed 4 after 30".to_owned()]));
}

#[test]
fn whoever_was_away_for_long_keeps_what_is_old_for_one_day_more_and_no_longer() {
    let mut ana = who_keep();
    pass(40 * DAY);
    opens_again(&mut ana);
    pass(DAY - 1);
    opens_again(&mut ana);
    assert_eq!((number(&mut ana), ana.news().len()), (4, 0));
    pass(1);
    opens_again(&mut ana);
    assert_eq!((number(&mut ana), ana.news()), (0, vec!["removed 4 after 30".to_owned()]));
    assert!(!raw::hold(&raw::pages(&home(&ana)), "heather-on-the-hill"));
}
