//! What must hold after every event, and after a quiet phase.
//!
//! In: the state of both sides and the lists of what they sealed and opened. Out: nothing, or a failed test. This file must
//! never learn which event it was.

use crate::event::{Event, Seen};
use crate::layout::Layout;
use crate::network::Network;
use cairn_protocol::limits::{OLD_CHAINS, SKIP_SECONDS, SKIP_TOTAL};

const DAY: u64 = 86_400;

impl Network {
    /// What holds after every event.
    pub(crate) fn check(&mut self, who: usize) {
        let layout = Layout::read(&self.sides[who].session.snapshot());
        let ideal = &self.sides[who].account.ideal;
        self.ledger.check(ideal, &layout);

        // Bounds, counted in the snapshot itself.
        let held = layout.old.iter().map(|old| &old.chain).chain([&layout.current]);
        let held: Vec<u64> = held.flat_map(|chain| chain.kept.iter().map(|(_, at, _)| *at)).collect();
        assert!(held.len() <= SKIP_TOTAL && layout.old.len() <= OLD_CHAINS, "more keys than the limits allow");
        assert!(held.iter().all(|at| layout.age - at < SKIP_SECONDS), "a key older than 14 looks of a day");
        assert_eq!(held.len(), ideal.held());

        let session = &self.sides[who].session;
        assert_eq!(session.missing().into_iter().flatten().collect::<Vec<_>>(), ideal.missing(), "missing");
        let now = self.sides[who].now;
        assert_eq!(session.filler_wanted(now), ideal.filler_wanted(now), "filler");
        let (confirmed, mark) = (session.confirmed(), layout.mark);
        assert!(self.rolled_back || !session.differs(), "honest accounts differ");

        // Plain lists: nothing is confirmed that the peer did not receive or give up, and the bytes are the same.
        let (side, peer) = (&self.sides[who], &self.sides[1 - who]);
        for number in side.confirmed + 1..=confirmed {
            let post = &side.account.sealed[usize::try_from(number).unwrap() - 1];
            let known = peer.ever_opened.contains(&post.sign.name) || peer.ever_given_up.contains(&number);
            // The hash behind a run of lost numbers is the sender's word (protocol.md §8.4): the run hides what an older
            // state of the sender wrote anew right before it.
            let hidden = (number + 1..=confirmed).any(|later| peer.ever_given_up.contains(&later));
            assert!(known || self.rolled_back && hidden, "{number} is confirmed and the peer never had it");
            self.hidden |= !known;
        }
        if !self.rolled_back {
            let account = &side.account;
            let highest = account.opened.last_key_value().map_or(0, |(number, _)| *number);
            let missing: Vec<u64> = (mark + 1..=highest).filter(|number| !account.knows(*number)).collect();
            assert_eq!(ideal.missing(), missing, "missing, by the list of what opened");
        }
        let side = &mut self.sides[who];
        side.layout = layout;
        side.confirmed = confirmed;
        side.account.outbox = side.account.outbox.split_off(&(confirmed + 1));
    }

    /// The first number of this side that the other neither has, the same envelope, nor has given up.
    fn lost(&self, who: usize) -> Option<u64> {
        let peer = &self.sides[1 - who].account;
        let sealed = self.sides[who].account.sealed.iter().map(|post| &post.sign);
        let mut lost = sealed
            .filter(|sign| peer.opened.get(&sign.number) != Some(&sign.name) && !peer.given_up.contains(&sign.number));
        lost.next().map(|sign| sign.number)
    }

    /// The network becomes honest, and both sides do what a program does. Afterwards everything has arrived or is known
    /// to be lost, and both sides have confirmed each other. After a roll back the accounts differ and a side knows it; or
    /// it refused an envelope of the other side as one that no honest side would make; or nothing was forked; or the
    /// fork is a wall: no envelope that was sealed after it opens on the other side; or numbers behind it were lost.
    pub(crate) fn settle(&mut self) {
        for round in 0..40 {
            for who in 0..2 {
                // All of it at first; afterwards what has not arrived, and after a fork never will, now and then.
                let known = self.sides[1 - who].account.clone();
                if !self.rolled_back || round % 10 == 0 {
                    self.put_again(who, |number| round == 0 || !known.knows(number));
                }
            }
            for who in 0..2 {
                while !self.sides[who].inbox.is_empty() {
                    self.deliver(who, 0, false);
                }
                if round % 8 == 0 {
                    self.play(Event::Restart(who));
                }
            }
            (0..2).for_each(|who| self.play(Event::Look(who, DAY)));
        }
        for who in 0..2 {
            self.play(Event::Control(who));
            self.play(Event::Deliver(1 - who, 0));
        }
        self.play(Event::Control(0));
        self.play(Event::Deliver(1, 0));
        self.count(Seen::Quiet);
        if self.rolled_back {
            let differs = self.sides.iter().any(|side| side.session.differs());
            let same = (0..2).all(|who| self.lost(who).is_none());
            self.count(match (differs, self.told, same) {
                _ if self.hidden => Seen::ForkHidden,
                (true, ..) => Seen::ForkDiffers,
                (false, true, _) => Seen::ForkRefused,
                (false, false, true) => Seen::ForkHarmless,
                (false, false, false) => Seen::ForkSilent,
            });
            assert!(
                differs || self.told || same || self.hidden || !self.after_fork,
                "a fork went on and nobody noticed"
            );
            return;
        }
        for who in 0..2 {
            assert_eq!(self.lost(who), None, "lost without being known");
            let side = &self.sides[who];
            assert!(side.session.may_send(), "wedged at {}", side.session.confirmed());
            let shown = side.account.sealed.iter().filter(|post| !post.sign.control).map(|post| post.sign.number);
            let last = shown.max().unwrap_or(0);
            assert!(side.session.confirmed() >= last, "{last} was not confirmed: {}", side.session.confirmed());
            assert!(side.session.missing().is_empty());
        }
    }
}
