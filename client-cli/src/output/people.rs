//! Sentences about another name for somebody, about blocking, and about removing.
//!
//! In: plain values. Out: paragraphs, sanitized, not yet wrapped. This file must never say that the other side is told:
//! it is not.

use crate::engine::model::{Contact, Removed};
use crate::language::people as texts;
use crate::sanitize::name;

/// What blocking means, before it is done.
pub(crate) fn would_block(of: &str) -> String {
    texts::would_block(name(of))
}

/// A person is blocked.
pub(crate) fn blocked(contact: &Contact) -> String {
    texts::blocked(name(&contact.name))
}

/// A person is not blocked any more.
pub(crate) fn unblocked(contact: &Contact) -> String {
    texts::unblocked(name(&contact.name))
}

/// A person has another name.
pub(crate) fn renamed(contact: &Contact) -> String {
    texts::renamed(name(&contact.name))
}

/// What removing means, before it is done.
pub(crate) fn would_remove(of: &str) -> String {
    texts::would_remove(name(of))
}

/// A person was removed.
pub(crate) fn removed(removed: &Removed) -> Vec<String> {
    let mut lines = vec![texts::removed(name(&removed.contact))];
    if !removed.closed {
        lines.push(texts::closes_later());
    }
    if !removed.erased {
        lines.push(texts::erased_later());
    }
    lines
}
