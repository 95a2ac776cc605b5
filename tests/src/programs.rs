//! One file that is three programs: each binary of this package can go on as `cairn` or as `cairn-relay`.
//!
//! In: the arguments of this process. Out: the exit code of the program that they name, or nothing. A test can't name the
//! binaries of another package, and what it starts must be a real process, so it starts its own with `--as=NAME` first.

use std::ffi::OsString;
use std::process::ExitCode;

/// First argument that makes a binary of this package go on as the client.
pub const AS_CLIENT: &str = "--as=cairn";

/// First argument that makes a binary of this package go on as the relay.
pub const AS_RELAY: &str = "--as=cairn-relay";

/// First argument that makes the load tool go on as the floor's server.
pub const AS_FLOOR: &str = "--as=floor";

/// Goes on as another program if the first argument says so. Called first in every binary of this package.
pub fn hand_over() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    let named = |name: &str| std::iter::once(OsString::from(name)).chain(arguments).collect::<Vec<_>>();
    if first == AS_CLIENT {
        end_with_parent();
        Some(cairn::main_with(named("cairn")))
    } else if first == AS_RELAY {
        end_with_parent();
        Some(cairn_relay::main_with(named("cairn-relay")))
    } else {
        None
    }
}

/// A demo or a test that is killed leaves nothing running behind it.
pub fn end_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // Without it the programs run all the same; they would only outlive a parent that was killed.
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}
