//! Looking for words in one conversation.
//!
//! In: words, where to begin. Out: the messages that hold them, a page at a time. A message is looked at as a person sees
//! it, without what moves or hides; big and small letters are the same. This file must never hold more than one page, nor
//! look at more than one stretch of messages in one call, however long the conversation is.

use super::model::{Found, Hit, Start};
use super::{Engine, Fault};
use crate::language::trouble;
use crate::sanitize;

/// Messages that one call looks at. Larger: a key is answered late in a long conversation. Smaller: more calls.
pub const STRETCH: usize = 2048;

/// Bytes of words to look for. Larger: nothing that anybody remembers. Smaller: a sentence doesn't fit.
const LONGEST: usize = 1024;

/// Words to look for, in the form in which they are compared.
struct Wanted(String);

/// As a person sees it, in one form for big and small letters, one space between words.
fn folded(text: &str) -> String {
    let shown = sanitize::text(text);
    let mut out = String::with_capacity(shown.len());
    for word in shown.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        // Big and then small: letters that have several small forms come to one.
        out.extend(word.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
    out
}

impl Wanted {
    fn new(text: &str) -> Result<Self, Fault> {
        if text.len() > LONGEST {
            return Err(Fault::Usage(trouble::words_long(LONGEST)));
        }
        match folded(text) {
            wanted if wanted.is_empty() => Err(Fault::Usage(trouble::no_word())),
            wanted => Ok(Self(wanted)),
        }
    }

    fn is_in(&self, text: &str) -> bool {
        folded(text).contains(&self.0)
    }
}

impl Engine {
    /// Looks through one stretch of a conversation for at most `most` messages that hold these words.
    ///
    /// # Errors
    /// [`Fault::NoContact`]; [`Fault::Usage`] for words that can't be looked for.
    pub fn search(&self, contact: &str, text: &str, from: Start, most: usize) -> Result<Found, Fault> {
        let contact = self.contact(contact)?;
        let wanted = Wanted::new(text)?;
        self.vault.read(|store| {
            let (mut places, mut looked, mut last, mut ended) = (Vec::new(), 0, None, true);
            store.look_through(&contact.id, from, |place, text| {
                if looked == STRETCH || places.len() == most {
                    ended = false;
                    return false;
                }
                if wanted.is_in(text) {
                    places.push(place);
                }
                looked += 1;
                last = Some(place);
                true
            })?;
            let hits = places.into_iter().map(|place| Ok(Hit { place, message: store.message(place)? }));
            let mut hits: Vec<Hit> = hits.collect::<Result<_, Fault>>()?;
            if !matches!(from, Start::After(_)) {
                hits.reverse();
            }
            let further =
                |place| if matches!(from, Start::After(_)) { Start::After(place) } else { Start::Before(place) };
            Ok(Found { hits, next: last.filter(|_| !ended).map(further) })
        })
    }

    /// [`search`](Self::search) through as many stretches as it takes to find `most` messages, or to come to the end.
    ///
    /// # Errors
    /// The same.
    pub fn find(&self, contact: &str, text: &str, from: Start, most: usize) -> Result<Found, Fault> {
        let mut found = self.search(contact, text, from, most)?;
        while let Some(next) = found.next.filter(|_| found.hits.len() < most) {
            let mut further = self.search(contact, text, next, most - found.hits.len())?;
            if matches!(next, Start::After(_)) {
                found.hits.append(&mut further.hits);
            } else {
                further.hits.append(&mut found.hits);
                found.hits = further.hits;
            }
            found.next = further.next;
        }
        Ok(found)
    }
}
