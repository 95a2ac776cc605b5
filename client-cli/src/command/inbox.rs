//! `cairn inbox`: what is new.
//!
//! In: the engine's queue of what was not shown. Out: its events, each marked as shown only after it left this process.
//! This file must never leave one out.

use super::next;
use super::{Run, Stop};
use crate::cli::Inbox;
use crate::engine::model::Event;
use crate::engine::{Engine, Fault};
use std::time::{Duration, Instant};

/// Events marked as shown together. Larger: more is printed twice after a kill. Smaller: one disk flush for each.
const AT_ONCE: usize = 32;

/// Runs it.
pub(super) fn run(run: &Run, inbox: &Inbox) -> Result<(), Stop> {
    let mut engine = run.open("inbox")?;
    match (inbox.follow, inbox.wait) {
        (true, _) => follow(run, &mut engine),
        (false, Some(time)) => first_message(run, &mut engine, time),
        (false, None) => once(run, &mut engine),
    }
}

/// All that is there, even where the relay can't be asked.
fn once(run: &Run, engine: &mut Engine) -> Result<(), Stop> {
    let fetched = run.wait(engine.receive(None));
    let shown = show(run, engine)?;
    fetched?;
    if shown.events == 0 {
        run.output.say(&crate::language::command::nothing_new())?;
    }
    next::print(run, next::shown(engine)?, &engine.pending(None)?)
}

/// All that is there as soon as a first message is.
fn first_message(run: &Run, engine: &mut Engine, time: Duration) -> Result<(), Stop> {
    let start = Instant::now();
    loop {
        let here = engine.unshown()?.iter().any(|queued| matches!(queued.event, Event::Message(_)));
        let left = (!here).then(|| time.saturating_sub(start.elapsed()));
        let fetched = run.wait(engine.receive(left));
        if show(run, engine)?.messages > 0 {
            return Ok(());
        }
        fetched?;
        if start.elapsed() >= time {
            return Err(Fault::WaitOver.into());
        }
    }
}

/// What comes, until Ctrl-C or until nobody reads any more.
fn follow(run: &Run, engine: &mut Engine) -> Result<(), Stop> {
    let closed = crate::output::closed::watch()?;
    show(run, engine)?;
    loop {
        run.wait(async {
            tokio::select! {
                () = closed.notified() => Err(Stop::Closed),
                news = engine.follow() => news.map_err(Stop::from),
            }
        })?;
        show(run, engine)?;
    }
}

#[derive(Debug, Default)]
struct Shown {
    events: usize,
    messages: usize,
}

/// Prints what was not shown, each line flushed, and only then marks it as shown.
fn show(run: &Run, engine: &mut Engine) -> Result<Shown, Stop> {
    let profile = engine.profile_name()?;
    let mut shown = Shown::default();
    loop {
        let all = engine.unshown()?;
        if all.is_empty() {
            return Ok(shown);
        }
        for some in all.chunks(AT_ONCE) {
            some.iter().try_for_each(|queued| run.output.event(&queued.event, &profile))?;
            engine.mark_shown(&some.iter().map(|queued| queued.number).collect::<Vec<_>>())?;
            shown.events += some.len();
            shown.messages += some.iter().filter(|queued| matches!(queued.event, Event::Message(_))).count();
        }
    }
}
