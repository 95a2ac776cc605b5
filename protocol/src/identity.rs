//! Who one side of a conversation is: two public keys, drawn for this one contact.
//!
//! In: randomness. Out: an Ed25519 key for statements and an X25519 key for agreement, never the other way round. This
//! file must never learn a name: keys say who holds them and nothing else. Fresh keys for each contact keep two contacts
//! from finding out that they talk to the same person (protocol.md §1.5).

use crate::primitives::{AgreementPublic, AgreementSecret, SigningPublic, SigningSecret};
use crate::secret::Secret;
use crate::wire::{DecodeError, Reader, Writer, join};
use rand_core::CryptoRng;

/// The private half of an identity.
#[derive(Debug)]
pub struct IdentitySecret {
    signing: SigningSecret,
    agreement: AgreementSecret,
}

/// The public half: 64 bytes on the wire, the signature key first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Ed25519, for statements.
    pub signing: SigningPublic,
    /// X25519, for agreement.
    pub agreement: AgreementPublic,
}

impl IdentitySecret {
    /// Draws both keys.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self { signing: SigningSecret::random(rng), agreement: AgreementSecret::random(rng) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> Identity {
        Identity { signing: self.signing.public(), agreement: self.agreement.public() }
    }

    pub(crate) const fn agreement(&self) -> &AgreementSecret {
        &self.agreement
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.signing.to_secret().expose()).bytes(self.agreement.to_secret().expose());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            signing: SigningSecret::from_secret(&Secret::from_bytes(reader.array()?)),
            agreement: AgreementSecret::from_secret(&Secret::from_bytes(reader.array()?)),
        })
    }
}

impl Identity {
    /// Ed25519 ‖ X25519, 64 bytes. // protocol.md §1.5
    pub(crate) fn to_bytes(self) -> [u8; 64] {
        *join(&[self.signing.as_bytes(), self.agreement.as_bytes()])
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(self.signing.as_bytes()).bytes(self.agreement.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            signing: SigningPublic::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?,
            agreement: AgreementPublic::from_bytes(reader.array()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn an_identity_survives_the_wire_and_a_weak_signature_key_does_not() {
        let identity = IdentitySecret::random(&mut rand::rngs::StdRng::seed_from_u64(5)).public();
        let mut writer = Writer::default();
        identity.write(&mut writer);
        let mut bytes = writer.finish().to_vec();
        assert_eq!(Identity::read(&mut Reader::new(&bytes)), Ok(identity));
        bytes[..32].fill(0);
        assert_eq!(Identity::read(&mut Reader::new(&bytes)), Err(DecodeError::Invalid));
    }
}
