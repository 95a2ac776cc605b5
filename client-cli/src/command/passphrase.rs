//! Where a passphrase comes from: a file, a command, or the person.
//!
//! In: the options, the terminal. Out: a passphrase that wipes itself. This file must never print one, nor take one
//! from an argument or the environment.

use super::{Hidden, Stop};
use crate::config::{Config, PassphraseSource};
use crate::engine::Fault;
use crate::engine::notice::center;
use crate::home::Home;
use crate::language::{command as texts, said, step, system as why};
use crate::output::card::{HELP, card};
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Bytes of a passphrase. Larger: a wrong file fills the memory. Smaller: nobody types that much.
const LONGEST: u64 = 4096;

/// How often a person is asked.
const TRIES: usize = 3;

/// The passphrase that a file or a command gives, if one of them was named.
pub(crate) fn provided(config: &Config) -> Result<Option<Zeroizing<String>>, Stop> {
    match &config.passphrase {
        PassphraseSource::Person => Ok(None),
        PassphraseSource::File(path) => {
            let unreadable =
                |error: io::Error| Stop::usage(texts::passphrase_unread(why(error.kind())), step::other_file());
            let bytes = read_all(File::open(path).map_err(unreadable)?).map_err(unreadable)?;
            let end = without_end(&bytes).len();
            text(&bytes, end, &texts::of_file()).map(Some)
        }
        PassphraseSource::Command(line) => from_command(line).map(Some),
    }
}

fn from_command(line: &std::ffi::OsStr) -> Result<Zeroizing<String>, Stop> {
    let failed =
        || Stop::Said { code: Fault::Locked.code(), message: texts::passphrase_command(), next: step::by_itself() };
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| failed())?;
    let bytes = child.stdout.take().map(read_all).unwrap_or(Ok(Zeroizing::default()));
    let ended = child.wait().map_err(|_| failed())?;
    let bytes = bytes.map_err(|_| failed())?;
    if !ended.success() {
        return Err(failed());
    }
    let first = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let end = without_end(bytes.get(..first).unwrap_or(&bytes)).len();
    text(&bytes, end, &texts::of_command())
}

fn read_all(from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    from.take(LONGEST + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Without one final LF or CR LF.
fn without_end(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.len() < bytes.len() { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
}

fn text(bytes: &[u8], end: usize, what: &str) -> Result<Zeroizing<String>, Stop> {
    let next = step::other_passphrase();
    let bytes = bytes.get(..end).unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(Stop::usage(texts::gives_nothing(what), next));
    }
    if bytes.len() as u64 > LONGEST {
        return Err(Stop::usage(texts::gives_more(what, LONGEST), next));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Stop::usage(texts::gives_no_text(what), next)),
    }
}

/// Asks for the passphrase of a profile, up to three times.
pub(super) fn three_tries<T>(home: &Home, open: impl Fn(Zeroizing<String>) -> Result<T, Fault>) -> Result<T, Stop> {
    let hidden = Hidden::begin();
    for _ in 1..TRIES {
        match open(ask(&hidden, home, &texts::passphrase())?) {
            Err(Fault::WrongPassphrase) => eprint_line(&texts::did_not_open())?,
            other => return Ok(other?),
        }
    }
    Ok(open(ask(&hidden, home, &texts::passphrase())?)?)
}

/// Asks; who asks for help first gets it, and is asked again.
fn ask(hidden: &Hidden, home: &Home, question: &str) -> Result<Zeroizing<String>, Stop> {
    loop {
        let typed = hidden.ask(&format!("{question} "))?;
        if typed.as_str() != HELP {
            return Ok(typed);
        }
        card(&center(home)).iter().try_for_each(|line| eprint_line(line))?;
    }
}

/// A new passphrase, typed twice, and again until both are the same.
pub(super) fn chosen(home: &Home) -> Result<Zeroizing<String>, Stop> {
    let hidden = Hidden::begin();
    eprint_line(&texts::choose())?;
    loop {
        let first = ask(&hidden, home, &said::passphrase_new())?;
        if first.is_empty() {
            eprint_line(&texts::empty())?;
            continue;
        }
        if *ask(&hidden, home, &said::passphrase_again())? == *first {
            return Ok(first);
        }
        eprint_line(&texts::differ())?;
    }
}

fn eprint_line(line: &str) -> Result<(), Stop> {
    Ok(crate::output::aside(line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_final_line_end_is_taken_off_and_no_more() {
        for (file, passphrase) in
            [("a b\n", "a b"), ("a b\r\n", "a b"), ("a b", "a b"), ("a\n\n", "a\n"), (" a ", " a "), ("a\r", "a\r")]
        {
            assert_eq!(without_end(file.as_bytes()), passphrase.as_bytes(), "{file:?}");
        }
    }

    #[test]
    fn a_command_gives_its_first_line() {
        assert_eq!(from_command("printf 'one two\\r\\nthree\\n'".as_ref()).unwrap().as_str(), "one two");
        assert!(matches!(from_command("exit 1".as_ref()), Err(Stop::Said { code: 3, .. })));
        assert!(matches!(from_command("true".as_ref()), Err(Stop::Said { code: 2, .. })));
    }

    #[test]
    fn an_empty_or_broken_passphrase_is_refused() {
        assert!(matches!(text(b"", 0, "It"), Err(Stop::Said { code: 2, .. })));
        assert!(matches!(text(b"\xff", 1, "It"), Err(Stop::Said { code: 2, .. })));
        assert!(text(&[b'a'; 5000], 5000, "It").is_err());
    }
}
