//! Secrets are not printed, not copied by accident, compared in constant time, and wiped by every crate below us.
//!
//! What a test over sources and features can show: that the rule is kept where the rule can be read. It measures no time,
//! and it sees no copy that the compiler makes; tests/wiped.rs looks at memory itself.
#![expect(clippy::unwrap_used, reason = "what can't be read is a failed test")]

mod world;

use cairn_protocol::check::Check;
use cairn_protocol::content::CheckMessage;
use cairn_protocol::handshake::{Accepted, ReplayGuard, Taker, take};
use cairn_protocol::identity::{Identity, IdentitySecret};
use cairn_protocol::invitation::{Bundle, Invitation, Link, LinkSecret, Offer};
use cairn_protocol::mailbox::{MailboxId, OwnerSecret};
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Extracted, Kem768Public, Kem768Secret, Kem1024Public, Kem1024Secret, Salted,
    SigningPublic, SigningSecret,
};
use cairn_protocol::secret::Secret;
use cairn_protocol::session::{Received, Session};
use cairn_protocol::token::{ClaimToken, ManageToken, Pass, SendCapability, Voucher};
use cairn_protocol::wire::Writer;
use cairn_protocol::wire::frame::{Admission, Request};
use core::fmt::Debug;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use world::{invite, offer, piece, taker};

/// What is said of a type that lacks a trait. The names begin with a line because one of the two is never asked.
trait Otherwise {
    const _HAS: bool = false;
}

impl<T: ?Sized> Otherwise for T {}

/// Whether a type has a trait: an associated constant of its own hides that of [`Otherwise`].
macro_rules! has {
    ($type:ty: $($bound:tt)+) => {{
        struct Asked<T: ?Sized>(core::marker::PhantomData<T>);
        impl<T: ?Sized + $($bound)+> Asked<T> {
            const _HAS: bool = true;
        }
        <Asked<$type>>::_HAS
    }};
}

/// Prints a value in both ways, which differ in white space and commas only.
fn printed(value: &impl Debug) -> String {
    let (short, long) = (format!("{value:?}"), format!("{value:#?}"));
    let bare = |text: &str| text.replace([' ', '\n', ','], "");
    assert_eq!(bare(&short), bare(&long));
    short
}

#[test]
fn no_public_type_prints_the_secret_that_it_holds() {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let mut is = |name: &'static str, text: String, expected: &str| {
        assert_eq!(text, expected, "{name}");
        shown.insert(name);
    };
    let key = Secret::from_bytes([7; 32]);
    is("Extracted", printed(&Extracted::new(b"salt", &[key.expose()])), "Extracted(..)");
    is("Salted", printed(&Salted::new(key.expose())), "Salted(..)");
    is("AgreementSecret", printed(&AgreementSecret::from_secret(&key)), "AgreementSecret(..)");
    is("SigningSecret", printed(&SigningSecret::from_secret(&key)), "SigningSecret(..)");
    is("OwnerSecret", printed(&OwnerSecret::from_secret(&key)), "OwnerSecret(SigningSecret(..))");
    is("Secret", printed(&key), "Secret(..)");
    is("Kem768Secret", printed(&Kem768Secret::from_seed([7; 64])), "Kem768Secret(..)");
    is("Kem1024Secret", printed(&Kem1024Secret::from_seed([7; 64])), "Kem1024Secret(..)");
    let identity = "IdentitySecret { signing: SigningSecret(..), agreement: AgreementSecret(..) }";
    is("IdentitySecret", printed(&IdentitySecret::random(rng)), identity);
    is("SendCapability", printed(&SendCapability::from_bytes([7; 32])), "SendCapability(Secret(..))");
    is("ClaimToken", printed(&ClaimToken::from_bytes([7; 32])), "ClaimToken(Secret(..))");
    is("ManageToken", printed(&ManageToken::from_bytes([7; 32])), "ManageToken(Secret(..))");
    is("Pass", printed(&Pass::from_bytes([7; 32])), "Pass(Secret(..))");
    is("Voucher", printed(&Voucher::from_bytes([7; 32])), "Voucher(Secret(..))");
    let admission = Admission::Pass(Pass::from_bytes([7; 32]));
    is("Admission", printed(&admission), "Pass(Pass(Secret(..)))");

    let told = taker(rng);
    is("Taker", printed(&told), "Taker(..)");
    is("Offer", printed(&offer(rng)), "Offer(..)");
    let (invitation, link, sealed) = invite(rng);
    is("Invitation", printed(&invitation), "Invitation(..)");
    is("Link", printed(&link), "Link(..)");
    let bundle = link.open_bundle(&sealed).unwrap();
    is("Bundle", printed(&bundle), "Bundle(..)");
    let (mut session, first) = take(&link, &bundle, &told, rng).unwrap();
    let accepted = invitation.accept(&first).unwrap();
    is("ReplayGuard", printed(&accepted.guard), "ReplayGuard(..)");
    let expected = "Accepted { session: Session(..), taker: Taker(..), guard: ReplayGuard(..) }";
    is("Accepted", printed(&accepted), expected);
    is("Session", printed(&session), "Session(..)");
    let mut check = Check::new(&session);
    is("Check", printed(&check), "Check(..)");
    let started: CheckMessage = check.start(rng).unwrap();
    is("CheckMessage", printed(&started), "Commitment(..)");

    let text = piece(rng, "nobody else may read this");
    is("Piece", printed(&text), "Piece(0 of 1, kind 1, ..)");
    let envelope = session.encrypt(rng, &text, 1).unwrap().envelope;
    let mut ana = accepted.session;
    let received: Received = ana.decrypt(&envelope, 1).unwrap();
    let expected = "Received { number: 1, sent_at: 1, piece: Piece(0 of 1, kind 1, ..), given_up: [] }";
    is("Received", printed(&received), expected);

    let mailbox = MailboxId::from_bytes([1; 32]);
    let put = Request::Put { mailbox, capability: SendCapability::from_bytes([7; 32]), id: array_id(), envelope };
    let put = format!("{put:?}");
    assert!(
        put.contains("capability: SendCapability(Secret(..))") && !put.contains("7, 7, 7, 7"),
        "a capability shows"
    );
    let take_bundle = Request::TakeBundle { slot: link.slot(), claim: ClaimToken::from_bytes([7; 32]) };
    assert!(printed(&take_bundle).ends_with("claim: ClaimToken(Secret(..)) }"), "a claim shows");
    shown.insert("Request");
    // Printed by nothing at all, and given to nobody outside of the crate.
    assert!(has!(Secret: Debug) && !has!(Writer: Debug));
    shown.extend(["Writer", "LinkSecret"]);

    let holders: BTreeSet<String> = holders(&sources());
    let missing: Vec<_> = holders.iter().filter(|name| !shown.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "public types that hold a secret and are not printed here: {missing:?}");
    assert!(holders.len() >= 20, "the reader of the sources finds them: {holders:?}");
}

fn array_id() -> cairn_protocol::mailbox::EnvelopeId {
    cairn_protocol::mailbox::EnvelopeId::from_bytes([2; 16])
}

/// Every source of the crate, without comments and without the tests at its end.
fn sources() -> Vec<(String, String)> {
    fn read(folder: &Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, into);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                into.push((path.display().to_string(), code(&text)));
            }
        }
    }
    let mut all = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    assert!(all.len() > 20, "the sources are where they were");
    for (file, last) in [
        ("session.rs", "fn ranges("),
        ("ratchet/mod.rs", "fn publics_hash("),
        ("handshake/mod.rs", "fn private_data("),
        ("check.rs", "fn fmt("),
    ] {
        let whole = all.iter().any(|(path, text)| path.ends_with(file) && text.contains(last));
        assert!(whole, "{file} is read to its end");
    }
    all
}

fn code(text: &str) -> String {
    // The tests at the end only: a module of vectors may be named far above them.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The public types that hold a secret, directly or in a part; types that a macro names are left to their macro.
fn holders(sources: &[(String, String)]) -> BTreeSet<String> {
    const SECRET: &[&str] =
        &["Secret", "SecretBytes", "StaticSecret", "SigningKey", "Zeroizing", "Hkdf", "HkdfExtract"];
    // Made by macros, whose words are no names of types.
    const TOKENS: &[&str] =
        &["SendCapability", "ClaimToken", "ManageToken", "Pass", "Voucher", "Kem768Secret", "Kem1024Secret"];
    let mut types: BTreeMap<String, (bool, String)> = BTreeMap::new();
    for (_, text) in sources {
        for keyword in ["struct ", "enum "] {
            for (place, _) in text.match_indices(keyword) {
                let (before, behind) = text.split_at(place);
                let behind = &behind[keyword.len()..];
                let name: String = behind.chars().take_while(|letter| letter.is_alphanumeric()).collect();
                let mut depth = 0_i32;
                let end = behind.find(|letter| {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    depth == 0 && (letter == ';' || letter == '}')
                });
                if !name.is_empty() && before.ends_with(['\n', ' ']) {
                    let fields = &behind[..end.unwrap_or(behind.len())];
                    let fields = if keyword == "enum " { inside(fields) } else { fields.to_owned() };
                    types.insert(name, (before.ends_with("pub "), fields));
                }
            }
        }
    }
    let mut secret: BTreeSet<String> = SECRET.iter().chain(TOKENS).map(ToString::to_string).collect();
    loop {
        let found: Vec<String> = types
            .iter()
            .filter(|(name, (_, fields))| !secret.contains(*name) && words(fields).any(|word| secret.contains(word)))
            .map(|(name, _)| name.clone())
            .collect();
        if found.is_empty() {
            break;
        }
        secret.extend(found);
    }
    let public = |name: &String| TOKENS.contains(&name.as_str()) || types.get(name).is_some_and(|(public, _)| *public);
    secret.into_iter().filter(public).collect()
}

/// What the variants of an enumeration hold, without their names.
fn inside(variants: &str) -> String {
    let mut depth = 0;
    let within = |letter: &char| {
        depth += i32::from(matches!(letter, '{' | '(')) - i32::from(matches!(letter, '}' | ')'));
        depth >= 2
    };
    variants.chars().filter(within).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

#[test]
fn no_secret_can_be_copied_compared_hashed_or_shown_by_accident() {
    assert!(has!(String: Clone) && has!(u8: Copy) && has!(String: core::ops::Deref) && has!(u8: PartialEq));
    assert!(has!([u8; 32]: AsRef<[u8]>) && has!(u8: core::fmt::Display) && has!(u8: core::hash::Hash));
    macro_rules! bare {
        ($($type:ty),* $(,)?) => {$(
            let name = stringify!($type);
            assert!(!has!($type: Clone) && !has!($type: Copy), "{name} is copied");
            assert!(!has!($type: PartialEq) && !has!($type: PartialOrd) && !has!($type: core::hash::Hash), "{name} is compared");
            assert!(!has!($type: core::ops::Deref) && !has!($type: AsRef<[u8]>) && !has!($type: core::borrow::Borrow<[u8]>), "{name} is lent");
            assert!(!has!($type: Default), "{name} is made of nothing");
        )*};
    }
    bare!(
        Secret,
        Salted,
        Extracted,
        AgreementSecret,
        SigningSecret,
        Kem768Secret,
        Kem1024Secret,
        IdentitySecret,
        OwnerSecret,
        LinkSecret,
        Link,
        Offer,
        Invitation,
        Bundle,
        Taker,
        Accepted,
        ReplayGuard,
        Session,
        Check,
        SendCapability,
        ClaimToken,
        ManageToken,
        Pass,
        Voucher,
        Admission,
        Request,
    );
    // A link is shown to people on purpose; nothing else is.
    assert!(has!(Link: core::fmt::Display) && !has!(Secret: core::fmt::Display) && !has!(Session: core::fmt::Display));
    assert!(has!(Secret: zeroize::ZeroizeOnDrop) && has!(AgreementSecret: zeroize::ZeroizeOnDrop));
    assert!(has!(Kem768Secret: zeroize::ZeroizeOnDrop) && has!(Kem1024Secret: zeroize::ZeroizeOnDrop));
    assert!(
        has!(ed25519_dalek::SigningKey: zeroize::ZeroizeOnDrop)
            && has!(chacha20poly1305::ChaCha20Poly1305: zeroize::ZeroizeOnDrop)
    );
    assert!(!has!(String: zeroize::ZeroizeOnDrop));
}

#[test]
fn a_key_of_one_kind_is_never_taken_for_one_of_another() {
    assert!(has!(u32: From<u8>) && !has!(u8: From<u32>));
    macro_rules! apart {
        ($($one:ty => [$($other:ty),*];)*) => {$($(
            let names = concat!(stringify!($one), " from ", stringify!($other));
            assert!(!has!($one: From<$other>) && !has!($other: From<$one>), "{names}");
            assert!(!has!($one: TryFrom<$other, Error = core::convert::Infallible>), "{names}");
            assert!(!has!($one: AsRef<$other>) && !has!($one: core::ops::Deref<Target = $other>), "{names}");
            assert!(!has!($one: PartialEq<$other>), "{names}");
        )*)*};
    }
    apart! {
        AgreementPublic => [SigningPublic, Kem768Public, Kem1024Public, Identity, [u8; 32]];
        SigningPublic => [Kem768Public, Kem1024Public, Identity, [u8; 32]];
        Kem768Public => [Kem1024Public, [u8; 1184]];
        AgreementSecret => [SigningSecret, Kem768Secret, Kem1024Secret, IdentitySecret, Secret, [u8; 32]];
        SigningSecret => [Kem768Secret, Kem1024Secret, IdentitySecret, OwnerSecret, Secret, [u8; 32]];
        Kem768Secret => [Kem1024Secret, Secret, [u8; 64]];
        SendCapability => [ClaimToken, ManageToken, Pass, Voucher, Secret, [u8; 32]];
    }
    // Private and public halves, and the sizes on the wire.
    assert!(!has!(AgreementPublic: From<AgreementSecret>) && !has!(SigningPublic: From<SigningSecret>));
    assert_ne!(Kem768Public::LENGTH, Kem1024Public::LENGTH);
}

/// Lines that compare with `==` or `!=` what has the name of something secret or of a proof.
fn quick_comparisons(sources: &[(String, String)]) -> Vec<String> {
    const NAMES: &[&str] = &[
        "secret",
        "expose",
        "tag",
        "commitment",
        "hash",
        "mac",
        "token",
        "capability",
        "voucher",
        "nonce",
        "seed",
        "proof",
    ];
    // Only what stands on the two sides counts; constants, which are in capital letters, are no secrets.
    let quick = |part: &str| {
        let compares = ["==", "!=", ".eq(", ".ne("].iter().any(|sign| part.contains(sign));
        compares && words(part).any(|word| word.split('_').any(|part| NAMES.contains(&part)))
    };
    let bad = |line: &str| {
        let parts = ["&&", "||", " if ", "=>", " {"]
            .iter()
            .fold(vec![line], |parts, separator| parts.into_iter().flat_map(|part| part.split(separator)).collect());
        parts.into_iter().any(quick)
    };
    sources
        .iter()
        .flat_map(|(path, text)| {
            text.lines().filter(|line| bad(line)).map(move |line| format!("{path}: {}", line.trim()))
        })
        .collect()
}

#[test]
fn tags_commitments_hashes_and_secrets_are_compared_in_constant_time() {
    let example = |line: &str| quick_comparisons(&[("a.rs".to_owned(), code(line))]).len();
    assert_eq!(example("if commitment != stated {"), 1);
    assert_eq!(example("left.expose() == right.expose()"), 1);
    assert_eq!(example("self.mark_hash == other.0 && x"), 1);
    assert_eq!(example("known.is_none_or(|tag| tag.eq(&stated))"), 1);
    assert_eq!(example("if !same_bytes(&commitment, stated) { // a == b of a tag"), 0);
    assert_eq!(example("Run::Committed(nonce) if self.role == Role::Taker => Some(nonce),"), 0);
    let found = quick_comparisons(&sources());
    assert!(found.is_empty(), "{found:#?}");

    // The one function, and what goes through it, is of a crate that compares in constant time.
    let all = sources();
    let uses = |text: &str| all.iter().filter(|(_, source)| source.contains(text)).count();
    assert!(
        uses("same_bytes(") >= 5 && uses(".ct_eq(") == 2,
        "primitives/mod.rs and secret.rs compare, the others call"
    );
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--offline", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The crates that do not wipe though they can: name and version, from the features that are on, and those that there are.
fn lax(tree: &BTreeMap<String, BTreeSet<String>>, known: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let on = |name: &str| {
        tree.iter().any(|(package, on)| package.starts_with(&format!("{name} ")) && on.contains("zeroize"))
    };
    let missing = tree.iter().filter(|(package, features)| {
        known.get(*package).is_some_and(|parts| {
            // A feature that does nothing but to turn on another crate's is as good as on where that one is.
            let elsewhere = parts.iter().all(|part| part.strip_suffix("/zeroize").is_some_and(on));
            !features.contains("zeroize") && !elsewhere
        })
    });
    missing.map(|(package, _)| package.clone()).collect()
}

#[test]
fn every_crate_that_touches_keys_is_built_with_its_wiping_on() {
    let version =
        Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Of the host's packages only: others need not be on this machine.
    let metadata = cargo(&["metadata", "--format-version", "1", "--filter-platform", host]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let mut known = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        if let Some(parts) = package["features"].get("zeroize") {
            let parts = parts.as_array().unwrap().iter().map(|part| part.as_str().unwrap().to_owned());
            let name = format!("{} v{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
            known.insert(name, parts.collect::<Vec<_>>());
        }
    }
    // What the crate is built with for its users: without the features that its tests ask for.
    let tree =
        cargo(&["tree", "--package", "cairn-protocol", "--edges", "no-dev", "--prefix", "none", "--format", "{p}|{f}"]);
    let mut tree: BTreeMap<String, BTreeSet<String>> = tree
        .lines()
        .map(|line| {
            let (package, features) = line.trim_end_matches(" (*)").split_once('|').unwrap();
            let package = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
            (package, features.split(',').map(ToOwned::to_owned).collect())
        })
        .collect();
    for name in [
        "x25519-dalek",
        "ed25519-dalek",
        "curve25519-dalek",
        "chacha20poly1305",
        "chacha20",
        "poly1305",
        "cipher",
        "hybrid-array",
        "sha2",
        "digest",
        "block-buffer",
    ] {
        let found: Vec<_> = tree.iter().filter(|(package, _)| package.starts_with(&format!("{name} "))).collect();
        assert!(!found.is_empty() && found.iter().all(|(_, on)| on.contains("zeroize")), "{name}: {found:?}");
    }
    // `ed25519` wipes the bytes of key files with it, which nothing here reads.
    assert!(tree.keys().any(|package| package.starts_with("ed25519 ")));
    tree.retain(|package, _| !package.starts_with("ed25519 "));
    assert_eq!(lax(&tree, &known), Vec::<String>::new());
    // hkdf and hmac have no wiping of their own to turn on, or only digest's.
    assert!(
        tree.keys().any(|package| package.starts_with("hkdf "))
            && known.keys().all(|package| !package.starts_with("hkdf "))
    );

    // The rule sees what is missing.
    let package = tree.keys().find(|package| package.starts_with("poly1305 ")).unwrap().clone();
    tree.get_mut(&package).unwrap().remove("zeroize");
    assert_eq!(lax(&tree, &known), [package]);
}
