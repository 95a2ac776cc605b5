//! One invitation, one taker, and what both have said: made once from a seed.

use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::{Taker, take};
use cairn_protocol::invitation::{Invitation, Link, Offer};
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{Received, Session};
use cairn_protocol::token::{SendCapability, Voucher};
use cairn_protocol::wire::frame::{EnvelopeBytes, SealedBundleBytes};
use rand::SeedableRng;
use rand::rngs::StdRng;

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const DAY: u64 = 86_400;

pub(super) struct World {
    pub(super) rng: StdRng,
    pub(super) invitation: Invitation,
    pub(super) link: Link,
    pub(super) sealed: SealedBundleBytes,
    pub(super) first: EnvelopeBytes,
    pub(super) guard: Vec<u8>,
    pub(super) taker: Session,
    pub(super) inviter: Session,
}

pub(super) fn address() -> RelayAddress {
    RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 4433, pin: Pin::of(b"key") }
}

pub(super) fn taker_of(rng: &mut StdRng) -> Taker {
    let (mailbox, capability) = (MailboxId::random(rng), SendCapability::random(rng));
    Taker { name: "Dana".to_owned(), address: address(), mailbox, capability }
}

impl World {
    pub(super) fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let offer = Offer {
            name: "Ana".to_owned(),
            address: address(),
            mailbox: MailboxId::random(&mut rng),
            capability: SendCapability::random(&mut rng),
            voucher: Voucher::random(&mut rng),
            expires_at: NOW + 14 * DAY,
        };
        let (invitation, link, sealed) = Invitation::create(&mut rng, &offer).unwrap();
        let bundle = link.open_bundle(&sealed).unwrap();
        let (taker, first) = take(&link, &bundle, &taker_of(&mut rng), &mut rng).unwrap();
        let accepted = invitation.accept(&first).unwrap();
        let (inviter, guard) = (accepted.session, accepted.guard.snapshot().to_vec());
        Self { rng, invitation, link, sealed, first, guard, taker, inviter }
    }

    pub(super) fn taker_writes(&mut self, text: &str) -> EnvelopeBytes {
        seal(&mut self.taker, &mut self.rng, text)
    }

    pub(super) fn inviter_writes(&mut self, text: &str) -> EnvelopeBytes {
        seal(&mut self.inviter, &mut self.rng, text)
    }

    /// One message each way, so that both have made a step.
    pub(super) fn turn(&mut self) {
        let envelope = self.inviter_writes("turn");
        self.taker.decrypt(&envelope, NOW).unwrap();
        let envelope = self.taker_writes("turn");
        self.inviter.decrypt(&envelope, NOW).unwrap();
    }
}

pub(super) fn seal(session: &mut Session, rng: &mut StdRng, text: &str) -> EnvelopeBytes {
    let piece = Content::Text(text.to_owned()).split(MessageId::random(rng)).unwrap().remove(0);
    session.encrypt(rng, &piece, NOW * 1000).unwrap().envelope
}

/// Opens an envelope; a refusal must leave the session as it was.
pub(super) fn open(session: &mut Session, envelope: &[u8; ENVELOPE]) -> Result<Received, OpenError> {
    let before = session.snapshot();
    let opened = session.decrypt(envelope, NOW);
    assert!(opened.is_ok() || session.snapshot() == before, "a refused envelope changed the state");
    opened
}
