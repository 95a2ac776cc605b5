//! The demo: a relay, a specialist and a patient as real programs; what each of the three sees, side by side.
//!
//! In: the program that hands over, and a reader who may type. Out: text for somebody who knows nothing about it.
//! This file shows what the programs print, and nothing that it knows by other means.

pub mod columns;
mod holdings;
mod stop;

use crate::client::{Client, field};
use crate::process::PATIENCE;
use crate::relay::Relay;
use crate::terminal::find;
use crate::world::World;
use anyhow::{Context, Result, ensure};
use columns::{Column, LINE, side_by_side, wrap};
use std::io::{BufRead, Write};
use std::path::Path;

/// What Ana writes on her list for Dana; it never leaves her device.
const LABEL: &str = "Dana P.";

/// Words of this many letters don't come up by chance in some megabytes of noise.
const TELLING: usize = 5;

/// Shows the demo. With a guest, lets the guest write as Dana at the end.
///
/// # Errors
/// If a step fails. Nothing is left behind then either.
pub fn show(program: &Path, out: &mut impl Write, guest: Option<impl BufRead>) -> Result<()> {
    stop::listen()?;
    let mut stage = Stage { out };
    stage.introduction()?;
    let world = World::new(&program.to_string_lossy())?;
    stop::remove_when_interrupted(world.folder());
    let played = stage.play(&world, guest);
    if played.is_err() {
        stop::rest_if_interrupted();
    }
    drop(world);
    played?;
    stage.say("The programs have ended, and their folder is removed.")
}

struct Stage<'a, W: Write> {
    out: &'a mut W,
}

impl<W: Write> Stage<'_, W> {
    /// From the first step to the last; the programs have ended when it returns.
    fn play(&mut self, world: &World, guest: Option<impl BufRead>) -> Result<()> {
        let (relay, ana, dana) = self.meeting(world)?;
        self.conversation(&relay, &ana, &dana)?;
        guest.map_or(Ok(()), |guest| self.guest(guest, &relay, &ana, &dana))
    }

    /// A paragraph, at once on the screen.
    fn say(&mut self, text: &str) -> Result<()> {
        for line in wrap(text, LINE, "") {
            writeln!(self.out, "{line}")?;
        }
        writeln!(self.out)?;
        Ok(self.out.flush()?)
    }

    /// A step, and the command that does it.
    fn step(&mut self, number: u32, text: &str, command: &str) -> Result<()> {
        writeln!(self.out, "{number}. {text}")?;
        for line in wrap(command, LINE - 5, "  ") {
            writeln!(self.out, "     {line}")?;
        }
        Ok(self.out.flush()?)
    }

    fn introduction(&mut self) -> Result<()> {
        self.say("CAIRN, a demonstration")?;
        self.say(
            "Cairn carries private messages between a peer support specialist and a patient. A computer in between, \
             the relay, keeps each message in a closed envelope until it is fetched. The relay can't open envelopes, \
             and is not told who anybody is.",
        )?;
        self.say(
            "What follows are the real programs, on this computer only, in a folder that is removed at the end. \
             Stop at any time with Ctrl-C.",
        )
    }

    fn meeting(&mut self, world: &World) -> Result<(Relay, Client, Client)> {
        self.step(1, "A relay starts.", "cairn-relay serve --open")?;
        let relay = world.relay()?;
        let ana = world.client_with_passphrase("ana", "correct horse battery staple\n")?;
        let dana = world.client_with_passphrase("dana", "my own three quiet hills\n")?;
        self.step(2, "Ana, a specialist, makes a profile.", "cairn setup --name Ana --relay ADDRESS")?;
        ana.setup("Ana", relay.address())?.ended(0)?;
        self.step(3, "Ana makes an invitation. It works once.", &format!("cairn invite new --for \"{LABEL}\""))?;
        let (_, link) = ana.invite(LABEL)?;
        self.step(4, "Ana hands it to Dana, a patient, on paper. Dana uses it.", &format!("cairn join {link}"))?;
        dana.join(&link, "Dana")?.ended(0)?;
        Ok((relay, ana, dana))
    }

    fn conversation(&mut self, relay: &Relay, ana: &Client, dana: &Client) -> Result<()> {
        self.step(5, "They write to each other.", "cairn send Ana -m \"Hello Ana, …\"")?;
        dana.send_through("Ana", "Hello Ana, it's Dana. Is this only between us?")?;
        ana.inbox()?;
        ana.send_through(LABEL, "Yes. Only you and I can open what we write.")?;
        dana.inbox()?;
        self.step(
            6,
            "Dana's computer is switched off. Ana writes all the same.",
            "cairn send \"Dana P.\" -m \"No hurry …\"",
        )?;
        ana.send_through(LABEL, "No hurry with an answer. How was your week?")?;
        writeln!(self.out)?;
        self.say("WHILE DANA'S COMPUTER IS OFF: one envelope waits at the relay.")?;
        self.views(relay, ana, dana)?;
        self.legend()?;
        self.step(7, "Dana is back, reads and answers. Ana reads.", "cairn inbox")?;
        dana.inbox()?;
        dana.send_through("Ana", "Better than the last one. I went for a walk on Tuesday.")?;
        ana.inbox()?;
        writeln!(self.out)?;
        self.say("AFTER ALL IS READ: the relay has deleted what was fetched.")?;
        self.views(relay, ana, dana)?;
        self.search(relay, ana)
    }

    /// What each of the three has.
    fn views(&mut self, relay: &Relay, ana: &Client, dana: &Client) -> Result<()> {
        let columns = [
            Column { heading: "ANA SEES", paragraphs: seen(ana, LABEL)? },
            Column { heading: "DANA SEES", paragraphs: seen(dana, "Ana")? },
            Column { heading: "ALL THE RELAY HOLDS", paragraphs: holdings::in_words(&relay.dump()?) },
        ];
        for row in side_by_side(&columns) {
            writeln!(self.out, "{row}")?;
        }
        writeln!(self.out)?;
        Ok(self.out.flush()?)
    }

    /// What the relay's words mean.
    fn legend(&mut self) -> Result<()> {
        self.say(
            "A MAILBOX is a place where envelopes wait for one person: a random number, and keys that open the place and \
             not what lies in it. An ENVELOPE is what waits there, and its BODY 4,096 bytes that only the other person's \
             computer can open, whatever they say; the relay's own key beside it is there to be deleted with it. Where a BODY says noise, that has been done: nobody can open it, and the next one takes its place. A BUNDLE is an invitation; only the link on paper opens it. STORE is the relay itself. Days are \
             counted from 1970, and nothing finer is kept. Which mailboxes belong together is not written anywhere.",
        )
    }

    /// Looks for the conversation in every byte that the relay wrote.
    fn search(&mut self, relay: &Relay, ana: &Client) -> Result<()> {
        let history = ana.history(LABEL)?;
        let words: Vec<&str> = history
            .iter()
            .flat_map(|(_, text)| text.split(|letter: char| !letter.is_alphabetic()))
            .filter(|word| word.len() >= TELLING)
            .chain([LABEL])
            .collect();
        let files = relay.written()?;
        let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        for (path, bytes) in &files {
            for word in &words {
                ensure!(find(bytes, word.as_bytes()).is_none(), "{word:?} stands in the relay's {}", path.display());
            }
        }
        self.say(&format!(
            "The demo has looked through all {bytes} bytes in the {} files that the relay wrote, for Dana's name on \
             Ana's list and for each of the {} longer words of the conversation. None is there.",
            files.len(),
            words.len() - 1,
        ))
    }

    /// Lets the guest write as Dana.
    fn guest(&mut self, mut guest: impl BufRead, relay: &Relay, ana: &Client, dana: &Client) -> Result<()> {
        self.say("Now you are Dana. Type a message and press Enter. An empty line ends the demo.")?;
        let mut line = String::new();
        let mut typed = false;
        loop {
            write!(self.out, "Dana> ")?;
            self.out.flush()?;
            line.clear();
            stop::at_rest(|| guest.read_line(&mut line))?;
            let text = line.trim();
            if text.is_empty() {
                writeln!(self.out)?;
                break;
            }
            typed = true;
            dana.send_through("Ana", text)?;
            let answer = ana.run(&["inbox", "--wait", &PATIENCE.as_secs().to_string()])?.ended(0)?;
            for arrived in answer.of_type("message") {
                let text: String = field(arrived, "text")?.chars().filter(|letter| !letter.is_control()).collect();
                writeln!(self.out, "      Ana sees:  {}: {text}", field(arrived, "from")?)?;
            }
        }
        if typed { self.views(relay, ana, dana) } else { Ok(()) }
    }
}

/// A conversation as the program of one of the two shows it.
fn seen(client: &Client, other: &str) -> Result<Vec<String>> {
    let answer = client.run(&["history", other, "--last", "20"])?.ended(0)?;
    let line = |message: &&serde_json::Value| {
        let text: String = field(message, "text")?.chars().filter(|letter| !letter.is_control()).collect();
        Ok(match field(message, "direction")? {
            "out" => match message.get("state").and_then(serde_json::Value::as_str).context("a state")? {
                "sent" => format!("You: {text} [Sent]"),
                _ => format!("You: {text} [Not sent yet, safe here]"),
            },
            _ => format!("{other}: {text}"),
        })
    };
    answer.of_type("message").iter().map(line).collect()
}
