//! ChaCha20-Poly1305 (RFC 8439), each key for one plaintext.

use super::PrimitiveError;
use crate::secret::Secret;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use zeroize::Zeroize;

/// Bytes of a Poly1305 tag, never truncated (RFC 8439 §2.5).
pub const TAG: usize = 16;

fn cipher(key: &Secret) -> ChaCha20Poly1305 {
    let mut key = Key::from(*key.expose());
    let cipher = ChaCha20Poly1305::new(&key);
    key.as_mut_slice().zeroize();
    cipher
}

/// Seals `text` in place with ChaCha20-Poly1305 (RFC 8439 §2.8) and returns the tag.
///
/// The nonce is zero: every key of this protocol seals one plaintext only, because it is derived under a fresh
/// 32-byte salt or from a value that is itself unique.
#[must_use]
pub fn seal(key: Secret, data: &[u8], text: &mut [u8]) -> [u8; TAG] {
    match cipher(&key).encrypt_inout_detached(&Nonce::default(), data, text.into()) {
        Ok(tag) => tag.into(),
        // Only above 2^38 bytes. An all-zero tag opens nowhere, and the text is wiped: nothing leaks.
        Err(_) => {
            text.zeroize();
            [0; TAG]
        }
    }
}

/// Opens `text` in place.
///
/// # Errors
/// [`PrimitiveError::Open`]; `text` is then unchanged ciphertext.
pub fn open(key: &Secret, data: &[u8], text: &mut [u8], tag: &[u8; TAG]) -> Result<(), PrimitiveError> {
    cipher(key)
        .decrypt_inout_detached(&Nonce::default(), data, text.into(), &Tag::from(*tag))
        .map_err(|_| PrimitiveError::Open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label;
    use crate::primitives::derive;

    #[test]
    fn sealed_text_opens_under_its_key_and_data_only() {
        let key = || derive(b"salt", &[b"key"], label::FIRST_SEAL);
        let mut text = *b"hello";
        let tag = seal(key(), b"data", &mut text);
        let sealed = text;
        assert_eq!(open(&key(), b"other", &mut text, &tag), Err(PrimitiveError::Open));
        assert_eq!(text, sealed);
        assert_eq!(open(&key(), b"data", &mut text, &tag), Ok(()));
        assert_eq!(&text, b"hello");
    }
}
