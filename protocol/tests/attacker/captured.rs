//! A session's snapshot, read by somebody who found it: its layout is that of `Session::snapshot`, and not one byte is
//! left over, so that nothing in it is overlooked.

use super::{Attacker, Chain, Direction, Loot};
use crate::formulas::{INVITER, TAKER, array};

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(length);
        self.0 = rest;
        head
    }

    fn key<const N: usize>(&mut self) -> [u8; N] {
        array(self.take(N))
    }

    fn flag(&mut self) -> bool {
        self.take(1) == [1]
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.key())
    }

    fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.key())
    }

    /// Base of the chain, then index, age and key of each message that has not come.
    fn skipped(&mut self) -> Vec<(u32, [u8; 32])> {
        self.u64();
        let count = self.u32();
        (0..count)
            .map(|_| {
                let index = self.u32();
                self.u64();
                (index, self.key())
            })
            .collect()
    }
}

/// What a captured state gives.
pub(crate) fn captured(snapshot: &[u8]) -> Attacker {
    let mut bytes = Bytes(snapshot);
    assert_eq!(bytes.take(2), [1, 1], "version and kind");
    bytes.take(64 + 64 + 1 + 8 + 8 + 8);
    // History: numbers and hashes, no keys.
    let (sent, confirmed) = (bytes.u64(), bytes.u64());
    bytes.take(usize::try_from(sent - confirmed + 1).unwrap() * 32 + 8 + 32 + 1);
    for size in [8 + 32 + 32, 8] {
        let count = usize::try_from(bytes.u32()).unwrap();
        bytes.take(count * size);
    }
    // Ratchet.
    let role = bytes.take(1)[0];
    let (transcript, root) = (bytes.key(), bytes.key());
    let mut loot = Loot::default();
    if bytes.flag() {
        loot.agreement.push(bytes.key());
        loot.kem.push(bytes.key());
    }
    let mut own = Direction { role, chains: Vec::new(), next_header: [0; 32], publics: None };
    if bytes.flag() {
        own.chains.push(Chain { header: bytes.key(), chain: bytes.key(), next: bytes.u32(), skipped: Vec::new() });
        own.publics = Some((bytes.take(32).to_vec(), bytes.take(1184).to_vec()));
        bytes.take(1088);
    }
    own.next_header = bytes.key();
    bytes.u32();
    let peer = if role == TAKER { INVITER } else { TAKER };
    let mut theirs = Direction { role: peer, chains: Vec::new(), next_header: [0; 32], publics: None };
    if bytes.flag() {
        theirs.chains.push(Chain { header: bytes.key(), chain: bytes.key(), next: bytes.u32(), skipped: Vec::new() });
        bytes.u64();
        theirs.publics = Some((bytes.take(32).to_vec(), bytes.take(1184).to_vec()));
        if bytes.flag() {
            bytes.take(1088);
        }
    }
    theirs.next_header = bytes.key();
    bytes.take(16);
    let skipped = bytes.skipped();
    theirs.chains.iter_mut().for_each(|chain| chain.skipped.clone_from(&skipped));
    for _ in 0..bytes.take(1)[0] {
        let header = bytes.key();
        if bytes.flag() {
            bytes.take(32);
        }
        // No chain key is kept of an old chain: from this index on there is nothing.
        theirs.chains.push(Chain { header, chain: [0; 32], next: u32::MAX, skipped: bytes.skipped() });
        bytes.u64();
    }
    assert!(bytes.0.is_empty(), "{} bytes that nobody has read", bytes.0.len());
    let directions = if role == TAKER { [own, theirs] } else { [theirs, own] };
    Attacker { transcript, root, directions, loot }
}
