//! What a key costs in a long conversation: counted, not timed. Tests only.
//!
//! In: conversations of different lengths, the same keys. Out: steps of the database's machine. This file must never be part
//! of the program.

use super::*;
use crate::app::Screen;
use crate::engine::paged::{counted, talking};
use crate::screen::keys::Key;
use crate::screen::theme::Theme;
use std::sync::atomic::Ordering;

/// Steps for opening the conversation, and for each key after it.
fn steps(all: u32) -> Vec<(String, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = talking(folder.path(), all);
    let steps = counted(&mut engine);
    let mut app = App { open: true, screen: Screen::Talk, ..App::new() };
    app.person = engine.contacts().unwrap().pop();
    let mut state = State::new((80, 24), Theme::Own);
    steps.store(0, Ordering::Relaxed);
    conversation(&engine, &app, &mut state, "robin").unwrap();
    let mut out = vec![("opened".to_owned(), steps.swap(0, Ordering::Relaxed))];
    let letters = "half a thought".chars().map(Key::Char);
    let up = std::iter::repeat_with(|| Key::PageUp).take(12);
    let down = std::iter::repeat_with(|| Key::PageDown).take(4);
    let others = [Key::Up, Key::Down, Key::Function(4), Key::PageUp, Key::PageUp, Key::Function(4), Key::Function(3)];
    for key in letters.chain(up).chain(down).chain(others) {
        let name = format!("{key:?}");
        assert!(state.key(&app, key).is_none(), "{name}");
        let (_, _, drawn) = picture(Some(&engine), &app, &mut state).unwrap().parts();
        mark(Some(&mut engine), &app, &mut state, &drawn);
        out.push((name, steps.swap(0, Ordering::Relaxed)));
    }
    out
}

#[test]
fn a_key_costs_the_vault_as_many_steps_in_a_conversation_of_100_000_messages_as_in_one_of_1_000() {
    let (short, long) = (steps(1000), steps(100_000));
    assert!(long.iter().map(|(_, steps)| steps).sum::<u64>() > 1000, "steps are counted: {long:?}");
    // A letter that is typed asks the vault for nothing but what it marked.
    assert!(long.iter().filter(|(name, steps)| name.starts_with("Char") && *steps == 0).count() >= 13, "{long:?}");
    assert_eq!(short, long);
}

#[test]
fn looking_for_words_takes_one_stretch_at_a_time_however_long_the_conversation_is() {
    let mut costs = Vec::new();
    for all in [5000, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = talking(folder.path(), all);
        let steps = counted(&mut engine);
        let found = engine.search("robin", "nobody wrote this", Start::Newest, HITS).unwrap();
        assert!(found.hits.is_empty() && found.next.is_some());
        costs.push(steps.load(Ordering::Relaxed));
    }
    assert_eq!(costs[0], costs[1]);
}
