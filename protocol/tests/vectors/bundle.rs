//! The bundle and its seal: what an invitation is before anybody takes it (protocol.md §3.1, §3.4).

use super::meeting::invite;
use super::paper::Paper;
use super::primitives::second_encoding;
use super::refusal;
use crate::handshake::{TakeError, Taker, take};
use crate::invitation::{Bundle, BundleError, Link, LinkSecret};
use crate::label;
use crate::limits::{BUNDLE, SEALED_BUNDLE};
use crate::mailbox::MailboxId;
use crate::primitives::{hash, seal};
use crate::token::SendCapability;
use crate::wire::frame::SealedBundleBytes;
use crate::wire::join;

/// Seals any bundle under the key that this link secret gives.
fn sealed(secret: &LinkSecret, bundle: &[u8; BUNDLE]) -> SealedBundleBytes {
    let mut text = *bundle;
    let tag = seal(secret.derive(label::BUNDLE_KEY), &label::BUNDLE_DATA.before(&[]), &mut text);
    join(&[&text, &tag])
}

/// The link of a bundle at this relay.
fn link(secret: &LinkSecret, host: &str, port: u16, pin: &[u8; 16]) -> Link {
    let fields = [&[1][..], &port.to_be_bytes(), pin, secret.expose()].concat();
    let check = hash(label::LINK_CHECKSUM, &[&fields, host.as_bytes()]);
    format!("CAIRN:{host}/{}", crate::base32::encode(&[&fields, &check[..2]].concat())).parse().unwrap()
}

struct Bundles {
    paper: Paper,
    bundle: Box<[u8; BUNDLE]>,
    pin: [u8; 16],
}

impl Bundles {
    /// The bundle of the first case with other bytes at one place, and what the crate makes of it.
    fn changed(&self, place: usize, bytes: &[u8]) -> (Box<[u8; BUNDLE]>, Link, Result<Bundle, BundleError>) {
        let mut bundle = self.bundle.clone();
        bundle[place..place + bytes.len()].copy_from_slice(bytes);
        let (link, opened) = self.open(&bundle);
        (bundle, link, opened)
    }

    fn open(&self, bundle: &[u8; BUNDLE]) -> (Link, Result<Bundle, BundleError>) {
        let secret = LinkSecret::of(bundle);
        let link = link(&secret, "relay.example.org", 4433, &self.pin);
        let opened = link.open_bundle(&sealed(&secret, bundle));
        (link, opened)
    }

    fn refused(&mut self, name: &str, explanation: &str, place: usize, bytes: &[u8]) {
        let (bundle, link, opened) = self.changed(place, bytes);
        let words = refusal::bundle(opened.unwrap_err());
        let mut case = self.paper.case(name, explanation);
        case.hex("bundle", bundle.as_slice()).hex("L", link.secret().expose()).refused(words);
    }

    /// A bundle with other variable fields, which begin at byte 1,802.
    fn with(&self, host: &[u8], name: &[u8], credential: &[u8]) -> Box<[u8; BUNDLE]> {
        let block = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
        let fields = [block(host), self.bundle[1821..1839].to_vec(), block(name), block(credential)].concat();
        let mut bundle = self.bundle.clone();
        bundle[1802..].fill(0);
        bundle[1802..1802 + fields.len()].copy_from_slice(&fields);
        bundle
    }
}

/// Bundles and sealed bundles.
pub(crate) fn bundle() -> Paper {
    let mut paper = Paper::new(
        "bundle",
        "The bundle of §3.1, and the sealed bundle of §3.4. good is an honest invitation; every other bundle differs from it in \
         one thing. L is the hash of the bundle that stands there: these bundles fit their links, so that the refusal is one of \
         the format, unless the case says that something was altered.",
    );
    let mut case = paper.case("good", "An honest bundle, its link, the keys of §3.4 and the sealed bundle.");
    let (invitation, honest, honest_sealed) = invite(&mut case);
    case.hex("slot", honest.slot().as_bytes());
    for (name, label) in
        [("bundle key", label::BUNDLE_KEY), ("first key", label::FIRST_KEY), ("psk", label::HANDSHAKE_PSK)]
    {
        case.hex(name, honest.secret().derive(label).expose());
    }
    case.hex("sealed bundle", honest_sealed.as_slice()).accepted();
    let bundle: Box<[u8; BUNDLE]> = Box::new(*invitation.bundle.expose());
    let pin = invitation.address.pin.0;
    let mut all = Bundles { paper, bundle, pin };

    let name = "\u{1f331}".repeat(16);
    for (case, explanation, name, credential) in [
        ("empty-name", "A name of no bytes.", "", &[][..]),
        ("longest-name", "A name of 64 bytes.", &name, &[]),
        ("credential", "A credential, which version 1 does not interpret.", "Ana", &[7; 99]),
        ("longest-credential", "A credential of 1,024 bytes.", "Ana", &[8; 1024]),
    ] {
        let bundle = all.with(b"relay.example.org", name.as_bytes(), credential);
        let (link, opened) = all.open(&bundle);
        let name = opened.unwrap().name().to_owned();
        let mut case = all.paper.case(case, explanation);
        case.hex("bundle", bundle.as_slice()).hex("L", link.secret().expose()).text("name", &name);
        case.hex("credential", credential).accepted();
    }
    malformed(&mut all);
    low_order(&mut all);
    altered(&mut all, &honest, &honest_sealed);
    all.paper
}

fn malformed(all: &mut Bundles) {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut no_point = [0; 32];
    no_point[0] = 2;
    all.refused("version-0", "Version 0.", 0, &[0]);
    all.refused("version-2", "Version 2.", 0, &[2]);
    all.refused("type-0", "Type 0.", 1, &[0]);
    all.refused("type-2", "Type 2, which a later version may have.", 1, &[2]);
    all.refused("weak-Ed25519", "The Ed25519 key is the neutral point.", 34, &neutral);
    all.refused(
        "Ed25519-not-canonical",
        "The Ed25519 key is a second encoding, y + p, of a point that nothing else is wrong with.",
        34,
        &second_encoding(),
    );
    all.refused("Ed25519-no-point", "The Ed25519 key is no point.", 34, &no_point);
    all.refused("K-out-of-range", "The first two coefficients of K are 4,095.", 130, &[0xff; 3]);
    all.refused("host-with-capital", "The host begins with a capital letter.", 1804, b"R");
    all.refused("host-with-underscore", "The host has a character that no host has.", 1809, b"_");
    all.refused("host-not-UTF-8", "The host has a byte that is no UTF-8.", 1804, &[0xff]);
    all.refused("host-254", "The host's block says 254 bytes.", 1802, &254_u16.to_be_bytes());
    all.refused("port-0", "Port 0.", 1821, &[0, 0]);
    all.refused("name-65", "The name's block says 65 bytes.", 1839, &65_u16.to_be_bytes());
    all.refused("name-not-UTF-8", "The name has a byte that is no UTF-8.", 1841, &[0xff]);
    all.refused("credential-1025", "The credential's block says 1,025 bytes.", 1844, &1025_u16.to_be_bytes());
    all.refused("padding-first", "The first byte of the padding is 1.", 1846, &[1]);
    all.refused("padding-last", "The last byte of the padding is 1.", 4095, &[1]);
    let bundle = all.with(b"", b"Ana", b"");
    let (link, opened) = all.open(&bundle);
    let words = refusal::bundle(opened.err().unwrap());
    let mut case = all.paper.case("host-empty", "A host of no bytes.");
    case.hex("bundle", bundle.as_slice()).hex("L", link.secret().expose()).refused(words);
}

/// Bundles that open, and can't be taken.
fn low_order(all: &mut Bundles) {
    for (name, explanation, place) in [
        ("P-of-low-order", "P is 0: it opens, and whoever takes it refuses DH1.", 98),
        ("IK_i-of-low-order", "The X25519 identity key is 0: whoever takes it refuses DH2.", 66),
    ] {
        let (bundle, link, opened) = all.changed(place, &[0; 32]);
        let mut case = all.paper.case(name, explanation);
        case.hex("bundle", bundle.as_slice()).hex("L", link.secret().expose());
        let mut draw = case.draw();
        draw.announce(&["IK_t Ed25519 private", "IK_t X25519 private", "E private", "D private", "ek private", "m"]);
        let taker = Taker {
            name: String::new(),
            address: link.address().clone(),
            mailbox: MailboxId::from_bytes([0; 32]),
            capability: SendCapability::from_bytes([0; 32]),
        };
        match take(&link, &opened.unwrap(), &taker, &mut draw).unwrap_err() {
            TakeError::Primitive(error) => case.drawn(draw.take()).refused(refusal::primitive(error)),
            TakeError::Name => panic!("the name is short"),
        }
    }
}

fn altered(all: &mut Bundles, honest: &Link, honest_sealed: &SealedBundleBytes) {
    let secret = honest.secret();
    let mut text = honest_sealed.clone();
    text[2000] ^= 1;
    let mut tag = honest_sealed.clone();
    tag[SEALED_BUNDLE - 1] ^= 1;
    let mut other = all.bundle.clone();
    other[5] ^= 1;
    for (name, explanation, bytes) in [
        ("flipped-text", "One bit of the sealed bundle is flipped.", text),
        ("flipped-tag", "One bit of its tag is flipped.", tag),
        (
            "another-bundle",
            "Another bundle (one bit of random differs), sealed under the key of the same link by somebody who knows it: it \
             opens, and its hash is not L.",
            sealed(secret, &other),
        ),
    ] {
        let words = refusal::bundle(honest.open_bundle(&bytes).unwrap_err());
        let mut case = all.paper.case(name, explanation);
        case.hex("L", secret.expose()).hex("sealed bundle", bytes.as_slice()).refused(words);
    }
    for (name, explanation, host, port, pin) in [
        ("other-host", "The link names another relay than the bundle.", "other.example.org", 4433, all.pin),
        ("other-port", "The link names another port.", "relay.example.org", 4434, all.pin),
        ("other-pin", "The link names another pin.", "relay.example.org", 4433, [1; 16]),
    ] {
        let link = link(secret, host, port, &pin);
        let words = refusal::bundle(link.open_bundle(honest_sealed).unwrap_err());
        let mut case = all.paper.case(name, explanation);
        case.text("sealed bundle of", "good").text("link", &link.to_string()).hex("L", secret.expose()).refused(words);
    }
}
