//! What is read from the vault for the screen: people, the part of the conversation near the view, and what is new.
//!
//! In: what is in view. Out: pages, marks. This file must never mark anything as shown that was not drawn.

use super::search::HITS;
use super::state::{Over, State};
use super::view::{self, Drawn, Layout, Picture};
use super::{Face, Flow};
use crate::app::{App, Event};
use crate::command::Stop;
use crate::engine::model::{Event as News, Outcome, Page, Queued, SendState, Start};
use crate::engine::{Engine, Fault};
use crate::plain::bell;
use crate::screen::messages::{Entry, Messages};
use crate::screen::talk::Said;

/// Pages that are loaded for one picture at most.
const PAGES: usize = 8;

fn open_id(app: &App) -> Option<String> {
    app.person.as_ref().map(|person| person.id.clone())
}

fn height(app: &App, state: &State) -> usize {
    Layout::of(app, state).pane_height()
}

/// Everybody, and how much of each was not shown.
fn people(engine: &Engine, state: &mut State) -> Result<(), Fault> {
    state.people.set(engine.contacts()?, &engine.unread()?);
    Ok(())
}

/// Opens a conversation at its end, or at what is new where that is more than fits.
fn conversation(engine: &Engine, app: &App, state: &mut State, id: &str) -> Result<(), Fault> {
    people(engine, state)?;
    let layout = Layout::of(app, state);
    let (width, height) = (layout.pane_width(), layout.pane_height());
    let most = Messages::wanted(height);
    let fresh = engine.first_unread(id)?;
    state.messages.open(&engine.page(id, Page::Newest, most)?, Page::Newest, most, fresh);
    if let Some(place) = fresh
        && !state.messages.seen(width, height, &[]).begins(place)
    {
        jump(engine, app, state, (id, place, fresh))?;
    }
    fill(engine, app, state)
}

/// Shows this message of this person first; `fresh` is the first that is new.
fn jump(
    engine: &Engine,
    app: &App,
    state: &mut State,
    (id, place, fresh): (&str, i64, Option<i64>),
) -> Result<(), Fault> {
    let most = Messages::wanted(height(app, state));
    let page = engine.page(id, Page::From(place), most)?;
    if page.is_empty() {
        // It was removed meanwhile, and all that stood behind it.
        state.messages.open(&engine.page(id, Page::Newest, most)?, Page::Newest, most, fresh);
        return Ok(());
    }
    state.messages.open(&page, Page::From(place), most, fresh);
    state.messages.show_from(place);
    Ok(())
}

/// Loads what the view needs to move on.
fn fill(engine: &Engine, app: &App, state: &mut State) -> Result<(), Fault> {
    let Some(id) = open_id(app) else { return Ok(()) };
    let height = height(app, state);
    for _ in 0..PAGES {
        let Some(page) = state.messages.missing(height) else { break };
        let most = Messages::wanted(height);
        state.messages.take(&engine.page(&id, page, most)?, page, most);
    }
    Ok(())
}

/// The picture, with all that it needs from the vault.
fn picture(engine: Option<&Engine>, app: &App, state: &mut State) -> Result<Picture, Fault> {
    if let Some(engine) = engine {
        fill(engine, app, state)?;
        if let Some(Over::Big(big)) = &state.over {
            state.messages.show_from(big.place);
            fill(engine, app, state)?;
        }
    }
    Ok(view::draw(app, state))
}

/// A picture was drawn: what could be seen on it is not new any more.
fn mark(engine: Option<&mut Engine>, app: &App, state: &mut State, picture: &Drawn) {
    let (mut places, mut numbers) = state.messages.drawn(&picture.seen);
    places.extend(picture.read.filter(|place| state.messages.read(*place)));
    numbers.extend(&picture.told);
    for said in &mut state.talk.said {
        if let Said::News(text, number) = said
            && numbers.contains(number)
        {
            *said = Said::Words(std::mem::take(text));
        }
    }
    let Some(engine) = engine else { return };
    // A mark that can't be written, as on a full disk, keeps nobody from reading: it is shown again as new.
    if !places.is_empty() && engine.mark_read(&places).is_ok() {
        let (open, read) = (open_id(app), u64::try_from(places.len()).unwrap_or_default());
        if let Some(person) = state.people.all.iter_mut().find(|one| Some(&one.contact.id) == open.as_ref()) {
            person.unread = person.unread.saturating_sub(read);
        }
    }
    if !numbers.is_empty() {
        let _ = engine.mark_shown(&numbers);
    }
}

impl Face<'_> {
    /// Everybody, and how much of each was not shown.
    pub(super) fn load_people(&mut self) -> Result<(), Stop> {
        let Some(engine) = &self.engine else { return Ok(()) };
        Ok(people(engine, &mut self.state)?)
    }

    /// Opens a conversation.
    pub(super) fn load_conversation(&mut self, id: &str) -> Result<(), Stop> {
        let Some(engine) = &self.engine else { return Ok(()) };
        Ok(conversation(engine, &self.app, &mut self.state, id)?)
    }

    /// Shows this message of the open conversation first.
    pub(super) fn jump_to(&mut self, place: i64) -> Result<(), Stop> {
        let (Some(engine), Some(id)) = (&self.engine, open_id(&self.app)) else { return Ok(()) };
        Ok(jump(engine, &self.app, &mut self.state, (&id, place, None))?)
    }

    /// Loads anew what has changed.
    pub(super) fn refresh(&mut self) -> Result<(), Stop> {
        self.load_people()?;
        if let (Some(engine), Some(id)) = (&self.engine, open_id(&self.app)) {
            let (page, most) = self.state.messages.again(height(&self.app, &self.state));
            self.state.messages.take(&engine.page(&id, page, most)?, page, most);
        }
        Ok(())
    }

    /// Draws everything; only then it counts as shown.
    pub(super) fn draw(&mut self) -> Result<(), Stop> {
        let (buffer, cursor, drawn) = picture(self.engine.as_ref(), &self.app, &mut self.state)?.parts();
        self.terminal.draw(buffer, cursor).map_err(gone)?;
        mark(self.engine.as_mut(), &self.app, &mut self.state, &drawn);
        Ok(())
    }

    /// What is new and is told by the journeys: not the messages of this conversation, which are drawn, nor what waits to
    /// be seen.
    pub(super) fn unshown(&self) -> Result<Vec<Queued>, Stop> {
        let open = open_id(&self.app);
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
        if let (Some(id), true) = (open_id(&self.app), self.app.check.is_some()) {
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
        let Some(id) = open_id(&self.app) else { return Ok(()) };
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
pub(super) fn gone(_: std::io::Error) -> Stop {
    Stop::Closed
}

#[cfg(test)]
mod tests;
