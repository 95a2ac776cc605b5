//! Power cuts, failing and full disks under the real store, its writer thread included.
//!
//! In: operations, moments, seeds. Out: verdicts of `oracle`. `tap` records what the store does to a folder, `disk` says
//! what a power cut may leave of it, and the store is started again from that by its ordinary code.
//!
//! `CAIRN_CRASH_SEEDS=N` tries N random workloads and N dice for each moment instead of a few; `CAIRN_TEST_SEED` repeats
//! a run. What is asked is the same then; how the writer's thread groups it is not.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]
#![expect(clippy::print_stderr, reason = "the test runner shows it when a test fails, or when asked")]

mod backup;
mod disk;
mod faults;
mod oracle;
mod run;
mod script;
mod tap;
mod wrong;

use cairn_relay::store::Store;
use cairn_relay::store::sqlite::FILE;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use disk::{Act, Disk, Luck};
use oracle::{Calm, Oracle, bounds};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use run::{Answers, Pace, Run, open, play, recorded, wait};
use std::sync::{Arc, OnceLock};
use tap::Watch;
use wrong::{Weak, weaken};

/// The store closes its readers on a runtime's thread.
fn inside() -> tokio::runtime::EnterGuard<'static> {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap()).enter()
}

/// How many seeds: a few, or `CAIRN_CRASH_SEEDS`.
fn seeds(few: u64) -> u64 {
    std::env::var("CAIRN_CRASH_SEEDS").map_or(few, |count| count.parse().unwrap())
}

/// Where the seeds begin.
fn first_seed() -> u64 {
    let given = std::env::var("CAIRN_TEST_SEED").ok().map(|text| text.parse().unwrap());
    let seed = given.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    eprintln!("seed {seed}: repeat this run with CAIRN_TEST_SEED={seed}");
    seed
}

fn dice(seed: u64) -> Box<StdRng> {
    Box::new(StdRng::seed_from_u64(seed))
}

/// A disk with a store that holds something, closed and flushed.
fn used() -> Disk {
    static USED: OnceLock<Disk> = OnceLock::new();
    USED.get_or_init(|| {
        let run = play(Disk::default(), &script::before(), Pace::OneByOne);
        Disk::of_files(run.start.after(&run.acts).found(&mut Luck::Kept))
    })
    .clone()
}

/// The ways in which what was not flushed may end at one moment.
fn lucks(seeds: impl Iterator<Item = u64>) -> impl Iterator<Item = (String, Luck)> {
    let plain = [("lost", Luck::Lost), ("kept", Luck::Kept), ("bytes", Luck::BytesKept), ("names", Luck::NamesKept)];
    let plain = plain.into_iter().map(|(name, luck)| (name.to_owned(), luck));
    plain.chain(seeds.map(|seed| (format!("dice {seed}"), Luck::Dice(dice(seed)))))
}

/// The power goes at each of these moments of a run, with all that was not flushed lost, and with `dice` other lucks:
/// what is wrong then.
fn cut(run: &Run, oracle: &mut Oracle, from: usize, first: u64, dice: Option<u64>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut disk = run.start.clone().after(&run.acts[..from]);
    for moment in from..=run.acts.len() {
        let kinds = dice.map_or(1, |_| usize::MAX);
        for (name, mut luck) in lucks((0..dice.unwrap_or(0)).map(|number| first + number)).take(kinds) {
            let verdict = oracle.check(moment, &disk.found(&mut luck));
            wrong.extend(verdict.err().map(|what| format!("{name}: {what}")));
        }
        if let Some(act) = run.acts.get(moment) {
            disk = disk.after(std::slice::from_ref(act));
        }
    }
    wrong
}

/// The first of them are enough for whoever reads it.
fn none(wrong: Vec<String>) {
    let first: Vec<&String> = wrong.iter().take(4).collect();
    assert!(wrong.is_empty(), "{} times wrong, first {first:#?}", wrong.len());
}

fn answers(run: &Run) -> Vec<Result<(), cairn_relay::store::StoreError>> {
    run.asked.iter().map(|asked| asked.answered.clone().unwrap().1).collect()
}

#[test]
fn the_watch_misses_nothing_that_a_store_does_to_its_folder() {
    let _inside = inside();
    let watch = Arc::new(Watch::new(Disk::default()));
    let run = recorded(&watch, &script::every_operation(), Pace::OneByOne, Answers::Given, &[]);
    let recorded = run.start.after(&run.acts).found(&mut Luck::Kept);
    let there = Disk::of_folder(watch.folder()).found(&mut Luck::Kept);
    assert!(there == recorded, "{:?} {:?}", there.keys(), recorded.keys());
    for kind in [
        run.acts.iter().any(|act| matches!(act, Act::Name(name, _) if name.ends_with("-wal"))),
        run.acts.iter().any(|act| matches!(act, Act::Unname(name) if name.ends_with("-journal"))),
        run.acts.iter().any(|act| matches!(act, Act::Truncate(..))),
        run.acts.iter().any(|act| matches!(act, Act::Flush(_))),
        run.acts.iter().any(|act| matches!(act, Act::FlushNames)),
    ] {
        assert!(kind);
    }
}

#[test]
fn a_power_cut_at_any_moment_of_any_operation_loses_nothing_that_was_answered() {
    let _inside = inside();
    let (steps, first) = (script::every_operation(), first_seed());
    let calm = Calm::new(&used(), &steps);
    let run = play(used(), &steps, Pace::OneByOne);
    assert_eq!(answers(&run), calm.answers);
    let mut oracle = Oracle::new(&run, &calm);
    none(cut(&run, &mut oracle, 0, first, Some(seeds(1))));
    eprintln!("{} moments, {} different disks", run.acts.len() + 1, oracle.started());
}

#[test]
fn a_new_folder_is_flushed_into_the_one_above_it() {
    let watch = Watch::new(Disk::default());
    cairn_relay::folder::prepare(&watch.folder().join("data/relay")).unwrap();
    assert_eq!(watch.acts(), [Act::FlushNames]);
    cairn_relay::folder::prepare(&watch.folder().join("data/relay")).unwrap();
    assert_eq!(watch.acts().len(), 1, "once");
}

#[test]
fn a_power_cut_during_the_first_start_leaves_no_store_or_a_whole_one_with_its_key() {
    let _inside = inside();
    let (steps, first) =
        (vec![script::Step::Create(1, script::By::Free), script::Step::Put(1, 1, 20_000)], first_seed());
    let calm = Calm::new(&Disk::default(), &steps);
    let watch = Arc::new(Watch::new(Disk::default()));
    // As the relay does: the store, then the key. What `recorded` opens is there then.
    wait(Box::pin(open(watch.folder()).unwrap().close())).unwrap();
    let pin = cairn_relay::tls::Tls::open(watch.folder(), None).unwrap().pin;
    let open = watch.moment();
    let run = Run { open, ..recorded(&watch, &steps, Pace::OneByOne, Answers::Given, &[]) };
    let mut oracle = Oracle::new(&run, &calm).with_key(pin);
    none(cut(&run, &mut oracle, 0, first, Some(seeds(4))));
    eprintln!("{} moments, {} different disks", run.acts.len() + 1, oracle.started());
}

/// The same store as [`used`] as version 1 of the program left it.
fn of_version_1() -> Disk {
    let watch = Watch::new(used());
    let connection = rusqlite::Connection::open(watch.folder().join(FILE)).unwrap();
    connection
        .execute_batch(
            "PRAGMA secure_delete = ON; ALTER TABLE pass DROP COLUMN expires; ALTER TABLE store DROP COLUMN mailboxes;
             ALTER TABLE envelope RENAME TO newer;
             DROP INDEX envelope_queue;
             CREATE TABLE envelope (
                 arrival INTEGER PRIMARY KEY,
                 mailbox BLOB NOT NULL CHECK (length(mailbox) = 32),
                 id BLOB NOT NULL CHECK (length(id) = 16),
                 day INTEGER NOT NULL,
                 body BLOB NOT NULL CHECK (length(body) = 4096)
             ) STRICT;
             CREATE UNIQUE INDEX envelope_id ON envelope (mailbox, id);
             CREATE INDEX envelope_queue ON envelope (mailbox, arrival);
             CREATE INDEX envelope_day ON envelope (day);",
        )
        .unwrap();
    let newer = "SELECT key, shut, arrival, mailbox, id, day FROM newer JOIN body USING (place)";
    let mut newer = connection.prepare(newer).unwrap();
    let mut rows = newer.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (key, mut body): ([u8; 32], Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
        ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut body);
        let (arrival, mailbox, id, day): (i64, [u8; 32], [u8; 16], i64) =
            (row.get(2).unwrap(), row.get(3).unwrap(), row.get(4).unwrap(), row.get(5).unwrap());
        let older = (arrival, mailbox, id, day, body);
        connection.execute("INSERT INTO envelope VALUES (?1, ?2, ?3, ?4, ?5)", older).unwrap();
    }
    drop(rows);
    drop(newer);
    connection.execute_batch("DROP TABLE newer; DROP TABLE body; PRAGMA user_version = 1;").unwrap();
    connection.close().unwrap();
    Disk::of_files(watch.start().after(&watch.acts()).found(&mut Luck::Kept))
}

/// The same store as version 4 left it, in which a body had the number of its envelope.
fn of_version_4() -> Disk {
    let watch = Watch::new(used());
    let connection = rusqlite::Connection::open(watch.folder().join(FILE)).unwrap();
    connection
        .execute_batch(
            "PRAGMA secure_delete = ON;
             ALTER TABLE body RENAME TO newer;
             CREATE TABLE body (
                 arrival INTEGER PRIMARY KEY,
                 shut BLOB NOT NULL CHECK (length(shut) = 4096)
             ) STRICT;
             INSERT INTO body SELECT arrival, shut FROM envelope JOIN newer USING (place);
             DROP TABLE newer;
             DROP INDEX envelope_queue;
             ALTER TABLE envelope DROP COLUMN place;
             CREATE INDEX envelope_queue ON envelope (mailbox, arrival, id);
             PRAGMA user_version = 4;",
        )
        .unwrap();
    connection.close().unwrap();
    Disk::of_files(watch.start().after(&watch.acts()).found(&mut Luck::Kept))
}

#[test]
fn a_power_cut_while_an_older_store_is_brought_to_this_version_leaves_it_whole() {
    let _inside = inside();
    for old in [of_version_1(), of_version_4()] {
        let (steps, first) = (script::puts(), first_seed());
        let calm = Calm::new(&old, &steps);
        let run = play(old, &steps[..2], Pace::OneByOne);
        let wrote = run.acts[..run.open].iter().filter(|act| matches!(act, Act::Write(0 | 1, ..))).count();
        assert!(wrote > 2, "the upgrade writes something: {wrote}");
        let mut oracle = Oracle::new(&run, &calm);
        none(cut(&run, &mut oracle, 0, first, Some(seeds(4))));
        eprintln!("{} moments, {} of them before it was open", run.acts.len() + 1, run.open);
    }
}

#[test]
fn a_power_cut_among_many_operations_at_once_loses_nothing_that_was_answered() {
    let _inside = inside();
    let (first, count) = (first_seed(), seeds(6));
    let mut disks = 0;
    for seed in (0..count).map(|number| first + number) {
        let mut choice = dice(seed);
        let steps = script::random(&mut choice, 60);
        let calm = Calm::new(&used(), &steps);
        let run = play(used(), &steps, Pace::Bursts(dice(seed)));
        assert_eq!(answers(&run), calm.answers, "seed {seed}");
        let mut oracle = Oracle::new(&run, &calm);
        for number in 0..60 {
            let moment = choice.random_range(0..=run.acts.len());
            let disk = run.start.clone().after(&run.acts[..moment]);
            let mut luck = if number % 4 == 0 { Luck::Lost } else { Luck::Dice(dice(seed + number)) };
            let verdict = oracle.check(moment, &disk.found(&mut luck));
            assert_eq!(verdict, Ok(()), "seed {seed}");
        }
        disks += oracle.started();
    }
    eprintln!("{count} workloads, {disks} different disks");
}

#[test]
fn a_power_cut_while_a_store_recovers_from_a_power_cut_loses_nothing_either() {
    let _inside = inside();
    let (steps, first) = (script::every_operation(), first_seed());
    let calm = Calm::new(&used(), &steps);
    let run = play(used(), &steps, Pace::OneByOne);
    let mut oracle = Oracle::new(&run, &calm);
    for seed in (0..seeds(12)).map(|number| first + number) {
        let mut choice = dice(seed);
        let moment = choice.random_range(0..=run.acts.len());
        let (least, most) = bounds(&run.asked, moment);
        let disk = run.start.clone().after(&run.acts[..moment]);
        let found = Disk::of_files(disk.found(&mut Luck::Dice(dice(seed))));
        // Started, stopped: what it wrote meanwhile may be torn too.
        let recovery = play(found, &[script::Step::Scrub], Pace::OneByOne);
        for second in 0..=recovery.acts.len() {
            let disk = recovery.start.clone().after(&recovery.acts[..second]);
            for mut luck in [Luck::Lost, Luck::Dice(dice(choice.random()))] {
                let verdict = oracle.check_between(moment >= run.open, least, most, &disk.found(&mut luck));
                assert_eq!(verdict, Ok(()), "seed {seed}, moments {moment} and {second}");
            }
        }
    }
    eprintln!("{} different disks", oracle.started());
}

#[test]
fn what_is_answered_after_a_kill_and_a_repeat_survives_a_power_cut() {
    let _inside = inside();
    let steps = script::puts();
    let calm = Calm::new(&used(), &steps);
    let run = play(used(), &steps, Pace::OneByOne);
    let mut oracle = Oracle::new(&run, &calm);
    for killed in run.open..=run.acts.len() {
        let (least, _) = bounds(&run.asked, killed);
        // The machine goes on: what was written is there, though not all of it is flushed.
        let disk = run.start.clone().after(&run.acts[..killed]);
        let again = play(disk, &steps[least..], Pace::OneByOne);
        for moment in 0..=again.acts.len() {
            let (since, _) = bounds(&again.asked, moment);
            let disk = again.start.clone().after(&again.acts[..moment]);
            let verdict = oracle.check_between(true, least + since, steps.len(), &disk.found(&mut Luck::Lost));
            assert_eq!(verdict, Ok(()), "killed at {killed}, power cut at {moment}");
        }
    }
    eprintln!("{} different disks", oracle.started());
}

/// What the oracle says of a relay that was built wrong.
fn verdicts_on(weak: Option<Weak>, answers: Answers) -> Vec<String> {
    let _inside = inside();
    let steps = script::every_operation();
    let calm = Calm::new(&used(), &steps);
    let watch = Arc::new(Watch::new(used()));
    if let Some(weak) = weak {
        weaken(watch.folder(), weak);
    }
    let run = recorded(&watch, &steps, Pace::OneByOne, answers, &[]);
    cut(&run, &mut Oracle::new(&run, &calm), 0, 1, None)
}

#[test]
fn a_relay_with_weaker_flushes_or_early_answers_does_not_pass() {
    for (weak, answers) in
        [(Some(Weak::Normal), Answers::Given), (Some(Weak::Off), Answers::Given), (None, Answers::Early)]
    {
        let wrong = verdicts_on(weak, answers);
        let lost = wrong.iter().filter(|what| what.contains("were answered")).count();
        eprintln!("{weak:?}: {} wrong, {lost} of them lost steps", wrong.len());
        assert!(lost > 20, "{weak:?}: {} wrong, {lost} of them lost steps", wrong.len());
    }
}
