//! A computer that has the relay's key, does nothing for anybody, and notes what each connection asks for.
//!
//! In: the relay's folder and place. Out: the kinds of requests, connection by connection. This file must never learn a token.

use anyhow::{Context, Result};
use cairn_protocol::wire::frame::{Refusal, Reply, Request, Welcome};
use cairn_relay::tls::Tls;
use futures_util::{SinkExt, StreamExt};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;

type Noted = Arc<Mutex<Vec<Vec<&'static str>>>>;

/// It listens until it is dropped.
pub struct Listening {
    noted: Noted,
    // Ends all its tasks when dropped.
    _runtime: Runtime,
}

impl Listening {
    /// Answers in the place of a relay that has stopped, with the key of its folder.
    ///
    /// # Errors
    /// If the place is taken or the key can't be read.
    pub fn start(place: &str, folder: &Path) -> Result<Self> {
        let tls = Tls::open(folder, None)?;
        let listener = TcpListener::bind(place).with_context(|| format!("binding {place}"))?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let noted = Noted::default();
        let noting = Arc::clone(&noted);
        let listener = runtime.block_on(async { tokio::net::TcpListener::from_std(listener) })?;
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that ends early has said all that it will.
                tokio::spawn(note(tls.clone(), stream, Arc::clone(&noting)));
            }
        });
        Ok(Self { noted, _runtime: runtime })
    }

    /// What each connection asked for, in the order in which they said hello.
    #[must_use]
    pub fn noted(&self) -> Vec<Vec<&'static str>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn note(tls: Tls, stream: tokio::net::TcpStream, noted: Noted) -> Result<()> {
    let mut socket = tokio_tungstenite::accept_async(tls.acceptor.accept(stream).await?).await?;
    let mut own = None;
    while let Some(Ok(Message::Binary(frame))) = socket.next().await {
        let (number, request) = Request::decode(&frame)?;
        {
            let mut all = noted.lock().unwrap_or_else(PoisonError::into_inner);
            let own = *own.get_or_insert_with(|| {
                all.push(Vec::new());
                all.len() - 1
            });
            all.get_mut(own).context("its own list")?.push(kind(&request));
        }
        let welcome = Welcome { version: 1, time: 0, store: [1; 16], restores: 0, envelope_days: 14, open: true };
        let reply = match request {
            Request::Hello { .. } => Reply::Welcome(welcome),
            Request::Notice => Reply::Notice(None),
            _ => Reply::Refused(Refusal::NotNow),
        };
        socket.send(Message::binary(reply.encode(number))).await?;
    }
    Ok(())
}

const fn kind(request: &Request) -> &'static str {
    match request {
        Request::Hello { .. } => "hello",
        Request::Notice => "notice",
        Request::TakeBundle { .. } => "take bundle",
        Request::Subscribe { .. } => "subscribe",
        Request::CreateMailbox { .. } => "create mailbox",
        _ => "other",
    }
}
