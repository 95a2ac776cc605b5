//! A command that is named to a person, as it has to be typed: with the home that this run was given.
//!
//! In: the home, once; sentences of ours that name commands. Out: the same sentences. This file must never learn what a
//! command does, nor touch what somebody else has written.

use crate::sanitize;
use std::cell::RefCell;
use std::path::Path;

// It belongs to the thread, as the language does: every named command depends on it.
thread_local! {
    static GIVEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// This home was given. What would not be the same when it is typed again is not repeated.
pub(crate) fn given(home: Option<&Path>) {
    let home = home.and_then(Path::to_str).filter(|home| sanitize::line(home) == **home && !home.is_empty());
    // Where the thread is ending, nothing is named any more.
    let _ = GIVEN.try_with(|given| *given.borrow_mut() = home.map(quoted));
}

/// A sentence of ours, with its commands as they can be typed.
pub(crate) fn repeatable(sentence: &str) -> String {
    match GIVEN.try_with(|given| given.borrow().clone()) {
        Ok(Some(home)) => with_home(sentence, &home),
        _ => sentence.to_owned(),
    }
}

/// One word for the shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// What a command is called by.
const NAME: &str = "cairn";

fn with_home(sentence: &str, home: &str) -> String {
    let mut out = String::with_capacity(sentence.len() + home.len());
    let (mut rest, mut open) = (sentence, false);
    while let Some(letter) = rest.chars().next() {
        let begins = !open && !out.ends_with(|before: char| before.is_alphanumeric() || "-/_.".contains(before));
        match rest.strip_prefix(NAME).filter(|after| begins && !out.ends_with("man ") && takes_home(after)) {
            Some(after) => {
                out.push_str(NAME);
                out.push_str(" --home ");
                out.push_str(home);
                rest = after;
            }
            None => {
                // Between quotes stands a name, whatever it is called.
                open ^= letter == '\'';
                out.push(letter);
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

/// Whether what follows belongs to a command that works on a home, and names none.
fn takes_home(after: &str) -> bool {
    let words = after.split([',', ';']).next().unwrap_or_default();
    let ends = after.is_empty() || after.starts_with([' ', ',', ';', '.']);
    ends && !["--home", "--help"].iter().any(|option| words.split(' ').any(|word| word == *option))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_a_sentence_names_the_home_and_nothing_else_does() {
        let table = [
            ("cairn inbox", "cairn --home X inbox"),
            ("cairn, or cairn send 'Dana P.' -m TEXT", "cairn --home X, or cairn --home X send 'Dana P.' -m TEXT"),
            (
                "ask them, then cairn contact verify Kim --again",
                "ask them, then cairn --home X contact verify Kim --again",
            ),
            ("the same command again", "the same command again"),
            ("man cairn, if man looks there", "man cairn, if man looks there"),
            ("cairn send --help", "cairn send --help"),
            (
                "cairn --home NEW_HOME join LINK; or: cairn inbox",
                "cairn --home NEW_HOME join LINK; or: cairn --home X inbox",
            ),
            ("cairn send 'cairn is a name' -m TEXT", "cairn --home X send 'cairn is a name' -m TEXT"),
            ("cairn send 'it'\\''s cairn' -m TEXT", "cairn --home X send 'it'\\''s cairn' -m TEXT"),
            ("cairn-relay serve, cairns, /bin/cairn", "cairn-relay serve, cairns, /bin/cairn"),
        ];
        for (sentence, expected) in table {
            assert_eq!(with_home(sentence, "X"), expected);
        }
    }

    #[test]
    fn a_home_is_one_word_for_the_shell_and_what_can_not_be_typed_is_left_out() {
        for (home, expected) in [
            (Some("/new home/it's"), "cairn --home '/new home/it'\\''s' inbox"),
            (Some("profile"), "cairn --home profile inbox"),
            (Some("a\nb"), "cairn inbox"),
            (None, "cairn inbox"),
        ] {
            given(home.map(Path::new));
            assert_eq!(repeatable("cairn inbox"), expected);
        }
    }
}
