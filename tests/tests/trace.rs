//! The client opens no socket but the relay's: its system calls say so.

use anyhow::{Context, Result, bail, ensure};
use e2e::client::Client;
use e2e::process::run;
use e2e::relay::Relay;
use e2e::world::{ANA, DANA, World};
use std::path::Path;
use std::process::Command;

/// System calls that reach other processes or other computers.
const CALLS: &str = "trace=socket,connect,bind,listen,accept,accept4,sendto,sendmsg,sendmmsg,socketpair";

/// Whether there is a strace that may be used. Where checks run for others, its absence is a failure.
fn can_trace() -> Result<bool> {
    let mut command = Command::new("strace");
    let works = run(command.args(["-f", "-o", "/dev/null", "true"]), b"").is_ok_and(|done| done.code == 0);
    if !works && std::env::var_os("CI").is_some() {
        bail!("CI=true, and strace is missing or may not be used");
    }
    Ok(works)
}

/// Runs a command of a client under strace. Its system calls, one a line.
fn traced(client: &Client, words: &[&str], folder: &Path) -> Result<Vec<String>> {
    watch(&client.command(words), b"", folder)
}

fn watch(plain: &Command, input: &[u8], folder: &Path) -> Result<Vec<String>> {
    let log = folder.join("trace.log");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", CALLS, "-e", "signal=none", "-o"]).arg(&log).arg(plain.get_program());
    let done = run(command.args(plain.get_args()), input)?;
    let said = String::from_utf8_lossy(&done.err).into_owned();
    ensure!(done.code == 0, "{plain:?} ended with {}: {said}", done.code);
    let calls = std::fs::read_to_string(&log)?;
    Ok(calls.lines().map(ToOwned::to_owned).collect())
}

/// Calls that are neither the relay's connection nor without any way out.
fn foreign<'a>(calls: &'a [String], relay: &Relay) -> Result<Vec<&'a str>> {
    let (host, port) = relay.place().split_once(':').context("a host and a port")?;
    let to_relay = format!("sin_port=htons({port}), sin_addr=inet_addr(\"{host}\")");
    let harmless = |call: &str| {
        let name = call.split('(').next().unwrap_or_default().rsplit(' ').next().unwrap_or_default();
        match name {
            "connect" => call.contains(&to_relay),
            // A socket that is made for the relay, and pairs within the process (signals of the runtime).
            "socket" => call.contains("AF_INET, SOCK_STREAM"),
            "socketpair" => call.contains("AF_UNIX"),
            // On a connected socket; an address in the call would name somebody else.
            "sendto" => call.contains("NULL, 0)"),
            "sendmsg" => call.contains("msg_name=NULL"),
            _ => call.contains("resumed>") || call.contains("+++"),
        }
    };
    Ok(calls.iter().map(String::as_str).filter(|call| !harmless(call)).collect())
}

#[test]
fn the_client_opens_no_socket_but_the_relays() -> Result<()> {
    if !can_trace()? {
        println!("SKIPPED: strace is missing, so the client's system calls were not looked at.");
        return Ok(());
    }
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    let folder = world.folder();
    let mut calls = Vec::new();
    let setup = ["setup", "--name", "Ana", "--relay", relay.address(), "--no-passphrase"];
    calls.extend(traced(&ana, &setup, folder)?);
    let (_, link) = ana.invite(DANA)?;
    calls.extend(traced(&ana, &["invite", "new", "--for", "another"], folder)?);
    calls.extend(traced(&dana, &["join", &link, "--name", "Dana", "--no-passphrase"], folder)?);
    calls.extend(traced(&dana, &["send", ANA, "-m", "hello"], folder)?);
    calls.extend(traced(&ana, &["inbox"], folder)?);
    calls.extend(traced(&ana, &["send", DANA, "-m", "hello"], folder)?);
    calls.extend(traced(&dana, &["inbox", "--wait", "60"], folder)?);
    for words in [&["history", ANA][..], &["contact", "list"], &["status"], &["invite", "list"], &["--help"]] {
        calls.extend(traced(&dana, words, folder)?);
    }
    // The conversation screen too, with a line typed ahead.
    calls.extend(watch(&dana.plain_command(&["--plain"]), b"from the open conversation\n", folder)?);
    assert_eq!(ana.inbox()?.texts(), ["from the open conversation"]);
    let connections = calls.iter().filter(|call| call.contains("connect(")).count();
    ensure!(connections >= 7, "each command that needs the relay was seen: {connections} connections");
    assert_eq!(foreign(&calls, &relay)?, Vec::<&str>::new());
    // The eyes are open: a lookup, another port, another family and a listening socket are seen.
    for call in [
        "7 connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"127.0.0.53\")}, 16) = 0",
        "7 connect(5, {sa_family=AF_UNIX, sun_path=\"/var/run/nscd/socket\"}, 110) = -1 ENOENT",
        "7 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 5",
        "7 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 5",
        "7 bind(5, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0",
        "7 sendto(5, \"x\", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"10.0.0.1\")}, 16) = 1",
    ] {
        assert_eq!(foreign(&[call.to_owned()], &relay)?, [call]);
    }
    Ok(())
}
