//! The domain-separation labels, each used for one output only (protocol.md §1.4).
//!
//! In: nothing. Out: constants. This file must never learn a key. A label is `cairn/v1/construction/output`; on the
//! wire of a hash it is preceded by its length in one byte, so that no label can be taken for the start of another.

/// The name of one derived output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(&'static str);

impl Label {
    /// The prefixed label and the parts behind it: associated data.
    pub(crate) fn before(self, parts: &[&[u8]]) -> Vec<u8> {
        let (length, text) = self.prefixed();
        let mut data = Vec::with_capacity(64 + parts.iter().map(|part| part.len()).sum::<usize>());
        data.extend_from_slice(&length);
        data.extend_from_slice(text);
        parts.iter().for_each(|part| data.extend_from_slice(part));
        data
    }

    /// Length in one byte and the label, as it enters a hash. Labels are constants far below 256 bytes.
    pub(crate) fn prefixed(self) -> ([u8; 1], &'static [u8]) {
        let length = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        ([length], self.0.as_bytes())
    }

    /// The label as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: Label = Label($text);)*

        /// All labels, so that a test can show them to be different.
        pub const ALL: &[Label] = &[$($name),*];
    };
}

labels! {
    /// Checksum at the end of a relay address.
    ADDRESS_CHECKSUM = "cairn/v1/relay/address-checksum";
    /// Checksum at the end of an invitation link.
    LINK_CHECKSUM = "cairn/v1/link/checksum";
    /// Pin of a relay's TLS key.
    RELAY_PIN = "cairn/v1/relay/pin";
    /// Hash of a bearer token as the relay keeps it: send capability.
    TOKEN_SEND = "cairn/v1/token/send-capability";
    /// Hash of a bearer token: claim of an invitation.
    TOKEN_CLAIM = "cairn/v1/token/claim";
    /// Hash of a bearer token: management of an invitation.
    TOKEN_MANAGE = "cairn/v1/token/manage";
    /// Hash of a bearer token: operator's pass.
    TOKEN_PASS = "cairn/v1/token/pass";
    /// Hash of a bearer token: voucher of an invitation.
    TOKEN_VOUCHER = "cairn/v1/token/voucher";
    /// Statement by which the owner of a mailbox proves its key to the relay.
    OWNER_STATEMENT = "cairn/v1/mailbox/owner-statement";
    /// Link secret L: hash of the plain bundle.
    BUNDLE_HASH = "cairn/v1/invitation/bundle-hash";
    /// Place at the relay where the sealed bundle waits.
    BUNDLE_SLOT = "cairn/v1/invitation/slot";
    /// Key under which the bundle waits.
    BUNDLE_KEY = "cairn/v1/invitation/bundle-key";
    /// Associated data of the sealed bundle.
    BUNDLE_DATA = "cairn/v1/invitation/bundle-data";
    /// Key from which the first envelope's key is made.
    FIRST_KEY = "cairn/v1/first-envelope/key";
    /// Key of one first envelope, under its salt.
    FIRST_SEAL = "cairn/v1/first-envelope/seal-key";
    /// Commitment of the first envelope to its key.
    FIRST_COMMITMENT = "cairn/v1/first-envelope/commitment";
    /// Associated data of the first envelope.
    FIRST_DATA = "cairn/v1/first-envelope/data";
    /// Key of the private part of the first envelope.
    FIRST_PRIVATE_KEY = "cairn/v1/first-envelope/private-key";
    /// Associated data of the private part of the first envelope.
    FIRST_PRIVATE_DATA = "cairn/v1/first-envelope/private-data";
    /// Hash by which an accepted first envelope is recognised when it comes again.
    FIRST_HASH = "cairn/v1/first-envelope/hash";
    /// Pre-shared key of the handshake.
    HANDSHAKE_PSK = "cairn/v1/handshake/pre-shared-key";
    /// Hash of the handshake's transcript.
    HANDSHAKE_TRANSCRIPT = "cairn/v1/handshake/transcript";
    /// Root key of the ratchet.
    HANDSHAKE_ROOT = "cairn/v1/handshake/root-key";
    /// Chain key of the taker's chain 0.
    HANDSHAKE_CHAIN = "cairn/v1/handshake/chain-key";
    /// Header key of the taker's chain 0.
    HANDSHAKE_HEADER = "cairn/v1/handshake/header-key";
    /// Header key of the taker's chain 1.
    HANDSHAKE_NEXT_TAKER = "cairn/v1/handshake/next-header-key-taker";
    /// Header key of the inviter's first chain.
    HANDSHAKE_NEXT_INVITER = "cairn/v1/handshake/next-header-key-inviter";
    /// Hash of all public values of a hybrid step.
    RATCHET_STEP = "cairn/v1/ratchet/step";
    /// Hash of the public values that the headers of one chain repeat.
    RATCHET_PUBLICS = "cairn/v1/ratchet/chain-publics";
    /// Next root key of a hybrid step.
    RATCHET_ROOT = "cairn/v1/ratchet/root-key";
    /// Chain key of a hybrid step.
    RATCHET_CHAIN = "cairn/v1/ratchet/chain-key";
    /// Next header key of a hybrid step.
    RATCHET_NEXT_HEADER = "cairn/v1/ratchet/next-header-key";
    /// Next chain key of a symmetric step.
    CHAIN_NEXT = "cairn/v1/chain/next-key";
    /// Message key of a symmetric step.
    CHAIN_MESSAGE = "cairn/v1/chain/message-key";
    /// Key of one sealed header, under the envelope's salt.
    ENVELOPE_HEADER_KEY = "cairn/v1/envelope/header-key";
    /// Key of one sealed body, under the envelope's salt.
    ENVELOPE_BODY_KEY = "cairn/v1/envelope/body-key";
    /// Commitment of an envelope to its header key and its message key.
    ENVELOPE_COMMITMENT = "cairn/v1/envelope/commitment";
    /// Associated data of a sealed header.
    ENVELOPE_HEADER_DATA = "cairn/v1/envelope/head";
    /// Associated data of a sealed body.
    ENVELOPE_BODY_DATA = "cairn/v1/envelope/body";
    /// History hash H(0) of one direction.
    HISTORY_START = "cairn/v1/history/start";
    /// History hash H(n) of one direction.
    HISTORY_STEP = "cairn/v1/history/step";
    /// Hash of what a check of words binds: transcript and identities.
    CHECK_BINDING = "cairn/v1/check/binding";
    /// Commitment to the nonce of the one who begins a check.
    CHECK_COMMITMENT = "cairn/v1/check/commitment";
    /// Words that the inviter reads aloud.
    CHECK_WORDS_INVITER = "cairn/v1/check/words-inviter";
    /// Words that the taker reads aloud.
    CHECK_WORDS_TAKER = "cairn/v1/check/words-taker";
    /// Statement of the operator's notice, which the relay's TLS key signs.
    NOTICE_STATEMENT = "cairn/v1/notice/statement";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_label_is_unique() {
        let distinct: BTreeSet<_> = ALL.iter().map(|label| label.as_str()).collect();
        assert_eq!(distinct.len(), ALL.len());
        for label in ALL {
            assert!(label.as_str().starts_with("cairn/v1/"), "{label:?}");
            assert!(label.as_str().len() < 256, "{label:?}");
        }
    }

    /// All of a folder's code, without its tests.
    fn code(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text += &code(&path);
            } else {
                let file = fs::read_to_string(&path).unwrap();
                text += file.split("\n#[cfg(test)]\nmod ").next().unwrap();
            }
        }
        text
    }

    #[test]
    fn every_label_is_named_in_exactly_one_derivation() {
        let code = code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let named = |line: &'static str| line.trim().split_once(" = \"cairn/v1/").map(|(name, _)| name);
        let names: Vec<&str> = include_str!("label.rs").lines().filter_map(named).collect();
        assert_eq!(names.len(), ALL.len());
        for name in names {
            let whole = |rest: &&str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
            let uses = code.split(&format!("label::{name}")).skip(1).filter(whole).count();
            assert_eq!(uses, 1, "{name}");
        }
    }
}
