//! What comes from standard input or from a person: a message, a link, a pass, a name.
//!
//! In: bytes. Out: checked text. This file must never ask for a passphrase.

use super::Stop;
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
        return Err(Stop::usage("The message is longer than 65,536 bytes. Nothing was sent.", "send it in two parts"));
    }
    String::from_utf8(bytes)
        .map_err(|_| Stop::usage("The message is not text (UTF-8). Nothing was sent.", "cairn send --help"))
}

/// A value, or the one line on standard input where it is `-`.
pub(crate) fn or_stdin(value: String) -> Result<String, Stop> {
    if value != "-" {
        return Ok(value);
    }
    let mut line = String::new();
    io::stdin()
        .take(LINE)
        .read_to_string(&mut line)
        .map_err(|_| Stop::usage("Standard input did not give one line of text.", "cairn --help"))?;
    Ok(line.trim().to_owned())
}

/// Asks the person, on standard error: standard output is for results.
pub(crate) fn ask(question: &str) -> Result<Option<String>, Stop> {
    write!(io::stderr(), "{question}")?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

/// The name for a new profile: given, or asked until it can be used.
pub(crate) fn name_or_ask(given: Option<String>, may_ask: bool) -> Result<String, Stop> {
    if let Some(given) = given {
        return names::check(&given).map_err(|why| Stop::usage(why, "the same command with another --name"));
    }
    if may_ask {
        while let Some(line) = ask("A name for the other person to see: ")? {
            match names::check(&line) {
                Ok(name) => return Ok(name),
                Err(why) => crate::output::aside(&why)?,
            }
        }
    }
    Err(Stop::usage("A new profile needs a name.", "the same command with --name NAME"))
}

/// A name as the next command takes it.
pub(crate) fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
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
