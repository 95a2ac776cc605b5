//! What `doctor` found, in sentences.
//!
//! In: findings. Out: a word for scripts, a sentence, and the next step where one is needed. This file must never learn
//! where the findings come from.

use super::fault::next;
use super::time;
use crate::engine::Fault;
use crate::engine::model::{Finding, Salvaged};
use crate::language::{doctor as texts, step};
use crate::sanitize::{line, name};

/// How a thing was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing.
    Advice,
    /// It keeps Cairn from working well. With the exit code and the next step.
    Wrong(u8, String),
}

impl Verdict {
    /// The word in `--json`.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Advice => "advice",
            Self::Wrong(..) => "wrong",
        }
    }
}

/// Bytes as people read them.
fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

/// What was looked at, and how it was found.
pub(crate) fn verdict(finding: &Finding) -> (&'static str, Verdict) {
    const SALVAGE: &str = "cairn doctor --salvage NEW_HOME";
    let unexpected = Fault::Unexpected(String::new()).code();
    let damaged = Fault::Damaged(String::new()).code();
    match finding {
        Finding::NoProfile => ("home", Verdict::Wrong(Fault::NotSetUp.code(), next(&Fault::NotSetUp))),
        Finding::Private => ("home", Verdict::Good),
        Finding::OpenToOthers(_) => ("home", Verdict::Wrong(unexpected, step::chmod())),
        Finding::Free => ("lock", Verdict::Good),
        Finding::InUse(_) => ("lock", Verdict::Advice),
        Finding::Locked => ("vault", Verdict::Advice),
        Finding::Whole(_) => ("vault", Verdict::Good),
        Finding::NotLooked(_) => ("vault", Verdict::Wrong(unexpected, step::doctor_again())),
        Finding::Damaged(_) => ("vault", Verdict::Wrong(damaged, SALVAGE.to_owned())),
        Finding::Unreadable(_) => ("vault", Verdict::Wrong(damaged, step::begin_anew())),
        Finding::Newer => ("vault", Verdict::Wrong(damaged, next(&Fault::NewerProfile))),
        Finding::Conversations(_) => ("conversations", Verdict::Good),
        Finding::Stopped(_) => ("conversations", Verdict::Wrong(damaged, next(&Fault::SessionDamaged))),
        Finding::Room(_) => ("room", Verdict::Good),
        Finding::LittleRoom { .. } => ("room", Verdict::Wrong(unexpected, step::room())),
        Finding::Clock(_) => ("clock", Verdict::Good),
        Finding::ClockBehind(_) | Finding::ClockOff => ("clock", Verdict::Wrong(unexpected, step::clock())),
        Finding::Answers(_) => ("relay", Verdict::Good),
        Finding::Silent(_) => ("relay", Verdict::Wrong(Fault::Unreachable.code(), crate::language::next::later())),
    }
}

/// The sentence.
pub(crate) fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::NoProfile => texts::no_profile(),
        Finding::Private => texts::private(),
        Finding::OpenToOthers(file) => texts::open_to_others(line(file)),
        Finding::Free => texts::free(),
        Finding::InUse(who) => texts::in_use(super::fault::holder(who)),
        Finding::Locked => texts::locked(),
        Finding::Whole(version) => texts::whole(version.to_string()),
        Finding::Damaged(0) => texts::not_together(),
        Finding::Damaged(pages) => texts::damaged(*pages),
        Finding::Unreadable(why) => texts::unreadable(line(why)),
        Finding::NotLooked(why) => texts::not_looked(line(why)),
        Finding::Newer => texts::newer(),
        Finding::Conversations(number) => texts::conversations(*number),
        Finding::Stopped(who) => texts::stopped(name(who)),
        Finding::Room(free) => texts::room(megabytes(*free)),
        Finding::LittleRoom { free, wanted } => texts::little_room(megabytes(*free), megabytes(*wanted)),
        Finding::Clock(now) => texts::clock(time::moment(*now)),
        Finding::ClockBehind(newest) => texts::clock_behind(time::moment(*newest)),
        Finding::ClockOff => texts::clock_off(),
        Finding::Answers(address) => texts::answers(line(address)),
        Finding::Silent(address) => texts::silent(line(address)),
    }
}

/// The first of what keeps Cairn from working well: its exit code and next step. What is damaged goes before a relay
/// that is away.
pub(crate) fn worst(findings: &[Finding]) -> Option<(u8, String)> {
    let wrong = findings.iter().filter_map(|finding| match verdict(finding).1 {
        Verdict::Wrong(code, next) => Some((code, next)),
        Verdict::Good | Verdict::Advice => None,
    });
    wrong.min_by_key(|(code, _)| match code {
        3 => 0,
        8 => 1,
        1 => 2,
        _ => 3,
    })
}

/// What stands in the error behind the findings.
pub(crate) fn attention() -> String {
    texts::attention()
}

/// What was saved, and what was not.
pub(crate) fn salvaged(saved: &Salvaged) -> Vec<String> {
    let mut lines = vec![texts::saved(line(&saved.home), saved.people, saved.messages)];
    match saved.missing {
        Some(0) => lines.push(texts::all_messages()),
        Some(missing) => lines.push(texts::missing(missing)),
        None => lines.push(texts::missing_some()),
    }
    if saved.drafts > 0 {
        lines.push(texts::drafts(saved.drafts));
    }
    if saved.drafts_missing != Some(0) {
        lines.push(texts::drafts_missing());
    }
    if saved.nameless > 0 {
        lines.push(texts::nameless(saved.nameless));
    }
    if saved.people_missing {
        lines.push(texts::people_missing());
    }
    if !saved.profile {
        lines.push(texts::own_name());
    }
    lines.push(texts::not_saved());
    lines.push(texts::left_alone());
    lines
}
