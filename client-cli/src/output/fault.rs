//! What can go wrong, in the language that people read.
//!
//! In: a fault of the engine. Out: a sentence, and what gets the person further. Scripts get the English of
//! `engine/fault.rs`, whatever the language. This file must never learn more than the fault holds.

use crate::engine::Fault;
use crate::engine::fault::Slip;
use crate::language::{fault as texts, next as steps, trouble};

/// The sentence.
pub(crate) fn words(fault: &Fault) -> String {
    match fault {
        Fault::Unexpected(what) | Fault::Usage(what) | Fault::Home(what) => what.clone(),
        Fault::Slip(slip) => slipped(*slip),
        Fault::Blocked => texts::blocked(),
        Fault::NoRoom => texts::no_room(),
        Fault::NotSetUp => texts::not_set_up(),
        Fault::Locked => texts::locked(),
        Fault::Unreachable => texts::unreachable(),
        Fault::OtherRelay => texts::other_relay(),
        Fault::KeysChanged => texts::keys_changed(),
        Fault::NoContact => texts::no_contact(),
        Fault::InvitationUsed => texts::invitation_used(),
        Fault::InvitationGone => texts::invitation_gone(),
        Fault::InvitationAltered => texts::invitation_altered(),
        Fault::PassNeeded => texts::pass_needed(),
        Fault::Full => texts::full(),
        Fault::Closed => texts::closed(),
        Fault::Busy => texts::busy(),
        Fault::InUse(who) => texts::in_use(holder(who)),
        Fault::WrongPassphrase => texts::wrong_passphrase(),
        Fault::Damaged(what) => texts::damaged(what),
        Fault::NewerProfile => texts::newer_profile(),
        Fault::OlderCopy => texts::older_copy(),
        Fault::HistoryDiffers => texts::history_differs(),
        Fault::SessionDamaged => texts::session_damaged(),
        Fault::WaitOver => texts::wait_over(),
        Fault::Interrupted => texts::interrupted(),
    }
}

/// Who has the profile open, as the lock's file says it: a command and a number.
pub(crate) fn holder(who: &str) -> String {
    match who.split_once(", process ") {
        Some((command, number)) => trouble::process(command, number),
        None => who.to_owned(),
    }
}

fn slipped(slip: Slip) -> String {
    match slip {
        Slip::NoInvitation => texts::no_invitation(),
        Slip::Letter => texts::letter(),
        Slip::NewerInvitation => texts::newer_invitation(),
        Slip::OwnInvitation => texts::own_invitation(),
        Slip::OtherWay => texts::other_way(),
        Slip::Words(number) => texts::words_typed(number),
        Slip::Word(number) => texts::word_unknown(number),
    }
}

/// What gets the person further: a command, or words.
pub(crate) fn next(fault: &Fault) -> String {
    match fault {
        Fault::OtherRelay => steps::other_relay(),
        Fault::InvitationUsed | Fault::InvitationGone | Fault::InvitationAltered => steps::invitation(),
        Fault::PassNeeded => steps::pass(),
        Fault::NoRoom => steps::room(),
        Fault::Home(_) => steps::home(),
        Fault::Full | Fault::Busy => steps::later(),
        Fault::Closed | Fault::HistoryDiffers | Fault::SessionDamaged => steps::rejoin(),
        Fault::OlderCopy => steps::older_copy(),
        Fault::InUse(_) => steps::in_use(),
        Fault::WrongPassphrase => steps::right_passphrase(),
        Fault::NewerProfile => steps::newest(),
        Fault::Interrupted => steps::again(),
        Fault::NotSetUp => steps::not_set_up(),
        Fault::Locked => steps::locked(),
        command => command.next().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_english_people_read_what_scripts_get() {
        let slips = [
            Slip::NoInvitation,
            Slip::Letter,
            Slip::NewerInvitation,
            Slip::OwnInvitation,
            Slip::OtherWay,
            Slip::Words(1),
            Slip::Words(3),
            Slip::Word(2),
        ];
        let mut faults = vec![
            Fault::Home("The folder can't be written to.".into()),
            Fault::NotSetUp,
            Fault::Locked,
            Fault::Unreachable,
            Fault::OtherRelay,
            Fault::NoRoom,
            Fault::KeysChanged,
            Fault::NoContact,
            Fault::Blocked,
            Fault::InvitationUsed,
            Fault::InvitationGone,
            Fault::InvitationAltered,
            Fault::PassNeeded,
            Fault::Full,
            Fault::Closed,
            Fault::Busy,
            Fault::InUse("inbox, process 7".into()),
            Fault::WrongPassphrase,
            Fault::Damaged("its vault can't be read.".into()),
            Fault::NewerProfile,
            Fault::OlderCopy,
            Fault::HistoryDiffers,
            Fault::SessionDamaged,
            Fault::WaitOver,
            Fault::Interrupted,
        ];
        faults.extend(slips.map(Fault::Slip));
        // Those who write scripts know the relay by its name; other people are told what it is.
        let scripts = |words: String| words.replace("center's computer", "relay");
        for fault in faults {
            assert_eq!(scripts(words(&fault)), fault.to_string());
            assert_eq!(scripts(next(&fault)), fault.next());
        }
        assert_eq!(words(&Fault::Unreachable), "The center's computer can't be reached.");
    }
}
