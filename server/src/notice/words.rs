//! The file in which an operator writes the notice.
//!
//! In: TOML. Out: a notice, or every fault in it with its line and what to do. This file must never learn the key.

use crate::config::{keys, meant};
use crate::date;
use crate::store::Day;
use cairn_protocol::limits::{CARD_LINE, NOTICE_LINE, NOTICE_LINES};
use cairn_protocol::notice::{LineError, Notice, check_line};
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use toml::Spanned;
use toml::Value;
use toml::de::DeTable;

/// Bytes of a file, at most. Larger: a wrong file fills the memory. Smaller: long comments don't fit.
const LARGEST: u64 = 65_536;

/// What is wrong with a file: a sentence for each fault.
#[derive(Debug, thiserror::Error)]
#[error("{path} was not taken; nothing was changed.\n{}", .faults.join("\n"))]
pub struct WordsError {
    /// The file.
    pub path: String,
    /// What is wrong, each with its line.
    pub faults: Vec<String>,
}

type Lines = Spanned<Vec<Spanned<String>>>;

/// The keys of the file; others are refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    center: Option<Spanned<String>>,
    valid_until: Option<Spanned<Value>>,
    card: Option<Lines>,
    hours: Option<Lines>,
    readers: Option<Lines>,
    more: Option<Lines>,
}

/// Reads a file; `today` is the day before which no notice may end.
///
/// # Errors
/// [`WordsError`].
pub fn read(path: &Path, today: Day) -> Result<Notice, WordsError> {
    let refused = |faults| WordsError { path: path.display().to_string(), faults };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    if let Err(error) = read {
        return Err(refused(vec![format!("It can't be read: {error}. Name a text file in UTF-8.")]));
    }
    if text.len() as u64 > LARGEST {
        return Err(refused(vec![format!("It has more than {LARGEST} bytes. Name the file with the notice.")]));
    }
    understood(&text, today).map_err(refused)
}

/// The notice that a text says, undated.
fn understood(text: &str, today: Day) -> Result<Notice, Vec<String>> {
    if let Ok(table) = DeTable::parse(text) {
        let known = keys::<Words>();
        let mut foreign: Vec<_> =
            table.get_ref().keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
        foreign.sort_by_key(|key| key.span().start);
        if !foreign.is_empty() {
            let faults = foreign.into_iter().map(|key| {
                let name: &str = key.get_ref().as_ref();
                let line = line_of(text, key.span().start);
                format!("Line {line}: `{name}` is no part of a notice. {}", meant(name, known))
            });
            return Err(faults.collect());
        }
    }
    let words: Words = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        vec![format!(
            "Line {line}: {}. A line of text stands in quotation marks; several stand in brackets, with commas: \
             hours = [\"Monday to Friday\", \"9 to 17\"].",
            error.message()
        )]
    })?;
    let mut reading = Reading { text, faults: Vec::new() };
    let notice = Notice {
        set: 0,
        last_day: reading.day(words.valid_until, today),
        center: reading.center(words.center),
        card: reading.lines("card", words.card, CARD_LINE, true),
        hours: reading.lines("hours", words.hours, NOTICE_LINE, true),
        readers: reading.lines("readers", words.readers, NOTICE_LINE, true),
        more: reading.lines("more", words.more, NOTICE_LINE, false),
    };
    if reading.faults.is_empty() { Ok(notice) } else { Err(reading.faults) }
}

/// The line of a place, counted from 1.
fn line_of(text: &str, place: usize) -> usize {
    text.get(..place).unwrap_or_default().matches('\n').count() + 1
}

/// What was found so far.
struct Reading<'a> {
    text: &'a str,
    faults: Vec<String>,
}

impl Reading<'_> {
    fn fault(&mut self, place: usize, sentence: &str) {
        self.faults.push(format!("Line {}: {sentence}", line_of(self.text, place)));
    }

    fn missing(&mut self, key: &str, example: &str) {
        self.faults.push(format!("There is no `{key}` in it. Add a line like: {key} = {example}"));
    }

    fn center(&mut self, center: Option<Spanned<String>>) -> String {
        let Some(center) = center else {
            self.missing("center", "\"The name of your center\"");
            return String::new();
        };
        self.line(&center, NOTICE_LINE);
        center.into_inner()
    }

    fn line(&mut self, line: &Spanned<String>, limit: usize) {
        let Err(error) = check_line(line.get_ref(), limit) else { return };
        let next = match error {
            LineError::Empty => "Write something between the quotation marks, or take the line out",
            LineError::Space => "Take the space out",
            LineError::TooLong(_) => {
                "Say it in fewer words, or in two lines. Letters other than a to z take 2 to 4 bytes"
            }
            LineError::Character(_) => "Type the line again by hand: such characters come along when text is copied",
        };
        self.fault(line.span().start, &format!("{error}. {next}."));
    }

    fn lines(&mut self, key: &str, lines: Option<Lines>, limit: usize, needed: bool) -> Vec<String> {
        let Some(lines) = lines else {
            if needed {
                self.missing(key, "[\"…\"]");
            }
            return Vec::new();
        };
        let place = lines.span().start;
        let lines = lines.into_inner();
        if lines.is_empty() && needed {
            self.fault(place, &format!("`{key}` is empty. People need at least one line."));
        }
        if lines.len() > NOTICE_LINES {
            let fault = format!(
                "`{key}` has {} lines, and {NOTICE_LINES} fit on a small screen. Join or drop some.",
                lines.len()
            );
            self.fault(place, &fault);
        }
        lines.iter().for_each(|line| self.line(line, limit));
        lines.into_iter().map(Spanned::into_inner).collect()
    }

    fn day(&mut self, date: Option<Spanned<Value>>, today: Day) -> Day {
        let Some(date) = date else {
            self.missing("valid_until", &date::text(today.saturating_add(365)));
            return 0;
        };
        let day = match date.get_ref() {
            Value::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                date::day(date.year.into(), date.month.into(), date.day.into())
            }
            _ => None,
        };
        let place = date.span().start;
        match day {
            None => {
                let example = date::text(today.saturating_add(365));
                self.fault(
                    place,
                    &format!("`valid_until` is no date. Write it like this, without quotation marks: {example}"),
                );
                0
            }
            Some(day) if day < today => {
                self.fault(
                    place,
                    "`valid_until` is over. Look through the whole notice, and put a date in the future.",
                );
                day
            }
            Some(day) => day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22.
    const TODAY: Day = 20_779;

    const WHOLE: &str = "center = \"A center\"\nvalid_until = 2027-11-22\ncard = [\"In danger: 555\"]\n\
                         hours = [\"Weekdays\"]\nreaders = [\n  \"Your specialist\",\n]\n";

    fn faults(text: &str) -> String {
        understood(text, TODAY).unwrap_err().join("\n")
    }

    #[test]
    fn a_whole_file_is_understood() {
        let notice = understood(WHOLE, TODAY).unwrap();
        assert_eq!((notice.center.as_str(), notice.last_day), ("A center", TODAY + 365));
        assert_eq!((notice.card.len(), notice.hours.len(), notice.readers.len(), notice.more.len()), (1, 1, 1, 0));
        assert!(understood(&WHOLE.replace("2027-11-22", "2026-11-22"), TODAY).is_ok(), "today is not over");
    }

    #[test]
    fn every_fault_names_its_line_and_what_to_do() {
        for (from, to, words) in [
            ("center = ", "centre = ", "Line 1: `centre` is no part of a notice. Did you mean `center`?"),
            ("center = \"A center\"", "", "no `center` in it. Add a line like: center = "),
            ("center = \"A center\"", "center = \"\"", "Line 1: it is empty. Write something"),
            ("valid_until = 2027-11-22", "", "no `valid_until` in it. Add a line like: valid_until = 2027-11-22"),
            ("2027-11-22", "\"2027-11-22\"", "Line 2: `valid_until` is no date"),
            ("2027-11-22", "2027-11-22T10:00:00", "Line 2: `valid_until` is no date"),
            ("2027-11-22", "2026-11-21", "Line 2: `valid_until` is over"),
            ("[\"In danger: 555\"]", "[]", "Line 3: `card` is empty"),
            ("[\"Weekdays\"]", "\"Weekdays\"", "Line 4: invalid type"),
            ("[\"Weekdays\"]", "[\"a\", \"b\", \"c\", \"d\", \"e\"]", "Line 4: `hours` has 5 lines, and 4 fit"),
            ("Your specialist", "Your specialist ", "Line 6: it begins or ends with a space. Take"),
            ("Your specialist", "a\\u001bb", "Line 6: it holds a control character, U+001B. Type"),
            ("Your specialist", "a\u{202e}b", "Line 6: it holds a control character, U+202E. Type"),
            ("In danger: 555", &"d".repeat(81), "Line 3: it has more than 80 bytes. Say it"),
            ("Weekdays", &"h".repeat(101), "Line 4: it has more than 100 bytes. Say it"),
            ("card = [", "card = [[", "Line 4: missing comma"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let said = faults(&WHOLE.replace(from, to));
            assert!(said.contains(words), "{from} → {to}: {said}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let said = faults("center = \" x\"\ncard = [\"\"]\nhours = [\"ok\"]\n");
        let missing = ["Line 1", "Line 2", "no `valid_until`", "no `readers`"];
        assert!(missing.iter().all(|words| said.contains(words)), "{said}");
    }

    #[test]
    fn a_file_that_is_no_text_or_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notice.toml");
        for (bytes, words) in [(vec![0xff; 10], "UTF-8"), (vec![b'#'; 65_537], "more than 65536 bytes")] {
            std::fs::write(&path, bytes).unwrap();
            let said = read(&path, TODAY).unwrap_err().to_string();
            assert!(said.contains(words) && said.contains("nothing was changed"), "{said}");
        }
        std::fs::write(&path, WHOLE).unwrap();
        assert!(read(&path, TODAY).is_ok());
        assert!(read(&folder.path().join("none"), TODAY).unwrap_err().to_string().contains("can't be read"));
    }
}
