//! What must be true of a store that starts again after a power cut.
//!
//! In: a run, and files as the machine finds them. Out: nothing, or what is wrong. This file must never learn what an
//! operation does: what a store holds after each step is taken from the same store, asked the same in a calm.
//!
//! The promise, for every moment at which the power may go:
//!
//! 1. The store opens by itself, under its name, and `integrity_check` finds nothing.
//! 2. It holds what it held after some number of steps, in the order in which they were queued: at least those that
//!    were answered, at most those that were asked for. So nothing answered is lost, nothing is there twice or in
//!    another order, no step is there by half or without the one before it, and what an answered step deleted stays
//!    deleted. A mailbox that is being deleted may be found empty.
//! 3. After the first scrub no byte of what it doesn't hold stands in any file.

use crate::disk::{Disk, Files, Luck};
use crate::run::{Asked, Run, open, wait};
use crate::script::{MARK, MARK_END, Step};
use cairn_protocol::address::Pin;
use cairn_relay::store::sqlite::{Cell, FILE, inspect};
use cairn_relay::store::{Identity, Store, StoreError, StoreResult};
use cairn_relay::tls::Tls;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20::{ChaCha20, Key};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// All rows of a store, but for what each store draws for itself: bodies are opened with their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows(Vec<(String, Vec<(String, Cell)>)>);

impl Rows {
    fn of(folder: &Path, fresh: bool) -> StoreResult<Self> {
        let (mut rows, mut waiting, mut places) = (Vec::new(), HashMap::new(), 0);
        let mut bodies = BTreeMap::new();
        inspect::<StoreError>(folder, |table, mut cells| {
            // Envelopes come before bodies.
            if let ("envelope", Some(Cell::Number(place)), Some(Cell::Bytes(key))) =
                (table, cell(&cells, "place"), cell(&cells, "key"))
            {
                let key = Key::from(<[u8; 32]>::try_from(key.as_slice()).unwrap());
                assert!(waiting.insert(*place, (waiting.len(), key)).is_none(), "two envelopes with one body");
            }
            if let ("body", Some(Cell::Number(place)), Some(Cell::Bytes(shut))) =
                (table, cell(&cells, "place"), cell(&cells, "shut"))
            {
                assert_eq!(*place, places, "a place without a body");
                places += 1;
                // What no envelope names is noise until another body takes the place.
                if let Some((order, key)) = waiting.remove(place) {
                    let mut body = shut.clone();
                    ChaCha20::new(&key, &[0; 12].into()).apply_keystream(&mut body);
                    bodies.insert(order, body);
                }
                return Ok(());
            }
            // The number in the order of arrival means nothing outside the process that gave it; the order does, and
            // rows come in it. A new store's days come from the clock.
            cells.retain(|(name, _)| match (table, name.as_str()) {
                ("envelope", "arrival" | "key" | "place") | ("store", "identity" | "restores") => false,
                ("store", "day" | "clock_day") => !fresh,
                _ => true,
            });
            rows.push((table.to_owned(), cells));
            Ok(())
        })?;
        assert!(waiting.is_empty(), "an envelope without its body");
        let body = |bytes| ("body".to_owned(), vec![("shut".to_owned(), Cell::Bytes(bytes))]);
        rows.extend(bodies.into_values().map(body));
        Ok(Self(rows))
    }

    fn counts(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for (table, _) in &self.0 {
            match counts.last_mut() {
                Some((last, count)) if last == table => *count += 1,
                _ => counts.push((table, 1)),
            }
        }
        format!("{counts:?}")
    }

    fn marks(&self) -> BTreeSet<Vec<u8>> {
        let bodies = self.0.iter().flat_map(|(_, cells)| cells);
        bodies
            .filter_map(|(_, cell)| if let Cell::Bytes(bytes) = cell { Some(marks(bytes)) } else { None })
            .flatten()
            .collect()
    }
}

fn cell<'a>(cells: &'a [(String, Cell)], name: &str) -> Option<&'a Cell> {
    cells.iter().find(|(column, _)| column == name).map(|(_, cell)| cell)
}

/// The numbers that stand behind marks.
fn marks(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte == MARK[0]) {
        rest = &rest[place..];
        if rest.starts_with(MARK)
            && let Some((number, behind)) = rest[MARK.len()..].split_at_checked(4)
            && behind.starts_with(MARK_END)
        {
            found.insert(number.to_vec());
        }
        rest = &rest[1..];
    }
    found
}

/// What a store may hold, and after how many steps.
struct State {
    least: usize,
    most: usize,
    rows: Rows,
}

/// What a calm store holds after each step, and what it answers.
pub(crate) struct Calm {
    states: Vec<State>,
    pub(crate) answers: Vec<StoreResult<()>>,
    fresh: bool,
}

impl Calm {
    pub(crate) fn new(start: &Disk, steps: &[Step]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = start.found(&mut Luck::Kept);
        let fresh = files.is_empty();
        fill(folder.path(), &files);
        let store = Arc::new(open(folder.path()).unwrap());
        let rows = || Rows::of(folder.path(), fresh).unwrap();
        let (mut states, mut answers) = (vec![State { least: 0, most: 0, rows: rows() }], Vec::new());
        for (place, step) in steps.iter().enumerate() {
            if let Step::Delete(mailbox) = step {
                let all = Step::Acknowledge(*mailbox, (0..100).collect());
                wait(all.ask(&store, folder.path())).unwrap();
                states.push(State { least: place, most: place + 1, rows: rows() });
            }
            answers.push(wait(step.ask(&store, folder.path())));
            states.push(State { least: place + 1, most: place + 1, rows: rows() });
        }
        wait(Box::pin(store.close())).unwrap();
        Self { states, answers, fresh }
    }
}

pub(crate) fn fill(folder: &Path, files: &Files) {
    files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
}

/// Checks files against one run, and remembers which it has seen.
pub(crate) struct Oracle<'a> {
    run: &'a Run,
    calm: &'a Calm,
    pin: Option<Pin>,
    seen: HashMap<u64, Result<Found, String>>,
}

/// A store that has started.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) identity: Identity,
    pin: Option<Pin>,
    /// Which states of the calm store these rows are.
    pub(crate) states: Vec<usize>,
    counts: String,
}

/// The least and the most number of steps that may be there at a moment.
pub(crate) fn bounds(asked: &[Asked], moment: usize) -> (usize, usize) {
    let answered = |one: &Asked| match &one.answered {
        Some((at, Ok(()) | Err(StoreError::Refused(_)))) => *at <= moment,
        _ => false,
    };
    let least = asked.iter().rposition(answered).map_or(0, |last| last + 1);
    (least, asked.iter().take_while(|one| one.from <= moment).count())
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(run: &'a Run, calm: &'a Calm) -> Self {
        Self { run, calm, pin: None, seen: HashMap::new() }
    }

    /// The relay's key must be this one, too, from the moment at which the run's steps began.
    pub(crate) fn with_key(self, pin: Pin) -> Self {
        Self { pin: Some(pin), ..self }
    }

    /// How many different disks it has started a store from.
    pub(crate) fn started(&self) -> usize {
        self.seen.len()
    }

    /// The power goes at this moment, and the machine then finds these files.
    pub(crate) fn check(&mut self, moment: usize, files: &Files) -> Result<(), String> {
        let (least, most) = bounds(&self.run.asked, moment);
        self.check_between(moment >= self.run.open, least, most, files)
            .map_err(|wrong| format!("moment {moment}: {wrong}"))
    }

    pub(crate) fn check_between(
        &mut self,
        named: bool,
        least: usize,
        most: usize,
        files: &Files,
    ) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        files.hash(&mut hasher);
        let (calm, key) = (self.calm, self.pin.is_some());
        let found = self.seen.entry(hasher.finish()).or_insert_with(|| start(files, calm, key)).clone()?;
        if named && found.identity != self.run.identity {
            return Err("the store has another name".to_owned());
        }
        if named && found.pin != self.pin {
            return Err("the relay has another key".to_owned());
        }
        let may_be = |place: &usize| calm.states[*place].least >= least && calm.states[*place].most <= most;
        if found.states.iter().any(may_be) {
            return Ok(());
        }
        let after: Vec<_> = found.states.iter().map(|place| calm.states[*place].least).collect();
        Err(format!(
            "{least} steps were answered and {most} asked for; what is there is what was there after {after:?} ({})",
            found.counts
        ))
    }
}

/// Starts a store from these files by the ordinary code, and looks at all of it.
pub(crate) fn start(files: &Files, calm: &Calm, key: bool) -> Result<Found, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fill(path, files);
    let said = |error: StoreError| format!("it does not start: {error}");
    let store = open(path).map_err(said)?;
    let pin = key.then(|| Tls::open(path, None).map(|tls| tls.pin)).transpose().map_err(|error| error.to_string())?;
    let rows = Rows::of(path, calm.fresh).map_err(said)?;
    let whole = integrity(path).map_err(|error| error.to_string())?;
    if whole != "ok" {
        return Err(format!("integrity_check: {whole}"));
    }
    wait(Box::pin(store.scrub())).map_err(said)?;
    let kept = rows.marks();
    for (name, bytes) in Disk::of_folder(path).found(&mut Luck::Kept) {
        if let Some(mark) = marks(&bytes).difference(&kept).next() {
            return Err(format!("{name} still holds what was deleted or never kept: {mark:?}"));
        }
    }
    wait(Box::pin(store.close())).map_err(said)?;
    let states = (0..calm.states.len()).filter(|place| calm.states[*place].rows == rows).collect();
    Ok(Found { identity: store.identity(), pin, states, counts: rows.counts() })
}

fn integrity(folder: &Path) -> rusqlite::Result<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(folder.join(FILE), flags)?;
    connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
}
