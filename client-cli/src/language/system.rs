//! Why the system said no.
//!
//! In: the kind of an error. Out: a few words. This file must never learn a file's name.

use super::why;
use std::io::ErrorKind;

/// Words of people's for what happens to people.
pub(crate) fn system(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::PermissionDenied => why::denied(),
        ErrorKind::NotFound => why::missing(),
        ErrorKind::AlreadyExists => why::there(),
        ErrorKind::IsADirectory => why::folder(),
        ErrorKind::NotADirectory => why::no_folder(),
        ErrorKind::StorageFull => why::full(),
        ErrorKind::ReadOnlyFilesystem => why::read_only(),
        // Rare, and the word to look for.
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_words_of_theirs_and_only_what_is_rare_is_said_as_the_standard_library_says_it() {
        let known = [
            ErrorKind::PermissionDenied,
            ErrorKind::NotFound,
            ErrorKind::AlreadyExists,
            ErrorKind::IsADirectory,
            ErrorKind::NotADirectory,
            ErrorKind::StorageFull,
            ErrorKind::ReadOnlyFilesystem,
        ];
        for kind in known {
            assert_ne!(system(kind), kind.to_string());
        }
        assert_eq!(system(ErrorKind::TimedOut), ErrorKind::TimedOut.to_string());
    }
}
