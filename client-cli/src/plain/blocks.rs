//! Text in blocks of so many words, for whoever would rather read slowly: the next block comes with Enter.
//!
//! In: paragraphs. Out: those that may stand on the page now. This file must never lose one, nor let the rest of a message
//! begin at the edge, where the program's own lines begin.

use super::page::Held;
use crate::output::wrap::INDENT;
use std::collections::VecDeque;

/// Paragraphs that wait for Enter.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    waiting: VecDeque<Held>,
    /// Words of this block that stand on the page.
    used: usize,
    /// Whether it was said that there is more.
    told: bool,
}

impl Blocks {
    /// A new block begins.
    pub(super) fn begin(&mut self) {
        (self.used, self.told) = (0, false);
    }

    /// A paragraph comes behind all that waits, in pieces of at most so many words.
    pub(super) fn push(&mut self, paragraph: &Held, most: usize) {
        if !paragraph.wrap {
            self.waiting.push_back(paragraph.clone());
            return;
        }
        let pieces = pieces(&paragraph.text, most);
        let last = pieces.len().saturating_sub(1);
        for (number, piece) in pieces.into_iter().enumerate() {
            let text = if number == 0 { piece } else { format!("{INDENT}{piece}") };
            // All of it stands there when its last words do.
            let numbers = if number == last { paragraph.numbers.clone() } else { Vec::new() };
            self.waiting.push_back(Held { text, wrap: true, numbers });
        }
    }

    /// What may stand on the page now: nothing waits, or the block is full.
    pub(super) fn next(&mut self, most: usize) -> Option<Held> {
        let words = self.waiting.front().map(|held| if held.wrap { count(&held.text) } else { 0 })?;
        if self.used > 0 && self.used + words > most {
            return None;
        }
        self.used += words;
        self.waiting.pop_front()
    }

    /// Whether it is to be said that there is more: once for each block.
    pub(super) fn tells(&mut self) -> bool {
        let tells = self.waits() && !self.told;
        self.told |= tells;
        tells
    }

    /// Whether something waits.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The events that wait.
    pub(super) fn pending(&self) -> impl Iterator<Item = i64> {
        self.waiting.iter().flat_map(|held| held.numbers.iter().copied())
    }

    /// All that waits.
    pub(super) fn take(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.waiting).into()
    }
}

fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The text in pieces of at most so many words, its line breaks kept within them.
fn pieces(text: &str, most: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut words = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let is_word = !word.trim().is_empty();
        if is_word && words >= most.max(1) {
            pieces.push(String::new());
            words = 0;
        }
        words += usize::from(is_word);
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(word);
        }
    }
    pieces.iter_mut().for_each(|piece| piece.truncate(piece.trim_end().len()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(text: &str, number: i64) -> Held {
        Held { text: text.into(), wrap: true, numbers: vec![number] }
    }

    fn block(blocks: &mut Blocks, most: usize) -> Vec<Held> {
        blocks.begin();
        std::iter::from_fn(|| blocks.next(most)).collect()
    }

    #[test]
    fn a_long_message_comes_in_blocks_whole_and_in_order_and_counts_as_shown_with_its_last_words() {
        let text = format!("Dana, 2:02 PM: {}", (0..100).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" "));
        let mut blocks = Blocks::default();
        blocks.push(&numbered(&text, 7), 20);
        blocks.push(&Held::of("and the next"), 20);
        let (mut all, mut shown, mut rounds) = (Vec::new(), Vec::new(), 0);
        while blocks.waits() {
            let now = block(&mut blocks, 20);
            assert!(now.iter().map(|held| count(&held.text)).sum::<usize>() <= 20);
            assert_eq!(blocks.tells(), blocks.waits(), "it is said that there is more");
            assert!(!blocks.tells(), "once");
            for held in now {
                assert!(
                    all.is_empty() || held.text.starts_with(INDENT) || held.text.starts_with("and"),
                    "{}",
                    held.text
                );
                shown.extend(held.numbers);
                all.extend(held.text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            }
            assert_eq!(blocks.pending().count() + shown.len(), 1);
            rounds += 1;
        }
        assert_eq!(rounds, 6);
        assert_eq!(all.join(" "), text + " and the next");
    }

    #[test]
    fn short_things_share_a_block_and_a_link_stays_whole() {
        let mut blocks = Blocks::default();
        blocks.push(&Held::of("one two"), 3);
        blocks.push(&Held { text: "\nCAIRN:AB CD\n".into(), wrap: false, numbers: vec![] }, 3);
        blocks.push(&Held::of("three\nfour"), 3);
        assert_eq!(block(&mut blocks, 3).len(), 2);
        assert_eq!(block(&mut blocks, 3), [Held::of("three\nfour")]);
        assert!(!blocks.tells());
    }
}
