//! `cargo demo`: two people meet and talk through a real relay, and the reader sees what each side and the relay hold.

use std::io::IsTerminal;
use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "the one place where the demo says why it stopped")]
fn main() -> ExitCode {
    if let Some(code) = e2e::programs::hand_over() {
        return code;
    }
    let input = std::io::stdin();
    let reader_is_there = input.is_terminal() && std::io::stdout().is_terminal();
    let shown = std::env::current_exe().map_err(anyhow::Error::from).and_then(|program| {
        let guest = reader_is_there.then(|| input.lock());
        e2e::demo::show(&program, &mut std::io::stdout(), guest)
    });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The demo stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}
