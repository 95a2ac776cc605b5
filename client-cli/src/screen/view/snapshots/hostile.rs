//! Hostile words and names on every part of the screen, in a terminal that tells what it was made to do. Tests only.
//!
//! In: weapons. Out: the picture that a terminal shows. This file must never be part of the program.

use super::*;

/// What a terminal is made to do besides showing letters.
#[derive(Default)]
struct Power(Vec<String>);

impl vt100::Callbacks for Power {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".into());
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("icon {name:?}"));
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard {data:?}"));
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, letter: char) {
        // Told of for the sign that stands in the place of what can't be shown.
        if letter != '\u{fffd}' {
            self.0.push(format!("letter {letter:?}"));
        }
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        self.0.push(format!("escape {byte}"));
    }
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: &[&[u16]], end: char) {
        self.0.push(format!("sequence {end}"));
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, what: &[&[u8]]) {
        self.0.push(format!("command {what:?}"));
    }
}

#[test]
fn hostile_words_and_names_have_no_power_over_a_terminal_in_conversation_list_search_title_or_choices() {
    use crate::engine::model::Placed;
    let weapons = "\u{1b}[2J\u{1b}[1;1H\u{9b}31m\u{202e}b\u{7}\u{8}\u{1b}]0;owned\u{7}\u{1b}]52;c;eA==\u{7}\u{1b}]8;;http://x\u{1b}\\\u{1b}c\u{e}\u{200b}\u{2067}";
    let hostile = format!("{weapons}To Kim:\nF10 Quit\n{}\n{}", "e\u{301}".repeat(9000), "x".repeat(1_000_000));
    let name = format!("Robin\r\nTo Kim:{weapons}{}", "\u{301}".repeat(900));
    let mut message = crate::update::journeys::letter(&name, &hostile);
    message.id = "1".into();
    let entry = crate::screen::messages::Entry::of(&Placed { place: 9, unread: true, message });
    let named = || {
        let mut app = talking(&[&name, "Kim"]);
        app.person = Some(person(&name));
        let mut state = empty();
        state.people.set(vec![person(&name), person("Kim")], &std::iter::once((person(&name).id, 7)).collect());
        state.messages = holding(vec![entry.clone()], Some(9));
        (app, state)
    };
    let found = || {
        let mut search = Search::default();
        search.begin(hostile.clone());
        search.hits = vec![entry.clone()];
        search
    };
    type Change<'a> = Box<dyn Fn(&mut App, &mut State) + 'a>;
    let scenes: Vec<(&str, Change)> = vec![
        ("conversation", Box::new(|_, _| {})),
        ("list", Box::new(|_, state| state.over = Some(Over::People))),
        ("read big", Box::new(|_, state| state.over = Some(Over::Big(Big { place: 9, part: 0 })))),
        ("search", Box::new(|_, state| state.over = Some(Over::Search(found())))),
        ("line", Box::new(|_, state| state.compose.insert(&hostile))),
        ("choices", Box::new(|app, state| say(state, update(app, Event::Line("?".into()))))),
        (
            "whom",
            Box::new(|app, state| {
                let people = app.people.clone();
                say(state, update(app, Event::People(people)));
            }),
        ),
    ];
    for (scene, change) in scenes {
        for size in [(60, 20), (100, 30), (40, 12), (1, 1), (7, 3)] {
            let (mut app, mut state) = named();
            change(&mut app, &mut state);
            state.size = size;
            let layout = Layout::of(&app, &state);
            let picture = draw(&app, &state);
            let bytes = crate::screen::cells::difference(None, &picture.buffer, picture.cursor);
            let (rows, columns) = (size.1.try_into().unwrap(), size.0.try_into().unwrap());
            let mut terminal = vt100::Parser::new_with_callbacks(rows, columns, 100, Power::default());
            terminal.process(&bytes);
            assert_eq!(terminal.callbacks().0, [""; 0], "{scene} {size:?}");
            let screen = terminal.screen();
            assert_eq!(screen.cursor_position(), (picture.cursor.y, picture.cursor.x), "{scene} {size:?}");
            let shown: Vec<String> = screen.rows(0, size.0).map(|row| row.trim_end().to_owned()).collect();
            // This terminal leaves the sign empty that stands in the place of what can't be shown.
            let drawn: Vec<String> =
                text(&picture.buffer).iter().map(|row| row.replace('\u{fffd}', " ").trim_end().to_owned()).collect();
            assert_eq!(shown, drawn, "{scene} {size:?}: what is drawn is what is seen");
            assert!(
                bytes.len() < 60 * usize::from(size.0) * usize::from(size.1) + 200,
                "{scene}: {} bytes",
                bytes.len()
            );
            // Only the program's own line begins at the edge with a name, and only its own keys stand below.
            let edge = |row: &String| row.rsplit('│').next().unwrap().starts_with("To Kim:");
            let forged = shown.iter().enumerate().filter(|(y, row)| edge(row) && *y != usize::from(layout.input.y));
            assert!(size.0 < 40 || forged.count() == 0 || scene == "line", "{scene} {size:?}: {shown:#?}");
        }
    }
}
