//! What a person has set: how much is shown at once, in which language, in which face, and when nothing is announced.
//!
//! In: the file `settings.toml` of the home. Out: one plain value, [`Settings`]. It is read before the profile is unlocked, so
//! this folder must never hold a secret, a name, or anything else that a profile owns.

mod file;
mod key;
mod quiet;

pub(crate) use file::{Read, Refused, change, read};
pub(crate) use key::Key;
pub(crate) use quiet::{Quiet, minute};

use crate::language::Language;

/// Which face opens in a terminal that can do both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Face {
    /// The full screen.
    #[default]
    Full,
    /// Plain lines.
    Plain,
}

/// How what comes in is shown in plain lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pace {
    /// All of it as it comes.
    #[default]
    Normal,
    /// In blocks, with Enter for more.
    Slow,
}

/// Words of a block at the slow pace. Larger: a small screen rolls away. Smaller: one sentence takes several Enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Block {
    /// 20 words.
    Small,
    /// 40 words.
    #[default]
    Middle,
    /// 60 words.
    Large,
}

impl Block {
    /// How many words.
    pub(crate) const fn words(self) -> usize {
        match self {
            Self::Small => 20,
            Self::Middle => 40,
            Self::Large => 60,
        }
    }
}

/// The colours of the full screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// Those of the terminal.
    #[default]
    None,
    /// Dark letters on a light ground.
    Light,
    /// Light letters on a dark ground.
    Dark,
}

/// What tells of new words while the person looks elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Notify {
    /// Nothing.
    #[default]
    Off,
    /// The terminal's bell: it says nothing of who wrote or what.
    Bell,
}

/// Everything that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Settings {
    /// Which face.
    pub(crate) face: Face,
    /// Which language; none: that of the environment.
    pub(crate) language: Option<Language>,
    /// All at once, or in blocks.
    pub(crate) pace: Pace,
    /// How large a block is.
    pub(crate) block: Block,
    /// Which colours.
    pub(crate) theme: Theme,
    /// What tells of new words.
    pub(crate) notify: Notify,
    /// When nothing is announced.
    pub(crate) quiet: Option<Quiet>,
}

impl Settings {
    /// Whether new words may be announced at this minute of the day, by the local clock.
    pub(crate) fn announces(&self, minute: u16) -> bool {
        self.notify == Notify::Bell && !self.quiet.is_some_and(|quiet| quiet.holds(minute))
    }
}
