//! What people read, in the language that they chose.
//!
//! In: the name of a text and the values that stand in it. Out: one paragraph, sanitized. Texts are compiled in; no file is
//! read at run time. This folder must never learn where a text is shown, nor fail: a text is always there.
//!
//! A new text: its name and values in `texts.rs`, its words in `en/` and `es/` under `area-name`. The tests of `checks.rs`
//! then hold it to the rules: both languages, the same values, no frightening and no long word.

mod catalog;
#[cfg(test)]
pub(crate) mod checks;
mod chosen;
mod system;
mod texts;
mod value;

pub(crate) use catalog::speak;
pub(crate) use system::system;
pub(crate) use texts::*;

/// A language that all texts are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them, the first one stands in where nothing else is said.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Two letters, as in `LANG`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// Its own name for itself: whoever looks for it may read no other.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }
}
