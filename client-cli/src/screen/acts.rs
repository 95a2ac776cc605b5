//! What is done: keys become events, events become effects, and effects are carried out.
//!
//! In: wishes and effects. Out: what stands on the screen, and what the engine is asked for. This file must never decide
//! what happens next: `update` does.

use super::compose::Compose;
use super::drafts;
use super::keys;
use super::secret::{Answer, Secret};
use super::state::{Over, Wish};
use super::talk::Said;
use super::theme::Theme;
use super::{Face, Flow};
use crate::app::{Choice, Effect, Event, Loading, Screen, Why};
use crate::begun;
use crate::command::{Stop, provided};
use crate::engine::model::Event as News;
use crate::engine::{Engine, Fault, Protection, notice};
use crate::faces::{self, Steps};
use crate::language::screen as texts;
use crate::output::human;
use crate::plain::idle::Awake;
use crate::shared;
use crate::update::update;

impl Face<'_> {
    /// A key was pressed.
    pub(super) fn pressed(&mut self, key: keys::Key) -> Result<Flow, Stop> {
        self.awake = Awake::now(0);
        let Some(wish) = self.state.key(&self.app, key) else {
            self.note_draft();
            return Ok(Flow::On);
        };
        match wish {
            Wish::Line(line) => self.ask(Event::Line(line)),
            Wish::Help => self.help(),
            Wish::Card => self.card(),
            Wish::Hide => return Ok(Flow::Hide(Why::Asked)),
            Wish::Quit if self.asks_before_the_end() => self.ask(Event::Leave),
            Wish::Quit => return Ok(Flow::Done),
            Wish::Interrupt => return Err(Fault::Interrupted.into()),
            Wish::Open(contact) => {
                self.leave_question();
                self.ask(Event::Open(contact));
            }
            Wish::Secret(Answer::Hide) => return Ok(Flow::Hide(Why::Asked)),
            Wish::Secret(answer) => self.answered(answer)?,
            Wish::Find(words) => {
                if let Some(Over::Search(search)) = &mut self.state.over {
                    search.begin(words);
                }
            }
            Wish::Jump(place) => {
                self.state.over = None;
                self.jump_to(place)?;
            }
        }
        Ok(Flow::On)
    }

    /// Whether all of it would end, and that was not said yet.
    fn asks_before_the_end(&self) -> bool {
        let asked = matches!(&self.app.screen, Screen::Choosing(choices) if choices.contains(&Choice::Leave));
        self.app.shared.as_ref().is_some_and(shared::Place::is_memory) && self.engine.is_some() && !asked
    }

    /// The person asks for something: what was said before is done with.
    fn ask(&mut self, event: Event) {
        // It may have come, or become old, or be gone, meanwhile.
        self.app.center = notice::center(&self.home);
        self.state.talk.clear();
        self.state.over = None;
        self.events.push_back(event);
    }

    fn help(&mut self) {
        match self.app.screen {
            Screen::Talk | Screen::Invitation | Screen::Name { .. } | Screen::JoinAgain { .. } | Screen::Checking => {
                self.helping = true;
                self.ask(Event::Line("?".to_owned()));
            }
            _ => self.state.tell_keys(),
        }
    }

    /// The card, over whatever is there; nothing below it changes.
    fn card(&mut self) {
        // It may have come, or become old, meanwhile.
        self.app.center = notice::center(&self.home);
        self.state.show_card(&self.app);
    }

    fn answered(&mut self, answer: Answer) -> Result<(), Stop> {
        match answer {
            Answer::Whole(passphrase) if matches!(self.app.screen, Screen::Passphrase { .. }) => {
                self.state.secret = None;
                self.passphrase = Some(passphrase);
                self.ask(Event::Chosen);
            }
            Answer::Whole(passphrase) => {
                self.state.secret = None;
                self.draw()?;
                let opened = Engine::open(&self.home, Some(passphrase));
                self.state.talk.clear();
                self.events.push_back(faces::keep(&mut self.engine, opened, Event::Opened));
            }
            // The question is done with: what comes next may be another one, and asks it again if it is this one.
            Answer::Differ => {
                self.state.secret = None;
                self.ask(Event::Differ);
            }
            Answer::Empty => {
                self.state.secret = None;
                self.ask(Event::Empty);
            }
            Answer::Help => self.card(),
            Answer::Hide => {}
        }
        Ok(())
    }

    /// One event with all that follows from it. `by_itself`: nobody has asked for it.
    pub(super) async fn happen(&mut self, event: Event, by_itself: bool) -> Result<Flow, Stop> {
        // What these say is in view already, with the messages.
        let quiet = match &event {
            Event::Past(_) => self.app.person.as_ref().is_some_and(|person| !person.rejoining),
            Event::Sent(Ok(outcome)) => outcome.fault.is_none(),
            _ => false,
        };
        if let Event::Set(Ok(settings)) = &event {
            self.state.theme = Theme::of(settings.theme, self.run.config.color);
        }
        let opening = matches!(event, Event::Past(_));
        let later = matches!(event, Event::Later(_));
        self.first_run |= matches!(event, Event::Made(Ok(())));
        let first_sent = self.first_run && matches!(event, Event::Sent(Ok(_)));
        let refused = matches!(event, Event::Sent(Err(_)) | Event::Later(Err(_)));
        let mut effects = update(&mut self.app, event);
        if let (true, Some(where_they_are)) = (refused, effects.get_mut(1)) {
            // In this face they do not stand above: they are in the line again.
            *where_they_are = Effect::Say(texts::still_here());
        }
        self.change_draft()?;
        if later {
            if let Some(words) = self.later.take().filter(|_| refused) {
                self.state.compose = Compose::of(drafts::joined(self.state.compose.text(), &words));
            }
            // What waits is no draft any more, on the disk neither.
            self.write_draft();
        }
        if !matches!(self.app.screen, Screen::Blank | Screen::Joining { .. }) {
            // Something is asked again.
            self.state.talk.go_on();
        }
        if self.state.talk.choices() > 0 && effects.iter().any(|effect| matches!(effect, Effect::Choices(_))) {
            self.state.talk.make_room();
        }
        for effect in effects {
            match effect {
                Effect::Say(_) | Effect::Gap if quiet => {}
                // It is marked when it is drawn.
                Effect::Mark(_) if opening => {}
                Effect::Say(text) if by_itself && self.app.screen == Screen::Talk => {
                    self.state.messages.note(text, None)
                }
                effect => match self.act(effect).await? {
                    Flow::On => {}
                    other => return Ok(other),
                },
            }
        }
        if std::mem::take(&mut self.helping) {
            self.state.tell_keys();
        }
        if first_sent {
            self.first_run = false;
            // Once, when the first message of a new profile is on its way.
            self.state.messages.note(texts::prefer_plain(), None);
        }
        Ok(Flow::On)
    }

    /// Does one thing.
    async fn act(&mut self, effect: Effect) -> Result<Flow, Stop> {
        match effect {
            Effect::Say(text) => self.state.talk.say(Said::Words(text)),
            Effect::Moment(text) => self.state.talk.say(Said::Moment(text)),
            Effect::Gap => self.state.talk.say(Said::Gap),
            Effect::Choices(lines) => {
                for (number, line) in (1..).zip(lines) {
                    self.state.talk.say(Said::Choice(number, line));
                }
            }
            Effect::Invitation(invitation) => {
                let link = invitation.link.as_deref().map(crate::sanitize::line).unwrap_or_default();
                self.state.talk.say(Said::Words(human::invitation_head(&invitation)));
                self.state.talk.say(Said::Gap);
                self.state.talk.say(Said::Whole(link));
                self.state.talk.say(Said::Gap);
                self.state.talk.say(Said::Words(human::invitation_rules(&invitation)));
                let earlier = human::invitation_earlier(&invitation).into_iter();
                earlier.for_each(|said| self.state.talk.say(Said::Words(said)));
            }
            // The conversation is drawn from the vault; what was found in it is said.
            Effect::Past(_) if self.app.screen == Screen::Talk => {}
            Effect::Past(found) => {
                found.iter().for_each(|message| self.state.talk.say(Said::Words(human::message(message))));
            }
            Effect::News(all) => {
                for queued in all.into_iter().filter(|queued| !matches!(queued.event, News::Message(_))) {
                    let text = human::event(&queued.event);
                    if self.app.person.is_some() {
                        self.state.messages.note(text, Some(queued.number));
                    } else {
                        self.state.talk.say(Said::News(text, queued.number));
                    }
                }
            }
            Effect::Mark(numbers) => self.engine()?.mark_shown(&numbers)?,
            Effect::AskNewPassphrase => match provided(&self.run.config)? {
                Some(passphrase) => {
                    self.passphrase = Some(passphrase);
                    self.events.push_back(Event::Chosen);
                }
                None => self.state.secret = Some(Secret::ask(true)),
            },
            Effect::AskPassphrase => match provided(&self.run.config)? {
                Some(passphrase) => {
                    let opened = Engine::open(&self.home, Some(passphrase));
                    self.events.push_back(faces::keep(&mut self.engine, opened, Event::Opened));
                }
                None => self.state.secret = Some(Secret::ask(false)),
            },
            Effect::Set { key, value } => {
                return Ok(faces::set(self.run, &self.home, (&mut self.app, &mut self.events), key, &value));
            }
            Effect::Make { name } => {
                self.draw()?;
                let passphrase = self.passphrase.take().ok_or(Fault::Locked)?;
                let made = Engine::create(&self.home, &name, None, None, Protection::Passphrase(passphrase));
                self.events.push_back(faces::keep(&mut self.engine, made, Event::Made));
            }
            Effect::LoadPeople => {
                self.load_people()?;
                let people = self.engine()?.contacts()?;
                // News first: the list tells how much is new.
                self.events.extend([Event::News(self.unshown()?), Event::People(people)]);
            }
            Effect::LoadPast { .. } if self.app.loading == Loading::Older => {
                self.ahead.push_front(keys::Key::PageUp);
            }
            Effect::LoadPast { contact_id, .. } => {
                self.held_up = None;
                self.load_conversation(&contact_id)?;
                self.events.extend([Event::Past(Vec::new()), Event::News(self.unshown()?)]);
            }
            Effect::Send { contact_id, text } => self.send(&contact_id, text)?,
            Effect::SendLater { contact_id, text, when } => {
                self.later = Some(text.clone());
                return self.work(Effect::SendLater { contact_id, text, when }).await;
            }
            Effect::Hide => return Ok(Flow::Hide(Why::Asked)),
            Effect::Close => {
                self.engine = None;
                (self.trouble, self.held_up, self.stuck) = (None, None, false);
                self.state.forget();
                self.later = None;
                self.forget_draft();
            }
            Effect::Clear => self.terminal.hide()?,
            Effect::Begin => self.begin()?,
            Effect::PutBack(text) => self.put_back(&text),
            Effect::Keep(begun) => begun::keep(&self.home, begun.as_ref())?,
            Effect::AskCenter { link } => return self.ask_center(&link).await,
            Effect::Share => {
                self.home = shared::change(self.run, &self.home, &mut self.app)?;
                self.begin()?;
            }
            Effect::RemoveAll => {
                self.engine = None;
                crate::removal::alone(&self.home)?;
                self.terminal.hide()?;
                self.run.removed.set(true);
                return Ok(Flow::Done);
            }
            Effect::Quit => return Ok(Flow::Done),
            Effect::Fail(fault) => return Err(fault.into()),
            other => return self.work(other).await,
        }
        Ok(Flow::On)
    }

    /// Saves a message; it goes out by itself.
    fn send(&mut self, contact_id: &str, text: String) -> Result<(), Stop> {
        let saved = self.engine()?.save(contact_id, &text);
        if saved.is_ok() {
            self.draft_was_sent();
            self.state.messages.go_to_end();
            self.refresh()?;
        } else if self.state.compose.is_empty() {
            self.state.compose = Compose::of(text);
        }
        self.note_draft();
        self.events.push_back(Event::Sent(saved));
        Ok(())
    }
}
