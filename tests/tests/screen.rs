//! The full-screen conversation as people use it: real programs at real terminals, a real relay between them.

use anyhow::{Result, ensure};
use e2e::client::Client;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};
use rustix::process::Signal;
use std::path::Path;

const PASSPHRASE: &str = "four quiet words here";

const ORDINARY: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// Keys of an ordinary terminal.
const F1: &[u8] = b"\x1bOP";
const F2: &[u8] = b"\x1bOQ";
const F3: &[u8] = b"\x1bOR";
const F4: &[u8] = b"\x1bOS";
const F5: &[u8] = b"\x1b[15~";
const F6: &[u8] = b"\x1b[17~";
const F10: &[u8] = b"\x1b[21~";
const PAGE_UP: &[u8] = b"\x1b[5~";
const ENTER: &[u8] = b"\r";

/// The sequence that asks a terminal where its cursor is: a program that waits for the answer may wait for ever.
const ASKS: &[u8] = b"\x1b[6n";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn open(world: &World, client: &Client) -> Result<Terminal> {
    Terminal::start(world.program(), &client.opening_arguments(), ORDINARY)
}

/// The program below a shell that tells the terminal's modes before and after it.
fn open_below_a_shell(world: &World, client: &Client) -> Result<Terminal> {
    let script = "trap : INT; echo before $(stty -g); \"$@\"; echo code $?; echo after $(stty -g); read -r line; echo got:$line:";
    let mut arguments = vec!["-c".to_owned(), script.to_owned(), "sh".to_owned()];
    arguments.push(world.program().display().to_string());
    arguments.extend(client.opening_arguments());
    Terminal::start(Path::new("/bin/sh"), &arguments, ORDINARY)
}

/// Two people who know each other; the second one's profile has a passphrase, which a person types.
fn pair(world: &World, relay: &str) -> Result<(Client, Client, Client)> {
    let ana = world.client("ana");
    let by_file = world.client_with_passphrase("dana", PASSPHRASE)?;
    ana.setup("Ana", relay)?.ended(0)?;
    introduce(&ana, &by_file, DANA, "Dana")?;
    Ok((ana, by_file, world.client("dana")))
}

/// Ana, Dana who has no profile yet, and Ana's invitation for her.
fn invited(world: &World, relay: &str) -> Result<(Client, Client, String)> {
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay)?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    Ok((ana, dana, link))
}

/// The first two steps of a first run, up to the question for the passphrase.
fn give_link_and_name(terminal: &mut Terminal, link: &str) -> Result<()> {
    terminal.type_line(link)?;
    terminal.sees("Step 2 of 3")?;
    terminal.type_line("Dana")?;
    terminal.sees("Step 3 of 3")
}

/// The last step, up to the conversation.
fn choose_passphrase(terminal: &mut Terminal) -> Result<()> {
    terminal.type_line(PASSPHRASE)?;
    terminal.sees("The same again:")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.sees("To Ana:")
}

fn unlock(terminal: &mut Terminal) -> Result<()> {
    terminal.sees("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.sees("To Ana:")
}

/// Waits until a message that begins so stands in the conversation, and is at the relay.
fn sent(terminal: &Terminal, text: &str) -> Result<()> {
    let stands = format!(": {text}");
    terminal
        .shows("that it was sent", |screen| screen.contains(&stands) && !screen.contains("not sent yet, safe here)"))
}

fn quit(terminal: &mut Terminal) -> Result<()> {
    terminal.press(F10)?;
    assert_eq!(terminal.wait()?, 0);
    Ok(())
}

/// After the program, the screen is the shell's again, and nothing was asked of the terminal.
fn left_clean(terminal: &Terminal, words: &[&str]) {
    let screen = terminal.screen();
    for word in words {
        assert!(!screen.contains(word), "{word} stands on the first screen: {screen}");
    }
    let written = terminal.written();
    assert_eq!(find(&written, ASKS), None);
    assert!(find(&written, b"\x1b[?1049l").is_some() && find(&written, b"\x1b[?2004l").is_some());
}

#[test]
fn the_first_run_leads_from_an_invitation_to_a_first_message_on_one_screen() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana, link) = invited(&world, relay.address())?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("Step 1 of 3")?;
    terminal.press(F2)?;
    terminal.sees("HELP NOW")?;
    terminal.press(F2)?;
    terminal.sees("Step 1 of 3")?;
    give_link_and_name(&mut terminal, &link)?;
    choose_passphrase(&mut terminal)?;
    terminal.type_line("This is my first message.")?;
    sent(&terminal, "This is my first message.")?;
    terminal.sees("Prefer plain lines")?;
    assert_eq!(ana.inbox()?.texts(), ["This is my first message."]);
    quit(&mut terminal)?;
    left_clean(&terminal, &["first message", "Ana", "Step"]);
    assert_eq!(find(&terminal.written(), b"quiet words"), None, "the passphrase is not shown");
    Ok(())
}

#[test]
fn two_people_talk_and_what_is_written_while_the_relay_is_away_goes_out_later() -> Result<()> {
    let world = world()?;
    let mut relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let (mut one, mut two) = (open(&world, &ana)?, open(&world, &dana)?);
    one.sees("To Dana P.:")?;
    two.sees("To Ana:")?;
    one.type_line("Good morning, Dana")?;
    two.sees("Good morning, Dana")?;
    two.type_line("Good morning, Ana")?;
    one.sees("Good morning, Ana")?;
    relay.stop()?;
    // What comes while somebody types does not move it, nor does the relay's silence.
    two.press(b"half a thou")?;
    two.sees("half a thou")?;
    let cursor = two.cursor();
    two.shows("that the relay is away", |screen| screen.contains("You can go on writing"))?;
    assert_eq!(two.cursor(), cursor, "the cursor stays where it is");
    two.press(b"ght\r")?;
    two.sees("(not sent yet, safe here): half a thought")?;
    relay.start_again()?;
    sent(&two, "half a thought")?;
    one.sees("half a thought")?;
    for terminal in [&mut one, &mut two] {
        quit(terminal)?;
        left_clean(terminal, &["morning", "thought"]);
    }
    assert_eq!(dana.history(ANA)?.len(), 3);
    Ok(())
}

#[test]
fn a_paste_of_three_lines_sends_nothing_until_enter_and_is_one_message() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("To Ana:")?;
    terminal.press(b"\x1b[200~one\rtwo\rthree\r\x1b[201~")?;
    terminal.sees("three")?;
    terminal.press(b"four")?;
    terminal.sees("four")?;
    assert!(ana.inbox()?.texts().is_empty());
    terminal.press(ENTER)?;
    sent(&terminal, "one")?;
    assert_eq!(ana.inbox()?.texts(), ["one\ntwo\nthree\nfour"]);
    // Two ways to a new line, and a terminal that does not say when text is pasted.
    terminal.press(b"five\x1b\rsix\nseven")?;
    terminal.sees("seven")?;
    terminal.press(b"\reight\rnine")?;
    terminal.sees("nine")?;
    assert!(ana.inbox()?.texts().is_empty());
    terminal.press(ENTER)?;
    sent(&terminal, "five")?;
    assert_eq!(ana.inbox()?.texts(), ["five\nsix\nseven\neight\nnine"]);
    quit(&mut terminal)
}

#[test]
fn hiding_empties_both_screens_locks_and_keeps_what_was_half_typed() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, by_file, dana) = pair(&world, relay.address())?;
    ana.send_through(DANA, "words for nobody else")?;
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    terminal.sees("words for nobody else")?;
    terminal.press(b"half a thought")?;
    terminal.sees("half a thought")?;
    terminal.press(F6)?;
    terminal.sees("Your passphrase (stays hidden):")?;
    let hidden = |screen: &str| !["nobody else", "thought", "Ana"].iter().any(|word| screen.contains(word));
    terminal.shows("an empty screen", hidden)?;
    let written = terminal.written();
    ensure!(find(&written, b"\x1b[?1049l\x1b[H\x1b[2J\x1b[3J").is_some(), "the first screen and what rolled off it");
    // Nobody has the profile open: another process is let in.
    assert_eq!(by_file.history(ANA)?.last().map(|(_, text)| text.as_str()), Some("words for nobody else"));
    // Help now needs no passphrase.
    terminal.press(F2)?;
    terminal.sees("HELP NOW")?;
    terminal.press(F2)?;
    unlock(&mut terminal)?;
    terminal.sees("half a thought")?;
    terminal.press(b" and the rest\r")?;
    sent(&terminal, "half a thought and the rest")?;
    assert_eq!(ana.inbox()?.texts(), ["half a thought and the rest"]);
    // The same by the word for it, by Ctrl-Z, and by another process.
    for way in [&b"-\r"[..], &[0x1a]] {
        terminal.press(way)?;
        terminal.sees("Your passphrase (stays hidden):")?;
        unlock(&mut terminal)?;
    }
    dana.run(&["lock"])?.ended(0)?;
    terminal.sees("Your passphrase (stays hidden):")?;
    by_file.inbox()?;
    quit(&mut terminal)?;
    left_clean(&terminal, &["nobody else", "thought"]);
    Ok(())
}

#[test]
fn a_draft_outlives_a_kill_and_is_there_when_the_program_comes_again() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("To Ana:")?;
    // The twentieth key writes the line down; nothing is waited for.
    terminal.press(b"I wanted to tell you s")?;
    terminal.sees("I wanted to tell you s")?;
    terminal.kill()?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("I wanted to tell you")?;
    terminal.press(b"!\r")?;
    sent(&terminal, "I wanted to tell you")?;
    let texts = ana.inbox()?.texts().join("");
    ensure!(texts.starts_with("I wanted to tell you"), "{texts}");
    quit(&mut terminal)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("To Ana:")?;
    let line = terminal.screen().split("To Ana:").nth(1).unwrap_or_default().to_owned();
    ensure!(!line.contains("I wanted"), "what was sent is no draft: {line}");
    quit(&mut terminal)
}

#[test]
fn a_signal_a_hang_up_and_quitting_leave_the_terminal_as_it_was() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, by_file, dana) = pair(&world, relay.address())?;
    ana.send_through(DANA, "words for nobody else")?;
    for (way, code) in [(Some(Signal::TERM), 130), (Some(Signal::INT), 130), (Some(Signal::HUP), 0), (None, 0)] {
        let mut terminal = open_below_a_shell(&world, &dana)?;
        unlock(&mut terminal)?;
        terminal.sees("words for nobody else")?;
        terminal.press(b"half typed")?;
        terminal.sees("half typed")?;
        let program = terminal.child_id()?;
        match way {
            Some(signal) => {
                let id = i32::try_from(program).ok().and_then(rustix::process::Pid::from_raw);
                rustix::process::kill_process(id.ok_or_else(|| anyhow::anyhow!("an identifier"))?, signal)?;
            }
            None => terminal.press(F10)?,
        }
        terminal.wait_for(&format!("code {code}"))?;
        terminal.wait_for("after ")?;
        terminal.type_line("a line for the shell")?;
        terminal.wait_for("got:a line for the shell:")?;
        terminal.wait()?;
        left_clean(&terminal, &["nobody else", "half typed", "To Ana"]);
        let text = String::from_utf8_lossy(&terminal.written()).into_owned();
        let modes =
            |mark: &str| text.split(mark).nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        ensure!(modes("before ").is_some_and(|modes| modes.contains(':')), "{text}");
        assert_eq!(modes("before "), modes("after "), "{way:?}");
        // However it ended, the line is kept: erase it for the next round.
        let mut terminal = open(&world, &by_file)?;
        terminal.sees("half typed")?;
        terminal.press(&[0x15])?;
        quit(&mut terminal)?;
    }
    Ok(())
}

#[test]
fn a_terminal_that_is_gone_ends_the_program_and_the_line_is_kept() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana: _, dana } = world.pair(&relay)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("To Ana:")?;
    terminal.press(b"short")?;
    terminal.sees("short")?;
    let code = terminal.hang_up()?;
    ensure!(code == 0 || code == 1, "ended with {code}");
    let mut terminal = open(&world, &dana)?;
    terminal.sees("short")?;
    quit(&mut terminal)
}

#[test]
fn any_size_down_to_one_cell_and_back_keeps_the_conversation_and_the_line() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    ana.send_through(DANA, "Good morning, Dana")?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("Good morning, Dana")?;
    terminal.press(b"half a thought")?;
    terminal.sees("half a thought")?;
    for (columns, rows) in [(40, 12), (1, 1), (200, 60), (2, 30), (60, 2), (500, 300), (1, 1), (40, 12)] {
        terminal.resize(columns, rows)?;
        if columns >= 40 && rows >= 12 {
            terminal.shows("everything again", |screen| {
                ["Good morning, Dana", "half a thought", "F10 Quit", "F2 Help now"]
                    .iter()
                    .all(|word| screen.contains(word))
            })?;
        }
    }
    terminal.press(b"!\r")?;
    sent(&terminal, "half a thought!")?;
    assert_eq!(ana.inbox()?.texts(), ["half a thought!"]);
    quit(&mut terminal)?;
    left_clean(&terminal, &["thought", "morning"]);
    Ok(())
}

#[test]
fn people_search_and_reading_big_lead_to_messages_and_unread_marks_are_right() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (robin, kim, dana) = (world.client("robin"), world.client("kim"), world.client("dana"));
    dana.setup("Dana", relay.address())?.ended(0)?;
    for (one, name) in [(&robin, "Robin"), (&kim, "Kim")] {
        introduce(&dana, one, name, name)?;
    }
    for number in 1..=60 {
        // On a busy machine the first try may run out of its five seconds.
        kim.run(&["send", "Dana", "-m", &format!("number {number} of sixty"), "--wait", "60"])?.ended(0)?;
    }
    robin.send_through("Dana", "Good morning from Robin")?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("Whom would you like to write to?")?;
    terminal.shows("what is new", |screen| screen.contains("60 new") && screen.contains("1 new"))?;
    // Kim is the first: at what is new, not at the end.
    terminal.press(F3)?;
    terminal.press(ENTER)?;
    terminal.sees("New from here")?;
    terminal.sees("number 1 of sixty")?;
    terminal.shows("that some are still new", |screen| screen.contains(" new") && !screen.contains("60 new"))?;
    terminal.press(F5)?;
    terminal.type_line("NUMBER 33 ")?;
    terminal.sees("Found")?;
    terminal.press(b"1")?;
    terminal.shows("the message in its place", |screen| {
        screen.contains("number 33 of") && screen.contains("number 34 of")
    })?;
    terminal.press(F4)?;
    terminal.sees("n u m b e r")?;
    terminal.press(b"\x1b[6~")?;
    terminal.sees("3 4")?;
    terminal.press(F4)?;
    for _ in 0..12 {
        terminal.press(PAGE_UP)?;
    }
    terminal.sees("number 1 of sixty")?;
    quit(&mut terminal)?;
    // What was never in view is still new for another process; what was, is not.
    let left = dana.inbox()?;
    let texts = left.texts();
    ensure!(texts.contains(&"Good morning from Robin") && texts.contains(&"number 60 of sixty"), "{texts:?}");
    ensure!(!texts.contains(&"number 1 of sixty") && !texts.contains(&"number 33 of sixty"), "{texts:?}");
    left_clean(&terminal, &["number", "Robin"]);
    Ok(())
}

#[test]
fn hostile_words_and_names_reach_the_terminal_as_plain_letters() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let hostile =
        "\u{1b}[2J\u{9b}31m\u{202e}b\u{7}\u{1b}]0;title\u{7}\u{1b}]52;c;eA==\u{7}\u{1b}]8;;http://x\u{1b}\\link wanted";
    ana.send_through(DANA, hostile)?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("wanted")?;
    terminal.press(F4)?;
    terminal.sees("w a n t e d")?;
    terminal.press(F5)?;
    terminal.type_line("WANTED")?;
    terminal.sees("Found")?;
    quit(&mut terminal)?;
    let written = terminal.written();
    for bad in [&b"\x1b]"[..], b"\x07", "\u{9b}".as_bytes(), "\u{202e}".as_bytes(), b"\x1b[3J"] {
        assert_eq!(find(&written, bad), None, "{bad:?}");
    }
    left_clean(&terminal, &["wanted"]);
    Ok(())
}

#[test]
fn an_empty_passphrase_leads_to_choices_whose_number_is_seen_and_back_to_the_question() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_ana, dana, link) = invited(&world, relay.address())?;
    let mut terminal = open(&world, &dana)?;
    terminal.sees("Step 1 of 3")?;
    give_link_and_name(&mut terminal, &link)?;
    terminal.press(ENTER)?;
    terminal.sees("1  Back")?;
    assert!(!terminal.screen().contains("stays hidden):"), "a number is not typed hidden: {}", terminal.screen());
    terminal.type_line("1")?;
    terminal.sees("Step 3 of 3")?;
    terminal.type_line("one way of it")?;
    terminal.sees("The same again:")?;
    terminal.type_line("another way of it")?;
    terminal.shows("the first question again", |screen| !screen.contains("The same again:"))?;
    choose_passphrase(&mut terminal)?;
    quit(&mut terminal)?;
    // And the same for the passphrase that there is.
    let mut terminal = open(&world, &dana)?;
    terminal.sees("Your passphrase (stays hidden):")?;
    terminal.press(ENTER)?;
    unlock(&mut terminal)?;
    quit(&mut terminal)
}

/// The words by which a first run is known, in one language.
struct Tongue {
    locale: &'static str,
    step_two: &'static str,
    step_three: &'static str,
    again: &'static str,
    to_ana: &'static str,
    to_kim: &'static str,
    locked: &'static str,
    below: &'static str,
    practice: &'static str,
    paste: &'static str,
    moment: &'static str,
    back: &'static str,
    hello: &'static str,
    number: &'static str,
}

const TONGUES: [Tongue; 2] = [
    Tongue {
        locale: "C",
        step_two: "Step 2 of 3",
        step_three: "Step 3 of 3",
        again: "The same again:",
        to_ana: "To Ana:",
        to_kim: "To Kim:",
        locked: "Your passphrase (stays hidden):",
        below: "Type below, and press Enter to send. For choices, type ? and press Enter. F2: Help now. F6: hide.",
        practice: "1 of 3:",
        paste: "Paste or type the invitation",
        moment: "One moment",
        back: "1 Back",
        hello: "You are writing to Ana.",
        number: "Number:",
    },
    Tongue {
        locale: "es_ES.UTF-8",
        step_two: "Paso 2 de 3",
        step_three: "Paso 3 de 3",
        again: "La misma otra vez:",
        to_ana: "A Ana:",
        to_kim: "A Kim:",
        locked: "Su frase clave (no se ve al escribir):",
        below: "Escriba abajo y pulse Enter para enviar. Para ver opciones, escriba ? y pulse Enter. F2: Ayuda ya. F6: ocultar.",
        practice: "1 de 3:",
        paste: "Pegue o escriba la invitación",
        moment: "Un momento",
        back: "1 Volver",
        hello: "Está escribiendo a Ana.",
        number: "Número:",
    },
];

#[test]
fn before_the_first_message_the_screen_says_how_to_write_and_no_word_of_waiting_stays() -> Result<()> {
    for (tongue, size) in TONGUES.iter().zip([(60, 20), (40, 12)]).chain(TONGUES.iter().rev().zip([(60, 20), (40, 12)]))
    {
        let world = world()?;
        let relay = world.relay()?;
        let (_ana, dana, link) = invited(&world, relay.address())?;
        let kim = world.client("kim");
        kim.setup("Kim", relay.address())?.ended(0)?;
        let (_, other_link) = kim.invite(DANA)?;
        let environment = [("TERM", "xterm-256color"), ("LC_ALL", tongue.locale)];
        let mut terminal = Terminal::start(world.program(), &dana.opening_arguments(), &environment)?;
        terminal.resize(size.0, size.1)?;
        let shows = |terminal: &Terminal, words: &[&str]| {
            terminal.shows(&format!("{words:?} and nothing that waits"), |screen| {
                let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
                words.iter().all(|word| screen.contains(word)) && !screen.contains(tongue.moment)
            })
        };
        // The question after a wait stands without the word for it.
        terminal.sees("F1")?;
        terminal.type_line(&link)?;
        shows(&terminal, &[tongue.step_two])?;
        terminal.type_line("Dana")?;
        terminal.sees(tongue.step_three)?;
        terminal.type_line(PASSPHRASE)?;
        terminal.sees(tongue.again)?;
        terminal.type_line(PASSPHRASE)?;
        shows(&terminal, &[tongue.to_ana, tongue.below])?;
        // Back from a menu, from practice, and behind the lock.
        terminal.type_line("?")?;
        shows(&terminal, &[tongue.number, tongue.back])?;
        terminal.press(b"1")?;
        shows(&terminal, &[tongue.to_ana, tongue.below, tongue.hello])?;
        terminal.type_line("?")?;
        shows(&terminal, &[tongue.number, tongue.back])?;
        // Enter behind a number that was obeyed at once belongs to the number.
        terminal.press(b"55\r")?;
        shows(&terminal, &[tongue.practice])?;
        terminal.press(ENTER)?;
        shows(&terminal, &[tongue.to_ana, tongue.below])?;
        terminal.press(F6)?;
        shows(&terminal, &[tongue.locked])?;
        terminal.type_line(PASSPHRASE)?;
        shows(&terminal, &[tongue.to_ana, tongue.below])?;
        // Another invitation, from the list of people.
        terminal.type_line("?")?;
        shows(&terminal, &[tongue.number, tongue.back])?;
        terminal.press(b"421")?;
        shows(&terminal, &[tongue.paste])?;
        terminal.type_line(&other_link)?;
        shows(&terminal, &[tongue.to_kim, tongue.below])?;
        quit(&mut terminal)?;
    }
    Ok(())
}

#[test]
fn words_for_later_that_are_half_typed_outlive_hiding_a_kill_and_leaving_and_are_a_draft_no_more_once_they_wait()
-> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (_ana, by_file, dana) = pair(&world, relay.address())?;
    let later = |terminal: &mut Terminal, words: &str| {
        terminal.press(F1)?;
        terminal.sees("1  Back to Ana")?;
        terminal.press(b"56")?;
        terminal.sees("When should it leave?")?;
        terminal.press(b"2\r")?;
        terminal.sees("Type your words to Ana")?;
        terminal.press(words.as_bytes())?;
        terminal.sees(words)
    };
    let line = |terminal: &Terminal, words: &str| {
        terminal.shows(words, |screen| screen.split("To Ana:").nth(1).is_some_and(|line| line.contains(words)))
    };
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    // Hidden by a key, behind what stood in the line itself.
    terminal.press(b"a thought")?;
    terminal.sees("a thought")?;
    later(&mut terminal, "for Mon")?;
    terminal.press(F6)?;
    unlock(&mut terminal)?;
    line(&terminal, "a thought")?;
    line(&terminal, "for Mon")?;
    terminal.press(&[0x15])?;
    terminal.press(b"\x7f\x15")?;
    terminal.shows("an empty line", |screen| !screen.contains("for Mon") && !screen.contains("a thought"))?;
    // Another conversation is opened from the list, or the same.
    later(&mut terminal, "for Sunday")?;
    terminal.press(F3)?;
    terminal.press(ENTER)?;
    line(&terminal, "for Sunday")?;
    terminal.press(&[0x15])?;
    terminal.shows("an empty line", |screen| !screen.contains("for Sunday"))?;
    // A kill: the twentieth key writes it down.
    later(&mut terminal, "for Tuesday, when we all meet again")?;
    terminal.kill()?;
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    line(&terminal, "for Tuesday")?;
    terminal.press(&[0x15])?;
    // The end; and in plain lines it is there too.
    later(&mut terminal, "for Wednesday")?;
    quit(&mut terminal)?;
    let mut arguments = by_file.opening_arguments();
    arguments.push("--plain".to_owned());
    let mut plain = Terminal::start(world.program(), &arguments, ORDINARY)?;
    plain.wait_for("Here is what you were writing")?;
    plain.wait_for("for Wednesday")?;
    // In plain lines it is kept in the same way, behind the empty screen and after the end.
    for way in [0x1a, 0x03] {
        plain.press(&[0x15])?;
        for (typed, until) in [("?", "Type a number"), ("5", "Type a number"), ("6", "When should it leave?")] {
            plain.type_line(typed)?;
            plain.wait_for(until)?;
        }
        plain.wait_for("Type a number")?;
        plain.type_line("2")?;
        plain.wait_for("Type your words to Ana")?;
        plain.press(b"for Thursday")?;
        plain.wait_for("for Thursday")?;
        plain.press(&[way])?;
        if way == 0x1a {
            plain.wait_for("Enter goes on")?;
            plain.type_line("")?;
        } else {
            plain.wait()?;
            plain = Terminal::start(world.program(), &arguments, ORDINARY)?;
        }
        plain.wait_for("Here is what you were writing")?;
        plain.wait_for("for Thursday")?;
    }
    plain.press(&[0x15])?;
    plain.press(&[4])?;
    plain.wait()?;
    // What waits for its time is no draft.
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    later(&mut terminal, "for Friday, and whole")?;
    terminal.press(ENTER)?;
    terminal.sees("It waits until")?;
    terminal.kill()?;
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    let screen = terminal.screen();
    let typed = screen.split("To Ana:").nth(1).unwrap_or_default();
    ensure!(!typed.contains("Friday"), "{screen}");
    quit(&mut terminal)?;
    // What can't wait is in the line again, behind what stood there.
    by_file.run(&["contact", "block", ANA])?.ended(0)?;
    let mut terminal = open(&world, &dana)?;
    unlock(&mut terminal)?;
    terminal.press(b"a thought")?;
    terminal.sees("a thought")?;
    later(&mut terminal, "for Saturday")?;
    terminal.press(ENTER)?;
    terminal.sees("Your words are in the line again")?;
    line(&terminal, "a thought")?;
    line(&terminal, "for Saturday")?;
    quit(&mut terminal)
}
