//! A person's profile and the real `cairn` processes that work on it.
//!
//! In: the words of a command. Out: JSON lines and an exit code. This file relies on docs/cli.md only.

use crate::process::{Done, run, run_killed_after};
use crate::programs::AS_CLIENT;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What opens the profile.
#[derive(Debug, Clone)]
enum Opening {
    /// A key beside it: fast.
    Nothing,
    /// A passphrase in a file: a real key derivation at each command.
    File(PathBuf),
}

/// A profile in its own home directory.
#[derive(Debug, Clone)]
pub struct Client {
    program: PathBuf,
    home: PathBuf,
    opening: Opening,
}

/// What a command said.
#[derive(Debug)]
pub struct Answer {
    /// The command, for the message of a failed test.
    pub command: String,
    /// The exit code.
    pub code: i32,
    /// The lines of standard output.
    pub lines: Vec<Value>,
    /// The error on standard error, if it is one JSON object.
    pub error: Option<Value>,
    /// Both outputs as they came.
    pub raw: Done,
}

impl Answer {
    fn of(command: &Command, raw: Done) -> Result<Self> {
        let command = format!("{command:?}");
        let out = std::str::from_utf8(&raw.out).with_context(|| format!("{command}: output that is not UTF-8"))?;
        let lines = out
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("{command}: not JSON: {line}")))
            .collect::<Result<Vec<Value>>>()?;
        for line in &lines {
            let versioned = line.get("v").and_then(Value::as_u64) == Some(1);
            ensure!(versioned && line.get("type").is_some_and(Value::is_string), "{command}: no v or type: {line}");
        }
        let error = String::from_utf8_lossy(&raw.err).lines().find_map(|line| serde_json::from_str(line).ok());
        Ok(Self { command, code: raw.code, lines, error, raw })
    }

    /// The same, if the command ended with this code.
    ///
    /// # Errors
    /// If it ended with another; what it said is in the message.
    pub fn ended(self, code: i32) -> Result<Self> {
        let said = String::from_utf8_lossy(&self.raw.err);
        let out = String::from_utf8_lossy(&self.raw.out);
        ensure!(self.code == code, "{}: ended with {}, not {code}\n{out}{said}", self.command, self.code);
        if code != 0 {
            let told = self.error.as_ref().and_then(|error| error.get("code")?.as_i64());
            ensure!(told == Some(i64::from(code)), "{}: ended with {code}, but says {said}", self.command);
        }
        Ok(self)
    }

    /// The lines of one type.
    #[must_use]
    pub fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.lines.iter().filter(|line| line.get("type").and_then(Value::as_str) == Some(kind)).collect()
    }

    /// The only line of this type.
    ///
    /// # Errors
    /// If there are none or several.
    pub fn only(&self, kind: &str) -> Result<&Value> {
        match self.of_type(kind).as_slice() {
            [line] => Ok(line),
            _ => anyhow::bail!("{}: not one {kind} in {:?}", self.command, self.lines),
        }
    }

    /// The texts of its messages, as they came.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.of_type("message").into_iter().filter_map(|line| line.get("text")?.as_str()).collect()
    }
}

/// A field of a JSON line, as text.
///
/// # Errors
/// If it is not there, or not text.
pub fn field<'a>(line: &'a Value, name: &str) -> Result<&'a str> {
    line.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {line}"))
}

impl Client {
    /// A profile that is not there yet, kept without a passphrase.
    #[must_use]
    pub fn new(program: &Path, home: &Path) -> Self {
        Self { program: program.into(), home: home.into(), opening: Opening::Nothing }
    }

    /// The same profile, opened with the passphrase in this file.
    #[must_use]
    pub fn with_passphrase_file(mut self, file: &Path) -> Self {
        self.opening = Opening::File(file.into());
        self
    }

    /// The same profile at another place, as after a copy.
    #[must_use]
    pub fn at(&self, home: &Path) -> Self {
        Self { home: home.into(), ..self.clone() }
    }

    /// The home directory.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The arguments before a command's own words: which program, which profile, how it is opened.
    #[must_use]
    pub fn opening_arguments(&self) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let mut arguments = vec![AS_CLIENT.to_owned(), "--home".into(), text(&self.home)];
        if let Opening::File(file) = &self.opening {
            arguments.extend(["--passphrase-file".into(), text(file)]);
        }
        arguments
    }

    /// The command with these words, without `--json`.
    #[must_use]
    pub fn plain_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.opening_arguments()).args(words);
        command
    }

    /// The command with these words.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.opening_arguments()).args(["--json", "--no-input"]).args(words);
        command
    }

    /// Runs a command.
    ///
    /// # Errors
    /// If it can't be run, or prints something else than JSON lines.
    pub fn run(&self, words: &[&str]) -> Result<Answer> {
        self.run_with(words, b"")
    }

    /// Runs a command with this standard input.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with(&self, words: &[&str], input: &[u8]) -> Result<Answer> {
        let mut command = self.command(words);
        let raw = run(&mut command, input)?;
        Answer::of(&command, raw)
    }

    /// Runs a command and kills it at that moment, if it still runs. Its lines may be cut: they are not read.
    ///
    /// # Errors
    /// If it can't be run.
    pub fn run_killed_after(&self, words: &[&str], input: &[u8], moment: Duration) -> Result<Done> {
        run_killed_after(&mut self.command(words), input, Some(moment))
    }

    fn making<'a>(&self, words: &[&'a str]) -> Vec<&'a str> {
        let mut words = words.to_vec();
        if matches!(self.opening, Opening::Nothing) {
            words.push("--no-passphrase");
        }
        words
    }

    /// `setup`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn setup(&self, name: &str, relay: &str) -> Result<Answer> {
        self.run(&self.making(&["setup", "--name", name, "--relay", relay]))
    }

    /// `invite new --for`, which must give a link.
    ///
    /// # Errors
    /// If it does not.
    pub fn invite(&self, label: &str) -> Result<(String, String)> {
        let answer = self.run(&["invite", "new", "--for", label])?.ended(0)?;
        let invite = answer.only("invite")?;
        Ok((field(invite, "id")?.to_owned(), field(invite, "link")?.to_owned()))
    }

    /// `join` that makes the profile.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn join(&self, link: &str, name: &str) -> Result<Answer> {
        self.run(&self.making(&["join", link, "--name", name]))
    }

    /// `send` with the text on standard input; it must end with 0. The identifier and the state.
    ///
    /// # Errors
    /// If it ends otherwise.
    pub fn send(&self, contact: &str, text: &str) -> Result<(String, String)> {
        let answer = self.run_with(&["send", contact, "-"], text.as_bytes())?.ended(0)?;
        let sent = answer.only("sent")?;
        Ok((field(sent, "id")?.to_owned(), field(sent, "state")?.to_owned()))
    }

    /// `send` that must get the message to the relay's disk.
    ///
    /// # Errors
    /// If it stays here.
    pub fn send_through(&self, contact: &str, text: &str) -> Result<String> {
        let (id, state) = self.send(contact, text)?;
        ensure!(state == "sent", "the message is {state}");
        Ok(id)
    }

    /// `inbox`, which must end with 0.
    ///
    /// # Errors
    /// If it ends otherwise.
    pub fn inbox(&self) -> Result<Answer> {
        self.run(&["inbox"])?.ended(0)
    }

    /// `inbox` while the relay can't be reached: 4.
    ///
    /// # Errors
    /// If it ends otherwise.
    pub fn inbox_is_out_of_reach(&self) -> Result<()> {
        self.run(&["inbox"])?.ended(4).map(drop)
    }

    /// The whole `history` with a contact as (direction, text), oldest first.
    ///
    /// # Errors
    /// If it ends with anything but 0.
    pub fn history(&self, contact: &str) -> Result<Vec<(String, String)>> {
        let answer = self.run(&["history", contact, "--last", "100000"])?.ended(0)?;
        let line = |line: &&Value| Ok((field(line, "direction")?.to_owned(), field(line, "text")?.to_owned()));
        answer.of_type("message").iter().map(line).collect()
    }
}
