//! Base 32 as people copy it: the digits and the capital letters without I, L, O and U, 5 bits each, no padding sign.
//!
//! In: bytes. Out: characters of the QR alphabet (ISO/IEC 18004 §7.4.4), or back. This file must never learn what the
//! bytes are. Reading forgives what people do (small letters, O for 0, I and L for 1), but the bits behind the last
//! byte must be zero, so that one value has one form.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Writes bytes as characters: ⌈8·length / 5⌉ of them.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(&mut text, bits >> held);
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        push(&mut text, bits << (5 - held));
    }
    text
}

/// Reads `N` bytes; `None` for a foreign character, another length, or bits set behind the last byte.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = [0; N];
    let mut slots = bytes.iter_mut();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in text.bytes() {
        bits = (bits << 5) | value(character)?;
        held += 5;
        if held >= 8 {
            held -= 8;
            *slots.next()? = u8::try_from(bits >> held).ok()?;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

fn push(text: &mut String, value: u32) {
    let index = usize::try_from(value & 31).unwrap_or_default();
    text.push(ALPHABET.get(index).copied().map_or('0', char::from));
}

fn value(character: u8) -> Option<u32> {
    let plain = match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == plain).and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_and_people_are_forgiven() {
        let bytes: [u8; 33] = core::array::from_fn(|index| u8::try_from(index * 7 % 256).unwrap());
        let text = encode(&bytes);
        assert_eq!(text.len(), 53);
        assert_eq!(decode(&text), Some(bytes));
        let typed = text.to_lowercase().replace('0', "o").replace('1', "l");
        assert_eq!(decode(&typed), Some(bytes));
    }

    #[test]
    fn a_second_form_of_the_same_bytes_is_refused() {
        assert_eq!(encode(&[0xff]), "ZW");
        assert_eq!(decode::<1>("ZW"), Some([0xff]));
        assert_eq!(decode::<1>("ZX"), None);
        assert_eq!(decode::<1>("ZW0"), None);
        assert_eq!(decode::<1>("Z!"), None);
    }
}
