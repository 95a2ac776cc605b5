//! The frames between client and relay.

use cairn_protocol::limits::{REPLY, REQUEST};
use cairn_protocol::wire::frame::{Reply, Request};

/// A request that decodes encodes to the same bytes.
pub(super) fn request(data: &[u8]) -> bool {
    let Ok((number, request)) = Request::decode(data) else { return false };
    assert!(data.len() <= REQUEST);
    assert_eq!(request.encode(number).as_slice(), data);
    true
}

/// A reply that decodes encodes to the same bytes.
pub(super) fn reply(data: &[u8]) -> bool {
    let Ok((number, reply)) = Reply::decode(data) else { return false };
    assert!(data.len() <= REPLY);
    assert_eq!(reply.encode(number), data);
    true
}
