//! A new start with a person whom one knows, within the conversation.
//!
//! In: an invitation of theirs, or the wish for one of ours. Out: what to say and to do. This file must never say that
//! anything is joined before the words are checked.

use super::say;
use super::talk::{back, choose, person};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::model::Contact;
use crate::engine::{Fault, check_link};
use crate::language::rejoin as texts;

/// What helps where a conversation can't go on.
pub(super) fn way_on(app: &App, fault: &Fault) -> Option<Effect> {
    let stopped = matches!(fault, Fault::OlderCopy | Fault::HistoryDiffers | Fault::SessionDamaged | Fault::Closed);
    (stopped && app.person.is_some()).then(|| say(texts::way_on(person(app))))
}

/// Asks who makes the invitation; one that waits can be given up here.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    let waits = app.person.as_ref().is_some_and(|contact| contact.rejoining);
    let mut choices = vec![Choice::Back, Choice::InviteAgain, Choice::UseAgain];
    choices.extend(waits.then_some(Choice::GiveUp));
    choose(app, &texts::who_invites(), choices)
}

/// An invitation of ours for it.
pub(super) fn invite(app: &mut App) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    let contact_id = contact.id.clone();
    vec![say(texts::once_used(person(app))), super::moment(), Effect::InviteAgain { contact_id }]
}

/// An invitation of theirs for it.
pub(super) fn use_theirs(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::PasteAgain;
    vec![say(texts::paste(person(app)))]
}

/// It was pasted.
pub(super) fn pasted(app: &mut App, link: &str) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    if link.is_empty() {
        return back(app);
    }
    if let Err(fault) = check_link(link) {
        app.screen = Screen::PasteAgain;
        return vec![say(crate::language::start::or_back(super::damaged(&fault)))];
    }
    let effect = Effect::JoinAgain { link: link.to_owned(), contact_id: contact.id.clone() };
    vec![super::moment(), effect]
}

/// It was used, or not.
pub(super) fn joined(app: &mut App, result: Result<Contact, Fault>) -> Vec<Effect> {
    match result {
        Ok(contact) => {
            app.person = Some(contact);
            choose(app, &texts::waits(), vec![Choice::Check { again: false }, Choice::Back])
        }
        Err(fault @ (Fault::Unreachable | Fault::OtherRelay | Fault::Busy)) => {
            app.screen = Screen::PasteAgain;
            vec![say(crate::output::fault::words(&fault)), say(texts::paste_again())]
        }
        Err(fault) => {
            let mut effects = vec![say(crate::output::fault::words(&fault))];
            effects.extend(back(app));
            effects
        }
    }
}

/// One that waited is gone, or not.
pub(super) fn given_up(app: &mut App, result: Result<Contact, Fault>) -> Vec<Effect> {
    let mut effects = match result {
        Ok(contact) => {
            app.person = Some(contact);
            app.check = None;
            vec![say(texts::given_up())]
        }
        Err(fault) => vec![say(crate::output::fault::words(&fault))],
    };
    effects.extend(back(app));
    effects
}

/// The choice to give one up: only where one waits.
pub(super) fn give_up(app: &mut App) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::GiveUp { contact_id: contact.id.clone() }],
        None => back(app),
    }
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, person, said, talking};
    use super::super::update;
    use crate::app::{App, Effect, Event, Screen};
    use crate::engine::Fault;
    use crate::engine::model::{Contact, Event as News, Queued, Reason};

    /// The question that stands behind About.
    fn start_again(app: &mut App) -> String {
        line(app, "?");
        assert!(said(&line(app, "3")).contains("4 Start again"));
        said(&line(app, "4"))
    }

    fn waiting() -> Contact {
        Contact { rejoining: true, ..person("Robin") }
    }

    #[test]
    fn a_new_start_can_be_invited_to_used_checked_and_given_up() {
        let mut app = talking(&["Robin"]);
        let asked = start_again(&mut app);
        assert!(asked.contains("2 Start again: invite Robin") && !asked.contains("Give up"), "{asked}");
        let made = line(&mut app, "2");
        assert_eq!(made.last(), Some(&Effect::InviteAgain { contact_id: "id-Robin".into() }));
        update(&mut app, Event::Invitation(Err(Fault::Unreachable)));
        start_again(&mut app);
        assert!(said(&line(&mut app, "3")).contains("invitation from Robin"));
        assert_eq!(app.screen, Screen::PasteAgain);
        assert!(said(&line(&mut app, "half of it")).contains("Enter to go back"));
        assert_eq!(app.screen, Screen::PasteAgain);
        let sad = said(&update(&mut app, Event::JoinedAgain(Err(Fault::Unreachable))));
        assert!(sad.contains("once more") && app.screen == Screen::PasteAgain, "{sad}");
        let joined = said(&update(&mut app, Event::JoinedAgain(Ok(waiting()))));
        assert!(joined.contains("nothing is sent") && joined.contains("1 Check words with Robin"), "{joined}");
        line(&mut app, "2");
        assert!(start_again(&mut app).contains("4 Give up the new start"));
        assert_eq!(line(&mut app, "4"), [Effect::GiveUp { contact_id: "id-Robin".into() }]);
        assert!(said(&update(&mut app, Event::GivenUp(Ok(person("Robin"))))).contains("as it was"));
        assert!(!app.person.unwrap().rejoining);
    }

    #[test]
    fn what_can_not_be_sent_says_what_to_do() {
        let mut app = talking(&["Robin"]);
        let notice = News::Notice {
            invite: None,
            contact: Some("Robin".into()),
            contact_id: Some("id-Robin".into()),
            message: None,
            reason: Reason::Rejoined,
        };
        update(&mut app, Event::News(vec![Queued { number: 1, event: notice }]));
        assert!(app.person.as_ref().unwrap().rejoining);
        let refused = said(&update(&mut app, Event::Sent(Err(Fault::KeysChanged))));
        assert!(refused.contains("were not sent") && refused.contains("To check the words"), "{refused}");
    }
}
