//! What the engine is asked for in a conversation, the same in both faces.
//!
//! In: an effect. Out: what came of it, as an event. This file must never print, nor decide what is said.

use crate::app::{Effect, Event};
use crate::engine::{Engine, Fault};

/// Does it. Nothing happens for an effect that is a face's own.
pub(crate) async fn carry_out(engine: &mut Engine, effect: Effect) -> Result<Option<Event>, Fault> {
    Ok(Some(match effect {
        Effect::Join { link } => Event::Joined(engine.join(&link).await),
        Effect::JoinAgain { link, contact_id } => Event::JoinedAgain(engine.join_as(&link, &contact_id).await),
        Effect::InviteAgain { contact_id } => Event::Invitation(engine.invite_again(&contact_id, None, None).await),
        Effect::NewInvitation { label } => Event::Invitation(engine.invite_new(label.as_deref(), None, None).await),
        Effect::GiveUp { contact_id } => {
            Event::GivenUp(engine.check_stop(&contact_id).and_then(|()| engine.contact(&contact_id)))
        }
        // What they have begun is known already, and what it says goes out by itself: fetching goes on.
        Effect::Check { contact_id, again } => Event::Check(engine.check_begin(&contact_id, again)),
        Effect::CheckTyped { contact_id, text } => Event::Check(engine.check_typed(&contact_id, &text)),
        Effect::CountOlder { contact_id, keep } => Event::Older(keep, engine.older_than(&contact_id, keep)),
        // It goes out by itself, and what was removed comes with the news.
        Effect::KeepFor { contact_id, keep } => Event::Kept(engine.choose_keep(&contact_id, keep)),
        Effect::Find { contact_id, text, from, most } => {
            let found = engine.find(&contact_id, &text, from, most);
            Event::Found(text, found)
        }
        Effect::Rename { contact_id, name } => Event::Renamed(engine.rename(&contact_id, &name)),
        Effect::SetBlocked { contact_id, blocked } => Event::Blocked(engine.set_blocked(&contact_id, blocked)),
        // The relay closes their way while the conversation goes on fetching.
        Effect::Remove { contact_id } => Event::Gone(engine.remove_here(&contact_id)),
        Effect::SendLater { contact_id, text, when } => {
            Event::Later(engine.send_later(&contact_id, &text, when.moment()))
        }
        Effect::LoadLater => Event::LaterAll(engine.later()),
        Effect::CancelLater(id) => Event::TakenBack(engine.cancel_later(&id)),
        Effect::CountUnsent => {
            Event::Leaving(engine.contacts().map(|all| all.iter().map(|contact| contact.waiting).sum()))
        }
        Effect::CloseAll => Event::AllClosed(engine.close_all().await),
        _ => return Ok(None),
    }))
}
