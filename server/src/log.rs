//! What the relay says while it runs: one JSON object a line, to standard error or to a file a day.
//!
//! In: events of this program. Out: their sentences, with a level and a time to the minute. This file must never learn an
//! identifier or an address: it writes the sentence of an event and none of its other fields, and nothing of what
//! libraries say.

use crate::calendar;
use crate::date;
use crate::folder;
use crate::line::Line;
use crate::store::Day;
use std::fmt::{self, Write as _};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Days of logs that are kept, today among them. Larger: more lies about. Smaller: gone before somebody who comes once a
/// week has looked.
pub const KEPT_DAYS: Day = 7;

/// How the names of log files begin and end; the date stands between.
const NAME: (&str, &str) = ("relay-", ".log");

static WARNINGS: AtomicU64 = AtomicU64::new(0);
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// The fields of a line, each with what it is.
pub const FIELDS: &[(&str, &str)] = &[
    ("v", "the version of the line's form"),
    ("type", "always `log`"),
    ("time", "when it was written, to the minute, in UTC"),
    ("level", "how grave it is: `info`, `warn` or `error`"),
    (
        "text",
        "a sentence about the relay itself: its start and stop, its disk, its clock, its limits. Never about a person, a mailbox or a connection",
    ),
];

/// How many warnings and errors were written since the start.
#[must_use]
pub fn counts() -> (u64, u64) {
    (WARNINGS.load(Ordering::Relaxed), ERRORS.load(Ordering::Relaxed))
}

/// Where the lines go.
#[derive(Debug, Clone)]
pub struct Log(Arc<Sink>);

#[derive(Debug)]
enum Sink {
    /// Standard error; under systemd with the level that the journal reads.
    Standard { journal: bool },
    /// A file a day.
    Daily(Mutex<Daily>),
}

#[derive(Debug)]
struct Daily {
    folder: PathBuf,
    open: Option<(Day, File)>,
}

impl Log {
    /// Starts to write: into this folder, which is made if it is not there, or to standard error.
    ///
    /// # Errors
    /// An error of the folder.
    pub fn start(folder: Option<&Path>) -> io::Result<Self> {
        let sink = match folder {
            None => Sink::Standard { journal: std::env::var_os("JOURNAL_STREAM").is_some() },
            Some(folder) => {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
                let mut daily = Daily { folder: fs::canonicalize(folder)?, open: None };
                daily.file(calendar::clock_day())?;
                Sink::Daily(Mutex::new(daily))
            }
        };
        let log = Self(Arc::new(sink));
        // A second start in one process goes on with the first one's log.
        let _ = tracing::subscriber::set_global_default(Registry::default().with(log.clone()));
        // What a panic says may hold anything; where it happened holds nothing.
        std::panic::set_hook(Box::new(|broken| {
            let place = broken.location().map_or_else(String::new, ToString::to_string);
            tracing::error!("a part of the program broke, at {place}");
        }));
        Ok(log)
    }

    /// Deletes files that are older than stated, also when nothing is written.
    pub fn tidy(&self) {
        if let Sink::Daily(daily) = &*self.0 {
            daily.lock().unwrap_or_else(PoisonError::into_inner).tidy(calendar::clock_day());
        }
    }

    fn write(&self, level: Level, text: &str) {
        let seconds = calendar::clock_seconds();
        let line = line(seconds, level, text);
        match &*self.0 {
            Sink::Standard { journal } => {
                let grade = if *journal { grade(level) } else { "" };
                // Nobody is left to tell if this fails.
                let _ = writeln!(io::stderr(), "{grade}{line}");
            }
            Sink::Daily(daily) => {
                let mut daily = daily.lock().unwrap_or_else(PoisonError::into_inner);
                let today = Day::try_from(seconds / 86_400).unwrap_or(Day::MAX);
                if daily.file(today).and_then(|mut file| writeln!(file, "{line}")).is_err() {
                    let _ = writeln!(io::stderr(), "{line}");
                }
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        if level > Level::INFO || !target.starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        match level {
            Level::ERROR => ERRORS.fetch_add(1, Ordering::Relaxed),
            Level::WARN => WARNINGS.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        let mut sentence = Sentence(String::new());
        event.record(&mut sentence);
        self.write(level, &sentence.0);
    }
}

/// The sentence of an event, and none of its other fields.
struct Sentence(String);

impl Visit for Sentence {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string doesn't fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

impl Daily {
    /// The file of this day; the first call of a day opens it and deletes what is too old.
    fn file(&mut self, today: Day) -> io::Result<&File> {
        if self.open.as_ref().is_none_or(|(day, _)| *day != today) {
            let name = format!("{}{}{}", NAME.0, date::text(today), NAME.1);
            let mut options = OpenOptions::new();
            let file = options.append(true).create(true).mode(0o600).open(self.folder.join(name))?;
            self.tidy(today);
            self.open = Some((today, file));
        }
        self.open.as_ref().map(|(_, file)| file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A file that can't be deleted now is tried again with the next one.
    fn tidy(&self, today: Day) {
        let first = date::text((today + 1).saturating_sub(KEPT_DAYS));
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let date = name.to_str().and_then(|name| name.strip_prefix(NAME.0)?.strip_suffix(NAME.1));
            if date.is_some_and(|date| date < first.as_str()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = folder::flush(&self.folder);
    }
}

fn line(seconds: u64, level: Level, text: &str) -> Line {
    let day = Day::try_from(seconds / 86_400).unwrap_or(Day::MAX);
    let minutes = seconds % 86_400 / 60;
    let time = format!("{}T{:02}:{:02}Z", date::text(day), minutes / 60, minutes % 60);
    Line::new("log").with("time", time).with("level", level.as_str().to_lowercase()).with("text", text)
}

/// As sd-daemon(3) has it: the journal takes the level from the line's beginning.
fn grade(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        _ => "<6>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_stated_fields_and_a_time_to_the_minute() {
        let line = line(1_795_320_719, Level::WARN, "the disk is \"full\"");
        let text = r#"{"v":1,"type":"log","time":"2026-11-22T04:11Z","level":"warn","text":"the disk is \"full\""}"#;
        assert_eq!(line.to_string(), text);
        let value: serde_json::Value = serde_json::from_str(&line.to_string()).unwrap();
        let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let mut stated: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        stated.sort_unstable();
        assert_eq!(names, stated);
    }

    #[test]
    fn only_the_sentence_of_an_event_of_this_program_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let daily = Daily { folder: folder.path().to_owned(), open: None };
        let log = Log(Arc::new(Sink::Daily(Mutex::new(daily))));
        tracing::subscriber::with_default(Registry::default().with(log), || {
            tracing::warn!(mailbox = "LEAK", address = ?"LEAK", "a plain sentence");
            tracing::debug!("LEAK");
            tracing::error!(target: "some_library", "LEAK");
        });
        let entry = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        assert!(text.contains("a plain sentence") && !text.contains("LEAK") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn seven_days_are_kept_and_nothing_but_logs_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut daily = Daily { folder: folder.path().to_owned(), open: None };
        fs::write(folder.path().join("relay-notes.txt"), "mine").unwrap();
        for day in 20_000..20_030 {
            writeln!(daily.file(day).unwrap(), "x").unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let kept: Vec<_> = (20_023..20_030).map(|day| format!("relay-{}.log", date::text(day))).collect();
        assert_eq!(names, [kept, vec!["relay-notes.txt".to_owned()]].concat());
        daily.tidy(20_036);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "also when nothing is written");
    }
}
