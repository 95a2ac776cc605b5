//! Two real sessions, the ideal ones beside them, and a network that may do anything.
//!
//! In: events. Out: nothing, or a failed test. This file must never learn why an envelope is refused: the ideal says it.

use crate::event::{Event, Seen};
use crate::ideal::{Ideal, Name, Names, NotSealed, Sign, Way};
use crate::layout::Layout;
use crate::ledger::Ledger;
use crate::paper;
use crate::world::{invite, taker};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::take;
use cairn_protocol::limits::{ENVELOPE, SKIP_STEP};
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{EncryptError, Session};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

const START: u64 = 1_800_000_000;
/// Saved states of a side that a roll back may choose from.
const SAVED: usize = 12;

pub(crate) struct Post {
    pub(crate) from: usize,
    pub(crate) sign: Sign,
    pub(crate) bytes: Box<[u8; ENVELOPE]>,
}

pub(crate) type Numbers = BTreeSet<u64>;

#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) ideal: Ideal,
    /// What we sealed, by number less one.
    pub(crate) sealed: Vec<Rc<Post>>,
    /// Kept until it is confirmed.
    pub(crate) outbox: BTreeMap<u64, Rc<Post>>,
    /// What opened, by number.
    pub(crate) opened: BTreeMap<u64, Name>,
    pub(crate) given_up: Numbers,
}

pub(crate) struct Side {
    pub(crate) session: Session,
    /// The session's snapshot as it was at the last check.
    pub(crate) layout: Layout,
    pub(crate) account: Account,
    pub(crate) now: u64,
    pub(crate) inbox: Vec<Rc<Post>>,
    pub(crate) aside: Vec<(Vec<u8>, Account)>,
    /// What this side has ever opened or given up, also in states that were rolled back.
    pub(crate) ever_opened: HashSet<Name>,
    pub(crate) ever_given_up: Numbers,
    pub(crate) confirmed: u64,
}

pub(crate) struct Network {
    pub(crate) rng: StdRng,
    pub(crate) names: Names,
    pub(crate) ledger: Ledger,
    pub(crate) sides: [Side; 2],
    pub(crate) posts: Vec<Rc<Post>>,
    pub(crate) salts: HashSet<[u8; 32]>,
    pub(crate) rolled_back: bool,
    /// An envelope of the other side was refused for a reason that only a fork gives.
    pub(crate) told: bool,
    /// A fork was confirmed, hidden by lost numbers.
    pub(crate) hidden: bool,
    /// The last name that was given before the last roll back.
    pub(crate) forked_at: Name,
    /// Whether an envelope that was sealed after it has opened.
    pub(crate) after_fork: bool,
    /// Events that found nothing to do: a delivery without an envelope.
    pub(crate) idle: u64,
    pub(crate) seen: BTreeMap<Seen, u64>,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (invitation, link, sealed) = invite(&mut rng);
        let bundle = link.open_bundle(&sealed).unwrap();
        let (taken, first) = take(&link, &bundle, &taker(&mut rng), &mut rng).unwrap();
        let accepted = invitation.accept(&first).unwrap().session;
        let mut names = Names::default();
        let [taker, inviter] = Ideal::pair(&mut names);
        let sides = [(taken, taker), (accepted, inviter)].map(|(session, ideal)| Side {
            layout: Layout::read(&session.snapshot()),
            session,
            account: Account {
                ideal,
                sealed: Vec::new(),
                outbox: BTreeMap::new(),
                opened: BTreeMap::new(),
                given_up: Numbers::new(),
            },
            now: START,
            inbox: Vec::new(),
            aside: Vec::new(),
            ever_opened: HashSet::new(),
            ever_given_up: Numbers::new(),
            confirmed: 0,
        });
        let mut network = Self {
            rng,
            names,
            ledger: Ledger::default(),
            sides,
            posts: Vec::new(),
            salts: HashSet::new(),
            rolled_back: false,
            told: false,
            hidden: false,
            forked_at: 0,
            after_fork: false,
            idle: 0,
            seen: BTreeMap::new(),
        };
        (0..2).for_each(|who| network.check(who));
        network
    }

    /// Plays one event, and what the program does after each: a filler, if it wants to confirm.
    pub(crate) fn play(&mut self, event: Event) {
        let who = self.play_alone(event);
        self.check(who);
        if self.sides[who].session.filler_wanted(self.sides[who].now) {
            self.send(who, true);
            self.check(who);
        }
    }

    fn play_alone(&mut self, event: Event) -> usize {
        match event {
            Event::Send(who) => self.send(who, false),
            Event::Control(who) => self.send(who, true),
            Event::Deliver(who, pick) => self.deliver(who, pick, false),
            Event::Double(who, pick) => self.deliver(who, pick, true),
            Event::Drop(who, pick) => {
                self.pick(who, pick, false);
            }
            Event::Replay(who, pick) => {
                if let Some(post) = self.choose(pick, |_| true) {
                    self.open(who, &post);
                }
            }
            Event::Flip(who, pick, bit) => self.flip(who, pick, bit),
            Event::Junk(who) => {
                let mut junk = Box::new([0; ENVELOPE]);
                self.rng.fill_bytes(junk.as_mut_slice());
                self.refuse(who, &junk, OpenError::NotOurs);
            }
            Event::Reflect(who, pick) => {
                if let Some(post) = self.choose(pick, |post| post.from == who) {
                    self.refuse(who, &post.bytes, OpenError::NotOurs);
                }
            }
            Event::PutAgain(who) => self.put_again(who, |_| true),
            Event::Restart(who) => {
                let snapshot = self.sides[who].session.snapshot();
                self.sides[who].session = Session::restore(&snapshot).unwrap();
            }
            Event::LostSend(who) => {
                let saved = self.saved(who);
                self.seal(who, false);
                self.restore(who, &saved);
            }
            Event::LostDelivery(who, pick) => {
                let saved = self.saved(who);
                if let Some(post) = self.pick(who, pick, true) {
                    self.open(who, &post);
                }
                self.restore(who, &saved);
            }
            Event::SetAside(who) => {
                let saved = self.saved(who);
                let aside = &mut self.sides[who].aside;
                if aside.len() == SAVED {
                    aside.remove(0);
                }
                aside.push(saved);
            }
            Event::RollBack(who, pick) => self.roll_back(who, pick),
            Event::Pass(who, seconds) => self.sides[who].now += seconds,
            Event::Look(who, seconds) => {
                self.sides[who].now += seconds;
                self.look(who);
            }
            Event::Jump(who, now) => self.sides[who].now = now,
            Event::Forge(who, fault) => self.forge(who, fault),
        }
        event.who()
    }

    pub(crate) fn count(&mut self, seen: Seen) {
        *self.seen.entry(seen).or_default() += 1;
    }

    fn saved(&self, who: usize) -> (Vec<u8>, Account) {
        let side = &self.sides[who];
        (side.session.snapshot().to_vec(), side.account.clone())
    }

    fn restore(&mut self, who: usize, (snapshot, account): &(Vec<u8>, Account)) {
        let side = &mut self.sides[who];
        side.session = Session::restore(snapshot).unwrap();
        side.account = account.clone();
        side.confirmed = side.session.confirmed();
    }

    fn roll_back(&mut self, who: usize, pick: u32) {
        let aside = &self.sides[who].aside;
        if aside.is_empty() {
            self.idle += 1;
        } else {
            let place = if pick.is_multiple_of(2) { aside.len() - 1 } else { at(pick / 2, aside.len()) };
            let saved = aside[place].clone();
            if saved.0[..] != self.sides[who].session.snapshot()[..] {
                self.rolled_back = true;
                (self.forked_at, self.after_fork) = (self.names.fresh(), false);
                self.count(Seen::RolledBack);
            }
            self.restore(who, &saved);
        }
    }

    /// One of what was ever put.
    fn choose(&mut self, pick: u32, which: impl Fn(&Post) -> bool) -> Option<Rc<Post>> {
        let posts: Vec<_> = self.posts.iter().filter(|post| which(post)).collect();
        let chosen = posts.get(at(pick, posts.len())).map(|post| Rc::clone(post));
        self.idle += u64::from(chosen.is_none());
        chosen
    }

    /// One of what the network holds for this side.
    fn pick(&mut self, who: usize, pick: u32, keep: bool) -> Option<Rc<Post>> {
        let inbox = &mut self.sides[who].inbox;
        let place = if pick.is_multiple_of(2) { 0 } else { at(pick / 2, inbox.len()) };
        let post = inbox.get(place).cloned();
        match post {
            Some(_) if !keep => drop(inbox.remove(place)),
            Some(_) => {}
            None => self.idle += 1,
        }
        post
    }

    /// A relay holds an envelope once, however often it is put.
    pub(crate) fn put_again(&mut self, who: usize, which: impl Fn(u64) -> bool) {
        let held: HashSet<Name> = self.sides[1 - who].inbox.iter().map(|post| post.sign.name).collect();
        let again = self.sides[who].account.outbox.iter().filter(|(number, _)| which(**number));
        let again = again.map(|(_, post)| Rc::clone(post)).filter(|post| !held.contains(&post.sign.name));
        let again: Vec<_> = again.collect();
        self.sides[1 - who].inbox.extend(again);
    }

    pub(crate) fn deliver(&mut self, who: usize, pick: u32, keep: bool) {
        if let Some(post) = self.pick(who, pick, keep) {
            self.open(who, &post);
        }
    }

    pub(crate) fn send(&mut self, who: usize, control: bool) {
        let Some(post) = self.seal(who, control) else { return };
        let side = &mut self.sides[who];
        side.account.sealed.push(Rc::clone(&post));
        side.account.outbox.insert(post.sign.number, Rc::clone(&post));
        self.sides[1 - who].inbox.push(Rc::clone(&post));
        self.posts.push(post);
    }

    /// Seals, and compares with what must come of it. The envelope has not left.
    fn seal(&mut self, who: usize, control: bool) -> Option<Rc<Post>> {
        let content = if control { Content::Filler } else { Content::Text("x".to_owned()) };
        let piece = content.split(MessageId::random(&mut self.rng)).unwrap().remove(0);
        let side = &mut self.sides[who];
        let sealed = side.session.encrypt(&mut self.rng, &piece, side.now.saturating_mul(1000));
        let refused = match (sealed, side.account.ideal.seal(&mut self.names, control)) {
            (Ok(sealed), Ok(sign)) => {
                assert_eq!(sealed.number, sign.number);
                let salt = *sealed.envelope.first_chunk().unwrap();
                assert!(self.salts.insert(salt), "a salt came again: a key and a nonce would be used twice");
                self.read_on_paper(who, &sign, &sealed.envelope);
                return Some(Rc::new(Post { from: who, sign, bytes: sealed.envelope }));
            }
            (Err(EncryptError::Unconfirmed), Err(NotSealed::Unconfirmed)) => Seen::Unconfirmed,
            (Err(EncryptError::Differs), Err(NotSealed::Differs)) => Seen::Differs,
            (real, ideal) => panic!("sealing gave {real:?}, must give {ideal:?}"),
        };
        self.count(refused);
        None
    }

    /// Who holds the sender's keys finds in the envelope what the page says, under its direction only.
    fn read_on_paper(&self, who: usize, sign: &Sign, bytes: &[u8; ENVELOPE]) {
        let (before, after) = (&self.sides[who].layout, Layout::read(&self.sides[who].session.snapshot()));
        let sending = after.sending.as_ref().unwrap();
        let (role, other, transcript) = (after.role, 3 - after.role, &after.transcript);
        let header = paper::header(role, transcript, &sending.header, bytes).expect("the header is not what §6.2 says");
        assert!(paper::header(other, transcript, &sending.header, bytes).is_none());
        let places = [sign.previous.to_be_bytes(), sign.index.to_be_bytes()].concat();
        assert!(header[..8] == places && header[8..] == sending.publics, "the header's fields");
        // The key of a chain's first envelope was never saved: it comes out of the step.
        let Some(chain) = before.sending.as_ref().filter(|_| sign.index > 0) else { return };
        let (message, next) = paper::step(&chain.chain);
        assert_eq!(next, sending.chain, "the chain did not move by one step");
        let keys = (&sending.header, &message);
        let body = paper::body(role, transcript, keys, &header, bytes).expect("the body is not what §6.3 says");
        assert_eq!(body[..8], sign.number.to_be_bytes(), "the number in the body");
        assert!(paper::body(other, transcript, keys, &header, bytes).is_none());
    }

    /// Delivers, and compares with what must come of it.
    fn open(&mut self, who: usize, post: &Rc<Post>) {
        if post.from == who {
            return self.refuse(who, &post.bytes, OpenError::NotOurs);
        }
        let side = &mut self.sides[who];
        let account = &mut side.account;
        let opened = match account.ideal.open(&mut self.names, &post.sign, side.now) {
            Ok(opened) => opened,
            Err(error) => {
                // Between honest sides only what was opened or given up is refused. After a roll back nobody but the
                // peer can make an envelope whose header opens and which breaks a rule: that tells of it.
                let repeated = matches!(error, OpenError::NotOurs | OpenError::Again);
                let known = account.knows(post.sign.number);
                assert!(self.rolled_back || repeated && known, "{error:?} between honest sides, known: {known}");
                self.told |= !repeated;
                return self.refuse(who, &post.bytes, error);
            }
        };
        let received = side.session.decrypt(&post.bytes, side.now).expect("an envelope that must open");
        assert_eq!(received.number, opened.number);
        let given_up: Numbers = received.given_up.into_iter().flatten().collect();
        assert_eq!(given_up, opened.given_up, "numbers given up");
        assert!(received.piece.is_control() == post.sign.control && received.piece.count == 1, "another piece");
        assert!(opened.skipped <= SKIP_STEP);
        assert_eq!(account.opened.insert(opened.number, post.sign.name), None, "{} opened twice", opened.number);
        side.ever_opened.insert(post.sign.name);
        self.after_fork |= self.rolled_back && post.sign.name > self.forked_at;
        self.gave_up(who, given_up);
        self.count(match opened.way {
            Way::Along => Seen::Along,
            Way::Step => Seen::Step,
            Way::LateCurrent => Seen::LateCurrent,
            Way::LateOld => Seen::LateOld,
        });
    }

    fn look(&mut self, who: usize) {
        let side = &mut self.sides[who];
        let given_up: Numbers = side.session.tick(side.now).into_iter().flatten().collect();
        assert_eq!(given_up, side.account.ideal.look(side.now), "numbers given up");
        self.gave_up(who, given_up);
    }

    fn gave_up(&mut self, who: usize, numbers: Numbers) {
        let side = &mut self.sides[who];
        let opened = numbers.iter().find(|number| side.account.opened.contains_key(number));
        assert_eq!(opened, None, "opened and given up");
        let wiped = !numbers.is_empty();
        side.ever_given_up.extend(&numbers);
        side.account.given_up.extend(numbers);
        if wiped {
            self.count(Seen::Wiped);
        }
    }

    /// This must be refused for this reason, and nothing may change.
    pub(crate) fn refuse(&mut self, who: usize, bytes: &[u8; ENVELOPE], error: OpenError) {
        let side = &mut self.sides[who];
        let before = side.session.snapshot();
        let refused = side.session.decrypt(bytes, side.now).map(|received| received.number);
        assert_eq!(refused, Err(error));
        assert!(side.session.snapshot() == before, "what was refused with {error:?} changed the state");
        self.count(match error {
            OpenError::NotOurs => Seen::NotOurs,
            OpenError::Again => Seen::Again,
            OpenError::TooManySkipped => Seen::TooManySkipped,
            OpenError::Header => Seen::Header,
            OpenError::Commitment => Seen::Commitment,
            OpenError::Body => Seen::Body,
        });
    }

    fn flip(&mut self, who: usize, pick: u32, bit: u32) {
        let Some(post) = self.choose(pick, |_| true) else { return };
        let mut flipped = post.bytes.clone();
        flipped[at(bit / 8, ENVELOPE)] ^= 1 << (bit % 8);
        self.refuse(who, &flipped, OpenError::NotOurs);
    }
}

impl Account {
    pub(crate) fn knows(&self, number: u64) -> bool {
        self.opened.contains_key(&number) || self.given_up.contains(&number)
    }
}

/// A place in a list of this length; 0 in an empty one.
fn at(pick: u32, length: usize) -> usize {
    usize::try_from(pick).unwrap() % length.max(1)
}
