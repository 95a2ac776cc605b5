//! The pace of the page: all at once, or in blocks.
//!
//! In: paragraphs, lines that were typed. Out: what stands on the page now. This file must never take a line for Enter that
//! says something.

use super::Face;
use super::page::Held;
use super::typing::Input;
use crate::command::Stop;
use crate::language::settings as texts;
use crate::settings::Pace;

impl Face<'_> {
    /// How many words a block has; none: there are no blocks.
    fn block(&self) -> Option<usize> {
        // Where nobody sits there is nobody to press Enter.
        let person = self.run.config.terminal && self.run.config.may_ask;
        let settings = &self.app.settings;
        (person && settings.pace == Pace::Slow).then(|| settings.block.words())
    }

    /// Prints a paragraph, or as much of it as the block has room for.
    pub(super) fn add(&mut self, paragraph: &Held) -> Result<(), Stop> {
        match self.block() {
            Some(most) => {
                self.blocks.push(paragraph, most);
                self.fill(most)
            }
            None => self.print(paragraph),
        }
    }

    fn fill(&mut self, most: usize) -> Result<(), Stop> {
        while let Some(paragraph) = self.blocks.next(most) {
            self.print(&paragraph)?;
        }
        if self.blocks.tells() { self.print(&Held::of(texts::more())) } else { Ok(()) }
    }

    /// All that waits is printed: the person is about to be asked something, or to leave.
    pub(super) fn add_the_rest(&mut self) -> Result<(), Stop> {
        self.blocks.take().iter().try_for_each(|paragraph| self.print(paragraph))
    }

    /// Something was typed: the next block. Whether it was only the wish for one.
    pub(super) fn takes_for_more(&mut self, input: &Input) -> Result<bool, Stop> {
        let waited = self.blocks.waits();
        self.blocks.begin();
        match self.block() {
            Some(most) => self.fill(most)?,
            // The pace was changed meanwhile.
            None => self.add_the_rest()?,
        }
        Ok(waited && matches!(input, Input::Line(line) if line.trim_ascii().is_empty()))
    }
}
