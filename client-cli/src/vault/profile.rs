//! The person's own row.
//!
//! In: a name, a relay, a pass. Out: the same. This file must never learn a contact.

use super::{Store, VaultError};
use cairn_protocol::token::Pass;

/// The person who owns the vault.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The name that contacts are given.
    pub(crate) name: String,
    /// Where new invitations wait.
    pub(crate) relay: Option<String>,
    /// What admits us there.
    pub(crate) pass: Option<Pass>,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
}

impl Store<'_> {
    pub(super) fn insert_profile(&self, profile: &Profile) -> Result<(), VaultError> {
        self.0.execute(
            "INSERT INTO profile (one, name, relay, pass, created_at) VALUES (1, ?1, ?2, ?3, ?4)",
            (
                &profile.name,
                &profile.relay,
                profile.pass.as_ref().map(|pass| pass.expose().as_slice()),
                profile.created_at,
            ),
        )?;
        Ok(())
    }

    pub(crate) fn profile(&self) -> Result<Profile, VaultError> {
        Ok(self.0.query_row("SELECT name, relay, pass, created_at FROM profile", [], |row| {
            Ok(Profile {
                name: row.get(0)?,
                relay: row.get(1)?,
                pass: row.get::<_, Option<[u8; 32]>>(2)?.map(Pass::from_bytes),
                created_at: row.get(3)?,
            })
        })?)
    }

    /// Keeps where invitations wait and what admits us there; nothing that is known is forgotten. A pass of another relay
    /// is not kept: it would be shown to this one.
    pub(crate) fn keep_relay(&self, relay: &str, pass: Option<&Pass>) -> Result<(), VaultError> {
        self.0.execute(
            "UPDATE profile SET relay = coalesce(relay, ?1),
                 pass = iif(coalesce(relay, ?1) = ?1, coalesce(?2, pass), pass)",
            (relay, pass.map(|pass| pass.expose().as_slice())),
        )?;
        Ok(())
    }
}
