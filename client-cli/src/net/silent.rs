//! A relay that greets, hears one question, and says nothing more. Tests only.
//!
//! In: nothing. Out: where it listens. This file must never be part of the program.

use super::tls;
use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::wire::frame::{Reply, Request, Welcome};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

/// How a relay greets.
pub(crate) const WELCOME: Welcome =
    Welcome { version: 1, time: 0, store: [1; 16], restores: 0, envelope_days: 14, open: true };

/// Its address, and the one question that it has heard, as soon as it has. From then on the clock of this runtime waits for
/// nothing: what has a deadline meets it at once.
pub(crate) async fn relay() -> (RelayAddress, oneshot::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let pin = Pin::of(&key.subject_public_key_info());
    let provider = Arc::clone(tls::config(pin).unwrap().crypto_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let (tell, heard) = oneshot::channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (question, _socket) = greet(TlsAcceptor::from(Arc::new(config)), stream).await;
        tokio::time::pause();
        tell.send(question).unwrap();
        std::future::pending::<()>().await;
    });
    (RelayAddress { host: Host::new("127.0.0.1").unwrap(), port, pin }, heard)
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_rustls::server::TlsStream<TcpStream>>;

async fn greet(acceptor: TlsAcceptor, stream: TcpStream) -> (Request, Socket) {
    let mut socket = tokio_tungstenite::accept_async(acceptor.accept(stream).await.unwrap()).await.unwrap();
    loop {
        let frame = socket.next().await.unwrap().unwrap().into_data();
        match Request::decode(&frame).unwrap() {
            (number, Request::Hello { .. }) => {
                socket.send(Message::binary(Reply::Welcome(WELCOME).encode(number))).await.unwrap();
            }
            (_, question) => return (question, socket),
        }
    }
}
