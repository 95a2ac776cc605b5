//! Asking a relay for its operator's notice (protocol.md §9.5).
//!
//! In: an invitation, or the profile's relay. Out: what the center says, kept beside the vault. It is asked for over a line
//! of its own, so that the relay learns from it of no mailbox. This file must never hold anything up for long: without an
//! answer everything goes on.

use super::center::{self, Center};
use super::exchange::{Asked, Goal};
use super::{Engine, Fault, system_clock};
use crate::home::Home;
use crate::net::{Line, Role, Signal};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::invitation::Link;
use cairn_protocol::wire::frame::{Reply, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long a person waits for it, at most, before the first run goes on. Longer: they think that nothing happens. Shorter:
/// it doesn't come over a slow radio link.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after a failure it is asked for again. Shorter: a relay that gives none is asked all day.
const REST: Duration = Duration::from_secs(3600);

/// How long a command that fetches waits for it when all else is done.
const TAIL: Duration = Duration::from_secs(2);

/// How asking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// It is to be looked whether it is due.
    Unknown,
    /// A line is being made.
    Opening,
    /// The relay has the question.
    Waiting,
    /// Nothing is to be done before that time.
    Rest(Instant),
}

/// What the center of this home says of itself. Needs no profile, no passphrase and no network.
pub(crate) fn center(home: &Home) -> Center {
    center::read(home, system_clock())
}

/// Asks the relay of an invitation before there is a profile. Without an answer, what was kept before of this relay.
pub(crate) async fn ask_before(home: &Home, link: &str) -> Center {
    let Ok(link) = link.parse::<Link>() else { return Center::Unknown };
    let address = link.address().clone();
    let pin = address.pin;
    if center::is_due(home, &pin, system_clock()) {
        if let Ok(Some(Reply::Notice(notice))) = timeout(PATIENCE, ask(address)).await {
            // A disk that takes nothing shows itself at the next step.
            let _ = center::take_in(home, pin, notice, system_clock());
        }
        // What lies there may be of an invitation that was given up: no profile is here yet.
        if !center::is_of(home, &pin) {
            center::forget(home);
            return Center::Unknown;
        }
    }
    center(home)
}

/// One question and its answer.
async fn ask(address: RelayAddress) -> Option<Reply> {
    let (sender, mut signals) = mpsc::channel(4);
    let mut line = Line::open(address, (), sender, Arc::default());
    loop {
        match signals.recv().await?.1 {
            Signal::Up(_) => drop(line.ask(Request::Notice)?),
            Signal::Reply(_, reply) => return Some(reply),
            Signal::Down(_) => return None,
        }
    }
}

impl Engine {
    /// Before the first mailbox is made at a relay: so that a person has the notice before anything of theirs is there. It
    /// is asked for once a day at most, and nothing fails for it.
    pub(super) async fn notice_before(&mut self, relay: &str, deadline: Instant) -> Result<(), Fault> {
        if !self.is_own_relay(relay)? {
            return Ok(());
        }
        let Ok(address) = relay.parse::<RelayAddress>() else { return Ok(()) };
        if !center::is_due(&self.home, &address.pin, self.now()) {
            return Ok(());
        }
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let answer = self.ask(relay, Role::Notice, Request::Notice, deadline).await;
        self.exchange.lines.hang_up(Role::Notice);
        if let Ok(reply) = answer {
            self.noticed(&address, reply);
        }
        // What lies there may be of an invitation that came to nothing.
        if !center::is_of(&self.home, &address.pin) {
            center::forget(&self.home);
        }
        Ok(())
    }

    /// An invitation came to nothing: what its relay says is not what a center of ours says, unless it is that one's too.
    pub(super) fn forget_notice_of_nobody(&self) -> Result<(), Fault> {
        if self.vault.read(|store| Ok::<_, Fault>(store.profile()?.relay))?.is_none() {
            center::forget(&self.home);
        }
        Ok(())
    }

    /// Whether a relay is the profile's, or would become so.
    fn is_own_relay(&self, relay: &str) -> Result<bool, Fault> {
        let own = self.vault.read(|store| Ok::<_, Fault>(store.profile()?.relay))?;
        Ok(own.is_none_or(|own| own == relay))
    }

    /// Asks when it is due and another line stands, so that the relay is there; only where something is fetched.
    pub(super) fn due_notice(&mut self, goal: Goal) -> Result<(), Fault> {
        let rests = |at: Instant| at > Instant::now();
        match self.exchange.notice {
            _ if !goal.fetch => return Ok(()),
            Asking::Rest(at) if rests(at) => return Ok(()),
            _ => {}
        }
        let own = match &self.exchange.own_relay {
            Some(own) => own.clone(),
            None => {
                let Some(own) = self.vault.read(|store| Ok::<_, Fault>(store.profile()?.relay))? else { return Ok(()) };
                self.exchange.own_relay = Some(own.clone());
                own
            }
        };
        let lines = &mut self.exchange.lines;
        if lines.up(&own, Role::Receive).is_none() {
            return Ok(());
        }
        match self.exchange.notice {
            Asking::Unknown | Asking::Rest(_) => {
                let address: Option<RelayAddress> = own.parse().ok();
                let due = address.is_some_and(|address| center::is_due(&self.home, &address.pin, (self.clock)()));
                if due {
                    lines.want(&own, Role::Notice, false)?;
                    self.exchange.notice = Asking::Opening;
                } else {
                    self.exchange.notice = Asking::Rest(Instant::now() + REST);
                }
            }
            Asking::Opening => {
                if lines.down(&own, Role::Notice).is_some() {
                    self.no_notice();
                } else if lines.up(&own, Role::Notice).is_some()
                    && let Some(place) = lines.ask(&own, Role::Notice, Request::Notice)
                {
                    self.exchange.asked.insert(place, Asked::Notice);
                    self.exchange.notice = Asking::Waiting;
                }
            }
            Asking::Waiting => {}
        }
        Ok(())
    }

    /// The line is of no more use.
    pub(super) fn no_notice(&mut self) {
        self.exchange.lines.hang_up(Role::Notice);
        self.exchange.notice = Asking::Rest(Instant::now() + REST);
    }

    /// The relay has answered.
    pub(super) fn notice_answered(&mut self, relay: &str, reply: Reply) {
        if let Ok(address) = relay.parse() {
            self.noticed(&address, reply);
        }
        self.no_notice();
    }

    fn noticed(&self, address: &RelayAddress, reply: Reply) {
        if let Reply::Notice(notice) = reply {
            // A disk that takes nothing shows itself at the next message; the notice is asked for again.
            let _ = center::take_in(&self.home, address.pin, notice, self.now());
        }
    }

    /// Waits a little for a notice that is under way.
    pub(super) async fn notice_after(&mut self, goal: Goal) -> Result<(), Fault> {
        let settled = |engine: &mut Self| Ok(!matches!(engine.exchange.notice, Asking::Opening | Asking::Waiting));
        self.turn_until(goal, Instant::now() + TAIL, settled).await.map(|_| ())
    }
}
