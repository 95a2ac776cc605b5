//! The root key and the hybrid step: an X25519 agreement and an ML-KEM-768 secret enter together, each time.
//!
//! In: the root key, both shared secrets, all public values of the step. Out: the next root key, a chain key and the
//! header key of the chain after. This file must never learn a message.

use crate::label;
use crate::primitives::{AgreementPublic, Extracted, Kem768Ciphertext, Kem768Public, hash};
use crate::ratchet::{ChainKey, HeaderKey};
use crate::role::Role;
use crate::secret::Secret;

/// RK: what both sides share between two steps.
#[derive(Debug)]
pub(crate) struct RootKey(Secret);

/// Every public value of a step, in the order in which it is hashed.
pub(crate) struct StepContext<'a> {
    /// Who makes the step.
    pub(crate) sender: Role,
    /// The new agreement key of the one who steps.
    pub(crate) agreement: &'a AgreementPublic,
    /// The agreement key that it was agreed with.
    pub(crate) peer_agreement: &'a AgreementPublic,
    /// The new encapsulation key of the one who steps.
    pub(crate) encapsulation: &'a Kem768Public,
    /// The encapsulation key that the ciphertext was made for.
    pub(crate) peer_encapsulation: &'a Kem768Public,
    /// The ciphertext.
    pub(crate) ciphertext: &'a Kem768Ciphertext,
}

impl RootKey {
    pub(crate) const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.0
    }

    /// c = SHA-256(label ‖ role ‖ D ‖ D' ‖ ek ‖ ek' ‖ ct);
    /// RK', CK, NHK = HKDF(salt = RK, DH ‖ ss, label ‖ c). // protocol.md §5.2
    pub(crate) fn step(
        &self,
        agreed: &Secret,
        encapsulated: &Secret,
        context: &StepContext<'_>,
    ) -> (Self, ChainKey, HeaderKey) {
        let digest = hash(
            label::RATCHET_STEP,
            &[
                &[context.sender.byte()],
                context.agreement.as_bytes(),
                context.peer_agreement.as_bytes(),
                context.encapsulation.as_bytes(),
                context.peer_encapsulation.as_bytes(),
                context.ciphertext.as_bytes(),
            ],
        );
        let extracted = Extracted::new(self.0.expose(), &[agreed.expose(), encapsulated.expose()]);
        (
            Self(extracted.expand(label::RATCHET_ROOT, &[&digest])),
            ChainKey::new(extracted.expand(label::RATCHET_CHAIN, &[&digest])),
            HeaderKey::new(extracted.expand(label::RATCHET_NEXT_HEADER, &[&digest])),
        )
    }
}
