//! Two engines without a network: what one vault gives out, the other takes in.

mod checks;
mod doctor;
mod keeping;
mod kills;
mod later;
mod lost;
mod meeting;
mod notice;
mod people;
mod questions;
mod recovery;
mod rescue;
mod search;

use super::conversation::Conversation;
use super::model::{Event, Reason, SendState};
use super::*;
use crate::vault::{NewInvitation, NewMessage, Place};
use cairn_protocol::content::MessageId;
use cairn_protocol::invitation::{Invitation, Link, Offer};
use cairn_protocol::limits::{HELD, UNCONFIRMED};
use cairn_protocol::mailbox::{EnvelopeId, VaultMark};
use cairn_protocol::token::{ClaimToken, ManageToken, Voucher};
use cairn_protocol::wire::frame::{Delivery, SealedBundleBytes};
use meeting::{a_new_start_waits, friends, invite, invite_as, join, join_as};
use std::sync::atomic::{AtomicI64, Ordering};

const PLACE: Place = Place { store: [1; 16], restores: 0, day: 1 };
const RELAY: &str = "127.0.0.1:4433";

static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);

fn clock() -> i64 {
    NOW.load(Ordering::Relaxed)
}

fn address() -> RelayAddress {
    let (host, port) = RELAY.split_once(':').unwrap();
    RelayAddress {
        host: cairn_protocol::address::Host::new(host).unwrap(),
        port: port.parse().unwrap(),
        pin: cairn_protocol::address::Pin::of(b"key"),
    }
}

struct Person {
    engine: Option<Engine>,
    folder: tempfile::TempDir,
    mailbox: i64,
}

impl Person {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path()), "test").unwrap();
        let engine = Engine::create(&home, name, None, None, Protection::None).unwrap().with_clock(clock);
        Self { engine: Some(engine), folder, mailbox: 0 }
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    /// As after kill -9: only what was committed is there.
    fn restart(&mut self) {
        self.engine = None;
        let home = Home::new(Some(self.folder.path()), "test").unwrap();
        self.engine = Some(Engine::open(&home, None).unwrap().with_clock(clock));
    }

    fn other(&mut self) -> String {
        self.engine().contacts().unwrap().remove(0).id
    }

    fn write(&mut self, text: &str) {
        let contact = self.other();
        self.engine()
            .vault
            .write(|store| {
                let message = NewMessage {
                    id: MessageId::random(&mut chance::rng()),
                    contact: &contact,
                    direction: model::Direction::Out,
                    kind: "text",
                    text,
                    sent_at: clock(),
                    received_at: None,
                };
                let row = store.insert_message(&message)?.unwrap();
                store.enqueue(&contact, Some(row))
            })
            .unwrap();
    }

    /// Encrypts what waits and puts all that is in the outbox: identifiers and bytes as the relay would hand them out.
    fn put(&mut self) -> Vec<Delivery> {
        let contact = self.other();
        let vault = &mut self.engine().vault;
        vault.write(|store| outbound::encrypt(store, &contact, 9999, clock())).unwrap();
        let rows = vault.read(|store| store.to_put(&contact, 0, PLACE, 9999)).unwrap();
        vault.write(|store| rows.iter().try_for_each(|row| store.mark_put(&[row.seq], PLACE))).unwrap();
        rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect()
    }

    /// Takes in a page and returns how many envelopes may be acknowledged.
    fn take(&mut self, page: &[Delivery]) -> usize {
        let mailbox = self.mailbox;
        self.engine().take_in(mailbox, page.to_vec()).unwrap().len()
    }

    fn dry(&mut self) {
        let mailbox = self.mailbox;
        self.engine().ran_dry(mailbox).unwrap();
    }

    /// What happened, in a word each, marked as shown.
    fn news(&mut self) -> Vec<String> {
        let events = self.engine().unshown().unwrap();
        let numbers: Vec<i64> = events.iter().map(|queued| queued.number).collect();
        self.engine().mark_shown(&numbers).unwrap();
        events
            .into_iter()
            .map(|queued| match queued.event {
                Event::Contact(contact) => format!("contact {}", contact.name),
                Event::Message(message) => message.text,
                Event::Gap { missing, .. } => format!("gap {missing}"),
                Event::Removed { messages, keep, .. } => format!("removed {messages} after {}", keep.days()),
                Event::TheirKeep { keep, .. } => format!("they keep {}", keep.days()),
                Event::Notice { reason, message: Some(message), .. } => format!("{} {}", reason.as_str(), message.text),
                Event::Notice { reason, .. } => format!("notice {}", reason.as_str()),
            })
            .collect()
    }
}

fn deliver(envelope: &[u8; 4096]) -> Delivery {
    Delivery { id: EnvelopeId::random(&mut chance::rng()), envelope: Box::new(*envelope) }
}

#[test]
fn duplicates_are_acknowledged_silently_after_a_restart_too() {
    let (mut ana, mut dana) = friends();
    dana.write("once");
    let page = dana.put();
    assert_eq!(ana.take(&page), 1);
    ana.restart();
    assert_eq!(ana.take(&page), 1);
    assert_eq!(ana.news(), ["once"]);
    assert_eq!(ana.engine().history("Dana", None).unwrap().len(), 3);
}

#[test]
fn a_kill_before_the_commit_loses_nothing_and_uses_no_key_twice() {
    let (mut ana, mut dana) = friends();
    dana.write("first");
    let contact = dana.other();
    // Killed between encryption and commit: the transaction is undone, the same content is encrypted anew.
    let undone: Result<usize, Fault> = dana.engine().vault.write(|store| {
        outbound::encrypt(store, &contact, 1, clock())?;
        Err(Fault::Interrupted)
    });
    assert_eq!(undone.err(), Some(Fault::Interrupted));
    dana.restart();
    let page = dana.put();
    // Killed between put and answer: the same bytes under the same identifier.
    let again =
        dana.engine().vault.read(|store| store.to_put(&contact, 0, Place { restores: 1, ..PLACE }, 99)).unwrap();
    assert!(again.iter().any(|row| row.id == page[0].id && row.envelope == page[0].envelope));
    // Killed after taking in and before the commit: the envelope still opens.
    let mailbox = ana.mailbox;
    let from = ana.other();
    let undone: Result<(), Fault> = ana.engine().vault.write(|store| {
        let mut conversation = Conversation::load(store, from, mailbox, clock())?;
        conversation.open(&page[0].envelope)?;
        conversation.save()?;
        Err(Fault::Interrupted)
    });
    assert_eq!(undone.err(), Some(Fault::Interrupted));
    ana.restart();
    ana.take(&page);
    assert_eq!(ana.news(), ["first"]);
}

#[test]
fn what_comes_before_the_first_envelope_is_held_and_what_is_too_much_stays_at_the_relay() {
    let (mut ana, mut dana) = (Person::new("Ana"), Person::new("Dana"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    let texts: Vec<String> = (0..HELD + 3).map(|number| number.to_string()).collect();
    texts.iter().for_each(|text| dana.write(text));
    let mut page = dana.put();
    let first = page.remove(0);
    assert_eq!(ana.take(&page), HELD);
    assert_eq!(ana.news(), [""; 0]);
    ana.restart();
    ana.take(std::slice::from_ref(&first));
    let mut news = vec!["contact Dana".to_owned()];
    news.extend(texts[..HELD].iter().cloned());
    assert_eq!(ana.news(), news);
    ana.take(&page[HELD..]);
    assert_eq!(ana.news(), texts[HELD..]);
    // The one-time keys are gone, and the first envelope again is a duplicate.
    assert!(ana.engine().vault.read(|store| store.invitation("12345678")).unwrap().unwrap().private.is_none());
    assert_eq!(ana.take(&[first]), 1);
    assert_eq!(ana.news(), [""; 0]);
}

#[test]
fn another_first_envelope_is_told_once() {
    let (mut ana, mut dana, mut eve) = (Person::new("Ana"), Person::new("Dana"), Person::new("Eve"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    join(&mut eve, &link, &bundle);
    ana.take(&dana.put());
    ana.take(&eve.put());
    assert_eq!(ana.news(), ["contact Dana".to_owned(), format!("notice {}", Reason::SecondTaker.as_str())]);
    let mut late = Person::new("Late");
    join(&mut late, &link, &bundle);
    ana.take(&late.put());
    assert_eq!(ana.news(), [""; 0]);
    assert_eq!(ana.engine().contacts().unwrap().len(), 1);
}

#[test]
fn noise_is_acknowledged_and_changes_nothing() {
    let (mut ana, mut dana) = friends();
    assert_eq!(ana.take(&[deliver(&[7; 4096])]), 1);
    dana.write("still here");
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["still here"]);
}

#[test]
fn a_hole_is_told_once_when_a_fetch_has_run_dry_and_what_comes_late_is_shown() {
    let (mut ana, mut dana) = friends();
    ["one", "two", "three"].into_iter().for_each(|text| dana.write(text));
    let page = dana.put();
    ana.take(&page[..1]);
    ana.take(&page[2..]);
    assert_eq!(ana.news(), ["one", "three"]);
    ana.dry();
    assert_eq!(ana.news(), ["gap 1"]);
    ana.dry();
    ana.restart();
    ana.dry();
    assert_eq!(ana.news(), [""; 0]);
    ana.take(&page[1..2]);
    ana.dry();
    assert_eq!(ana.news(), ["two"]);
}

#[test]
fn a_long_letter_is_shown_when_whole_whatever_the_order_of_its_pieces() {
    let (mut ana, mut dana) = friends();
    let letter = "é".repeat(32_768);
    dana.write(&letter);
    let mut page = dana.put();
    assert_eq!(page.len(), 44);
    page.reverse();
    ana.take(&page[..20]);
    assert_eq!(ana.news(), [""; 0]);
    ana.restart();
    ana.take(&page[20..]);
    assert_eq!(ana.news(), [letter]);
}

#[test]
fn letters_that_never_become_whole_are_bounded_and_said_to_be_missing() {
    let (mut ana, mut dana) = friends();
    let mut firsts = Vec::new();
    for _ in 0..17 {
        dana.write(&"x".repeat(3000));
        firsts.push(dana.put().remove(0));
    }
    ana.take(&firsts);
    assert_eq!(ana.news(), ["gap 1"]);
}

#[test]
fn more_than_the_peer_has_confirmed_waits_unencrypted_and_goes_on_after_an_answer() {
    let (mut ana, mut dana) = friends();
    let unconfirmed = usize::try_from(UNCONFIRMED).unwrap();
    (0..unconfirmed + 5).for_each(|number| dana.write(&number.to_string()));
    // "hello" is confirmed by Ana's answer, so all 480 places are free.
    let page = dana.put();
    assert_eq!(page.len(), unconfirmed);
    assert_eq!(dana.put().len(), 0);
    let waiting = |dana: &mut Person| dana.engine().contacts().unwrap()[0].waiting;
    assert_eq!(waiting(&mut dana), 5);
    ana.take(&page);
    ana.write("read it all");
    dana.take(&ana.put());
    assert_eq!(dana.put().len(), 5);
    assert_eq!(waiting(&mut dana), 0);
    let last = dana.engine().history("Ana", Some(2)).unwrap().remove(0);
    assert_eq!((last.text.as_str(), last.state), ("484", Some(SendState::Sent)));
}

#[test]
fn somebody_who_only_reads_confirms_with_one_filler_within_thirty_seconds() {
    let (mut ana, mut dana) = friends();
    (0..100).for_each(|number| dana.write(&number.to_string()));
    ana.take(&dana.put());
    let contact = ana.other();
    let at = |ana: &mut Person| ana.engine().vault.read(|store| store.filler_at(&contact)).unwrap();
    let due = at(&mut ana).unwrap();
    assert!((clock()..=clock() + 30_000).contains(&due), "drawn within thirty seconds");
    ana.engine().reload().unwrap();
    ana.engine().clock = || clock() + 30_001;
    ana.engine().due_fillers().unwrap();
    let page = ana.put();
    assert_eq!(page.len(), 1);
    assert_eq!(at(&mut ana), None);
    ana.engine().due_fillers().unwrap();
    assert_eq!(ana.put().len(), 0);
    dana.take(&page);
    assert_eq!(dana.news(), [""; 0], "a filler is never shown");
    let contact = dana.other();
    let restored = Place { restores: 9, ..PLACE };
    let left = dana.engine().vault.read(|store| store.to_put(&contact, 0, restored, 999)).unwrap();
    assert_eq!(left.len(), 0, "all is confirmed, nothing is kept");
}

#[test]
fn two_people_of_one_name_are_told_apart() {
    let (mut ana, _) = friends();
    assert_eq!(ana.engine().vault.read(|store| names::unique(store, "Dana")).unwrap(), "Dana 2");
}

#[test]
fn making_a_profile_twice_is_refused_and_changes_nothing() {
    let mut ana = Person::new("Ana");
    let home = Home::new(Some(ana.folder.path()), "setup").unwrap();
    let again = Engine::create(&home, "Other", None, None, Protection::None);
    assert!(matches!(again.err(), Some(Fault::InUse(_))));
    ana.engine = None;
    let again = Engine::create(&home, "Other", None, None, Protection::None);
    assert!(matches!(again.err(), Some(Fault::Usage(_))));
    ana.restart();
    assert_eq!(ana.engine().profile_name().unwrap(), "Ana");
}

#[test]
fn two_who_write_at_length_without_reading_are_set_going_again_by_fillers() {
    let (mut ana, mut dana) = (Person::new("Ana"), Person::new("Dana"));
    let (link, bundle) = invite(&mut ana);
    join(&mut dana, &link, &bundle);
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["contact Dana"]);
    let texts: Vec<String> = (0..UNCONFIRMED + 10).map(|number| number.to_string()).collect();
    for text in &texts {
        ana.write(text);
        dana.write(text);
    }
    let (from_ana, from_dana) = (ana.put(), dana.put());
    ana.take(&from_dana);
    dana.take(&from_ana);
    assert_eq!((ana.put().len(), dana.put().len()), (0, 0), "all places are taken on both sides");
    ana.engine().reload().unwrap();
    ana.engine().clock = || clock() + 30_001;
    ana.engine().due_fillers().unwrap();
    let filler = ana.put();
    assert_eq!(filler.len(), 1);
    dana.take(&filler);
    ana.take(&dana.put());
    dana.take(&ana.put());
    assert_eq!(ana.news(), texts);
    assert_eq!(dana.news(), texts);
}
