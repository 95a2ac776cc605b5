//! Calm sentences for what the engine tells.
//!
//! In: plain values. Out: paragraphs, sanitized, not yet wrapped. This file must never learn where they are printed.

use super::time;
use crate::engine::Fault;
use crate::engine::model::{
    Contact, Data, Direction, Event, Invitation, InvitationState, Keep, Kept, Message, Outcome, Reason, SendState,
    Status, Trust,
};
use crate::language::{keeping, news, rejoin, said as texts, standing};
use crate::sanitize;

/// Bytes a month that everything together should stay below, at 20 messages a day each way.
pub(crate) const BUDGET: u64 = 6_000_000;

/// How well a person's keys are known, in the words of the contract.
pub(crate) fn trust(trust: Trust) -> String {
    match trust {
        Trust::Unchecked => texts::unchecked(),
        Trust::Checked => texts::checked(),
    }
}

/// How long a conversation is kept.
pub(crate) fn keep(keep: Keep) -> String {
    match keep {
        Keep::Always => keeping::always(),
        Keep::Days30 => keeping::days(30_u8),
        Keep::Days90 => keeping::days(90_u8),
    }
}

/// How long a conversation is kept, on both sides.
pub(crate) fn kept(contact: &Contact) -> String {
    let name = sanitize::name(&contact.name);
    keeping::both(keep(contact.keep), name, keep(contact.their_keep))
}

/// What a choice would remove.
pub(crate) fn would_remove(number: u64, time: Keep) -> String {
    keeping::would_remove(number, keep(time))
}

/// What `keep` did. `going`: it goes out by itself, and nothing is in its way.
pub(crate) fn keeps(kept: &Kept, going: bool) -> String {
    let name = sanitize::name(&kept.contact.name);
    let time = keep(kept.contact.keep);
    let chosen = match (kept.told, kept.contact.blocked) {
        (true, _) => keeping::now_told(time, name),
        (false, false) if going => keeping::now_going(time, name),
        (false, false) => keeping::now_later(time, name),
        (false, true) => crate::language::people::kept_untold(time, name),
    };
    // What was removed is not shown any more; where it lay on the disk is another thing.
    if kept.erased { chosen } else { chosen + " " + &keeping::erased_later() }
}

/// The bytes of a month, in KB of 1,000 bytes, rounded up.
pub(crate) fn data(data: &Data) -> Vec<String> {
    let kb = |bytes: u64| bytes.div_ceil(1000);
    let (received, sent) = (kb(data.received), kb(data.sent));
    vec![
        // The sum of what stands beside it, so that it adds up for whoever reads it.
        standing::month(&data.month, received.saturating_add(sent), received, sent),
        standing::budget(kb(BUDGET)),
        standing::counted(),
    ]
}

/// What stands before the link of a new invitation.
pub(crate) fn invitation_head(invitation: &Invitation) -> String {
    match invitation.label.as_deref() {
        Some(label) => texts::invitation_head_for(sanitize::name(label)),
        None => texts::invitation_head(),
    }
}

/// What stands after the link of a new invitation.
pub(crate) fn invitation_rules(invitation: &Invitation) -> String {
    texts::invitation_rules(time::end(invitation.expires_at))
}

/// What there is to know about earlier ones for the same person, one paragraph each.
pub(crate) fn invitation_earlier(invitation: &Invitation) -> Vec<String> {
    let name = sanitize::name(invitation.label.as_deref().unwrap_or_default());
    let back = |id: &String| super::again::repeatable(&format!("cairn invite revoke {}", sanitize::line(id)));
    invitation.earlier.iter().map(|id| texts::invitation_earlier(name.as_str(), back(id))).collect()
}

/// An invitation in a list, without its link.
pub(crate) fn invitation_line(invitation: &Invitation) -> String {
    let state = match invitation.state {
        InvitationState::Open => standing::open(time::end(invitation.expires_at)),
        InvitationState::Used => standing::used(),
        InvitationState::Revoked => standing::taken_back(),
        InvitationState::Expired => standing::ended(),
    };
    // Its own word, which a command takes: no name, and never in quotation marks.
    let id = sanitize::line(&invitation.id);
    match invitation.label.as_deref() {
        Some(label) => standing::invitation_for(id, sanitize::name(label), state),
        None => standing::invitation(id, state),
    }
}

/// A person, in a list.
pub(crate) fn contact_line(contact: &Contact) -> String {
    let (name, trust, id) = (sanitize::name(&contact.name), trust(contact.trust), sanitize::name(&contact.id));
    let mut sentences = vec![if contact.blocked {
        standing::person_blocked(name, trust, id)
    } else {
        standing::person(name, trust, id)
    }];
    if contact.rejoining {
        sentences.push(rejoin::waits_short());
    }
    if contact.waiting > 0 && !contact.blocked {
        sentences.push(standing::waiting(contact.waiting));
    }
    sentences.join(" ")
}

/// A person, in full.
pub(crate) fn contact_details(contact: &Contact) -> Vec<String> {
    let mut lines = vec![format!("{}: {}.", sanitize::name(&contact.name), trust(contact.trust))];
    if contact.given_name != contact.name {
        lines.push(texts::they_call_themselves(sanitize::name(&contact.given_name)));
    }
    if contact.blocked {
        lines.push(super::people::blocked(contact));
    }
    if contact.rejoining {
        lines.push(rejoin::waits());
    }
    lines.push(texts::since(time::moment(contact.created_at)));
    lines.push(kept(contact));
    lines
}

/// Where a message of ours is. That it goes out by itself is said only where it may.
pub(crate) fn sent(outcome: &Outcome) -> String {
    match (outcome.state, &outcome.fault) {
        (SendState::Sent, _) => crate::language::talk::sent(),
        (SendState::Saved, None | Some(Fault::Unreachable | Fault::WaitOver | Fault::Busy | Fault::Full)) => {
            standing::saved()
        }
        (SendState::Saved, Some(_)) => crate::language::talk::saved(),
    }
}

/// One message as a line of the conversation.
pub(crate) fn message(message: &Message) -> String {
    let when = time::moment(time::of_message(message.sent_at, message.received_at));
    let text = match sanitize::text(&message.text) {
        text if text.is_empty() => texts::no_words(),
        text => text,
    };
    match (message.direction, message.state) {
        (Direction::In, _) => format!("{}, {when}: {text}", sanitize::name(&message.contact)),
        (Direction::Out, Some(SendState::Saved)) => {
            format!("{}, {when} ({}): {text}", texts::you(), texts::not_sent_yet())
        }
        (Direction::Out, _) => format!("{}, {when}: {text}", texts::you()),
    }
}

/// Something new.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Contact(contact) => news::contact(sanitize::name(&contact.name), trust(contact.trust)),
        Event::Message(letter) => message(letter),
        Event::Gap { from, missing, .. } => news::gap(*missing, sanitize::name(from)),
        Event::Removed { contact, messages, keep: time, .. } => {
            keeping::removed(*messages, keep(*time), sanitize::name(contact))
        }
        Event::TheirKeep { contact, keep: time, .. } => keeping::theirs(sanitize::name(contact), keep(*time)),
        Event::Notice { message: Some(letter), .. } => not_arrived(letter),
        Event::Notice { invite, contact, reason, .. } => notice(invite.as_deref(), contact.as_deref(), *reason),
    }
}

/// Without its words: it is said in whatever conversation is open.
fn not_arrived(letter: &Message) -> String {
    news::not_arrived(sanitize::name(&letter.contact), time::moment(letter.sent_at))
}

fn notice(invite: Option<&str>, contact: Option<&str>, reason: Reason) -> String {
    let name = contact.map_or_else(news::somebody, sanitize::name);
    match reason {
        Reason::SecondTaker => match invite {
            Some(id) => news::second_taker_of(sanitize::name(id), name),
            None => news::second_taker(name),
        },
        Reason::CheckAsked => news::check_asked(name),
        Reason::HistoryDiffers => news::differs(name),
        Reason::Rejoined => news::rejoined(name),
        Reason::SessionDamaged => news::damaged(name),
        Reason::NotArrived => news::something_not_arrived(name),
    }
}

/// How things stand.
pub(crate) fn status(status: &Status) -> Vec<String> {
    let mut lines = vec![standing::profile(sanitize::name(&status.name), status.contacts, status.invitations)];
    lines.push(match status.waiting {
        0 => standing::all_sent(),
        number => standing::waiting(number),
    });
    lines.push(match status.unshown {
        0 => standing::nothing_new(),
        number => standing::new(number),
    });
    lines.push(status.relay.as_ref().map_or_else(standing::no_relay, standing::relay));
    for (address, reachable) in &status.relays {
        lines.push(if *reachable { standing::answers(address) } else { standing::silent(address) });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(contact: &str, text: &str) -> Message {
        Message {
            id: String::new(),
            contact_id: String::new(),
            contact: contact.into(),
            direction: Direction::In,
            kind: "text".into(),
            text: text.into(),
            sent_at: 0,
            received_at: Some(0),
            state: None,
        }
    }

    #[test]
    fn a_hostile_name_and_text_can_not_leave_their_line() {
        let shown = message(&letter("Dana\nSent.\x1b[2J", "hi\x1b[1A\rSent."));
        let shown = crate::output::wrap::paragraph(&shown, None);
        assert!(!shown.contains('\x1b'));
        assert!(shown.lines().skip(1).all(|line| line.starts_with("  ")), "{shown}");
        assert_eq!(shown.lines().count(), 2);
    }
}
