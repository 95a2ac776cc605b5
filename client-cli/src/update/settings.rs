//! What can be set, within the conversation.
//!
//! In: numbers, quiet hours as typed. Out: what to change, and what it is now. This file must never show more than seven
//! choices.

use super::{say, talk};
use crate::app::{App, Choice, Effect, Screen};
use crate::language::{Language, settings as texts};
use crate::settings::{Block, Face, Key, Notify, Pace, Quiet, Settings, Theme};

/// Quiet hours that are offered; others can be typed.
const HOURS: [&str; 2] = ["21:00-07:00", "22:00-08:00"];

/// All of them, each with what it is now.
pub(super) fn all(app: &mut App) -> Vec<Effect> {
    let keys = [Key::Language, Key::Face, Key::Pace, Key::Theme, Key::Notify, Key::Quiet];
    let mut choices = vec![Choice::Back];
    choices.extend(keys.map(Choice::Setting));
    talk::choose(app, &texts::head(), choices)
}

/// What one of them can be.
pub(super) fn one(app: &mut App, key: Key) -> Vec<Effect> {
    let now = key.get(&app.settings);
    let values: Vec<Choice> = match key {
        Key::Pace => {
            let slow = [Block::Small, Block::Middle, Block::Large].map(Choice::Slow);
            [Choice::Set(Key::Pace, "normal")].into_iter().chain(slow).collect()
        }
        Key::Quiet => ["off"].into_iter().chain(HOURS).map(|value| Choice::Set(key, value)).collect(),
        _ => key.allowed().iter().map(|value| Choice::Set(key, value)).collect(),
    };
    let slow = app.settings.pace == Pace::Slow;
    let mut choices = vec![Choice::Back];
    choices.extend(values.into_iter().filter(|choice| match choice {
        Choice::Set(Key::Pace, _) => slow,
        Choice::Slow(block) => !slow || *block != app.settings.block,
        Choice::Set(_, value) => *value != now,
        _ => true,
    }));
    if key == Key::Quiet {
        choices.push(Choice::OwnHours);
    }
    let head = line(app, key);
    let mut effects: Vec<_> = about(key).into_iter().map(say).collect();
    effects.extend(talk::choose(app, &head, choices));
    effects
}

/// What has to be known before one chooses.
fn about(key: Key) -> Option<String> {
    match key {
        Key::Face => Some(texts::about_face()),
        Key::Pace => Some(texts::about_pace()),
        Key::Notify => Some(texts::about_notify()),
        Key::Quiet => Some(texts::about_quiet()),
        Key::Theme => Some(texts::about_theme()),
        Key::Language | Key::Block => None,
    }
}

/// A setting and what it is now.
pub(super) fn line(app: &App, key: Key) -> String {
    let now = now(&app.settings, key);
    match key {
        Key::Language => texts::language(now),
        Key::Face => texts::face(now),
        Key::Pace | Key::Block => texts::pace(now),
        Key::Theme => texts::theme(now),
        Key::Notify => texts::notify(now),
        Key::Quiet => texts::quiet_hours(now),
    }
}

fn now(settings: &Settings, key: Key) -> String {
    match key {
        Key::Pace | Key::Block if settings.pace == Pace::Slow => texts::pace_slow(settings.block.words()),
        _ => words(key, &key.get(settings)),
    }
}

/// What a value means.
pub(super) fn words(key: Key, value: &str) -> String {
    let mut settings = Settings::default();
    key.set(&mut settings, value);
    match key {
        Key::Language => settings.language.map_or_else(texts::language_auto, |one| Language::name(one).to_owned()),
        Key::Face if settings.face == Face::Plain => texts::face_plain(),
        Key::Face => texts::face_full(),
        Key::Pace | Key::Block => texts::pace_normal(),
        Key::Theme => match settings.theme {
            Theme::None => texts::theme_none(),
            Theme::Light => texts::theme_light(),
            Theme::Dark => texts::theme_dark(),
        },
        Key::Notify if settings.notify == Notify::Bell => texts::notify_bell(),
        Key::Notify => texts::notify_off(),
        Key::Quiet => settings.quiet.map_or_else(texts::quiet_off, Quiet::text),
    }
}

/// It is to be so.
pub(super) fn set(key: Key, value: &str) -> Vec<Effect> {
    vec![Effect::Set { key, value: value.to_owned() }]
}

/// Slowly, in blocks of this size.
pub(super) fn slow(app: &App, block: Block) -> Vec<Effect> {
    let mut effects = vec![];
    if app.settings.block != block {
        effects.extend(set(Key::Block, &block.words().to_string()));
    }
    if app.settings.pace != Pace::Slow {
        effects.extend(set(Key::Pace, "slow"));
    }
    effects
}

/// Asks for hours.
pub(super) fn ask_hours(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::Hours;
    vec![say(texts::ask_hours())]
}

/// Hours were typed.
pub(super) fn hours(app: &mut App, line: &str) -> Vec<Effect> {
    if line.is_empty() {
        return talk::back(app);
    }
    match Quiet::parse(line) {
        Some(quiet) => set(Key::Quiet, &quiet.text()),
        None => {
            let mut effects = vec![say(texts::no_hours())];
            effects.extend(ask_hours(app));
            effects
        }
    }
}

/// It is so, or not.
pub(super) fn done(app: &mut App, result: Result<Settings, String>) -> Vec<Effect> {
    let mut effects = match result {
        Ok(settings) => {
            let changed = Key::ALL.into_iter().find(|key| key.get(&settings) != key.get(&app.settings));
            app.settings = settings;
            if changed == Some(Key::Block) && settings.pace != Pace::Slow {
                // The pace follows, and says it.
                return vec![];
            }
            let mut effects: Vec<_> = changed.map(|key| say(texts::done(line(app, key)))).into_iter().collect();
            if changed == Some(Key::Face) {
                effects.push(say(texts::next_start()));
            }
            effects
        }
        Err(why) => vec![say(why)],
    };
    effects.extend(talk::back(app));
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line as typed, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::Event;

    /// Opens the settings by the numbers that are on the screen.
    fn opened() -> (App, String) {
        let mut app = talking(&["Robin"]);
        let menu = said(&typed(&mut app, "?"));
        let shown = pick(&mut app, &menu, "Settings");
        (app, shown)
    }

    fn pick(app: &mut App, shown: &str, words: &str) -> String {
        let line = shown.lines().find(|line| line[1..].starts_with(&format!(" {words}"))).unwrap_or_else(|| {
            panic!("no {words} in {shown}");
        });
        said(&typed(app, &line[..1]))
    }

    fn choices(shown: &str) -> usize {
        shown.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count()
    }

    #[test]
    fn every_setting_is_reached_by_numbers_with_at_most_seven_and_short_screens() {
        let (_, shown) = opened();
        assert_eq!(choices(&shown), 7, "{shown}");
        for words in ["Language", "Face", "How much", "Colours", "Sound", "Quiet"] {
            let (mut app, shown) = opened();
            let one = pick(&mut app, &shown, words);
            assert!((2..=7).contains(&choices(&one)), "{one}");
            assert!(one.split_whitespace().count() <= 75, "{one}");
            assert!(pick(&mut app, &one, "Back to Robin").contains("You are writing to Robin"));
        }
    }

    #[test]
    fn a_choice_changes_one_setting_and_what_it_is_now_is_said() {
        let (mut app, shown) = opened();
        let one = pick(&mut app, &shown, "Quiet");
        let number = one.lines().find(|line| line.contains("22:00-08:00")).unwrap()[..1].to_owned();
        assert_eq!(typed(&mut app, &number), [Effect::Set { key: Key::Quiet, value: "22:00-08:00".into() }]);
        let settings = Settings { quiet: Quiet::parse("22:00-08:00"), ..Settings::default() };
        let done = said(&update(&mut app, Event::Set(Ok(settings))));
        assert!(done.contains("Quiet hours: 22:00-08:00") && done.contains("You are writing to Robin"), "{done}");
        assert_eq!(app.settings, settings);
        let refused = said(&update(&mut app, Event::Set(Err("It can't be written.".into()))));
        assert!(refused.contains("can't be written") && app.settings == settings, "{refused}");
    }

    #[test]
    fn hours_are_typed_until_they_are_some_and_the_slow_pace_is_two_settings() {
        let (mut app, shown) = opened();
        let one = pick(&mut app, &shown, "Quiet");
        pick(&mut app, &one, "Other hours");
        assert!(said(&typed(&mut app, "at night")).contains("two times"));
        assert_eq!(typed(&mut app, "9:30-17:00"), [Effect::Set { key: Key::Quiet, value: "09:30-17:00".into() }]);
        let (mut app, shown) = opened();
        let one = pick(&mut app, &shown, "How much");
        let number = one.lines().find(|line| line.contains("20 words")).unwrap()[..1].to_owned();
        let block = Effect::Set { key: Key::Block, value: "20".into() };
        let slow = || Effect::Set { key: Key::Pace, value: "slow".into() };
        assert_eq!(typed(&mut app, &number), [block, slow()]);
        // What is so already is not set, and so not said twice.
        let (mut app, shown) = opened();
        let one = pick(&mut app, &shown, "How much");
        let number = one.lines().find(|line| line.contains("40 words")).unwrap()[..1].to_owned();
        assert_eq!(typed(&mut app, &number), [slow()]);
    }
}
