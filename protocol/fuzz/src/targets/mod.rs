//! What is fuzzed, and what must hold for any input whatever. A broken rule panics.
//!
//! In: arbitrary bytes. Out: whether they were accepted, so that a test can see that a corpus reaches both ends. The
//! targets use the public interface only; where it takes sealed bytes, a target seals what the fuzzer wrote, as a
//! hostile peer would who holds the keys.
#![expect(clippy::unwrap_used, reason = "a rule that does not hold ends the run")]

mod check;
mod content;
mod envelope;
mod frames;
mod handshake;
mod notice;
mod peer;
mod saved;
mod schedule;
mod text;
mod world;

/// One target.
pub(crate) struct Target {
    /// The name of its corpus.
    pub(crate) name: &'static str,
    /// Runs one input; whether it was accepted.
    pub(crate) run: fn(&[u8]) -> bool,
}

/// All of them.
pub(crate) const ALL: &[Target] = &[
    Target { name: "address", run: text::address },
    Target { name: "link", run: text::link },
    Target { name: "base32", run: text::base32 },
    Target { name: "request", run: frames::request },
    Target { name: "reply", run: frames::reply },
    Target { name: "notice", run: notice::notice },
    Target { name: "content", run: content::content },
    Target { name: "bundle", run: handshake::bundle },
    Target { name: "first_envelope", run: handshake::first_envelope },
    Target { name: "handshake", run: handshake::handshake },
    Target { name: "header", run: peer::header },
    Target { name: "body", run: peer::body },
    Target { name: "envelope", run: envelope::envelope },
    Target { name: "session", run: saved::session },
    Target { name: "invitation", run: saved::invitation },
    Target { name: "replay_guard", run: saved::replay_guard },
    Target { name: "check_state", run: saved::check },
    Target { name: "words", run: check::words },
    Target { name: "check", run: check::check },
    Target { name: "schedule", run: schedule::schedule },
];

/// A template with edits written over it: place (2 bytes), length less one (5 bits of 1 byte), that many bytes; the last
/// edit may be cut. So that a few bytes of input reach any place of a long structure.
fn edited(template: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut bytes = template.to_vec();
    while let [high, low, length, rest @ ..] = edits {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len();
        let (edit, rest) = rest.split_at(rest.len().min(usize::from(length % 32) + 1));
        bytes.iter_mut().skip(place).zip(edit).for_each(|(to, from)| *to = *from);
        edits = rest;
    }
    bytes
}
