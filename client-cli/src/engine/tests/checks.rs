//! Checks of words between two engines without a network: ended at each step, and never answered by themselves.

use super::*;
use crate::engine::model::{CheckState, Trust};

/// Tries work again and again, ended one change of a row later each time, until it goes through. Each time only what was
/// committed is there.
fn until_done<T>(person: &mut Person, mut work: impl FnMut(&mut Person) -> Result<T, Fault>) -> T {
    for number in 0..50 {
        person.engine().vault.stop_after(number).unwrap();
        let done = work(person);
        person.restart();
        if let Ok(value) = done {
            assert!(number > 0, "it saves something");
            return value;
        }
        assert!(person.put().is_empty(), "nothing leaves of what was not saved");
    }
    panic!("it never went through");
}

fn begin(person: &mut Person) -> Result<CheckState, Fault> {
    let contact = person.other();
    Ok(person.engine().check_begin(&contact, false)?.state)
}

fn take(person: &mut Person, page: &[Delivery]) -> Result<usize, Fault> {
    let mailbox = person.mailbox;
    Ok(person.engine().take_in(mailbox, page.to_vec())?.len())
}

fn check(person: &mut Person) -> model::Check {
    let contact = person.other();
    person.engine().check(&contact).unwrap()
}

#[test]
fn a_check_that_ends_at_any_single_step_of_saving_goes_on_where_it_was() {
    let (mut ana, mut dana) = friends();
    assert_eq!(until_done(&mut ana, begin), CheckState::Waiting);
    let commitment = ana.put();
    assert_eq!(commitment.len(), 1, "one message asks");
    until_done(&mut dana, |dana| take(dana, &commitment));
    assert_eq!(dana.news(), ["notice check_asked"]);
    assert_eq!((check(&mut dana).state, dana.put().len()), (CheckState::Asked, 0), "nothing answers by itself");
    until_done(&mut dana, begin);
    let answer = dana.put();
    assert_eq!(answer.len(), 1);
    until_done(&mut ana, |ana| take(ana, &answer));
    let opening = ana.put();
    assert_eq!(opening.len(), 1, "it is opened once");
    until_done(&mut dana, |dana| take(dana, &opening));
    // Again: duplicates move nothing.
    take(&mut ana, &answer).unwrap();
    take(&mut dana, &opening).unwrap();
    let (by_ana, by_dana) = (check(&mut ana).words.unwrap(), check(&mut dana).words.unwrap());
    let typed = |heard: String| {
        move |person: &mut Person| {
            let contact = person.other();
            person.engine().check_typed(&contact, &heard)
        }
    };
    // A wrong try that was not saved is not counted; one that was is.
    assert_eq!(until_done(&mut ana, typed(by_ana.clone())).tries_left, Some(2));
    assert_eq!(check(&mut ana).tries_left, Some(2));
    for (person, heard) in [(&mut ana, by_dana), (&mut dana, by_ana)] {
        assert_eq!(until_done(person, typed(heard)).state, CheckState::Matched);
        assert_eq!(person.engine().contacts().unwrap()[0].trust, Trust::Checked);
    }
    assert_eq!((ana.put().len(), dana.put().len()), (0, 0));
}

#[test]
fn a_run_that_is_given_up_says_nothing_any_more_and_one_that_can_not_be_read_begins_again() {
    let (mut ana, mut dana) = friends();
    begin(&mut ana).unwrap();
    let contact = ana.other();
    ana.engine().check_stop(&contact).unwrap();
    assert_eq!((check(&mut ana).state, ana.put().len()), (CheckState::Idle, 0));
    begin(&mut ana).unwrap();
    ana.engine().check_begin(&contact, true).unwrap();
    let page = ana.put();
    assert_eq!(page.len(), 1, "only the newest run asks");
    dana.take(&page);
    // What is kept of it can't be read: the conversation goes on, and a person may begin anew.
    ana.engine().vault.write(|store| store.set_check(&contact, b"?", None)).unwrap();
    begin(&mut dana).unwrap();
    ana.take(&dana.put());
    dana.write("and still");
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["and still"]);
    assert!(matches!(begin(&mut ana), Err(Fault::Damaged(_))));
    assert_eq!(ana.engine().check_begin(&contact, true).unwrap().state, CheckState::Waiting);
    // Or give it up.
    ana.engine().vault.write(|store| store.set_check(&contact, b"?", None)).unwrap();
    ana.engine().check_stop(&contact).unwrap();
    assert_eq!((check(&mut ana).state, begin(&mut ana)), (CheckState::Idle, Ok(CheckState::Waiting)));
}

#[test]
fn asking_again_and_again_is_told_once() {
    let (mut ana, mut dana) = friends();
    let contact = ana.other();
    for _ in 0..5 {
        ana.engine().check_begin(&contact, true).unwrap();
        dana.take(&ana.put());
    }
    assert_eq!(dana.news(), ["notice check_asked"]);
    // Ours has begun: there is nothing to tell any more.
    ana.engine().check_begin(&contact, true).unwrap();
    dana.take(&ana.put());
    begin(&mut dana).unwrap();
    assert_eq!(dana.news(), [""; 0]);
}

/// What waits with the one person there is.
fn pending(person: &mut Person) -> Option<model::Pending> {
    let contact = person.other();
    let mut all = person.engine().pending(None).unwrap();
    assert_eq!(all, person.engine().pending(Some(&contact)).unwrap());
    assert!(all.len() <= 1);
    all.pop()
}

#[test]
fn what_waits_with_a_person_follows_the_check_and_the_keys() {
    let (mut ana, mut dana) = friends();
    let waits = |person: &mut Person| pending(person).map(|one| (one.check, one.stopped, one.invited));
    assert_eq!((waits(&mut ana), waits(&mut dana)), (None, None));
    begin(&mut ana).unwrap();
    dana.take(&ana.put());
    assert_eq!(waits(&mut ana), Some((CheckState::Waiting, false, false)));
    assert_eq!(waits(&mut dana), Some((CheckState::Asked, false, false)));
    begin(&mut dana).unwrap();
    ana.take(&dana.put());
    dana.take(&ana.put());
    let (danas, by_dana) = (ana.other(), check(&mut dana).words.unwrap());
    assert_eq!(waits(&mut ana), Some((CheckState::Words, false, false)));
    ana.engine().check_typed(&danas, &by_dana).unwrap();
    assert_eq!(waits(&mut ana), None, "it fits, and nothing more waits");
    // The other one would like to check once more.
    let anas = dana.other();
    dana.engine().check_begin(&anas, true).unwrap();
    ana.take(&dana.put());
    assert_eq!(waits(&mut ana), Some((CheckState::Matched, false, false)));
    ana.engine().vault.write(|store| store.set_check(&danas, b"?", None)).unwrap();
    assert_eq!(waits(&mut ana), Some((CheckState::Broken, false, false)));
    // Keys that can't be read: nothing can be checked over them.
    let mut session = ana.engine().vault.read(|store| store.session(&danas)).unwrap();
    session[1] ^= 0x10;
    ana.engine().vault.write(|store| store.set_session(&danas, &session)).unwrap();
    assert_eq!(waits(&mut ana), Some((CheckState::Broken, true, false)));
    invite_as(&mut ana, "87654321", Some(&danas));
    assert_eq!(waits(&mut ana), Some((CheckState::Broken, true, true)));
}
