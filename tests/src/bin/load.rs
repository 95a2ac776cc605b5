//! `cargo load store` and `cargo load live`: how fast the relay is on this machine, beside what the machine can do.

use e2e::load::{LONGEST, SECONDS, Workload, run};
use std::process::ExitCode;
use std::time::Duration;

#[expect(clippy::print_stdout, reason = "one JSON line is what this program is for")]
#[expect(clippy::print_stderr, reason = "the one place where it says why it stopped")]
fn main() -> ExitCode {
    if let Some(code) = e2e::programs::hand_over() {
        return code;
    }
    let Some((workload, seconds)) = arguments() else {
        eprintln!(
            "load store [SECONDS] | load live [SECONDS]     at most {LONGEST} seconds, {SECONDS} if none are given"
        );
        return ExitCode::from(2);
    };
    let measured = std::env::current_exe()
        .map_err(anyhow::Error::from)
        .and_then(|program| run(&program.to_string_lossy(), workload, Duration::from_secs(seconds)));
    match measured {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<(Workload, u64)> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let workload = match words.first()?.as_str() {
        "store" => Workload::Store,
        "live" => Workload::Live,
        _ => return None,
    };
    let seconds = match words.get(1) {
        None => SECONDS,
        Some(text) => text.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds))?,
    };
    (words.len() <= 2).then_some((workload, seconds))
}
