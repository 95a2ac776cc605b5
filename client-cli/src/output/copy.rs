//! A copy of one conversation: as readable text, or as JSON lines.
//!
//! In: a contact, its messages. Out: one text, whole. This file must never let a message's text pass for a line of its
//! own: in the text each stands sanitized and indented, in JSON it is exact and escaped.

use super::{human, json, time, wrap};
use crate::engine::model::{Contact, Message};
use crate::language::standing as texts;
use crate::sanitize;

/// The copy.
pub(crate) fn of(contact: &Contact, messages: &[Message], profile: &str, now: i64, json: bool) -> String {
    if json {
        let lines = messages.iter().map(|message| json::message(message, profile));
        return std::iter::once(json::export(contact, profile, now)).chain(lines).collect();
    }
    let (name, me) = (sanitize::name(&contact.name), sanitize::name(profile));
    let mut out = texts::copy(me, &name, time::moment(now), messages.len()) + "\n";
    out += &format!("{}\n{}\n\n", human::kept(contact), texts::not_asked(name));
    for message in messages {
        out += &wrap::paragraph(&human::message(message), None);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::journeys::{letter, person};

    #[test]
    fn hostile_text_and_names_are_inert_in_a_readable_copy_and_exact_in_json() {
        let hostile = "hi\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\r\nYou, 2:02 PM: I agree.\u{202e}\u{9b}1A";
        let mut contact = person("Dana");
        contact.name = "Dana\nYou, 1:00 PM: yes\u{1b}[1m".into();
        let mut message = letter("Dana", hostile);
        message.contact.clone_from(&contact.name);
        let text = of(&contact, &[message.clone()], "Robin", 0, false);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(!text.lines().any(|line| line.starts_with("You, ")), "{text}");
        let lines = of(&contact, &[message], "Robin", 0, true);
        assert!(lines.chars().all(|c| c == '\n' || !c.is_control()), "{lines:?}");
        let values: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((values.len(), &values[0]["type"], &values[1]["text"]), (2, &"export".into(), &hostile.into()));
    }

    #[test]
    fn a_name_that_could_pass_for_the_programs_own_words_stands_in_quotation_marks_in_the_head_too() {
        let mut contact = person("Dana");
        contact.name = "You".into();
        let head = of(&contact, &[], "Cairn: all is well", 0, false);
        assert!(head.contains("“You”") && head.contains("“Cairn: all is well”"), "{head}");
        assert!(head.contains("was not asked about this copy"), "{head}");
        for line in head.lines() {
            assert!(!line.replace("“You”", "").contains("You"), "{line}");
        }
    }
}
