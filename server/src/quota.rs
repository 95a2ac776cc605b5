//! How much a store takes, in all and for one mailbox.
//!
//! In: nothing. Out: numbers that the store holds itself to. This file must never learn whose mailbox it is.
//!
//! All envelopes have one size, so a number of envelopes is a number of bytes: 4 KiB each.

/// Envelopes that one mailbox can be allowed to hold, at most (512 MiB of disk). Larger: one leaked capability fills the
/// disk sooner. Smaller: a mailbox 100,000 deep, the depth at which the relay is measured, would not fit.
pub const MOST_ENVELOPES: u32 = 131_072;

/// Mailboxes, if nothing else is said (about 400 MB of disk). Larger: more of the disk goes to empty mailboxes. Smaller:
/// the million mailboxes at which the relay is measured would not fit.
pub const MAILBOXES: u32 = 2_000_000;

/// The part of a store's bytes that is kept for envelopes of mailboxes that exist: one in so many. Larger: new mailboxes
/// and invitations can leave conversations without room. Smaller: a small store takes few contacts.
const KEPT: u64 = 16;

/// What a store holds itself to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Envelopes in one mailbox, at most.
    pub mailbox_envelopes: u32,
    /// Mailboxes, at most.
    pub mailboxes: u32,
    /// Bytes of rows in the store's file, at most; what the disk has if none is named. A group of operations that is
    /// under way may go beyond it, by some MiB.
    pub bytes: Option<u64>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { mailbox_envelopes: MOST_ENVELOPES, mailboxes: MAILBOXES, bytes: None }
    }
}

/// What there is room for. Acknowledgements and deletions are always taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Everything.
    Free,
    /// Envelopes for mailboxes that exist; no new mailbox and no new invitation.
    Envelopes,
    /// Nothing.
    None,
}

impl Room {
    /// Whether an envelope is taken.
    #[must_use]
    pub fn for_envelopes(self) -> bool {
        self != Self::None
    }

    /// Whether a mailbox or an invitation is taken.
    #[must_use]
    pub fn for_more(self) -> bool {
        self == Self::Free
    }
}

impl Quota {
    /// What there is room for in a store that uses this many bytes.
    #[must_use]
    pub fn room(&self, used: u64) -> Room {
        match self.bytes {
            Some(bytes) if used >= bytes => Room::None,
            Some(bytes) if used >= bytes - bytes / KEPT => Room::Envelopes,
            _ => Room::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_store_is_kept_for_envelopes_and_its_end_is_an_end() {
        let quota = Quota { bytes: Some(1600), ..Quota::default() };
        let rooms = [0, 1499, 1500, 1599, 1600, u64::MAX].map(|used| quota.room(used));
        let expected = [Room::Free, Room::Free, Room::Envelopes, Room::Envelopes, Room::None, Room::None];
        assert_eq!(rooms, expected);
        assert_eq!(expected.map(Room::for_envelopes), [true, true, true, true, false, false]);
        assert_eq!(expected.map(Room::for_more), [true, true, false, false, false, false]);
        assert_eq!(Quota::default().room(u64::MAX), Room::Free, "without a number the disk decides");
    }
}
