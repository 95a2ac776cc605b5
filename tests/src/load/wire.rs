//! One connection of the load tool to the relay, or to the floor's server: TLS or none, WebSocket, hello, then frames.
//!
//! In: requests. Out: replies. Unlike the client's it waits for nothing and tries nothing again: it measures.

use super::tls;
use anyhow::{Context, Result, bail, ensure};
use cairn_protocol::address::RelayAddress;
use cairn_protocol::limits::{ENVELOPE, REPLY, VERSION};
use cairn_protocol::mailbox::{
    ChannelBinding, EXPORTER_LABEL, EnvelopeId, Generation, MailboxId, OwnerOperation, OwnerSecret, VaultMark,
};
use cairn_protocol::token::SendCapability;
use cairn_protocol::wire::frame::{Admission, Reply, Request};
use cairn_relay::eager::Eager;
use futures_util::{FutureExt, SinkExt, StreamExt};
use rand::Rng;
use rustls::pki_types::ServerName;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// A way to bytes: TLS to the relay, bare TCP to the floor's server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Who is measured.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The relay, over TLS.
    Relay(RelayAddress),
    /// The floor's server, without TLS.
    Floor(std::net::SocketAddr),
}

/// A connection that has been welcomed.
pub(super) struct Wire {
    socket: WebSocketStream<Box<dyn Stream>>,
    channel: ChannelBinding,
    number: u32,
}

/// A mailbox and both its keys.
pub(super) struct Mailbox {
    pub(super) id: MailboxId,
    owner: OwnerSecret,
    capability: SendCapability,
}

/// The WebSocket settings of both ends of a measurement.
pub(super) fn settings() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(16 * 1024)
        .max_message_size(Some(REPLY))
        .max_frame_size(Some(REPLY))
}

impl Wire {
    /// Connects and says hello.
    pub(super) async fn open(place: &Place) -> Result<Self> {
        let (stream, channel): (Box<dyn Stream>, _) = match place {
            Place::Floor(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                (Box::new(Eager::new(stream)), [0; 32])
            }
            Place::Relay(address) => {
                let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
                stream.set_nodelay(true)?;
                let connector = TlsConnector::from(Arc::new(tls::pinned(address.pin)?));
                let name = ServerName::try_from(address.host.as_str().to_owned())?;
                let stream = connector.connect(name, Eager::new(stream)).await?;
                let channel = stream.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None)?;
                (Box::new(stream), channel)
            }
        };
        let (socket, _) = client_async_with_config("ws://relay/v1", stream, Some(settings())).await?;
        let mut wire = Self { socket, channel: ChannelBinding(channel), number: 0 };
        match wire.ask(&Request::Hello { version: VERSION }).await? {
            Reply::Welcome(welcome) => ensure!(welcome.open, "the relay is open"),
            other => bail!("hello was answered by {other:?}"),
        }
        Ok(wire)
    }

    /// Puts a request into the outgoing buffer. Its number.
    pub(super) async fn feed(&mut self, request: &Request) -> Result<u32> {
        self.number = self.number.wrapping_add(1);
        let frame = Message::binary(request.encode(self.number).to_vec());
        self.socket.feed(frame).await?;
        Ok(self.number)
    }

    /// Sends what is in the buffer.
    pub(super) async fn flush(&mut self) -> Result<()> {
        Ok(self.socket.flush().await?)
    }

    /// The next reply and the number of its request.
    pub(super) async fn reply(&mut self) -> Result<(u32, Reply)> {
        loop {
            match self.socket.next().await.context("the relay closed the connection")?? {
                Message::Binary(frame) => return Reply::decode(&frame).context("a reply"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("the relay said {other:?}"),
            }
        }
    }

    /// A reply that is there already.
    pub(super) fn reply_now(&mut self) -> Option<Result<(u32, Reply)>> {
        self.reply().now_or_never()
    }

    /// Sends one request and waits for its reply.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply> {
        let number = self.feed(request).await?;
        self.flush().await?;
        let (answered, reply) = self.reply().await?;
        ensure!(number == answered, "request {number} was answered as {answered}");
        Ok(reply)
    }

    /// Makes a mailbox.
    pub(super) async fn mailbox(&mut self) -> Result<Mailbox> {
        let mailbox = Mailbox::random();
        let request = Request::CreateMailbox {
            mailbox: mailbox.id,
            owner: mailbox.owner.key(),
            capability: mailbox.capability.hash(),
            admission: Admission::Open,
        };
        match self.ask(&request).await? {
            Reply::Done => Ok(mailbox),
            other => bail!("a new mailbox was answered by {other:?}"),
        }
    }

    /// Subscribes to a mailbox of ours.
    pub(super) async fn subscribe(&mut self, mailbox: &Mailbox) -> Result<()> {
        // Later than any subscription before.
        let count = u64::try_from(START.elapsed().as_nanos())?.saturating_add(1);
        let generation = Generation { count, mark: VaultMark::random(&mut rand::rng()) };
        let proof = mailbox.owner.prove(&self.channel, &mailbox.id, OwnerOperation::Subscribe(generation));
        match self.ask(&Request::Subscribe { mailbox: mailbox.id, generation, proof }).await? {
            Reply::Done => Ok(()),
            other => bail!("a subscription was answered by {other:?}"),
        }
    }

    /// Deletes a mailbox of ours.
    pub(super) async fn delete(&mut self, mailbox: &Mailbox) -> Result<()> {
        let proof = mailbox.owner.prove(&self.channel, &mailbox.id, OwnerOperation::Delete);
        match self.ask(&Request::DeleteMailbox { mailbox: mailbox.id, proof }).await? {
            Reply::Done => Ok(()),
            other => bail!("a deletion was answered by {other:?}"),
        }
    }
}

impl Mailbox {
    fn random() -> Self {
        let mut rng = rand::rng();
        Self {
            id: MailboxId::random(&mut rng),
            owner: OwnerSecret::random(&mut rng),
            capability: SendCapability::random(&mut rng),
        }
    }

    /// The same mailbox for another task.
    pub(super) fn same(&self) -> Self {
        Self {
            id: self.id,
            owner: OwnerSecret::from_secret(&self.owner.to_secret()),
            capability: self.capability.duplicate(),
        }
    }

    /// A put of random bytes into this mailbox, under a fresh identifier, that says when it was made.
    pub(super) fn put(&self, moment: Instant) -> Request {
        let mut rng = rand::rng();
        let mut envelope = Box::new([0; ENVELOPE]);
        rng.fill_bytes(envelope.as_mut_slice());
        let age = moment.saturating_duration_since(*START).as_nanos();
        if let Some(first) = envelope.first_chunk_mut() {
            *first = age.to_be_bytes();
        }
        let id = EnvelopeId::random(&mut rng);
        Request::Put { mailbox: self.id, capability: self.capability.duplicate(), id, envelope }
    }
}

/// When this process began to count.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Begins to count.
pub(super) fn start_counting() {
    LazyLock::force(&START);
}

/// When an envelope was made.
pub(super) fn sent_at(envelope: &[u8; ENVELOPE]) -> Instant {
    let age = envelope.first_chunk().map_or(0, |first| u128::from_be_bytes(*first));
    *START + Duration::from_nanos(u64::try_from(age).unwrap_or_default())
}
