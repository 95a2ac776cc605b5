//! Frames between client and relay, and the owner's proof (protocol.md §9).

use super::paper::{Case, Paper};
use super::refusal;
use crate::limits::{ENVELOPE, NOTICE, PAGE, REPLY, REQUEST, SEALED_BUNDLE};
use crate::mailbox::{
    ChannelBinding, EnvelopeId, Generation, MailboxId, OwnerOperation, OwnerSecret, SlotId, VaultMark,
};
use crate::secret::Secret;
use crate::token::{ClaimToken, ManageToken, Pass, SendCapability, TokenHash, Voucher};
use crate::wire::DecodeError;
use crate::wire::frame::{Admission, BundleState, Delivery, Refusal, Reply, Request, Welcome};

const NUMBER: u32 = 0x0102_0304;

fn request(paper: &mut Paper, name: &str, explanation: &str, make: impl FnOnce(&mut Case<'_>) -> Request) -> Vec<u8> {
    let mut case = paper.case(name, explanation);
    let frame = make(&mut case).encode(NUMBER).to_vec();
    let (number, read) = Request::decode(&frame).unwrap();
    assert_eq!(read.encode(number).as_slice(), frame, "one encoding for one value");
    case.number("request number", number).hex("frame", &frame).accepted();
    frame
}

fn changed(frame: &[u8], place: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[place..place + bytes.len()].copy_from_slice(bytes);
    frame
}

fn mailbox(case: &mut Case<'_>) -> MailboxId {
    MailboxId::from_bytes(case.random("mailbox"))
}

fn slot(case: &mut Case<'_>) -> SlotId {
    SlotId::from_bytes(case.random("slot"))
}

/// Requests of §9.1.
pub(crate) fn requests() -> Paper {
    let mut paper = Paper::new(
        "requests",
        "Every request of §9.1 as a frame, and frames that the relay must refuse. Proofs are drawn here; proof.txt has real ones.",
    );
    let hello = request(&mut paper, "hello", "First on every connection.", |case| {
        case.number("version", 1_u8);
        Request::Hello { version: 1 }
    });
    request(&mut paper, "hello-version-2", "Another version is read; the relay answers code 2.", |case| {
        case.number("version", 2_u8);
        Request::Hello { version: 2 }
    });
    let ask = request(&mut paper, "notice", "Ask for the operator's notice.", |_| Request::Notice);
    let mut create = Vec::new();
    for (name, kind) in [("open", 0_u8), ("pass", 1), ("voucher", 2)] {
        let explanation = format!("Create a mailbox; admission by {name}.");
        create = request(&mut paper, &format!("create-mailbox-{name}"), &explanation, |case| {
            let mailbox = mailbox(case);
            let owner = OwnerSecret::from_secret(&Secret::from_bytes(case.random("owner key private"))).key();
            case.hex("owner key", owner.as_bytes());
            let capability = TokenHash::from_bytes(case.random("hash of the send capability"));
            let admission = match kind {
                0 => Admission::Open,
                1 => Admission::Pass(Pass::from_bytes(case.random("pass"))),
                _ => Admission::Voucher(Voucher::from_bytes(case.random("voucher"))),
            };
            Request::CreateMailbox { mailbox, owner, capability, admission }
        });
    }
    request(&mut paper, "delete-mailbox", "Delete a mailbox.", |case| Request::DeleteMailbox {
        mailbox: mailbox(case),
        proof: case.random("proof"),
    });
    request(&mut paper, "subscribe", "Subscribe with the generation 2^32 + 5.", |case| {
        let mailbox = mailbox(case);
        case.number("generation", (1_u64 << 32) + 5);
        let mark = VaultMark::from_bytes(case.random("mark"));
        Request::Subscribe {
            mailbox,
            generation: Generation { count: (1 << 32) + 5, mark },
            proof: case.random("proof"),
        }
    });
    let mut fetch = Vec::new();
    for (name, wait) in [("fetch", false), ("fetch-and-wait", true)] {
        fetch = request(&mut paper, name, "Fetch the next envelopes.", |case| {
            let mailbox = mailbox(case);
            case.number("wait", wait);
            Request::Fetch { mailbox, wait }
        });
    }
    let mut acknowledge = Vec::new();
    for (name, count) in [("acknowledge-none", 0_u8), ("acknowledge-two", 2), ("acknowledge-128", 128)] {
        acknowledge = request(&mut paper, name, "Acknowledge envelopes by their ids.", |case| {
            let mailbox = mailbox(case);
            case.number("count", count);
            let ids = (0..count).map(|id| EnvelopeId::from_bytes(case.random(&format!("envelope id {id}")))).collect();
            Request::Acknowledge { mailbox, ids }
        });
    }
    let put = request(&mut paper, "put", "Put an envelope.", |case| Request::Put {
        mailbox: mailbox(case),
        capability: SendCapability::from_bytes(case.random("send capability")),
        id: EnvelopeId::from_bytes(case.random("envelope id")),
        envelope: Box::new(case.random::<ENVELOPE>("envelope")),
    });
    request(&mut paper, "put-bundle", "Put a sealed bundle; admission by pass; the last day is 20,847.", |case| {
        let slot = slot(case);
        let manage = TokenHash::from_bytes(case.random("hash of the manage token"));
        let voucher = TokenHash::from_bytes(case.random("hash of the voucher"));
        case.number("last day", 20_847_u32);
        let admission = Admission::Pass(Pass::from_bytes(case.random("pass")));
        let bundle = Box::new(case.random::<SEALED_BUNDLE>("sealed bundle"));
        Request::PutBundle { slot, manage, voucher, expires_day: 20_847, admission, bundle }
    });
    request(&mut paper, "take-bundle", "Take a bundle.", |case| Request::TakeBundle {
        slot: slot(case),
        claim: ClaimToken::from_bytes(case.random("claim token")),
    });
    request(&mut paper, "bundle-status", "Ask what became of an invitation.", |case| Request::BundleStatus {
        slot: slot(case),
        manage: ManageToken::from_bytes(case.random("manage token")),
    });
    request(&mut paper, "revoke-bundle", "Withdraw an invitation.", |case| Request::RevokeBundle {
        slot: slot(case),
        manage: ManageToken::from_bytes(case.random("manage token")),
    });

    let mut two_many = changed(&acknowledge, 37, &[129]);
    two_many.extend_from_slice(&[0; 16]);
    let open = changed(&changed(&create, 101, &[0; 33]), 133, &[1]);
    let mut weak = [0; 32];
    weak[0] = 1;
    refused_requests(
        &mut paper,
        vec![
            ("empty", "No bytes at all.", Vec::new()),
            ("cut-in-the-head", "A type without a whole number.", hello[..4].to_vec()),
            ("cut-by-one", "The last byte of an envelope is missing.", put[..put.len() - 1].to_vec()),
            ("trailing", "One byte behind the end.", [&hello[..], &[0]].concat()),
            ("fetch-trailing", "One byte behind the end of a fetch.", [&fetch[..], &[0]].concat()),
            ("unknown-type", "Type 7f.", changed(&hello, 0, &[0x7f])),
            ("reply-as-request", "A reply (done) where a request is due.", vec![0x82, 1, 2, 3, 4]),
            ("wait-2", "wait is 2.", changed(&fetch, 37, &[2])),
            ("acknowledge-129", "129 ids.", two_many),
            ("count-bomb", "A count of 255 with no ids behind it: refused before anything is read.", {
                let mut bomb = acknowledge[..38].to_vec();
                bomb[37] = 255;
                bomb
            }),
            (
                "count-above-ids",
                "A count of 128 with 127 ids behind it.",
                acknowledge[..acknowledge.len() - 16].to_vec(),
            ),
            ("notice-with-a-field", "A notice is asked for without any field.", [&ask[..], &[0]].concat()),
            ("admission-3", "An admission that does not exist.", changed(&create, 101, &[3])),
            ("open-with-a-token", "Admission 0, and a byte of the 32 that is not zero.", open),
            ("weak-owner-key", "The owner key is the neutral point.", changed(&create, 37, &weak)),
        ],
    );
    let long = vec![0x01; REQUEST + 1];
    let error = Request::decode(&long).unwrap_err();
    let mut case = paper.case("too-long", "A frame of 8,193 bytes, all 01: refused before it is read.");
    case.number("bytes", 8193_u16).hex("each", &[1]).refused(refusal::decode(error));
    paper
}

fn refused_requests(paper: &mut Paper, cases: Vec<(&str, &str, Vec<u8>)>) {
    for (name, explanation, frame) in cases {
        let words = refusal::decode(Request::decode(&frame).unwrap_err());
        paper.case(name, explanation).hex("frame", &frame).refused(words);
    }
}

fn reply(paper: &mut Paper, name: &str, explanation: &str, make: impl FnOnce(&mut Case<'_>) -> Reply) -> Vec<u8> {
    let mut case = paper.case(name, explanation);
    let reply = make(&mut case);
    let frame = reply.encode(NUMBER);
    assert_eq!(Reply::decode(&frame), Ok((NUMBER, reply)));
    case.number("request number", NUMBER).hex("frame", &frame).accepted();
    frame
}

/// Replies of §9.2.
pub(crate) fn replies() -> Paper {
    let mut paper = Paper::new("replies", "Every reply of §9.2 as a frame, and frames that the client must refuse.");
    let welcome = reply(&mut paper, "welcome", "The relay says what it is.", |case| {
        let welcome = Welcome {
            version: 1,
            time: super::meeting::START,
            store: case.random("store"),
            restores: 2,
            envelope_days: 14,
            open: true,
        };
        case.number("version", welcome.version).number("time", welcome.time).number("restores", welcome.restores);
        case.number("days", welcome.envelope_days).number("open", welcome.open);
        Reply::Welcome(welcome)
    });
    reply(&mut paper, "welcome-version-2", "Another version is read; the client ends the connection.", |case| {
        let store = case.random("store");
        let welcome = Welcome { version: 2, time: 1, store, restores: 0, envelope_days: 1, open: false };
        case.number("version", welcome.version).number("time", welcome.time).number("restores", welcome.restores);
        case.number("days", welcome.envelope_days).number("open", welcome.open);
        Reply::Welcome(welcome)
    });
    let done = reply(&mut paper, "done", "Done.", |_| Reply::Done);
    reply(&mut paper, "empty-page", "No envelopes now.", |case| {
        case.number("count", 0_u8);
        Reply::Page(Vec::new())
    });
    let page = reply(&mut paper, "page", "Two envelopes.", |case| {
        case.number("count", 2_u8);
        let delivery = |number: u8| Delivery {
            id: EnvelopeId::from_bytes(case.random(&format!("envelope id {number}"))),
            envelope: Box::new(case.random::<ENVELOPE>(&format!("envelope {number}"))),
        };
        Reply::Page((0..2).map(delivery).collect())
    });
    reply(&mut paper, "bundle", "A sealed bundle.", |case| {
        Reply::Bundle(Box::new(case.random::<SEALED_BUNDLE>("sealed bundle")))
    });
    for (name, taken, second_taker) in
        [("state-waiting", false, false), ("state-taken", true, false), ("state-second-taker", true, true)]
    {
        reply(&mut paper, name, "What became of an invitation.", |case| {
            case.number("taken", taken).number("second taker", second_taker);
            Reply::BundleState(BundleState { taken, second_taker })
        });
    }
    reply(&mut paper, "notice-none", "The operator has set no notice.", |case| {
        case.number("there", 0_u8).hex("notice", &[0; NOTICE]);
        Reply::Notice(None)
    });
    let notice = reply(&mut paper, "notice-there", "A notice: any bytes; §9.5 is looked at later.", |case| {
        case.number("there", 1_u8);
        Reply::Notice(Some(Box::new(case.random::<NOTICE>("notice"))))
    });
    reply(&mut paper, "refused-too-fast-0", "Code 11 may have 0 seconds.", |case| {
        case.number("code", 11_u8).number("seconds", 0_u8);
        Reply::Refused(Refusal::TooFast { retry_after: 0 })
    });
    let refusals = [
        ("malformed", Refusal::Malformed, 1_u8),
        ("version", Refusal::Version, 2),
        ("denied", Refusal::Denied, 3),
        ("admission", Refusal::Admission, 4),
        ("conflict", Refusal::Conflict, 5),
        ("full", Refusal::Full, 6),
        ("taken", Refusal::Taken, 7),
        ("gone", Refusal::Gone, 8),
        ("behind", Refusal::Behind, 9),
        ("fenced", Refusal::Fenced, 10),
        ("too-fast", Refusal::TooFast { retry_after: 300 }, 11),
        ("not-now", Refusal::NotNow, 12),
    ];
    for (name, refusal, code) in refusals {
        reply(&mut paper, &format!("refused-{name}"), "A refusal.", |case| {
            case.number("code", code).number("seconds", if code == 11 { 300_u16 } else { 0 });
            Reply::Refused(refusal)
        });
    }
    let count_above = [&page[..page.len() - 4112]].concat();
    for (name, explanation, frame) in [
        ("cut", "The last byte of a welcome is missing.", welcome[..welcome.len() - 1].to_vec()),
        ("trailing", "One byte behind the end.", [&done[..], &[0]].concat()),
        ("unknown-type", "Type 87.", vec![0x87, 1, 2, 3, 4]),
        ("notice-flag-2", "there is 2.", changed(&notice, 5, &[2])),
        ("no-notice-with-bytes", "There is none, and a byte of it is not zero.", changed(&notice, 5, &[0])),
        ("notice-short", "2,047 bytes.", notice[..notice.len() - 1].to_vec()),
        ("request-as-reply", "A request (hello) where a reply is due.", vec![0x01, 1, 2, 3, 4, 1]),
        ("open-2", "open is 2.", [&welcome[..welcome.len() - 1], &[2]].concat()),
        ("page-of-33", "33 envelopes.", vec![0x83, 1, 2, 3, 4, u8::try_from(PAGE).unwrap() + 1]),
        ("page-count-above-envelopes", "A count of 2 with one envelope behind it.", count_above),
        ("code-0", "A code that does not exist.", vec![0x8f, 1, 2, 3, 4, 0, 0, 0]),
        ("code-13", "A code that does not exist yet.", vec![0x8f, 1, 2, 3, 4, 13, 0, 0]),
        ("seconds-without-code-11", "Seconds with code 3: a second encoding.", vec![0x8f, 1, 2, 3, 4, 3, 0, 1]),
    ] {
        let words = refusal::decode(Reply::decode(&frame).unwrap_err());
        paper.case(name, explanation).hex("frame", &frame).refused(words);
    }
    assert_eq!(Reply::decode(&vec![0x82; REPLY + 1]), Err(DecodeError::TooLong));
    let mut case = paper.case("too-long", "A frame of 163,841 bytes, all 82: refused before it is read.");
    case.number("bytes", 163_841_u32).hex("each", &[0x82]).refused(refusal::decode(DecodeError::TooLong));
    paper
}

/// Proofs of §9.3.
pub(crate) fn proof() -> Paper {
    let mut paper = Paper::new(
        "proof",
        "The owner's proof of §9.3. statement is the hash that is signed; channel stands for the value of the TLS exporter. A case \
         that is refused has the proof of subscribe and one other value.",
    );
    let mut case = paper.case("subscribe", "A proof for subscribing.");
    let owner = OwnerSecret::from_secret(&Secret::from_bytes(case.random("owner key private")));
    case.hex("owner key", owner.key().as_bytes());
    let channel = ChannelBinding(case.random("channel"));
    let mailbox = mailbox(&mut case);
    let mark = VaultMark::from_bytes(case.random("mark"));
    let count = 4_000_000_123;
    let subscribe = OwnerOperation::Subscribe(Generation { count, mark });
    let proof = owner.prove(&channel, &mailbox, subscribe);
    case.number("operation", 1_u8).number("generation", count);
    let statement = crate::primitives::hash(
        crate::label::OWNER_STATEMENT,
        &[&channel.0, mailbox.as_bytes(), &[1], &count.to_be_bytes(), mark.as_bytes()],
    );
    assert_eq!(
        crate::primitives::SigningPublic::from_bytes(owner.key().as_bytes()).unwrap().verify(&statement, &proof),
        Ok(())
    );
    case.hex("statement", &statement).hex("proof", &proof).accepted();

    let mut case = paper.case("delete", "A proof for deleting: generation and mark are zero.");
    let deleting = owner.prove(&channel, &mailbox, OwnerOperation::Delete);
    case.hex("owner key private", owner.to_secret().expose()).hex("channel", &channel.0);
    case.hex("mailbox", mailbox.as_bytes()).number("operation", 2_u8).number("generation", 0_u8);
    case.hex("mark", &[0; 16]).hex("proof", &deleting).accepted();

    let generation = |count, mark| OwnerOperation::Subscribe(Generation { count, mark });
    let zero = VaultMark::from_bytes([0; 16]);
    let mut flipped = proof;
    flipped[63] ^= 1;
    let other_mailbox = MailboxId::from_bytes([7; 32]);
    for (name, explanation, channel, mailbox, operation, proof) in [
        ("other-channel", "Another connection.", ChannelBinding([7; 32]), mailbox, subscribe, proof),
        ("other-mailbox", "Another mailbox.", channel, other_mailbox, subscribe, proof),
        (
            "other-operation",
            "The proof is for subscribing; it is shown for deleting.",
            channel,
            mailbox,
            OwnerOperation::Delete,
            proof,
        ),
        (
            "delete-as-subscribe",
            "The proof is for deleting; it is shown for subscribing with generation and mark zero.",
            channel,
            mailbox,
            generation(0, zero),
            deleting,
        ),
        ("other-generation", "The next generation.", channel, mailbox, generation(count + 1, mark), proof),
        ("other-mark", "Another mark.", channel, mailbox, generation(count, zero), proof),
        ("flipped-proof", "One bit of the proof is flipped.", channel, mailbox, subscribe, flipped),
    ] {
        let error = owner.key().verify(&channel, &mailbox, operation, &proof).unwrap_err();
        let (code, count, mark) = match operation {
            OwnerOperation::Subscribe(generation) => (1_u8, generation.count, generation.mark),
            OwnerOperation::Delete => (2, 0, zero),
        };
        let mut case = paper.case(name, explanation);
        case.hex("owner key", owner.key().as_bytes()).hex("channel", &channel.0).hex("mailbox", mailbox.as_bytes());
        case.number("operation", code).number("generation", count).hex("mark", mark.as_bytes());
        case.hex("proof", &proof).refused(refusal::primitive(error));
    }
    let other = OwnerSecret::from_secret(&Secret::from_bytes([9; 32]));
    let error = other.key().verify(&channel, &mailbox, subscribe, &proof).unwrap_err();
    let mut case = paper.case("other-owner", "The key of another mailbox's owner.");
    case.hex("owner key", other.key().as_bytes()).hex("channel", &channel.0).hex("mailbox", mailbox.as_bytes());
    case.number("operation", 1_u8).number("generation", count).hex("mark", mark.as_bytes());
    case.hex("proof", &proof).refused(refusal::primitive(error));
    paper
}
