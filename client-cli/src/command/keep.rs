//! `cairn keep`: how long one conversation is kept here.
//!
//! In: a contact and a choice. Out: what was removed, and how long it is kept now. This file must never remove anything
//! from a terminal without asking: what is removed does not come back.

use super::next::{self, Done};
use super::{Run, Stop, read};
use crate::cli::Keep;
use crate::engine::model::Event;
use crate::output::{self, human};

/// Runs it.
pub(super) fn run(run: &Run, keep: &Keep) -> Result<(), Stop> {
    let mut engine = run.open("keep")?;
    let older = engine.older_than(&keep.contact, keep.time)?;
    if older > 0 && run.config.may_ask && !run.config.json {
        output::aside(&human::would_remove(older, keep.time))?;
        if !read::yes()? {
            run.output.say(&crate::language::command::unchanged())?;
            return next::print(run, Done::About(&keep.contact), &engine.pending(Some(&keep.contact))?);
        }
    }
    let kept = run.wait(engine.keep(&keep.contact, keep.time))?;
    run.output.kept(&kept)?;
    let profile = engine.profile_name()?;
    for queued in engine.unshown()? {
        if matches!(&queued.event, Event::Removed { contact_id, .. } if *contact_id == kept.contact.id) {
            run.output.event(&queued.event, &profile)?;
            engine.mark_shown(&[queued.number])?;
        }
    }
    next::print(run, Done::About(&kept.contact.name), &engine.pending(Some(&kept.contact.id))?)
}
