//! What comes in while the conversation is open.
//!
//! In: all that was not shown yet. Out: what to show now; the rest waits for its conversation. This file must never
//! show one person's words in another one's conversation.

use super::say;
use crate::app::{App, Effect, Screen};
use crate::engine::Fault;
use crate::engine::model::{Event, Queued, Reason, Trust};
use crate::language::news as texts;
use crate::sanitize;

/// Whether an event belongs into the conversation with this person.
pub(super) fn is_from(event: &Event, id: &str) -> bool {
    match event {
        Event::Message(message) => message.contact_id == id,
        Event::Gap { contact_id, .. } => contact_id == id,
        // These name the person by themselves, and are said wherever one is.
        Event::Contact(_) | Event::Removed { .. } | Event::TheirKeep { .. } | Event::Notice { .. } => false,
    }
}

/// Sorts new things: for this conversation, for everyone, for later.
pub(super) fn arrived(app: &mut App, all: Vec<Queued>) -> Vec<Effect> {
    let known: Vec<i64> = app.unread.iter().map(|queued| queued.number).collect();
    let open = app.person.as_ref().map(|contact| contact.id.clone());
    let (mut now, mut said, mut names, mut people) = (Vec::new(), Vec::new(), Vec::<String>::new(), false);
    for queued in all.into_iter().filter(|queued| !known.contains(&queued.number)) {
        if let Event::Notice { contact_id, reason: Reason::Rejoined, .. } = &queued.event
            && let Some(person) = app.person.as_mut().filter(|person| Some(&person.id) == contact_id.as_ref())
        {
            (person.rejoining, person.trust) = (true, Trust::Unchecked);
        }
        if let Event::TheirKeep { contact_id, keep, .. } = &queued.event
            && let Some(person) = app.person.as_mut().filter(|person| person.id == *contact_id)
        {
            person.their_keep = *keep;
        }
        let name = match &queued.event {
            Event::Message(message) if open.as_ref() != Some(&message.contact_id) => sanitize::name(&message.contact),
            Event::Gap { contact_id, from, .. } if open.as_ref() != Some(contact_id) => sanitize::name(from),
            // The conversation is open already: nothing more to say about it.
            Event::Contact(contact) if open.as_ref() == Some(&contact.id) => {
                said.push(queued.number);
                continue;
            }
            other => {
                app.seen += usize::from(matches!(other, Event::Message(_)));
                people |= matches!(other, Event::Contact(_));
                now.push(queued);
                continue;
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
        app.unread.push(queued);
    }
    let mut effects = Vec::new();
    if !now.is_empty() {
        effects.push(Effect::News(now));
    }
    if !said.is_empty() {
        effects.push(Effect::Mark(said));
    }
    // The list of people is on the screen: it is shown anew. Before it is, nothing needs to be said.
    let listing = open.is_none() && app.again.is_none() && app.listed && matches!(app.screen, Screen::Choosing(_));
    if listing && (people || !names.is_empty()) {
        effects.push(Effect::LoadPeople);
    } else if open.is_some() && !names.is_empty() {
        let names = names.join(", ");
        effects.push(say(texts::new_words(names)));
    }
    effects
}

/// Whether the relays can be worked with: told when it changes.
pub(super) fn trouble(app: &mut App, fault: Option<Fault>) -> Vec<Effect> {
    if app.trouble == fault {
        return vec![];
    }
    app.trouble.clone_from(&fault);
    match fault {
        None => vec![say(texts::relay_back())],
        Some(fault @ (Fault::Unreachable | Fault::OtherRelay | Fault::Busy)) => {
            vec![say(crate::output::fault::words(&fault)), say(texts::go_on_writing())]
        }
        Some(fault) => {
            let mut effects = vec![say(crate::output::fault::words(&fault))];
            effects.extend(super::rejoin::way_on(app, &fault));
            effects
        }
    }
}

/// What waited has gone out: told once.
pub(super) fn waiting(app: &mut App, number: u64) -> Vec<Effect> {
    let before = std::mem::replace(&mut app.waiting, number);
    if before > 0 && number == 0 { vec![say(texts::sent_now())] } else { vec![] }
}
