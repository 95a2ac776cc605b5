//! Reading a conversation page by page.
//!
//! In: a contact, a place. Out: the messages around it. This file must never say that something was shown: the face says
//! so, when it was.

use super::model::{Page, Placed};
use super::{Engine, Fault};
use std::collections::BTreeMap;

impl Engine {
    /// Messages of a conversation, oldest first, at most `most` of them.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn page(&self, contact_id: &str, page: Page, most: usize) -> Result<Vec<Placed>, Fault> {
        self.vault.read(|store| Ok(store.page(contact_id, page, most)?))
    }

    /// The place of the first message of a conversation that was not shown.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn first_unread(&self, contact_id: &str) -> Result<Option<i64>, Fault> {
        self.vault.read(|store| Ok(store.first_unread(contact_id)?))
    }

    /// How many messages were not shown, for each contact that has any.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn unread(&self) -> Result<BTreeMap<String, u64>, Fault> {
        self.vault.read(|store| Ok(store.unread()?))
    }

    /// A face has shown the messages at these places.
    ///
    /// # Errors
    /// Those of the vault.
    pub fn mark_read(&mut self, places: &[i64]) -> Result<(), Fault> {
        self.vault.write(|store| Ok(store.mark_read(places)?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::Protection;
    use super::*;
    use crate::engine::model::Direction;
    use crate::home::Home;

    /// Somebody to whom nothing can be sent: no relay is asked. So many messages, of which the last three are new.
    pub(crate) fn talking(folder: &std::path::Path, all: u32) -> Engine {
        made(folder, all, Protection::None)
    }

    fn made(folder: &std::path::Path, all: u32, protection: Protection) -> Engine {
        let home = Home::new(Some(folder), "test").unwrap();
        let mut engine = Engine::create(&home, "Dana", None, None, protection).unwrap();
        engine
            .vault
            .write(|store| {
                store.run_for_tests(
                    "INSERT INTO mailboxes VALUES (1, 'relay', x'01', x'02', x'03', 4, x'05', 1, 0);
                     INSERT INTO contacts (id, name, given_name, created_at, mailbox, relay, their_box, capability, session)
                       VALUES ('robin', 'Robin', 'Robin', 1, 1, 'relay', x'06', x'07', x'08');",
                )?;
                store.run_for_tests(&format!(
                    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {all})
                     INSERT INTO messages (id, contact, direction, kind, text, sent_at, received_at, sent)
                       SELECT unhex(printf('%032x', n)), 'robin', 0, 'text',
                         printf('Message %d of Grüße', n) || substr(' with more words than fit into one row', 1, n % 3 * 40),
                         1, 1, 0 FROM number;
                     INSERT INTO events (kind, contact, message)
                       VALUES (1, 'robin', {all} - 2), (1, 'robin', {all} - 1), (1, 'robin', {all});"
                ))
            })
            .map_err(Fault::from)
            .unwrap();
        engine
    }

    /// Counts the steps of the database's machine from now on.
    pub(crate) fn counted(engine: &mut Engine) -> std::sync::Arc<std::sync::atomic::AtomicU64> {
        engine.vault.count_steps()
    }

    /// Two profiles of 100,000 messages, one with a passphrase, for `tests/src/bin/screen.rs` to measure: only where its
    /// folder is named.
    #[test]
    fn profiles_to_measure() {
        let Ok(folder) = std::env::var("CAIRN_MEASURE") else { return };
        let folder = std::path::Path::new(&folder);
        for (name, all) in [("open", 100_000), ("short", 100)] {
            talking(&folder.join(name), all);
        }
        let passphrase = Protection::Passphrase("four quiet words here".to_owned().into());
        made(&folder.join("locked"), 100_000, passphrase);
    }

    fn texts(page: &[Placed]) -> Vec<i64> {
        page.iter().map(|placed| placed.place).collect()
    }

    #[test]
    fn a_page_holds_what_was_asked_for_in_order_and_knows_what_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = talking(folder.path(), 250);
        assert_eq!(texts(&engine.page("robin", Page::Newest, 3).unwrap()), [248, 249, 250]);
        assert_eq!(texts(&engine.page("robin", Page::Before(248), 2).unwrap()), [246, 247]);
        assert_eq!(texts(&engine.page("robin", Page::Before(2), 9).unwrap()), [1]);
        assert_eq!(texts(&engine.page("robin", Page::From(249), 9).unwrap()), [249, 250]);
        assert!(engine.page("nobody", Page::Newest, 3).unwrap().is_empty());
        let newest = engine.page("robin", Page::Newest, 4).unwrap();
        assert_eq!(newest.iter().map(|one| one.unread).collect::<Vec<_>>(), [false, true, true, true]);
        assert!(newest.iter().all(|one| one.message.direction == Direction::In));
        assert_eq!(engine.first_unread("robin").unwrap(), Some(248));
        assert_eq!(engine.unread().unwrap().into_iter().collect::<Vec<_>>(), [("robin".to_owned(), 3)]);
        engine.mark_read(&[248, 250, 1]).unwrap();
        assert_eq!(engine.first_unread("robin").unwrap(), Some(249));
        assert_eq!(engine.unread().unwrap().get("robin"), Some(&1));
    }

    #[test]
    fn a_draft_is_there_after_the_profile_was_closed_and_gone_when_it_was_sent_or_erased() {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = talking(folder.path(), 250);
        assert_eq!(engine.draft("robin").unwrap(), "");
        engine.keep_draft("robin", "half a").unwrap();
        engine.keep_draft("robin", "half a thought\n and").unwrap();
        drop(engine);
        let home = Home::new(Some(folder.path()), "test").unwrap();
        let mut engine = Engine::open(&home, None).unwrap();
        assert_eq!(engine.draft("robin").unwrap(), "half a thought\n and");
        let outcome = engine.save("robin", "half a thought\n and more").unwrap();
        assert_eq!(outcome.state, crate::engine::model::SendState::Saved);
        assert_eq!(engine.draft("robin").unwrap(), "", "what was sent is no draft any more");
        assert_eq!(engine.page("robin", Page::Newest, 1).unwrap()[0].message.text, "half a thought\n and more");
        engine.keep_draft("robin", "x").unwrap();
        engine.keep_draft("robin", "").unwrap();
        assert_eq!(engine.draft("robin").unwrap(), "");
        assert!(engine.keep_draft("nobody", "x").is_err());
    }
}
