//! HKDF-SHA-256 (RFC 5869), always to 32 bytes and under a label.

use crate::label::Label;
use crate::secret::Secret;
use core::fmt;
use sha2::Sha256;
use zeroize::Zeroize;

/// The pseudo-random key of HKDF-SHA-256 (RFC 5869 §2.2).
pub struct Extracted(hkdf::Hkdf<Sha256>);

/// HKDF-Extract with its salt taken in, for several keys under one salt.
pub struct Salted(hkdf::HkdfExtract<Sha256>);

impl Salted {
    /// Takes a salt in; an empty one is 32 zero bytes (RFC 5869 §2.2).
    #[must_use]
    pub fn new(salt: &[u8]) -> Self {
        Self(hkdf::HkdfExtract::new(Some(salt)))
    }

    /// HKDF-Extract over the parts, one after the other.
    #[must_use]
    pub fn extract(&self, parts: &[&[u8]]) -> Extracted {
        let mut extract = self.0.clone();
        for part in parts {
            extract.input_ikm(part);
        }
        let (mut prk, hkdf) = extract.finalize();
        prk.as_mut_slice().zeroize();
        Extracted(hkdf)
    }

    /// HKDF-SHA-256 with one output of 32 bytes.
    #[must_use]
    pub fn derive(&self, parts: &[&[u8]], label: Label) -> Secret {
        self.extract(parts).expand(label, &[])
    }
}

impl Extracted {
    /// HKDF-Extract over the parts, one after the other.
    #[must_use]
    pub fn new(salt: &[u8], parts: &[&[u8]]) -> Self {
        Salted::new(salt).extract(parts)
    }

    /// HKDF-Expand to one output of 32 bytes: info is the prefixed label and the context.
    #[must_use]
    pub fn expand(&self, label: Label, context: &[&[u8]]) -> Secret {
        let (length, text) = label.prefixed();
        let mut output = Secret::from_bytes([0; 32]);
        // HKDF-Expand fails only above 8,160 bytes of output (RFC 5869 §2.3); 32 never does.
        let expanded = if context.is_empty() {
            self.0.expand_multi_info(&[&length, text], output.expose_mut())
        } else {
            self.0.expand_multi_info(&[&[&length, text], context].concat(), output.expose_mut())
        };
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's limit");
        output
    }
}

impl fmt::Debug for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salted(..)")
    }
}

impl fmt::Debug for Extracted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extracted(..)")
    }
}

/// HKDF-SHA-256 with one output of 32 bytes.
#[must_use]
pub fn derive(salt: &[u8], parts: &[&[u8]], label: Label) -> Secret {
    Extracted::new(salt, parts).expand(label, &[])
}
