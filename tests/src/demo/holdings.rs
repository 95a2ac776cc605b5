//! What the relay holds, in the words of its own `dump`.
//!
//! In: JSON lines. Out: short lines, nothing left out but the version of the format. This file must never learn what a
//! field means: a field that is new to it is shown like all others.

use serde_json::Value;

/// Identifiers longer than this are shortened.
const SHOWN: usize = 8;

/// All that a dump says of what is held; its notes explain, and are shown apart.
#[must_use]
pub(super) fn in_words(dump: &[Value]) -> Vec<String> {
    let held = dump.iter().filter(|line| kind(line) != "note");
    let entries: Vec<Vec<String>> = held.map(entry).collect();
    // An empty line between two entries.
    entries.join(&String::new())
}

fn kind(line: &Value) -> &str {
    line.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn entry(line: &Value) -> Vec<String> {
    let Some(fields) = line.as_object() else { return vec![shortened(line)] };
    let rest = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "v" | "type"));
    std::iter::once(kind(line).replace('_', " ").to_uppercase())
        .chain(rest.map(|(name, value)| format!("{}: {}", name.replace('_', " "), shortened(value))))
        .collect()
}

fn shortened(value: &Value) -> String {
    match value {
        // A count of eight bytes.
        Value::String(text) if text.len() == 2 * SHOWN && text.starts_with("00000000") => {
            u64::from_str_radix(text, 16).map_or_else(|_| text.clone(), |number| number.to_string())
        }
        Value::String(text) if is_identifier(text) => text.chars().take(SHOWN).chain(std::iter::once('…')).collect(),
        Value::String(text) => text.clone(),
        Value::Null => "none".into(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(shortened).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, value)| format!("{name} {}", shortened(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Long and without meaning for a reader: hexadecimal, base 32 or base 64.
fn is_identifier(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    text.len() > 2 * SHOWN && text.bytes().all(plain) && text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identifiers_are_shortened_and_every_field_is_shown() {
        let id = "3fa91c0e5d6b7a8890123456789abcde";
        let note = json!({"v": 1, "type": "note", "text": "for people"});
        let count = json!({"v": 1, "type": "store", "generation": "000000000000000a"});
        let line = json!({"v": 1, "type": "mailbox", "id": id, "waiting": 2, "new_thing": null, "day": "2026-11-21"});
        let shown = in_words(&[note, count, line]);
        let mailbox = ["MAILBOX", "day: 2026-11-21", "id: 3fa91c0e…", "new thing: none", "waiting: 2"];
        assert_eq!(shown, [&["STORE", "generation: 10", ""][..], &mailbox].concat());
    }
}
