//! One file a command; here, what all of them share: how a run begins and how it ends.
//!
//! In: arguments. Out: printed lines and an exit code. This folder must never learn a key or what stands on the wire:
//! it speaks to the engine only.

mod config;
mod contact;
mod doctor;
mod export;
mod help_now;
mod hidden;
mod history;
mod inbox;
mod interrupt;
mod invite;
mod join;
mod keep;
mod later;
mod lock;
mod manual;
mod next;
mod parser;
mod passphrase;
mod profile;
mod read;
#[cfg(test)]
mod reference;
mod run;
mod send;
mod setup;
mod status;
mod stop;
mod verify;
mod visit;
mod whole;
#[cfg(test)]
mod words;

pub(crate) use hidden::Hidden;
pub(crate) use interrupt::{Interrupt, closing};
pub(crate) use passphrase::provided;
pub(crate) use run::Run;
pub(crate) use stop::Stop;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::engine::Fault;
use crate::language::{self, Language};
use crate::output;
use crate::own_fault;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `cairn` with these arguments, the program's own name first, and tells how it ended.
pub fn main_with(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    keep_memory();
    own_fault::is_told_by_its_place();
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            language::speak(if json { Language::English } else { Language::chosen(None) });
            return ExitCode::from(not_understood(&error, json, &args));
        }
    };
    let mut global = cli.global;
    let _leaving = crate::shared::Leaving;
    if cli.shared_computer {
        // Before anything of this computer's own profile is looked at, its language too.
        language::speak(if json { Language::English } else { Language::chosen(None) });
        match visit::begin(cli.command.as_ref(), global.home.as_deref()) {
            Ok(home) => global.home = Some(home),
            Err(stop) => return ExitCode::from(stop.print(json)),
        }
    }
    let config = Config::new(global).with_settings();
    output::again::given(config.home.as_deref().filter(|_| !cli.shared_computer));
    // Scripts read one language.
    language::speak(if config.json { Language::English } else { Language::chosen(config.settings.language) });
    ExitCode::from(match Run::new(config) {
        Ok(run) => end(own_fault::unless_it_panics(|| dispatch(&run, cli.command)), &run),
        Err(stop) => stop.print(json),
    })
}

fn dispatch(run: &Run, command: Option<Command>) -> Result<(), Stop> {
    let Some(command) = command else { return visit::open(run) };
    let words = command.words();
    // The conversation says it itself, `config` makes a fault of it; a card for an emergency comes before it.
    let aside = run.config.read.set_aside().filter(|_| !matches!(command, Command::Config(_)));
    let tell = || aside.iter().for_each(|said| output::warning(run.config.json, said));
    if !matches!(command, Command::HelpNow) {
        tell();
        return obey(run, words, command);
    }
    let done = obey(run, words, command);
    tell();
    done
}

fn obey(run: &Run, words: &'static str, command: Command) -> Result<(), Stop> {
    match command {
        Command::Setup(setup) => setup::run(run, setup),
        Command::Invite(invite) => invite::run(run, words, invite),
        Command::Join(join) => join::run(run, join),
        Command::Send(send) => send::run(run, send),
        Command::Later(what) => later::run(run, words, &what),
        Command::Inbox(inbox) => inbox::run(run, &inbox),
        Command::History(history) => history::run(run, &history),
        Command::Contact(contact) => contact::run(run, words, contact),
        Command::Keep(keep) => keep::run(run, &keep),
        Command::Export(export) => export::run(run, &export),
        Command::Status(status) => status::run(run, &status),
        Command::Config(what) => config::run(run, words, &what),
        Command::HelpNow => help_now::run(run),
        Command::Lock => lock::run(run),
        Command::Profile(what) => profile::run(run, words, &what),
        Command::Doctor(wish) => doctor::run(run, &wish),
        Command::Completions(wish) => manual::completions(run, &wish),
        Command::Man(wish) => manual::man(run, wish),
    }
}

/// The exit code. An interruption goes before whatever it led to.
fn end(result: Result<(), Stop>, run: &Run) -> u8 {
    let json = run.config.json;
    match result {
        Ok(()) => 0,
        Err(_) if run.interrupt.happened() => Stop::from(Fault::Interrupted).print(json),
        Err(stop) => stop.print(json),
    }
}

/// What the command line's own parser says: help and version are no errors; the rest is code 2.
fn not_understood(error: &clap::Error, json: bool, args: &[OsString]) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let printed = output::Output::copy(&error.render().to_string());
        return printed.map_err(Stop::from).map_or_else(|stop| stop.print(json), |()| 0);
    }
    output::error(json, Fault::Usage(String::new()).code(), &parser::sentence(error), &help_for(args));
    2
}

/// The help page of the command that was meant, as far as its words are known.
fn help_for(args: &[OsString]) -> String {
    let mut tree = <Cli as clap::CommandFactory>::command();
    let mut words = "cairn".to_owned();
    for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(deeper) = tree.find_subcommand(arg).cloned() {
            words = format!("{words} {arg}");
            tree = deeper;
        }
    }
    words + " --help"
}

/// Memory holds keys and words: it goes to no core file, and no other program of this account may read it. Where the system
/// refuses, the program is no worse off than before.
fn keep_memory() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // At 0 a system that hands core dumps to a program still does so; at 1 Linux neither writes nor hands on any
    // (`do_coredump` in its fs/coredump.c). Where the limit is 0 already it can't be raised.
    if setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) }).is_err() {
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nobody may find on a terminal.
    const WORDS: &str = "words for nobody else";

    /// Tells the test program that it is the one that runs a command.
    const CHILD: &str = "CAIRN_TEST_COMMAND";

    /// Begins a command that meets a fault of the program itself. Does nothing unless it is asked to by its parent.
    #[test]
    #[cfg(target_os = "linux")]
    fn child() {
        use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        let ended = std::panic::catch_unwind(|| main_with(std::iter::once_with(|| panic!("{WORDS}"))));
        let kept = dumpable_behavior().is_ok_and(|is| is == DumpableBehavior::NotDumpable)
            && getrlimit(Resource::Core).maximum.is_some_and(|most| most <= 1);
        std::process::exit(if ended.is_err() && kept { 77 } else { 1 });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn every_command_keeps_its_memory_to_itself_and_tells_of_its_own_fault_the_place_and_no_word() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "command::tests::child", "--nocapture", "--test-threads=1"]);
        let ended = child.env(CHILD, "1").output().unwrap();
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
        assert_eq!(ended.status.code(), Some(77), "{said}");
        assert!(said.contains("command/mod.rs:") && !said.contains(WORDS), "{said}");
    }
}
