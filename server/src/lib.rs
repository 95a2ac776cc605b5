//! The relay of Cairn: keeps sealed envelopes in SQLite until their owners fetch them.
//!
//! In: connections. Out: replies. This crate must never learn a key that opens an envelope, and so never names the
//! protocol's `session`, `ratchet` or `handshake`.
//!
//! One direction: [`connection`] (bytes, frames) → [`auth`] → [`handlers`] (which return a reply and never hold the
//! socket) → [`store`] (rows). The database is the queue; [`fanout`] carries wake-ups only.

pub mod admission;
pub mod answers;
pub mod auth;
pub mod backup;
pub mod calendar;
pub mod certificate;
pub mod config;
pub mod connection;
pub mod date;
pub mod doctor;
pub mod dump;
pub mod eager;
pub mod expiry;
pub mod fanout;
pub mod folder;
pub mod gate;
pub mod handlers;
pub mod limits;
pub mod line;
pub mod log;
pub mod metrics;
pub mod monitor;
pub mod notice;
pub mod notify;
pub mod pace;
pub mod quota;
pub mod sees;
pub mod serve;
pub mod store;
pub mod tls;

mod cli;

pub use cli::main_with;
