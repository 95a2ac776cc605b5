//! Every run of two parties and a relay that is the attacker: it holds, drops, repeats and reorders all that was sent,
//! makes what it can derive, and takes a copy of a side's whole state.
//!
//! In: a scenario. Out: states, and the properties that hold in each. This file must never learn how a key is derived.

use crate::party::{
    ATTACKER, Design, First, INVITER, Invitation, Lineage, Publics, SECOND, Session, TAKER, accept, answer, body,
    envelope, take,
};
use crate::term::{Broken, Knowledge, Term, ct, ek, kdf, name, other_ct, pubkey};
use stateright::{Model, Property};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What is explored.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub design: Design,
    pub broken: Broken,
    /// The attacker has read the link.
    pub link_known: bool,
    /// A second honest taker has the link.
    pub second: bool,
    /// Messages in all, forged ones included.
    pub messages: usize,
    /// How often each side's state may be copied, and both together.
    pub corruptions: [u8; 3],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    from: u8,
    text: Term,
    number: u8,
    bytes: Term,
    lineage: Lineage,
    /// How often each side had been copied when it was sent, and when it was opened.
    sent: [u8; 2],
    opened: Option<[u8; 2]>,
    late: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    sessions: [Option<Session>; 2],
    /// The public part that the inviter has taken.
    taken: Option<First>,
    /// Which first envelopes have reached the inviter.
    arrived: [bool; 2],
    reported: bool,
    /// All that the attacker was given.
    seen: BTreeSet<Term>,
    messages: Vec<Message>,
    forged: usize,
    corrupted: [u8; 2],
    /// Steps, by who and count, that hide nothing from the attacker any more: all KEM is revealed, and the private pair
    /// was copied before the peer's answer ended it.
    leaked: BTreeSet<(u8, u8)>,
    /// What must never happen, and did.
    wrong: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Send(u8),
    Deliver(usize, u8),
    /// A first envelope of the taker, 0, or of the second taker, 1.
    First(usize),
    ForgeFirst(First, Term),
    /// To whom, its bytes, and whether it asks for a step.
    Forge(u8, Term, bool),
    Corrupt(u8),
}

fn attacker(what: &'static str) -> Term {
    name(what, ATTACKER, 0)
}

impl Scenario {
    fn takers(&self) -> usize {
        1 + usize::from(self.second)
    }

    fn firsts(&self) -> [(Term, First); 2] {
        [TAKER, SECOND].map(|who| {
            let (_, bytes, first) = take(self.design, who, &Invitation::new());
            (bytes, first)
        })
    }

    /// Up to which copy of a side's state this lineage has healed.
    fn healed(state: &State, lineage: Lineage, who: u8) -> u8 {
        let steps = lineage.steps.iter().flatten();
        let hidden = steps.filter(|step| step.who == who && !state.leaked.contains(&(who, step.count)));
        hidden.map(|step| step.copies).max().unwrap_or(0)
    }

    /// Whether the attacker may know what is sealed in this lineage: some copy of a state has not been outlived.
    fn open_wound(state: &State, lineage: Lineage) -> bool {
        let wound = |who| Self::healed(state, lineage, who) < state.corrupted[usize::from(who)];
        lineage.tainted || wound(TAKER) || wound(INVITER)
    }

    /// Whether a message may be known: by a copy that was taken while its key was still held, in a lineage that has not
    /// healed since.
    fn exposed(state: &State, message: &Message) -> bool {
        message.lineage.tainted
            || [TAKER, INVITER].into_iter().any(|who| {
                let place = usize::from(who);
                (Self::healed(state, message.lineage, who) + 1..=state.corrupted[place]).any(|copy| {
                    let gone = if who == message.from { Some(message.sent) } else { message.opened };
                    gone.is_none_or(|then| then[place] >= copy)
                })
            })
    }

    fn knowledge(&self, state: &State) -> Rc<Knowledge> {
        Knowledge::cached(&state.seen, self.broken)
    }

    fn secrets_hold(&self, state: &State) -> bool {
        let knowledge = self.knowledge(state);
        state.messages.iter().all(|message| Self::exposed(state, message) || !knowledge.can(message.text))
    }

    fn forge_first(&self, knowledge: &Knowledge, actions: &mut Vec<Action>) {
        let invitation = Invitation::new();
        if !self.design.without_link && !knowledge.can(kdf("first key", &[invitation.link()])) {
            return;
        }
        let (_, genuine) = self.firsts()[0];
        let shared = name("shared", TAKER, 0);
        let key = ek(invitation.kem);
        let own = [
            pubkey(attacker("identity")),
            pubkey(attacker("ephemeral")),
            ct(key, attacker("shared")),
            pubkey(attacker("agreement")),
            ek(attacker("ratchet kem")),
        ];
        for choice in 0..32_u32 {
            let first: First =
                core::array::from_fn(|field| if choice >> field & 1 == 0 { genuine[field] } else { own[field] });
            let mut other = first;
            other[2] = other_ct(key, shared);
            for first in [first, other] {
                for private in [name("private part", TAKER, 0), attacker("private part")] {
                    let bytes = answer(self.design, &invitation, &first).envelope(
                        self.design,
                        invitation.link(),
                        &first,
                        private,
                    );
                    if first != genuine && knowledge.can(bytes) {
                        actions.push(Action::ForgeFirst(first, bytes));
                    }
                }
            }
        }
    }

    /// Envelopes of the attacker's making that this side would take.
    fn forge(&self, state: &State, knowledge: &Knowledge, to: u8, actions: &mut Vec<Action>) {
        let Some(session) = &state.sessions[usize::from(to)] else { return };
        let from = 1 - to;
        let text = attacker("text");
        if let Some(receiving) = &session.receiving {
            let mut chain = receiving.chain;
            for index in receiving.next..receiving.next + 2 {
                let keys = [receiving.header, kdf("message key", &[chain])];
                let body = body(receiving.base + index + 1, text);
                let bytes = envelope(from, session.transcript, keys, [0, index], &receiving.publics, body);
                if knowledge.can(bytes) {
                    actions.push(Action::Forge(to, bytes, false));
                }
                chain = kdf("next chain key", &[chain]);
            }
        }
        if let Some(own) = session.own {
            let publics = Publics {
                agreement: pubkey(attacker("agreement")),
                encapsulation: ek(attacker("ratchet kem")),
                ciphertext: ct(ek(own.kem), attacker("shared")),
            };
            let (next, base) = session.receiving.map_or((0, 0), |old| (old.next, old.base));
            if let Some(expected) = session.expected(self.design, &publics) {
                let keys = [expected.header, kdf("message key", &[expected.chain])];
                let body = body(base + next + 1, text);
                let bytes = envelope(from, session.transcript, keys, [next, 0], &publics, body);
                if knowledge.can(bytes) {
                    actions.push(Action::Forge(to, bytes, true));
                }
            }
        }
        for kept in &session.skipped {
            let publics = Publics { agreement: text, encapsulation: text, ciphertext: text };
            let body = body(kept.number, text);
            let bytes = envelope(from, session.transcript, [kept.header, kept.key], [0, kept.index], &publics, body);
            if knowledge.can(bytes) {
                actions.push(Action::Forge(to, bytes, false));
            }
        }
    }

    fn first(&self, state: &mut State, bytes_of: usize, first: First, lineage: Lineage) -> bool {
        let moved = !core::mem::replace(&mut state.arrived[bytes_of], true);
        match state.taken {
            None => {
                state.taken = Some(first);
                state.sessions[usize::from(INVITER)] = Some(accept(self.design, &Invitation::new(), &first, lineage));
                true
            }
            Some(_) if self.design.invitation_stays => {
                state.wrong = Some("a first envelope made a second session");
                true
            }
            // The guard: it opens under the first key and is not the one that was taken.
            Some(taken) if taken != first && !self.design.without_guard => {
                !core::mem::replace(&mut state.reported, true) || moved
            }
            Some(_) => moved,
        }
    }
}

impl Model for Scenario {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let (taker, ..) = take(self.design, TAKER, &Invitation::new());
        let firsts = self.firsts();
        let mut seen: BTreeSet<Term> = firsts[..self.takers()].iter().map(|(bytes, _)| *bytes).collect();
        seen.extend(
            ["identity", "ephemeral", "shared", "agreement", "ratchet kem", "private part", "text"].map(attacker),
        );
        let invitation = Invitation::new();
        if self.link_known {
            seen.extend([invitation.link(), invitation.bundle()]);
        } else if self.design.without_link {
            seen.insert(invitation.bundle());
        }
        vec![State {
            sessions: [Some(taker), None],
            taken: None,
            arrived: [false; 2],
            reported: false,
            seen,
            messages: Vec::new(),
            forged: 0,
            corrupted: [0; 2],
            leaked: BTreeSet::new(),
            wrong: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.wrong.is_some() {
            return;
        }
        let room = state.messages.len() + state.forged < self.messages;
        for who in [TAKER, INVITER] {
            if state.sessions[usize::from(who)].is_some() && room {
                actions.push(Action::Send(who));
            }
            for message in 0..state.messages.len() {
                actions.push(Action::Deliver(message, who));
            }
            let copies = state.corrupted;
            if copies[usize::from(who)] < self.corruptions[usize::from(who)]
                && copies[0] + copies[1] < self.corruptions[2]
            {
                actions.push(Action::Corrupt(who));
            }
        }
        actions.extend((0..self.takers()).map(Action::First));
        let knowledge = self.knowledge(state);
        if state.taken.is_none() {
            self.forge_first(&knowledge, actions);
        }
        if room {
            [TAKER, INVITER].into_iter().for_each(|to| self.forge(state, &knowledge, to, actions));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Send(who) => {
                let session = state.sessions[usize::from(who)].as_mut()?;
                let text = name("message", who, session.sent + 1);
                let (bytes, lineage) = session.send(self.design, state.corrupted[usize::from(who)], text);
                state.seen.insert(bytes);
                let (number, sent) = (session.sent, state.corrupted);
                state.messages.push(Message {
                    from: who,
                    text,
                    number,
                    bytes,
                    lineage,
                    sent,
                    opened: None,
                    late: false,
                });
            }
            Action::Deliver(place, to) => {
                let message = state.messages.get_mut(place)?;
                let session = state.sessions[usize::from(to)].as_mut()?;
                let held = session.skipped.len();
                let opened = session.open(self.design, message.bytes, message.lineage)?;
                if message.from == to {
                    state.wrong = Some("an envelope opened for its own writer");
                } else if (opened.number, opened.text) != (message.number, message.text) {
                    state.wrong = Some("another message opened than was sent");
                } else if message.opened.is_some() {
                    state.wrong = Some("a message opened twice");
                }
                message.opened = Some(state.corrupted);
                message.late = session.skipped.len() < held;
            }
            Action::First(which) => {
                let (_, first) = self.firsts()[which];
                return self.first(&mut state, which, first, Lineage::default()).then_some(state);
            }
            Action::ForgeFirst(first, _) => {
                // Whoever holds the link may pose as a taker under keys of its own, and whoever has copied the
                // inviter may do anything; nobody may speak for the taker.
                let posing = self.link_known && first[0] == pubkey(attacker("identity"));
                if !posing && state.corrupted[usize::from(INVITER)] == 0 {
                    state.wrong = Some("a first envelope was taken that no taker wrote");
                }
                let lineage = Lineage { tainted: true, ..Lineage::default() };
                state.taken = Some(first);
                state.sessions[usize::from(INVITER)] = Some(accept(self.design, &Invitation::new(), &first, lineage));
            }
            Action::Forge(to, bytes, step) => {
                let session = state.sessions[usize::from(to)].as_ref()?;
                let chain = session.receiving.map_or(session.lineage, |receiving| receiving.lineage);
                let lineage = if step { session.lineage } else { chain };
                let excused = Self::open_wound(last, lineage);
                let session = state.sessions[usize::from(to)].as_mut()?;
                let opened = session.open(self.design, bytes, Lineage { tainted: true, ..lineage })?;
                state.forged += 1;
                if !excused && !Self::open_wound(last, opened.lineage) || !excused && step {
                    state.wrong = Some("a message opened that nobody sent");
                }
            }
            Action::Corrupt(who) => {
                state.corrupted[usize::from(who)] += 1;
                let invitation = Invitation::new();
                let held = state.taken.is_none() || self.design.invitation_stays;
                if who == INVITER && held {
                    state.seen.extend([invitation.identity, invitation.prekey, invitation.kem, invitation.random]);
                    // What the seal of the bundle hides follows from these.
                    state.seen.insert(invitation.bundle());
                }
                if who == INVITER && !held && !self.design.without_link {
                    // The guard keeps the first key until the invitation's end.
                    state.seen.insert(kdf("first key", &[invitation.link()]));
                }
                if self.broken.kem
                    && let Some(session) = &state.sessions[usize::from(who)]
                    && session.own.is_some()
                {
                    state.leaked.insert((who, session.steps));
                }
                let secrets = state.sessions[usize::from(who)].iter().flat_map(Session::secrets).collect::<Vec<_>>();
                state.seen.extend(secrets);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::<Self>::always("messages are secret, before a copy and after healing", |model, state| {
                model.secrets_hold(state)
            }),
            Property::<Self>::always("who takes a message, the other sent it, once, in this number", |_, state| {
                state.wrong.is_none()
            }),
            Property::<Self>::always("what the taker tells the inviter is secret", |model, state| {
                let told = model.knowledge(state).can(name("private part", TAKER, 0));
                !told || state.corrupted[usize::from(INVITER)] > 0
            }),
            Property::<Self>::always("two takers are reported", |_, state| {
                let both = state.arrived == [true; 2];
                !both || state.reported
            }),
            Property::<Self>::sometimes("all messages arrive", |model, state| {
                let all = state.messages.len() == model.messages;
                all && state.messages.iter().all(|message| message.opened.is_some())
            }),
            Property::<Self>::sometimes("a message opens late", |_, state| {
                state.messages.iter().any(|message| message.late)
            }),
        ];
        if self.second {
            properties.push(Property::<Self>::sometimes("two takers come", |_, state| state.arrived == [true; 2]));
        }
        if self.corruptions[2] > 0 {
            properties.push(Property::<Self>::sometimes("a copied state opens a message", |model, state| {
                let knowledge = model.knowledge(state);
                state.messages.iter().any(|message| knowledge.can(message.text))
            }));
            properties.push(Property::<Self>::sometimes("a message is sent and opens after healing", |_, state| {
                state.messages.iter().any(|message| {
                    let healed = [TAKER, INVITER].into_iter().any(|who| Self::healed(state, message.lineage, who) > 0);
                    healed && !message.lineage.tainted && message.opened.is_some()
                })
            }));
            properties.push(Property::<Self>::sometimes("a copied state lets the attacker speak", |_, state| {
                state.forged > 0
            }));
        }
        properties
    }
}
