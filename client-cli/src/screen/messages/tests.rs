//! The view of a conversation, moved about and checked row by row. Tests only.
//!
//! In: messages by number. Out: what is in view. This file must never be part of the program.

use super::*;

const WIDTH: usize = 30;

/// A message of a few rows.
pub(crate) fn entry(place: i64, unread: bool) -> Entry {
    let words = if place % 3 == 0 { " with more words than fit into one row of the view" } else { "" };
    written(place, place % 2 == 0, unread, &format!("message {place}{words}."))
}

/// A message with these words.
pub(crate) fn written(place: i64, ours: bool, unread: bool, words: &str) -> Entry {
    let head = if ours { "You, 2:02 PM: ".to_owned() } else { "Robin, 2:03 PM: ".to_owned() };
    Entry { place, ours, unread, text: format!("{head}{words}"), head }
}

/// A conversation that has these.
pub(crate) fn holding(entries: Vec<Entry>, fresh: Option<i64>) -> Messages {
    let mut messages = Messages { fresh, ..Messages::default() };
    messages.put(entries, Page::Newest, usize::MAX);
    messages
}

fn text(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.0.iter().map(|span| span.1.as_str()).collect()).collect()
}

/// A vault of so many messages, of which pages are loaded as the view asks for them.
struct World {
    messages: Messages,
    all: i64,
    loads: usize,
    unread_from: i64,
    read: Vec<i64>,
}

impl World {
    fn new(all: i64, unread_from: i64, height: usize) -> Self {
        let mut world = Self { messages: Messages::default(), all, loads: 0, unread_from, read: Vec::new() };
        world.load(Page::Newest, Messages::wanted(height));
        world
    }

    fn load(&mut self, page: Page, most: usize) {
        self.loads += 1;
        let count = i64::try_from(most).unwrap();
        let (from, to) = match page {
            Page::Newest => ((self.all - count + 1).max(1), self.all),
            Page::Before(place) => ((place - count).max(1), place - 1),
            Page::From(place) => (place, (place + count - 1).min(self.all)),
        };
        let unread = |place| place >= self.unread_from && !self.read.contains(&place);
        self.messages.put((from..=to).map(|place| entry(place, unread(place))).collect(), page, most);
    }

    fn look(&mut self, height: usize) -> Vec<String> {
        for _ in 0..8 {
            let Some(page) = self.messages.missing(height) else { break };
            self.load(page, Messages::wanted(height));
        }
        assert!(self.messages.missing(height).is_none(), "loading comes to an end");
        let seen = self.messages.seen(WIDTH, height, &[]);
        let (read, _) = self.messages.drawn(&seen);
        self.read.extend(read);
        text(&seen.rows)
    }
}

/// All rows of a conversation of so many messages.
fn whole(all: i64) -> Vec<String> {
    text(&(1..=all).flat_map(|place| entry(place, false).rows(WIDTH)).collect::<Vec<_>>())
}

#[test]
fn every_row_of_a_long_conversation_is_passed_on_the_way_up_and_on_the_way_down() {
    let (all, height) = (400, 7);
    let rows = whole(all);
    let mut world = World::new(all, i64::MAX, height);
    assert_eq!(world.look(height), rows[rows.len() - height..]);
    let mut at = rows.len() - height;
    while at > 0 {
        let step = 5.min(at);
        world.messages.scroll(-isize::try_from(step).unwrap(), WIDTH, height);
        at -= step;
        assert_eq!(world.look(height), rows[at..at + height], "row {at} on the way up");
        assert!(world.messages.entries.len() < 300, "what is far away is given back");
    }
    let up = world.loads;
    while at < rows.len() - height {
        let step = 6.min(rows.len() - height - at);
        world.messages.scroll(isize::try_from(step).unwrap(), WIDTH, height);
        at += step;
        assert_eq!(world.look(height), rows[at..at + height], "row {at} on the way down");
    }
    assert!(world.messages.at_end());
    assert!(up < 40 && world.loads - up < 40, "{up} and {}", world.loads - up);
}

#[test]
fn only_what_was_in_view_from_its_first_row_to_its_last_is_shown() {
    let height = 5;
    let mut world = World::new(50, 41, height);
    world.look(height);
    assert!(world.read.contains(&50) && !world.read.contains(&45), "{:?}", world.read);
    let before = world.read.clone();
    world.look(height);
    assert_eq!(world.read, before, "nothing is marked twice");
    while !world.read.contains(&41) {
        world.messages.scroll(-1, WIDTH, height);
        world.look(height);
    }
    world.read.sort_unstable();
    assert_eq!(world.read, (41..=50).collect::<Vec<_>>());
}

#[test]
fn a_message_longer_than_the_view_is_shown_when_both_its_ends_were() {
    let mut messages = holding(vec![written(1, false, true, &"many words ".repeat(40))], None);
    let end = messages.seen(WIDTH, 5, &[]);
    assert_eq!(messages.drawn(&end).0, Vec::<i64>::new());
    messages.scroll(-1000, WIDTH, 5);
    let begin = messages.seen(WIDTH, 5, &[]);
    assert!(begin.below && !begin.above);
    assert_eq!(messages.drawn(&begin).0, [1]);
}

#[test]
fn what_comes_does_not_move_what_is_being_read() {
    let height = 6;
    let mut world = World::new(100, i64::MAX, height);
    world.messages.scroll(-20, WIDTH, height);
    let before = world.look(height);
    world.all += 30;
    world.unread_from = 101;
    let (page, most) = world.messages.again(height);
    world.load(page, most);
    world.messages.note("The relay can't be reached.".into(), None);
    assert_eq!(world.look(height), before);
    assert!(world.read.is_empty());
    world.messages.go_to_end();
    let end = world.look(height);
    assert!(end.iter().any(|row| row.contains("message 130")), "{end:?}");
}

#[test]
fn notes_stand_behind_the_message_they_followed_and_their_events_are_told_once() {
    let mut messages = holding(vec![entry(1, false), entry(2, false)], None);
    messages.note("2 messages did not arrive here.".into(), Some(77));
    messages.put(vec![entry(3, false)], Page::From(3), 10);
    assert_eq!(messages.pending().collect::<Vec<_>>(), [77]);
    let seen = messages.seen(60, 9, &[]);
    let rows = text(&seen.rows);
    let place = |what: &str| rows.iter().position(|row| row.contains(what)).unwrap();
    assert!(place("message 2") < place("did not arrive") && place("did not arrive") < place("message 3"), "{rows:?}");
    assert_eq!(messages.drawn(&seen).1, [77]);
    assert_eq!(messages.pending().count(), 0);
    let again = messages.seen(60, 9, &[]);
    assert_eq!(messages.drawn(&again).1, Vec::<i64>::new());
}

#[test]
fn what_was_said_while_the_end_was_not_loaded_stands_before_what_comes_later() {
    let height = 6;
    let mut world = World::new(200, i64::MAX, height);
    while !world.messages.newer {
        world.messages.scroll(-1000, WIDTH, height);
        world.look(height);
    }
    world.messages.note("said".into(), None);
    world.messages.go_to_end();
    assert_eq!(world.look(height).last().unwrap(), "said");
    world.all += 2;
    let (page, most) = world.messages.again(height);
    world.load(page, most);
    let end = world.look(height);
    let place = |what: &str| end.iter().position(|row| row.contains(what));
    assert!(place("said").is_some() && place("said") < place("message 201"), "{end:?}");
}

#[test]
fn only_so_many_notes_are_held() {
    let mut messages = holding(vec![entry(1, false)], None);
    (0..5000).for_each(|number| messages.note(format!("note {number}"), None));
    assert!(messages.notes.len() <= NOTES);
    let rows = text(&messages.seen(WIDTH, 3, &[]).rows);
    assert_eq!(rows[2], "note 4999");
}

#[test]
fn any_size_and_any_steps_leave_a_view_that_fits() {
    let mut state = 11_u32;
    let mut world = World::new(60, 50, 4);
    for _ in 0..3000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (width, height) = (1 + (state >> 8) as usize % 40, (state >> 16) as usize % 9);
        world.messages.scroll(((state >> 24) as isize % 40) - 20, width, height);
        let seen = world.messages.seen(width, height, &[Row::of(Part::Said, "said")]);
        assert!(seen.rows.len() <= height, "{} rows of {height}", seen.rows.len());
        world.look(height);
    }
}
