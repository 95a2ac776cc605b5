//! Message keys of envelopes that have not come yet: bounded in number, in chains and in age.
//!
//! In: keys that were skipped, the time. Out: the key for a late envelope, once; and the numbers of those given up. This
//! file must never learn a chain key or what an envelope holds.

use crate::limits::{OLD_CHAINS, SKIP_SECONDS, SKIP_STEP, SKIP_TOTAL, TICK_SECONDS};
use crate::ratchet::{HeaderKey, MessageKey};
use crate::secret::Secret;
use crate::wire::{DecodeError, Reader, Writer};
use std::collections::{BTreeMap, VecDeque};

/// A key and the age of the conversation when it was kept, in seconds.
struct Kept {
    key: MessageKey,
    at: u64,
}

/// The skipped keys of one chain.
#[derive(Default)]
struct Chain {
    /// History number of the chain's first message, less one.
    base: u64,
    keys: BTreeMap<u32, Kept>,
}

/// A chain that the peer has left.
struct OldChain {
    header: HeaderKey,
    /// Hash of the public values that its headers repeat; unknown where none of them has opened.
    publics: Option<[u8; 32]>,
    chain: Chain,
    /// The age of the conversation when the peer left it.
    at: u64,
}

/// The skipped keys of the current receiving chain and of at most five old ones.
#[derive(Default)]
pub(crate) struct SkippedKeys {
    current: Chain,
    /// Newest first.
    old: VecDeque<OldChain>,
    /// Seconds that this conversation has lived, as far as the clock can be trusted.
    age: u64,
    /// The clock when it was last looked at.
    seen: u64,
}

/// Which chain a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChainAt {
    /// The current one.
    Current,
    /// The old one with this place, newest first.
    Old(usize),
}

impl SkippedKeys {
    /// Lets time pass. One look counts at most a day, and a clock that went back counts nothing: a jump of the clock
    /// never wipes keys. Returns the history numbers given up. // protocol.md §5.6
    pub(crate) fn tick(&mut self, now: u64) -> Vec<u64> {
        if self.seen != 0 {
            self.age = self.age.saturating_add(now.saturating_sub(self.seen).min(TICK_SECONDS));
        }
        self.seen = now;
        let age = self.age;
        let mut wiped = Vec::new();
        for chain in self.chains_mut() {
            let base = chain.base;
            chain.keys.retain(|index, kept| {
                let keep = age.saturating_sub(kept.at) < SKIP_SECONDS;
                if !keep {
                    wiped.push(number(base, *index));
                }
                keep
            });
        }
        // Whatever an old chain skipped was kept before it was left: its header key is of no use any more.
        self.old.retain(|old| age.saturating_sub(old.at) < SKIP_SECONDS);
        wiped
    }

    /// The header keys of old chains, newest first, with the hash of the public values that their headers must repeat.
    pub(crate) fn old_headers(&self) -> impl Iterator<Item = (ChainAt, &HeaderKey, Option<&[u8; 32]>)> {
        self.old.iter().enumerate().map(|(at, old)| (ChainAt::Old(at), &old.header, old.publics.as_ref()))
    }

    /// The key of one late envelope and its history number; none if it was used or given up.
    pub(crate) fn get(&self, at: ChainAt, index: u32) -> Option<(&MessageKey, u64)> {
        let chain = match at {
            ChainAt::Current => &self.current,
            ChainAt::Old(place) => &self.old.get(place)?.chain,
        };
        chain.keys.get(&index).map(|kept| (&kept.key, number(chain.base, index)))
    }

    /// The late envelope has opened: its key is gone.
    pub(crate) fn remove(&mut self, at: ChainAt, index: u32) {
        match at {
            ChainAt::Current => self.current.keys.remove(&index),
            ChainAt::Old(place) => self.old.get_mut(place).and_then(|old| old.chain.keys.remove(&index)),
        };
    }

    /// Keeps keys of the current chain. Returns the history numbers given up for them.
    pub(crate) fn keep(&mut self, keys: Vec<(u32, MessageKey)>) -> Vec<u64> {
        let at = self.age;
        self.current.keys.extend(keys.into_iter().map(|(index, key)| (index, Kept { key, at })));
        self.shrink()
    }

    /// The peer has begun a new chain, whose first message has the number `base` + 1. Returns the numbers given up.
    pub(crate) fn retire(&mut self, header: HeaderKey, publics: Option<[u8; 32]>, base: u64) -> Vec<u64> {
        let chain = core::mem::replace(&mut self.current, Chain { base, keys: BTreeMap::new() });
        self.old.push_front(OldChain { header, publics, chain, at: self.age });
        if self.old.len() <= OLD_CHAINS {
            return Vec::new();
        }
        // A chain without keys goes first: it can only tell that something came again.
        let place = self.old.iter().rposition(|old| old.chain.keys.is_empty()).unwrap_or(OLD_CHAINS);
        let Some(gone) = self.old.remove(place) else { return Vec::new() };
        gone.chain.keys.keys().map(|index| number(gone.chain.base, *index)).collect()
    }

    /// Gives up the oldest keys above [`SKIP_TOTAL`].
    fn shrink(&mut self) -> Vec<u64> {
        let mut excess = self.count().saturating_sub(SKIP_TOTAL);
        let mut wiped = Vec::new();
        let oldest_first = self.old.iter_mut().rev().map(|old| &mut old.chain).chain([&mut self.current]);
        for chain in oldest_first {
            while excess > 0 {
                let Some((index, _)) = chain.keys.pop_first() else { break };
                wiped.push(number(chain.base, index));
                excess -= 1;
            }
        }
        wiped
    }

    /// Keys kept in all.
    pub(crate) fn count(&self) -> usize {
        self.chains().map(|chain| chain.keys.len()).sum()
    }

    fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.old.iter().map(|old| &old.chain).chain([&self.current])
    }

    fn chains_mut(&mut self) -> impl Iterator<Item = &mut Chain> {
        self.old.iter_mut().map(|old| &mut old.chain).chain([&mut self.current])
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u64(self.age).u64(self.seen);
        self.current.write(writer);
        writer.u8(u8::try_from(self.old.len()).unwrap_or(u8::MAX));
        for old in &self.old {
            writer.bytes(old.header.secret().expose()).flag(old.publics.is_some());
            if let Some(publics) = &old.publics {
                writer.bytes(publics);
            }
            old.chain.write(writer);
            writer.u64(old.at);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (age, seen) = (reader.u64()?, reader.u64()?);
        let current = Chain::read(reader)?;
        let count = usize::from(reader.u8()?);
        if count > OLD_CHAINS {
            return Err(DecodeError::TooLong);
        }
        let mut old = VecDeque::with_capacity(count);
        for _ in 0..count {
            let header = HeaderKey::new(Secret::from_bytes(reader.array()?));
            let publics = if reader.flag()? { Some(reader.array()?) } else { None };
            old.push_back(OldChain { header, publics, chain: Chain::read(reader)?, at: reader.u64()? });
        }
        let keys = Self { current, old, age, seen };
        let mut times = keys
            .chains()
            .flat_map(|chain| chain.keys.values().map(|kept| kept.at))
            .chain(keys.old.iter().map(|old| old.at));
        let later = times.any(|at| at > age);
        drop(times);
        if later {
            return Err(DecodeError::Invalid);
        }
        if keys.count() > SKIP_TOTAL { Err(DecodeError::TooLong) } else { Ok(keys) }
    }
}

impl Chain {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.base).u32(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        for (index, kept) in &self.keys {
            writer.u32(*index).u64(kept.at).bytes(kept.key.secret().expose());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (base, count) = (reader.u64()?, reader.u32()?);
        let mut keys = BTreeMap::new();
        for _ in 0..count {
            let (index, at) = (reader.u32()?, reader.u64()?);
            if keys.len() >= SKIP_TOTAL {
                return Err(DecodeError::TooLong);
            }
            if keys.last_key_value().is_some_and(|(last, _)| *last >= index) {
                return Err(DecodeError::Invalid);
            }
            keys.insert(index, Kept { key: MessageKey::new(Secret::from_bytes(reader.array()?)), at });
        }
        Ok(Self { base, keys })
    }
}

/// The history number of a message: those of all chains before it, and its place. // protocol.md §5.5
pub(crate) fn number(base: u64, index: u32) -> u64 {
    base.saturating_add(u64::from(index)).saturating_add(1)
}

/// Whether this many keys may be skipped by one envelope.
pub(crate) const fn may_skip(count: u32) -> bool {
    count <= SKIP_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(range: core::ops::Range<u32>) -> Vec<(u32, MessageKey)> {
        range.map(|index| (index, MessageKey::new(Secret::from_bytes([1; 32])))).collect()
    }

    #[test]
    fn keys_leave_after_14_days_and_a_jump_of_the_clock_counts_one_day() {
        let mut skipped = SkippedKeys::default();
        assert!(skipped.tick(1_000).is_empty());
        skipped.keep(keys(0..2));
        assert!(skipped.tick(1_000_000_000).is_empty(), "a jump forward is one day");
        assert!(skipped.tick(5).is_empty(), "a jump back is nothing");
        let mut now = 5;
        for _ in 0..12 {
            now += TICK_SECONDS;
            assert!(skipped.tick(now).is_empty());
        }
        assert!(skipped.tick(now + TICK_SECONDS - 1).is_empty(), "one second short of 14 days");
        assert_eq!(skipped.tick(now + TICK_SECONDS), [1, 2]);
        assert_eq!(skipped.count(), 0);
    }

    fn header() -> HeaderKey {
        HeaderKey::new(Secret::from_bytes([2; 32]))
    }

    #[test]
    fn the_oldest_keys_go_first_above_2048() {
        let mut skipped = SkippedKeys::default();
        for chain in 1..=4 {
            assert!(skipped.keep(keys(0..512)).is_empty());
            assert!(skipped.retire(header(), None, chain * 1000).is_empty());
        }
        assert_eq!(skipped.count(), SKIP_TOTAL);
        assert_eq!(skipped.keep(keys(0..3)), [1, 2, 3]);
        assert_eq!(skipped.count(), SKIP_TOTAL);
    }

    #[test]
    fn of_six_old_chains_one_without_keys_goes_first_then_the_oldest() {
        let mut skipped = SkippedKeys::default();
        for chain in 1..=6 {
            // The third chain has skipped nothing.
            skipped.keep(keys(0..if chain == 3 { 0 } else { 2 }));
            assert!(skipped.retire(header(), None, chain * 1000).is_empty(), "chain {chain}");
        }
        skipped.keep(keys(0..2));
        assert_eq!(skipped.retire(header(), None, 7000), [1, 2]);
        assert_eq!(skipped.old_headers().count(), OLD_CHAINS);
    }

    #[test]
    fn the_header_key_of_an_old_chain_leaves_after_14_days() {
        let mut skipped = SkippedKeys::default();
        skipped.tick(1_000);
        skipped.retire(header(), None, 5);
        let mut now = 1_000;
        for day in 1..=14 {
            now += TICK_SECONDS;
            skipped.tick(now);
            assert_eq!(skipped.old_headers().count(), usize::from(day < 14), "day {day}");
        }
    }

    #[test]
    fn a_key_is_given_once() {
        let mut skipped = SkippedKeys::default();
        skipped.keep(keys(3..4));
        assert_eq!(skipped.get(ChainAt::Current, 3).map(|(_, number)| number), Some(4));
        skipped.remove(ChainAt::Current, 3);
        assert!(skipped.get(ChainAt::Current, 3).is_none());
    }

    /// Reads what it writes.
    fn saved(skipped: &SkippedKeys) -> Result<(), DecodeError> {
        let mut writer = Writer::default();
        skipped.write(&mut writer);
        let mut reader = Reader::new(writer.as_bytes());
        let read = SkippedKeys::read(&mut reader)?;
        reader.finish()?;
        let mut again = Writer::default();
        read.write(&mut again);
        assert_eq!(again.as_bytes(), writer.as_bytes());
        Ok(())
    }

    fn chain(range: core::ops::Range<u32>, at: u64) -> Chain {
        let keys = keys(range).into_iter().map(|(index, key)| (index, Kept { key, at })).collect();
        Chain { base: 5, keys }
    }

    fn old(chain: Chain, at: u64) -> OldChain {
        OldChain { header: header(), publics: Some([3; 32]), chain, at }
    }

    #[test]
    fn saved_keys_are_refused_above_each_of_their_bounds() {
        let all = |current, old| SkippedKeys { current, old: VecDeque::from_iter(old), age: 9, seen: 1 };
        assert_eq!(saved(&all(chain(0..2048, 9), vec![])), Ok(()));
        assert_eq!(saved(&all(chain(0..2049, 9), vec![])), Err(DecodeError::TooLong));
        assert_eq!(saved(&all(chain(0..1024, 9), vec![old(chain(0..1024, 9), 9)])), Ok(()));
        assert_eq!(saved(&all(chain(0..1024, 9), vec![old(chain(0..1025, 9), 9)])), Err(DecodeError::TooLong));
        assert_eq!(saved(&all(chain(0..1, 10), vec![])), Err(DecodeError::Invalid), "kept in days to come");
        assert_eq!(saved(&all(chain(0..1, 9), vec![old(chain(0..1, 10), 9)])), Err(DecodeError::Invalid));
        assert_eq!(saved(&all(chain(0..1, 9), vec![old(chain(0..1, 9), 10)])), Err(DecodeError::Invalid));
        let five = || (0..5).map(|_| old(chain(0..1, 9), 9));
        assert_eq!(saved(&all(chain(0..1, 9), five().collect())), Ok(()));
        assert_eq!(saved(&all(chain(0..1, 9), five().chain(five()).take(6).collect())), Err(DecodeError::TooLong));
    }

    #[test]
    fn saved_keys_of_one_chain_must_be_in_order() {
        let read = |indices: [u32; 2]| {
            let mut writer = Writer::default();
            writer.u64(5).u32(2);
            for index in indices {
                writer.u32(index).u64(9).bytes(&[1; 32]);
            }
            Chain::read(&mut Reader::new(writer.as_bytes())).err()
        };
        assert_eq!(read([3, 4]), None);
        assert_eq!((read([3, 3]), read([4, 3])), (Some(DecodeError::Invalid), Some(DecodeError::Invalid)));
    }
}
