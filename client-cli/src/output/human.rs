//! Calm sentences for what the engine tells.
//!
//! In: plain values. Out: paragraphs, sanitized, not yet wrapped. This file must never learn where they are printed.

use super::time;
use crate::engine::model::{
    Contact, Data, Direction, Event, Invitation, InvitationState, Keep, Kept, Message, Reason, SendState, Status, Trust,
};
use crate::sanitize;

/// Why there is no QR code, and how to see one.
pub(crate) const NO_QR: &str =
    "To see it as a QR code too: run this in a terminal at least 44 columns wide, without --plain.";

/// Bytes a month that everything together should stay below, at 20 messages a day each way.
pub(crate) const BUDGET: u64 = 6_000_000;

/// How well a person's keys are known, in the words of the contract.
pub(crate) const fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Unchecked => "NOT CHECKED YET",
        Trust::Checked => "CHECKED BY YOU",
    }
}

/// How long a conversation is kept.
pub(crate) const fn keep(keep: Keep) -> &'static str {
    match keep {
        Keep::Always => "always",
        Keep::Days30 => "30 days",
        Keep::Days90 => "90 days",
    }
}

/// How long a conversation is kept, on both sides.
pub(crate) fn kept(contact: &Contact) -> String {
    let name = sanitize::name(&contact.name);
    format!("Kept here: {}. Kept by {name}: {}.", keep(contact.keep), keep(contact.their_keep))
}

/// What a choice would remove.
pub(crate) fn would_remove(number: u64, time: Keep) -> String {
    format!("{} older than {} will be removed here now, for good.", count(number, "message", "messages"), keep(time))
}

/// What `keep` did.
pub(crate) fn keeps(kept: &Kept) -> String {
    let name = sanitize::name(&kept.contact.name);
    let told = if kept.told { "was told" } else { "will be told when the relay can be reached" };
    format!("This conversation is kept here: {}. {name}'s program {told}.", keep(kept.contact.keep))
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
    format!("Here is the invitation{}, on this one line:", for_whom(invitation))
}

/// What stands after the link of a new invitation.
pub(crate) fn invitation_rules(invitation: &Invitation) -> String {
    format!(
        "It works once, until {}. Give it only to the one person, on paper or in person.",
        time::end(invitation.expires_at)
    )
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
        number => format!(" {}: not sent yet, safe here.", count(number, "message", "messages")),
    };
    let id = sanitize::name(&contact.id);
    let rejoining = if contact.rejoining { " A new start waits for the check words." } else { "" };
    format!("{}, {}. ID {id}.{rejoining}{waiting}", sanitize::name(&contact.name), trust(contact.trust))
}

/// A person, in full.
pub(crate) fn contact_details(contact: &Contact) -> Vec<String> {
    let mut lines = vec![format!("{}: {}.", sanitize::name(&contact.name), trust(contact.trust))];
    if contact.given_name != contact.name {
        lines.push(format!("They call themselves {}.", sanitize::name(&contact.given_name)));
    }
    if contact.rejoining {
        lines.push("A new start waits for the check words. Until then nothing is sent.".to_owned());
    }
    lines.push(format!("In your list since {}.", time::moment(contact.created_at)));
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
        text if text.is_empty() => "(no words)".to_owned(),
        text => text,
    };
    match (message.direction, message.state) {
        (Direction::In, _) => format!("{}, {when}: {text}", sanitize::name(&message.contact)),
        (Direction::Out, Some(SendState::Saved)) => format!("You, {when} (not sent yet, safe here): {text}"),
        (Direction::Out, _) => format!("You, {when}: {text}"),
    }
}

/// Something new.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Contact(contact) => {
            let name = sanitize::name(&contact.name);
            format!("{name} is in your list now, {}. You can write to each other.", trust(contact.trust))
        }
        Event::Message(letter) => message(letter),
        Event::Gap { from, missing, .. } => {
            let (name, number) = (sanitize::name(from), count(*missing, "message", "messages"));
            format!("{number} from {name} did not arrive here. Ask {name} to send it again.")
        }
        Event::Removed { contact, messages, keep: time, .. } => {
            let (name, time) = (sanitize::name(contact), keep(*time));
            let (number, were) = (count(*messages, "message", "messages"), if *messages == 1 { "was" } else { "were" });
            format!("{number} older than {time} {were} removed here, from the conversation with {name}.")
        }
        Event::TheirKeep { contact, keep: time, .. } => {
            format!("{} keeps this conversation now: {}.", sanitize::name(contact), keep(*time))
        }
        Event::Notice { message: Some(letter), .. } => not_arrived(letter),
        Event::Notice { invite, contact, reason, .. } => notice(invite.as_deref(), contact.as_deref(), *reason),
    }
}

/// Without its words: it is said in whatever conversation is open.
fn not_arrived(letter: &Message) -> String {
    let (name, when) = (sanitize::name(&letter.contact), time::moment(letter.sent_at));
    format!("What you wrote to {name}, {when}, did not arrive there. If it matters, write it once more.")
}

fn notice(invite: Option<&str>, contact: Option<&str>, reason: Reason) -> String {
    let name = contact.map_or_else(|| "the person you invited".to_owned(), sanitize::name);
    match reason {
        Reason::SecondTaker => {
            let id = invite.map(|id| format!(" {}", sanitize::name(id))).unwrap_or_default();
            format!(
                "A second person tried your invitation{id}. It works once only, so they could not join. \
                 When you next see or call {name}, ask whether the right person is in your list."
            )
        }
        Reason::CheckAsked => format!(
            "{name} would like to check words with you. Be on the telephone or in one room, and begin too: \
             type ? in the conversation, or use cairn contact verify."
        ),
        Reason::HistoryDiffers => format!(
            "This device and the one of {name} remember the conversation differently. An older copy may be in use. \
             When you next see or call {name}, talk about it, and make a new start: one of you makes an invitation \
             for it."
        ),
        Reason::Rejoined => format!(
            "A new start with {name} waits. Call {name} or meet, and check the words: then the conversation goes on. \
             Until then nothing is sent."
        ),
        Reason::SessionDamaged => format!(
            "The keys of the conversation with {name} can't be read here any more. What you wrote is still here. \
             To go on, make a new start: one of you makes an invitation for it."
        ),
        Reason::NotArrived => format!("Something that you wrote to {name} did not arrive there."),
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
