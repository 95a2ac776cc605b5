//! What one side must do, written from protocol.md §5 and §8 with names in place of keys.
//!
//! In: names of envelopes, the time. Out: what opens, what is refused and why, and which keys are held. This file must
//! never learn a key: a key is the name of how it came about, so that two of them are equal only if they must be.

use cairn_protocol::limits::{
    CONTROL_RESERVE, FILLER_AFTER, FILLER_SECONDS, OLD_CHAINS, SKIP_SECONDS, SKIP_STEP, SKIP_TOTAL, TICK_SECONDS,
    UNCONFIRMED,
};
use cairn_protocol::ratchet::OpenError;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Names a secret, a hash, a pair of keys or an envelope.
pub(crate) type Name = u64;

/// Gives names: the same for the same construction, another for another.
#[derive(Default)]
pub(crate) struct Names {
    last: Name,
    made: HashMap<(&'static str, Vec<Name>), Name>,
}

impl Names {
    pub(crate) fn fresh(&mut self) -> Name {
        self.last += 1;
        self.last
    }

    pub(crate) fn of(&mut self, construction: &'static str, parts: &[Name]) -> Name {
        let Self { last, made } = self;
        *made.entry((construction, parts.to_vec())).or_insert_with(|| {
            *last += 1;
            *last
        })
    }
}

/// What an envelope is, seen by somebody who knows all keys.
#[derive(Debug, Clone)]
pub(crate) struct Sign {
    pub(crate) name: Name,
    pub(crate) header: Name,
    pub(crate) chain: Name,
    /// D, ek and ct of the chain, one name for all three: they are drawn together.
    pub(crate) publics: Name,
    pub(crate) previous: u32,
    pub(crate) index: u32,
    pub(crate) number: u64,
    pub(crate) before: Name,
    pub(crate) received: u64,
    pub(crate) received_hash: Name,
    pub(crate) control: bool,
    /// What its body must be refused for, if its header is good.
    pub(crate) fault: Option<OpenError>,
}

#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) header: Name,
    pub(crate) chain: Name,
    pub(crate) publics: Name,
    pub(crate) next: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Receiving {
    pub(crate) header: Name,
    pub(crate) chain: Name,
    pub(crate) publics: Name,
    pub(crate) next: u32,
    pub(crate) base: u64,
    /// Whether an envelope of this chain has opened: before that the ciphertext of chain 0 is unknown.
    pub(crate) seen: bool,
}

/// Index of a skipped key, and the age of the conversation when it was kept.
pub(crate) type Kept = BTreeMap<u32, u64>;

#[derive(Debug, Clone)]
pub(crate) struct Old {
    pub(crate) header: Name,
    pub(crate) chain: Name,
    pub(crate) publics: Option<Name>,
    pub(crate) base: u64,
    pub(crate) kept: Kept,
    pub(crate) at: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Ahead {
    pub(crate) before: Name,
    pub(crate) hash: Name,
}

/// The state of one side.
#[derive(Debug, Clone)]
pub(crate) struct Ideal {
    role: Name,
    pub(crate) root: Name,
    pub(crate) own: Option<Name>,
    pub(crate) sending: Option<Sending>,
    pub(crate) next_sending: Name,
    pub(crate) previous: u32,
    pub(crate) receiving: Option<Receiving>,
    pub(crate) next_receiving: Name,
    pub(crate) kept: Kept,
    pub(crate) base: u64,
    /// Newest first.
    pub(crate) old: VecDeque<Old>,
    pub(crate) age: u64,
    pub(crate) looked: u64,
    pub(crate) sent: u64,
    /// H(k) of ours from `confirmed` to `sent`.
    pub(crate) sent_hashes: VecDeque<Name>,
    pub(crate) confirmed: u64,
    pub(crate) mark: u64,
    pub(crate) mark_hash: Name,
    pub(crate) ahead: BTreeMap<u64, Ahead>,
    pub(crate) lost: BTreeSet<u64>,
    pub(crate) differs: bool,
    pub(crate) answered: bool,
    pub(crate) unanswered: u64,
    pub(crate) unanswered_since: u64,
    pub(crate) stated: u64,
}

/// Why nothing is sealed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotSealed {
    Differs,
    Unconfirmed,
}

/// Which chain an envelope was of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Along,
    Step,
    LateCurrent,
    LateOld,
}

/// What opened.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) number: u64,
    pub(crate) given_up: BTreeSet<u64>,
    pub(crate) way: Way,
    pub(crate) skipped: u32,
}

fn number(base: u64, index: u32) -> u64 {
    base + u64::from(index) + 1
}

impl Ideal {
    /// Taker and inviter after the handshake. // protocol.md §5.1
    pub(crate) fn pair(names: &mut Names) -> [Self; 2] {
        let [root, chain, header, next_taker, next_inviter, publics] = core::array::from_fn(|_| names.fresh());
        let histories = [names.fresh(), names.fresh()];
        let side = |role: usize| Self {
            role: role as Name,
            root,
            own: None,
            sending: None,
            next_sending: [next_taker, next_inviter][role],
            previous: 0,
            receiving: None,
            next_receiving: [next_inviter, next_taker][role],
            kept: Kept::new(),
            base: 0,
            old: VecDeque::new(),
            age: 0,
            looked: 0,
            sent: 0,
            sent_hashes: VecDeque::from([histories[role]]),
            confirmed: 0,
            mark: 0,
            mark_hash: histories[1 - role],
            ahead: BTreeMap::new(),
            lost: BTreeSet::new(),
            differs: false,
            answered: false,
            unanswered: 0,
            unanswered_since: 0,
            stated: 0,
        };
        let [mut taker, mut inviter] = [side(0), side(1)];
        taker.own = Some(publics);
        taker.sending = Some(Sending { header, chain, publics, next: 0 });
        inviter.receiving = Some(Receiving { header, chain, publics, next: 0, base: 0, seen: false });
        [taker, inviter]
    }

    /// What an encryption must give. // protocol.md §5.2, §7.4, §8.3
    pub(crate) fn seal(&mut self, names: &mut Names, control: bool) -> Result<Sign, NotSealed> {
        if self.differs {
            return Err(NotSealed::Differs);
        }
        if self.sent - self.confirmed >= UNCONFIRMED + if control { CONTROL_RESERVE } else { 0 } {
            return Err(NotSealed::Unconfirmed);
        }
        if self.own.is_none() {
            let theirs = self.receiving.as_ref().map_or(0, |receiving| receiving.publics);
            let new = names.fresh();
            let [root, chain, next_header] = self.step(names, self.role, new, theirs);
            self.root = root;
            self.previous = self.sending.as_ref().map_or(0, |sending| sending.next);
            let header = core::mem::replace(&mut self.next_sending, next_header);
            self.sending = Some(Sending { header, chain, publics: new, next: 0 });
            self.own = Some(new);
        }
        let name = names.fresh();
        let before = self.sent_hashes[self.sent_hashes.len() - 1];
        let Some(sending) = &mut self.sending else { return Err(NotSealed::Differs) };
        let sign = Sign {
            name,
            header: sending.header,
            chain: sending.chain,
            publics: sending.publics,
            previous: self.previous,
            index: sending.next,
            number: self.sent + 1,
            before,
            received: self.mark,
            received_hash: self.mark_hash,
            control,
            fault: None,
        };
        sending.next += 1;
        self.sent += 1;
        self.sent_hashes.push_back(names.of("history", &[before, name]));
        self.stated = self.mark;
        self.unanswered = self.unanswered.min(self.ahead.len() as u64);
        Ok(sign)
    }

    fn step(&self, names: &mut Names, stepper: Name, new: Name, theirs: Name) -> [Name; 3] {
        ["root", "chain", "next header"].map(|output| names.of(output, &[self.root, stepper, new, theirs]))
    }

    /// What a decryption must give. // protocol.md §5.5, §8.2
    pub(crate) fn open(&mut self, names: &mut Names, sign: &Sign, now: u64) -> Result<Open, OpenError> {
        let mut after = self.clone();
        let opened = after.try_open(names, sign, now)?;
        *self = after;
        Ok(opened)
    }

    fn try_open(&mut self, names: &mut Names, sign: &Sign, now: u64) -> Result<Open, OpenError> {
        let current = self.receiving.clone().filter(|receiving| receiving.header == sign.header);
        let place = self.old.iter().position(|old| old.header == sign.header);
        if let Some(receiving) = current {
            if receiving.publics != sign.publics {
                return Err(OpenError::Header);
            }
            if sign.index < receiving.next {
                self.kept.get(&sign.index).ok_or(OpenError::Again)?;
                self.judge(sign, receiving.chain, receiving.base)?;
                let given_up = self.tick(now);
                self.kept.remove(&sign.index);
                return Ok(self.opened(names, sign, now, given_up, Way::LateCurrent, 0));
            }
            let skipped = sign.index - receiving.next;
            if skipped > SKIP_STEP {
                return Err(OpenError::TooManySkipped);
            }
            self.judge(sign, receiving.chain, receiving.base)?;
            let mut given_up = self.tick(now);
            let next = sign.index + 1;
            self.receiving = Some(Receiving { next, seen: true, ..receiving });
            given_up.extend(self.keep(receiving.next..sign.index));
            return Ok(self.opened(names, sign, now, given_up, Way::Along, skipped));
        }
        if self.next_receiving == sign.header {
            return self.open_next(names, sign, now);
        }
        let old = place.map(|place| self.old[place].clone()).ok_or(OpenError::NotOurs)?;
        if old.publics.is_some_and(|known| known != sign.publics) {
            return Err(OpenError::Header);
        }
        old.kept.get(&sign.index).ok_or(OpenError::Again)?;
        self.judge(sign, old.chain, old.base)?;
        let given_up = self.tick(now);
        for chain in self.old.iter_mut().filter(|chain| chain.header == sign.header) {
            chain.kept.remove(&sign.index);
        }
        Ok(self.opened(names, sign, now, given_up, Way::LateOld, 0))
    }

    fn open_next(&mut self, names: &mut Names, sign: &Sign, now: u64) -> Result<Open, OpenError> {
        let (from, base) = self.receiving.as_ref().map_or((0, 0), |old| (old.next, old.base));
        if sign.previous < from || (self.receiving.is_none() && sign.previous != 0) {
            return Err(OpenError::Header);
        }
        let skipped = (sign.previous - from).checked_add(sign.index).ok_or(OpenError::TooManySkipped)?;
        if skipped > SKIP_STEP {
            return Err(OpenError::TooManySkipped);
        }
        let own = self.own.ok_or(OpenError::Header)?;
        let [root, chain, next_header] = self.step(names, 1 - self.role, sign.publics, own);
        let base = base + u64::from(sign.previous);
        self.judge(sign, chain, base)?;

        let mut given_up = self.tick(now);
        given_up.extend(self.keep(from..sign.previous));
        if let Some(old) = self.receiving.take() {
            given_up.extend(self.retire(&old));
        }
        self.base = base;
        given_up.extend(self.keep(0..sign.index));
        let (publics, next) = (sign.publics, sign.index + 1);
        self.receiving = Some(Receiving { header: self.next_receiving, chain, publics, next, base, seen: true });
        self.root = root;
        self.next_receiving = next_header;
        self.own = None;
        Ok(self.opened(names, sign, now, given_up, Way::Step, skipped))
    }

    /// Commitment, body, number, and whether the number is new.
    fn judge(&self, sign: &Sign, chain: Name, base: u64) -> Result<(), OpenError> {
        if chain != sign.chain {
            return Err(OpenError::Commitment);
        }
        sign.fault.map_or(Ok(()), Err)?;
        if sign.number != number(base, sign.index) {
            return Err(OpenError::Body);
        }
        if sign.number <= self.mark || self.ahead.contains_key(&sign.number) || self.lost.contains(&sign.number) {
            return Err(OpenError::Again);
        }
        let far = sign.number - self.mark > SKIP_TOTAL as u64;
        if far { Err(OpenError::TooManySkipped) } else { Ok(()) }
    }

    fn opened(
        &mut self,
        names: &mut Names,
        sign: &Sign,
        now: u64,
        mut given_up: BTreeSet<u64>,
        way: Way,
        skipped: u32,
    ) -> Open {
        given_up.remove(&sign.number);
        let hash = names.of("history", &[sign.before, sign.name]);
        let news = self.mark - self.stated;
        self.ahead.insert(sign.number, Ahead { before: sign.before, hash });
        self.advance();
        self.confirm(sign);
        self.lose(&given_up);
        self.answered = true;
        if (news == 0 && self.mark > self.stated) || (self.unanswered == 0 && !sign.control) {
            self.unanswered_since = now;
        }
        self.unanswered += u64::from(!sign.control);
        Open { number: sign.number, given_up, way, skipped }
    }

    fn confirm(&mut self, sign: &Sign) {
        let Some(more) = sign.received.checked_sub(self.confirmed) else { return };
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        if self.sent_hashes.get(more) == Some(&sign.received_hash) {
            self.sent_hashes.drain(..more);
            self.confirmed = sign.received;
        } else {
            self.differs = true;
        }
    }

    fn lose(&mut self, numbers: &BTreeSet<u64>) {
        let new = numbers.iter().filter(|number| **number > self.mark && !self.ahead.contains_key(number));
        self.lost.extend(new);
        self.advance();
    }

    fn advance(&mut self) {
        loop {
            let next = self.mark + 1;
            if let Some(ahead) = self.ahead.remove(&next) {
                self.differs |= ahead.before != self.mark_hash;
                (self.mark, self.mark_hash) = (next, ahead.hash);
                continue;
            }
            let Some(behind) = (next..).find(|number| !self.lost.contains(number)) else { return };
            let Some(ahead) = self.ahead.get(&behind).filter(|_| behind > next) else { return };
            (self.mark, self.mark_hash) = (behind - 1, ahead.before);
            self.lost = self.lost.split_off(&behind);
        }
    }

    /// One look at the clock; what is wiped at it. // protocol.md §5.6
    pub(crate) fn look(&mut self, now: u64) -> BTreeSet<u64> {
        let news = self.mark - self.stated;
        let given_up = self.tick(now);
        self.lose(&given_up);
        if news == 0 && self.mark > self.stated {
            self.unanswered_since = now;
        }
        given_up
    }

    fn tick(&mut self, now: u64) -> BTreeSet<u64> {
        if self.looked != 0 {
            self.age += now.saturating_sub(self.looked).min(TICK_SECONDS);
        }
        self.looked = now;
        let (age, mut wiped) = (self.age, BTreeSet::new());
        let chains = self.old.iter_mut().map(|old| (old.base, &mut old.kept)).chain([(self.base, &mut self.kept)]);
        for (base, kept) in chains {
            wiped.extend(kept.extract_if(.., |_, at| age - *at >= SKIP_SECONDS).map(|(index, _)| number(base, index)));
        }
        self.old.retain(|old| age - old.at < SKIP_SECONDS);
        wiped
    }

    fn keep(&mut self, indices: core::ops::Range<u32>) -> BTreeSet<u64> {
        self.kept.extend(indices.map(|index| (index, self.age)));
        let mut wiped = BTreeSet::new();
        while self.held() > SKIP_TOTAL {
            let oldest = self.old.iter_mut().rev().map(|old| (old.base, &mut old.kept));
            let first = oldest.chain([(self.base, &mut self.kept)]).find(|(_, kept)| !kept.is_empty());
            let Some((base, kept)) = first else { break };
            wiped.extend(kept.pop_first().map(|(index, _)| number(base, index)));
        }
        wiped
    }

    fn retire(&mut self, left: &Receiving) -> BTreeSet<u64> {
        let publics = left.seen.then_some(left.publics);
        let kept = core::mem::take(&mut self.kept);
        let old = Old { header: left.header, chain: left.chain, publics, base: self.base, kept, at: self.age };
        self.old.push_front(old);
        if self.old.len() <= OLD_CHAINS {
            return BTreeSet::new();
        }
        let place = self.old.iter().rposition(|old| old.kept.is_empty()).unwrap_or(OLD_CHAINS);
        let Some(gone) = self.old.remove(place) else { return BTreeSet::new() };
        gone.kept.keys().map(|index| number(gone.base, *index)).collect()
    }

    /// Keys held in all.
    pub(crate) fn held(&self) -> usize {
        self.kept.len() + self.old.iter().map(|old| old.kept.len()).sum::<usize>()
    }

    /// Numbers below the highest known one that have not come.
    pub(crate) fn missing(&self) -> Vec<u64> {
        let known = |number: &u64| self.ahead.contains_key(number) || self.lost.contains(number);
        let last = self.ahead.keys().chain(&self.lost).max().copied().unwrap_or(0);
        (self.mark + 1..=last).filter(|number| !known(number)).collect()
    }

    pub(crate) fn filler_wanted(&self, now: u64) -> bool {
        let old = self.unanswered > 0 && now.abs_diff(self.unanswered_since) >= FILLER_SECONDS;
        let many = self.unanswered >= FILLER_AFTER && self.mark - self.stated >= FILLER_AFTER;
        self.mark > self.stated && (many || old) && !self.differs
    }
}
