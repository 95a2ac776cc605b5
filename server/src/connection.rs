//! One connection: TLS, WebSocket, frames in, replies out. The only file that names tungstenite.
//!
//! In: a TCP stream. Out: frames of replies. This file must never learn what a request means: it decodes it, hands it to
//! the handlers and counts.
//!
//! One task does it all by turns: finished replies are written first, then flushed, then the next frame is read. While
//! `HIGH_WATER` bytes wait for the peer no further reply is taken up, and while `IN_FLIGHT` requests are under way no
//! further frame is read, so a peer that doesn't read holds at most that and one page.

use crate::answers::Answers;
use crate::auth::Peer;
use crate::eager::Eager;
use crate::gate::Ticket;
use crate::handlers::{self, Relay, Started};
use crate::store::Store;
use crate::tls;
use cairn_protocol::limits::{REPLY, REQUEST};
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};

/// Where the WebSocket is.
const PATH: &str = "/v1";

/// Bytes of the WebSocket buffer for reading while nothing comes; it grows to a frame's length when one begins. Larger:
/// 10,000 idle connections take more memory (135 KiB each by default). Smaller: more copies for one envelope.
const READ: usize = 1024;

/// Bytes that are collected before they are encrypted and written. Larger: more memory. Smaller: more calls.
const BUFFER: usize = 4096;

/// Bytes that wait for a peer before further replies wait where they are made. Larger: more memory for a slow reader.
/// Smaller: more wake-ups for a fast one.
const HIGH_WATER: usize = 64 * 1024;

/// Bytes that wait for a peer, at most; then it is cut off. [`HIGH_WATER`] and a page stay below it.
const WAITING: usize = 256 * 1024;

/// Requests of one connection under way. Larger: more memory in one stranger's hand. Smaller: the way there and back is
/// not filled.
const IN_FLIGHT: usize = 128;

const _: () = assert!(HIGH_WATER + REPLY < WAITING, "a page always fits");

/// How long a peer may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For TLS, WebSocket and Hello together. Larger: strangers hold places. Smaller: slow networks can't get in.
    pub greeting: Duration,
    /// Silence after which it is pinged. Larger: routers forget the connection. Smaller: batteries.
    pub ping: Duration,
    /// Silence after which it is dropped. Larger: dead connections hold places. Smaller: lost pings cut honest ones.
    pub silence: Duration,
    /// For taking what was sent. Larger: a peer that doesn't read holds memory. Smaller: a page over a slow radio link
    /// doesn't get through.
    pub stall: Duration,
    /// For taking leave. Larger: a stop takes longer. Smaller: the last reply may be cut.
    pub leave: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(10),
            ping: Duration::from_secs(600),
            silence: Duration::from_secs(1500),
            stall: Duration::from_secs(120),
            leave: Duration::from_secs(2),
        }
    }
}

impl Deadlines {
    /// Time between two looks at the clock: a quarter of the shortest.
    fn tick(&self) -> Duration {
        (self.ping.min(self.silence).min(self.stall) / 4).max(Duration::from_millis(1))
    }
}

/// Why a connection ended. Logged at debug level, without an address.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The peer left.
    #[error("the peer left")]
    Left,
    /// The relay stops.
    #[error("the relay stops")]
    Stopped,
    /// The peer was too slow.
    #[error("the peer was too slow: {0}")]
    Slow(&'static str),
    /// The peer broke the rules.
    #[error("the peer broke the rules: {0}")]
    Broken(&'static str),
    /// The channel failed.
    #[error("the channel failed")]
    Channel,
}

type Socket = WebSocketStream<TlsStream<Eager>>;
type Starting = Pin<Box<dyn Future<Output = (u32, Started)> + Send>>;

/// Serves a connection until it ends. `stop` turns true when the relay stops.
///
/// # Errors
/// Never `Ok`: always why it ended.
pub async fn serve<S: Store>(
    relay: Arc<Relay<S>>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    ticket: Ticket,
    deadlines: Deadlines,
    stop: watch::Receiver<bool>,
) -> Ended {
    let deadline = Instant::now() + deadlines.greeting;
    // Boxed, so that an idle connection doesn't keep room for its handshake.
    let opened = timeout_at(deadline, Box::pin(open(relay, acceptor, stream, ticket))).await;
    let (socket, peer) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(ended)) => return ended,
        Err(_) => return Ended::Slow("handshake"),
    };
    // Boxed: else the task keeps a place for it in each step that it is handed to.
    let connection = Box::new(Connection::new(socket, peer, deadlines, deadline));
    connection.run(stop).await
}

async fn open<S: Store>(
    relay: Arc<Relay<S>>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    ticket: Ticket,
) -> Result<(Socket, Arc<Peer<S>>), Ended> {
    stream.set_nodelay(true).map_err(|_| Ended::Channel)?;
    let stream = acceptor.accept(Eager::new(stream)).await.map_err(|_| Ended::Broken("TLS"))?;
    let channel = tls::channel_binding(stream.get_ref().1).map_err(|_| Ended::Channel)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(WAITING)
        .max_message_size(Some(REQUEST))
        .max_frame_size(Some(REQUEST));
    let socket = tokio_tungstenite::accept_hdr_async_with_config(stream, check_path, Some(config))
        .await
        .map_err(|_| Ended::Broken("WebSocket handshake"))?;
    Ok((socket, Arc::new(Peer::new(relay, channel).with_ticket(ticket))))
}

#[expect(clippy::result_large_err, reason = "tungstenite's callback has this type")]
fn check_path(upgrade: &Upgrade, response: Response) -> Result<Response, ErrorResponse> {
    if upgrade.uri().path() == PATH {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    Err(refusal)
}

/// What happens next on a connection.
enum Event {
    Replied(u32, Reply),
    Started(u32, Started),
    Heard(Message),
    Failed(Error),
    Closed,
    Tick,
    Stop,
}

struct Connection<S: Store> {
    socket: Socket,
    peer: Arc<Peer<S>>,
    deadlines: Deadlines,
    /// The request that takes its place now; the next frame waits for it.
    starting: Option<Starting>,
    /// Requests under way, at most [`IN_FLIGHT`].
    answers: Answers,
    /// Fetches that wait for an envelope, at most one for each subscription.
    parked: Answers,
    /// Bytes handed to the socket since it was last flushed.
    waiting: usize,
    /// Since when a flush has not come to its end.
    stalled: Option<Instant>,
    heard: Instant,
    pinged: bool,
    greeting: Instant,
    ticks: Interval,
    stopping: bool,
}

impl<S: Store> Connection<S> {
    fn new(socket: Socket, peer: Arc<Peer<S>>, deadlines: Deadlines, greeting: Instant) -> Self {
        let now = Instant::now();
        // No later than the Hello's deadline for the first time.
        let mut ticks = interval_at(greeting.min(now + deadlines.tick()), deadlines.tick());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            peer,
            deadlines,
            starting: None,
            answers: Answers::new(),
            parked: Answers::new(),
            waiting: 0,
            stalled: None,
            heard: now,
            pinged: false,
            greeting,
            ticks,
            stopping: false,
        }
    }

    async fn run(mut self: Box<Self>, mut stop: watch::Receiver<bool>) -> Ended {
        let mut stopped = Box::pin(async move {
            // An error means that the relay is gone: a stop too.
            let _ = stop.wait_for(|stop| *stop).await;
        });
        loop {
            let event = poll_fn(|context| self.poll_event(stopped.as_mut(), context)).await;
            let next = match event {
                Event::Replied(number, reply) => self.write(number, &reply),
                Event::Started(number, started) => self.started(number, started),
                Event::Heard(message) => self.heard(message),
                Event::Tick => self.tick(),
                Event::Stop => {
                    self.stopping = true;
                    self.parked = Answers::new();
                    Ok(())
                }
                Event::Failed(error) => Err(failed(&error)),
                Event::Closed => return Ended::Left,
            };
            if let Err(ended) = next {
                return self.leave(ended).await;
            }
            let idle = self.starting.is_none() && self.answers.is_empty();
            if self.stopping && idle && self.waiting == 0 {
                return self.leave(Ended::Stopped).await;
            }
        }
    }

    fn poll_event(&mut self, stopped: Pin<&mut impl Future<Output = ()>>, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            if self.waiting < HIGH_WATER {
                for answers in [&mut self.answers, &mut self.parked] {
                    if let Poll::Ready((number, reply)) = answers.poll_next(context) {
                        return Poll::Ready(Event::Replied(number, reply));
                    }
                }
            }
            if let Some(starting) = &mut self.starting
                && let Poll::Ready((number, started)) = starting.as_mut().poll(context)
            {
                self.starting = None;
                return Poll::Ready(Event::Started(number, started));
            }
            if self.waiting == 0 {
                break;
            }
            match self.socket.poll_flush_unpin(context) {
                Poll::Ready(Ok(())) => {
                    // Once more from the start: replies may have waited for this.
                    (self.waiting, self.stalled) = (0, None);
                    if self.stopping {
                        return Poll::Ready(Event::Tick);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Event::Failed(error)),
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                    break;
                }
            }
        }
        // Before the next frame: a peer that never stops sending must not put off a stop or its own deadlines.
        if !self.stopping && stopped.poll(context).is_ready() {
            return Poll::Ready(Event::Stop);
        }
        if self.ticks.poll_tick(context).is_ready() {
            return Poll::Ready(Event::Tick);
        }
        if !self.stopping && self.starting.is_none() && self.answers.len() < IN_FLIGHT {
            match self.socket.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(message))) => return Poll::Ready(Event::Heard(message)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Event::Failed(error)),
                Poll::Ready(None) => return Poll::Ready(Event::Closed),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    fn heard(&mut self, message: Message) -> Result<(), Ended> {
        (self.heard, self.pinged) = (Instant::now(), false);
        let frame = match message {
            Message::Binary(frame) => frame,
            Message::Ping(payload) => {
                // Its pong waits for the peer as a reply does, and must be taken in time.
                self.waiting += payload.len() + 2;
                return Ok(());
            }
            Message::Pong(_) | Message::Frame(_) => return Ok(()),
            Message::Close(_) => return Err(Ended::Left),
            Message::Text(_) => return Err(Ended::Broken("a text message")),
        };
        let Ok((number, request)) = Request::decode(&frame) else {
            // Answered under the number that the frame bears, if it is long enough to bear one.
            if let Some((_, rest)) = frame.split_first()
                && let Some((number, _)) = rest.split_first_chunk()
            {
                self.write(u32::from_be_bytes(*number), &Reply::Refused(Refusal::Malformed))?;
            }
            return Err(Ended::Broken("a frame"));
        };
        let peer = Arc::clone(&self.peer);
        self.starting = Some(Box::pin(async move { (number, handlers::start(peer, request).await) }));
        Ok(())
    }

    fn started(&mut self, number: u32, started: Started) -> Result<(), Ended> {
        match started {
            Started::Done(reply) => self.write(number, &reply),
            Started::Later(later) => {
                self.answers.push(Box::pin(async move { (number, later.await) }));
                Ok(())
            }
            Started::Parked(later) => {
                if !self.stopping {
                    self.parked.push(Box::pin(async move { (number, later.await) }));
                }
                Ok(())
            }
        }
    }

    fn write(&mut self, number: u32, reply: &Reply) -> Result<(), Ended> {
        self.peer.relay.metrics.answered(reply);
        let frame = reply.encode(number);
        self.waiting += frame.len();
        self.socket.start_send_unpin(Message::Binary(frame.into())).map_err(|error| failed(&error))?;
        match reply {
            Reply::Refused(Refusal::Malformed) => Err(Ended::Broken("a request")),
            Reply::Refused(Refusal::Version) => Err(Ended::Broken("the version")),
            _ => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        let silent = now.saturating_duration_since(self.heard);
        if !self.peer.is_greeted() && now >= self.greeting {
            return Err(Ended::Slow("Hello"));
        }
        if self.stalled.is_some_and(|since| now.saturating_duration_since(since) > self.deadlines.stall) {
            return Err(Ended::Slow("reading"));
        }
        if silent > self.deadlines.silence {
            return Err(Ended::Slow("silence"));
        }
        if silent > self.deadlines.ping && !self.pinged {
            self.pinged = true;
            self.waiting += 1;
            self.socket.start_send_unpin(Message::Ping(Vec::new().into())).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Sends what waits and says why, within a deadline. What was under way goes on in the store, but isn't answered.
    async fn leave(mut self: Box<Self>, ended: Ended) -> Ended {
        let code = match ended {
            Ended::Left => CloseCode::Normal,
            Ended::Stopped => CloseCode::Away,
            Ended::Broken("a text message") => CloseCode::Unsupported,
            Ended::Broken(_) => CloseCode::Protocol,
            Ended::Slow(_) | Ended::Channel => return ended,
        };
        let farewell = async {
            let reason = CloseFrame { code, reason: "".into() };
            if self.socket.close(Some(reason)).await.is_ok() {
                // Read on until the peer has seen it: closing over unread bytes would take back what was sent.
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let _ = timeout(self.deadlines.leave, farewell).await;
        ended
    }
}

fn failed(error: &Error) -> Ended {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Ended::Broken("a frame that is too long"),
        Error::Protocol(_) | Error::Utf8(_) => Ended::Broken("WebSocket"),
        Error::WriteBufferFull(_) => Ended::Slow("reading"),
        Error::ConnectionClosed | Error::AlreadyClosed => Ended::Left,
        _ => Ended::Channel,
    }
}
