//! A message for later, within the conversation.
//!
//! In: a time, words, numbers. Out: what to keep and what to take back. This file must never let it look as if something ran
//! by itself: it leaves with the first run of Cairn after its time, and that is said.

use super::say;
use super::talk::{self, back, choose, person};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::Fault;
use crate::engine::model::Message;
use crate::language::later as texts;
use crate::later::{MORNING, When};
use crate::output::{human, time as times};
use crate::sanitize;
use crate::settings::minute;

/// Messages in one list: with the way back at most seven choices.
const LIST: usize = 6;

/// Letters of a message in a list. Larger: a choice takes several lines.
const GLANCE: usize = 24;

/// Asks when.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    let mut choices = vec![Choice::Back, Choice::LaterAt(When::InAnHour), Choice::LaterAt(When::Clock(MORNING))];
    choices.extend(app.settings.quiet.map(|quiet| Choice::LaterAt(When::Clock(quiet.end()))));
    choices.push(Choice::LaterTime);
    let mut effects = vec![say(texts::about())];
    effects.extend(choose(app, &texts::when(), choices));
    effects
}

/// The words of a choice.
pub(super) fn words(choice: &Choice) -> String {
    match choice {
        Choice::LaterAt(When::InAnHour) => texts::in_an_hour(),
        Choice::LaterAt(When::Clock(MORNING)) => texts::morning(),
        Choice::LaterAt(_) => texts::quiet_ends(),
        Choice::LaterTime => texts::other_time(),
        Choice::LaterList => texts::list(),
        Choice::LaterOne(message) => {
            let words: String = sanitize::line(&message.text).chars().take(GLANCE).collect();
            texts::one(sanitize::name(&message.contact), times::moment(message.sent_at), words)
        }
        Choice::LaterDrop(_) => texts::take_back(),
        _ => texts::title(),
    }
}

/// Asks for a time.
pub(super) fn ask_time(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::LaterTime;
    vec![say(texts::ask_time())]
}

/// A time was typed.
pub(super) fn time(app: &mut App, line: &str) -> Vec<Effect> {
    match minute(line) {
        _ if line.is_empty() => back(app),
        Some(minute) => at(app, When::Clock(minute)),
        None => ask_time(app),
    }
}

/// Asks for the words.
pub(super) fn at(app: &mut App, when: When) -> Vec<Effect> {
    app.screen = Screen::LaterText(when);
    vec![say(texts::ask_words(person(app)))]
}

/// The words were typed.
pub(super) fn text(app: &mut App, when: When, line: String) -> Vec<Effect> {
    match &app.person {
        Some(contact) if !line.trim().is_empty() => {
            vec![Effect::SendLater { contact_id: contact.id.clone(), text: line, when }]
        }
        _ => back(app),
    }
}

/// It waits, or not.
pub(super) fn kept(app: &mut App, result: Result<Message, Fault>) -> Vec<Effect> {
    let mut effects = match result {
        Ok(message) => {
            app.seen += 1;
            let when = times::moment(message.sent_at);
            vec![say(texts::leaves(sanitize::name(&message.contact), when))]
        }
        Err(fault) => vec![say(crate::output::fault::words(&fault)), say(crate::language::later::not_kept())],
    };
    effects.extend(back(app));
    effects
}

/// What waits.
pub(super) fn all(app: &mut App, result: Result<Vec<Message>, Fault>) -> Vec<Effect> {
    match result {
        Ok(all) if !all.is_empty() => {
            let mut choices: Vec<Choice> = all.into_iter().take(LIST).map(Choice::LaterOne).collect();
            choices.push(Choice::Back);
            choose(app, &texts::list_head(), choices)
        }
        result => {
            let mut effects =
                vec![say(result.map_or_else(|fault| crate::output::fault::words(&fault), |_| texts::nothing()))];
            effects.extend(back(app));
            effects
        }
    }
}

/// One of them, whole.
pub(super) fn one(app: &mut App, message: &Message) -> Vec<Effect> {
    let mut effects = vec![say(human::message(message))];
    effects.extend(talk::choose(app, &texts::keep_or_not(), vec![Choice::Back, Choice::LaterDrop(message.id.clone())]));
    effects
}

/// It was taken back, or has left.
pub(super) fn taken_back(app: &mut App, result: Result<Message, Fault>) -> Vec<Effect> {
    let said = match result {
        Ok(message) => {
            let here = app.person.as_ref().is_some_and(|contact| contact.id == message.contact_id);
            app.seen = app.seen.saturating_sub(usize::from(here));
            texts::taken_back(sanitize::name(&message.contact))
        }
        Err(fault) => crate::output::fault::words(&fault),
    };
    let mut effects = vec![say(said)];
    effects.extend(back(app));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{letter, line, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::Event;
    use crate::settings::Quiet;

    fn pick(app: &mut App, shown: &str, words: &str) -> Vec<Effect> {
        let line_of =
            shown.lines().find(|line| line[1..].contains(words)).unwrap_or_else(|| panic!("no {words}: {shown}"));
        line(app, &line_of[..1])
    }

    fn asked(quiet: Option<Quiet>) -> (App, String) {
        let mut app = talking(&["Robin"]);
        app.settings.quiet = quiet;
        let menu = said(&line(&mut app, "?"));
        let more = said(&pick(&mut app, &menu, "More"));
        assert!(more.contains("6 Send later") && more.contains("7 Messages that wait"), "{more}");
        let shown = said(&pick(&mut app, &more, "Send later"));
        (app, shown)
    }

    #[test]
    fn a_message_waits_for_the_time_that_was_chosen_and_it_is_said_that_nothing_runs_by_itself() {
        let (mut app, shown) = asked(Quiet::parse("22:00-07:30"));
        assert!(shown.contains("next time you use Cairn") && shown.split_whitespace().count() <= 75, "{shown}");
        pick(&mut app, &shown, "quiet hours end");
        let when = When::Clock(7 * 60 + 30);
        assert_eq!(app.screen, Screen::LaterText(when));
        let effects = line(&mut app, "good morning");
        let text = "good morning".to_owned();
        assert_eq!(effects, [Effect::SendLater { contact_id: "id-Robin".into(), text, when }]);
        let kept = said(&update(&mut app, Event::Later(Ok(letter("Robin", "good morning")))));
        assert!(kept.contains("waits until") && app.screen == Screen::Talk, "{kept}");
        let (_, shown) = asked(None);
        assert!(!shown.contains("quiet hours end"), "{shown}");
    }

    #[test]
    fn a_time_is_typed_until_it_is_one_and_nothing_typed_is_nothing_kept() {
        let (mut app, shown) = asked(None);
        pick(&mut app, &shown, "Another time");
        assert!(said(&line(&mut app, "soon")).contains("9:30"));
        line(&mut app, "16:05");
        assert_eq!(app.screen, Screen::LaterText(When::Clock(16 * 60 + 5)));
        assert!(said(&line(&mut app, " ")).contains("You are writing to Robin"));
    }

    #[test]
    fn what_waits_can_be_seen_and_taken_back() {
        let (mut app, _) = asked(None);
        line(&mut app, "1");
        line(&mut app, "?");
        line(&mut app, "5");
        assert_eq!(line(&mut app, "7"), [Effect::LoadLater]);
        let waits =
            Message { id: "a1".into(), ..letter("Kim", "for Monday, with a long rest that no list has room for") };
        let list = said(&update(&mut app, Event::LaterAll(Ok(vec![waits.clone(); 9]))));
        assert!(list.contains("7 Back") && !list.contains("8 ") && !list.contains("room"), "{list}");
        let one = said(&line(&mut app, "1"));
        assert!(one.contains("no list has room for"), "{one}");
        assert_eq!(pick(&mut app, &one, "Take it back"), [Effect::CancelLater("a1".into())]);
        assert!(said(&update(&mut app, Event::TakenBack(Ok(waits)))).contains("was not sent"));
        assert!(said(&update(&mut app, Event::LaterAll(Ok(vec![])))).contains("Nothing waits"));
    }
}
