//! What comes from standard input or from a person: a message, a link, a pass, a name.
//!
//! In: bytes. Out: checked text. This file must never ask for a passphrase.

use super::Stop;
use crate::language::{command as texts, step};
use crate::names;
use cairn_protocol::limits::TEXT;
use std::io::{self, Read, Write};

/// Bytes of a link or a pass. Larger: a wrong file fills the memory. Smaller: links with long host names don't fit.
const LINE: u64 = 2048;

/// A message from standard input, exactly as it came, final newlines too.
pub(crate) fn message() -> Result<String, Stop> {
    let mut bytes = Vec::new();
    io::stdin().take(TEXT as u64 + 1).read_to_end(&mut bytes)?;
    text(bytes)
}

/// Checks a message: UTF-8 of 0 to 65,536 bytes.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Stop> {
    if bytes.len() > TEXT {
        return Err(Stop::usage(texts::long(), step::two_parts()));
    }
    String::from_utf8(bytes).map_err(|_| Stop::usage(texts::not_text(), "cairn send --help"))
}

/// A value, or the one line on standard input where it is `-`.
pub(crate) fn or_stdin(value: String) -> Result<String, Stop> {
    if value != "-" {
        return Ok(value);
    }
    let mut line = String::new();
    io::stdin().take(LINE).read_to_string(&mut line).map_err(|_| Stop::usage(texts::not_one_line(), "cairn --help"))?;
    Ok(line.trim().to_owned())
}

/// Asks the person, on standard error: standard output is for results.
pub(crate) fn ask(question: &str) -> Result<Option<String>, Stop> {
    write!(io::stderr(), "{question} ")?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// Whether what can't be undone is to be done: a whole word says so, in the person's language or in English.
pub(crate) fn yes() -> Result<bool, Stop> {
    let answer = ask(&texts::type_yes())?.unwrap_or_default().trim().to_lowercase();
    // An accent is not on every keyboard.
    Ok(answer == "yes" || answer == texts::yes() || answer == texts::yes().replace('í', "i"))
}

/// The name for a new profile: given, or asked until it can be used.
pub(crate) fn name_or_ask(given: Option<String>, may_ask: bool) -> Result<String, Stop> {
    if let Some(given) = given {
        return names::check(&given).map_err(|why| Stop::usage(why, step::other_own_name()));
    }
    if may_ask {
        while let Some(line) = ask(&texts::ask_name())? {
            match names::check(&line) {
                Ok(name) => return Ok(name),
                Err(why) => crate::output::aside(&why)?,
            }
        }
    }
    Err(Stop::usage(texts::needs_name(), step::with_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_be_empty_or_exactly_as_long_as_allowed() {
        assert_eq!(text(vec![]).unwrap(), "");
        assert_eq!(text(vec![b'a'; TEXT]).unwrap().len(), 65_536);
        assert!(matches!(text(vec![b'a'; TEXT + 1]), Err(Stop::Said { code: 2, .. })));
        assert!(matches!(text(vec![0xff]), Err(Stop::Said { code: 2, .. })));
        assert_eq!(text(b"a\r\n\n".to_vec()).unwrap(), "a\r\n\n");
    }
}
