//! The protocol, step by step, from docs/protocol.md §4 and §5: what each side holds, sends and takes in.
//!
//! In: terms. Out: terms. This file must never learn what an attacker has.

use crate::term::{Term, ct, decapsulate, dh, ek, kdf, name, parts, pubkey, public, seal, tuple};

pub const TAKER: u8 = 0;
pub const INVITER: u8 = 1;
/// Another honest person who was given the same link.
pub const SECOND: u8 = 2;
/// The attacker, as a maker of keys.
pub const ATTACKER: u8 = 9;

/// What is left out of the design, to show that the model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Design {
    /// The link's secret is in no seal, no transcript and no key.
    pub without_link: bool,
    /// The transcript leaves the ciphertext of the handshake out.
    pub without_ciphertext: bool,
    /// A private pair stays after the peer's step.
    pub pairs_stay: bool,
    /// The invitation's private half stays, and a first envelope is taken whenever one comes.
    pub invitation_stays: bool,
    /// A first envelope after the one that was taken is not looked at.
    pub without_guard: bool,
    /// The chain key of a message stays after its key was used.
    pub chains_stay: bool,
    /// A hybrid step takes the encapsulated secret only.
    pub step_without_dh: bool,
    /// A hybrid step takes the agreement only.
    pub step_without_kem: bool,
    /// The number of a message used up is not looked at.
    pub repeats_open: bool,
}

/// D, ek and ct of one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Publics {
    pub agreement: Term,
    pub encapsulation: Term,
    pub ciphertext: Term,
}

/// A private pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    pub agreement: Term,
    pub kem: Term,
}

/// One hybrid step: who made it, the how-manieth of theirs, and how often their state had been copied by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    pub who: u8,
    pub count: u8,
    pub copies: u8,
}

/// The steps that a key comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lineage {
    pub steps: [Option<Step>; 6],
    /// A step in it answers keys of the attacker.
    pub tainted: bool,
}

impl Lineage {
    fn and(mut self, step: Step) -> Self {
        if let Some(free) = self.steps.iter_mut().find(|place| place.is_none()) {
            *free = Some(step);
        }
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chain {
    pub header: Term,
    pub chain: Term,
    pub next: u8,
    pub base: u8,
    pub publics: Publics,
    pub lineage: Lineage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Skipped {
    pub header: Term,
    pub index: u8,
    pub key: Term,
    pub number: u8,
    pub lineage: Lineage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub role: u8,
    pub transcript: Term,
    pub root: Term,
    pub lineage: Lineage,
    pub own: Option<Pair>,
    pub sending: Option<Chain>,
    pub next_sending: Term,
    pub previous: u8,
    pub receiving: Option<Chain>,
    pub next_receiving: Term,
    pub skipped: Vec<Skipped>,
    pub sent: u8,
    pub steps: u8,
    /// What a broken design does not delete.
    pub kept: Vec<Term>,
}

/// What a person holds before the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Invitation {
    pub identity: Term,
    pub prekey: Term,
    pub kem: Term,
    pub random: Term,
}

/// What opened.
pub struct Opened {
    pub number: u8,
    pub text: Term,
    pub lineage: Lineage,
}

impl Invitation {
    pub fn new() -> Self {
        let [identity, prekey, kem, random] =
            ["identity", "prekey", "kem", "random"].map(|what| name(what, INVITER, 0));
        Self { identity, prekey, kem, random }
    }

    pub fn bundle(&self) -> Term {
        tuple(&[self.random, pubkey(self.identity), pubkey(self.prekey), ek(self.kem)])
    }

    /// L. // protocol.md §3.3
    pub fn link(&self) -> Term {
        kdf("bundle hash", &[self.bundle()])
    }
}

/// The public part of a first envelope: identity, E, ct, D, ek. // protocol.md §4.2
pub type First = [Term; 5];

/// The keys of a handshake.
pub struct Handshake {
    pub transcript: Term,
    pub secret: Term,
}

impl Handshake {
    /// // protocol.md §4.2, §4.3
    pub fn new(design: Design, bundle: Term, link: Term, first: &First, agreed: [Term; 3], shared: Term) -> Self {
        let ciphertext = if design.without_ciphertext { public("none", 0) } else { first[2] };
        let [identity, ephemeral, _, agreement, encapsulation] = *first;
        let all = tuple(&[identity, ephemeral, ciphertext, agreement, encapsulation]);
        let link = if design.without_link { public("none", 0) } else { link };
        let transcript = kdf("transcript", &[bundle, all, link]);
        let psk = kdf("psk", &[link]);
        Self { transcript, secret: kdf("handshake", &[transcript, agreed[0], agreed[1], agreed[2], shared, psk]) }
    }

    fn output(&self, label: &'static str) -> Term {
        kdf(label, &[self.secret])
    }

    /// The first envelope as its writer seals it. // protocol.md §4.4
    pub fn envelope(&self, design: Design, link: Term, first: &First, private: Term) -> Term {
        let inner = seal(self.output("private key"), self.transcript, private);
        let plain = tuple(&[tuple(first), inner]);
        if design.without_link { plain } else { seal(kdf("first key", &[link]), public("first", 0), plain) }
    }

    fn session(&self, role: u8, publics: Publics, own: Option<Pair>, lineage: Lineage) -> Session {
        let chain = Chain {
            header: self.output("header key"),
            chain: self.output("chain key"),
            next: 0,
            base: 0,
            publics,
            lineage,
        };
        let (taker, inviter) =
            (self.output("next header key of the taker"), self.output("next header key of the inviter"));
        let taking = role == TAKER;
        Session {
            role,
            transcript: self.transcript,
            root: self.output("root key"),
            lineage,
            own,
            sending: taking.then_some(chain),
            next_sending: if taking { taker } else { inviter },
            previous: 0,
            receiving: (!taking).then_some(chain),
            next_receiving: if taking { inviter } else { taker },
            skipped: Vec::new(),
            sent: 0,
            steps: 0,
            kept: Vec::new(),
        }
    }
}

/// A taker of the genuine bundle: its session, its first envelope and that envelope's public part.
pub fn take(design: Design, who: u8, invitation: &Invitation) -> (Session, Term, First) {
    let secret = |what| name(what, who, 0);
    let (identity, ephemeral, shared) = (secret("identity"), secret("ephemeral"), secret("shared"));
    let own = Pair { agreement: secret("agreement"), kem: secret("ratchet kem") };
    let ciphertext = ct(ek(invitation.kem), shared);
    let first = [pubkey(identity), pubkey(ephemeral), ciphertext, pubkey(own.agreement), ek(own.kem)];
    let (prekey, theirs) = (pubkey(invitation.prekey), pubkey(invitation.identity));
    let agreed = [dh(identity, prekey), dh(ephemeral, theirs), dh(ephemeral, prekey)];
    let handshake = Handshake::new(design, invitation.bundle(), invitation.link(), &first, agreed, shared);
    let envelope = handshake.envelope(design, invitation.link(), &first, secret("private part"));
    let publics = Publics { agreement: first[3], encapsulation: first[4], ciphertext: public("noise", 0) };
    (handshake.session(TAKER, publics, Some(own), Lineage::default()), envelope, first)
}

/// The inviter's keys for a public part, whoever wrote it.
pub fn answer(design: Design, invitation: &Invitation, first: &First) -> Handshake {
    let [identity, ephemeral, ciphertext, ..] = *first;
    let agreed =
        [dh(invitation.prekey, identity), dh(invitation.identity, ephemeral), dh(invitation.prekey, ephemeral)];
    let shared = decapsulate(invitation.kem, ciphertext);
    Handshake::new(design, invitation.bundle(), invitation.link(), first, agreed, shared)
}

/// The inviter's side of a first envelope that opens. // protocol.md §4.5
pub fn accept(design: Design, invitation: &Invitation, first: &First, lineage: Lineage) -> Session {
    let publics = Publics { agreement: first[3], encapsulation: first[4], ciphertext: public("noise", 0) };
    answer(design, invitation, first).session(INVITER, publics, None, lineage)
}

/// RK', CK, NHK. // protocol.md §5.2
fn step(
    design: Design,
    root: Term,
    role: u8,
    agreed: Term,
    shared: Term,
    new: &Publics,
    theirs: [Term; 2],
) -> [Term; 3] {
    let none = public("none", 0);
    let context =
        kdf("step", &[public("role", role), new.agreement, theirs[0], new.encapsulation, theirs[1], new.ciphertext]);
    let agreed = if design.step_without_dh { none } else { agreed };
    let shared = if design.step_without_kem { none } else { shared };
    ["root", "chain", "next header"].map(|output| kdf(output, &[root, agreed, shared, context]))
}

fn message_key(chain: Term) -> Term {
    kdf("message key", &[chain])
}

fn next_chain(chain: Term) -> Term {
    kdf("next chain key", &[chain])
}

fn advanced(chain: Term, from: u8, to: u8) -> Term {
    (from..to).fold(chain, |chain, _| next_chain(chain))
}

/// The header key and message key of an envelope and what it says, to its bytes. // protocol.md §6
pub fn envelope(role: u8, transcript: Term, keys: [Term; 2], places: [u8; 2], publics: &Publics, body: Term) -> Term {
    let header = tuple(&[
        public("previous", places[0]),
        public("index", places[1]),
        publics.agreement,
        publics.encapsulation,
        publics.ciphertext,
    ]);
    let direction = public("role", role);
    let body = seal(kdf("body key", &[keys[1]]), tuple(&[direction, transcript, header]), body);
    let header = seal(kdf("header key", &[keys[0]]), tuple(&[direction, transcript, body]), header);
    tuple(&[header, body])
}

pub fn body(number: u8, text: Term) -> Term {
    tuple(&[public("number", number), text])
}

/// Keys that a receiver would use for an envelope of a peer whose publics these are.
pub struct Expected {
    pub header: Term,
    pub chain: Term,
    pub root: Term,
    pub next_header: Term,
}

impl Session {
    /// One message; its envelope, its lineage and whether a step was made.
    pub fn send(&mut self, design: Design, copies: u8, text: Term) -> (Term, Lineage) {
        if self.own.is_none()
            && let Some(peer) = self.receiving
        {
            self.steps += 1;
            let secret = |what| name(what, self.role, self.steps);
            let own = Pair { agreement: secret("agreement"), kem: secret("ratchet kem") };
            let shared = secret("shared");
            let theirs = [peer.publics.agreement, peer.publics.encapsulation];
            let publics = Publics {
                agreement: pubkey(own.agreement),
                encapsulation: ek(own.kem),
                ciphertext: ct(theirs[1], shared),
            };
            let agreed = dh(own.agreement, theirs[0]);
            let [root, chain, next] = step(design, self.root, self.role, agreed, shared, &publics, theirs);
            self.previous = self.sending.map_or(0, |sending| sending.next);
            self.lineage = peer.lineage.and(Step { who: self.role, count: self.steps, copies });
            let header = core::mem::replace(&mut self.next_sending, next);
            self.sending = Some(Chain { header, chain, next: 0, base: 0, publics, lineage: self.lineage });
            (self.root, self.own) = (root, Some(own));
        }
        let Some(mut sending) = self.sending else { unreachable!("there is a chain or something to answer") };
        self.sent += 1;
        let keys = [sending.header, message_key(sending.chain)];
        let places = [self.previous, sending.next];
        let body = body(self.sent, text);
        let bytes = envelope(self.role, self.transcript, keys, places, &sending.publics, body);
        if design.chains_stay {
            self.kept.push(sending.chain);
        }
        sending.chain = next_chain(sending.chain);
        sending.next += 1;
        self.sending = Some(sending);
        (bytes, sending.lineage)
    }

    /// What a step of the peer to these publics gives.
    pub fn expected(&self, design: Design, publics: &Publics) -> Option<Expected> {
        let own = self.own?;
        let agreed = dh(own.agreement, publics.agreement);
        let shared = decapsulate(own.kem, publics.ciphertext);
        let ours = [pubkey(own.agreement), ek(own.kem)];
        let [root, chain, next_header] = step(design, self.root, 1 - self.role, agreed, shared, publics, ours);
        Some(Expected { header: self.next_receiving, chain, root, next_header })
    }

    /// Takes an envelope in, or leaves all as it is. `by` is the lineage of whoever made the step, if one is made.
    pub fn open(&mut self, design: Design, bytes: Term, by: Lineage) -> Option<Opened> {
        let [header, body] = parts(bytes).try_into().ok()?;
        let plain = crate::term::text_of(header)?;
        let [previous, index, agreement, encapsulation, ciphertext] = parts(plain).try_into().ok()?;
        let (previous, index) = (crate::term::number_of(previous)?, crate::term::number_of(index)?);
        let publics = Publics { agreement, encapsulation, ciphertext };
        let (number, text) = crate::term::text_of(body).and_then(|body| {
            let [number, text] = parts(body).try_into().ok()?;
            Some((crate::term::number_of(number)?, text))
        })?;
        let written = |header_key: Term, key: Term| {
            let body = self::body(number, text);
            envelope(1 - self.role, self.transcript, [header_key, key], [previous, index], &publics, body) == bytes
        };
        if let Some(mut receiving) = self.receiving
            && index >= receiving.next
            && receiving.publics == publics
        {
            let chain = advanced(receiving.chain, receiving.next, index);
            if written(receiving.header, message_key(chain)) && number == receiving.base + index + 1 {
                self.skip(&receiving, index);
                self.used(design, chain);
                (receiving.chain, receiving.next) = (next_chain(chain), index + 1);
                self.receiving = Some(receiving);
                return Some(Opened { number, text, lineage: receiving.lineage });
            }
        }
        let (from, base) = self.receiving.map_or((0, 0), |old| (old.next, old.base));
        if previous >= from
            && let Some(expected) = self.expected(design, &publics)
        {
            let chain = advanced(expected.chain, 0, index);
            let base = base + previous;
            if written(expected.header, message_key(chain)) && number == base + index + 1 {
                if let Some(old) = self.receiving {
                    self.skip(&old, previous);
                }
                let mut new =
                    Chain { header: expected.header, chain: expected.chain, next: 0, base, publics, lineage: by };
                self.skip(&new, index);
                self.used(design, chain);
                (new.chain, new.next) = (next_chain(chain), index + 1);
                let own = self.own.take().filter(|_| design.pairs_stay);
                self.kept.extend(own.into_iter().flat_map(|own| [own.agreement, own.kem]));
                (self.receiving, self.root, self.next_receiving) = (Some(new), expected.root, expected.next_header);
                self.lineage = by;
                return Some(Opened { number, text, lineage: by });
            }
        }
        let late = self
            .skipped
            .iter()
            .position(|kept| kept.index == index && written(kept.header, kept.key) && number == kept.number)?;
        let kept = if design.repeats_open { self.skipped[late] } else { self.skipped.remove(late) };
        Some(Opened { number, text, lineage: kept.lineage })
    }

    fn skip(&mut self, chain: &Chain, to: u8) {
        for index in chain.next..to {
            let key = message_key(advanced(chain.chain, chain.next, index));
            let number = chain.base + index + 1;
            self.skipped.push(Skipped { header: chain.header, index, key, number, lineage: chain.lineage });
        }
        self.skipped.sort_unstable_by_key(|kept| kept.number);
    }

    fn used(&mut self, design: Design, chain: Term) {
        if design.chains_stay {
            self.kept.push(chain);
        }
    }

    /// All secrets of this state.
    pub fn secrets(&self) -> Vec<Term> {
        let mut secrets = vec![self.transcript, self.root, self.next_sending, self.next_receiving];
        secrets.extend(self.own.iter().flat_map(|own| [own.agreement, own.kem]));
        for chain in self.sending.iter().chain(&self.receiving) {
            secrets.extend([chain.header, chain.chain]);
            secrets.extend([chain.publics.agreement, chain.publics.encapsulation, chain.publics.ciphertext]);
        }
        secrets.extend(self.skipped.iter().flat_map(|kept| [kept.header, kept.key]));
        secrets.extend(&self.kept);
        secrets
    }
}
