//! The program in a process of its own.

use crate::common::Client;
use cairn_protocol::address::RelayAddress;
use cairn_protocol::wire::frame::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The program with these arguments; `DATA` stands for the folder.
pub(crate) fn program(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-relay"));
    for argument in arguments.split(' ') {
        if argument == "DATA" {
            command.arg(folder);
        } else {
            command.arg(argument);
        }
    }
    command
}

pub(crate) fn run(folder: &Path, arguments: &str) -> Output {
    program(folder, arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A relay in its own process; killed when dropped.
pub(crate) struct Relay {
    pub(crate) process: Child,
    output: BufReader<std::process::ChildStdout>,
    pub(crate) address: RelayAddress,
    /// Whether it says that it is open.
    pub(crate) open: bool,
    /// Where it tells counts, if it was asked to.
    pub(crate) metrics: Option<String>,
}

impl Relay {
    pub(crate) fn start(folder: &Path, more: &str) -> Self {
        let arguments = format!("serve --data DATA --listen 127.0.0.1:0{more}");
        let mut command = program(folder, &arguments);
        Self::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    pub(crate) fn of(mut process: Child) -> Self {
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["v"], &value["type"]), (&1.into(), &"listening".into()));
        let address = value["address"].as_str().unwrap().parse().unwrap();
        let metrics = value["metrics"].as_str().map(str::to_owned);
        let open = value["open"].as_bool().unwrap();
        Self { process, output, address, open, metrics }
    }

    /// Under strace, which makes these calls fail; of writes only those to the store's journal.
    pub(crate) fn under_strace(folder: &Path, calls: &str, when: &str) -> Option<Self> {
        let mut command = Command::new("strace");
        let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:error=EIO:when={when}"));
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]);
        if calls.contains("write") {
            command.arg("-P").arg(folder.canonicalize().unwrap().join("relay.db-wal"));
        }
        command.arg(env!("CARGO_BIN_EXE_cairn-relay")).args(["serve", "--open", "--listen", "127.0.0.1:0", "--data"]);
        let child = command.arg(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
        Some(Self::of(child))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// Waits for its end: the exit code, and what it said on standard error.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line on standard output, no more");
        let mut errors = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (code, errors)
    }

    pub(crate) async fn client(&self) -> Client {
        let mut client = Client::connect(&self.address).await;
        assert!(matches!(client.call(&Request::Hello { version: 1 }).await, Reply::Welcome(_)));
        client
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate as PEM has it.
pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", base64(der))
}

/// In lines.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (place, three) in bytes.chunks(3).enumerate() {
        let number =
            three.iter().chain([0, 0].iter().take(3 - three.len())).fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        for letter in 0..4 {
            text.push(if letter <= three.len() { char::from(LETTERS[number >> (18 - 6 * letter) & 63]) } else { '=' });
        }
        if place % 16 == 15 {
            text.push('\n');
        }
    }
    text + "\n"
}
