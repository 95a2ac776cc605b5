//! The guides show what the programs show: the test goes the way that a page describes, with real programs at real
//! terminals, and compares each screen. `CAIRN_DRAW=1` writes the screens into the pages instead.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::sources::project;
use e2e::terminal::{Terminal, find};
use e2e::world::{World, introduce};
use std::path::PathBuf;

const PASSPHRASE: &str = "four quiet words here";

/// The center of the pages, which is made up.
const NOTICE: &str = include_str!("../../docs/notice.example.toml");

/// The same in Spanish: a center writes in the language of its people.
const AVISO: &str = r#"
center = "Centro de Ejemplo (inventado)"
valid_until = 2099-12-31
card = [
  "En peligro ahora: 000 (número inventado)",
  "Línea de crisis, día y noche: 000-0000 (inventado)",
]
hours = ["De lunes a viernes, de 9 de la mañana a 5 de la tarde", "No en días festivos"]
readers = ["Su especialista de apoyo, y nadie más"]
more = ["Venga los miércoles, de 2 a 4 de la tarde, por la puerta azul"]
"#;

/// Width of the terminals, whose last column stays free.
const COLUMNS: usize = 79;

/// The words that the ends of the screens are known by, in one language.
struct Tongue {
    page: &'static str,
    center: &'static str,
    locale: &'static str,
    invitation: &'static str,
    whole: &'static str,
    notice: &'static str,
    name: &'static str,
    passphrase: &'static str,
    again: &'static str,
    begins: &'static str,
    says: &'static str,
    sent: &'static str,
    answer: &'static str,
    choices: &'static str,
    number: &'static str,
    writing: &'static str,
    open: &'static str,
    input: &'static str,
}

const ENGLISH: Tongue = Tongue {
    page: "patient.md",
    center: NOTICE,
    locale: "C.UTF-8",
    invitation: "Choices: ?",
    whole: "That invitation is whole.",
    notice: "Cairn is not an emergency service. Help now: !",
    name: "Any name you like:",
    passphrase: "Passphrase:",
    again: "The same again:",
    begins: "Hide: -",
    says: "Good morning, Robin.",
    sent: "Sent.",
    answer: "Good morning, Dana. How are you?",
    choices: "What would you like?",
    number: "Help now: type !",
    writing: "You are writing to Robin.",
    open: "Your passphrase (stays hidden):",
    input: "To Robin:",
};

const SPANISH: Tongue = Tongue {
    page: "es/patient.md",
    center: AVISO,
    locale: "es_MX.UTF-8",
    invitation: "Opciones: ?",
    whole: "Esa invitación está completa.",
    notice: "Cairn no es un servicio de emergencias. Ayuda ya: !",
    name: "El nombre que usted quiera:",
    passphrase: "Frase clave:",
    again: "La misma otra vez:",
    begins: "Ocultar: -",
    says: "Buenos días, Robin.",
    sent: "Enviado.",
    answer: "Buenos días, Dana. ¿Cómo está?",
    choices: "¿Qué quiere hacer?",
    number: "Ayuda ya: escriba !",
    writing: "Está escribiendo a Robin.",
    open: "Su frase clave (no se ve al escribir):",
    input: "A Robin:",
};

/// A person at a terminal, and the screens that a page shows of it.
struct Journey {
    terminal: Terminal,
    drawn: usize,
    screens: Vec<String>,
}

impl Journey {
    /// At a terminal that can do nothing but add lines.
    fn start(world: &World, client: &Client, locale: &str, words: &[&str]) -> Result<Self> {
        let mut arguments = client.opening_arguments();
        arguments.push("--plain".to_owned());
        arguments.extend(words.iter().map(ToString::to_string));
        let environment = [("TERM", "dumb"), ("NO_COLOR", "1"), ("LC_ALL", locale)];
        let terminal = Terminal::start(world.program(), &arguments, &environment)?;
        Ok(Self { terminal, drawn: 0, screens: Vec::new() })
    }

    /// Waits for words, and takes all that was shown up to the end of their line as one screen.
    fn screen(&mut self, until: &str) -> Result<()> {
        self.terminal.wait_for(until)?;
        let written = self.terminal.written();
        let fresh = written.get(self.drawn..).unwrap_or_default();
        let end = find(fresh, until.as_bytes()).context("what was waited for")? + until.len();
        let rest = fresh.get(end..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let text = String::from_utf8_lossy(fresh.get(..end + line).unwrap_or_default()).into_owned();
        self.drawn += end + line;
        self.screens.push(same_every_day(&text));
        Ok(())
    }

    fn types(&mut self, line: &str, until: &str) -> Result<()> {
        self.terminal.type_line(line)?;
        self.screen(until)
    }

    /// As [`types`](Self::types), of which the page shows nothing.
    fn unseen(&mut self, line: &str, until: &str) -> Result<()> {
        self.types(line, until)?;
        self.screens.pop();
        Ok(())
    }

    fn leave(mut self) -> Result<Vec<String>> {
        self.terminal.press(&[4])?;
        ensure!(self.terminal.wait()? == 0, "Ctrl-D leaves");
        Ok(self.screens)
    }
}

/// Without what changes from day to day: times, days, links; and where lines are broken because of them.
fn same_every_day(text: &str) -> String {
    let mut out = Vec::new();
    for line in text.replace('\r', "").replace("\n  ", " ").lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        // On the page the profile lies where it lies for most people, and no command names the place.
        if let Some(place) = words.iter().position(|word| word == "--home") {
            words.drain(place..words.len().min(place + 2));
        }
        for place in 0..words.len() {
            let half = words.get(place + 1).map(|next| next.trim_end_matches([',', '.', ':']).to_owned());
            let Some(word) = words.get_mut(place) else { continue };
            if word.starts_with("CAIRN:") {
                *word = "CAIRN:EXAMPLE".to_owned();
            }
            let digits = word.trim_end_matches([',', '.', ':']).to_owned();
            let time = digits.split_once(':').is_some_and(|(hour, minute)| {
                minute.len() == 2 && [hour, minute].iter().all(|part| part.parse::<u8>().is_ok())
            });
            if time {
                let named = half.is_some_and(|half| matches!(half.as_str(), "AM" | "PM"));
                *word = word.replace(&digits, if named { "2:02" } else { "14:02" });
            }
        }
        let line = words.join(" ").replace("2:02 AM", "2:02 PM");
        out.push(wrapped(dates(&line).trim_end()));
    }
    out.join("\n").trim_matches('\n').to_owned()
}

/// A paragraph as the program breaks it at an ordinary terminal.
fn wrapped(line: &str) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for (place, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        if place > 0 && column + 1 + length > COLUMNS {
            out += "\n  ";
            column = 2;
        } else if place > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out
}

/// A day that is named is always the same one.
fn dates(line: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Monday,", "Tuesday,", "Wednesday,", "Thursday,", "Friday,", "Saturday,", "Sunday,"];
    let words: Vec<&str> = line.split(' ').collect();
    let mut out: Vec<&str> = Vec::new();
    let mut after_month = false;
    for (place, word) in words.iter().enumerate() {
        let next_is_month = words.get(place + 1).is_some_and(|next| MONTHS.contains(next));
        out.push(match *word {
            day if after_month => {
                if day.ends_with(',') {
                    "14,"
                } else {
                    "14"
                }
            }
            word if MONTHS.contains(&word) => "March",
            word if DAYS.contains(&word) && next_is_month => "Sunday,",
            word => word,
        });
        after_month = MONTHS.contains(word);
    }
    out.join(" ")
}

/// The page's own screens, in order: what stands in its blocks of text.
fn shown(page: &str) -> Vec<String> {
    let blocks = page.split("\n```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| block.trim_end_matches('\n').to_owned()).collect()
}

/// Compares a page with what was drawn, or draws it.
fn compare(name: &str, drawn: &[String]) -> Result<()> {
    let path: PathBuf = project().join("docs/guide").join(name);
    let page = std::fs::read_to_string(&path)?;
    let before = shown(&page);
    ensure!(before.len() == drawn.len(), "{name} has {} screens, and the way has {}", before.len(), drawn.len());
    if std::env::var_os("CAIRN_DRAW").is_some() {
        let mut parts = page.split("\n```text\n");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (part, screen) in parts.zip(drawn) {
            let rest = part.split_once("```").map_or("", |(_, rest)| rest);
            out += &format!("\n```text\n{screen}\n```{rest}");
        }
        return Ok(std::fs::write(path, out)?);
    }
    for (number, (page, drawn)) in (1..).zip(before.iter().zip(drawn)) {
        assert_eq!(page, drawn, "{name}, screen {number}: CAIRN_DRAW=1 draws it anew");
    }
    Ok(())
}

/// The same conversation in the whole window.
fn whole_window(world: &World, client: &Client, tongue: &Tongue) -> Result<String> {
    let environment = [("TERM", "xterm-256color"), ("LC_ALL", tongue.locale)];
    let mut terminal = Terminal::start(world.program(), &client.opening_arguments(), &environment)?;
    terminal.sees(tongue.open)?;
    terminal.type_line(PASSPHRASE)?;
    terminal.sees(tongue.input)?;
    terminal.resize(60, 14)?;
    terminal.shows("the conversation at the new size", |screen| {
        screen.contains(tongue.answer) && screen.lines().last().is_some_and(|line| line.starts_with("F10"))
    })?;
    let screen = same_every_day(&terminal.screen());
    terminal.press(b"\x1b[21~")?;
    ensure!(terminal.wait()? == 0, "F10 leaves");
    Ok(screen)
}

fn patient(tongue: &Tongue) -> Result<()> {
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let relay = world.relay()?;
    let notice = world.folder().join("notice.toml");
    std::fs::write(&notice, tongue.center)?;
    relay.control(&["notice", "set", &notice.display().to_string()])?;
    let (robin, dana) = (world.client("robin"), world.client("dana"));
    robin.setup("Robin", relay.address())?.ended(0)?;
    let (_, link) = robin.invite("Dana")?;
    let mut way = Journey::start(&world, &dana, tongue.locale, &[])?;
    way.screen(tongue.invitation)?;
    way.types(&link, tongue.whole)?;
    let typed = way.screens.pop().unwrap_or_default();
    way.screen(tongue.notice)?;
    if let Some(notice) = way.screens.last_mut() {
        *notice = format!("{typed}\n\n{notice}");
    }
    way.screen(tongue.name)?;
    way.types("Dana", tongue.passphrase)?;
    if let (Some(second), Some(first)) = (way.screens.pop(), way.screens.last_mut()) {
        // The name stands below its question, the passphrase with what it opens.
        let (name, rest) = second.split_once('\n').context("the name and the next step")?;
        *first = format!("{first}\n{name}");
        way.screens.push(rest.trim_matches('\n').to_owned());
    }
    way.terminal.type_line(PASSPHRASE)?;
    way.terminal.wait_for(tongue.again)?;
    way.types(PASSPHRASE, tongue.begins)?;
    if let (Some(second), Some(first)) = (way.screens.pop(), way.screens.last_mut()) {
        *first = format!("{first}\n{second}");
    }
    way.types(tongue.says, tongue.sent)?;
    robin.inbox()?;
    robin.send_through("Dana", tongue.answer)?;
    way.screen(tongue.answer)?;
    way.types("?", tongue.number)?;
    way.unseen("1", tongue.writing)?;
    way.types("!", tongue.writing)?;
    let mut screens = way.leave()?;
    ensure!(screens.iter().any(|screen| screen.contains(tongue.choices)), "the choices are shown");
    screens.push(whole_window(&world, &dana, tongue)?);
    compare(tongue.page, &screens)
}

#[test]
fn the_patients_page_shows_what_a_patient_sees() -> Result<()> {
    patient(&ENGLISH)
}

#[test]
fn the_spanish_page_shows_what_a_patient_sees_in_spanish() -> Result<()> {
    patient(&SPANISH)
}

#[test]
fn the_specialists_page_shows_what_a_specialist_sees() -> Result<()> {
    let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
    let relay = world.relay()?;
    let (robin, dana) = (world.client("robin"), world.client("dana"));
    robin.setup("Robin", relay.address())?.ended(0)?;
    let mut way = Journey::start(&world, &robin, ENGLISH.locale, &["invite", "new", "--for", "Dana"])?;
    way.screen("Next:")?;
    let mut screens = way.screens;
    introduce(&robin, &world.client("kim"), "Kim", "Kim")?;
    introduce(&robin, &dana, "Dana", "Dana")?;
    dana.send_through("Robin", "Good morning, Robin.")?;
    robin.inbox()?;
    let mut way = Journey::start(&world, &robin, ENGLISH.locale, &[])?;
    way.screen(ENGLISH.number)?;
    way.types("1", ENGLISH.begins)?;
    way.unseen("?", ENGLISH.number)?;
    way.types("3", ENGLISH.number)?;
    way.types("2", "Press Enter to go back and write meanwhile.")?;
    way.unseen("", "You are writing to Dana.")?;
    way.unseen("?", ENGLISH.number)?;
    way.unseen("5", ENGLISH.number)?;
    way.types("6", ENGLISH.number)?;
    way.unseen("1", "You are writing to Dana.")?;
    screens.extend(way.leave()?);
    compare("specialist.md", &screens)
}

#[test]
fn days_times_and_links_are_the_same_on_every_day() {
    let one =
        same_every_day("CAIRN:127.0.0.1/ABC\r\nuntil Friday, May 7, 11:40 AM.\r\nDana, May 7, 2026, 9:01 PM: at 5\r\n");
    assert_eq!(one, "CAIRN:EXAMPLE\nuntil Sunday, March 14, 2:02 PM.\nDana, March 14, 2026, 2:02 PM: at 5");
    assert_eq!(same_every_day("Robin, 9:40: hola"), "Robin, 14:02: hola");
    let long = "It works once, until Wednesday, September 24, 11:40 AM. Give it only to the\r\n  one person, on paper.";
    let short = "It works once, until Friday, May 1, 1:40 AM. Give it only to the one person,\r\n  on paper.";
    assert_eq!(same_every_day(long), same_every_day(short));
}
