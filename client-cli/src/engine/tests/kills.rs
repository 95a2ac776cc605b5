//! A process that ends at each single step of saving: before the first change of a row, before the second, and so on until
//! the work goes through. What was committed is there afterwards, and nothing else.

use super::*;
use std::collections::BTreeSet;

/// More steps than any of these works has: a test that never goes through has found that stopping is no stop.
const STEPS: u32 = 200;

/// All of sending one text: saved, encrypted and saved, put, marked as put. Ends early where the vault stops.
fn send(dana: &mut Person, text: &str, left: &mut Vec<Delivery>) -> Result<(), Fault> {
    let contact = dana.other();
    let vault = &mut dana.engine().vault;
    vault.write(|store| {
        let id = MessageId::random(&mut chance::rng());
        let (direction, kind) = (model::Direction::Out, "text");
        let (sent_at, received_at) = (clock(), None);
        let message = NewMessage { id, contact: &contact, direction, kind, text, sent_at, received_at };
        let row = store.insert_message(&message)?.unwrap();
        Ok::<_, Fault>(store.enqueue(&contact, Some(row))?)
    })?;
    go_on(dana, left)
}

fn go_on(dana: &mut Person, left: &mut Vec<Delivery>) -> Result<(), Fault> {
    let contact = dana.other();
    let vault = &mut dana.engine().vault;
    vault.write(|store| outbound::encrypt(store, &contact, 9999, clock()))?;
    let rows = vault.read(|store| Ok::<_, Fault>(store.to_put(&contact, 0, PLACE, 9999)?))?;
    left.extend(rows.iter().map(|row| Delivery { id: row.id, envelope: row.envelope.clone() }));
    vault.write(|store| rows.iter().try_for_each(|row| Ok::<_, Fault>(store.mark_put(&[row.seq], PLACE)?)))
}

#[test]
fn a_sender_that_ends_at_any_single_step_of_saving_uses_no_key_twice() {
    let (mut ana, mut dana) = friends();
    let from = ana.other();
    let mut peer = ana.engine().vault.read(|store| outbound::restore(store, &from)).unwrap();
    let mut left = Vec::new();
    let mut steps = 0;
    // Three pieces each: a long letter is cut in the middle too.
    let letter = |number: u32| format!("{number} {}", "x".repeat(4000));
    for number in 0..STEPS {
        dana.engine().vault.stop_after(number).unwrap();
        let done = send(&mut dana, &letter(number), &mut left);
        dana.restart();
        go_on(&mut dana, &mut left).unwrap();
        steps = number;
        if done.is_ok() {
            break;
        }
    }
    // Message, queue; three times outbox and queue, the session; three times put, once "sent".
    assert_eq!(steps, 2 + 3 * 2 + 1 + 3 + 1, "the steps of saving have changed");

    // What left, as bytes: each opens for the peer once, at a place of its own. A key used again would open only once.
    let (mut seen, mut ids, mut numbers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for delivery in &left {
        ids.insert(*delivery.id.as_bytes());
        if seen.insert(delivery.envelope.to_vec()) {
            let received = peer.decrypt(&delivery.envelope, seconds(clock())).unwrap();
            assert!(numbers.insert(received.number));
        }
    }
    assert_eq!(ids.len(), seen.len(), "an identifier stands for one envelope");
    assert_eq!(numbers.last().copied(), u64::try_from(seen.len() + 1).ok(), "no number is left out");
    // Of the first two nothing was saved; every later letter arrives once.
    ana.take(&left);
    let letters: Vec<String> = (2..=steps).map(letter).collect();
    assert_eq!(ana.news(), letters);
}

#[test]
fn an_inviter_who_ends_at_any_single_step_of_accepting_has_the_one_time_keys_or_the_contact() {
    let (mut ana, mut dana) = (Person::new("Ana"), Person::new("Dana"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    dana.write("hello");
    dana.write("held until the first envelope comes");
    let mut page = dana.put();
    let held = page.split_off(2);
    ana.take(&held);
    let invitation = |ana: &mut Person| ana.engine().vault.read(|store| store.invitation("12345678")).unwrap().unwrap();
    let mut steps = 0;
    for number in 0..STEPS {
        assert!(invitation(&mut ana).private.is_some());
        assert!(ana.engine().contacts().unwrap().is_empty());
        assert_eq!(ana.engine().vault.rows("held").unwrap(), 1);
        ana.engine().vault.stop_after(number).unwrap();
        let mailbox = ana.mailbox;
        let done = ana.engine().take_in(mailbox, page.clone());
        ana.restart();
        steps = number;
        if done.is_ok() {
            break;
        }
    }
    assert!(steps >= 8, "contact, invitation, held, events, messages, session: {steps} changes");
    let used = invitation(&mut ana);
    assert!(used.private.is_none() && used.guard.is_some());
    assert_eq!(ana.news(), ["contact Dana", "held until the first envelope comes", "hello"]);
    // The same again, and another: no second contact comes of it.
    let mut eve = Person::new("Eve");
    join(&mut eve, &link, &bundle);
    ana.take(&page);
    ana.take(&eve.put());
    assert_eq!(ana.engine().contacts().unwrap().len(), 1);
    assert_eq!(ana.news(), [format!("notice {}", Reason::SecondTaker.as_str())]);
}

#[test]
fn nothing_goes_to_anyone_before_an_invitation_has_made_a_contact_nor_to_a_second_taker() {
    let (mut ana, mut dana, mut eve) = (Person::new("Ana"), Person::new("Dana"), Person::new("Eve"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    join(&mut eve, &link, &bundle);
    (0..3).for_each(|_| eve.write("let me in"));
    let (dana_page, eve_page) = (dana.put(), eve.put());
    let outgoing = |ana: &mut Person| {
        ana.engine().schedule_fillers().unwrap();
        ana.engine().reload().unwrap();
        ana.engine().due_fillers().unwrap();
        let engine = ana.engine();
        let rows = |table| engine.vault.rows(table).unwrap();
        (engine.exchange.ways.len(), rows("queue"), rows("outbox"))
    };
    // Noise, and envelopes of a conversation that is none yet.
    ana.take(&[deliver(&[7; 4096]), deliver(&[0; 4096])]);
    ana.take(&eve_page[1..]);
    ana.dry();
    assert_eq!(outgoing(&mut ana), (0, 0, 0));
    ana.take(&dana_page);
    assert_eq!(outgoing(&mut ana), (1, 0, 0), "a contact, and nothing to say");
    // Who comes second is told of to Ana, and is told nothing.
    ana.take(&eve_page);
    ana.dry();
    assert_eq!(outgoing(&mut ana), (1, 0, 0));
    ana.write("hello Dana");
    let page = ana.put();
    eve.take(&page);
    assert_eq!(eve.news(), [""; 0], "what goes out is for one");
    dana.take(&page);
    assert_eq!(dana.news(), ["hello Dana"]);
}

/// The session that waits beside the only contact.
fn pending(person: &mut Person) -> Option<String> {
    let contact = person.other();
    person.engine().vault.read(|store| store.pending(&contact)).unwrap()
}

/// Tries work again and again, ended one step later each time. Until it goes through, what waits is what waited before.
fn until_it_waits(person: &mut Person, mut work: impl FnMut(&mut Person) -> Result<(), Fault>) -> u32 {
    let before = pending(person);
    for number in 0..STEPS {
        person.engine().vault.stop_after(number).unwrap();
        let done = work(person);
        person.restart();
        if done.is_ok() {
            assert!(pending(person).is_some() && pending(person) != before);
            return number;
        }
        assert_eq!(pending(person), before, "step {number}");
    }
    panic!("it never went through");
}

#[test]
fn a_new_start_that_ends_at_any_single_step_of_being_made_waits_whole_or_not_at_all() {
    let (mut ana, mut dana) = friends();
    let (danas, anas) = (ana.other(), dana.other());
    // The second time, on both sides, one that waits is replaced.
    for id in ["11111111", "22222222"] {
        let (link, bundle) = invite_as(&mut ana, id, Some(&danas));
        let opened = link.open_bundle(&bundle).unwrap();
        let own = invite::draw_mailbox(&address().to_string());
        let mut rng = chance::rng();
        let claimed = dana.engine().vault.write(|store| {
            let mailbox = store.insert_mailbox(&own, VaultMark::random(&mut rng))?;
            store.insert_join(&link.slot(), &ClaimToken::random(&mut rng), mailbox)?;
            store.set_join_rejoins(&link.slot(), Some(&anas))?;
            Ok::<_, Fault>(mailbox)
        });
        let mailbox = claimed.unwrap();
        let steps = until_it_waits(&mut dana, |dana| dana.engine().conclude(&link, &opened, mailbox).map(drop));
        assert!(steps >= 4, "contact, outbox, join, profile: {steps} changes");
        let waiting = pending(&mut dana).unwrap();
        let place = Place { restores: 7, ..PLACE };
        let rows = dana.engine().vault.read(|store| store.to_put(&waiting, 0, place, 9)).unwrap();
        let page: Vec<Delivery> = rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect();
        assert_eq!(page.len(), 1, "one first envelope, however often it was tried");
        let mailbox = ana.mailbox;
        let steps = until_it_waits(&mut ana, |ana| ana.engine().take_in(mailbox, page.clone()).map(drop));
        assert!(steps >= 3, "contact, invitation, event: {steps} changes");
        assert_eq!(ana.news(), ["notice rejoined"]);
    }
    let texts = |person: &mut Person| person.engine().history("Dana", None).unwrap().len();
    assert_eq!((texts(&mut ana), ana.engine().contacts().unwrap().len()), (2, 1));
    // All of it can be given up in one step too.
    let before = pending(&mut ana);
    for number in 0..STEPS {
        ana.engine().vault.stop_after(number).unwrap();
        let done = ana.engine().check_stop(&danas);
        ana.restart();
        assert_eq!(pending(&mut ana).is_none(), done.is_ok(), "step {number}");
        if done.is_ok() {
            break;
        }
        assert_eq!(pending(&mut ana), before);
    }
    assert!(pending(&mut ana).is_none());
    ana.write("as before");
    assert_eq!(ana.put().len(), 1);
}
