//! Words that were typed and not sent, out of a damaged vault into the new one.
//!
//! In: the damaged vault, the new one with its people. Out: how many drafts were saved, and how many were not. This file
//! must never save a draft of somebody who is not in the new vault.

use super::whole;
use crate::vault::old::Old;
use crate::vault::{Vault, VaultError};

/// How many were saved; how many were not, where that is known.
pub(super) fn save(old: &mut Old, new: &mut Vault) -> Result<(u64, Option<u64>), VaultError> {
    if !old.has("drafts", "text") {
        // Older programs kept none.
        return Ok((0, Some(0)));
    }
    let people: Vec<String> = new.read(|store| {
        let mut statement = store.0.prepare("SELECT id FROM contacts")?;
        let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok::<_, VaultError>(ids)
    })?;
    let mut saved = 0;
    for id in people {
        // The id is one of this program's own: hexadecimal digits.
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let text = old.value::<String>(&format!("SELECT text FROM drafts WHERE contact = '{id}'"));
        if let Some(text) = text.and_then(|text| whole(text).ok()) {
            new.write(|store| store.set_draft(&id, &text))?;
            saved += 1;
        }
    }
    let all = old.value::<i64>("SELECT count(*) FROM drafts").and_then(|all| u64::try_from(all).ok());
    Ok((saved, all.map(|all| all.saturating_sub(saved))))
}
