//! Somebody who recorded every envelope, and came by more: a captured state, private keys of one kind or of both. Runs the
//! formulas of the page on what it has, in the order in which the envelopes were written.

mod captured;

pub(crate) use captured::captured;

use crate::formulas::{
    INVITER, StepKeys, TAKER, Taking, array, hkdf, hybrid_step, open_body, open_first, open_header, text_of,
};
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::primitives::{
    AgreementPublic, AgreementSecret, Kem768Ciphertext, Kem768Secret, Kem1024Ciphertext, Kem1024Secret,
};
use cairn_protocol::secret::Secret;

/// Private keys that came out.
#[derive(Default)]
pub(crate) struct Loot {
    /// X25519: the classical half.
    pub(crate) agreement: Vec<[u8; 32]>,
    /// ML-KEM-768, seeds: the post-quantum half of the ratchet.
    pub(crate) kem: Vec<[u8; 64]>,
    /// ML-KEM-1024, a seed: that of the handshake.
    pub(crate) kem_1024: Option<[u8; 64]>,
}

fn agreement(secret: &[u8; 32]) -> AgreementSecret {
    AgreementSecret::from_secret(&Secret::from_bytes(*secret))
}

impl Loot {
    /// The agreement of two public keys, if the private half of one is there; else zeros, a guess.
    fn agree(&self, one: &[u8], two: &[u8]) -> [u8; 32] {
        for (mine, theirs) in [(one, two), (two, one)] {
            let theirs = AgreementPublic::from_bytes(array(theirs));
            let known = self.agreement.iter().map(agreement).find(|secret| secret.public().as_bytes() == mine);
            if let Some(Ok(agreed)) = known.map(|secret| secret.agree(&theirs)) {
                return *agreed.expose();
            }
        }
        [0; 32]
    }

    fn decapsulate(&self, key: &[u8], ciphertext: &[u8]) -> [u8; 32] {
        let mut seeds = self.kem.iter().map(|seed| Kem768Secret::from_seed(*seed));
        let found = seeds.find(|secret| secret.public().as_bytes() == key);
        let ciphertext = Kem768Ciphertext::from_bytes(&array(ciphertext));
        found.map_or([0; 32], |secret| *secret.decapsulate(&ciphertext).expose())
    }
}

/// A chain of one direction: its header key, its chain key, and the index that this is for.
pub(crate) struct Chain {
    pub(crate) header: [u8; 32],
    pub(crate) chain: [u8; 32],
    pub(crate) next: u32,
    /// Message keys that are known by their index alone.
    pub(crate) skipped: Vec<(u32, [u8; 32])>,
}

/// One direction.
pub(crate) struct Direction {
    pub(crate) role: u8,
    pub(crate) chains: Vec<Chain>,
    pub(crate) next_header: [u8; 32],
    /// D and ek of the newest chain.
    pub(crate) publics: Option<(Vec<u8>, Vec<u8>)>,
}

pub(crate) struct Attacker {
    pub(crate) transcript: [u8; 32],
    pub(crate) root: [u8; 32],
    /// The taker's, the inviter's.
    pub(crate) directions: [Direction; 2],
    pub(crate) loot: Loot,
}

impl Attacker {
    /// From the link, the bundle and the first envelope (§4), with the loot for what those leave out.
    pub(crate) fn at_the_handshake(taking: &mut Taking, first: &[u8; ENVELOPE], loot: Loot) -> Self {
        let plain = open_first(&taking.l, first);
        taking.public = plain[..2882].to_vec();
        let (identity, e, ct) = (&plain[34..66], &plain[66..98], &plain[98..1666]);
        let (theirs, prekey) = (&taking.bundle[66..98], &taking.bundle[98..130]);
        let ct = Kem1024Ciphertext::from_bytes(&array(ct));
        let seed = loot.kem_1024.map(Kem1024Secret::from_seed);
        let ss = seed.map_or([0; 32], |secret| *secret.decapsulate(&ct).expose());
        taking.shared = vec![loot.agree(identity, prekey), loot.agree(e, theirs), loot.agree(e, prekey), ss];
        let output = |label| taking.output(label);
        let chain = Chain {
            header: output("handshake/header-key"),
            chain: output("handshake/chain-key"),
            next: 0,
            skipped: Vec::new(),
        };
        let taker = Direction {
            role: TAKER,
            chains: vec![chain],
            next_header: output("handshake/next-header-key-taker"),
            publics: Some((plain[1666..1698].to_vec(), plain[1698..2882].to_vec())),
        };
        let inviter = Direction {
            role: INVITER,
            chains: Vec::new(),
            next_header: output("handshake/next-header-key-inviter"),
            publics: None,
        };
        let (transcript, root) = (taking.transcript(), output("handshake/root-key"));
        Self { transcript, root, directions: [taker, inviter], loot }
    }

    /// The text of an envelope, if the keys in hand open it.
    pub(crate) fn read(&mut self, envelope: &[u8; ENVELOPE]) -> Option<String> {
        (0..2).find_map(|who| self.in_known_chain(who, envelope).or_else(|| self.in_next_chain(who, envelope)))
    }

    fn in_known_chain(&mut self, who: usize, envelope: &[u8; ENVELOPE]) -> Option<String> {
        let (transcript, direction) = (self.transcript, &mut self.directions[who]);
        direction.chains.iter_mut().find_map(|chain| {
            let header = open_header(&chain.header, direction.role, &transcript, envelope)?;
            let message = chain.message(u32::from_be_bytes(array(&header[4..8])))?;
            let body = open_body(&chain.header, &message, direction.role, &transcript, &header, envelope)?;
            Some(text_of(&body))
        })
    }

    /// §5.2, with both halves as far as they are known.
    fn in_next_chain(&mut self, who: usize, envelope: &[u8; ENVELOPE]) -> Option<String> {
        let (transcript, peer) = (self.transcript, self.directions[1 - who].publics.clone()?);
        let direction = &mut self.directions[who];
        let header = open_header(&direction.next_header, direction.role, &transcript, envelope)?;
        let (d, ek, ciphertext) = (&header[8..40], &header[40..1224], &header[1224..]);
        let agreed = self.loot.agree(d, &peer.0);
        let ss = self.loot.decapsulate(&peer.1, ciphertext);
        let keys = StepKeys { role: direction.role, new: (d, ek), old: (&peer.0, &peer.1), ciphertext };
        let [root, chain, next_header] = hybrid_step(&self.root, &[&agreed, &ss], &keys);
        let chain = Chain { header: direction.next_header, chain, next: 0, skipped: Vec::new() };
        let message = chain.message(u32::from_be_bytes(array(&header[4..8])))?;
        let body = open_body(&chain.header, &message, direction.role, &transcript, &header, envelope)?;
        self.root = root;
        direction.next_header = next_header;
        direction.publics = Some((d.to_vec(), ek.to_vec()));
        direction.chains.push(chain);
        Some(text_of(&body))
    }
}

impl Chain {
    /// §5.3: the message key at an index, from the chain key for this one or an earlier index; the chain stays.
    fn message(&self, index: u32) -> Option<[u8; 32]> {
        if let Some((_, key)) = self.skipped.iter().find(|(at, _)| *at == index) {
            return Some(*key);
        }
        let steps = index.checked_sub(self.next).filter(|steps| *steps < 1000)?;
        let step = |chain: [u8; 32], _| hkdf(&[], &[&chain], "chain/next-key", &[]);
        Some(hkdf(&[], &[&(0..steps).fold(self.chain, step)], "chain/message-key", &[]))
    }
}
