//! The settings by their names, as scripts and the file give them.
//!
//! In: a name and a value as text. Out: the changed settings, or what is allowed. This file must never take a value that
//! it would not give back.

use super::{Block, Face, Notify, Pace, Quiet, Settings, Theme};
use crate::language::Language;

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `face`
    Face,
    /// `language`
    Language,
    /// `pace`
    Pace,
    /// `block`
    Block,
    /// `theme`
    Theme,
    /// `notify`
    Notify,
    /// `quiet`
    Quiet,
}

impl Key {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Face, Self::Language, Self::Pace, Self::Block, Self::Theme, Self::Notify, Self::Quiet];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Language => "language",
            Self::Pace => "pace",
            Self::Block => "block",
            Self::Theme => "theme",
            Self::Notify => "notify",
            Self::Quiet => "quiet",
        }
    }

    /// The setting of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// What it may be; for quiet hours an example stands for all.
    pub(crate) const fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Face => &["full", "plain"],
            Self::Language => &["auto", "en", "es"],
            Self::Pace => &["normal", "slow"],
            Self::Block => &["20", "40", "60"],
            Self::Theme => &["none", "light", "dark"],
            Self::Notify => &["off", "bell"],
            Self::Quiet => &["off", "22:00-07:00"],
        }
    }

    /// What it is.
    pub(crate) fn get(self, settings: &Settings) -> String {
        let fixed = match self {
            Self::Face => match settings.face {
                Face::Full => "full",
                Face::Plain => "plain",
            },
            Self::Language => settings.language.map_or("auto", Language::code),
            Self::Pace => match settings.pace {
                Pace::Normal => "normal",
                Pace::Slow => "slow",
            },
            Self::Block => return settings.block.words().to_string(),
            Self::Theme => match settings.theme {
                Theme::None => "none",
                Theme::Light => "light",
                Theme::Dark => "dark",
            },
            Self::Notify => match settings.notify {
                Notify::Off => "off",
                Notify::Bell => "bell",
            },
            Self::Quiet => return settings.quiet.map_or_else(|| "off".to_owned(), Quiet::text),
        };
        fixed.to_owned()
    }

    /// Sets it; false, and nothing changed, for what it may not be.
    pub(crate) fn set(self, settings: &mut Settings, value: &str) -> bool {
        match (self, value) {
            (Self::Face, "full") => settings.face = Face::Full,
            (Self::Face, "plain") => settings.face = Face::Plain,
            (Self::Language, "auto") => settings.language = None,
            (Self::Language, code) => match Language::ALL.into_iter().find(|language| language.code() == code) {
                Some(language) => settings.language = Some(language),
                None => return false,
            },
            (Self::Pace, "normal") => settings.pace = Pace::Normal,
            (Self::Pace, "slow") => settings.pace = Pace::Slow,
            (Self::Block, "20") => settings.block = Block::Small,
            (Self::Block, "40") => settings.block = Block::Middle,
            (Self::Block, "60") => settings.block = Block::Large,
            (Self::Theme, "none") => settings.theme = Theme::None,
            (Self::Theme, "light") => settings.theme = Theme::Light,
            (Self::Theme, "dark") => settings.theme = Theme::Dark,
            (Self::Notify, "off") => settings.notify = Notify::Off,
            (Self::Notify, "bell") => settings.notify = Notify::Bell,
            (Self::Quiet, "off") => settings.quiet = None,
            (Self::Quiet, hours) => match Quiet::parse(hours) {
                Some(hours) => settings.quiet = Some(hours),
                None => return false,
            },
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_value_is_taken_and_given_back_and_no_other_is() {
        for key in Key::ALL {
            assert_eq!(Key::of(key.name()), Some(key));
            for value in key.allowed() {
                let mut settings = Settings::default();
                assert!(key.set(&mut settings, value), "{key:?} {value}");
                assert_eq!(key.get(&settings), *value);
            }
            let mut settings = Settings::default();
            for wrong in ["", "yes", "purple", "Plain", "41", " off"] {
                assert!(!key.set(&mut settings, wrong), "{key:?} {wrong}");
            }
            assert_eq!(settings, Settings::default());
            assert!(key.allowed().contains(&key.get(&settings).as_str()), "{key:?}: the first state is allowed");
        }
        assert_eq!(Key::of("colour"), None);
    }

    #[test]
    fn nothing_is_announced_unless_wished_nor_in_quiet_hours() {
        let mut settings = Settings::default();
        assert!(!settings.announces(600), "off by default");
        Key::Notify.set(&mut settings, "bell");
        Key::Quiet.set(&mut settings, "22:00-07:00");
        assert!(settings.announces(600) && !settings.announces(60));
    }
}
