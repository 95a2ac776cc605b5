//! A small world for one test: a folder that goes away, relays and profiles in it.
//!
//! In: the program that hands over. Out: processes and profiles. This file must never learn how the programs work.

use crate::client::Client;
use crate::relay::Relay;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder and what lives in it. `CAIRN_TEST_KEEP=1` leaves the folder for a look.
pub struct World {
    folder: TempDir,
    program: PathBuf,
}

/// Two people who have met: the specialist invited, the patient joined, and both know it.
pub struct Pair {
    /// The specialist's profile, set up as `Ana`, who labelled the other `Dana P.`.
    pub ana: Client,
    /// The patient's profile, joined as `Dana`.
    pub dana: Client,
}

/// What Ana calls Dana.
pub const DANA: &str = "Dana P.";

/// What Dana calls Ana.
pub const ANA: &str = "Ana";

impl World {
    /// A new world. `program` is a binary of this package.
    ///
    /// # Errors
    /// If there is no room for a folder.
    pub fn new(program: &str) -> Result<Self> {
        let mut folder = tempfile::Builder::new().prefix("cairn-").tempdir().context("a temporary folder")?;
        folder.disable_cleanup(std::env::var_os("CAIRN_TEST_KEEP").is_some());
        Ok(Self { folder, program: program.into() })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The binary that hands over.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// An open relay that runs.
    ///
    /// # Errors
    /// If it does not start.
    pub fn relay(&self) -> Result<Relay> {
        Relay::start(&self.program, &self.folder().join("relay"), &["--open"])
    }

    /// An open relay with these lines in the table `[limits]` of its file.
    ///
    /// # Errors
    /// If it does not start.
    pub fn relay_with_limits(&self, limits: &str) -> Result<Relay> {
        let file = self.folder().join("relay.toml");
        std::fs::write(&file, format!("[limits]\n{limits}\n"))?;
        let file = file.to_str().context("a path in UTF-8")?;
        Relay::start(&self.program, &self.folder().join("relay"), &["--open", "--config", file])
    }

    /// A relay that wants passes.
    ///
    /// # Errors
    /// If it does not start.
    pub fn closed_relay(&self) -> Result<Relay> {
        Relay::start(&self.program, &self.folder().join("closed-relay"), &[])
    }

    /// A profile that is not there yet, kept without a passphrase.
    #[must_use]
    pub fn client(&self, name: &str) -> Client {
        Client::new(&self.program, &self.folder().join(name))
    }

    /// A profile that is not there yet, with this passphrase in a file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn client_with_passphrase(&self, name: &str, passphrase: &str) -> Result<Client> {
        let file = self.folder().join(format!("{name}.passphrase"));
        std::fs::write(&file, passphrase)?;
        Ok(self.client(name).with_passphrase_file(&file))
    }

    /// Two people who have met at this relay.
    ///
    /// # Errors
    /// If a step fails.
    pub fn pair(&self, relay: &Relay) -> Result<Pair> {
        let (ana, dana) = (self.client("ana"), self.client("dana"));
        ana.setup("Ana", relay.address())?.ended(0)?;
        introduce(&ana, &dana, DANA, "Dana")?;
        Ok(Pair { ana, dana })
    }
}

/// Lets a patient meet a specialist who is set up.
///
/// # Errors
/// If a step fails.
pub fn introduce(specialist: &Client, patient: &Client, label: &str, name: &str) -> Result<()> {
    let (_, link) = specialist.invite(label)?;
    patient.join(&link, name)?.ended(0)?.only("contact")?;
    specialist.inbox()?.only("contact")?;
    Ok(())
}
