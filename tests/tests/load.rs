//! Short forms of the load tool's long runs. What is asserted is counted, or a ratio within one run: never a time.

use anyhow::{Context, Result, ensure};
use e2e::load::{Growing, Workload, figures};
use serde_json::{Map, Value};
use std::process::Command;
use std::time::Duration;

fn measured(workload: Workload) -> Result<Map<String, Value>> {
    figures(env!("CARGO_BIN_EXE_load"), workload, &|_| ())
}

fn number(fields: &Map<String, Value>, name: &str) -> Result<f64> {
    fields.get(name).and_then(Value::as_f64).with_context(|| format!("{name} in {fields:?}"))
}

#[test]
fn a_deep_mailbox_makes_no_operation_write_more() -> Result<()> {
    let fields = measured(Workload::Growth(Growing::Depth, 2000))?;
    let ratios = fields.get("ratios").and_then(Value::as_object).context("ratios")?;
    for name in ["put_written", "drain_written"] {
        // Pages of an index with random keys, and when the journal is written back, make up to twice as many.
        let ratio = number(ratios, name)?;
        ensure!(ratio < 4.0, "{name}: {ratio} times as many bytes at depth 2,000 as at depth 1: {fields:#?}");
    }
    Ok(())
}

#[test]
fn people_who_come_and_go_leave_no_descriptor_and_no_memory_behind() -> Result<()> {
    let fields = measured(Workload::Soak(300, Duration::from_secs(60)))?;
    // 30 pairs at any time, what the relay opens for itself, and pairs that are just leaving.
    let most = number(&fields, "descriptors_most")?;
    ensure!(most <= 30.0 * 2.0 * 2.0 + 40.0, "{most} descriptors: {fields:#?}");
    let (first, last) = (number(&fields, "memory_kib_first")?, number(&fields, "memory_kib_most")?);
    ensure!(last < first * 1.5, "{last} KiB after {first}: {fields:#?}");
    ensure!(number(&fields, "messages")? > 30.0, "hardly anything was sent: {fields:#?}");
    Ok(())
}

#[test]
fn idle_owners_cost_the_relay_little_memory() -> Result<()> {
    let fields = measured(Workload::Idle(300))?;
    let each = number(&fields, "memory_kib_per_connection")?;
    ensure!(each < 28.0, "{each} KiB a connection: {fields:#?}");
    Ok(())
}

#[test]
fn the_load_tool_says_what_it_can_do_and_what_is_wrong() -> Result<()> {
    let run = |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_load")).args(words).output();
    let help = run(&["--help"])?;
    let text = String::from_utf8(help.stdout)?;
    ensure!(help.status.success(), "help is no failure");
    for workload in ["store", "drain", "live", "pairs", "idle", "storm", "depth", "mailboxes", "file", "soak"] {
        ensure!(text.contains(&format!("\n  {workload} ")), "{workload} is not in the help");
    }
    for (words, sentence) in [
        (&[][..], "no workload is named"),
        (&["nothing"], "nothing is no workload"),
        (&["store", "--seconds", "121"], "--seconds is 120 at most"),
        (&["store", "--seconds", "0"], "--seconds wants a number"),
        (&["store", "--seconds"], "--seconds wants a number"),
        (&["idle", "--most", "100001"], "--most is 100000 at most"),
        (&["store", "--fast"], "--fast is no option"),
    ] {
        let refused = run(words)?;
        let said = String::from_utf8(refused.stderr)?;
        ensure!(refused.status.code() == Some(2) && said.contains(sentence), "{words:?}: {said}");
    }
    Ok(())
}
