//! The file of the settings, `settings.toml` in the home, for its owner only.
//!
//! In: a home. Out: the settings; what can't be used is named and its default taken, so that a slip of the pen never keeps
//! anybody from their conversation. Lines that this program does not know stay as they are. It must never be half written.

use super::{Key, Settings};
use crate::home::{Home, no_follow};
use crate::language::settings as texts;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The file's name.
const NAME: &str = "settings.toml";

/// Bytes of the file that are read. Larger: a wrong file fills the memory. Smaller: somebody's own notes don't fit.
const LARGEST: u64 = 65_536;

/// What can't be used. The words themselves are not repeated: they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The file is no TOML, or can't be read.
    File(PathBuf),
    /// A setting's value is none of those that are allowed.
    Value(Key),
    /// It could not be written.
    Write(io::ErrorKind),
}

impl Refused {
    /// What can't be used, and what is allowed.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::File(file) => texts::file(file.display().to_string()),
            Self::Value(Key::Quiet) => texts::quiet(),
            Self::Value(key) => texts::value(key.name(), key.allowed().join(", ")),
            Self::Write(why) => texts::write(why.to_string()),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Read {
    /// The settings, with defaults for what could not be used.
    pub(crate) settings: Settings,
    /// What could not be used.
    pub(crate) refused: Vec<Refused>,
}

impl Read {
    /// What is to be said before anything else: what is not used, and that all goes on.
    pub(crate) fn set_aside(&self) -> Option<String> {
        if let Some(Refused::File(file)) = self.refused.first() {
            return Some(texts::set_aside(file.display().to_string()));
        }
        let keys = self.refused.iter().filter_map(|refused| match refused {
            Refused::Value(key) => Some(key.name()),
            Refused::File(_) | Refused::Write(_) => None,
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        if keys.is_empty() { None } else { Some(texts::set_aside_some(keys)) }
    }
}

fn file(home: &Home) -> PathBuf {
    home.directory().join(NAME)
}

/// The settings of a home. Without a file they are the defaults.
pub(crate) fn read(home: &Home) -> Read {
    match text(home) {
        Ok(text) => parse(&text).unwrap_or_else(|| unusable(home)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Read::default(),
        Err(_) => unusable(home),
    }
}

fn unusable(home: &Home) -> Read {
    Read { settings: Settings::default(), refused: vec![Refused::File(file(home))] }
}

fn text(home: &Home) -> io::Result<String> {
    let file = OpenOptions::new().read(true).custom_flags(no_follow()).open(file(home))?;
    let mut text = String::new();
    io::Read::take(file, LARGEST + 1).read_to_string(&mut text)?;
    // Its beginning alone, written back, would be all that is left of it.
    if text.len() as u64 > LARGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

fn parse(text: &str) -> Option<Read> {
    let table: toml::Table = text.parse().ok()?;
    let mut found = Read::default();
    for key in Key::ALL {
        let value = match table.get(key.name()) {
            None => continue,
            Some(toml::Value::String(text)) => text.clone(),
            Some(toml::Value::Integer(number)) => number.to_string(),
            Some(_) => String::new(),
        };
        if !key.set(&mut found.settings, &value) {
            found.refused.push(Refused::Value(key));
        }
    }
    Some(found)
}

/// Sets one of them, and gives all of them back.
pub(crate) fn change(home: &Home, key: Key, value: &str) -> Result<Settings, Refused> {
    let mut wished = Settings::default();
    if !key.set(&mut wished, value) {
        return Err(Refused::Value(key));
    }
    home.make().map_err(|_| Refused::Write(io::ErrorKind::PermissionDenied))?;
    // Another process may change one at this moment: both changes stay.
    let part = home.part(NAME).map_err(|error| Refused::Write(error.kind()))?;
    // In its one form: 07:00, however it was typed.
    let value = key.get(&wished);
    let before = match text(home) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(_) => return Err(Refused::File(file(home))),
    };
    let after = with(&before, key, &value);
    // A file of another shape, such as a value over several lines, is not guessed at.
    let found = parse(&before).and(parse(&after)).filter(|found| key.get(&found.settings) == value);
    let found = found.ok_or_else(|| Refused::File(file(home)))?;
    part.finish(after.as_bytes()).map_err(|error| Refused::Write(error.kind()))?;
    Ok(found.settings)
}

/// The same lines with this one instead of the one that set it, or before all others.
fn with(before: &str, key: Key, value: &str) -> String {
    let line = format!("{} = \"{value}\"", key.name());
    let sets = |line: &str| line.split_once('=').is_some_and(|(name, _)| name.trim() == key.name());
    // Below the first heading of a table, a name means something else.
    let top = before.lines().take_while(|line| !line.trim_start().starts_with('[')).count();
    let mut lines: Vec<&str> = before.lines().collect();
    match lines.iter_mut().take(top).find(|line| sets(line)) {
        Some(found) => *found = &line,
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::{Face, Pace};
    use super::*;
    use crate::language::Language;
    use std::os::unix::fs::PermissionsExt;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "config").unwrap();
        (folder, home)
    }

    #[test]
    fn a_setting_is_kept_for_its_owner_only_and_read_again() {
        let (_folder, home) = home();
        assert_eq!(read(&home), Read::default());
        let settings = change(&home, Key::Face, "plain").unwrap();
        assert_eq!(settings.face, Face::Plain);
        change(&home, Key::Language, "es").unwrap();
        assert_eq!(Key::Quiet.get(&change(&home, Key::Quiet, "22:00-7:00").unwrap()), "22:00-07:00");
        let settings = change(&home, Key::Face, "full").unwrap();
        assert_eq!((settings.face, settings.language), (Face::Full, Some(Language::Spanish)));
        assert_eq!(read(&home), Read { settings, refused: vec![] });
        assert_eq!(std::fs::metadata(file(&home)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(home.directory()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_kill_while_a_setting_is_kept_leaves_the_file_before_or_the_new_one_whole() {
        let (_folder, home) = home();
        change(&home, Key::Face, "plain").unwrap();
        let before = std::fs::read_to_string(file(&home)).unwrap();
        let mut open = std::fs::File::open(file(&home)).unwrap();
        std::fs::write(home.directory().join("settings.toml.part"), b"half").unwrap();
        change(&home, Key::Pace, "slow").unwrap();
        let mut seen = String::new();
        open.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, before, "the file that was there was not written into");
        assert_eq!(read(&home).settings.pace, Pace::Slow);
        std::fs::create_dir(home.directory().join("settings.toml.part")).unwrap();
        let refused = change(&home, Key::Face, "full").unwrap_err();
        assert!(matches!(refused, Refused::Write(_)) && refused.words().contains("can't be written"), "{refused:?}");
        assert_eq!(read(&home).settings.face, Face::Plain);
    }

    #[test]
    fn of_two_who_change_settings_at_one_moment_none_is_refused_and_no_change_is_lost() {
        let (_folder, home) = home();
        home.make().unwrap();
        let turns = 20;
        std::thread::scope(|scope| {
            for (key, values) in
                [(Key::Face, ["plain", "full"]), (Key::Pace, ["slow", "normal"]), (Key::Block, ["20", "60"])]
            {
                let home = &home;
                scope.spawn(move || {
                    for turn in 0..turns {
                        let value = values[turn % 2];
                        change(home, key, value).unwrap();
                        // Nobody else changes this one.
                        let found = read(home);
                        assert!(found.refused.is_empty());
                        assert_eq!(key.get(&found.settings), value, "turn {turn}");
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(home.directory()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn lines_that_are_not_known_stay_and_a_table_is_not_mistaken_for_a_setting() {
        let (_folder, home) = home();
        home.make().unwrap();
        let before = "# mine\nface = \"plain\"  # for the reader\nsize = 3\n\n[later]\npace = \"odd\"\n";
        std::fs::write(file(&home), before).unwrap();
        assert_eq!(read(&home).settings.face, Face::Plain);
        change(&home, Key::Pace, "slow").unwrap();
        change(&home, Key::Face, "full").unwrap();
        let after = std::fs::read_to_string(file(&home)).unwrap();
        assert_eq!(after, "pace = \"slow\"\n# mine\nface = \"full\"\nsize = 3\n\n[later]\npace = \"odd\"\n");
        assert_eq!(read(&home).settings.pace, Pace::Slow);
    }

    #[test]
    fn what_can_not_be_used_is_named_and_the_rest_counts() {
        let (_folder, home) = home();
        home.make().unwrap();
        std::fs::write(file(&home), "theme = \"purple\"\npace = \"slow\"\nblock = 20\nquiet = true\n").unwrap();
        let found = read(&home);
        assert_eq!((found.settings.pace, found.settings.block.words()), (Pace::Slow, 20));
        assert_eq!(found.refused, [Refused::Value(Key::Theme), Refused::Value(Key::Quiet)]);
        assert!(found.set_aside().is_some_and(|said| said.contains("theme, quiet")));
        assert!(change(&home, Key::Theme, "dark").is_ok(), "and can be mended");
    }

    #[test]
    fn a_file_that_is_something_else_is_not_written_over() {
        let (_folder, home) = home();
        home.make().unwrap();
        let within = "pace = '''\nface = \"full\"\n'''\n";
        for odd in ["face = ", "\"\"\"\nface = 1\n", "face = '''\npace = \"slow\"\n'''\n", within] {
            std::fs::write(file(&home), odd).unwrap();
            assert_eq!(change(&home, Key::Face, "plain"), Err(Refused::File(file(&home))), "{odd}");
            assert_eq!(std::fs::read_to_string(file(&home)).unwrap(), odd);
        }
        let long = "pace = \"slow\"\n".to_owned() + &"# mine\n".repeat(10_000);
        std::fs::write(file(&home), &long).unwrap();
        assert_eq!(change(&home, Key::Face, "plain"), Err(Refused::File(file(&home))));
        assert!(std::fs::read_to_string(file(&home)).unwrap() == long, "none of it is cut off");
        std::fs::remove_file(file(&home)).unwrap();
        std::os::unix::fs::symlink("/dev/null", file(&home)).unwrap();
        assert_eq!(read(&home).refused, [Refused::File(file(&home))]);
        assert!(change(&home, Key::Face, "plain").is_err());
        assert_eq!(change(&home, Key::Face, "round"), Err(Refused::Value(Key::Face)));
    }
}
