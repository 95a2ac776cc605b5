//! A computer that other people use too: what a visit leaves on it, however it ends. Real programs at real terminals, a real
//! relay; every file that the visitor's account can write to is looked at.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::process::until;
use e2e::programs::AS_CLIENT;
use e2e::relay::Relay;
use e2e::terminal::{Terminal, find};
use e2e::world::{DANA, World};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PASSPHRASE: &str = "lanternmarker quiet words";
const NAME: &str = "Quillfeather";
const WORDS: &str = "zephyrmarker wrote this";
const DRAFT: &str = "halfmarker thought";

/// What empties a screen and what has rolled off it.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

/// Keys of an ordinary terminal.
const F10: &[u8] = b"\x1b[21~";

/// Folders that the account of a visitor can write to, and nobody else here does.
const FOLDERS: [(&str, &str); 7] = [
    ("HOME", "home"),
    ("XDG_DATA_HOME", "home/.local/share"),
    ("XDG_CONFIG_HOME", "home/.config"),
    ("XDG_STATE_HOME", "home/.local/state"),
    ("XDG_CACHE_HOME", "home/.cache"),
    ("TMPDIR", "tmp"),
    ("XDG_RUNTIME_DIR", "runtime"),
];

/// A computer that other people use too.
struct Computer {
    world: World,
    relay: Relay,
    ana: Client,
    /// In memory, as a person's own folder there is.
    memory: TempDir,
}

/// Every file and folder with what is in it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Bytes of a file that is read. Larger: a stranger's file in memory fills this program's. Smaller: a visit's is not looked at.
const LARGEST: u64 = 64 * 1024 * 1024;

fn look(folder: &Path, found: &mut Files) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        // Of another test, and gone meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| folder.display().to_string())?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            found.insert(path.clone(), b"a folder".to_vec());
            look(&path, found)?;
        } else {
            // What is no plain file, such as a socket, has nothing to read; a disk's image is nobody's visit.
            let plain = path.metadata().is_ok_and(|is| is.is_file() && is.len() <= LARGEST);
            let bytes = if plain { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
            found.insert(path, bytes);
        }
    }
    Ok(())
}

impl Computer {
    fn new() -> Result<Self> {
        let world = World::new(env!("CARGO_BIN_EXE_demo"))?;
        let relay = world.relay()?;
        let ana = world.client("ana");
        ana.setup("Ana", relay.address())?.ended(0)?;
        let memory = tempfile::Builder::new().prefix("visit-").tempdir_in("/dev/shm")?;
        let computer = Self { world, relay, ana, memory };
        for (variable, _) in FOLDERS {
            let folder = computer.folder(variable);
            std::fs::create_dir_all(&folder)?;
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        }
        // Somebody lives here already.
        std::fs::write(computer.folder("HOME").join("letter.txt"), "not ours")?;
        Ok(computer)
    }

    fn folder(&self, variable: &str) -> PathBuf {
        let name = FOLDERS.iter().find(|(name, _)| *name == variable).map_or("", |(_, folder)| folder);
        if name == "runtime" { self.memory.path().join(name) } else { self.world.folder().join("visitor").join(name) }
    }

    /// All that the visitor's account can write to.
    fn files(&self) -> Result<Files> {
        let mut found = Files::new();
        look(&self.world.folder().join("visitor"), &mut found)?;
        look(self.memory.path(), &mut found)?;
        Ok(found)
    }

    fn start(&self, words: &[&str]) -> Result<Terminal> {
        self.start_in("C", words)
    }

    fn start_in(&self, language: &str, words: &[&str]) -> Result<Terminal> {
        let mut arguments = vec![AS_CLIENT.to_owned()];
        arguments.extend(words.iter().map(ToString::to_string));
        let folders: Vec<_> =
            FOLDERS.iter().map(|(name, _)| (*name, self.folder(name).display().to_string())).collect();
        let mut environment = vec![("TERM", "xterm-256color"), ("LC_ALL", language)];
        environment.extend(folders.iter().map(|(name, folder)| (*name, folder.as_str())));
        Terminal::start(self.world.program(), &arguments, &environment)
    }

    /// A visit up to a message that was sent and a line that was half typed.
    fn visit(&self, face: Face) -> Result<Terminal> {
        let mut terminal = self.start(face.words())?;
        terminal.sees("Nothing of this visit stays")?;
        self.first_run(&mut terminal)?;
        terminal.type_line(WORDS)?;
        terminal.shows("that it was sent", |screen| {
            screen.contains("Sent.")
                || screen.contains(&format!(": {WORDS}")) && !screen.contains("not sent yet, safe here)")
        })?;
        terminal.press(DRAFT.as_bytes())?;
        terminal.sees(DRAFT)?;
        Ok(terminal)
    }

    fn first_run(&self, terminal: &mut Terminal) -> Result<()> {
        terminal.sees("Step 1 of 3")?;
        let (_, link) = self.ana.invite(DANA)?;
        terminal.type_line(&link)?;
        terminal.sees("Step 2 of 3")?;
        terminal.type_line(NAME)?;
        terminal.sees("Step 3 of 3")?;
        terminal.sees("for this visit only")?;
        terminal.type_line(PASSPHRASE)?;
        terminal.sees("The same again:")?;
        terminal.type_line(PASSPHRASE)?;
        terminal.shows("the conversation", |screen| screen.contains("To Ana:") || screen.contains("Type to Ana"))
    }

    /// Nothing is there that was not there before, neither on a disk nor in memory.
    fn is_as_before(&self, before: &Files, how: &str) -> Result<()> {
        let now = self.files()?;
        let more: Vec<_> =
            now.iter().filter(|(path, bytes)| before.get(*path) != Some(*bytes)).map(|(path, _)| path).collect();
        ensure!(more.is_empty() && now.len() == before.len(), "{how}: {more:?}");
        let mut memory = Files::new();
        look(Path::new("/dev/shm"), &mut memory)?;
        // What another test carries: a first run on a stick keeps its answers there, as any other does.
        memory.retain(|path, _| !path.to_string_lossy().starts_with("/dev/shm/stick-"));
        let mut counts = BTreeMap::new();
        for marker in [NAME, "zephyrmarker", "halfmarker", "lanternmarker"] {
            let held = |(path, bytes): (&PathBuf, &Vec<u8>)| {
                path.to_string_lossy().contains(marker) || find(bytes, marker.as_bytes()).is_some()
            };
            counts.insert(
                marker,
                now.iter().filter(|entry| held(*entry)).count() + memory.iter().filter(|entry| held(*entry)).count(),
            );
        }
        ensure!(counts.values().all(|count| *count == 0), "{how}: {counts:?}");
        Ok(())
    }

    /// The folder in memory, while somebody is there.
    fn folder_in_memory(&self) -> Result<PathBuf> {
        let mut all = std::fs::read_dir(self.folder("XDG_RUNTIME_DIR"))?;
        let folder = all.next().context("a folder in memory")??.path();
        ensure!(all.next().is_none(), "one folder only");
        Ok(folder)
    }
}

/// How the conversation looks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Face {
    Plain,
    Full,
}

impl Face {
    const BOTH: [Self; 2] = [Self::Plain, Self::Full];

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["--plain", "--shared-computer"],
            Self::Full => &["--shared-computer"],
        }
    }
}

fn signal(id: u32, signal: Signal) -> Result<()> {
    let id = Pid::from_raw(i32::try_from(id)?).context("an identifier")?;
    Ok(kill_process(id, signal)?)
}

/// Nothing of the visit stands on the screen, nor in what has rolled off it.
fn left_empty(terminal: &Terminal, how: &str) -> Result<()> {
    let (screen, written) = (terminal.screen(), terminal.written());
    ensure!(screen.trim().is_empty(), "{how}: on the screen: {screen}");
    let emptied = written.windows(CLEAR.len()).rposition(|bytes| bytes == CLEAR).context("it was emptied")?;
    for marker in [NAME, "zephyrmarker", "halfmarker", "Ana", "CAIRN:", "Step"] {
        let last = written.windows(marker.len()).rposition(|bytes| bytes == marker.as_bytes());
        ensure!(last.is_none_or(|last| last < emptied), "{how}: {marker} was written after it");
    }
    Ok(())
}

#[test]
fn whatever_ends_a_visit_leaves_no_file_no_word_and_an_empty_screen() -> Result<()> {
    type End = (&'static str, fn(&mut Terminal) -> Result<()>, u32);
    let ends: [End; 5] = [
        ("Ctrl-C", |terminal| signal(terminal.id()?, Signal::INT), 130),
        ("SIGTERM", |terminal| signal(terminal.id()?, Signal::TERM), 130),
        ("SIGHUP", |terminal| signal(terminal.id()?, Signal::HUP), 130),
        ("SIGQUIT", |terminal| signal(terminal.id()?, Signal::QUIT), 130),
        ("the end of input", |terminal| terminal.press(&[0x15, 4]), 0),
    ];
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        // What the faces have in common is tried in one of them.
        let common = ["Ctrl-C", "SIGQUIT"];
        for (name, end, code) in ends.into_iter().filter(|(name, ..)| face == Face::Plain || !common.contains(name)) {
            let how = format!("{face:?}, {name}");
            let mut terminal = computer.visit(face)?;
            ensure!(computer.folder_in_memory()?.join("vault.db").exists(), "{how}: this test looks where it lies");
            end(&mut terminal)?;
            if face == Face::Full && name == "the end of input" {
                // There the key asks first; pressed again, it leaves.
                terminal.sees("Leave, and remove everything here")?;
                terminal.press(F10)?;
            }
            let ended = terminal.wait()?;
            computer.is_as_before(&before, &how)?;
            // The full screen takes the end of its terminal for leaving.
            ensure!(ended == code || name == "SIGHUP" && ended == 0, "{how}: {ended}");
            left_empty(&terminal, &how)?;
        }
    }
    Ok(())
}

#[test]
fn a_window_that_is_closed_leaves_nothing() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        let mut terminal = computer.visit(face)?;
        computer.folder_in_memory()?;
        terminal.hang_up()?;
        computer.is_as_before(&before, &format!("{face:?}"))?;
    }
    Ok(())
}

#[test]
fn leaving_is_asked_says_what_ends_and_the_other_side_sees_that_its_words_are_not_taken() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        let mut terminal = computer.visit(face)?;
        computer.ana.inbox()?;
        terminal.press(&[0x15])?;
        match face {
            Face::Plain => {
                terminal.type_line("?")?;
                terminal.sees("7  Quit")?;
                terminal.type_line("7")?;
            }
            Face::Full => terminal.press(F10)?,
        }
        terminal.sees("ends for good")?;
        terminal.sees("2  Leave, and remove everything here")?;
        terminal.type_line("2")?;
        assert_eq!(terminal.wait()?, 0);
        computer.is_as_before(&before, &format!("{face:?}"))?;
        left_empty(&terminal, &format!("{face:?}"))?;
        let refused = computer.ana.run(&["send", DANA, "-m", "are you there?"])?;
        ensure!(refused.code == 7, "{:?}", refused.raw);
        computer.ana.run(&["contact", "remove", DANA, "--yes"])?.ended(0)?;
    }
    Ok(())
}

#[test]
fn without_the_relay_it_is_said_that_it_does_not_know_and_one_may_leave_all_the_same() -> Result<()> {
    let mut computer = Computer::new()?;
    let before = computer.files()?;
    let mut terminal = computer.visit(Face::Plain)?;
    computer.relay.stop()?;
    terminal.press(&[0x15])?;
    terminal.type_line("one more word")?;
    terminal.sees("Not sent yet")?;
    terminal.type_line("?")?;
    terminal.sees("7  Quit")?;
    terminal.type_line("7")?;
    terminal.sees("One message is not sent yet. It would be lost.")?;
    terminal.type_line("2")?;
    terminal.sees("does not know that you leave")?;
    terminal.type_line("2")?;
    assert_eq!(terminal.wait()?, 0);
    computer.is_as_before(&before, "without the relay")?;
    left_empty(&terminal, "without the relay")
}

#[test]
fn a_visit_that_ends_before_there_is_a_profile_or_with_a_fault_leaves_nothing() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        let (_, link) = computer.ana.invite(DANA)?;
        let mut words = face.words().to_vec();
        words.extend(["--passphrase-file", "/nowhere/at/all"]);
        let mut terminal = computer.start(&words)?;
        terminal.sees("Step 1 of 3")?;
        terminal.type_line(&link)?;
        terminal.sees("Step 2 of 3")?;
        let files = computer.files()?;
        ensure!(!files.values().any(|bytes| find(bytes, b"CAIRN:").is_some()), "the invitation waits in no file");
        terminal.type_line(NAME)?;
        assert_eq!(terminal.wait()?, 2);
        computer.is_as_before(&before, &format!("{face:?}"))?;
        ensure!(!terminal.screen().contains(NAME) && terminal.screen().contains("passphrase file"));
    }
    Ok(())
}

#[test]
fn a_visit_that_is_ended_while_a_passphrase_is_typed_leaves_nothing() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for (name, how) in [("Ctrl-C", None), ("SIGTERM", Some(Signal::TERM)), ("SIGHUP", Some(Signal::HUP))] {
        let mut terminal = computer.start(Face::Plain.words())?;
        terminal.sees("Step 1 of 3")?;
        let (_, link) = computer.ana.invite(DANA)?;
        terminal.type_line(&link)?;
        terminal.sees("Step 2 of 3")?;
        terminal.type_line(NAME)?;
        terminal.wait_for("Passphrase:")?;
        computer.folder_in_memory()?;
        terminal.press(b"lanternmarker")?;
        match how {
            None => terminal.press(&[3])?,
            Some(how) => signal(terminal.id()?, how)?,
        }
        assert_eq!(terminal.wait()?, 130, "{name}");
        // Nothing but the second process is left to take it away where the first could not wait.
        until("it is as before", || Ok(computer.is_as_before(&before, name).is_ok()))?;
        left_empty(&terminal, name)?;
    }
    Ok(())
}

#[test]
fn after_a_kill_a_second_process_takes_it_away() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        let mut terminal = computer.visit(face)?;
        let (folder, second) = (computer.folder_in_memory()?, terminal.child_id()?);
        terminal.kill()?;
        until("the folder is gone", || Ok(!folder.exists()))?;
        computer.is_as_before(&before, &format!("{face:?}"))?;
        until("the second process is gone", || Ok(!is_alive(second)))?;
    }
    Ok(())
}

/// Whether a process runs: one that has ended and waits to be counted does not.
fn is_alive(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[test]
fn what_both_left_is_taken_away_by_the_next_start_and_told_to_a_visitor_only() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    let cut_off = || -> Result<PathBuf> {
        let mut terminal = computer.visit(Face::Plain)?;
        let folder = computer.folder_in_memory()?;
        signal(terminal.child_id()?, Signal::KILL)?;
        terminal.kill()?;
        ensure!(folder.join("vault.db").exists(), "nobody was there to take it away");
        let mut left = Files::new();
        look(&folder, &mut left)?;
        for marker in [NAME, "zephyrmarker", "halfmarker", "CAIRN:"] {
            ensure!(!left.values().any(|bytes| find(bytes, marker.as_bytes()).is_some()), "{marker} can be read there");
        }
        Ok(folder)
    };
    let folder = cut_off()?;
    let mut here = computer.start(Face::Plain.words())?;
    here.sees("Nothing of this visit stays")?;
    here.sees("What an earlier visit had left here was removed.")?;
    ensure!(!folder.exists());
    // One that runs is left alone.
    let mut other = computer.start(Face::Plain.words())?;
    other.sees("Step 1 of 3")?;
    ensure!(!other.screen().contains("earlier visit"), "{}", other.screen());
    for terminal in [&mut here, &mut other] {
        terminal.press(&[4])?;
        assert_eq!(terminal.wait()?, 0);
    }
    computer.is_as_before(&before, "swept")?;
    let folder = cut_off()?;
    let mut usual = computer.start(&["--plain"])?;
    usual.sees("Step 1 of 3")?;
    ensure!(!usual.screen().contains("visit"), "{}", usual.screen());
    ensure!(!folder.exists());
    usual.press(&[4])?;
    usual.wait()?;
    computer.is_as_before(&before, "swept by a usual start")
}

#[test]
fn a_first_run_can_be_made_a_visit_by_a_choice_and_what_it_had_kept_goes() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    let kept = computer.folder("XDG_DATA_HOME").join("cairn");
    for face in [&["--plain"][..], &[]] {
        let mut terminal = computer.start(face)?;
        terminal.sees("Shared computer? Type ?")?;
        let (_, link) = computer.ana.invite(DANA)?;
        terminal.type_line(&link)?;
        terminal.sees("Step 2 of 3")?;
        ensure!(kept.join("begun").exists(), "a usual first run keeps its answers");
        terminal.type_line("?")?;
        terminal.sees("5  Others use this computer")?;
        terminal.type_line("5")?;
        terminal.sees("2  Leave nothing here")?;
        terminal.type_line("2")?;
        terminal.sees("Welcome back.")?;
        until("what was kept is gone", || Ok(!kept.exists()))?;
        terminal.type_line(NAME)?;
        terminal.sees("for this visit only")?;
        terminal.type_line(PASSPHRASE)?;
        terminal.sees("The same again:")?;
        terminal.type_line(PASSPHRASE)?;
        terminal.shows("the conversation", |screen| screen.contains("To Ana:") || screen.contains("Type to Ana"))?;
        computer.folder_in_memory()?;
        signal(terminal.id()?, Signal::TERM)?;
        assert_eq!(terminal.wait()?, 130);
        computer.is_as_before(&before, &format!("{face:?}"))?;
        left_empty(&terminal, &format!("{face:?}"))?;
    }
    Ok(())
}

#[test]
fn a_profile_that_is_carried_stays_with_its_person_and_nothing_with_the_computer() -> Result<()> {
    let computer = Computer::new()?;
    // Another disk than the computer's own.
    let stick = tempfile::Builder::new().prefix("stick-").tempdir_in("/dev/shm")?;
    let folder = stick.path().join("cairn");
    let path = folder.to_str().context("a path")?;
    let before = computer.files()?;
    let mut terminal = computer.start(&["--plain", "--shared-computer", "--home", path])?;
    terminal.sees("Your profile lies in")?;
    let (_, link) = computer.ana.invite(DANA)?;
    terminal.type_line(&link)?;
    terminal.sees("Step 2 of 3")?;
    terminal.type_line(NAME)?;
    terminal.sees("wherever you carry them")?;
    for question in ["Passphrase:", "again:"] {
        terminal.wait_for(question)?;
        terminal.type_line(PASSPHRASE)?;
    }
    terminal.sees("Type to Ana")?;
    terminal.type_line(WORDS)?;
    terminal.sees("Sent.")?;
    terminal.type_line("?")?;
    terminal.sees("7  Quit")?;
    terminal.type_line("7")?;
    assert_eq!(terminal.wait()?, 0, "nothing ends, so nothing is asked");
    computer.is_as_before(&before, "carried")?;
    left_empty(&terminal, "carried")?;
    ensure!(folder.join("vault.db").exists());
    // Another day, another computer.
    let mut terminal = computer.start(&["--plain", "--shared-computer", "--home", path])?;
    terminal.wait_for("Your passphrase (stays hidden):")?;
    terminal.type_line(PASSPHRASE)?;
    terminal.sees(WORDS)?;
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    computer.is_as_before(&before, "carried, again")?;
    left_empty(&terminal, "carried, again")
}

#[test]
fn a_visit_can_be_hidden_by_a_key_or_from_another_terminal_and_goes_on_with_its_passphrase() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for face in Face::BOTH {
        let mut terminal = computer.visit(face)?;
        terminal.press(&[0x1a])?;
        // By the key, then from another terminal.
        for again in [true, false] {
            let asks = "Your passphrase (stays hidden):";
            match face {
                // What was asked before still stands on its page.
                Face::Plain => terminal.wait_for(asks)?,
                Face::Full => terminal.sees(asks)?,
            }
            let screen = terminal.screen();
            ensure!(!screen.contains("zephyrmarker") && !screen.contains("halfmarker"), "{face:?}: {screen}");
            // No number of slips ends what can't be opened again.
            for slip in 0..4 * usize::from(again && face == Face::Plain) {
                terminal.type_line(&format!("slip {slip}"))?;
                terminal.wait_for(asks)?;
            }
            terminal.type_line(PASSPHRASE)?;
            terminal.sees(WORDS)?;
            terminal.sees(DRAFT)?;
            if again {
                let mut other = computer.start(&["lock"])?;
                assert_eq!(other.wait()?, 0);
            }
        }
        signal(terminal.id()?, Signal::TERM)?;
        assert_eq!(terminal.wait()?, 130);
        computer.is_as_before(&before, &format!("{face:?}"))?;
        left_empty(&terminal, &format!("{face:?}"))?;
    }
    Ok(())
}

#[test]
fn a_visit_speaks_spanish_without_a_file_that_says_so() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    let mut terminal = computer.start_in("es_ES.UTF-8", Face::Plain.words())?;
    terminal.sees("Nada de esta visita queda en esta computadora")?;
    terminal.press(&[4])?;
    assert_eq!(terminal.wait()?, 0);
    let mut terminal = computer.start_in("es_ES.UTF-8", &["--shared-computer", "status"])?;
    assert_eq!(terminal.wait()?, 2);
    ensure!(terminal.screen().contains("para la conversación"), "{}", terminal.screen());
    computer.is_as_before(&before, "in Spanish")
}

#[test]
fn a_folder_on_the_computers_own_disk_is_refused_and_so_is_a_command() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    let own = computer.folder("HOME").join("cairn");
    for words in [
        &["--plain", "--shared-computer", "--home", own.to_str().context("a path")?][..],
        &["--shared-computer", "status"],
    ] {
        let mut terminal = computer.start(words)?;
        assert_eq!(terminal.wait()?, 2, "{}", terminal.screen());
        computer.is_as_before(&before, "refused")?;
    }
    Ok(())
}

#[test]
fn a_whole_profile_is_removed_by_choice_after_everybodys_way_is_closed() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    for words in [&["--plain"][..], &[]] {
        let mut terminal = computer.start(words)?;
        terminal.sees("Step 1 of 3")?;
        let (_, link) = computer.ana.invite(DANA)?;
        for (question, answer) in [
            ("Step 1 of 3", link.as_str()),
            ("Step 2 of 3", NAME),
            ("Step 3 of 3", PASSPHRASE),
            ("The same again:", PASSPHRASE),
        ] {
            terminal.sees(question)?;
            terminal.type_line(answer)?;
        }
        terminal.shows("the conversation", |screen| screen.contains("To Ana:") || screen.contains("Type to Ana"))?;
        computer.ana.inbox()?;
        terminal.type_line("?")?;
        terminal.sees("3  About Ana")?;
        terminal.type_line("3")?;
        terminal.sees("3  How long it is kept")?;
        terminal.type_line("3")?;
        terminal.sees("4  Remove everything from this computer")?;
        terminal.type_line("4")?;
        terminal.sees("2  Remove everything from this computer")?;
        terminal.type_line("2")?;
        assert_eq!(terminal.wait()?, 0);
        computer.is_as_before(&before, &format!("{words:?}"))?;
        let screen = terminal.screen();
        ensure!(screen.starts_with("Everything of this profile is removed") && !screen.contains("Ana"), "{screen}");
        let refused = computer.ana.run(&["send", DANA, "-m", "are you there?"])?;
        ensure!(refused.code == 7, "{:?}", refused.raw);
        computer.ana.run(&["contact", "remove", DANA, "--yes"])?.ended(0)?;
    }
    Ok(())
}

#[test]
fn a_whole_profile_is_removed_by_command_after_a_question_and_an_open_conversation_is_hidden_first() -> Result<()> {
    let computer = Computer::new()?;
    let before = computer.files()?;
    let home = computer.folder("XDG_DATA_HOME").join("cairn");
    let path = home.to_str().context("a path")?.to_owned();
    let open = |computer: &Computer| -> Result<Terminal> {
        let mut terminal = computer.start(&["--plain"])?;
        terminal.wait_for("Step 1 of 3")?;
        let (_, link) = computer.ana.invite(DANA)?;
        terminal.type_line(&link)?;
        terminal.wait_for("Step 2 of 3")?;
        terminal.type_line(NAME)?;
        for question in ["Passphrase:", "again:"] {
            terminal.wait_for(question)?;
            terminal.type_line(PASSPHRASE)?;
        }
        terminal.wait_for("Type to Ana")?;
        Ok(terminal)
    };
    let mut conversation = open(&computer)?;
    let mut asked = computer.start(&["profile", "remove"])?;
    asked.wait_for("To remove it all, type remove.")?;
    asked.type_line("no")?;
    asked.wait_for("Nothing was changed.")?;
    assert_eq!(asked.wait()?, 0);
    let client = Client::new(computer.world.program(), &home);
    client.run(&["profile", "remove"])?.ended(2)?;
    ensure!(home.join("vault.db").exists());
    let mut meant = computer.start(&["profile", "remove"])?;
    meant.wait_for("To remove it all, type remove.")?;
    meant.type_line("Remove")?;
    meant.wait_for("is removed from this computer")?;
    assert_eq!(meant.wait()?, 0);
    conversation.wait_for("Locked.")?;
    computer.is_as_before(&before, "removed")?;
    conversation.press(&[3])?;
    assert_eq!(conversation.wait()?, 130);
    computer.is_as_before(&before, "removed, and the other program ended")?;

    open(&computer)?.kill()?;
    let answer = client.run(&["profile", "remove", "--yes"])?.ended(0)?;
    let removed = answer.only("profile_removed")?;
    ensure!(removed["home"] == path.as_str() && removed["folder"] == true, "{removed}");
    computer.is_as_before(&before, "removed after a kill")?;
    client.run(&["profile", "remove", "--yes"])?.ended(3)?;
    Ok(())
}
