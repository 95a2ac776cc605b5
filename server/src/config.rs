//! What `serve` is told, by its arguments and by an optional file.
//!
//! In: arguments, a TOML file. Out: settings that can be used. This file must never learn a secret: none belongs into an
//! argument or into the file.

use cairn_protocol::address::Host;
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Days that an envelope is kept until it is acknowledged, if nothing else is said.
pub const ENVELOPE_DAYS: u16 = 14;

/// Days that an envelope can be kept, at most. Larger: more lies about. Smaller: an operator whose people are away for a
/// month could not serve them.
pub const LONGEST_ENVELOPE_DAYS: u16 = 30;

/// What is wrong with the arguments or the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path} can't be read: {error}. Check the path after --config", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
    /// The file is no such TOML.
    #[error("{path} is not understood: {error}", path = .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: Box<toml::de::Error>,
    },
    /// Something is missing.
    #[error("no {0} is named. Give --{0}, or `{0} = …` in the file after --config")]
    Missing(&'static str),
    /// The address to listen on is none.
    #[error("`{0}` is no address to listen on. Write it like 0.0.0.0:4433, [::]:4433 or relay.example.org:4433")]
    Listen(String),
    /// The host that clients dial is none.
    #[error("`{0}` can't be a host. Write a name or an address without the port, like relay.example.org")]
    PublicHost(String),
    /// A lifetime that isn't allowed.
    #[error("envelope_days is {0}, but must be from 1 to {LONGEST_ENVELOPE_DAYS}")]
    EnvelopeDays(u16),
}

/// The file's keys, all optional; others are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data folder.
    pub data: Option<PathBuf>,
    /// `HOST:PORT`.
    pub listen: Option<String>,
    /// The host in the printed address.
    pub public_host: Option<String>,
    /// Whether anyone may make mailboxes.
    pub open: Option<bool>,
    /// Days that an envelope is kept.
    pub envelope_days: Option<u16>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`], [`ConfigError::Unknown`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        toml::from_str(&text).map_err(|error| ConfigError::Unknown { path: path.to_owned(), error: Box::new(error) })
    }

    /// These settings where they say something, `other` elsewhere.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            data: self.data.or(other.data),
            listen: self.listen.or(other.listen),
            public_host: self.public_host.or(other.public_host),
            open: self.open.or(other.open),
            envelope_days: self.envelope_days.or(other.envelope_days),
        }
    }
}

/// Settings that can be used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// The host to listen on, an IPv6 address without brackets.
    pub host: String,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The host in the printed address.
    pub public_host: Host,
    /// Whether anyone may make mailboxes.
    pub open: bool,
    /// Days that an envelope is kept.
    pub envelope_days: u16,
}

impl TryFrom<Config> for Settings {
    type Error = ConfigError;

    fn try_from(config: Config) -> Result<Self, ConfigError> {
        let data = config.data.ok_or(ConfigError::Missing("data"))?;
        let listen = config.listen.ok_or(ConfigError::Missing("listen"))?;
        let (host, port) = split(&listen).ok_or_else(|| ConfigError::Listen(listen.clone()))?;
        let public = config.public_host.unwrap_or_else(|| host.clone());
        let public_host = Host::new(&public).map_err(|_| ConfigError::PublicHost(public))?;
        let envelope_days = config.envelope_days.unwrap_or(ENVELOPE_DAYS);
        if !(1..=LONGEST_ENVELOPE_DAYS).contains(&envelope_days) {
            return Err(ConfigError::EnvelopeDays(envelope_days));
        }
        Ok(Self { data, host, port, public_host, open: config.open.unwrap_or(false), envelope_days })
    }
}

fn split(listen: &str) -> Option<(String, u16)> {
    let (host, port) = listen.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    Some((Host::new(host).ok()?.as_str().to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, ConfigError> {
        toml::from_str::<Config>(text).unwrap().try_into()
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file: Config = toml::from_str("data = '/a'\nlisten = 'a:1'\nopen = true\nenvelope_days = 3").unwrap();
        let line = Config { listen: Some("[::1]:0".into()), ..Config::default() };
        let settings = Settings::try_from(line.or(file)).unwrap();
        assert_eq!((settings.host.as_str(), settings.port, settings.public_host.as_str()), ("::1", 0, "::1"));
        assert_eq!((settings.open, settings.envelope_days, settings.data), (true, 3, "/a".into()));
    }

    #[test]
    fn each_mistake_is_named() {
        assert!(matches!(settings("listen = 'a:1'"), Err(ConfigError::Missing("data"))));
        assert!(matches!(settings("data = '/a'"), Err(ConfigError::Missing("listen"))));
        for listen in ["a", "a:b", "a:70000", "::1:1", "[::1", "a b:1", ":1"] {
            let text = format!("data = '/a'\nlisten = '{listen}'");
            assert!(matches!(settings(&text), Err(ConfigError::Listen(_))), "{listen}");
        }
        let days = |days: u16| settings(&format!("data = '/a'\nlisten = 'a:1'\nenvelope_days = {days}"));
        assert!(matches!(days(0), Err(ConfigError::EnvelopeDays(0))));
        assert!(matches!(days(31), Err(ConfigError::EnvelopeDays(31))));
        assert!(days(30).is_ok());
        assert!(toml::from_str::<Config>("opne = true").is_err());
    }
}
