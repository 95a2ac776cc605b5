//! What is going on with the relays: for each mailbox of ours how far it is, for each contact what is on its way.
//!
//! In: signals of lines. Out: requests, and rows in the vault. This file must never open an envelope.
//!
//! ```text
//!   a mailbox:  New ─▶ Subscribing ─▶ Ready ─▶ Fetching ─▶ Dry ─▶ Parked
//!                ▲                      ▲        │page        (only where somebody waits)
//!                └── line gone          └────────┴── page ◀───────┘
//! ```

use super::lines::{Key, LineName, Lines, place};
use super::{Engine, Fault, chance};
use crate::net::{NetError, Role, Signal};
use crate::vault::{MailboxRow, Place, Route};
use cairn_protocol::limits::ACKNOWLEDGE;
use cairn_protocol::mailbox::{EnvelopeId, Generation, OwnerOperation, VaultMark};
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a mailbox or a contact rests after the relay said "not now". Longer: messages come late.
const REST: Duration = Duration::from_secs(20);

/// Newer subscriptions of the same generation that we answer with one of our own. More: two copies fight.
const FENCES: u8 = 3;

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

/// How far a mailbox of ours is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was asked on this line.
    New,
    /// A question is under way that the others wait for.
    Asking,
    /// Subscribed.
    Ready,
    /// The relay gives what it has.
    Fetching,
    /// It had nothing more.
    Dry,
    /// The relay answers when there is something.
    Parked,
    /// It does not go on, for this reason; from then on it may be tried again.
    Stuck(Fault, Option<Instant>),
}

/// A mailbox of ours.
#[derive(Debug)]
pub(super) struct Box {
    pub(super) row: MailboxRow,
    pub(super) stage: Stage,
    generation: Option<Generation>,
    /// Committed, and to be acknowledged.
    pub(super) acks: Vec<EnvelopeId>,
    acking: bool,
    fences: u8,
    /// Whether it was made again after the relay had lost it.
    remade: bool,
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
    /// A single question of a command, which waits for the answer itself.
    Direct,
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
    told: Vec<i64>,
    /// The answer to a direct question.
    pub(super) direct: Option<Result<Reply, NetError>>,
    /// Invitations to ask after, each with its relay.
    pub(super) statuses: Vec<(String, String)>,
    pub(super) next_statuses: Option<Instant>,
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
            direct: None,
            statuses: Vec::new(),
            next_statuses: None,
            stale: true,
        }
    }
}

impl Box {
    const fn new(row: MailboxRow) -> Self {
        let acks = Vec::new();
        Self { row, stage: Stage::New, generation: None, acks, acking: false, fences: 0, remade: false }
    }

    /// Whether the relay has accepted our generation, so that something may be sent.
    pub(super) const fn is_subscribed(&self) -> bool {
        matches!(self.stage, Stage::Ready | Stage::Fetching | Stage::Dry | Stage::Parked)
    }

    /// Whether nothing is to come for it now.
    pub(super) fn is_settled(&self) -> bool {
        let still = matches!(self.stage, Stage::Dry | Stage::Parked | Stage::Stuck(..));
        still && self.acks.is_empty() && !self.acking
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
        self.exchange.direct = None;
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
                        Some(place) => drop(engine.exchange.asked.insert(place, Asked::Direct)),
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
        self.due_fillers()?;
        if self.exchange.stale {
            self.reload()?;
        }
        self.due_statuses(goal)?;
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
        let today = self.now().div_euclid(86_400_000);
        let lines = &self.exchange.lines;
        let now = self.now();
        let (rows, routes) = self.vault.read(|store| {
            let routes = store.routes()?.into_iter().map(|route| {
                let waits = store.waits(&route.contact, today, lines.place(&route.relay, now))?;
                Ok((route, waits))
            });
            Ok::<_, Fault>((store.mailboxes()?, routes.collect::<Result<Vec<_>, Fault>>()?))
        })?;
        let mut boxes = std::mem::take(&mut self.exchange.boxes);
        for row in rows {
            let known = boxes.remove(&row.row);
            let entry = match known {
                Some(known) if known.row.gone == row.gone => Box { row, ..known },
                _ => Box::new(row),
            };
            self.exchange.boxes.insert(entry.row.row, entry);
        }
        let mut ways = std::mem::take(&mut self.exchange.ways);
        for (route, waits) in routes {
            let way = match ways.remove(&route.contact) {
                Some(known) => Way { route, waits, ..known },
                None => Way { route, waits, after: 0, flight: 0, blocked: None },
            };
            self.exchange.ways.insert(way.route.contact.clone(), way);
        }
        self.exchange.stale = false;
        Ok(())
    }

    /// Subscribes, fetches, acknowledges, deletes, as far as lines allow.
    fn advance_boxes(&mut self, goal: Goal) -> Result<(), Fault> {
        let sending: Vec<i64> = self.exchange.ways.values().filter(|way| way.waits).map(|way| way.route.own).collect();
        let rows: Vec<i64> = self.exchange.boxes.keys().copied().collect();
        for row in rows {
            let Some(own) = self.exchange.boxes.get_mut(&row) else { continue };
            let wanted = if own.row.gone { goal.fetch || goal.tidy } else { goal.fetch || sending.contains(&row) };
            if !wanted {
                continue;
            }
            if let Stage::Stuck(_, Some(at)) = own.stage
                && goal.again
                && at <= Instant::now()
            {
                own.stage = Stage::New;
            }
            let relay = own.row.relay.clone();
            self.exchange.lines.want(&relay, Role::Receive, goal.again)?;
            let Some(up) = self.exchange.lines.up(&relay, Role::Receive) else { continue };
            let request = match own.stage {
                Stage::New if own.row.gone => {
                    let proof = own.row.owner.prove(&up.channel, &own.row.mailbox, OwnerOperation::Delete);
                    Some((
                        Request::DeleteMailbox { mailbox: own.row.mailbox, proof },
                        Asked::Delete(row),
                        Stage::Asking,
                    ))
                }
                Stage::New => {
                    let generation = match own.generation {
                        Some(generation) => generation,
                        None => self
                            .vault
                            .write(|store| store.next_generation(row, VaultMark::random(&mut chance::rng())))
                            .map_err(Fault::from)?,
                    };
                    own.generation = Some(generation);
                    let proof =
                        own.row.owner.prove(&up.channel, &own.row.mailbox, OwnerOperation::Subscribe(generation));
                    let request = Request::Subscribe { mailbox: own.row.mailbox, generation, proof };
                    Some((request, Asked::Subscribe(row), Stage::Asking))
                }
                Stage::Ready if goal.fetch => {
                    let request = Request::Fetch { mailbox: own.row.mailbox, wait: false };
                    Some((request, Asked::Fetch(row), Stage::Fetching))
                }
                Stage::Dry if goal.park => {
                    let request = Request::Fetch { mailbox: own.row.mailbox, wait: true };
                    Some((request, Asked::Fetch(row), Stage::Parked))
                }
                _ => None,
            };
            if let Some((request, asked, stage)) = request
                && let Some(place) = self.exchange.lines.ask(&relay, Role::Receive, request)
            {
                self.exchange.asked.insert(place, asked);
                own.stage = stage;
            }
            if !own.acks.is_empty() && !own.acking && own.is_subscribed() {
                let ids: Vec<EnvelopeId> = own.acks.iter().take(ACKNOWLEDGE).copied().collect();
                let (count, mailbox) = (ids.len(), own.row.mailbox);
                let request = Request::Acknowledge { mailbox, ids };
                if let Some(place) = self.exchange.lines.ask(&relay, Role::Receive, request) {
                    self.exchange.asked.insert(place, Asked::Acknowledge(row));
                    own.acks.drain(..count);
                    own.acking = true;
                }
            }
        }
        Ok(())
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
        if self.exchange.asked.extract_if(|(line, _), _| *line == name).any(|(_, asked)| matches!(asked, Asked::Direct))
        {
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
        }
    }

    fn answered(&mut self, key: &Key, asked: Asked, reply: Reply) -> Result<(), Fault> {
        match asked {
            Asked::Direct => {
                self.exchange.direct = Some(Ok(reply));
                Ok(())
            }
            Asked::Put(contact, row) => {
                let place = self.exchange.lines.up(&key.0, key.1).map(|up| place(&up, self.now()));
                self.put_answered(&contact, row, place, reply);
                Ok(())
            }
            Asked::Status(invitation) => self.status_answered(&invitation, &reply),
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
                    let lost = "The relay has lost the place of one conversation. It takes a new invitation to go on.";
                    self.stick(row, Fault::Unexpected(lost.into()), None);
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

    fn subscribed(&mut self, row: i64, reply: &Reply) -> Result<(), Fault> {
        let Some(own) = self.exchange.boxes.get_mut(&row) else { return Ok(()) };
        match reply {
            Reply::Done => {
                own.stage = Stage::Ready;
                self.exchange.told.push(row);
            }
            Reply::Refused(Refusal::Denied) if !own.remade => {
                // A relay that was restored from a backup may not know it: the same again, which changes nothing else.
                own.remade = true;
                let relay = own.row.relay.clone();
                let profile = self.vault.read(|store| store.profile()).map_err(Fault::from)?;
                let pass = profile.pass.filter(|_| profile.relay.as_ref() == Some(&relay));
                let request = super::invite::create_mailbox(&own.row, super::invite::admission(pass));
                match self.exchange.lines.ask(&relay, Role::Receive, request) {
                    Some(place) => drop(self.exchange.asked.insert(place, Asked::Remake(row))),
                    None => own.stage = Stage::New,
                }
            }
            Reply::Refused(refusal) => self.refused(row, *refusal),
            _ => self.stick(row, Fault::Unexpected("The relay gave an answer that does not fit.".into()), None),
        }
        Ok(())
    }

    fn fetched(&mut self, row: i64, reply: Reply) -> Result<(), Fault> {
        match reply {
            Reply::Page(page) if page.is_empty() => {
                if let Some(own) = self.exchange.boxes.get_mut(&row) {
                    own.stage = Stage::Dry;
                }
                self.ran_dry(row)
            }
            Reply::Page(page) => {
                let acks = self.take_in(row, page)?;
                if let Some(own) = self.exchange.boxes.get_mut(&row) {
                    own.stage = Stage::Ready;
                    own.acks.extend(acks);
                }
                Ok(())
            }
            Reply::Refused(refusal) => {
                self.refused(row, refusal);
                Ok(())
            }
            _ => {
                self.stick(row, Fault::Unexpected("The relay gave an answer that does not fit.".into()), None);
                Ok(())
            }
        }
    }

    /// The relay said no to a mailbox of ours.
    fn refused(&mut self, row: i64, refusal: Refusal) {
        let Some(own) = self.exchange.boxes.get_mut(&row) else { return };
        match refusal {
            Refusal::Behind => own.stage = Stage::Stuck(Fault::OlderCopy, None),
            // Somebody subscribed after us. A line of ours that was thought dead, or a copy: stating the generation
            // again tells which.
            Refusal::Fenced if own.fences < FENCES => {
                own.fences += 1;
                own.stage = Stage::New;
            }
            Refusal::Fenced => own.stage = Stage::Stuck(Fault::OlderCopy, None),
            Refusal::TooFast { retry_after } => {
                own.stage = Stage::Stuck(Fault::Busy, Some(Instant::now() + Duration::from_secs(retry_after.into())));
            }
            Refusal::NotNow => own.stage = Stage::Stuck(Fault::Busy, Some(Instant::now() + chance::within(REST))),
            other => {
                let what = format!("The relay refused to hand out what came ({other}).");
                own.stage = Stage::Stuck(Fault::Unexpected(what), None);
            }
        }
    }

    fn stick(&mut self, row: i64, fault: Fault, rest: Option<Duration>) {
        if let Some(own) = self.exchange.boxes.get_mut(&row) {
            own.stage = Stage::Stuck(fault, rest.map(|rest| Instant::now() + rest));
        }
    }

    /// When something is to be done though no line says anything. What was due at `start` was done, or nobody wants it.
    fn next_wake(&self, goal: Goal, start: Instant) -> Option<Instant> {
        let now = self.now();
        let filler = self.exchange.ways.values().filter_map(|way| way.route.filler_at).min().map(|at| {
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
        [filler, again].into_iter().flatten().min()
    }
}
