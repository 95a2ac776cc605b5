//! The words of the command line (docs/cli.md).
//!
//! In: arguments. Out: one command and the options of the whole program. This file must never learn a passphrase or a
//! key: none is ever taken from an argument.

use crate::engine::model::Keep as Time;
use clap::{Args, ColorChoice, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The longest time that `--wait` takes: a day. Larger: a forgotten script never ends. Smaller: nothing would break.
const LONGEST_WAIT: f64 = 86_400.0;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "cairn",
    version,
    about = "Private conversation between you and one person at a time.\n\
        Bare `cairn` opens the conversation: with an invitation, that is all you need.\n\
        Cairn is not an emergency service.",
    after_help = "Example: cairn\nNext: cairn join LINK, or cairn setup --name NAME",
    color = ColorChoice::Never,
    disable_help_subcommand = true,
    infer_subcommands = false
)]
pub(crate) struct Cli {
    /// Options of the whole program.
    #[command(flatten)]
    pub(crate) global: Global,
    /// Leave nothing on a computer that others use
    #[arg(long)]
    pub(crate) shared_computer: bool,
    /// What to do; nothing means: open the conversation.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that stand before or after the verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Folder that holds the whole profile
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Plain lines only, nothing drawn
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// Never ask anything
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// No colours
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Lock after so long without a key; 0: never
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) lock_after: Option<Duration>,
    /// Read the passphrase from this file
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "passphrase_command")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read it from this command's first line
    #[arg(long, global = true, value_name = "CMD")]
    pub(crate) passphrase_command: Option<OsString>,
}

/// One job each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a profile, to invite people from
    #[command(after_help = "Example: cairn setup --name Robin --relay ADDRESS\nNext: cairn invite new")]
    Setup(Setup),
    /// Invite one person, or see the invitations you made
    #[command(subcommand, after_help = "Example: cairn invite new --for Dana\nNext: cairn inbox")]
    Invite(Invite),
    /// Use an invitation that you were given
    #[command(after_help = "Example: cairn join LINK --name Dana\nNext: cairn send CONTACT -m TEXT")]
    Join(Join),
    /// Send one message
    #[command(
        after_help = "Example: cairn send Robin -m 'Good morning'\n         cairn send Robin - < letter.txt\nNext: cairn inbox"
    )]
    Send(Send),
    /// Messages that wait for a time you chose
    #[command(subcommand, after_help = "Example: cairn send Robin -m 'Good morning' --at 9:00\nNext: cairn later list")]
    Later(Later),
    /// Print new messages
    #[command(after_help = "Example: cairn inbox --wait 60\nNext: cairn send CONTACT -m TEXT")]
    Inbox(Inbox),
    /// Print the messages of one conversation, oldest first
    #[command(after_help = "Example: cairn history Robin --last 20\nNext: cairn send CONTACT -m TEXT")]
    History(History),
    /// The people you talk with
    #[command(subcommand, after_help = "Example: cairn contact list\nNext: cairn send CONTACT -m TEXT")]
    Contact(Contact),
    /// Choose how long one conversation is kept here
    #[command(after_help = "Example: cairn keep Robin 90d\nNext: cairn contact show CONTACT")]
    Keep(Keep),
    /// Copy one conversation: to the screen, or to a file
    #[command(after_help = "Example: cairn export Robin --to robin.txt\nNext: cairn history CONTACT")]
    Export(Export),
    /// How things stand: the profile, what waits, the relay
    #[command(after_help = "Example: cairn status\n         cairn status --data\nNext: cairn inbox")]
    Status(Status),
    /// What you have set, such as the language
    #[command(subcommand, after_help = "Example: cairn config set language es\nNext: cairn config get")]
    Config(Config),
    /// The card for an emergency; needs no passphrase and no network
    #[command(after_help = "Example: cairn help-now\nNext: call your local emergency number, if you are in danger")]
    HelpNow,
    /// Hide and lock the conversation that is open anywhere
    #[command(after_help = "Example: cairn lock\nNext: cairn")]
    Lock,
    /// The profile on this computer as a whole
    #[command(subcommand, after_help = "Example: cairn profile remove\nNext: cairn")]
    Profile(Profile),
    /// Look at everything that the profile needs; save what can be read
    #[command(after_help = "Example: cairn doctor\n         cairn doctor --salvage ./new\nNext: what it says")]
    Doctor(Doctor),
    /// Print what your shell needs to complete commands
    #[command(
        after_help = "Example: cairn completions bash > ~/.local/share/bash-completion/completions/cairn\nNext: open a new shell"
    )]
    Completions(Completions),
    /// Print the manual page, or write all of them to a folder
    #[command(
        after_help = "Example: cairn man | man -l -\n         cairn man --to ~/.local/share/man/man1\nNext: man cairn"
    )]
    Man(Man),
}

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Copy what can be read of a damaged profile there
    #[arg(long, value_name = "NEW_HOME")]
    pub(crate) salvage: Option<PathBuf>,
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

/// `setup`.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The name that people you invite will see
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The relay's address, HOST:PORT/PIN
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) relay: Option<String>,
    /// The center's pass; - reads it from standard input
    #[arg(long, value_name = "PASS")]
    pub(crate) pass: Option<String>,
    /// A file that only you can read holds the key instead
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub(crate) no_passphrase: bool,
}

/// `invite …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Invite {
    /// Make a one-time invitation
    #[command(after_help = "Example: cairn invite new --for Dana\nNext: cairn inbox")]
    New {
        /// Whom it is for; stays on this device
        #[arg(long = "for", value_name = "LABEL")]
        label: Option<String>,
        /// A new start with somebody in your list
        #[arg(long, value_name = "CONTACT", conflicts_with = "label")]
        rejoin: Option<String>,
        /// The relay's address, HOST:PORT/PIN
        #[arg(long, value_name = "ADDRESS")]
        relay: Option<String>,
        /// The center's pass; - reads it from standard input
        #[arg(long, value_name = "PASS")]
        pass: Option<String>,
    },
    /// Show the invitations you made
    #[command(after_help = "Example: cairn invite list\nNext: cairn invite revoke ID")]
    List,
    /// Take an invitation back
    #[command(after_help = "Example: cairn invite revoke 1a2b3c4d\nNext: cairn invite list")]
    Revoke {
        /// The invitation's ID, from `cairn invite list`
        id: String,
    },
}

/// `join`.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The invitation; - reads it from standard input
    pub(crate) link: String,
    /// The name that the other person will see
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// A new start with somebody in your list
    #[arg(long = "as", value_name = "CONTACT", conflicts_with_all = ["name", "no_passphrase"])]
    pub(crate) contact: Option<String>,
    /// A file that only you can read holds the key instead
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub(crate) no_passphrase: bool,
}

/// `send`.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Name or ID, from `cairn contact list`
    pub(crate) contact: String,
    /// - reads the message from standard input
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true,
        conflicts_with = "message", required_unless_present = "message")]
    pub(crate) stdin: Option<String>,
    /// The message
    #[arg(short = 'm', long = "message", value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) message: Option<OsString>,
    /// Wait until it is at the relay, for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<Duration>,
    /// Not before: 9:30, 2026-03-14T09:30, hour or quiet
    #[arg(long, value_name = "TIME", conflicts_with = "wait")]
    pub(crate) at: Option<String>,
}

/// `later …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Later {
    /// Show the messages that wait for their time
    #[command(after_help = "Example: cairn later list\nNext: cairn later cancel ID")]
    List,
    /// Take one of them back
    #[command(after_help = "Example: cairn later cancel 1a2b3c4d\nNext: cairn later list")]
    Cancel {
        /// The message's ID, from `cairn later list`
        id: String,
    },
}

/// `inbox`.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Go on printing what comes, until you stop it
    #[arg(long, conflicts_with = "wait")]
    pub(crate) follow: bool,
    /// Wait for a first message, for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<Duration>,
}

/// `history`.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Name or ID, from `cairn contact list`
    pub(crate) contact: String,
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<u32>,
    /// Only those that hold these words
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) find: Option<String>,
}

/// `keep`.
#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// Name or ID, from `cairn contact list`
    pub(crate) contact: String,
    /// 30d, 90d or always
    #[arg(value_name = "TIME", value_parser = keep)]
    pub(crate) time: Time,
}

/// `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Name or ID, from `cairn contact list`
    pub(crate) contact: String,
    /// Write it to this file, for you only
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "to")]
    pub(crate) replace: bool,
}

/// `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only this month's data; asks nobody
    #[arg(long)]
    pub(crate) data: bool,
}

/// `contact …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Contact {
    /// Show everyone
    #[command(after_help = "Example: cairn contact list\nNext: cairn contact show CONTACT")]
    List,
    /// Show one person
    #[command(after_help = "Example: cairn contact show Robin\nNext: cairn history CONTACT")]
    Show {
        /// Name or ID
        contact: String,
    },
    /// Check by four words whether it is really them
    #[command(after_help = "Example: cairn contact verify Robin\nNext: read your words aloud, and type theirs")]
    Verify(Verify),
    /// Give somebody another name; only you see it
    #[command(after_help = "Example: cairn contact rename Robin 'Robin from Riverbend'\nNext: cairn contact list")]
    Rename {
        /// Name or ID
        contact: String,
        /// The new name
        name: String,
    },
    /// Exchange nothing with somebody any more; they are not told
    #[command(after_help = "Example: cairn contact block Robin\nNext: cairn contact unblock CONTACT, to take it back")]
    Block {
        /// Name or ID
        contact: String,
    },
    /// Take a block back
    #[command(after_help = "Example: cairn contact unblock Robin\nNext: cairn inbox")]
    Unblock {
        /// Name or ID
        contact: String,
    },
    /// Remove somebody and all that was written, for good
    #[command(after_help = "Example: cairn contact remove Robin\nNext: cairn contact list")]
    Remove {
        /// Name or ID
        contact: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// `profile …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Remove everything from this computer, for good
    #[command(after_help = "Example: cairn profile remove\nNext: cairn join LINK, or cairn setup --name NAME")]
    Remove {
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// `contact verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Name or ID
    pub(crate) contact: String,
    /// Wait for the words, for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<Duration>,
    /// The words they read; - reads them from standard input
    #[arg(long, value_name = "WORDS")]
    pub(crate) typed: Option<String>,
    /// Give up what was begun, and begin anew
    #[arg(long, conflicts_with = "typed")]
    pub(crate) again: bool,
    /// Give up what was begun, and a new start that waits
    #[arg(long, conflicts_with_all = ["typed", "again", "wait"])]
    pub(crate) stop: bool,
}

/// `config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show all settings, or one
    #[command(after_help = "Example: cairn config get\nNext: cairn config set KEY VALUE")]
    Get {
        /// face, language, pace, block, theme, notify or quiet
        key: Option<String>,
    },
    /// Change a setting
    #[command(after_help = "Example: cairn config set pace slow\nNext: cairn config get")]
    Set {
        /// face, language, pace, block, theme, notify or quiet
        key: String,
        /// What `cairn config get KEY` allows
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
}

/// What a value should have been: the words for it stand in the language files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wanted {
    /// How long a conversation is kept.
    #[error("give 30d, 90d or always")]
    Keep,
    /// A time of waiting.
    #[error("give seconds, from 0 to 86400, such as 30 or 2.5")]
    Seconds,
}

/// How long a conversation is kept.
fn keep(text: &str) -> Result<Time, Wanted> {
    match text {
        "30d" => Ok(Time::Days30),
        "90d" => Ok(Time::Days90),
        "always" => Ok(Time::Always),
        _ => Err(Wanted::Keep),
    }
}

/// Whole seconds or a decimal fraction, from 0 to a day.
fn seconds(text: &str) -> Result<Duration, Wanted> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match text.parse::<f64>() {
        Ok(number) if plain && number <= LONGEST_WAIT => {
            Duration::try_from_secs_f64(number).map_err(|_| Wanted::Seconds)
        }
        _ => Err(Wanted::Seconds),
    }
}

impl Command {
    /// The words of the command, as the profile's lock tells them to another process.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Setup(_) => "setup",
            Self::Invite(Invite::New { .. }) => "invite new",
            Self::Invite(Invite::List) => "invite list",
            Self::Invite(Invite::Revoke { .. }) => "invite revoke",
            Self::Join(_) => "join",
            Self::Send(_) => "send",
            Self::Later(Later::List) => "later list",
            Self::Later(Later::Cancel { .. }) => "later cancel",
            Self::Inbox(_) => "inbox",
            Self::History(_) => "history",
            Self::Contact(Contact::List) => "contact list",
            Self::Contact(Contact::Show { .. }) => "contact show",
            Self::Contact(Contact::Verify(_)) => "contact verify",
            Self::Contact(Contact::Rename { .. }) => "contact rename",
            Self::Contact(Contact::Block { .. }) => "contact block",
            Self::Contact(Contact::Unblock { .. }) => "contact unblock",
            Self::Contact(Contact::Remove { .. }) => "contact remove",
            Self::Keep(_) => "keep",
            Self::Export(_) => "export",
            Self::Status(_) => "status",
            Self::Config(Config::Get { .. }) => "config get",
            Self::Config(Config::Set { .. }) => "config set",
            Self::HelpNow => "help-now",
            Self::Lock => "lock",
            Self::Profile(Profile::Remove { .. }) => "profile remove",
            Self::Doctor(_) => "doctor",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_tree_of_commands_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_verb() {
        assert!(parse("cairn --json status").unwrap().global.json);
        assert!(parse("cairn status --json").unwrap().global.json);
        assert!(parse("cairn invite --home /x new").unwrap().global.home.is_some());
    }

    #[test]
    fn what_is_not_built_is_refused() {
        for line in [
            "cairn keep Dana 31d",
            "cairn keep Dana",
            "cairn export Dana --replace",
            "cairn invite new --rejoin Dana --for Dana",
            "cairn join L --as Dana --name Kim",
            "cairn send Dana --file x",
            "cairn contact rename a",
            "cairn contact block",
            "cairn contact remove --yes",
            "cairn help",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_message_may_begin_with_a_hyphen_or_be_empty() {
        let cli = Cli::try_parse_from(["cairn", "send", "Dana", "-m", "--json"]).unwrap();
        let Some(Command::Send(send)) = cli.command else { panic!() };
        assert_eq!(send.message, Some("--json".into()));
        assert!(Cli::try_parse_from(["cairn", "send", "Dana", "-m", ""]).is_ok());
        assert!(Cli::try_parse_from(["cairn", "send", "Dana", "-"]).is_ok());
        assert!(Cli::try_parse_from(["cairn", "send", "Dana"]).is_err());
        assert!(Cli::try_parse_from(["cairn", "send", "Dana", "-", "-m", "x"]).is_err());
        assert!(Cli::try_parse_from(["cairn", "send", "Dana", "words"]).is_err());
    }

    #[test]
    fn waiting_takes_whole_seconds_and_fractions_up_to_a_day() {
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for text in ["-1", "1e9", "inf", "NaN", "86401", "", ".", "x"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
