//! The files of `protocol/vectors/`: each is made here from the crate's own functions, and compared with what lies there.
//!
//! In: seeds. Out: text, compared byte for byte; with `CAIRN_VECTORS=write` it is written instead. This module is no part of
//! the crate: it is compiled for its tests only, inside of it, because the vectors show values that no caller ever sees.

mod base32;
mod bundle;
mod check;
mod content;
mod draw;
mod frames;
mod handshake;
mod history;
mod hostile;
mod meeting;
pub(crate) mod notice;
mod paper;
mod primitives;
mod ratchet;
mod refusal;
mod stories;
mod talk;
pub(crate) mod two_keys;

use paper::Paper;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// All files, in the order of the page.
fn papers() -> Vec<Paper> {
    vec![
        primitives::primitives(),
        primitives::labels(),
        base32::base32(),
        base32::address(),
        base32::link(),
        bundle::bundle(),
        handshake::handshake(),
        handshake::refused(),
        ratchet::ratchet(),
        ratchet::envelopes(),
        content::bodies(),
        content::contents(),
        history::history(),
        stories::in_order(),
        stories::ping_pong(),
        stories::disorder(),
        stories::crossing(),
        hostile::attacks(),
        hostile::skipping(),
        hostile::skipping_two_chains(),
        stories::lost(),
        stories::clock(),
        stories::old_chains(),
        stories::empty_chain(),
        stories::unconfirmed(),
        hostile::restored(),
        stories::contents(),
        hostile::dishonest(),
        hostile::dishonest_late(),
        hostile::far_ahead(),
        primitives::tokens(),
        frames::requests(),
        frames::replies(),
        frames::proof(),
        notice::notice(),
        check::check(),
        check::words(),
    ]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// What is wrong with one file that lies there, against the text that was made.
fn compare(name: &str, text: &str, readme: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    match fs::read_to_string(folder().join(name)) {
        Err(error) => complaints.push(format!("{name}: {error}")),
        Ok(there) if there != text => {
            let line = there.lines().zip(text.lines()).take_while(|(old, new)| old == new).count() + 1;
            complaints.push(format!("{name} differs from line {line} on"));
        }
        Ok(_) => {}
    }
    if !readme.contains(&format!("`{name}`")) {
        complaints.push(format!("README.md does not name {name}"));
    }
    let words: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("expect: refused: ")).collect();
    for words in words.into_iter().filter(|words| !readme.contains(&format!("\n| {words} |"))) {
        complaints.push(format!("README.md does not explain the refusal \"{words}\" of {name}"));
    }
    complaints
}

#[test]
fn the_vectors_are_what_the_crate_computes() {
    let papers = papers();
    let cases: usize = papers.iter().map(Paper::count).sum();
    let rows: Vec<String> =
        papers.iter().map(|paper| format!("\n| `{}.txt` | {} | ", paper.name(), paper.count())).collect();
    let made: BTreeMap<String, String> =
        papers.into_iter().map(|paper| (format!("{}.txt", paper.name()), paper.finish())).collect();
    if std::env::var("CAIRN_VECTORS").is_ok_and(|word| word == "write") {
        made.iter().for_each(|(name, text)| fs::write(folder().join(name), text).unwrap());
    }
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let mut complaints: Vec<_> = made.iter().flat_map(|(name, text)| compare(name, text, &readme)).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let other = ["README.md", "verify.py", "verify", "requirements.txt"].contains(&name.as_str());
        if !other && !made.contains_key(&name) {
            complaints.push(format!("{name} is made by nothing"));
        }
    }
    for row in rows.iter().filter(|row| !readme.contains(row.as_str())) {
        complaints.push(format!("README.md has no row that begins with {}", row.trim()));
    }
    let counted = format!("{cases} cases in {} files", made.len());
    if !readme.contains(&counted) {
        complaints.push(format!("README.md does not say that there are {counted}"));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
