//! Looking back: older messages, and words in the conversation.
//!
//! In: words, messages that were found or loaded. Out: what to show, page by page, and what can be done next. This file
//! must never take words that are looked for as a message.

use super::say;
use super::talk::{back, choose, person};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::Fault;
use crate::engine::model::{Found, Message, Start};
use crate::language::people as texts;

/// Messages of one page of what was found. Larger: a small screen rolls away.
const HITS: usize = 6;

/// Messages before those that stand there; `whole` are a full page.
pub(super) fn older(app: &mut App, older: Vec<Message>, whole: usize) -> Vec<Effect> {
    if older.is_empty() {
        return choose(app, &texts::nothing_older(), vec![Choice::Back, Choice::Find]);
    }
    let mut choices = vec![Choice::Back, Choice::Find];
    if older.len() >= whole {
        choices.insert(1, Choice::Earlier);
    }
    let mut effects = vec![say(texts::older()), Effect::Past(older)];
    effects.extend(choose(app, &crate::language::talk::what_now(), choices));
    effects
}

/// Asks for words.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::Finding;
    vec![say(texts::which_words(person(app)))]
}

/// They were typed.
pub(super) fn typed(app: &mut App, line: &str) -> Vec<Effect> {
    if line.trim().is_empty() { back(app) } else { go_on(app, line.to_owned(), Start::Newest) }
}

/// Looks for them, from here on.
pub(super) fn go_on(app: &mut App, text: String, from: Start) -> Vec<Effect> {
    match &app.person {
        Some(contact) => vec![Effect::Find { contact_id: contact.id.clone(), text, from, most: HITS }],
        None => back(app),
    }
}

/// What was found.
pub(super) fn found(app: &mut App, text: String, result: Result<Found, Fault>) -> Vec<Effect> {
    let found = match result {
        Ok(found) => found,
        Err(fault) => {
            let mut effects = vec![say(crate::output::fault::words(&fault))];
            effects.extend(if matches!(fault, Fault::Usage(_)) { ask(app) } else { back(app) });
            return effects;
        }
    };
    if found.hits.is_empty() {
        return choose(app, &texts::nothing_found(), vec![Choice::Back, Choice::Find]);
    }
    let mut choices = vec![Choice::Back, Choice::Find];
    if let Some(next) = found.next {
        choices.insert(1, Choice::FindMore(text, next));
    }
    let messages = found.hits.into_iter().map(|hit| hit.message).collect();
    let mut effects = vec![say(texts::found()), Effect::Past(messages)];
    effects.extend(choose(app, &crate::language::talk::what_now(), choices));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{letter, line, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::Event;
    use crate::engine::model::Hit;

    fn find(text: &str, from: Start) -> Effect {
        Effect::Find { contact_id: "id-Robin".into(), text: text.into(), from, most: HITS }
    }

    fn hits(number: i64, next: Option<Start>) -> Found {
        let hit = |place| Hit { place, message: letter("Robin", &format!("blue {place}")) };
        Found { hits: (0..number).map(hit).collect(), next }
    }

    fn asked() -> App {
        let mut app = talking(&["Robin"]);
        assert!(said(&line(&mut app, "?")).contains("2 Older messages, or find words"));
        line(&mut app, "2");
        let shown = said(&update(&mut app, Event::Past(vec![])));
        assert!(shown.contains("nothing before") && shown.contains("2 Find words"), "{shown}");
        assert!(said(&line(&mut app, "2")).contains("Which words"));
        assert_eq!(app.screen, Screen::Finding);
        app
    }

    #[test]
    fn words_are_asked_for_and_what_is_found_is_shown_page_by_page() {
        let mut app = asked();
        assert_eq!(line(&mut app, "blue"), [find("blue", Start::Newest)]);
        let effects = update(&mut app, Event::Found("blue".into(), Ok(hits(6, Some(Start::Before(3))))));
        assert!(matches!(&effects[1], Effect::Past(messages) if messages.len() == 6));
        assert!(said(&effects).contains("2 More") && said(&effects).contains("3 Find words"), "{}", said(&effects));
        assert_eq!(line(&mut app, "2"), [find("blue", Start::Before(3))]);
        let last = update(&mut app, Event::Found("blue".into(), Ok(hits(1, None))));
        assert!(!said(&last).contains("More"), "{}", said(&last));
        assert!(said(&line(&mut app, "1")).contains("You are writing to Robin"));
        let mut app = asked();
        line(&mut app, "green");
        let none = said(&update(&mut app, Event::Found("green".into(), Ok(hits(0, None)))));
        assert!(none.contains("holds these words") && none.contains("1 Back to Robin"), "{none}");
        // Words that were meant for the other person are not lost here either.
        let meant = said(&line(&mut app, "good morning"));
        assert!(meant.contains("1 Send it to Robin"), "{meant}");
    }

    #[test]
    fn what_can_not_be_looked_for_is_asked_again_and_enter_goes_back() {
        let mut app = asked();
        line(&mut app, "x");
        let again = said(&update(&mut app, Event::Found("x".into(), Err(Fault::Usage("There is no word.".into())))));
        assert!(again.contains("no word") && app.screen == Screen::Finding, "{again}");
        assert!(said(&line(&mut app, " ")).contains("You are writing to Robin"));
        assert_eq!(app.screen, Screen::Talk);
    }

    #[test]
    fn a_long_history_is_paged_with_more() {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        line(&mut app, "2");
        let letters = |number: usize| (0..number).map(|n| letter("Robin", &n.to_string())).collect::<Vec<_>>();
        let effects = update(&mut app, Event::Past(letters(6)));
        assert!(said(&effects).contains("2 More"), "{}", said(&effects));
        assert_eq!(line(&mut app, "2"), [Effect::LoadPast { contact_id: "id-Robin".into(), last: 12 }]);
        let effects = update(&mut app, Event::Past(letters(8)));
        assert!(effects.contains(&Effect::Past(letters(2))) && !said(&effects).contains("More"), "{}", said(&effects));
    }
}
