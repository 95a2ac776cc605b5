//! One line for programs: a JSON object that starts with its version and its type.
//!
//! In: a type and fields. Out: text without a line end. This file must never learn what the fields mean.

use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// A line; its fields keep their order.
#[derive(Debug)]
pub struct Line(Vec<(String, Value)>);

impl Line {
    /// A line of this type.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self(vec![("v".into(), 1.into()), ("type".into(), kind.into())])
    }

    /// The line with one more field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_starts_with_version_and_type_and_keeps_its_order() {
        let line = Line::new("pass").with("pass", "a\"b\n").with("uses", 3).with("none", Value::Null);
        assert_eq!(line.to_string(), r#"{"v":1,"type":"pass","pass":"a\"b\n","uses":3,"none":null}"#);
    }
}
