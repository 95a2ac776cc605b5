//! `cargo load`: how fast the relay is on this machine, beside what the machine can do.

use e2e::load::{Growing, LONGEST, SECONDS, Turn, Workload, run};
use e2e::programs::AS_FLOOR;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
cargo load WORKLOAD [OPTIONS]

Starts a relay in a temporary folder, puts load on it over TLS, measures in the same run what the
machine can do, and prints one JSON line. Nothing leaves this machine. TMPDIR says on which disk.

In turns with the floor (a plain WebSocket server with one SQLite writer, FULL, group commit,
delivery after the commit, no TLS), so that ratios hold on a busy machine too:
  store       16 senders with 64 puts in flight each; nobody fetches
  drain       16 owners fetch and acknowledge 512 envelopes each
  live        one sender and one waiting receiver, one message at a time
  pairs       64 senders and 64 waiting receivers, 16 messages in flight each

  idle        memory of the relay with many owners who wait (--most 10000)
  storm       time until many owners are back after kill -9 and a start (--most 10000)
  depth       cost of put and drain as a mailbox grows, 1 to --most 100000 envelopes
  mailboxes   the same as mailboxes become many, 1 to --most 1000000
  file        the same as the file grows, 10 to --most 1000 MiB
  soak        a steady rate while people come and go (--rate 300, --seconds 60 to 36000)

Options:
  --seconds N   how long on each side; 10 if not said, 120 at most (but for soak)
  --most N      how far it grows, how many connect
  --rate N      messages a second of soak
  --help        this text

What the fields mean, and what was measured when, stands in docs/performance.md.
";

/// The longest soak: ten hours.
const LONGEST_SOAK: u64 = 36_000;

#[expect(clippy::print_stdout, reason = "one JSON line is what this program is for")]
#[expect(clippy::print_stderr, reason = "the one place where it says how far it has come and why it stopped")]
fn main() -> ExitCode {
    if let Some(code) = e2e::programs::hand_over() {
        return code;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [first, folder] = &*words
        && first == AS_FLOOR
    {
        e2e::programs::end_with_parent();
        let Err(error) = e2e::load::serve_floor(Path::new(folder), |port| println!("{port}")) else {
            return ExitCode::SUCCESS;
        };
        eprintln!("load: {error:#}");
        return ExitCode::FAILURE;
    }
    if words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let workload = match understood(&words) {
        Ok(workload) => workload,
        Err(sentence) => {
            eprintln!("load: {sentence}. `cargo load --help` says more");
            return ExitCode::from(2);
        }
    };
    let measured = std::env::current_exe()
        .map_err(anyhow::Error::from)
        .and_then(|program| run(&program.to_string_lossy(), workload, &|text| eprintln!("load: {text}")));
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

/// The workload that the arguments ask for, or what is wrong with them.
fn understood(words: &[String]) -> Result<Workload, String> {
    let (name, options) = words.split_first().ok_or("no workload is named")?;
    let (mut seconds, mut most, mut rate) = (None, None, None);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let place = match option.as_str() {
            "--seconds" => &mut seconds,
            "--most" => &mut most,
            "--rate" => &mut rate,
            other => return Err(format!("{other} is no option")),
        };
        let number: Option<u64> = options.next().and_then(|text| text.parse().ok());
        *place = Some(number.filter(|number| *number > 0).ok_or(format!("{option} wants a number above 0"))?);
    }
    let soaking = name == "soak";
    let longest = if soaking { LONGEST_SOAK } else { LONGEST };
    let time = seconds.unwrap_or(if soaking { 60 } else { SECONDS });
    if time > longest {
        return Err(format!("--seconds is {longest} at most"));
    }
    let time = Duration::from_secs(time);
    let size = |usual: usize, end: usize| match most.map_or(Ok(usual), usize::try_from) {
        Ok(size) if size <= end => Ok(size),
        _ => Err(format!("--most is {end} at most")),
    };
    Ok(match name.as_str() {
        "store" => Workload::Turns(Turn::Store, time),
        "drain" => Workload::Turns(Turn::Drain, time),
        "live" => Workload::Turns(Turn::Live, time),
        "pairs" => Workload::Turns(Turn::Pairs, time),
        "idle" => Workload::Idle(size(10_000, 100_000)?),
        "storm" => Workload::Storm(size(10_000, 100_000)?),
        "depth" => Workload::Growth(Growing::Depth, size(100_000, 130_000)?),
        "mailboxes" => Workload::Growth(Growing::Mailboxes, size(1_000_000, 1_900_000)?),
        "file" => Workload::Growth(Growing::File, size(1_000, 20_000)?),
        "soak" => Workload::Soak(u32::try_from(rate.unwrap_or(300)).map_err(|_| "--rate is too high")?, time),
        other => return Err(format!("{other} is no workload")),
    })
}
