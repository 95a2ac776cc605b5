//! The same conversation in two protocols, so that one can be measured beside the other.
//!
//! In: nothing. Out: sides of a conversation, and slices of work whose time is taken in turns. What is asked of both is
//! asked through one trait, so that the workloads can't differ.

pub mod cairn;
pub mod olm;
pub mod table;
pub mod work;

/// Bytes of text in each message.
pub const TEXT: usize = 1000;

/// Messages that go missing before one that opens: the most that an honest sender can cause, with 480 envelopes
/// unconfirmed and 16 more of control content, of which the last one arrives.
pub const SKIPPED: usize = 495;

/// One side of a conversation.
pub trait Side: Sized {
    /// What travels.
    type Message;

    /// The state as bytes.
    type Saved: AsRef<[u8]>;

    /// Draws all keys, carries the invitation over, and gives both sides: the first may write, the second has read the
    /// first envelope.
    fn set_up() -> (Self, Self);

    /// Seals [`TEXT`] bytes.
    fn encrypt(&mut self) -> Self::Message;

    /// Seals whatever the sender may still send when it has sent much without an answer.
    fn encrypt_unanswered(&mut self) -> Self::Message;

    /// Opens a message, and fails loudly if it does not hold what [`encrypt`](Self::encrypt) sealed.
    fn decrypt(&mut self, message: &Self::Message) -> usize;

    /// Writes the state, not encrypted.
    fn save(&self) -> Self::Saved;

    /// The state again.
    fn load(bytes: &[u8]) -> Self;
}

/// Both sides after some turns: each has made steps, and the first one has just received.
#[must_use]
pub fn established<S: Side>() -> (S, S) {
    let (mut one, mut two) = S::set_up();
    for _ in 0..4 {
        let message = one.encrypt();
        assert_eq!(two.decrypt(&message), TEXT);
        let message = two.encrypt();
        assert_eq!(one.decrypt(&message), TEXT);
    }
    (one, two)
}
