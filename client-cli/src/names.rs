//! What may be a name that a person gives.
//!
//! In: a line. Out: the name, or why not. This file must never learn whose it is.

use crate::language::said as texts;
use cairn_protocol::limits::NAME;

/// One line of 1 to 64 bytes, without the spaces around it.
pub(crate) fn check(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(texts::name_empty());
    }
    if text.len() > NAME {
        return Err(texts::name_long(NAME));
    }
    if text.chars().any(char::is_control) {
        return Err(texts::name_line());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_is_not_empty_and_not_too_long() {
        assert_eq!(check(" Dana \n").as_deref(), Ok("Dana"));
        for bad in ["", "  ", "a\nb", "a\x1b[2J", &"x".repeat(65)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
