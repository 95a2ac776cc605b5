//! The form of a file of vectors (`protocol/vectors/README.md`).
//!
//! In: explanations, names and values. Out: text. This file must never learn what a value means.

use super::draw::{Draw, value};
use core::fmt::Write as _;
use std::collections::BTreeSet;

/// One file.
pub(crate) struct Paper {
    name: &'static str,
    seed: String,
    text: String,
    cases: BTreeSet<String>,
    /// A case has begun and has no end.
    open: bool,
}

/// One case that is being written.
pub(crate) struct Case<'a> {
    paper: &'a mut Paper,
    name: String,
    explanation: String,
    lines: String,
    names: BTreeSet<String>,
}

impl Paper {
    /// A file with this name, and what it shows.
    pub(crate) fn new(name: &'static str, explanation: &str) -> Self {
        let seed = format!("cairn-vectors/1/{name}");
        let mut text = String::new();
        comment(&mut text, explanation);
        writeln!(text, "\nseed: {seed}").unwrap();
        Self { name, seed, text, cases: BTreeSet::new(), open: false }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The whole text.
    pub(crate) fn finish(self) -> String {
        assert!(!self.open, "{}: the last case has no end", self.name);
        self.text
    }

    /// How many cases it has.
    pub(crate) fn count(&self) -> usize {
        self.cases.len()
    }

    /// The randomness of the case with this name.
    pub(crate) fn draw(&self, case: &str) -> Draw {
        Draw::new(&self.seed, case)
    }

    /// A new case.
    pub(crate) fn case(&mut self, name: &str, explanation: &str) -> Case<'_> {
        assert!(!core::mem::replace(&mut self.open, true), "{}: the case before {name} has no end", self.name);
        assert!(self.cases.insert(name.to_owned()), "{}: two cases {name}", self.name);
        let (name, explanation) = (name.to_owned(), explanation.to_owned());
        Case { paper: self, name, explanation, lines: String::new(), names: BTreeSet::new() }
    }
}

impl Case<'_> {
    /// The randomness of this case.
    pub(crate) fn draw(&self) -> Draw {
        Draw::new(&self.paper.seed, &self.name)
    }

    fn name(&mut self, name: &str) {
        assert!(self.names.insert(name.to_owned()), "{} {}: two values {name}", self.paper.name, self.name);
    }

    /// Bytes, in hexadecimal digits.
    pub(crate) fn hex(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.name(name);
        writeln!(self.lines, "{}", format!("{name}: {}", hex(bytes)).trim_end()).unwrap();
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &str, number: impl Into<u64>) -> &mut Self {
        self.name(name);
        writeln!(self.lines, "{name} = {}", number.into()).unwrap();
        self
    }

    /// A text, in quotation marks; what is not a plain ASCII letter stands as `\uXXXX`.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.name(name);
        writeln!(self.lines, "{name} = {}", quoted(text)).unwrap();
        self
    }

    /// Draws a value and writes it down.
    pub(crate) fn random<const N: usize>(&mut self, name: &str) -> [u8; N] {
        let bytes = value(&self.paper.seed, &self.name, name, N);
        self.drawn(vec![(name.to_owned(), bytes.clone())]);
        bytes.try_into().unwrap()
    }

    /// Writes down what was drawn elsewhere.
    pub(crate) fn drawn(&mut self, values: Vec<(String, Vec<u8>)>) -> &mut Self {
        for (name, bytes) in values {
            self.name(&name);
            writeln!(self.lines, "random {name}: {}", hex(&bytes)).unwrap();
        }
        self
    }

    /// Ends a case that a reader must accept.
    pub(crate) fn accepted(&mut self) {
        self.end("accepted");
    }

    /// Ends a case that a reader must refuse, in the words of the page.
    pub(crate) fn refused(&mut self, words: &str) {
        self.end(&format!("refused: {words}"));
    }

    /// Ends a case with what the page says of it.
    pub(crate) fn end(&mut self, expect: &str) {
        assert!(core::mem::replace(&mut self.paper.open, false), "{} ends twice", self.name);
        let text = &mut self.paper.text;
        writeln!(text, "\ncase: {}", self.name).unwrap();
        comment(text, &self.explanation);
        writeln!(text, "expect: {expect}").unwrap();
        text.push_str(&self.lines);
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)).filter(|plain| matches!(plain, ' '..='~')) {
            Some(mark @ ('"' | '\\')) => write!(quoted, "\\{mark}").unwrap(),
            Some(plain) => quoted.push(plain),
            None => write!(quoted, "\\u{unit:04x}").unwrap(),
        }
    }
    quoted + "\""
}

/// Lines of at most 100 characters, each behind `# `; an empty line begins a paragraph.
fn comment(text: &mut String, explanation: &str) {
    for paragraph in explanation.split("\n\n") {
        if text.ends_with('\n') && text.lines().last().is_some_and(|line| line.starts_with("# ")) {
            text.push_str("#\n");
        }
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > 100 {
                writeln!(text, "{line}").unwrap();
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        writeln!(text, "{line}").unwrap();
    }
}
