//! A computer that other people use too (docs/decisions/0026-shared-computer.md): nothing of a visit stays on it.
//!
//! In: a wish, and where a profile is carried, if it is. Out: a home that goes when the program goes, and an empty screen.
//! This folder must never learn what the home holds: it takes all of it away.
//!
//! Whatever ends the program goes through [`end`]: leaving, a fault, a panic, Ctrl-C, a terminal that is closed. For what
//! nothing in a program can answer, such as kill -9, a second process waits (`guard`), and the next visit looks (`sweep`).

mod guard;
mod memory;
mod sweep;

use crate::app::App;
use crate::command::{Run, Stop};
use crate::config::Config;
use crate::engine::{Engine, Fault};
use crate::home::Home;
use crate::language::{shared as texts, system, trouble};
use crate::settings::{self, Key, Settings};
use guard::Guard;
use memory::Folder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where the profile of this visit lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory: it ends with the program.
    Memory {
        /// What an earlier visit had left was removed.
        swept: bool,
    },
    /// In a folder that the person carries away.
    Carried(PathBuf),
}

impl Place {
    /// Whether it ends with the program.
    pub(crate) const fn is_memory(&self) -> bool {
        matches!(self, Self::Memory { .. })
    }
}

/// What is to be taken away at the end.
struct Visit {
    place: Place,
    /// The folder in memory, and who removes it if this program can't.
    folder: Option<(Folder, Option<Guard>)>,
    /// Whether standard output is a terminal, and whether it understands no control sequence.
    screen: (bool, bool),
}

impl Visit {
    fn take_away(&self) -> Result<(), (PathBuf, io::ErrorKind)> {
        self.folder.as_ref().map_or(Ok(()), |(folder, _)| folder.remove())
    }

    fn empty_the_screen(&self) {
        let (terminal, dumb) = self.screen;
        // A terminal that is gone shows nothing.
        if !crate::plain::curtain::empty(terminal, dumb).unwrap_or(true) {
            let _ = crate::output::aside(&crate::language::said::can_not_empty());
        }
    }
}

/// The visit. It belongs to the process, as its folder does: whichever thread ends the process takes it away.
static VISIT: Mutex<Option<Visit>> = Mutex::new(None);

fn visit() -> MutexGuard<'static, Option<Visit>> {
    VISIT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a visit. `carried` is the folder that the person brought; without one everything is kept in memory. The
/// folder of the profile, as `--home` takes it.
pub(crate) fn begin(carried: Option<&Path>) -> Result<PathBuf, Stop> {
    let screen = Config::screen();
    let (place, folder, home) = match carried {
        Some(folder) => {
            let folder = Home::new(Some(folder), crate::home::CONVERSATION)?.directory().to_path_buf();
            if memory::is_this_computers(&folder) {
                return Err(Stop::usage(texts::own_disk(), texts::own_disk_next()));
            }
            (Place::Carried(folder.clone()), None, folder)
        }
        None => {
            let bases = memory::bases();
            let swept = sweep::sweep(&bases);
            let folder =
                Folder::make(&bases).ok_or_else(|| Stop::usage(texts::no_memory(), texts::no_memory_next()))?;
            let (guard, home) = (Guard::start(folder.path()), folder.path().to_path_buf());
            (Place::Memory { swept }, Some((folder, guard)), home)
        }
    };
    *visit() = Some(Visit { place, folder, screen });
    Ok(home)
}

/// From now on it is a visit in memory: a first run that was begun in `from` goes on there, and nothing of it stays.
pub(crate) fn change(run: &Run, from: &Home, app: &mut App) -> Result<Home, Stop> {
    if Engine::exists(from) {
        return Err(Fault::Usage(trouble::profile_there()).into());
    }
    let home = Home::new(Some(&begin(None)?), crate::home::CONVERSATION)?;
    run.interrupt.listen_to_all()?;
    leave_behind(from)?;
    for key in Key::ALL {
        let value = key.get(&app.settings);
        if value != key.get(&Settings::default()) {
            settings::change(&home, key, &value).map_err(|refused| Stop::usage(refused.words(), "cairn"))?;
        }
    }
    app.shared = place();
    Ok(home)
}

/// What a first run keeps goes. In another terminal it may be a profile by now, which is nobody's to take away.
fn leave_behind(from: &Home) -> Result<(), Stop> {
    if !crate::removal::is_needed(from) {
        return Ok(());
    }
    let _lock = from.lock()?;
    if Engine::exists(from) {
        return Err(Fault::Usage(trouble::profile_there()).into());
    }
    crate::removal::remove(from)?;
    Ok(())
}

/// What an earlier visit left, when nobody could take it away, goes at any start. It is said only to those who ask for a
/// visit: others need not learn that there was one.
pub(crate) fn tidy() {
    sweep::sweep(&memory::bases());
}

/// Visits of this account that go on now.
pub(crate) fn going_on() -> Vec<PathBuf> {
    sweep::inhabited(&memory::bases())
}

/// Where the profile of this visit lies; none: this is no visit.
pub(crate) fn place() -> Option<Place> {
    visit().as_ref().map(|visit| visit.place.clone())
}

/// Whether this home goes with the program.
pub(crate) fn is_fleeting(home: &Home) -> bool {
    let path = |visit: &Visit| visit.folder.as_ref().is_some_and(|(folder, _)| folder.path() == home.directory());
    visit().as_ref().is_some_and(path)
}

/// The folder goes at once. For whoever ends the process while other threads still work, and while a terminal may not take
/// another byte: the screen is [`emptied`](empty_the_screen) after it, and the second process looks once more when this one
/// is gone.
pub(crate) fn take_away() {
    if let Some(visit) = visit().as_ref() {
        // Where it can't be done, the second process does it; nobody reads why any more.
        let _ = visit.take_away();
    }
}

/// What stands on the screen goes, if this is a visit.
pub(crate) fn empty_the_screen() {
    if let Some(visit) = visit().as_ref() {
        visit.empty_the_screen();
    }
}

/// Ends the visit, if there is one: the folder goes, then what stands on the screen.
pub(crate) fn end() -> Result<(), Stop> {
    // Held until all is done: whoever ends the process meanwhile waits here.
    let mut held = visit();
    let Some(mut visit) = held.take() else { return Ok(()) };
    let removed = visit.take_away();
    // The second process looks once more, and ends.
    visit.folder = None;
    visit.empty_the_screen();
    removed.map_err(|(path, why)| Stop::Said {
        code: 1,
        message: texts::not_removed(path.display().to_string(), system(why)),
        next: format!("rm -r {}", crate::sanitize::line(&path.display().to_string())),
    })
}

/// Ends the visit when it is dropped, also by a panic.
pub(crate) struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Err(stop) = end() {
            stop.print(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Protection;

    #[test]
    fn what_a_first_run_kept_goes_and_a_profile_that_was_made_there_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "test").unwrap();
        leave_behind(&home).unwrap();
        settings::change(&home, Key::Language, "es").unwrap();
        leave_behind(&home).unwrap();
        assert!(!home.directory().exists());
        drop(Engine::create(&home, "Dana", None, None, Protection::None).unwrap());
        assert!(matches!(leave_behind(&home), Err(Stop::Fault(Fault::Usage(_)))));
        assert_eq!(Engine::open(&home, None).unwrap().profile_name().unwrap(), "Dana");
    }
}
