//! How two people meet: an invitation, its taking and its accepting, with every value written down (protocol.md §3, §4).

use super::base32::relay;
use super::paper::Case;
use crate::handshake::{Accepted, Taker, take};
use crate::invitation::{Invitation, Link, Offer};
use crate::mailbox::MailboxId;
use crate::ratchet::inside;
use crate::session::{self, Session};
use crate::token::{SendCapability, Voucher};
use crate::wire::frame::{EnvelopeBytes, SealedBundleBytes};

/// 2027-01-15, 08:00 UTC.
pub(crate) const START: u64 = 1_800_000_000;

const END: u64 = START + 14 * 86_400;

/// The inviter makes an invitation.
pub(crate) fn invite(case: &mut Case<'_>) -> (Invitation, Link, SealedBundleBytes) {
    let (host, port) = ("relay.example.org", 4433);
    case.text("host", host).number("port", port);
    let address = relay(host, port, case.random("pin"));
    let mailbox = MailboxId::from_bytes(case.random("mailbox"));
    let capability = SendCapability::from_bytes(case.random("send capability"));
    let voucher = Voucher::from_bytes(case.random("voucher"));
    case.number("end of the invitation", END).text("name", "Ana");
    let offer = Offer { name: "Ana".to_owned(), address, mailbox, capability, voucher, expires_at: END };
    let mut draw = case.draw();
    draw.announce(&["IK_i Ed25519 private", "IK_i X25519 private", "P private", "K private", "bundle random"]);
    let made = Invitation::create(&mut draw, &offer).unwrap();
    let invitation = &made.0;
    case.drawn(draw.take());
    let identity = invitation.identity.public();
    case.hex("IK_i Ed25519", identity.signing.as_bytes()).hex("IK_i X25519", identity.agreement.as_bytes());
    case.hex("P", invitation.prekey.public().as_bytes()).hex("K", invitation.kem.public().as_bytes());
    case.hex("bundle", invitation.bundle.expose()).hex("L", made.1.secret().expose()).text("link", &made.1.to_string());
    made
}

/// The taker takes it.
pub(crate) fn take_it(case: &mut Case<'_>, link: &Link, sealed: &SealedBundleBytes) -> (Session, EnvelopeBytes) {
    let (host, port) = ("2001:db8::7", 443);
    case.text("host", host).number("port", port);
    let address = relay(host, port, case.random("pin"));
    let mailbox = MailboxId::from_bytes(case.random("mailbox"));
    let capability = SendCapability::from_bytes(case.random("send capability"));
    case.text("name", "Dana");
    let taker = Taker { name: "Dana".to_owned(), address, mailbox, capability };
    let mut draw = case.draw();
    draw.announce(&["IK_t Ed25519 private", "IK_t X25519 private", "E private", "D private", "ek private"]);
    draw.announce(&["m", "salt", "ct of chain 0"]);
    let (session, first) = take(link, &link.open_bundle(sealed).unwrap(), &taker, &mut draw).unwrap();
    case.drawn(draw.take()).hex("first envelope", first.as_slice());
    (session, first)
}

/// The inviter accepts the first envelope, and comes to the keys that the taker has.
pub(crate) fn accept(case: &mut Case<'_>, invitation: &Invitation, taker: &Session, first: &EnvelopeBytes) -> Accepted {
    let accepted = invitation.accept(first).unwrap();
    let values = inside::start_of_inviter(session::inside::ratchet(&accepted.session));
    assert_eq!(values, inside::start_of_taker(session::inside::ratchet(taker)), "both sides have the same keys");
    values.iter().for_each(|(name, bytes)| {
        case.hex(name, bytes);
    });
    accepted
}
