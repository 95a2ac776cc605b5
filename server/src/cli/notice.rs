//! `notice …`: what the center says of itself, for everybody who has the relay's address.
//!
//! In: a file that the operator wrote. Out: the notice, signed and in its place. This file must never learn who reads it.

use super::{complain, say, tell};
use crate::calendar;
use crate::date;
use crate::folder;
use crate::line::Line;
use crate::notice::{self, words};
use crate::store::{Day, sqlite};
use crate::tls;
use anyhow::bail;
use cairn_protocol::notice::Notice;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Words that people read on one screen without being tired. Larger: the notice is not read. Smaller: calls for nothing.
const WORDS: usize = 60;

#[derive(Debug, Subcommand)]
pub(super) enum NoticeCommand {
    /// Sign the notice in FILE and put it in the place of the one before. It works at once, also while the relay runs.
    #[command(
        after_help = "FILE is a text file in TOML: center, valid_until, card (what to do in an emergency, with telephone
numbers), hours, readers, and more if you like. A filled-in example is docs/notice.example.toml.
People see the notice before they give a name, and its card under Help now, also offline and locked.
Their programs ask for it once a day, and keep it.

It prints one line:
  {\"v\":1,\"type\":\"notice\",\"set\":\"…\",\"valid_until\":\"…\",\"expired\":false,\"center\":\"…\",\"card\":[…],\"hours\":[…],\"readers\":[…],\"more\":[…]}

Example:
  cairn-relay notice set /etc/cairn-notice.toml --data /var/lib/cairn"
    )]
    Set {
        /// The file with the notice.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The relay's folder; made if it is not there.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Show the notice as people see it.
    #[command(after_help = "Examples:
  cairn-relay notice show --data /var/lib/cairn
  cairn-relay notice show --data /var/lib/cairn --json")]
    Show {
        /// The relay's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print one JSON line instead.
        #[arg(long)]
        json: bool,
    },
    /// Take the notice back: people's programs forget it when they ask next, and show their own words instead.
    #[command(after_help = "A notice that is only out of date is better replaced: `notice set`.

Example:
  cairn-relay notice remove --data /var/lib/cairn")]
    Remove {
        /// The relay's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// Does what was asked.
///
/// # Errors
/// Any error of the folder and the key; a file that can't be taken; no notice where one is to be shown.
pub(super) fn run(command: NoticeCommand) -> anyhow::Result<()> {
    match command {
        NoticeCommand::Set { file, data } => set(&file, &data),
        NoticeCommand::Show { data, json } => show(&data, json),
        NoticeCommand::Remove { data } => remove(&data),
    }
}

fn set(file: &Path, data: &Path) -> anyhow::Result<()> {
    let today = calendar::clock_day();
    let words = words::read(file, today)?;
    let folder = folder::prepare(data)?;
    // In the order of the first start: a key without a store beside it would look like a loss.
    sqlite::make(&folder)?;
    tls::make_key(&folder)?;
    let notice = notice::set(&folder, words, calendar::clock_seconds())?;
    for advice in advice(&notice) {
        complain(advice);
    }
    say(&line(&notice, today))
}

/// What an operator might want to change.
fn advice(notice: &Notice) -> Vec<&'static str> {
    let mut advice = Vec::new();
    if !notice.card.iter().any(|line| line.chars().any(char::is_numeric)) {
        advice.push("the card holds no telephone number. People see it when they need help now: put one in");
    }
    let examples = |line: &String| line.contains("made up") || line.contains("made-up");
    if notice.card.iter().chain([&notice.center]).chain(&notice.hours).chain(&notice.readers).any(examples) {
        advice.push("the notice still holds words of the example, which are made up. It was taken: put your own in");
    }
    let lines = [&notice.hours, &notice.readers, &notice.more].into_iter().flatten();
    if lines.map(|line| line.split_whitespace().count()).sum::<usize>() > WORDS {
        advice.push(
            "the notice has more than 60 words beside the card. It was taken; fewer would be read by more people",
        );
    }
    advice
}

fn there(data: &Path) -> anyhow::Result<Notice> {
    match notice::kept(data)? {
        Some(notice) if !notice.is_withdrawn() => Ok(notice),
        _ => bail!("{} holds no notice. Set one with `cairn-relay notice set FILE`", data.display()),
    }
}

fn show(data: &Path, json: bool) -> anyhow::Result<()> {
    let (notice, today) = (there(data)?, calendar::clock_day());
    if json {
        return say(&line(&notice, today));
    }
    tell(&format!("{}\nSet on {}, meant until {}.", notice.center, day_set(&notice), date::text(notice.last_day)))?;
    if notice.last_day < today {
        tell("That is over: people see the notice, and that date. Set a new one.")?;
    }
    for (head, lines) in
        [("Help now", &notice.card), ("Hours", &notice.hours), ("Who reads", &notice.readers), ("More", &notice.more)]
    {
        if !lines.is_empty() {
            tell(&format!("\n{head}:"))?;
        }
        lines.iter().try_for_each(|line| tell(&format!("  {line}")))?;
    }
    Ok(())
}

fn remove(data: &Path) -> anyhow::Result<()> {
    there(data)?;
    let withdrawn = notice::set(data, Notice::withdrawn(0), calendar::clock_seconds())?;
    say(&Line::new("notice_removed").with("set", day_set(&withdrawn)))
}

fn day_set(notice: &Notice) -> String {
    date::text(Day::try_from(notice.set / 86_400).unwrap_or(Day::MAX))
}

fn line(notice: &Notice, today: Day) -> Line {
    Line::new("notice")
        .with("set", day_set(notice))
        .with("valid_until", date::text(notice.last_day))
        .with("expired", notice.last_day < today)
        .with("center", notice.center.as_str())
        .with("card", notice.card.clone())
        .with("hours", notice.hours.clone())
        .with("readers", notice.readers.clone())
        .with("more", notice.more.clone())
}
