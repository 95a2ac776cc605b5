//! What is going on with the relays: the turn of the engine, the lines, and what was asked over them.
//!
//! In: signals of lines. Out: requests, and rows in the vault. This file must never open an envelope.

use super::lines::{Key, LineName, Lines, place};
use super::mailboxes::{Box, REST, Stage};
use super::notice::Asking;
use super::outbound::restore;
use super::{Engine, Fault};
use crate::language::trouble;
use crate::net::{NetError, Role, Signal};
use crate::vault::{Place, Route, Store};
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What a command wants.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Goal {
    /// Fetch until dry.
    pub(super) fetch: bool,
    /// Then wait for more.
    pub(super) park: bool,
    /// Try lines again that are gone.
    pub(super) again: bool,
    /// Delete mailboxes that have no more use.
    pub(super) tidy: bool,
}

/// A contact's way out.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) route: Route,
    pub(super) waits: bool,
    /// The last row that was put on this line.
    pub(super) after: i64,
    /// Puts without an answer.
    pub(super) flight: usize,
    /// The relay said no, for this reason; from then on it may be tried again.
    pub(super) blocked: Option<(Fault, Option<Instant>)>,
}

/// What a request was.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Remake(i64),
    Subscribe(i64),
    Fetch(i64),
    Acknowledge(i64),
    Delete(i64),
    Put(String, i64),
    Status(String),
    Notice,
    /// A single question of a command, which waits for the answer itself. Its number.
    Direct(u64),
}

/// All of it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) lines: Lines,
    pub(super) boxes: BTreeMap<i64, Box>,
    pub(super) ways: BTreeMap<String, Way>,
    pub(super) asked: HashMap<(LineName, u32), Asked>,
    /// Rows of the outbox that the relay has, to be written down together.
    pub(super) landed: Vec<(i64, Place)>,
    /// Mailboxes whose generation the relay has accepted, to be written down together.
    pub(super) told: Vec<i64>,
    /// The number of the last direct question. Whoever asked an earlier one has gone: its answer belongs to nobody.
    pub(super) question: u64,
    /// The answer to a direct question.
    pub(super) direct: Option<Result<Reply, NetError>>,
    /// Invitations to ask after, each with its relay.
    pub(super) statuses: Vec<(String, String)>,
    pub(super) next_statuses: Option<Instant>,
    /// How asking for the operator's notice stands, and of whom.
    pub(super) notice: Asking,
    pub(super) own_relay: Option<String>,
    /// Rows in the vault were added or taken away: read them again.
    pub(super) stale: bool,
}

impl Exchange {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::new(),
            boxes: BTreeMap::new(),
            ways: BTreeMap::new(),
            asked: HashMap::new(),
            landed: Vec::new(),
            told: Vec::new(),
            question: 0,
            direct: None,
            statuses: Vec::new(),
            next_statuses: None,
            notice: Asking::Unknown,
            own_relay: None,
            stale: true,
        }
    }
}

/// Whether the conversation of a mailbox has keys that can't be read: noticed before anything is asked or sent for it.
fn is_damaged(store: &Store<'_>, mailbox: i64) -> Result<bool, Fault> {
    let Some(contact) = store.contact_of_mailbox(mailbox)? else { return Ok(false) };
    match restore(store, &contact) {
        Err(Fault::SessionDamaged) => Ok(true),
        session => session.map(|_| false),
    }
}

impl Engine {
    /// Turns until `done` says so (true), or `deadline` passes (false).
    pub(super) async fn turn_until(
        &mut self,
        goal: Goal,
        deadline: Instant,
        mut done: impl FnMut(&mut Self) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        loop {
            let start = Instant::now();
            self.advance(goal)?;
            if self.exchange.stale {
                continue;
            }
            if done(self)? {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            let wake = self.next_wake(goal, start).map_or(deadline, |wake| wake.min(deadline));
            if let Ok(Some((name, signal))) = timeout_at(wake, self.exchange.lines.next()).await {
                self.heard(name, signal)?;
                // What is there already is taken together, so that it is written down together.
                while let Some((name, signal)) = self.exchange.lines.ready() {
                    self.heard(name, signal)?;
                }
            }
        }
    }

    /// One question and its answer.
    pub(super) async fn ask(
        &mut self,
        relay: &str,
        role: Role,
        request: Request,
        deadline: Instant,
    ) -> Result<Reply, Fault> {
        self.exchange.question += 1;
        self.exchange.direct = None;
        let question = Asked::Direct(self.exchange.question);
        let mut request = Some(request);
        let relay = relay.to_owned();
        let answered = self
            .turn_until(Goal::default(), deadline, |engine| {
                engine.exchange.lines.want(&relay, role, false)?;
                if let Some(error) = engine.exchange.lines.down(&relay, role) {
                    engine.exchange.direct = Some(Err(error));
                } else if engine.exchange.lines.up(&relay, role).is_some()
                    && let Some(request) = request.take()
                {
                    match engine.exchange.lines.ask(&relay, role, request) {
                        Some(place) => drop(engine.exchange.asked.insert(place, question.clone())),
                        None => engine.exchange.direct = Some(Err(NetError::Unreachable)),
                    }
                }
                Ok(engine.exchange.direct.is_some())
            })
            .await?;
        match self.exchange.direct.take() {
            Some(result) if answered => Ok(result?),
            _ => Err(Fault::Unreachable),
        }
    }

    /// Does all that can be done without waiting.
    pub(super) fn advance(&mut self, goal: Goal) -> Result<(), Fault> {
        self.write_down()?;
        self.note_traffic(super::traffic::UNWRITTEN)?;
        self.sweep()?;
        self.due_fillers()?;
        self.due_content();
        if self.exchange.stale {
            self.reload()?;
        }
        self.due_statuses(goal)?;
        self.due_notice(goal)?;
        self.advance_boxes(goal)?;
        self.advance_ways(goal)
    }

    /// What relays have answered goes to the vault, in one transaction.
    fn write_down(&mut self) -> Result<(), Fault> {
        let (landed, told) = (&self.exchange.landed, &self.exchange.told);
        if landed.is_empty() && told.is_empty() {
            return Ok(());
        }
        self.vault.write(|store| {
            told.iter().try_for_each(|row| store.generation_told(*row))?;
            landed.iter().try_for_each(|(row, place)| store.mark_put(&[*row], *place))
        })?;
        self.news |= !landed.is_empty();
        self.exchange.landed.clear();
        self.exchange.told.clear();
        Ok(())
    }

    /// Reads again who there is and what waits, and keeps how far each is.
    pub(super) fn reload(&mut self) -> Result<(), Fault> {
        let lines = &self.exchange.lines;
        let now = self.now();
        let mut damaged = Vec::new();
        let (rows, routes) = self.vault.read(|store| {
            let routes = store.routes(now)?.into_iter().map(|route| {
                let waits = store.waits(&route.contact, now, lines.place(&route.relay, now))?;
                Ok((route, waits))
            });
            Ok::<_, Fault>((store.mailboxes()?, routes.collect::<Result<Vec<_>, Fault>>()?))
        })?;
        let mut boxes = std::mem::take(&mut self.exchange.boxes);
        for row in rows {
            let known = boxes.remove(&row.row);
            let entry = match known {
                Some(mut known) if known.row.gone == row.gone => {
                    known.row = row;
                    known
                }
                _ => {
                    if !row.gone && self.vault.read(|store| is_damaged(store, row.row))? {
                        damaged.push(row.row);
                    }
                    Box::new(row)
                }
            };
            self.exchange.boxes.insert(entry.row.row, entry);
        }
        let mut ways = std::mem::take(&mut self.exchange.ways);
        for (route, waits) in routes {
            let way = match ways.remove(&route.contact) {
                // With nothing under way all is looked through again: something may have to be put once more.
                Some(known) if known.flight == 0 => Way { route, waits, after: 0, ..known },
                Some(known) => Way { route, waits, ..known },
                None => Way { route, waits, after: 0, flight: 0, blocked: None },
            };
            self.exchange.ways.insert(way.route.contact.clone(), way);
        }
        self.exchange.stale = false;
        self.tell_damaged(&damaged)
    }

    /// Takes in one signal of a line.
    fn heard(&mut self, name: LineName, signal: Signal) -> Result<(), Fault> {
        let Some(key) = self.exchange.lines.key(name) else { return Ok(()) };
        match signal {
            Signal::Up(up) => {
                self.exchange.lines.set_up(&key, up);
                // Another store, or a restored one: what lay there may have to be put again.
                self.exchange.stale = true;
                Ok(())
            }
            Signal::Down(error) => {
                self.went_down(name, &key, error);
                Ok(())
            }
            Signal::Reply(number, reply) => match self.exchange.asked.remove(&(name, number)) {
                Some(asked) => self.answered(&key, asked, reply),
                None => Ok(()),
            },
        }
    }

    fn went_down(&mut self, name: LineName, key: &Key, error: NetError) {
        self.exchange.lines.set_down(key, error);
        let now = self.exchange.question;
        let is_direct = |asked: &Asked| matches!(asked, Asked::Direct(question) if *question == now);
        if self.exchange.asked.extract_if(|(line, _), _| *line == name).any(|(_, asked)| is_direct(&asked)) {
            self.exchange.direct = Some(Err(error));
        }
        self.exchange.asked.retain(|(line, _), _| *line != name);
        match key.1 {
            Role::Receive => {
                for own in self.exchange.boxes.values_mut().filter(|own| own.row.relay == key.0) {
                    // What was not acknowledged comes again, and is known then.
                    own.acks.clear();
                    own.acking = false;
                    if !matches!(own.stage, Stage::Stuck(..)) {
                        own.stage = Stage::New;
                    }
                }
            }
            Role::Send => {
                for way in self.exchange.ways.values_mut().filter(|way| way.route.relay == key.0) {
                    // What was not answered is put again: the same bytes under the same identifier.
                    (way.after, way.flight) = (0, 0);
                }
            }
            Role::Invite => {}
            Role::Notice => self.no_notice(),
        }
    }

    pub(super) fn answered(&mut self, key: &Key, asked: Asked, reply: Reply) -> Result<(), Fault> {
        match asked {
            Asked::Direct(question) => {
                if question == self.exchange.question {
                    self.exchange.direct = Some(Ok(reply));
                }
                Ok(())
            }
            Asked::Put(contact, row) => {
                let place = self.exchange.lines.up(&key.0, key.1).map(|up| place(&up, self.now()));
                self.put_answered(&contact, row, place, reply);
                Ok(())
            }
            Asked::Status(invitation) => self.status_answered(&invitation, &reply),
            Asked::Notice => {
                self.notice_answered(&key.0, reply);
                Ok(())
            }
            Asked::Delete(row) => {
                if matches!(reply, Reply::Done | Reply::Refused(Refusal::Denied)) {
                    self.vault.write(|store| store.forget_mailbox(row)).map_err(Fault::from)?;
                    self.exchange.boxes.remove(&row);
                } else {
                    self.stick(row, Fault::Busy, Some(REST));
                }
                Ok(())
            }
            Asked::Subscribe(row) => self.subscribed(row, &reply),
            Asked::Remake(row) => {
                if let (Reply::Done, Some(own)) = (&reply, self.exchange.boxes.get_mut(&row)) {
                    own.stage = Stage::New;
                } else {
                    self.stick(row, Fault::Unexpected(trouble::place_lost()), None);
                }
                Ok(())
            }
            Asked::Fetch(row) => self.fetched(row, reply),
            Asked::Acknowledge(row) => {
                if let Some(own) = self.exchange.boxes.get_mut(&row) {
                    own.acking = false;
                }
                Ok(())
            }
        }
    }

    /// When something is to be done though no line says anything. What was due at `start` was done, or nobody wants it.
    fn next_wake(&self, goal: Goal, start: Instant) -> Option<Instant> {
        let now = self.now();
        let times = self.exchange.ways.values().flat_map(|way| [way.route.filler_at, way.route.due_at]);
        let drawn = times.flatten().min().map(|at| {
            let wait = u64::try_from(at.saturating_sub(now)).unwrap_or_default();
            Instant::now() + Duration::from_millis(wait.clamp(1, 86_400_000))
        });
        let again = if goal.again {
            let rests = self.exchange.boxes.values().filter_map(|own| match own.stage {
                Stage::Stuck(_, at) => at,
                _ => None,
            });
            let blocks = self.exchange.ways.values().filter_map(|way| way.blocked.as_ref().and_then(|(_, at)| *at));
            let all = rests.chain(blocks).chain(self.exchange.lines.tries()).chain(self.exchange.next_statuses);
            all.filter(|at| *at > start).min()
        } else {
            None
        };
        [drawn, again].into_iter().flatten().min()
    }
}
