//! A passphrase that is typed, hidden.
//!
//! In: keys. Out: the passphrase, in a text that wipes itself. This file must never show a letter of it, nor how many
//! there are.

use super::keys::Key;
use crate::language::{said, screen as texts};
use zeroize::Zeroizing;

/// Bytes of a passphrase, as everywhere. The room is there from the beginning: a text that grows leaves copies behind.
const LONGEST: usize = 4096;

/// What was answered.
pub(super) enum Answer {
    /// A passphrase; of a new one, typed twice the same.
    Whole(Zeroizing<String>),
    /// A new one was typed in two different ways.
    Differ,
    /// Nothing was typed.
    Empty,
    /// The line for help was.
    Help,
    /// The line that hides everything was.
    Hide,
}

/// A question whose answer is hidden.
pub(super) struct Secret {
    /// Whether it is a new one, asked for twice.
    new: bool,
    first: Option<Zeroizing<String>>,
    typed: Zeroizing<String>,
}

impl Secret {
    /// Asks for a new one, or for the one there is.
    pub(super) fn ask(new: bool) -> Self {
        Self { new, first: None, typed: room() }
    }

    /// The question.
    pub(super) fn question(&self) -> String {
        match (self.new, &self.first) {
            (false, _) => said::passphrase(),
            (true, None) => texts::new_passphrase(),
            (true, Some(_)) => said::passphrase_again(),
        }
    }

    /// One key; an answer when it is whole.
    pub(super) fn key(&mut self, key: &Key) -> Option<Answer> {
        match key {
            Key::Char(letter) if self.typed.len() + letter.len_utf8() <= LONGEST => self.typed.push(*letter),
            Key::Paste(text) => {
                let line = text.trim_end_matches(['\r', '\n']);
                if self.typed.len() + line.len() <= LONGEST {
                    self.typed.push_str(line);
                }
            }
            Key::Backspace => drop(self.typed.pop()),
            Key::Control('u') => self.typed = room(),
            Key::Enter | Key::NewLine => return self.entered(),
            _ => {}
        }
        None
    }

    fn entered(&mut self) -> Option<Answer> {
        let typed = std::mem::replace(&mut self.typed, room());
        match (typed.as_str(), self.first.take()) {
            (crate::output::card::HELP, _) => Some(Answer::Help),
            ("-", _) => Some(Answer::Hide),
            ("", None) => Some(Answer::Empty),
            (_, None) if self.new => {
                self.first = Some(typed);
                None
            }
            (_, Some(first)) if *first != *typed => Some(Answer::Differ),
            _ => Some(Answer::Whole(typed)),
        }
    }
}

fn room() -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(secret: &mut Secret, text: &str) -> Option<Answer> {
        for letter in text.chars() {
            assert!(secret.key(&Key::Char(letter)).is_none());
        }
        secret.key(&Key::Enter)
    }

    #[test]
    fn a_new_one_is_typed_twice_and_an_old_one_once() {
        let mut secret = Secret::ask(true);
        assert!(typed(&mut secret, "four words").is_none());
        assert_eq!(secret.question(), "The same again:");
        assert!(matches!(typed(&mut secret, "four words"), Some(Answer::Whole(whole)) if *whole == "four words"));
        let mut secret = Secret::ask(true);
        typed(&mut secret, "four words");
        assert!(matches!(typed(&mut secret, "four swords"), Some(Answer::Differ)));
        let mut secret = Secret::ask(false);
        assert!(matches!(typed(&mut secret, "x y"), Some(Answer::Whole(whole)) if *whole == "x y"));
    }

    #[test]
    fn help_hide_and_nothing_are_no_passphrases() {
        for new in [true, false] {
            assert!(matches!(typed(&mut Secret::ask(new), "!"), Some(Answer::Help)));
            assert!(matches!(typed(&mut Secret::ask(new), "-"), Some(Answer::Hide)));
            assert!(matches!(typed(&mut Secret::ask(new), ""), Some(Answer::Empty)));
        }
    }

    #[test]
    fn a_paste_is_taken_without_its_line_end_and_never_entered() {
        let mut secret = Secret::ask(false);
        assert!(secret.key(&Key::Paste("four words\n".to_owned().into())).is_none());
        secret.key(&Key::Backspace);
        assert!(matches!(secret.key(&Key::Enter), Some(Answer::Whole(whole)) if *whole == "four word"));
    }
}
