//! SHA-256 (FIPS 180-4), always under a label.

use crate::label::Label;
use sha2::{Digest, Sha256};

/// SHA-256 over a prefixed label and the parts, one after the other. The caller's parts have fixed sizes or carry
/// their lengths.
#[must_use]
pub fn hash(label: Label, parts: &[&[u8]]) -> [u8; 32] {
    let (length, text) = label.prefixed();
    let mut sha = Sha256::new();
    sha.update(length);
    sha.update(text);
    for part in parts {
        sha.update(part);
    }
    sha.finalize().into()
}
