//! Names: which can be used, and how two people of one name are told apart.
//!
//! In: names as people typed or sent them. Out: the same, unique on this device. This file must never learn anything
//! else about a person.

use super::Fault;
use crate::language::trouble;
use crate::vault::{Store, VaultError};
use cairn_protocol::limits::NAME;

/// Whether a name can be given to oneself.
pub(super) fn check(name: &str) -> Result<(), Fault> {
    if name.trim().is_empty() {
        return Err(Fault::Usage(trouble::name_empty()));
    }
    if name.len() > NAME {
        return Err(Fault::Usage(trouble::name_long(NAME)));
    }
    if name.chars().any(char::is_control) {
        return Err(Fault::Usage(trouble::name_letter()));
    }
    Ok(())
}

/// The name itself, or with ` 2`, ` 3` … behind it.
pub(super) fn unique(store: &Store<'_>, name: &str) -> Result<String, VaultError> {
    let somebody = crate::language::said::somebody();
    let name = if name.trim().is_empty() { &somebody } else { name };
    if !store.name_taken(name)? {
        return Ok(name.to_owned());
    }
    let mut number = 2_u64;
    loop {
        let numbered = format!("{name} {number}");
        if !store.name_taken(&numbered)? {
            return Ok(numbered);
        }
        number += 1;
    }
}
