//! The terminal is given back whatever happens: by the writer alone, and by a process of its own that panics. Tests only.
//!
//! In: a fault in the middle of a conversation. Out: what is left on a terminal. This file must never be part of the program.

use super::*;
use crate::own_fault::{is_told_by_its_place, unless_it_panics};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use std::io::Read;

/// What nobody may find on the first screen. No letter boundary lies at its 14th byte.
const WORDS: &str = "Good morning é, words for nobody else";

/// Tells the test program that it is the one that panics, and how.
const CHILD: &str = "CAIRN_TEST_CHILD";

#[test]
fn the_screen_is_given_back_once_and_nothing_is_drawn_on_it_afterwards() {
    let before = Mutex::new(Some(7));
    let (mut out, mut modes) = (Vec::new(), Vec::new());
    write_to(&before, &mut out, b"words").unwrap();
    give_back(&before, &mut out, |before| modes.push(*before));
    give_back(&before, &mut out, |before| modes.push(*before));
    let late = write_to(&before, &mut out, b"words").unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!((out, modes), ([b"words", LEAVE].concat(), vec![7]));
}

#[test]
fn a_terminal_that_is_gone_still_has_its_modes_set_back() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut modes = Vec::new();
    give_back(&Mutex::new(Some(7)), &mut Gone, |before| modes.push(*before));
    assert_eq!(modes, [7]);
}

/// Draws, and then meets a fault whose own words hold what is drawn. Does nothing unless it is asked to by its parent.
#[test]
fn child() {
    let Ok(how) = std::env::var(CHILD) else { return };
    is_told_by_its_place();
    let ended = unless_it_panics(|| {
        let mut terminal = Terminal::enter()?;
        let mut picture = Buffer::empty(Rect::new(0, 0, 60, 10));
        picture.set_string(0, 0, WORDS, Style::new());
        terminal.draw(picture.clone(), Position::new(0, 9))?;
        let fault = || WORDS.get(..14).unwrap_or_else(|| panic!("byte 14 is inside of {WORDS}")).len();
        match how.as_str() {
            "here" => assert_eq!(fault(), 0),
            _ => assert!(std::thread::spawn(fault).join().is_err()),
        }
        // Somebody who has not heard of it yet draws once more.
        picture.set_string(0, 1, WORDS, Style::new());
        Ok(terminal.draw(picture, Position::new(0, 9))?)
    });
    std::process::exit(match ended {
        Ok(()) => 0,
        Err(stop) => stop.print(false).into(),
    });
}

#[test]
fn a_fault_of_the_program_itself_leaves_the_terminal_as_it_was_and_no_word_of_a_conversation() {
    for how in ["here", "on another thread"] {
        let pair =
            native_pty_system().openpty(PtySize { rows: 10, cols: 60, pixel_width: 0, pixel_height: 0 }).unwrap();
        let before = pair.master.get_termios().unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "screen::terminal::tests::child", "--nocapture", "--test-threads=1"]);
        command.env(CHILD, how);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut source = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::spawn(move || {
            let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
            // A terminal whose programs are gone gives an error instead of an end.
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                all.extend_from_slice(&buffer[..length]);
            }
            all
        });
        let code = child.wait().unwrap().exit_code();
        assert_eq!(pair.master.get_termios().unwrap(), before, "{how}: the modes");
        drop(pair.slave);
        let written = reader.join().unwrap();
        let text = String::from_utf8_lossy(&written);
        let (drawn, after) = text.rsplit_once("\x1b[?1049l").unwrap_or_else(|| panic!("{how}: never left: {text}"));
        assert!(drawn.contains("nobody"), "{how}: {text}");
        assert!(after.contains("terminal/tests.rs:"), "{how}: its place is told: {after}");
        assert!(!after.contains("nobody") && !after.contains("Good"), "{how}: {after}");
        let mut screen = vt100::Parser::new(10.try_into().unwrap(), 60.try_into().unwrap(), 1000);
        screen.process(&written);
        assert!(!screen.screen().alternate_screen() && !screen.screen().bracketed_paste());
        let left = screen.screen().contents();
        assert!(!left.contains("nobody") && left.contains("program itself is wrong"), "{how}: {left}");
        assert_eq!(code, 1, "{how}: {text}");
    }
}
