//! The project's own files, and rules over them that are shown a bad example first.
//!
//! In: folders and endings. Out: texts, or complaints. This file must never learn what a rule is about.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// A file below the project's folder, and its text.
pub struct Source {
    /// Its path below the project's folder.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// The project's folder.
#[must_use]
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below a folder with this ending.
///
/// # Errors
/// If a file can't be read, or there is none.
pub fn read(folder: &str, ending: &str) -> Result<Vec<Source>> {
    let root = project();
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
                sources.push(Source { path: name, text: std::fs::read_to_string(&path)? });
            }
        }
    }
    ensure!(!sources.is_empty(), "nothing to read in {folder}");
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

/// One made-up file, for a rule to complain about.
#[must_use]
pub fn bad(path: &str, text: &str) -> Vec<Source> {
    vec![Source { path: path.into(), text: text.into() }]
}

/// From sources to complaints.
pub type Rule = fn(&[Source]) -> Vec<String>;

/// Shows a rule its bad examples, each of which must give a complaint, then the sources, which must give none.
///
/// # Panics
/// That is how it complains.
pub fn check(rule: Rule, examples: &[(&str, &str)], sources: &[Source]) {
    for (path, text) in examples {
        assert!(!rule(&bad(path, text)).is_empty(), "the rule is blind for {text:?} in {path}");
    }
    assert_eq!(rule(sources), Vec::<String>::new());
}
