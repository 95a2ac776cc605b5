//! Faults and bad input: a relay in a process of its own, real connections, and the same questions after each run. No row
//! changed that nobody was allowed to change, memory and descriptors are back, nothing of what was sent is in the log, and
//! whoever was served is served.
//!
//! What each test stands for is listed in `docs/reliability.md`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]
#![expect(clippy::print_stdout, reason = "figures for docs/reliability.md, shown when asked for")]

mod broken;
mod bytes;
#[expect(dead_code, reason = "the other test files use the rest")]
#[path = "../common/mod.rs"]
mod common;
mod floods;
mod house;
mod lives;
mod own;
mod requests;
mod slow;
