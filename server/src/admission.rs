//! Who may make something here.
//!
//! In: what a client showed. Out: what the store is to spend. This file must never learn what is made, and keeps no
//! token: it hands on hashes.

use crate::store::Admit;
use cairn_protocol::wire::frame::Admission;

/// Judges what was shown, at a relay that is open or not. A pass is spent at an open relay too: who shows one that is
/// used up hears so.
#[must_use]
pub fn admit(open: bool, shown: &Admission) -> Admit {
    match shown {
        Admission::Open if open => Admit::Free,
        Admission::Open => Admit::Nothing,
        Admission::Pass(pass) => Admit::Pass(pass.hash()),
        Admission::Voucher(voucher) => Admit::Voucher(voucher.hash()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::token::{Pass, Voucher};

    #[test]
    fn nothing_shown_admits_at_an_open_relay_only_and_tokens_become_hashes_of_their_kind() {
        assert_eq!(admit(true, &Admission::Open), Admit::Free);
        assert_eq!(admit(false, &Admission::Open), Admit::Nothing);
        let (pass, voucher) = (Pass::from_bytes([1; 32]), Voucher::from_bytes([1; 32]));
        assert_eq!(admit(true, &Admission::Pass(pass.duplicate())), Admit::Pass(pass.hash()));
        assert_eq!(admit(false, &Admission::Voucher(voucher.duplicate())), Admit::Voucher(voucher.hash()));
        assert_ne!(pass.hash(), voucher.hash());
    }
}
