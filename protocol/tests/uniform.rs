//! Envelopes look like random bytes of one length, whatever they hold, wherever in a conversation they stand.
//!
//! Of 20,000 envelopes: first ones of one link, long chains, ping-pong, all with the same text at the same time. The seed is
//! fixed, so that the outcome is too; the bounds are such that random bytes would pass them under nearly every seed.
#![expect(clippy::unwrap_used, reason = "a story that can't go on is a failed test")]

mod world;

use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::handshake::take;
use cairn_protocol::limits::{ENVELOPE, PAYLOAD};
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::token::SendCapability;
use cairn_protocol::wire::frame::{Delivery, EnvelopeBytes, Reply, Request};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use std::ops::Range;
use world::{Side, World, invite, taker};
use zeroize::Zeroizing;

const CONVERSATIONS: usize = 40;
const CHAIN: usize = 350;
const TURNS: usize = 125;
const FIRSTS: usize = 1000;
const ALL: usize = FIRSTS + CONVERSATIONS * (CHAIN + TURNS);

/// A chi-squared variable of 255 degrees is above 255 + 2 √(255 x) + 2 x with a probability of at most e^−x (Laurent and
/// Massart 2000, lemma 1). With x = 52 ln 2, so that all 4,096 offsets together stay below 2^−40.
fn chi_squared_bound() -> f64 {
    let x = 52.0 * std::f64::consts::LN_2;
    255.0 + 2.0 * (255.0 * x).sqrt() + 2.0 * x
}

/// First envelopes, then conversation by conversation: a long chain, then turn by turn.
fn envelopes() -> Vec<EnvelopeBytes> {
    let rng = &mut StdRng::seed_from_u64(1);
    let (_, link, sealed) = invite(rng);
    let bundle = link.open_bundle(&sealed).unwrap();
    let told = taker(rng);
    let mut all: Vec<_> = (0..FIRSTS).map(|_| take(&link, &bundle, &told, rng).unwrap().1).collect();
    for seed in (100..).take(CONVERSATIONS) {
        let mut world = World::new(seed);
        all.extend((0..CHAIN).map(|_| world.seal(Side::Taker, "")));
        assert!(world.open(Side::Inviter, &all[all.len() - 1]).is_ok());
        for turn in 0..TURNS {
            let side = if turn % 2 == 0 { Side::Inviter } else { Side::Taker };
            let envelope = world.seal(side, "");
            assert!(world.open(side.other(), &envelope).is_ok());
            all.push(envelope);
        }
    }
    assert_eq!(all.len(), ALL);
    all
}

/// How far the bytes at the worst of these offsets are from being equally frequent.
fn chi_squared(envelopes: &[EnvelopeBytes], offsets: Range<usize>) -> f64 {
    let mut counts = vec![[0_u32; 256]; offsets.len()];
    for envelope in envelopes {
        for (count, byte) in counts.iter_mut().zip(&envelope[offsets.clone()]) {
            count[usize::from(*byte)] += 1;
        }
    }
    let expected = f64::from(u32::try_from(envelopes.len()).unwrap()) / 256.0;
    let distance =
        |count: &[u32; 256]| count.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum::<f64>();
    counts.iter().map(distance).fold(0.0, f64::max)
}

/// How often 8 bytes at one of these offsets are those of an earlier envelope at the same offset.
fn repeated_blocks(envelopes: &[EnvelopeBytes], offsets: Range<usize>) -> usize {
    let mut repeated = 0;
    let mut table: Vec<Option<u64>> = vec![None; 1 << 16];
    for offset in offsets {
        table.fill(None);
        for envelope in envelopes {
            let block = u64::from_be_bytes(envelope[offset..offset + 8].try_into().unwrap());
            let mut slot = usize::try_from(block.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap();
            while table[slot].is_some_and(|other| other != block) {
                slot = (slot + 1) % table.len();
            }
            repeated += usize::from(table[slot].replace(block).is_some());
        }
    }
    repeated
}

/// How many runs of 12 bytes stand twice in these envelopes, wherever.
fn repeated_runs(envelopes: &[EnvelopeBytes]) -> usize {
    let run = |window: &[u8]| window.iter().fold(0_u128, |run, byte| run << 8 | u128::from(*byte));
    let mut runs: Vec<u128> = envelopes.iter().flat_map(|envelope| envelope.windows(12).map(run)).collect();
    runs.sort_unstable();
    runs.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// Chance gives one repeated block with a probability of 2^-24 (2·10^8 pairs at each of 4,089 offsets, 2^64 blocks) and two
/// with less than 2^-48.
const BLOCKS: usize = 1;

#[test]
fn twenty_thousand_envelopes_have_no_constant_biased_or_repeated_bytes_at_any_offset() {
    let envelopes = envelopes();
    let worst = chi_squared(&envelopes, 0..ENVELOPE);
    assert!(worst < chi_squared_bound(), "{worst}");
    assert!(repeated_blocks(&envelopes, 0..ENVELOPE - 7) <= BLOCKS);
    // 1.4 million runs: chance repeats one of 96 bits with less than 2^-50. First envelopes of one link, one chain, turns.
    for part in [0..CHAIN, FIRSTS..FIRSTS + CHAIN, FIRSTS + CHAIN..FIRSTS + CHAIN + TURNS] {
        assert_eq!(repeated_runs(&envelopes[part]), 0);
    }

    // The same measures see each of these.
    let changed = |change: &dyn Fn(usize, &mut [u8; ENVELOPE]), measure: &dyn Fn(&[EnvelopeBytes]) -> bool| {
        let mut envelopes = envelopes.clone();
        envelopes.iter_mut().enumerate().for_each(|(number, envelope)| change(number, envelope));
        measure(&envelopes)
    };
    let uneven =
        |offsets: Range<usize>| move |all: &[EnvelopeBytes]| chi_squared(all, offsets.clone()) > chi_squared_bound();
    assert!(changed(&|_, envelope| envelope[3000] = 0x5a, &uneven(3000..3001)), "a constant byte");
    let bias = |number, envelope: &mut [u8; ENVELOPE]| envelope[4095] |= u8::from(number % 5 == 0);
    assert!(changed(&bias, &uneven(4095..4096)), "one bit that is set in three of five envelopes");
    let count = |number: usize, envelope: &mut [u8; ENVELOPE]| envelope[72..80].copy_from_slice(&number.to_be_bytes());
    assert!(changed(&count, &uneven(72..80)), "a counter");
    // One salt for three envelopes: too few to show in frequencies.
    let first = FIRSTS..FIRSTS + 3;
    let salt = |number, envelope: &mut [u8; ENVELOPE]| {
        if first.contains(&number) {
            envelope[..32].copy_from_slice(&envelopes[FIRSTS][..32]);
        }
    };
    assert!(changed(&salt, &|all| repeated_blocks(all, 0..1) > BLOCKS), "a salt used again");
    let run = |number, envelope: &mut [u8; ENVELOPE]| {
        if number == FIRSTS + 1 {
            envelope[500..512].copy_from_slice(&envelopes[FIRSTS][2000..2012]);
        }
    };
    assert!(changed(&run, &|all| repeated_runs(&all[FIRSTS..FIRSTS + CHAIN]) == 1), "twelve bytes at another place");
}

fn piece(shown: bool, kind: u16, payload: usize, count: u8) -> Piece {
    let (id, payload) = (MessageId::from_bytes([1; 16]), Zeroizing::new(vec![7; payload]));
    Piece { id, index: count - 1, count, shown, kind, payload }
}

#[test]
fn every_kind_of_content_is_4096_bytes_in_an_envelope_and_one_length_in_a_frame() {
    let mut world = World::new(2);
    let id = MessageId::from_bytes([1; 16]);
    // Text of every length around the cuts, the longest piece that can be, control content, kinds of a later version.
    let mut pieces: Vec<Piece> = [0, 1, 1499, 1500, 1501, 3000, 65_536]
        .into_iter()
        .flat_map(|length| Content::Text("x".repeat(length)).split(id).unwrap())
        .collect();
    pieces.extend([Content::Filler, Content::Lost { from: 1, to: 2048 }].iter().flat_map(|one| one.split(id).unwrap()));
    for kind in 0..=8 {
        for shown in [false, true] {
            pieces.extend([0, 1, PAYLOAD].map(|length| piece(shown, kind, length, 1)));
        }
    }
    pieces.extend([piece(true, 65_535, PAYLOAD, 64), piece(false, 65_535, 0, 64)]);
    let sealed = |piece: &Piece, rng: &mut StdRng, world: &mut World| {
        world.session(Side::Taker).encrypt(rng, piece, 1).unwrap().envelope
    };
    let rng = &mut StdRng::seed_from_u64(3);
    let mut envelopes: Vec<EnvelopeBytes> = pieces.iter().map(|piece| sealed(piece, rng, &mut world)).collect();
    envelopes.push(world.first.clone());
    assert!(envelopes.len() > 100);
    let mut lengths = BTreeSet::new();
    for envelope in envelopes {
        let delivery = Delivery { id: EnvelopeId::from_bytes([1; 16]), envelope: envelope.clone() };
        let page = Reply::Page(vec![delivery]).encode(1);
        let (mailbox, capability) = (MailboxId::from_bytes([1; 32]), SendCapability::from_bytes([1; 32]));
        let put = Request::Put { mailbox, capability, id: EnvelopeId::from_bytes([1; 16]), envelope: envelope.clone() };
        lengths.insert((envelope.len(), put.encode(1).len(), page.len()));
    }
    let (put, page) = (5 + 32 + 32 + 16 + 4096, 5 + 1 + 16 + 4096);
    assert_eq!(lengths, BTreeSet::from([(4096, put, page)]));
}
