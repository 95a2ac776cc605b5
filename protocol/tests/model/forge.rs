//! A peer that is hostile, or whose keys were taken: envelopes under the right keys, each with one fault.
//!
//! In: the peer's keys. Out: an envelope, which must be refused for its fault. This file must never learn how the crate
//! seals.

use crate::event::Seen;
use crate::ideal::Sign;
use crate::network::Network;
use crate::paper;
use cairn_protocol::limits::SKIP_STEP;
use cairn_protocol::ratchet::OpenError;
use rand::Rng;

impl Network {
    /// An envelope of the peer's own making, with one fault: a peer that is hostile, or whose keys were taken.
    pub(crate) fn forge(&mut self, who: usize, fault: u8) {
        let peer = &self.sides[1 - who].layout;
        let (Some(keys), Some(name)) = (&peer.sending, self.sides[1 - who].account.ideal.sending.clone()) else {
            return;
        };
        let account = &self.sides[who].account;
        // The index at which exactly this many keys would be skipped.
        let skipping = |count: u32| match &account.ideal.receiving {
            Some(receiving) if receiving.header == name.header => receiving.next.checked_add(count),
            receiving => count.checked_sub(peer.previous.checked_sub(receiving.as_ref().map_or(0, |old| old.next))?),
        };
        let index = match fault {
            4 => skipping(SKIP_STEP),
            5 => skipping(SKIP_STEP + 1),
            6 => Some(u32::MAX),
            _ => Some(name.next),
        };
        let Some(index) = index else {
            self.idle += 1;
            return;
        };
        let (role, other) = (peer.role, 3 - peer.role);
        let message = paper::step(&keys.chain).0;
        let mut salt = [0; 32];
        self.rng.fill_bytes(&mut salt);
        let previous = if fault == 7 { peer.previous.wrapping_sub(1) } else { peer.previous };
        let mut header = [&previous.to_be_bytes()[..], &index.to_be_bytes(), &keys.publics].concat();
        header[8] ^= u8::from(fault == 8);
        let number = peer.sent + 1 + u64::from(fault == 9);
        let writer = paper::Writer {
            header_role: if fault == 0 { other } else { role },
            body_role: if fault == 1 { other } else { role },
            transcript: &peer.transcript,
            header_key: &keys.header,
            message_key: &message,
            committed: if matches!(fault, 2 | 4..=6) { &salt } else { &message },
            salt,
        };
        let bytes = writer.seal(&header, &paper::filler(number, u8::from(fault == 10)), matches!(fault, 3 | 7));
        let sign = Sign {
            name: self.names.fresh(),
            header: name.header,
            chain: name.chain,
            publics: if fault == 8 { self.names.fresh() } else { name.publics },
            previous,
            index,
            number,
            before: 0,
            received: 0,
            received_hash: 0,
            control: true,
            fault: Some(if matches!(fault, 2 | 4..=6) { OpenError::Commitment } else { OpenError::Body }),
        };
        let error = if fault == 0 {
            OpenError::NotOurs
        } else {
            let now = self.sides[who].now;
            let mut ideal = account.ideal.clone();
            ideal.open(&mut self.names, &sign, now).expect_err("every forgery has a fault")
        };
        self.refuse(who, &bytes, error);
        match (fault, error) {
            (4, OpenError::Commitment) => self.count(Seen::ForgedAtLimit),
            (5, OpenError::TooManySkipped) => self.count(Seen::ForgedPastLimit),
            _ => {}
        }
    }
}
