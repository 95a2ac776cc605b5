//! What the parts of Cairn must never do, read out of their sources; and pages that name only what exists.
//!
//! Each rule is a function from sources to complaints. Each test shows it a bad example first, so that a rule that has
//! gone blind is noticed, then the sources as they are.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::process::run;
use e2e::programs::{AS_CLIENT, AS_RELAY};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file below the project's folder, and its text.
struct Source {
    path: String,
    text: String,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below a folder with this ending.
fn read(folder: &str, ending: &str) -> Result<Vec<Source>> {
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

fn bad(path: &str, text: &str) -> Vec<Source> {
    vec![Source { path: path.into(), text: text.into() }]
}

/// The program's own text: without comments, and without the tests at the end of the file.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut lines = String::new();
    for line in text.lines() {
        // `//` inside of a string begins an address; there is none without a colon before it.
        let line = match line.find("//") {
            Some(place) if !line.get(..place).unwrap_or_default().ends_with(':') => {
                line.get(..place).unwrap_or_default()
            }
            _ => line,
        };
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// Where a word stands that is no part of a longer one: what is before it and what is behind it.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).filter_map(move |(place, _)| {
        let (before, behind) = (text.get(..place)?, text.get(place + word.len()..)?);
        let whole = !before.ends_with(part) && !behind.starts_with(part);
        whole.then_some((before, behind))
    })
}

/// Whether a crate is named: as the head of a path, or imported as a whole.
fn names_crate(text: &str, name: &str) -> bool {
    places(text, name).any(|(before, behind)| {
        let head = !before.ends_with("::") && !before.ends_with('.');
        head && (behind.starts_with("::") || before.trim_end().ends_with("use"))
    })
}

/// Whether a module is named below one of these roots: `root::module`, or within `root::{…}`.
fn names_module(text: &str, roots: &[&str], module: &str) -> bool {
    roots.iter().any(|root| {
        places(text, root).any(|(_, behind)| {
            let Some(path) = behind.strip_prefix("::") else { return false };
            if let Some(list) = path.strip_prefix('{') {
                let mut depth = 1_i32;
                let end = list.find(|letter| {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    depth == 0
                });
                let list = list.get(..end.unwrap_or(list.len())).unwrap_or_default();
                return places(list, module).any(|(before, _)| !before.ends_with("::"));
            }
            path.strip_prefix(module)
                .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
        })
    })
}

type Rule = fn(&[Source]) -> Vec<String>;

/// Shows a rule its bad examples, each of which must give a complaint, then the sources, which must give none.
fn check(rule: Rule, examples: &[(&str, &str)], sources: &[Source]) {
    for (path, text) in examples {
        assert!(!rule(&bad(path, text)).is_empty(), "the rule is blind for {text:?} in {path}");
    }
    assert_eq!(rule(sources), Vec::<String>::new());
}

fn complain(sources: &[Source], bad: impl Fn(&Source, &str) -> Option<String>) -> Vec<String> {
    let complaint = |source: &Source| bad(source, &code(&source.text)).map(|what| format!("{}: {what}", source.path));
    sources.iter().filter_map(complaint).collect()
}

fn pure(sources: &[Source]) -> Vec<String> {
    const MODULES: &[&str] = &["fs", "net", "time", "thread", "env", "process", "io", "sync"];
    const WORDS: &[&str] = &[
        "tokio",
        "SystemTime",
        "Instant",
        "async",
        "await",
        "thread_rng",
        "ThreadRng",
        "OsRng",
        "SysRng",
        "getrandom",
        "println",
        "eprintln",
        "static",
        "unsafe",
    ];
    complain(sources, |_, text| {
        let module = MODULES.iter().find(|module| names_module(text, &["std"], module));
        let word = WORDS
            .iter()
            .find(|word| places(text, word).any(|(before, _)| !before.ends_with('\'') && !before.ends_with('"')));
        let random = names_module(text, &["rand"], "rng") || names_module(text, &["rand"], "random");
        let found = module.or(word).map(ToString::to_string);
        found.or_else(|| random.then(|| "global randomness".to_owned()))
    })
}

#[test]
fn the_protocol_has_no_input_or_output_no_clock_and_no_randomness_of_its_own() -> Result<()> {
    let examples = [
        ("protocol/src/a.rs", "use std::fs;"),
        ("protocol/src/a.rs", "use std::{collections::HashMap, net::TcpStream};"),
        ("protocol/src/a.rs", "let now = std::time::Instant::now();"),
        ("protocol/src/a.rs", "pub async fn f() {}"),
        ("protocol/src/a.rs", "use tokio::sync::mpsc;"),
        ("protocol/src/a.rs", "let mut rng = rand::rng();"),
        ("protocol/src/a.rs", "let key: [u8; 32] = rand::random();"),
        ("protocol/src/a.rs", "static CACHE: Mutex<Vec<u8>> = Mutex::new(Vec::new());"),
    ];
    check(pure, &examples, &read("protocol/src", ".rs")?);
    assert!(
        pure(&bad("a.rs", "/// A clock: std::time.\nfn f(x: &'static str) {}\n")).is_empty(),
        "comments don't count"
    );
    Ok(())
}

fn relay_is_blind(sources: &[Source]) -> Vec<String> {
    const OPENING: &[&str] = &["session", "ratchet", "handshake", "content", "invitation", "snapshot"];
    complain(sources, |_, text| {
        let module = OPENING.iter().find(|module| names_module(text, &["cairn_protocol"], module));
        module.map(|module| format!("cairn_protocol::{module}"))
    })
}

#[test]
fn the_relay_never_names_what_opens_an_envelope() -> Result<()> {
    let examples = [
        ("server/src/a.rs", "use cairn_protocol::session::Session;"),
        ("server/src/a.rs", "use cairn_protocol::{limits::PAGE, ratchet};"),
        ("server/src/a.rs", "let x = cairn_protocol::handshake::Initiator::new();"),
    ];
    check(relay_is_blind, &examples, &read("server/src", ".rs")?);
    assert!(relay_is_blind(&bad("a.rs", "use tokio_tungstenite::tungstenite::handshake::server;")).is_empty());
    Ok(())
}

/// Crates that compute with keys. `subtle` and `zeroize` only compare and wipe.
const CRYPTO: &[&str] = &[
    "x25519_dalek",
    "ed25519_dalek",
    "curve25519_dalek",
    "chacha20poly1305",
    "hkdf",
    "hmac",
    "sha2",
    "ml_kem",
    "argon2",
    "aes_gcm",
    "aes",
    "blake2",
    "blake3",
    "sha3",
    "ring",
    "aws_lc_rs",
    "openssl",
    "p256",
    "rsa",
];

fn crypto_is_in_one_place(sources: &[Source]) -> Vec<String> {
    complain(sources, |source, text| {
        let found = CRYPTO.iter().find(|name| {
            let allowed = match **name {
                "argon2" => source.path == "client-cli/src/vault/passphrase.rs",
                // The provider that rustls is given.
                "aws_lc_rs" => source.path == "client-cli/src/net/tls.rs" || source.path == "server/src/tls.rs",
                _ => source.path == "protocol/src/primitives.rs",
            };
            !allowed && names_crate(text, name)
        });
        found.map(ToString::to_string)
    })
}

#[test]
fn one_file_names_the_crates_that_compute_with_keys() -> Result<()> {
    let examples = [
        ("protocol/src/ratchet/mod.rs", "use hkdf::Hkdf;"),
        ("protocol/src/primitives.rs", "use argon2::Argon2;"),
        ("server/src/auth.rs", "let hash = sha2::Sha256::digest(bytes);"),
        ("client-cli/src/vault/mod.rs", "use argon2::{Argon2, Params};"),
        ("client-cli/src/engine/mod.rs", "use x25519_dalek;"),
    ];
    let mut sources = read("protocol/src", ".rs")?;
    sources.extend(read("server/src", ".rs")?);
    sources.extend(read("client-cli/src", ".rs")?);
    check(crypto_is_in_one_place, &examples, &sources);
    assert!(crypto_is_in_one_place(&bad("a.rs", "use rustls::crypto::aws_lc_rs::kx_group;")).is_empty());
    Ok(())
}

fn engines_are_in_one_place(sources: &[Source]) -> Vec<String> {
    const PLACES: &[(&str, &str, &str)] = &[
        ("server/", "tungstenite", "server/src/connection.rs"),
        ("server/", "tokio_tungstenite", "server/src/connection.rs"),
        ("server/", "rusqlite", "server/src/store/"),
        ("client-cli/", "tungstenite", "client-cli/src/net/"),
        ("client-cli/", "tokio_tungstenite", "client-cli/src/net/"),
        ("client-cli/", "rustls", "client-cli/src/net/"),
        ("client-cli/", "rusqlite", "client-cli/src/vault/"),
        ("protocol/", "rusqlite", "nowhere"),
        ("protocol/", "tungstenite", "nowhere"),
    ];
    complain(sources, |source, text| {
        let found = PLACES.iter().find(|(part, name, place)| {
            source.path.starts_with(part) && !source.path.starts_with(place) && names_crate(text, name)
        });
        found.map(|(_, name, place)| format!("{name}, which belongs into {place}"))
    })
}

#[test]
fn one_place_in_each_program_names_the_network_and_the_store() -> Result<()> {
    let examples = [
        ("server/src/handlers/mod.rs", "use tokio_tungstenite::tungstenite::Message;"),
        ("server/src/serve.rs", "let connection = rusqlite::Connection::open(path)?;"),
        ("client-cli/src/engine/mod.rs", "use rusqlite::Connection;"),
        ("client-cli/src/plain/mod.rs", "use tokio_tungstenite::WebSocketStream;"),
    ];
    let mut sources = read("server/src", ".rs")?;
    sources.extend(read("client-cli/src", ".rs")?);
    sources.extend(read("protocol/src", ".rs")?);
    check(engines_are_in_one_place, &examples, &sources);
    Ok(())
}

fn faces_reach_the_engine_only(sources: &[Source]) -> Vec<String> {
    const FACES: &[&str] = &["plain", "output", "command", "screen", "app", "update"];
    complain(sources, |source, text| {
        let inside = source.path.strip_prefix("client-cli/src/")?;
        let first = inside.split(['/', '.']).next()?;
        if !FACES.contains(&first) {
            return None;
        }
        let reached = ["net", "vault"].into_iter().find(|module| names_module(text, &["crate", "super"], module));
        reached.map(ToOwned::to_owned)
    })
}

#[test]
fn no_face_reaches_the_network_or_the_vault() -> Result<()> {
    let examples = [
        ("client-cli/src/plain/mod.rs", "use crate::vault::Vault;"),
        ("client-cli/src/output/json.rs", "use crate::{engine::Engine, net};"),
        ("client-cli/src/command/send.rs", "super::super::vault::open(home)"),
        ("client-cli/src/app.rs", "fn f(line: crate::net::Line) {}"),
        ("client-cli/src/update/talk.rs", "use crate::vault;"),
    ];
    check(faces_reach_the_engine_only, &examples, &read("client-cli/src", ".rs")?);
    assert!(faces_reach_the_engine_only(&bad("client-cli/src/app.rs", "use std::net::IpAddr;")).is_empty());
    Ok(())
}

/// A structure or enumeration as its source has it.
struct Item {
    path: String,
    name: String,
    derives: Vec<String>,
    fields: String,
}

fn items(sources: &[Source]) -> Vec<Item> {
    let mut items = Vec::new();
    for source in sources {
        let text = code(&source.text);
        for keyword in ["struct ", "enum "] {
            for (place, _) in text.match_indices(keyword) {
                let (before, behind) = text.split_at(place);
                if !before.ends_with([' ', '\n']) {
                    continue;
                }
                let behind = behind.strip_prefix(keyword).unwrap_or_default();
                let name: String = behind
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
                    .collect();
                // The attributes stand between the end of what was before and the keyword.
                let attributes = before.rsplit(['}', ';']).next().unwrap_or_default();
                let attributes =
                    if before.trim_end().ends_with(')') || attributes.contains("#[") { attributes } else { "" };
                let derives = attributes.split("derive(").skip(1).filter_map(|list| list.split(')').next());
                let derives = derives
                    .flat_map(|list| list.split(','))
                    .map(|one| one.trim().rsplit("::").next().unwrap_or_default().to_owned());
                items.push(Item {
                    path: source.path.clone(),
                    name,
                    derives: derives.collect(),
                    fields: body(behind, keyword == "enum "),
                });
            }
        }
    }
    items
}

/// The fields: up to the semicolon of a tuple, or the brace that closes. Of an enumeration, what its variants hold.
fn body(text: &str, variants: bool) -> String {
    let (mut braces, mut depth) = (0_i32, 0_i32);
    let mut fields = String::new();
    for letter in text.chars() {
        braces += i32::from(letter == '{') - i32::from(letter == '}');
        depth += i32::from(matches!(letter, '{' | '(' | '[')) - i32::from(matches!(letter, '}' | ')' | ']'));
        if braces == 0 && letter == '}' || depth == 0 && letter == ';' {
            break;
        }
        if !variants || depth >= 2 {
            fields.push(letter);
        }
    }
    fields
}

/// Structures that hold a key, directly or in a part: the compiler's own code must not copy, compare or print those.
/// `Debug` may be derived where every part that holds bytes has its own, which prints nothing. Content that is wiped but
/// is no key must not be printed either.
fn secrets_are_not_printed(sources: &[Source]) -> Vec<String> {
    let items = items(sources);
    let wiped = |item: &Item| item.derives.iter().any(|derive| derive == "ZeroizeOnDrop");
    let named = |item: &Item| !item.name.starts_with('$');
    let mut secret: BTreeSet<&str> = BTreeSet::new();
    let mut before = None;
    while before != Some(secret.len()) {
        before = Some(secret.len());
        for item in items.iter().filter(|item| named(item)) {
            if wiped(item) || secret.iter().any(|name| places(&item.fields, name).next().is_some()) {
                secret.insert(&item.name);
            }
        }
    }
    let mut complaints = Vec::new();
    for item in &items {
        let holds_key = wiped(item) || secret.iter().any(|name| places(&item.fields, name).next().is_some());
        let raw = item.fields.contains("[u8") || item.fields.contains("Vec<u8>");
        for derive in &item.derives {
            let copies =
                matches!(derive.as_str(), "Clone" | "Copy" | "PartialEq" | "Hash" | "PartialOrd" | "Serialize");
            let prints = derive == "Debug" && raw && (wiped(item) || item.fields.contains("Zeroizing<"));
            if holds_key && copies || prints {
                complaints.push(format!("{}: {} derives {derive}", item.path, item.name));
            }
        }
    }
    complaints
}

#[test]
fn no_secret_can_be_printed_copied_or_compared_by_accident() -> Result<()> {
    let examples = [
        ("a.rs", "#[derive(Zeroize, ZeroizeOnDrop, Debug)]\npub struct Secret([u8; 32]);"),
        ("a.rs", "#[derive(Clone, Zeroize, ZeroizeOnDrop)]\npub struct Secret([u8; 32]);"),
        (
            "a.rs",
            "#[derive(ZeroizeOnDrop)]\nstruct Secret([u8; 32]);\n#[derive(Debug, PartialEq)]\nstruct Token(Secret);",
        ),
        (
            "a.rs",
            "#[derive(ZeroizeOnDrop)]\nstruct Secret([u8; 32]);\nstruct A { s: Secret }\n#[derive(Clone)]\nstruct B { a: A }",
        ),
        ("a.rs", "#[derive(Debug)]\nstruct Buffer { bytes: Zeroizing<Vec<u8>> }"),
        (
            "a.rs",
            "#[derive(ZeroizeOnDrop)]\nstruct Secret([u8; 32]);\nmacro!{#[derive(Debug, Clone)]\npub struct $name(Secret);}",
        ),
        (
            "a.rs",
            "#[derive(ZeroizeOnDrop)]\nstruct Secret([u8; 32]);\n#[derive(Clone)]\nenum Key { None, Some(Secret) }",
        ),
    ];
    let sources = read("protocol/src", ".rs")?;
    check(secrets_are_not_printed, &examples, &sources);
    let known = items(&sources);
    for name in ["Secret", "OwnerSecret"] {
        ensure!(known.iter().any(|item| item.name == name), "the reader finds {name}");
    }
    Ok(())
}

/// What stands in single backticks, outside of fenced blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        }
    }
    found
}

/// Targets of Markdown links into the project.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local.filter_map(|target| target.split('#').next()).map(ToOwned::to_owned).collect()
}

/// Whether a quoted word is a path of the project: a folder of it, a slash, plain letters.
fn is_path(word: &str) -> bool {
    const ROOTS: &[&str] = &["protocol", "server", "client-cli", "tests", "docs", ".ci", ".cargo", "src"];
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "./_-".contains(letter);
    let root = word.split('/').next().unwrap_or_default();
    word.contains('/')
        && word.chars().all(plain)
        && (ROOTS.contains(&root) || word.ends_with(".rs") || word.ends_with(".md"))
}

fn paths_exist(sources: &[Source]) -> Vec<String> {
    let root = project();
    let exists = |source: &Source, path: &str| {
        let beside = root.join(&source.path).parent().map(|folder| folder.join(path));
        root.join(path).exists() || beside.is_some_and(|path| path.exists())
    };
    let mut complaints = Vec::new();
    for source in sources {
        let named = quoted(&source.text).into_iter().filter(|word| is_path(word));
        for path in named.chain(links(&source.text)) {
            if !exists(source, &path) {
                complaints.push(format!("{} names {path}, which is not there", source.path));
            }
        }
    }
    complaints
}

fn pages() -> Result<Vec<Source>> {
    let mut pages = read("docs", ".md")?;
    pages.push(Source { path: "README.md".into(), text: std::fs::read_to_string(project().join("README.md"))? });
    Ok(pages)
}

#[test]
fn the_pages_name_only_files_that_exist() -> Result<()> {
    let examples = [
        ("README.md", "See `docs/no-such-page.md`."),
        ("README.md", "See [this](docs/no-such-page.md)."),
        ("docs/architecture.md", "The file `protocol/src/no_such_file.rs` does it."),
    ];
    check(paths_exist, &examples, &pages()?);
    Ok(())
}

fn constants_exist(sources: &[Source]) -> Vec<String> {
    let mut known = BTreeSet::new();
    for folder in ["protocol", "server/src", "client-cli/src", "tests/src"] {
        for source in read(folder, ".rs").unwrap_or_default() {
            let words = source.text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            known.extend(words.map(ToOwned::to_owned));
        }
    }
    let constant = |word: &str| {
        let letters = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        word.len() > 3 && word.contains('_') && word.chars().all(letters)
    };
    let mut complaints = Vec::new();
    for source in sources {
        for word in quoted(&source.text).iter().filter(|word| constant(word) && !known.contains(*word)) {
            complaints.push(format!("{} names {word}, which no source has", source.path));
        }
    }
    complaints
}

#[test]
fn the_pages_name_only_constants_that_exist() -> Result<()> {
    // Put together here, so that this file does not make the word known.
    let gone = format!("At most `{}_{}` of them.", "NO_SUCH", "LIMIT");
    check(constants_exist, &[("docs/protocol.md", &gone)], &pages()?);
    Ok(())
}

/// Commands of the two programs, as a page shows them in its blocks.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let line = line.trim().trim_start_matches("$ ");
        let indented = fenced && (line.starts_with("cairn ") || line.starts_with("cairn-relay "));
        if indented {
            found.push(line.split('#').next().unwrap_or_default().to_owned());
        }
    }
    found
        .extend(quoted(text).into_iter().filter(|line| line.starts_with("cairn ") || line.starts_with("cairn-relay ")));
    found.iter().map(|line| line.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

/// Asks the program itself whether it has the verb and the options of a command.
fn not_understood(words: &[String]) -> Result<Option<String>> {
    let [program, words @ ..] = words else { return Ok(Some("no command".into())) };
    let verb = |word: &&String| {
        word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
    };
    let verbs: Vec<&String> = words.iter().take_while(verb).collect();
    let client = program == "cairn";
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.arg(if client { AS_CLIENT } else { AS_RELAY }).args(&verbs).arg("--help");
    let done = run(&mut command, b"")?;
    let help = String::from_utf8_lossy(&done.out).into_owned();
    if done.code != 0 {
        return Ok(Some(format!("{verbs:?} --help ended with {}", done.code)));
    }
    let options = words.iter().filter(|word| word.starts_with('-') && word.len() > 1);
    let missing =
        options.map(|option| option.split('=').next().unwrap_or_default()).find(|option| !help.contains(option));
    Ok(missing.map(|option| format!("{verbs:?} has no {option}")))
}

#[test]
fn the_readme_shows_only_commands_that_the_programs_have() -> Result<()> {
    let text = std::fs::read_to_string(project().join("README.md"))?;
    let shown = commands(&text);
    ensure!(shown.len() >= 6, "the README shows how to use the programs: {shown:?}");
    for words in &shown {
        assert_eq!(not_understood(words)?, None, "{words:?}");
    }
    for wrong in ["cairn whisper Dana", "cairn send Dana --loud", "cairn-relay serve --no-such-option"] {
        let words: Vec<String> = wrong.split(' ').map(ToOwned::to_owned).collect();
        ensure!(not_understood(&words)?.is_some(), "{wrong} is not a command");
    }
    // Nobody needs a profile to be told how things are called.
    let nobody = Client::new(Path::new(env!("CARGO_BIN_EXE_demo")), Path::new("/nonexistent"));
    assert_eq!(run(&mut nobody.plain_command(&["--help"]), b"")?.code, 0);
    Ok(())
}

#[test]
fn the_readme_has_its_two_commands_and_the_build_check_reads_them_there() -> Result<()> {
    let readme = std::fs::read_to_string(project().join("README.md"))?;
    let check = std::fs::read_to_string(project().join(".ci/run"))?;
    for command in ["cargo demo", "cargo test --workspace"] {
        ensure!(readme.lines().any(|line| line.trim().starts_with(command)), "README.md has no line `{command}`");
    }
    ensure!(check.contains("README.md"), ".ci/run takes the test command from README.md");
    ensure!(!check.lines().any(|line| line.trim() == "cargo test --workspace"), ".ci/run has no copy of it");
    Ok(())
}
