//! Faults that the model must find: each is a change of the crate's text, made in a copy, against which the model is run.
//!
//! The ordinary run checks that each change still fits the text, exactly once. `CAIRN_MODEL_MUTATIONS=1 cargo test
//! -p cairn-protocol --test mutations -- --nocapture` makes the copies, runs the model on each and prints the table of
//! `model/caught.md`; it builds the crate once for each change and takes some minutes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a copy that can't be made is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file below `src`, what stands in it once, and what stands there instead.
type Change = (&'static str, &'static str, &'static str);

const MUTATIONS: &[(&str, &[Change])] = &[
    (
        "the chain advances before the body is authenticated",
        &[
            (
                "session.rs",
                "let opened = self.ratchet.open(envelope)?;",
                "let opened = self.ratchet.open(envelope).inspect_err(|error| {
                    if matches!(error, OpenError::Commitment | OpenError::Body) {
                        self.ratchet.hurry();
                    }
                })?;",
            ),
            (
                "ratchet/open.rs",
                "    fn retire(&mut self, old: ReceivingChain,",
                "    pub(crate) fn hurry(&mut self) {
                    if let Some(receiving) = &mut self.receiving {
                        receiving.chain = receiving.chain.duplicate().step().0;
                        receiving.next += 1;
                    }
                }

                fn retire(&mut self, old: ReceivingChain,",
            ),
        ],
    ),
    (
        "a chain step gives the same chain key, so that message keys repeat",
        &[("ratchet/chain_key.rs", "(Self(extracted.expand(label::CHAIN_NEXT, &[])), message)", "(self, message)")],
    ),
    ("a sender makes the same chain step twice", &[("ratchet/mod.rs", "        sending.chain = chain;\n", "")]),
    (
        "one key more than the limit may be skipped",
        &[("ratchet/skipped_keys.rs", "count <= SKIP_STEP", "count <= SKIP_STEP + 1")],
    ),
    (
        "one key less than the limit may be skipped",
        &[("ratchet/skipped_keys.rs", "count <= SKIP_STEP", "count < SKIP_STEP")],
    ),
    (
        "skipped keys are not wiped when they are old",
        &[("ratchet/skipped_keys.rs", "let keep = age.saturating_sub(kept.at) < SKIP_SECONDS;", "let keep = true;")],
    ),
    (
        "a skipped key is not wiped when it was used",
        &[("ratchet/open.rs", "self.skipped.remove(at, index);", "let _ = (at, index);")],
    ),
    (
        "header keys of old chains are not wiped when they are old",
        &[("ratchet/skipped_keys.rs", "self.old.retain(|old| age.saturating_sub(old.at) < SKIP_SECONDS);", "")],
    ),
    (
        "the direction is missing in the associated data of the header",
        &[(
            "ratchet/mod.rs",
            "label::ENVELOPE_HEADER_DATA.before(&[&[sender.byte()], transcript,",
            "let _ = sender;\n    label::ENVELOPE_HEADER_DATA.before(&[transcript,",
        )],
    ),
    (
        "the direction is missing in the associated data of the body",
        &[(
            "ratchet/mod.rs",
            "label::ENVELOPE_BODY_DATA.before(&[&[sender.byte()], transcript,",
            "let _ = sender;\n    label::ENVELOPE_BODY_DATA.before(&[transcript,",
        )],
    ),
];

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// A workspace of this crate alone, in the build folder: its text, its tests, the versions of its dependencies.
fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations");
    let home = crate_root().parent().unwrap();
    copy(&crate_root().join("tests"), &root.join("protocol/tests"));
    std::fs::copy(crate_root().join("Cargo.toml"), root.join("protocol/Cargo.toml")).unwrap();
    std::fs::copy(home.join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
    let manifest = read(&home.join("Cargo.toml"));
    let members =
        manifest.lines().map(|line| if line.starts_with("members = ") { "members = [\"protocol\"]" } else { line });
    std::fs::write(root.join("Cargo.toml"), members.collect::<Vec<_>>().join("\n")).unwrap();
    root
}

/// Runs the model on the copy as it is now: whether it passed, and what it said.
fn model(root: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet", "--package", "cairn-protocol", "--test", "model"])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

/// What the model said when it failed: the fault it saw, where, and how few events are enough.
fn verdict(text: &str) -> Option<String> {
    let lines: Vec<_> = text.lines().collect();
    let again = lines.iter().position(|line| line.starts_with("play it again"))?;
    let first = lines[..again].iter().rposition(|line| line.starts_with("seed "))?;
    let said = lines[first..again].iter().map(|line| line.trim()).collect::<Vec<_>>().join("; ");
    Some(format!("{said} | {}", lines.get(again + 1)?))
}

#[test]
fn each_mutation_fits_the_text_and_the_model_catches_it() {
    for (what, changes) in MUTATIONS {
        for (file, from, to) in *changes {
            assert_ne!(from, to);
            let count = read(&crate_root().join("src").join(file)).matches(from).count();
            assert_eq!(count, 1, "{what}: the text stands {count} times in {file}");
        }
    }
    if std::env::var_os("CAIRN_MODEL_MUTATIONS").is_none() {
        return;
    }
    let root = workspace();
    let source = |file: &str| root.join("protocol/src").join(file);
    copy(&crate_root().join("src"), &root.join("protocol/src"));
    let (passed, text) = model(&root);
    assert!(passed, "the model fails on the crate as it is: {text}");
    println!("| mutation | what the model said | events that are enough |\n|---|---|---|");
    for (what, changes) in MUTATIONS {
        for (file, from, to) in *changes {
            std::fs::write(source(file), read(&source(file)).replacen(from, to, 1)).unwrap();
        }
        let (passed, text) = model(&root);
        for (file, ..) in *changes {
            std::fs::copy(crate_root().join("src").join(file), source(file)).unwrap();
        }
        assert!(!passed, "the model did not see that {what}");
        let verdict = verdict(&text).unwrap_or_else(|| panic!("{what}: the model did not run: {text}"));
        println!("| {what} | {verdict} |");
    }
}

#[test]
fn each_mutation_has_a_row_in_the_table_of_what_was_caught() {
    let table = read(&crate_root().join("tests/model/caught.md"));
    let rows = table.lines().filter(|line| line.starts_with("| ")).count();
    assert!(MUTATIONS.iter().all(|(what, _)| table.contains(&format!("\n| {what} | "))), "caught.md leaves one out");
    assert_eq!(rows, MUTATIONS.len() + 1, "caught.md has a row for each, and the head");
}
