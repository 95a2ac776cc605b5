//! A relay in a process of its own, and what can be seen of it from outside: its memory, its descriptors, its words, its
//! rows.

use crate::common::{Client, Mailbox, ids};
use crate::own;
use cairn_protocol::address::RelayAddress;
use cairn_protocol::wire::frame::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// After this time what did not happen counts as a failure. Nothing here waits for a time to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Stands in all that is sent to do harm, and so nowhere else.
pub(crate) const MARKER: &[u8; 16] = b"Xyzzy-7f3a91c2!\0";

/// These many bytes of the marker.
pub(crate) fn marked(length: usize) -> Vec<u8> {
    MARKER.iter().copied().cycle().take(length).collect()
}

/// A relay in its own process; killed when dropped.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) address: RelayAddress,
    kind: Kind,
    process: Child,
    errors: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gauge {
    /// Memory now, in KiB.
    pub(crate) memory: u64,
    /// Memory at its highest since [`House::forget_peak`], in KiB.
    pub(crate) peak: u64,
    /// Open descriptors.
    pub(crate) descriptors: usize,
}

/// What the process is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// The program as it is released.
    Program,
    /// This test program as a relay, with these deadlines. It differs from the program in what it hides: the program lets
    /// nobody but root look at its memory and its descriptors.
    Own(Option<Duration>),
}

impl House {
    /// An open relay.
    pub(crate) fn open() -> Self {
        Self::with(Kind::Own(None), "")
    }

    /// An open relay with this text in its file of settings.
    pub(crate) fn with(kind: Kind, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("relay.toml"), settings).unwrap();
        Self::start(folder, kind, "127.0.0.1:0")
    }

    fn start(folder: TempDir, kind: Kind, listen: &str) -> Self {
        let (data, config) = (folder.path().join("data"), folder.path().join("relay.toml"));
        let mut command = match kind {
            Kind::Program => Command::new(env!("CARGO_BIN_EXE_cairn-relay")),
            Kind::Own(deadlines) => own::command(deadlines),
        };
        if matches!(kind, Kind::Program) {
            command.args(["serve", "--open", "--listen", listen, "--data"]).arg(data).arg("--config").arg(config);
        } else {
            command.env(own::PLACES, [data.to_str().unwrap(), config.to_str().unwrap(), listen].join("\n"));
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = Arc::new(Mutex::new(String::new()));
        let (mut source, said) = (process.stderr.take().unwrap(), Arc::clone(&errors));
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                said.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {}", errors.lock().unwrap())).unwrap();
            // A process that is a test first says so, in words that are no JSON.
            if let Ok(value) = serde_json::from_str::<Value>(&line) {
                break value["address"].as_str().unwrap().parse().unwrap();
            }
        };
        // Read on, so that the pipe never fills up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, kind, address, process, errors, reader: Some(reader) }
    }

    /// Ends it by a signal and starts another on its folder and its port: the exit code, all it said, and the other one.
    pub(crate) fn again(self, signal: Signal) -> (Option<i32>, String, Self) {
        self.again_after(signal, |_| ())
    }

    /// As [`again`](Self::again), with something done to the data folder while nothing runs on it.
    pub(crate) fn again_after(self, signal: Signal, done: impl FnOnce(&Path)) -> (Option<i32>, String, Self) {
        let (place, kind) = (format!("{}:{}", self.address.host.as_str(), self.address.port), self.kind);
        let (code, said, folder) = self.ended(signal);
        done(&folder.path().join("data"));
        (code, said, Self::start(folder, kind, &place))
    }

    /// Ends it by a signal: the exit code, all that it said, and its folder.
    pub(crate) fn ended(mut self, signal: Signal) -> (Option<i32>, String, TempDir) {
        kill_process(self.pid(), signal).unwrap();
        let code = self.process.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        let said = self.said();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (code, said, folder)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().try_into().unwrap()).unwrap()
    }

    /// All that it has said on standard error.
    pub(crate) fn said(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// A client that has said Hello.
    pub(crate) async fn client(&self) -> Client {
        let mut client = self.stranger().await;
        let reply = client.call(&Request::Hello { version: 1 }).await;
        assert!(matches!(reply, Reply::Welcome(_)), "{reply:?}");
        client
    }

    /// A client that has not.
    pub(crate) async fn stranger(&self) -> Client {
        Client::connect(&self.address).await
    }

    /// Every row with every byte, as `dump --full` prints them.
    pub(crate) fn dump(&self) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn-relay"));
        let output = command.args(["dump", "--full", "--data"]).arg(self.folder.path().join("data")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    pub(crate) fn gauge(&self) -> Gauge {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
        };
        Gauge { memory: number("VmRSS"), peak: number("VmHWM"), descriptors: self.descriptors().len() }
    }

    /// The numbers of its open descriptors.
    pub(crate) fn descriptors(&self) -> BTreeSet<u64> {
        let names = fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap();
        names.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    }

    /// From now on the highest memory is counted anew (`proc(5)`, `clear_refs`).
    pub(crate) fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5").unwrap();
    }

    /// Waits until it holds at most this many descriptors.
    pub(crate) async fn descriptors_fall_to(&self, most: usize) {
        until("descriptors come back", || self.gauge().descriptors <= most).await;
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for an event.
pub(crate) async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A relay before harm is done, and somebody who is served by it.
pub(crate) struct Calm {
    dump: Vec<String>,
    gauge: Gauge,
    witness: Client,
    mailbox: Mailbox,
    parked: u32,
}

/// Descriptors that come and go by themselves: a connection that was closed a moment ago.
const SLACK: usize = 2;

impl Calm {
    /// Somebody with a mailbox that holds something, and what the relay holds then. What it allocates once, such as the
    /// caches of its readers, it has allocated before.
    pub(crate) async fn of(house: &House) -> Self {
        let mut witness = house.client().await;
        let mailbox = Mailbox::made(7, &mut witness).await;
        let mut sender = house.client().await;
        for id in 0..64 {
            assert_eq!(sender.call(&mailbox.put(id)).await, Reply::Done);
        }
        for count in 1..=8 {
            mailbox.subscribed(&mut witness, count).await;
            while !ids(&witness.call(&mailbox.fetch(false)).await).is_empty() {}
        }
        let with_sender = house.gauge().descriptors;
        let warm = (0..16).map(|_| house.client());
        drop(futures_util::future::join_all(warm).await);
        drop(sender);
        house.descriptors_fall_to(with_sender - 1).await;
        let parked = witness.send(&mailbox.fetch(true)).await;
        house.forget_peak();
        Self { dump: house.dump(), gauge: house.gauge(), witness, mailbox, parked }
    }

    /// Nothing has changed: not a row; descriptors are back; memory was never above this many times what it was; nothing
    /// of what was sent is in the log; and whoever was served is still served.
    pub(crate) async fn goes_on(mut self, house: &House, what: &str, most: f64) {
        assert_eq!(house.dump(), self.dump, "{what}: rows changed");
        self.descriptors_and_memory(house, what, most).await;
        self.is_served(house).await;
    }

    /// As [`goes_on`](Self::goes_on), where rows may have changed.
    pub(crate) async fn descriptors_and_memory(&self, house: &House, what: &str, most: f64) {
        house.descriptors_fall_to(self.gauge.descriptors + SLACK).await;
        let (base, peak) = (self.gauge.memory, house.gauge().peak);
        #[expect(clippy::cast_precision_loss, reason = "memory in KiB is far below 2^52")]
        let ratio = peak as f64 / base as f64;
        println!("{what}: memory {base} KiB, at most {peak} KiB, {ratio:.2} times; at most {most} is allowed");
        assert!(ratio <= most, "{what}: memory was {base} KiB and rose to {peak} KiB");
        let said = house.said();
        assert!(!said.contains("Xyzzy") && !said.contains("panicked"), "{what}: {said}");
    }

    /// The one who waits gets what comes.
    pub(crate) async fn is_served(&mut self, house: &House) {
        let mut sender = house.client().await;
        assert_eq!(sender.call(&self.mailbox.put(200)).await, Reply::Done);
        let (number, reply) = self.witness.reply().await.unwrap();
        assert_eq!((number, ids(&reply)), (self.parked, vec![200]));
    }
}
