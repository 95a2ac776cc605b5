//! One sealed text that opens under two keys: what ChaCha20-Poly1305 allows, and the commitment of §6.4 forbids.
//!
//! In: two keys, associated data. Out: a sealed text of 1,688 bytes and its tag. This file must never learn what an envelope
//! is. Source: Dodis, Grubbs, Ristenpart and Woodage, "Fast Message Franking" (CRYPTO 2018), §3: a tag is linear in each
//! block, so that one free block makes two tags alike.

use crate::limits::BODY;
use crate::primitives::{TAG, open, seal};
use crate::secret::Secret;

/// A number modulo 2^130 − 5, in five limbs of 26 bits.
type Number = [u64; 5];

const MASK: u64 = (1 << 26) - 1;

fn carried(mut limbs: Number) -> Number {
    for _ in 0..3 {
        for place in 0..5 {
            let over = limbs[place] >> 26;
            limbs[place] &= MASK;
            limbs[(place + 1) % 5] += if place == 4 { 5 * over } else { over };
        }
    }
    limbs
}

fn add(left: Number, right: Number) -> Number {
    carried(core::array::from_fn(|place| left[place] + right[place]))
}

fn subtract(left: Number, right: Number) -> Number {
    let twice_p: Number = [2 * (MASK - 4), 2 * MASK, 2 * MASK, 2 * MASK, 2 * MASK];
    carried(core::array::from_fn(|place| left[place] + twice_p[place] - right[place]))
}

fn multiply(left: Number, right: Number) -> Number {
    let mut product = [0; 5];
    for (i, a) in left.iter().enumerate() {
        for (j, b) in right.iter().enumerate() {
            product[(i + j) % 5] += a * b * if i + j >= 5 { 5 } else { 1 };
        }
    }
    carried(product)
}

/// 1 / x = x^(p − 2), p − 2 = 2^130 − 7: of 130 bits all are ones but the second and the third.
fn inverse(number: Number) -> Number {
    (0..130).rev().fold([1, 0, 0, 0, 0], |power, bit| {
        let square = multiply(power, power);
        if bit == 1 || bit == 2 { square } else { multiply(square, number) }
    })
}

/// Little-endian bytes and one bit behind them.
fn number(bytes: &[u8; 16], bit: u64) -> Number {
    let all = u128::from_le_bytes(*bytes);
    let limb = |place: u32| u64::try_from((all >> (26 * place)) & u128::from(MASK)).unwrap();
    [limb(0), limb(1), limb(2), limb(3), limb(4) | (bit << 24)]
}

/// The block that a number is, if it is one: 2^128 ≤ number < 2^129.
fn block(number: Number) -> Option<[u8; 16]> {
    let low = number[4] & ((1 << 24) - 1);
    let limbs = [number[0], number[1], number[2], number[3], low];
    let all = limbs.iter().rev().fold(0_u128, |all, limb| (all << 26) | u128::from(*limb));
    (number[4] >> 24 == 1).then(|| all.to_le_bytes())
}

/// r and s of RFC 8439 §2.6: the first half of ChaCha20's block 0.
fn one_time_key(key: &Secret) -> (Number, Number) {
    let mut start = [0_u32; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    for (word, bytes) in start[4..12].iter_mut().zip(key.expose().chunks(4)) {
        *word = u32::from_le_bytes(bytes.try_into().unwrap());
    }
    let mut state = start;
    for _ in 0..10 {
        for [a, b, c, d] in [
            [0, 4, 8, 12],
            [1, 5, 9, 13],
            [2, 6, 10, 14],
            [3, 7, 11, 15],
            [0, 5, 10, 15],
            [1, 6, 11, 12],
            [2, 7, 8, 13],
            [3, 4, 9, 14],
        ] {
            for (to, from, into, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
                state[to] = state[to].wrapping_add(state[from]);
                state[into] = (state[into] ^ state[to]).rotate_left(bits);
            }
        }
    }
    let words = |from: usize| {
        let words: Vec<u8> =
            (from..from + 4).flat_map(|place| state[place].wrapping_add(start[place]).to_le_bytes()).collect();
        u128::from_le_bytes(words.try_into().unwrap())
    };
    let clamped = words(0) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
    (number(&clamped.to_le_bytes(), 0), number(&words(4).to_le_bytes(), 0))
}

/// What Poly1305 hashes, in blocks (RFC 8439 §2.8).
fn blocks(data: &[u8], text: &[u8]) -> Vec<[u8; 16]> {
    let padded = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        bytes
    };
    let lengths = [data.len(), text.len()].map(|length| u64::try_from(length).unwrap().to_le_bytes());
    let all = [padded(data), padded(text), lengths.concat()].concat();
    all.chunks(16).map(|block| block.try_into().unwrap()).collect()
}

/// The sum over all blocks but one, and the factor of that one.
fn sum_without(r: Number, blocks: &[[u8; 16]], free: usize) -> (Number, Number) {
    let (mut sum, mut factor) = ([0; 5], [0; 5]);
    for (place, block) in blocks.iter().enumerate() {
        let value = if place == free { [0; 5] } else { number(block, 1) };
        sum = multiply(add(sum, value), r);
        factor = multiply(if place == free { [1, 0, 0, 0, 0] } else { factor }, r);
    }
    (sum, factor)
}

/// A sealed text and its tag, which open under both keys with the same associated data.
pub(crate) fn sealed_for_both(one: &Secret, two: &Secret, data: &[u8]) -> ([u8; BODY], [u8; TAG]) {
    let (r1, s1) = one_time_key(one);
    let (r2, s2) = one_time_key(two);
    let mut stream = [0; BODY];
    let _ = seal(one.duplicate(), data, &mut stream);
    let free = data.len().div_ceil(16);
    for attempt in 0..=u8::MAX {
        let mut text = [attempt; BODY];
        let blocks = blocks(data, &text);
        let ((sum1, factor1), (sum2, factor2)) = (sum_without(r1, &blocks, free), sum_without(r2, &blocks, free));
        let difference = subtract(add(sum2, s2), add(sum1, s1));
        // Tags are cut to 128 bits: their sums may differ by a small multiple of 2^128.
        for multiple in 0..4 {
            let solved = multiply(add(difference, [0, 0, 0, 0, multiple << 24]), inverse(subtract(factor1, factor2)));
            let Some(block) = block(solved) else { continue };
            text[..16].copy_from_slice(&block);
            let mut sealed: [u8; BODY] = core::array::from_fn(|place| text[place] ^ stream[place]);
            let tag = seal(one.duplicate(), data, &mut sealed);
            if sealed == text && open(two, data, &mut sealed.clone(), &tag).is_ok() {
                return (sealed, tag);
            }
        }
    }
    panic!("one attempt of sixteen works")
}
