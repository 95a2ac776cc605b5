//! What this face remembers, and what a key does in it.
//!
//! In: keys. Out: a changed state, and at most one wish that needs more than the state. Pure: no terminal, no file, no clock.
//! This file must never let a paste send, nor take a key for a number unless choices are on the screen.

use super::big::Big;
use super::bottom;
use super::compose::Compose;
use super::keys::Key;
use super::messages::Messages;
use super::people::People;
use super::search::Search;
use super::secret::{Answer, Secret};
use super::talk::{Said, Talk};
use super::theme::Theme;
use super::view::Layout;
use crate::app::{App, Choice, Screen};
use crate::engine::model::Contact;
use crate::language::screen as texts;
use crate::output::card::{self, HELP};
use cairn_protocol::limits::TEXT;

/// What lies over the conversation.
#[derive(Debug)]
pub(super) enum Over {
    /// Help now.
    Card(Talk),
    /// The list of people has the arrows.
    People,
    /// One message, large.
    Big(Big),
    /// A search.
    Search(Search),
}

/// What a key asks for.
pub(super) enum Wish {
    /// A line for the journeys.
    Line(String),
    /// Choices, and what the keys do.
    Help,
    /// The card for an emergency.
    Card,
    /// An empty screen and a locked profile.
    Hide,
    /// The end.
    Quit,
    /// The end, as by Ctrl-C.
    Interrupt,
    /// This person's conversation.
    Open(Contact),
    /// What was typed hidden.
    Secret(Answer),
    /// To look for these words.
    Find(String),
    /// To show this message.
    Jump(i64),
}

/// All of it.
pub(super) struct State {
    pub(super) size: (u16, u16),
    pub(super) theme: Theme,
    pub(super) talk: Talk,
    pub(super) messages: Messages,
    pub(super) people: People,
    /// What is typed to the person whose conversation is open.
    pub(super) compose: Compose,
    /// What is typed to the program.
    pub(super) answer: Compose,
    pub(super) secret: Option<Secret>,
    pub(super) over: Option<Over>,
    /// The key before was a number that was obeyed at once: Enter belongs to it.
    chosen: bool,
}

impl State {
    /// Before anything happened.
    pub(super) fn new(size: (u16, u16), theme: Theme) -> Self {
        Self {
            size,
            theme,
            talk: Talk::default(),
            messages: Messages::default(),
            people: People::default(),
            compose: Compose::default(),
            answer: Compose::default(),
            secret: None,
            over: None,
            chosen: false,
        }
    }

    /// Nothing of the profile stays.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.size, self.theme);
    }

    /// The card for an emergency, over whatever is there; nothing below it changes.
    pub(super) fn show_card(&mut self, app: &App) {
        let mut talk = Talk::default();
        card::card(&app.center).into_iter().for_each(|line| talk.say(Said::Words(line)));
        self.over = Some(Over::Card(talk));
    }

    /// What the keys do, behind what is said already.
    pub(super) fn tell_keys(&mut self) {
        let all = bottom::all().map(Said::Words);
        if !all.first().is_some_and(|first| self.talk.said.contains(first)) {
            self.talk.say(Said::Gap);
            all.into_iter().for_each(|line| self.talk.say(line));
        }
    }

    /// Whether what the program says fills the pane.
    pub(super) fn is_talk_large(&self, app: &App, width: usize, height: usize) -> bool {
        app.screen != Screen::Talk || self.talk.rows(width).len() + 3 > height
    }

    /// The line that is typed now.
    pub(super) fn line(&self, app: &App) -> &Compose {
        match &self.over {
            Some(Over::Search(search)) => &search.line,
            _ if app.screen == Screen::Talk => &self.compose,
            _ => &self.answer,
        }
    }

    fn line_mut(&mut self, app: &App) -> &mut Compose {
        match &mut self.over {
            Some(Over::Search(search)) => &mut search.line,
            _ if app.screen == Screen::Talk => &mut self.compose,
            _ => &mut self.answer,
        }
    }

    /// Takes one key.
    pub(super) fn key(&mut self, app: &App, key: Key) -> Option<Wish> {
        let chosen = std::mem::take(&mut self.chosen);
        match key {
            Key::Function(1) | Key::Control('g') => {
                self.over = None;
                return Some(Wish::Help);
            }
            Key::Function(2) | Key::Control('n') => {
                let open = matches!(self.over, Some(Over::Card(_)));
                self.over = None;
                return (!open).then_some(Wish::Card);
            }
            Key::Function(3) | Key::Control('p') => return self.toggle_people(app),
            Key::Function(4) | Key::Control('r') => return self.toggle_big(app),
            Key::Function(5) | Key::Control('f') => return self.toggle_search(app),
            Key::Function(6) | Key::Control('z') => return Some(Wish::Hide),
            Key::Function(10) | Key::Control('q') => return Some(Wish::Quit),
            Key::Control('c') => return Some(Wish::Interrupt),
            Key::Control('d') => {
                let empty = self.secret.is_some() || self.line(app).is_empty();
                return empty.then_some(Wish::Quit);
            }
            Key::Enter if chosen => return None,
            _ => {}
        }
        let layout = Layout::of(app, self);
        match &mut self.over {
            Some(Over::Search(_)) => self.search_key(app, key),
            Some(over) => {
                if over_key(over, &mut self.people, &mut self.messages, &key, layout) {
                    return None;
                }
                let opened = match (&key, over) {
                    (Key::Enter, Over::People) => {
                        self.people.all.get(self.people.picked).map(|person| Wish::Open(person.contact.clone()))
                    }
                    _ => None,
                };
                let back = key == Key::Escape || (key == Key::Enter && self.line(app).is_empty());
                self.leave_over();
                if back || opened.is_some() { opened } else { self.base_key(app, key) }
            }
            None => self.base_key(app, key),
        }
    }

    /// Back to what lies below.
    pub(super) fn leave_over(&mut self) {
        if let Some(Over::Big(big)) = self.over.take()
            && self.messages.neighbour(big.place, 1).is_none()
        {
            self.messages.go_to_end();
        }
    }

    fn toggle_people(&mut self, app: &App) -> Option<Wish> {
        if matches!(self.over, Some(Over::People)) {
            self.over = None;
        } else if app.open {
            self.leave_over();
            self.people.pick(app.person.as_ref().map(|person| person.id.as_str()));
            self.over = Some(Over::People);
        } else {
            self.talk.say_once(Said::Words(texts::no_people_yet()));
        }
        None
    }

    fn toggle_big(&mut self, app: &App) -> Option<Wish> {
        if matches!(self.over, Some(Over::Big(_))) {
            self.leave_over();
            return None;
        }
        self.leave_over();
        match self.messages.reading().filter(|_| app.person.is_some()) {
            Some(place) => self.over = Some(Over::Big(Big { place, part: 0 })),
            None => self.talk.say_once(Said::Words(texts::nothing_big())),
        }
        None
    }

    fn toggle_search(&mut self, app: &App) -> Option<Wish> {
        if matches!(self.over, Some(Over::Search(_))) {
            self.over = None;
            return None;
        }
        self.leave_over();
        if app.person.is_some() {
            self.over = Some(Over::Search(Search::default()));
        } else {
            self.talk.say_once(Said::Words(texts::find_where()));
        }
        None
    }

    fn search_key(&mut self, app: &App, key: Key) -> Option<Wish> {
        let layout = Layout::of(app, self);
        let Some(Over::Search(search)) = &mut self.over else { return None };
        match key {
            Key::Escape => self.over = None,
            Key::Enter => {
                let words = search.line.take();
                return (!words.trim().is_empty()).then_some(Wish::Find(words));
            }
            Key::NewLine => {}
            Key::Char(digit @ '1'..='9') if search.line.is_empty() && !search.hits.is_empty() => {
                let number = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or_default();
                return search.numbered().get(number).map(|hit| Wish::Jump(hit.place));
            }
            Key::PageDown | Key::PageUp | Key::Down | Key::Up => {
                let most = search.rows(layout.pane_width()).len().saturating_sub(layout.pane_height());
                let step = if matches!(key, Key::PageDown | Key::PageUp) { layout.pane_height().max(1) } else { 1 };
                let down = matches!(key, Key::PageDown | Key::Down);
                match (down, search.past) {
                    (true, past) if past < most => search.past = (past + step).min(most),
                    (false, past) if past > 0 => search.past = past.saturating_sub(step),
                    _ if step > 1 => search.turn(down),
                    _ => {}
                }
            }
            key => {
                search.line.key(&key, layout.input_width());
            }
        }
        None
    }

    fn base_key(&mut self, app: &App, key: Key) -> Option<Wish> {
        let layout = Layout::of(app, self);
        let (width, height) = (layout.pane_width(), layout.pane_height());
        let large = self.is_talk_large(app, width, height);
        if let Some(secret) = &mut self.secret {
            match key {
                Key::Up | Key::Down | Key::PageUp | Key::PageDown => {
                    self.talk.scroll(steps(&key, height), width, height)
                }
                key => return secret.key(&key).map(Wish::Secret),
            }
            return None;
        }
        match key {
            Key::Enter => return self.enter(app),
            Key::Escape => return self.escape(app),
            Key::Char(digit @ '1'..='9') if self.line(app).is_empty() && matches!(app.screen, Screen::Choosing(_)) => {
                let number = usize::try_from(u32::from(digit) - u32::from('0')).unwrap_or_default();
                if number <= self.talk.choices() {
                    self.chosen = true;
                    return Some(Wish::Line(digit.to_string()));
                }
                self.answer.key(&key, layout.input_width());
            }
            Key::NewLine if app.screen != Screen::Talk => return self.enter(app),
            Key::PageUp | Key::PageDown if large => self.talk.scroll(steps(&key, height), width, height),
            Key::PageUp | Key::PageDown => self.messages.scroll(steps(&key, height), width, height),
            key => {
                let used = self.line_mut(app).key(&key, layout.input_width());
                if !used && matches!(key, Key::Up | Key::Down) {
                    if large {
                        self.talk.scroll(steps(&key, height), width, height);
                    } else {
                        self.messages.scroll(steps(&key, height), width, height);
                    }
                }
            }
        }
        None
    }

    fn enter(&mut self, app: &App) -> Option<Wish> {
        if app.screen != Screen::Talk {
            let line = self.answer.take();
            return Some(if line.trim() == HELP { Wish::Card } else { Wish::Line(line) });
        }
        match self.compose.text().trim() {
            "" if !self.talk.said.is_empty() => self.talk.clear(),
            "" => self.messages.go_to_end(),
            HELP => {
                self.compose.take();
                return Some(Wish::Card);
            }
            _ if self.compose.text().len() > TEXT => {
                self.talk.clear();
                self.talk.say(Said::Words(texts::too_long()));
            }
            _ => return Some(Wish::Line(self.compose.take())),
        }
        None
    }

    fn escape(&mut self, app: &App) -> Option<Wish> {
        if let Screen::Choosing(choices) = &app.screen {
            let back = choices.iter().position(|choice| *choice == Choice::Back)?;
            return Some(Wish::Line((back + 1).to_string()));
        }
        if app.screen == Screen::Talk {
            self.talk.clear();
        }
        None
    }
}

/// How far a key moves the view.
fn steps(key: &Key, height: usize) -> isize {
    let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
    match key {
        Key::Up => -1,
        Key::Down => 1,
        Key::PageUp => -page,
        _ => page,
    }
}

/// A key for what lies over the conversation; false: it was none.
fn over_key(over: &mut Over, people: &mut People, messages: &mut Messages, key: &Key, layout: Layout) -> bool {
    let (width, height) = (layout.pane_width(), layout.pane_height());
    match (over, key) {
        (Over::Card(talk), Key::Up | Key::Down | Key::PageUp | Key::PageDown) => {
            talk.scroll(steps(key, height), width, height);
        }
        (Over::People, Key::Up | Key::Down | Key::PageUp | Key::PageDown) => people.step(steps(key, height)),
        (Over::People, Key::Home) => people.step(isize::MIN),
        (Over::People, Key::End) => people.step(isize::MAX),
        (Over::Big(big), Key::Left | Key::Up | Key::PageUp) => {
            if big.part > 0 {
                big.part -= 1;
            } else if let Some(entry) = messages.neighbour(big.place, -1) {
                *big = Big { place: entry.place, part: 0 };
            }
        }
        (Over::Big(big), Key::Right | Key::Down | Key::PageDown) => {
            let last =
                messages.entry(big.place).map_or(0, |entry| super::big::seen(entry, big.part, width, height).last);
            if big.part < last {
                big.part += 1;
            } else if let Some(entry) = messages.neighbour(big.place, 1) {
                *big = Big { place: entry.place, part: 0 };
            }
        }
        _ => return false,
    }
    true
}
