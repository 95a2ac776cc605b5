//! Refusals in the words of docs/protocol.md.
//!
//! In: the crate's errors. Out: the words that stand behind `refused:`; `protocol/vectors/README.md` lists them. This file
//! must never learn which case it speaks of.

use crate::address::AddressError;
use crate::content::ContentError;
use crate::handshake::AcceptError;
use crate::invitation::{BundleError, LinkError};
use crate::notice::NoticeError;
use crate::primitives::PrimitiveError;
use crate::ratchet::OpenError;
use crate::session::EncryptError;
use crate::wire::DecodeError;

/// protocol.md §2
pub(crate) const fn decode(error: DecodeError) -> &'static str {
    match error {
        DecodeError::Truncated => "ends too early",
        DecodeError::Trailing => "data after the end",
        DecodeError::TooLong => "a length above its limit",
        DecodeError::Unknown => "unknown type",
        DecodeError::Version => "another version",
        DecodeError::Invalid => "a value that is not allowed",
    }
}

/// protocol.md §3.2
pub(crate) const fn address(error: AddressError) -> &'static str {
    match error {
        AddressError::Form => "another form",
        AddressError::Host => "host",
        AddressError::Port => "port",
        AddressError::Checksum => "check",
    }
}

/// protocol.md §3.3
pub(crate) const fn link(error: LinkError) -> &'static str {
    match error {
        LinkError::Form => "another form",
        LinkError::Host(error) => address(error),
        LinkError::Checksum => "check",
        LinkError::Version => "another version",
    }
}

/// protocol.md §3.1, §3.4
pub(crate) fn bundle(error: BundleError) -> &'static str {
    match error {
        BundleError::Altered => "altered",
        BundleError::Malformed(error) => decode(error),
        BundleError::Name => panic!("a reader meets no name that is too long to write"),
    }
}

/// protocol.md §9.5
pub(crate) const fn notice(error: NoticeError) -> &'static str {
    match error {
        NoticeError::OtherKey => "another key",
        NoticeError::Signature => "signature",
        NoticeError::Malformed(error) => decode(error),
    }
}

/// protocol.md §5.5
pub(crate) const fn envelope(error: OpenError) -> &'static str {
    match error {
        OpenError::NotOurs => "not of this conversation",
        OpenError::Again => "come again",
        OpenError::TooManySkipped => "too many skipped",
        OpenError::Header => "header",
        OpenError::Commitment => "commitment",
        OpenError::Body => "body",
    }
}

/// protocol.md §7.4, §8.3
pub(crate) fn writing(error: EncryptError) -> &'static str {
    match error {
        EncryptError::Unconfirmed => "480 unconfirmed",
        EncryptError::Differs => "both accounts differ",
        EncryptError::Piece | EncryptError::Seal(_) => panic!("no story writes this: {error}"),
    }
}

/// protocol.md §1.2
pub(crate) const fn primitive(error: PrimitiveError) -> &'static str {
    match error {
        PrimitiveError::AllZero => "32 zero bytes",
        PrimitiveError::WeakKey => "weak key",
        PrimitiveError::Signature => "signature",
        PrimitiveError::Encapsulation => "encapsulation key",
        PrimitiveError::Open => "does not open",
    }
}

/// protocol.md §4.5
pub(crate) const fn first_envelope(error: AcceptError) -> &'static str {
    match error {
        AcceptError::NotFirst => "does not open",
        AcceptError::Malformed(error) => decode(error),
        AcceptError::Primitive(error) => primitive(error),
        AcceptError::Transcript => "transcripts differ",
    }
}

/// protocol.md §7.2, §7.3
pub(crate) fn content(error: ContentError) -> &'static str {
    match error {
        ContentError::Pieces => "pieces",
        ContentError::TooLong => "a length above its limit",
        ContentError::Malformed(error) => decode(error),
        ContentError::NotSendable => panic!("only a writer meets this: {error}"),
    }
}
