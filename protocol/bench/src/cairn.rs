//! One side of a conversation in this project's protocol.

use crate::{Side, TEXT};
use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::content::{Content, MessageId, Piece};
use cairn_protocol::handshake::{Taker, take};
use cairn_protocol::invitation::{Invitation, Offer};
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::session::Session;
use cairn_protocol::token::{SendCapability, Voucher};
use cairn_protocol::wire::frame::EnvelopeBytes;
use zeroize::Zeroizing;

const NOW: u64 = 1_800_000_000;

/// A session, and what it writes.
pub struct Cairn {
    session: Session,
    text: Piece,
    filler: Piece,
}

impl Cairn {
    fn new(session: Session) -> Self {
        let piece = |content: Content| content.split(MessageId::from_bytes([1; 16])).unwrap().remove(0);
        Self { session, text: piece(Content::Text("a".repeat(TEXT))), filler: piece(Content::Filler) }
    }
}

impl Side for Cairn {
    type Message = EnvelopeBytes;
    type Saved = Zeroizing<Vec<u8>>;

    fn set_up() -> (Self, Self) {
        let rng = &mut rand::rng();
        let address = RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 4433, pin: Pin::of(b"key") };
        let offer = Offer {
            name: "Ana".to_owned(),
            address: address.clone(),
            mailbox: MailboxId::random(rng),
            capability: SendCapability::random(rng),
            voucher: Voucher::random(rng),
            expires_at: NOW,
        };
        let (invitation, link, sealed) = Invitation::create(rng, &offer).unwrap();
        let bundle = link.open_bundle(&sealed).unwrap();
        let taker = Taker {
            name: "Dana".to_owned(),
            address,
            mailbox: MailboxId::random(rng),
            capability: SendCapability::random(rng),
        };
        let (session, first) = take(&link, &bundle, &taker, rng).unwrap();
        let accepted = invitation.accept(&first).unwrap();
        (Self::new(session), Self::new(accepted.session))
    }

    fn encrypt(&mut self) -> EnvelopeBytes {
        self.session.encrypt(&mut rand::rng(), &self.text, NOW * 1000).unwrap().envelope
    }

    fn encrypt_unanswered(&mut self) -> EnvelopeBytes {
        let piece = if self.session.may_send() { &self.text } else { &self.filler };
        self.session.encrypt(&mut rand::rng(), piece, NOW * 1000).unwrap().envelope
    }

    fn decrypt(&mut self, message: &EnvelopeBytes) -> usize {
        self.session.decrypt(message, NOW).unwrap().piece.payload.len()
    }

    fn save(&self) -> Self::Saved {
        self.session.snapshot()
    }

    fn load(bytes: &[u8]) -> Self {
        Self::new(Session::restore(bytes).unwrap())
    }
}
