//! The program `cairn-relay`; all of it is in the library.

fn main() -> std::process::ExitCode {
    cairn_relay::main_with(std::env::args_os())
}
