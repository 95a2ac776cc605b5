//! The relay's key, its certificate and TLS 1.3.
//!
//! In: the data folder, maybe a certificate of the operator's. Out: the acceptor, and the pin that stands in every
//! address. This file must never learn what is sent through the channel.

use crate::certificate::{self, CertificateError};
use crate::folder::{self, FolderError, KEY};
use crate::store::StoreError;
use cairn_protocol::address::Pin;
use cairn_protocol::mailbox::{ChannelBinding, EXPORTER_LABEL};
use cairn_protocol::notice::POINT;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, alg_id};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig, ServerConnection};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
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
    /// The operator's certificate.
    #[error(transparent)]
    Operators(#[from] CertificateError),
    /// The key in the folder is another one than at the start.
    #[error(
        "{path} is another key than at the start. Every address names the old one: put it back, or stop the relay and \
         start it again if you mean the new one",
        path = .0.display()
    )]
    OtherKey(PathBuf),
    /// The key is none on P-256.
    #[error(
        "the relay's key is of another kind than P-256, so that it can't sign a notice. Addresses of a relay with such \
             a key can have no notice"
    )]
    OtherKind,
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
    served: Arc<Served>,
}

/// The certificate that new connections are shown.
#[derive(Debug)]
struct Served(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Takes the key of the folder, or makes it at the first start. Without a certificate of the operator's it makes one
    /// anew each time: clients look at the key alone.
    ///
    /// # Errors
    /// Any [`TlsError`]. A damaged key is refused and never replaced: everybody's addresses hold its pin.
    pub fn open(folder: &Path, certificate: Option<&Path>) -> Result<Self, TlsError> {
        let key = key(folder)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let certified = certified(&key, certificate, &provider)?;
        let served = Arc::new(Served(RwLock::new(Arc::new(certified))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&served) as Arc<dyn ResolvesServerCert>);
        // No resumption and no early data: a proof is bound to one session, and nothing ties two of them.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), pin: pin(&key), served })
    }

    /// Reads the certificate again; connections from now on are shown it.
    ///
    /// # Errors
    /// Any [`TlsError`]; the certificate is then the same as before.
    pub fn reload(&self, folder: &Path, certificate: Option<&Path>) -> Result<(), TlsError> {
        let key = key(folder)?;
        if pin(&key) != self.pin {
            return Err(TlsError::OtherKey(folder.join(KEY)));
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let certified = certified(&key, certificate, &provider)?;
        *self.served.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
        Ok(())
    }
}

fn pin(key: &KeyPair) -> Pin {
    Pin::of(&key.subject_public_key_info())
}

/// The key with the operator's certificate for it, or with one of its own.
fn certified(key: &KeyPair, path: Option<&Path>, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = match path {
        Some(path) => certificate::read(path)?,
        None => vec![CertificateParams::new(vec!["cairn-relay".to_owned()])?.self_signed(key)?.der().clone()],
    };
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| match (error, path) {
        (rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch), Some(path)) => {
            CertificateError::OtherKey(path.to_owned()).into()
        }
        (error, _) => error.into(),
    })
}

/// The value that owners' proofs on this session are bound to.
///
/// # Errors
/// An error of rustls before the handshake is complete.
pub fn channel_binding(session: &ServerConnection) -> Result<ChannelBinding, rustls::Error> {
    session.export_keying_material([0; 32], EXPORTER_LABEL, None).map(ChannelBinding)
}

/// The pin of the key that a folder holds, or `None` if it holds none.
///
/// # Errors
/// [`TlsError::Folder`], [`TlsError::Damaged`].
pub fn pin_of(folder: &Path) -> Result<Option<Pin>, TlsError> {
    Ok(kept(folder)?.as_ref().map(pin))
}

/// Whether a certificate can be used with the key that a folder holds.
///
/// # Errors
/// Any [`TlsError`].
pub fn try_certificate(folder: &Path, certificate: &Path) -> Result<(), TlsError> {
    let Some(key) = kept(folder)? else { return Ok(()) };
    certified(&key, Some(certificate), &rustls::crypto::aws_lc_rs::default_provider()).map(|_| ())
}

/// Makes the key of a folder that has none yet, as the first start would.
///
/// # Errors
/// [`TlsError::Folder`], [`TlsError::Damaged`].
pub fn make_key(folder: &Path) -> Result<(), TlsError> {
    key(folder).map(|_| ())
}

/// Signs a message of another kind than TLS does with the key of a folder (protocol.md §9.5): the public half, and the
/// signature in DER.
///
/// # Errors
/// [`TlsError::OtherKind`]; any error of the key.
pub fn sign(folder: &Path, message: &[u8]) -> Result<([u8; POINT], Vec<u8>), TlsError> {
    let key = kept(folder)?.filter(|key| key.is_compatible(&PKCS_ECDSA_P256_SHA256)).ok_or(TlsError::OtherKind)?;
    let point = key.der_bytes().try_into().map_err(|_| TlsError::OtherKind)?;
    Ok((point, key.sign(message)?))
}

/// Whether a signature in DER is one of ECDSA on P-256 with SHA-256.
#[must_use]
pub fn is_signed(point: &[u8; POINT], message: &[u8], signature: &[u8]) -> bool {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut all = provider.signature_verification_algorithms.all.iter();
    let wanted = (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
    let p256 = all.find(|one| (one.public_key_alg_id(), one.signature_alg_id()) == wanted);
    p256.is_some_and(|p256| p256.verify_signature(point, message, signature).is_ok())
}

fn key(folder: &Path) -> Result<KeyPair, TlsError> {
    if let Some(key) = kept(folder)? {
        return Ok(key);
    }
    let key = KeyPair::generate()?;
    folder::write_whole(folder, KEY, key.serialized_der())?;
    Ok(key)
}

fn kept(folder: &Path) -> Result<Option<KeyPair>, TlsError> {
    let path = folder.join(KEY);
    match fs::read(&path) {
        Ok(der) => KeyPair::try_from(der).map(Some).map_err(|_| {
            TlsError::Damaged(StoreError::Damaged(format!("{} holds no key that can be read", path.display())))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::File { path, error }.into()),
    }
}
