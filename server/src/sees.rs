//! What a center's computer can see: one plain sentence for each field that is stored, sent, counted or logged.
//!
//! In: nothing. Out: the page `docs/what-the-center-can-see.md`. This file must never learn to leave something out: a
//! field of a frame without a sentence doesn't compile, and a column, a number or a line of the log without one fails a
//! test.

use crate::{log, metrics};
use cairn_protocol::wire::frame::{BundleState, Delivery, Reply, Request, Welcome};
use std::fmt::Write;

/// A name and its sentence.
pub type Sentence = (&'static str, &'static str);

/// A group of names, and the sentences of each.
pub type Group = (&'static str, &'static [Sentence]);

/// Groups of a frame's kinds. A kind or a field that is not named doesn't compile.
macro_rules! kinds {
    ($type:ident: $($kind:ident $title:literal { $($field:tt: $sentence:literal),* $(,)? })*) => {{
        const _: fn(&$type) = |value| match value { $($type::$kind { $($field: _),* } => (),)* };
        &[$(($title, &[$((stringify!($field), $sentence)),*]),)*]
    }};
}

/// One group, of a structure's fields. A field that is not named doesn't compile.
macro_rules! fields {
    ($type:ident: $($field:ident: $sentence:literal),* $(,)?) => {{
        const _: fn(&$type) = |$type { $($field: _),* }| ();
        &[$((stringify!($field), $sentence)),*]
    }};
}

/// What stands in the store, by table.
pub const STORED: &[Group] = &[
    (
        "store",
        &[
            ("one", "always 1: there is one such row"),
            ("identity", "a random name of the store"),
            ("restores", "a number that each restore from a backup raises"),
            ("clock_day", "the day that the machine's clock showed last"),
            ("day", "the relay's own count of days"),
            ("mailboxes", "how many mailboxes there are now"),
        ],
    ),
    (
        "mailbox",
        &[
            ("id", "a random name of the mailbox"),
            ("owner", "the key that its owner proves; made for this mailbox alone"),
            ("capability", "a hash of what senders must show to put something in"),
            ("generation", "a counter by which an older copy of the owner's profile is noticed"),
            ("mark", "a random mark that belongs to that counter"),
        ],
    ),
    (
        "envelope",
        &[
            ("arrival", "its place in the order of arrival, as long as it waits"),
            ("mailbox", "the random name of the mailbox it waits in"),
            ("id", "a random name of the envelope"),
            ("day", "the day it came; no finer time"),
            ("key", "a random key that shuts its body in this file, so that deleting the key deletes the body"),
            ("place", "where its body lies"),
        ],
    ),
    (
        "body",
        &[
            ("place", "a number by which an envelope finds it; when the envelope goes, another's body takes the place"),
            (
                "shut",
                "4,096 bytes that only the two people can open, shut once more with the envelope's key; noise once that is deleted",
            ),
        ],
    ),
    (
        "pass",
        &[
            ("hash", "a hash of a pass that the operator gave to a specialist"),
            ("mailboxes", "for how many mailboxes it is still good"),
            ("invitations", "for how many invitations it is still good"),
            ("expires", "the last day on which it is good"),
        ],
    ),
    (
        "voucher",
        &[
            ("hash", "a hash of an invitation's voucher, which is good for one mailbox"),
            ("expires", "the last day on which it is good"),
        ],
    ),
    (
        "bundle",
        &[
            ("slot", "a random name of the place where an open invitation waits"),
            ("manage", "a hash of what the inviter shows to ask about it or withdraw it"),
            ("voucher", "a hash of the voucher inside"),
            ("expires", "the last day on which it is there"),
            ("claim", "a hash of what the one who took it drew; nothing before it was taken"),
            ("second_taker", "whether somebody else asked for it too"),
            ("sealed", "the sealed bundle, which only the invitation's link opens"),
        ],
    ),
];

/// What lies in the data folder.
pub const FILES: &[Sentence] = &[
    ("relay.db", "the store: what the tables above show"),
    (
        "relay.db-wal",
        "its journal: rows of the last while, also such as were deleted, for about a minute while a relay runs",
    ),
    ("relay.db-shm", "an index of the journal"),
    (
        "tls.key",
        "the relay's own key, by which clients recognise it. It opens no message. Who has it can pose as the relay",
    ),
    (
        "notice",
        "the notice that the operator wrote for everybody, signed with tls.key; there only if the operator set one",
    ),
    ("relay.lock", "empty: its lock keeps a second relay off the folder"),
];

/// What a client sends, by request.
pub const ASKED: &[Group] = kinds! { Request:
    Hello "the first on a connection" {
        version: "the version that the client speaks",
    }
    Notice "ask for the operator's notice" {}
    CreateMailbox "make a mailbox" {
        mailbox: "its random name",
        owner: "the key that its owner will prove",
        capability: "a hash of what senders will show",
        admission: "a pass, an invitation's voucher, or nothing. With a pass, the operator could write down which mailboxes were made by whoever got it; nothing keeps it",
    }
    DeleteMailbox "delete a mailbox" {
        mailbox: "its random name",
        proof: "a signature that shows the owner",
    }
    Subscribe "open a mailbox" {
        mailbox: "its random name",
        generation: "the counter and mark of the owner's profile",
        proof: "a signature that shows the owner",
    }
    Fetch "ask for envelopes" {
        mailbox: "its random name",
        wait: "whether to answer when one comes",
    }
    Acknowledge "say what was received" {
        mailbox: "its random name",
        ids: "the random names of the envelopes, which are then deleted",
    }
    Put "bring an envelope" {
        mailbox: "the random name of the mailbox it is for",
        capability: "what shows that its owner lets the sender",
        id: "a random name of the envelope",
        envelope: "4,096 bytes that only the two people can open",
    }
    PutBundle "leave an invitation" {
        slot: "a random name of the place where it waits",
        manage: "a hash of what the inviter will show",
        voucher: "a hash of the voucher inside",
        expires_day: "the last day on which it is there",
        admission: "a pass, or nothing",
        bundle: "the sealed bundle",
    }
    TakeBundle "take an invitation" {
        slot: "the random name of the place",
        claim: "what the one who takes it drew",
    }
    BundleStatus "ask what became of an invitation" {
        slot: "the random name of the place",
        manage: "what shows the inviter",
    }
    RevokeBundle "withdraw an invitation" {
        slot: "the random name of the place",
        manage: "what shows the inviter",
    }
};

/// What the relay answers, by reply.
pub const ANSWERED: &[Group] = kinds! { Reply:
    Welcome "to the first" { 0: "what the relay says of itself, below" }
    Done "done" {}
    Page "envelopes" { 0: "at most 32 envelopes with their names, below" }
    Bundle "an invitation" { 0: "the sealed bundle" }
    BundleState "what became of an invitation" { 0: "two marks, below" }
    Notice "the operator's notice" { 0: "what the operator wrote for everybody, signed; the same bytes for all who ask" }
    Refused "not done" { 0: "why, as one of twelve kinds. A mailbox that is not there and a key that doesn't fit get the same answer" }
};

/// The parts of answers.
pub const PARTS: &[Group] = &[
    (
        "what the relay says of itself",
        fields! { Welcome:
            version: "the version that it speaks",
            time: "its clock",
            store: "the store's random name",
            restores: "the number that each restore raises",
            envelope_days: "for how many days an envelope is kept",
            open: "whether anybody may make mailboxes",
        },
    ),
    (
        "an envelope",
        fields! { Delivery:
            id: "its random name",
            envelope: "4,096 bytes that only the two people can open",
        },
    ),
    (
        "what became of an invitation",
        fields! { BundleState:
            taken: "whether somebody took it",
            second_taker: "whether somebody else asked for it too",
        },
    ),
];

const HEAD: &str = "# What the center can see

For whoever wants to know what the center's computer knows, and for the one who runs it. Cairn carries closed envelopes
between two people; the program on the center's computer, the relay, keeps each until it is fetched.

This page is made from the program (`server/src/sees.rs`). A field that is sent and has no sentence here stops the build; a
stored column, a number or a line of the log without one stops its tests.

No message, name, account, contact list or network address is stored, counted or logged. Of times, the store has days, and
the log the minutes of what the relay itself did. What a relay sees while it runs, and doesn't keep, stands below too.
";

const RUNNING: &str = "## What a running relay could write down

A relay sees more than it keeps. Somebody who controls the computer, or watches its network, could write down

- the network address of each connection, when it comes and goes, and how much it sends;
- which mailboxes one connection opens and which it brings envelopes to, so that it could tie those together, and by times
  say who writes to whom;
- what was shown to it: passes, vouchers, and what lets senders put something into a mailbox.

It could also refuse, delay, or hide envelopes; people notice what is missing when the next message comes. It could not open
an envelope, change one unnoticed, or make one that is taken for a person's. The [threat model](threat-model.md) says each
of these with the test that shows it.
";

/// The page. `said` are the lines that the log can hold, with their levels.
#[must_use]
pub fn page(said: &[(String, String)]) -> String {
    let mut page = HEAD.to_owned();
    page += "\n## On the disk\n\n`cairn-relay dump` prints all of it.\n\n";
    groups(&mut page, STORED);
    page += "\n| file | what it is |\n|---|---|\n";
    sentences(&mut page, FILES);
    page += "\nA backup holds the store as of one moment, `tls.key`, and the notice. What people fetched since stays in it.\n\n";
    page += RUNNING;
    page += "\n## What people's programs send\n\nAll of it is inside TLS 1.3.\n\n";
    groups(&mut page, ASKED);
    page += "\n## What the relay answers\n\n";
    groups(&mut page, ANSWERED);
    page += "\n";
    groups(&mut page, PARTS);
    page += "\n## What is counted\n\nOnly on the machine itself, and only if the operator asks for it. Numbers without names. What \
             people do\nis shown as it stood at the first look of the hour, so that a row of looks doesn't say when somebody \
             wrote.\n\n| number | shown | what it says |\n|---|---|---|\n";
    for (_, shown, _, name, sentence) in metrics::NUMBERS {
        let shown = if *shown == metrics::Shown::Now { "at once" } else { "hourly" };
        put(&mut page, &[&format!("`cairn_relay_{name}`"), shown, sentence]);
    }
    page += "\n## What is logged\n\n| field | what it says |\n|---|---|\n";
    sentences(&mut page, log::FIELDS);
    page += "\nEvery line that it can hold. `{error}` is what the system says of a disk, a file or a port of the relay's own, `{place}` a\nline of the program, `{word}` one of the relay's to systemd, `{tenths}` a digit:\n\n";
    page += "| level | text |\n|---|---|\n";
    for (level, text) in said {
        put(&mut page, &[level, text]);
    }
    page
}

fn groups(page: &mut String, groups: &[Group]) {
    *page += "| where | what | what it says |\n|---|---|---|\n";
    for (group, rows) in groups {
        for (name, sentence) in *rows {
            // A part without a name of its own.
            let name = if *name == "0" { String::new() } else { format!("`{name}`") };
            put(page, &[group, &name, sentence]);
        }
        if rows.is_empty() {
            put(page, &[group, "", "nothing more"]);
        }
    }
}

fn sentences(page: &mut String, rows: &[Sentence]) {
    for (name, sentence) in rows {
        put(page, &[&format!("`{name}`"), sentence]);
    }
}

fn put(page: &mut String, cells: &[&str]) {
    // Writing to a string doesn't fail.
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{SqliteStore, columns};
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/what-the-center-can-see.md");

    /// The literal that a piece of source begins with, without the breaks of its lines.
    fn literal(source: &str) -> Option<String> {
        let (mut text, mut letters) = (String::new(), source.trim_start().strip_prefix('"')?.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '"' => return Some(text),
                '\\' => match letters.next()? {
                    '\n' => letters = letters.as_str().trim_start().chars(),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        None
    }

    /// Every line that the sources can write into the log, up to their tests.
    fn said(folder: &Path, found: &mut BTreeSet<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                said(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            for (level, word) in
                [("error", "tracing::error!("), ("warn", "tracing::warn!("), ("info", "tracing::info!(")]
            {
                for call in code.split(word).skip(1) {
                    let text = literal(call);
                    let text =
                        text.unwrap_or_else(|| panic!("{}: a plain sentence comes first: {word}", path.display()));
                    found.insert((level.to_owned(), text));
                }
            }
        }
    }

    #[test]
    fn every_column_that_is_stored_has_its_sentence_and_no_other_has() {
        let folder = tempfile::tempdir().unwrap();
        let _store = SqliteStore::open(folder.path(), Arc::new(|_| {})).unwrap();
        let known: Vec<(String, String)> = columns(folder.path()).unwrap();
        let named = STORED
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(move |(column, _)| ((*table).to_owned(), (*column).to_owned())));
        assert_eq!(named.collect::<Vec<_>>(), known);
    }

    #[test]
    fn every_file_of_a_relay_has_its_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let _lock = crate::folder::lock(folder.path()).unwrap();
        let _store = SqliteStore::open(folder.path(), Arc::new(|_| {})).unwrap();
        let _tls = crate::tls::Tls::open(folder.path(), None).unwrap();
        crate::notice::set(folder.path(), cairn_protocol::notice::Notice::withdrawn(0), 0).unwrap();
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let named = FILES.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(named.collect::<BTreeSet<_>>(), files.collect());
    }

    #[test]
    fn the_log_names_nothing_but_faults_of_the_machine() {
        let mut found = BTreeSet::new();
        said(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 10, "{found:?}");
        for (_, text) in found {
            for named in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                assert!(["error", "place", "word", "tenths"].contains(&named), "{{{named}}} in the log: {text}");
            }
        }
    }

    #[test]
    fn the_page_is_what_the_program_says() {
        let mut found = BTreeSet::new();
        said(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let page = page(&found.into_iter().collect::<Vec<_>>());
        if std::env::var_os("CAIRN_WRITE_PAGES").is_some() {
            fs::write(PAGE, &page).unwrap();
        }
        let again = "write it again: CAIRN_WRITE_PAGES=1 cargo test -p cairn-relay --lib sees";
        assert_eq!(fs::read_to_string(PAGE).unwrap_or_default(), page, "{again}");
    }
}
