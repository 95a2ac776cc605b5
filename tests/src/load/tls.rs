//! TLS for tools that need no certificate: the load tool, which pins the relay's key, and a client without any care.
//!
//! In: an address with a pin, or nothing. Out: a configuration for rustls. This file must never be used by the client.

use anyhow::Result;
use cairn_protocol::address::Pin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// Accepts the one key of a pin, or any.
#[derive(Debug)]
struct Verifier {
    pin: Option<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        match self.pin {
            Some(pin) if Pin::of(certificate.subject_public_key_info().as_ref()) != pin => {
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn config(pin: Option<Pin>, provider: Arc<CryptoProvider>) -> Result<rustls::ClientConfig> {
    let verifier = Arc::new(Verifier { pin, provider: Arc::clone(&provider) });
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// For the relay with this pin.
///
/// # Errors
/// If rustls refuses the configuration.
pub fn pinned(pin: Pin) -> Result<rustls::ClientConfig> {
    config(Some(pin), Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

/// For anybody: shows that the [`Impostor`](crate::hostile::Impostor) would hear a client that does not look.
///
/// # Errors
/// If rustls refuses the configuration.
pub fn careless(provider: Arc<CryptoProvider>) -> Result<rustls::ClientConfig> {
    config(None, provider)
}
