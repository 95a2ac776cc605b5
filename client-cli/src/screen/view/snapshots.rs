//! Pictures of the screen, as text, at four sizes, in three themes and in every language. Tests only.
//!
//! In: scenes. Out: files beside this one, a folder for each language. To draw them anew: CAIRN_SNAPSHOTS=write cargo test -p cairn snapshots, then
//! read what has changed. This file must never be part of the program.

mod hostile;
mod whole;

use super::super::big::Big;
use super::super::compose::Compose;
use super::super::messages::tests::{holding, written};
use super::super::people::Person;
use super::super::search::Search;
use super::super::secret::Secret;
use super::super::talk::{Said, Talk};
use super::*;
use crate::app::{Choice, Effect, Event, Found, Screen, Why};
use crate::engine::center::Center;
use crate::language::{self, Language, screen as texts, speak};
use crate::output::card;
use crate::update::journeys::{person, talking};
use crate::update::update;
use std::fmt::Write as _;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

const SIZES: [(u16, u16); 4] = [(40, 12), (60, 20), (80, 24), (120, 40)];
const THEMES: [Theme; 3] = [Theme::Own, Theme::Light, Theme::Dark];

fn say(state: &mut State, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Say(text) => state.talk.say(Said::Words(text)),
            Effect::Moment(text) => state.talk.say(Said::Moment(text)),
            Effect::Gap => state.talk.say(Said::Gap),
            Effect::Choices(lines) => {
                for (number, line) in (1..).zip(lines) {
                    state.talk.say(Said::Choice(number, line));
                }
            }
            _ => {}
        }
    }
}

fn empty() -> State {
    State::new((80, 24), Theme::Own)
}

/// A conversation in which nothing was written yet, after a menu.
fn before_the_first() -> (App, State) {
    let mut app = talking(&["Robin"]);
    let mut state = empty();
    state.people.all = vec![Person { contact: person("Robin"), name: "Robin".to_owned(), unread: 0 }];
    update(&mut app, Event::Line("?".into()));
    say(&mut state, update(&mut app, Event::Line("1".into())));
    (app, state)
}

/// A conversation with Robin, in a list of six.
fn conversation() -> (App, State) {
    let names = ["Alex", "Kim", "Robin", "Sam of the Thursday walking group", "Sascha", "Toni"];
    let mut app = talking(&names);
    app.person = Some(person("Robin"));
    let mut state = empty();
    state.people.all = names
        .iter()
        .map(|name| Person {
            contact: person(name),
            name: (*name).to_owned(),
            unread: if *name == "Kim" { 3 } else { 0 },
        })
        .collect();
    state.messages = holding(
        vec![
            written(1, false, false, "Good morning. How was the night?"),
            written(
                2,
                true,
                false,
                "Better than the one before. I slept four hours, and I went for a walk when it was light.",
            ),
            written(
                3,
                false,
                true,
                "I am glad to read that. Four hours is more than on Monday.\n\nWould you like to talk today?",
            ),
            written(4, true, false, "Yes. After three would be good, if you have the time."),
        ],
        Some(3),
    );
    (app, state)
}

fn first_run() -> (App, State) {
    let (mut app, mut state) = (App::new(), empty());
    say(&mut state, update(&mut app, Event::Start(Found::Nothing)));
    (app, state)
}

fn locked() -> (App, State) {
    let (mut app, mut state) = conversation();
    let effects = update(&mut app, Event::Hide { why: Why::Idle, half_typed: None, found: Found::Locked });
    state.forget();
    say(&mut state, effects);
    state.secret = Some(Secret::ask(false));
    (app, state)
}

fn choices() -> (App, State) {
    let (mut app, mut state) = conversation();
    app.screen = Screen::Talk;
    say(&mut state, update(&mut app, Event::Line("?".into())));
    (app, state)
}

fn writing() -> (App, State) {
    let (app, mut state) = conversation();
    state.compose = Compose::of(
        "I wrote this in several lines.\nThis is the second of them, and it is longer than a small screen is wide.\nThird",
    );
    (app, state)
}

fn help_now() -> (App, State) {
    let (app, mut state) = conversation();
    let mut talk = Talk::default();
    card::card(&Center::Silent).into_iter().for_each(|line| talk.say(Said::Words(line)));
    state.over = Some(Over::Card(talk));
    (app, state)
}

fn people() -> (App, State) {
    let (app, mut state) = conversation();
    state.people.pick(Some("id-Kim"));
    state.over = Some(Over::People);
    (app, state)
}

fn read_big() -> (App, State) {
    let (app, mut state) = conversation();
    state.over = Some(Over::Big(Big { place: 3, part: 0 }));
    (app, state)
}

fn search() -> (App, State) {
    let (app, mut state) = conversation();
    let mut search = Search::default();
    search.begin("hours".into());
    search.looking = false;
    search.hits = vec![state.messages.entry(3).unwrap().clone(), state.messages.entry(2).unwrap().clone()];
    state.over = Some(Over::Search(search));
    (app, state)
}

/// By way of the choices that hold these words, beginning with those of the conversation.
fn way(words: &[String]) -> (App, State) {
    let (mut app, mut state) = choices();
    for wanted in words {
        let found = state.talk.said.iter().find_map(|said| match said {
            Said::Choice(number, text) if text == wanted => Some(number.to_string()),
            _ => None,
        });
        state.talk = Talk::default();
        let number = found.unwrap_or_else(|| panic!("no choice {wanted}"));
        say(&mut state, update(&mut app, Event::Line(number)));
    }
    (app, state)
}

fn settings() -> (App, State) {
    way(&[language::settings::title()])
}

fn help() -> (App, State) {
    let (app, mut state) = choices();
    state.tell_keys();
    (app, state)
}

type Scene = (&'static str, fn() -> (App, State));

const SCENES: [Scene; 12] = [
    ("first-run", first_run),
    ("conversation", conversation),
    ("before-the-first", before_the_first),
    ("writing", writing),
    ("choices", choices),
    ("locked", locked),
    ("help-now", help_now),
    ("people", people),
    ("read-big", read_big),
    ("search", search),
    ("settings", settings),
    ("help", help),
];

fn at(scene: fn() -> (App, State), size: (u16, u16), theme: Theme) -> Picture {
    let (app, mut state) = scene();
    (state.size, state.theme) = (size, theme);
    draw(&app, &state)
}

fn text(buffer: &Buffer) -> Vec<String> {
    let row = |y| {
        let mut row = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(symbol.width()).unwrap().max(1);
        }
        row.trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect()
}

/// How each row looks: how many cells, and their letters, ground and marks.
fn looks(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(String, usize)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let look = format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier);
            match runs.last_mut() {
                Some((last, count)) if *last == look => *count += 1,
                _ => runs.push((look, 1)),
            }
        }
        let runs: Vec<_> = runs.iter().map(|(look, count)| format!("{count}×{look}")).collect();
        writeln!(out, "{}", runs.join(" ").replace("Indexed", "").replace("Modifier", "")).unwrap();
    }
    out
}

fn snapshot(name: &str, scene: fn() -> (App, State), size: (u16, u16)) -> String {
    let own = at(scene, size, Theme::Own);
    let mut out = format!("{name}, {}x{}, the cursor at {},{}\n\n", size.0, size.1, own.cursor.x, own.cursor.y);
    for row in text(&own.buffer) {
        writeln!(out, "|{row}").unwrap();
    }
    for theme in THEMES {
        let picture = at(scene, size, theme);
        assert_eq!(text(&picture.buffer), text(&own.buffer), "the words are the same in every theme");
        write!(out, "\n{theme:?}\n{}", looks(&picture.buffer)).unwrap();
    }
    out
}

#[test]
fn every_scene_looks_as_its_snapshot_at_every_size_in_every_theme_and_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/screen/view/snapshots");
    let write = std::env::var_os("CAIRN_SNAPSHOTS").is_some_and(|what| what == "write");
    let mut different = Vec::new();
    for (name, scene) in SCENES {
        for (language, size) in Language::ALL.into_iter().flat_map(|one| SIZES.map(|size| (one, size))) {
            speak(language);
            let folder = folder.join(language.code());
            let file = folder.join(format!("{name}-{}x{}.txt", size.0, size.1));
            let now = snapshot(name, scene, size);
            if write {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&file, &now).unwrap();
            } else if std::fs::read_to_string(&file).unwrap_or_default() != now {
                different.push(format!("{}:\n{now}", file.display()));
            }
        }
    }
    assert!(different.is_empty(), "{} look different. The first:\n{}", different.len(), different[0]);
}

#[test]
fn the_bottom_line_is_whole_and_the_cursor_in_the_line_at_every_size_from_forty_by_twelve() {
    let sizes = [(40, 12), (41, 13), (57, 12), (79, 30), (80, 12), (200, 60)];
    for (name, scene) in SCENES {
        for (language, size) in Language::ALL.into_iter().flat_map(|one| sizes.map(|size| (one, size))) {
            speak(language);
            let keys = [
                ("F1", texts::help()),
                ("F2", texts::help_now()),
                ("F3", texts::people()),
                ("F4", texts::read_big()),
                ("F6", texts::hide()),
                ("F10", texts::quit()),
            ];
            let (app, mut state) = scene();
            state.size = size;
            let layout = Layout::of(&app, &state);
            let picture = draw(&app, &state);
            let rows = text(&picture.buffer);
            let bottom = rows[usize::from(layout.bottom.y)..].join(" ");
            for (key, does) in keys {
                assert!(bottom.contains(&format!("{key} {does}")), "{name} {size:?}: {key} {does} in {bottom}");
            }
            assert!(layout.input.contains(picture.cursor), "{name} {size:?}: {:?}", picture.cursor);
            assert!(layout.pane.height >= 3, "{name} {size:?}: {layout:?}");
        }
    }
}

#[test]
fn nothing_said_is_cut_off_whatever_the_size() {
    for (name, scene) in SCENES {
        for size in [(40, 12), (60, 20), (200, 60), (17, 5)] {
            let (app, mut state) = scene();
            state.size = size;
            let layout = Layout::of(&app, &state);
            let (width, height) = (layout.pane_width(), layout.pane_height());
            let said: String =
                state.talk.rows(width).iter().flat_map(|(row, _)| row.0.clone()).map(|span| span.1).collect();
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            let all: String = state
                .talk
                .said
                .iter()
                .map(|said| match said {
                    Said::Words(text) | Said::Moment(text) | Said::Whole(text) | Said::News(text, _) => text.clone(),
                    Said::Choice(number, text) => format!("{number}{text}"),
                    Said::Gap => String::new(),
                })
                .collect();
            assert_eq!(letters(&said), letters(&all), "{name} {size:?}");
            // Every row comes into view on the way down.
            let mut seen = 0;
            for _ in 0..200 {
                let pane = pane(&app, &state, &layout);
                seen = seen.max(state.talk.past + pane.rows.len());
                if !pane.below {
                    break;
                }
                state.talk.scroll(1, width, height);
            }
            if state.over.is_none() && state.is_talk_large(&app, width, height) {
                assert!(seen >= state.talk.rows(width).len(), "{name} {size:?}");
            }
        }
    }
}

#[test]
fn any_size_down_to_one_cell_is_drawn_with_the_cursor_on_the_screen() {
    for (name, scene) in SCENES {
        for width in 1..90 {
            for height in [1, 2, 3, 4, 5, 6, 8, 11, 30] {
                let picture = at(scene, (width, height), Theme::Own);
                assert!(picture.buffer.area.contains(picture.cursor), "{name} {width}x{height}");
            }
        }
    }
}

#[test]
fn nothing_of_a_conversation_stands_on_a_hidden_screen_nor_a_letter_of_the_passphrase() {
    for size in SIZES {
        let (app, mut state) = locked();
        state.size = size;
        for letter in "four quiet words".chars() {
            state.key(&app, super::super::keys::Key::Char(letter));
        }
        let shown = text(&draw(&app, &state).buffer).join("\n");
        for word in ["Robin", "Kim", "hours", "four", "quiet", "•", "*"] {
            assert!(!shown.contains(word), "{word} in {shown}");
        }
        assert_eq!(shown, text(&at(locked, size, Theme::Own).buffer).join("\n"), "not even how many letters");
    }
}

#[test]
fn hostile_words_stay_in_their_place_as_plain_cells() {
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}b \u{7}\u{1b}]8;;http://x\u{7}a\u{1b}]52;c;eA==\u{7}\nTo Robin:\n e\u{301}"
        .to_owned()
        + &"\u{301}".repeat(500) + &"x".repeat(5000);
    let mut message = crate::update::journeys::letter("Robin\nTo Kim:\u{1b}[1A", &hostile);
    message.id = "1".into();
    let placed = crate::engine::model::Placed { place: 9, unread: true, message };
    for over in [None, Some(Over::Big(Big { place: 9, part: 0 }))] {
        let (app, mut state) = conversation();
        state.messages = holding(vec![super::super::messages::Entry::of(&placed)], None);
        state.over = over;
        state.size = (60, 20);
        let picture = draw(&app, &state);
        for cell in picture.buffer.content() {
            assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            assert!(cell.symbol().chars().count() <= 8, "{:?}", cell.symbol());
        }
        let layout = Layout::of(&app, &state);
        let rows = text(&picture.buffer);
        let forged = rows.iter().enumerate().filter(|(_, row)| row.starts_with("To Robin:")).map(|(y, _)| y);
        assert_eq!(forged.collect::<Vec<_>>(), [usize::from(layout.label.y)], "{rows:?}");
    }
}

#[test]
fn a_number_is_obeyed_only_where_choices_stand_and_a_paste_never_is() {
    use super::super::keys::Key;
    use super::super::state::Wish;
    let (app, mut state) = choices();
    assert!(state.key(&app, Key::Paste("2".to_owned().into())).is_none());
    state.answer = Compose::default();
    assert!(matches!(state.key(&app, Key::Char('2')), Some(Wish::Line(line)) if line == "2"));
    assert!(state.key(&app, Key::Enter).is_none(), "Enter belongs to the number");
    let back = app.screen.clone();
    assert!(matches!(&back, Screen::Choosing(choices) if choices[0] == Choice::Back));
    assert!(matches!(state.key(&app, Key::Escape), Some(Wish::Line(line)) if line == "1"));
    let (app, mut state) = conversation();
    assert!(state.key(&app, Key::Char('2')).is_none());
    assert!(state.key(&app, Key::Paste("a\nb\n".to_owned().into())).is_none());
    assert!(matches!(state.key(&app, Key::Enter), Some(Wish::Line(line)) if line == "2a\nb\n"));
}
