//! Hybrid steps, chains, and single envelopes (protocol.md §5.2, §5.3, §6).

use super::paper::{Case, Paper};
use super::refusal;
use crate::label;
use crate::limits::BODY;
use crate::primitives::{AgreementPublic, AgreementSecret, Extracted, Kem768Secret, Salted, hash};
use crate::ratchet::inside::{Keys, Values, body_for_both, data, next_header, next_sending, seal_header, seal_with};
use crate::ratchet::{ChainKey, HeaderKey, MessageKey, Ratchet, RatchetPair, RootKey, Start, StepContext};
use crate::role::Role;
use crate::secret::{Secret, SecretBytes};
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::HEADER;

fn secret(case: &mut Case<'_>, name: &str) -> Secret {
    Secret::from_bytes(case.random(name))
}

/// Steps and chains.
pub(crate) fn ratchet() -> Paper {
    let mut paper = Paper::new(
        "ratchet",
        "Hybrid steps of §5.2 and chains of §5.3, as formulas alone. d and D are the new pair of the one who steps, d' and D' the \
         newest of the peer; likewise ek and ek', each with its seed.",
    );
    for (name, role, explanation) in [
        ("step-of-the-inviter", Role::Inviter, "A step of the inviter: role 1."),
        ("step-of-the-taker", Role::Taker, "A step of the taker: role 2."),
    ] {
        let mut case = paper.case(name, explanation);
        case.number("role", role.byte());
        let root = RootKey::new(secret(&mut case, "RK"));
        let [d, peer_d] = ["d", "d'"].map(|name| AgreementSecret::from_secret(&secret(&mut case, name)));
        let [kem, peer_kem] = ["ek private", "ek' private"].map(|name| Kem768Secret::from_seed(case.random(name)));
        let mut draw = case.draw();
        draw.announce(&["m"]);
        let (ct, ss) = peer_kem.public().encapsulate(&mut draw);
        case.drawn(draw.take());
        let (agreement, peer_agreement) = (d.public(), peer_d.public());
        let (ek, peer_ek) = (kem.public(), peer_kem.public());
        let shared = d.agree(&peer_agreement).unwrap();
        assert!(shared.matches(&peer_d.agree(&agreement).unwrap()) && ss.matches(&peer_kem.decapsulate(&ct)));
        let context = StepContext {
            sender: role,
            agreement: &agreement,
            peer_agreement: &peer_agreement,
            encapsulation: &ek,
            peer_encapsulation: &peer_ek,
            ciphertext: &ct,
        };
        let (next, chain, header) = root.step(&shared, &ss, &context);
        let parts: [&[u8]; 6] = [
            &[role.byte()],
            agreement.as_bytes(),
            peer_agreement.as_bytes(),
            ek.as_bytes(),
            peer_ek.as_bytes(),
            ct.as_bytes(),
        ];
        let c = hash(label::RATCHET_STEP, &parts);
        let extracted = Extracted::new(root.secret().expose(), &[shared.expose(), ss.expose()]);
        assert!(extracted.expand(label::RATCHET_ROOT, &[&c]).matches(next.secret()), "c is the one of the step");
        case.hex("D", agreement.as_bytes()).hex("D'", peer_agreement.as_bytes()).hex("ek", ek.as_bytes());
        case.hex("ek'", peer_ek.as_bytes()).hex("ct", ct.as_bytes()).hex("DH(d, D')", shared.expose());
        case.hex("ss", ss.expose()).hex("c", &c).hex("RK'", next.secret().expose());
        case.hex("CK", chain.secret().expose()).hex("NHK", header.secret().expose()).accepted();
    }
    let mut case = paper.case("D-of-low-order", "The peer's D' is the point 1: no step can be made with it.");
    let d = AgreementSecret::from_secret(&secret(&mut case, "d"));
    let mut one = [0; 32];
    one[0] = 1;
    let error = d.agree(&AgreementPublic::from_bytes(one)).unwrap_err();
    case.hex("D'", &one).refused(refusal::primitive(error));

    let mut case = paper.case("chain", "A chain key and the first five steps of its chain.");
    let mut chain = ChainKey::new(secret(&mut case, "CK"));
    for index in 0..5 {
        let (next, message) = chain.step();
        case.hex(&format!("MK {index}"), message.secret().expose());
        case.hex(&format!("CK after {index}"), next.secret().expose());
        chain = next;
    }
    case.accepted();
    paper
}

/// Three ratchets at their start, with keys that were drawn instead of agreed. The third is a reader who has another chain
/// key, and therefore other message keys, and all else alike.
fn readers(case: &mut Case<'_>, other_chain: [u8; 32]) -> (Ratchet, Ratchet, Ratchet) {
    let t: [u8; 32] = case.random("T");
    let names = ["RK", "CK of the taker's chain 0", "HK of the taker's chain 0", "HK of the taker's chain 1"];
    let [root, chain, header, next_taker] = names.map(|name| case.random::<32>(name));
    let next_inviter: [u8; 32] = case.random("HK of the inviter's first chain");
    let start = |chain: &[u8; 32]| Start {
        transcript: t,
        root: Secret::from_bytes(root),
        chain: Secret::from_bytes(*chain),
        header: Secret::from_bytes(header),
        next_taker: Secret::from_bytes(next_taker),
        next_inviter: Secret::from_bytes(next_inviter),
    };
    let mut draw = case.draw();
    draw.announce(&["D private of the taker", "ek private of the taker", "ct of chain 0"]);
    let pair = RatchetPair::random(&mut draw);
    let (agreement, encapsulation) = pair.publics();
    case.hex("D of the taker", agreement.as_bytes()).hex("ek of the taker", encapsulation.as_bytes());
    let taker = Ratchet::taker(start(&chain), pair, &mut draw);
    case.drawn(draw.take());
    let other = Ratchet::inviter(start(&other_chain), agreement, encapsulation.clone());
    (taker, Ratchet::inviter(start(&chain), agreement, encapsulation), other)
}

fn pair(case: &mut Case<'_>) -> (Ratchet, Ratchet) {
    let (taker, inviter, _) = readers(case, [0; 32]);
    (taker, inviter)
}

fn value(values: &Values, name: &str) -> [u8; 32] {
    values.iter().find(|(known, _)| *known == name).unwrap().1.as_slice().try_into().unwrap()
}

/// Seals one drawn body and writes down everything between the keys and the envelope.
fn envelope(case: &mut Case<'_>, writer: &mut Ratchet) -> (Values, [u8; HEADER], SecretBytes<BODY>, EnvelopeBytes) {
    let body: [u8; BODY] = case.random("body");
    let mut draw = case.draw();
    if writer.role() == Role::Inviter {
        draw.announce(&["D private", "ek private", "m"]);
    }
    let (previous, index, values) = next_sending(writer, &mut draw.clone());
    draw.announce(&["salt"]);
    let envelope = writer.seal(&mut draw, SecretBytes::copy_of(&body)).unwrap();
    case.number("role", writer.role().byte()).drawn(draw.take());
    case.number("previous", previous).number("index", index);
    for (name, bytes) in &values {
        case.hex(name, bytes);
    }
    let salt: [u8; 32] = envelope[..32].try_into().unwrap();
    let (hk, mk) = (value(&values, "HK"), value(&values, "MK"));
    let (hk, mk) = (HeaderKey::new(Secret::from_bytes(hk)), MessageKey::new(Secret::from_bytes(mk)));
    let salted = Salted::new(&salt);
    case.hex("header key", hk.seal_key(&salted).expose()).hex("body key", mk.body_key(&salted).expose());
    case.hex("commitment", &mk.commitment(&hk, &salted));
    // The header as it was: the next one, with the index of this one.
    let mut header: [u8; HEADER] = next_header(writer).try_into().unwrap();
    header[4..8].copy_from_slice(&index.to_be_bytes());
    let body = SecretBytes::copy_of(&body);
    let keys = Keys { header: &hk, commitment: &mk, body: &mk };
    assert_eq!(seal_with(writer.role(), writer.transcript(), &keys, &salt, &header, &body), envelope);
    case.hex("header", &header);
    for (name, bytes) in data(writer.role(), writer.transcript(), &header, &envelope) {
        case.hex(name, &bytes);
    }
    case.hex("sealed header", &envelope[64..2392]).hex("sealed body", &envelope[2392..]);
    case.hex("envelope", envelope.as_slice());
    (values, header, body, envelope)
}

/// Single envelopes.
pub(crate) fn envelopes() -> Paper {
    let mut paper = Paper::new(
        "envelope",
        "Envelopes of §6, one of each side, with every value between their keys and their 4,096 bytes. The bodies are drawn bytes: \
         what a body means is shown elsewhere. The cases that are refused are tried by the inviter of the first case, before it has \
         opened anything; each is made from that case's header and body, by somebody who has its keys, with the role, T and salt that \
         stand there, committed to one message key and sealed under another where two are named.",
    );
    let mut case = paper.case("taker", "The first envelope of the taker's chain 0.");
    let (mut taker, inviter) = pair(&mut case);
    let (values, header, body, honest) = envelope(&mut case, &mut taker);
    assert_eq!(inviter.open(&honest).unwrap().body.expose(), body.expose());
    case.accepted();
    let t = *taker.transcript();

    let mut case = paper.case(
        "taker-index-1",
        "The second envelope of the same chain: other salt, next message key, same D, ek and ct.",
    );
    let (_, _, second, envelope_2) = envelope(&mut case, &mut taker);
    assert_eq!(inviter.open(&envelope_2).unwrap().body.expose(), second.expose());
    case.accepted();

    let mut case =
        paper.case("inviter", "The first envelope of the inviter, with its hybrid step; other keys than above.");
    let (other_taker, mut other_inviter) = pair(&mut case);
    let (_, _, body_of_inviter, envelope_3) = envelope(&mut case, &mut other_inviter);
    assert_eq!(other_taker.open(&envelope_3).unwrap().body.expose(), body_of_inviter.expose());
    case.accepted();

    let hk = || HeaderKey::new(Secret::from_bytes(value(&values, "HK")));
    let mk = || MessageKey::new(Secret::from_bytes(value(&values, "MK")));
    let key = |byte| MessageKey::new(Secret::from_bytes([byte; 32]));
    let salt = [0x5a; 32];
    let make = |role, t: &[u8; 32], commitment: &MessageKey, body_key: &MessageKey| {
        seal_with(role, t, &Keys { header: &hk(), commitment, body: body_key }, &salt, &header, &body)
    };
    assert!(inviter.open(&make(Role::Taker, &t, &mk(), &mk())).is_ok(), "nothing is wrong but what each case changes");
    for (name, explanation, role, t, commitment, body_key) in [
        (
            "other-role",
            "Sealed with role 1 in both associated data, as if the inviter had sent it.",
            Role::Inviter,
            t,
            mk(),
            mk(),
        ),
        ("other-T", "Sealed for a conversation with another T.", Role::Taker, [1; 32], mk(), mk()),
        (
            "commitment-to-another-key",
            "Committed to another message key than the one that seals the body: for the reader the body would open.",
            Role::Taker,
            t,
            key(7),
            mk(),
        ),
        (
            "two-keys",
            "Committed to the reader's message key, sealed under another: the commitment fits, and the body does not open. Who \
             expects the other message key refuses the commitment: no envelope opens under two keys.",
            Role::Taker,
            t,
            mk(),
            key(7),
        ),
        ("other-keys", "The right header key, and another message key for both.", Role::Taker, t, key(7), key(7)),
    ] {
        let envelope = make(role, &t, &commitment, &body_key);
        let error = inviter.open(&envelope).map(|_| ()).unwrap_err();
        let mut case = paper.case(name, explanation);
        case.number("role", role.byte()).hex("T", &t).hex("salt", &salt);
        case.hex("MK of the commitment", commitment.secret().expose())
            .hex("MK of the body", body_key.secret().expose());
        case.hex("envelope", envelope.as_slice()).refused(refusal::envelope(error));
    }
    two_readers(&mut paper);
    let mut other_header = honest.clone();
    other_header[64..2392].copy_from_slice(&envelope_2[64..2392]);
    let error = inviter.open(&other_header).map(|_| ()).unwrap_err();
    let mut case = paper.case("header-of-another", "The header of taker-index-1 in the envelope of taker.");
    case.hex("envelope", other_header.as_slice()).refused(refusal::envelope(error));
    paper
}

/// An envelope whose body opens under two message keys.
fn two_readers(paper: &mut Paper) {
    let explanation = "An envelope that is made for two readers, who have the same keys but for their chain keys: its sealed body \
                       opens under the body keys of both, which ChaCha20-Poly1305 allows. It is committed to the keys of this \
                       reader, who takes it; what the body says is noise.";
    let mut case = paper.case("opens-under-two-keys", explanation);
    let other_chain: [u8; 32] = case.random("CK of the other reader");
    let (taker, reader, other) = readers(&mut case, other_chain);
    let (_, _, values) = next_sending(&taker, &mut case.draw());
    let hk = HeaderKey::new(Secret::from_bytes(value(&values, "HK")));
    let mk = MessageKey::new(Secret::from_bytes(value(&values, "MK")));
    let (_, other_mk) = ChainKey::new(Secret::from_bytes(other_chain)).step();
    let header: [u8; HEADER] = next_header(&taker).try_into().unwrap();
    let (salt, t) = (case.random("salt"), *taker.transcript());
    let both = body_for_both(Role::Taker, &t, [&mk, &other_mk], &salt, &header);
    let keys = Keys { header: &hk, commitment: &mk, body: &mk };
    let envelope = seal_header(Role::Taker, &t, &keys, &salt, &header, &both);
    case.hex("HK", hk.secret().expose()).hex("MK", mk.secret().expose()).hex("header", &header);
    case.hex("body key", mk.body_key(&Salted::new(&salt)).expose())
        .hex("body", reader.open(&envelope).unwrap().body.expose());
    case.hex("envelope", envelope.as_slice()).accepted();

    let explanation = "The other reader gets the same envelope: the header opens, and the sealed body would open too, under body \
                       key. The commitment is to another message key, so that it is refused.";
    let mut case = paper.case("opens-under-two-keys-other-reader", explanation);
    let error = other.open(&envelope).map(|_| ()).unwrap_err();
    case.text("envelope of", "opens-under-two-keys").hex("CK of the other reader", &other_chain);
    case.hex("MK", other_mk.secret().expose()).hex("body key", other_mk.body_key(&Salted::new(&salt)).expose());
    case.refused(refusal::envelope(error));
}
