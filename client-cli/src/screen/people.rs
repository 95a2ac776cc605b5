//! The list of people.
//!
//! In: contacts, and how much of each was not shown. Out: rows, with the one who is picked in view. This file must never
//! learn a word of a conversation.

use super::rows::{Row, Span, name};
use super::theme::Part;
use crate::engine::model::Contact;
use crate::language::screen as texts;
use crate::sanitize;
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// Somebody in the list.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) contact: Contact,
    /// The name, safe to show.
    pub(super) name: String,
    pub(super) unread: u64,
}

/// Everybody.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) all: Vec<Person>,
    /// The one that Enter opens, while the list has the arrows.
    pub(super) picked: usize,
}

impl People {
    /// Takes everybody in anew; whoever was picked stays picked.
    pub(super) fn set(&mut self, contacts: Vec<Contact>, unread: &BTreeMap<String, u64>) {
        let picked = self.all.get(self.picked).map(|person| person.contact.id.clone());
        self.all = contacts
            .into_iter()
            .map(|contact| Person {
                name: sanitize::name(&contact.name),
                unread: unread.get(&contact.id).copied().unwrap_or_default(),
                contact,
            })
            .collect();
        self.pick(picked.as_deref());
    }

    /// Picks the person with this identifier, or the first.
    pub(super) fn pick(&mut self, id: Option<&str>) {
        let place = self.all.iter().position(|person| Some(person.contact.id.as_str()) == id);
        self.picked = place.unwrap_or_else(|| self.picked.min(self.all.len().saturating_sub(1)));
    }

    /// Moves down or up.
    pub(super) fn step(&mut self, by: isize) {
        self.picked = self.picked.saturating_add_signed(by).min(self.all.len().saturating_sub(1));
    }

    /// The rows that fit: the picked person, or the open one, is among them.
    pub(super) fn rows(&self, open: Option<&str>, active: bool, width: usize, height: usize) -> Vec<Row> {
        let head = if active { texts::list_active() } else { texts::list() };
        let mut rows: Vec<_> = super::rows::paragraph(Part::Head, &head, width);
        if self.all.is_empty() {
            rows.extend(super::rows::paragraph(Part::Said, &texts::nobody(), width));
            return rows;
        }
        let room = height.saturating_sub(rows.len()).max(1);
        let is_open = |person: &Person| open == Some(person.contact.id.as_str());
        let shown = if active { Some(self.picked) } else { self.all.iter().position(is_open) }.unwrap_or_default();
        // One row tells of those that do not fit.
        let fit = if self.all.len() > room { room.saturating_sub(1).max(1) } else { room };
        let from = (shown + 1).saturating_sub(fit);
        for (number, person) in self.all.iter().enumerate().skip(from).take(fit) {
            let picked = active && number == self.picked;
            rows.push(one(person, is_open(person), picked, width));
        }
        let hidden: Vec<_> =
            self.all.iter().enumerate().filter(|(number, _)| !(from..from + fit).contains(number)).collect();
        if !hidden.is_empty() && room > 1 {
            let unread: u64 = hidden.iter().map(|(_, person)| person.unread).sum();
            let more = if unread > 0 { texts::more_new(hidden.len(), unread) } else { texts::more(hidden.len()) };
            rows.push(Row::of(if unread > 0 { Part::New } else { Part::Said }, format!("  {more}")));
        }
        rows
    }
}

fn one(person: &Person, open: bool, picked: bool, width: usize) -> Row {
    let mark = match (picked, open) {
        (true, _) => "> ",
        (false, true) => "* ",
        (false, false) => "  ",
    };
    let new = if person.unread > 0 { format!(" {}", texts::new(person.unread)) } else { String::new() };
    let room = width.saturating_sub(mark.width() + new.width());
    let short = name(&person.name, room);
    let space = " ".repeat(room.saturating_sub(short.width()));
    let part = if picked { Part::Picked } else { Part::Ground };
    let new_part = if picked { Part::Picked } else { Part::New };
    Row(vec![Span(part, format!("{mark}{short}{space}")), Span(new_part, new)])
}
