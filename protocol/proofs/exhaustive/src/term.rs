//! Terms: what can be said with hashes, agreements, encapsulations and seals; and what follows from what an attacker has.
//!
//! In: terms. Out: whether one can be made from others. This file must never learn what the protocol does with them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::{LazyLock, Mutex};

/// A term, by its place in the table of all terms: equal terms have equal places.
pub type Term = u32;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Drawn at random: what, by whom, the how-manieth.
    Name(&'static str, u8, u8),
    /// Public and known to everybody.
    Public(&'static str, u8),
    /// X25519 public key of a secret.
    Pub(Term),
    /// X25519 agreement of two secrets.
    Dh(Term, Term),
    /// Encapsulation key of a secret.
    Ek(Term),
    /// Ciphertext for a key, holding a shared secret. Nothing binds the secret to the key or the ciphertext: whoever
    /// knows the secret can make a ciphertext of it for any key. ML-KEM promises more.
    Ct(Term, Term, u8),
    /// One output of HKDF or SHA-256.
    Kdf(&'static str, Vec<Term>),
    /// ChaCha20-Poly1305 with the commitment: key, associated data, text. A seal opens under one key only.
    Seal(Term, Term, Term),
    Tuple(Vec<Term>),
}

#[derive(Default)]
struct Table {
    kinds: Vec<Kind>,
    places: HashMap<Kind, Term>,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

pub fn term(kind: Kind) -> Term {
    let mut table = TABLE.lock().unwrap();
    if let Some(place) = table.places.get(&kind) {
        return *place;
    }
    let place = table.kinds.len() as Term;
    table.kinds.push(kind.clone());
    table.places.insert(kind, place);
    place
}

pub fn kind(term: Term) -> Kind {
    TABLE.lock().unwrap().kinds[term as usize].clone()
}

pub fn name(what: &'static str, who: u8, count: u8) -> Term {
    term(Kind::Name(what, who, count))
}

pub fn public(what: &'static str, number: u8) -> Term {
    term(Kind::Public(what, number))
}

pub fn pubkey(secret: Term) -> Term {
    term(Kind::Pub(secret))
}

pub fn ek(secret: Term) -> Term {
    term(Kind::Ek(secret))
}

pub fn ct(key: Term, shared: Term) -> Term {
    term(Kind::Ct(key, shared, 0))
}

/// Another ciphertext for the same key with the same secret inside.
pub fn other_ct(key: Term, shared: Term) -> Term {
    term(Kind::Ct(key, shared, 1))
}

pub fn kdf(label: &'static str, parts: &[Term]) -> Term {
    term(Kind::Kdf(label, parts.to_vec()))
}

pub fn seal(key: Term, data: Term, text: Term) -> Term {
    term(Kind::Seal(key, data, text))
}

pub fn tuple(parts: &[Term]) -> Term {
    term(Kind::Tuple(parts.to_vec()))
}

pub fn parts(tuple: Term) -> Vec<Term> {
    match kind(tuple) {
        Kind::Tuple(parts) => parts,
        _ => Vec::new(),
    }
}

/// DH(a, B) for a secret and a public key: the same from both sides.
pub fn dh(secret: Term, public: Term) -> Term {
    match kind(public) {
        Kind::Pub(other) => term(Kind::Dh(secret.min(other), secret.max(other))),
        _ => term(Kind::Tuple(vec![])),
    }
}

/// The shared secret, if the ciphertext was made for this secret's key; else something that nobody else has.
pub fn decapsulate(secret: Term, ciphertext: Term) -> Term {
    match kind(ciphertext) {
        Kind::Ct(key, shared, _) if key == ek(secret) => shared,
        _ => kdf("implicit rejection", &[secret, ciphertext]),
    }
}

/// What an attacker can do beyond the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Broken {
    /// Every agreement is known.
    pub dh: bool,
    /// Every shared secret of an encapsulation is known.
    pub kem: bool,
}

/// All that follows from some terms.
pub struct Knowledge {
    has: BTreeSet<Term>,
    broken: Broken,
    /// What was asked before.
    asked: RefCell<HashMap<Term, bool>>,
}

thread_local! {
    /// Most states differ in what was delivered, and not in what the attacker has.
    static KNOWN: RefCell<HashMap<(BTreeSet<Term>, Broken), Rc<Knowledge>>> = RefCell::default();
}

impl Knowledge {
    /// The same, made once for each set of terms.
    pub fn cached(terms: &BTreeSet<Term>, broken: Broken) -> Rc<Self> {
        let key = (terms.clone(), broken);
        let known = KNOWN.with_borrow(|known| known.get(&key).cloned());
        known.unwrap_or_else(|| {
            let knowledge = Rc::new(Self::of(terms, broken));
            KNOWN.with_borrow_mut(|known| known.insert(key, Rc::clone(&knowledge)));
            knowledge
        })
    }

    /// Takes apart what can be taken apart, until nothing new comes.
    fn of(terms: &BTreeSet<Term>, broken: Broken) -> Self {
        let mut knowledge = Self { has: terms.clone(), broken, asked: RefCell::default() };
        loop {
            let found: Vec<Term> = knowledge.has.iter().flat_map(|term| knowledge.opened(*term)).collect();
            let before = knowledge.has.len();
            knowledge.has.extend(found);
            knowledge.asked.borrow_mut().clear();
            if knowledge.has.len() == before {
                return knowledge;
            }
        }
    }

    fn opened(&self, term: Term) -> Vec<Term> {
        match kind(term) {
            Kind::Tuple(parts) => parts,
            Kind::Seal(key, _, text) if self.can(key) => vec![text],
            Kind::Ct(key, shared, _) if matches!(kind(key), Kind::Ek(secret) if self.can(secret)) => vec![shared],
            _ => Vec::new(),
        }
    }

    /// Whether the attacker can make this term.
    pub fn can(&self, term: Term) -> bool {
        self.try_make(term)
    }

    fn try_make(&self, term: Term) -> bool {
        if self.has.contains(&term) {
            return true;
        }
        if let Some(asked) = self.asked.borrow().get(&term) {
            return *asked;
        }
        let all = |terms: &[Term]| terms.iter().all(|term| self.try_make(*term));
        let can = match kind(term) {
            Kind::Name(what, ..) => what == "shared" && self.broken.kem,
            Kind::Public(..) => true,
            Kind::Pub(secret) | Kind::Ek(secret) => all(&[secret]),
            Kind::Dh(one, two) => self.broken.dh || all(&[one, pubkey(two)]) || all(&[two, pubkey(one)]),
            Kind::Ct(key, shared, _) => all(&[key, shared]),
            Kind::Seal(key, data, text) => all(&[key, data, text]),
            Kind::Kdf(_, parts) | Kind::Tuple(parts) => all(&parts),
        };
        self.asked.borrow_mut().insert(term, can);
        can
    }
}

/// What a seal holds: for a receiver, which makes the seal again and compares.
pub fn text_of(sealed: Term) -> Option<Term> {
    match kind(sealed) {
        Kind::Seal(_, _, text) => Some(text),
        _ => None,
    }
}

pub fn number_of(public: Term) -> Option<u8> {
    match kind(public) {
        Kind::Public(_, number) => Some(number),
        _ => None,
    }
}
