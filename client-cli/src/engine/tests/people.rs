//! Another name, blocking, removing: with engines that have no network.

use super::*;
use crate::vault::raw;
use cairn_protocol::wire::frame::Reply;

const MARKER: &str = "heather-on-the-hill";

/// More steps than removing somebody has.
const STEPS: u32 = 500;

/// Ana with two people in her list, and the mailboxes that she has for them.
struct Three {
    ana: Person,
    dana: Person,
    kim: Person,
    danas: i64,
    kims: i64,
}

fn three() -> Three {
    let (mut ana, dana) = friends();
    let danas = ana.mailbox;
    let mut kim = Person::new("Kim");
    let (link, bundle) = invite_as(&mut ana, "22222222", None);
    join(&mut kim, &link, &bundle);
    kim.write("good morning");
    let kims = ana.mailbox;
    ana.take(&kim.put());
    assert_eq!(ana.news(), ["contact Kim", "good morning"]);
    Three { ana, dana, kim, danas, kims }
}

fn home(person: &Person) -> Home {
    Home::new(Some(person.folder.path()), "test").unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn id(person: &mut Person, name: &str) -> String {
    person.engine().contact(name).unwrap().id
}

#[test]
fn a_name_is_changed_on_this_device_only_and_stays_unique() {
    let Three { mut ana, dana: _, mut kim, .. } = three();
    let kims_id = id(&mut ana, "Kim");
    let before = (ana.engine().vault.rows("queue").unwrap(), ana.engine().vault.rows("outbox").unwrap());
    for taken in ["Dana".to_owned(), id(&mut ana, "Dana"), String::new(), "a\nb".into(), "x".repeat(65)] {
        assert!(matches!(ana.engine().rename("Kim", &taken), Err(Fault::Usage(_))), "{taken:?}");
    }
    assert_eq!(ana.engine().rename("Kim", "Kim").unwrap().name, "Kim", "one's own name is not taken");
    let renamed = ana.engine().rename("Kim", "Kim from Riverbend").unwrap();
    assert_eq!((renamed.id, renamed.given_name.as_str()), (kims_id, "Kim"));
    assert_eq!(ana.engine().contact("Kim").err(), Some(Fault::NoContact));
    let after = (ana.engine().vault.rows("queue").unwrap(), ana.engine().vault.rows("outbox").unwrap());
    assert_eq!(after, before, "nobody is told");
    ana.restart();
    kim.write("it is still me");
    ana.take(&kim.put());
    let history = ana.engine().history("Kim from Riverbend", None).unwrap();
    assert_eq!(history.last().map(|message| message.contact.as_str()), Some("Kim from Riverbend"));
    assert_eq!(ana.engine().rename("Nobody", "x").err(), Some(Fault::NoContact));
}

/// The mailboxes that are fetched, and the people who can be written to.
fn reached(person: &mut Person) -> (Vec<i64>, Vec<String>) {
    person.engine().reload().unwrap();
    let exchange = &person.engine().exchange;
    (exchange.boxes.keys().copied().collect(), exchange.ways.keys().cloned().collect())
}

#[test]
fn with_a_person_who_is_blocked_nothing_is_exchanged_and_nothing_is_shown_until_that_is_taken_back() {
    let Three { mut ana, mut dana, mut kim, danas, kims } = three();
    let (danas_id, kims_id) = (id(&mut ana, "Dana"), id(&mut ana, "Kim"));
    ana.mailbox = danas;
    dana.write("unread when it happened");
    ana.take(&dana.put());
    ana.write("saved, and not sent");
    let (boxes, ways) = reached(&mut ana);
    assert!(boxes == [danas, kims] && ways.len() == 2);
    assert!(ana.engine().set_blocked("Dana", true).unwrap().blocked);
    ana.restart();
    assert_eq!(reached(&mut ana), (vec![kims], vec![kims_id]), "nothing is fetched and nothing goes out");
    assert_eq!(ana.news(), [""; 0], "and what came before is not shown any more");
    let status = runtime().block_on(async { ana.engine().status(false).await }).unwrap();
    assert_eq!((status.waiting, status.unshown), (0, 0), "nothing waits to go out");
    // A page that the relay gave for a question from before.
    dana.write("asked for before");
    let page = dana.put();
    ana.engine().fetched(danas, Reply::Page(page.clone())).unwrap();
    assert_eq!(ana.engine().history("Dana", None).unwrap().len(), 4, "it is not taken in");
    let rows = |ana: &mut Person| ["queue", "outbox"].map(|table| ana.engine().vault.rows(table).unwrap());
    let before = rows(&mut ana);
    runtime().block_on(async {
        let engine = ana.engine();
        assert_eq!(engine.send("Dana", "x", None).await.err(), Some(Fault::Blocked));
        assert_eq!(engine.invite_again("Dana", None, None).await.err(), Some(Fault::Blocked));
        assert_eq!(engine.join_as("CAIRN:X", "Dana").await.err(), Some(Fault::Blocked));
    });
    assert_eq!(ana.engine().check_begin("Dana", false).err(), Some(Fault::Blocked));
    assert_eq!(ana.engine().pending(Some("Dana")).unwrap(), []);
    assert_eq!(rows(&mut ana), before);
    // What was removed here is said all the same: it is about what our person chose.
    let removed = crate::vault::EventRow::Removed(&danas_id, 2, model::Keep::Days30);
    ana.engine().vault.write(|store| Ok::<_, Fault>(store.insert_event(removed)?)).unwrap();
    assert!(matches!(ana.engine().unshown().unwrap()[..], [Queued { event: Event::Removed { messages: 2, .. }, .. }]));
    ana.news();
    ana.mailbox = kims;
    kim.write("and Kim goes on");
    ana.take(&kim.put());
    assert_eq!(ana.news(), ["and Kim goes on"]);

    ana.engine().set_blocked("Dana", false).unwrap();
    assert_eq!(reached(&mut ana).0, [danas, kims]);
    assert_eq!(ana.news(), ["unread when it happened"]);
    ana.engine().fetched(danas, Reply::Page(page)).unwrap();
    assert_eq!(ana.news(), ["asked for before"]);
    assert_eq!(ana.other(), danas_id);
    dana.take(&ana.put());
    assert_eq!(dana.news(), ["saved, and not sent"]);
}

#[test]
fn a_new_start_that_waits_with_a_person_who_is_blocked_is_left_alone_too() {
    let Three { mut ana, mut dana, danas, kims, .. } = three();
    let danas_id = id(&mut ana, "Dana");
    let (link, bundle) = invite_as(&mut ana, "87654321", Some(&danas_id));
    let waits = ana.mailbox;
    assert_eq!(reached(&mut ana).0, [danas, kims, waits]);
    ana.engine().set_blocked("Dana", true).unwrap();
    assert_eq!(reached(&mut ana).0, [kims], "the invitation for it");
    ana.engine().set_blocked("Dana", false).unwrap();
    let danas_ana = dana.other();
    join_as(&mut dana, &link, &bundle, Some(&danas_ana));
    let waiting = dana.engine().vault.read(|store| store.pending(&danas_ana)).unwrap().unwrap();
    let rows = dana.engine().vault.read(|store| store.to_put(&waiting, 0, PLACE, 9)).unwrap();
    let page: Vec<_> = rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect();
    ana.take(&page);
    assert_eq!(ana.news(), ["notice rejoined"]);
    assert_eq!(reached(&mut ana).1.len(), 2, "Kim, and what waits with Dana");
    let pending = ana.engine().vault.read(|store| store.pending(&danas_id)).unwrap().unwrap();
    let taken = ana.engine().rename("Kim", &pending);
    assert!(
        matches!(taken, Err(Fault::Usage(_))),
        "its id in a name's place would lead to the wrong person: {taken:?}"
    );
    ana.engine().set_blocked("Dana", true).unwrap();
    assert_eq!((reached(&mut ana).0, reached(&mut ana).1.len()), (vec![kims], 1));
    assert_eq!(ana.engine().check_begin("Dana", false).err(), Some(Fault::Blocked));
}

/// Something of Dana in as many tables as there can be.
fn much_of_dana(three: &mut Three) -> String {
    let Three { ana, dana, danas, .. } = three;
    let contact = id(ana, "Dana");
    ana.mailbox = *danas;
    dana.write(&format!("{MARKER}, not shown"));
    ana.take(&dana.put());
    // The first piece of three.
    dana.write(&format!("{MARKER} {}", "x".repeat(4000)));
    let page = dana.put();
    ana.take(page.get(..1).unwrap());
    ana.write(&format!("{MARKER}, put and not confirmed"));
    ana.put();
    ana.engine().check_begin("Dana", false).unwrap();
    ana.write(&format!("{MARKER}, and not encrypted"));
    ana.engine().choose_keep("Dana", model::Keep::Days30).unwrap();
    let vault = &mut ana.engine().vault;
    vault.write(|store| store.tell_gap(&contact, 99)).unwrap();
    // A new start: one that waits, and one more invitation for it, with something that came too early.
    let (link, bundle) = invite_as(ana, "87654321", Some(&contact));
    let danas_ana = dana.other();
    join_as(dana, &link, &bundle, Some(&danas_ana));
    let waiting = dana.engine().vault.read(|store| store.pending(&danas_ana)).unwrap().unwrap();
    let rows = dana.engine().vault.read(|store| store.to_put(&waiting, 0, PLACE, 9)).unwrap();
    let page: Vec<_> = rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect();
    ana.take(&page);
    invite_as(ana, "11223344", Some(&contact));
    ana.take(&[deliver(&[7; 4096])]);
    for table in ["messages", "events", "queue", "outbox", "pieces", "gaps", "checks", "held", "invitations"] {
        assert!(ana.engine().vault.rows(table).unwrap() > 0, "{table}");
    }
    contact
}

#[test]
fn who_is_removed_is_in_no_page_of_the_files_and_everybody_else_is_as_before() {
    let mut three = three();
    let contact = much_of_dana(&mut three);
    let Three { mut ana, mut dana, mut kim, kims, .. } = three;
    let files = home(&ana);
    ana.engine().vault.tidy().unwrap();
    let before = raw::pages(&files);
    assert!(raw::hold(&before, MARKER) && raw::hold(&before, &contact) && raw::hold(&before, "Dana"));
    let kims_id = id(&mut ana, "Kim");
    let removed = ana.engine().remove_here("Dana").unwrap();
    assert_eq!((removed.contact.as_str(), removed.closed, removed.erased), ("Dana", false, true));
    let after = raw::pages(&files);
    for word in [MARKER, &contact, "Dana", "87654321", "11223344"] {
        assert!(!raw::hold(&after, word), "{word}");
    }
    assert!(raw::hold(&after, &kims_id) && raw::hold(&after, "good morning"));
    // What is left of her are the mailboxes that are still to be deleted: hers, and two for a new start.
    let left = ana.engine().vault.read(|store| store.given_up()).unwrap();
    assert_eq!(left.len(), 3);
    assert_eq!(reached(&mut ana).1, [kims_id]);
    assert_eq!(ana.news(), [""; 0]);
    ana.restart();
    assert_eq!(ana.engine().contact("Dana").err(), Some(Fault::NoContact));
    // What still comes for her, as it may until the relay has closed it, is taken by nobody.
    dana.write("are you there?");
    ana.engine().reload().unwrap();
    ana.engine().fetched(left[0], Reply::Page(dana.put())).unwrap();
    assert!(!raw::hold(&raw::pages(&files), "are you there?"));
    assert!(ana.engine().exchange.boxes[&left[0]].acks.is_empty(), "and nothing says that it was");
    ana.mailbox = kims;
    kim.write("and Kim goes on");
    ana.take(&kim.put());
    assert_eq!(ana.news(), ["and Kim goes on"]);
    assert_eq!(ana.engine().history("Kim", None).unwrap().len(), 2);
}

#[test]
fn who_is_being_removed_when_the_process_ends_is_there_whole_or_gone() {
    let mut three = three();
    let contact = much_of_dana(&mut three);
    let Three { mut ana, .. } = three;
    let files = home(&ana);
    let tables =
        ["messages", "events", "queue", "outbox", "pieces", "gaps", "checks", "held", "invitations", "contacts"];
    let counts = |ana: &mut Person| tables.map(|table| ana.engine().vault.rows(table).unwrap());
    let before = counts(&mut ana);
    let mut steps = 0;
    for number in 0..STEPS {
        ana.engine().vault.stop_after(number).unwrap();
        let done = ana.engine().remove_here(&contact);
        ana.restart();
        steps = number;
        match done {
            Err(_) => assert_eq!(counts(&mut ana), before, "step {number}"),
            // The last step: gone, and what was not written anew yet was so by the opening.
            Ok(_) => break,
        }
    }
    assert!(steps > 20, "{steps} changes");
    assert_eq!(ana.engine().contact(&contact).err(), Some(Fault::NoContact));
    assert_eq!(ana.engine().contacts().unwrap().len(), 1);
    assert!(!raw::hold(&raw::pages(&files), MARKER));
}
