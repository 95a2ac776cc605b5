//! One line to one relay: TCP, TLS, WebSocket, hello, then numbered requests and replies in any order.
//!
//! In: an address, requests. Out: signals, each with the line that it came over. This file must never learn what a
//! request is for.

use super::counted::{Counted, Traffic};
use super::{NetError, tls};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::limits::{REPLY, VERSION};
use cairn_protocol::mailbox::{ChannelBinding, EXPORTER_LABEL};
use cairn_protocol::wire::frame::{Refusal, Reply, Request, Welcome};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// From the first packet to the relay's welcome. Longer: `send` takes longer than its five seconds.
/// Shorter: a slow mobile line never gets through.
const CONNECT: Duration = Duration::from_millis(4500);

/// For one address of several that a name has, so that a dead one leaves time for the next.
const CONNECT_ONE: Duration = Duration::from_millis(2000);

/// For writing one frame. Longer: a dead line is noticed later.
const WRITE: Duration = Duration::from_secs(20);

/// How long a line may be silent before it is asked whether it still is one. The relay asks after 600 s of silence, so
/// that this is needed only where the relay can't be heard. Shorter: two questions instead of one, above 25 KB a day for
/// the lines of an open conversation. Longer: a dead line is noticed later.
const IDLE: Duration = Duration::from_secs(900);

/// How long the answer to that may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Requests that wait to be written. The engine keeps fewer in flight.
const REQUESTS: usize = 256;

/// WebSocket buffers. Larger: more memory for nothing, frames are 4 KiB.
const BUFFER: usize = 4096;

type Socket = WebSocketStream<TlsStream<Counted<TcpStream>>>;

/// What a line says.
#[derive(Debug)]
pub(crate) enum Signal {
    /// It stands.
    Up(Up),
    /// The relay answers the request of this number.
    Reply(u32, Reply),
    /// It is gone, or never was.
    Down(NetError),
}

/// What is known of a line that stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Up {
    /// What the relay says of itself.
    pub(crate) welcome: Welcome,
    /// What both ends of this line know and no other.
    pub(crate) channel: ChannelBinding,
}

/// A line. Dropping it ends the connection.
#[derive(Debug)]
pub(crate) struct Line {
    requests: mpsc::Sender<(u32, Request)>,
    number: u32,
}

impl Line {
    /// Starts to connect. Everything else is said by signals, sent together with `name`.
    pub(crate) fn open<N: Copy + Send + 'static>(
        address: RelayAddress,
        name: N,
        signals: mpsc::Sender<(N, Signal)>,
        traffic: Arc<Traffic>,
    ) -> Self {
        let (requests, waiting) = mpsc::channel(REQUESTS);
        tokio::spawn(async move {
            let error = match timeout(CONNECT, connect(&address, traffic)).await {
                Ok(Ok((socket, up))) => {
                    if signals.send((name, Signal::Up(up))).await.is_err() {
                        return;
                    }
                    run(socket, waiting, name, &signals).await
                }
                Ok(Err(error)) => error,
                Err(_) => NetError::Unreachable,
            };
            // Nobody listens any more: nobody needs to know.
            let _ = signals.send((name, Signal::Down(error))).await;
        });
        Self { requests, number: 0 }
    }

    /// Asks. Returns the number that the reply will bear; none if the line is full or gone, which a signal tells.
    pub(crate) fn ask(&mut self, request: Request) -> Option<u32> {
        self.number = self.number.wrapping_add(1);
        self.requests.try_send((self.number, request)).ok().map(|()| self.number)
    }
}

async fn connect(address: &RelayAddress, traffic: Arc<Traffic>) -> Result<(Socket, Up), NetError> {
    let tcp = dial(address).await?;
    // A request is written in one piece; waiting for more would only delay it.
    let _ = tcp.set_nodelay(true);
    let config = tls::config(address.pin).map_err(|_| NetError::Version)?;
    let name = ServerName::try_from(address.host.as_str().to_owned()).map_err(|_| NetError::Unreachable)?;
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, Counted::new(tcp, traffic))
        .await
        .map_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
            if cause == Some(&tls::OTHER_KEY) { NetError::OtherKey } else { NetError::Unreachable }
        })?;
    let channel = tls
        .get_ref()
        .1
        .export_keying_material([0; 32], EXPORTER_LABEL, None)
        .map(ChannelBinding)
        .map_err(|_| NetError::Unreachable)?;
    let buffers = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(16 * BUFFER)
        .max_message_size(Some(REPLY))
        .max_frame_size(Some(REPLY));
    // The host in this request is nobody's: the relay is known by its key, and learns no name.
    let (mut socket, _) =
        client_async_with_config("ws://relay/v1", tls, Some(buffers)).await.map_err(|_| NetError::Unreachable)?;
    let hello = Request::Hello { version: VERSION }.encode(0);
    socket.send(Message::binary(hello.to_vec())).await.map_err(|_| NetError::Unreachable)?;
    match next(&mut socket).await? {
        (0, Reply::Welcome(welcome)) if welcome.version == VERSION => Ok((socket, Up { welcome, channel })),
        (_, Reply::Refused(Refusal::TooFast { retry_after })) => Err(NetError::Busy(retry_after)),
        (_, Reply::Refused(Refusal::NotNow)) => Err(NetError::Busy(0)),
        _ => Err(NetError::Version),
    }
}

/// A TCP connection to the relay's address; a name is looked up only where there is one.
async fn dial(address: &RelayAddress) -> Result<TcpStream, NetError> {
    let host = address.host.as_str();
    let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(literal) => vec![SocketAddr::new(literal, address.port)],
        Err(_) => tokio::net::lookup_host((host, address.port)).await.map_err(|_| NetError::Unreachable)?.collect(),
    };
    for one in addresses {
        if let Ok(Ok(tcp)) = timeout(CONNECT_ONE, TcpStream::connect(one)).await {
            return Ok(tcp);
        }
    }
    Err(NetError::Unreachable)
}

/// The next frame of the relay; pings and pongs are the library's business.
async fn next(socket: &mut (impl StreamExt<Item = Result<Message, Error>> + Unpin)) -> Result<(u32, Reply), NetError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(frame))) => return Reply::decode(&frame).map_err(|_| NetError::Version),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return Err(NetError::Unreachable),
        }
    }
}

/// What the relay's side of a line brings.
enum Incoming {
    Reply(u32, Reply),
    Alive,
    Gone(NetError),
}

async fn incoming(stream: &mut SplitStream<Socket>) -> Incoming {
    match stream.next().await {
        Some(Ok(Message::Binary(frame))) => match Reply::decode(&frame) {
            Ok((number, reply)) => Incoming::Reply(number, reply),
            Err(_) => Incoming::Gone(NetError::Version),
        },
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
        _ => Incoming::Gone(NetError::Unreachable),
    }
}

async fn write(sink: &mut SplitSink<Socket, Message>, message: Message) -> Result<(), NetError> {
    match timeout(WRITE, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(NetError::Unreachable),
    }
}

/// Carries requests and replies until the line ends; says why it did.
async fn run<N: Copy>(
    socket: Socket,
    mut waiting: mpsc::Receiver<(u32, Request)>,
    name: N,
    signals: &mpsc::Sender<(N, Signal)>,
) -> NetError {
    let (mut sink, mut stream) = socket.split();
    // When the line is to be asked whether it is one, and by when it must have answered.
    let (mut quiet, mut asked) = (Instant::now() + IDLE, false);
    loop {
        // A reply is read only when there is room for it.
        let reply = async {
            let Ok(room) = signals.reserve().await else { return None };
            Some((room, incoming(&mut stream).await))
        };
        tokio::select! {
            request = waiting.recv() => {
                let Some((number, request)) = request else {
                    let _ = timeout(Duration::from_millis(200), sink.close()).await;
                    return NetError::Unreachable;
                };
                let frame = request.encode(number);
                if let Err(error) = write(&mut sink, Message::binary(frame.to_vec())).await {
                    return error;
                }
            }
            reply = timeout_at(quiet, reply) => match reply {
                Ok(None) => return NetError::Unreachable,
                Ok(Some((room, incoming))) => {
                    (quiet, asked) = (Instant::now() + IDLE, false);
                    match incoming {
                        Incoming::Reply(number, reply) => room.send((name, Signal::Reply(number, reply))),
                        Incoming::Alive => {}
                        Incoming::Gone(error) => return error,
                    }
                }
                Err(_) if asked => return NetError::Unreachable,
                Err(_) => {
                    if let Err(error) = write(&mut sink, Message::Ping(Vec::new().into())).await {
                        return error;
                    }
                    (quiet, asked) = (Instant::now() + ANSWER, true);
                }
            }
        }
    }
}
