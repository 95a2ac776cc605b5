//! Why the system said no.
//!
//! In: the kind of an error. Out: a few words. This file must never learn a file's name.

use super::why;
use std::io::ErrorKind;

/// In English, as the standard library says it.
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
    fn in_english_it_is_what_the_standard_library_says() {
        for kind in [
            ErrorKind::PermissionDenied,
            ErrorKind::NotFound,
            ErrorKind::AlreadyExists,
            ErrorKind::IsADirectory,
            ErrorKind::NotADirectory,
            ErrorKind::StorageFull,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::TimedOut,
        ] {
            assert_eq!(system(kind), kind.to_string());
        }
    }
}
