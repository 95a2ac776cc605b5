//! A computer that answers at a relay's place with a key of its own, and keeps all that it is told.
//!
//! In: a port. Out: the bytes that clients gave it after the TLS handshake. This file must never learn the relay's key.

use anyhow::{Context, Result, ensure};
use rustls::pki_types::PrivateKeyDer;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the impostor listens to one client before it looks whether it shall stop.
const LISTEN: Duration = Duration::from_secs(5);

/// A relay with another key, as a thread of this process.
pub struct Impostor {
    stop: Arc<AtomicBool>,
    heard: Arc<Mutex<Heard>>,
    thread: Option<JoinHandle<()>>,
}

/// What an impostor was told.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// Connections that were opened.
    pub connections: usize,
    /// TLS handshakes that the client completed.
    pub handshakes: usize,
    /// Bytes inside TLS.
    pub content: Vec<u8>,
}

impl Impostor {
    /// Answers at `place`, a host and a port where nobody listens.
    ///
    /// # Errors
    /// If the place is taken, or a key can't be made.
    pub fn start(place: &str) -> Result<Self> {
        let listener = TcpListener::bind(place).with_context(|| format!("binding {place}"))?;
        listener.set_nonblocking(true)?;
        let config = Arc::new(config()?);
        let (stop, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Heard::default())));
        let (stopping, hearing) = (Arc::clone(&stop), Arc::clone(&heard));
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => listen(stream, &config, &hearing),
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Ok(Self { stop, heard, thread: Some(thread) })
    }

    /// Stops, and tells what was heard.
    ///
    /// # Errors
    /// If nobody came: then nothing was shown.
    pub fn stop(mut self) -> Result<Heard> {
        self.end();
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ensure!(heard.connections > 0, "nobody asked the impostor");
        Ok(heard)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.end();
    }
}

fn config() -> Result<rustls::ServerConfig> {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(|_| anyhow::anyhow!("a private key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?)
}

/// Hears one client to its end.
fn listen(mut stream: TcpStream, config: &Arc<rustls::ServerConfig>, heard: &Mutex<Heard>) {
    let note = |change: &dyn Fn(&mut Heard)| change(&mut heard.lock().unwrap_or_else(PoisonError::into_inner));
    note(&|heard| heard.connections += 1);
    // A client that goes away in the middle is what is hoped for; what came before is kept.
    let _ = (|| -> Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(LISTEN))?;
        let mut tls = rustls::ServerConnection::new(Arc::clone(config))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        note(&|heard| heard.handshakes += 1);
        let mut inside = rustls::StreamOwned::new(tls, stream);
        let mut buffer = [0; 4096];
        loop {
            let length = inside.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
            note(&|heard| heard.content.extend_from_slice(bytes));
        }
    })();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_impostor_keeps_what_a_careless_client_tells_it() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let impostor = Impostor::start(&free).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = crate::load::tls::careless(provider).unwrap();
        let name = "localhost".to_owned().try_into().unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(&free).unwrap());
        stream.write_all(b"a secret").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        drop(stream);
        let heard = impostor.stop().unwrap();
        assert_eq!((heard.connections, heard.content.as_slice()), (1, &b"a secret"[..]));
    }
}
