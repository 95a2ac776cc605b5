//! The conversation as far as it is loaded, and which part of it is in view.
//!
//! In: pages of messages, notes, arrows. Out: rows that fit, and which messages they show from beginning to end. However
//! long the conversation is, only what is near the view is held and broken into rows. This file must never call a message
//! shown that was not.

use super::rows::{self, Row};
use super::theme::Part;
use crate::engine::model::{Direction, Message, Page, Placed};
use crate::language::screen as texts;
use crate::output::human;
use crate::sanitize;
use std::collections::BTreeMap;

/// Messages that are loaded beyond the view, besides a screen of them. Larger: more memory. Smaller: each step loads.
const MARGIN: usize = 32;

/// Notes that are held. Larger: a relay that comes and goes fills the memory. Smaller: one is gone before it is read.
const NOTES: usize = 200;

/// A message as it stands in the conversation.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) place: i64,
    pub(super) ours: bool,
    pub(super) unread: bool,
    /// Who, and when.
    pub(super) head: String,
    /// The head and what was written.
    pub(super) text: String,
}

impl Entry {
    /// A message, made safe to show.
    pub(super) fn of(placed: &Placed) -> Self {
        Self { unread: placed.unread, ..Self::written(placed.place, &placed.message) }
    }

    /// The same, of a message that stands somewhere else.
    pub(super) fn written(place: i64, message: &Message) -> Self {
        let text = human::message(message);
        let written = sanitize::text(&message.text);
        let head = text.strip_suffix(&written).filter(|_| !written.is_empty()).unwrap_or(&text).to_owned();
        Self { place, ours: message.direction == Direction::Out, unread: false, head, text }
    }

    fn rows(&self, width: usize) -> Vec<Row> {
        let part = if self.ours { Part::Ours } else { Part::Theirs };
        rows::with_head(&self.head, (Part::Author, part), &self.text, width)
    }
}

/// Something that was said between messages.
#[derive(Debug, Clone)]
struct Note {
    /// The last message before it.
    after: i64,
    text: String,
    /// The event that it tells of, until it was shown.
    number: Option<i64>,
}

/// A place between or in things of the conversation: a message, where it is none a note behind it.
type Key = (i64, usize);

/// The conversation near the view.
#[derive(Debug, Default)]
pub(super) struct Messages {
    entries: Vec<Entry>,
    notes: Vec<Note>,
    /// Whether there are messages before those loaded, and behind.
    older: bool,
    newer: bool,
    /// What stands in the first row, and which of its rows; none: the end is in view.
    top: Option<(Key, usize)>,
    /// The first message that was new when the conversation was opened.
    fresh: Option<i64>,
    /// Which rows of unread messages were shown: the first, the last.
    shown: BTreeMap<i64, (bool, bool)>,
}

/// What can be seen of it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: Vec<Row>,
    /// Whether there is more above, and below.
    pub(super) above: bool,
    pub(super) below: bool,
    /// Messages and events of which a first or a last row is in view.
    begun: Vec<i64>,
    ended: Vec<i64>,
    pub(super) numbers: Vec<i64>,
}

impl Seen {
    /// Whether this message begins in view.
    pub(super) fn begins(&self, place: i64) -> bool {
        self.begun.contains(&place)
    }
}

/// One thing of the conversation, broken into rows.
struct Block {
    rows: Vec<Row>,
    place: Option<i64>,
    number: Option<i64>,
}

impl Messages {
    /// How many messages to load for a view of so many rows.
    pub(super) const fn wanted(height: usize) -> usize {
        height + MARGIN
    }

    /// Another conversation, from its end or from what is new.
    pub(super) fn open(&mut self, page: &[Placed], asked: Page, most: usize, fresh: Option<i64>) {
        *self = Self { fresh, ..Self::default() };
        self.take(page, asked, most);
    }

    /// Takes in a page that was asked for.
    pub(super) fn take(&mut self, page: &[Placed], asked: Page, most: usize) {
        self.put(page.iter().map(Entry::of).collect(), asked, most);
    }

    fn put(&mut self, entries: Vec<Entry>, asked: Page, most: usize) {
        let full = entries.len() >= most;
        match asked {
            Page::Newest => (self.older, self.newer, self.entries) = (full, false, entries),
            Page::Before(place) => {
                self.older = full;
                self.entries.retain(|entry| entry.place >= place);
                self.entries.splice(0..0, entries);
            }
            Page::From(place) => {
                self.newer = full;
                self.entries.retain(|entry| entry.place < place);
                // Nobody has looked yet what stands before it.
                self.older |= self.entries.is_empty();
                self.entries.extend(entries);
            }
        }
        if self.entries.is_empty() {
            self.top = None;
        }
        if let (false, Some(last)) = (self.newer, self.entries.last()) {
            // The end is known now: what was said meanwhile stands behind it, and before what comes later.
            self.notes.iter_mut().filter(|note| note.after == i64::MAX).for_each(|note| note.after = last.place);
        }
    }

    /// Shows this message first.
    pub(super) fn show_from(&mut self, place: i64) {
        self.top = Some(((place, 0), 0));
    }

    /// What has to be loaded before the view can move on, if anything.
    pub(super) fn missing(&mut self, height: usize) -> Option<Page> {
        let first = self.entries.first()?.place;
        let last = self.entries.last()?.place;
        let Some(((top, _), _)) = self.top else {
            if self.newer {
                return Some(Page::Newest);
            }
            // What was scrolled past long ago is given back.
            let most = 4 * Self::wanted(height);
            if self.entries.len() > most {
                self.entries.drain(..self.entries.len() - most);
                self.older = true;
            }
            return (self.older && self.entries.len() < height + 1).then_some(Page::Before(first));
        };
        let before = self.entries.iter().take_while(|entry| entry.place < top).count();
        let behind = self.entries.len() - before;
        let most = 2 * Self::wanted(height);
        if before > most {
            self.entries.drain(..before - most);
            self.older = true;
        }
        if behind > 2 * most {
            self.entries.truncate(self.entries.len() - (behind - 2 * most));
            self.newer = true;
        }
        if self.older && before <= height {
            return Some(Page::Before(first));
        }
        (self.newer && behind <= 2 * height).then_some(Page::From(last + 1))
    }

    /// What to load anew after something has changed: all that is held, and what may stand behind it.
    pub(super) fn again(&self, height: usize) -> (Page, usize) {
        let most = Self::wanted(height);
        match self.entries.first() {
            Some(first) if self.top.is_some() => (Page::From(first.place), self.entries.len() + most),
            _ => (Page::Newest, most),
        }
    }

    /// Says something between messages: behind the last one there is.
    pub(super) fn note(&mut self, text: String, number: Option<i64>) {
        let after = if self.newer { i64::MAX } else { self.entries.last().map_or(0, |entry| entry.place) };
        if self.top.is_none() && self.notes.len() >= NOTES {
            self.notes.drain(..NOTES / 2);
        }
        self.notes.push(Note { after, text, number });
    }

    /// Events that wait to be seen.
    pub(super) fn pending(&self) -> impl Iterator<Item = i64> {
        self.notes.iter().filter_map(|note| note.number)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the end is in view.
    pub(super) fn at_end(&self) -> bool {
        self.top.is_none()
    }

    /// The end is to be in view.
    pub(super) fn go_to_end(&mut self) {
        self.top = None;
    }

    /// The message before or behind this one, as far as it is loaded.
    pub(super) fn neighbour(&self, place: i64, by: isize) -> Option<&Entry> {
        let here = self.entries.iter().position(|entry| entry.place == place)?;
        self.entries.get(here.checked_add_signed(by)?)
    }

    /// A message that is loaded.
    pub(super) fn entry(&self, place: i64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.place == place)
    }

    /// The message to read first: the one in the first row, or the last where the end is in view.
    pub(super) fn reading(&self) -> Option<i64> {
        let there = self.top.and_then(|((top, _), _)| self.entries.iter().find(|entry| entry.place >= top));
        there.or(self.entries.last()).map(|entry| entry.place)
    }

    /// All keys, in order.
    fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.entries.iter().map(|entry| (entry.place, 0)).collect();
        let first = if self.older { keys.first().map_or(0, |key| key.0) } else { 0 };
        let notes = self.notes.iter().enumerate().filter(|(_, note)| note.after >= first);
        // A note stands behind the message that it follows.
        keys.extend(
            notes.filter(|(_, note)| note.after < i64::MAX || !self.newer).map(|(at, note)| (note.after, at + 1)),
        );
        keys.sort_unstable();
        keys
    }

    fn block(&self, key: Key, width: usize) -> Block {
        let note = key.1.checked_sub(1).and_then(|at| self.notes.get(at));
        let found = self.entries.binary_search_by_key(&key.0, |entry| entry.place).ok();
        match (note, found.and_then(|at| self.entries.get(at))) {
            (Some(note), _) => {
                let part = if note.number.is_some() { Part::New } else { Part::Said };
                Block { rows: rows::paragraph(part, &note.text, width), place: None, number: note.number }
            }
            (None, Some(entry)) => {
                let mut all = Vec::new();
                if self.fresh == Some(entry.place) {
                    all.extend(rows::paragraph(Part::New, &texts::new_from_here(), width));
                }
                all.extend(entry.rows(width));
                Block { rows: all, place: Some(entry.place), number: None }
            }
            (None, None) => Block { rows: Vec::new(), place: None, number: None },
        }
    }

    /// The first row that is in view when the end is.
    fn top_at_end(&self, keys: &[Key], width: usize, height: usize) -> Option<(Key, usize)> {
        let mut room = height;
        for key in keys.iter().rev() {
            let rows = self.block(*key, width).rows.len();
            if rows >= room {
                return Some((*key, rows - room));
            }
            room -= rows;
        }
        keys.first().map(|first| (*first, 0))
    }

    /// What is in view. `said` are rows of ours that stand behind everything.
    pub(super) fn seen(&self, width: usize, height: usize, said: &[Row]) -> Seen {
        let keys = self.keys();
        let at_end = self.top.is_none();
        let room = if at_end { height.saturating_sub(said.len()) } else { height };
        let top = match self.top {
            Some(top) => Some(top),
            None => self.top_at_end(&keys, width, room),
        };
        let mut seen = Seen::default();
        let Some((first, skip)) = top else {
            seen.rows.extend(said.iter().take(height).cloned());
            return seen;
        };
        let start = keys.partition_point(|key| *key < first);
        seen.above = self.older || start > 0 || skip > 0;
        let mut skip = if keys.get(start) == Some(&first) { skip } else { 0 };
        for key in keys.iter().skip(start) {
            if seen.rows.len() >= room {
                seen.below = true;
                break;
            }
            let block = self.block(*key, width);
            let left = room - seen.rows.len();
            let ends = block.rows.len().saturating_sub(skip) <= left;
            if skip == 0 {
                seen.begun.extend(block.place);
            }
            if ends {
                seen.ended.extend(block.place);
                seen.numbers.extend(block.number);
            }
            seen.below |= !ends;
            seen.rows.extend(block.rows.into_iter().skip(skip).take(left));
            skip = 0;
        }
        seen.below |= self.newer;
        if at_end {
            seen.rows.extend(said.iter().take(height - seen.rows.len()).cloned());
        } else if !seen.below {
            seen.below = !said.is_empty();
        }
        seen
    }

    /// Moves the view by so many rows.
    pub(super) fn scroll(&mut self, by: isize, width: usize, height: usize) {
        let keys = self.keys();
        let end = self.top_at_end(&keys, width, height);
        let Some((mut key, mut row)) = self.top.or(end) else { return };
        let mut at = keys.partition_point(|one| *one < key).min(keys.len().saturating_sub(1));
        let mut left = by.unsigned_abs();
        if by < 0 {
            while left > row {
                left -= row;
                let Some(before) = at.checked_sub(1).and_then(|before| keys.get(before)) else {
                    (left, row) = (0, 0);
                    break;
                };
                (at, key, row) = (at - 1, *before, self.block(*before, width).rows.len());
            }
            row = row.saturating_sub(left);
        }
        if by > 0 {
            loop {
                let rows = self.block(key, width).rows.len();
                if row + left < rows {
                    row += left;
                    break;
                }
                left -= rows.saturating_sub(row).min(left);
                let Some(next) = keys.get(at + 1) else { break };
                (at, key, row) = (at + 1, *next, 0);
            }
        }
        let passed = end.is_none_or(|(end_key, end_row)| (key, row) >= (end_key, end_row));
        self.top = if passed && !self.newer { None } else { Some((key, row)) };
    }

    /// This was drawn: messages of which all was shown by now, and events.
    pub(super) fn drawn(&mut self, seen: &Seen) -> (Vec<i64>, Vec<i64>) {
        let unread = |entries: &[Entry], place: i64| entries.iter().any(|entry| entry.place == place && entry.unread);
        for place in seen.begun.iter().filter(|place| unread(&self.entries, **place)) {
            self.shown.entry(*place).or_default().0 = true;
        }
        for place in seen.ended.iter().filter(|place| unread(&self.entries, **place)) {
            self.shown.entry(*place).or_default().1 = true;
        }
        let whole: Vec<i64> =
            self.shown.extract_if(.., |_, ends| *ends == (true, true)).map(|(place, _)| place).collect();
        for entry in self.entries.iter_mut().filter(|entry| whole.contains(&entry.place)) {
            entry.unread = false;
        }
        for note in
            self.notes.iter_mut().filter(|note| note.number.is_some_and(|number| seen.numbers.contains(&number)))
        {
            note.number = None;
        }
        (whole, seen.numbers.clone())
    }

    /// A message was shown whole in another way; whether it was new.
    pub(super) fn read(&mut self, place: i64) -> bool {
        let entry = self.entries.iter_mut().find(|entry| entry.place == place);
        entry.is_some_and(|entry| std::mem::take(&mut entry.unread))
    }
}

#[cfg(test)]
pub(super) mod tests;
