//! A disk that fails or is full, at every place.
//!
//! In: which flush or write fails. Out: verdicts. This file must never learn how the store goes on: it asks it.

use crate::disk::{Act, Disk, Luck, Number};
use crate::oracle::{Calm, Oracle, bounds};
use crate::run::{Answers, Pace, Run, open, play, recorded, wait};
use crate::script::{self, By, Step};
use crate::tap::{Fault, Watch};
use crate::{answers, cut, inside, none, seeds, used};
use cairn_protocol::wire::frame::Refusal;
use cairn_relay::store::{Store, StoreError};
use std::sync::Arc;

/// Where the process was told that the disk failed, and of which file.
fn failure(acts: &[Act]) -> Option<(usize, Number)> {
    acts.iter().enumerate().find_map(|(moment, act)| match act {
        Act::FailedFlush(number) | Act::FailedWrite(number) => Some((moment, *number)),
        _ => None,
    })
}

/// Whatever fails, nothing is answered after it and nothing flushed; a new process then takes all of it again, and what
/// that one answers outlasts a power cut.
fn fails_clean(steps: &[Step], fault: impl Fn(usize) -> Fault, stride: usize) -> usize {
    let calm = Calm::new(&used(), steps);
    for place in (0..).step_by(stride) {
        let watch = Arc::new(Watch::new(used()));
        let run = recorded(&watch, steps, Pace::OneByOne, Answers::Given, &[(0, Some(fault(place)))]);
        let Some((moment, file)) = failure(&run.acts) else {
            assert_eq!(run.failed, None);
            assert_eq!(answers(&run), calm.answers);
            return place;
        };
        let what = format!("{:?}, moment {moment} of {}", fault(place), run.acts.len());
        assert!(matches!(run.failed, Some(StoreError::Disk(_))), "{what}: {:?}", run.failed);
        for asked in &run.asked {
            match asked.answered.as_ref().unwrap() {
                (at, Ok(())) => assert!(*at <= moment, "{what}: {:?} is answered after it", asked.step),
                (_, Err(StoreError::Disk(_) | StoreError::Stopping)) => {}
                (_, Err(error)) => panic!("{what}: {error}"),
            }
        }
        let later = &run.acts[moment + 1..];
        assert!(!later.contains(&Act::Flush(file)), "{what}: the same flush is tried again");
        assert!(!later.iter().any(|act| matches!(act, Act::Flush(_))), "{what}: something is flushed after it");
        let mut oracle = Oracle::new(&run, &calm);
        none(cut(&run, &mut oracle, moment, 1, Some(1)));
        taken_again(&run, &mut oracle, steps, &what);
    }
    unreachable!()
}

/// The process starts again on a machine that goes on, and clients repeat what was not answered.
fn taken_again(run: &Run, oracle: &mut Oracle, steps: &[Step], what: &str) {
    let (least, _) = bounds(&run.asked, run.acts.len());
    let disk = run.start.clone().after(&run.acts);
    let again = play(disk, &steps[least..], Pace::OneByOne);
    assert!(answers(&again).iter().all(Result::is_ok), "{what}: {:?}", answers(&again));
    for moment in 0..=again.acts.len() {
        let (since, _) = bounds(&again.asked, moment);
        let disk = again.start.clone().after(&again.acts[..moment]);
        let verdict = oracle.check_between(true, least + since, steps.len(), &disk.found(&mut Luck::Lost));
        assert_eq!(verdict, Ok(()), "{what}: and power cut at {moment} of the next run");
    }
}

#[test]
fn a_flush_that_fails_anywhere_confirms_nothing_is_not_tried_again_and_is_mended_by_a_start() {
    let _inside = inside();
    let places = fails_clean(&script::puts(), Fault::Flush, 1);
    eprintln!("{places} flushes");
    assert!(places > 8, "{places}: the flushes of puts and of a scrub and of the end");
}

#[test]
fn a_write_that_fails_anywhere_confirms_nothing_and_is_mended_by_a_start() {
    let _inside = inside();
    let places = fails_clean(&script::puts(), Fault::Write, if seeds(0) > 0 { 1 } else { 7 });
    eprintln!("{places} writes");
    assert!(places > 60, "{places}: the writes of puts and of a scrub and of the end");
}

#[test]
fn a_disk_that_fills_up_anywhere_refuses_what_it_can_not_keep_and_goes_on_when_there_is_room() {
    let _inside = inside();
    let mut refused = 0;
    for room in (0..48).map(|pages| pages * 2048) {
        // What is asked while the disk is full, and the same once more when there is room again.
        let full =
            [Step::Put(9, 20, script::TODAY), Step::Create(1, By::Free), Step::Acknowledge(9, vec![1]), Step::Scrub];
        let mut steps = script::puts();
        let (from, until) = (2, 2 + full.len() + steps.len() - 2);
        steps.splice(from..from, full.clone());
        steps.extend(steps.clone().split_off(from));
        let watch = Arc::new(Watch::new(used()));
        let used: usize = watch.start().found(&mut Luck::Kept).values().map(Vec::len).sum();
        // The journal and what processes share beside it grow first.
        let faults = [(from, Some(Fault::Full(used + 40_000 + room))), (until, None)];
        let run = recorded(&watch, &steps, Pace::OneByOne, Answers::Given, &faults);
        assert_eq!(run.failed, None, "room for {room}: a full disk is no failure");
        let mut kept = Vec::new();
        for (place, asked) in run.asked.iter().enumerate() {
            match asked.answered.as_ref().map(|(_, result)| result).unwrap() {
                Ok(()) => kept.push(place),
                Err(error @ StoreError::NotNow(_)) => {
                    assert!((from..until).contains(&place), "room for {room}: {:?}: {error}", asked.step);
                    assert_eq!(error.refusal(), Refusal::NotNow);
                    refused += 1;
                }
                Err(error) => panic!("room for {room}: {:?}: {error}", asked.step),
            }
        }
        let (done, run) = only(&kept, run);
        let calm = Calm::new(&run.start, &done);
        none(cut(&run, &mut Oracle::new(&run, &calm), 0, 1, None));
    }
    assert!(refused > 40, "{refused} refusals");
}

/// The steps that were not refused, and the run as if there had been no others: what was refused must leave no trace.
fn only(kept: &[usize], mut run: Run) -> (Vec<Step>, Run) {
    let mut place = 0..;
    run.asked.retain(|_| kept.contains(&place.next().unwrap()));
    (run.asked.iter().map(|asked| asked.step.clone()).collect(), run)
}

#[test]
fn a_start_whose_flush_fails_leaves_nothing_that_the_next_one_trips_over() {
    let _inside = inside();
    for place in 0.. {
        let watch = Watch::new(Disk::default());
        watch.fail(Some(Fault::Flush(place)));
        let first = open(watch.folder());
        let failed = failure(&watch.acts()).is_some();
        watch.fail(None);
        match first {
            Ok(store) => wait(Box::pin(store.close())).unwrap(),
            Err(error) => assert!(failed, "{place}: {error}"),
        }
        let store = open(watch.folder()).unwrap();
        wait(Box::pin(store.close())).unwrap();
        if !failed {
            assert!(place > 4, "{place} flushes");
            return;
        }
    }
}
