//! Before there is a profile: what this is, and the steps; whoever left goes on where they were.
//!
//! In: what was begun before, numbers. Out: words and the question that is open. This file must never ask again for what
//! was given already.

use super::{center, say, shared, talk};
use crate::app::{App, Begun, Choice, Effect, Screen};
use crate::engine::center::Center;
use crate::language::{first as texts, start as start_texts};

/// The first words that a person sees, or those with which somebody goes on.
pub(super) fn start(app: &mut App) -> Vec<Effect> {
    let mut effects = if app.begun.is_some() {
        vec![say(texts::welcome_back()), say(texts::no_emergency())]
    } else {
        vec![say(texts::one()), say(texts::no_emergency())]
    };
    effects.extend(shared::what_stays(app));
    effects.push(Effect::Gap);
    match (&app.begun, &app.center) {
        // The relay did not answer when the invitation was given.
        (Some(Begun { link, name: None }), Center::Unknown) => {
            effects.push(Effect::AskCenter { link: link.clone() });
            app.screen = Screen::Blank;
        }
        _ => effects.extend(go_on(app)),
    }
    effects
}

/// The question that is open.
pub(super) fn go_on(app: &mut App) -> Vec<Effect> {
    match app.begun.clone() {
        None => {
            app.screen = Screen::Invitation;
            vec![say(texts::step_one())]
        }
        Some(Begun { link, name: None }) => {
            app.screen = Screen::Name { link };
            vec![say(texts::step_two())]
        }
        Some(Begun { link, name: Some(name) }) => {
            app.screen = Screen::Passphrase { link, name };
            vec![say(shared::step_three(app)), Effect::AskNewPassphrase]
        }
    }
}

/// An answer is kept until all three are given.
pub(super) fn keep(app: &mut App, begun: Begun) -> Effect {
    app.begun = Some(begun.clone());
    Effect::Keep(Some(begun))
}

/// The second screen, and then the open question.
pub(super) fn more_about(app: &mut App) -> Vec<Effect> {
    app.told = true;
    let mut effects: Vec<_> = [texts::two(), texts::hours()].map(say).into();
    effects.extend(center::lines(app).into_iter().map(say));
    effects.push(Effect::Gap);
    effects.extend(if app.open { talk::back(app) } else { go_on(app) });
    effects
}

/// Both screens.
pub(super) fn what_is_this(app: &mut App) -> Vec<Effect> {
    let mut choices = vec![Choice::MoreAbout, Choice::Back];
    if !app.open {
        // In a conversation it stands one level up.
        choices.insert(1, Choice::Center);
        choices.insert(2, Choice::Practice);
    }
    let mut effects = vec![say(texts::one()), say(texts::no_emergency())];
    effects.extend(talk::choose(app, &texts::read_on(), choices));
    effects
}

/// What can be done instead of an answer.
pub(super) fn choices(app: &mut App, head: &str) -> Vec<Effect> {
    let mut choices = vec![Choice::Back, Choice::WhatIsThis];
    match (&app.begun, &app.shared) {
        // Practice stands behind the second one then.
        (Some(_), None) => choices.extend([Choice::HelpNow, Choice::Anew, Choice::Shared]),
        (Some(_), Some(_)) => choices.extend([Choice::Practice, Choice::HelpNow, Choice::Anew]),
        (None, None) => choices.extend([Choice::Practice, Choice::HelpNow, Choice::Shared]),
        (None, Some(_)) => choices.extend([Choice::Practice, Choice::HelpNow]),
    }
    choices.extend([Choice::Settings, Choice::Quit]);
    talk::choose(app, head, choices)
}

/// The question of an invitation that could not be used yet.
pub(super) fn ask_again(app: &mut App, link: String) -> Vec<Effect> {
    app.screen = Screen::JoinAgain { link };
    vec![say(start_texts::still_here())]
}

/// Choices over it; the way back leads to it.
pub(super) fn over_the_invitation(app: &mut App, link: String) -> Vec<Effect> {
    app.again = Some(link);
    let choices =
        [Choice::Back, Choice::People, Choice::Center, Choice::WhatIsThis, Choice::Practice, Choice::Settings];
    talk::choose(app, &crate::language::talk::what_now(), choices.into_iter().chain([Choice::Quit]).collect())
}

/// Another invitation instead of the one that was kept.
pub(super) fn anew(app: &mut App) -> Vec<Effect> {
    app.begun = None;
    let mut effects = vec![Effect::Keep(None)];
    effects.extend(go_on(app));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, said};
    use super::super::update;
    use super::*;
    use crate::app::{Event, Found};

    fn begun(name: Option<&str>) -> Begun {
        Begun { link: "L".into(), name: name.map(str::to_owned) }
    }

    fn back(name: Option<&str>) -> (App, Vec<Effect>) {
        let mut app = App { begun: Some(begun(name)), center: Center::Silent, ..App::new() };
        let effects = update(&mut app, Event::Start(Found::Nothing));
        (app, effects)
    }

    #[test]
    fn what_is_this_is_two_short_screens_before_step_one() {
        let mut app = App::new();
        let one = said(&update(&mut app, Event::Start(Found::Nothing)));
        assert!(one.contains("(1 of 2)") && one.contains("not an emergency service") && one.contains("Step 1 of 3"));
        assert!(one.split_whitespace().count() <= 60, "{one}");
        let two = said(&line(&mut app, ""));
        assert!(two.contains("(2 of 2)") && two.contains("network address") && two.contains("Step 1 of 3"), "{two}");
        assert!(two.contains("comes with your invitation"), "nothing is promised: {two}");
        assert!(two.split_whitespace().count() <= 75, "{two}");
        assert!(said(&line(&mut app, "")).contains("No invitation yet?"));
    }

    #[test]
    fn whoever_hid_everything_while_the_relay_was_asked_goes_on_with_the_next_step() {
        let mut app = App { begun: Some(begun(None)), center: Center::Unknown, ..App::new() };
        update(&mut app, Event::Start(Found::Nothing));
        update(&mut app, Event::Hide { why: crate::app::Why::Asked, half_typed: None, found: Found::Nothing });
        assert_eq!(line(&mut app, ""), [Effect::Begin]);
        let effects = update(&mut app, Event::Start(Found::Nothing));
        assert!(effects.contains(&Effect::AskCenter { link: "L".into() }));
        let effects = update(&mut app, Event::Center(Center::Unknown));
        assert!(said(&effects).contains("Step 2 of 3"), "{}", said(&effects));
    }

    #[test]
    fn each_answer_is_kept_and_coming_back_asks_the_next_question() {
        let mut app = App::new();
        update(&mut app, Event::Start(Found::Nothing));
        app.screen = Screen::Name { link: "L".into() };
        app.begun = Some(begun(None));
        assert_eq!(line(&mut app, "Dana")[0], Effect::Keep(Some(begun(Some("Dana")))));
        let (app, effects) = back(None);
        assert!(said(&effects).contains("Step 2 of 3") && !said(&effects).contains("Step 1"));
        assert_eq!(app.screen, Screen::Name { link: "L".into() });
        let (_, effects) = back(Some("Dana"));
        assert!(said(&effects).contains("Step 3 of 3"));
        assert_eq!(effects.last(), Some(&Effect::AskNewPassphrase));
    }

    #[test]
    fn whoever_comes_back_before_the_name_is_shown_the_notice_that_did_not_come() {
        let mut app = App { begun: Some(begun(None)), ..App::new() };
        let effects = update(&mut app, Event::Start(Found::Nothing));
        assert_eq!(effects.last(), Some(&Effect::AskCenter { link: "L".into() }));
        assert!(said(&update(&mut app, Event::Center(Center::Silent))).contains("Step 2 of 3"));
        let mut app = App { begun: Some(begun(Some("Dana"))), ..App::new() };
        assert!(said(&update(&mut app, Event::Start(Found::Nothing))).contains("Step 3 of 3"));
    }

    #[test]
    fn what_was_begun_can_be_begun_anew() {
        let (mut app, _) = back(Some("Dana"));
        let menu = said(&update(&mut app, Event::Empty));
        let number = menu.lines().find(|line| line.contains("another invitation")).unwrap()[..1].to_owned();
        let effects = line(&mut app, &number);
        assert_eq!(effects[0], Effect::Keep(None));
        assert!(said(&effects).contains("Step 1 of 3") && app.begun.is_none());
    }

    #[test]
    fn choices_over_an_invitation_that_waits_lead_back_to_it_and_to_the_people() {
        let question = Screen::JoinAgain { link: "L".into() };
        for way in [&["1"][..], &["3", "1"], &["4", "2"], &["4", "1"], &["5", ""], &["6", "1"], &["6", "?", "1"]] {
            let mut app = App { begun: Some(begun(Some("Dana"))), ..App::new() };
            update(&mut app, Event::Start(Found::Open));
            let menu = said(&line(&mut app, "?"));
            assert!(menu.contains("1 Back") && menu.contains("7 Quit"), "{menu}");
            let shown = way.iter().map(|typed| said(&line(&mut app, typed))).last().unwrap();
            assert!(app.screen == question && shown.contains("Your invitation is still here"), "{way:?}: {shown}");
        }
        let mut app = App { screen: question, open: true, listed: true, ..App::new() };
        line(&mut app, "?");
        assert_eq!(line(&mut app, "2"), [Effect::LoadPeople]);
        update(&mut app, Event::People(vec![]));
        line(&mut app, "?");
        assert_eq!(line(&mut app, "1"), [Effect::LoadPeople], "who has gone to the people stays there");
    }

    #[test]
    fn a_profile_whose_invitation_still_waits_goes_on_with_it() {
        let mut app = App { begun: Some(begun(Some("Dana"))), ..App::new() };
        update(&mut app, Event::Start(Found::Locked));
        let effects = update(&mut app, Event::Opened(Ok(())));
        assert!(said(&effects).contains("invitation"), "{effects:?}");
        assert_eq!(app.screen, Screen::JoinAgain { link: "L".into() });
    }
}
