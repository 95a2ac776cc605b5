//! Every key that was ever held, against its name: the same name is always the same bytes, another name always others.
//!
//! In: a snapshot and the ideal state beside it. Out: nothing, or a failed test. This file must never learn what happened.

use crate::ideal::{Ideal, Kept, Name};
use crate::layout::{Chain, KeptKey, Layout};
use std::collections::HashMap;

/// What a secret is, and of which index in its chain.
type Term = (&'static str, Name, u32);

#[derive(Default)]
pub(crate) struct Ledger {
    bytes: HashMap<Term, [u8; 32]>,
    terms: HashMap<[u8; 32], Term>,
    /// Skipped keys of a chain as they were met last: most of them stay for long.
    met: HashMap<Name, Vec<KeptKey>>,
}

impl Ledger {
    fn meet(&mut self, term: Term, bytes: &[u8; 32]) {
        let known = self.bytes.entry(term).or_insert(*bytes);
        assert_eq!(known, bytes, "{term:?} has other bytes than before");
        let known = self.terms.entry(*bytes).or_insert(term);
        assert_eq!(*known, term, "the same bytes twice");
    }

    /// The whole snapshot is what the ideal state says: every key, every count, and not one key more.
    pub(crate) fn check(&mut self, ideal: &Ideal, layout: &Layout) {
        self.meet(("root", ideal.root, 0), &layout.root);
        self.meet(("header", ideal.next_sending, 0), &layout.next_sending);
        self.meet(("header", ideal.next_receiving, 0), &layout.next_receiving);
        assert_eq!(layout.previous, ideal.previous, "previous");
        assert_eq!(layout.own.is_some(), ideal.own.is_some(), "private pair");
        if let (Some(name), Some((agreement, kem))) = (ideal.own, &layout.own) {
            self.meet(("agreement", name, 0), agreement);
            self.meet(("kem", name, 0), kem.first_chunk().unwrap());
            self.meet(("kem", name, 1), kem.last_chunk().unwrap());
        }
        assert_eq!(layout.sending.is_some(), ideal.sending.is_some(), "sending chain");
        if let (Some(name), Some(sending)) = (&ideal.sending, &layout.sending) {
            self.meet(("header", name.header, 0), &sending.header);
            self.meet(("chain", name.chain, name.next), &sending.chain);
            self.meet(("publics", name.publics, 0), sending.publics.first_chunk().unwrap());
            self.meet(("publics", name.publics, 1), sending.publics.last_chunk().unwrap());
            assert_eq!(sending.next, name.next, "place in the sending chain");
        }
        assert_eq!(layout.receiving.is_some(), ideal.receiving.is_some(), "receiving chain");
        if let (Some(name), Some(receiving)) = (&ideal.receiving, &layout.receiving) {
            self.meet(("header", name.header, 0), &receiving.header);
            self.meet(("chain", name.chain, name.next), &receiving.chain);
            let places = (receiving.next, receiving.base, receiving.ciphertext);
            assert_eq!(places, (name.next, name.base, name.seen), "place in the receiving chain");
            self.kept(name.chain, (ideal.base, &ideal.kept), &layout.current);
        }
        assert_eq!((layout.age, layout.looked), (ideal.age, ideal.looked), "age");
        assert_eq!(layout.old.len(), ideal.old.len(), "old chains");
        for (name, old) in ideal.old.iter().zip(&layout.old) {
            self.meet(("header", name.header, 0), &old.header);
            assert_eq!((old.at, old.publics.is_some()), (name.at, name.publics.is_some()), "old chain");
            self.kept(name.chain, (name.base, &name.kept), &old.chain);
        }
        self.history(ideal, layout);
    }

    fn kept(&mut self, chain: Name, (base, ideal): (u64, &Kept), held: &Chain) {
        assert_eq!(held.base, base, "base");
        let places: Vec<_> = held.kept.iter().map(|(index, at, _)| (*index, *at)).collect();
        let ideal: Vec<_> = ideal.iter().map(|(index, at)| (*index, *at)).collect();
        assert_eq!(places, ideal, "skipped keys held");
        if self.met.get(&chain).is_none_or(|met| *met != held.kept) {
            held.kept.iter().for_each(|(index, _, key)| self.meet(("message", chain, *index), key));
            self.met.insert(chain, held.kept.clone());
        }
    }

    fn history(&mut self, ideal: &Ideal, layout: &Layout) {
        let counts = (layout.sent, layout.confirmed, layout.mark, layout.differs, layout.answered);
        let ideal_counts = (ideal.sent, ideal.confirmed, ideal.mark, ideal.differs, ideal.answered);
        assert_eq!(counts, ideal_counts, "sent, confirmed, mark, differs, answered");
        let unanswered = (layout.unanswered, layout.unanswered_since, layout.stated);
        let ideal_unanswered = (ideal.unanswered, ideal.unanswered_since, ideal.stated);
        assert_eq!(unanswered, ideal_unanswered, "unanswered, since, stated");
        assert_eq!(layout.sent_hashes.len(), ideal.sent_hashes.len(), "hashes of what we sent");
        // The ends show the rest: between them only drains and pushes happen.
        let ends = [(ideal.sent_hashes.front(), layout.sent_hashes.first())];
        for (name, hash) in ends.into_iter().chain([(ideal.sent_hashes.back(), layout.sent_hashes.last())]) {
            self.meet(("history", *name.unwrap(), 0), hash.unwrap());
        }
        self.meet(("history", ideal.mark_hash, 0), &layout.mark_hash);
        assert!(layout.lost.iter().eq(&ideal.lost), "lost numbers");
        assert!(layout.ahead.iter().map(|(number, ..)| number).eq(ideal.ahead.keys()), "numbers ahead");
        for ((_, before, hash), name) in layout.ahead.iter().zip(ideal.ahead.values()) {
            self.meet(("history", name.before, 0), before);
            self.meet(("history", name.hash, 0), hash);
        }
    }
}
