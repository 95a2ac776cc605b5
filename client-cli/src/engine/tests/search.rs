//! Looking for words: what is found, page by page, and how much one call looks at.

use super::*;
use crate::engine::model::{Found, Start};
use crate::engine::search::STRETCH;

fn texts(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.message.text.as_str()).collect()
}

fn find(person: &mut Person, words: &str) -> Vec<String> {
    let found = person.engine().find("Ana", words, Start::Newest, 99).unwrap();
    assert_eq!(found.next, None);
    texts(&found).into_iter().map(str::to_owned).collect()
}

/// Kept here as if written long ago: no envelope is made of them.
fn past(person: &mut Person, all: impl Iterator<Item = String>) {
    let contact = person.other();
    let kept = person.engine().vault.write(|store| {
        for text in all {
            store.insert_message(&NewMessage {
                id: MessageId::random(&mut chance::rng()),
                contact: &contact,
                direction: model::Direction::Out,
                kind: "text",
                text: &text,
                sent_at: clock(),
                received_at: None,
            })?;
        }
        Ok::<_, Fault>(())
    });
    kept.unwrap();
}

#[test]
fn words_are_found_as_a_person_sees_them_whatever_the_letters_and_nobody_elses() {
    let (mut ana, mut dana) = friends();
    for text in [
        "The Heather on the hill",
        "on the\n   HILL, again",
        "Grüße aus der STRASSE",
        "ΟΔΥΣΣΕΥΣ came home",
        "hea\u{200b}\u{202e}ther, hidden",
        "nothing of the kind",
    ] {
        dana.write(text);
    }
    assert_eq!(find(&mut dana, "heather").len(), 2, "what hides between letters hides nothing from the search");
    assert_eq!(find(&mut dana, "  THE hill "), ["The Heather on the hill", "on the\n   HILL, again"]);
    assert_eq!(find(&mut dana, "grüsse aus der straße"), ["Grüße aus der STRASSE"]);
    assert_eq!(find(&mut dana, "Οδυσσευς"), ["ΟΔΥΣΣΕΥΣ came home"]);
    assert_eq!(find(&mut dana, "h.ll"), [""; 0], "no sign stands for another");
    assert_eq!(find(&mut dana, "hello").len(), 2, "both what was written and what came");
    assert_eq!(ana.engine().find("Dana", "heather", Start::Newest, 9).unwrap().hits, []);
    let kims = |ana: &mut Person| ana.engine().find("Kim", "good", Start::Newest, 9).map(|found| found.hits.len());
    assert_eq!(kims(&mut ana), Err(Fault::NoContact));
    let mut kim = Person::new("Kim");
    let (link, bundle) = invite_as(&mut ana, "22222222", None);
    join(&mut kim, &link, &bundle);
    kim.write("good morning");
    ana.take(&kim.put());
    assert_eq!(kims(&mut ana), Ok(1));
    assert_eq!(ana.engine().find("Dana", "good", Start::Newest, 9).unwrap().hits, []);
    for nothing in ["", " \n", "\u{200b}", &"x".repeat(1025)] {
        assert!(matches!(dana.engine().search("Ana", nothing, Start::Newest, 9), Err(Fault::Usage(_))), "{nothing:?}");
    }
}

#[test]
fn pages_of_what_is_found_hold_each_message_once_in_order_from_both_ends() {
    let (_ana, mut dana) = friends();
    past(&mut dana, (0..97).map(|number| format!("{} {number:02}", if number % 3 == 0 { "blue" } else { "red" })));
    let all: Vec<String> = (0..97).step_by(3).map(|number| format!("blue {number:02}")).collect();
    for most in [1, 4, 33, 34, 99] {
        let (mut back, mut from) = (Vec::new(), Some(Start::Newest));
        while let Some(start) = from {
            let found = dana.engine().find("Ana", "BLUE", start, most).unwrap();
            assert!(found.hits.len() <= most && found.hits.is_sorted_by_key(|hit| hit.place));
            let page: Vec<String> = texts(&found).into_iter().map(str::to_owned).collect();
            back.splice(..0, page);
            from = found.next;
        }
        let (mut forth, mut from) = (Vec::new(), Some(Start::After(0)));
        while let Some(start) = from {
            let found = dana.engine().find("Ana", "BLUE", start, most).unwrap();
            assert!(found.hits.len() <= most);
            forth.extend(texts(&found).into_iter().map(str::to_owned));
            from = found.next;
        }
        assert_eq!((&back, &forth), (&all, &all), "{most} a page");
    }
}

#[test]
fn one_call_looks_at_one_stretch_however_long_the_conversation_is() {
    let (_ana, mut dana) = friends();
    past(&mut dana, (0..3 * STRETCH).map(|number| format!("{number} {}", if number == 0 { "needle" } else { "hay" })));
    let mut calls = 0;
    let mut from = Some(Start::Newest);
    while let Some(start) = from {
        calls += 1;
        let found = dana.engine().search("Ana", "needle", start, 5).unwrap();
        if calls == 1 {
            let begins = dana.engine().search("Ana", "hay", start, usize::MAX).unwrap();
            assert_eq!(begins.hits.len(), STRETCH, "no more is looked at, and no more is held");
        }
        assert_eq!(found.hits.len(), usize::from(calls == 3), "call {calls}");
        from = found.next;
    }
    // Three stretches, and what was written before them.
    assert_eq!(calls, 4);
    assert_eq!(find(&mut dana, "needle"), ["0 needle"]);
}
