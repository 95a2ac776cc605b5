//! A run of the real store on a watched folder: what it did to the disk, and when it answered.
//!
//! In: steps. Out: acts, and for each step the moment from which it may be on disk and the moment from which it must be.
//! This file must never learn what a correct store holds.

use crate::disk::{Act, Disk};
use crate::script::{Answer, Step};
use crate::tap::{Fault, Watch};
use cairn_relay::store::sqlite::SqliteStore;
use cairn_relay::store::{Identity, Store, StoreError, StoreResult};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use std::thread::Thread;

/// How the steps follow each other.
pub(crate) enum Pace {
    /// Each is answered before the next is asked for.
    OneByOne,
    /// Several are under way at once, so that the writer groups them.
    Bursts(Box<StdRng>),
}

/// When an answer counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// When the store gives it.
    Given,
    /// When the step is queued: what a relay would say that answers before the commit.
    Early,
}

/// A step and its moments, counted in acts.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) step: Step,
    pub(crate) from: usize,
    /// None: it never came.
    pub(crate) answered: Option<(usize, StoreResult<()>)>,
}

/// What happened.
pub(crate) struct Run {
    pub(crate) start: Disk,
    pub(crate) acts: Vec<Act>,
    /// The store's name, and from which moment it must keep it.
    pub(crate) identity: Identity,
    pub(crate) open: usize,
    pub(crate) asked: Vec<Asked>,
    /// How the store failed, if it did.
    pub(crate) failed: Option<StoreError>,
}

/// Wakes the thread that waits, and notes the moment at which the answer was given: on the giver's thread.
struct Bell {
    watch: Arc<Watch>,
    moment: AtomicUsize,
    thread: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.moment.store(self.watch.moment(), Ordering::SeqCst);
        self.thread.unpark();
    }
}

struct Waiting {
    place: usize,
    /// More than one part: its last answer may come without a bell.
    alone: bool,
    answer: Answer,
    bell: Arc<Bell>,
}

/// Waits for any future on this thread.
pub(crate) fn wait<T>(mut future: impl Future<Output = T> + Unpin) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(result) = Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            return result;
        }
        std::thread::park();
    }
}

pub(crate) fn open(folder: &Path) -> StoreResult<SqliteStore> {
    SqliteStore::open(folder, Arc::new(|_| ()))
}

/// Opens a store on that disk, asks it for the steps, and closes it.
pub(crate) fn play(start: Disk, steps: &[Step], pace: Pace) -> Run {
    recorded(&Arc::new(Watch::new(start)), steps, pace, Answers::Given, &[])
}

/// As [`play`], on a folder that is watched already, with faults from the step with this place on.
pub(crate) fn recorded(
    watch: &Arc<Watch>,
    steps: &[Step],
    mut pace: Pace,
    answers: Answers,
    faults: &[(usize, Option<Fault>)],
) -> Run {
    let store = Arc::new(open(watch.folder()).unwrap());
    let (identity, open) = (store.identity(), watch.moment());
    let (mut asked, mut waiting): (Vec<Asked>, Vec<Waiting>) = (Vec::new(), Vec::new());
    for (place, step) in steps.iter().enumerate() {
        faults.iter().filter(|(from, _)| *from == place).for_each(|(_, fault)| watch.fail(*fault));
        let alone = step.is_alone() || matches!(pace, Pace::OneByOne);
        if alone {
            finish(&mut waiting, &mut asked);
        }
        let from = watch.moment();
        let answer = step.ask(&store, watch.folder());
        let (moment, thread) = (AtomicUsize::new(usize::MAX), std::thread::current());
        let bell = Arc::new(Bell { watch: Arc::clone(watch), moment, thread });
        let mut next = Waiting { place: asked.len(), alone: step.is_alone(), answer, bell };
        asked.push(Asked { step: step.clone(), from, answered: None });
        if !look(&mut next, &mut asked) {
            waiting.push(next);
        }
        let rest = match &mut pace {
            Pace::OneByOne => true,
            Pace::Bursts(dice) => dice.random_bool(0.1),
        };
        if alone || rest {
            finish(&mut waiting, &mut asked);
        }
    }
    finish(&mut waiting, &mut asked);
    let broken = |answer: &Option<(usize, StoreResult<()>)>| match answer {
        Some((_, Err(error))) => matches!(error, StoreError::Disk(_) | StoreError::Stopping),
        _ => false,
    };
    let failed = asked.iter().any(|asked| broken(&asked.answered)).then(|| wait(Box::pin(store.failed())));
    // A store that has failed is left as it is, as the relay leaves it.
    let failed = failed.or_else(|| wait(Box::pin(store.close())).err());
    drop(store);
    if answers == Answers::Early {
        asked
            .iter_mut()
            .for_each(|asked| asked.answered = asked.answered.take().map(|(_, result)| (asked.from, result)));
    }
    Run { start: watch.start(), acts: watch.acts(), identity, open, asked, failed }
}

/// Looks at an answer; true if it has come.
fn look(waiting: &mut Waiting, asked: &mut [Asked]) -> bool {
    let waker = Waker::from(Arc::clone(&waiting.bell));
    let Poll::Ready(result) = waiting.answer.as_mut().poll(&mut Context::from_waker(&waker)) else { return false };
    // An answer that came without a bell was given no later than now.
    let (rung, now) = (waiting.bell.moment.load(Ordering::SeqCst), waiting.bell.watch.moment());
    let moment = if waiting.alone { now } else { rung.min(now) };
    asked[waiting.place].answered = Some((moment, result));
    true
}

/// Waits for all answers that are under way.
fn finish(waiting: &mut Vec<Waiting>, asked: &mut [Asked]) {
    loop {
        waiting.retain_mut(|one| !look(one, asked));
        if waiting.is_empty() {
            return;
        }
        std::thread::park();
    }
}
