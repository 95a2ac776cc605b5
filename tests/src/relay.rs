//! A real relay as a process: started, stopped, killed, started again at the same place.
//!
//! In: a folder. Out: an address, what `dump` prints, every byte that the relay wrote. This file must never learn a key.

use crate::process::{Done, Running, run};
use crate::programs::AS_RELAY;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How often a port is tried that another program has taken while the relay was down.
const TRIES: u32 = 40;

/// A relay with its data folder and its logs.
pub struct Relay {
    program: PathBuf,
    folder: PathBuf,
    options: Vec<String>,
    address: String,
    running: Option<Running>,
}

impl Relay {
    /// Starts a relay on a free loopback port. `folder` gets its data and its logs.
    ///
    /// # Errors
    /// If it does not say that it listens.
    pub fn start(program: &Path, folder: &Path, options: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let options = options.iter().map(ToString::to_string).collect();
        let mut relay = Self {
            program: program.into(),
            folder: folder.into(),
            options,
            address: "127.0.0.1:0/".into(),
            running: None,
        };
        relay.start_again()?;
        Ok(relay)
    }

    /// The address that clients take, pin and all.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Host and port.
    #[must_use]
    pub fn place(&self) -> &str {
        self.address.split('/').next().unwrap_or_default()
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The identifier of the running process.
    ///
    /// # Errors
    /// If it does not run.
    pub fn id(&self) -> Result<u32> {
        Ok(self.running.as_ref().context("the relay is not running")?.id())
    }

    /// Starts it again at the same port with the same data.
    ///
    /// # Errors
    /// If it does not say that it listens, or listens with another address.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "the relay is running");
        let (out, err) = (self.folder.join("relay.out"), self.folder.join("relay.err"));
        for _ in 0..TRIES {
            let before = std::fs::read(&err).unwrap_or_default().len();
            let mut command = Command::new(&self.program);
            command.arg(AS_RELAY).arg("serve").arg("--data").arg(self.data()).args(["--listen", self.place()]);
            let running = Running::start(command.args(&self.options), &out, &err)?;
            if let Some(address) = listening(&running)? {
                let same_pin = self.address.ends_with('/') || self.address == address;
                ensure!(same_pin, "the relay's address was {} and is {address}", self.address);
                self.address = address;
                self.running = Some(running);
                return Ok(());
            }
            let code = running.wait()?;
            let said = std::fs::read(&err).unwrap_or_default();
            let said = String::from_utf8_lossy(said.get(before..).unwrap_or_default()).into_owned();
            let taken = said.to_lowercase().contains("address already in use") || said.contains("os error 98");
            if !taken {
                bail!("the relay ended with {code}: {said}");
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        bail!("port {} stays taken", self.place())
    }

    /// Stops it as an operator does (SIGTERM), and tells its exit code.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop(&mut self) -> Result<i32> {
        self.running.take().context("the relay is not running")?.terminate()
    }

    /// Kills it (SIGKILL).
    ///
    /// # Errors
    /// If it does not end.
    pub fn kill(&mut self) -> Result<()> {
        self.running.take().context("the relay is not running")?.kill().map(drop)
    }

    /// All that the relay holds, one value for each line of `dump`.
    ///
    /// # Errors
    /// If `dump` fails or prints something else than JSON.
    pub fn dump(&self) -> Result<Vec<Value>> {
        self.control(&["dump"])
    }

    /// A fresh pass.
    ///
    /// # Errors
    /// If the relay gives none.
    pub fn pass(&self) -> Result<String> {
        let lines = self.control(&["pass", "new"])?;
        let pass = lines.iter().find_map(|line| line.get("pass")?.as_str());
        Ok(pass.context("a line with a pass")?.to_owned())
    }

    /// Makes a backup in a folder that is not there yet, while the relay runs or not.
    ///
    /// # Errors
    /// If the relay makes none.
    pub fn back_up(&self, folder: &Path) -> Result<()> {
        self.control(&["backup", folder.to_str().context("a name in UTF-8")?]).map(drop)
    }

    /// Puts a backup back in the place of the store. The relay must not run.
    ///
    /// # Errors
    /// If it is refused.
    pub fn put_back(&self, folder: &Path) -> Result<()> {
        self.control(&["restore", "--replace", folder.to_str().context("a name in UTF-8")?]).map(drop)
    }

    /// What a command of the operator prints, one value a line.
    ///
    /// # Errors
    /// If it fails or prints something else than JSON.
    pub fn control(&self, words: &[&str]) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.program);
        let Done { code, out, err } = run(command.arg(AS_RELAY).args(words).arg("--data").arg(self.data()), b"")?;
        let said = String::from_utf8_lossy(&err);
        ensure!(code == 0, "cairn-relay {words:?} ended with {code}: {said}");
        std::str::from_utf8(&out)?
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }

    /// Every file that the relay wrote, with its bytes: database, log of changes, keys, standard output and error.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn written(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
                    files.push((path, bytes));
                }
            }
        }
        Ok(files)
    }
}

/// The address that the relay says it listens at; none if it ended instead.
fn listening(running: &Running) -> Result<Option<String>> {
    while let Some(line) = running.line()? {
        let value: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
        if value.get("type").and_then(Value::as_str) == Some("listening") {
            let address = value.get("address").and_then(Value::as_str).context("an address")?;
            return Ok(Some(address.to_owned()));
        }
    }
    Ok(None)
}
