//! Where the relay's folder is, for the commands that look into it.
//!
//! In: `--data` or `--config`. Out: the folder, the settings. This file must never learn what is in the folder.

use crate::config::{Config, ConfigError};
use clap::Args;
use std::path::PathBuf;

/// The folder by itself, or by the file that `serve` is given.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The relay's folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The TOML file with settings that `serve` is given; it names the folder too.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    /// What the file says, with the folder of the command line.
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        Ok(Config { data: self.data.clone(), ..Config::default() }.or(file))
    }

    /// The folder.
    pub(super) fn folder(&self) -> Result<PathBuf, ConfigError> {
        self.config()?.data.ok_or(ConfigError::Missing("data"))
    }
}
