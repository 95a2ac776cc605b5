//! What mailboxes hold, remembered: the identifiers of their envelopes, and where each lies; and who may put.
//!
//! In: a mailbox. Out: its envelopes' places, from memory or from the file. This file must never learn a body, nor answer
//! from a transaction that was undone: the writer empties it then.
//!
//! It stands in the place of an index of identifiers. They are random: in such an index each put and each acknowledgement
//! changes a page that no other of its group changes (docs/decisions/0029).

use super::free::Place;
use super::{Verdict, corrupt};
use crate::store::Arrival;
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::token::TokenHash;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// Mailboxes that are remembered. Larger: memory, about 300 bytes each. Smaller: read anew more often.
const MAILBOXES: usize = 65_536;

/// Envelopes that are remembered, in all of them. Larger: memory, up to 60 bytes each. Smaller: read anew more often, and
/// one mailbox with the most that it may hold must fit.
const ENVELOPES: usize = 524_288;

/// Places up to which a mailbox keeps the room of envelopes that it no longer holds.
const ROOM: usize = 64;

const _: () = assert!(ENVELOPES > 2 * crate::quota::MOST_ENVELOPES as usize, "the fullest mailbox is read once");

/// What a missing mailbox is compared with: no token hashes to it.
const UNKNOWN: TokenHash = TokenHash::from_bytes([0; 32]);

/// The capability of a mailbox.
const CAPABILITY: &str = "SELECT capability FROM mailbox WHERE id = ?1";

/// Where an envelope lies: its row, and its body's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) arrival: Arrival,
    pub(super) place: Place,
}

/// The envelopes of one mailbox.
pub(super) type Places = HashMap<EnvelopeId, At>;

/// The envelopes of the mailboxes that were asked for.
#[derive(Default)]
pub(super) struct Held {
    mailboxes: HashMap<MailboxId, Places>,
    /// What was shown for a mailbox and fitted. It is there as long as the mailbox, and never changes.
    capabilities: HashMap<MailboxId, TokenHash>,
    /// How many there were in them when they were read, and all that came since.
    envelopes: usize,
}

impl Held {
    /// Whether a capability is that of a mailbox. What doesn't fit is looked up in the file each time, and a missing mailbox
    /// is compared too: both refusals do the same work.
    pub(super) fn admits(&mut self, connection: &Connection, mailbox: &MailboxId, shown: &TokenHash) -> Verdict<bool> {
        let known = self.capabilities.get(mailbox);
        if known.unwrap_or(&UNKNOWN).matches(shown) && known.is_some() {
            return Ok(true);
        }
        let stored = connection
            .prepare_cached(CAPABILITY)?
            .query_row([mailbox.as_bytes()], |row| row.get(0).map(TokenHash::from_bytes))
            .optional()?;
        let admitted = stored.unwrap_or(UNKNOWN).matches(shown) && stored.is_some();
        if admitted {
            self.capabilities.insert(*mailbox, *shown);
        }
        Ok(admitted)
    }

    /// The envelopes of a mailbox, as this transaction sees them.
    pub(super) fn of(&mut self, connection: &Connection, mailbox: &MailboxId) -> Verdict<&mut Places> {
        use std::collections::hash_map::Entry;
        match self.mailboxes.entry(*mailbox) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let read = read(connection, mailbox)?;
                self.envelopes = self.envelopes.saturating_add(read.len());
                Ok(place.insert(read))
            }
        }
    }

    /// Takes note of one more.
    pub(super) fn add(&mut self, connection: &Connection, mailbox: &MailboxId, id: EnvelopeId, at: At) -> Verdict<()> {
        self.of(connection, mailbox)?.insert(id, at);
        self.envelopes = self.envelopes.saturating_add(1);
        Ok(())
    }

    /// The places of those of the named envelopes that a mailbox holds, in order. They are remembered no more: this
    /// transaction deletes them.
    pub(super) fn take(
        &mut self,
        connection: &Connection,
        mailbox: &MailboxId,
        ids: &[EnvelopeId],
    ) -> Verdict<Vec<At>> {
        let held = self.of(connection, mailbox)?;
        let mut places: Vec<At> = ids.iter().filter_map(|id| held.remove(id)).collect();
        if held.capacity() > ROOM && held.len() < held.capacity() / 4 {
            held.shrink_to_fit();
        }
        self.envelopes = self.envelopes.saturating_sub(places.len());
        places.sort_unstable();
        Ok(places)
    }

    /// Forgets a mailbox.
    pub(super) fn forget(&mut self, mailbox: &MailboxId) {
        self.capabilities.remove(mailbox);
        let gone = self.mailboxes.remove(mailbox).map_or(0, |places| places.len());
        self.envelopes = self.envelopes.saturating_sub(gone);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets everything if it is too much. Between transactions, so that none finds less than it has left.
    pub(super) fn keep_small(&mut self) {
        if self.mailboxes.len().max(self.capabilities.len()) > MAILBOXES || self.envelopes > ENVELOPES {
            self.clear();
        }
    }
}

fn read(connection: &Connection, mailbox: &MailboxId) -> Verdict<Places> {
    let mut statement =
        connection.prepare_cached("SELECT id, arrival, place FROM envelope WHERE mailbox = ?1 ORDER BY arrival")?;
    let (mut rows, mut places) = (statement.query([mailbox.as_bytes()])?, Places::new());
    while let Some(row) = rows.next()? {
        if places.insert(EnvelopeId::from_bytes(row.get(0)?), At { arrival: row.get(1)?, place: row.get(2)? }).is_some()
        {
            return Err(corrupt("one identifier twice in a mailbox").into());
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::Halt;
    use super::super::open::{Access, connect, make_or_check};
    use super::*;
    use rusqlite::StatementStatus;

    fn store(folder: &std::path::Path) -> Connection {
        connect(&make_or_check(folder).unwrap(), Access::Write).unwrap()
    }

    /// An envelope whose body has a number that is a hundred higher.
    fn row(connection: &Connection, arrival: Arrival, mailbox: u8, id: u8) {
        let row = (arrival, [mailbox; 32], [id; 16], [0; 32], arrival + 100);
        connection.execute("INSERT INTO envelope VALUES (?1, ?2, ?3, 20000, ?4, ?5)", row).unwrap();
    }

    fn mailbox(number: u8) -> MailboxId {
        MailboxId::from_bytes([number; 32])
    }

    fn id(number: u8) -> EnvelopeId {
        EnvelopeId::from_bytes([number; 16])
    }

    fn at(arrival: u32) -> At {
        At { arrival: arrival.into(), place: arrival + 100 }
    }

    fn arrival(at: At) -> Arrival {
        assert_eq!(at.arrival + 100, i64::from(at.place));
        at.arrival
    }

    fn all(held: &mut Held, connection: &Connection, number: u8) -> Vec<Arrival> {
        let Ok(places) = held.of(connection, &mailbox(number)) else { panic!("it can be read") };
        let mut places: Vec<At> = places.values().copied().collect();
        places.sort_unstable();
        places.into_iter().map(arrival).collect()
    }

    #[test]
    fn a_mailbox_is_read_once_and_what_comes_and_goes_is_remembered_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        row(&connection, 1, 1, 1);
        row(&connection, 2, 2, 1);
        row(&connection, 3, 1, 2);
        let mut held = Held::default();
        assert_eq!((all(&mut held, &connection, 1), all(&mut held, &connection, 2)), (vec![1, 3], vec![2]));
        assert!(held.add(&connection, &mailbox(1), id(3), at(4)).is_ok());
        assert_eq!(all(&mut held, &connection, 1), [1, 3, 4]);
        assert_eq!(held.envelopes, 4);
        // In order, each once, and none of another mailbox or of nobody.
        let Ok(taken) = held.take(&connection, &mailbox(1), &[id(3), id(1), id(3), id(9)]) else {
            panic!("it is known")
        };
        let taken: Vec<Arrival> = taken.into_iter().map(arrival).collect();
        assert_eq!((taken, all(&mut held, &connection, 1), held.envelopes), (vec![1, 4], vec![3], 2));
        held.forget(&mailbox(1));
        assert_eq!((all(&mut held, &connection, 1), held.envelopes), (vec![1, 3], 3), "it is read anew");
    }

    /// Whether this is admitted, and how often the file has been asked.
    fn admits(held: &mut Held, connection: &Connection, mailbox: MailboxId, shown: u8) -> (bool, i32) {
        let shown = TokenHash::from_bytes([shown; 32]);
        let Ok(admitted) = held.admits(connection, &mailbox, &shown) else { panic!("it can be read") };
        (admitted, connection.prepare_cached(CAPABILITY).unwrap().get_status(StatementStatus::Run))
    }

    #[test]
    fn who_may_put_is_read_once_and_who_may_not_each_time_whether_the_mailbox_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let row = ([1; 32], [2; 32], [3; 32]);
        connection.execute("INSERT INTO mailbox (id, owner, capability) VALUES (?1, ?2, ?3)", row).unwrap();
        let (mut held, there, missing) = (Held::default(), mailbox(1), mailbox(9));
        let mut ask = |mailbox, shown| admits(&mut held, &connection, mailbox, shown);
        // Before it is remembered and after it, and the same once more, because a refusal teaches nothing. A mailbox that is
        // missing has no capability, not even of zeros.
        let refusals = [(there, 4), (there, 4), (missing, 3), (missing, 3), (missing, 0), (there, 0)];
        for (asked, (mailbox, shown)) in (1..).zip(refusals) {
            assert_eq!(ask(mailbox, shown), (false, asked), "{mailbox:?} {shown}");
        }
        assert_eq!((ask(there, 3), ask(there, 3)), ((true, 7), (true, 7)));
        for (asked, (mailbox, shown)) in (8..).zip(refusals) {
            assert_eq!(ask(mailbox, shown), (false, asked), "{mailbox:?} {shown}");
        }
        assert_eq!(ask(there, 3), (true, 13));
        connection.execute("DELETE FROM mailbox", []).unwrap();
        held.forget(&there);
        assert_eq!(admits(&mut held, &connection, there, 3), (false, 14));
    }

    #[test]
    fn what_is_remembered_has_an_end_and_a_mailbox_that_was_emptied_keeps_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        let mut held = Held::default();
        let many = u32::try_from(ENVELOPES).unwrap();
        let id = |number: u32| EnvelopeId::from_bytes(u128::from(number).to_be_bytes());
        for number in 0..many {
            assert!(held.add(&connection, &mailbox(1), id(number), at(number)).is_ok());
        }
        held.keep_small();
        assert_eq!(held.envelopes, ENVELOPES);
        let ids: Vec<EnvelopeId> = (0..many).map(id).collect();
        assert!(held.take(&connection, &mailbox(1), &ids).is_ok_and(|places| places.len() == ENVELOPES));
        assert_eq!((held.envelopes, held.mailboxes[&mailbox(1)].capacity()), (0, 0));
        for number in 0..=many {
            assert!(held.add(&connection, &mailbox(1), id(number), at(number)).is_ok());
        }
        held.keep_small();
        assert_eq!((held.envelopes, held.mailboxes.len()), (0, 0));
        for number in 0..=u32::try_from(MAILBOXES).unwrap() {
            let mut mailbox = [0; 32];
            mailbox[..4].copy_from_slice(&number.to_be_bytes());
            assert!(held.of(&connection, &MailboxId::from_bytes(mailbox)).is_ok());
        }
        held.keep_small();
        assert!(held.mailboxes.is_empty());
        for number in 0..=u32::try_from(MAILBOXES).unwrap() {
            let mut mailbox = [0; 32];
            mailbox[..4].copy_from_slice(&number.to_be_bytes());
            held.capabilities.insert(MailboxId::from_bytes(mailbox), UNKNOWN);
        }
        held.keep_small();
        assert!(held.capabilities.is_empty());
    }

    #[test]
    fn an_identifier_that_stands_twice_in_a_mailbox_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let connection = store(folder.path());
        row(&connection, 1, 1, 1);
        row(&connection, 2, 1, 1);
        let damaged = Held::default().of(&connection, &mailbox(1)).map(|_| ());
        assert!(matches!(damaged, Err(Halt::Sql(error)) if error.to_string().contains("one identifier twice")));
    }
}
