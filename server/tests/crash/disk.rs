//! A disk as a power cut sees it: what was flushed apart from what was only written.
//!
//! In: what a process did to the files of one folder, in order. Out: the files as a machine could find them when it
//! starts again. This file must never learn what is in them.
//!
//! The disk may do what POSIX allows: of what was not flushed each sector shows any state that it ever had since the
//! last flush, the length of a file likewise and apart from its sectors, new sectors hold zeros or garbage, a file that was
//! cut is so or is not, and names that were made, moved or removed are so only for certain when the folder was flushed. A failed flush is as on Linux:
//! what it did not write may never be written, though the next flush says that all is well.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// A file, whatever its name is.
pub(crate) type Number = usize;

/// Names and bytes.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What a process did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// An existing file, or a new one, has this name now.
    Name(String, Number),
    /// The name is gone.
    Unname(String),
    /// The file has the second name instead of the first.
    Rename(String, String, Number),
    /// The folder was flushed.
    FlushNames,
    Write(Number, usize, Vec<u8>),
    Truncate(Number, usize),
    Flush(Number),
    /// The process was told that it failed.
    FailedFlush(Number),
    /// The process was told that it failed; nothing was written.
    FailedWrite(Number),
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The next flush writes it.
    Loose,
    /// A flush of it failed: no later one writes it.
    Doomed,
    /// A later flush than a failed one wrote it.
    Written,
}

#[derive(Debug, Clone, Default)]
struct File {
    flushed: Vec<u8>,
    since: Vec<(Change, Fate)>,
}

/// The files of a folder, and which of their changes are certain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    files: BTreeMap<Number, File>,
    names: BTreeMap<String, Number>,
    names_since: Vec<Act>,
}

/// What becomes of that which was not flushed.
pub(crate) enum Luck {
    /// All of it is lost.
    Lost,
    /// All of it is there: the process was killed and the machine goes on.
    Kept,
    /// Names are lost, bytes are there.
    BytesKept,
    /// Names are there, bytes are lost.
    NamesKept,
    /// Each sector, length and name for itself.
    Dice(Box<StdRng>),
}

impl Disk {
    /// A folder as it is, all of it flushed.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
        });
        Self::of_files(files.collect())
    }

    pub(crate) fn of_files(files: Files) -> Self {
        let mut disk = Self::default();
        for (number, (name, flushed)) in files.into_iter().enumerate() {
            disk.files.insert(number, File { flushed, since: Vec::new() });
            disk.names.insert(name, number);
        }
        disk
    }

    /// The number of a file that is made next.
    pub(crate) fn next_number(&self) -> Number {
        self.files.keys().max().map_or(0, |last| last + 1)
    }

    /// Names as the running machine sees them.
    pub(crate) fn current_names(&self) -> BTreeMap<String, Number> {
        let mut names = self.names.clone();
        self.names_since.iter().for_each(|act| rename(&mut names, act));
        names
    }

    pub(crate) fn after(mut self, acts: &[Act]) -> Self {
        acts.iter().for_each(|act| self.apply(act));
        self
    }

    fn apply(&mut self, act: &Act) {
        match act {
            Act::Name(_, number) => {
                self.files.entry(*number).or_default();
                self.names_since.push(act.clone());
            }
            Act::Unname(_) | Act::Rename(..) => self.names_since.push(act.clone()),
            Act::FlushNames => {
                self.names = self.current_names();
                self.names_since.clear();
            }
            Act::Write(number, at, bytes) => self.change(*number, Change::Write(*at, bytes.clone())),
            Act::Truncate(number, length) => self.change(*number, Change::Truncate(*length)),
            Act::Flush(number) => self.files.entry(*number).or_default().flush(),
            Act::FailedFlush(number) => {
                for (_, fate) in &mut self.files.entry(*number).or_default().since {
                    *fate = if *fate == Fate::Loose { Fate::Doomed } else { *fate };
                }
            }
            Act::FailedWrite(_) => {}
        }
    }

    fn change(&mut self, number: Number, change: Change) {
        self.files.entry(number).or_default().since.push((change, Fate::Loose));
    }

    /// What is there when the machine starts again.
    pub(crate) fn found(&self, luck: &mut Luck) -> Files {
        let mut names = self.names.clone();
        let keep = match luck {
            Luck::Lost | Luck::BytesKept => 0,
            Luck::Kept | Luck::NamesKept => self.names_since.len(),
            Luck::Dice(dice) => {
                // A file system with a journal keeps names in order; another may not.
                if dice.random_bool(0.5) {
                    dice.random_range(0..=self.names_since.len())
                } else {
                    let lucky: Vec<&Act> = self.names_since.iter().filter(|_| dice.random_bool(0.5)).collect();
                    lucky.into_iter().for_each(|act| rename(&mut names, act));
                    0
                }
            }
        };
        self.names_since.iter().take(keep).for_each(|act| rename(&mut names, act));
        let mut files = Files::new();
        for (name, number) in names {
            let mut bytes = self.files[&number].found(luck);
            // Memory that processes share: what of it reaches the disk nobody says.
            if name.ends_with("-shm") {
                match luck {
                    Luck::Lost | Luck::NamesKept => bytes.clear(),
                    Luck::Kept | Luck::BytesKept => bytes.fill(0xa5),
                    Luck::Dice(dice) => dice.fill_bytes(&mut bytes),
                }
            }
            files.insert(name, bytes);
        }
        files
    }
}

fn rename(names: &mut BTreeMap<String, Number>, act: &Act) {
    match act {
        Act::Name(name, number) => drop(names.insert(name.clone(), *number)),
        Act::Unname(name) => drop(names.remove(name)),
        Act::Rename(from, to, number) => {
            names.remove(from);
            names.insert(to.clone(), *number);
        }
        _ => {}
    }
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, new) => {
                if bytes.len() < at + new.len() {
                    bytes.resize(at + new.len(), 0);
                }
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
            Self::Truncate(length) => bytes.resize(*length, 0),
        }
    }

    /// Sectors that it touches of a file that was `before` bytes long.
    fn sectors(&self, before: usize) -> std::ops::Range<usize> {
        match self {
            Self::Write(at, new) => at / SECTOR..(at + new.len()).div_ceil(SECTOR),
            Self::Truncate(length) => length / SECTOR..before.div_ceil(SECTOR),
        }
    }
}

/// A state that a sector had, and whether the disk certainly wrote that one or a later one.
type States = Vec<Option<Vec<u8>>>;

impl File {
    fn flush(&mut self) {
        if self.since.iter().any(|(_, fate)| *fate == Fate::Doomed) {
            for (_, fate) in &mut self.since {
                *fate = if *fate == Fate::Loose { Fate::Written } else { *fate };
            }
        } else {
            self.flushed = self.current();
            self.since.clear();
        }
    }

    fn current(&self) -> Vec<u8> {
        let mut bytes = self.flushed.clone();
        self.since.iter().for_each(|(change, _)| change.make(&mut bytes));
        bytes
    }

    fn found(&self, luck: &mut Luck) -> Vec<u8> {
        let doomed = self.since.iter().any(|(_, fate)| *fate != Fate::Loose);
        let dice = match luck {
            Luck::Kept | Luck::BytesKept => return self.current(),
            Luck::Lost | Luck::NamesKept if !doomed => return self.flushed.clone(),
            Luck::Lost | Luck::NamesKept => return self.extents()[0].assemble(&self.flushed, |_| 0, |_| {}),
            Luck::Dice(dice) => dice,
        };
        let (last, garbage) = ([0.05, 0.5, 0.95][dice.random_range(0..3)], dice.random_bool(0.5));
        let mut noise = StdRng::seed_from_u64(dice.random());
        let mut pick = |states: usize| if dice.random_bool(last) { states - 1 } else { dice.random_range(0..states) };
        let extents = self.extents();
        let extent = &extents[pick(extents.len())];
        extent.assemble(&self.flushed, pick, |new| {
            if garbage {
                noise.fill_bytes(new);
            }
        })
    }

    /// What the file may be, before and after each time that it was cut: what is written behind a cut lies elsewhere, so
    /// that a disk on which the cut is not made holds all of what was there, or none of it.
    fn extents(&self) -> Vec<Extent> {
        let mut bytes = self.flushed.clone();
        let mut extents = vec![Extent { lengths: vec![bytes.len()], sectors: BTreeMap::new(), limit: usize::MAX }];
        for (change, fate) in &self.since {
            let before = bytes.clone();
            change.make(&mut bytes);
            if bytes.len() < before.len() {
                let next = extents[extents.len() - 1].cut(&before, &bytes);
                extents.iter_mut().for_each(|extent| extent.limit = extent.limit.min(bytes.len() / SECTOR));
                extents.push(next);
            }
            let certain = *fate == Fate::Written;
            if certain {
                // A flush that writes something writes the length with it.
                extents.drain(..extents.len() - 1);
            }
            for extent in &mut extents {
                if extent.limit == usize::MAX && (certain || bytes.len() > before.len()) {
                    push(&mut extent.lengths, bytes.len(), certain);
                }
                for number in change.sectors(before.len()).filter(|number| *number < extent.limit) {
                    let states = extent.sectors.entry(number).or_insert_with(|| vec![sector(&before, number)]);
                    push(states, sector(&bytes, number), certain);
                }
            }
        }
        extents
    }
}

/// A file between two cuts.
struct Extent {
    lengths: Vec<usize>,
    sectors: BTreeMap<usize, States>,
    /// The first sector that lies elsewhere now.
    limit: usize,
}

impl Extent {
    fn cut(&self, before: &[u8], after: &[u8]) -> Self {
        let mut sectors = self.sectors.clone();
        sectors.retain(|number, _| *number < after.len() / SECTOR);
        for number in after.len() / SECTOR..before.len().div_ceil(SECTOR) {
            sectors.insert(number, vec![sector(after, number)]);
        }
        Self { lengths: vec![after.len()], sectors, limit: usize::MAX }
    }

    fn assemble(
        &self,
        flushed: &[u8],
        mut pick: impl FnMut(usize) -> usize,
        mut fresh: impl FnMut(&mut [u8]),
    ) -> Vec<u8> {
        let mut bytes = vec![0; self.lengths[pick(self.lengths.len())]];
        for (number, place) in bytes.chunks_mut(SECTOR).enumerate() {
            let unchanged = || sector(flushed, number);
            let state = self.sectors.get(&number).map_or_else(unchanged, |states| states[pick(states.len())].clone());
            let known = state.unwrap_or_default();
            let both = known.len().min(place.len());
            place[..both].copy_from_slice(&known[..both]);
            fresh(&mut place[both..]);
        }
        bytes
    }
}

/// Adds a state; one that is certain leaves none before it possible.
fn push<T>(states: &mut Vec<T>, state: T, certain: bool) {
    if certain {
        states.clear();
    }
    states.push(state);
}

/// None where the file is shorter.
fn sector(bytes: &[u8], number: usize) -> Option<Vec<u8>> {
    let end = bytes.len().min((number + 1) * SECTOR);
    bytes.get(number * SECTOR..end).filter(|part| !part.is_empty()).map(<[u8]>::to_vec)
}
