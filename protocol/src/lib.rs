//! Key exchange, ratchet and message formats of Cairn: private conversation between a patient and a peer support
//! specialist, through a relay that can't read it.
//!
//! # The story of one message
//!
//! **Ana invites.** [`Invitation::create`](invitation::Invitation::create) makes one-time keys and puts their public halves
//! into a bundle of 4,096 bytes. The SHA-256 of the bundle, L, is the one secret in the [`Link`](invitation::Link) that
//! she hands to Dana outside the relay; sealed under a key from L the bundle waits at the relay, which can neither read
//! nor replace it.
//!
//! **Dana takes.** He opens the bundle with the link and [`take`](handshake::take)s it: three X25519 agreements, one
//! ML-KEM-1024 encapsulation and a key from L become a [`Session`](session::Session) and a first envelope. Whoever did
//! not see the link can't open that envelope, and whoever saw it can't open the session.
//!
//! **Dana writes**, without waiting for an answer. His words are [`Content`](content::Content), cut into
//! [`Piece`](content::Piece)s of at most 1,500 bytes. [`Session::encrypt`](session::Session::encrypt) puts a piece into a
//! body of 1,688 bytes, together with its number and a hash of all that he sent before; steps the chain to a fresh
//! message key; seals the body under it, then the header (the ratchet's public keys and counters) under the chain's
//! header key; and returns exactly 4,096 bytes, none of them constant or repeated. He saves the session and the envelope,
//! and only then puts it to the relay.
//!
//! **Ana accepts.** Her one-time keys open the first envelope ([`Invitation::accept`](invitation::Invitation::accept)) and
//! are deleted with the same transaction that saves her end of the session.
//!
//! **Ana reads.** [`Session::decrypt`](session::Session::decrypt) tries a header key or two, finds the message key, opens
//! header and body, checks number and history; only when all of it is good does the state move, and the used key is
//! gone. She saves, and only then acknowledges to the relay.
//!
//! **Ana answers.** Her first envelope back makes a hybrid step: a fresh X25519 pair and a fresh ML-KEM-768
//! encapsulation into the root key. From then on each turn of the conversation makes another: who copied the state of one
//! side is shut out after one clean round trip.
//!
//! **They check**, when they like: four [`words`] each, read aloud and typed ([`Check`](check::Check)), show that nobody
//! stands between them.
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | before a conversation | [`invitation`], [`handshake`], [`address`], [`identity`] |
//! | in it | [`session`], [`ratchet`], [`content`], [`check`], [`words`] |
//! | on the wire | [`wire`]: codec, body and header, envelope, frames; [`mailbox`], [`token`] and [`notice`] for the relay |
//! | underneath | [`primitives`] names the crates, [`secret`] wipes, [`label`] separates, [`limits`] bounds |
//! | in a vault | [`snapshot`]; every stateful type saves itself |
//!
//! The crate does no I/O, has no clock, no async and no randomness of its own: all of that is an argument. The normative
//! text is `docs/protocol.md`; comments name its sections. A whole conversation in forty lines stands in
//! `examples/two_parties.rs`; auditors begin with `docs/auditing.md`.
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod address;
pub mod base32;
pub mod check;
pub mod content;
pub mod handshake;
mod history;
pub mod identity;
pub mod invitation;
pub mod label;
pub mod limits;
pub mod mailbox;
pub mod notice;
pub mod primitives;
pub mod ratchet;
pub mod role;
pub mod secret;
pub mod session;
pub mod snapshot;
pub mod token;
pub mod wire;
pub mod words;

// Test vectors show values that no caller sees, so that they are made inside of the crate; its sources stay free of them.
#[cfg(test)]
#[path = "../tests/vectors/mod.rs"]
mod vectors;
