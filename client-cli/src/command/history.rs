//! `cairn history`: one conversation, oldest first, or what holds some words.
//!
//! In: a contact, words. Out: its messages, both ways. This file must never mark anything as shown.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::History;
use crate::engine::Engine;
use crate::engine::model::{Message, Start};
use crate::language::{command, step};

/// Messages that are looked for at once. Larger: more memory. Smaller: more calls.
const PAGE: usize = 256;

/// Runs it.
pub(super) fn run(run: &Run, history: &History) -> Result<(), Stop> {
    let engine = run.open("history")?;
    let profile = engine.profile_name()?;
    let person = engine.contact(&history.contact)?;
    let print = |message: &Message| run.output.message(message, &profile);
    let last = history.last.map(|last| last as usize);
    match &history.find {
        Some(words) => {
            if find(&engine, &person.id, words, last, print)? == 0 {
                run.output.say(&crate::language::people::nothing_found())?;
            }
        }
        None => {
            let messages = engine.history(&person.id, last)?;
            if messages.is_empty() {
                run.output.say(&command::nothing_written())?;
            }
            messages.iter().try_for_each(print)?;
        }
    }
    let done = if person.blocked { Done::Blocked(&person.name) } else { Done::About(&person.name) };
    next::print(run, done, &engine.pending(Some(&person.id))?)
}

/// Prints what holds these words, oldest first, and tells how many that were. Without a number no more than a page is
/// ever held.
fn find(
    engine: &Engine,
    contact: &str,
    words: &str,
    last: Option<usize>,
    print: impl Fn(&Message) -> std::io::Result<()>,
) -> Result<usize, Stop> {
    if let Some(last) = last {
        let found = engine.find(contact, words, Start::Newest, last).map_err(usage)?;
        found.hits.iter().try_for_each(|hit| print(&hit.message))?;
        return Ok(found.hits.len());
    }
    let (mut number, mut next) = (0, Some(Start::After(0)));
    while let Some(from) = next {
        let found = engine.find(contact, words, from, PAGE).map_err(usage)?;
        found.hits.iter().try_for_each(|hit| print(&hit.message))?;
        number += found.hits.len();
        next = found.next;
    }
    Ok(number)
}

fn usage(fault: crate::engine::Fault) -> Stop {
    Stop::from(fault).with_next(&step::other_words())
}
