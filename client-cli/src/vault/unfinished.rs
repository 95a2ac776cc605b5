//! A vault that is being made, under names by which nobody takes it for a profile.
//!
//! In: a home, a profile's first row. Out: a vault to fill, and at the end one under its own name. This file must never let
//! a half stand there: a kill at any point leaves no vault or a whole one.

use super::{APPLICATION, Profile, SCHEMA, Vault, VaultError, connect, finish_key, keyfile, new_key, unwritable};
use crate::home::{Home, UNFINISHED, flush_directory, no_follow};
use cairn_protocol::secret::Secret;
use rand::CryptoRng;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// One that is not finished.
pub(super) struct Unfinished {
    vault: Vault,
    key: Secret,
}

fn beside(home: &Home) -> PathBuf {
    home.directory().join("vault.new")
}

/// Takes away what a kill has left of one that was being made here.
pub(super) fn clear(home: &Home) -> Result<(), VaultError> {
    for name in UNFINISHED {
        match std::fs::remove_file(home.directory().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(&error)),
            _ => {}
        }
    }
    Ok(())
}

impl Unfinished {
    /// Begins one, with a new key.
    pub(super) fn begin(
        home: &Home,
        passphrase: Option<&str>,
        profile: &Profile,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        let key = Secret::random(rng);
        keyfile::write_whole(&new_key(home), &keyfile::encode(&key, passphrase, rng)?)?;
        let file = beside(home);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(no_follow()).open(&file);
        made.map_err(|error| unwritable(&error))?;
        let mut vault = Vault(connect(&file, &key)?);
        vault.write(|store| {
            store.0.execute_batch(include_str!("schema.sql"))?;
            store.0.pragma_update(None, "application_id", APPLICATION)?;
            store.0.pragma_update(None, "user_version", SCHEMA)?;
            store.insert_profile(profile)
        })?;
        Ok(Self { vault, key })
    }

    /// What is to be filled.
    pub(super) const fn vault(&mut self) -> &mut Vault {
        &mut self.vault
    }

    /// All of it is in the file and on the disk; then it takes its name.
    pub(super) fn finish(self, home: &Home) -> Result<Vault, VaultError> {
        self.vault.tidy()?;
        self.vault.0.close().map_err(|(_, error)| VaultError::from(error))?;
        std::fs::rename(beside(home), home.vault())
            .and_then(|()| flush_directory(home.directory()))
            .map_err(|error| unwritable(&error))?;
        finish_key(home)?;
        Vault::with_key(home, &self.key)
    }
}
