//! `cairn config`: what a person has set, for scripts; the conversation has the same behind its choices.
//!
//! In: a key, a value. Out: the settings. This file must never open the profile: settings are read before it is unlocked.

use super::next::{self, Done};
use super::{Run, Stop};
use crate::cli::Config;
use crate::language::settings as texts;
use crate::language::step;
use crate::settings::{self, Key, Refused};

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, what: &Config) -> Result<(), Stop> {
    let home = run.home(words)?;
    match what {
        Config::Get { key } => {
            let read = settings::read(&home);
            if let Some(refused) = read.refused.first() {
                return Err(stop(refused));
            }
            let one = key.as_deref().map(known).transpose()?;
            let keys = one.map_or_else(|| Key::ALL.to_vec(), |one| vec![one]);
            keys.into_iter().try_for_each(|key| run.output.setting(key, &read.settings))?;
            next::print(run, Done::Settings, &[])
        }
        Config::Set { key, value } => {
            let key = known(key)?;
            let settings = settings::change(&home, key, value).map_err(|refused| stop(&refused))?;
            run.output.setting(key, &settings)?;
            next::print(run, Done::Set, &[])
        }
    }
}

fn known(name: &str) -> Result<Key, Stop> {
    let all = || Key::ALL.map(Key::name).join(", ");
    Key::of(name).ok_or_else(|| Stop::usage(texts::no_such(all()), "cairn config get"))
}

/// Why it can't be, and what is allowed.
fn stop(refused: &Refused) -> Stop {
    let next = match refused {
        Refused::Value(key) => format!("cairn config set {} {}", key.name(), key.allowed().first().unwrap_or(&"VALUE")),
        Refused::File(_) | Refused::Write(_) => step::once_mended(),
    };
    Stop::usage(refused.words(), next)
}
