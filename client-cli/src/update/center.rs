//! What the center says of itself.
//!
//! In: the notice, or why there is none. Out: words. This file must never hide a notice because it is old: it says until
//! when it was meant.

use super::{first, say, talk};
use crate::app::{App, Choice, Effect, Screen};
use crate::engine::center::{Center, Words};
use crate::language::center as texts;
use crate::output::time;

/// For how long a notice was meant, where that is over.
pub(super) fn over(words: &Words) -> Option<String> {
    words.over.then(|| texts::over(time::day(words.last_day)))
}

/// All but the card, in paragraphs; where there is no notice, that.
pub(super) fn lines(app: &App) -> Vec<String> {
    match &app.center {
        Center::Says(words) => {
            let mut all = vec![texts::says(&words.name)];
            all.extend(group(texts::hours, &words.hours));
            all.extend(group(texts::readers, &words.readers));
            all.extend(words.more.iter().cloned());
            all.extend(over(words));
            all
        }
        Center::Silent => vec![texts::silent()],
        Center::Unusable => vec![texts::unusable()],
        Center::Unknown if app.open || app.begun.is_some() => vec![texts::not_yet()],
        Center::Unknown => vec![texts::with_invitation()],
    }
}

fn group(said: impl Fn(String) -> String, lines: &[String]) -> Option<String> {
    if lines.is_empty() { None } else { Some(said(lines.join("; "))) }
}

/// The relay of the invitation was asked: the notice stands before the name is given.
pub(super) fn came(app: &mut App, center: Center) -> Vec<Effect> {
    app.center = center;
    if app.open || app.begun.is_none() || app.screen != Screen::Blank {
        return vec![];
    }
    let mut effects: Vec<_> = lines(app).into_iter().map(say).collect();
    effects.push(say(texts::no_service()));
    effects.push(Effect::Gap);
    effects.extend(first::go_on(app));
    effects
}

/// Everything that the center says, with its card.
pub(super) fn all(app: &mut App) -> Vec<Effect> {
    let mut effects: Vec<_> = lines(app).into_iter().map(say).collect();
    if let Center::Says(words) = &app.center {
        effects.push(say(texts::help_now()));
        effects.extend(words.card.iter().cloned().map(say));
    }
    effects.extend(talk::choose(app, &crate::language::talk::what_now(), vec![Choice::Back]));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::{Begun, Event, Found};
    use crate::engine::center::tests::words;

    fn says(words: Words) -> Center {
        Center::Says(words)
    }

    fn invited() -> App {
        let mut app = App::new();
        update(&mut app, Event::Start(Found::Nothing));
        app.begun = Some(Begun { link: "L".into(), name: None });
        app.screen = Screen::Blank;
        app
    }

    #[test]
    fn the_notice_stands_before_the_name_is_given() {
        let mut app = invited();
        let shown = said(&update(&mut app, Event::Center(says(words()))));
        let places: Vec<_> =
            ["Example Center", "Weekdays, 9 to 17", "Your specialist", "not an emergency", "Step 2 of 3"]
                .map(|words| shown.find(words))
                .into();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown}");
        assert!(!shown.contains("was meant until"));
        assert_eq!(app.screen, Screen::Name { link: "L".into() });
        assert!(update(&mut app, Event::Center(Center::Silent)).is_empty(), "once");
    }

    #[test]
    fn where_there_is_no_notice_that_is_said_and_the_first_run_goes_on() {
        for (center, words) in [
            (Center::Unknown, "has not come yet"),
            (Center::Silent, "given no notice of its own"),
            (Center::Unusable, "has not signed"),
        ] {
            let shown = said(&update(&mut invited(), Event::Center(center)));
            assert!(shown.contains(words) && shown.contains("Step 2 of 3"), "{shown}");
        }
        let before = lines(&App::new()).join(" ");
        assert!(before.contains("comes with your invitation"), "{before}");
    }

    #[test]
    fn an_old_notice_is_shown_with_its_day() {
        let old = Words { over: true, ..words() };
        let shown = said(&update(&mut invited(), Event::Center(says(old))));
        assert!(shown.contains("Weekdays, 9 to 17") && shown.contains("was meant until November 22, 2027."), "{shown}");
    }

    #[test]
    fn the_day_of_a_notice_is_said_in_the_language_that_is_chosen_meanwhile() {
        let mut app = talking(&["Ana"]);
        app.center = says(Words { over: true, ..words() });
        assert!(said(&line(&mut app, "!")).contains("November 22, 2027"));
        crate::language::speak(crate::language::Language::Spanish);
        let card = said(&line(&mut app, "!"));
        let all = lines(&app).join(" ");
        assert!(card.contains("22 de noviembre de 2027") && all.contains("22 de noviembre de 2027"), "{card} {all}");
    }

    #[test]
    fn all_of_it_stands_behind_more_and_leads_back() {
        let mut app = talking(&["Ana"]);
        app.center = says(words());
        line(&mut app, "?");
        let menu = said(&line(&mut app, "5"));
        let number = menu.lines().find(|line| line.contains("Your center")).unwrap()[..1].to_owned();
        let shown = said(&line(&mut app, &number));
        for words in ["Example Center", "Weekdays", "Your specialist", "Bring a friend", "555 0100", "1 Back to Ana"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(said(&line(&mut app, "1")).contains("You are writing to Ana"));
    }

    #[test]
    fn the_card_of_the_center_stands_on_every_screen_and_stays_when_everything_is_hidden() {
        let mut app = talking(&["Ana"]);
        app.center = says(words());
        assert!(said(&line(&mut app, "!")).contains("555 0100"));
        let hide = Event::Hide { why: crate::app::Why::Asked, half_typed: None, found: Found::Locked };
        update(&mut app, hide);
        assert!(said(&update(&mut app, Event::Help)).contains("555 0100"), "locked");
    }
}
