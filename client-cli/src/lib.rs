//! The terminal client of Cairn: faces outside, engine in the middle, vault and network behind it.
//!
//! In: arguments, the terminal. Out: an exit code. This crate's faces must never learn a key, a mailbox or an envelope:
//! they name `engine` and `home`, never `net` or `vault` (docs/architecture.md).

pub mod engine;
pub mod home;

mod app;
mod begun;
mod carry_out;
mod cli;
mod command;
mod config;
mod faces;
#[cfg(test)]
mod killed;
mod language;
mod later;
mod names;
mod net;
mod output;
mod own_fault;
mod plain;
mod removal;
mod sanitize;
mod screen;
mod settings;
mod shared;
mod update;
mod vault;

pub use command::main_with;
