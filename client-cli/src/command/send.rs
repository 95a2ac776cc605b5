//! `cairn send`: one message.
//!
//! In: a contact and exact text. Out: where the message is now. This file must never change a byte of the text.

use super::next::{self, Done};
use super::{Run, Stop, later, read};
use crate::cli::Send;
use crate::engine::Fault;
use crate::engine::model::SendState;
use crate::language::{command, step};
use crate::output::fault::words;
use std::os::unix::ffi::OsStringExt;

/// Runs it.
pub(super) fn run(run: &Run, send: Send) -> Result<(), Stop> {
    let text = match send.message {
        Some(text) => read::text(text.into_vec())?,
        None => read::message()?,
    };
    let at = send.at.as_deref().map(|at| later::moment(run, at)).transpose()?;
    let mut engine = run.open("send")?;
    if let Some(at) = at {
        let kept = engine.send_later(&send.contact, &text, at);
        run.output.later(&kept.map_err(|fault| Stop::from(fault).about(&send.contact))?)?;
        return next::print(run, Done::Later, &[]);
    }
    let sent = run.wait(engine.send(&send.contact, &text, send.wait));
    let outcome = match sent {
        Ok(outcome) => outcome,
        Err(Stop::Fault(fault @ Fault::KeysChanged)) => {
            let next = next::step(Done::Refused(&send.contact), &engine.pending(Some(&send.contact))?);
            return Err(Stop::Said { code: fault.code(), message: words(&fault), next });
        }
        Err(stop) => return Err(stop.about(&send.contact)),
    };
    run.output.sent(&outcome)?;
    let go_on = || next::print(run, Done::Sent, &engine.pending(Some(&send.contact))?);
    match (outcome.state, outcome.fault) {
        (SendState::Sent, _) => go_on(),
        // Saved is done, unless somebody said no: that is told with its own code.
        (SendState::Saved, None | Some(Fault::Unreachable)) if send.wait.is_none() => go_on(),
        (SendState::Saved, None | Some(Fault::Unreachable | Fault::WaitOver)) => Err(Stop::Said {
            code: Fault::WaitOver.code(),
            message: command::not_there_yet(),
            next: step::inbox_sends(),
        }),
        (SendState::Saved, Some(fault)) => Err(Stop::from(fault).about(&outcome.to)),
    }
}
