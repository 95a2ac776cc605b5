//! The next obvious command, after each command: one function of what was done and of what waits.
//!
//! In: what has just been done, and with whom something waits. Out: one line. What waits goes first: nobody is sent on to
//! write while words are to be checked. This file must never do anything, nor learn a message.

use super::{Run, Stop};
use crate::engine::model::{Check, CheckState, Invitation, InvitationState, Pending};
use crate::engine::{Engine, Fault};
use crate::language::step as texts;
use crate::output::again::quoted;

/// What has just been done, as far as the next step depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done<'a> {
    /// A profile was made, with or without a relay for invitations.
    SetUp { relay: bool },
    /// An invitation was made.
    Invited,
    /// An invitation for a new start with this person was made.
    InvitedAgain(&'a str),
    /// Invitations were shown.
    Invitations,
    /// An invitation was taken back.
    Revoked,
    /// An invitation of this person was used.
    Joined(&'a str),
    /// There is nobody to show.
    Nobody,
    /// A message went out, or waits here.
    Sent,
    /// A message to this person was refused because the keys are new.
    Refused(&'a str),
    /// All that is new, or everybody, was shown.
    Shown,
    /// One person was shown, or what was written with them, or their words fit.
    About(&'a str),
    /// How things stand was shown.
    Stands,
    /// What is set was shown.
    Settings,
    /// Something was set.
    Set,
    /// A message was kept for later, or such messages were shown.
    Later,
    /// There is no message that waits for a time.
    NothingLater,
    /// What was begun with a person was given up, or the person was removed.
    GivenUp,
    /// A person who is blocked was shown, or blocked.
    Blocked(&'a str),
    /// What could be read was saved in this home.
    Salvaged(&'a str),
    /// The whole profile is gone from this computer.
    Gone,
    /// Manual pages were written.
    Written,
    /// The words to read are on the screen, and those of this person are to be typed.
    Words(&'a str),
}

/// What was done by whoever was shown all that is new, or everybody.
pub(super) fn shown(engine: &Engine) -> Result<Done<'static>, Fault> {
    let open = |invitation: &Invitation| invitation.state == InvitationState::Open;
    Ok(match engine.contacts()?.is_empty() {
        false => Done::Shown,
        true if engine.invitations()?.iter().any(open) => Done::Invited,
        true => Done::Nobody,
    })
}

/// How pressing it is: words on two screens don't wait, a run that is over does.
const fn rank(pending: &Pending) -> u8 {
    match (pending.check, pending.rejoining) {
        _ if pending.stopped => 4,
        (CheckState::Words, _) => 0,
        (CheckState::Different | CheckState::Broken, _) => 5,
        (_, true) => 1,
        (CheckState::Waiting, false) => 3,
        (CheckState::Idle | CheckState::Asked | CheckState::Matched | CheckState::BeganAgain, false) => 2,
    }
}

/// What gets a person further with whom something waits.
fn with(pending: &Pending) -> String {
    let name = quoted(&pending.contact);
    match pending.check {
        // Nothing can be checked over it any more.
        _ if pending.stopped && pending.invited => texts::once_yours_used(),
        _ if pending.stopped => texts::rejoin(name),
        CheckState::Words => texts::then_typed(name),
        CheckState::Different | CheckState::Broken => texts::ask_them(name),
        CheckState::Idle | CheckState::Asked | CheckState::Waiting | CheckState::Matched | CheckState::BeganAgain => {
            texts::while_talking(name)
        }
    }
}

/// The next step. `pending` holds those with whom something waits, of everybody whom the command was about.
pub(super) fn step(done: Done<'_>, pending: &[Pending]) -> String {
    if let Some(first) = pending.iter().min_by_key(|one| rank(one)) {
        return with(first);
    }
    match done {
        Done::SetUp { relay: true } => "cairn invite new".to_owned(),
        Done::SetUp { relay: false } => texts::relay_or_join(),
        Done::Invited => texts::once_used(),
        Done::InvitedAgain(name) => texts::inbox_then_check(quoted(name)),
        Done::Invitations => texts::invite_or_revoke(),
        Done::Revoked => "cairn invite list".to_owned(),
        Done::Joined(name) => texts::open_or_send(quoted(name)),
        Done::Nobody => texts::invite_or_join(),
        Done::Sent | Done::Stands => "cairn inbox".to_owned(),
        Done::Refused(name) => format!("cairn contact verify {}", quoted(name)),
        Done::Settings => "cairn config set KEY VALUE".to_owned(),
        Done::Set => "cairn config get".to_owned(),
        Done::Later => texts::later(),
        Done::NothingLater => "cairn send CONTACT -m TEXT --at TIME".to_owned(),
        Done::Shown => "cairn send CONTACT -m TEXT".to_owned(),
        Done::About(name) => format!("cairn send {} -m TEXT", quoted(name)),
        Done::GivenUp => "cairn contact list".to_owned(),
        Done::Blocked(name) => texts::unblock(quoted(name)),
        Done::Words(name) => format!("cairn contact verify {} --typed WORDS", quoted(name)),
        Done::Salvaged(home) => format!("cairn --home {} inbox", quoted(home)),
        Done::Written => texts::man(),
        Done::Gone => crate::language::next::not_set_up(),
    }
}

/// The next step of a check that was shown, words and all.
pub(super) fn of_check(check: &Check) -> String {
    match check.state {
        CheckState::Words => step(Done::Words(&check.contact), &[]),
        CheckState::Matched => step(Done::About(&check.contact), &[]),
        state => with(&Pending { contact: check.contact.clone(), check: state, ..Pending::default() }),
    }
}

/// Prints the next step; silent with `--json`.
pub(super) fn print(run: &Run, done: Done<'_>, pending: &[Pending]) -> Result<(), Stop> {
    run.output.next(&step(done, pending))
}

/// Prints the next step of a check that was shown; silent with `--json`.
pub(super) fn print_of_check(run: &Run, check: &Check) -> Result<(), Stop> {
    run.output.next(&of_check(check))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: &str = "cairn contact verify 'Dana P.', while you talk to each other";
    const READ: &str = "cairn contact verify 'Dana P.', then the same with --typed WORDS";
    const ASK: &str = "ask them, then cairn contact verify 'Dana P.' --again, or cairn invite new --rejoin 'Dana P.'";
    const ANEW: &str =
        "cairn invite new --rejoin 'Dana P.', or ask them for an invitation and cairn join LINK --as 'Dana P.'";

    fn pending(check: CheckState) -> Pending {
        Pending { contact: "Dana P.".into(), check, ..Pending::default() }
    }

    /// Every command after which something that waits may stand.
    fn all() -> [Done<'static>; 6] {
        [Done::Joined("Kim"), Done::Sent, Done::Refused("Kim"), Done::Shown, Done::About("Kim"), Done::Stands]
    }

    #[test]
    fn what_waits_with_somebody_is_the_next_step_after_every_command() {
        let table = [
            (CheckState::Idle, false, false, false, TALK),
            (CheckState::Idle, true, false, false, TALK),
            (CheckState::Asked, false, false, false, TALK),
            (CheckState::Asked, true, false, false, TALK),
            (CheckState::Waiting, false, false, false, TALK),
            (CheckState::Waiting, true, false, false, TALK),
            (CheckState::Words, false, false, false, READ),
            (CheckState::Words, true, false, false, READ),
            (CheckState::Matched, false, false, false, TALK),
            (CheckState::BeganAgain, true, false, false, TALK),
            (CheckState::Different, false, false, false, ASK),
            (CheckState::Different, true, false, false, ASK),
            (CheckState::Broken, false, false, false, ASK),
            (CheckState::Idle, false, true, false, ANEW),
            (CheckState::Waiting, false, true, false, ANEW),
            (CheckState::Different, false, true, false, ANEW),
            (CheckState::Idle, false, true, true, "cairn inbox, once they have used your invitation"),
        ];
        for (check, rejoining, stopped, invited, expected) in table {
            let waits = Pending { rejoining, stopped, invited, ..pending(check) };
            for done in all() {
                assert_eq!(step(done, std::slice::from_ref(&waits)), expected, "{done:?} {waits:?}");
            }
        }
    }

    #[test]
    fn where_nothing_waits_each_command_leads_on() {
        let table = [
            (Done::SetUp { relay: true }, "cairn invite new"),
            (Done::SetUp { relay: false }, "cairn invite new --relay ADDRESS, or cairn join LINK"),
            (Done::Invited, "cairn inbox, once they have used it"),
            (Done::InvitedAgain("Kim"), "cairn inbox, then cairn contact verify Kim"),
            (Done::Invitations, "cairn invite new, or cairn invite revoke ID"),
            (Done::Revoked, "cairn invite list"),
            (Done::Joined("Kim"), "cairn, or cairn send Kim -m TEXT"),
            (Done::Nobody, "cairn invite new, or cairn join LINK"),
            (Done::Sent, "cairn inbox"),
            (Done::Refused("Kim"), "cairn contact verify Kim"),
            (Done::Shown, "cairn send CONTACT -m TEXT"),
            (Done::About("Dana P."), "cairn send 'Dana P.' -m TEXT"),
            (Done::Stands, "cairn inbox"),
            (Done::Settings, "cairn config set KEY VALUE"),
            (Done::Set, "cairn config get"),
            (Done::Later, "cairn later list, or cairn later cancel ID"),
            (Done::NothingLater, "cairn send CONTACT -m TEXT --at TIME"),
            (Done::GivenUp, "cairn contact list"),
            (Done::Blocked("Dana P."), "cairn contact unblock 'Dana P.', to take it back"),
            (Done::Salvaged("/new home"), "cairn --home '/new home' inbox"),
            (Done::Written, "man cairn, if man looks there"),
            (Done::Gone, "cairn join LINK, or cairn setup --name NAME"),
            (Done::Words("Kim"), "cairn contact verify Kim --typed WORDS"),
        ];
        for (done, expected) in table {
            assert_eq!(step(done, &[]), expected, "{done:?}");
        }
    }

    #[test]
    fn of_several_the_most_pressing_goes_first() {
        let order = [
            pending(CheckState::Words),
            Pending { rejoining: true, ..pending(CheckState::Waiting) },
            pending(CheckState::Asked),
            pending(CheckState::Waiting),
            Pending { stopped: true, ..pending(CheckState::Idle) },
            pending(CheckState::Different),
        ];
        for (index, first) in order.iter().enumerate() {
            let mut several: Vec<Pending> = order.get(index..).unwrap().to_vec();
            several.iter_mut().skip(1).for_each(|other| other.contact = "Kim".into());
            several.reverse();
            assert_eq!(step(Done::Shown, &several), with(first));
        }
    }

    #[test]
    fn a_check_that_was_shown_leads_on_by_its_own_state() {
        let of = |state| {
            of_check(&Check {
                contact_id: String::new(),
                contact: "Dana P.".into(),
                state,
                words: None,
                tries_left: None,
            })
        };
        assert_eq!(of(CheckState::Words), "cairn contact verify 'Dana P.' --typed WORDS");
        assert_eq!(of(CheckState::Matched), "cairn send 'Dana P.' -m TEXT");
        for state in [CheckState::Idle, CheckState::Asked, CheckState::Waiting, CheckState::BeganAgain] {
            assert_eq!(of(state), TALK);
        }
        for state in [CheckState::Different, CheckState::Broken] {
            assert_eq!(of(state), ASK);
        }
    }

    #[test]
    fn no_other_command_chooses_a_next_step() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            files += 1;
            assert_eq!(source.contains("output.next("), path.ends_with("next.rs"), "{}", path.display());
        }
        assert!(files > 15);
    }
}
