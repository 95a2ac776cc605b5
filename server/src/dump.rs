//! All that a relay holds, as lines that anyone can read.
//!
//! In: a data folder. Out: one JSON object a line: first notes in plain sentences, then every column of every row. This
//! file must never learn to leave a column out: it prints what the store names.

use crate::line::Line;
use crate::notice;
use crate::store::StoreError;
use crate::store::sqlite::{self, Cell};
use cairn_protocol::notice::Notice;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

/// Columns that hold what only clients can open; shortened to their length unless everything is asked for.
const SEALED: [&str; 2] = ["shut", "sealed"];

const NOTES: &[&str] = &[
    "This is everything in the relay's store. Identifiers, keys and hashes are in hexadecimal. Nothing names a person.",
    "store: one row. The store's random name, a number that each restore raises, the day its clock showed last (days since \
     1970-01-01), the relay's own count of days, and how many mailboxes there are now.",
    "mailbox: a random identifier, the key its owner proves, the hash of the capability its senders show, and the \
     counter and mark by which an older copy of the owner's profile is noticed. No row says whose it is, who sends to \
     it, which pass or voucher made it, or when.",
    "envelope: its place in the order of arrival, its mailbox, a random identifier, the day it came, a key that shuts \
     its body in this file, and the body's place. Gone when acknowledged, or after the days that the relay states.",
    "body: its place, and 4,096 bytes that only the two people can open, shut once more with the key of the envelope \
     that names the place. Where it says \"noise\", that envelope is gone and its key with it: nobody can open these \
     bytes, and another body will take the place.",
    "pass: the hash of an operator's pass, for how many mailboxes and invitations it is still good, and its last day. \
     Nothing says who got it.",
    "voucher: the hash of an invitation's voucher, good for one mailbox until its last day. Gone when used.",
    "bundle: an open invitation. Where it waits, hashes of the tokens that manage it, take it and make its mailbox, its \
     last day, whether a second one asked for it, and the sealed bundle, which only the link opens.",
    "Beside the store the folder holds tls.key, the relay's own key, by which clients recognise it. It opens no message.",
    "notice: what the operator wrote for everybody who has the relay's address, and set when. It lies beside the store too.",
    "What a running relay sees and does not store: the network address of each connection, when it comes and goes, how \
     much it sends, and which mailboxes one connection uses, so that it could tie those together while they are \
     connected. Someone who controls the relay, or watches its network, can write that down.",
    "Rows that were deleted are overwritten. Of a deleted body the bytes may stay in the file, without the key that \
     opens them. The journal beside the store (relay.db-wal) may hold what was deleted for up to a minute \
     longer.",
];

/// Why a dump ended early.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output can't be written.
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
}

/// Writes all that the store of a folder holds; with `full` the sealed bytes too.
///
/// # Errors
/// Any [`DumpError`].
pub fn dump(folder: &Path, full: bool, output: &mut impl Write) -> Result<(), DumpError> {
    let (mut noted, mut named) = (false, HashSet::new());
    // Notes come with the first row, so that a folder without a store prints an error alone; the store's own row is
    // always there.
    sqlite::inspect(folder, |table, cells| {
        if !noted {
            noted = true;
            for note in NOTES {
                writeln!(output, "{}", Line::new("note").with("text", *note))?;
            }
        }
        // Envelopes come before bodies.
        let place = cells.iter().find_map(|(name, cell)| if name == "place" { number(cell) } else { None });
        let noise = table == "body" && place.is_some_and(|place| !named.remove(&place));
        if table == "envelope" {
            named.extend(place);
        }
        let mut line = Line::new(table);
        for (name, cell) in cells {
            line = match cell {
                Cell::Bytes(bytes) if !full && SEALED.contains(&name.as_str()) => {
                    line.with(format!("{name}_bytes"), bytes.len())
                }
                Cell::Bytes(bytes) => line.with(name, hex(&bytes)),
                Cell::Number(number) => line.with(name, number),
                Cell::Other(text) => line.with(name, text),
                Cell::Null => line.with(name, Value::Null),
            };
        }
        let line = if noise { line.with("noise", true) } else { line };
        writeln!(output, "{line}").map_err(DumpError::from)
    })?;
    // One that can't be read was not written by this program, and is served to nobody who could use it.
    if let Ok(Some(notice)) = notice::kept(folder) {
        writeln!(output, "{}", noticed(notice))?;
    }
    output.flush()?;
    Ok(())
}

const fn number(cell: &Cell) -> Option<i64> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn noticed(notice: Notice) -> Line {
    let Notice { set, last_day, center, card, hours, readers, more } = notice;
    let line = Line::new("notice").with("set", set).with("last_day", last_day).with("center", center);
    line.with("card", card).with("hours", hours).with("readers", readers).with("more", more)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}
