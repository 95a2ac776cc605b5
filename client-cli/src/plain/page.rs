//! The append-only page: lines are added at its end, and nothing on it ever moves.
//!
//! In: paragraphs. Out: whole lines. What would fall into a half-typed line is held until that line is done. This file
//! must never write an escape byte: there is none in our words, and `sanitize` takes them out of everyone else's.

use crate::command::Stop;
use crate::config::Config;
use crate::output::wrap;
use std::io::{self, Write};

/// Where the conversation is printed.
#[derive(Debug)]
pub(super) struct Page {
    terminal: bool,
    held: Vec<Held>,
}

/// A paragraph, and the events that count as shown when it stands on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// The lines, or one unbroken line.
    pub(super) text: String,
    /// Whether it may be wrapped.
    pub(super) wrap: bool,
    /// Events.
    pub(super) numbers: Vec<i64>,
}

/// Choices, each a line with its number.
pub(super) fn numbered(lines: &[String]) -> impl Iterator<Item = Held> {
    (1..).zip(lines).map(|(number, line): (usize, _)| Held::of(format!("{number}  {line}")))
}

impl Held {
    /// A paragraph that stands for no event.
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), wrap: true, numbers: Vec::new() }
    }
}

impl Page {
    /// An empty page.
    pub(super) const fn new(terminal: bool) -> Self {
        Self { terminal, held: Vec::new() }
    }

    /// Adds a paragraph; it stands there when this returns.
    pub(super) fn add(&self, paragraph: &Held) -> Result<(), Stop> {
        let columns = if self.terminal { Config::columns().or(Some(80)) } else { None };
        let text = if paragraph.wrap { wrap::paragraph(&paragraph.text, columns) } else { paragraph.text.clone() };
        let mut out = io::stdout().lock();
        out.write_all((text + "\n").as_bytes())?;
        Ok(out.flush()?)
    }

    /// Keeps a paragraph for later.
    pub(super) fn hold(&mut self, paragraph: Held) {
        self.held.push(paragraph);
    }

    /// The events that wait.
    pub(super) fn pending(&self) -> Vec<i64> {
        self.held.iter().flat_map(|held| held.numbers.iter().copied()).collect()
    }

    /// Whether something waits.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was kept, in order.
    pub(super) fn release(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }
}
