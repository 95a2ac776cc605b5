//! `cairn doctor`: everything that a profile needs, looked at one by one; and the rescue of a damaged one.
//!
//! In: a home. Out: findings, each with what to do. This file must never change what it looks at.

use super::next::{self, Done};
use super::{Run, Stop, passphrase};
use crate::cli::Doctor;
use crate::engine::model::Finding;
use crate::engine::{Engine, Fault, system_clock};
use crate::home::Home;
use crate::language::step;
use crate::output::doctor as words;
use zeroize::Zeroizing;

/// Runs it.
pub(super) fn run(run: &Run, wish: &Doctor) -> Result<(), Stop> {
    let home = run.home("doctor")?;
    match &wish.salvage {
        Some(into) => salvage(run, &home, &Home::new(Some(into), "doctor")?),
        None => examine(run, &home),
    }
}

fn examine(run: &Run, home: &Home) -> Result<(), Stop> {
    let mut findings = Vec::new();
    let tell = |found: Vec<Finding>, findings: &mut Vec<Finding>| -> Result<(), Stop> {
        found.iter().try_for_each(|finding| run.output.finding(finding))?;
        findings.extend(found);
        Ok(())
    };
    tell(Engine::look_around(home, system_clock())?, &mut findings)?;
    let busy = |finding: &Finding| matches!(finding, Finding::NoProfile | Finding::InUse(_));
    if !findings.iter().any(busy) {
        match key(run, home) {
            Ok(Some(key)) => inside(run, home, key, |found| tell(found, &mut findings))?,
            Ok(None) => tell(vec![Finding::Locked], &mut findings)?,
            Err(Stop::Fault(Fault::Damaged(why))) => tell(vec![Finding::Unreadable(why)], &mut findings)?,
            Err(stop) => return Err(stop),
        }
    }
    match words::worst(&findings) {
        Some((code, next)) => Err(Stop::Said { code, message: words::attention(), next }),
        None => next::print(run, Done::Stands, &[]),
    }
}

/// What opens the profile: none where nobody can be asked and nothing was given.
fn key(run: &Run, home: &Home) -> Result<Option<Opening>, Stop> {
    if !Engine::needs_passphrase(home)? {
        return Ok(Some(Opening(None)));
    }
    if let Some(given) = passphrase::provided(&run.config)? {
        return Ok(Some(Opening(Some(given))));
    }
    if !run.config.may_ask {
        return Ok(None);
    }
    // Tried by looking inside, which opens nothing for writing.
    passphrase::three_tries(home, |typed| {
        Engine::look_inside(home, Some(&typed), system_clock()).map(|_| Some(Opening(Some(typed))))
    })
}

/// What opens a profile.
struct Opening(Option<Zeroizing<String>>);

fn inside(
    run: &Run,
    home: &Home,
    key: Opening,
    mut tell: impl FnMut(Vec<Finding>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (found, sound) = Engine::look_inside(home, key.0.as_ref().map(|key| key.as_str()), system_clock())?;
    tell(found)?;
    if !sound {
        return Ok(());
    }
    let mut engine = Engine::open(home, key.0)?;
    tell(engine.look_at_sessions()?)?;
    let status = run.wait(engine.status(true))?;
    let answer = |(address, reachable)| if reachable { Finding::Answers(address) } else { Finding::Silent(address) };
    tell(status.relays.into_iter().map(answer).collect())
}

fn salvage(run: &Run, home: &Home, into: &Home) -> Result<(), Stop> {
    if !Engine::exists(home) {
        return Err(Fault::NotSetUp.into());
    }
    let Some(key) = key(run, home)? else { return Err(Fault::Locked.into()) };
    let saved = Engine::salvage(home, key.0.as_ref().map(|key| key.as_str()), into).map_err(|fault| match fault {
        // The folder that was named for it, or nothing that could be saved: asking doctor again leads nowhere.
        Fault::Home(what) => Stop::usage(what, step::other_folder()),
        Fault::Damaged(_) => {
            Stop::Said { code: fault.code(), message: crate::output::fault::words(&fault), next: step::begin_anew() }
        }
        other => Stop::from(other).with_next(&step::other_folder()),
    })?;
    run.output.salvaged(&saved)?;
    next::print(run, Done::Salvaged(&saved.home), &[])
}
