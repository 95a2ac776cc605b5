//! What the relay is told, by its arguments and by an optional file.
//!
//! In: arguments, a TOML file. Out: settings that can be used, or a sentence that names the key, its line and what was
//! probably meant. This file must never learn a secret: none belongs into an argument or into the file.

use crate::limits::{LimitError, Limits};
use cairn_protocol::address::Host;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor, value};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

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
    /// A key that there is none of.
    #[error("`{key}` in line {line} of {path} is no setting. {meant}", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// Its line, counted from 1.
        line: usize,
        /// What was probably meant.
        meant: String,
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
    /// The address of the metrics is none.
    #[error("`{0}` is no address for metrics. Write an address and a port, like 127.0.0.1:9464")]
    Metrics(String),
    /// The metrics would be open to others.
    #[error("metrics stay on this machine: {0} is not a loopback address. Write 127.0.0.1:9464 or [::1]:9464")]
    MetricsOutside(SocketAddr),
    /// A limit that isn't allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// The file's keys, all optional; others are refused.
#[derive(Debug, Clone, Default, Deserialize)]
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
    /// A file with a certificate for the relay's own key.
    pub certificate: Option<PathBuf>,
    /// `ADDRESS:PORT` for counts and readiness.
    pub metrics: Option<String>,
    /// The folder for daily logs.
    pub logs: Option<PathBuf>,
    /// How much strangers may ask.
    pub limits: Option<Limits>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`], [`ConfigError::Key`], [`ConfigError::Unknown`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        if let Some((key, line, meant)) = foreign_key(&text) {
            return Err(ConfigError::Key { path: path.to_owned(), key, line, meant });
        }
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
            certificate: self.certificate.or(other.certificate),
            metrics: self.metrics.or(other.metrics),
            logs: self.logs.or(other.logs),
            limits: self.limits.or(other.limits),
        }
    }
}

/// The first key of a file that there is none of, its line, and what was probably meant. A file that is no TOML has none:
/// its own error tells.
fn foreign_key(text: &str) -> Option<(String, usize, String)> {
    let table = DeTable::parse(text).ok()?;
    let table = table.get_ref();
    let limits = table.get("limits").and_then(|limits| limits.get_ref().as_table());
    let mut foreign: Vec<_> = [(Some(table), keys::<Config>()), (limits, keys::<Limits>())]
        .into_iter()
        .flat_map(|(table, known)| table.into_iter().flat_map(DeTable::keys).map(move |key| (key, known)))
        .filter(|(key, known)| !known.contains(&key.get_ref().as_ref()))
        .collect();
    foreign.sort_by_key(|(key, _)| key.span().start);
    let (key, known) = foreign.first()?;
    let before = text.get(..key.span().start).unwrap_or_default();
    Some((key.get_ref().to_string(), before.matches('\n').count() + 1, meant(key.get_ref(), known)))
}

/// The key that is nearest to this one, if one is near.
pub(crate) fn meant(key: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (distance(&key.to_lowercase(), known), known)).min();
    match near {
        Some((steps, near)) if steps * 2 <= near.len() => format!("Did you mean `{near}`?"),
        _ => format!("The settings there are {}", known.join(", ")),
    }
}

/// Letters to put in, take out or replace until one word is the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (place, letter) in one.chars().enumerate() {
        let (mut corner, mut left) = (place, place + 1);
        let mut next = vec![left];
        for (above, known) in row.iter().skip(1).zip(other.chars()) {
            left = (corner + usize::from(letter != known)).min(above + 1).min(left + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The names of settings, as serde knows them: there is no second list to forget.
pub(crate) fn keys<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(value::Error::custom("only a structure has names"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    // It always fails: nothing is read, only the names are asked.
    let _ = T::deserialize(Names(&mut names));
    names
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
    /// A file with a certificate for the relay's own key.
    pub certificate: Option<PathBuf>,
    /// Where counts and readiness are told, on this machine only.
    pub metrics: Option<SocketAddr>,
    /// The folder for daily logs.
    pub logs: Option<PathBuf>,
    /// How much strangers may ask.
    pub limits: Limits,
    /// Whether connections from this machine are not counted by address: what comes from there is a proxy, or the operator.
    /// No key of the file changes it.
    pub spare_loopback: bool,
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
        let metrics = config.metrics.map(loopback).transpose()?;
        let limits = config.limits.unwrap_or_default().checked()?;
        let (open, certificate, logs) = (config.open.unwrap_or(false), config.certificate, config.logs);
        let spare_loopback = true;
        Ok(Self {
            data,
            host,
            port,
            public_host,
            open,
            envelope_days,
            certificate,
            metrics,
            logs,
            limits,
            spare_loopback,
        })
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

fn loopback(text: String) -> Result<SocketAddr, ConfigError> {
    let address: SocketAddr = text.parse().map_err(|_| ConfigError::Metrics(text))?;
    if address.ip().is_loopback() { Ok(address) } else { Err(ConfigError::MetricsOutside(address)) }
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
        let metrics = |address: &str| settings(&format!("data = '/a'\nlisten = 'a:1'\nmetrics = '{address}'"));
        assert!(metrics("127.0.0.1:9464").is_ok() && metrics("[::1]:0").is_ok());
        for outside in ["0.0.0.0:9464", "192.0.2.1:9464", "[::]:9464"] {
            assert!(matches!(metrics(outside), Err(ConfigError::MetricsOutside(_))), "{outside}");
        }
        assert!(matches!(metrics("localhost:9464"), Err(ConfigError::Metrics(_))));
    }

    #[test]
    fn a_key_that_is_not_known_is_named_with_its_line_and_the_one_that_was_probably_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.toml");
        for (content, line, meant) in [
            ("opne = true", 1, "Did you mean `open`?"),
            ("# a note\nopen = true\n\nenvelope-days = 3", 4, "Did you mean `envelope_days`?"),
            ("listen = 'a:1'\nPublicHost = 'a'\nzzz = 1", 2, "Did you mean `public_host`?"),
            ("open = true\nserver.open = true", 2, "The settings there are data, listen, "),
            ("open = true\n[limits]\nmailboxes = 3\nconections = 5", 4, "Did you mean `connections`?"),
            ("[limits]\nzzz = 5", 2, "The settings there are connections, "),
            ("[relay]\nopen = true", 1, "The settings there are data, listen, "),
        ] {
            fs::write(&path, content).unwrap();
            let error = Config::read(&path).unwrap_err();
            assert!(matches!(error, ConfigError::Key { line: named, .. } if named == line), "{error}");
            assert!(error.to_string().contains(meant), "{error}");
        }
        fs::write(&path, "open = ").unwrap();
        assert!(matches!(Config::read(&path), Err(ConfigError::Unknown { .. })));
        assert!(keys::<Config>().contains(&"public_host"));
    }
}
