//! What another person wrote can't move the cursor, turn a line around, hide anything, or pass for the program's own words:
//! not in the plain conversation, the inbox, the history, what was found in it, a copy, a list, a title or a log.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::process::run;
use e2e::terminal::{Terminal, find};
use e2e::world::{ANA, DANA, Pair, World, introduce};

/// A terminal that understands control sequences, and one that can only add lines.
const TERMINALS: [&str; 2] = ["xterm-256color", "dumb"];

/// Stands in each text that imitates, so that its lines can be found.
const MARK: &str = "IMITATED";

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

/// Texts that do something to a terminal that takes them as they are.
fn hostile() -> Vec<String> {
    let own = [
        "Next: cairn contact remove Ana --yes",
        "Cairn says: type your passphrase",
        "Your passphrase (stays hidden):",
        "1  Send it",
        "You, 2:02 PM: I agree",
        "HELP NOW",
        "Type a number",
    ];
    let own = own.map(|line| format!("{line} {MARK}")).join("\n");
    [
        "\u{1b}[2J\u{1b}[3J\u{1b}[H\u{1b}[1A gone",
        "\u{1b}]0;a title\u{7} title",
        "\u{1b}]8;;https://example.org\u{1b}\\here\u{1b}]8;;\u{1b}\\ link",
        "\u{1b}]52;c;aGk=\u{7} clipboard",
        "\u{1b}P$q\"p\u{1b}\\ \u{90}+q\u{9c} device",
        "\u{9b}31m\u{9d}0;x\u{9c} eight bits",
        "over\rwritten\u{8}\u{8}\u{8}\u{7f}\u{0} back",
        "\u{202e}turned\u{202c} \u{2066}around\u{2069} \u{200f}right \u{200b}\u{feff}\u{2060} hidden",
        "a\u{e0041}\u{3164}\u{115f}b tags",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        own.clone(),
        own.replace('\n', "\r"),
        own.replace('\n', "\u{2028}"),
        format!("{}{own}", "\n".repeat(60)),
        format!("tower {}", "o\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}".repeat(500)),
        format!("flood o{}", "\u{301}".repeat(20_000)),
        format!("{} {MARK}", "wide".repeat(16_000)),
    ])
    .collect()
}

/// Nothing in it acts, and nothing of another person's begins where the program's own lines begin.
fn inert(what: &str, text: &[u8]) -> Result<String> {
    let text = String::from_utf8(text.to_vec()).with_context(|| format!("{what}: not UTF-8"))?;
    let acts = |letter: char| {
        letter.is_control() && !matches!(letter, '\n' | '\r')
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
            || matches!(
                letter,
                '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{3164}' | '\u{115f}' | '\u{e0000}'..='\u{e0fff}'
            )
    };
    ensure!(!text.contains(acts), "{what}: {:?}", text.chars().find(|letter| acts(*letter)));
    // A carriage return stands before the line feed that a terminal made of it, and nowhere else.
    ensure!(!text.replace("\r\n", "\n").contains('\r'), "{what}: a line is written over");
    let marks = text.chars().fold((0, 0), |(run, most), letter| {
        let run = if matches!(letter, '\u{300}'..='\u{36f}') { run + 1 } else { 0 };
        (run, most.max(run))
    });
    ensure!(marks.1 <= 4, "{what}: {} marks on one letter", marks.1);
    for line in text.lines().filter(|line| line.contains(MARK)) {
        // At the edge stands a time behind a name, as before every message.
        let said = line.starts_with(' ') || line.split(MARK).next().is_some_and(|head| head.contains("M: "));
        let own = ["Next:", "Cairn", "Your", "1 ", "You, 2:02 PM: I agree", "HELP", "Type"];
        let own = own.iter().any(|own| line.starts_with(own));
        ensure!(said && !own, "{what}: {line:?} stands where the program's own lines begin");
    }
    Ok(text)
}

fn said(client: &Client, words: &[&str]) -> Result<String> {
    let done = run(&mut client.plain_command(words), b"")?;
    inert(&format!("{words:?}, errors"), &done.err)?;
    inert(&words.join(" "), &done.out)
}

#[test]
fn hostile_text_is_inert_wherever_the_plain_program_shows_it_and_exact_in_json() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let all = hostile();
    let (first, second) = all.split_at(all.len() / 2);
    for text in first {
        dana.send_through(ANA, text)?;
    }
    let shown = said(&ana, &["inbox"])?;
    ensure!(shown.contains("gone") && shown.contains("clipboard"), "what can be read is there: {shown}");
    // In an open conversation, as it comes and as it is looked back at.
    for (at, text) in second.iter().enumerate() {
        let environment = [("TERM", TERMINALS[at % 2]), ("TZ", "UTC")];
        let mut arguments = ana.opening_arguments();
        arguments.push("--plain".to_owned());
        let mut terminal = Terminal::start(world.program(), &arguments, &environment)?;
        terminal.wait_for("Hide: -")?;
        dana.send_through(ANA, text)?;
        dana.send_through(ANA, &format!("the end of {at}"))?;
        terminal.wait_for(&format!("the end of {at}"))?;
        terminal.type_line("?")?;
        terminal.wait_for("Quit")?;
        terminal.press(&[4])?;
        assert_eq!(terminal.wait()?, 0);
        inert(&format!("the conversation, {at}"), &terminal.written())?;
    }
    let history = said(&ana, &["history", DANA])?;
    ensure!(history.contains("flood o") && history.contains("turned around"), "{history}");
    for words in ["clipboard", "turned around", "i agree imitated", "eight"] {
        let found = said(&ana, &["history", DANA, "--find", words])?;
        ensure!(found.lines().count() >= 2, "{words}: {found}");
    }
    said(&ana, &["export", DANA])?;
    // The other side's own texts, on its own screen.
    for words in [&["history", ANA][..], &["export", ANA]] {
        said(&dana, words)?;
    }
    let later = run(
        dana.command(&["send", ANA, "-", "--at", "hour"]).env("TZ", "UTC"),
        all.concat().get(..9000).unwrap_or_default().as_bytes(),
    )?;
    assert_eq!(later.code, 0, "{}", String::from_utf8_lossy(&later.err));
    said(&dana, &["later", "list"])?;
    // A script gets what was written.
    let texts = ana.history(DANA)?;
    for text in &all {
        ensure!(texts.iter().any(|(_, one)| one == text), "{text:?} is kept exactly");
    }
    // The relay saw none of it.
    for file in [relay.data().join("relay.db"), relay.data().join("relay.db-wal")] {
        if let Ok(bytes) = std::fs::read(&file) {
            ensure!(find(&bytes, MARK.as_bytes()).is_none(), "{}", file.display());
        }
    }
    Ok(())
}

#[test]
fn a_name_that_imitates_the_program_stands_in_quotation_marks_everywhere() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let ana = world.client("ana");
    ana.setup("Ana", relay.address())?.ended(0)?;
    let names = ["Next: cairn lock", "1  Quit", "You", "Cairn", "Usted, 2:02 PM: s\u{ed}", "HELP NOW\u{202e}"];
    for (at, name) in names.iter().enumerate() {
        let guest = world.client(&format!("guest-{at}"));
        introduce(&ana, &guest, name, name)?;
        guest.send_through(ANA, &format!("{MARK} {at}"))?;
    }
    let mut shown = said(&ana, &["inbox"])?;
    for words in [&["contact", "list"][..], &["invite", "list"], &["status"]] {
        shown += &said(&ana, words)?;
    }
    for name in names {
        shown += &said(&ana, &["history", name])?;
        shown += &said(&ana, &["contact", "show", name])?;
        shown += &said(&ana, &["send", name, "-m", "hello"])?;
    }
    for line in shown.lines() {
        let own = names.iter().any(|name| line.starts_with(name.trim_end_matches('\u{202e}')));
        // What the program itself says begins so too.
        let program = ["Next: cairn ", "You, ", "You have", "Cairn "].iter().any(|own| line.starts_with(own))
            && !line.contains(MARK);
        ensure!(!own || program, "{line}");
    }
    ensure!(shown.matches('“').count() >= 4 * names.len(), "{shown}");
    // Where people are chosen by a number, and above the line.
    let mut arguments = ana.opening_arguments();
    arguments.push("--plain".to_owned());
    let mut terminal = Terminal::start(world.program(), &arguments, &[("TERM", "dumb")])?;
    terminal.wait_for("“Next: cairn lock”")?;
    terminal.press(&[4])?;
    terminal.wait()?;
    let written = inert("the list", &terminal.written())?;
    ensure!(!written.lines().any(|line| names.iter().any(|name| line.trim_start() == *name)), "{written}");
    Ok(())
}

#[test]
fn a_line_of_a_megabyte_is_refused_with_a_sentence_and_nothing_of_it_is_sent() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let Pair { ana, dana } = world.pair(&relay)?;
    let line = "x".repeat(1 << 20);
    ana.run_with(&["send", DANA, "-"], line.as_bytes())?.ended(2)?;
    let done = run(&mut ana.plain_command(&["--plain"]), format!("{line}\nand the next\n").as_bytes())?;
    let out = inert("the conversation", &done.out)?;
    ensure!(done.code == 0 && out.contains("too long"), "{} {out}", done.code);
    ensure!(out.len() < 10_000, "it is not repeated: {} bytes", out.len());
    ana.run_with(&["contact", "rename", DANA, line.get(..100_000).context("a name")?], b"")?.ended(2)?;
    ana.run_with(&["history", DANA, "--find", line.get(..100_000).context("words")?], b"")?.ended(2)?;
    assert_eq!(dana.inbox()?.texts(), ["and the next"]);
    Ok(())
}
