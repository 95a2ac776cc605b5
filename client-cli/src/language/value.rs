//! What stands in a text: a number, or words that somebody chose.
//!
//! In: anything. Out: what may stand in a sentence of ours. This file must never let a value leave its place: words become
//! one line by the sanitizer, whoever wrote them.

use crate::sanitize;
use fluent_bundle::FluentValue;

/// One value of a text.
#[derive(Debug)]
pub(crate) struct Value(pub(super) FluentValue<'static>);

impl From<&str> for Value {
    fn from(words: &str) -> Self {
        Self(FluentValue::from(sanitize::line(words)))
    }
}

impl From<String> for Value {
    fn from(words: String) -> Self {
        Self::from(words.as_str())
    }
}

impl From<&String> for Value {
    fn from(words: &String) -> Self {
        Self::from(words.as_str())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(FluentValue::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self(FluentValue::from(number))
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self(FluentValue::from(number))
    }
}
