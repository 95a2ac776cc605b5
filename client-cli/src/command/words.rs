//! The words that people read. Tests only.
//!
//! In: the sources of the program, and its guides. Out: sentences that stand outside the language files, and words that
//! frighten. This file must never be part of the program.

use crate::language::Language;
use crate::language::checks::frightening;
use std::path::{Path, PathBuf};

/// Files whose sentences are English by intent (docs/decisions/0024-language.md): the help pages, what scripts get of a
/// fault, and tests that are files of their own.
const ENGLISH: [&str; 15] = [
    "cli.rs",
    "command/reference.rs",
    "command/words.rs",
    "engine/fault.rs",
    "language/checks.rs",
    "screen/view/snapshots.rs",
    "screen/view/snapshots/hostile.rs",
    "screen/view/snapshots/whole.rs",
    "screen/view/words.rs",
    "update/journeys.rs",
    "update/levels.rs",
    "update/walk.rs",
    "vault/raw.rs",
    "vault/stops.rs",
    "vault/tests.rs",
];

/// What has the look of a sentence and is none that anybody reads.
const NO_SENTENCE: [&str; 5] = [
    // The name of a thread.
    "reader gone",
    // A command as the lock's file names it.
    "contact verify",
    // Columns of a table.
    "relay, mailbox, owner, capability, count, mark, told, gone",
    // Languages by their own names.
    "English",
    "Español",
];

/// Words of statements for the vault.
const STATEMENT: [&str; 10] =
    ["SELECT", "INSERT", "UPDATE", "DELETE", "PRAGMA", "WHERE", "ORDER BY", "VALUES", " AND ", "NOT NULL"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The program without the tests of a file.
fn program(source: &str) -> &str {
    let tests = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
    let end = tests.iter().filter_map(|head| source.find(head)).min().unwrap_or(source.len());
    &source[..end]
}

/// What stands in literals, without comments and attributes; what stands between braces is a value.
fn literals(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let at = |place: usize| text.get(place).copied().unwrap_or('\0');
    let (mut found, mut place) = (Vec::new(), 0);
    // How deep within an attribute.
    let mut attribute = 0_usize;
    while place < text.len() {
        match (at(place), at(place + 1)) {
            ('/', '/') => place += text.iter().skip(place).take_while(|letter| **letter != '\n').count(),
            ('#', '[') if attribute == 0 => (attribute, place) = (1, place + 2),
            ('#', '!') if attribute == 0 && at(place + 2) == '[' => (attribute, place) = (1, place + 3),
            ('[', _) if attribute > 0 => (attribute, place) = (attribute + 1, place + 1),
            (']', _) if attribute > 0 => (attribute, place) = (attribute - 1, place + 1),
            ('\'', '\\') => place += 2 + text.iter().skip(place + 3).take_while(|letter| **letter != '\'').count() + 2,
            ('\'', _) if at(place + 2) == '\'' => place += 3,
            ('r', '"' | '#') if !at(place.wrapping_sub(1)).is_alphanumeric() && raw(&text, place).is_some() => {
                let (words, end) = raw(&text, place).unwrap();
                found.push(words);
                place = end;
            }
            ('"', _) => {
                let mut words = String::new();
                place += 1;
                while place < text.len() && at(place) != '"' {
                    match (at(place), at(place + 1)) {
                        ('\\', '\n') => {
                            place += 2;
                            place += text.iter().skip(place).take_while(|letter| letter.is_whitespace()).count();
                        }
                        ('\\', escaped) => {
                            words.push(if escaped == 'n' { '\n' } else { escaped });
                            place += 2;
                        }
                        (letter, _) => {
                            words.push(letter);
                            place += 1;
                        }
                    }
                }
                place += 1;
                if attribute == 0 {
                    found.push(words);
                }
            }
            _ => place += 1,
        }
    }
    found
}

/// A raw literal from its `r`, and where it ends.
fn raw(text: &[char], place: usize) -> Option<(String, usize)> {
    let marks = text.iter().skip(place + 1).take_while(|letter| **letter == '#').count();
    let start = place + 1 + marks;
    if text.get(start) != Some(&'"') {
        return None;
    }
    let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
    let rest: String = text.get(start + 1..)?.iter().collect();
    let words = rest.split(&end).next()?.to_owned();
    let length = words.chars().count() + end.len();
    Some((words, start + 1 + length))
}

/// Two words of letters beside each other, values left out; a command as it is typed is none, and no statement.
fn is_sentence(literal: &str) -> bool {
    let mut outside = String::new();
    let mut deep = 0_usize;
    for letter in literal.chars() {
        match letter {
            '{' => deep += 1,
            '}' => deep = deep.saturating_sub(1),
            _ if deep == 0 => outside.push(letter),
            _ => {}
        }
    }
    let command =
        (outside.starts_with("cairn ") || outside.starts_with("cairn-relay ")) && !outside.contains([',', ';']);
    let statement =
        STATEMENT.iter().any(|word| outside.contains(word)) || outside.contains("://") || outside.contains('_');
    let is_word = |word: &&str| {
        let word = word.trim_matches(|letter: char| ",.:;!?()'".contains(letter));
        word.chars().count() > 1 && word.chars().all(|letter| letter.is_alphabetic() || letter == '\'')
    };
    !command && !statement && outside.split_whitespace().filter(is_word).count() > 1
}

/// One word that stands alone as people read it: a capital letter and small ones.
fn is_lone_word(literal: &str) -> bool {
    let mut letters = literal.trim_end_matches([':', '.', '!', ' ']).chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().count() > 1
        && letters.all(|letter| letter.is_lowercase())
}

#[test]
fn every_sentence_that_people_read_stands_in_the_language_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 100);
    let mut unused: Vec<&str> = NO_SENTENCE.to_vec();
    let mut outside = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if ENGLISH.contains(&name.as_str()) || name.contains("/tests/") || name.ends_with("/tests.rs") {
            continue;
        }
        for literal in literals(program(&std::fs::read_to_string(&file).unwrap())) {
            if NO_SENTENCE.contains(&literal.as_str()) {
                unused.retain(|known| *known != literal);
            } else if is_sentence(&literal) || is_lone_word(&literal) {
                outside.push(format!("{name}: {literal:?}"));
            }
        }
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
    assert_eq!(unused, [""; 0], "exceptions that nothing needs");
}

#[test]
fn what_is_a_sentence_is_known() {
    let source = r##"
        #[expect(dead_code, reason = "not read by people")]
        fn f<'a>(x: &'a str) { // "neither this comment"
            let quote = '"';
            say("Two words"); say(r#"raw "words" too"#); say("two \
            lines"); say("cairn invite new"); say("{one thing} {other}"); say("SELECT a FROM b");
            say("cairn inbox, once used"); say("Quit");
        }
    "##;
    let all = literals(source);
    assert_eq!(all.len(), 8, "{all:?}");
    let read: Vec<_> = all.iter().filter(|literal| is_sentence(literal) || is_lone_word(literal)).collect();
    assert_eq!(read, ["Two words", "raw \"words\" too", "two lines", "cairn inbox, once used", "Quit"]);
}

/// The help pages, before the tests of the file.
fn help(source: &str) -> String {
    program(source).lines().filter_map(|line| line.trim_start().strip_prefix("///")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_word_of_the_help_pages_the_faults_and_the_guides_frightens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let cli = read("src/cli.rs");
    let mut texts = vec![("cli.rs".to_owned(), Language::English, help(&cli) + &literals(program(&cli)).join("\n"))];
    let fault = read("src/engine/fault.rs");
    let quoted = fault.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\n");
    texts.push(("fault.rs".to_owned(), Language::English, quoted));
    let guide = root.join("../docs/guide");
    for (folder, language) in [(guide.clone(), Language::English), (guide.join("es"), Language::Spanish)] {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                texts.push((path.display().to_string(), language, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    for (name, language, words) in texts {
        assert_eq!(frightening(language, &words), None, "{name}");
    }
}
