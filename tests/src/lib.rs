//! Support for everything that starts Cairn's real programs: the world of the end-to-end tests, the demo, the load tool.
//!
//! Nothing here knows how the programs work inside. Like any outside program, it relies on their arguments, their JSON
//! lines and their exit codes only (docs/cli.md).
//!
//! For a failed test: `CAIRN_TEST_SEED` repeats its random moments, `CAIRN_TEST_KEEP=1` leaves its folder, with the
//! relay's store and logs and all profiles.

pub mod center;
pub mod client;
pub mod counting;
pub mod demo;
pub mod hostile;
pub mod listening;
pub mod load;
pub mod network;
pub mod process;
pub mod programs;
pub mod relay;
pub mod seed;
pub mod sources;
pub mod terminal;
pub mod world;
