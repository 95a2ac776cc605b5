//! The plain conversation: the reference face. Lines are only ever added; the terminal edits what is typed.
//!
//! In: lines, and what the engine stores. Out: lines. `update` decides, this folder does. It must never learn a key; a
//! passphrase passes through and is not kept.

pub(crate) mod bell;
mod blocks;
pub(crate) mod curtain;
mod drafts;
mod editing;
pub(crate) mod idle;
mod pace;
mod page;
mod secret;
mod typing;

use crate::app::{App, Effect, Event, Why};
use crate::begun;
use crate::carry_out::carry_out;
use crate::command::{Run, Stop, closing};
use crate::engine::notice;
use crate::engine::{Engine, Fault, Protection};
use crate::faces::{self, Flow, LOOK, Over, Steps};
use crate::home::Home;
use crate::language::{command, step};
use crate::output::human;
use crate::sanitize;
use crate::shared;
use crate::update::update;
use blocks::Blocks;
use idle::Awake;
use page::{Held, Page, numbered};
use std::collections::VecDeque;
use typing::{Input, Typing};
use zeroize::Zeroizing;

/// Opens the conversation.
pub(crate) fn open(run: &Run, over: Option<Over>) -> Result<Option<Over>, Stop> {
    if run.config.json {
        return Err(Stop::usage(command::talk_no_json(), "cairn inbox --follow --json"));
    }
    let terminal = run.config.may_ask && run.config.terminal;
    if !terminal && !run.config.plain_asked {
        return Err(Stop::usage(command::no_terminal(), step::instead_of_terminal()));
    }
    let over = over.map_or_else(|| Over::nothing(run), Ok)?;
    let app = over.app(run);
    let home = over.home;
    let mut face = Face {
        run,
        engine: over.engine,
        app,
        page: Page::new(run.config.terminal),
        blocks: Blocks::default(),
        typing: Typing::start()?,
        events: VecDeque::new(),
        passphrase: None,
        trouble: None,
        stuck: false,
        awake: Awake::now(0),
        home,
    };
    let ended = run.wait(async { faces::live(&mut face, terminal).await });
    // However it ended, what was half typed is kept.
    let _closing = closing();
    let kept = run.last(face.keep_half_typed());
    match ended? {
        Flow::Over => Ok(Some(Over::of(face.home, &face.app, face.engine))),
        Flow::On | Flow::Hide(_) | Flow::Done => Ok(kept.map(|()| None)?),
    }
}

struct Face<'a> {
    run: &'a Run,
    home: Home,
    engine: Option<Engine>,
    app: App,
    page: Page,
    /// What waits for Enter, at the slow pace.
    blocks: Blocks,
    typing: Typing,
    events: VecDeque<Event>,
    passphrase: Option<Zeroizing<String>>,
    /// What the last look at the relays said.
    trouble: Option<Fault>,
    /// Fetching can't go on in this run.
    stuck: bool,
    /// When a key was last pressed.
    awake: Awake,
}

impl Steps for Face<'_> {
    fn is_open(&self) -> bool {
        self.engine.is_some()
    }

    fn begin(&mut self) -> Result<(), Stop> {
        self.awake = Awake::now(self.typing.keys());
        self.events.push_back(faces::begin(&self.home, &mut self.engine, &mut self.app)?);
        Ok(())
    }

    async fn step(&mut self) -> Result<Flow, Stop> {
        let Some(event) = self.events.pop_front() else {
            if self.is_idle().await {
                return Ok(Flow::Hide(Why::Idle));
            }
            self.listen().await?;
            return Ok(Flow::On);
        };
        for effect in update(&mut self.app, event) {
            match self.act(effect).await? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    async fn hide(&mut self, why: Why) -> Result<(), Stop> {
        self.close_and_hide(why).await
    }
}

impl Face<'_> {
    /// Waits for a line or for news.
    async fn listen(&mut self) -> Result<(), Stop> {
        let look = LOOK.min(self.until_idle().unwrap_or(LOOK));
        let Some(engine) = &mut self.engine else {
            let input = self.typing.next().await;
            return self.typed(input).await;
        };
        let fetched = tokio::select! {
            biased;
            input = self.typing.next() => return self.typed(input).await,
            news = engine.follow(), if !self.stuck => Some(news),
            () = tokio::time::sleep(look) => None,
        };
        match fetched {
            Some(Ok(())) => {
                let news = self.news()?;
                self.come_in(news).await?;
            }
            Some(Err(fault)) => {
                // Waiting changes nothing: it is told, and the person can go on reading and writing.
                self.stuck = true;
                self.come_in(Event::Trouble(Some(fault))).await?;
            }
            None if self.stuck => return Ok(()),
            None => {
                let now = self.engine()?.trouble();
                if let Some(event) = faces::looked(&mut self.trouble, now) {
                    self.come_in(event).await?;
                }
            }
        }
        if let Some(id) = self.app.person.as_ref().map(|person| person.id.clone()) {
            let waiting = self.engine()?.contact(&id)?.waiting;
            self.come_in(Event::Waiting(waiting)).await?;
            if self.app.check.is_some() {
                let check = self.engine()?.check(&id);
                self.come_in(Event::Check(check)).await?;
            }
        }
        Ok(())
    }

    /// Something was typed: what was held comes first.
    async fn typed(&mut self, input: Input) -> Result<(), Stop> {
        self.awake = Awake::now(self.typing.keys());
        // It may have come, or become old, meanwhile.
        self.app.center = notice::center(&self.home);
        if input != Input::Cleared || !self.typing.is_half_typed().await {
            self.release()?;
        }
        if drafts::is_done_with(&input) {
            self.keep_draft(b"")?;
        }
        if self.takes_for_more(&input)? {
            return Ok(());
        }
        self.events.extend(match input {
            Input::Cleared => None,
            Input::CutOff => Some(Event::CutOff),
            Input::End => Some(Event::End),
            Input::Line(bytes) => Some(String::from_utf8(bytes).map_or(Event::NotText, Event::Line)),
        });
        Ok(())
    }

    /// What comes in by itself is printed now, or when the half-typed line is done.
    async fn come_in(&mut self, event: Event) -> Result<(), Stop> {
        let letters = bell::tells_of_words(&event);
        let effects = update(&mut self.app, event);
        if letters && effects.iter().any(|effect| !matches!(effect, Effect::Mark(_))) {
            self.ring()?;
        }
        for effect in effects {
            match effect {
                Effect::Say(text) => self.add_or_hold(Held::of(text)).await?,
                Effect::Choices(lines) => {
                    for line in numbered(&lines) {
                        self.add_or_hold(line).await?;
                    }
                }
                Effect::News(events) => {
                    for queued in events {
                        let (text, numbers) = (human::event(&queued.event), vec![queued.number]);
                        self.add_or_hold(Held { text, wrap: true, numbers }).await?;
                    }
                }
                other => {
                    self.act(other).await?;
                }
            }
        }
        Ok(())
    }

    fn news(&self) -> Result<Event, Stop> {
        let held: Vec<i64> = self.page.pending().into_iter().chain(self.blocks.pending()).collect();
        let mut all = self.engine.as_ref().map(Engine::unshown).transpose()?.unwrap_or_default();
        all.retain(|queued| !held.contains(&queued.number));
        Ok(Event::News(all))
    }

    async fn add_or_hold(&mut self, paragraph: Held) -> Result<(), Stop> {
        if self.page.holds() || self.typing.is_half_typed().await {
            self.page.hold(paragraph);
            Ok(())
        } else {
            self.add(&paragraph)
        }
    }

    /// Prints a paragraph at once; only then its events count as shown.
    fn print(&mut self, paragraph: &Held) -> Result<(), Stop> {
        self.page.add(paragraph)?;
        match &mut self.engine {
            Some(engine) if !paragraph.numbers.is_empty() => Ok(engine.mark_shown(&paragraph.numbers)?),
            _ => Ok(()),
        }
    }

    fn release(&mut self) -> Result<(), Stop> {
        self.page.release().iter().try_for_each(|paragraph| self.add(paragraph))
    }

    fn engine(&mut self) -> Result<&mut Engine, Stop> {
        self.engine.as_mut().ok_or_else(|| Fault::NotSetUp.into())
    }

    /// Does one thing.
    async fn act(&mut self, effect: Effect) -> Result<Flow, Stop> {
        match effect {
            Effect::Say(text) | Effect::Moment(text) => self.add(&Held::of(text))?,
            Effect::Gap => self.add(&Held::of(""))?,
            Effect::Choices(lines) => numbered(&lines).try_for_each(|line| self.add(&line))?,
            Effect::Invitation(invitation) => {
                self.add(&Held::of(human::invitation_head(&invitation)))?;
                let link = invitation.link.as_deref().map(crate::sanitize::line).unwrap_or_default();
                self.add(&Held { text: format!("\n{link}\n"), wrap: false, numbers: Vec::new() })?;
                self.add(&Held::of(human::invitation_rules(&invitation)))?;
                human::invitation_earlier(&invitation).into_iter().try_for_each(|said| self.add(&Held::of(said)))?;
            }
            Effect::Past(messages) => {
                for message in &messages {
                    self.add(&Held::of(human::message(message)))?;
                }
            }
            Effect::News(events) => {
                for queued in events {
                    let (text, numbers) = (human::event(&queued.event), vec![queued.number]);
                    self.add(&Held { text, wrap: true, numbers })?;
                }
            }
            Effect::Mark(numbers) => self.engine()?.mark_shown(&numbers)?,
            Effect::AskNewPassphrase => {
                self.add_the_rest()?;
                self.ask_new_passphrase()?;
            }
            Effect::AskPassphrase => {
                self.add_the_rest()?;
                self.ask_passphrase()?;
            }
            Effect::Set { key, value } => {
                return Ok(faces::set(self.run, &self.home, (&mut self.app, &mut self.events), key, &value));
            }
            Effect::Make { name } => {
                let passphrase = self.passphrase.take().ok_or(Fault::Locked)?;
                let made = Engine::create(&self.home, &name, None, None, Protection::Passphrase(passphrase));
                self.events.push_back(faces::keep(&mut self.engine, made, Event::Made));
            }
            Effect::LoadPeople => {
                let people = self.engine()?.contacts()?;
                let news = self.news()?;
                // News first: the list tells how much is new.
                self.events.extend([news, Event::People(people)]);
            }
            Effect::LoadPast { contact_id, last } => {
                self.fetch_draft(&contact_id)?;
                let past = self.engine()?.history(&contact_id, Some(last))?;
                self.events.push_back(Event::Past(past));
            }
            Effect::Send { contact_id, text } => {
                let sent = self.engine()?.send_typed(&contact_id, &text).await;
                Box::pin(self.come_in(Event::Sent(sent))).await?;
            }
            Effect::Hide => return Ok(Flow::Hide(Why::Asked)),
            Effect::Close => {
                self.engine = None;
                (self.trouble, self.stuck) = (None, false);
                // What was not printed was not shown: it comes again.
                self.page.release();
                self.blocks.take();
            }
            Effect::Clear => {
                if !curtain::clear(&self.run.config)? {
                    self.add(&Held::of(crate::language::said::can_not_empty()))?;
                }
            }
            Effect::Begin => self.begin()?,
            Effect::PutBack(text) if self.run.config.may_ask => {
                self.add_the_rest()?;
                self.typing.put(text.as_bytes());
            }
            Effect::PutBack(text) => self.add(&Held::of(sanitize::text(&text)))?,
            Effect::Keep(begun) => begun::keep(&self.home, begun.as_ref())?,
            Effect::AskCenter { link } => {
                let center = notice::ask_before(&self.home, &link).await;
                self.events.push_back(Event::Center(center));
            }
            Effect::Share => {
                self.home = shared::change(self.run, &self.home, &mut self.app)?;
                self.begin()?;
            }
            Effect::RemoveAll => {
                self.engine = None;
                self.blocks.take();
                crate::removal::alone(&self.home)?;
                curtain::clear(&self.run.config)?;
                self.run.removed.set(true);
                return Ok(Flow::Done);
            }
            Effect::Quit => {
                self.add_the_rest()?;
                return Ok(Flow::Done);
            }
            Effect::Fail(fault) => return Err(fault.into()),
            other => {
                self.stuck &= !matches!(other, Effect::JoinAgain { .. } | Effect::InviteAgain { .. });
                let happened = carry_out(self.engine()?, other).await?;
                self.events.extend(happened);
            }
        }
        Ok(Flow::On)
    }
}
