//! Everything a relay needs, looked at one by one.
//!
//! In: a data folder, settings. Out: findings, each with a sentence that says what to do. This file must never learn to
//! change anything: it opens for reading only.

mod machine;

use crate::calendar;
use crate::certificate;
use crate::config::{Config, Settings};
use crate::date;
use crate::folder::{self, KEY};
use crate::notice;
use crate::store::{Day, sqlite};
use crate::tls;
use cairn_protocol::address::RelayAddress;
use rustix::process::geteuid;
use std::fs::{self, Metadata};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// Days before its end at which a certificate is called old. Larger: calls for nothing. Smaller: no time to renew.
const RENEW: Day = 21;

/// Days before its end at which a notice is called old. Larger: calls for nothing. Smaller: people see it out of date.
const LOOK_THROUGH: Day = 31;

/// How long a port may take to answer.
const CONNECT: Duration = Duration::from_secs(5);

/// How a thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The relay runs, but this would be better otherwise.
    Advice,
    /// The relay doesn't run, or not for long.
    Wrong,
}

/// One thing looked at.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// How it was found.
    pub verdict: Verdict,
    /// What was found, and what to do.
    pub sentence: String,
}

impl Finding {
    fn good(subject: &'static str, sentence: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Good, sentence: sentence.into() }
    }

    fn advice(subject: &'static str, sentence: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Advice, sentence: sentence.into() }
    }

    fn wrong(subject: &'static str, sentence: impl Into<String>) -> Self {
        Self { subject, verdict: Verdict::Wrong, sentence: sentence.into() }
    }
}

/// Looks at everything.
#[must_use]
pub fn examine(data: &Path, config: &Config) -> Vec<Finding> {
    let running = folder::is_locked(data).unwrap_or(false);
    let mut findings = vec![settings(config), permissions(data)];
    if !data.is_dir() {
        findings.extend(ports(config, running));
        return findings;
    }
    findings.extend(key(data, config));
    findings.extend(config.certificate.as_deref().map(|path| operators(data, path)));
    findings.extend(said(data));
    findings.push(store(data));
    findings.extend(clock(data));
    findings.extend(ports(config, running));
    findings.extend(machine::examine(data, config));
    findings
}

fn settings(config: &Config) -> Finding {
    const SUBJECT: &str = "settings";
    if config.listen.is_none() {
        return Finding::good(SUBJECT, "only the folder is named; with --config the file of `serve` is looked at too");
    }
    match Settings::try_from(config.clone()) {
        Ok(settings) if settings.open => Finding::advice(
            SUBJECT,
            "the relay is open: anyone who can reach it can make mailboxes. Set open = false, and give out passes",
        ),
        Ok(_) => Finding::good(SUBJECT, "the settings can be used"),
        Err(error) => Finding::wrong(SUBJECT, error.to_string()),
    }
}

fn permissions(data: &Path) -> Finding {
    const SUBJECT: &str = "folder";
    let owner = match fs::metadata(data) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return Finding::wrong(SUBJECT, format!("{} is a file. Name the relay's folder", data.display())),
        Err(error) => {
            return Finding::wrong(
                SUBJECT,
                format!("{} can't be opened ({error}). Check the name; the first `serve` makes it", data.display()),
            );
        }
    };
    let user = geteuid().as_raw();
    if user != 0 && owner.uid() != user {
        return Finding::wrong(SUBJECT, format!("{} belongs to another user: run this as that user", data.display()));
    }
    let open = |metadata: &Metadata| metadata.permissions().mode() & 0o077 != 0;
    if open(&owner) {
        return Finding::wrong(SUBJECT, format!("others can look into it: chmod 700 {}", data.display()));
    }
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    for entry in entries {
        let Ok(metadata) = entry.metadata() else { continue };
        let path = entry.path();
        if metadata.uid() != owner.uid() {
            let sentence = format!("{} belongs to another user than the folder: chown it", path.display());
            return Finding::wrong(SUBJECT, sentence);
        }
        if metadata.is_file() && open(&metadata) {
            return Finding::wrong(SUBJECT, format!("others can read a file: chmod 600 {}", path.display()));
        }
    }
    Finding::good(SUBJECT, format!("{} and its files are open to their owner alone", data.display()))
}

fn key(data: &Path, config: &Config) -> Vec<Finding> {
    const SUBJECT: &str = "key";
    let pin = match tls::pin_of(data) {
        Ok(Some(pin)) => pin,
        Ok(None) => {
            return vec![Finding::advice(SUBJECT, format!("there is no {KEY} yet: the first `serve` makes it"))];
        }
        Err(error) => return vec![Finding::wrong(SUBJECT, error.to_string())],
    };
    let address = Settings::try_from(config.clone()).ok().filter(|settings| settings.port != 0);
    let address = address.map(|settings| RelayAddress { host: settings.public_host, port: settings.port, pin });
    let sentence = address.map_or_else(
        || "the key can be used".to_owned(),
        |address| format!("the key can be used; the relay's address is {address}"),
    );
    vec![Finding::good(SUBJECT, sentence)]
}

fn operators(data: &Path, path: &Path) -> Finding {
    const SUBJECT: &str = "certificate";
    let chain = match tls::try_certificate(data, path) {
        Ok(()) => certificate::read(path).unwrap_or_default(),
        Err(error) => return Finding::wrong(SUBJECT, error.to_string()),
    };
    let today = calendar::clock_day();
    match chain.first().and_then(|first| certificate::last_day(first)) {
        None => Finding::advice(SUBJECT, format!("the end of {} can't be read", path.display())),
        Some(end) if end < today => Finding::wrong(
            SUBJECT,
            format!("it ended on {}: put a new one into {} and send SIGHUP", date::text(end), path.display()),
        ),
        Some(end) if end < today + RENEW => Finding::advice(
            SUBJECT,
            format!("it ends on {}: have a new one made, put it into place and send SIGHUP", date::text(end)),
        ),
        Some(end) => Finding::good(SUBJECT, format!("it is for the relay's key and holds until {}", date::text(end))),
    }
}

/// What the center says of itself, once there is a key that could have signed it.
fn said(data: &Path) -> Option<Finding> {
    const SUBJECT: &str = "notice";
    const SET: &str = "cairn-relay notice set FILE";
    tls::pin_of(data).ok().flatten()?;
    let today = calendar::clock_day();
    Some(match notice::kept(data) {
        Err(error) => Finding::wrong(SUBJECT, format!("people can't use it: {error}. Set it again: {SET}")),
        Ok(Some(notice)) if !notice.is_withdrawn() => {
            let end = date::text(notice.last_day);
            if notice.last_day < today {
                Finding::advice(SUBJECT, format!("it was meant until {end}: look through it, and set it anew: {SET}"))
            } else if notice.last_day < today + LOOK_THROUGH {
                Finding::advice(
                    SUBJECT,
                    format!("it is meant until {end}: look through it soon, and set it anew: {SET}"),
                )
            } else {
                Finding::good(SUBJECT, format!("people see it; it is meant until {end}"))
            }
        }
        Ok(_) => {
            Finding::advice(SUBJECT, format!("there is none: people find no number under Help now. Set one: {SET}"))
        }
    })
}

fn store(data: &Path) -> Finding {
    const SUBJECT: &str = "store";
    if matches!(data.join(sqlite::FILE).try_exists(), Ok(false)) {
        return match folder::trace_of_a_store(data) {
            Ok(None) => Finding::advice(SUBJECT, "there is none yet: the first `serve` makes it"),
            Ok(Some(trace)) => Finding::wrong(
                SUBJECT,
                format!(
                    "{} is missing though {trace} is there. Put it back where it was, or: cairn-relay restore --data {} FOLDER",
                    sqlite::FILE,
                    data.display()
                ),
            ),
            Err(error) => Finding::wrong(SUBJECT, error.to_string()),
        };
    }
    match sqlite::check_store(data) {
        Ok(identity) => {
            Finding::good(SUBJECT, format!("every page of it is whole; its count of restores is {}", identity.restores))
        }
        Err(error) => Finding::wrong(
            SUBJECT,
            format!(
                "{error}. Look at the disk (dmesg, smartctl), then: cairn-relay restore --replace --data {} FOLDER",
                data.display()
            ),
        ),
    }
}

fn clock(data: &Path) -> Option<Finding> {
    const SUBJECT: &str = "clock";
    let (seen, today) = (sqlite::holdings(data).ok()?.clock_day, calendar::clock_day());
    let dates = format!("the machine's clock shows {}, the relay last saw {}", date::text(today), date::text(seen));
    Some(if seen > today {
        Finding::wrong(
            SUBJECT,
            format!("{dates}: the clock went back. Set it, and let the machine keep it (timedatectl)"),
        )
    } else if today - seen > calendar::OFF_DAYS {
        let sentence = format!("{dates}: if the clock is right, what is held stays for another lifetime; else set it");
        Finding::advice(SUBJECT, sentence)
    } else {
        Finding::good(SUBJECT, dates)
    })
}

fn ports(config: &Config, running: bool) -> Vec<Finding> {
    let Ok(settings) = Settings::try_from(config.clone()) else { return vec![] };
    let mut findings = vec![port("port", (settings.host.as_str(), settings.port), running)];
    findings.extend(settings.metrics.map(|metrics| port("metrics port", metrics, running)));
    findings
}

fn port(subject: &'static str, address: impl ToSocketAddrs, running: bool) -> Finding {
    let addresses: Vec<_> = match address.to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => return Finding::wrong(subject, format!("the address is not known here: {error}")),
    };
    let Some(&address) = addresses.first() else {
        return Finding::wrong(subject, "the address is not known here: check the name after listen");
    };
    if address.port() == 0 {
        return Finding::good(subject, "a free one is taken at each start; for a relay that others reach, name one");
    }
    if running {
        return match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => Finding::good(subject, format!("{address} answers")),
            Err(error) => Finding::wrong(
                subject,
                format!("a relay runs, but {address} doesn't answer ({error}): was it started with other settings?"),
            ),
        };
    }
    match TcpListener::bind(address) {
        Ok(_) => Finding::good(subject, format!("{address} is free")),
        Err(error) => Finding::wrong(
            subject,
            format!(
                "no relay runs, and {address} can't be used ({error}): stop what uses it (ss -ltnp), or name another"
            ),
        ),
    }
}
