//! The files for systemd and for a container.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The score that systemd gives, in tenths: 0 is safe, 100 the worst.
const WORST: &str = "20";

fn units() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let mut units: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    units.sort();
    units
}

/// `systemd-analyze`, or nothing where there is none; the build check installs it.
fn analyze(arguments: &[&str], units: &[PathBuf]) -> Option<Output> {
    let output = Command::new("systemd-analyze").args(arguments).args(units).output().ok();
    assert!(output.is_some() || std::env::var_os("CI").is_none(), "the build check installs systemd");
    output
}

#[test]
fn systemd_finds_little_that_the_services_may_do() {
    let services: Vec<PathBuf> =
        units().into_iter().filter(|unit| unit.extension().is_some_and(|kind| kind == "service")).collect();
    assert_eq!(services.len(), 2);
    let threshold = format!("--threshold={WORST}");
    for service in services {
        let arguments = ["security", "--offline=true", "--no-pager", &threshold];
        let Some(output) = analyze(&arguments, std::slice::from_ref(&service)) else {
            eprintln!("skipped: there is no systemd-analyze here");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {text}", service.display());
        assert!(text.contains("Overall exposure level"), "{text}");
    }
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let Some(output) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &units()) else {
        eprintln!("skipped: there is no systemd-analyze here");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    // The program is not installed where this is built.
    let complaints = said.lines().filter(|line| !line.contains("/usr/local/bin/cairn-relay is not executable"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_units_and_the_container_call_the_program_as_it_is() {
    let program = env!("CARGO_BIN_EXE_cairn-relay");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut called = BTreeSet::new();
    for file in units().into_iter().chain([folder.join("Containerfile")]) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("\", \"", " ").replace("\\\n#", "");
        for call in text.split("cairn-relay ").skip(1).filter(|call| call.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            let words: Vec<&str> = call.split_whitespace().take_while(|word| !word.starts_with("--")).collect();
            if let [command, ..] = words.as_slice()
                && ["serve", "backup", "pass", "status"].contains(command)
            {
                called.insert((*command).to_owned());
                for option in call.lines().next().unwrap().split_whitespace().filter(|word| word.starts_with("--")) {
                    let mut help = Command::new(program);
                    help.arg(command);
                    if *command == "pass" {
                        help.arg("new");
                    }
                    let help = String::from_utf8(help.arg("--help").output().unwrap().stdout).unwrap();
                    let option = option.trim_end_matches(['"', ',', '\'']);
                    assert!(help.contains(option), "{}: {command} has no {option}", file.display());
                }
            }
        }
    }
    assert_eq!(called, ["backup".into(), "pass".into(), "serve".into()].into());
}
