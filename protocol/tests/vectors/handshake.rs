//! The handshake: every value of one that works, and first envelopes that must be refused (protocol.md §3.4, §4).

use super::meeting::{accept, invite, take_it};
use super::paper::Paper;
use super::primitives::second_encoding;
use super::refusal;
use crate::handshake::Replay;
use crate::handshake::inside::{committed_to, private_again, sealed_again, values};
use crate::invitation::Invitation;
use crate::label;
use crate::limits::ENVELOPE;
use crate::primitives::hash;
use crate::session::Session;
use crate::wire::frame::EnvelopeBytes;

/// A handshake that works.
pub(crate) fn handshake() -> Paper {
    let mut paper = Paper::new(
        "handshake",
        "One invitation from its making to both sessions (§3, §4), with every value in between. The cases are steps.",
    );
    let mut case = paper.case("invite", "Ana draws her keys and puts the sealed bundle into the slot (§3.1 to §3.4).");
    let (invitation, link, sealed) = invite(&mut case);
    case.hex("slot", link.slot().as_bytes());
    for (name, label) in
        [("bundle key", label::BUNDLE_KEY), ("first key", label::FIRST_KEY), ("psk", label::HANDSHAKE_PSK)]
    {
        case.hex(name, link.secret().derive(label).expose());
    }
    case.hex("bundle data", &label::BUNDLE_DATA.before(&[])).hex("sealed bundle", sealed.as_slice()).accepted();

    let explanation = "Dana opens the bundle with the link and takes the invitation: he draws his keys and makes the first \
                       envelope (§4.1 to §4.4).";
    let mut case = paper.case("take", explanation);
    let (taker, first) = take_it(&mut case, &link, &sealed);
    for (name, bytes) in values(&invitation, &first) {
        case.hex(name, &bytes);
    }
    case.accepted();

    let mut case = paper.case("accept", "Ana accepts the first envelope and comes to the same keys (§4.3, §4.5).");
    let accepted = accept(&mut case, &invitation, &taker, &first);
    let theirs = accepted.session.theirs();
    case.hex("IK_t Ed25519", theirs.signing.as_bytes()).hex("IK_t X25519", theirs.agreement.as_bytes());
    case.text("name", &accepted.taker.name).text("host", accepted.taker.address.host.as_str());
    case.number("port", accepted.taker.address.port).hex("pin", &accepted.taker.address.pin.0);
    case.hex("mailbox", accepted.taker.mailbox.as_bytes()).hex("send capability", accepted.taker.capability.expose());
    case.hex("hash that is kept", &hash(label::FIRST_HASH, &[first.as_slice()])).accepted();
    paper
}

struct Refused {
    paper: Paper,
    invitation: Invitation,
    taker: Session,
    first: EnvelopeBytes,
}

impl Refused {
    fn try_it(&mut self, name: &str, explanation: &str, envelope: &[u8; ENVELOPE]) {
        let error = self.invitation.accept(envelope).unwrap_err();
        self.paper.case(name, explanation).hex("envelope", envelope).refused(refusal::first_envelope(error));
    }

    fn public(&mut self, name: &str, explanation: &str, place: usize, bytes: &[u8]) {
        let forged = sealed_again(&self.invitation, &self.first, |plain| {
            plain[place..place + bytes.len()].copy_from_slice(bytes);
        });
        self.try_it(name, explanation, &forged);
    }

    fn flipped(&mut self, name: &str, explanation: &str, place: usize) {
        let forged = sealed_again(&self.invitation, &self.first, |plain| plain[place] ^= 1);
        self.try_it(name, explanation, &forged);
    }

    fn private(&mut self, name: &str, explanation: &str, place: usize, bytes: &[u8]) {
        let forged = private_again(&self.invitation, &self.first, |private| {
            private[place..place + bytes.len()].copy_from_slice(bytes);
        });
        self.try_it(name, explanation, &forged);
    }
}

/// First envelopes that must be refused.
pub(crate) fn refused() -> Paper {
    let mut paper = Paper::new(
        "handshake-refused",
        "First envelopes that the inviter must refuse (§4.5), and what the kept hash recognises. invite and take make an \
         invitation and an honest first envelope; every case after them is tried against this same invitation, which a refusal \
         leaves as it was. Most cases were made from the honest envelope by somebody who knows the link: one thing is changed \
         under seals that fit.",
    );
    let mut case = paper.case("invite", "The invitation.");
    let (invitation, link, sealed) = invite(&mut case);
    case.accepted();
    let mut case = paper.case("take", "The honest taker.");
    let (taker, first) = take_it(&mut case, &link, &sealed);
    case.accepted();
    let mut all = Refused { paper, invitation, taker, first };

    for (name, place, part) in [
        ("flipped-salt", 0, "the salt"),
        ("flipped-commitment", 32, "the commitment"),
        ("flipped-seal", 2000, "what is sealed"),
        ("flipped-tag", 4095, "the outer tag"),
    ] {
        let mut envelope = all.first.clone();
        envelope[place] ^= 1;
        all.try_it(name, &format!("A bit of {part} is flipped on the way."), &envelope);
    }
    let other = committed_to(&all.invitation, &all.first, &[7; 32]);
    all.try_it("other-commitment", "Sealed under the right key, with a commitment to another one.", &other);

    all.public("version-2", "Version 2 in the public part.", 0, &[2]);
    all.public("version-0", "Version 0.", 0, &[0]);
    all.public("role-of-the-inviter", "The role byte says inviter: an own first envelope reflected.", 1, &[1]);
    all.public("role-3", "A role that does not exist.", 1, &[3]);
    let mut point = [0; 32];
    point[0] = 1;
    all.public("weak-Ed25519", "The Ed25519 key is the neutral point.", 2, &point);
    all.public(
        "Ed25519-not-canonical",
        "A second encoding, y + p, of a point that nothing else is wrong with.",
        2,
        &second_encoding(),
    );
    all.public("Ed25519-no-point", "y = 2 is no point of the curve.", 2, &{
        let mut two = [0; 32];
        two[0] = 2;
        two
    });
    all.public("DH1-zero", "The X25519 identity key of the taker is 0: DH1 would be 32 zero bytes.", 34, &[0; 32]);
    all.public("DH2-zero", "E is the point 1, of order 4: DH2 and DH3 would be zero.", 66, &point);
    all.public(
        "D-zero",
        "D is 0: the inviter's first step would agree on zero bytes. Refused now, not then.",
        1666,
        &[0; 32],
    );
    all.public("ek-out-of-range", "The first two coefficients of ek are 4,095.", 1698, &[0xff; 3]);
    for (name, place, part) in [
        ("other-private-part", 2882, "the sealed private part"),
        ("other-X25519-identity", 40, "IK_t X25519"),
        ("other-E", 70, "E"),
        ("other-ct", 100, "ct, for which ML-KEM gives another secret and no error,"),
        ("other-D", 1670, "D"),
        ("other-ek", 1700, "ek, which stays in range,"),
    ] {
        all.flipped(name, &format!("One bit of {part} is changed after the private part was sealed."), place);
    }

    let words = "All seals fit, and the private part breaks its format";
    all.private("host-with-capital", &format!("{words}: a capital letter in the host."), 66, b"A");
    all.private("host-too-long", &format!("{words}: a host of 254 bytes."), 64, &254_u16.to_be_bytes());
    all.private("port-0", &format!("{words}: port 0."), 77, &[0, 0]);
    all.private("name-too-long", &format!("{words}: a name of 65 bytes."), 95, &65_u16.to_be_bytes());
    all.private("name-not-UTF-8", &format!("{words}: a name that is not UTF-8."), 97, &[0xff]);
    all.private("padding", &format!("{words}: the last byte is not zero."), 1117, &[1]);

    let Refused { mut paper, invitation, taker, first } = all;
    let mut case = paper.case("other-invitation", "An invitation of somebody else; the honest envelope comes to it.");
    let (foreign, ..) = invite(&mut case);
    let error = foreign.accept(&first).unwrap_err();
    case.hex("first envelope", first.as_slice()).refused(refusal::first_envelope(error));

    let explanation = "The honest envelope opens after all that, and the inviter keeps its hash and the first key.";
    let mut case = paper.case("accept", explanation);
    let guard = accept(&mut case, &invitation, &taker, &first).guard;
    let first_key = link.secret().derive(label::FIRST_KEY);
    case.hex("hash that is kept", &hash(label::FIRST_HASH, &[first.as_slice()])).hex("first key", first_key.expose());
    case.accepted();
    assert_eq!(guard.check(&first), Some(Replay::Same));
    let mut case = paper.case("the-same-again", "The same first envelope comes again.");
    case.text("envelope of", "take").refused("duplicate");
    for (name, explanation, place, byte) in [
        ("another-of-version-2", "Another one, of version 2: behind the outer seal nothing is read any more.", 0, 2),
        ("another-of-role-1", "Another one, which says inviter.", 1, 1),
    ] {
        let other = sealed_again(&invitation, &first, |plain| plain[place] = byte);
        assert_eq!(guard.check(&other), Some(Replay::Another));
        paper.case(name, explanation).hex("envelope", other.as_slice()).refused("invitation used twice");
    }
    let mut case = paper.case("another-taker", "Somebody else who has the link takes it too, with keys of their own.");
    let (_, second) = take_it(&mut case, &link, &sealed);
    assert_eq!(guard.check(&second), Some(Replay::Another));
    case.refused("invitation used twice");
    let mut case = paper.case("no-first-envelope", "4,096 bytes drawn by the rule: not of this invitation at all.");
    let noise: [u8; ENVELOPE] = case.random("envelope");
    assert_eq!(guard.check(&noise), None);
    case.refused("does not open");
    paper
}
