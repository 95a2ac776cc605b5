//! Which language is spoken.
//!
//! In: a setting, the environment. Out: one language. This file must never be unsure: where nothing fits, it is English.

use super::Language;

/// The variables that say it, the first one that is not empty alone (POSIX).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

impl Language {
    /// The one that was set, else the one of the environment.
    pub(crate) fn chosen(set: Option<Self>) -> Self {
        set.unwrap_or_else(|| Self::of_environment(|name| std::env::var(name).ok()))
    }

    fn of_environment(get: impl Fn(&str) -> Option<String>) -> Self {
        let locale = VARIABLES.iter().filter_map(|name| get(name)).find(|value| !value.is_empty());
        locale.and_then(|locale| Self::of_locale(&locale)).unwrap_or(Self::English)
    }

    /// `es`, `es_MX`, `es_MX.UTF-8`, `es-419`.
    fn of_locale(locale: &str) -> Option<Self> {
        let code = locale.split(['_', '-', '.', '@']).next()?;
        Self::ALL.into_iter().find(|language| code.eq_ignore_ascii_case(language.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Language {
        Language::of_environment(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_says_something_decides_and_an_unknown_language_is_english() {
        assert_eq!(with(&[]), Language::English);
        assert_eq!(with(&[("LANG", "es_MX.UTF-8")]), Language::Spanish);
        assert_eq!(with(&[("LANG", "es_ES"), ("LC_ALL", "en_US.UTF-8")]), Language::English);
        assert_eq!(with(&[("LANG", "en_US"), ("LC_MESSAGES", "es-419")]), Language::Spanish);
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "ES")]), Language::Spanish);
        assert_eq!(with(&[("LANG", "de_AT.UTF-8")]), Language::English);
        assert_eq!(with(&[("LC_ALL", "C"), ("LANG", "es_ES.UTF-8")]), Language::English);
        assert_eq!(Language::chosen(Some(Language::Spanish)), Language::Spanish);
    }
}
