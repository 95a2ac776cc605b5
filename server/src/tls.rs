//! The relay's key, its certificate and TLS 1.3.
//!
//! In: the data folder. Out: the acceptor, and the pin that stands in every address. This file must never learn what is
//! sent through the channel.

use crate::folder::{self, FolderError, KEY};
use crate::store::StoreError;
use cairn_protocol::address::Pin;
use cairn_protocol::mailbox::{ChannelBinding, EXPORTER_LABEL};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{ServerConfig, ServerConnection};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key can't be read or written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key is damaged.
    #[error(transparent)]
    Damaged(StoreError),
    /// The key can't be used for a certificate.
    #[error("the relay's certificate can't be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The settings can't be used.
    #[error("TLS can't be set up: {0}")]
    Settings(#[from] rustls::Error),
}

/// The relay's end of every TLS connection.
#[derive(Clone)]
pub struct Tls {
    /// Accepts connections.
    pub acceptor: TlsAcceptor,
    /// Recognises the relay's key.
    pub pin: Pin,
}

impl Tls {
    /// Takes the key of the folder, or makes it at the first start. The certificate is made anew each time: clients look
    /// at the key alone.
    ///
    /// # Errors
    /// Any [`TlsError`]. A damaged key is refused and never replaced: everybody's addresses hold its pin.
    pub fn open(folder: &Path) -> Result<Self, TlsError> {
        let key = key(folder)?;
        let pin = Pin::of(&key.subject_public_key_info());
        let certificate = CertificateParams::new(vec!["cairn-relay".to_owned()])?.self_signed(&key)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)?;
        // No resumption and no early data: a proof is bound to one session, and nothing ties two of them.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), pin })
    }
}

/// The value that owners' proofs on this session are bound to.
///
/// # Errors
/// An error of rustls before the handshake is complete.
pub fn channel_binding(session: &ServerConnection) -> Result<ChannelBinding, rustls::Error> {
    session.export_keying_material([0; 32], EXPORTER_LABEL, None).map(ChannelBinding)
}

fn key(folder: &Path) -> Result<KeyPair, TlsError> {
    let path = folder.join(KEY);
    match fs::read(&path) {
        Ok(der) => KeyPair::try_from(der).map_err(|_| {
            TlsError::Damaged(StoreError::Damaged(format!("{} holds no key that can be read", path.display())))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate()?;
            folder::write_whole(folder, KEY, key.serialized_der())?;
            Ok(key)
        }
        Err(error) => Err(FolderError::File { path, error }.into()),
    }
}
