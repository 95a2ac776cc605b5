//! The floor: the plainest server that keeps the promise, and nothing else that a relay must do.
//!
//! In: the relay's frames over bare WebSocket. Out: its replies. One SQLite writer with FULL commits what has arrived since
//! the last flush, and delivers after the commit. It knows no TLS, no right to a mailbox, no repeated put, no limit, and
//! overwrites nothing that it deletes. A process of its own, as the relay is.

use super::wire::settings;
use anyhow::{Context, Result, bail};
use cairn_protocol::limits::{PAGE, VERSION};
use cairn_protocol::mailbox::{EnvelopeId, MailboxId};
use cairn_protocol::wire::frame::{Delivery, EnvelopeBytes, Reply, Request, Welcome};
use futures_util::{FutureExt, SinkExt, StreamExt};
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;

/// As many as the relay takes into one transaction.
const GROUP: usize = 256;
const QUEUE: usize = 1024;

enum Order {
    Put(MailboxId, EnvelopeId, EnvelopeBytes),
    Delete(Vec<i64>),
}

/// What to do, and where the number of the request goes when it is on disk.
type Part = (Order, u32, mpsc::UnboundedSender<(u32, Reply)>);

/// Where the owner of a mailbox stands in its queue.
#[derive(Default)]
struct Owner {
    arrived: Notify,
    place: tokio::sync::Mutex<i64>,
}

type Waiting = Arc<Mutex<HashMap<MailboxId, Arc<Owner>>>>;

#[derive(Clone)]
struct Shared {
    writer: mpsc::Sender<Part>,
    reader: Arc<Mutex<Connection>>,
    waiting: Waiting,
}

/// Serves in a folder until the process ends. `listening` is told the port.
///
/// # Errors
/// If the folder or a port can't be used.
pub fn serve(folder: &Path, listening: impl FnOnce(u16)) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let file = folder.join("floor.db");
    let writing = Connection::open(&file)?;
    writing.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;
         CREATE TABLE envelope (arrival INTEGER PRIMARY KEY, mailbox BLOB NOT NULL, id BLOB NOT NULL, body BLOB NOT NULL);
         CREATE INDEX queue ON envelope (mailbox);",
    )?;
    let (writer, parts) = mpsc::channel(QUEUE);
    let waiting = Waiting::default();
    let woken = Arc::clone(&waiting);
    std::thread::spawn(move || {
        if write(writing, parts, &woken).is_err() {
            std::process::exit(1);
        }
    });
    let shared = Shared { writer, reader: Arc::new(Mutex::new(Connection::open(&file)?)), waiting };
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        listening(listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(connection(stream, shared.clone()));
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(mut connection: Connection, mut parts: mpsc::Receiver<Part>, waiting: &Waiting) -> Result<()> {
    // Numbers of its own: SQLite would give that of a deleted row again.
    let mut arrival = 0_i64;
    while let Some(first) = parts.blocking_recv() {
        let (mut next, mut answers, mut woken) = (Some(first), Vec::new(), Vec::new());
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO envelope (arrival, mailbox, id, body) VALUES (?1, ?2, ?3, ?4)")?;
            let mut delete = transaction.prepare_cached("DELETE FROM envelope WHERE arrival = ?1")?;
            while let Some((order, number, answer)) = next.take() {
                match order {
                    Order::Put(mailbox, id, body) => {
                        arrival += 1;
                        insert.execute((arrival, mailbox.as_bytes(), id.as_bytes(), body.as_slice()))?;
                        woken.push(mailbox);
                    }
                    Order::Delete(arrivals) => {
                        for arrival in arrivals {
                            delete.execute([arrival])?;
                        }
                    }
                }
                answers.push((number, answer));
                if answers.len() < GROUP {
                    next = parts.try_recv().ok();
                }
            }
        }
        transaction.commit()?;
        for (number, answer) in answers {
            // Whoever asked may have gone.
            let _ = answer.send((number, Reply::Done));
        }
        let waiting = lock(waiting);
        woken.iter().filter_map(|mailbox| waiting.get(mailbox)).for_each(|owner| owner.arrived.notify_one());
    }
    Ok(())
}

fn page(shared: &Shared, mailbox: &MailboxId, after: &mut i64) -> Result<Vec<Delivery>> {
    let reader = lock(&shared.reader);
    let mut statement = reader.prepare_cached(
        "SELECT arrival, body FROM envelope WHERE mailbox = ?1 AND arrival > ?2 ORDER BY arrival LIMIT ?3",
    )?;
    let mut rows = statement.query((mailbox.as_bytes(), *after, i64::try_from(PAGE)?))?;
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        *after = row.get(0)?;
        // Acknowledgements name rows: the number stands where the identifier does.
        let id = EnvelopeId::from_bytes(i128::from(*after).to_be_bytes());
        let body: Box<[u8]> = row.get_ref(1)?.as_blob()?.into();
        deliveries.push(Delivery { id, envelope: body.try_into().ok().context("an envelope")? });
    }
    Ok(deliveries)
}

async fn connection(stream: TcpStream, shared: Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = accept_async_with_config(stream, Some(settings())).await?;
    let (answer, mut answers) = mpsc::unbounded_channel::<(u32, Reply)>();
    loop {
        tokio::select! {
            biased;
            Some((number, reply)) = answers.recv() => {
                socket.feed(Message::binary(reply.encode(number))).await?;
                while let Ok((number, reply)) = answers.try_recv() {
                    socket.feed(Message::binary(reply.encode(number))).await?;
                }
                socket.flush().await?;
            }
            message = socket.next() => {
                let mut message = Some(message);
                while let Some(heard) = message {
                    match heard.transpose()? {
                        None | Some(Message::Close(_)) => return Ok(()),
                        Some(Message::Binary(frame)) => request(&frame, &shared, &answer).await?,
                        Some(_) => {}
                    }
                    message = socket.next().now_or_never();
                }
            }
        }
    }
}

async fn request(frame: &[u8], shared: &Shared, answer: &mpsc::UnboundedSender<(u32, Reply)>) -> Result<()> {
    let (number, request) = Request::decode(frame)?;
    let order = match request {
        Request::Put { mailbox, id, envelope, .. } => Order::Put(mailbox, id, envelope),
        Request::Acknowledge { ids, .. } => {
            let arrival = |id: &EnvelopeId| i64::try_from(i128::from_be_bytes(*id.as_bytes()));
            Order::Delete(ids.iter().map(arrival).collect::<Result<_, _>>()?)
        }
        Request::Fetch { mailbox, wait } => {
            tokio::spawn(fetch(shared.clone(), mailbox, wait, number, answer.clone()));
            return Ok(());
        }
        Request::Hello { .. } => {
            let (version, store, envelope_days) = (VERSION, [0; 16], 14);
            let welcome = Welcome { version, time: 0, store, restores: 0, envelope_days, open: true };
            answer.send((number, Reply::Welcome(welcome)))?;
            return Ok(());
        }
        Request::CreateMailbox { .. } => {
            answer.send((number, Reply::Done))?;
            return Ok(());
        }
        Request::Subscribe { mailbox, .. } => {
            lock(&shared.waiting).insert(mailbox, Arc::default());
            answer.send((number, Reply::Done))?;
            return Ok(());
        }
        other => bail!("{other:?} is not for the floor"),
    };
    Ok(shared.writer.send((order, number, answer.clone())).await?)
}

/// Gives what no fetch of the mailbox was given before.
async fn fetch(
    shared: Shared,
    mailbox: MailboxId,
    wait: bool,
    number: u32,
    answer: mpsc::UnboundedSender<(u32, Reply)>,
) -> Result<()> {
    let owner = lock(&shared.waiting).get(&mailbox).cloned().context("a subscription")?;
    let mut place = owner.place.lock().await;
    loop {
        let deliveries = page(&shared, &mailbox, &mut place)?;
        if !wait || !deliveries.is_empty() {
            return Ok(answer.send((number, Reply::Page(deliveries)))?);
        }
        owner.arrived.notified().await;
    }
}
