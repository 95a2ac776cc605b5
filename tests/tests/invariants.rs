//! What the parts of Cairn must never do, read out of their sources.
//!
//! Each rule is a function from sources to complaints. Each test shows it a bad example first, so that a rule that has
//! gone blind is noticed, then the sources as they are.

use anyhow::{Result, ensure};
use e2e::sources::{Source, bad, check, read};
use std::collections::BTreeSet;

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
    "libcrux_ml_kem",
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
                _ => source.path.starts_with("protocol/src/primitives/"),
            };
            !allowed && names_crate(text, name)
        });
        found.map(ToString::to_string)
    })
}

#[test]
fn one_folder_names_the_crates_that_compute_with_keys() -> Result<()> {
    let examples = [
        ("protocol/src/ratchet/mod.rs", "use hkdf::Hkdf;"),
        ("protocol/src/primitives/aead.rs", "use argon2::Argon2;"),
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

fn names_are_flushed(sources: &[Source]) -> Vec<String> {
    complain(sources, |source, code| {
        let named = ["fs::rename(", "linkat(", "fs::hard_link("].iter().any(|call| code.contains(call));
        let tests = source.path.contains("/tests");
        // What a file imports it uses: anything else does not compile here.
        let flushed = places(code, "flush_directory").next().is_some();
        (named && !flushed && !tests).then(|| "a file gets its name, and the folder is not flushed".to_owned())
    })
}

#[test]
fn a_file_that_gets_its_name_keeps_it_when_the_power_goes() -> Result<()> {
    let examples = [
        ("client-cli/src/a.rs", "std::fs::rename(&beside, file)?;"),
        ("client-cli/src/a.rs", "linkat(CWD, &number, CWD, name, AtFlags::SYMLINK_FOLLOW)?;"),
    ];
    check(names_are_flushed, &examples, &read("client-cli/src", ".rs")?);
    assert!(names_are_flushed(&bad("a.rs", "rename(&beside, file)?; flush_directory(folder)")).is_empty());
    Ok(())
}

/// Lines of code that one file may have: above that it has a second noun.
const LINES: usize = 400;

fn files_are_short(sources: &[Source]) -> Vec<String> {
    complain(sources, |_, code| {
        let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
        (lines > LINES).then(|| format!("{lines} lines of code"))
    })
}

#[test]
fn no_file_has_more_than_400_lines_of_code() -> Result<()> {
    let long = "fn f() {}\n".repeat(LINES + 1);
    for folder in ["protocol/src", "protocol/tests", "server/src", "client-cli/src", "tests/src"] {
        check(files_are_short, &[("a.rs", &long)], &read(folder, ".rs")?);
    }
    Ok(())
}
