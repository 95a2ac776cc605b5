//! A little world: two sides of one conversation, seeded randomness, a clock that the test moves.
#![expect(dead_code, reason = "each test file uses its own part of the world")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that can't go on is a failed test")]

use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::base32;
use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::handshake::{ReplayGuard, Taker, take};
use cairn_protocol::invitation::{Invitation, Link, Offer};
use cairn_protocol::label;
use cairn_protocol::limits::ENVELOPE;
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::primitives::hash;
use cairn_protocol::ratchet::OpenError;
use cairn_protocol::session::{EncryptError, Received, Session};
use cairn_protocol::token::{SendCapability, Voucher};
use cairn_protocol::wire::frame::{EnvelopeBytes, SealedBundleBytes};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::ops::RangeInclusive;

const START: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Taker,
    Inviter,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Taker => Self::Inviter,
            Self::Inviter => Self::Taker,
        }
    }
}

pub(crate) fn address() -> RelayAddress {
    RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 4433, pin: Pin::of(b"key") }
}

pub(crate) fn offer(rng: &mut StdRng) -> Offer {
    Offer {
        name: "Ana".to_owned(),
        address: address(),
        mailbox: MailboxId::random(rng),
        capability: SendCapability::random(rng),
        voucher: Voucher::random(rng),
        expires_at: START + 14 * DAY,
    }
}

pub(crate) fn invite(rng: &mut StdRng) -> (Invitation, Link, SealedBundleBytes) {
    let offer = offer(rng);
    Invitation::create(rng, &offer).unwrap()
}

pub(crate) fn taker(rng: &mut StdRng) -> Taker {
    Taker {
        name: "Dana".to_owned(),
        address: address(),
        mailbox: MailboxId::random(rng),
        capability: SendCapability::random(rng),
    }
}

/// A short text in its one piece.
pub(crate) fn piece(rng: &mut StdRng, text: &str) -> Piece {
    Content::Text(text.to_owned()).split(MessageId::random(rng)).unwrap().remove(0)
}

/// The same link with another pin.
pub(crate) fn link_with_pin(text: &str, pin: Pin) -> Link {
    link_with(text, |bytes| bytes[3..19].copy_from_slice(&pin.0))
}

/// A link with something changed and a checksum that fits: version 1, port 2, pin 16, L 32, checksum 2.
pub(crate) fn link_with(text: &str, change: impl FnOnce(&mut [u8; 53])) -> Link {
    let (head, code) = text.split_once('/').unwrap();
    let mut bytes = base32::decode::<53>(code).unwrap();
    change(&mut bytes);
    let host = head.strip_prefix("CAIRN:").unwrap().to_lowercase();
    let checksum = hash(label::LINK_CHECKSUM, &[&bytes[..51], host.as_bytes()]);
    bytes[51..].copy_from_slice(&checksum[..2]);
    format!("{head}/{}", base32::encode(&bytes)).parse().unwrap()
}

pub(crate) struct World {
    pub(crate) rng: StdRng,
    taker: Session,
    inviter: Session,
    pub(crate) guard: ReplayGuard,
    pub(crate) first: EnvelopeBytes,
    clocks: [u64; 2],
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (invitation, link, sealed) = invite(&mut rng);
        let bundle = link.open_bundle(&sealed).unwrap();
        let (session, first) = take(&link, &bundle, &taker(&mut rng), &mut rng).unwrap();
        let accepted = invitation.accept(&first).unwrap();
        assert_eq!(accepted.taker.name, "Dana");
        Self { rng, taker: session, inviter: accepted.session, guard: accepted.guard, first, clocks: [START; 2] }
    }

    pub(crate) fn session(&mut self, side: Side) -> &mut Session {
        match side {
            Side::Taker => &mut self.taker,
            Side::Inviter => &mut self.inviter,
        }
    }

    pub(crate) fn replace(&mut self, side: Side, snapshot: &[u8]) {
        *self.session(side) = Session::restore(snapshot).unwrap();
    }

    pub(crate) fn restart(&mut self, side: Side) {
        let snapshot = self.session(side).snapshot();
        self.replace(side, &snapshot);
    }

    fn clock(&mut self, side: Side) -> &mut u64 {
        &mut self.clocks[usize::from(side == Side::Inviter)]
    }

    /// A day passes, and nobody looks at the clock.
    pub(crate) fn sleep_a_day(&mut self, side: Side) {
        *self.clock(side) += DAY;
    }

    pub(crate) fn pass_a_day(&mut self, side: Side) -> Vec<RangeInclusive<u64>> {
        *self.clock(side) += DAY;
        let now = *self.clock(side);
        self.session(side).tick(now)
    }

    pub(crate) fn filler_wanted(&mut self, side: Side) -> bool {
        let now = *self.clock(side);
        self.session(side).filler_wanted(now)
    }

    pub(crate) fn try_seal(&mut self, side: Side, text: &str) -> Result<EnvelopeBytes, EncryptError> {
        self.try_seal_content(side, &Content::Text(text.to_owned()))
    }

    fn try_seal_content(&mut self, side: Side, content: &Content) -> Result<EnvelopeBytes, EncryptError> {
        let id = MessageId::random(&mut self.rng);
        let pieces = content.split(id).unwrap();
        assert_eq!(pieces.len(), 1, "stories use short content");
        let sent_at = *self.clock(side) * 1000;
        let session = match side {
            Side::Taker => &mut self.taker,
            Side::Inviter => &mut self.inviter,
        };
        session.encrypt(&mut self.rng, &pieces[0], sent_at).map(|sealed| sealed.envelope)
    }

    pub(crate) fn seal(&mut self, side: Side, text: &str) -> EnvelopeBytes {
        self.try_seal(side, text).unwrap()
    }

    pub(crate) fn seal_content(&mut self, side: Side, content: &Content) -> EnvelopeBytes {
        self.try_seal_content(side, content).unwrap()
    }

    pub(crate) fn open(&mut self, side: Side, envelope: &[u8; ENVELOPE]) -> Result<Received, OpenError> {
        let now = *self.clock(side);
        self.session(side).decrypt(envelope, now)
    }

    pub(crate) fn open_content(&mut self, side: Side, envelope: &[u8; ENVELOPE]) -> Content {
        Content::join(&[self.open(side, envelope).unwrap().piece]).unwrap()
    }

    pub(crate) fn open_text(&mut self, side: Side, envelope: &[u8; ENVELOPE]) -> String {
        match self.open_content(side, envelope) {
            Content::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }
}
