//! Looking for words in the conversation.
//!
//! In: words, messages that hold them. Out: rows with numbers. This file must never keep the words longer than the search
//! is open.

use super::compose::Compose;
use super::messages::Entry;
use super::rows::{self, Row};
use super::theme::Part;
use crate::language::screen as texts;

/// Hits that are shown at once: each has a key.
pub(super) const HITS: usize = 7;

/// A search.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The words, while they are typed.
    pub(super) line: Compose,
    /// The words that are looked for.
    pub(super) words: Option<String>,
    /// What was found, the newest first.
    pub(super) hits: Vec<Entry>,
    /// Where to look on.
    pub(super) next: Option<i64>,
    /// Whether it is being looked for.
    pub(super) looking: bool,
    /// The first hit in view.
    pub(super) from: usize,
    /// Rows of these that were scrolled past.
    pub(super) past: usize,
}

impl Search {
    /// Begins with these words.
    pub(super) fn begin(&mut self, words: String) {
        *self = Self { words: Some(words), looking: true, ..Self::default() };
    }

    /// Hits that have a number now.
    pub(super) fn numbered(&self) -> &[Entry] {
        let from = self.from.min(self.hits.len());
        let to = (from + HITS).min(self.hits.len());
        self.hits.get(from..to).unwrap_or_default()
    }

    /// Whether more hits are needed to fill the view.
    pub(super) fn is_hungry(&self) -> bool {
        self.looking && self.hits.len() <= self.from + HITS
    }

    /// Older hits, or newer ones.
    pub(super) fn turn(&mut self, older: bool) {
        let from = if older { self.from + HITS } else { self.from.saturating_sub(HITS) };
        if from < self.hits.len().max(1) {
            (self.from, self.past) = (from, 0);
        }
    }

    /// All rows.
    pub(super) fn rows(&self, width: usize) -> Vec<Row> {
        let Some(words) = &self.words else {
            return rows::paragraph(Part::Said, &texts::how_to_find(), width);
        };
        let words = crate::sanitize::line(words);
        let more = self.from + HITS < self.hits.len() || self.next.is_some();
        let head = match (self.is_hungry(), self.hits.is_empty()) {
            (true, _) => texts::looking(words),
            (false, true) => texts::not_found(words),
            (false, false) if more => texts::found_more(words),
            (false, false) => texts::found(words),
        };
        let mut all = rows::paragraph(Part::Said, &head, width);
        for (number, entry) in (1..).zip(self.numbered()) {
            let head = format!("{number}  ");
            let hit = format!("{head}{}", entry.text.replace('\n', " "));
            let part = if entry.ours { Part::Ours } else { Part::Theirs };
            all.extend(rows::with_head(&head, (Part::Key, part), &hit, width));
        }
        all
    }
}
