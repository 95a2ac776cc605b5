//! `cairn send`: one message.
//!
//! In: a contact and exact text. Out: where the message is now. This file must never change a byte of the text.

use super::{Run, Stop, read};
use crate::cli::Send;
use crate::engine::Fault;
use crate::engine::model::SendState;
use std::os::unix::ffi::OsStringExt;

/// Runs it.
pub(super) fn run(run: &Run, send: Send) -> Result<(), Stop> {
    let text = match send.message {
        Some(text) => read::text(text.into_vec())?,
        None => read::message()?,
    };
    let mut engine = run.open("send")?;
    let sent = run.wait(engine.send(&send.contact, &text, send.wait));
    let outcome = sent.map_err(|stop| stop.about(&send.contact))?;
    run.output.sent(&outcome)?;
    match (outcome.state, outcome.fault) {
        (SendState::Sent, _) => run.output.next("cairn inbox"),
        // Saved is done, unless somebody said no: that is told with its own code.
        (SendState::Saved, None | Some(Fault::Unreachable)) if send.wait.is_none() => run.output.next("cairn inbox"),
        (SendState::Saved, None | Some(Fault::Unreachable | Fault::WaitOver)) => Err(Stop::Said {
            code: Fault::WaitOver.code(),
            message: "It is not at the relay yet. It is safe here.".to_owned(),
            next: "cairn inbox, later: it sends what waits".to_owned(),
        }),
        (SendState::Saved, Some(fault)) => Err(Stop::from(fault).about(&outcome.to)),
    }
}
