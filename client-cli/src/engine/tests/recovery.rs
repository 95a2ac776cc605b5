//! A conversation that can't go on, and the new start that takes its place: two engines without a network.

use super::*;
use crate::engine::model::{CheckState, Trust};

/// Envelopes that open nowhere, as somebody with the mailbox's capability can put them.
const NOISE: usize = 10_000;

/// As many as the relay gives at once.
const PAGE: usize = 32;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Person {
    fn session(&mut self) -> Vec<u8> {
        let contact = self.other();
        self.engine().vault.read(|store| store.session(&contact)).unwrap().to_vec()
    }

    /// Flips one bit in the stored session, as a failing disk might.
    fn damage(&mut self) {
        let (contact, mut session) = (self.other(), self.session());
        session[1] ^= 0x10;
        self.engine().vault.write(|store| store.set_session(&contact, &session)).unwrap();
    }

    /// What a page gives and what waits afterwards, for a session that waits beside an old contact.
    fn put_pending(&mut self) -> Vec<Delivery> {
        let contact = self.other();
        let pending = self.engine().vault.read(|store| store.pending(&contact)).unwrap().unwrap();
        self.put_for(&pending)
    }

    fn put_for(&mut self, row: &str) -> Vec<Delivery> {
        let vault = &mut self.engine().vault;
        vault.write(|store| outbound::encrypt(store, row, 9999, clock())).unwrap();
        let rows = vault.read(|store| store.to_put(row, 0, PLACE, 9999)).unwrap();
        vault.write(|store| rows.iter().try_for_each(|row| store.mark_put(&[row.seq], PLACE))).unwrap();
        rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect()
    }

    /// Takes in a page for the mailbox of this contact.
    fn take_from(&mut self, contact: &str, page: Vec<Delivery>) -> Result<usize, Fault> {
        let routes = self.engine().vault.read(|store| store.routes(clock())).unwrap();
        let own = routes.into_iter().find(|route| route.contact == contact).unwrap().own;
        self.engine().take_in(own, page).map(|acks| acks.len())
    }

    fn texts(&mut self, contact: &str) -> Vec<String> {
        self.engine().history(contact, None).unwrap().into_iter().map(|message| message.text).collect()
    }
}

/// Ana invites Dana for a new start, and Dana takes it as one.
fn start_anew(ana: &mut Person, dana: &mut Person) {
    let (ana_knows, dana_knows) = (ana.other(), dana.other());
    let (link, bundle) = invite_as(ana, "87654321", Some(&ana_knows));
    join_as(dana, &link, &bundle, Some(&dana_knows));
    ana.take(&dana.put_pending());
}

/// Both check words over what waits, or over the conversation itself.
fn check_words(ana: &mut Person, dana: &mut Person) -> (String, String) {
    let (dana_id, ana_id) = (ana.other(), dana.other());
    assert_eq!(ana.engine().check_begin(&dana_id, false).unwrap().state, CheckState::Waiting);
    dana.take(&ana.put_pending());
    dana.engine().check_begin(&ana_id, false).unwrap();
    ana.take(&dana.put_pending());
    dana.take(&ana.put_pending());
    let words = |check: model::Check| check.words.unwrap();
    (words(ana.engine().check(&dana_id).unwrap()), words(dana.engine().check(&ana_id).unwrap()))
}

#[test]
fn a_session_that_can_not_be_read_is_told_once_and_the_others_go_on() {
    let (mut ana, mut dana) = friends();
    let mut kim = Person::new("Kim");
    let (link, bundle) = invite_as(&mut ana, "22222222", None);
    join(&mut kim, &link, &bundle);
    ana.take(&kim.put());
    assert_eq!(ana.news(), ["contact Kim"]);
    let (kims, danas) = (ana.mailbox, ana.engine().contact("Dana").unwrap());
    let before = ana.session();
    ana.damage();
    ana.restart();
    ana.engine().reload().unwrap();
    assert_eq!(ana.news(), ["notice session_damaged"]);
    // Told before the first send; what is written is kept, and nothing was repaired.
    let sent = runtime().block_on(async { ana.engine().send(&danas.id, "are you there?", None).await }).unwrap();
    assert_eq!((sent.state, sent.fault), (SendState::Saved, Some(Fault::SessionDamaged)));
    let damaged = ana.session();
    assert_eq!(damaged.iter().zip(&before).filter(|(one, other)| one != other).count(), 1);
    dana.write("hello?");
    let page = dana.put();
    assert_eq!(ana.take_from(&danas.id, page), Err(Fault::SessionDamaged));
    // Kim's conversation goes on.
    ana.mailbox = kims;
    kim.write("good morning");
    ana.take(&kim.put());
    assert_eq!(ana.news(), ["good morning"]);
    ana.restart();
    ana.engine().reload().unwrap();
    assert_eq!(ana.news(), [""; 0], "it is told once");
    assert_eq!(ana.engine().check_begin(&danas.id, false).err(), Some(Fault::SessionDamaged));
}

#[test]
fn a_new_start_keeps_name_history_and_what_was_not_sent_and_shows_nothing_before_the_words() {
    let (mut ana, mut dana) = friends();
    let old = ana.engine().contact("Dana").unwrap();
    ana.write("never at the relay");
    ana.damage();
    start_anew(&mut ana, &mut dana);
    assert_eq!(ana.news(), ["notice rejoined"]);
    let waiting = ana.engine().contact("Dana").unwrap();
    assert!(waiting.rejoining && waiting.id == old.id && ana.engine().contacts().unwrap().len() == 1);
    let refused = runtime().block_on(async { ana.engine().send("Dana", "x", None).await });
    assert_eq!(refused.err(), Some(Fault::KeysChanged));
    let later = ana.engine().send_later("Dana", "x", clock() + 3_600_000);
    assert_eq!(later.err(), Some(Fault::KeysChanged));
    // Nothing but the check goes over what waits, whatever is queued there.
    let pending = ana.engine().vault.read(|store| store.pending(&old.id)).unwrap().unwrap();
    ana.engine().vault.write(|store| store.enqueue(&pending, None)).unwrap();
    assert_eq!(ana.put_for(&pending).len(), 0);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    let ana_id = dana.other();
    assert_eq!(dana.engine().check_typed(&ana_id, &by_ana).unwrap().state, CheckState::Matched);
    assert_eq!(dana.news(), [""; 0]);
    // Dana's side is through and writes; Ana's holds it back until her own words fit, after a restart too.
    dana.write("first");
    dana.write("second");
    ana.take(&dana.put());
    ana.restart();
    assert_eq!(ana.news(), [""; 0]);
    assert_eq!(ana.texts("Dana"), ["hello", "hello Dana", "never at the relay"]);
    assert_eq!(ana.engine().vault.read(|store| store.count_unshown()).unwrap(), (0, 0));
    for _ in 0..2 {
        assert_eq!(ana.engine().check_typed(&old.id, &by_ana).unwrap().state, CheckState::Words);
    }
    assert_eq!(ana.engine().check_typed(&old.id, &by_dana).unwrap().state, CheckState::Matched);
    assert_eq!(ana.news(), ["first", "second"]);
    let now = ana.engine().contact("Dana").unwrap();
    assert_eq!((now.id, now.trust, now.rejoining), (old.id, Trust::Checked, false));
    // What never was at a relay goes out by the new session, whole; the old mailbox goes.
    dana.take(&ana.put());
    assert_eq!(dana.news(), ["never at the relay"]);
    let gone = ana.engine().vault.read(|store| store.mailboxes()).unwrap();
    assert_eq!(gone.iter().filter(|own| own.gone).count(), 1);
    assert_eq!(ana.texts("Dana"), ["hello", "hello Dana", "never at the relay", "first", "second"]);
}

#[test]
fn words_that_do_not_fit_join_nothing_and_what_waited_can_be_dropped() {
    let (mut ana, mut dana) = friends();
    let old = ana.engine().contact("Dana").unwrap();
    let session = ana.session();
    ana.engine().vault.write(|store| store.set_trust(&old.id, Trust::Checked)).unwrap();
    start_anew(&mut ana, &mut dana);
    assert_eq!(ana.engine().contact("Dana").unwrap().trust, Trust::Unchecked, "of the keys that wait");
    let (by_ana, _) = check_words(&mut ana, &mut dana);
    for _ in 0..3 {
        ana.engine().check_typed(&old.id, &by_ana).unwrap();
    }
    assert_eq!(ana.engine().check(&old.id).unwrap().state, CheckState::Different);
    assert!(ana.engine().contact("Dana").unwrap().rejoining);
    assert_eq!(ana.session(), session);
    ana.engine().check_stop(&old.id).unwrap();
    let now = ana.engine().contact("Dana").unwrap();
    assert_eq!((now.rejoining, now.trust), (false, Trust::Checked));
    // The old conversation is as it was.
    dana.engine().check_stop("Ana").unwrap();
    dana.write("as before");
    let page = dana.put();
    assert_eq!(ana.take_from(&old.id, page), Ok(1));
    assert_eq!(ana.news().last().map(String::as_str), Some("as before"));
    assert_eq!(ana.texts("Dana"), ["hello", "hello Dana", "as before"]);
}

#[test]
fn a_text_that_the_other_side_has_lost_goes_by_the_new_start_though_it_was_confirmed() {
    let (mut ana, mut dana) = friends();
    let contact = dana.other();
    ana.write("confirmed, and lost");
    ana.write("confirmed");
    dana.take(&ana.put());
    dana.write("an answer");
    dana.engine().vault.write(|store| store.enqueue_lost(&contact, 2, 2, clock(), 0)).unwrap();
    ana.take(&dana.put());
    let waiting = |ana: &mut Person| ana.engine().contact("Dana").unwrap().waiting;
    assert_eq!(waiting(&mut ana), 0, "all of it was sent");
    start_anew(&mut ana, &mut dana);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    dana.engine().check_typed(&contact, &by_ana).unwrap();
    let danas = ana.other();
    ana.engine().check_typed(&danas, &by_dana).unwrap();
    assert_eq!(waiting(&mut ana), 1);
    assert_eq!(dana.take(&ana.put()), 1, "it goes at once");
    // Numbers begin anew: an old one is nobody's any more.
    dana.engine().vault.write(|store| store.enqueue_lost(&contact, 1, 1, clock(), 0)).unwrap();
    ana.take(&dana.put());
    assert_eq!(ana.engine().vault.rows("queue").unwrap(), 0);
}

#[test]
fn a_text_that_came_by_the_old_keys_too_is_kept_once() {
    let (mut ana, mut dana) = friends();
    dana.write("twice");
    let contact = dana.other();
    // Put, and ended before the answer was noted: Ana has it, and Dana's side does not know.
    let vault = &mut dana.engine().vault;
    vault.write(|store| outbound::encrypt(store, &contact, 9, clock())).unwrap();
    let rows = vault.read(|store| store.to_put(&contact, 0, PLACE, 9)).unwrap();
    let page: Vec<Delivery> = rows.into_iter().map(|row| Delivery { id: row.id, envelope: row.envelope }).collect();
    ana.take(&page);
    assert_eq!(ana.news(), ["twice"]);
    start_anew(&mut ana, &mut dana);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    dana.engine().check_typed(&contact, &by_ana).unwrap();
    dana.write("once");
    ana.take(&dana.put());
    let old = ana.other();
    ana.engine().check_typed(&old, &by_dana).unwrap();
    assert_eq!(ana.news(), ["once"]);
    assert_eq!(ana.texts("Dana"), ["hello", "hello Dana", "twice", "once"]);
}

#[test]
fn a_new_start_that_ends_at_any_single_step_of_saving_is_joined_whole_or_not_at_all() {
    let (mut ana, mut dana) = friends();
    ana.write("waits");
    start_anew(&mut ana, &mut dana);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    let (anas, danas) = (dana.other(), ana.other());
    dana.engine().check_typed(&anas, &by_ana).unwrap();
    dana.write("held back");
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["notice rejoined"]);
    let mut steps = 0;
    for number in 0..100 {
        ana.engine().vault.stop_after(number).unwrap();
        let done = ana.engine().check_typed(&danas, &by_dana);
        ana.restart();
        let now = ana.engine().contact("Dana").unwrap();
        assert_eq!((now.rejoining, now.trust == Trust::Checked), (done.is_err(), done.is_ok()), "step {number}");
        steps = number;
        if done.is_ok() {
            break;
        }
        assert_eq!(ana.news(), [""; 0], "step {number}");
        assert_eq!(ana.engine().check(&danas).unwrap().words.as_ref(), Some(&by_ana), "step {number}");
    }
    assert!((10..99).contains(&steps), "{steps}");
    assert_eq!(ana.news(), ["held back"]);
    dana.take(&ana.put());
    assert_eq!(dana.news(), ["waits"]);
}

#[test]
fn an_older_state_learns_it_from_the_other_side_and_sends_no_more() {
    let (mut ana, mut dana) = friends();
    dana.write("one");
    ana.take(&dana.put());
    let older = dana.session();
    dana.write("two");
    ana.take(&dana.put());
    ana.write("I have read both");
    let page = ana.put();
    let contact = dana.other();
    dana.engine().vault.write(|store| store.set_session(&contact, &older)).unwrap();
    dana.restart();
    dana.take(&page);
    assert_eq!(dana.news(), ["I have read both", "notice history_differs"]);
    dana.write("three");
    let stopped: Result<usize, Fault> =
        dana.engine().vault.write(|store| outbound::encrypt(store, &contact, 9, clock()));
    assert_eq!(stopped.err(), Some(Fault::HistoryDiffers));
    assert_eq!(dana.engine().check_begin(&contact, false).err(), Some(Fault::HistoryDiffers));
}

#[test]
fn ten_thousand_envelopes_that_open_nowhere_change_nothing_and_leave_nothing() {
    let (mut ana, mut dana) = friends();
    dana.write("before");
    ana.take(&dana.put());
    assert_eq!(ana.news(), ["before"]);
    let file = ana.folder.path().join("vault.db");
    ana.restart();
    let (session, size) = (ana.session(), file.metadata().unwrap().len());
    dana.write("after");
    let genuine = dana.put();
    for _ in 0..NOISE / PAGE {
        let page: Vec<Delivery> = (0..PAGE).map(|_| deliver(&chance::bytes())).collect();
        assert_eq!(ana.take(&page), PAGE, "they are acknowledged");
    }
    assert!(ana.session() == session, "the session is as it was, byte for byte");
    ana.restart();
    assert_eq!(file.metadata().unwrap().len(), size, "nothing of them is kept");
    assert_eq!(ana.news(), [""; 0]);
    ana.take(&genuine);
    assert_eq!(ana.news(), ["after"]);
}

/// Somebody else uses a link of Ana's: what that puts into the mailbox of the invitation.
fn taken_by_eve(link: &Link, bundle: &SealedBundleBytes) -> Vec<Delivery> {
    let mut eve = Person::new("Eve");
    join(&mut eve, link, bundle);
    eve.write("it is me, Dana");
    eve.put()
}

#[test]
fn the_holder_of_an_older_link_puts_no_session_in_the_place_of_one_that_waits() {
    let (mut ana, mut dana) = friends();
    let (danas, anas) = (ana.other(), dana.other());
    // Two invitations are open, as after a kill between making the one and taking the other back.
    let (older, bundle) = invite_as(&mut ana, "11111111", Some(&danas));
    let older_box = ana.mailbox;
    start_anew(&mut ana, &mut dana);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    dana.engine().check_typed(&anas, &by_ana).unwrap();
    dana.write("held back");
    ana.take(&dana.put());
    ana.mailbox = older_box;
    assert_eq!(ana.take(&taken_by_eve(&older, &bundle)), 2, "acknowledged, and nothing more");
    assert_eq!(ana.news(), ["notice rejoined"]);
    assert_eq!(ana.engine().check_typed(&danas, &by_dana).unwrap().state, CheckState::Matched);
    assert_eq!(ana.news(), ["held back"]);
}

#[test]
fn a_link_for_a_new_start_that_nobody_used_ends_when_another_one_is_joined() {
    let (mut ana, mut dana) = friends();
    let danas = ana.other();
    let (unused, bundle) = invite_as(&mut ana, "11111111", Some(&danas));
    let unused_box = ana.mailbox;
    // The one that is used is Dana's.
    start_anew(&mut dana, &mut ana);
    let (by_dana, _) = check_words(&mut dana, &mut ana);
    assert_eq!(ana.engine().check_typed(&danas, &by_dana).unwrap().state, CheckState::Matched);
    ana.mailbox = unused_box;
    ana.take(&taken_by_eve(&unused, &bundle));
    assert_eq!(ana.news(), [""; 0]);
    let now = ana.engine().contact("Dana").unwrap();
    assert_eq!((now.rejoining, now.trust), (false, Trust::Checked));
}

#[test]
fn texts_that_nobody_confirmed_go_again_by_the_new_keys_and_are_kept_once() {
    let (mut ana, mut dana) = friends();
    // Dana has "hello Dana" and has not said so; the next one lies at the relay.
    ana.write("never fetched");
    assert_eq!(ana.put().len(), 1);
    let waiting = |person: &mut Person| person.engine().contacts().unwrap()[0].waiting;
    assert_eq!(waiting(&mut ana), 0);
    start_anew(&mut ana, &mut dana);
    let (by_ana, by_dana) = check_words(&mut ana, &mut dana);
    let (anas, danas) = (dana.other(), ana.other());
    ana.engine().check_typed(&danas, &by_dana).unwrap();
    dana.engine().check_typed(&anas, &by_ana).unwrap();
    assert_eq!((waiting(&mut ana), waiting(&mut dana)), (2, 0), "what was confirmed stays where it is");
    dana.take(&ana.put());
    assert_eq!((waiting(&mut ana), dana.news()), (0, vec!["never fetched".to_owned()]));
    for (person, other) in [(&mut ana, "Dana"), (&mut dana, "Ana")] {
        assert_eq!(person.texts(other), ["hello", "hello Dana", "never fetched"]);
    }
}

#[test]
fn a_new_start_with_a_conversation_that_can_not_be_read_can_be_given_up() {
    let (mut ana, mut dana) = friends();
    let danas = ana.other();
    ana.damage();
    start_anew(&mut ana, &mut dana);
    check_words(&mut ana, &mut dana);
    ana.engine().check_stop(&danas).unwrap();
    assert_eq!(ana.engine().check(&danas).map(|check| check.state), Ok(CheckState::Idle));
    assert!(!ana.engine().contact("Dana").unwrap().rejoining);
    assert_eq!(ana.engine().check_begin(&danas, false).err(), Some(Fault::SessionDamaged));
}
