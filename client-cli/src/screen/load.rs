//! What is read from the vault for the screen: people, the part of the conversation near the view, and what is new.
//!
//! In: what is in view. Out: pages, marks. This file must never mark anything as shown that was not drawn.

use super::search::HITS;
use super::state::Over;
use super::view::{self, Layout};
use super::{Face, Flow};
use crate::app::Event;
use crate::command::Stop;
use crate::engine::Fault;
use crate::engine::model::{Event as News, Outcome, Page, Queued, SendState, Start};
use crate::plain::bell;
use crate::screen::messages::{Entry, Messages};
use crate::screen::talk::Said;

/// Pages that are loaded for one picture at most.
const PAGES: usize = 8;

impl Face<'_> {
    fn open_id(&self) -> Option<String> {
        self.app.person.as_ref().map(|person| person.id.clone())
    }

    fn height(&self) -> usize {
        Layout::of(&self.app, &self.state).pane_height()
    }

    /// Everybody, and how much of each was not shown.
    pub(super) fn load_people(&mut self) -> Result<(), Stop> {
        let Some(engine) = &self.engine else { return Ok(()) };
        self.state.people.set(engine.contacts()?, &engine.unread()?);
        Ok(())
    }

    /// Opens a conversation at its end, or at what is new where that is more than fits.
    pub(super) fn load_conversation(&mut self, id: &str) -> Result<(), Stop> {
        self.load_people()?;
        let layout = Layout::of(&self.app, &self.state);
        let (width, height) = (layout.pane_width(), layout.pane_height());
        let most = Messages::wanted(height);
        let Some(engine) = &self.engine else { return Ok(()) };
        let fresh = engine.first_unread(id)?;
        self.state.messages.open(&engine.page(id, Page::Newest, most)?, Page::Newest, most, fresh);
        if let Some(place) = fresh
            && !self.state.messages.seen(width, height, &[]).begins(place)
        {
            self.jump_to(id, place, fresh)?;
        }
        self.fill()
    }

    /// Shows this message first.
    pub(super) fn jump_to(&mut self, id: &str, place: i64, fresh: Option<i64>) -> Result<(), Stop> {
        let most = Messages::wanted(self.height());
        let Some(engine) = &self.engine else { return Ok(()) };
        let page = engine.page(id, Page::From(place), most)?;
        self.state.messages.open(&page, Page::From(place), most, fresh);
        self.state.messages.show_from(place);
        Ok(())
    }

    /// Loads what the view needs to move on.
    fn fill(&mut self) -> Result<(), Stop> {
        let (Some(engine), Some(id)) = (&self.engine, self.open_id()) else { return Ok(()) };
        let height = self.height();
        for _ in 0..PAGES {
            let Some(page) = self.state.messages.missing(height) else { break };
            let most = Messages::wanted(height);
            self.state.messages.take(&engine.page(&id, page, most)?, page, most);
        }
        Ok(())
    }

    /// Loads anew what has changed.
    pub(super) fn refresh(&mut self) -> Result<(), Stop> {
        self.load_people()?;
        if let (Some(engine), Some(id)) = (&self.engine, self.open_id()) {
            let (page, most) = self.state.messages.again(self.height());
            self.state.messages.take(&engine.page(&id, page, most)?, page, most);
        }
        Ok(())
    }

    /// Draws everything; only then it counts as shown.
    pub(super) fn draw(&mut self) -> Result<(), Stop> {
        self.fill()?;
        if let Some(Over::Big(big)) = &self.state.over {
            self.state.messages.show_from(big.place);
            self.fill()?;
        }
        let picture = view::draw(&self.app, &self.state);
        self.terminal.draw(picture.buffer, picture.cursor).map_err(gone)?;
        let (mut places, mut numbers) = self.state.messages.drawn(&picture.seen);
        places.extend(picture.read.filter(|place| self.state.messages.read(*place)));
        numbers.extend(picture.told);
        for said in &mut self.state.talk.said {
            if let Said::News(text, number) = said
                && numbers.contains(number)
            {
                *said = Said::Words(std::mem::take(text));
            }
        }
        let open = self.open_id();
        let Some(engine) = &mut self.engine else { return Ok(()) };
        if !places.is_empty() {
            engine.mark_read(&places)?;
            let read = u64::try_from(places.len()).unwrap_or_default();
            if let Some(person) = self.state.people.all.iter_mut().find(|one| Some(&one.contact.id) == open.as_ref()) {
                person.unread = person.unread.saturating_sub(read);
            }
        }
        if !numbers.is_empty() {
            engine.mark_shown(&numbers)?;
        }
        Ok(())
    }

    /// What is new and is told by the journeys: not the messages of this conversation, which are drawn, nor what waits to
    /// be seen.
    pub(super) fn unshown(&self) -> Result<Vec<Queued>, Stop> {
        let open = self.open_id();
        let mut pending: Vec<i64> = self.state.messages.pending().collect();
        pending.extend(self.state.talk.said.iter().filter_map(|said| match said {
            Said::News(_, number) => Some(*number),
            _ => None,
        }));
        let mut all = self.engine.as_ref().map(crate::engine::Engine::unshown).transpose()?.unwrap_or_default();
        all.retain(|queued| {
            let drawn = matches!(&queued.event, News::Message(message) if Some(&message.contact_id) == open.as_ref());
            !drawn && !pending.contains(&queued.number)
        });
        Ok(all)
    }

    /// How many messages were not shown, of everybody.
    fn unread(&self) -> u64 {
        self.state.people.all.iter().map(|person| person.unread).sum()
    }

    /// Something was stored while nobody asked for it.
    pub(super) async fn news_came(&mut self) -> Result<Flow, Stop> {
        let before = self.unread();
        self.refresh()?;
        if self.unread() > before {
            bell::ring(&self.app.settings)?;
        }
        let all = self.unshown()?;
        self.happen(Event::News(all), true).await?;
        if let (Some(id), true) = (self.open_id(), self.app.check.is_some()) {
            let check = self.engine()?.check(&id);
            self.happen(Event::Check(check), true).await?;
        }
        Ok(Flow::On)
    }

    /// A relay has said why nothing goes out to this person: told once.
    pub(super) async fn tell_what_holds_up(&mut self) -> Result<Flow, Stop> {
        let (Some(engine), Some(person)) = (&self.engine, &self.app.person) else { return Ok(Flow::On) };
        let fault = engine.held_up(&person.id);
        if std::mem::replace(&mut self.held_up, fault.clone()) == fault || fault.is_none() {
            return Ok(Flow::On);
        }
        let outcome = Outcome { id: String::new(), to: person.name.clone(), state: SendState::Saved, fault };
        self.happen(Event::Sent(Ok(outcome)), true).await
    }

    /// Whether there is more to look through for a search.
    pub(super) fn is_searching(&self) -> bool {
        matches!(&self.state.over, Some(Over::Search(search)) if search.is_hungry())
    }

    /// Looks through one stretch of the conversation.
    pub(super) fn search_on(&mut self) -> Result<(), Stop> {
        let Some(id) = self.open_id() else { return Ok(()) };
        let (Some(engine), Some(Over::Search(search))) = (&self.engine, &mut self.state.over) else { return Ok(()) };
        if let Some(words) = search.words.clone().filter(|_| search.is_hungry()) {
            let from = search.next.map_or(Start::Newest, Start::Before);
            match engine.search(&id, &words, from, HITS) {
                Ok(found) => {
                    search.hits.extend(found.hits.iter().rev().map(|hit| Entry::written(hit.place, &hit.message)));
                    search.next = match found.next {
                        Some(Start::Before(place)) => Some(place),
                        _ => None,
                    };
                    search.looking = search.next.is_some();
                }
                Err(Fault::Usage(_)) => search.looking = false,
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }
}

/// A terminal that is gone ends the conversation, as a closed pipe does.
fn gone(_: std::io::Error) -> Stop {
    Stop::Closed
}
