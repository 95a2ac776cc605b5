//! Base 32, relay addresses and links: what people copy by hand (protocol.md §3.2, §3.3).

use super::paper::Paper;
use super::refusal;
use crate::address::{Host, Pin, RelayAddress};
use crate::invitation::Link;
use crate::primitives::hash;
use crate::{base32, label};

/// Base 32 of §3.2.
pub(crate) fn base32() -> Paper {
    let mut paper = Paper::new(
        "base32",
        "Base 32 as §3.2 of docs/protocol.md defines it: an alphabet of its own, no padding sign, unused bits zero; a reader \
         takes small letters, O for 0, I and L for 1.\n\nbytes is the value, text what a writer writes. Where a case has typed, \
         a reader must read bytes from it too, or refuse it; length is how many bytes the reader expects.",
    );
    for (name, explanation, length) in [
        ("empty", "No bytes are no characters.", 0_u8),
        ("one-byte", "One byte: two characters, the last two bits zero.", 1),
        ("five-bytes", "Five bytes are exactly eight characters: no bits are left over.", 5),
        ("pin-with-check", "18 bytes, as in a relay address: 29 characters.", 18),
        ("link-code", "53 bytes, as in a link: 85 characters.", 53),
    ] {
        let mut case = paper.case(name, explanation);
        let all: [u8; 53] = case.random("bytes of all");
        let bytes = &all[..usize::from(length)];
        case.hex("bytes", bytes).text("text", &base32::encode(bytes)).accepted();
    }
    let mut case = paper.case("whole-alphabet", "The twenty bytes whose text is the whole alphabet, in order.");
    let bytes: [u8; 20] = base32::decode("0123456789ABCDEFGHJKMNPQRSTVWXYZ").unwrap();
    case.hex("bytes", &bytes).text("text", &base32::encode(&bytes)).accepted();

    let written = [0x08_u8, 0x00, 0x43, 0xff, 0x9a];
    let text = base32::encode(&written);
    for (name, explanation, typed) in [
        ("small-letters", "Small letters are read as capital ones.", text.to_lowercase()),
        ("letter-o", "O is read as 0.", text.replace('0', "O")),
        ("letter-i", "I is read as 1.", text.replace('1', "I")),
        ("small-l", "A small L is read as 1.", text.replace('1', "l")),
    ] {
        assert!(base32::decode(&typed) == Some(written) && typed != text, "{typed}");
        paper.case(name, explanation).hex("bytes", &written).text("text", &text).text("typed", &typed).accepted();
    }
    for (name, explanation, typed) in [
        (
            "bits-behind-the-end",
            "The two bits behind the last byte are not zero: a second form of the same byte.",
            "ZX",
        ),
        ("too-short", "One character of two.", "Z"),
        ("too-long", "Three characters instead of two, though the third adds nothing.", "ZW0"),
        ("letter-u", "U is not in the alphabet.", "ZU"),
        ("sign", "A sign that is in no alphabet.", "Z!"),
        ("padding-sign", "The padding sign of RFC 4648.", "ZW======"),
        ("white-space", "White space is for links only (§3.3); base 32 itself has none.", "Z W"),
    ] {
        assert_eq!(base32::decode::<1>(typed), None);
        paper.case(name, explanation).number("length", 1_u8).text("typed", typed).refused("no base 32");
    }
    paper
}

pub(crate) fn relay(host: &str, port: u16, pin: [u8; 16]) -> RelayAddress {
    RelayAddress { host: Host::new(host).unwrap(), port, pin: Pin(pin) }
}

/// Relay addresses of §3.2.
pub(crate) fn address() -> Paper {
    let mut paper = Paper::new(
        "address",
        "Relay addresses of §3.2: the pin of a key, the address as text, its check, and what a reader refuses.\n\nkey is a \
         SubjectPublicKeyInfo (for the pin any bytes would do). text is what a writer writes; typed is what a reader gets.",
    );
    let mut case = paper.case("pin", "The pin of an Ed25519 key in DER: 12 bytes of prefix and 32 of key.");
    let key: [u8; 32] = case.random("raw key");
    let key = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..], &key].concat();
    let Pin(pin) = Pin::of(&key);
    case.hex("key", &key).hex("SHA-256", &hash(label::RELAY_PIN, &[&key])).hex("pin", &pin).accepted();

    let long = format!("{}.example.org", "a".repeat(241));
    for (name, explanation, host, port) in [
        ("host-name", "A host name.", "relay.example.org", 4433),
        ("ipv4", "An IPv4 address is a host like any other.", "192.0.2.7", 443),
        ("ipv6", "An IPv6 address stands in brackets; the brackets are not part of the host.", "2001:db8::7", 65535),
        ("one-letter", "The shortest host and the smallest port.", "r", 1),
        ("longest-host", "A host of 253 bytes, the longest.", &long, 4433),
    ] {
        let address = relay(host, port, pin);
        let text = address.to_string();
        assert_eq!(text.parse(), Ok(address.clone()));
        let check = hash(label::ADDRESS_CHECKSUM, &[&pin, &port.to_be_bytes(), host.as_bytes()]);
        assert!(text.ends_with(&base32::encode(&[&pin, &check[..2]].concat())));
        let mut case = paper.case(name, explanation);
        case.text("host", host).number("port", port).hex("pin", &pin).hex("check", &check[..2]);
        case.text("text", &text).accepted();
    }
    let text = relay("relay.example.org", 4433, pin).to_string();
    for (name, explanation, typed) in [
        (
            "capital-letters",
            "Capital letters in the host and small ones in the pin are the same address.",
            swap_case(&text),
        ),
        ("white-space-around", "White space before and behind is ignored.", format!(" {text}\n")),
        ("no-break-space-around", "So is that of Unicode.", format!("\u{a0}{text}\u{2003}")),
        ("zeros-before-the-port", "A reader takes zeros before a port.", text.replace("4433", "004433")),
        (
            "brackets-around-a-name",
            "A reader takes brackets around any host.",
            text.replace("relay.example.org", "[relay.example.org]"),
        ),
    ] {
        assert_eq!(typed.parse(), Ok(relay("relay.example.org", 4433, pin)));
        paper.case(name, explanation).text("typed", &typed).text("text", &text).accepted();
    }
    let (place, code) = text.split_once('/').unwrap();
    let v6 = relay("2001:db8::7", 4433, pin).to_string();
    for (name, explanation, typed) in [
        ("no-pin", "The pin is missing.", place.to_owned()),
        ("no-port", "The port is missing.", text.replace(":4433", "")),
        (
            "ipv6-without-brackets",
            "An IPv6 address without brackets can't be told from its port.",
            v6.replace(['[', ']'], ""),
        ),
        ("bracket-not-closed", "A bracket that nothing closes.", v6.replace(']', "")),
        ("port-0", "Port 0.", text.replace("4433", "0")),
        ("port-65536", "A port above 65,535.", text.replace("4433", "65536")),
        ("port-with-sign", "A number has no sign.", text.replace("4433", "+4433")),
        ("port-word", "A port that is no number.", text.replace("4433", "https")),
        ("other-port", "Another port than the check was made for.", text.replace("4433", "4434")),
        (
            "other-host",
            "Two letters of the host are exchanged: the check is made for another host.",
            text.replace("am", "ma"),
        ),
        ("other-pin", "One character of the pin is another one.", format!("{place}/{}", changed(code))),
        ("pin-cut", "The last character is missing.", text[..text.len() - 1].to_owned()),
        ("host-with-space", "White space inside of the host.", text.replace("relay", "re lay")),
        ("host-with-underscore", "A character that no host has.", text.replace("relay", "re_lay")),
        ("host-empty", "No host.", text.replace("relay.example.org", "")),
        ("host-254", "A host of 254 bytes.", text.replace("relay.example.org", &format!("a{long}"))),
    ] {
        let words = refusal::address(typed.parse::<RelayAddress>().unwrap_err());
        paper.case(name, explanation).text("typed", &typed).refused(words);
    }
    paper
}

/// Links of §3.3.
pub(crate) fn link() -> Paper {
    let mut paper = Paper::new(
        "link",
        "Links of §3.3: `CAIRN:` HOST `/` CODE. L is the link secret; text is what a writer writes, typed what a reader gets.",
    );
    let mut case = paper.case("values", "The pin and L that all cases of this file use.");
    let (pin, l) = (case.random("pin"), case.random("L"));
    case.accepted();
    let build = |version: u8, host: &str, port: u16| {
        let fields = [&[version][..], &port.to_be_bytes(), &pin, &l].concat();
        let check = hash(label::LINK_CHECKSUM, &[&fields, host.as_bytes()]);
        let code = base32::encode(&[&fields, &check[..2]].concat());
        (check, format!("CAIRN:{}/{code}", host.to_ascii_uppercase()))
    };
    let long = format!("{}.example.org", "a".repeat(241));
    for (name, explanation, host, port) in [
        ("host-name", "A host of 17 characters: the link has 109.", "relay.example.org", 4433),
        (
            "host-of-21",
            "A host of 21 characters: the link has 113, the most that one small QR code holds.",
            "relay.patients.exampl",
            443,
        ),
        ("longest-host", "A host of 253 characters.", &long, 65535),
        (
            "ipv6",
            "An IPv6 address stands without brackets: a link has no colon between host and port.",
            "2001:db8::7",
            1,
        ),
    ] {
        let (check, text) = build(1, host, port);
        let link: Link = text.parse().unwrap();
        assert_eq!(link.to_string(), text, "the writer's form");
        assert!(*link.address() == relay(host, port, pin) && *link.secret().expose() == l, "{text}");
        let mut case = paper.case(name, explanation);
        case.number("version", 1_u8).text("host", host).number("port", port).hex("pin", &pin).hex("L", &l);
        case.hex("check", &check[..2])
            .text("text", &text)
            .number("characters", u32::try_from(text.len()).unwrap())
            .accepted();
    }
    let (_, text) = build(1, "relay.example.org", 4433);
    let mut broken = text.clone();
    [90, 60, 30].into_iter().for_each(|place| broken.insert_str(place, "\n  "));
    for (name, explanation, typed) in [
        ("small-letters", "Case does not matter.", text.to_lowercase()),
        ("broken-over-lines", "White space is ignored wherever it stands: a link on paper goes over lines.", broken),
        ("typed-by-hand", "O for 0 and I for 1 in the code.", by_hand(&text)),
        (
            "no-break-space",
            "White space of Unicode, as programs for letters put it there.",
            text.replace('/', "/\u{a0}\u{2009}"),
        ),
    ] {
        assert_eq!(typed.parse::<Link>().unwrap().to_string(), text);
        paper.case(name, explanation).text("typed", &typed).text("text", &text).accepted();
    }
    let (head, code) = text.split_once('/').unwrap();
    for (name, explanation, typed) in [
        ("no-scheme", "Another word than CAIRN.", text.replace("CAIRN:", "CAIRM:")),
        ("no-slash", "Nothing parts host and code.", text.replace('/', "")),
        ("empty", "Nothing at all.", String::new()),
        (
            "host-with-port",
            "The port stands in the code; the check is made for the host without it.",
            text.replace('/', ":4433/"),
        ),
        (
            "host-with-bracket",
            "Brackets belong to addresses, not to links.",
            text.replace("RELAY.EXAMPLE.ORG", "[2001:DB8::7]"),
        ),
        ("host-empty", "No host.", text.replace("RELAY.EXAMPLE.ORG", "")),
        ("wrong-check", "Another last byte: the check does not fit.", format!("{head}/{}", changed(code))),
        ("other-host", "Two letters of the host are exchanged.", text.replace("AM", "MA")),
        ("cut", "The last character is missing.", text[..text.len() - 1].to_owned()),
        ("one-more", "One character too many.", format!("{text}0")),
        (
            "version-2",
            "Version 2, with a check that fits: made by a newer program.",
            build(2, "relay.example.org", 4433).1,
        ),
        (
            "version-0",
            "Version 0, with a check that fits: there is no such version.",
            build(0, "relay.example.org", 4433).1,
        ),
        ("port-0", "Port 0, with a check that fits.", build(1, "relay.example.org", 0).1),
    ] {
        let words = refusal::link(typed.parse::<Link>().unwrap_err());
        paper.case(name, explanation).text("typed", &typed).refused(words);
    }
    paper
}

/// The same text with capital and small letters exchanged.
fn swap_case(text: &str) -> String {
    text.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

/// Another first character of a code.
fn changed(code: &str) -> String {
    let first = if code.starts_with('7') { '8' } else { '7' };
    code.chars().enumerate().map(|(place, c)| if place == 0 { first } else { c }).collect()
}

/// The code as somebody types it who takes 0 for O and 1 for I.
fn by_hand(text: &str) -> String {
    let (head, code) = text.split_once('/').unwrap();
    format!("{head}/{}", code.replace('0', "O").replace('1', "I"))
}
