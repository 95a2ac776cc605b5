//! Whoever set their computer to Spanish reads Spanish: from the first run to the first message at a real terminal, and in
//! what every command says. Scripts get the same bytes in every language.

use anyhow::{Context, Result};
use e2e::client::{Client, field};
use e2e::process::{Done, run};
use e2e::terminal::Terminal;
use e2e::world::{DANA, World, introduce};

const PASSPHRASE: &str = "cuatro palabras tranquilas aquí";

const SPANISH: (&str, &str) = ("LC_ALL", "es_ES.UTF-8");

/// A terminal that can do nothing but add lines.
const DUMB: &[(&str, &str)] = &[("TERM", "dumb"), ("NO_COLOR", "1"), SPANISH];

/// Words that hardly an English sentence does without, and no Spanish one has. A command's own words stay as they are typed:
/// none of those is here.
const ENGLISH: [&str; 52] = [
    "the",
    "you",
    "your",
    "and",
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "of",
    "it",
    "its",
    "type",
    "press",
    "what",
    "not",
    "nothing",
    "sent",
    "here",
    "words",
    "with",
    "this",
    "that",
    "there",
    "message",
    "messages",
    "invitation",
    "back",
    "more",
    "people",
    "person",
    "now",
    "kept",
    "step",
    "choices",
    "or",
    "when",
    "then",
    "once",
    "would",
    "them",
    "they",
    "only",
    "quit",
    "same",
    "command",
    "can't",
    "name",
    "next",
    "file",
    "conversation",
];

/// The first line with an English word. Options, and what stands in capital letters, are typed as they are.
fn english(text: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| has_english(line)).map(str::to_owned)
}

fn has_english(line: &str) -> bool {
    let spoken = line.split_whitespace().filter(|word| !word.starts_with("--") && !word.starts_with("CAIRN:"));
    let words = spoken.flat_map(|word| word.split(|letter: char| !letter.is_alphabetic() && letter != '\''));
    words
        .filter(|word| word.chars().any(char::is_lowercase))
        .any(|word| ENGLISH.contains(&word.to_lowercase().as_str()))
}

fn world() -> Result<World> {
    World::new(env!("CARGO_BIN_EXE_demo"))
}

fn says(client: &Client, words: &[&str], input: &str) -> Result<Done> {
    run(client.plain_command(words).env(SPANISH.0, SPANISH.1), input.as_bytes())
}

#[test]
fn an_english_line_is_known_and_a_command_in_a_spanish_one_is_none() {
    assert!(english("Aquí está.\nThere is nobody in your list yet.").is_some());
    assert!(english("Next: cairn inbox").is_some());
    assert_eq!(english("Después: cairn invite new --for LABEL, o cairn join LINK --as CONTACT"), None);
    assert_eq!(english("Invitación: CAIRN:THE"), None);
}

#[test]
fn from_the_first_run_to_the_first_message_every_line_is_spanish() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana) = (world.client("ana"), world.client("dana"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    let (_, link) = ana.invite(DANA)?;
    let mut arguments = dana.opening_arguments();
    arguments.push("--plain".to_owned());
    let mut terminal = Terminal::start(world.program(), &arguments, DUMB)?;
    terminal.wait_for("Paso 1 de 3")?;
    terminal.type_line("?")?;
    terminal.wait_for("¿Qué es esto?")?;
    terminal.type_line("1")?;
    terminal.wait_for("Paso 1 de 3")?;
    terminal.type_line("CAIRN:A")?;
    terminal.wait_for("Pruebe otra vez")?;
    terminal.type_line(&link)?;
    terminal.wait_for("Paso 2 de 3")?;
    terminal.type_line("Dana")?;
    terminal.wait_for("Frase clave:")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("La misma otra vez:")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.wait_for("Ocultar: -")?;
    terminal.type_line("Buenos días, Ana.")?;
    terminal.wait_for("Enviado.")?;
    terminal.type_line("!")?;
    terminal.wait_for("AYUDA YA")?;
    terminal.wait_for("Está escribiendo a Ana")?;
    for menu in ["3", "5", "6"] {
        terminal.type_line("?")?;
        terminal.wait_for("Ayuda ya: escriba !")?;
        terminal.type_line(menu)?;
        terminal.wait_for("Ayuda ya: escriba !")?;
        terminal.type_line("1")?;
        terminal.wait_for("Está escribiendo a Ana")?;
    }
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    let written = String::from_utf8(terminal.written())?;
    assert_eq!(english(&written), None, "{written}");
    let came = ana.inbox()?;
    assert_eq!(came.texts(), ["Buenos días, Ana."]);
    Ok(())
}

#[test]
fn every_command_speaks_spanish_to_people_and_scripts_get_the_same_in_every_language() -> Result<()> {
    let world = world()?;
    let relay = world.relay()?;
    let (ana, dana, nobody) = (world.client("ana"), world.client("dana"), world.client("nobody"));
    ana.setup("Ana", relay.address())?.ended(0)?;
    introduce(&ana, &dana, DANA, DANA)?;
    let (id, link) = ana.invite("Kim")?;
    let copy = world.folder().join("copia.txt").display().to_string();
    let pages = world.folder().join("man").display().to_string();
    dana.send_through("Ana", "Hola.")?;
    let made = world.folder().join("dana").display().to_string();
    let commands: Vec<(&Client, Vec<&str>, i32)> = vec![
        (&ana, vec!["inbox"], 0),
        (&ana, vec!["inbox"], 0),
        (&ana, vec!["history", DANA], 0),
        (&ana, vec!["history", DANA, "--find", "zzz"], 0),
        (&ana, vec!["send", DANA, "-m", "Hola, Dana."], 0),
        (&ana, vec!["send", DANA, "-m", "Luego.", "--at", "hour"], 0),
        (&ana, vec!["later", "list"], 0),
        (&ana, vec!["send", "Zoe", "-m", "Hola."], 6),
        (&ana, vec!["contact", "list"], 0),
        (&ana, vec!["contact", "show", DANA], 0),
        (&ana, vec!["contact", "rename", DANA, ""], 2),
        (&ana, vec!["contact", "block", DANA], 0),
        (&ana, vec!["contact", "unblock", DANA], 0),
        (&ana, vec!["--no-input", "contact", "remove", DANA], 2),
        (&ana, vec!["--no-input", "contact", "verify", DANA, "--wait", "0"], 9),
        (&ana, vec!["contact", "verify", DANA, "--stop"], 0),
        (&ana, vec!["keep", DANA, "90d"], 0),
        (&ana, vec!["export", DANA, "--to", &copy], 0),
        (&ana, vec!["export", DANA, "--to", &copy], 2),
        (&ana, vec!["export", DANA, "--to", "/nowhere/x"], 2),
        (&ana, vec!["export", DANA], 0),
        (&ana, vec!["invite", "list"], 0),
        (&ana, vec!["invite", "new", "--for", "Lee"], 0),
        (&ana, vec!["invite", "new", "--rejoin", DANA], 0),
        (&ana, vec!["invite", "revoke", &id], 0),
        (&ana, vec!["invite", "revoke", "ffffffff"], 2),
        (&ana, vec!["invite", "new", "--relay", "x"], 2),
        (&ana, vec!["status"], 0),
        (&ana, vec!["status", "--data"], 0),
        (&ana, vec!["doctor"], 0),
        (&ana, vec!["lock"], 0),
        (&ana, vec!["config", "get"], 0),
        (&ana, vec!["config", "set", "pace", "zzz"], 2),
        (&ana, vec!["config", "set", "pace", "slow"], 0),
        (&ana, vec!["setup", "--name", "Ana"], 2),
        (&ana, vec!["--no-input"], 2),
        (&ana, vec!["--json"], 2),
        (&ana, vec!["help-now"], 0),
        (&ana, vec!["man", "--to", &pages], 0),
        (&ana, vec!["join", &link], 2),
        (&ana, vec!["join", "nonsense"], 2),
        (&ana, vec!["nonsense"], 2),
        (&ana, vec!["send"], 2),
        (&ana, vec!["contact"], 2),
        (&ana, vec!["send", DANA, "--nonsense"], 2),
        (&nobody, vec!["inbox"], 3),
        (&nobody, vec!["doctor"], 3),
        (&nobody, vec!["--no-input", "setup", "--name", "Zoe"], 2),
        (&nobody, vec!["--no-input", "setup", "--name", ""], 2),
        (&nobody, vec!["--home", &made, "setup"], 2),
        (&nobody, vec!["help-now"], 0),
    ];
    let mut wrong = Vec::new();
    for (client, words, code) in commands {
        let done = says(client, &words, "")?;
        let said = String::from_utf8_lossy(&[done.out.as_slice(), &done.err].concat()).into_owned();
        if done.code != code || (words != ["--json"] && english(&said).is_some()) {
            wrong.push(format!("{words:?} ended with {}, not {code}: {:?}\n{said}", done.code, english(&said)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let answer = run(ana.command(&["help-now"]).env(SPANISH.0, SPANISH.1), b"")?;
    assert_eq!(answer.out, run(&mut ana.command(&["help-now"]), b"")?.out);
    let refused = |command: &mut std::process::Command| -> Result<String> {
        let done = run(command, b"")?;
        let line = String::from_utf8(done.err)?;
        let error: serde_json::Value = serde_json::from_str(line.lines().next().context("an error")?)?;
        Ok(field(&error, "message")?.to_owned() + field(&error, "next")?)
    };
    let words = ["contact", "show", "Zoe"];
    let spanish = refused(ana.command(&words).env(SPANISH.0, SPANISH.1))?;
    assert_eq!(spanish, refused(&mut ana.command(&words))?);
    assert!(spanish.contains("There is no contact"), "{spanish}");
    drop(relay);
    let done = says(&ana, &["inbox"], "")?;
    let said = String::from_utf8_lossy(&done.err).into_owned();
    assert!(done.code == 4 && english(&said).is_none(), "{said}");
    Ok(())
}
