//! How long the conversation is kept, chosen within it.
//!
//! In: a choice, how many messages it would remove. Out: what to ask and to do. This file must never let messages be
//! removed without having said how many.

use super::say;
use super::talk::{back, choose};
use crate::app::{App, Choice, Effect};
use crate::engine::Fault;
use crate::engine::model::{Keep, Kept};
use crate::output::human;

/// Asks.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    let Some(contact) = app.person.clone() else { return back(app) };
    if super::shared::ends_with_us(app) {
        // No other time can be chosen: it ends with the program.
        return choose(app, &crate::language::shared::kept(), vec![Choice::Back, Choice::Quit]);
    }
    let times = [Keep::Days30, Keep::Days90, Keep::Always];
    let mut choices = vec![Choice::Back];
    choices.extend(times.into_iter().filter(|time| *time != contact.keep).map(Choice::Keep));
    choices.push(Choice::RemoveAll);
    let mut effects = vec![say(human::kept(&contact)), say(crate::language::keeping::older_goes())];
    effects.extend(choose(app, &crate::language::talk::what_now(), choices));
    effects
}

/// One was chosen: what would it remove?
pub(super) fn count(app: &mut App, keep: Keep) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::CountOlder { contact_id: contact.id.clone(), keep }],
        None => back(app),
    }
}

/// It was counted.
pub(super) fn counted(app: &mut App, keep: Keep, result: Result<u64, Fault>) -> Vec<Effect> {
    match result {
        Ok(0) => now(app, keep),
        Ok(number) => choose(app, &human::would_remove(number, keep), vec![Choice::Back, Choice::KeepNow(keep)]),
        Err(fault) => failed(app, &fault),
    }
}

/// It is to be so.
pub(super) fn now(app: &mut App, keep: Keep) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::KeepFor { contact_id: contact.id.clone(), keep }],
        None => back(app),
    }
}

/// It is so, or not.
pub(super) fn kept(app: &mut App, result: Result<Kept, Fault>) -> Vec<Effect> {
    match result {
        Ok(kept) => {
            let mut effects = vec![say(human::keeps(&kept, app.trouble.is_none()))];
            app.person = Some(kept.contact);
            effects.extend(back(app));
            effects
        }
        Err(fault) => failed(app, &fault),
    }
}

fn failed(app: &mut App, fault: &Fault) -> Vec<Effect> {
    let mut effects = vec![say(crate::output::fault::words(fault))];
    effects.extend(back(app));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, person, said, talking};
    use super::super::update;
    use crate::app::{App, Effect, Event, Screen};
    use crate::engine::Fault;
    use crate::engine::model::{Event as News, Keep, Kept, Queued};

    fn asked() -> (App, String) {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        let about = said(&line(&mut app, "3"));
        assert!(about.contains("3 How long it is kept"), "{about}");
        let asked = said(&line(&mut app, "3"));
        assert!(asked.split_whitespace().count() <= 60, "{asked}");
        (app, asked)
    }

    #[test]
    fn what_would_be_removed_is_said_before_it_is_and_then_it_is_chosen_again() {
        let (mut app, shown) = asked();
        assert!(shown.contains("Kept here: always. Kept by Robin: always."), "{shown}");
        assert!(shown.contains("2 Keep it here: 30 days") && shown.contains("3 Keep it here: 90 days"), "{shown}");
        assert!(!shown.contains("Keep it here: always"), "what is so already is no choice: {shown}");
        let count = Effect::CountOlder { contact_id: "id-Robin".into(), keep: Keep::Days30 };
        assert_eq!(line(&mut app, "2"), [count]);
        let warned = said(&update(&mut app, Event::Older(Keep::Days30, Ok(12))));
        assert!(warned.contains("12 messages older than 30 days will be removed"), "{warned}");
        assert!(warned.contains("1 Back to Robin") && warned.contains("2 Remove them"), "{warned}");
        let removing = Effect::KeepFor { contact_id: "id-Robin".into(), keep: Keep::Days30 };
        assert_eq!(line(&mut app, "2"), [removing]);
        let contact = crate::engine::model::Contact { keep: Keep::Days30, ..person("Robin") };
        let kept = said(&update(&mut app, Event::Kept(Ok(Kept { contact, told: false, erased: true }))));
        assert!(kept.contains("kept here: 30 days") && app.screen == Screen::Talk, "{kept}");
        line(&mut app, "?");
        line(&mut app, "3");
        let again = said(&line(&mut app, "3"));
        assert!(again.contains("Kept here: 30 days.") && again.contains("Keep it here: always"), "{again}");
    }

    #[test]
    fn the_others_program_is_told_at_once_unless_the_centers_computer_is_away() {
        for (trouble, said_so) in [(None, "is being told"), (Some(Fault::Unreachable), "can be reached")] {
            let (mut app, _) = asked();
            app.trouble = trouble;
            let contact = crate::engine::model::Contact { keep: Keep::Days30, ..person("Robin") };
            let kept = said(&update(&mut app, Event::Kept(Ok(Kept { contact, told: false, erased: true }))));
            let other = if said_so == "can be reached" { "is being told" } else { "can be reached" };
            assert!(kept.contains(said_so) && !kept.contains(other), "{kept}");
        }
    }

    #[test]
    fn where_nothing_is_older_nothing_is_asked_and_going_back_changes_nothing() {
        let (mut app, _) = asked();
        line(&mut app, "3");
        let effects = update(&mut app, Event::Older(Keep::Days90, Ok(0)));
        assert_eq!(effects, [Effect::KeepFor { contact_id: "id-Robin".into(), keep: Keep::Days90 }]);
        let (mut app, _) = asked();
        line(&mut app, "2");
        update(&mut app, Event::Older(Keep::Days30, Ok(1)));
        assert!(said(&line(&mut app, "1")).contains("You are writing to Robin"));
        assert_eq!((app.screen, app.person.unwrap().keep), (Screen::Talk, Keep::Always));
        let (mut app, _) = asked();
        line(&mut app, "2");
        let failed = said(&update(&mut app, Event::Older(Keep::Days30, Err(Fault::NoContact))));
        assert!(failed.contains("You are writing to Robin"), "{failed}");
    }

    #[test]
    fn what_they_keep_and_what_was_removed_is_said_in_any_conversation() {
        let mut app = talking(&["Robin"]);
        let (contact, contact_id) = ("Robin".to_owned(), "id-Robin".to_owned());
        let keeps = News::TheirKeep { contact: contact.clone(), contact_id: contact_id.clone(), keep: Keep::Days90 };
        let gone = News::Removed { contact, contact_id, messages: 12, keep: Keep::Days30 };
        assert_eq!(
            crate::output::human::event(&gone),
            "12 messages older than 30 days were removed here, from the conversation with Robin."
        );
        let events = vec![Queued { number: 1, event: keeps }, Queued { number: 2, event: gone }];
        assert_eq!(update(&mut app, Event::News(events.clone())), [Effect::News(events)]);
        line(&mut app, "?");
        line(&mut app, "3");
        let shown = said(&line(&mut app, "3"));
        assert!(shown.contains("Kept by Robin: 90 days."), "{shown}");
    }
}
