//! Pieces that opened, joined to content.

use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::limits::{PIECE, TEXT};
use cairn_protocol::wire::Reader;

/// Pieces from bytes: index, count, shown, kind and a block each; one byte before says how they differ from that.
fn pieces(data: &[u8]) -> Option<Vec<Piece>> {
    let mut reader = Reader::new(data);
    let long = reader.u8().ok()? % 2 == 1;
    let mut pieces = Vec::new();
    while let Ok([id, index, count, shown, kind]) = reader.array() {
        let length = usize::from(reader.u8().ok()?);
        let mut payload = reader.bytes(length).ok()?.to_vec();
        if long && index.saturating_add(1) < count {
            // A few bytes stand for a full piece.
            payload.resize(PIECE, b'x');
        }
        let id = MessageId::from_bytes([id; 16]);
        pieces.push(Piece { id, index, count, shown: shown == 1, kind: kind.into(), payload: payload.into() });
    }
    Some(pieces)
}

/// What joins splits into the same pieces, and only into them.
pub(super) fn content(data: &[u8]) -> bool {
    if let Ok(text) = core::str::from_utf8(data) {
        // Any text survives, in as many pieces as it needs.
        let content = Content::Text(text.repeat(1 + TEXT / 2 / text.len().max(1)));
        let split = content.split(MessageId::from_bytes([1; 16])).unwrap();
        assert!(Content::join(&split) == Ok(content));
    }
    let Some(pieces) = pieces(data) else { return false };
    let Ok(content) = Content::join(&pieces) else { return false };
    match content {
        Content::Unknown { kind, fallback } => {
            assert_eq!((pieces[0].kind, pieces[0].shown), (kind, fallback.is_some()));
        }
        known => assert!(known.split(pieces[0].id).unwrap() == pieces),
    }
    true
}
