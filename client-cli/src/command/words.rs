//! The words that people read. Tests only.
//!
//! In: the sources of the faces. Out: words that frighten. This file must never be part of the program.

use std::path::{Path, PathBuf};

/// Words that suggest being watched or attacked, or that blame.
const FRIGHTENING: [&str; 17] = [
    "monitor",
    "track",
    "detect",
    "intruder",
    "suspicious",
    "tamper",
    "attack",
    "breach",
    "threat",
    "spy",
    "watched",
    "hack",
    "fatal",
    "illegal",
    "abort",
    "violat",
    "invalid",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("command/words.rs") {
            found.push(path);
        }
    }
}

/// What stands between quotation marks, and the help texts, before the tests of a file.
fn read_by_people(source: &str) -> String {
    let program = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut out = String::new();
    for line in program.lines().map(str::trim_start).filter(|line| !line.starts_with("//!")) {
        match line.strip_prefix("///") {
            Some(help) => out += help,
            None => line.split('"').skip(1).step_by(2).for_each(|words| out += words),
        }
        // A sentence that goes on in the next line has no quotation marks around it.
        if line.ends_with('\\') || !line.contains(['{', '}', '(', ';', '=']) {
            out += line;
        }
        out.push('\n');
    }
    out
}

#[test]
fn no_word_that_people_read_frightens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![
        root.join("cli.rs"),
        root.join("names.rs"),
        root.join("update.rs"),
        root.join("engine/fault.rs"),
        root.join("engine/check.rs"),
    ];
    for folder in ["command", "output", "plain", "screen", "update"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 20);
    for file in files {
        let words = read_by_people(&std::fs::read_to_string(&file).unwrap()).to_lowercase();
        for word in FRIGHTENING {
            assert!(!words.contains(word), "{word} in {}", file.display());
        }
    }
}
