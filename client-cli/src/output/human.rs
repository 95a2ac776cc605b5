//! Calm sentences for what the engine tells.
//!
//! In: plain values. Out: paragraphs, sanitized, not yet wrapped. This file must never learn where they are printed.

use super::time;
use crate::engine::model::{
    Contact, Data, Direction, Event, Invitation, InvitationState, Keep, Kept, Message, Reason, SendState, Status, Trust,
};
use crate::language::{keeping, news, rejoin, said as texts};
use crate::sanitize;

/// Why there is no QR code, and how to see one.
pub(crate) const NO_QR: &str =
    "To see it as a QR code too: run this in a terminal at least 44 columns wide, without --plain.";

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

/// What `keep` did.
pub(crate) fn keeps(kept: &Kept) -> String {
    let name = sanitize::name(&kept.contact.name);
    let time = keep(kept.contact.keep);
    match (kept.told, kept.contact.blocked) {
        (true, _) => keeping::now_told(time, name),
        (false, false) => keeping::now_later(time, name),
        (false, true) => crate::language::people::kept_untold(time, name),
    }
}

/// The bytes of a month, in KB of 1,000 bytes, rounded up.
pub(crate) fn data(data: &Data) -> Vec<String> {
    let kb = |bytes: u64| bytes.div_ceil(1000);
    let all = data.received.saturating_add(data.sent);
    vec![
        format!(
            "This month ({}): {} KB: {} in, {} out.",
            sanitize::line(&data.month),
            kb(all),
            kb(data.received),
            kb(data.sent)
        ),
        format!("It should stay below {} KB a month, at 20 messages a day each way.", kb(BUDGET)),
        "Counted at the connection, encryption and all. What the network adds around it is not in it.".to_owned(),
    ]
}

/// One thing or several.
pub(crate) fn count(number: u64, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

fn for_whom(invitation: &Invitation) -> String {
    invitation.label.as_deref().map(|label| format!(" for {}", sanitize::name(label))).unwrap_or_default()
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

/// An invitation in a list, without its link.
pub(crate) fn invitation_line(invitation: &Invitation) -> String {
    let state = match invitation.state {
        InvitationState::Open => format!("open until {}", time::end(invitation.expires_at)),
        InvitationState::Used => "used".to_owned(),
        InvitationState::Revoked => "taken back".to_owned(),
        InvitationState::Expired => "ended".to_owned(),
    };
    format!("Invitation {}{}: {state}.", sanitize::name(&invitation.id), for_whom(invitation))
}

/// A person, in a list.
pub(crate) fn contact_line(contact: &Contact) -> String {
    let waiting = match contact.waiting {
        0 => String::new(),
        _ if contact.blocked => String::new(),
        number => format!(" {}: not sent yet, safe here.", count(number, "message", "messages")),
    };
    let id = sanitize::name(&contact.id);
    let blocked = if contact.blocked { "BLOCKED, " } else { "" };
    let rejoining = if contact.rejoining { format!(" {}", rejoin::waits_short()) } else { String::new() };
    format!("{}, {blocked}{}. ID {id}.{rejoining}{waiting}", sanitize::name(&contact.name), trust(contact.trust))
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

/// Where a message of ours is.
pub(crate) const fn sent(state: SendState) -> &'static str {
    match state {
        SendState::Saved => "Not sent yet, safe here. It goes out by itself the next time you use Cairn.",
        SendState::Sent => "Sent.",
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
    let mut lines = vec![format!(
        "Profile: {}. {}, {}.",
        sanitize::name(&status.name),
        count(status.contacts, "person", "people"),
        count(status.invitations, "open invitation", "open invitations")
    )];
    lines.push(match status.waiting {
        0 => "Everything you wrote was sent.".to_owned(),
        number => format!("{}: not sent yet, safe here.", count(number, "message", "messages")),
    });
    lines.push(match status.unshown {
        0 => "Nothing new to read.".to_owned(),
        number => format!("New to read: {number}."),
    });
    match &status.relay {
        Some(relay) => lines.push(format!("Relay for new invitations: {}", sanitize::line(relay))),
        None => lines.push("No relay for new invitations.".to_owned()),
    }
    for (address, reachable) in &status.relays {
        let address = sanitize::line(address);
        lines.push(if *reachable {
            format!("The relay answers: {address}")
        } else {
            format!("The relay can't be reached now: {address}. What you write is safe here.")
        });
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

    #[test]
    fn one_is_singular() {
        assert_eq!(count(1, "person", "people"), "1 person");
        assert_eq!(count(0, "person", "people"), "0 people");
    }
}
