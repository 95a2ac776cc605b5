//! `cargo demo`.
use std::process::ExitCode;
fn main() -> ExitCode {
    if let Some(code) = e2e::programs::hand_over() {
        return code;
    }
    ExitCode::SUCCESS
}
