//! `cairn contact verify`: the check of words, with a person or from a script.
//!
//! In: a contact, typed words. Out: the words to read, and whether the typed ones fit. This file must never show the
//! words that a person has to type.

use super::next::{self, Done};
use super::{Run, Stop, read};
use crate::cli::Verify;
use crate::engine::model::{Check, CheckState};
use crate::engine::{Engine, Fault};
use crate::language::command;
use crate::output::check as words;
use std::time::Duration;

/// How long a person is waited for without `--wait`. Longer: a forgotten terminal keeps the profile to itself. Shorter:
/// somebody who looks for the telephone has to begin twice.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is waited without `--wait` where no person is: for the answer to a question that goes out now.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Runs it.
pub(super) fn run(run: &Run, verify: Verify) -> Result<(), Stop> {
    let typed = verify.typed.map(read::or_stdin).transpose()?;
    let person = run.config.may_ask && !run.config.json && typed.is_none();
    let mut engine = run.open("contact verify")?;
    if verify.stop {
        engine.check_stop(&verify.contact)?;
        run.output.check(&engine.check(&verify.contact)?)?;
        return next::print(run, Done::GivenUp, &[]);
    }
    // What they have begun is known before we begin; where the relay is away, it is begun all the same.
    let fetched = run.wait(engine.receive(None));
    if let Err(Stop::Fault(Fault::Interrupted)) = fetched {
        return fetched;
    }
    let contact = engine.contact(&verify.contact)?;
    if let Some(typed) = typed {
        return compare(run, &mut engine, &contact.id, &typed, verify.wait);
    }
    if person {
        words::explanation(&contact.name).iter().try_for_each(|line| run.output.say(line))?;
    }
    let begun = engine.check_begin(&contact.id, verify.again);
    let mut check = begun.map_err(|fault| Stop::from(fault).about(&contact.name))?;
    if check.state == CheckState::Waiting || fetched.is_err() || verify.again {
        if person && check.state == CheckState::Waiting {
            run.output.check(&check)?;
        }
        let wait = verify.wait.unwrap_or(if person { PATIENCE } else { AT_ONCE });
        check = match run.wait(engine.check_wait(&contact.id, wait)) {
            Ok(check) => check,
            Err(stop) => return not_there(run, &engine.check(&contact.id)?, stop),
        };
    }
    run.output.check(&check)?;
    if person && check.state == CheckState::Words {
        return ask(run, &mut engine, check);
    }
    end(run, &check)
}

/// Typed words from a script, for a run that has words by now.
fn compare(run: &Run, engine: &mut Engine, id: &str, typed: &str, wait: Option<Duration>) -> Result<(), Stop> {
    let before = engine.check(id)?;
    if let (CheckState::Waiting, Some(wait)) = (before.state, wait)
        && let Err(stop) = run.wait(engine.check_wait(id, wait))
    {
        return not_there(run, &engine.check(id)?, stop);
    }
    let had_words = engine.check(id)?.state == CheckState::Words;
    let next = next::step(Done::Words(&before.contact), &[]);
    let check = engine.check_typed(id, typed).map_err(|fault| Stop::from(fault).with_next(&next))?;
    run.output.check(&check)?;
    match check.tries_left {
        Some(left) if had_words => Err(not_fitting(words::not_yet(&check.contact, left), next)),
        _ => end(run, &check),
    }
}

/// Asks a person for the other one's words.
fn ask(run: &Run, engine: &mut Engine, mut check: Check) -> Result<(), Stop> {
    loop {
        let question = command::their_words(crate::sanitize::name(&check.contact));
        let Some(line) = read::ask(&question)? else {
            run.output.say(&command::where_it_was())?;
            return next::print(run, Done::Shown, &engine.pending(Some(&check.contact_id))?);
        };
        if line.trim().is_empty() {
            continue;
        }
        match engine.check_typed(&check.contact_id, &line) {
            Err(fault @ Fault::Slip(_)) => run.output.say(&crate::output::fault::words(&fault))?,
            Err(fault) => return Err(fault.into()),
            Ok(now) => {
                check = now;
                if let Some(left) = check.tries_left {
                    run.output.say(&words::not_yet(&check.contact, left))?;
                    // They may have begun again meanwhile; a relay that is away changes nothing here.
                    if let Err(stop @ Stop::Fault(Fault::Interrupted)) = run.wait(engine.receive(None)) {
                        return Err(stop);
                    }
                    check = engine.check(&check.contact_id)?;
                }
                if check.state != CheckState::Words {
                    run.output.check(&check)?;
                    return end(run, &check);
                }
            }
        }
    }
}

/// The words are not there: how it stands, and why.
fn not_there(run: &Run, check: &Check, stop: Stop) -> Result<(), Stop> {
    if run.config.json {
        run.output.check(check)?;
    }
    match stop {
        Stop::Fault(Fault::WaitOver) => Err(not_yet(check)),
        other => Err(other),
    }
}

fn end(run: &Run, check: &Check) -> Result<(), Stop> {
    match check.state {
        CheckState::Words | CheckState::Matched => next::print_of_check(run, check),
        CheckState::Different | CheckState::Broken => {
            Err(not_fitting(words::over(check.state).to_owned(), next::of_check(check)))
        }
        CheckState::Idle | CheckState::Asked | CheckState::Waiting | CheckState::BeganAgain => Err(not_yet(check)),
    }
}

fn not_yet(check: &Check) -> Stop {
    Stop::Said { code: Fault::WaitOver.code(), message: command::no_words_yet(), next: next::of_check(check) }
}

fn not_fitting(message: String, next: String) -> Stop {
    Stop::Said { code: Fault::KeysChanged.code(), message, next }
}
