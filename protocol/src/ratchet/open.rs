//! Opening an envelope: find the key, open, and only then move.
//!
//! In: 4,096 untrusted bytes and the ratchet, which stays as it is. Out: the plain body and the change that it asks for,
//! which the caller commits when the body was found good. This file must never learn what a body says.

use super::skipped_keys::{ChainAt, may_skip, number};
use super::{
    ChainKey, HeaderKey, MessageKey, Ratchet, ReceivingChain, RootKey, StepContext, body_data, header_data,
    publics_hash,
};
use crate::limits::{BODY, ENVELOPE};
use crate::primitives::{Kem768Ciphertext, Salted, open, same_bytes};
use crate::secret::SecretBytes;
use crate::wire::envelope::Envelope;
use crate::wire::message::{HEADER, Header, RatchetPublics};

/// Why an envelope did not open. The state is unchanged, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No header key opens it: it is not of this conversation, was changed on its way, or is far too old.
    #[error("the envelope is not of this conversation")]
    NotOurs,
    /// It was opened before, or its key was given up.
    #[error("the envelope came again, or too late")]
    Again,
    /// It asks to skip more than [`SKIP_STEP`](crate::limits::SKIP_STEP) keys.
    #[error("too many envelopes are missing before this one")]
    TooManySkipped,
    /// The header opened and breaks a rule: counters that go back, or keys that differ within one chain.
    #[error("the envelope's header breaks a rule")]
    Header,
    /// The commitment names other keys.
    #[error("the envelope is bound to other keys")]
    Commitment,
    /// The body does not open, or is malformed, or bears another number than its place gives.
    #[error("the envelope's body breaks a rule")]
    Body,
}

/// A body that has opened, its number by its place, and the change to commit.
pub(crate) struct Opened {
    pub(crate) body: SecretBytes<BODY>,
    pub(crate) number: u64,
    pub(crate) change: Change,
}

/// How the state moves.
pub(crate) enum Change {
    /// A late envelope: its key goes.
    Late { at: ChainAt, index: u32 },
    /// The current chain moves on. The first envelope of chain 0 brings what stands for its ciphertext.
    Along { skipped: Vec<(u32, MessageKey)>, chain: ChainKey, next: u32, first: Option<Kem768Ciphertext> },
    /// A new chain of the peer.
    Step {
        skipped_old: Vec<(u32, MessageKey)>,
        skipped_new: Vec<(u32, MessageKey)>,
        receiving: Box<ReceivingChain>,
        root: RootKey,
        next_header: HeaderKey,
    },
}

/// A chain advanced to a place, with the keys passed on the way.
struct Advanced {
    skipped: Vec<(u32, MessageKey)>,
    chain: ChainKey,
    key: MessageKey,
}

/// Steps a copy of a chain from `from` to `to` and takes the key there. The caller has bounded `to − from`.
fn advance(chain: &ChainKey, from: u32, to: u32) -> Advanced {
    // Room for all of them at once: growing would leave keys behind in freed memory.
    let mut skipped = Vec::with_capacity(usize::try_from(to.saturating_sub(from)).unwrap_or_default() + 1);
    let (mut chain, mut key) = chain.duplicate().step();
    for index in from..to {
        let (next_chain, next_key) = chain.step();
        skipped.push((index, core::mem::replace(&mut key, next_key)));
        chain = next_chain;
    }
    Advanced { skipped, chain, key }
}

impl Ratchet {
    /// Opens an envelope without moving. Tries the current, the next, then the old header keys. // protocol.md §5.5
    pub(crate) fn open(&self, bytes: &[u8; ENVELOPE]) -> Result<Opened, OpenError> {
        let envelope = Envelope::cut(bytes).ok_or(OpenError::NotOurs)?;
        let sender = self.role.peer();
        let data = header_data(sender, &self.transcript, envelope.commitment, envelope.body, envelope.body_tag);
        let sealed = Sealed { ratchet: self, envelope: &envelope, salted: Salted::new(envelope.salt), data };

        if let Some(receiving) = &self.receiving
            && let Some(plain) = sealed.header(&receiving.header)
        {
            return self.open_current(&sealed, receiving, &plain);
        }
        if let Some(plain) = sealed.header(&self.next_receiving) {
            return self.open_next(&sealed, &plain);
        }
        for (at, key, publics) in self.skipped.old_headers() {
            if let Some(plain) = sealed.header(key) {
                let header = Header::decode(&plain).map_err(|_| OpenError::Header)?;
                if publics.is_some_and(|known| !same_bytes(&publics_hash(&header.publics), known)) {
                    return Err(OpenError::Header);
                }
                return self.open_late(&sealed, at, key, &plain, header.index);
            }
        }
        Err(OpenError::NotOurs)
    }

    fn open_current(
        &self,
        sealed: &Sealed<'_>,
        receiving: &ReceivingChain,
        plain: &[u8; HEADER],
    ) -> Result<Opened, OpenError> {
        // Headers of one chain repeat identical key bytes: they were checked when it began. // protocol.md §5.4
        let ReceivingChain { agreement, encapsulation, ciphertext, .. } = receiving;
        let ((_, index), first) =
            Header::repeat(plain, agreement, encapsulation, ciphertext.as_ref()).map_err(|_| OpenError::Header)?;
        let Some(skip) = index.checked_sub(receiving.next) else {
            return self.open_late(sealed, ChainAt::Current, &receiving.header, plain, index);
        };
        if !may_skip(skip) {
            return Err(OpenError::TooManySkipped);
        }
        let next = index.checked_add(1).ok_or(OpenError::Header)?;
        let Advanced { skipped, chain, key } = advance(&receiving.chain, receiving.next, index);
        let body = sealed.body(&receiving.header, &key, plain)?;
        Ok(Opened {
            body,
            number: number(receiving.base, index),
            change: Change::Along { skipped, chain, next, first },
        })
    }

    fn open_next(&self, sealed: &Sealed<'_>, plain: &[u8; HEADER]) -> Result<Opened, OpenError> {
        let Header { publics, previous, index } = Header::decode(plain).map_err(|_| OpenError::Header)?;
        let (from, base) = self.receiving.as_ref().map_or((0, 0), |old| (old.next, old.base));
        let behind = previous.checked_sub(from).ok_or(OpenError::Header)?;
        if self.receiving.is_none() && previous != 0 {
            return Err(OpenError::Header);
        }
        // Skipped keys of the old and of the new chain count together. // protocol.md §5.6
        if !behind.checked_add(index).is_some_and(may_skip) {
            return Err(OpenError::TooManySkipped);
        }
        let next = index.checked_add(1).ok_or(OpenError::Header)?;
        // Only an answer to our newest keys begins a chain; without a pair there is nothing to answer.
        let own = self.own.as_ref().ok_or(OpenError::Header)?;
        // The headers of our chain repeat the public half of that pair.
        let ours = &self.sending.as_ref().ok_or(OpenError::Header)?.publics;
        let agreed = own.agreement.agree(&publics.agreement).map_err(|_| OpenError::Header)?;
        let encapsulated = own.kem.decapsulate(&publics.ciphertext);
        let context = StepContext {
            sender: self.role.peer(),
            agreement: &publics.agreement,
            peer_agreement: &ours.agreement,
            encapsulation: &publics.encapsulation,
            peer_encapsulation: &ours.encapsulation,
            ciphertext: &publics.ciphertext,
        };
        let (root, chain, next_header) = self.root.step(&agreed, &encapsulated, &context);
        let advanced = advance(&chain, 0, index);
        let body = sealed.body(&self.next_receiving, &advanced.key, plain)?;

        let skipped_old = match &self.receiving {
            Some(old) if behind > 0 => {
                let mut rest = advance(&old.chain, old.next, previous - 1);
                rest.skipped.push((previous - 1, rest.key));
                rest.skipped
            }
            _ => Vec::new(),
        };
        let base = base.saturating_add(u64::from(previous));
        let receiving = Box::new(ReceivingChain {
            header: self.next_receiving.duplicate(),
            chain: advanced.chain,
            next,
            base,
            agreement: publics.agreement,
            encapsulation: publics.encapsulation,
            ciphertext: Some(publics.ciphertext),
        });
        let change = Change::Step { skipped_old, skipped_new: advanced.skipped, receiving, root, next_header };
        Ok(Opened { body, number: number(base, index), change })
    }

    fn open_late(
        &self,
        sealed: &Sealed<'_>,
        at: ChainAt,
        header: &HeaderKey,
        plain: &[u8; HEADER],
        index: u32,
    ) -> Result<Opened, OpenError> {
        let (key, number) = self.skipped.get(at, index).ok_or(OpenError::Again)?;
        let body = sealed.body(header, key, plain)?;
        Ok(Opened { body, number, change: Change::Late { at, index } })
    }

    /// Moves the state. Returns the history numbers whose keys were given up for it.
    pub(crate) fn commit(&mut self, change: Change) -> Vec<u64> {
        match change {
            Change::Late { at, index } => {
                self.skipped.remove(at, index);
                Vec::new()
            }
            Change::Along { skipped, chain, next, first } => {
                if let Some(receiving) = &mut self.receiving {
                    receiving.chain = chain;
                    receiving.next = next;
                    receiving.ciphertext = receiving.ciphertext.take().or(first);
                }
                self.skipped.keep(skipped)
            }
            Change::Step { skipped_old, skipped_new, receiving, root, next_header } => {
                let mut given_up = self.skipped.keep(skipped_old);
                if let Some(old) = self.receiving.take() {
                    given_up.extend(self.retire(*old, receiving.base));
                }
                given_up.extend(self.skipped.keep(skipped_new));
                self.receiving = Some(receiving);
                self.root = root;
                self.next_receiving = next_header;
                // One private pair is kept; the peer has answered it, so that it goes. // protocol.md §5.4
                self.own = None;
                given_up
            }
        }
    }

    fn retire(&mut self, old: ReceivingChain, base: u64) -> Vec<u64> {
        let ReceivingChain { header, agreement, encapsulation, ciphertext, .. } = old;
        // A chain whose ciphertext is unknown has opened nothing: its late envelopes settle by their key alone.
        let publics =
            ciphertext.map(|ciphertext| publics_hash(&RatchetPublics { agreement, encapsulation, ciphertext }));
        self.skipped.retire(header, publics, base)
    }
}

/// An envelope that is being opened, with its salt taken in and the associated data of its header.
struct Sealed<'a> {
    ratchet: &'a Ratchet,
    envelope: &'a Envelope<'a>,
    salted: Salted,
    data: Vec<u8>,
}

impl Sealed<'_> {
    fn header(&self, key: &HeaderKey) -> Option<Box<[u8; HEADER]>> {
        let mut plain = Box::new(*self.envelope.header);
        let key = key.seal_key(&self.salted);
        open(&key, &self.data, plain.as_mut_slice(), self.envelope.header_tag).ok().map(|()| plain)
    }

    fn body(&self, header: &HeaderKey, key: &MessageKey, plain: &[u8; HEADER]) -> Result<SecretBytes<BODY>, OpenError> {
        let Envelope { commitment, body, body_tag, .. } = *self.envelope;
        if !same_bytes(&key.commitment(header, &self.salted), commitment) {
            return Err(OpenError::Commitment);
        }
        let mut text = SecretBytes::copy_of(body);
        let data = body_data(self.ratchet.role.peer(), &self.ratchet.transcript, plain);
        open(&key.body_key(&self.salted), &data, text.expose_mut(), body_tag).map_err(|_| OpenError::Body)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RatchetPair, Start};
    use super::*;
    use crate::limits::SKIP_STEP;
    use crate::role::Role;
    use crate::secret::Secret;
    use crate::wire::frame::EnvelopeBytes;
    use crate::wire::{DecodeError, Reader, Writer};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn start() -> Start {
        let key = |byte| Secret::from_bytes([byte; 32]);
        Start {
            transcript: [1; 32],
            root: key(2),
            chain: key(3),
            header: key(4),
            next_taker: key(5),
            next_inviter: key(6),
        }
    }

    fn pair(rng: &mut StdRng) -> (Ratchet, Ratchet) {
        let pair = RatchetPair::random(rng);
        let (agreement, encapsulation) = pair.publics();
        (Ratchet::taker(start(), pair, rng), Ratchet::inviter(start(), agreement, encapsulation))
    }

    fn seal(ratchet: &mut Ratchet, rng: &mut StdRng) -> EnvelopeBytes {
        ratchet.seal(rng, SecretBytes::copy_of(&[7; BODY])).unwrap()
    }

    fn state(ratchet: &Ratchet) -> Vec<u8> {
        let mut writer = Writer::default();
        ratchet.write(&mut writer);
        writer.finish().to_vec()
    }

    fn take_in(ratchet: &mut Ratchet, envelope: &[u8; ENVELOPE]) -> Result<u64, OpenError> {
        let opened = ratchet.open(envelope)?;
        assert_eq!(opened.body.expose(), &[7; BODY]);
        assert!(ratchet.commit(opened.change).is_empty());
        Ok(opened.number)
    }

    #[test]
    fn skipping_512_is_allowed_and_513_is_refused_without_a_change() {
        let rng = &mut StdRng::seed_from_u64(1);
        let (mut taker, mut inviter) = pair(rng);
        let envelopes: Vec<_> = (0..=u64::from(SKIP_STEP) + 1).map(|_| seal(&mut taker, rng)).collect();
        let before = state(&inviter);
        assert_eq!(take_in(&mut inviter, &envelopes[513]), Err(OpenError::TooManySkipped));
        assert_eq!(state(&inviter), before);
        assert_eq!(take_in(&mut inviter, &envelopes[512]), Ok(513));
        assert_eq!(take_in(&mut inviter, &envelopes[513]), Ok(514));
    }

    #[test]
    fn skipped_keys_of_the_old_and_the_new_chain_count_together() {
        for (old, new, allowed) in [(300, 212, true), (300, 213, false)] {
            let rng = &mut StdRng::seed_from_u64(2);
            let (mut taker, mut inviter) = pair(rng);
            let first = seal(&mut taker, rng);
            assert_eq!(take_in(&mut inviter, &first), Ok(1));
            let answer = seal(&mut inviter, rng);
            for _ in 0..old {
                seal(&mut taker, rng);
            }
            assert_eq!(take_in(&mut taker, &answer), Ok(1));
            let last = (0..=new).map(|_| seal(&mut taker, rng)).last().unwrap();
            let before = state(&inviter);
            let outcome = take_in(&mut inviter, &last);
            if allowed {
                assert_eq!(outcome, Ok(old + new + 2));
            } else {
                assert_eq!(outcome, Err(OpenError::TooManySkipped));
                assert_eq!(state(&inviter), before);
            }
        }
    }

    #[test]
    fn an_envelope_whose_commitment_names_another_message_key_is_refused() {
        let rng = &mut StdRng::seed_from_u64(3);
        let (mut taker, inviter) = pair(rng);
        assert!(inviter.open(&seal(&mut taker, rng)).is_ok());
        // A sender whose chain key differs from what it should be: same header key, other message keys.
        let Some(sending) = taker.sending.as_mut() else { panic!("the taker sends in chain 0") };
        sending.chain = ChainKey::new(Secret::from_bytes([9; 32]));
        assert_eq!(inviter.open(&seal(&mut taker, rng)).err(), Some(OpenError::Commitment));
    }

    #[test]
    fn headers_of_one_chain_must_repeat_identical_key_bytes() {
        let rng = &mut StdRng::seed_from_u64(4);
        let (mut taker, mut inviter) = pair(rng);
        let first = seal(&mut taker, rng);
        assert_eq!(take_in(&mut inviter, &first), Ok(1));
        let other = RatchetPair::random(rng).publics();
        let publics = &mut taker.sending.as_mut().unwrap().publics;
        publics.agreement = other.0;
        assert_eq!(inviter.open(&seal(&mut taker, rng)).err(), Some(OpenError::Header));
    }

    #[test]
    fn a_hostile_peer_can_t_change_the_ciphertext_within_a_chain_nor_in_an_old_one() {
        let rng = &mut StdRng::seed_from_u64(6);
        let (mut taker, mut inviter) = pair(rng);
        let other = crate::primitives::Kem768Ciphertext::from_bytes(&[1; 1088]);
        let first = seal(&mut taker, rng);
        assert_eq!(take_in(&mut inviter, &first), Ok(1));
        let honest = seal(&mut taker, rng);
        taker.sending.as_mut().unwrap().publics.ciphertext = other;
        let changed = seal(&mut taker, rng);
        assert_eq!(inviter.open(&changed).err(), Some(OpenError::Header));

        // The same envelope when its chain is an old one, and its key was skipped.
        let answer = seal(&mut inviter, rng);
        assert_eq!(take_in(&mut taker, &answer), Ok(1));
        let next = seal(&mut taker, rng);
        assert_eq!(take_in(&mut inviter, &next), Ok(4));
        assert_eq!(inviter.open(&changed).err(), Some(OpenError::Header));
        assert_eq!(take_in(&mut inviter, &honest), Ok(2));
        assert_eq!(inviter.skipped.count(), 1, "the key of the late envelope is gone");
    }

    #[test]
    fn a_hostile_peer_can_t_count_its_old_chain_back_nor_claim_one_before_the_first() {
        let rng = &mut StdRng::seed_from_u64(7);
        let (mut taker, mut inviter) = pair(rng);
        inviter.step(rng).unwrap();
        inviter.previous = 1;
        let lie = seal(&mut inviter, rng);
        assert_eq!(taker.open(&lie).err(), Some(OpenError::Header));
        inviter.previous = 0;
        let answer = seal(&mut inviter, rng);
        assert_eq!(take_in(&mut taker, &answer), Ok(2));

        let (mut taker, mut inviter) = pair(rng);
        let first = seal(&mut taker, rng);
        assert_eq!(take_in(&mut inviter, &first), Ok(1));
        let answer = seal(&mut inviter, rng);
        assert_eq!(take_in(&mut taker, &answer), Ok(1));
        taker.step(rng).unwrap();
        assert_eq!(taker.previous, 1);
        taker.previous = 0;
        let lie = seal(&mut taker, rng);
        assert_eq!(inviter.open(&lie).err(), Some(OpenError::Header));
    }

    #[test]
    fn associated_data_fill_whole_blocks_of_64_bytes() {
        let header = header_data(Role::Taker, &[1; 32], &[2; 32], &[3; BODY], &[4; 16]);
        let body = body_data(Role::Taker, &[1; 32], &[5; HEADER]);
        assert_eq!((header.len(), body.len()), (28 * 64, 37 * 64));
    }

    #[test]
    fn two_envelopes_of_the_same_body_have_nothing_in_common() {
        let rng = &mut StdRng::seed_from_u64(8);
        let (mut taker, _) = pair(rng);
        let (one, two) = (seal(&mut taker, rng), seal(&mut taker, rng));
        assert_ne!(one[..32], two[..32], "salt");
        let alike = one.iter().zip(two.iter()).filter(|(a, b)| a == b).count();
        // Of 4,096 random bytes 16 are alike by chance; 64 has a chance below 2^-50.
        assert!(alike < 64, "{alike} bytes alike");
        // What stands for a ciphertext in chain 0 is random too.
        let noise = &taker.sending.as_ref().unwrap().publics.ciphertext;
        assert_ne!(noise.as_bytes(), pair(rng).0.sending.unwrap().publics.ciphertext.as_bytes());
    }

    #[test]
    fn our_private_pair_is_gone_when_the_peers_step_commits() {
        let rng = &mut StdRng::seed_from_u64(5);
        let (mut taker, mut inviter) = pair(rng);
        let answer = seal(&mut inviter, rng);
        assert!(taker.own.is_some());
        assert_eq!(take_in(&mut taker, &answer), Ok(1));
        assert!(taker.own.is_none());
        assert_eq!(inviter.role, Role::Inviter);
    }

    #[test]
    fn a_saved_state_that_can_neither_answer_nor_go_on_is_refused() {
        let rng = &mut StdRng::seed_from_u64(9);
        let read = |ratchet: &Ratchet| Ratchet::read(&mut Reader::new(&state(ratchet))).map(|read| state(&read));
        let (mut taker, mut inviter) = pair(rng);
        // The taker has a pair, a chain to send in and nothing to answer; the inviter the other way round.
        assert_eq!((read(&taker), read(&inviter)), (Ok(state(&taker)), Ok(state(&inviter))));
        let sending = taker.sending.take();
        assert_eq!(read(&taker), Err(DecodeError::Invalid), "a pair that no chain has told");
        taker.sending = sending;
        taker.own = None;
        assert_eq!(read(&taker), Err(DecodeError::Invalid), "no pair, and nobody to agree with");
        inviter.receiving = None;
        assert_eq!(read(&inviter), Err(DecodeError::Invalid));
    }
}
