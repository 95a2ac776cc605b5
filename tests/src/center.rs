//! The center's notice, as tests set it and see it kept.
//!
//! In: a relay, a profile. Out: a signed notice at the one, the card of the other. This file must never make anything that
//! the operator's program could not.

use crate::client::Client;
use crate::process::run;
use crate::relay::Relay;
use crate::terminal::find;
use anyhow::{Context, Result, ensure};
use cairn_protocol::notice::{Notice, POINT, SIGNATURE};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The card as a program reads it, and as a person does.
///
/// # Errors
/// If there is no card.
pub fn card(client: &Client) -> Result<(Value, String)> {
    let card = client.run(&["help-now"])?.ended(0)?.only("card")?.clone();
    let plain = String::from_utf8(run(&mut client.plain_command(&["help-now"]), b"")?.out)?;
    ensure!(!plain.contains('\u{1b}') && plain.contains("HELP NOW"), "{plain}");
    Ok((card, plain))
}

/// Where a profile keeps it.
#[must_use]
pub fn kept(client: &Client) -> PathBuf {
    client.home().join("notice")
}

/// The notice is to be asked for again, as a day later.
///
/// # Errors
/// If none is kept.
pub fn a_day_later(client: &Client) -> Result<()> {
    let mut bytes = fs::read(kept(client))?;
    bytes.get_mut(1..9).context("when it was asked for")?.fill(0);
    Ok(fs::write(kept(client), bytes)?)
}

/// A notice of this relay, dated and worded as no operator's program would.
///
/// # Errors
/// If it can't be signed or written.
pub fn sign_and_serve(relay: &Relay, notice: Notice, now: u64) -> Result<Notice> {
    Ok(cairn_relay::notice::set(&relay.data(), notice, now)?)
}

/// What a small center says.
#[must_use]
pub fn words(center: &str, last_day: u32) -> Notice {
    let lines = |text: &str| vec![text.to_owned()];
    Notice {
        set: 0,
        last_day,
        center: center.to_owned(),
        card: lines("Ring 000-1111"),
        hours: lines("Weekdays"),
        readers: lines("Sam"),
        more: Vec::new(),
    }
}

/// ECDSA's r ‖ s out of DER.
fn raw(der: &[u8]) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    let mut rest = der.get(2..).context("a sequence")?;
    for _ in 0..2 {
        let length = usize::from(*rest.get(1).context("a length")?);
        let digits = rest.get(2..2 + length).context("digits")?;
        let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
        raw.extend(std::iter::repeat_n(0, 32 - digits.len()));
        raw.extend_from_slice(digits);
        rest = rest.get(2 + length..).context("the rest")?;
    }
    Ok(raw)
}

/// What stands in the file, with a part of the statement replaced, signed anew with the relay's own key.
///
/// # Errors
/// If there is no such part.
pub fn signed_anew(data: &Path, from: &[u8], to: &[u8]) -> Result<Vec<u8>> {
    let whole = fs::read(data.join("notice"))?;
    let mut statement = whole.get(POINT + SIGNATURE..).context("a statement")?.to_vec();
    let place = find(&statement, from).context("the part to replace")?;
    statement.get_mut(place..place + to.len()).context("room")?.copy_from_slice(to);
    let message = [&[25], b"cairn/v1/notice/statement".as_slice(), &statement].concat();
    let (point, der) = cairn_relay::tls::sign(data, &message)?;
    Ok([point.as_slice(), &raw(&der)?, &statement].concat())
}
