//! How things stand.
//!
//! In: whether to ask the relays. Out: counts and addresses. This file must never learn a message.

use super::exchange::Goal;
use super::lines::Stand;
use super::model::{InvitationState, Status};
use super::{Engine, Fault};
use crate::net::Role;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// For asking relays whether they answer.
const BUDGET: Duration = Duration::from_secs(5);

impl Engine {
    /// How things stand, and whether relays answer if they are to be asked.
    ///
    /// # Errors
    /// Those of the vault.
    pub async fn status(&mut self, ask_relay: bool) -> Result<Status, Fault> {
        let open = self.invitations()?.into_iter().filter(|one| one.state == InvitationState::Open).count();
        let (profile, contacts, waiting, unshown, mailboxes) = self.vault.read(|store| {
            let unshown = store.count_unshown()?.0;
            Ok::<_, Fault>((store.profile()?, store.contacts()?.len(), store.waiting()?, unshown, store.mailboxes()?))
        })?;
        let mut relays: BTreeSet<String> = mailboxes.into_iter().map(|own| own.relay).collect();
        relays.extend(profile.relay.clone());
        let relays = if ask_relay { self.answers(relays).await? } else { Vec::new() };
        Ok(Status {
            name: profile.name,
            relay: profile.relay,
            contacts: u64::try_from(contacts).unwrap_or(u64::MAX),
            invitations: u64::try_from(open).unwrap_or(u64::MAX),
            waiting,
            unshown,
            relays,
        })
    }

    async fn answers(&mut self, relays: BTreeSet<String>) -> Result<Vec<(String, bool)>, Fault> {
        self.exchange.lines.revive();
        self.turn_until(Goal::default(), Instant::now() + BUDGET, |engine| {
            let mut all = true;
            for relay in &relays {
                engine.exchange.lines.want(relay, Role::Receive, false)?;
                let stand = engine.exchange.lines.stand(relay, Role::Receive);
                all &= !matches!(stand, None | Some(Stand::Opening));
            }
            Ok(all)
        })
        .await?;
        let answers = |relay: String| {
            let up = self.exchange.lines.up(&relay, Role::Receive).is_some();
            (relay, up)
        };
        Ok(relays.into_iter().map(answers).collect())
    }
}
