//! A relay in this process and a client that speaks its frames over real TLS and WebSocket.

use cairn_protocol::address::{Pin, RelayAddress};
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::mailbox::{
    ChannelBinding, EXPORTER_LABEL, EnvelopeId, Generation, MailboxId, OwnerOperation, OwnerSecret, VaultMark,
};
use cairn_protocol::token::SendCapability;
use cairn_protocol::wire::frame::{Admission, Delivery, Refusal, Reply, Request, Welcome};
use cairn_relay::config::{Config, Settings};
use cairn_relay::connection::Deadlines;
use cairn_relay::limits::Limits;
use cairn_relay::serve::{self, Running};
use futures_util::{SinkExt, StreamExt};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustls::DigitallySignedStruct;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A running relay and its folder.
pub(crate) struct World {
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) relay: Running,
}

pub(crate) fn settings(folder: &Path, open: bool) -> Settings {
    let config = Config {
        data: Some(folder.to_owned()),
        listen: Some("127.0.0.1:0".into()),
        open: Some(open),
        ..Config::default()
    };
    config.try_into().unwrap()
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::with(true, Deadlines::default()).await
    }

    pub(crate) async fn with(open: bool, deadlines: Deadlines) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let relay = serve::start(settings(folder.path(), open), deadlines).await.unwrap();
        Self { folder, relay }
    }

    /// An open one with limits of its own.
    pub(crate) async fn with_limits(limits: Limits) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let settings = Settings { limits, ..settings(folder.path(), true) };
        let relay = serve::start(settings, Deadlines::default()).await.unwrap();
        Self { folder, relay }
    }

    /// An open one that counts connections from this machine by address, as if they came from elsewhere.
    pub(crate) async fn with_counted_loopback(limits: Limits) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let settings = Settings { limits, spare_loopback: false, ..settings(folder.path(), true) };
        let relay = serve::start(settings, Deadlines::default()).await.unwrap();
        Self { folder, relay }
    }

    pub(crate) async fn restarted(self) -> Self {
        self.relay.stop(Duration::from_secs(10)).await.unwrap();
        let relay = serve::start(settings(self.folder.path(), true), Deadlines::default()).await.unwrap();
        Self { relay, folder: self.folder }
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
        Client::connect(&self.relay.address).await
    }
}

pub(crate) async fn tls(address: &RelayAddress) -> TlsStream<TcpStream> {
    tls_over(TcpStream::connect((address.host.as_str(), address.port)).await.unwrap(), address).await
}

/// A connection that comes from this address of the machine, and what the relay sees of it.
pub(crate) async fn tcp_from(address: &RelayAddress, from: IpAddr) -> (TcpStream, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let there = SocketAddr::new(address.host.as_str().parse().unwrap(), address.port);
    let stream = socket.connect(there).await.unwrap();
    let peer = stream.local_addr().unwrap();
    (stream, peer)
}

async fn tls_over(stream: TcpStream, address: &RelayAddress) -> TlsStream<TcpStream> {
    try_tls_over(stream, address).await.unwrap()
}

async fn try_tls_over(stream: TcpStream, address: &RelayAddress) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(address.pin, provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("relay.invalid").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[derive(Debug)]
struct Pinned(Pin, Arc<CryptoProvider>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        assert_eq!(Pin::of(&key), self.0, "the key is the one that the address names");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.1.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TlsStream<TcpStream>>,
    pub(crate) channel: ChannelBinding,
    next: u32,
}

impl Client {
    pub(crate) async fn connect(address: &RelayAddress) -> Self {
        Self::over(tls(address).await).await
    }

    /// One, if the relay has a place for it.
    pub(crate) async fn try_connect(address: &RelayAddress) -> Option<Self> {
        Self::try_connect_from(address, "127.0.0.1".parse().unwrap()).await
    }

    /// One that comes from this address of the machine, if the relay has a place for it.
    pub(crate) async fn try_connect_from(address: &RelayAddress, from: IpAddr) -> Option<Self> {
        let (stream, _) = tcp_from(address, from).await;
        let stream = try_tls_over(stream, address).await.ok()?;
        Some(Self::over(stream).await)
    }

    /// One that comes from this address of the machine, and what the relay sees of it.
    pub(crate) async fn connect_from(address: &RelayAddress, from: IpAddr) -> (Self, SocketAddr) {
        let (stream, peer) = tcp_from(address, from).await;
        (Self::over(tls_over(stream, address).await).await, peer)
    }

    async fn over(stream: TlsStream<TcpStream>) -> Self {
        let channel = ChannelBinding(stream.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None).unwrap());
        let (socket, _) = tokio_tungstenite::client_async("ws://relay.invalid/v1", stream).await.unwrap();
        Self { socket, channel, next: 0 }
    }

    /// Sends a request and says under which number.
    pub(crate) async fn send(&mut self, request: &Request) -> u32 {
        self.next += 1;
        self.raw(Message::Binary(request.encode(self.next).to_vec().into())).await;
        self.next
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next reply; `None` when the relay has closed.
    pub(crate) async fn reply(&mut self) -> Option<(u32, Reply)> {
        loop {
            match tokio::time::timeout(Duration::from_secs(20), self.socket.next()).await.expect("the relay answers") {
                Some(Ok(Message::Binary(frame))) => return Some(Reply::decode(&frame).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn call(&mut self, request: &Request) -> Reply {
        let number = self.send(request).await;
        let (answered, reply) = self.reply().await.expect("the connection is open");
        assert_eq!(answered, number);
        reply
    }

    /// The relay says that it was malformed, and closes.
    pub(crate) async fn is_cut_off(&mut self, number: u32) {
        assert_eq!(self.reply().await, Some((number, Reply::Refused(Refusal::Malformed))));
        assert_eq!(self.reply().await, None);
    }
}

/// A mailbox as its owner knows it.
pub(crate) struct Mailbox {
    pub(crate) id: MailboxId,
    pub(crate) owner: OwnerSecret,
    pub(crate) capability: SendCapability,
}

impl Mailbox {
    /// One that exists nowhere yet.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        Self {
            id: MailboxId::random(&mut rng),
            owner: OwnerSecret::random(&mut rng),
            capability: SendCapability::random(&mut rng),
        }
    }

    pub(crate) async fn made(seed: u64, client: &mut Client) -> Self {
        let mailbox = Self::new(seed);
        assert_eq!(client.call(&mailbox.create(Admission::Open)).await, Reply::Done);
        mailbox
    }

    pub(crate) fn create(&self, admission: Admission) -> Request {
        let (owner, capability) = (self.owner.key(), self.capability.hash());
        Request::CreateMailbox { mailbox: self.id, owner, capability, admission }
    }

    pub(crate) fn subscribe(&self, channel: &ChannelBinding, count: u64) -> Request {
        let generation = Generation { count, mark: VaultMark::from_bytes([1; 16]) };
        let proof = self.owner.prove(channel, &self.id, OwnerOperation::Subscribe(generation));
        Request::Subscribe { mailbox: self.id, generation, proof }
    }

    pub(crate) async fn subscribed(&self, client: &mut Client, count: u64) {
        assert_eq!(client.call(&self.subscribe(&client.channel.clone(), count)).await, Reply::Done);
    }

    pub(crate) fn put(&self, id: u8) -> Request {
        Request::Put {
            mailbox: self.id,
            capability: self.capability.duplicate(),
            id: EnvelopeId::from_bytes([id; 16]),
            envelope: Box::new([id; ENVELOPE]),
        }
    }

    pub(crate) fn fetch(&self, wait: bool) -> Request {
        Request::Fetch { mailbox: self.id, wait }
    }

    pub(crate) fn acknowledge(&self, ids: &[u8]) -> Request {
        let ids = ids.iter().map(|id| EnvelopeId::from_bytes([*id; 16])).collect();
        Request::Acknowledge { mailbox: self.id, ids }
    }
}

/// The first bytes of the identifiers in a page.
pub(crate) fn ids(reply: &Reply) -> Vec<u8> {
    let Reply::Page(page) = reply else { panic!("{reply:?}") };
    page.iter().map(|Delivery { id, .. }| id.as_bytes()[0]).collect()
}

pub(crate) fn refused(refusal: Refusal) -> Reply {
    Reply::Refused(refusal)
}

pub(crate) fn welcome(reply: Reply) -> Welcome {
    let Reply::Welcome(welcome) = reply else { panic!("{reply:?}") };
    welcome
}
