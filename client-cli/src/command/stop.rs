//! Why a run ended before its end.
//!
//! In: faults of the engine, of the call, of the streams. Out: one sentence, the next step, an exit code. This file
//! must never learn what was written.

use crate::engine::Fault;
use crate::output;
use crate::output::fault::{next as next_of, words};
use std::io;

/// The end of a run.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The engine's own words.
    Fault(Fault),
    /// A code with other words.
    Said {
        /// The exit code.
        code: u8,
        /// What happened.
        message: String,
        /// What gets the person further.
        next: String,
    },
    /// Whoever read our output has closed it.
    Closed,
}

impl Stop {
    /// Words of a call that can't be used (2), with what to do.
    pub(crate) fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Said { code: 2, message: message.into(), next: next.into() }
    }

    /// The same, with a better next step than the general one where the call's words are off.
    pub(crate) fn with_next(self, next: &str) -> Self {
        match self {
            Self::Fault(Fault::Usage(message)) => Self::usage(message, next),
            Self::Fault(fault @ Fault::Slip(_)) => Self::usage(words(&fault), next),
            other => other,
        }
    }

    /// The same, with a better next step than the general one where the relay could not be used.
    pub(crate) fn with_next_try(self, next: &str) -> Self {
        match self {
            Self::Fault(fault @ (Fault::Unreachable | Fault::OtherRelay | Fault::Busy)) => {
                Self::Said { code: fault.code(), message: words(&fault), next: next.to_owned() }
            }
            other => other,
        }
    }

    /// The same, with the person in the next step whom the call was about.
    pub(crate) fn about(self, contact: &str) -> Self {
        match self {
            Self::Fault(fault) if fault.next().contains("CONTACT") => Self::Said {
                code: fault.code(),
                message: words(&fault),
                next: next_of(&fault).replace("CONTACT", &output::again::quoted(contact)),
            },
            other => other,
        }
    }

    /// Prints it on standard error and gives the exit code.
    pub(crate) fn print(&self, json: bool) -> u8 {
        match self {
            Self::Fault(Fault::Interrupted) if !json => Fault::Interrupted.code(),
            Self::Fault(fault) => {
                if json {
                    output::error(json, fault.code(), &fault.to_string(), fault.next());
                } else {
                    output::error(json, fault.code(), &words(fault), &next_of(fault));
                }
                fault.code()
            }
            Self::Said { code, message, next } => {
                output::error(json, *code, message, next);
                *code
            }
            // Nobody reads any more, and nothing was marked as shown: it comes again.
            Self::Closed => 0,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            io::ErrorKind::Interrupted => Self::Fault(Fault::Interrupted),
            kind => Self::Said {
                code: 1,
                message: crate::language::command::streams(crate::language::system(kind)),
                next: crate::language::next::again(),
            },
        }
    }
}
