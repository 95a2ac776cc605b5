//! The check of words: one run of commitment, answer and opening, from which both sides know what the other will read
//! aloud (protocol.md §10).
//!
//! In: a person's wish to check, check messages that came in the conversation, typed words. Out: the next check message,
//! the words to read, whether the typed ones fit. This file must never learn a name, a mailbox or a ratchet key.
//!
//! ```text
//!            start                    answer came: send opening
//!   idle ───────────────▶ committed ──────────────────────────────┐
//!    │  send commitment       │ their commitment, we are the taker ▼
//!    │                        ▼                                   words ──typed right──▶ matched
//!    └──────────────────▶ answered ───────────────────────────────▶│ └──typed wrong 3 ×─▶ different
//!      start after their         opening came and fits: words
//!      commitment: send answer
//! ```
//!
//! Source: Vaudenay, "Secure Communications over Insecure Channels Based on Short Authenticated Strings" (CRYPTO 2005),
//! §4: one commitment makes short strings enough, because nobody can choose a nonce after having seen the other.

use crate::content::CheckMessage;
use crate::label;
use crate::limits::CHECK_TRIES;
use crate::primitives::{Extracted, hash, same_bytes};
use crate::role::Role;
use crate::secret::Secret;
use crate::session::Session;
use crate::snapshot::{self, Kind, SnapshotError};
use crate::wire::{DecodeError, Reader, Writer};
use crate::words::Words;
use core::fmt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The check of one conversation, on one side. Save it in the transaction that saves the message it came from, or the
/// message that it asks for.
pub struct Check {
    role: Role,
    /// Hash of the transcript and both identities.
    binding: [u8; 32],
    /// Number of the newest commitment of theirs, or of their answer to ours: older commitments are void.
    newest: u64,
    /// Their commitment that waits for our person to begin.
    asked: Option<[u8; 32]>,
    run: Run,
}

enum Run {
    Idle,
    /// We sent the commitment to this nonce.
    Committed(Secret),
    /// We sent this nonce as the answer to this commitment.
    Answered(Secret, [u8; 32]),
    Words {
        ours: Words,
        theirs: Words,
        tries: u8,
    },
    Matched,
    Different,
    BeganAgain,
    Broken,
}

/// How a check stands.
#[derive(Debug)]
pub enum Standing<'a> {
    /// Nobody has begun.
    Idle,
    /// The other person has begun; ours has not.
    Asked,
    /// Ours has begun, and the other's part has not come.
    Waiting,
    /// Read these aloud, and type what the other person reads.
    Words(&'a Words),
    /// What was typed fits: the other person holds the other end of this conversation.
    Matched,
    /// What was typed did not fit, three times: somebody may stand between. Nothing was matched.
    Different,
    /// The other person began again before this run was done: begin again too.
    BeganAgain,
    /// The other side opened another nonce than it was bound to.
    Broken,
}

/// What came of typed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// They fit.
    Matched,
    /// They don't; this many more tries with the same words.
    Different(u8),
    /// There is nothing to compare them with yet, or no more.
    NotNow,
}

impl Check {
    /// A check that nobody has begun.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        let role = session.role();
        let (inviter, taker) = match role {
            Role::Inviter => (session.ours(), session.theirs()),
            Role::Taker => (session.theirs(), session.ours()),
        };
        // protocol.md §10.1
        let binding = hash(label::CHECK_BINDING, &[session.transcript(), &inviter.to_bytes(), &taker.to_bytes()]);
        Self { role, binding, newest: 0, asked: None, run: Run::Idle }
    }

    /// Begins a run, because our person wants to check now. Gives what to send; none while a run goes on.
    /// Nothing of this is ever done without our person: an answer by itself would tell when we are there.
    pub fn start(&mut self, rng: &mut impl CryptoRng) -> Option<CheckMessage> {
        if matches!(self.run, Run::Committed(_) | Run::Answered(..) | Run::Words { .. }) {
            return None;
        }
        let nonce = Secret::random(rng);
        if let Some(commitment) = self.asked.take() {
            return Some(self.answer(nonce, commitment));
        }
        let commitment = self.commitment(self.role, nonce.expose());
        self.run = Run::Committed(nonce);
        Some(CheckMessage::Commitment(commitment))
    }

    /// Gives the run up, for instance to [`start`](Self::start) anew. What was matched stays matched by the caller's own
    /// record only.
    pub fn stop(&mut self) {
        self.run = Run::Idle;
    }

    /// A check message of theirs, with its number in the conversation, each only once. Gives what to send.
    // protocol.md §10.3
    pub fn received(&mut self, number: u64, message: &CheckMessage) -> Option<CheckMessage> {
        match message {
            CheckMessage::Commitment(commitment) => self.received_commitment(number, *commitment),
            CheckMessage::Answer { commitment, nonce } => {
                let Run::Committed(own) = &self.run else { return None };
                if !same_bytes(commitment, &self.commitment(self.role, own.expose())) {
                    return None; // of a run that we gave up
                }
                let opening = CheckMessage::Opening { commitment: *commitment, nonce: *own.expose() };
                // What they began before they answered us is over, also if it comes later.
                self.newest = self.newest.max(number);
                self.run = self.words(commitment, own.expose(), nonce);
                Some(opening)
            }
            CheckMessage::Opening { commitment, nonce } => {
                let Run::Answered(own, answered) = &self.run else { return None };
                if !same_bytes(commitment, answered) {
                    return None; // of a run that we gave up
                }
                let fits = same_bytes(&self.commitment(self.role.peer(), nonce), commitment);
                self.run = if fits { self.words(commitment, nonce, own.expose()) } else { Run::Broken };
                None
            }
        }
    }

    fn received_commitment(&mut self, number: u64, commitment: [u8; 32]) -> Option<CheckMessage> {
        if number <= self.newest {
            return None; // overtaken by a newer one on its way
        }
        self.newest = number;
        match core::mem::replace(&mut self.run, Run::Idle) {
            // Both began at once: the inviter's run goes on, and the taker's nonce, not yet opened, becomes its answer.
            Run::Committed(nonce) if self.role == Role::Taker => return Some(self.answer(nonce, commitment)),
            Run::Committed(nonce) => self.run = Run::Committed(nonce),
            Run::Answered(..) | Run::Words { .. } => {
                // Our nonce is known to them. Going on with it would let them choose theirs after it.
                self.run = Run::BeganAgain;
                self.asked = Some(commitment);
            }
            over => {
                self.run = over;
                self.asked = Some(commitment);
            }
        }
        None
    }

    /// Compares what our person typed with what the other one should have read.
    pub fn typed(&mut self, words: &Words) -> Typed {
        let Run::Words { theirs, tries, .. } = &mut self.run else { return Typed::NotNow };
        if theirs.matches(words) {
            self.run = Run::Matched;
            return Typed::Matched;
        }
        *tries = tries.saturating_sub(1);
        let left = *tries;
        if left == 0 {
            self.run = Run::Different;
        }
        Typed::Different(left)
    }

    /// How the check stands.
    #[must_use]
    pub const fn standing(&self) -> Standing<'_> {
        match &self.run {
            Run::Idle if self.asked.is_some() => Standing::Asked,
            Run::Idle => Standing::Idle,
            Run::Committed(_) | Run::Answered(..) => Standing::Waiting,
            Run::Words { ours, .. } => Standing::Words(ours),
            Run::Matched => Standing::Matched,
            Run::Different => Standing::Different,
            Run::BeganAgain => Standing::BeganAgain,
            Run::Broken => Standing::Broken,
        }
    }

    /// How many tries the words have left; 0 where there are no words.
    #[must_use]
    pub const fn tries(&self) -> u8 {
        if let Run::Words { tries, .. } = &self.run { *tries } else { 0 }
    }

    /// Whether a commitment of theirs waits for our person to begin, whatever became of the run before.
    #[must_use]
    pub const fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    fn answer(&mut self, nonce: Secret, commitment: [u8; 32]) -> CheckMessage {
        let answer = CheckMessage::Answer { commitment, nonce: *nonce.expose() };
        self.run = Run::Answered(nonce, commitment);
        answer
    }

    /// SHA-256(label ‖ binding ‖ role of the one who begins ‖ nonce). // protocol.md §10.2
    fn commitment(&self, role: Role, nonce: &[u8; 32]) -> [u8; 32] {
        hash(label::CHECK_COMMITMENT, &[&self.binding, &[role.byte()], nonce])
    }

    /// HKDF(binding, nonce of the one who began ‖ nonce of the other, label ‖ commitment). // protocol.md §10.4
    fn words(&self, commitment: &[u8; 32], first: &[u8; 32], second: &[u8; 32]) -> Run {
        let extracted = Extracted::new(&self.binding, &[first, second]);
        let words = |label| Words::of(extracted.expand(label, &[commitment]).expose());
        let (inviter, taker) = (words(label::CHECK_WORDS_INVITER), words(label::CHECK_WORDS_TAKER));
        let (ours, theirs) = match self.role {
            Role::Inviter => (inviter, taker),
            Role::Taker => (taker, inviter),
        };
        Run::Words { ours, theirs, tries: CHECK_TRIES }
    }

    /// The whole check, a nonce in the clear: for an encrypted store only.
    #[must_use]
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        snapshot::save(Kind::Check, 1024, |writer| self.write(writer))
    }

    /// Reads [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        snapshot::load(Kind::Check, bytes, Self::read)
    }

    fn write(&self, writer: &mut Writer) {
        writer.u8(self.role.byte()).bytes(&self.binding).u64(self.newest).flag(self.asked.is_some());
        if let Some(commitment) = &self.asked {
            writer.bytes(commitment);
        }
        match &self.run {
            Run::Idle => writer.u8(0),
            Run::Committed(nonce) => writer.u8(1).bytes(nonce.expose()),
            Run::Answered(nonce, commitment) => writer.u8(2).bytes(nonce.expose()).bytes(commitment),
            Run::Words { ours, theirs, tries } => {
                writer.u8(3).bytes(ours.as_bytes()).bytes(theirs.as_bytes()).u8(*tries)
            }
            Run::Matched => writer.u8(4),
            Run::Different => writer.u8(5),
            Run::BeganAgain => writer.u8(6),
            Run::Broken => writer.u8(7),
        };
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (role, binding, newest) = (Role::from_byte(reader.u8()?)?, reader.array()?, reader.u64()?);
        let asked = if reader.flag()? { Some(reader.array()?) } else { None };
        let run = match reader.u8()? {
            0 => Run::Idle,
            1 => Run::Committed(Secret::from_bytes(reader.array()?)),
            2 => Run::Answered(Secret::from_bytes(reader.array()?), reader.array()?),
            3 => {
                let (ours, theirs) = (Words::from_bytes(reader.array()?), Words::from_bytes(reader.array()?));
                let tries = reader.u8()?;
                if tries == 0 || tries > CHECK_TRIES {
                    return Err(DecodeError::Invalid);
                }
                Run::Words { ours, theirs, tries }
            }
            4 => Run::Matched,
            5 => Run::Different,
            6 => Run::BeganAgain,
            7 => Run::Broken,
            _ => return Err(DecodeError::Invalid),
        };
        Ok(Self { role, binding, newest, asked, run })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(run: Run) -> Check {
        Check { role: Role::Taker, binding: [1; 32], newest: 9, asked: Some([2; 32]), run }
    }

    fn words(tries: u8) -> Run {
        Run::Words { ours: Words::of(&[3; 32]), theirs: Words::of(&[4; 32]), tries }
    }

    #[test]
    fn every_state_of_a_check_is_read_back_as_it_was_saved() {
        let nonce = || Secret::from_bytes([5; 32]);
        let mut seen = Vec::new();
        for run in [
            Run::Idle,
            Run::Committed(nonce()),
            Run::Answered(nonce(), [6; 32]),
            words(1),
            words(CHECK_TRIES),
            Run::Matched,
            Run::Different,
            Run::BeganAgain,
            Run::Broken,
        ] {
            let check = check(run);
            let (saved, tries) = (check.snapshot(), check.tries());
            let read = Check::restore(&saved).unwrap();
            assert_eq!((read.snapshot(), read.tries()), (saved.clone(), tries));
            seen.push(tries);
        }
        assert_eq!(seen, [0, 0, 0, 1, CHECK_TRIES, 0, 0, 0, 0]);
    }

    #[test]
    fn a_saved_check_without_a_try_left_or_with_too_many_or_of_an_unknown_state_is_refused() {
        for tries in [0, CHECK_TRIES + 1] {
            assert_eq!(Check::restore(&check(words(tries)).snapshot()).err(), Some(SnapshotError::Damaged), "{tries}");
        }
        let mut saved = check(Run::Broken).snapshot();
        *saved.last_mut().unwrap() = 8;
        assert_eq!(Check::restore(&saved).err(), Some(SnapshotError::Damaged));
    }
}
