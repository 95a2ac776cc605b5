//! `cairn invite new`, `list`, `revoke`.
//!
//! In: a label, an ID. Out: invitations. This file must never learn what a link opens.

use super::next::{self, Done};
use super::{Run, Stop, setup};
use crate::cli::Invite;
use crate::engine::Fault;
use crate::language::{command as texts, step};
use crate::output::fault::words as fault_words;

/// Runs it.
pub(super) fn run(run: &Run, words: &'static str, invite: Invite) -> Result<(), Stop> {
    match invite {
        Invite::New { label, rejoin, relay, pass } => {
            let relay = relay.map(|text| setup::relay(&text)).transpose()?;
            let pass = pass.map(setup::pass).transpose()?;
            let label = label.map(|text| crate::names::check(&text)).transpose();
            let label = label.map_err(|why| Stop::usage(why, step::other_for()))?;
            let mut engine = run.open(words)?;
            let made = match &rejoin {
                Some(contact) => run.wait(engine.invite_again(contact, relay, pass)),
                None => run.wait(engine.invite_new(label.as_deref(), relay, pass)),
            };
            let invitation = made.map_err(|stop| match stop {
                Stop::Fault(fault @ Fault::PassNeeded) if rejoin.is_some() => {
                    Stop::Said { code: fault.code(), message: fault_words(&fault), next: step::ask_to_join() }
                }
                other => other.with_next("cairn invite new --relay ADDRESS"),
            })?;
            run.output.invitation_made(&invitation)?;
            if let Some(contact) = rejoin {
                run.output.say(&texts::goes_on())?;
                return next::print(run, Done::InvitedAgain(&contact), &[]);
            }
            next::print(run, Done::Invited, &[])
        }
        Invite::List => {
            let invitations = run.open(words)?.invitations()?;
            if invitations.is_empty() {
                run.output.say(&texts::no_invitations())?;
            }
            invitations.iter().try_for_each(|invitation| run.output.invitation(invitation))?;
            next::print(run, Done::Invitations, &[])
        }
        Invite::Revoke { id } => {
            let mut engine = run.open(words)?;
            run.wait(engine.invite_revoke(&id)).map_err(|stop| stop.with_next("cairn invite list"))?;
            if let Some(invitation) = engine.invitations()?.iter().find(|invitation| invitation.id == id) {
                run.output.invitation(invitation)?;
            }
            next::print(run, Done::Revoked, &[])
        }
    }
}
