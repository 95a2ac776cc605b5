//! A computer that other people use too: what stays, what ends, and how one leaves.
//!
//! In: where the profile lies. Out: words before anything is given, and a question before everything ends. This file must
//! never let a conversation end by a choice without having said so.

use super::{say, talk};
use crate::app::{App, Choice, Effect};
use crate::engine::Fault;
use crate::engine::model::Contact;
use crate::language::{first, removal, shared as texts, start};
use crate::output::fault::words;
use crate::output::human;
use crate::shared::Place;

/// Whether the profile ends with the program.
pub(super) fn ends_with_us(app: &App) -> bool {
    app.shared.as_ref().is_some_and(Place::is_memory)
}

/// What stays, said before anything is given; and how to be asked, where nothing was chosen.
pub(super) fn what_stays(app: &App) -> Vec<Effect> {
    match &app.shared {
        None if app.begun.is_none() => vec![say(texts::offer())],
        None => vec![],
        Some(Place::Memory { swept }) => {
            let mut effects = vec![say(texts::memory())];
            if *swept {
                effects.push(say(texts::swept()));
            }
            effects
        }
        Some(Place::Carried(folder)) => vec![say(texts::carried(folder.display().to_string()))],
    }
}

/// The third question, with what the passphrase is for.
pub(super) fn step_three(app: &App) -> String {
    match &app.shared {
        None => first::step_three(),
        Some(Place::Memory { .. }) => texts::step_three(),
        Some(Place::Carried(_)) => texts::step_three_carried(),
    }
}

/// How long a conversation is kept.
pub(super) fn kept(app: &App, contact: &Contact) -> String {
    if ends_with_us(app) { texts::kept() } else { human::kept(contact) }
}

/// The invitation could not be used now.
pub(super) fn try_again(app: &App) -> String {
    if ends_with_us(app) { texts::try_again() } else { start::try_again() }
}

/// The invitation can't be used at all.
pub(super) fn ask_for_new(app: &App) -> String {
    if ends_with_us(app) { texts::ask_for_new() } else { start::ask_for_new() }
}

/// Says what it means, and asks.
pub(super) fn ask(app: &mut App) -> Vec<Effect> {
    let mut effects = vec![say(texts::memory()), say(texts::to_carry())];
    effects.extend(talk::choose(app, &texts::ask(), vec![Choice::Back, Choice::SharedNow]));
    effects
}

/// The person wishes to leave.
pub(super) fn quit(app: &App) -> Vec<Effect> {
    if ends_with_us(app) && app.open { vec![Effect::CountUnsent] } else { vec![Effect::Quit] }
}

/// Says what ends, and asks.
pub(super) fn ask_leave(app: &mut App, unsent: Result<u64, Fault>) -> Vec<Effect> {
    let mut effects = vec![];
    match unsent {
        Ok(0) => {}
        Ok(number) => effects.push(say(texts::unsent(number))),
        Err(fault) => effects.push(say(words(&fault))),
    }
    let head = if app.person.is_some() { texts::leave(talk::person(app)) } else { texts::leave_all() };
    effects.extend(talk::choose(app, &head, vec![Choice::Back, Choice::Leave]));
    effects
}

/// It is meant.
pub(super) fn leave(app: &App) -> Vec<Effect> {
    if app.open { vec![super::moment(), Effect::CloseAll] } else { vec![Effect::Quit] }
}

/// Everybody's way is closed, or not.
pub(super) fn closed(app: &mut App, result: Result<bool, Fault>) -> Vec<Effect> {
    let mut effects = match result {
        Ok(true) => return end(app),
        Ok(false) => vec![],
        Err(fault) => vec![say(words(&fault))],
    };
    // Nobody is in the list any more.
    app.person = None;
    // The relays are asked once more, or left as they are.
    effects.extend(talk::choose(app, &texts::not_closed(), vec![Choice::Leave, Choice::LeaveSo]));
    effects
}

/// Whatever ends is ended.
pub(super) fn end(app: &App) -> Vec<Effect> {
    vec![if app.ending { Effect::RemoveAll } else { Effect::Quit }]
}

/// Says what it means that all of a profile goes from this computer, and asks.
pub(super) fn ask_remove(app: &mut App) -> Vec<Effect> {
    let mut effects = vec![say(removal::would())];
    effects.extend(talk::choose(app, &removal::others_see(), vec![Choice::Back, Choice::RemoveAllNow]));
    effects
}

/// It is meant.
pub(super) fn remove(app: &mut App) -> Vec<Effect> {
    app.ending = true;
    leave(app)
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, person, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::{Begun, Event, Found, Screen, Why};

    fn visitor(names: &[&str]) -> App {
        let mut app = talking(names);
        app.shared = Some(Place::Memory { swept: false });
        app
    }

    fn choices(shown: &str) -> usize {
        shown.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count()
    }

    #[test]
    fn what_ends_is_said_before_anything_is_given_on_one_short_screen() {
        for (place, words) in [
            (Place::Memory { swept: false }, "ends for good"),
            (Place::Memory { swept: true }, "was removed"),
            (Place::Carried("/media/stick/cairn".into()), "/media/stick/cairn"),
        ] {
            let mut app = App { shared: Some(place), ..App::new() };
            let first = said(&update(&mut app, Event::Start(Found::Nothing)));
            let (told, asked) = (first.find(words).unwrap(), first.find("Step 1 of 3").unwrap());
            assert!(told < asked && !first.contains("Shared computer?"), "{first}");
            assert!(first.split_whitespace().count() <= 100, "{first}");
        }
    }

    #[test]
    fn it_is_offered_with_the_first_words_and_chosen_by_numbers_at_every_step_of_the_first_run() {
        for begun in [None, Some(Begun { link: "L".into(), name: None })] {
            let mut app = App::new();
            let first = said(&update(&mut app, Event::Start(Found::Nothing)));
            assert!(first.contains("Shared computer?"), "{first}");
            app.screen = begun.as_ref().map_or(Screen::Invitation, |begun| Screen::Name { link: begun.link.clone() });
            app.begun = begun;
            let menu = said(&line(&mut app, "?"));
            assert_eq!(choices(&menu), 7, "{menu}");
            let number = menu.lines().find(|line| line.contains("Others use")).unwrap()[..1].to_owned();
            let asked = said(&line(&mut app, &number));
            assert!(asked.contains("ends for good") && asked.contains("USB stick"), "{asked}");
            assert!(asked.split_whitespace().count() <= 80, "{asked}");
            assert_eq!(line(&mut app, "2"), [Effect::Share]);
        }
    }

    #[test]
    fn practice_is_still_reached_where_there_is_no_room_for_it_among_seven() {
        let mut app = App { begun: Some(Begun { link: "L".into(), name: None }), ..App::new() };
        app.screen = Screen::Name { link: "L".into() };
        let menu = said(&line(&mut app, "?"));
        assert!(!menu.contains("Practice"), "{menu}");
        let more = said(&line(&mut app, "2"));
        let number = more.lines().find(|line| line.contains("Practice")).unwrap()[..1].to_owned();
        line(&mut app, &number);
        assert!(matches!(app.screen, Screen::Practice { .. }));
    }

    #[test]
    fn quit_asks_in_memory_says_what_is_lost_and_leads_back() {
        let mut app = visitor(&["Robin"]);
        line(&mut app, "?");
        assert_eq!(line(&mut app, "7"), [Effect::CountUnsent]);
        let asked = said(&update(&mut app, Event::Leaving(Ok(1))));
        assert!(asked.contains("One message is not sent") && asked.contains("Robin ends for good"), "{asked}");
        assert!(asked.contains("1 Back to Robin") && choices(&asked) == 2, "{asked}");
        assert!(asked.split_whitespace().count() <= 75, "{asked}");
        line(&mut app, "1");
        assert_eq!(app.screen, Screen::Talk);
        assert_eq!(update(&mut app, Event::Leave), [Effect::CountUnsent]);
        update(&mut app, Event::Leaving(Ok(0)));
        assert_eq!(line(&mut app, "2").last(), Some(&Effect::CloseAll));
        assert_eq!(update(&mut app, Event::AllClosed(Ok(true))), [Effect::Quit]);
    }

    #[test]
    fn a_relay_that_does_not_answer_is_told_of_and_can_be_asked_again() {
        let mut app = visitor(&["Robin"]);
        let told = said(&update(&mut app, Event::AllClosed(Ok(false))));
        assert!(told.contains("does not know that you leave") && choices(&told) == 2, "{told}");
        assert_eq!(line(&mut app, "1").last(), Some(&Effect::CloseAll));
        update(&mut app, Event::AllClosed(Ok(false)));
        assert_eq!(line(&mut app, "2"), [Effect::Quit]);
    }

    #[test]
    fn the_end_of_input_and_a_carried_or_a_usual_profile_are_left_at_once() {
        let mut app = visitor(&["Robin"]);
        assert_eq!(update(&mut app, Event::End), [Effect::Quit]);
        for place in [None, Some(Place::Carried("/media/stick".into()))] {
            let mut app = talking(&["Robin"]);
            app.shared = place;
            line(&mut app, "?");
            assert_eq!(line(&mut app, "7"), [Effect::Quit]);
        }
    }

    #[test]
    fn all_of_a_usual_profile_is_removed_by_choice_after_a_question() {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        line(&mut app, "3");
        let keeping = said(&line(&mut app, "3"));
        let number = keeping.lines().find(|line| line.contains("Remove everything")).unwrap()[..1].to_owned();
        assert!(choices(&keeping) <= 7, "{keeping}");
        let asked = said(&line(&mut app, &number));
        assert!(asked.contains("for good") && asked.contains("not taken") && choices(&asked) == 2, "{asked}");
        assert!(asked.split_whitespace().count() <= 85, "{asked}");
        assert_eq!(line(&mut app, "2").last(), Some(&Effect::CloseAll));
        let told = said(&update(&mut app, Event::AllClosed(Ok(false))));
        assert!(told.contains("does not know"), "{told}");
        assert_eq!(line(&mut app, "2"), [Effect::RemoveAll]);
        assert_eq!(update(&mut app, Event::AllClosed(Ok(true))), [Effect::RemoveAll]);
    }

    #[test]
    fn hiding_keeps_it_and_no_number_of_slips_ends_what_can_not_be_opened_again() {
        let mut app = visitor(&["Robin"]);
        update(&mut app, Event::Hide { why: Why::Asked, half_typed: None, found: Found::Locked });
        for _ in 0..5 {
            let again = update(&mut app, Event::Opened(Err(Fault::WrongPassphrase)));
            assert_eq!(again.last(), Some(&Effect::AskPassphrase));
        }
        update(&mut app, Event::Opened(Ok(())));
        update(&mut app, Event::People(vec![person("Robin")]));
        let opened = said(&update(&mut app, Event::Past(vec![])));
        assert!(opened.contains("Kept here until you leave"), "{opened}");
    }
}
