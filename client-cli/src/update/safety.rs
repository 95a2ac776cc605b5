//! Help now, hide, and the lock.
//!
//! In: a key that was pressed, or that none was for a while. Out: the card, or an empty screen and a locked profile. This
//! file must never lose what was half typed, nor show anything of a conversation once it is hidden.

use super::{first, say, talk};
use crate::app::{App, Choice, Draft, Effect, Found, Screen, Why};
use crate::language::safety as texts;
use crate::output::card;

/// The line that hides everything, on every screen.
pub(super) const HIDE: &str = "-";

/// Shows the card; what the next line means stays as it was.
pub(super) fn help(app: &mut App) -> Vec<Effect> {
    let mut effects = card(app);
    effects.extend(reminder(app));
    effects
}

/// The card alone.
pub(super) fn card(app: &App) -> Vec<Effect> {
    let mut effects = vec![Effect::Gap];
    effects.extend(card::card(&app.center).into_iter().map(say));
    effects.push(Effect::Gap);
    effects
}

/// Where the person was.
pub(super) fn reminder(app: &mut App) -> Vec<Effect> {
    match &app.screen {
        Screen::Passphrase { .. } => vec![Effect::AskNewPassphrase],
        Screen::Locked { .. } => vec![Effect::AskPassphrase],
        Screen::Closed => vec![say(texts::go_on())],
        Screen::Choosing(choices) => vec![say(texts::number_or_help(choices.len()))],
        Screen::Practice { step } => vec![say(super::practice::ask(*step))],
        Screen::Talk => talk::back(app),
        Screen::Invitation | Screen::Name { .. } => first::go_on(app),
        Screen::Paste | Screen::PasteAgain => vec![say(texts::paste())],
        Screen::JoinAgain { .. } => vec![say(texts::use_again())],
        Screen::Label => vec![say(texts::for_whom())],
        Screen::LaterTime => super::later::ask_time(app),
        Screen::LaterText(when) => super::later::at(app, *when),
        Screen::Hours => super::settings::ask_hours(app),
        Screen::Finding => vec![say(crate::language::people::words_again())],
        Screen::Renaming => vec![say(crate::language::people::name_again())],
        Screen::Checking => vec![say(crate::language::check::type_them())],
        Screen::Blank | Screen::Joining { .. } => vec![],
    }
}

/// Empties the screen and locks. `half_typed` is what had no Enter yet; `found` tells what opens the profile again.
pub(super) fn hide(app: &mut App, why: Why, half_typed: Option<String>, found: Found) -> Vec<Effect> {
    let writing = matches!(app.screen, Screen::Talk | Screen::LaterText(_) | Screen::Choosing(_) | Screen::Closed);
    let half_typed = half_typed.filter(|text| writing && !text.is_empty());
    let person = app.person.take().map(|contact| contact.id).or_else(|| app.reopen.take());
    let draft = match (half_typed, app.draft.take()) {
        (Some(text), _) => person.clone().map(|contact_id| Draft { contact_id, text }),
        (None, before) => before,
    };
    let (begun, kept) = (app.begun.take(), draft.is_some());
    let center = std::mem::take(&mut app.center);
    let shared = app.shared.take();
    *app = App { reopen: person, draft, begun, settings: app.settings, center, shared, ..App::new() };
    let mut effects = vec![Effect::Close, Effect::Clear];
    if why == Why::Idle {
        effects.push(say(texts::idle()));
    }
    if kept {
        effects.push(say(texts::kept()));
    }
    match found {
        Found::Locked => {
            app.screen = Screen::Locked { tries: 0 };
            effects.push(say(texts::locked()));
            effects.push(Effect::AskPassphrase);
        }
        Found::Open | Found::Nothing => {
            app.screen = Screen::Closed;
            effects.push(say(texts::hidden()));
        }
    }
    effects
}

/// A line while everything is hidden.
pub(super) fn closed(app: &mut App, line: &str) -> Vec<Effect> {
    app.screen = Screen::Closed;
    if line.trim().is_empty() { vec![Effect::Begin] } else { vec![say(texts::nothing_sent())] }
}

/// Words that were half typed when the profile was locked are in the line again.
pub(super) fn put_back(app: &mut App) -> Vec<Effect> {
    let Some(open) = app.person.as_ref().map(|contact| contact.id.clone()) else { return vec![] };
    match app.draft.take() {
        Some(draft) if draft.contact_id == open => {
            vec![say(texts::draft()), Effect::PutBack(draft.text)]
        }
        other => {
            app.draft = other;
            vec![]
        }
    }
}

/// Choices that are not about one conversation.
pub(super) fn more(app: &mut App) -> Vec<Effect> {
    let mut choices = vec![Choice::Back, Choice::Center, Choice::Hide, Choice::WhatIsThis, Choice::Practice];
    // In a conversation the settings stand one list before this one.
    choices.extend(match app.person {
        Some(_) => [Choice::Later, Choice::LaterList],
        None => [Choice::LaterList, Choice::Settings],
    });
    talk::choose(app, &crate::language::talk::what_now(), choices)
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, person, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::{Begun, Event};
    use crate::engine::Fault;

    fn hidden(app: &mut App, half_typed: Option<&str>) -> Vec<Effect> {
        update(app, Event::Hide { why: Why::Idle, half_typed: half_typed.map(str::to_owned), found: Found::Locked })
    }

    #[test]
    fn help_now_is_one_key_away_on_every_screen_and_leads_back() {
        let waiting = [
            Screen::Invitation,
            Screen::Name { link: "L".into() },
            Screen::Passphrase { link: "L".into(), name: "N".into() },
            Screen::JoinAgain { link: "L".into() },
            Screen::Locked { tries: 2 },
            Screen::Closed,
            Screen::Choosing(vec![Choice::Back, Choice::Quit]),
            Screen::Practice { step: 1 },
            Screen::Label,
            Screen::Paste,
            Screen::PasteAgain,
            Screen::Checking,
            Screen::Renaming,
            Screen::Finding,
            Screen::Talk,
        ];
        for screen in waiting {
            let mut app = talking(&["Robin"]);
            app.screen = screen.clone();
            if let Screen::Name { link } = &screen {
                app.begun = Some(Begun { link: link.clone(), name: None });
            }
            let effects = line(&mut app, " ! ");
            assert!(said(&effects).contains("HELP NOW"), "{screen:?}");
            assert_eq!(app.screen, screen, "the next line means what it meant");
            assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send { .. } | Effect::Quit)), "{screen:?}");
            assert!(!matches!(effects.last(), Some(Effect::Gap)), "{screen:?} says where the person is");
        }
    }

    #[test]
    fn help_now_at_a_hidden_question_asks_it_again_and_costs_no_try() {
        let mut app = App::new();
        update(&mut app, Event::Start(Found::Locked));
        for _ in 0..5 {
            let effects = update(&mut app, Event::Help);
            assert!(said(&effects).contains("HELP NOW"));
            assert_eq!(effects.last(), Some(&Effect::AskPassphrase));
        }
        assert_eq!(app.screen, Screen::Locked { tries: 0 });
    }

    #[test]
    fn hide_empties_the_screen_before_anything_is_said_and_says_nothing_of_whom() {
        let mut app = talking(&["Robin"]);
        assert_eq!(line(&mut app, "-"), [Effect::Hide]);
        let effects = update(&mut app, Event::Hide { why: Why::Asked, half_typed: None, found: Found::Locked });
        assert_eq!(effects[..2], [Effect::Close, Effect::Clear]);
        assert_eq!(effects.last(), Some(&Effect::AskPassphrase));
        assert!(!said(&effects).contains("Robin"));
        assert!(app.person.is_none() && app.people.is_empty() && app.unread.is_empty());
    }

    #[test]
    fn what_was_half_typed_is_in_the_line_again_with_the_same_person_after_a_lock() {
        let mut app = talking(&["Robin", "Kim"]);
        assert!(said(&hidden(&mut app, Some("I wanted to"))).contains("is kept"));
        // Hidden once more meanwhile, and Enter pressed for nothing: it is still there.
        assert_eq!(update(&mut app, Event::Empty), [Effect::AskPassphrase]);
        hidden(&mut app, None);
        for _ in 0..4 {
            let again = update(&mut app, Event::Opened(Err(Fault::WrongPassphrase)));
            assert_eq!(again.last(), Some(&Effect::AskPassphrase), "a draft waits: the program does not end");
        }
        update(&mut app, Event::Opened(Ok(())));
        let opened = update(&mut app, Event::People(vec![person("Kim"), person("Robin")]));
        assert!(matches!(opened.last(), Some(Effect::LoadPast { contact_id, .. }) if contact_id == "id-Robin"));
        let effects = update(&mut app, Event::Past(vec![]));
        assert_eq!(effects.last(), Some(&Effect::PutBack("I wanted to".to_owned())));
        assert!(app.draft.is_none() && app.screen == Screen::Talk);
    }

    #[test]
    fn a_profile_without_a_passphrase_is_hidden_and_says_so() {
        let mut app = talking(&["Robin"]);
        let effects = update(&mut app, Event::Hide { why: Why::Asked, half_typed: None, found: Found::Open });
        assert!(said(&effects).contains("No passphrase is asked") && !said(&effects).contains("Locked"));
        assert!(said(&line(&mut app, "hello")).contains("Nothing was sent"));
        assert_eq!(line(&mut app, ""), [Effect::Begin]);
    }

    #[test]
    fn help_hide_and_practice_stand_among_at_most_seven_choices() {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        let more = said(&line(&mut app, "5"));
        assert!(more.contains("Help now: type !") && more.contains("3 Hide") && more.contains("5 Practice"), "{more}");
        assert!(said(&line(&mut app, "!")).contains("HELP NOW"));
        line(&mut app, "1");
        assert_eq!(app.screen, Screen::Talk);
    }
}
