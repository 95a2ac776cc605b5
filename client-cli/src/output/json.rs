//! JSON lines (docs/cli.md).
//!
//! In: what the engine tells. Out: one object a line, with the exact text, in ASCII controls and directions escaped.
//! This file must never learn a key, a passphrase or a pass.

use super::doctor::Verdict;
use super::time::{date, rfc3339};
use crate::engine::center::Center;
use crate::engine::model::{
    Check, CheckState, Contact, Data, Direction, Event, Invitation, InvitationState, Keep, Kept, Message, Outcome,
    Removed, Salvaged, SendState, Status, Trust,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// What every line begins with.
#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    fields: T,
}

/// Control, direction and invisible characters, which a terminal or an editor would act on.
const fn is_escaped(character: char) -> bool {
    matches!(character,
        '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Escapes what `serde_json` leaves as it is. Outside of strings there is none of it.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 1);
    for character in line.chars() {
        if is_escaped(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

fn line(kind: &str, fields: impl Serialize) -> String {
    // Plain structures of strings and numbers always serialize.
    let object = serde_json::to_string(&Line { v: 1, kind, fields }).unwrap_or_default();
    escape(&object) + "\n"
}

#[derive(Serialize)]
struct Profile<'a> {
    name: &'a str,
}

/// `profile`.
pub(crate) fn profile(name: &str) -> String {
    line("profile", Profile { name })
}

#[derive(Serialize)]
struct Card<'a> {
    from: &'a str,
    lines: &'a [String],
    /// Whether something came that the center has not signed, or that was changed since.
    unusable: bool,
    center: Option<&'a str>,
    valid_until: Option<String>,
    expired: Option<bool>,
    hours: Option<&'a [String]>,
    readers: Option<&'a [String]>,
    more: Option<&'a [String]>,
}

/// `card`.
pub(crate) fn card(center: &Center, lines: &[String]) -> String {
    let words = if let Center::Says(words) = center { Some(words) } else { None };
    let from = if words.is_some_and(|words| !words.card.is_empty()) { "center" } else { "program" };
    let card = Card {
        from,
        lines,
        unusable: *center == Center::Unusable,
        center: words.map(|words| words.name.as_str()),
        valid_until: words.map(|words| date(words.last_day)),
        expired: words.map(|words| words.over),
        hours: words.map(|words| words.hours.as_slice()),
        readers: words.map(|words| words.readers.as_slice()),
        more: words.map(|words| words.more.as_slice()),
    };
    line("card", card)
}

#[derive(Serialize)]
struct Later<'a> {
    id: &'a str,
    to: &'a str,
    contact_id: &'a str,
    text: &'a str,
    at: String,
    state: &'a str,
}

/// `later`.
pub(crate) fn later(state: &str, message: &Message) -> String {
    let (id, to, contact_id, text) = (&message.id, &message.contact, &message.contact_id, &message.text);
    line("later", Later { id, to, contact_id, text, at: rfc3339(message.sent_at), state })
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
    allowed: &'a [&'a str],
}

/// `setting`.
pub(crate) fn setting(key: &str, value: &str, allowed: &[&str]) -> String {
    line("setting", Setting { key, value, allowed })
}

#[derive(Serialize)]
struct Locked {
    was_open: bool,
}

/// `locked`.
pub(crate) fn locked(was_open: bool) -> String {
    line("locked", Locked { was_open })
}

#[derive(Serialize)]
struct Invite<'a> {
    id: &'a str,
    link: Option<&'a str>,
    words: Option<&'a str>,
    expires_at: String,
    state: &'a str,
    label: Option<&'a str>,
    rejoins: Option<&'a str>,
}

/// `invite`.
pub(crate) fn invitation(invitation: &Invitation) -> String {
    let state = match invitation.state {
        InvitationState::Open => "open",
        InvitationState::Used => "used",
        InvitationState::Revoked => "revoked",
        InvitationState::Expired => "expired",
    };
    let (link, label) = (invitation.link.as_deref(), invitation.label.as_deref());
    let expires_at = rfc3339(invitation.expires_at);
    let rejoins = invitation.rejoins.as_deref();
    line("invite", Invite { id: &invitation.id, link, words: None, expires_at, state, label, rejoins })
}

#[derive(Serialize)]
struct Person<'a> {
    id: &'a str,
    name: &'a str,
    given_name: &'a str,
    trust: &'a str,
    check_words: Option<&'a str>,
    rejoining: bool,
    blocked: bool,
    keep: &'a str,
    their_keep: &'a str,
    created_at: String,
    waiting: u64,
}

/// How long a conversation is kept, as the command takes it.
const fn keep(keep: Keep) -> &'static str {
    match keep {
        Keep::Always => "always",
        Keep::Days30 => "30d",
        Keep::Days90 => "90d",
    }
}

/// `keep`, of one's own side.
pub(crate) fn kept(kept: &Kept) -> String {
    let state = if kept.told { "sent" } else { "saved" };
    of_keep(&kept.contact.name, &kept.contact.id, "you", kept.contact.keep, Some((state, kept.erased)))
}

fn of_keep(contact: &str, id: &str, side: &str, time: Keep, done: Option<(&str, bool)>) -> String {
    let (state, erased) = done.unzip();
    line(
        "keep",
        json!({
            "contact": contact, "contact_id": id, "side": side, "keep": keep(time), "state": state, "erased": erased,
        }),
    )
}

/// `finding`.
pub(crate) fn finding(subject: &str, verdict: Verdict, text: &str) -> String {
    let next = match &verdict {
        Verdict::Wrong(_, next) => Some(next),
        Verdict::Good | Verdict::Advice => None,
    };
    line("finding", json!({ "subject": subject, "verdict": verdict.as_str(), "text": text, "next": next }))
}

/// `salvage`.
pub(crate) fn salvaged(saved: &Salvaged) -> String {
    let fields = json!({
        "home": saved.home,
        "profile": saved.profile,
        "people": saved.people,
        "nameless": saved.nameless,
        "people_missing": saved.people_missing,
        "messages": saved.messages,
        "missing": saved.missing,
        "drafts": saved.drafts,
        "drafts_missing": saved.drafts_missing,
    });
    line("salvage", fields)
}

/// `contact_removed`.
pub(crate) fn contact_removed(removed: &Removed) -> String {
    let fields = json!({
        "contact": removed.contact,
        "contact_id": removed.contact_id,
        "closed": removed.closed,
        "erased": removed.erased,
    });
    line("contact_removed", fields)
}

/// `profile remove`.
pub(crate) fn profile_removed(home: &str, folder: bool) -> String {
    line("profile_removed", json!({ "home": home, "folder": folder }))
}

/// `data`.
pub(crate) fn data(data: &Data) -> String {
    let budget = super::human::BUDGET;
    line("data", json!({ "month": data.month, "received": data.received, "sent": data.sent, "budget": budget }))
}

/// `export`: what stands before the messages. Nobody can be asked for consent yet.
pub(crate) fn export(contact: &Contact, profile: &str, exported_at: i64) -> String {
    line(
        "export",
        json!({
            "contact": contact.name, "contact_id": contact.id, "profile": profile,
            "exported_at": rfc3339(exported_at), "keep": keep(contact.keep), "their_keep": keep(contact.their_keep),
            "consent": "not_asked",
        }),
    )
}

/// `exported`.
pub(crate) fn exported(contact: &Contact, file: &str, messages: usize) -> String {
    line("exported", json!({ "contact": contact.name, "contact_id": contact.id, "file": file, "messages": messages }))
}

/// `contact`.
pub(crate) fn contact(contact: &Contact) -> String {
    let trust = match contact.trust {
        Trust::Unchecked => "unchecked",
        Trust::Checked => "checked",
    };
    let fields = Person {
        id: &contact.id,
        name: &contact.name,
        given_name: &contact.given_name,
        trust,
        check_words: contact.check_words.as_deref(),
        rejoining: contact.rejoining,
        blocked: contact.blocked,
        keep: keep(contact.keep),
        their_keep: keep(contact.their_keep),
        created_at: rfc3339(contact.created_at),
        waiting: contact.waiting,
    };
    line("contact", fields)
}

const fn state(state: SendState) -> &'static str {
    match state {
        SendState::Saved => "saved",
        SendState::Sent => "sent",
    }
}

#[derive(Serialize)]
struct Sent<'a> {
    id: &'a str,
    to: &'a str,
    state: &'a str,
}

/// `sent`.
pub(crate) fn sent(outcome: &Outcome) -> String {
    line("sent", Sent { id: &outcome.id, to: &outcome.to, state: state(outcome.state) })
}

#[derive(Serialize)]
struct Letter<'a> {
    id: &'a str,
    direction: &'a str,
    from: &'a str,
    contact: &'a str,
    contact_id: &'a str,
    kind: &'a str,
    text: &'a str,
    sent_at: String,
    received_at: Option<String>,
    state: Option<&'a str>,
}

/// `message`; `from` is the profile's own name for what went out.
pub(crate) fn message(message: &Message, profile: &str) -> String {
    let (direction, from) = match message.direction {
        Direction::In => ("in", message.contact.as_str()),
        Direction::Out => ("out", profile),
    };
    let fields = Letter {
        id: &message.id,
        direction,
        from,
        contact: &message.contact,
        contact_id: &message.contact_id,
        kind: &message.kind,
        text: &message.text,
        sent_at: rfc3339(message.sent_at),
        received_at: message.received_at.map(rfc3339),
        state: message.state.map(state),
    };
    line("message", fields)
}

/// `contact`, `message`, `gap`, `removed`, `keep` or `notice`.
pub(crate) fn event(event: &Event, profile: &str) -> String {
    match event {
        Event::Contact(person) => contact(person),
        Event::Message(letter) => message(letter, profile),
        Event::Gap { from, contact_id, missing } => {
            line("gap", json!({ "from": from, "contact_id": contact_id, "missing": missing }))
        }
        Event::Removed { contact, contact_id, messages, keep: time } => line(
            "removed",
            json!({ "contact": contact, "contact_id": contact_id, "messages": messages, "keep": keep(*time) }),
        ),
        Event::TheirKeep { contact, contact_id, keep: time } => of_keep(contact, contact_id, "them", *time, None),
        Event::Notice { invite, contact, contact_id, message, reason } => line(
            "notice",
            json!({
                "invite": invite, "contact": contact, "contact_id": contact_id,
                "message": message.as_ref().map(|message| &message.id), "reason": reason.as_str(),
            }),
        ),
    }
}

#[derive(Serialize)]
struct Checking<'a> {
    id: &'a str,
    contact: &'a str,
    state: &'a str,
    words: Option<&'a str>,
    tries_left: Option<u8>,
}

/// `check`.
pub(crate) fn check(check: &Check) -> String {
    let state = match check.state {
        CheckState::Idle => "idle",
        CheckState::Asked => "asked",
        CheckState::Waiting => "waiting",
        CheckState::Words => "words",
        CheckState::Matched => "matched",
        CheckState::Different => "different",
        CheckState::BeganAgain => "began_again",
        CheckState::Broken => "broken",
    };
    let (id, contact, words) = (check.contact_id.as_str(), check.contact.as_str(), check.words.as_deref());
    line("check", Checking { id, contact, state, words, tries_left: check.tries_left })
}

/// `status`.
pub(crate) fn status(status: &Status) -> String {
    let relays: Vec<Value> = status
        .relays
        .iter()
        .map(|(address, reachable)| json!({ "address": address, "reachable": reachable }))
        .collect();
    line(
        "status",
        json!({
            "name": status.name, "relay": status.relay, "contacts": status.contacts, "invitations": status.invitations,
            "waiting": status.waiting, "unshown": status.unshown, "relays": relays,
        }),
    )
}

#[derive(Serialize)]
struct Failure<'a> {
    code: u8,
    message: &'a str,
    next: &'a str,
}

/// Something to know that stops nothing.
pub(crate) fn warning(message: &str) -> String {
    line("warning", json!({ "message": message }))
}

/// `error`.
pub(crate) fn error(code: u8, message: &str, next: &str) -> String {
    line("error", Failure { code, message, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(text: &str) -> Message {
        Message {
            id: "00".repeat(16),
            contact_id: "c".into(),
            contact: "Dana".into(),
            direction: Direction::In,
            kind: "text".into(),
            text: text.into(),
            sent_at: 0,
            received_at: Some(1500),
            state: None,
        }
    }

    #[test]
    fn text_is_exact_and_carries_no_character_that_a_terminal_acts_on() {
        let hostile = "a\u{1b}[2J\u{9b}\u{7f}\u{202E}b\u{2066}\u{FEFF}\u{E0041}\u{200B}\u{2028}\r\n\t\"\\ü👩‍👧";
        let shown = message(&letter(hostile), "Robin");
        assert_eq!(shown.matches('\n').count(), 1);
        assert!(!shown.trim_end().chars().any(|c| c.is_control() || is_escaped(c)), "{shown}");
        assert!(shown.contains("\\udb40\\udc41"), "{shown}");
        let value: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(value["text"], hostile);
    }

    #[test]
    fn every_line_begins_with_version_and_type_and_carries_the_contract_fields() {
        let shown = message(&letter("hi"), "Robin");
        assert!(shown.starts_with("{\"v\":1,\"type\":\"message\","), "{shown}");
        let value: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(value["from"], "Dana");
        assert_eq!(value["direction"], "in");
        assert_eq!(value["sent_at"], "1970-01-01T00:00:00Z");
        assert_eq!(value["received_at"], "1970-01-01T00:00:01.5Z");
        let gap = Event::Gap { from: "Dana".into(), contact_id: "c".into(), missing: 2 };
        let value: Value = serde_json::from_str(&event(&gap, "Robin")).unwrap();
        assert_eq!((&value["type"], &value["missing"]), (&json!("gap"), &json!(2)));
        let value: Value = serde_json::from_str(&error(4, "a", "b")).unwrap();
        assert_eq!(value, json!({"v":1,"type":"error","code":4,"message":"a","next":"b"}));
    }

    #[test]
    fn a_text_that_did_not_arrive_is_named_by_its_identifier_and_not_by_its_words() {
        let notice = Event::Notice {
            invite: None,
            contact: Some("Dana".into()),
            contact_id: Some("c".into()),
            message: Some(letter("in confidence")),
            reason: crate::engine::model::Reason::NotArrived,
        };
        let shown = event(&notice, "Robin");
        let value: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((&value["reason"], &value["message"]), (&json!("not_arrived"), &json!("00".repeat(16))));
        let said = crate::output::human::event(&notice);
        assert!(said.contains("Dana") && said.contains("did not arrive"), "{said}");
        assert!(!shown.contains("confidence") && !said.contains("confidence"));
    }

    #[test]
    fn words_that_do_not_exist_yet_are_null() {
        let made = Invitation {
            id: "i".into(),
            label: None,
            link: Some("L".into()),
            expires_at: 0,
            state: InvitationState::Open,
            rejoins: None,
            earlier: vec![],
        };
        let value: Value = serde_json::from_str(&invitation(&made)).unwrap();
        assert!(value["words"].is_null() && value.as_object().unwrap().contains_key("words"));
    }
}
