//! Who hears of the envelopes of a transaction: before its flush, and after it.
//!
//! In: what the parts of a transaction accept, at most as many as it has parts. Out: the same, told in order of arrival.
//! This file must never learn who hears it.
//!
//! Nothing is told before the last part is done: an owner then gets what came for it in one page, and acknowledges it
//! at once. Told one by one, each envelope woke its owner's connection and had a page and an acknowledgement of its own.

use crate::store::{Arrival, Arrivals, Arrived, HandOver};
use cairn_protocol::mailbox::MailboxId;

/// The envelopes of the transaction that is under way.
pub(super) struct Arriving {
    hears: Arrivals,
    accepted: Vec<(MailboxId, Arrival, HandOver)>,
    told: Vec<(MailboxId, Arrival)>,
}

impl Arriving {
    pub(super) fn new(hears: Arrivals) -> Self {
        Self { hears, accepted: Vec::new(), told: Vec::new() }
    }

    /// Takes note of an envelope that was given a place.
    pub(super) fn accept(&mut self, mailbox: MailboxId, arrival: Arrival, envelope: HandOver) {
        self.accepted.push((mailbox, arrival, envelope));
    }

    /// Tells what is coming. The transaction's parts are done, and its flush is next.
    pub(super) fn hand_over(&mut self) {
        for (mailbox, arrival, envelope) in self.accepted.drain(..) {
            self.told.push((mailbox, arrival));
            (self.hears)(Arrived::Coming(mailbox, arrival, envelope));
        }
    }

    /// Tells what is on disk. The transaction was flushed.
    pub(super) fn on_disk(&mut self) {
        for (mailbox, arrival) in self.told.drain(..) {
            (self.hears)(Arrived::OnDisk(mailbox, arrival));
        }
    }

    /// Forgets all of a transaction that was undone.
    pub(super) fn forget(&mut self) {
        self.accepted.clear();
        self.told.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::{Access, connect, make_or_check};
    use super::super::writer::{Books, Part, commit};
    use super::*;
    use crate::quota::Quota;
    use std::sync::Arc;

    #[test]
    fn envelopes_are_told_when_all_parts_are_done_and_again_when_all_are_answered_and_none_that_was_undone() {
        let (telling, told) = std::sync::mpsc::channel();
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&make_or_check(folder.path()).unwrap(), Access::Write).unwrap();
        let hears = telling.clone();
        let arrivals = Arc::new(move |arrived| {
            let said = match arrived {
                Arrived::Coming(_, arrival, _) => format!("coming {arrival}"),
                Arrived::OnDisk(_, arrival) => format!("on disk {arrival}"),
            };
            hears.send(said).unwrap();
        });
        let mut books = Books::open(connection, folder.path(), Quota::default(), arrivals).unwrap();
        let part = |arrival: Arrival, fails: bool| -> Part {
            let telling = telling.clone();
            Box::new(move |books| {
                let unread = HandOver::new(|| unreachable!("nobody opens it"));
                books.arriving.accept(MailboxId::from_bytes([1; 32]), arrival, unread);
                telling.send(format!("part {arrival}")).unwrap();
                let outcome = if fails { Err(super::super::corrupt("undone")) } else { Ok(()) };
                (outcome, Box::new(move |_| telling.send(format!("answer {arrival}")).unwrap()))
            })
        };
        assert!(commit(&mut books, &mut vec![part(1, false), part(2, true)]).is_err());
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["part 1", "part 2", "answer 1", "answer 2"]);
        commit(&mut books, &mut vec![part(3, false), part(4, false)]).unwrap();
        let in_order = ["part 3", "part 4", "coming 3", "coming 4", "answer 3", "answer 4", "on disk 3", "on disk 4"];
        assert_eq!(told.try_iter().collect::<Vec<_>>(), in_order);
        // It can't be committed: the owner may have it now, and its sender is told that it isn't there.
        books.connection.execute_batch("PRAGMA foreign_keys = 1; CREATE TABLE one (id INTEGER PRIMARY KEY)").unwrap();
        let table = "CREATE TABLE other (one INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED)";
        books.connection.execute_batch(table).unwrap();
        let breaks: Part = Box::new(|books| {
            (books.connection.execute("INSERT INTO other VALUES (1)", []).map(drop), Box::new(|_| ()))
        });
        assert!(commit(&mut books, &mut vec![part(5, false), breaks]).is_err());
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["part 5", "coming 5", "answer 5"]);
        commit(&mut books, &mut vec![part(6, false)]).unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["part 6", "coming 6", "answer 6", "on disk 6"]);
    }
}
