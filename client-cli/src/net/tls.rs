//! TLS 1.3 to the one relay whose key an address names.
//!
//! In: the pin. Out: a TLS configuration that accepts this key and no other. This file must never learn a name: neither
//! certificate authorities nor host names nor dates decide anything here, the key alone does.

use cairn_protocol::address::Pin;
use cairn_protocol::notice::POINT;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, alg_id};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// The configuration for one relay.
pub(super) fn config(pin: Pin) -> Result<ClientConfig, Error> {
    let provider = Arc::new(CryptoProvider {
        // The hybrid group first, so that recorded traffic stays closed to a quantum computer.
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    });
    let verifier = Arc::new(Pinned { pin, provider: Arc::clone(&provider) });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // A ticket would let the relay recognise a device.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Whether a signature in DER is one of ECDSA on P-256 with SHA-256 (protocol.md §9.5).
pub(crate) fn is_signed(point: &[u8; POINT], message: &[u8], signature: &[u8]) -> bool {
    let provider = aws_lc_rs::default_provider();
    let mut all = provider.signature_verification_algorithms.all.iter();
    let wanted = (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
    let p256 = all.find(|one| (one.public_key_alg_id(), one.signature_alg_id()) == wanted);
    p256.is_some_and(|p256| p256.verify_signature(point, message, signature).is_ok())
}

/// What a refused key becomes, so that it can be told from other errors.
pub(super) const OTHER_KEY: Error = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);

#[derive(Debug)]
struct Pinned {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity).map_err(|_| OTHER_KEY)?;
        if Pin::of(&certificate.subject_public_key_info()) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(OTHER_KEY)
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(OTHER_KEY)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed P-256 certificate of a relay that no longer is, and the pin that belongs to its key.
    const CERTIFICATE: &[u8] = include_bytes!("test-certificate.der");
    const KEY: &[u8] = include_bytes!("test-key.der");

    fn verdict(pin: Pin, certificate: &[u8]) -> Result<(), Error> {
        let verifier = Pinned { pin, provider: Arc::new(aws_lc_rs::default_provider()) };
        let name = ServerName::try_from("relay.example.org").unwrap();
        let certificate = CertificateDer::from(certificate);
        verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).map(|_| ())
    }

    #[test]
    fn the_key_that_the_address_names_is_accepted_and_no_other() {
        assert_eq!(verdict(Pin::of(KEY), CERTIFICATE), Ok(()));
        assert_eq!(verdict(Pin::of(b"another key"), CERTIFICATE), Err(OTHER_KEY));
        assert_eq!(verdict(Pin::of(KEY), &CERTIFICATE[..CERTIFICATE.len() - 1]), Err(OTHER_KEY));
        assert_eq!(verdict(Pin::of(KEY), b"no certificate"), Err(OTHER_KEY));
    }

    #[test]
    fn sessions_are_never_resumed_and_only_the_newest_tls_is_spoken() {
        let config = config(Pin::of(KEY)).unwrap();
        assert!(config.alpn_protocols.is_empty());
        assert!(!config.enable_early_data);
        let groups: Vec<_> = config.crypto_provider().kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::X25519MLKEM768, rustls::NamedGroup::X25519]);
    }
}
