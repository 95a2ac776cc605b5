//! One conversation from invitation to answer, without a relay: what each side calls, in order.
//!
//! `cargo run -p cairn-protocol --example two_parties`
#![expect(clippy::print_stdout, reason = "an example that shows something")]

use cairn_protocol::address::{Host, Pin, RelayAddress};
use cairn_protocol::content::{Content, MessageId};
use cairn_protocol::handshake::{Taker, take};
use cairn_protocol::invitation::{Invitation, Link, Offer};
use cairn_protocol::mailbox::MailboxId;
use cairn_protocol::token::{SendCapability, Voucher};
use std::error::Error;

const NOW: u64 = 1_800_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let rng = &mut rand::rng();
    let address = RelayAddress { host: Host::new("relay.example.org")?, port: 4433, pin: Pin::of(b"the relay's key") };

    // Ana invites. The link goes to Dana on paper; the sealed bundle waits at the relay.
    let offer = Offer {
        name: "Ana".to_owned(),
        address: address.clone(),
        mailbox: MailboxId::random(rng),
        capability: SendCapability::random(rng),
        voucher: Voucher::random(rng),
        expires_at: NOW + 14 * 86_400,
    };
    let (invitation, link, sealed_bundle) = Invitation::create(rng, &offer)?;
    println!("The link, {} characters: {link}", link.to_string().len());

    // Dana reads the link, opens the bundle, and may write at once.
    let link: Link = link.to_string().parse()?;
    let bundle = link.open_bundle(&sealed_bundle)?;
    let dana = Taker {
        name: "Dana".to_owned(),
        address,
        mailbox: MailboxId::random(rng),
        capability: SendCapability::random(rng),
    };
    let (mut dana, first_envelope) = take(&link, &bundle, &dana, rng)?;
    let hello = Content::Text("Hello, is this a good time?".to_owned()).split(MessageId::random(rng))?;
    let envelopes = hello.iter().map(|piece| dana.encrypt(rng, piece, NOW * 1000)).collect::<Result<Vec<_>, _>>()?;

    // Ana accepts the first envelope, then reads.
    let accepted = invitation.accept(&first_envelope)?;
    let mut ana = accepted.session;
    for sealed in &envelopes {
        let received = ana.decrypt(&sealed.envelope, NOW)?;
        if let Content::Text(text) = Content::join(&[received.piece])? {
            println!("{} writes: {text}", accepted.taker.name);
        }
    }

    // Her answer makes the first hybrid step, and confirms what she has received.
    let answer = Content::Text("Yes. I'm here.".to_owned()).split(MessageId::random(rng))?;
    for piece in &answer {
        let sealed = ana.encrypt(rng, piece, NOW * 1000)?;
        let received = dana.decrypt(&sealed.envelope, NOW)?;
        if let Content::Text(text) = Content::join(&[received.piece])? {
            println!("{} answers: {text}", bundle.name());
        }
    }
    println!("Dana knows that Ana has received {} message(s).", dana.confirmed());
    Ok(())
}
