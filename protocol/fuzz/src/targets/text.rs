//! What people type: addresses, links, base 32.

use cairn_protocol::address::RelayAddress;
use cairn_protocol::base32;
use cairn_protocol::invitation::Link;

/// An address that is read is written in one form, which reads as the same.
pub(super) fn address(data: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(data) else { return false };
    let Ok(address) = text.parse::<RelayAddress>() else { return false };
    let written = address.to_string();
    assert_eq!(written.parse(), Ok(address));
    assert!(written.len() <= data.len(), "the form that is written is the shortest");
    true
}

/// A link that is read is written in one form, which leads to the same place.
pub(super) fn link(data: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(data) else { return false };
    let Ok(link) = text.parse::<Link>() else { return false };
    let written = link.to_string();
    let again: Link = written.parse().unwrap();
    assert_eq!((again.to_string(), again.slot(), again.address()), (written.clone(), link.slot(), link.address()));
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let (head, code) = plain.split_once('/').unwrap();
    assert_eq!(format!("{head}/{}", forgiven(code)), written);
    true
}

/// What decodes encodes to the same characters; what encodes decodes to the same bytes.
pub(super) fn base32(data: &[u8]) -> bool {
    fn decodes<const N: usize>(text: &str) -> bool {
        let Some(bytes) = base32::decode::<N>(text) else { return false };
        assert_eq!(base32::encode(&bytes), forgiven(text));
        true
    }
    fn survives<const N: usize>(data: &[u8]) {
        if let Ok(bytes) = <[u8; N]>::try_from(data) {
            assert_eq!(base32::decode(&base32::encode(&bytes)), Some(bytes));
        }
    }
    survives::<1>(data);
    survives::<4>(data);
    survives::<18>(data);
    survives::<53>(data);
    let Ok(text) = core::str::from_utf8(data) else { return false };
    let lengths = [decodes::<0>, decodes::<1>, decodes::<2>, decodes::<3>, decodes::<4>, decodes::<5>, decodes::<18>];
    // One length of bytes for one length of characters.
    let fitting = lengths.iter().filter(|decodes| decodes(text)).count();
    assert!(fitting <= 1);
    fitting == 1 || decodes::<53>(text)
}

/// What a person may write, as the program writes it.
fn forgiven(text: &str) -> String {
    text.to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1")
}
