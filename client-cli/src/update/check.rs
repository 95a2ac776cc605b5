//! A check of words, within the conversation.
//!
//! In: how it stands, what is typed. Out: what to say and to compare. This file must never take a line for check words
//! unless they were asked for, nor lose one that was meant for somebody to read.

use super::say;
use super::talk::{back, choose, person};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::Fault;
use crate::engine::model::{Check, CheckState, Trust};
use crate::language::check as texts;
use crate::output::check as words;

/// Begins one, or goes on with it.
pub(super) fn begin(app: &mut App, again: bool) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    app.screen = Screen::Checking;
    app.check = None;
    let mut effects: Vec<_> = words::explanation(&contact.name).into_iter().map(Effect::Say).collect();
    effects.push(Effect::Check { contact_id: contact.id.clone(), again });
    effects
}

/// How it stands now; the same as before is not told again.
pub(super) fn stands(app: &mut App, result: Result<Check, Fault>) -> Vec<Effect> {
    let check = match result {
        Ok(check) => check,
        Err(fault @ Fault::Slip(_)) if app.screen == Screen::Checking => {
            return vec![say(crate::output::fault::words(&fault)), say(texts::type_them())];
        }
        Err(fault) => {
            app.check = None;
            let mut effects = vec![say(crate::output::fault::words(&fault))];
            effects.extend(super::rejoin::way_on(app, &fault));
            effects.extend(if app.screen == Screen::Checking { back(app) } else { vec![] });
            return effects;
        }
    };
    if app.check.as_ref() == Some(&check) {
        return vec![];
    }
    let before = app.check.replace(check.clone());
    if app.screen != Screen::Checking {
        return aside(app, &check);
    }
    let name = &check.contact;
    let mut effects: Vec<_> = match (before, check.tries_left) {
        (Some(before), Some(left)) if before.words == check.words => vec![say(words::not_yet(name, left))],
        _ => words::standing(&check).into_iter().map(Effect::Say).collect(),
    };
    match check.state {
        CheckState::Waiting => effects.push(say(texts::meanwhile())),
        CheckState::Words => effects.push(say(texts::type_them())),
        CheckState::Matched => {
            app.check = None;
            if let Some(contact) = &mut app.person {
                (contact.trust, contact.rejoining) = (Trust::Checked, false);
            }
            effects.extend(back(app));
        }
        CheckState::Different | CheckState::Broken => {
            app.check = None;
            let choices = vec![Choice::Back, Choice::Check { again: true }, Choice::InviteAgain];
            effects.extend(choose(app, &crate::language::talk::what_now(), choices));
        }
        CheckState::BeganAgain => {
            app.check = None;
            let choices = vec![Choice::Check { again: false }, Choice::Back];
            effects.extend(choose(app, &crate::language::talk::what_now(), choices));
        }
        CheckState::Idle | CheckState::Asked => {
            app.check = None;
            effects.extend(back(app));
        }
    }
    effects
}

/// Something has moved while the person writes.
fn aside(app: &mut App, check: &Check) -> Vec<Effect> {
    match check.state {
        CheckState::Words => {
            vec![say(texts::ready(person(app)))]
        }
        CheckState::Waiting => vec![],
        _ => {
            // Told by a notice, or when the person asks for it.
            app.check = None;
            vec![]
        }
    }
}

/// A line where words may have been asked for.
pub(super) fn typed(app: &mut App, line: String) -> Vec<Effect> {
    let Some(contact) = &app.person else { return back(app) };
    let asked = app.check.as_ref().is_some_and(|check| check.state == CheckState::Words);
    match line.trim() {
        "" => back(app),
        "?" => super::talk::typed(app, "?".to_owned()),
        _ if asked => {
            app.screen = Screen::Checking;
            vec![Effect::CheckTyped { contact_id: contact.id.clone(), text: line }]
        }
        _ => choose(app, &texts::meant(), vec![Choice::SendIt(line), Choice::Check { again: false }, Choice::Back]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, said, talking};
    use super::super::update;
    use crate::app::{App, Effect, Event, Screen};
    use crate::engine::Fault;
    use crate::engine::model::{Check, CheckState, Trust};

    fn check(state: CheckState, tries_left: Option<u8>) -> Check {
        let words = tries_left.map(|_| "acorn anchor apple almond".to_owned());
        Check { contact_id: "id-Robin".into(), contact: "Robin".into(), state, words, tries_left }
    }

    fn stands(app: &mut App, state: CheckState, tries_left: Option<u8>) -> String {
        said(&update(app, Event::Check(Ok(check(state, tries_left)))))
    }

    /// The conversation with the check begun.
    fn begun() -> App {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        let about = said(&line(&mut app, "3"));
        assert!(about.contains("2 Check words with Robin"), "{about}");
        assert!(about.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count() <= 7);
        assert!(about.split_whitespace().count() <= 60, "{about}");
        let effects = line(&mut app, "2");
        assert_eq!(effects.last(), Some(&Effect::Check { contact_id: "id-Robin".into(), again: false }));
        assert!(said(&effects).split_whitespace().count() <= 60);
        app
    }

    #[test]
    fn words_are_shown_typed_and_matched() {
        let mut app = begun();
        assert!(stands(&mut app, CheckState::Waiting, None).contains("Waiting for Robin"));
        assert_eq!(stands(&mut app, CheckState::Waiting, None), "", "the same is told once");
        let shown = stands(&mut app, CheckState::Words, Some(3));
        assert!(shown.contains("acorn anchor apple almond") && shown.contains("Enter alone"), "{shown}");
        let typed = line(&mut app, "lamp ladder lemon locket");
        assert!(matches!(&typed[..], [Effect::CheckTyped { text, .. }] if text == "lamp ladder lemon locket"));
        let unknown = Fault::Slip(crate::engine::fault::Slip::Word(2));
        assert!(said(&update(&mut app, Event::Check(Err(unknown)))).contains("Word 2"));
        assert!(matches!(&line(&mut app, "a b c d")[..], [Effect::CheckTyped { .. }]));
        assert!(stands(&mut app, CheckState::Words, Some(2)).contains("2 tries are left"));
        line(&mut app, "lamp ladder lemon locket");
        assert!(stands(&mut app, CheckState::Matched, None).contains("CHECKED BY YOU"));
        assert_eq!((app.screen, app.person.unwrap().trust), (Screen::Talk, Trust::Checked));
    }

    #[test]
    fn words_that_do_not_fit_lead_on_and_a_person_may_leave_and_come_back() {
        let mut app = begun();
        stands(&mut app, CheckState::Waiting, None);
        let asked = said(&line(&mut app, "I have the telephone here"));
        assert!(asked.contains("1 Send it to Robin"), "{asked}");
        line(&mut app, "3");
        assert_eq!(app.screen, Screen::Talk);
        assert!(stands(&mut app, CheckState::Words, Some(3)).contains("The words are ready"));
        assert!(matches!(&line(&mut app, "one moment")[..], [Effect::Send { .. }]), "what is typed now is sent");
        line(&mut app, "?");
        line(&mut app, "3");
        line(&mut app, "2");
        assert!(stands(&mut app, CheckState::Words, Some(3)).contains("acorn"));
        assert!(said(&line(&mut app, "")).contains("You are writing to Robin"));
        let mut app = begun();
        let sad = stands(&mut app, CheckState::Different, None);
        assert!(sad.contains("2 Check words with Robin once more") && sad.contains("Start again"), "{sad}");
        let again = line(&mut app, "2");
        assert_eq!(again.last(), Some(&Effect::Check { contact_id: "id-Robin".into(), again: true }));
        let began_again = stands(&mut app, CheckState::BeganAgain, None);
        assert!(began_again.contains("1 Check words with Robin"), "{began_again}");
    }

    #[test]
    fn a_conversation_that_can_not_go_on_says_how() {
        let mut app = begun();
        let told = said(&update(&mut app, Event::Check(Err(Fault::SessionDamaged))));
        assert!(told.contains("start again") && app.screen == Screen::Talk, "{told}");
    }
}
