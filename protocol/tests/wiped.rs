//! Memory that held a secret is wiped before it goes back to the allocator.
//!
//! This test is a program of its own with an allocator of its own, which keeps what each freed block held. A whole
//! conversation is played, from the invitation to the drop of every part; then the freed blocks are searched for every
//! secret of it: for what was drawn, and for what the page derives from that.
//!
//! What it shows: the heap. What it can't show: copies on the stack and in registers, which the compiler makes and nothing
//! in safe Rust can wipe; memory that was swapped out; other versions of the compiler or the crates.
#![expect(unsafe_code, reason = "an allocator can't be written without; the crate itself forbids it")]
#![expect(clippy::unwrap_used, reason = "a story that can't go on is a failed test")]

mod formulas;
mod world;

use cairn_protocol::handshake::take;
use cairn_protocol::invitation::Invitation;
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::primitives::{AgreementPublic, AgreementSecret, Kem768Ciphertext, Kem768Secret, Kem1024Secret};
use cairn_protocol::secret::Secret;
use cairn_protocol::session::Session;
use formulas::{array, hkdf, link_secret, open_first, plain_bundle};
use libcrux_ml_kem::{mlkem768, mlkem1024};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_core::{Rng, TryCryptoRng, TryRng};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use world::{offer, taker};

/// Keeps what a block held when it is freed, while the thread that frees it watches.
struct Watching;

thread_local! {
    static WATCH: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// What was freed: during which operation, and the bytes.
static FREED: Mutex<Vec<(&'static str, Vec<u8>)>> = Mutex::new(Vec::new());

// SAFETY: all work is the system allocator's. A growing block goes through `alloc` and `dealloc`, as the trait does it by
// itself, so that its old place is seen too.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // No longer watching while we keep: that allocates and frees itself.
        if let Some(operation) = WATCH.replace(None) {
            let mut bytes = vec![0; layout.size()];
            for (place, byte) in bytes.iter_mut().enumerate() {
                // SAFETY: within the block, which is ours until it is freed below. Volatile, so that the wiping of a
                // block that is about to be freed can't be left out because of this read, nor this read because of it.
                *byte = unsafe { block.add(place).read_volatile() };
            }
            FREED.lock().unwrap().push((operation, bytes));
            WATCH.set(Some(operation));
        }
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Does something of the crate's and keeps all that it frees, what it gives back included if that is dropped inside.
fn watch<T>(operation: &'static str, work: impl FnOnce() -> T) -> T {
    WATCH.set(Some(operation));
    let result = work();
    WATCH.set(None);
    result
}

/// Randomness that remembers what it gave.
struct Drawn {
    rng: StdRng,
    given: Vec<Vec<u8>>,
}

impl TryRng for Drawn {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.rng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.rng.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.rng.fill_bytes(bytes);
        // Our own list is no part of what is watched.
        let watched = WATCH.replace(None);
        self.given.push(bytes.to_vec());
        WATCH.set(watched);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

/// The secrets of the conversation, by name.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn know(&mut self, name: impl Into<String>, secret: &[u8]) {
        assert!(secret.len() >= 32);
        self.0.push((name.into(), secret.to_vec()));
    }

    fn derive(&mut self, name: &str, salt: &[u8], ikm: &[&[u8]]) -> [u8; 32] {
        let secret = hkdf(salt, ikm, name, &[]);
        self.know(name, &secret);
        secret
    }

    /// Which secrets, or whole eighths of one, lie in freed blocks: secret, operation, size of the block.
    fn found(&self) -> BTreeMap<(String, &'static str, usize), usize> {
        let mut pieces: HashMap<[u8; 8], &str> = HashMap::new();
        for (name, secret) in &self.0 {
            for piece in secret.chunks_exact(8) {
                pieces.insert(array(piece), name);
            }
        }
        let mut found = BTreeMap::new();
        for (operation, block) in FREED.lock().unwrap().iter() {
            let names: BTreeSet<&str> = block.windows(8).filter_map(|window| pieces.get(window)).copied().collect();
            for name in names {
                *found.entry((name.to_owned(), *operation, block.len())).or_default() += 1;
            }
        }
        found
    }
}

/// What a saved session holds in the clear (the order of `Ratchet::write`).
struct Saved {
    own: Option<([u8; 32], [u8; 64])>,
    sending: Option<([u8; 32], [u8; 32])>,
    receiving: Option<([u8; 32], [u8; 32])>,
    publics: Option<([u8; 32], Vec<u8>)>,
}

/// Learns all keys of a saved session, and the message keys that its chains give next.
fn learn(secrets: &mut Secrets, who: &str, session: &Session, transcript: &[u8; 32], ahead: usize) -> Saved {
    let saved = session.snapshot();
    let start = saved.windows(32).position(|window| window == transcript).unwrap() + 32;
    let mut rest = &saved[start..];
    let mut cut = |length: usize| {
        let (head, tail) = rest.split_at(length);
        rest = tail;
        head.to_vec()
    };
    secrets.know(format!("{who}: root key"), &cut(32));
    let own = (cut(1) == [1]).then(|| (array(&cut(32)), array(&cut(64))));
    let sending = (cut(1) == [1]).then(|| {
        let keys = (array(&cut(32)), array(&cut(32)));
        cut(4 + 32 + 1184 + 1088);
        keys
    });
    secrets.know(format!("{who}: next sending header key"), &cut(32));
    cut(4);
    let mut publics = None;
    let receiving = (cut(1) == [1]).then(|| {
        let keys = (array(&cut(32)), array(&cut(32)));
        cut(4 + 8);
        let agreement = array(&cut(32));
        cut(1184);
        if cut(1) == [1] {
            publics = Some((agreement, cut(1088)));
        }
        keys
    });
    secrets.know(format!("{who}: next receiving header key"), &cut(32));
    if let Some((agreement, seed)) = &own {
        secrets.know(format!("{who}: own X25519 key"), agreement);
        secrets.know(format!("{who}: own ML-KEM seed"), seed);
    }
    for (chain, keys) in [("sending", &sending), ("receiving", &receiving)] {
        let Some((header, chain_key)) = keys else { continue };
        secrets.know(format!("{who}: {chain} header key"), header);
        let mut key = *chain_key;
        for step in 0..=ahead {
            secrets.know(format!("{who}: {chain} chain key + {step}"), &key);
            secrets.know(format!("{who}: {chain} message key + {step}"), &hkdf(&[], &[&key], "chain/message-key", &[]));
            key = hkdf(&[], &[&key], "chain/next-key", &[]);
        }
    }
    Saved { own, sending, receiving, publics }
}

/// The keys of one envelope, under its salt.
fn learn_envelope(secrets: &mut Secrets, envelope: &[u8; ENVELOPE], header: &[u8; 32], chain: &[u8; 32]) {
    let message = hkdf(&[], &[chain], "chain/message-key", &[]);
    secrets.derive("envelope/header-key", &envelope[..32], &[header]);
    secrets.derive("envelope/body-key", &envelope[..32], &[&message]);
}

const TEXT: &str = "a sentence that only two people may ever read, long enough to be found again";
const DAY: u64 = 86_400;

#[test]
fn no_secret_of_a_conversation_is_left_in_memory_that_was_freed() {
    let mut secrets = Secrets::default();
    let mut rng = Drawn { rng: StdRng::seed_from_u64(1), given: Vec::new() };
    let plain_rng = &mut StdRng::seed_from_u64(2);
    let (offer, told) = (offer(plain_rng), taker(plain_rng));
    let piece = world::piece(plain_rng, TEXT);
    secrets.know("text", &TEXT.as_bytes()[..72]);
    secrets.know("a capability", offer.capability.expose());
    secrets.know("a voucher", offer.voucher.expose());
    secrets.know("the taker's capability", told.capability.expose());

    // The watching itself: a secret that is dropped unwiped is found, and one that is wiped is not.
    let probe = Secret::from_bytes(core::array::from_fn(|at| u8::try_from(at).unwrap() ^ 0x5a));
    let mut known = Secrets::default();
    known.know("probe", probe.expose());
    watch("a probe that is wiped", || drop(zeroize::Zeroizing::new(probe.expose().to_vec())));
    assert!(known.found().is_empty(), "{:?}", known.found());
    watch("a probe that is not", || drop(std::hint::black_box(Box::new(*probe.expose()))));
    watch("a probe that grows", || {
        let mut growing = probe.expose().to_vec();
        growing.extend_from_slice(&[0; 64]);
        growing[..32].fill(0);
    });
    let seen: Vec<_> = known.found().into_keys().map(|(_, operation, size)| (operation, size)).collect();
    assert_eq!(seen, [("a probe that grows", 32), ("a probe that is not", 32)]);
    FREED.lock().unwrap().clear();

    // The invitation.
    let (ana, link, sealed) = watch("create", || Invitation::create(&mut rng, &offer).unwrap());
    let saved = watch("save the invitation", || ana.snapshot());
    let ana = watch("restore the invitation", || {
        drop(ana);
        Invitation::restore(&saved).unwrap()
    });
    let text = watch("print the link", || ana.link().to_string());
    let l = link_secret(&link);
    secrets.know("L", &l);
    for label in ["invitation/bundle-key", "first-envelope/key", "handshake/pre-shared-key"] {
        secrets.derive(label, &[], &[&l]);
    }
    drop(text);

    // The handshake.
    let bundle = watch("open the bundle", || link.open_bundle(&sealed).unwrap());
    let (mut dana, first) = watch("take", || take(&link, &bundle, &told, &mut rng).unwrap());
    let accepted = watch("accept", || ana.accept(&first).unwrap());
    let plain = open_first(&l, &first);
    let agreement = |at: usize| AgreementSecret::from_secret(&Secret::from_bytes(array(&saved[at..at + 32])));
    let public = |at: usize| AgreementPublic::from_bytes(array(&plain[at..at + 32]));
    let kem = Kem1024Secret::from_seed(array(&saved[98..162]));
    let ct = cairn_protocol::primitives::Kem1024Ciphertext::from_bytes(&array(&plain[98..1666]));
    let shared = [
        agreement(66).agree(&public(34)).unwrap(),
        agreement(34).agree(&public(66)).unwrap(),
        agreement(66).agree(&public(66)).unwrap(),
        kem.decapsulate(&ct),
    ];
    let psk = hkdf(&[], &[&l], "handshake/pre-shared-key", &[]);
    for (name, secret) in ["DH1", "DH2", "DH3", "ML-KEM-1024 secret"].into_iter().zip(&shared) {
        secrets.know(name, secret.expose());
    }
    let t =
        formulas::transcript(&plain_bundle(&link, &sealed), &plain[..formulas::PUBLIC], &world::address().pin.0, &l);
    let ikm: Vec<&[u8]> = shared.iter().map(|secret| secret.expose().as_slice()).chain([psk.as_slice()]).collect();
    for label in [
        "handshake/root-key",
        "handshake/chain-key",
        "handshake/header-key",
        "handshake/next-header-key-taker",
        "handshake/next-header-key-inviter",
        "first-envelope/private-key",
    ] {
        secrets.derive(label, &t, &ikm);
    }
    let first_key = hkdf(&[], &[&l], "first-envelope/key", &[]);
    secrets.derive("first-envelope/seal-key", &first[..32], &[&first_key]);
    // The inviter's keys, drawn first: Ed25519, X25519, prekey, ML-KEM seed, and what makes each bundle another.
    let guard = watch("save the guard", || accepted.guard.snapshot());
    drop(guard);
    let mut ana_session = accepted.session;
    let guard = accepted.guard;
    watch("check the guard", || guard.check(&first).unwrap());
    watch("drop guard, invitation, link and bundle", || drop((guard, ana, link, bundle, saved, sealed)));
    watch("drop what the taker told", || drop(accepted.taker));

    // Chain 0, three messages, of which the second comes last; then steps from both sides.
    let mut now = formulas::NOW;
    for round in 0..3 {
        let before = [learn(&mut secrets, "taker", &dana, &t, 4), learn(&mut secrets, "inviter", &ana_session, &t, 4)];
        let sessions = if round % 2 == 0 { (&mut dana, &mut ana_session) } else { (&mut ana_session, &mut dana) };
        let (sender, receiver) = sessions;
        let envelopes: Vec<_> = (0..4)
            .map(|_| watch("encrypt", || sender.encrypt(&mut rng, &piece, now * 1000).unwrap().envelope))
            .collect();
        learn(&mut secrets, "sender", sender, &t, 1);
        for envelope in [&envelopes[2], &envelopes[0], &envelopes[3]] {
            watch("decrypt", || drop(receiver.decrypt(envelope, now).unwrap()));
            learn(&mut secrets, "receiver", receiver, &t, 1);
        }
        watch("decrypt again", || assert!(receiver.decrypt(&envelopes[0], now).is_err()));
        let mut forged = envelopes[1].clone();
        forged[4000] ^= 1;
        watch("decrypt a changed envelope", || assert!(receiver.decrypt(&forged, now).is_err()));
        if round == 1 {
            watch("decrypt late", || drop(receiver.decrypt(&envelopes[1], now).unwrap()));
        }

        // The secrets of the step, made again by hand.
        let after = learn(&mut secrets, "receiver", receiver, &t, 1);
        let receiver_before = &before[usize::from(round % 2 == 0)];
        if let (Some((d, seed)), Some((their_d, ct))) = (receiver_before.own, &after.publics)
            && after.own.is_none()
        {
            let agreed =
                AgreementSecret::from_secret(&Secret::from_bytes(d)).agree(&AgreementPublic::from_bytes(*their_d));
            secrets.know("agreed in a step", agreed.unwrap().expose());
            let ss = Kem768Secret::from_seed(seed).decapsulate(&Kem768Ciphertext::from_bytes(&array(ct)));
            secrets.know("encapsulated in a step", ss.expose());
        }
        for saved in before.iter().chain([&after]) {
            for (header, chain) in [saved.sending, saved.receiving].into_iter().flatten() {
                envelopes.iter().for_each(|envelope| learn_envelope(&mut secrets, envelope, &header, &chain));
            }
        }

        // A restart of both, as a program does it.
        for session in [&mut dana, &mut ana_session] {
            let snapshot = watch("save the session", || session.snapshot());
            watch("restore the session", || *session = Session::restore(&snapshot).unwrap());
            watch("drop a snapshot", || drop(snapshot));
        }
        now += 1;
    }
    // So many skipped keys that a snapshot outgrows its first buffer.
    learn(&mut secrets, "inviter", &ana_session, &t, 400);
    let many: Vec<_> = (0..400).map(|_| dana.encrypt(&mut rng, &piece, now * 1000).unwrap().envelope).collect();
    watch("skip many", || drop(ana_session.decrypt(&many[399], now).unwrap()));
    let snapshot = watch("save many", || ana_session.snapshot());
    assert!(snapshot.len() > 16 * 1024);
    drop(snapshot);
    // The skipped keys that are left come of age.
    for _ in 0..16 {
        now += DAY;
        watch("tick", || drop((dana.tick(now), ana_session.tick(now))));
    }
    watch("drop both sessions", || drop((dana, ana_session)));
    watch("drop the piece", || drop(piece));
    watch("drop what was offered and told", || drop((offer, told)));

    // All that was drawn: private keys, seeds, what ML-KEM makes its secrets from. Salts and noise are public; what was
    // drawn for the wire stands there.
    let drawn = rng.given.iter().filter(|bytes| (32..=64).contains(&bytes.len()));
    let mut private = 0;
    for bytes in drawn {
        let public = FREED.lock().unwrap().iter().any(|(operation, block)| {
            *operation == "encrypt" && block.len() == ENVELOPE && block.starts_with(&bytes[..32])
        });
        if !public && !first.starts_with(bytes) {
            private += 1;
            secrets.know(format!("drawn, number {private}"), bytes);
        }
    }
    // The secret vector that a seed of ML-KEM expands to (FIPS 203, algorithm 13): the encoding of the key begins with it,
    // 384 bytes a polynomial.
    let seeds: Vec<_> = rng.given.iter().filter(|bytes| bytes.len() == 64).collect();
    assert!(seeds.len() >= 4, "{} seeds", seeds.len());
    for (number, seed) in seeds.into_iter().enumerate() {
        secrets.know(
            format!("expanded ML-KEM-768 key {number}"),
            &mlkem768::generate_key_pair(array(seed)).sk()[..3 * 384],
        );
        secrets.know(
            format!("expanded ML-KEM-1024 key {number}"),
            &mlkem1024::generate_key_pair(array(seed)).sk()[..4 * 384],
        );
    }
    let freed: BTreeSet<_> = FREED.lock().unwrap().iter().map(|(operation, _)| *operation).collect();
    for operation in
        ["take", "accept", "encrypt", "decrypt", "decrypt late", "tick", "drop a snapshot", "drop both sessions"]
    {
        assert!(freed.contains(operation), "{operation} frees something");
    }
    assert!(private >= 29 && secrets.0.len() >= 400, "{private} private keys, {} secrets", secrets.0.len());
    let found = secrets.found();
    assert!(found.is_empty(), "left in freed memory (secret, operation, bytes of the block): {found:#?}");
}
