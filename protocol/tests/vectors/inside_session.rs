//! What the vectors read out of a session, and what they change to play a dishonest peer (compiled for tests only).

use super::Session;
use crate::content::Piece;
use crate::history::History;
use crate::limits::BODY;
use crate::ratchet::{self, Ratchet};
use crate::wire::frame::EnvelopeBytes;
use crate::wire::message::{Body, HEADER};
use rand_core::CryptoRng;

pub(crate) const fn ratchet(session: &Session) -> &Ratchet {
    &session.ratchet
}

pub(crate) const fn ratchet_mut(session: &mut Session) -> &mut Ratchet {
    &mut session.ratchet
}

pub(crate) const fn history(session: &Session) -> &History {
    &session.history
}

/// Seals like [`Session::encrypt`], by somebody who does not keep to the 480 of §7.4.
pub(crate) fn encrypt_beyond(
    session: &mut Session,
    rng: &mut impl CryptoRng,
    piece: &Piece,
    sent_at: u64,
) -> EnvelopeBytes {
    let fields = session.history.next();
    let body = Body { history: fields, sent_at, piece: piece.clone() };
    let envelope = session.ratchet.seal(rng, body.encode()).unwrap();
    session.history.sealed(&fields, &envelope);
    envelope
}

/// Seals with other bytes of header and body than an honest sender's.
pub(crate) fn encrypt_a_lie(
    session: &mut Session,
    rng: &mut impl CryptoRng,
    piece: &Piece,
    sent_at: u64,
    change: impl FnOnce(&mut [u8; HEADER], &mut [u8; BODY]),
) -> EnvelopeBytes {
    let body = Body { history: session.history.next(), sent_at, piece: piece.clone() }.encode();
    ratchet::inside::seal_changed(&mut session.ratchet, rng, body, change)
}
