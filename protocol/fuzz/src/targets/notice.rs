//! The operator's notice, as a relay in other hands would sign it.

use super::edited;
use cairn_protocol::address::Pin;
use cairn_protocol::limits::NOTICE;
use cairn_protocol::notice::{Notice, POINT, SIGNATURE, SignedNotice};

/// What stands before the point in the key that a pin is made of (protocol.md §9.5).
const KEY_INFO: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// Edits to a notice under a signature that is taken to fit: what reads is written as the same bytes.
pub(super) fn notice(data: &[u8]) -> bool {
    let lines = |text: &str| vec![text.to_owned(); 2];
    let template = Notice {
        set: 1_800_000_000,
        last_day: 21_000,
        center: "A center".to_owned(),
        card: lines("In danger: NUMBER"),
        hours: lines("Weekdays, 9 to 17"),
        readers: lines("Your specialist"),
        more: lines("ज़रूर आइए"),
    };
    let message = template.statement().unwrap().message();
    let statement = message.split_at(message.len() + POINT + SIGNATURE - NOTICE).1;
    let bytes = edited(&[&[4; POINT + SIGNATURE][..], statement].concat(), data);
    let pin = Pin::of(&[KEY_INFO, bytes.split_at(POINT).0].concat());
    let signed = SignedNotice::from_bytes(bytes.clone().into_boxed_slice().try_into().unwrap());
    assert!(signed.open(&pin, |_, _, _| false).is_err() && signed.open(&Pin([0; 16]), |_, _, _| true).is_err());
    let Ok(notice) = signed.open(&pin, |_, _, _| true) else { return false };
    assert!(notice.statement().unwrap().message().ends_with(bytes.split_at(POINT + SIGNATURE).1));
    true
}
