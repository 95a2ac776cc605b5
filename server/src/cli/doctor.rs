//! `doctor`: looks at everything a relay needs, and says what to do.
//!
//! In: a folder or a file of settings. Out: a line for each thing looked at. This file must never learn to change
//! anything.

use super::place::Place;
use super::{Outcome, say, tell};
use crate::config::ConfigError;
use crate::doctor::{Finding, Verdict, examine};
use crate::line::Line;
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed. Every page of the store is read, which takes a minute for 10 GB; the relay may
run meanwhile. Run it as the relay's own user. Ends with 3 if there is something to do.

Examples:
  sudo -u cairn-relay cairn-relay doctor --config /etc/cairn-relay.toml
  cairn-relay doctor --data /var/lib/cairn --json"
)]
pub(super) struct Doctor {
    #[command(flatten)]
    place: Place,
    /// Print JSON lines instead.
    #[arg(long)]
    json: bool,
}

pub(super) fn doctor(arguments: &Doctor) -> anyhow::Result<Outcome> {
    let mut wrong = 0;
    let config = arguments.place.config()?;
    let folder = config.data.clone().ok_or(ConfigError::Missing("data"))?;
    for Finding { subject, verdict, sentence } in examine(&folder, &config) {
        let word = match verdict {
            Verdict::Good => "good",
            Verdict::Advice => "advice",
            Verdict::Wrong => "wrong",
        };
        wrong += usize::from(verdict == Verdict::Wrong);
        if arguments.json {
            say(&Line::new("finding").with("subject", subject).with("verdict", word).with("text", sentence))?;
        } else {
            tell(&format!("{word:<7} {subject:<13} {sentence}"))?;
        }
    }
    Ok(if wrong == 0 { Outcome::Done } else { Outcome::Attention })
}
