//! The reference page and the program say the same. Tests only.
//!
//! In: docs/cli.md, the tree of commands. Out: what differs. This file must never be part of the program.

use crate::cli::Cli;
use crate::engine::Fault;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/cli.md");

fn tree() -> clap::Command {
    let mut tree = <Cli as clap::CommandFactory>::command();
    tree.build();
    tree
}

/// Every command that does something, as typed.
fn commands(command: &clap::Command, before: &str, found: &mut BTreeSet<String>) {
    let words = format!("{before}{}", command.get_name());
    let deeper: Vec<_> = command.get_subcommands().collect();
    if deeper.is_empty() || !command.is_subcommand_required_set() {
        found.insert(words.clone());
    }
    deeper.iter().for_each(|next| commands(next, &format!("{words} "), found));
}

fn options(command: &clap::Command, found: &mut BTreeSet<String>) {
    found.extend(command.get_arguments().filter_map(clap::Arg::get_long).map(|long| format!("--{long}")));
    command.get_subcommands().for_each(|next| options(next, found));
}

/// The first cells of the tables under a heading, without their marks.
fn first_cells(heading: &str) -> BTreeSet<String> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split(" |").next()).map(|cell| cell.replace('`', "")).skip(1).collect()
}

#[test]
fn the_page_has_a_heading_for_every_command_and_for_nothing_else() {
    let mut known = BTreeSet::new();
    commands(&tree(), "", &mut known);
    let named: BTreeSet<String> =
        PAGE.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).map(str::to_owned).collect();
    assert_eq!(named, known);
}

#[test]
fn the_page_names_every_option_and_no_other() {
    let mut known = BTreeSet::new();
    options(&tree(), &mut known);
    let mut named = BTreeSet::new();
    for word in PAGE.split(|c: char| !(c.is_ascii_lowercase() || c == '-')) {
        if word.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())) {
            named.insert(word.to_owned());
        }
    }
    assert_eq!(named, known);
}

#[test]
fn the_page_lists_the_types_that_the_program_prints() {
    let source = include_str!("../output/json.rs");
    let mut known: BTreeSet<String> = BTreeSet::new();
    for call in source.split("line(").skip(1) {
        known.extend(call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned));
    }
    assert_eq!(first_cells("JSON"), known);
}

#[test]
fn the_page_lists_the_exit_codes_of_the_program() {
    let faults = [
        Fault::Unexpected(String::new()),
        Fault::Usage(String::new()),
        Fault::Locked,
        Fault::Unreachable,
        Fault::KeysChanged,
        Fault::NoContact,
        Fault::Busy,
        Fault::WrongPassphrase,
        Fault::WaitOver,
        Fault::Interrupted,
    ];
    let mut known: BTreeSet<String> = faults.iter().map(|fault| fault.code().to_string()).collect();
    known.insert("0".to_owned());
    assert_eq!(first_cells("Exit codes"), known);
}
