//! The program `cairn`: everything is in the library, so that tests can hand over to it.

fn main() -> std::process::ExitCode {
    cairn::main_with(std::env::args_os())
}
