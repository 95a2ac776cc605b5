//! Another name for a person, blocking them, removing them: behind About.
//!
//! In: a choice, a name. Out: what to ask and to do. This file must never let anything be removed without a question.

use super::say;
use super::talk::{back, choose, person};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::Fault;
use crate::engine::model::{Contact, Removed};
use crate::language::people as texts;
use crate::names;
use crate::output::people as words;

/// What can be done about the person: at most seven choices.
pub(super) fn choices(contact: Option<&Contact>) -> Vec<Choice> {
    let check = Choice::Check { again: false };
    if contact.is_some_and(|contact| contact.blocked) {
        vec![Choice::Back, Choice::Unblock, Choice::Keeping, Choice::Rename, Choice::Remove]
    } else {
        let more = [Choice::StartAgain, Choice::Rename, Choice::Block, Choice::Remove];
        [Choice::Back, check, Choice::Keeping].into_iter().chain(more).collect()
    }
}

/// Asks for another name.
pub(super) fn ask_name(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::Renaming;
    vec![say(texts::another_name(person(app)))]
}

/// It was typed.
pub(super) fn named(app: &mut App, line: &str) -> Vec<Effect> {
    let Some(contact_id) = app.person.as_ref().map(|contact| contact.id.clone()) else { return back(app) };
    if line.trim().is_empty() {
        return back(app);
    }
    match names::check(line) {
        Ok(name) => vec![Effect::Rename { contact_id, name }],
        Err(why) => {
            app.screen = Screen::Renaming;
            vec![say(why), say(texts::name_again())]
        }
    }
}

/// The name is another one now, or can't be.
pub(super) fn renamed(app: &mut App, result: Result<Contact, Fault>) -> Vec<Effect> {
    match result {
        Ok(contact) => {
            let mut effects = vec![say(words::renamed(&contact))];
            app.person = Some(contact);
            effects.extend(back(app));
            effects
        }
        Err(Fault::Usage(why)) => {
            app.screen = Screen::Renaming;
            vec![say(why), say(texts::name_again())]
        }
        Err(fault) => failed(app, &fault),
    }
}

/// Says what blocking means, and asks.
pub(super) fn ask_block(app: &mut App) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    let head = words::would_block(&contact.name);
    choose(app, &head, vec![Choice::Back, Choice::BlockNow])
}

/// To be blocked, or not any more.
pub(super) fn set_blocked(app: &mut App, blocked: bool) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::SetBlocked { contact_id: contact.id.clone(), blocked }],
        None => back(app),
    }
}

/// It is so, or not.
pub(super) fn blocked(app: &mut App, result: Result<Contact, Fault>) -> Vec<Effect> {
    match result {
        Ok(contact) => {
            let sentence = if contact.blocked { words::blocked(&contact) } else { words::unblocked(&contact) };
            if contact.blocked {
                // What was new from them is not told of while they are blocked.
                app.unread.retain(|queued| !super::news::is_from(&queued.event, &contact.id));
                app.check = None;
            }
            let leaves = contact.blocked;
            app.person = Some(contact);
            let mut effects = vec![say(sentence)];
            effects.extend(if leaves { leave(app) } else { back(app) });
            effects
        }
        Err(fault) => failed(app, &fault),
    }
}

/// Says what removing means, and asks.
pub(super) fn ask_remove(app: &mut App) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    let head = words::would_remove(&contact.name);
    choose(app, &head, vec![Choice::Back, Choice::RemoveNow])
}

/// To be removed.
pub(super) fn remove(app: &mut App) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::Remove { contact_id: contact.id.clone() }],
        None => back(app),
    }
}

/// They are gone, or not.
pub(super) fn removed(app: &mut App, result: Result<Removed, Fault>) -> Vec<Effect> {
    match result {
        Ok(removed) => {
            app.unread.retain(|queued| !super::news::is_from(&queued.event, &removed.contact_id));
            app.check = None;
            let mut effects: Vec<_> = words::removed(&removed).into_iter().map(say).collect();
            effects.extend(leave(app));
            effects
        }
        Err(fault) => failed(app, &fault),
    }
}

/// To the list of people.
fn leave(app: &mut App) -> Vec<Effect> {
    app.person = None;
    vec![Effect::LoadPeople]
}

fn failed(app: &mut App, fault: &Fault) -> Vec<Effect> {
    let mut effects = vec![say(crate::output::fault::words(fault))];
    effects.extend(back(app));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{letter, line, person, said, talking};
    use super::super::update;
    use crate::app::{App, Effect, Event, Screen};
    use crate::engine::Fault;
    use crate::engine::model::{Contact, Event as News, Queued, Removed};

    fn about(app: &mut App) -> String {
        line(app, "?");
        said(&line(app, "3"))
    }

    fn gone() -> Removed {
        Removed { contact_id: "id-Robin".into(), contact: "Robin".into(), closed: false, erased: true }
    }

    /// The choices, and that they are at most seven on about sixty words.
    fn numbered(shown: &str) -> Vec<&str> {
        let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
        assert!(lines.len() <= 7, "{shown}");
        assert!(shown.split_whitespace().count() <= 75, "{shown}");
        lines
    }

    #[test]
    fn about_has_at_most_seven_choices_however_things_stand() {
        for contact in [
            person("Robin"),
            Contact { rejoining: true, ..person("Robin") },
            Contact { blocked: true, ..person("Robin") },
            Contact { blocked: true, rejoining: true, ..person("Robin") },
        ] {
            let mut app = talking(&["Robin"]);
            app.person = Some(contact.clone());
            let shown = about(&mut app);
            let lines = numbered(&shown);
            assert!(lines.iter().any(|line| line.ends_with("Remove Robin")), "{shown}");
            assert_eq!(lines.iter().any(|line| line.contains("Check words")), !contact.blocked, "{shown}");
        }
    }

    #[test]
    fn another_name_is_asked_for_and_one_that_is_taken_is_asked_again() {
        let mut app = talking(&["Robin"]);
        assert!(about(&mut app).contains("5 Change the name"));
        line(&mut app, "5");
        assert_eq!(app.screen, Screen::Renaming);
        assert!(said(&line(&mut app, &"x".repeat(65))).contains("too long") && app.screen == Screen::Renaming);
        let effect = Effect::Rename { contact_id: "id-Robin".into(), name: "Robin B.".into() };
        assert_eq!(line(&mut app, " Robin B. "), [effect]);
        let taken = said(&update(&mut app, Event::Renamed(Err(Fault::Usage("Taken.".into())))));
        assert!(taken.contains("another name") && app.screen == Screen::Renaming, "{taken}");
        let contact = Contact { name: "Robin B.".into(), ..person("Robin") };
        let done = said(&update(&mut app, Event::Renamed(Ok(contact))));
        assert!(done.contains("Only you see it") && done.contains("writing to Robin B."), "{done}");
        about(&mut app);
        line(&mut app, "5");
        assert!(said(&line(&mut app, "")).contains("You are writing to"));
    }

    #[test]
    fn blocking_says_what_it_means_is_asked_and_can_be_taken_back() {
        let mut app = talking(&["Robin", "Kim"]);
        let hello = News::Message(letter("Robin", "hello"));
        app.unread.push(Queued { number: 1, event: hello });
        assert!(about(&mut app).contains("6 Block Robin"));
        let asked = said(&line(&mut app, "6"));
        numbered(&asked);
        assert!(asked.contains("They are not told") && asked.contains("1 Back to Robin"), "{asked}");
        line(&mut app, "1");
        assert_eq!(app.screen, Screen::Talk);
        about(&mut app);
        line(&mut app, "6");
        assert_eq!(line(&mut app, "2"), [Effect::SetBlocked { contact_id: "id-Robin".into(), blocked: true }]);
        let blocked = Contact { blocked: true, ..person("Robin") };
        let effects = update(&mut app, Event::Blocked(Ok(blocked.clone())));
        assert_eq!(effects.last(), Some(&Effect::LoadPeople));
        assert!(app.unread.is_empty() && app.person.is_none());
        let people = said(&update(&mut app, Event::People(vec![person("Kim"), blocked])));
        assert!(people.contains("2 Robin (blocked)"), "{people}");
        line(&mut app, "2");
        let opened = said(&update(&mut app, Event::Past(vec![])));
        assert!(opened.contains("Robin is blocked") && !opened.contains("Type to Robin"), "{opened}");
        let refused = said(&update(&mut app, Event::Sent(Err(Fault::Blocked))));
        assert!(refused.contains("were not sent") && refused.contains("choose About Robin"), "{refused}");
        assert!(about(&mut app).contains("2 Take the block back"));
        assert_eq!(line(&mut app, "2"), [Effect::SetBlocked { contact_id: "id-Robin".into(), blocked: false }]);
        let back = said(&update(&mut app, Event::Blocked(Ok(person("Robin")))));
        assert!(back.contains("not blocked any more") && app.screen == Screen::Talk, "{back}");
    }

    fn unread(name: &str, number: i64) -> Queued {
        Queued { number, event: News::Message(letter(name, "x")) }
    }

    #[test]
    fn nobody_is_removed_without_a_question_and_afterwards_the_list_is_shown() {
        let mut app = talking(&["Robin"]);
        assert!(about(&mut app).contains("7 Remove Robin"));
        let asked = said(&line(&mut app, "7"));
        numbered(&asked);
        assert!(asked.contains("for good") && asked.contains("2 Remove Robin and all that was written"), "{asked}");
        line(&mut app, "1");
        assert_eq!(app.screen, Screen::Talk);
        about(&mut app);
        line(&mut app, "7");
        assert_eq!(line(&mut app, "2"), [Effect::Remove { contact_id: "id-Robin".into() }]);
        app.unread = vec![unread("Robin", 1), unread("Kim", 2)];
        let effects = update(&mut app, Event::Gone(Ok(gone())));
        assert!(app.unread.len() == 1 && app.unread[0].number == 2, "new words of theirs are gone, and only theirs");
        assert!(said(&effects).contains("removed from this device"), "{}", said(&effects));
        assert_eq!((effects.last(), app.person.is_none()), (Some(&Effect::LoadPeople), true));
        let mut app = talking(&["Robin"]);
        let failed = said(&update(&mut app, Event::Gone(Err(Fault::Unexpected("The disk is full.".into())))));
        assert!(failed.contains("disk") && app.person.is_some(), "{failed}");
    }
}
