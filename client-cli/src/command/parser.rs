//! What the command line's own parser says, in sentences.
//!
//! In: an error of the parser. Out: what was typed that does not fit, and what would. This file must never learn what a
//! command does.

use crate::cli::Wanted;
use crate::language::command as texts;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;

/// The place of the words of `send`, as the parser names it where they are missing and where they stand there: nobody knows it
/// by that.
const WORDS: [&str; 2] = ["<->", "[-]"];

/// The sentence.
pub(super) fn sentence(error: &clap::Error) -> String {
    let of = |kind| named(error, kind);
    let argument = of(ContextKind::InvalidArg);
    let fits = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => texts::word_missing(),
        ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue
            if WORDS.iter().any(|words| argument.ends_with(words)) =>
        {
            texts::send_words()
        }
        ErrorKind::MissingRequiredArgument => texts::missing(argument),
        ErrorKind::InvalidSubcommand => texts::no_command(of(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => texts::not_here(argument),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if of(ContextKind::InvalidValue).is_empty() => {
            texts::value_missing(argument)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            texts::value(argument, of(ContextKind::InvalidValue)) + &wanted(error)
        }
        ErrorKind::ArgumentConflict if [&argument, ""].contains(&of(ContextKind::PriorArg).as_str()) => {
            texts::twice(argument)
        }
        ErrorKind::ArgumentConflict => texts::not_together(argument, of(ContextKind::PriorArg)),
        // Rare: what was typed, without a word about it.
        _ => texts::not_understood(argument),
    };
    let close = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    match close.into_iter().map(of).find(|word| !word.is_empty()) {
        Some(close) => fits + " " + &texts::did_you_mean(close),
        None => fits,
    }
}

/// What would fit in the place of a value.
fn wanted(error: &clap::Error) -> String {
    let allowed = named(error, ContextKind::ValidValue);
    let said = match error.source().and_then(|source| source.downcast_ref::<Wanted>()) {
        Some(Wanted::Seconds) => texts::give_seconds(),
        Some(Wanted::Keep) => texts::give_keep(),
        None if allowed.is_empty() => return String::new(),
        None => texts::values(allowed),
    };
    " ".to_owned() + &said
}

/// What the parser names as this, one beside the other.
fn named(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::Strings(several)) => several.join(", "),
        Some(ContextValue::String(one)) => one.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::language::checks::frightening;
    use crate::language::{Language, speak};
    use clap::Parser;

    const SEND: &str = "The words go after -m, in quotes: cairn send CONTACT -m \"TEXT\".";

    /// What people type, and what they are told.
    const TYPED: [(&[&str], &str); 16] = [
        (&["sned"], "There is no command sned. Did you mean send?"),
        (&["request", "list"], "There is no command request."),
        (&["contact"], "A word is missing after this command."),
        (&["send"], SEND),
        (&["send", "Dana"], SEND),
        (&["send", "Dana", "hello"], SEND),
        (&["send", "Dana", "-m"], "A value is missing after --message <TEXT>."),
        (&["send", "Dana", "-m", "hello", "you"], SEND),
        (&["inbox", "you"], "This does not belong here: you"),
        (&["inbox", "--fellow"], "This does not belong here: --fellow Did you mean --follow?"),
        (&["keep", "Dana", "30"], "<TIME> can't be 30. Give 30d, 90d or always."),
        (&["inbox", "--wait", "x"], "--wait <SECONDS> can't be x. Give seconds, from 0 to 86400, such as 30 or 2.5."),
        (
            &["completions", "tcsh"],
            "<SHELL> can't be tcsh. It can be: bash, elvish, fish, powershell, zsh. Did you mean zsh?",
        ),
        (&["config", "set"], "Something is missing: <KEY>, <VALUE>"),
        (&["status", "--home", "a", "--home", "b"], "--home <DIR> is there twice."),
        (
            &["status", "--passphrase-file", "a", "--passphrase-command", "b"],
            "--passphrase-file <FILE> and --passphrase-command <CMD> do not go together.",
        ),
    ];

    #[test]
    fn what_does_not_fit_is_said_in_a_sentence_and_in_the_language_that_is_spoken() {
        for (typed, expected) in TYPED {
            let error = Cli::try_parse_from(["cairn"].iter().chain(typed)).unwrap_err();
            assert_eq!(sentence(&error), expected, "{typed:?}");
        }
        speak(Language::Spanish);
        for (typed, english) in TYPED {
            let error = Cli::try_parse_from(["cairn"].iter().chain(typed)).unwrap_err();
            let said = sentence(&error);
            assert_ne!(said, english, "{typed:?}");
            assert_eq!(frightening(Language::Spanish, &said), None, "{said}");
        }
        speak(Language::English);
    }
}
