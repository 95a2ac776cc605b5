//! A look at everything that a profile needs, and the rescue of what can be read of a damaged one.
//!
//! In: a home, what opens it. Out: findings; a new profile with what was saved. This file must never change what it looks
//! at, nor carry a session over: a key that was used might be used again.

use super::model::{Finding, Salvaged};
use super::outbound::restore;
use super::{Engine, Fault, chance};
use crate::home::{Home, KEY_FILES, UNFINISHED, VAULT_FILES};
use crate::language::trouble;
use crate::vault::Vault;
use rustix::process::geteuid;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// A day before which no clock can be right, milliseconds since 1970: 1 January 2026.
const EARLIEST: i64 = 1_767_225_600_000;

/// How much earlier than the newest message a clock may be. Shorter: a change of a clock by an hour is told. Longer: a
/// wrong day isn't.
const BACK: i64 = 86_400_000;

/// Room that the file's rewriting takes beside the file itself.
const ROOM: u64 = 16 * 1024 * 1024;

/// Whether others may do one of these things with a file or a folder, or own it.
fn is_open(path: &Path, things: u32) -> bool {
    let found = std::fs::symlink_metadata(path);
    found.is_ok_and(|found| found.permissions().mode() & things != 0 || found.uid() != geteuid().as_raw())
}

/// Whether a new profile may be made there: nothing is there, or only what a rescue left that was killed.
fn is_free(into: &Home) -> Result<(), Fault> {
    let ours = |name: &std::ffi::OsStr| name == "lock" || UNFINISHED.iter().any(|file| name == *file);
    let free = match std::fs::read_dir(into.directory()) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| ours(&entry.file_name()))),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if free { Ok(()) } else { Err(Fault::Usage(trouble::new_home())) }
}

impl Engine {
    /// Looks at the home from outside: whose it is, who works in it, what room there is, what day it is.
    ///
    /// # Errors
    /// Where the lock can't be looked at.
    pub fn look_around(home: &Home, now: i64) -> Result<Vec<Finding>, Fault> {
        if !Self::exists(home) {
            return Ok(vec![Finding::NoProfile]);
        }
        let mut open = Vec::new();
        if is_open(home.directory(), 0o022) {
            open.push(home.directory().display().to_string());
        }
        for entry in std::fs::read_dir(home.directory()).into_iter().flatten().flatten() {
            if is_open(&entry.path(), 0o077) {
                open.push(entry.path().display().to_string());
            }
        }
        let mut findings: Vec<Finding> = open.into_iter().map(Finding::OpenToOthers).collect();
        if findings.is_empty() {
            findings.push(Finding::Private);
        }
        let size = std::fs::metadata(home.vault()).map_or(0, |file| file.len());
        if let Ok(disk) = rustix::fs::statvfs(home.directory()) {
            let (free, wanted) = (disk.f_bavail.saturating_mul(disk.f_frsize), size.saturating_mul(2) + ROOM);
            findings.push(if free < wanted { Finding::LittleRoom { free, wanted } } else { Finding::Room(free) });
        }
        if now < EARLIEST {
            findings.push(Finding::ClockOff);
        }
        findings.push(home.holder()?.map_or(Finding::Free, Finding::InUse));
        Ok(findings)
    }

    /// Looks through the vault. Whether it can be worked with.
    ///
    /// # Errors
    /// [`Fault::WrongPassphrase`], [`Fault::InUse`].
    pub fn look_inside(home: &Home, passphrase: Option<&str>, now: i64) -> Result<(Vec<Finding>, bool), Fault> {
        let not_looked = |why| Ok((vec![Finding::NotLooked(why)], false));
        let _lock = match home.lock() {
            Err(Fault::Home(why)) => return not_looked(why),
            lock => lock?,
        };
        let health = match Vault::examine(home, passphrase).map_err(Fault::from) {
            Ok(health) => health,
            Err(Fault::Damaged(what)) => return Ok((vec![Finding::Unreadable(what)], false)),
            Err(Fault::NoRoom) => return not_looked(trouble::no_room()),
            Err(Fault::Unexpected(why)) => return not_looked(why),
            Err(Fault::NewerProfile) => return Ok((vec![Finding::Newer], false)),
            Err(fault) => return Err(fault),
        };
        let mut findings = Vec::new();
        let sound = health.pages == 0 && health.whole;
        findings.push(if sound { Finding::Whole(health.version) } else { Finding::Damaged(health.pages) });
        findings.push(match health.newest {
            Some(newest) if now < newest - BACK => Finding::ClockBehind(newest),
            _ => Finding::Clock(now),
        });
        Ok((findings, sound))
    }

    /// Conversations whose keys can't be read, by name; how many can.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn look_at_sessions(&self) -> Result<Vec<Finding>, Fault> {
        self.vault.read(|store| {
            let (mut findings, mut fine) = (Vec::new(), 0);
            for person in store.contacts()? {
                match restore(store, &person.id) {
                    Err(Fault::SessionDamaged) => findings.push(Finding::Stopped(person.name)),
                    session => {
                        session?;
                        fine += 1;
                    }
                }
            }
            if fine > 0 || findings.is_empty() {
                findings.push(Finding::Conversations(fine));
            }
            Ok(findings)
        })
    }

    /// Copies what can be read of a damaged profile into a new home, under the same passphrase. The damaged one is left as
    /// it is. Killed at any point it leaves no profile or a whole one; the next one takes away what it left.
    ///
    /// # Errors
    /// [`Fault::Usage`] where the new home is not an empty place; [`Fault::WrongPassphrase`]; [`Fault::Damaged`] where
    /// nothing can be read; [`Fault::InUse`].
    pub fn salvage(home: &Home, passphrase: Option<&str>, into: &Home) -> Result<Salvaged, Fault> {
        if !Self::exists(home) {
            return Err(Fault::NotSetUp);
        }
        is_free(into)?;
        let _lock = home.lock()?;
        into.make_closed()?;
        let saved = {
            let _new = into.lock()?;
            // Another one may have been here until now.
            is_free(into)?;
            Vault::salvage(home, passphrase, into, &mut chance::rng())
        };
        if saved.is_err() {
            // Only what was made here is taken away.
            for name in KEY_FILES.into_iter().chain(VAULT_FILES).chain(["lock"]) {
                let _ = std::fs::remove_file(into.directory().join(name));
            }
        }
        let saved = saved?;
        Ok(Salvaged {
            home: into.directory().display().to_string(),
            profile: saved.profile,
            people: saved.people,
            nameless: saved.nameless,
            people_missing: saved.people_missing,
            messages: saved.messages,
            missing: saved.missing,
            drafts: saved.drafts,
            drafts_missing: saved.drafts_missing,
        })
    }
}
