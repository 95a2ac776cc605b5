//! What one run goes by: the options of the whole program and the terminal that it stands in.
//!
//! In: the command line's global options, the environment, the kind of the standard streams. Out: plain facts. This
//! file must never learn a passphrase: it knows only where one is to be read.

use crate::cli::Global;
use crate::home::{CONVERSATION, Home};
use crate::settings::{self, Face, Read, Settings};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// How long a conversation stays open without a key. Longer: whoever comes by can read. Shorter: a person who thinks before
/// writing is shut out.
const IDLE: Duration = Duration::from_secs(600);

/// Where the passphrase comes from, when nobody is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PassphraseSource {
    /// A file.
    File(PathBuf),
    /// The first line that a command prints.
    Command(OsString),
    /// The person, if there is a terminal.
    Person,
}

/// How a run speaks.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Folder of the profile, if one was given.
    pub(crate) home: Option<PathBuf>,
    /// One JSON object a line.
    pub(crate) json: bool,
    /// Nothing but lines.
    pub(crate) plain: bool,
    /// Whether the terminal understands no control sequence.
    pub(crate) dumb: bool,
    /// How long a conversation stays open without a key; none: for ever.
    pub(crate) idle: Option<Duration>,
    /// Whether `--plain` itself was given.
    pub(crate) plain_asked: bool,
    /// Whether colours may be used.
    pub(crate) color: bool,
    /// Whether a person can be asked.
    pub(crate) may_ask: bool,
    /// Whether standard output is a terminal.
    pub(crate) terminal: bool,
    /// Where the passphrase comes from.
    pub(crate) passphrase: PassphraseSource,
    /// What the person has set; defaults where the file can't be used.
    pub(crate) settings: Settings,
    /// What was read of them, with what can't be used.
    pub(crate) read: Read,
}

impl Config {
    /// Reads the options and looks at the terminal.
    pub(crate) fn new(global: Global) -> Self {
        let passphrase = match (global.passphrase_file, global.passphrase_command) {
            (Some(file), _) => PassphraseSource::File(file),
            (None, Some(command)) => PassphraseSource::Command(command),
            (None, None) => PassphraseSource::Person,
        };
        let (terminal, dumb) = Self::screen();
        Self {
            home: global.home,
            json: global.json,
            plain: global.plain || dumb || !terminal,
            dumb,
            idle: Some(global.lock_after.unwrap_or(IDLE)).filter(|idle| !idle.is_zero()),
            plain_asked: global.plain,
            color: !global.no_color && !dumb && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            may_ask: !global.no_input && std::io::stdin().is_terminal(),
            terminal,
            passphrase,
            settings: Settings::default(),
            read: Read::default(),
        }
    }

    /// The same, with what the person has set. What can't be used in the file is told by every run.
    pub(crate) fn with_settings(mut self) -> Self {
        // Where there is no home, the command itself says so.
        let home = Home::new(self.home.as_deref(), CONVERSATION);
        self.read = home.map(|home| settings::read(&home)).unwrap_or_default();
        self.settings = self.read.settings;
        self.plain |= self.settings.face == Face::Plain;
        self
    }

    /// Whether standard output is a terminal, and whether that understands no control sequence.
    pub(crate) fn screen() -> (bool, bool) {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        (std::io::stdout().is_terminal(), dumb)
    }

    /// Columns of the terminal, if there is one that says so.
    pub(crate) fn columns() -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }
}
